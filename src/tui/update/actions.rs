//! What each action does, and when it can be done.

use std::collections::BTreeMap;

use super::super::effect::Effect;
use super::super::keymap::Action;
use super::super::model::{
    Act, Add, Class, Configs, Confirm, Dialog, EnvField, EnvForm, Link, Model, Notice, Pane, Remote, RowId, Watched,
    field,
};
use super::questions::{ask, question};
use super::{dialogs, engine, files, questions, scroll};
use crate::model::{
    AddProject, DeployRequest, DeploymentStatus, Environment, Location, PlanPreview, Problem, ProblemCode, TargetKind,
    VulnerabilityReport,
};

/// Whether an action makes sense just now; the key line shows only what does.
pub(crate) fn is_possible(model: &Model, action: Action) -> bool {
    let is_up = model.link == Link::Up;
    let latest = model.standing().and_then(|standing| standing.latest.as_ref());
    let status = latest.map(|deployment| deployment.status);
    let serving = model.running().map(|deployment| deployment.status);
    match action {
        Action::Deploy => is_up && (model.project().is_some() || offer(model).is_some()) && !is_pending(status),
        Action::Stop => is_up && serving.is_some_and(DeploymentStatus::is_up),
        Action::Restart => is_up && serving.is_some_and(|status| status.is_up() || status == DeploymentStatus::Stopped),
        Action::Rollback => is_up && !is_pending(status) && model.running().is_some_and(|d| d.release.is_some()),
        Action::Delete => is_up && model.project().is_some() && !is_pending(status),
        Action::Cancel => is_up && is_pending(status),
        Action::Environment | Action::Rescan => is_up && model.project().is_some(),
        Action::Vulnerabilities => is_up && report(model).is_some(),
        Action::StopAsking => is_up && report(model).is_some_and(|report| report.sources.allowed.is_some()),
        Action::Write => is_up && model.artifact().is_some(),
        Action::Changes => model.artifact().is_some_and(|view| !view.hunks.is_empty()),
        Action::Add => is_up,
        Action::Filter => !model.fleet.is_empty(),
        Action::Reconnect => matches!(model.link, Link::Lost(_)),
        Action::Live => model.standing().is_some_and(|standing| standing.live.is_some()),
        Action::Open => model.fleet.selected_row().is_some(),
        Action::Zoom => matches!(model.layout().class, Class::Two | Class::Three),
        _ => true,
    }
}

fn is_pending(status: Option<DeploymentStatus>) -> bool {
    status.is_some_and(DeploymentStatus::is_pending)
}

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if !is_possible(model, action) {
        if let Some(why) = why_not(model, action) {
            model.notice = Some(Notice::Said(why));
        }
        return Vec::new();
    }
    match action {
        Action::Deploy => return deploy(model),
        Action::Stop => questions::ask_with_running(model, questions::stop),
        Action::Restart => questions::ask_with_running(model, questions::restart),
        Action::Delete => questions::delete(model),
        Action::Cancel => questions::ask_with_latest(model, questions::cancel),
        Action::Rollback => return model.running().map(|d| Effect::Releases(d.id.clone())).into_iter().collect(),
        Action::Environment => next_environment(model),
        Action::Open => return open(model),
        Action::Add => model.dialog = Some(Dialog::Add(Box::new(Add { input: field(false), problem: None }))),
        Action::Filter => {
            show(model, Pane::Projects);
            model.filtering = true;
        }
        Action::Rescan => return rescan(model),
        Action::Vulnerabilities => return look_up(model),
        Action::Write => files::write(model),
        Action::Changes => {
            model.configs = Configs { whole: !model.configs.whole, scroll: 0, ..model.configs.clone() };
        }
        Action::StopAsking => return vec![Effect::Act(Act::AllowAdvisories(false))],
        Action::Reconnect => {
            model.link = Link::Connecting;
            return vec![Effect::Connect];
        }
        Action::Live => {
            model.watched = if model.watched == Watched::Live { Watched::Newest } else { Watched::Live };
            model.deploy = super::super::model::DeployPane::default();
        }
        Action::Down => scroll::step(model, 1),
        Action::Up => scroll::step(model, -1),
        Action::PageDown => scroll::page(model, 1),
        Action::PageUp => scroll::page(model, -1),
        Action::Top => scroll::edge(model, false),
        Action::Bottom => scroll::edge(model, true),
        Action::ContentDown => scroll::content(model, 1),
        Action::ContentUp => scroll::content(model, -1),
        Action::Pause => model.logs.pause_or_follow(),
        Action::NextPane => turn(model, 1),
        Action::PreviousPane => turn(model, Pane::ALL.len() - 1),
        Action::Show(pane) => show(model, pane),
        Action::Zoom => model.zoom = !model.zoom,
        Action::Theme => dialogs::choose_theme(model),
        Action::Help => model.dialog = Some(Dialog::Help(0)),
        Action::Dismiss => dismiss(model),
        Action::Quit => model.quit = true,
    }
    Vec::new()
}

/// A word to the operator where a key that exists does nothing.
fn why_not(model: &Model, action: Action) -> Option<String> {
    let latest = model.standing().and_then(|standing| standing.latest.as_ref());
    let text = match (action, &model.link) {
        (Action::Deploy | Action::Stop | Action::Restart | Action::Delete | Action::Add, Link::Connecting) => {
            "the engine is not there yet"
        }
        (Action::Deploy | Action::Stop | Action::Restart | Action::Delete | Action::Add, Link::Lost(_)) => {
            "the engine does not answer; E starts one"
        }
        (Action::Deploy | Action::Delete | Action::Rollback, _) if is_pending(latest.map(|d| d.status)) => {
            "a deployment is under way; c cancels it"
        }
        (Action::Deploy, _) => "nothing is selected; a adds a project",
        (Action::Stop | Action::Restart, _) if model.fleet.selected_key().is_none() && model.project().is_some() => {
            "nothing runs here, or several apps do: select one of them"
        }
        (Action::Stop, _) => "nothing runs here",
        (Action::Restart, _) => "nothing is there to restart; d deploys",
        (Action::Rollback, _) => "there is no release to go back to",
        (Action::Cancel, _) => "nothing is under way",
        (Action::Live, _) => "what is shown is what serves",
        (Action::Write, _) => "there are no files to write",
        (Action::Changes, _) => "nothing would change in this file",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Gives a pane the focus.
pub(super) fn show(model: &mut Model, pane: Pane) {
    model.focus = pane;
    let leads_here = |notice: &Notice| matches!(notice, Notice::Wrong(problem) if problem.cause == engine::FAILED);
    if pane == Pane::Assistant && model.notice.as_ref().is_some_and(leads_here) {
        model.notice = None;
    }
    if pane != Pane::Projects && model.layout().is_tabbed(pane) {
        model.main = pane;
    }
    scroll::clamp(model);
}

/// Brings a pane into view. Where the list has a place of its own, it keeps the focus.
fn reveal(model: &mut Model, pane: Pane) {
    model.main = pane;
    if model.focus != Pane::Projects || model.layout().class == Class::One || model.zoom {
        show(model, pane);
    }
}

fn turn(model: &mut Model, by: usize) {
    let next = (model.focus as usize + by) % Pane::ALL.len();
    show(model, Pane::ALL[next]);
}

fn dismiss(model: &mut Model) {
    if model.notice.is_some() {
        model.notice = None;
    } else if model.zoom {
        model.zoom = false;
    } else if !model.fleet.filter().is_empty() {
        model.fleet.set_filter(String::new());
    } else {
        show(model, Pane::Projects);
    }
}

fn offer(model: &Model) -> Option<&super::super::model::Offer> {
    match &model.fleet.selected_row()?.id {
        RowId::Offer(name) => model.fleet.offer(name),
        _ => None,
    }
}

fn open(model: &mut Model) -> Vec<Effect> {
    if let Some(offer) = offer(model) {
        let location = Location::Folder { path: offer.path.clone() };
        model.notice = Some(Notice::Said(format!("adding {} …", offer.name)));
        return vec![Effect::Add(AddProject { location, name: None })];
    }
    let main = if model.main == Pane::Projects { Pane::Stack } else { model.main };
    show(model, main);
    Vec::new()
}

fn rescan(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.fleet.selected_project().cloned() else { return Vec::new() };
    model.detections.insert(id.clone(), super::super::model::Remote::Loading);
    model.artifacts.retain(|key| key.0 != id);
    vec![Effect::Detect(id, true)]
}

/// What is known of the selected project's dependencies.
fn report(model: &Model) -> Option<&VulnerabilityReport> {
    match model.known_vulnerabilities()? {
        Remote::Ready(report) => Some(report),
        Remote::Loading | Remote::Failed(_) => None,
    }
}

/// Has known vulnerabilities looked up again; where nobody has allowed to ask, that is asked first.
fn look_up(model: &mut Model) -> Vec<Effect> {
    let Some(report) = report(model) else { return Vec::new() };
    if report.sources.allowed.is_none() {
        let confirm = questions::allow_advisories(report);
        ask(model, confirm);
        return Vec::new();
    }
    let project = report.project.clone();
    model.vulnerabilities.insert(project.clone(), Remote::Loading);
    vec![Effect::Vulnerabilities(project, true)]
}

fn next_environment(model: &mut Model) {
    let now = model.environment();
    let at = Environment::ALL.iter().position(|environment| *environment == now).unwrap_or_default();
    let next = Environment::ALL[(at + 1) % Environment::ALL.len()];
    model.chosen = Some(next);
    model.configs = Configs::default();
}

/// What a deployment of the selected project would be asked for with.
fn request(model: &Model) -> Option<DeployRequest> {
    let project = model.project()?.id.clone();
    let key = model.fleet.selected_key();
    let before = model.standing().and_then(|standing| standing.serving());
    let kind = before.map_or(TargetKind::Docker, |deployment| deployment.target.kind);
    let target = match before {
        Some(deployment) if deployment.target.host.is_some() => deployment.target.clone(),
        _ => model.target(kind),
    };
    Some(DeployRequest {
        project,
        app: key.map(|key| key.app.clone()),
        environment: model.environment(),
        target,
        set: BTreeMap::new(),
        secrets: BTreeMap::new(),
        port: None,
    })
}

fn deploy(model: &mut Model) -> Vec<Effect> {
    if offer(model).is_some() {
        return open(model);
    }
    let Some(request) = request(model) else { return Vec::new() };
    let docker = model.targets.iter().find(|status| status.target == request.target);
    if let Some(status) = docker.filter(|status| !status.available && status.target.kind == TargetKind::Docker) {
        let body = vec![
            format!("Docker does not answer: {}", status.detail),
            String::new(),
            "The app can run as a supervised process of this machine instead, with the toolchain that is installed \
             here. Its services (databases, caches) are not started for it."
                .to_owned(),
        ];
        let request = DeployRequest { target: model.target(TargetKind::Process), ..request };
        let title = "Deploy without Docker".to_owned();
        ask(model, Confirm { body, verb: "Deploy as a process", ..question(title, Act::Deploy(request)) });
        return Vec::new();
    }
    if request.environment == Environment::Production {
        let name = model.project().map(|project| project.name.clone()).unwrap_or_default();
        let body = vec![format!("{name} goes to production on {}.", request.target.kind)];
        let title = format!("Deploy {name} to production");
        ask(model, Confirm { body, verb: "Deploy", ..question(title, Act::Deploy(request)) });
        return Vec::new();
    }
    begin(model, request)
}

/// Asks for the plan; what it misses is asked for before anything runs.
pub(super) fn begin(model: &mut Model, request: DeployRequest) -> Vec<Effect> {
    reveal(model, Pane::Deploy);
    model.notice = Some(Notice::Said("planning the deployment …".to_owned()));
    vec![Effect::Plan(request)]
}

/// The plan is known: asks for what is missing, or deploys.
pub(super) fn planned(model: &mut Model, request: DeployRequest, previews: Vec<PlanPreview>) -> Vec<Effect> {
    let mut missing: Vec<String> = previews.into_iter().flat_map(|preview| preview.missing_env).collect();
    missing.sort();
    missing.dedup();
    missing.retain(|name| !request.set.contains_key(name) && !request.secrets.contains_key(name));
    if missing.is_empty() {
        return vec![Effect::Act(Act::Deploy(request))];
    }
    let fields = missing.into_iter().map(|name| {
        let is_secret = looks_secret(&name);
        EnvField { name, input: field(is_secret), is_secret }
    });
    model.notice = None;
    model.dialog = Some(Dialog::Env(EnvForm { request, fields: fields.collect(), focus: 0 }));
    Vec::new()
}

/// Whether a value of that name should not be seen while it is typed.
fn looks_secret(name: &str) -> bool {
    const SIGNS: [&str; 9] = ["SECRET", "PASSWORD", "PASSWD", "TOKEN", "KEY", "CREDENTIAL", "PRIVATE", "SALT", "DSN"];
    let name = name.to_uppercase();
    SIGNS.iter().any(|sign| name.contains(sign)) || name.ends_with("_URL") || name.ends_with("_PASS")
}

/// What was asked for is under way.
pub(super) fn done(model: &mut Model, act: &Act) {
    let text = match act {
        Act::Deploy(_) => "deploying …",
        Act::Stop(_) => "stopping …",
        Act::Restart(_) => "restarting …",
        Act::Delete(..) => "deleting …",
        Act::Rollback(..) => {
            reveal(model, Pane::Deploy);
            "rolling back …"
        }
        Act::Cancel(_) => "cancelling …",
        Act::Forget(_) => "forgotten",
        Act::Write(..) => "written",
        Act::AllowAdvisories(true) => "looking for known vulnerabilities …",
        Act::AllowAdvisories(false) => "nothing is sent about dependencies any more",
    };
    model.notice = Some(Notice::Said(text.to_owned()));
}

/// A problem that is found here and not by the engine.
pub(super) fn usage(message: &str, fix: &str) -> Problem {
    Problem::new(ProblemCode::Usage, "not-a-place", message).fix(fix)
}
