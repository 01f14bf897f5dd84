//! Looks at and changes single files of a project, never outside its folder.
//!
//! *Architecture invariant:* whatever is written into a project goes this way. No file is used by its whole path: the
//! folder that it lies in is opened beneath the root ([`Beneath`]) and the file named in there, so that a folder which
//! changes places with a link between two steps leads nowhere else.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use rustix::fs::FileType;

use super::beneath::Beneath;
use super::ignores::IgnoreList;
use crate::model::{FileChange, Found, Problem};
use change::{FreshFolders, Staged};
use place::Place;

mod change;
mod place;

/// A file with more bytes is none that anybody wrote by hand.
const LARGEST: u64 = 1 << 20;

/// Leads the message where everything is as it was.
const NOTHING: &str = "nothing was written: ";

/// What a path of the project holds.
#[must_use]
pub fn look(root: &Path, path: &str) -> Found {
    match Beneath::real(root) {
        Ok(root) => look_in(&root, path),
        Err(error) => unreadable(&error),
    }
}

fn look_in(root: &Beneath, path: &str) -> Found {
    Place::of(path).map_or_else(
        |why| Found::Other(why.to_owned()),
        |place| text(root, &place).unwrap_or_else(|error| unreadable(&error)),
    )
}

fn unreadable(error: &io::Error) -> Found {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Found::Nothing,
        ErrorKind::CrossesDevices => Found::Other("lies behind a symbolic link that leads out".to_owned()),
        _ => Found::Other(format!("cannot be read: {error}")),
    }
}

fn text(root: &Beneath, place: &Place) -> io::Result<Found> {
    let folder = place.folder(root)?;
    match place.about(&folder)?.map(|about| FileType::from_raw_mode(about.st_mode)) {
        None => return Ok(Found::Nothing),
        Some(FileType::Directory) => return Ok(Found::Folder),
        Some(FileType::Symlink) => return Ok(Found::Other("is a symbolic link".to_owned())),
        Some(FileType::RegularFile) => {}
        Some(_) => return Ok(Found::Other("is no plain file".to_owned())),
    }
    let file = File::from(place.open(&folder)?);
    if !file.metadata()?.is_file() {
        return Ok(Found::Other("is no plain file".to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Ok(Found::Other(format!("has more than {} KiB", LARGEST >> 10)));
    }
    Ok(String::from_utf8(bytes).map_or_else(|_| Found::Other("is not UTF-8 text".to_owned()), Found::Text))
}

/// Writes a file of the project whole or not at all, and the folders that lead to it.
pub fn write(root: &Path, path: &str, content: &str) -> Result<(), Problem> {
    apply(root, &[FileChange { path: path.to_owned(), content: Some(content.to_owned()), instead_of: None }])
}

/// Changes files of the project in this order, each whole or not at all. All new texts are on the disk before the first
/// takes its place, so that what cannot be written (a read-only file, a full disk) leaves everything as it was.
pub fn apply(root: &Path, changes: &[FileChange]) -> Result<(), Problem> {
    let beneath = Beneath::real(root).map_err(|error| place::failed("open", root, &error))?;
    clear_in(&beneath, changes.iter().map(|change| change.path.as_str()));
    // What is dropped later than what lies ready in them.
    let mut fresh = FreshFolders::new(&beneath);
    let mut stage = |(number, change)| Staged::new(&beneath, change, number, &mut fresh);
    let staged: Result<Vec<_>, _> = changes.iter().enumerate().map(&mut stage).collect();
    let staged = staged.map_err(|problem| {
        let message = format!("{NOTHING}{}", problem.message.trim_start_matches(NOTHING));
        Problem { message, ..problem }
    })?;
    staged.into_iter().try_for_each(Staged::settle)
}

/// Removes what a process laid ready beside any of these files and was killed over.
pub fn clear<'a>(root: &Path, paths: impl IntoIterator<Item = &'a str>) {
    // What it cannot remove is only untidy.
    if let Ok(root) = Beneath::real(root) {
        clear_in(&root, paths);
    }
}

fn clear_in<'a>(root: &Beneath, paths: impl IntoIterator<Item = &'a str>) {
    let mut folders: Vec<&str> =
        paths.into_iter().map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder)).collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        change::clear(root, folder);
    }
}

/// Whether the project's `.gitignore` keeps a path out of its repository.
#[must_use]
pub fn is_ignored(root: &Path, path: &str) -> bool {
    // What cannot be read there ignores nothing.
    let Found::Text(lines) = look(root, ".gitignore") else { return false };
    IgnoreList::read(lines.as_bytes()).says_of_any_parent(path).unwrap_or(false)
}

#[cfg(test)]
mod tests;
