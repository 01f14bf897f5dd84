//! The `process` target: apps as supervised processes of this machine, for where there is no Docker.
//!
//! Each instance is run by a supervisor, a small process of the same program (`wharf supervise FOLDER`), so that the
//! app outlives the engine and is looked after while none runs. Everything known of an instance lies in its folder
//! below `data_dir/process/instances/`; the engine reads it there, and is told of changes over a socket in it.
//!
//! *Architecture invariant:* a process is signalled only where it is certain whose it is: by its supervisor, whose
//! descendant it is, or by the mark in its environment; never by a number alone.

mod build;
mod environment;
mod folder;
mod follow;
mod instances;
mod journal;
mod protocol;
mod run;
mod shell;
mod socket;
mod state;
mod static_files;
mod supervisor;
mod usage;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::broadcast;
use tokio_util::task::AbortOnDropHandle;

use self::build::Builds;
use self::folder::Record;
use self::instances::Instances;
use self::journal::Reader;
use self::protocol::Request;
use self::usage::Meter;
use super::{BuildJob, Found, Launch, OutputLine, Report, Role, Target, TargetError};
use crate::model::{
    AppKey, Instance, InstanceState, Kept, LogStream, Plan, Sample, Secret, Serving, TargetKind, TargetRef,
    TargetStatus, Timestamp,
};
use crate::os::archive::{self, ArchiveError};
use crate::os::clock;
use crate::os::listeners::{self, Listener};

pub use self::static_files::serve_static;
pub use self::supervisor::supervise;

/// The most that an unpacked source may hold, in bytes.
const MAX_SOURCE: u64 = 16 * 1024 * 1024 * 1024;

/// Runs one of the hidden commands that belong to this target, where the arguments (without the program's name)
/// name one: `supervise FOLDER`, `serve-static FOLDER [--single-page]`.
#[must_use]
pub fn hidden_command(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter();
    let command = arguments.next()?;
    let folder = PathBuf::from(arguments.next()?);
    match command.to_str()? {
        "supervise" => Some(supervise(&folder)),
        "serve-static" => Some(serve_static(&folder, arguments.any(|word| word == "--single-page"))),
        _ => None,
    }
}

/// The machine's own processes as a place to deploy to.
#[derive(Debug)]
pub struct ProcessTarget {
    target: TargetRef,
    root: PathBuf,
    mark: String,
    executable: PathBuf,
    builds: Builds,
    instances: Arc<Instances>,
    meter: Arc<Meter>,
    watches: Mutex<HashMap<String, AbortOnDropHandle<()>>>,
}

impl ProcessTarget {
    /// The target with its folders below `data_dir`, whose mark its instances carry. `executable` is this program,
    /// which is started again as supervisor.
    #[must_use]
    pub fn new(data_dir: &Path, mark: impl Into<String>, executable: PathBuf) -> Self {
        let root = data_dir.join("process");
        let mark = mark.into();
        Self {
            target: TargetRef { kind: TargetKind::Process, host: None },
            builds: Builds::new(root.join("builds")),
            instances: Arc::new(Instances::new(data_dir, mark.clone(), executable.clone())),
            meter: Arc::default(),
            watches: Mutex::default(),
            root,
            mark,
            executable,
        }
    }

    /// What is run for a plan in its build.
    fn record(
        &self,
        launch: &Launch<'_>,
        image: &str,
        role: Role,
        port: Option<u16>,
    ) -> Result<(Record, BTreeMap<String, Secret>), TargetError> {
        let plan = launch.plan;
        let gone =
            || TargetError::ImageMissing { image: image.to_owned(), detail: "the build is not there".to_owned() };
        let tree = self.builds.tree(image).ok_or_else(gone)?;
        let workdir = build::workdir(&tree, plan)?;
        let mut env: BTreeMap<String, Secret> = environment::base(std::env::vars_os(), &tree, &workdir)
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect();
        // Where the app is to listen; what reads neither has it in its command.
        env.insert("HOST".to_owned(), Secret::new(plan.network.bind.to_string()));
        env.extend(launch.env.clone());
        if let Some(port) = port {
            env.insert("PORT".to_owned(), Secret::new(port.to_string()));
        }
        let id = folder::id(launch.deployment, role, launch.process);
        if let Some(folder) = self.instances.folder(&id) {
            // Some servers (Rails) refuse to start beside another one in the same folder that left its number there.
            let file = folder.pid_file().to_string_lossy().into_owned();
            env.entry("PIDFILE".to_owned()).or_insert_with(|| Secret::new(file));
        }
        let command = match launch.instead {
            Some(words) => words.to_vec(),
            None => self.command(plan, &workdir)?,
        };
        if let Some(line) = plan.compute.command.as_ref().filter(|_| launch.instead.is_none()) {
            let path = env.get("PATH").map_or("", Secret::reveal);
            if let Some(program) = shell::missing_program(line, path, &workdir) {
                return Err(TargetError::ProgramMissing { program });
            }
        }
        let record = Record {
            mark: self.mark.clone(),
            key: plan.key.clone(),
            deployment: launch.deployment.clone(),
            live: matches!(role, Role::Live | Role::Beside),
            once: role == Role::Release,
            process: launch.process.map(str::to_owned),
            name: format!(
                "wharf-{}-{}-{}-{}{}",
                plan.project_name,
                plan.key.app,
                plan.key.environment,
                launch.deployment,
                launch.process.map_or_else(String::new, |name| format!("-{name}"))
            ),
            port,
            bind: plan.network.bind,
            image: image.to_owned(),
            command,
            workdir,
            created_at: clock::now(),
        };
        Ok((record, env))
    }

    /// The program with its arguments: the plan's command, or for files our own server.
    fn command(&self, plan: &Plan, workdir: &Path) -> Result<Vec<String>, TargetError> {
        if let Some(line) = &plan.compute.command {
            return Ok(shell::arguments(line));
        }
        if plan.profile.serving != Serving::Static {
            let app = &plan.key.app;
            let detail = format!("nothing says how {app} is started: name it in wharf.toml (start = \"…\")");
            return Err(TargetError::Unsupported(detail));
        }
        let files = workdir.join(plan.profile.output_dir.as_deref().unwrap_or("."));
        // Rebuilt from its parts: `.` goes away.
        let files: PathBuf = files.components().collect();
        let mut command = vec![
            self.executable.to_string_lossy().into_owned(),
            "serve-static".to_owned(),
            files.to_string_lossy().into_owned(),
        ];
        // What a bundler made is one page that knows its own paths; written pages are what they are.
        if plan.profile.stack != "static" {
            command.push("--single-page".to_owned());
        }
        Ok(command)
    }

    /// Listens to the supervisor of an instance. Where it has just been started, whoever listened to an earlier one
    /// is replaced.
    fn watch(&self, id: &str, just_started: bool) {
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        watches.retain(|known, watch| !(watch.is_finished() || just_started && known == id));
        watches.entry(id.to_owned()).or_insert_with(|| {
            AbortOnDropHandle::new(tokio::spawn(follow::changes(Arc::clone(&self.instances), id.to_owned())))
        });
    }
}

#[async_trait]
impl Target for ProcessTarget {
    fn target(&self) -> &TargetRef {
        &self.target
    }

    async fn probe(&self) -> TargetStatus {
        let root = self.root.clone();
        let (available, detail) = match blocking(move || folder::private_dir(&root)).await {
            Ok(()) => (true, "supervised processes of this machine; limits are not enforced".to_owned()),
            Err(why) => (false, format!("{}: {why}", self.root.display())),
        };
        TargetStatus { target: self.target.clone(), available, detail }
    }

    async fn build(&self, job: &BuildJob<'_>, report: &dyn Report) -> Result<String, TargetError> {
        self.builds.build(job, report).await
    }

    async fn has_image(&self, image: &str) -> Result<bool, TargetError> {
        Ok(self.builds.has(image))
    }

    async fn remove_image(&self, image: &str) -> Result<(), TargetError> {
        self.builds.remove(image).await
    }

    async fn network(&self, _plan: &Plan) -> Result<(), TargetError> {
        Ok(())
    }

    async fn services(&self, launch: &Launch<'_>, _report: &dyn Report) -> Result<(), TargetError> {
        let names: Vec<&str> = launch.plan.services.iter().map(|service| service.name.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let wanted = launch.plan.env.iter().filter(|var| {
            let crate::model::EnvValue::Around { .. } = &var.value else { return false };
            true
        });
        let wanted: Vec<String> = wanted.map(|var| format!("--set {}=…", var.name)).collect();
        Err(TargetError::Unsupported(format!(
            "the process target runs no services, and this app needs {}: run it yourself and say where it is ({})",
            names.join(", "),
            if wanted.is_empty() { "--set NAME=…".to_owned() } else { wanted.join(" ") },
        )))
    }

    async fn prepare(
        &self,
        launch: &Launch<'_>,
        image: &str,
        role: Role,
        port: Option<u16>,
    ) -> Result<Instance, TargetError> {
        let (record, env) = self.record(launch, image, role, port)?;
        self.instances.prepare(&record, env).await?;
        Ok(record.instance())
    }

    async fn stop(&self, instance: &Instance, grace: Duration) -> Result<(), TargetError> {
        self.instances.stop(&instance.id, grace).await
    }

    async fn resume(&self, instance: &Instance) -> Result<(), TargetError> {
        self.instances.resume(&instance.id).await?;
        self.watch(&instance.id, true);
        Ok(())
    }

    async fn remove(&self, instance: &Instance) -> Result<(), TargetError> {
        self.instances.remove(&instance.id).await
    }

    async fn teardown(&self, key: &AppKey, volumes: bool) -> Result<(), TargetError> {
        // An app that is only stopped starts again from its build. Where all that it has goes, its builds do too.
        if volumes { self.builds.remove_all(key).await } else { Ok(()) }
    }

    async fn kept(&self, _key: &AppKey) -> Result<Vec<Kept>, TargetError> {
        // Services are not run here, and builds go with their releases.
        Ok(Vec::new())
    }

    async fn state(&self, instance: &Instance) -> Result<InstanceState, TargetError> {
        self.instances.state(&instance.id).await
    }

    async fn running_since(&self, instance: &Instance) -> Result<Option<Timestamp>, TargetError> {
        self.instances.running_since(&instance.id).await
    }

    async fn port_taken_by(&self, instance: &Instance) -> Option<String> {
        let (port, supervisor) = (instance.port?, self.instances.supervisor(&instance.id));
        let listening = blocking(move || Ok(listeners::on(port))).await.ok()?;
        // What the app started is below its supervisor, and of this account.
        let account = rustix::process::getuid().as_raw();
        let is_own = |one: &Listener| match one.pid {
            Some(pid) => supervisor.is_some_and(|own| listeners::is_below(pid, own)),
            None => one.account == account,
        };
        if listening.iter().any(is_own) {
            return None;
        }
        listening.first().map(ToString::to_string)
    }

    async fn inspect(&self, instance: &Instance) -> Result<String, TargetError> {
        let folder = self.instances.known(&instance.id)?;
        let description = serde_json::json!({
            "instance": folder.read_record().ok(),
            "state": folder.read_state().ok(),
            "supervisor": std::fs::read_to_string(folder.errors()).unwrap_or_default(),
        });
        serde_json::to_string_pretty(&description).map_err(|why| error("describe the instance", &why.into()))
    }

    async fn output(
        &self,
        instance: &Instance,
        after: Option<u64>,
    ) -> Result<BoxStream<'static, Result<OutputLine, TargetError>>, TargetError> {
        let folder = self.instances.known(&instance.id)?;
        // Asked first and read then: a line is either read or told of.
        let notices = self.instances.ask(&instance.id, &Request::Output).await?;
        Ok(follow::lines(Reader::new(&folder.log(), after), notices))
    }

    async fn samples(
        &self,
        instance: &Instance,
    ) -> Result<BoxStream<'static, Result<Sample, TargetError>>, TargetError> {
        let (instances, meter, id) = (Arc::clone(&self.instances), Arc::clone(&self.meter), instance.id.clone());
        let tables = meter.read();
        let samples = stream::unfold((instances, meter, id, tables), |(instances, meter, id, mut tables)| async move {
            while tables.changed().await.is_err() {
                // It ended just as this reader came.
                tables = meter.read();
            }
            let supervisor = instances.supervisor(&id)?;
            let sample = tables.borrow_and_update().below(supervisor)?;
            Some((Ok(sample), (instances, meter, id, tables)))
        });
        Ok(samples.boxed())
    }

    async fn found(&self) -> Result<Vec<Found>, TargetError> {
        let mut found = Vec::new();
        for id in self.instances.ids().map_err(|why| error("list the instances", &why))? {
            let Some(record) = self.instances.record_or_remove(&id).await? else { continue };
            if record.mark == self.mark {
                let state = self.instances.state(&id).await?;
                let (role, instance) = (record.role(), record.instance());
                let Record { deployment, process, .. } = record;
                found.push(Found { deployment, role, process, instance, state });
            }
        }
        Ok(found)
    }

    async fn changes(&self) -> Result<BoxStream<'static, Result<String, TargetError>>, TargetError> {
        let changes = self.instances.changes.subscribe();
        for id in self.instances.ids().map_err(|why| error("list the instances", &why))? {
            self.watch(&id, false);
        }
        let state = (Arc::downgrade(&self.instances), changes, Vec::new());
        let changes = stream::unfold(state, |(instances, mut changes, mut missed)| async move {
            loop {
                if let Some(id) = missed.pop() {
                    return Some((Ok(id), (instances, changes, missed)));
                }
                match changes.recv().await {
                    Ok(id) => missed.push(id),
                    // Too many at once: every instance may have changed.
                    Err(broadcast::error::RecvError::Lagged(_)) => missed = instances.upgrade()?.ids().ok()?,
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        Ok(changes.boxed())
    }
}

/// Does file work on a thread that may wait.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|why| Err(io::Error::other(why)))
}

/// Unpacks a source snapshot.
async fn unpack(source: &Path, into: &Path, report: &dyn Report) -> Result<(), TargetError> {
    let unpacked = archive::unpack(source, into, MAX_SOURCE).await.map_err(|why| match why {
        ArchiveError::Unwritable { full: true, .. } => TargetError::DiskFull { detail: why.to_string() },
        _ => TargetError::Other { action: "unpack the source".to_owned(), detail: why.to_string() },
    })?;
    for warning in unpacked.warnings {
        report.line("", LogStream::Wharf, &warning);
    }
    Ok(())
}

/// An error of the system in the target's words.
fn error(action: &str, why: &io::Error) -> TargetError {
    match why.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            TargetError::DiskFull { detail: format!("{action}: {why}") }
        }
        _ => TargetError::Other { action: action.to_owned(), detail: why.to_string() },
    }
}
