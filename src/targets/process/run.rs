//! One run of an app under its supervisor: from its start until nothing of it is left.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::journal::Journal;
use super::protocol::Order;
use super::state::{Exit, describe};
use crate::model::LogStream;
use crate::os::clock;
use crate::os::process::{CHUNK, Identity, Lines, pid, signal_group};

/// How long a killed process may take to be gone; one that the kernel holds for longer is left to it.
const KILLED: Duration = Duration::from_secs(5);
/// How often is looked again while a group ends, where no signal tells it.
const RECHECK: Duration = Duration::from_millis(100);
/// How long output is still read after the last process ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where the app's output goes.
#[derive(Clone, Debug)]
pub(super) struct Output {
    journal: Arc<Mutex<Journal>>,
    position: watch::Sender<u64>,
}

impl Output {
    pub(super) fn new(journal: Journal) -> Self {
        Self { journal: Arc::new(Mutex::new(journal)), position: watch::channel(0).0 }
    }

    /// The position of the last line, as it changes.
    pub(super) fn position(&self) -> watch::Receiver<u64> {
        self.position.subscribe()
    }

    /// A line of the supervisor's own.
    pub(super) fn say(&self, text: &str) {
        self.write(|journal| journal.line(LogStream::Wharf, text));
    }

    fn write(&self, fill: impl FnOnce(&mut Journal)) {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        fill(&mut journal);
        let last = journal.flush();
        drop(journal);
        self.position.send_if_modified(|position| std::mem::replace(position, last) != last);
    }

    /// Copies a pipe into the log until it is closed. A slow disk slows the app down instead of filling memory.
    async fn take(self, mut pipe: pipe::Receiver, stream: LogStream) {
        let mut lines = Lines::default();
        let mut chunk = vec![0; CHUNK];
        while let Ok(length @ 1..) = pipe.read(&mut chunk).await {
            self.write(|journal| lines.push(&chunk[..length], |text| journal.line(stream, text)));
        }
        self.write(|journal| lines.finish(|text| journal.line(stream, text)));
    }
}

/// A running app.
#[derive(Debug)]
pub(super) struct Run {
    leader: Pid,
    /// Its first process.
    pub(super) identity: Identity,
    /// When it was started.
    pub(super) since: Instant,
    exit: Option<WaitStatus>,
    ending: bool,
    kills_before: Option<u64>,
    pumps: [JoinHandle<()>; 2],
}

impl Run {
    /// Starts the app in a group of its own.
    pub(super) fn start(order: &Order, output: &Output) -> io::Result<Self> {
        let nothing = || io::Error::new(io::ErrorKind::InvalidInput, "there is no command");
        let (program, arguments) = order.command.split_first().ok_or_else(nothing)?;
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(&order.folder)
            .env_clear()
            .envs(order.env.iter().map(|(name, value)| (name, value.reveal())))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let leader = pid(child.id()).ok_or(io::ErrorKind::NotFound)?;
        let take = |pipe: Option<OwnedFd>, stream| {
            let pipe = pipe::Receiver::from_owned_fd(pipe.ok_or(io::ErrorKind::BrokenPipe)?)?;
            io::Result::Ok(tokio::spawn(output.clone().take(pipe, stream)))
        };
        let stdout = take(child.stdout.take().map(OwnedFd::from), LogStream::Stdout);
        let stderr = take(child.stderr.take().map(OwnedFd::from), LogStream::Stderr);
        let pumps = match (stdout, stderr) {
            (Ok(stdout), Ok(stderr)) => [stdout, stderr],
            (Err(error), _) | (_, Err(error)) => {
                signal_group(leader, Signal::KILL);
                return Err(error);
            }
        };
        // One that ended at once is known by its number alone: it stays taken until it is reaped.
        let identity = Identity::of(child.id()).unwrap_or(Identity { pid: child.id(), born: String::new() });
        let since = Instant::now();
        Ok(Self { leader, identity, since, exit: None, ending: false, kills_before: oom_kills(), pumps })
    }

    /// Waits until the app's first process ends. Can be dropped and called again.
    pub(super) async fn ended(&mut self, children: &mut tokio::signal::unix::Signal) {
        while self.exit.is_none() {
            self.reap();
            if self.exit.is_none() && children.recv().await.is_none() {
                return;
            }
        }
    }

    /// Ends all that is left of the app: a polite signal, the end after `grace`, and its last words.
    pub(super) async fn end(mut self, grace: Duration, children: &mut tokio::signal::unix::Signal) -> Exit {
        self.ending = true;
        let deadline = Instant::now() + grace;
        if !grace.is_zero() {
            self.signal_all(Signal::TERM);
        }
        while !self.reap() && Instant::now() < deadline + KILLED {
            if Instant::now() >= deadline {
                self.signal_all(Signal::KILL);
            }
            tokio::select! {
                _ = children.recv() => {}
                () = sleep_until(deadline), if Instant::now() < deadline => {}
                () = sleep(RECHECK) => {}
            }
        }
        for pump in &mut self.pumps {
            if timeout(LAST_WORDS, &mut *pump).await.is_err() {
                pump.abort();
            }
        }
        self.exit()
    }

    fn exit(&self) -> Exit {
        let code = self.exit.and_then(WaitStatus::exit_status);
        let signal = self.exit.and_then(WaitStatus::terminating_signal);
        let out_of_memory = matches!((self.kills_before, oom_kills()), (Some(before), Some(now)) if now > before);
        Exit { code, detail: describe(code, signal, out_of_memory), at: clock::now() }
    }

    /// Takes note of what ended. True when nothing of the app is left.
    fn reap(&mut self) -> bool {
        let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if !self.ending && matches!(rustix::process::waitid(WaitId::Pid(self.leader), peek), Ok(Some(_))) {
            // The others of the group end with the first. It is not reaped yet, so its number is still its own.
            signal_group(self.leader, Signal::KILL);
        }
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.leader => self.exit = Some(status),
                Ok(Some(_)) => {}
                Ok(None) => return false,
                // No child is left. Where orphans are not handed to us, the group may still have members.
                Err(_) => return rustix::process::test_kill_process_group(self.leader).is_err(),
            }
        }
    }

    /// Signals the group, and those that left it: on Linux they are still our descendants.
    fn signal_all(&self, signal: Signal) {
        signal_group(self.leader, signal);
        for process in descendants(std::process::id()) {
            if rustix::process::getpgid(Some(process)) != Ok(self.leader) {
                let _ = rustix::process::kill_process(process, signal);
            }
        }
    }
}

/// All processes that stem from that one.
fn descendants(of: u32) -> Vec<Pid> {
    let Ok(mut system) = System::new() else { return Vec::new() };
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, ProcessRefreshKind::nothing().without_tasks());
    let mut found = vec![sysinfo::Pid::from_u32(of)];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(
            system.processes().values().filter(|process| process.parent() == Some(parent)).map(sysinfo::Process::pid),
        );
        next += 1;
    }
    found.into_iter().skip(1).filter_map(|process| pid(process.as_u32())).collect()
}

/// How many processes the kernel has killed for want of memory since it started; null where it does not tell.
fn oom_kills() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/vmstat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.parse().ok()
}
