//! Where a file of a project lies: a folder that is opened beneath the root, and a name in it.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;

use crate::model::{Problem, ProblemCode};
use crate::os::beneath::{Beneath, UNHURT};

/// A path below a root, without what climbs.
#[derive(Clone)]
pub(super) struct Place {
    folder: PathBuf,
    /// The file's own name.
    pub(super) name: String,
}

impl Place {
    /// The place that a path says, or why there is none.
    pub(super) fn of(path: &str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(part) => parts.extend(part.to_str()),
                Component::CurDir => {}
                _ => return Err("it is absolute or climbs with `..`"),
            }
        }
        let name = parts.pop().ok_or("it names no file")?.to_owned();
        Ok(Self { folder: parts.iter().collect(), name })
    }

    /// The folder that the file is named in; "" is the root.
    pub(super) fn folder_path(&self) -> &Path {
        &self.folder
    }

    /// The folder, held open.
    pub(super) fn folder(&self, root: &Beneath) -> io::Result<OwnedFd> {
        root.way(&self.folder)
    }

    /// What lies there, be it a link; none where nothing does.
    pub(super) fn about(&self, folder: impl AsFd) -> io::Result<Option<Stat>> {
        match statat(folder, self.name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(about) => Ok(Some(about)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The file, to be read. A link is an error.
    pub(super) fn open(&self, folder: impl AsFd) -> io::Result<OwnedFd> {
        Ok(openat(folder, self.name.as_str(), OFlags::RDONLY | OFlags::NOFOLLOW | UNHURT, Mode::empty())?)
    }

    /// The whole path, for messages.
    pub(super) fn shown(&self, root: &Beneath) -> PathBuf {
        root.path().join(&self.folder).join(&self.name)
    }

    /// Why something could not be done here.
    pub(super) fn failed(&self, root: &Beneath, error: &io::Error) -> Problem {
        if error.kind() == ErrorKind::CrossesDevices {
            let path = self.folder.join(&self.name);
            return outside(&path.to_string_lossy(), root, "a symbolic link is in its place, or on the way to it");
        }
        failed("write", &self.shown(root), error)
    }
}

/// A path that is not below the root.
pub(super) fn outside(path: &str, root: &Beneath, why: &str) -> Problem {
    let message = format!("{path} is not inside {}", root.path().display());
    Problem::new(ProblemCode::Refused, "outside-the-project", message)
        .why(why)
        .fix("Wharf writes nothing outside that folder: put a plain file or folder in the link's place")
}

/// Why something could not be done at a place.
pub(super) fn failed(action: &str, place: &Path, error: &io::Error) -> Problem {
    // A file's own mark comes from no call of the system.
    let is_mount = error.raw_os_error().is_some();
    let fix = match error.kind() {
        ErrorKind::PermissionDenied => "check who owns it",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk, and do the same again",
        ErrorKind::NotADirectory => "move the file that lies where a folder has to be away",
        ErrorKind::IsADirectory => "move the folder away",
        ErrorKind::ReadOnlyFilesystem if is_mount => "generate in a copy, or print the files with `--stdout`",
        ErrorKind::ReadOnlyFilesystem => "if it may be changed: `chmod u+w` it",
        _ => "check the path and the disk",
    };
    let why = match error.kind() {
        ErrorKind::ReadOnlyFilesystem if is_mount => "it lies on a file system that is read-only".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "it is read-only".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::NotADirectory => "a file lies where a folder has to be".to_owned(),
        _ => error.to_string(),
    };
    Problem::new(ProblemCode::Refused, "file-not-usable", format!("cannot {action} {}", place.display()))
        .why(why)
        .fix(fix)
}
