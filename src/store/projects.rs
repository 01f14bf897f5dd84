//! Projects, their names, and what detection found in them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::db::{Db, Order, Pair, Writes};
use super::deployments;
use super::keys::{Key, text};
use super::record::Record;
use super::{Store, StoreError, ports, secrets};
use crate::model::{Detection, Page, PageQuery, Project, ProjectId, Timestamp};

impl Record for Project {
    const WHAT: &'static str = "project";
}

/// What was found, in which tree, and when.
#[derive(Serialize, Deserialize)]
struct Found {
    fingerprint: String,
    at: Timestamp,
    detection: Detection,
}

impl Record for Found {
    const WHAT: &'static str = "detection";
    /// An older one is not read: it is found anew.
    const VERSION: u16 = 2;
}

fn record(id: &ProjectId) -> Key {
    Key::of("project").last(id.as_str())
}

/// Leads from a name to a project's identifier.
fn names() -> Key {
    Key::of("project-name")
}

/// Leads from a folder to the identifier of the project that it is.
fn roots() -> Key {
    Key::of("project-root")
}

fn at_root(root: &Path) -> Key {
    roots().raw(root.as_os_str().as_encoded_bytes())
}

fn found(id: &ProjectId) -> Key {
    Key::of("detection").last(id.as_str())
}

impl Store {
    /// Adds a project, or changes one. Its name must not be another's.
    pub async fn put_project(&self, project: &Project) -> Result<(), StoreError> {
        let project = project.clone();
        self.run(move |db| put(db, &project)).await
    }

    /// The project, if it is known.
    pub async fn project(&self, id: &ProjectId) -> Result<Option<Project>, StoreError> {
        let id = id.clone();
        self.run(move |db| db.get(&record(&id))).await
    }

    /// The project of that name.
    pub async fn project_by_name(&self, name: &str) -> Result<Option<Project>, StoreError> {
        let name = name.to_owned();
        self.run(move |db| match owner(db, &name)? {
            Some(id) => db.get(&record(&id)),
            None => Ok(None),
        })
        .await
    }

    /// The project whose code is in that folder.
    pub async fn project_at(&self, root: &Path) -> Result<Option<Project>, StoreError> {
        let root = root.to_path_buf();
        self.run(move |db| match db.raw(&at_root(&root))? {
            Some(id) => db.get(&record(&ProjectId::from(text(&id).as_str()))),
            None => Ok(None),
        })
        .await
    }

    /// Projects by name.
    pub async fn projects(&self, query: &PageQuery) -> Result<Page<Project>, StoreError> {
        let query = query.clone();
        self.run(move |db| page(db, &query)).await
    }

    /// Removes a project with its detection, its sealed values and its ports, and returns it.
    ///
    /// While deployments that are not deleted refer to it this is refused; `deployments` marks them as deleted with
    /// it, unless some of them run or are up. The records of deployments and releases stay as history.
    pub async fn remove_project(
        &self,
        id: &ProjectId,
        deployments: bool,
        at: Timestamp,
    ) -> Result<Project, StoreError> {
        let id = id.clone();
        self.run(move |db| remove(db, &id, deployments, at)).await
    }

    /// Keeps what detection found in a project's tree; `fingerprint` tells that tree from others.
    pub async fn put_detection(
        &self,
        project: &ProjectId,
        fingerprint: &str,
        detection: &Detection,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = project.clone();
        let new = Found { fingerprint: fingerprint.to_owned(), at, detection: detection.clone() };
        self.run(move |db| {
            must_exist(db, &id)?;
            let mut writes = Writes::default();
            writes.put(&found(&id), &new)?;
            db.apply(writes)
        })
        .await
    }

    /// What detection found last: the tree's fingerprint, the finding, and when. One that cannot be read counts as
    /// none: it can be made again.
    pub async fn detection(&self, project: &ProjectId) -> Result<Option<(String, Detection, Timestamp)>, StoreError> {
        let id = project.clone();
        self.run(move |db| match db.get::<Found>(&found(&id)) {
            Err(StoreError::Damaged { .. }) => Ok(None),
            other => Ok(other?.map(|found| (found.fingerprint, found.detection, found.at))),
        })
        .await
    }
}

/// Who has a name.
fn owner(db: &Db, name: &str) -> Result<Option<ProjectId>, StoreError> {
    let id = db.raw(&names().last(name))?;
    Ok(id.map(|id| ProjectId::from(text(&id).as_str())))
}

/// Fails where there is no such project.
pub(super) fn must_exist(db: &Db, id: &ProjectId) -> Result<(), StoreError> {
    if db.has(&record(id))? { Ok(()) } else { Err(StoreError::NoProject(id.clone())) }
}

fn put(db: &Db, project: &Project) -> Result<(), StoreError> {
    if let Some(by) = owner(db, &project.name)?
        && by != project.id
    {
        return Err(StoreError::NameTaken { name: project.name.clone(), by });
    }
    let old: Option<Project> = db.get(&record(&project.id))?;
    let mut writes = Writes::default();
    match old {
        Some(old) => {
            writes.remove(&names().last(&old.name));
            writes.remove(&at_root(&old.root));
        }
        None => writes.count("projects", 1),
    }
    writes.put(&record(&project.id), project)?;
    writes.put_raw(&names().last(&project.name), project.id.as_str().as_bytes());
    writes.put_raw(&at_root(&project.root), project.id.as_str().as_bytes());
    db.apply(writes)
}

fn page(db: &Db, query: &PageQuery) -> Result<Page<Project>, StoreError> {
    let limit = query.limit.unwrap_or(200).clamp(1, 1000);
    let after = query.after.as_deref().map(str::as_bytes);
    let mut rows = db.scan_from(&names(), after, Order::Up);
    let mut items: Vec<Project> = Vec::with_capacity(limit);
    let mut last = None;
    for row in rows.by_ref() {
        let row: Pair = row?;
        last = Some(text(row.rest()));
        let id = ProjectId::from(text(&row.value).as_str());
        let project = db.get(&record(&id));
        if let Some(Ok(Some(project))) = super::db::readable(project) {
            items.push(project);
        }
        if items.len() == limit {
            break;
        }
    }
    let next = rows.next().and(last);
    Ok(Page { items, next, total: db.counted("projects")? })
}

fn remove(db: &Db, id: &ProjectId, with_deployments: bool, at: Timestamp) -> Result<Project, StoreError> {
    let project: Project = db.get(&record(id))?.ok_or_else(|| StoreError::NoProject(id.clone()))?;
    let left = deployments::not_deleted(db, id)?;
    let unsettled = left.iter().any(|(_, status)| status.is_pending() || status.is_up());
    if !left.is_empty() && (unsettled || !with_deployments) {
        return Err(StoreError::ProjectInUse {
            name: project.name,
            count: left.len(),
            deployments: left.into_iter().take(20).map(|(id, _)| id).collect(),
            unsettled,
        });
    }
    let mut writes = Writes::default();
    for (deployment, _) in &left {
        deployments::mark_deleted(db, &mut writes, deployment, "its project was removed", at)?;
    }
    ports::release_all(db, &mut writes, id)?;
    secrets::remove_all(db, &mut writes, id)?;
    writes.remove(&record(id));
    writes.remove(&names().last(&project.name));
    writes.remove(&at_root(&project.root));
    writes.remove(&found(id));
    writes.count("projects", -1);
    db.apply(writes)?;
    Ok(project)
}
