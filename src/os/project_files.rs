//! Reads and writes single files of a project, never outside its folder.

use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use crate::model::{Problem, ProblemCode};

/// What a file of the project says; absent where there is none. Text that is not UTF-8 is an error.
pub fn read(root: &Path, path: &str) -> Result<Option<String>, Problem> {
    let place = inside(root, path)?;
    match std::fs::read_to_string(&place) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", &place, &error)),
    }
}

/// Writes a file of the project whole or not at all, and the folders that lead to it.
pub fn write(root: &Path, path: &str, content: &str) -> Result<(), Problem> {
    let place = inside(root, path)?;
    write_whole(&place, content.as_bytes()).map_err(|error| failed("write", &place, &error))
}

fn write_whole(place: &Path, content: &[u8]) -> io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder)?;
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let fresh = folder.join(format!(".{name}.{}.wharf-new", std::process::id()));
    let written = std::fs::File::create(&fresh).and_then(|mut file| {
        file.write_all(content)?;
        if let Ok(before) = std::fs::metadata(place) {
            file.set_permissions(before.permissions())?;
        }
        file.sync_all()
    });
    let moved = written.and_then(|()| std::fs::rename(&fresh, place));
    if moved.is_err() {
        // What went wrong is told; the rest that could not be removed is only untidy.
        let _ = std::fs::remove_file(&fresh);
    }
    moved
}

/// The file's place, if the path and every link on the way stay in the project.
fn inside(root: &Path, path: &str) -> Result<PathBuf, Problem> {
    let outside = |why: &str| {
        Problem::new(ProblemCode::Refused, "outside-the-project", format!("{path} is not inside the project"))
            .why(why)
            .fix("Wharf reads and writes only in the project's folder")
    };
    let relative = Path::new(path);
    if relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(outside("it is absolute or climbs with `..`"));
    }
    let root = root.canonicalize().map_err(|error| failed("open", root, &error))?;
    let place = root.join(relative);
    let there = place.ancestors().find_map(|folder| folder.canonicalize().ok());
    if !there.is_some_and(|there| there.starts_with(&root)) || place.is_symlink() {
        return Err(outside("a symbolic link leads out of it"));
    }
    Ok(place)
}

fn failed(action: &str, place: &Path, error: &io::Error) -> Problem {
    let fix = match error.kind() {
        ErrorKind::PermissionDenied => "check who owns it",
        ErrorKind::StorageFull => "make room on the disk",
        ErrorKind::InvalidData => "save it as UTF-8",
        _ => "check the path and the disk",
    };
    Problem::new(ProblemCode::Refused, "file-not-usable", format!("cannot {action} {}", place.display()))
        .why(error)
        .fix(fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(read(root.path(), "a/b").unwrap(), None);
        write(root.path(), "a/b", "text").unwrap();
        write(root.path(), "a/b", "other").unwrap();
        assert_eq!(read(root.path(), "a/b").unwrap().as_deref(), Some("other"));
        assert_eq!(std::fs::read_dir(root.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn nothing_outside_is_touched() {
        let root = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(other.path(), root.path().join("out")).unwrap();
        std::os::unix::fs::symlink(other.path().join("x"), root.path().join("x")).unwrap();
        for path in ["../x", "/etc/x", "a/../../x", "out/x", "x"] {
            assert!(write(root.path(), path, "text").is_err(), "{path}");
        }
        assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0);
    }
}
