//! What goes wrong with a source snapshot.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::dockerignore::BadPattern;
use crate::model::{Problem, ProblemCode};

/// What goes wrong with a source snapshot.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file or folder cannot be read.
    #[error("{path} cannot be read: {detail}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A file became shorter while it was read.
    #[error("{path} changed while it was read")]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// There is more than is allowed.
    #[error("the source is larger than {limit}")]
    TooLarge {
        /// What is allowed: `1.0 GiB`, `500000 files`.
        limit: String,
        /// The largest folders with their sizes in bytes, largest first.
        largest: Vec<(String, u64)>,
    },
    /// The `.dockerignore` holds a pattern that nobody can match.
    #[error(".dockerignore {0}")]
    Pattern(#[from] BadPattern),
    /// The snapshot is not whole, or is none.
    #[error("the snapshot {path} is damaged: {detail}")]
    Damaged {
        /// The snapshot.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The snapshot cannot be written.
    #[error("{path} cannot be written: {detail}")]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        detail: String,
        /// Whether the disk is full.
        full: bool,
    },
    /// Nobody waits for it any more.
    #[error("cancelled")]
    Cancelled,
}

impl ArchiveError {
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), detail: error.to_string() }
    }

    pub(super) fn unwritable(path: &Path, error: &io::Error) -> Self {
        let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        Self::Unwritable { path: path.to_owned(), detail: error.to_string(), full }
    }

    pub(super) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), detail: detail.into() }
    }

    /// The error as a person sees it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let failed = |cause| Problem::new(ProblemCode::Failed, cause, self.to_string());
        match self {
            Self::Unreadable { .. } => Problem::new(ProblemCode::Refused, "source-unreadable", self.to_string())
                .fix("give this account the right to read it, or leave it out with a line in .dockerignore"),
            Self::Changed { .. } => failed("source-changed").fix("deploy again once nothing writes to it"),
            Self::TooLarge { largest, .. } => {
                let named: Vec<_> =
                    largest.iter().map(|(name, size)| format!("{name} ({})", show_bytes(*size))).collect();
                failed("source-too-large")
                    .why(format!("the most is in {}", named.join(", ")))
                    .fix("leave out what the build does not need with lines in .dockerignore")
            }
            Self::Pattern(_) => Problem::new(ProblemCode::Usage, "dockerignore-invalid", self.to_string())
                .fix("mend the line; patterns are those of https://docs.docker.com/build/concepts/context/"),
            Self::Damaged { .. } => failed("snapshot-damaged").fix("deploy again: a new snapshot is made"),
            Self::Unwritable { full: true, .. } => {
                failed("disk-full").fix("make room (`df -h`, `docker system prune`) and deploy again")
            }
            Self::Unwritable { .. } => failed("snapshot-unwritable").fix("see that this account may write there"),
            Self::Cancelled => failed("cancelled"),
        }
    }
}

/// Bytes for a person: `1.4 GiB`.
pub(super) fn show_bytes(bytes: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.1} {}", units[unit]) }
}
