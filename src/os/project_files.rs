//! Looks at and changes single files of a project, never outside its folder.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use super::chance;
use super::ignores::IgnoreList;
use crate::model::{FileChange, Found, Problem, ProblemCode};

/// A file with more bytes is none that anybody wrote by hand.
const LARGEST: u64 = 1 << 20;

/// What new text is called, beside the file that it is to become.
const FRESH: &str = ".wharf-new";

/// Leads the message where everything is as it was.
const NOTHING: &str = "nothing was written: ";

/// What a path of the project holds.
#[must_use]
pub fn look(root: &Path, path: &str) -> Found {
    let Ok(place) = inside(root, path) else { return Found::Other("is a symbolic link or lies behind one".to_owned()) };
    match text(&place) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Found::Nothing,
        Err(error) => Found::Other(format!("cannot be read: {error}")),
    }
}

fn text(place: &Path) -> io::Result<Found> {
    let about = fs::symlink_metadata(place)?;
    if about.is_dir() {
        return Ok(Found::Folder);
    }
    if !about.is_file() {
        return Ok(Found::Other("is no plain file".to_owned()));
    }
    let mut bytes = Vec::new();
    File::open(place)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
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
    // What is dropped later than what lies ready in them.
    let mut fresh = FreshFolders::default();
    let mut stage = |(number, change)| Staged::new(root, change, number, &mut fresh);
    let staged: Result<Vec<_>, _> = changes.iter().enumerate().map(&mut stage).collect();
    let staged = staged.map_err(|problem| {
        let message = format!("{NOTHING}{}", problem.message.trim_start_matches(NOTHING));
        Problem { message, ..problem }
    })?;
    staged.into_iter().try_for_each(Staged::settle)
}

/// Whether the project's `.gitignore` keeps a path out of its repository.
#[must_use]
pub fn is_ignored(root: &Path, path: &str) -> bool {
    // What cannot be read there ignores nothing.
    let Found::Text(lines) = look(root, ".gitignore") else { return false };
    IgnoreList::read(lines.as_bytes()).says_of_any_parent(path).unwrap_or(false)
}

/// Folders that were made for new texts; those that nothing came into go again.
#[derive(Default)]
struct FreshFolders(Vec<PathBuf>);

impl FreshFolders {
    fn make(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            match fs::create_dir(folder) {
                Ok(()) => self.0.push(folder.to_owned()),
                // Somebody else was faster.
                Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for FreshFolders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // One that holds something stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A change that is ready to be made; what lies ready goes if it is not.
struct Staged {
    root: PathBuf,
    place: PathBuf,
    fresh: Option<PathBuf>,
}

impl Staged {
    fn new(root: &Path, change: &FileChange, number: usize, folders: &mut FreshFolders) -> Result<Self, Problem> {
        let place = inside(root, &change.path)?;
        if change.instead_of.as_ref().is_some_and(|expected| look(root, &change.path) != *expected) {
            return Err(changed(&place));
        }
        let root = root.canonicalize().map_err(|error| failed("open", root, &error))?;
        let mut staged = Self { root, place, fresh: None };
        let checked = is_free(&staged.place);
        let lay = |text: &String| staged.lay_ready(text, number, folders);
        let made = checked.and_then(|()| change.content.as_ref().map_or(Ok(()), lay));
        made.map_err(|error| failed("write", &staged.place, &error))?;
        Ok(staged)
    }

    fn lay_ready(&mut self, content: &str, number: usize, folders: &mut FreshFolders) -> io::Result<()> {
        let folder = self.place.parent().unwrap_or(Path::new("/"));
        folders.make(folder)?;
        let name = self.place.file_name().unwrap_or_default().to_string_lossy();
        clear(folder, &name);
        let fresh = folder.join(format!(".{name}.{}-{number}-{:08x}{FRESH}", std::process::id(), chance::number()));
        // Whatever lies there under that name, a link that leads elsewhere above all, is not written through.
        let mut file = File::create_new(&fresh)?;
        self.fresh = Some(fresh);
        file.write_all(content.as_bytes())?;
        if let Ok(before) = fs::metadata(&self.place) {
            file.set_permissions(before.permissions())?;
        } else if content.starts_with("#!") {
            // Whoever may read a script may run it.
            let mode = file.metadata()?.permissions().mode();
            file.set_permissions(fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
        }
        file.sync_all()
    }

    fn settle(mut self) -> Result<(), Problem> {
        let folder = self.place.parent().unwrap_or(Path::new("/"));
        let done = match &self.fresh {
            Some(fresh) => fs::rename(fresh, &self.place).and_then(|()| File::open(folder)?.sync_all()),
            None => match fs::remove_file(&self.place) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        };
        done.map_err(|error| failed("write", &self.place, &error))?;
        if self.fresh.take().is_none() {
            let above = folder.ancestors().take_while(|folder| *folder != self.root && folder.starts_with(&self.root));
            // Folders that are empty now go; one that is not ends it.
            let _ = above.map(fs::remove_dir).find(Result::is_err);
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(fresh) = self.fresh.take() {
            // What went wrong is told; the rest that could not be removed is only untidy.
            let _ = fs::remove_file(fresh);
        }
    }
}

/// A folder cannot be replaced, and who made a file read-only wants it to stay as it is.
fn is_free(place: &Path) -> io::Result<()> {
    match fs::symlink_metadata(place) {
        Ok(about) if about.is_dir() => Err(io::Error::from(ErrorKind::IsADirectory)),
        Ok(about) if about.permissions().readonly() => Err(io::Error::from(ErrorKind::ReadOnlyFilesystem)),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what a process laid ready for this file and was killed over.
fn clear(folder: &Path, name: &str) {
    let left = |entry: &fs::DirEntry| {
        let file = entry.file_name();
        let process = file.to_str()?.strip_prefix('.')?.strip_prefix(name)?.strip_prefix('.')?.strip_suffix(FRESH)?;
        let process = rustix::process::Pid::from_raw(process.split('-').next()?.parse().ok()?)?;
        Some(rustix::process::test_kill_process(process).is_err())
    };
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for entry in entries.filter(|entry| left(entry).unwrap_or_default()) {
        let _ = fs::remove_file(entry.path());
    }
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
        return Err(outside("a symbolic link is in its place, or on the way to it"));
    }
    Ok(place)
}

fn changed(place: &Path) -> Problem {
    Problem::new(ProblemCode::Refused, "file-changed", format!("{NOTHING}{} has changed", place.display()))
        .why("somebody wrote to it while it was being looked at")
        .fix("do the same again; what it says now is taken into account then")
}

fn failed(action: &str, place: &Path, error: &io::Error) -> Problem {
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn says(text: &str) -> Found {
        Found::Text(text.to_owned())
    }

    fn change(path: &str, content: Option<&str>) -> FileChange {
        FileChange { path: path.to_owned(), content: content.map(str::to_owned), instead_of: None }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(look(root.path(), "a/b"), Found::Nothing);
        write(root.path(), "a/b", "text").unwrap();
        write(root.path(), "a/b", "other").unwrap();
        assert_eq!(look(root.path(), "a/b"), says("other"));
        assert_eq!(fs::read_dir(root.path().join("a")).unwrap().count(), 1);
        apply(root.path(), &[change("a/b", None), change("c", None)]).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "the folder is empty now");
    }

    #[test]
    fn a_new_script_can_be_run_and_what_a_person_decided_stays() {
        let root = tempfile::tempdir().unwrap();
        let can_run = |name: &str| {
            write(root.path(), name, "#!/bin/sh\n").unwrap();
            fs::metadata(root.path().join(name)).unwrap().permissions().mode() & 0o111 != 0
        };
        write(root.path(), "text", "#\n").unwrap();
        assert_eq!((can_run("new.sh"), can_run("text")), (true, false));
    }

    #[test]
    fn nothing_outside_is_touched() {
        let root = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        symlink(other.path(), root.path().join("out")).unwrap();
        symlink(other.path().join("x"), root.path().join("x")).unwrap();
        for path in ["../x", "/etc/x", "a/../../x", "out/x", "x"] {
            assert!(write(root.path(), path, "text").is_err(), "{path}");
            assert!(apply(root.path(), &[change(path, None)]).is_err(), "{path}");
        }
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_lies_in_the_way_of_a_new_text_is_not_written_through() {
        let root = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let victim = other.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        // Names that a text which is being written has had, for this process.
        for number in 0..4 {
            symlink(&victim, root.path().join(format!(".f.{}-{number}{FRESH}", std::process::id()))).unwrap();
        }
        write(root.path(), "f", "text").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
        assert!(fs::symlink_metadata(root.path().join("f")).unwrap().is_file());
    }

    #[test]
    fn a_list_of_what_is_ignored_is_read_as_any_other_file() {
        let root = tempfile::tempdir().unwrap();
        let list = root.path().join(".gitignore");
        fs::write(&list, "[\n.wharf/\n").unwrap();
        assert!(is_ignored(root.path(), ".wharf/written") && !is_ignored(root.path(), "Dockerfile"));
        fs::remove_file(&list).unwrap();
        symlink("/dev/zero", &list).unwrap();
        assert!(!is_ignored(root.path(), ".wharf/written"));
    }

    #[test]
    fn what_is_no_text_is_said_to_be() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        symlink("folder", at("link")).unwrap();
        fs::write(at("bytes"), [0xff, 0xfe, 0]).unwrap();
        fs::write(at("long"), vec![b'a'; 2 << 20]).unwrap();
        for name in ["link", "bytes", "long"] {
            assert!(matches!(look(root.path(), name), Found::Other(_)), "{name}");
        }
        assert_eq!(look(root.path(), "folder"), Found::Folder);
        // Where a file stands in the way there is nothing behind it.
        assert_eq!(look(root.path(), "bytes/x"), Found::Nothing);
    }

    #[test]
    fn all_or_nothing_is_written() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        write(root.path(), "a", "old").unwrap();
        write(root.path(), "fixed", "old").unwrap();
        fs::set_permissions(at("fixed"), fs::Permissions::from_mode(0o444)).unwrap();
        fs::create_dir(at("folder")).unwrap();
        for hindrance in ["fixed", "folder", "a/b", "../x"] {
            let changes = [change("a", Some("new")), change("new/deep/b", Some("new")), change("new/c", Some("new"))];
            assert!(apply(root.path(), &[&changes[..], &[change(hindrance, Some("new"))]].concat()).is_err());
            assert_eq!(look(root.path(), "a"), says("old"), "{hindrance}");
            assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3, "{hindrance}");
        }
    }

    #[test]
    fn what_came_meanwhile_stays() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "a", "seen").unwrap();
        let instead_of = |path, seen| FileChange { instead_of: Some(seen), ..change(path, Some("new")) };
        let both = [instead_of("a", says("seen")), instead_of("b", Found::Nothing)];
        write(root.path(), "b", "came").unwrap();
        assert_eq!(apply(root.path(), &both).unwrap_err().cause, "file-changed");
        assert_eq!((look(root.path(), "a"), look(root.path(), "b")), (says("seen"), says("came")));
        apply(root.path(), &both[..1]).unwrap();
        assert_eq!(look(root.path(), "a"), says("new"));
    }

    #[test]
    fn what_a_killed_process_left_goes() {
        let root = tempfile::tempdir().unwrap();
        // No process has that number: it is above what Linux gives.
        fs::write(root.path().join(".a.999999999-0.wharf-new"), "half").unwrap();
        let own = format!(".a.{}-0.wharf-new", rustix::process::Pid::INIT.as_raw_nonzero());
        fs::write(root.path().join(&own), "of another").unwrap();
        write(root.path(), "a", "text").unwrap();
        let mut names: Vec<_> = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [own.as_str(), "a"]);
    }
}
