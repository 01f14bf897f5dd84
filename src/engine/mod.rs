//! The engine: carries out deployments, watches what is up, and tells all clients.
//!
//! [`Engine`] is what the API offers, one method a route. Behind it: `queue` and `workers` run jobs, `deploy` takes a
//! deployment through its steps, `acts` is everything else that is done to one, `watch` looks after what is up,
//! `reconcile` settles at the start what an earlier engine left, `records` is the only way to change a deployment.
//!
//! *Architecture invariant:* the store is written first, then the world is changed, then clients are told.

mod acts;
mod beside;
mod bus;
mod deploy;
mod env;
mod error;
mod glance;
mod health;
mod logbook;
mod places;
mod ports;
mod projects;
mod queries;
mod queue;
mod reconcile;
mod records;
mod requests;
mod sources;
mod vulnerabilities;
mod watch;
mod workers;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::model::{API_VERSION, DeploymentId, EngineInfo, Event, EventKind, PortLease, Problem};
use crate::os::{clock, paths};
use crate::secrets::Vault;
use crate::store::Store;

pub use bus::Gap;
pub use error::EngineError;
pub use vulnerabilities::AdvisoryOptions;

/// Kept events that wait to be written.
const EVENTS_WAITING: usize = 1024;
/// Jobs and watches get so long to come to an end when the engine stops.
const ENDING: Duration = Duration::from_secs(5);

/// How an engine is run.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// How many jobs run at once.
    pub workers: u16,
    /// This program, with which the `process` target starts its supervisors.
    pub executable: PathBuf,
    /// Where advisories come from.
    pub advisories: AdvisoryOptions,
}

/// A handle to the running engine; cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Inner>);

/// What all parts of the engine share.
#[derive(Debug)]
struct Inner {
    info: EngineInfo,
    data_dir: PathBuf,
    store: Store,
    vault: Vault,
    bus: bus::Bus,
    kept_events: mpsc::Sender<Event>,
    logbook: logbook::Logbook,
    places: places::Places,
    ports: ports::Ports,
    sources: sources::Sources,
    advisor: vulnerabilities::Advisor,
    glances: glance::Glances,
    queue: queue::Queue,
    watches: watch::Watches,
    /// The deployments that workers carry out now, with what cancels them.
    under_way: Mutex<HashMap<DeploymentId, CancellationToken>>,
    /// Held while a deployment's record is changed.
    writing: AsyncMutex<()>,
    /// Held while deployments are asked for or a project is removed, so that neither happens inside the other.
    asking: AsyncMutex<()>,
    ending: CancellationToken,
    tasks: TaskTracker,
}

impl Engine {
    /// Opens the state in `data_dir`, settles what an earlier engine left, and begins to work.
    pub async fn start(data_dir: PathBuf, options: EngineOptions) -> Result<Self, Problem> {
        paths::private_dir(&data_dir)?;
        let store = Store::open(&data_dir, clock::now()).await?;
        let (inner, events) = Inner::new(data_dir, &options, store)?;
        let inner = Arc::new(inner);
        inner.tasks.spawn(keep_events(inner.store.clone(), events, inner.ending.clone()));
        if let Some(notice) = inner.store.notice() {
            inner.publish(EventKind::Notice(notice.clone())).await;
        }
        reconcile::run(&inner).await?;
        workers::begin(&inner, options.workers);
        Ok(Self(inner))
    }

    /// Ends the engine: nothing new is begun, what is under way is left to the next engine, what is up stays up.
    pub async fn shutdown(&self) {
        self.0.tell(EventKind::Stopping);
        self.0.ending.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(ENDING, self.0.tasks.wait()).await.is_err() {
            tracing::warn!("some work did not come to its end in time");
        }
        self.0.store.close().await;
    }

    /// What the engine says of itself.
    #[must_use]
    pub fn info(&self) -> EngineInfo {
        self.0.info.clone()
    }
}

impl Inner {
    fn new(
        data_dir: PathBuf,
        options: &EngineOptions,
        store: Store,
    ) -> Result<(Self, mpsc::Receiver<Event>), EngineError> {
        let folder = |name: &str| -> Result<PathBuf, EngineError> {
            let path = data_dir.join(name);
            paths::private_dir(&path)?;
            Ok(path)
        };
        let logs = folder("deployments")?;
        let io = |error| EngineError::Io { action: "begin the log".into(), error };
        let (kept_events, events) = mpsc::channel(EVENTS_WAITING);
        let numbers = store.clone();
        let inner = Self {
            info: EngineInfo {
                api: API_VERSION,
                version: env!("CARGO_PKG_VERSION").into(),
                pid: std::process::id(),
                started_at: clock::now(),
                data_dir: data_dir.clone(),
                workers: options.workers,
                notice: store.notice().cloned(),
            },
            vault: Vault::open(&data_dir)?,
            bus: bus::Bus::new(store.last_seq(), move || numbers.next_seq()),
            kept_events,
            logbook: logbook::Logbook::open(&logs).map_err(io)?,
            places: places::Places::new(&data_dir, options.executable.clone()),
            ports: ports::Ports::new(store.clone(), places::number_of(&data_dir)),
            sources: sources::Sources::new(folder("sources")?),
            advisor: vulnerabilities::Advisor::new(options.advisories.clone(), data_dir.join("advisories")),
            glances: glance::Glances::new(data_dir.join("glances")),
            queue: queue::Queue::default(),
            watches: watch::Watches::default(),
            under_way: Mutex::default(),
            writing: AsyncMutex::default(),
            asking: AsyncMutex::default(),
            ending: CancellationToken::new(),
            tasks: TaskTracker::new(),
            data_dir,
            store,
        };
        Ok((inner, events))
    }

    /// Does something beside everything else until it is over or the engine ends.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let ending = self.ending.clone();
        self.tasks.spawn(async move {
            let _ = ending.run_until_cancelled_owned(work).await;
        })
    }

    /// Tells all clients of something that belongs to the history.
    async fn publish(&self, kind: EventKind) {
        let event = self.bus.publish(kind, clock::now());
        // Its receiver ends only with the engine.
        let _ = self.kept_events.send(event).await;
    }

    /// Tells all clients of something that only matters now. Never waits.
    fn tell(&self, kind: EventKind) {
        self.bus.publish(kind, clock::now());
    }

    /// Releases ports and tells of it.
    async fn release_ports(&self, lets_go: impl Fn(&PortLease) -> bool) -> Result<(), EngineError> {
        for port in self.ports.release_where(lets_go).await? {
            self.publish(EventKind::PortReleased(port)).await;
        }
        Ok(())
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, HashMap<DeploymentId, CancellationToken>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn data_dir(&self) -> &Path {
        &self.data_dir
    }
}

/// Writes kept events as they come, as many at once as wait.
async fn keep_events(store: Store, mut events: mpsc::Receiver<Event>, ending: CancellationToken) {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            biased;
            count = events.recv_many(&mut batch, EVENTS_WAITING) => if count == 0 { return },
            () = ending.cancelled() => return,
        }
        if let Err(error) = store.keep_events(&batch).await {
            tracing::warn!(%error, "events could not be kept");
        }
        batch.clear();
    }
}
