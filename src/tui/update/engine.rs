//! What the engine tells.

use super::super::effect::Effect;
use super::super::model::{Book, Folder, Link, Model, Notice};
use crate::model::{
    Deployment, DeploymentId, DeploymentStatus, Event, EventKind, HealthSample, Page, Problem, ProblemCode, Project,
    Sample, Snapshot, TargetKind, TargetStatus,
};

/// The cause of the message that a deployment failed.
pub(super) const FAILED: &str = "deployment-failed";

pub(super) fn snapshot(model: &mut Model, snapshot: Snapshot) -> Vec<Effect> {
    let first = model.engine.is_none();
    model.link = Link::Up;
    model.seq = snapshot.seq;
    // Once for each engine, and not again with each snapshot after it was put away.
    let is_another = model.engine.as_ref().is_none_or(|known| known.started_at != snapshot.engine.started_at);
    if let Some(problem) = snapshot.engine.notice.clone().filter(|_| is_another) {
        model.notice = Some(Notice::Wrong(problem));
    }
    model.engine = Some(snapshot.engine);
    model.targets = snapshot.targets;
    model.jobs = snapshot.jobs.into_iter().map(|job| (job.id.clone(), job)).collect();
    model.progress.clear();
    model.fleet.reset(snapshot.projects.items, snapshot.projects.total, snapshot.deployments);
    // What was fetched may be out of date, and what failed may work now.
    model.detections.retain(|_| false);
    model.vulnerabilities.retain(|_| false);
    model.artifacts.retain(|_| false);
    model.details.retain(|_| false);
    let mut effects: Vec<_> = snapshot.projects.next.map(Effect::MoreProjects).into_iter().collect();
    effects.push(Effect::Targets(vec![model.target(TargetKind::Docker)]));
    if first && let Some(folder) = model.folder_path.clone() {
        effects.push(Effect::LookAt(folder.clone()));
        effects.push(Effect::FindOffers(folder));
    }
    effects
}

pub(super) fn lost(model: &mut Model, problem: Problem) -> Vec<Effect> {
    model.link = Link::Lost(problem);
    Vec::new()
}

pub(super) fn more_projects(model: &mut Model, page: Page<Project>) -> Vec<Effect> {
    model.fleet.extend(page.items, page.total);
    page.next.map(Effect::MoreProjects).into_iter().collect()
}

pub(super) fn event(model: &mut Model, event: Event) -> Vec<Effect> {
    model.seq = event.seq;
    match event.kind {
        EventKind::Project(project) => model.fleet.put_project(project),
        EventKind::ProjectRemoved(id) => {
            model.detections.remove(&id);
            model.vulnerabilities.remove(&id);
            model.artifacts.retain(|key| key.0 != id);
            model.fleet.remove_project(&id);
        }
        EventKind::Advisories => model.vulnerabilities.retain(|_| false),
        EventKind::Detected(id) => {
            model.detections.remove(&id);
            model.vulnerabilities.remove(&id);
            model.artifacts.retain(|key| key.0 != id);
        }
        EventKind::Deployment(deployment) => changed(model, *deployment),
        EventKind::Progress { deployment, step, done, total } => {
            model.progress.insert((deployment, step), (done, total));
        }
        EventKind::Job(job) => {
            if job.state.is_over() {
                model.jobs.remove(&job.id);
            } else {
                model.jobs.insert(job.id.clone(), job);
            }
        }
        EventKind::Target(status) => put_targets(model, vec![status]),
        EventKind::Sample { deployment, sample } => {
            if let Some(book) = model.health.entry(&deployment, Book::default) {
                book.add_sample(sample);
            }
        }
        EventKind::Health { deployment, check } => {
            if let Some(book) = model.health.entry(&deployment, Book::default) {
                book.add_check(check);
            }
        }
        EventKind::Notice(problem) => model.notice = Some(Notice::Wrong(problem)),
        EventKind::Stopping => {
            let problem = Problem::new(ProblemCode::Unreachable, "engine-stopping", "the engine is stopping")
                .fix("what is deployed keeps running; press E to start an engine again");
            model.link = Link::Lost(problem);
        }
        EventKind::Port(_) | EventKind::PortReleased(_) => {}
    }
    Vec::new()
}

fn changed(model: &mut Model, deployment: Deployment) {
    let before = model.fleet.deployment(&deployment.id).map(|known| known.status);
    if before != Some(deployment.status) {
        model.details.remove(&deployment.id);
        if before.is_some_and(DeploymentStatus::is_pending) {
            tell(model, &deployment);
        }
    }
    if !deployment.status.is_pending() {
        model.progress.retain(|(id, _), _| *id != deployment.id);
    }
    model.fleet.put_deployment(deployment);
}

/// Says how a deployment ended.
fn tell(model: &mut Model, deployment: &Deployment) {
    let name = name(deployment);
    model.notice = match deployment.status {
        DeploymentStatus::Healthy => {
            let place = deployment.url.as_ref().map(|url| format!(" at {url}")).unwrap_or_default();
            Some(Notice::Said(format!("{name} is healthy{place}")))
        }
        DeploymentStatus::Cancelled => Some(Notice::Said(format!("{name}: the deployment was cancelled"))),
        DeploymentStatus::Failed => {
            let (what, why) = match &deployment.error {
                Some(failure) => {
                    let first = failure.message.lines().next().unwrap_or_default();
                    (format!("{name}: the step “{}” failed", failure.step), first.to_owned())
                }
                None => (format!("{name}: the deployment failed"), deployment.status_reason.clone()),
            };
            let problem = Problem::new(ProblemCode::Failed, FAILED, what)
                .why(why)
                .fix("press 6: the assistant shows the decisive lines");
            Some(Notice::Wrong(problem))
        }
        _ => return,
    };
}

/// What a deployment is called in a sentence.
pub(super) fn name(deployment: &Deployment) -> String {
    if deployment.key.app == deployment.project_name {
        deployment.project_name.clone()
    } else {
        format!("{}/{}", deployment.project_name, deployment.key.app)
    }
}

pub(super) fn put_targets(model: &mut Model, targets: Vec<TargetStatus>) {
    for status in targets {
        match model.targets.iter_mut().find(|known| known.target == status.target) {
            Some(known) => *known = status,
            None => model.targets.push(status),
        }
    }
}

pub(super) fn folder(model: &mut Model, result: Result<Option<Project>, Problem>) -> Vec<Effect> {
    match result {
        Ok(Some(project)) => {
            model.folder = Folder::Known;
            model.fleet.home = Some(project.id.clone());
            let id = project.id.clone();
            model.fleet.put_project(project);
            model.fleet.select_project(&id);
            model.reset_panes();
        }
        Ok(None) => model.folder = Folder::Empty,
        Err(problem) => {
            model.folder = Folder::Unknown;
            model.notice = Some(Notice::Wrong(problem));
        }
    }
    Vec::new()
}

pub(super) fn added(model: &mut Model, result: Result<Project, Problem>) -> Vec<Effect> {
    match result {
        Ok(project) => {
            model.notice = Some(Notice::Said(format!("{} is here: press d to deploy it", project.name)));
            let id = project.id.clone();
            model.fleet.put_project(project);
            model.fleet.set_filter(String::new());
            model.fleet.select_project(&id);
            model.reset_panes();
        }
        Err(problem) => model.notice = Some(Notice::Wrong(problem)),
    }
    Vec::new()
}

/// What was asked for from here comes into view. Its events may have been quicker than the answer.
pub(super) fn deploying(model: &mut Model, deployments: Vec<Deployment>) -> Vec<Effect> {
    let first = deployments.first().map(|deployment| deployment.key.clone());
    for deployment in deployments {
        if model.fleet.deployment(&deployment.id).is_none() {
            model.fleet.put_deployment(deployment);
        }
    }
    if let Some(key) = first {
        model.reset_panes();
        model.fleet.select_app(key);
    }
    Vec::new()
}

pub(super) fn history(
    model: &mut Model,
    id: &DeploymentId,
    samples: Vec<Sample>,
    checks: Vec<HealthSample>,
) -> Vec<Effect> {
    if let Some(book) = model.health.entry(id, Book::default) {
        for sample in samples {
            book.add_sample(sample);
        }
        for check in checks {
            book.add_check(check);
        }
    }
    Vec::new()
}
