//! Projects that somebody only looks at: nothing is kept of them, and nobody else sees them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use super::error::EngineError;
use super::projects::{blocking, open_tree};
use super::{Engine, Inner};
use crate::model::{Location, Problem, Project, ProjectId, Source};
use crate::os::{chance, clock, git, paths};

/// So many are remembered at most; the oldest goes for the newest.
const MOST: usize = 8;

/// Those that were looked at lately.
#[derive(Debug)]
pub(super) struct Glances {
    /// Where repositories are cloned to.
    folder: PathBuf,
    seen: Mutex<VecDeque<Glance>>,
}

#[derive(Debug)]
struct Glance {
    project: Project,
    /// Of a repository; gone with it.
    clone: Option<TempDir>,
}

impl Glances {
    /// What a killed engine left of clones goes.
    pub(super) fn new(folder: PathBuf) -> Self {
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "clones that were only looked at could not be removed");
        }
        Self { folder, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, VecDeque<Glance>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, id: &ProjectId) -> Option<Project> {
        self.seen().iter().find(|glance| glance.project.id == *id).map(|glance| glance.project.clone())
    }

    /// Remembers one, and gives back the one that goes for it.
    fn put(&self, glance: Glance) -> Option<Glance> {
        let mut seen = self.seen();
        seen.push_back(glance);
        if seen.len() > MOST { seen.pop_front() } else { None }
    }
}

impl Engine {
    /// A project to look at: the one that is known, or one that only the caller knows of. Plans, vulnerabilities and
    /// files can be asked for by its id for a while; it can not be deployed, and no list holds it.
    pub async fn glance(&self, location: Location) -> Result<Project, Problem> {
        let engine = &self.0;
        {
            let _asking = engine.asking.lock().await;
            if let Some(known) = engine.known_at(&location).await? {
                return Ok(known);
            }
        }
        let id = ProjectId::new(clock::now(), chance::number());
        let (root, source, name, clone) = match location {
            Location::Folder { path } => {
                let root = open_tree(path).await?.root().to_owned();
                let name = root.file_name().map(|name| name.to_string_lossy().into_owned());
                (root, Source::Folder, name, None)
            }
            Location::Git { url, reference } => {
                let folder = &engine.glances.folder;
                paths::private_dir(folder)?;
                let action = || format!("make a folder in {}", folder.display());
                let clone = TempDir::new_in(folder).map_err(|error| EngineError::Io { action: action(), error })?;
                let root = clone.path().join("clone");
                let commit = git::checkout(&url, reference.as_deref(), &root, git::FETCH_TIMEOUT).await?;
                let url = git::without_credentials(&url);
                let name = git::name_of(&url);
                (root, Source::Git { url, reference, commit: Some(commit) }, name, Some(clone))
            }
        };
        let name = engine.free_name(&name.unwrap_or_default()).await?;
        let project = Project { id, name, root, source, added_at: clock::now(), added_by: String::new() };
        let gone = engine.glances.put(Glance { project: project.clone(), clone });
        // A clone may hold very many files.
        blocking(move || drop(gone.map(|glance| glance.clone))).await?;
        Ok(project)
    }
}

impl Inner {
    /// A project that is known, or that somebody looks at.
    pub(super) async fn seen(&self, id: &ProjectId) -> Result<Project, EngineError> {
        match self.glances.get(id) {
            Some(project) => Ok(project),
            None => self.project(id).await,
        }
    }

    /// Whether nothing is kept of a project.
    pub(super) fn is_glance(&self, id: &ProjectId) -> bool {
        self.glances.get(id).is_some()
    }
}
