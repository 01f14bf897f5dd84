//! The real program with a data folder of its own; nothing of it is left when the test is over, however it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::docker;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_wharf");

/// The repository's own folder.
pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How long an engine may take to end once it was told to.
const MANNERS: Duration = Duration::from_secs(10);

/// An engine and its clients, apart from every other.
pub(crate) struct Wharf {
    folder: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) command: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        Self {
            command: format!("wharf {}", words.join(" ")),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails the test where the exit code is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "`{}`\n-- stdout\n{}\n-- stderr\n{}", self.command, self.stdout, self.stderr);
        self
    }

    /// Its standard output as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("`{}` printed no JSON: {error}\n{}\n{}", self.command, self.stdout, self.stderr)
        })
    }
}

impl Wharf {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::with_prefix("wharf-test-").unwrap() }
    }

    /// The engine's data folder.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder of the test's own, beside the data folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A copy of a folder of this repository, to be changed at will.
    pub(crate) fn copy(&self, of: &str, name: &str) -> PathBuf {
        let copy = self.path(name);
        copy_folder(&Path::new(ROOT).join(of), &copy);
        copy
    }

    /// A command, not yet started.
    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("WHARF_DATA_DIR", self.data_dir())
            .env("WHARF_CONFIG_DIR", self.path("config"))
            .env_remove("PORT")
            .env_remove("DATABASE_URL")
            .env_remove("REDIS_URL")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    /// Runs a command that is to succeed, with `--json`, and gives what it printed.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        self.run(&[args, &["--json"]].concat()).exits(0).json()
    }

    /// Starts a command with its output in pipes.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The engine's process, where one runs.
    pub(crate) fn engine_pid(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.data_dir().join("run/engine.lock")).ok()?;
        let pid = Pid::from_raw(text.trim().parse().ok()?)?;
        runs_in(pid, &self.data_dir()).then_some(pid)
    }

    /// Ends the engine as a power cut would, and waits until nothing of it is left.
    pub(crate) fn kill_engine(&self) {
        if let Some(pid) = self.engine_pid() {
            let _ = kill_process(pid, Signal::KILL);
            while lives(pid) {
                std::thread::yield_now();
            }
        }
    }

    /// The mark that this data folder's things carry on a target.
    pub(crate) fn mark(&self) -> String {
        let data_dir = fs::canonicalize(self.data_dir()).unwrap_or_else(|_| self.data_dir());
        let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
        format!("{:016x}", u64::from_be_bytes(digest[..8].try_into().unwrap()))
    }

    /// The app instances of this data folder on a target: the names of containers, the folders of supervised processes.
    pub(crate) fn instances(&self, target: &str) -> Vec<String> {
        if target == "docker" {
            let mark = format!("label=wharf.data={}", self.mark());
            let format = r#"{{.Label "wharf.role"}} {{.Names}}"#;
            let found = docker::stdout(&["ps", "-a", "--filter", &mark, "--format", format]);
            return found.lines().filter(|line| !line.starts_with("service")).map(str::to_owned).collect();
        }
        let arguments = |pid: &Pid| fs::read_to_string(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok();
        let supervised = |line: String| Some(line.split_once("\0supervise\0")?.1.trim_end_matches('\0').to_owned());
        self.children().iter().filter_map(arguments).filter_map(supervised).collect()
    }

    /// The processes that run in the data folder or name it, but for the engine: the process target's instances.
    pub(crate) fn children(&self) -> Vec<Pid> {
        let engine = self.engine_pid();
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        all.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
            .filter(|pid| Some(*pid) != engine && runs_in(*pid, &self.data_dir()))
            .collect()
    }
}

impl Drop for Wharf {
    fn drop(&mut self) {
        // First in good manners: what ends so tells how much of it was run.
        if let Some(engine) = self.engine_pid() {
            let _ = self.command(["engine", "stop"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
            let end = Instant::now() + MANNERS;
            while lives(engine) && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        // Again where a client that waited for the engine has started another.
        loop {
            self.kill_engine();
            let children = self.children();
            if children.is_empty() && self.engine_pid().is_none() {
                break;
            }
            for child in children {
                let _ = kill_process(child, Signal::KILL);
            }
        }
        drop(docker::Cleanup(self.mark()));
    }
}

/// Whether a process runs that belongs to this data folder: by the folder it works in, its arguments or its
/// environment. One that has ended and waits to be reaped does not run.
fn runs_in(pid: Pid, data_dir: &Path) -> bool {
    let place = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
    let needle = data_dir.as_os_str().as_encoded_bytes();
    let holds = |file: &str| {
        fs::read(place.join(file)).is_ok_and(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
    };
    let works_there = fs::read_link(place.join("cwd")).is_ok_and(|cwd| cwd.starts_with(data_dir));
    lives(pid) && (works_there || holds("cmdline") || holds("environ"))
}

/// Whether any thread of a process runs: the first may be over while others still hold its files.
fn lives(pid: Pid) -> bool {
    let threads = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())).into_iter().flatten().flatten();
    let stats = threads.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
    stats.filter_map(|stat| Some(stat.rsplit_once(") ")?.1.to_owned())).any(|rest| !rest.starts_with(['Z', 'X']))
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}
