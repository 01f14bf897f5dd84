//! One engine a data folder: the locks, and the socket that only their holder may touch.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::api::rendezvous::{self, ALREADY_RUNNING};
use crate::model::{Problem, ProblemCode};
use crate::os::paths;

/// The data folder is this process's for as long as this lives.
#[derive(Debug)]
pub(super) struct Held {
    /// The engine's lock; the kernel gives it up with the process.
    _lock: File,
    socket: PathBuf,
}

/// Takes the data folder and listens on its socket. Where another engine is about to stop it waits for it; where one
/// answers, it says who.
pub(super) fn take(data_dir: &Path) -> Result<(Held, UnixListener), Problem> {
    paths::private_dir(data_dir)?;
    paths::private_dir(&rendezvous::run_dir(data_dir))?;
    // Held until the socket listens: an engine that starts at the same time finds either nothing or an answer.
    let path = rendezvous::start_lock(data_dir);
    let starting = open(&path)?;
    starting.lock().map_err(|error| failed("lock", &path, &error))?;
    let path = rendezvous::lock(data_dir);
    let mut lock = open(&path)?;
    let socket = rendezvous::socket(data_dir);
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) if UnixStream::connect(&socket).is_ok() => {
            return Err(already_running(&mut lock));
        }
        Err(TryLockError::WouldBlock) => lock.lock().map_err(|error| failed("lock", &path, &error))?,
        Err(TryLockError::Error(error)) => return Err(failed("lock", &path, &error)),
    }
    write_pid(&mut lock).map_err(|error| failed("write", &path, &error))?;
    let listener = listen(&socket)?;
    Ok((Held { _lock: lock, socket }, listener))
}

impl Held {
    /// Takes the socket's name away: who comes now finds no engine and starts one, which waits for this one's end.
    pub(super) fn close_door(&self) {
        if let Err(error) = fs::remove_file(&self.socket) {
            tracing::warn!(%error, "the socket could not be removed");
        }
    }
}

fn open(path: &Path) -> Result<File, Problem> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(|error| failed("open", path, &error))
}

fn write_pid(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())?;
    lock.flush()
}

/// The lock is ours, so that a socket that is there belongs to nobody.
fn listen(socket: &Path) -> Result<UnixListener, Problem> {
    if let Some(folder) = socket.parent() {
        paths::private_dir(folder)?;
    }
    match fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", socket, &error)),
        _ => {}
    }
    let listener = UnixListener::bind(socket).map_err(|error| failed("listen on", socket, &error))?;
    fs::set_permissions(socket, Permissions::from_mode(0o600)).map_err(|error| failed("protect", socket, &error))?;
    listener.set_nonblocking(true).map_err(|error| failed("listen on", socket, &error))?;
    Ok(listener)
}

fn already_running(lock: &mut File) -> Problem {
    let mut pid = String::new();
    // Without the number the message is still true.
    let _ = lock.read_to_string(&mut pid);
    let pid = pid.trim();
    let who = if pid.is_empty() { "another process".to_owned() } else { format!("process {pid}") };
    Problem::new(ProblemCode::Refused, ALREADY_RUNNING, "another engine runs for this data folder")
        .why(format!("{who} holds it"))
        .fix("use that one (`wharf engine status`), or stop it first: `wharf engine stop`")
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Problem {
    let code = match error.kind() {
        io::ErrorKind::PermissionDenied => ProblemCode::Refused,
        _ => ProblemCode::Failed,
    };
    Problem::new(code, "data-dir", format!("the engine cannot {what} {}", path.display()))
        .why(error)
        .fix("make the data folder one that this account owns and can write to, or choose another with --data-dir")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_engine_is_told_who_holds_the_folder() {
        let temp = tempfile::tempdir().unwrap();
        let data_dir = temp.path().join("data");
        let held = take(&data_dir).unwrap();
        let problem = take(&data_dir).unwrap_err();
        assert_eq!(problem.cause, ALREADY_RUNNING);
        assert!(problem.why.contains(&std::process::id().to_string()), "{problem}");
        drop(held);
        take(&data_dir).unwrap();
    }

    #[test]
    fn a_socket_that_nobody_listens_on_is_replaced_and_all_is_private() {
        let temp = tempfile::tempdir().unwrap();
        let data_dir = temp.path().join("data");
        paths::private_dir(&data_dir).unwrap();
        drop(UnixListener::bind(rendezvous::socket(&data_dir)).unwrap());
        let (_held, _listener) = take(&data_dir).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&rendezvous::socket(&data_dir)), 0o600);
        assert_eq!(mode(rendezvous::socket(&data_dir).parent().unwrap()), 0o700);
        assert_eq!(mode(&rendezvous::lock(&data_dir)), 0o600);
    }
}
