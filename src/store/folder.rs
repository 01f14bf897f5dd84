//! The state's folder: who may open it, in which shape it is, and what happens when it cannot be read.
//!
//! `data_dir/state/` holds `format` (a line of text, so that any Wharf can read it) and `db/` (sled's).
//! `data_dir/state.lock` is locked by the one engine that has it open.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::StoreError;
use super::keys::Key;
use crate::model::{Problem, ProblemCode, Timestamp};

/// The shape of the state as a whole; raised when an older Wharf could not find its way in it any more.
const FORMAT: u32 = 1;

/// What sled is asked to keep in memory at most; it goes past it while a large state is read from end to end. The
/// whole engine has 40 MB when nothing happens.
const CACHE_BYTES: u64 = 3 * 1024 * 1024;

/// The state, open and ours alone.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) tree: sled::Db,
    /// Sled's own file.
    pub(super) file: File,
    /// The state's folder.
    pub(super) state: PathBuf,
    /// Says that it is ours.
    pub(super) lock: Lock,
    /// What the operator should know about it.
    pub(super) notice: Option<Problem>,
}

/// The lock beside the state, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file alone would not do: a child process that is just being started has it open as well, and
        // for that moment nobody could open the state again. Where this fails, closing it is what is left.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Why the state could not be opened.
enum Fault {
    /// It cannot be made sense of.
    Corrupt(String),
    /// Anything else; the state is left as it is.
    Other(StoreError),
}

/// Opens the state in a data folder, which is there. A state that cannot be made sense of is moved aside, and a
/// fresh one begun; a newer one is refused and not touched.
pub(super) fn open(data_dir: &Path, at: Timestamp) -> Result<Opened, StoreError> {
    let lock = lock(data_dir)?;
    let state = data_dir.join("state");
    match try_open(&state) {
        Ok((tree, file)) => Ok(Opened { tree, file, state, lock, notice: None }),
        Err(Fault::Other(error)) => Err(error),
        Err(Fault::Corrupt(why)) => {
            let aside = set_aside(&state, at).map_err(|source| StoreError::Folder { folder: state.clone(), source })?;
            let notice = Problem::new(
                ProblemCode::Failed,
                "state-corrupt",
                format!("the stored state could not be read and was kept aside as {}", aside.display()),
            )
            .why(why)
            .fix(
                "what runs goes on running; add your projects again (wharf projects add), and put the folder back \
                 in its place if you can mend it",
            );
            match try_open(&state) {
                Ok((tree, file)) => Ok(Opened { tree, file, state, lock, notice: Some(notice) }),
                Err(Fault::Other(error)) => Err(error),
                Err(Fault::Corrupt(why)) => Err(folder_error(&state, io::Error::other(why))),
            }
        }
    }
}

fn lock(data_dir: &Path) -> Result<Lock, StoreError> {
    let path = data_dir.join("state.lock");
    let mut options = File::options();
    let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(|error| folder_error(&path, error))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Lock(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::Busy(data_dir.to_path_buf())),
        Err(error) => Err(folder_error(&path, error.into())),
    }
}

fn folder_error(path: &Path, source: io::Error) -> StoreError {
    StoreError::Folder { folder: path.to_path_buf(), source }
}

fn try_open(state: &Path) -> Result<(sled::Db, File), Fault> {
    let other = |error| Fault::Other(folder_error(state, error));
    match DirBuilder::new().mode(0o700).create(state) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(other(error)),
        _ => {}
    }
    let begun = read_format(state)?;
    let tree = open_sled(state)?;
    let mark = Key::of("meta").last("begun");
    let marked = tree.contains_key(mark.bytes()).map_err(|error| Fault::Corrupt(error.to_string()))?;
    if begun && !marked {
        return Err(Fault::Corrupt("its beginning is missing".to_owned()));
    }
    if !marked {
        // The mark is on the disk before `format` says that there must be one.
        let marked = tree.insert(mark.bytes(), &FORMAT.to_le_bytes()).and_then(|_| tree.flush());
        marked.map_err(|error| Fault::Other(error.into()))?;
    }
    write_format(state).map_err(other)?;
    let file = File::open(state.join("db/db")).map_err(other)?;
    Ok((tree, file))
}

/// Whether a state was begun here that this Wharf can read.
fn read_format(state: &Path) -> Result<bool, Fault> {
    let path = state.join("format");
    let text = match fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Fault::Other(folder_error(&path, error))),
    };
    let mut words = text.split_whitespace();
    let (Some(Ok(format)), Some(written_by)) = (words.next().map(str::parse::<u32>), words.next()) else {
        return Err(Fault::Corrupt(format!("{} does not say which format it is", path.display())));
    };
    if format > FORMAT {
        let newer = StoreError::Newer { folder: state.to_path_buf(), written_by: written_by.to_owned() };
        return Err(Fault::Other(newer));
    }
    Ok(true)
}

fn write_format(state: &Path) -> io::Result<()> {
    let text = format!("{FORMAT} {}\n", env!("CARGO_PKG_VERSION"));
    let path = state.join("format");
    if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    let new = state.join("format.new");
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)?;
    // The names of new files are on the disk once their folders are.
    for folder in [state.join("db").as_path(), state, state.parent().unwrap_or(state)] {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn open_sled(state: &Path) -> Result<sled::Db, Fault> {
    let path = state.join("db");
    let config = sled::Config::new().path(&path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    // After a close in the same process sled's lock may be held for a moment by its own threads. The lock beside
    // the folder is ours already, so that it will be free.
    for _ in 0..200 {
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(tree)) => return Ok(tree),
            Ok(Err(sled::Error::Io(error))) if error.to_string().contains("could not acquire lock") => {
                thread::sleep(Duration::from_millis(25));
            }
            Ok(Err(sled::Error::Io(error))) if is_of_the_machine(&error) => {
                return Err(Fault::Other(folder_error(&path, error)));
            }
            Ok(Err(error)) => return Err(Fault::Corrupt(error.to_string())),
            Err(panic) => return Err(Fault::Corrupt(panic_text(panic.as_ref()))),
        }
    }
    Err(Fault::Other(StoreError::Busy(state.to_path_buf())))
}

/// Opens a state again that this process had open and closed; the lock beside it is still held. Nothing is moved aside:
/// what cannot be read now was read before.
pub(super) fn reopen(state: &Path) -> Result<(sled::Db, File), StoreError> {
    let (tree, file) = try_open(state).map_err(|fault| match fault {
        Fault::Other(error) => error,
        Fault::Corrupt(why) => folder_error(state, io::Error::other(why)),
    })?;
    tracing::info!("the state was opened again after a failure");
    Ok((tree, file))
}

/// Opens and closes a state that was just closed, so that the next opening is quick: sled reads all that was written
/// since it was opened last, and notes only then where everything is.
pub(super) fn settle(state: &Path) {
    if let Err(Fault::Corrupt(why)) = open_sled(state) {
        tracing::error!(why, "the state could not be read when it was closed");
    }
}

/// Whether an error says something about the machine and not about what stands in the files.
fn is_of_the_machine(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    let kinds = [Kind::PermissionDenied, Kind::StorageFull, Kind::QuotaExceeded, Kind::ReadOnlyFilesystem];
    let too_many_files = error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error());
    too_many_files || kinds.contains(&error.kind())
}

/// What a panic said.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

/// Renames the state's folder to a name that says when.
fn set_aside(state: &Path, at: Timestamp) -> io::Result<PathBuf> {
    let time = at.to_jiff().strftime("%Y%m%dT%H%M%SZ");
    let name = |more: &str| state.with_file_name(format!("state.corrupt-{time}{more}"));
    let free = |path: &PathBuf| !path.exists();
    let numbered = (2..100).map(|number| name(&format!("-{number}")));
    let aside = std::iter::once(name("")).chain(numbered).find(free);
    let aside = aside.ok_or_else(|| io::Error::new(io::ErrorKind::AlreadyExists, "too many were kept aside"))?;
    fs::rename(state, &aside)?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_child_still_has_open_locks_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        let in_a_child = held.0.try_clone().unwrap();
        assert!(matches!(lock(folder.path()), Err(StoreError::Busy(_))));
        drop(held);
        drop(lock(folder.path()).unwrap());
        drop(in_a_child);
    }
}
