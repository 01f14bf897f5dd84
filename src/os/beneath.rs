//! Opens what lies below a folder, and nothing that a link leads out of it.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

/// Nothing waits for who writes into a pipe, and no terminal becomes this process's own.
const UNHURT: OFlags = OFlags::CLOEXEC.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

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

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A folder to be listed; a link to one is an error. `""` is the folder itself.
    pub(super) fn folder(&self, path: &str) -> io::Result<OwnedFd> {
        let path = if path.is_empty() { "." } else { path };
        self.open(path, OFlags::DIRECTORY | OFlags::NOFOLLOW)
    }

    /// Whatever lies at a path, to be read. Links are followed as long as they stay inside.
    pub(super) fn file(&self, path: &str) -> io::Result<File> {
        self.open(path, OFlags::empty()).map(File::from)
    }

    fn open(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | UNHURT | flags;
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match openat2(&self.folder, path, flags, Mode::empty(), inside) {
            // An old kernel or a sandbox without the call; an absolute link, which may lead back in; a race.
            Err(Errno::NOSYS | Errno::PERM | Errno::XDEV | Errno::AGAIN) => self.open_by_name(path, flags),
            opened => Ok(opened?),
        }
    }

    fn open_by_name(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let real = fs::canonicalize(self.path.join(path))?;
        if !real.starts_with(&self.path) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it links out of the folder"));
        }
        Ok(openat(CWD, &real, flags | OFlags::NOFOLLOW, Mode::empty())?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
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
        symlink(outside.path().join("secret"), root.join("out")).unwrap();
        symlink(outside.path(), root.join("away")).unwrap();
        let beneath = Beneath::new(root).unwrap();
        let by_name = |path: &str| beneath.open_by_name(path, OFlags::RDONLY | UNHURT).map(File::from);
        for open in [&(|path: &str| beneath.file(path)) as &dyn Fn(&str) -> io::Result<File>, &by_name] {
            for inside in ["a/real", "relative", "absolute"] {
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
        assert!(beneath.folder("").is_ok() && beneath.folder("a").is_ok());
        assert!(beneath.folder("away").is_err() && beneath.folder("relative").is_err());
    }
}
