//! What can go wrong with the state.

use std::io;
use std::path::PathBuf;

use crate::model::{DeploymentId, PortHolder, PortLease, Problem, ProblemCode, ProjectId};

/// What can go wrong with the state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has the state open.
    #[error("another engine has the state in {}", .0.display())]
    Busy(PathBuf),
    /// A newer Wharf wrote it.
    #[error("the state in {} was written by Wharf {written_by}, which is newer", folder.display())]
    Newer {
        /// The state's folder; untouched.
        folder: PathBuf,
        /// The version of Wharf that wrote it.
        written_by: String,
    },
    /// The folder cannot be used.
    #[error("the state in {} cannot be used", folder.display())]
    Folder {
        /// The folder or file.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The storage failed.
    #[error("the state cannot be read or written")]
    Storage(#[from] sled::Error),
    /// One record cannot be read; the others can.
    #[error("a stored {what} is damaged")]
    Damaged {
        /// What kind of thing it is.
        what: &'static str,
        /// Its key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// The store was closed, or an earlier failure ended it.
    #[error("the state is closed")]
    Closed,
    /// An act of the store's own failed in a way that it never should.
    #[error("the store gave up on one request: {0}")]
    Internal(String),
    /// There is no such project.
    #[error("there is no project {0}")]
    NoProject(ProjectId),
    /// There is no such thing.
    #[error("there is no {what} {id}")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        id: String,
    },
    /// Another project has the name.
    #[error("another project is called “{name}”")]
    NameTaken {
        /// The name.
        name: String,
        /// Who has it.
        by: ProjectId,
    },
    /// A project cannot be removed while deployments refer to it.
    #[error("the project “{name}” still has deployments: {count}")]
    ProjectInUse {
        /// The project's name.
        name: String,
        /// How many there are that are not deleted.
        count: usize,
        /// The newest of them, at most twenty.
        deployments: Vec<DeploymentId>,
        /// Whether some of them run or are up, so that they must be deleted one by one first.
        unsettled: bool,
    },
    /// A port is held by another.
    #[error("port {} is held by {}", .0.port, holder(&.0.holder))]
    PortHeld(Box<PortLease>),
    /// Several deployments begin so.
    #[error("several deployments begin with “{prefix}”")]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// The first of those that begin so.
        matches: Vec<DeploymentId>,
    },
    /// Events after that number are no longer all kept.
    #[error("events up to {oldest} are no longer kept")]
    EventsGone {
        /// The number of the last event that was dropped.
        oldest: u64,
    },
}

fn holder(holder: &PortHolder) -> String {
    match holder {
        PortHolder::App(key) => key.to_string(),
        PortHolder::Candidate(id) => format!("deployment {id}, which proves itself"),
        PortHolder::Manual { note } if note.is_empty() => "a person".to_owned(),
        PortHolder::Manual { note } => format!("a person: {note}"),
    }
}

fn is_full(error: &sled::Error) -> bool {
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
    matches!(error, sled::Error::Io(error) if full.contains(&error.kind()))
}

fn ids(deployments: &[DeploymentId]) -> String {
    deployments.iter().map(DeploymentId::as_str).collect::<Vec<_>>().join(", ")
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (code, cause, why, fix) = match &error {
            StoreError::Busy(_) => (
                ProblemCode::Refused,
                "engine-running",
                "only one engine can work on a data folder".to_owned(),
                "use the engine that runs (wharf engine status), or give another folder with --data-dir".to_owned(),
            ),
            StoreError::Newer { written_by, .. } => (
                ProblemCode::Refused,
                "state-newer",
                format!("this is Wharf {} and does not know its shape; nothing was touched", env!("CARGO_PKG_VERSION")),
                format!("use Wharf {written_by} or newer, or give another folder with --data-dir"),
            ),
            StoreError::Folder { source, .. } => (
                match source.kind() {
                    io::ErrorKind::PermissionDenied => ProblemCode::Refused,
                    _ => ProblemCode::Failed,
                },
                if source.kind() == io::ErrorKind::StorageFull { "no-disk" } else { "state-folder" },
                source.to_string(),
                "check that the disk has room and that this account may write there".to_owned(),
            ),
            StoreError::Storage(source) => (
                ProblemCode::Failed,
                if is_full(source) { "no-disk" } else { "state-failed" },
                source.to_string(),
                "make room on the disk (`df -h`) and do it again: the engine goes on by itself".to_owned(),
            ),
            StoreError::Damaged { key, why, .. } => (
                ProblemCode::Failed,
                "state-damaged",
                format!("{key}: {why}"),
                "everything else is still there; if it comes again, check the disk".to_owned(),
            ),
            StoreError::Closed => {
                (ProblemCode::Unreachable, "engine-stopping", String::new(), "start the engine again".to_owned())
            }
            StoreError::Internal(_) => {
                (ProblemCode::Failed, "internal", String::new(), "look into the engine's log and report it".to_owned())
            }
            StoreError::NoProject(_) => (
                ProblemCode::NotFound,
                "no-project",
                String::new(),
                "wharf projects list shows those there are".to_owned(),
            ),
            StoreError::NotFound { what, .. } => {
                let cause = match *what {
                    "deployment" => "no-deployment",
                    "release" => "no-release",
                    "job" => "no-job",
                    _ => "not-found",
                };
                (ProblemCode::NotFound, cause, String::new(), "wharf list shows what there is".to_owned())
            }
            StoreError::NameTaken { .. } => {
                (ProblemCode::Refused, "name-taken", String::new(), "choose another with --name".to_owned())
            }
            StoreError::ProjectInUse { deployments, unsettled: true, .. } => (
                ProblemCode::Refused,
                "project-in-use",
                format!("some of them run or are up: {}", ids(deployments)),
                "delete them first: wharf delete".to_owned(),
            ),
            StoreError::ProjectInUse { deployments, .. } => (
                ProblemCode::Refused,
                "project-in-use",
                format!("they are not deleted: {}", ids(deployments)),
                "delete them first (wharf delete), or remove them with the project (--deployments)".to_owned(),
            ),
            StoreError::PortHeld(lease) => (
                ProblemCode::Refused,
                "port-held",
                format!("since {}", lease.since),
                "wharf ports shows who holds which; take another or release it".to_owned(),
            ),
            StoreError::Ambiguous { matches, .. } => {
                (ProblemCode::Usage, "ambiguous-id", ids(matches), "give more of the identifier".to_owned())
            }
            StoreError::EventsGone { .. } => {
                (ProblemCode::NotFound, "events-gone", String::new(), "fetch the snapshot again".to_owned())
            }
        };
        let message = error.to_string();
        Self::new(code, cause, message).why(why).fix(fix)
    }
}
