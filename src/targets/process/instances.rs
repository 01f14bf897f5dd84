//! The engine's side of supervised apps: starts them, asks them, and settles what a dead supervisor left.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::sync::{OwnedMutexGuard, broadcast};
use tokio::time::timeout;

use super::folder::{Folder, Record, private_dir, write};
use super::protocol::{Notice, Order, Request, Started, receive, send};
use super::state::{Exit, Phase, RunState};
use super::{blocking, error, socket};
use crate::model::{InstanceState, Secret, Timestamp};
use crate::os::clock;
use crate::os::process::{pid, signal_group};
use crate::secrets::Vault;
use crate::targets::TargetError;

/// The variable by which a process is known as part of an instance, even when its supervisor is dead.
pub(super) const MARK: &str = "WHARF_INSTANCE";

/// How long a supervisor may take to start the app.
const START: Duration = Duration::from_secs(30);
/// How long beyond the grace a supervisor may take to be gone.
const GONE: Duration = Duration::from_secs(15);
/// How often is looked whether killed orphans are gone, and the time between.
const ORPHAN_LOOKS: usize = 100;
const ORPHAN_PAUSE: Duration = Duration::from_millis(20);
/// How many changes may wait for a slow reader; one that misses some is told to look at everything.
const CHANGES: usize = 1024;

/// All instances of a data folder.
#[derive(Debug)]
pub(super) struct Instances {
    data_dir: PathBuf,
    root: PathBuf,
    mark: String,
    executable: PathBuf,
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// The identifiers of instances as their state changes.
    pub(super) changes: broadcast::Sender<String>,
}

impl Instances {
    pub(super) fn new(data_dir: &Path, mark: String, executable: PathBuf) -> Self {
        let root = data_dir.join("process/instances");
        Self {
            data_dir: data_dir.to_owned(),
            root,
            mark,
            executable,
            locks: Mutex::default(),
            changes: broadcast::channel(CHANGES).0,
        }
    }

    /// The folder of an instance; none where that cannot be the identifier of one.
    pub(super) fn folder(&self, id: &str) -> Option<Folder> {
        let plain = !id.is_empty() && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        plain.then(|| Folder::new(self.root.join(id)))
    }

    /// The identifiers of all instances that have a folder.
    pub(super) fn ids(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(why) => return Err(why),
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        Ok(names.filter(|name| self.folder(name).is_some()).collect())
    }

    /// Waits until nobody else starts, ends or removes that instance.
    pub(super) async fn lock(&self, id: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(id.to_owned()).or_default())
        };
        lock.lock_owned().await
    }

    /// Makes a new instance with that environment. What was there under its identifier is ended and removed.
    pub(super) async fn prepare(&self, record: &Record, env: BTreeMap<String, Secret>) -> Result<(), TargetError> {
        let id = record.instance().id;
        let folder = self.folder(&id).ok_or_else(|| TargetError::Unsupported(format!("“{id}” is no instance")))?;
        let _lock = self.lock(&id).await;
        self.end(&folder, &id, Duration::ZERO).await?;
        let (record, root, data_dir) = (record.clone(), self.root.clone(), self.data_dir.clone());
        let prepared = blocking(move || {
            remove_folder(&folder)?;
            private_dir(&root)?;
            folder.create()?;
            write(&folder.sealed_env(), &seal(&data_dir, &record, &env)?)?;
            write(&folder.record(), &serde_json::to_vec_pretty(&record)?)
        });
        prepared.await.map_err(|why| error("make the instance's folder", &why))
    }

    /// Starts an instance that was prepared or stopped.
    pub(super) async fn resume(&self, id: &str) -> Result<(), TargetError> {
        let folder = self.known(id)?;
        let _lock = self.lock(id).await;
        if socket::connect(folder.path()).await.map_err(|why| error("ask the supervisor", &why))?.is_some() {
            return Ok(());
        }
        self.settle(&folder, id).await?;
        let (record, env) = {
            let (folder, data_dir) = (folder.clone(), self.data_dir.clone());
            let kept = blocking(move || {
                let record = folder.read_record()?;
                let env = unseal(&data_dir, &record, &fs::read(folder.sealed_env())?)?;
                Ok((record, env))
            });
            kept.await.map_err(|why| error("read what the instance runs", &why))?
        };
        check_port(&record)?;
        self.supervise(&folder, &record, env).await
    }

    /// Starts the supervisor, hands it the order and waits until the app runs.
    async fn supervise(
        &self,
        folder: &Folder,
        record: &Record,
        mut env: BTreeMap<String, Secret>,
    ) -> Result<(), TargetError> {
        let id = record.instance().id;
        env.insert(MARK.to_owned(), Secret::new(format!("{}/{id}", self.mark)));
        let order =
            Order { command: record.command.clone(), folder: record.workdir.clone(), env, restart: record.live };
        let errors = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(folder.errors());
        let mut child = Command::new(&self.executable)
            .arg("supervise")
            .arg(folder.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.map_or_else(|_| Stdio::null(), Stdio::from))
            .spawn()
            .map_err(|why| error(&format!("start the supervisor ({})", self.executable.display()), &why))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let talk = async {
            let (mut stdin, stdout) = stdin.zip(stdout).ok_or(io::ErrorKind::BrokenPipe)?;
            send(&mut stdin, &order).await?;
            stdin.shutdown().await?;
            drop(stdin);
            receive::<Started>(&mut BufReader::new(stdout)).await
        };
        let failed = |detail: String| TargetError::Other { action: "start the app".to_owned(), detail };
        match timeout(START, talk).await {
            Ok(Ok(Some(Started::Yes))) => Ok(()),
            Ok(Ok(Some(Started::No(why)))) => Err(failed(why)),
            Ok(Ok(None)) => {
                let said = fs::read_to_string(folder.errors()).unwrap_or_default();
                Err(failed(format!("the supervisor ended at once: {}", said.trim())))
            }
            Ok(Err(why)) => Err(failed(format!("the supervisor does not answer: {why}"))),
            Err(_) => {
                let _ = child.start_kill();
                Err(failed(format!("the supervisor did not answer in {} s", START.as_secs())))
            }
        }
    }

    /// Ends an instance: a polite signal, the end after `grace`. One that is not there is no error.
    pub(super) async fn stop(&self, id: &str, grace: Duration) -> Result<(), TargetError> {
        let Some(folder) = self.folder(id) else { return Ok(()) };
        let _lock = self.lock(id).await;
        self.end(&folder, id, grace).await
    }

    /// Ends an instance and removes its folder.
    pub(super) async fn remove(&self, id: &str) -> Result<(), TargetError> {
        let Some(folder) = self.folder(id) else { return Ok(()) };
        let _lock = self.lock(id).await;
        self.end(&folder, id, Duration::ZERO).await?;
        blocking(move || remove_folder(&folder)).await.map_err(|why| error("remove the instance's folder", &why))
    }

    /// What an instance runs. One whose making was cut off before anything was started is removed; one that is being
    /// made is waited for.
    pub(super) async fn record_or_remove(&self, id: &str) -> Result<Option<Record>, TargetError> {
        let Some(folder) = self.folder(id) else { return Ok(None) };
        if let Ok(record) = folder.read_record() {
            return Ok(Some(record));
        }
        let _lock = self.lock(id).await;
        if let Ok(record) = folder.read_record() {
            return Ok(Some(record));
        }
        self.end(&folder, id, Duration::ZERO).await?;
        let removed = blocking(move || remove_folder(&folder)).await;
        removed.map_err(|why| error("remove the instance's folder", &why))?;
        Ok(None)
    }

    /// What an instance does. One whose supervisor is dead is settled first.
    pub(super) async fn state(&self, id: &str) -> Result<InstanceState, TargetError> {
        let Some(folder) = self.folder(id).filter(|folder| folder.path().is_dir()) else {
            return Ok(InstanceState::Gone);
        };
        let alive = || async { socket::connect(folder.path()).await.map_err(|why| error("ask the supervisor", &why)) };
        if alive().await?.is_none() {
            // A lock is held while it is started or stopped: what holds after that counts.
            let _lock = self.lock(id).await;
            if !folder.path().is_dir() {
                return Ok(InstanceState::Gone);
            }
            if alive().await?.is_none() {
                self.settle(&folder, id).await?;
            }
        }
        Ok(folder.read_state().map_or_else(|_| never_started(), |state| state.instance_state()))
    }

    /// Since when the app runs.
    pub(super) async fn running_since(&self, id: &str) -> Result<Option<Timestamp>, TargetError> {
        if !matches!(self.state(id).await?, InstanceState::Running { .. }) {
            return Ok(None);
        }
        Ok(self.folder(id).and_then(|folder| folder.read_state().ok()).and_then(|state| state.started_at))
    }

    /// Connects to the supervisor of an instance and asks for something; none where it does not run.
    pub(super) async fn ask(&self, id: &str, request: &Request) -> Result<Option<Notices>, TargetError> {
        let Some(folder) = self.folder(id) else { return Ok(None) };
        let stream = socket::connect(folder.path()).await.map_err(|why| error("ask the supervisor", &why))?;
        let Some(mut stream) = stream else { return Ok(None) };
        // One that ends just now has not heard it: as good as one that does not run.
        Ok(send(&mut stream, request).await.is_ok().then(|| Notices(BufReader::new(stream))))
    }

    /// The process of the supervisor of a running instance.
    pub(super) fn supervisor(&self, id: &str) -> Option<u32> {
        let state = self.folder(id)?.read_state().ok()?;
        (state.phase != Phase::Ended && state.supervisor.runs()).then_some(state.supervisor.pid)
    }

    /// An existing instance's folder.
    pub(super) fn known(&self, id: &str) -> Result<Folder, TargetError> {
        self.folder(id)
            .filter(|folder| folder.record().is_file())
            .ok_or_else(|| TargetError::Unsupported(format!("there is no instance {id} any more")))
    }

    /// Ends what runs, whoever supervises it. The lock is held.
    async fn end(&self, folder: &Folder, id: &str, grace: Duration) -> Result<(), TargetError> {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        if let Some(mut notices) = self.ask(id, &Request::Stop { grace_ms }).await? {
            // The connection closes when all is over.
            if timeout(grace + GONE, notices.next()).await.is_err() {
                let detail = format!("its processes do not end within {} s", (grace + GONE).as_secs());
                return Err(TargetError::Other { action: format!("stop {id}"), detail });
            }
        }
        self.settle(folder, id).await
    }

    /// Ends what a dead supervisor left behind, and writes down that it is over. The lock is held.
    pub(super) async fn settle(&self, folder: &Folder, id: &str) -> Result<(), TargetError> {
        let Ok(state) = folder.read_state() else { return Ok(()) };
        if state.phase == Phase::Ended {
            return Ok(());
        }
        let (folder, mark) = (folder.clone(), format!("{MARK}={}/{id}", self.mark));
        let settle = move || {
            end_orphans(&state, &mark);
            let detail = "its supervisor was killed, or the machine was restarted".to_owned();
            let last_exit = Some(Exit { code: None, detail, at: clock::now() });
            folder.write_state(&RunState { phase: Phase::Ended, last_exit, ..state })
        };
        blocking(settle).await.map_err(|why| error("write down the instance's state", &why))
    }
}

/// What a supervisor tells, until it ends.
pub(super) struct Notices(BufReader<UnixStream>);

impl Notices {
    /// The next one; none when the supervisor has ended.
    pub(super) async fn next(&mut self) -> Option<Notice> {
        receive(&mut self.0).await.ok().flatten()
    }
}

/// The state of an instance whose supervisor never came to start it.
pub(super) fn never_started() -> InstanceState {
    InstanceState::Exited { exit_code: None, detail: "it was never started".to_owned() }
}

/// Whether the port is free: on the address that the app is to listen on, and on all, which is what it may do.
fn check_port(record: &Record) -> Result<(), TargetError> {
    let Some(port) = record.port else { return Ok(()) };
    let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    for address in [record.bind, everywhere] {
        if let Err(why) = TcpListener::bind(SocketAddr::new(address, port)) {
            match why.kind() {
                io::ErrorKind::AddrInUse => return Err(TargetError::PortTaken { port }),
                io::ErrorKind::PermissionDenied => {
                    let action = format!("listen on port {port}");
                    return Err(error(&action, &why));
                }
                // An address that this machine does not have: the app will say so.
                _ => {}
            }
        }
    }
    Ok(())
}

/// Ends all that is left of an instance that has no supervisor.
fn end_orphans(state: &RunState, mark: &str) {
    for _ in 0..ORPHAN_LOOKS {
        if kill_orphans(state, mark) == 0 {
            return;
        }
        std::thread::sleep(ORPHAN_PAUSE);
    }
}

/// Kills every process that carries the instance's mark in its environment, and the group of its first process, as
/// long as that is the same one. Returns how many there were.
fn kill_orphans(state: &RunState, mark: &str) -> usize {
    let Ok(mut system) = System::new() else { return 0 };
    let what = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always).without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    let leader = state.child.as_ref().filter(|child| child.runs()).and_then(|child| pid(child.pid));
    if let Some(leader) = leader {
        signal_group(leader, Signal::KILL);
    }
    let marked =
        system.processes().values().filter(|process| process.environ().iter().any(|variable| variable == mark));
    let killed =
        marked.filter_map(|process| rustix::process::kill_process(pid(process.pid().as_u32())?, Signal::KILL).ok());
    killed.count() + usize::from(leader.is_some())
}

/// The name under which an instance's environment is sealed.
fn sealed_name(record: &Record) -> String {
    format!("the environment of {}", record.instance().id)
}

fn seal(data_dir: &Path, record: &Record, env: &BTreeMap<String, Secret>) -> io::Result<Vec<u8>> {
    let text = Secret::new(serde_json::to_string(env)?);
    let vault = Vault::open(data_dir).map_err(io::Error::other)?;
    vault.seal(&record.key, &sealed_name(record), &text).map_err(io::Error::other)
}

fn unseal(data_dir: &Path, record: &Record, sealed: &[u8]) -> io::Result<BTreeMap<String, Secret>> {
    let vault = Vault::open(data_dir).map_err(io::Error::other)?;
    let text = vault.unseal(&record.key, &sealed_name(record), sealed).map_err(io::Error::other)?;
    Ok(serde_json::from_str(text.reveal())?)
}

fn remove_folder(folder: &Folder) -> io::Result<()> {
    let mut looks = ORPHAN_LOOKS;
    loop {
        match fs::remove_dir_all(folder.path()) {
            // A process on its way out may leave a last file behind while the folder is emptied.
            Err(why) if why.kind() == io::ErrorKind::DirectoryNotEmpty && looks > 0 => {
                looks -= 1;
                std::thread::sleep(ORPHAN_PAUSE);
            }
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => return Ok(()),
        }
    }
}
