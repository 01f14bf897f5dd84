//! A change of one file: laid ready beside it, then put in its place.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fsync, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::place::{self, Place};
use super::{NOTHING, look_in};
use crate::model::{FileChange, Problem, ProblemCode};
use crate::os::beneath::Beneath;
use crate::os::chance;

/// What new text is called, beside the file that it is to become.
pub(super) const FRESH: &str = ".wharf-new";

/// Folders that were made for new texts; those that nothing came into go again.
pub(super) struct FreshFolders<'a> {
    root: &'a Beneath,
    made: Vec<PathBuf>,
}

impl<'a> FreshFolders<'a> {
    pub(super) fn new(root: &'a Beneath) -> Self {
        Self { root, made: Vec::new() }
    }

    /// The folder, held open; made where it is not there.
    fn open(&mut self, folder: &Path) -> io::Result<OwnedFd> {
        match self.root.way(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => return opened,
        }
        let (Some(above), Some(name)) = (folder.parent(), folder.file_name()) else { return self.root.way(folder) };
        match mkdirat(self.open(above)?, name, Mode::from_raw_mode(0o777)) {
            Ok(()) => self.made.push(folder.to_owned()),
            // Somebody else was faster.
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        self.root.way(folder)
    }
}

impl Drop for FreshFolders<'_> {
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            // One that holds something stays.
            let _ = remove_empty(self.root, folder);
        }
    }
}

/// A change that is ready to be made; what lies ready goes if it is not. The folder is opened anew for each step: a
/// process may hold fewer open than a large project has.
pub(super) struct Staged<'a> {
    root: &'a Beneath,
    place: Place,
    fresh: Option<String>,
}

impl<'a> Staged<'a> {
    pub(super) fn new(
        root: &'a Beneath,
        change: &FileChange,
        number: usize,
        folders: &mut FreshFolders<'a>,
    ) -> Result<Self, Problem> {
        let place = Place::of(&change.path).map_err(|why| place::outside(&change.path, root, why))?;
        if change.instead_of.as_ref().is_some_and(|expected| look_in(root, &change.path) != *expected) {
            return Err(changed(&place.shown(root)));
        }
        let mut staged = Self { root, place, fresh: None };
        let made = match &change.content {
            Some(text) => staged.lay_ready(text, number, folders),
            None => staged.is_removable(),
        };
        made.map_err(|error| staged.place.failed(root, &error))?;
        Ok(staged)
    }

    fn is_removable(&self) -> io::Result<()> {
        match self.place.folder(self.root) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            folder => self.mode_before(folder?).map(|_| ()),
        }
    }

    fn lay_ready(&mut self, content: &str, number: usize, folders: &mut FreshFolders<'_>) -> io::Result<()> {
        let folder = folders.open(self.place.folder_path())?;
        let before = self.mode_before(&folder)?;
        let process = std::process::id();
        let fresh = format!(".{}.{process}-{number}-{:08x}{FRESH}", self.place.name, chance::number());
        // Whatever lies there under that name, a link that leads elsewhere above all, is not written through.
        let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&folder, fresh.as_str(), new, Mode::from_raw_mode(0o666))?);
        self.fresh = Some(fresh);
        file.write_all(content.as_bytes())?;
        if let Some(mode) = before {
            file.set_permissions(Permissions::from_mode(mode))?;
        } else if content.starts_with("#!") {
            // Whoever may read a script may run it.
            let mode = file.metadata()?.permissions().mode();
            file.set_permissions(Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
        }
        file.sync_all()
    }

    /// Who may do what with the file that is there. A folder or a link cannot be replaced, and who made a file read-only
    /// wants it to stay as it is.
    fn mode_before(&self, folder: impl AsFd) -> io::Result<Option<u32>> {
        let Some(about) = self.place.about(folder)? else { return Ok(None) };
        match FileType::from_raw_mode(about.st_mode) {
            FileType::Directory => Err(ErrorKind::IsADirectory.into()),
            FileType::Symlink => Err(ErrorKind::CrossesDevices.into()),
            _ if about.st_mode & 0o222 == 0 => Err(ErrorKind::ReadOnlyFilesystem.into()),
            _ => Ok(Some(about.st_mode & 0o7777)),
        }
    }

    pub(super) fn settle(mut self) -> Result<(), Problem> {
        self.take_place().map_err(|error| self.place.failed(self.root, &error))?;
        if self.fresh.take().is_none() {
            let above = self.place.folder_path().ancestors().filter(|folder| *folder != Path::new(""));
            // Folders that are empty now go; one that is not ends it.
            let _ = above.map(|folder| remove_empty(self.root, folder)).find(Result::is_err);
        }
        Ok(())
    }

    fn take_place(&self) -> io::Result<()> {
        let name = self.place.name.as_str();
        let folder = self.place.folder(self.root);
        let Some(fresh) = &self.fresh else {
            return match folder.and_then(|folder| Ok(unlinkat(folder, name, AtFlags::empty())?)) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        };
        let folder = folder?;
        renameat(&folder, fresh.as_str(), &folder, name)?;
        Ok(fsync(&folder)?)
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if let Some(fresh) = self.fresh.take() {
            // What went wrong is told; the rest that could not be removed is only untidy.
            let _ = self.place.folder(self.root).map(|folder| unlinkat(folder, fresh.as_str(), AtFlags::empty()));
        }
    }
}

fn remove_empty(root: &Beneath, folder: &Path) -> io::Result<()> {
    let (Some(above), Some(name)) = (folder.parent(), folder.file_name()) else { return Ok(()) };
    Ok(unlinkat(root.way(above)?, name, AtFlags::REMOVEDIR)?)
}

/// Removes what processes laid ready in a folder and were killed over.
pub(super) fn clear(root: &Beneath, folder: &str) {
    let Ok(folder) = root.way(Path::new(folder)) else { return };
    let entries = Dir::read_from(&folder).into_iter().flatten().filter_map(Result::ok);
    for name in entries.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned)) {
        if is_left(&name).unwrap_or_default() {
            let _ = unlinkat(&folder, name.as_str(), AtFlags::empty());
        }
    }
}

/// Whether a name is that of a text whose process is no more.
fn is_left(name: &str) -> Option<bool> {
    let (_, process) = name.strip_prefix('.')?.strip_suffix(FRESH)?.rsplit_once('.')?;
    let process = Pid::from_raw(process.split_once('-')?.0.parse().ok()?)?;
    Some(matches!(test_kill_process(process), Err(Errno::SRCH)))
}

fn changed(place: &Path) -> Problem {
    Problem::new(ProblemCode::Refused, "file-changed", format!("{NOTHING}{} has changed", place.display()))
        .why("somebody wrote to it while it was being looked at")
        .fix("do the same again; what it says now is taken into account then")
}
