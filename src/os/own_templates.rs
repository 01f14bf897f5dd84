//! The templates that a user keeps in the folder of settings: each lies over the one of the same path in the program.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::paths;
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
    let Ok(folder) = folder() else { return Ok(BTreeMap::new()) };
    let mut texts = BTreeMap::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        let entries = match fs::read_dir(&next) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound && next == folder => return Ok(texts),
            Err(error) => return Err(unread(&next, error)),
        };
        for entry in entries {
            let place = entry.map_err(|error| unread(&next, error))?.path();
            let about = fs::metadata(&place).map_err(|error| unread(&place, error))?;
            let Some(name) = place.strip_prefix(&folder).ok().and_then(Path::to_str) else { continue };
            if place.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                continue;
            }
            if texts.len() + folders.len() >= MOST {
                return Err(unread(&folder, format!("it holds more than {MOST} files")));
            }
            if about.is_dir() {
                folders.push(place);
            } else if about.len() > LARGEST {
                return Err(unread(&place, format!("it has more than {} KiB", LARGEST >> 10)));
            } else {
                texts.insert(name.to_owned(), fs::read_to_string(&place).map_err(|error| unread(&place, error))?);
            }
        }
    }
    Ok(texts)
}

fn unread(place: &Path, why: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::Failed, "template-failed", format!("your template {} cannot be read", place.display()))
        .why(why.to_string())
        .fix("mend it, or take it out of the folder to use the one in the program")
}
