//! Deployments, their plans and the history of their status.

use serde::{Deserialize, Serialize};

use super::db::{Db, Order, Pair, Writes, readable};
use super::keys::{self, Key, text};
use super::older::{PlanV1, PlanV2, PlanV3, PlanV4, PlanV5, PlanV6};
use super::record::{Record, decode, payload};
use super::{Store, StoreError, projects};
use crate::model::{
    AppKey, Deployment, DeploymentFilter, DeploymentId, DeploymentStatus, Environment, Page, Plan, ProjectId,
    StatusChange, TargetKind, Timestamp,
};

impl Record for Deployment {
    const WHAT: &'static str = "deployment";
}

impl Record for Plan {
    const WHAT: &'static str = "plan";
    const VERSION: u16 = 7;

    fn migrate(version: u16, bytes: &[u8]) -> Option<Result<Self, bincode::Error>> {
        match version {
            1 => Some(payload::<PlanV1>(bytes).map(Self::from)),
            2 => Some(payload::<PlanV2>(bytes).map(Self::from)),
            3 => Some(payload::<PlanV3>(bytes).map(Self::from)),
            4 => Some(payload::<PlanV4>(bytes).map(Self::from)),
            5 => Some(payload::<PlanV5>(bytes).map(Self::from)),
            6 => Some(payload::<PlanV6>(bytes).map(Self::from)),
            _ => None,
        }
    }
}

impl Record for StatusChange {
    const WHAT: &'static str = "status change";
}

/// What stands in every index beside the identifier, so that lists are filtered without reading deployments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Summary {
    app: String,
    environment: Environment,
    target: TargetKind,
    status: DeploymentStatus,
}

impl Record for Summary {
    const WHAT: &'static str = "index entry";
}

impl Summary {
    fn of(deployment: &Deployment) -> Self {
        Self {
            app: deployment.key.app.clone(),
            environment: deployment.key.environment,
            target: deployment.target.kind,
            status: deployment.status,
        }
    }

    fn matches(&self, filter: &DeploymentFilter) -> bool {
        filter.app.as_ref().is_none_or(|app| *app == self.app)
            && filter.environment.is_none_or(|environment| environment == self.environment)
            && filter.target.is_none_or(|target| target == self.target)
            && filter.status.is_none_or(|status| status == self.status)
    }
}

fn table() -> Key {
    Key::of("deployment")
}

fn record(id: &DeploymentId) -> Key {
    table().last(id.as_str())
}

fn plan(id: &DeploymentId) -> Key {
    Key::of("plan").last(id.as_str())
}

fn history(id: &DeploymentId) -> Key {
    Key::of("history").part(id.as_str())
}

/// All deployments of a project.
fn of_project(id: &ProjectId) -> Key {
    Key::of("deployment-project").part(id.as_str())
}

/// All of a project, app by app.
fn of_apps(id: &ProjectId) -> Key {
    Key::of("deployment-app").part(id.as_str())
}

/// All of an app.
fn of_app(key: &AppKey) -> Key {
    Key::of("deployment-app").app(key)
}

/// All with a status.
fn of_status(status: DeploymentStatus) -> Key {
    Key::of("deployment-status").part(status.as_str())
}

/// All on a kind of target.
fn of_target(target: TargetKind) -> Key {
    Key::of("deployment-target").part(target.as_str())
}

/// All in an environment.
fn of_environment(environment: Environment) -> Key {
    Key::of("deployment-environment").byte(keys::environment(environment))
}

/// Those of an app that are up.
fn up(key: &AppKey) -> Key {
    Key::of("deployment-up").app(key)
}

/// Those that are queued, running or up.
fn unsettled() -> Key {
    Key::of("deployment-unsettled")
}

/// Every index that a deployment stands in, as it is now.
fn indexes(deployment: &Deployment) -> Vec<Key> {
    let status = deployment.status;
    let mut indexes = vec![
        of_project(&deployment.key.project),
        of_app(&deployment.key),
        of_status(status),
        of_target(deployment.target.kind),
        of_environment(deployment.key.environment),
    ];
    if status.is_up() {
        indexes.push(up(&deployment.key));
    }
    if status.is_pending() || status.is_up() {
        indexes.push(unsettled());
    }
    indexes.into_iter().map(|index| index.last(deployment.id.as_str())).collect()
}

impl Store {
    /// Adds a deployment of a known project, or changes one, with its indexes and its history as one.
    ///
    /// `change` is appended to its history. Where it is absent and the status differs from what is stored, the
    /// change is taken from the deployment's own status, time and reason: no change is ever lost.
    pub async fn put_deployment(
        &self,
        deployment: &Deployment,
        change: Option<StatusChange>,
    ) -> Result<(), StoreError> {
        let deployment = deployment.clone();
        self.run(move |db| {
            let mut writes = Writes::default();
            put(db, &mut writes, &deployment, change)?;
            db.apply(writes)
        })
        .await
    }

    /// The deployment of that identifier, or else the only one whose identifier begins so.
    pub async fn deployment(&self, id: &DeploymentId) -> Result<Option<Deployment>, StoreError> {
        let id = id.clone();
        self.run(move |db| find(db, &id)).await
    }

    /// Deployments, newest first.
    pub async fn deployments(&self, filter: &DeploymentFilter) -> Result<Page<Deployment>, StoreError> {
        let filter = filter.clone();
        self.run(move |db| page(db, &filter)).await
    }

    /// The newest deployment of an app that is up.
    pub async fn live_of(&self, key: &AppKey) -> Result<Option<Deployment>, StoreError> {
        let index = up(key);
        self.run(move |db| newest(db, &index)).await
    }

    /// The newest deployment of an app, whatever became of it, unless it was deleted.
    pub async fn latest_of(&self, key: &AppKey) -> Result<Option<Deployment>, StoreError> {
        let index = of_app(key);
        self.run(move |db| newest(db, &index)).await
    }

    /// The newest deployment of each app of these projects in each environment, unless it was deleted.
    pub async fn latest_of_projects(&self, projects: &[ProjectId]) -> Result<Vec<Deployment>, StoreError> {
        let projects = projects.to_vec();
        self.run(move |db| latest_of_projects(db, &projects)).await
    }

    /// Every deployment that is queued, running or up, oldest first.
    pub async fn unsettled(&self) -> Result<Vec<Deployment>, StoreError> {
        self.run(|db| {
            let ids = db.scan(&unsettled(), Order::Up);
            let read = ids.filter_map(|row| match row {
                Ok(row) => load(db, row.rest()).transpose(),
                Err(error) => Some(Err(error)),
            });
            read.collect()
        })
        .await
    }

    /// Keeps a deployment's plan.
    pub async fn put_plan(&self, id: &DeploymentId, new: &Plan) -> Result<(), StoreError> {
        let (id, new) = (id.clone(), new.clone());
        self.run(move |db| {
            if !db.has(&record(&id))? {
                return Err(StoreError::NotFound { what: "deployment", id: id.to_string() });
            }
            let mut writes = Writes::default();
            writes.put(&plan(&id), &new)?;
            db.apply(writes)
        })
        .await
    }

    /// A deployment's plan.
    pub async fn plan(&self, id: &DeploymentId) -> Result<Option<Plan>, StoreError> {
        let id = id.clone();
        self.run(move |db| db.get(&plan(&id))).await
    }

    /// Every change of a deployment's status, oldest first.
    pub async fn history(&self, id: &DeploymentId) -> Result<Vec<StatusChange>, StoreError> {
        let id = id.clone();
        self.run(move |db| db.records(&history(&id), None, Order::Up).collect()).await
    }
}

fn put(db: &Db, writes: &mut Writes, new: &Deployment, change: Option<StatusChange>) -> Result<(), StoreError> {
    let old: Option<Deployment> = db.get(&record(&new.id))?;
    let own = || StatusChange { status: new.status, at: new.status_since, reason: new.status_reason.clone() };
    let changed = old.as_ref().is_none_or(|old| old.status != new.status);
    if let Some(change) = change.or_else(|| changed.then(own)) {
        let last = db.scan(&history(&new.id), Order::Down).next().transpose()?;
        let number = last.map_or(0, |last| keys::number(last.rest()) + 1);
        writes.put(&history(&new.id).number(number), &change)?;
    }
    let summary = Summary::of(new);
    let standing = match &old {
        None => {
            projects::must_exist(db, &new.key.project)?;
            writes.count("deployments", 1);
            Vec::new()
        }
        Some(old) => indexes(old),
    };
    let wanted = indexes(new);
    for gone in standing.iter().filter(|index| !wanted.contains(index)) {
        writes.remove(gone);
    }
    let same = old.as_ref().is_some_and(|old| Summary::of(old) == summary);
    for index in wanted.iter().filter(|index| !same || !standing.contains(index)) {
        writes.put(index, &summary)?;
    }
    writes.put(&record(&new.id), new)
}

/// What an index says of a deployment, where that can be read.
fn summary(row: &Pair) -> Result<Option<Summary>, StoreError> {
    readable(decode(row.rest(), &row.value)).transpose()
}

/// Loads what an index leads to; one that is damaged is left out.
fn load(db: &Db, id: &[u8]) -> Result<Option<Deployment>, StoreError> {
    let id = DeploymentId::from(text(id).as_str());
    readable(db.get(&record(&id))).transpose().map(Option::flatten)
}

fn find(db: &Db, id: &DeploymentId) -> Result<Option<Deployment>, StoreError> {
    if let Some(exact) = db.get(&record(id))? {
        return Ok(Some(exact));
    }
    if id.as_str().is_empty() {
        return Ok(None);
    }
    let rows = db.scan(&record(id), Order::Up).take(4);
    let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    match rows.as_slice() {
        [] => Ok(None),
        [only] => {
            let key = format!("{id}{}", text(only.rest()));
            decode(key.as_bytes(), &only.value).map(Some)
        }
        several => {
            let matches = several.iter().map(|row| DeploymentId::from(format!("{id}{}", text(row.rest())).as_str()));
            Err(StoreError::Ambiguous { prefix: id.to_string(), matches: matches.collect() })
        }
    }
}

/// The narrowest index for a filter.
fn index_for(filter: &DeploymentFilter) -> Option<Key> {
    match (&filter.project, &filter.app, filter.environment) {
        (Some(project), Some(app), Some(environment)) => {
            Some(of_app(&AppKey { project: project.clone(), app: app.clone(), environment }))
        }
        (Some(project), ..) => Some(of_project(project)),
        (None, ..) => {
            let status = filter.status.map(of_status);
            status.or_else(|| filter.environment.map(of_environment)).or_else(|| filter.target.map(of_target))
        }
    }
}

fn page(db: &Db, filter: &DeploymentFilter) -> Result<Page<Deployment>, StoreError> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 500);
    let after = filter.after.as_deref().map(str::as_bytes);
    let index = index_for(filter);
    let indexed = index.is_some();
    let mut rows = db.scan_from(&index.unwrap_or_else(table), after, Order::Down);
    let mut items = Vec::new();
    let mut next = None;
    for row in rows.by_ref() {
        let row = row?;
        if indexed && !summary(&row)?.is_some_and(|summary| summary.matches(filter)) {
            continue;
        }
        if items.len() == limit {
            next = items.last().map(|last: &Deployment| last.id.to_string());
            break;
        }
        let read =
            if indexed { load(db, row.rest())? } else { readable(decode(row.rest(), &row.value)).transpose()? };
        // Only a filter by app alone has no index of its own.
        items.extend(read.filter(|read: &Deployment| indexed || Summary::of(read).matches(filter)));
    }
    Ok(Page { items, next, total: db.counted("deployments")? })
}

/// The newest in an index that was not deleted.
fn newest(db: &Db, index: &Key) -> Result<Option<Deployment>, StoreError> {
    for row in db.scan(index, Order::Down) {
        let row = row?;
        if summary(&row)?.is_some_and(|summary| summary.status != DeploymentStatus::Deleted)
            && let Some(deployment) = load(db, row.rest())?
        {
            return Ok(Some(deployment));
        }
    }
    Ok(None)
}

fn latest_of_projects(db: &Db, projects: &[ProjectId]) -> Result<Vec<Deployment>, StoreError> {
    let mut latest = Vec::new();
    for project in projects {
        let all = of_apps(project);
        let mut below: Option<Vec<u8>> = None;
        // From the newest of one app the search goes on below all of that app's.
        while let Some(row) = db.scan_from(&all, below.as_deref(), Order::Down).next().transpose()? {
            let Some(summary) = summary(&row)? else {
                below = Some(row.rest().to_vec());
                continue;
            };
            let Summary { app, environment, .. } = summary;
            let index = of_app(&AppKey { project: project.clone(), app, environment });
            latest.extend(newest(db, &index)?);
            below = Some(all.rest(index.bytes()).to_vec());
        }
    }
    Ok(latest)
}

/// A project's deployments that are not deleted, newest first.
pub(super) fn not_deleted(db: &Db, project: &ProjectId) -> Result<Vec<(DeploymentId, DeploymentStatus)>, StoreError> {
    let mut left = Vec::new();
    for row in db.scan(&of_project(project), Order::Down) {
        let row = row?;
        if let Some(Summary { status, .. }) = summary(&row)?
            && status != DeploymentStatus::Deleted
        {
            left.push((DeploymentId::from(text(row.rest()).as_str()), status));
        }
    }
    Ok(left)
}

/// Marks a deployment that does not run as deleted.
pub(super) fn mark_deleted(
    db: &Db,
    writes: &mut Writes,
    id: &DeploymentId,
    reason: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut deployment) = load(db, id.as_str().as_bytes())? else { return Ok(()) };
    deployment.status = DeploymentStatus::Deleted;
    deployment.status_since = at;
    reason.clone_into(&mut deployment.status_reason);
    put(db, writes, &deployment, None)
}
