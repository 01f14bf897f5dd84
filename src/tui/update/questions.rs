//! What is asked before something is done that cannot simply be undone.

use ratatui_textarea::TextArea;

use super::super::model::{Act, Confirm, Dialog, Model, Notice, field};
use super::engine;
use crate::model::{DeleteQuery, Deployment, DeploymentId, Environment, RollbackRequest, VulnerabilityReport};

pub(super) fn question(title: String, act: Act) -> Confirm {
    Confirm { title, body: Vec::new(), verb: "Yes", volumes: None, typed: None, is_production: false, act }
}

/// Asks; in production the project's name has to be typed.
pub(super) fn ask(model: &mut Model, mut confirm: Confirm) {
    let environment = match &confirm.act {
        Act::Deploy(request) => request.environment,
        Act::Forget(_) | Act::Write(..) | Act::AllowAdvisories(_) => Environment::Development,
        _ => model.running().map(|deployment| deployment.key.environment).unwrap_or_default(),
    };
    if environment == Environment::Production
        && let Some(project) = model.project()
    {
        let input: TextArea<'static> = field(false);
        confirm.is_production = true;
        confirm.typed = Some((project.name.clone(), input));
    }
    model.notice = None;
    model.dialog = Some(Dialog::Confirm(Box::new(confirm)));
}

pub(super) fn ask_with_running(model: &mut Model, make: fn(&Deployment) -> Confirm) {
    if let Some(confirm) = model.running().map(make) {
        ask(model, confirm);
    }
}

pub(super) fn ask_with_latest(model: &mut Model, make: fn(&Deployment) -> Confirm) {
    if let Some(confirm) = model.standing().and_then(|standing| standing.latest.as_ref()).map(make) {
        ask(model, confirm);
    }
}

fn place(deployment: &Deployment) -> String {
    deployment.url.clone().unwrap_or_else(|| "its port".to_owned())
}

pub(super) fn stop(deployment: &Deployment) -> Confirm {
    let name = engine::name(deployment);
    let body = vec![
        format!("{} stops answering until it is started again.", place(deployment)),
        "Its port, its releases and its data stay.".to_owned(),
    ];
    Confirm {
        body,
        verb: "Stop",
        ..question(format!("Stop {name} in {}", deployment.key.environment), Act::Stop(deployment.id.clone()))
    }
}

pub(super) fn restart(deployment: &Deployment) -> Confirm {
    let name = engine::name(deployment);
    let body = vec![
        format!("{} does not answer while it restarts.", place(deployment)),
        "Its port, its releases and its data stay.".to_owned(),
    ];
    let title = format!("Restart {name} in {}", deployment.key.environment);
    Confirm { body, verb: "Restart", ..question(title, Act::Restart(deployment.id.clone())) }
}

pub(super) fn cancel(deployment: &Deployment) -> Confirm {
    let name = engine::name(deployment);
    let body = vec!["What it made so far is removed. What ran before keeps running.".to_owned()];
    let title = format!("Cancel the deployment of {name}");
    Confirm { body, verb: "Cancel it", ..question(title, Act::Cancel(deployment.id.clone())) }
}

pub(super) fn delete(model: &mut Model) {
    if let Some(deployment) = model.running() {
        let name = engine::name(deployment);
        let mut body = vec![format!("{} in {} is removed:", name, deployment.key.environment)];
        let bullet = model.look.glyphs.dot;
        if let Some(instance) = &deployment.live {
            body.push(format!("{bullet} what runs: {}", instance.name));
        }
        if let Some(port) = deployment.port {
            body.push(format!("{bullet} its port {port}, which is given back"));
        }
        if deployment.release.is_some() {
            body.push(format!("{bullet} its releases: there is nothing to roll back to any more"));
        }
        body.push(format!("{bullet} its services; their data stays unless the volumes go too"));
        let act = Act::Delete(deployment.id.clone(), DeleteQuery { volumes: false });
        let title = format!("Delete {name} in {}", deployment.key.environment);
        ask(model, Confirm { body, verb: "Delete", volumes: Some(false), ..question(title, act) });
    } else if let Some(project) = model.project() {
        let several = model.fleet.standings(&project.id).count();
        if several > 0 {
            model.notice = Some(Notice::Said("it has several deployments: select one of them".to_owned()));
            return;
        }
        let body = vec![
            format!("Wharf forgets {}.", project.name),
            format!("The folder {} stays as it is.", project.root.display()),
        ];
        let act = Act::Forget(project.id.clone());
        let title = format!("Forget {}", project.name);
        ask(model, Confirm { body, verb: "Forget", ..question(title, act) });
    }
}

/// Goes back to a release, once it was chosen.
pub(super) fn rollback(model: &mut Model, deployment: &DeploymentId, release: u32) {
    let name = model.fleet.deployment(deployment).map(engine::name).unwrap_or_default();
    let body = vec![
        format!("Release {release} takes the place of what serves now, as soon as it is healthy."),
        "The data in its volumes stays as it is now.".to_owned(),
    ];
    let act = Act::Rollback(deployment.clone(), RollbackRequest { release: Some(release) });
    ask(model, Confirm { body, verb: "Roll back", ..question(format!("Roll {name} back to release {release}"), act) });
}

/// Nothing about dependencies leaves the machine before this was answered with yes.
pub(super) fn allow_advisories(report: &VulnerabilityReport) -> Confirm {
    let body = vec![
        format!("The names and versions of dependencies go to {}, and nothing else.", report.sources.address),
        "That holds for all projects, until V in this pane or `wharf vulns --revoke` takes it back. Without a network, \
         `wharf vulns import FILE` looks into an archive instead."
            .to_owned(),
    ];
    let title = "Look up known vulnerabilities".to_owned();
    Confirm { body, verb: "Send them", ..question(title, Act::AllowAdvisories(true)) }
}
