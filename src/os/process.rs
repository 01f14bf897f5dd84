//! Child processes: each in a process group of its own, ended with all it started, its output read with bounds.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::FusedFuture as _;
use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::model::LogStream;

/// The longest line that is kept, in bytes; a longer one is cut and ends with `…`.
pub const MAX_LINE: usize = 16 * 1024;

/// How much is read from a pipe at once.
pub const CHUNK: usize = 64 * 1024;

/// How long output is still read after a process ended, in case something that left its group holds the pipe.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Takes bytes apart into lines of bounded length, whatever the bytes are.
#[derive(Debug, Default)]
pub struct Lines {
    pending: Vec<u8>,
    cut: bool,
}

impl Lines {
    /// Takes what was read next, and gives every line that it completes.
    pub fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(&str)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.keep(&bytes[..end]);
            self.give(&mut each);
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
    }

    /// Gives what stands there without an end of line.
    pub fn finish(&mut self, mut each: impl FnMut(&str)) {
        if !self.pending.is_empty() {
            self.give(&mut each);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        // A carriage return that something follows means “write over it”: only what is seen in the end is kept.
        let bytes = match bytes.iter().rposition(|byte| *byte == b'\r') {
            Some(at) if at + 1 < bytes.len() => {
                self.pending.clear();
                self.cut = false;
                &bytes[at + 1..]
            }
            _ => bytes,
        };
        let room = MAX_LINE - self.pending.len();
        self.cut |= bytes.len() > room;
        self.pending.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn give(&mut self, each: &mut impl FnMut(&str)) {
        if self.pending.last() == Some(&b'\r') {
            self.pending.pop();
        }
        let start = self.pending.iter().rposition(|byte| *byte == b'\r').map_or(0, |at| at + 1);
        let text = String::from_utf8_lossy(&self.pending[start..]);
        if self.cut || text.len() > MAX_LINE {
            let end = text.floor_char_boundary(MAX_LINE - '…'.len_utf8());
            each(&format!("{}…", &text[..end]));
        } else {
            each(&text);
        }
        self.pending.clear();
        self.cut = false;
    }
}

/// Runs a command in a group of its own until it ends, and gives its output line by line. Nothing that it started
/// in its group outlives this call; dropping the call ends them all at once.
///
/// # Errors
/// The system's, where it does not start: [`io::ErrorKind::NotFound`] where there is no such program.
pub async fn run(command: &mut Command, each: &(dyn Fn(LogStream, &str) + Send + Sync)) -> io::Result<ExitStatus> {
    let mut child = spawn(command)?;
    let group = Group::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let pump = futures_util::future::join(
        pump(stdout, |text| each(LogStream::Stdout, text)),
        pump(stderr, |text| each(LogStream::Stderr, text)),
    )
    .fuse();
    let mut pump = std::pin::pin!(pump);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = &mut pump, if !pump.is_terminated() => {}
        }
    };
    drop(group);
    if !pump.is_terminated() {
        // What left the group may hold the pipe for as long as it likes; it does not hold us.
        let _ = tokio::time::timeout(LAST_WORDS, pump).await;
    }
    Ok(status)
}

/// What a command said and how it ended.
#[derive(Clone, Debug)]
pub struct Captured {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output, at most as long as was asked for.
    pub stdout: Vec<u8>,
    /// Its standard error, at most as long as was asked for.
    pub stderr: Vec<u8>,
}

/// Runs a command until it ends and keeps the first `limit` bytes of each of its outputs; otherwise as [`run`].
///
/// # Errors
/// The system's, where it does not start.
pub async fn capture(command: &mut Command, limit: usize) -> io::Result<Captured> {
    let mut child = spawn(command)?;
    let group = Group::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let read = futures_util::future::join(read_some(stdout, limit, &mut out), read_some(stderr, limit, &mut err));
    let (status, _) = tokio::join!(
        async {
            let status = child.wait().await;
            drop(group);
            status
        },
        read
    );
    Ok(Captured { status: status?, stdout: out, stderr: err })
}

fn spawn(command: &mut Command) -> io::Result<Child> {
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

async fn pump(pipe: Option<impl AsyncRead + Unpin>, mut each: impl FnMut(&str)) {
    let Some(mut pipe) = pipe else { return };
    let mut lines = Lines::default();
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = pipe.read(&mut chunk).await {
        lines.push(&chunk[..length], &mut each);
    }
    lines.finish(&mut each);
}

/// Reads to the end, so that the writer is never held up, and keeps what there is room for.
async fn read_some(pipe: Option<impl AsyncRead + Unpin>, limit: usize, into: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = pipe.read(&mut chunk).await {
        let room = limit - into.len();
        into.extend_from_slice(&chunk[..length.min(room)]);
    }
}

/// A process group that ends when this is dropped.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn of(leader: &Child) -> Self {
        Self(leader.id().and_then(pid))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            signal_group(group, Signal::KILL);
        }
    }
}

/// Sends a signal to every process of a group; one that is gone is no error.
pub fn signal_group(group: Pid, signal: Signal) {
    let _ = rustix::process::kill_process_group(group, signal);
}

/// A process's number for system calls; null for 0 and what no process can have.
#[must_use]
pub fn pid(number: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}

/// A process, told from a later one with the same number by the moment when it was born.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number.
    pub pid: u32,
    /// When it was born, in the system's own terms: only to be compared.
    pub born: String,
}

impl Identity {
    /// The process of that number; null where none runs. One that has ended and only waits to be reaped does not run.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        born(pid).map(|born| Self { pid, born })
    }

    /// Whether this very process still runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        born(self.pid).is_some_and(|born| born == self.born)
    }
}

/// The boot and the clock ticks since then: exact to 10 ms and untouched by changes of the clock.
#[cfg(target_os = "linux")]
fn born(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything; the fields after it are plain.
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
    let state = fields.next()?;
    let ticks = fields.nth(18)?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    (!matches!(state, "Z" | "X")).then(|| format!("{} {ticks}", boot.trim()))
}

#[cfg(not(target_os = "linux"))]
fn born(pid: u32) -> Option<String> {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};
    let pid = Pid::from_u32(pid);
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, ProcessRefreshKind::nothing());
    let process = system.process(pid)?;
    (process.status() != ProcessStatus::Zombie).then(|| process.start_time().to_string())
}

/// Where a program is: in the folders of `path` (as in `PATH`), or below `folder` where its name has a `/`.
#[must_use]
pub fn find_program(program: &str, path: &OsStr, folder: &Path) -> Option<PathBuf> {
    let runs =
        |file: &PathBuf| file.is_file() && rustix::fs::access(file.as_path(), rustix::fs::Access::EXEC_OK).is_ok();
    if program.contains('/') {
        return Some(folder.join(program)).filter(runs);
    }
    std::env::split_paths(path).map(|place| folder.join(place).join(program)).find(runs)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut found = Vec::new();
        let mut lines = Lines::default();
        for chunk in chunks {
            lines.push(chunk, |text| found.push(text.to_owned()));
        }
        lines.finish(|text| found.push(text.to_owned()));
        found
    }

    #[test]
    fn lines_come_whole_whatever_the_chunks() {
        assert_eq!(lines(&[b"one\ntw", b"o\r\n\nthree"]), ["one", "two", "", "three"]);
        assert_eq!(lines(&[b"10%\r", b"50%\r100%\ndone\n"]), ["100%", "done"]);
        assert_eq!(lines(&[b"\xff\x00\n"]), ["\u{fffd}\0"]);
        assert!(lines(&[]).is_empty());
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_is_whole() {
        let found = lines(&["ä".repeat(MAX_LINE).as_bytes(), b"more\nnext\n"]);
        assert_eq!(found.len(), 2);
        assert!(found[0].len() <= MAX_LINE && found[0].ends_with('…'));
        assert_eq!(found[1], "next");
        assert!(lines(&[&vec![0xff; MAX_LINE]])[0].len() <= MAX_LINE);
    }

    #[tokio::test]
    async fn a_command_is_run_to_its_end_with_its_output() {
        let seen = Mutex::new(Vec::new());
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo out; echo err >&2; sleep 300 & exit 3"]);
        let each = |stream, text: &str| seen.lock().unwrap().push((stream, text.to_owned()));
        assert_eq!(run(&mut command, &each).await.unwrap().code(), Some(3));
        let seen = seen.lock().unwrap();
        assert!(seen.contains(&(LogStream::Stdout, "out".to_owned())));
        assert!(seen.contains(&(LogStream::Stderr, "err".to_owned())));
    }

    #[tokio::test]
    async fn dropping_a_run_ends_the_whole_group() {
        let (told, hears) = tokio::sync::oneshot::channel();
        let told = Mutex::new(Some(told));
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "sleep 300 & echo $!; wait"]);
        let each = move |_: LogStream, text: &str| {
            told.lock().unwrap().take().unwrap().send(text.parse().unwrap()).unwrap();
        };
        let sleeper = tokio::select! {
            _ = run(&mut command, &each) => panic!("it does not end by itself"),
            sleeper = hears => Identity::of(sleeper.unwrap()),
        };
        while sleeper.as_ref().is_some_and(Identity::runs) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn capture_keeps_no_more_than_asked_for() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "head -c 1000000 /dev/zero"]);
        assert_eq!(capture(&mut command, 1000).await.unwrap().stdout.len(), 1000);
    }

    #[test]
    fn a_process_is_known_by_its_birth() {
        let own = Identity::of(std::process::id()).unwrap();
        assert!(own.runs());
        assert!(!Identity { born: "never".to_owned(), ..own }.runs());
    }

    #[test]
    fn programs_are_found_where_they_are() {
        let path = std::env::var_os("PATH").unwrap();
        assert!(find_program("sh", &path, Path::new("/")).is_some());
        assert!(find_program("no-such-program-here", &path, Path::new("/")).is_none());
        assert_eq!(find_program("./sh", &path, Path::new("/bin")), Some(PathBuf::from("/bin/./sh")));
    }
}
