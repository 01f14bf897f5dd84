//! Opens what lies below a folder, and nothing that a link leads out of it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;
use rustix::path::Arg;

use crate::model::ReadError;

/// Nothing waits for who writes into a pipe, and no terminal becomes this process's own.
pub(super) const UNHURT: OFlags = OFlags::CLOEXEC.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// A folder, held open: it stays the same one where another takes its name.
#[derive(Debug)]
pub(super) struct Beneath {
    folder: OwnedFd,
    path: PathBuf,
}

impl Beneath {
    /// The folder at an absolute path without links.
    pub(super) fn new(path: PathBuf) -> io::Result<Self> {
        let folder = openat(CWD, &path, OFlags::DIRECTORY | OFlags::RDONLY | UNHURT, Mode::empty())?;
        Ok(Self { folder, path })
    }

    /// The folder that a path leads to, by links or not.
    pub(super) fn real(path: &Path) -> io::Result<Self> {
        Self::new(fs::canonicalize(path)?)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A folder to be listed; a link to one is an error. `""` is the folder itself.
    pub(super) fn folder(&self, path: &str) -> io::Result<OwnedFd> {
        let path = if path.is_empty() { "." } else { path };
        self.open(Path::new(path), OFlags::DIRECTORY | OFlags::NOFOLLOW)
    }

    /// A folder to name files in. Links are followed as long as they stay inside. `""` is the folder itself.
    pub(super) fn way(&self, path: &Path) -> io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        self.open(path, OFlags::DIRECTORY)
    }

    /// Whatever lies at a path, to be read. Links are followed as long as they stay inside.
    pub(super) fn file(&self, path: &str) -> io::Result<File> {
        self.open(Path::new(path), OFlags::empty()).map(File::from)
    }

    /// What a regular file of at most so many bytes holds, whatever lay there before.
    pub(super) fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
        let file = self.file(path).map_err(|error| read_error(&error))?;
        let data = file.metadata().map_err(|error| read_error(&error))?;
        if !data.is_file() {
            return Err(ReadError::Missing);
        }
        if data.len() > limit {
            return Err(ReadError::TooLarge { bytes: data.len() });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(data.len()).unwrap_or(0));
        file.take(limit).read_to_end(&mut bytes).map_err(|error| read_error(&error))?;
        Ok(bytes)
    }

    fn open(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | UNHURT | flags;
        match self.open_inside(path, flags, ResolveFlags::NO_MAGICLINKS) {
            // An absolute link, which may lead back in; or a race.
            Err(Errno::XDEV | Errno::AGAIN) => {
                let aim = self.aim(path)?;
                Ok(self.open_inside(&aim, flags, ResolveFlags::NO_SYMLINKS)?)
            }
            // An old kernel, or a sandbox without the call.
            Err(Errno::NOSYS | Errno::PERM) => self.open_step_by_step(path, flags),
            opened => Ok(opened?),
        }
    }

    fn open_inside(&self, path: impl Arg, flags: OFlags, how: ResolveFlags) -> rustix::io::Result<OwnedFd> {
        openat2(&self.folder, path, flags, Mode::empty(), ResolveFlags::BENEATH | how)
    }

    /// Where a path leads, relative to the folder, with no link on the way.
    fn aim(&self, path: &Path) -> io::Result<PathBuf> {
        let real = fs::canonicalize(self.path.join(path))?;
        let out = || io::Error::new(io::ErrorKind::CrossesDevices, "it links out of the folder");
        let inside = real.strip_prefix(&self.path).map_err(|_| out())?;
        // An empty path is none to the kernel.
        Ok(Path::new(".").join(inside))
    }

    /// Each part is opened below the one before, which a link that took its place meanwhile cannot lead out of.
    fn open_step_by_step(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let aim = self.aim(path)?;
        let mut parts: Vec<_> = aim.components().collect();
        let Some(last) = parts.pop() else { return Ok(openat(&self.folder, ".", flags, Mode::empty())?) };
        let way = OFlags::DIRECTORY | OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut folder: Option<OwnedFd> = None;
        for part in parts {
            let above = folder.as_ref().unwrap_or(&self.folder);
            folder = Some(openat(above, part.as_os_str(), way, Mode::empty())?);
        }
        let above = folder.as_ref().unwrap_or(&self.folder);
        Ok(openat(above, last.as_os_str(), flags | OFlags::NOFOLLOW, Mode::empty())?)
    }
}

fn read_error(error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::Missing,
        _ => ReadError::Refused(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_followed_inside_only_with_and_without_the_kernels_help() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "x").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("a")).unwrap();
        fs::write(root.join("a/real"), "here").unwrap();
        symlink("a/real", root.join("relative")).unwrap();
        symlink(root.join("a/real"), root.join("absolute")).unwrap();
        symlink(&root, root.join("round")).unwrap();
        symlink(outside.path().join("secret"), root.join("out")).unwrap();
        symlink(outside.path(), root.join("away")).unwrap();
        let beneath = Beneath::new(root).unwrap();
        let by_steps = |path: &str| beneath.open_step_by_step(Path::new(path), OFlags::RDONLY | UNHURT).map(File::from);
        for open in [&(|path: &str| beneath.file(path)) as &dyn Fn(&str) -> io::Result<File>, &by_steps] {
            for inside in ["a/real", "relative", "absolute", "round/a/real"] {
                let mut text = String::new();
                open(inside).unwrap().read_to_string(&mut text).unwrap();
                assert_eq!(text, "here", "{inside}");
            }
            for outside in ["out", "away/secret", "a/../../secret"] {
                assert!(open(outside).is_err(), "{outside}");
            }
            assert_eq!(open("none").unwrap_err().kind(), io::ErrorKind::NotFound);
        }
        assert_eq!(beneath.file("out").unwrap_err().to_string(), "it links out of the folder");
        assert!(beneath.way(Path::new("")).is_ok() && beneath.way(Path::new("round")).is_ok());
        assert!(beneath.way(Path::new("away")).is_err());
        assert!(beneath.folder("").is_ok() && beneath.folder("a").is_ok());
        assert!(beneath.folder("away").is_err() && beneath.folder("relative").is_err());
    }

    #[test]
    fn a_folder_that_changes_places_with_a_link_leads_nowhere_else() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("file"), "secret").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("d")).unwrap();
        fs::write(root.join("d/file"), "own").unwrap();
        symlink(outside.path(), root.join("swap")).unwrap();
        let beneath = Beneath::new(root.clone()).unwrap();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let (one, other) = (root.join("d"), root.join("swap"));
                    rustix::fs::renameat_with(CWD, &one, CWD, &other, rustix::fs::RenameFlags::EXCHANGE).unwrap();
                }
            });
            let mut read = String::new();
            for _ in 0..3_000 {
                let opened =
                    [beneath.file("d/file"), beneath.open_step_by_step(Path::new("d/file"), UNHURT).map(File::from)];
                for mut file in opened.into_iter().flatten() {
                    file.read_to_string(&mut read).unwrap();
                }
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(!read.contains("secret") && read.contains("own"));
        });
    }
}
