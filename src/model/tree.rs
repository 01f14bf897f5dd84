//! A folder of files as detection and generation see it, wherever it lies: on disk, in memory, in an archive.

use std::fmt;

use super::Warning;

/// The files of a project. Walking happens before; reading happens only as a file is asked for.
pub trait FileTree: Send + Sync {
    /// The paths of all files, relative to the folder, with `/`, sorted. What version control ignores and what
    /// package managers install is left out.
    fn paths(&self) -> &[String];

    /// The bytes of one file. A path outside the folder is never read.
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError>;

    /// What could not be walked, and why.
    fn warnings(&self) -> &[Warning];

    /// The project's name, where whoever opened the tree knows it: an app at its root that has none of its own is
    /// called so.
    fn name(&self) -> Option<&str> {
        None
    }
}

/// Why a file of a tree could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It is not there, or not a file.
    Missing,
    /// It has more bytes than anybody wants to look at.
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
    },
    /// The system refused, in its words.
    Refused(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it is not there"),
            Self::TooLarge { bytes } => write!(f, "it is too large to read: {} MB", bytes / 1_000_000),
            Self::Refused(why) => write!(f, "it cannot be read: {why}"),
        }
    }
}
