//! The templates that a user keeps in the folder of settings: each lies over the one of the same path in the program.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};

use super::{paths, project_files};
use crate::model::{Problem, ProblemCode};

/// So many files are read, and so many bytes of each: nobody writes more by hand.
const MOST: usize = 2_000;
const LARGEST: u64 = 1 << 20;

/// The folder, whether it is there or not.
pub fn folder() -> Result<PathBuf, Problem> {
    Ok(paths::config_dir()?.join("templates"))
}

/// The texts in the folder by their paths in it, with `/`; none where there is no folder, or no home for one. What
/// cannot be read is a [`Problem`]: to go on without it would generate something else than was asked for.
pub fn read() -> Result<BTreeMap<String, String>, Problem> {
    folder().map_or_else(|_| Ok(BTreeMap::new()), |folder| read_in(&folder))
}

fn read_in(folder: &Path) -> Result<BTreeMap<String, String>, Problem> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    let mut seen = 0;
    while let Some(next) = folders.pop() {
        let entries = match fs::read_dir(&next) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound && next == folder => return Ok(texts),
            Err(error) => return Err(unread(&next, error)),
        };
        for entry in entries {
            let place = entry.map_err(|error| unread(&next, error))?.path();
            seen += 1;
            if seen > MOST {
                return Err(too_many(folder));
            }
            if place.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                continue;
            }
            if fs::metadata(&place).map_err(|error| unread(&place, error))?.is_dir() {
                folders.push(place);
                continue;
            }
            let name = place.strip_prefix(folder).ok().and_then(Path::to_str);
            let name = name.ok_or_else(|| unread(&place, "its name is not UTF-8 text"))?;
            texts.insert(name.to_owned(), text(&place).map_err(|why| unread(&place, why))?);
        }
    }
    Ok(texts)
}

/// What a plain file says, or one that a link leads to. A pipe is not waited for, and a device has no end.
fn text(place: &Path) -> Result<String, String> {
    let unhurt = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(open(place, unhurt, Mode::empty()).map_err(|error| error.to_string())?);
    if !file.metadata().map_err(|error| error.to_string())?.is_file() {
        return Err("it is no plain file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it has more than {} KiB", LARGEST >> 10));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// Writes a template of the user's, whole or not at all: half of one would be used.
pub fn write(path: &str, text: &str) -> Result<PathBuf, Problem> {
    let folder = folder()?;
    fs::create_dir_all(&folder).map_err(|error| {
        Problem::new(ProblemCode::Failed, "write-failed", format!("{} cannot be made", folder.display()))
            .why(error)
            .fix("make room and the folder writable, or choose another with WHARF_CONFIG_DIR")
    })?;
    project_files::write(&folder, path, text)?;
    Ok(folder.join(path))
}

fn too_many(folder: &Path) -> Problem {
    let message = format!("your folder of templates {} cannot be read", folder.display());
    Problem::new(ProblemCode::Failed, "template-failed", message)
        .why(format!("it holds more than {MOST} files"))
        .fix("keep only changed copies of templates there (`wharf templates eject` makes them)")
}

fn unread(place: &Path, why: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::Failed, "template-failed", format!("your template {} cannot be read", place.display()))
        .why(why.to_string())
        .fix("mend it, or take it out of the folder to use the one in the program")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, mknodat};

    use super::*;

    #[test]
    fn only_plain_files_are_read_and_nothing_is_waited_for() {
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join("kept"), "ours").unwrap();
        let pipe = |place: &Path| mknodat(CWD, place, FileType::Fifo, 0o600.into(), 0).unwrap();
        let device = |place: &Path| symlink("/dev/zero", place).unwrap();
        let long = |place: &Path| fs::write(place, vec![b'a'; 2 << 20]).unwrap();
        let nothing = |place: &Path| symlink("/nowhere/at/all", place).unwrap();
        let makes: [&dyn Fn(&Path); 4] = [&pipe, &device, &long, &nothing];
        let whys = ["no plain file", "no plain file", "1024 KiB", "No such file"];
        for (make, why) in makes.into_iter().zip(whys) {
            let folder = tempfile::tempdir().unwrap();
            make(&folder.path().join("env.j2"));
            let problem = read_in(folder.path()).unwrap_err();
            assert!(problem.message.contains("env.j2") && problem.why.contains(why), "{problem}");
        }
        let folder = tempfile::tempdir().unwrap();
        symlink(other.path(), folder.path().join("compose")).unwrap();
        assert_eq!(read_in(folder.path()).unwrap(), BTreeMap::from([("compose/kept".to_owned(), "ours".to_owned())]));
    }

    #[test]
    fn a_folder_of_anything_else_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=MOST {
            fs::write(folder.path().join(format!(".{number}")), "").unwrap();
        }
        assert!(read_in(folder.path()).unwrap_err().why.contains("more than 2000 files"));
        // One that leads into itself has no end either.
        let round = tempfile::tempdir().unwrap();
        symlink(".", round.path().join("again")).unwrap();
        assert!(read_in(round.path()).is_err());
    }
}
