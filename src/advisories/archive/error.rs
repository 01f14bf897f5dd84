//! What goes wrong with imported advisories.

use std::io;
use std::path::PathBuf;

use crate::model::{Problem, ProblemCode};

/// What goes wrong with imported advisories.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file to import cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// The file to import is something else.
    #[error("{} is no archive of advisories: {why}", path.display())]
    NoArchive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file to import goes beyond a bound.
    #[error("{} is too large: {bound}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Which bound.
        bound: String,
    },
    /// Another import is under way.
    #[error("another import is under way")]
    Busy,
    /// What was imported cannot be read any more.
    #[error("what was imported is damaged: {0}")]
    Damaged(String),
    /// The folder of what is imported.
    #[error("{}: {error}", path.display())]
    Disk {
        /// The file in it.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
}

impl From<ArchiveError> for Problem {
    fn from(error: ArchiveError) -> Self {
        use ProblemCode::{Failed, NotFound, Refused, Usage};
        const FILES: &str = "import an ecosystem's all.zip of the OSV database, or one of its advisories as JSON";
        match error {
            ArchiveError::Unreadable { path, error } => {
                let code = match error.kind() {
                    io::ErrorKind::NotFound => NotFound,
                    io::ErrorKind::PermissionDenied => Refused,
                    _ => Failed,
                };
                Self::new(code, "advisories-not-readable", format!("{} cannot be read", path.display()))
                    .why(error)
                    .fix("check the path; the file has to be where the engine runs")
            }
            ArchiveError::NoArchive { path, why } => {
                let message = format!("{} holds no advisories", path.display());
                Self::new(Usage, "no-advisories", message).why(why).fix(FILES)
            }
            ArchiveError::TooLarge { path, bound } => {
                let message = format!("{} is too large to be imported", path.display());
                Self::new(Refused, "advisories-too-large", message).why(bound).fix(FILES)
            }
            ArchiveError::Busy => Self::new(Refused, "import-under-way", "advisories are being imported already")
                .fix("wait until that is over"),
            ArchiveError::Damaged(why) => {
                Self::new(Failed, "advisories-damaged", "the imported advisories cannot be read")
                    .why(why)
                    .fix("import them again with `wharf vulns import FILE`")
            }
            ArchiveError::Disk { path, error } => {
                let fix = match error.kind() {
                    io::ErrorKind::StorageFull => "make room (`df -h`) and try again",
                    _ => "check who owns the data folder, and the disk it lies on",
                };
                Self::new(Failed, "advisories-disk", format!("{} cannot be used", path.display())).why(error).fix(fix)
            }
        }
    }
}
