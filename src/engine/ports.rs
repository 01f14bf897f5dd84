//! Gives out ports on the host: free when given, one holder each.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use tokio::sync::Mutex;

use super::error::EngineError;
use crate::model::{AppKey, DeploymentId, PORT_RANGE, PortHolder, PortLease, Timestamp};
use crate::store::Store;

/// Gives out the ports of [`PORT_RANGE`], from one on that differs from data folder to data folder: engines of several
/// accounts on one host would else reach for the same port at once, and whoever starts later finds it taken.
#[derive(Debug)]
pub(super) struct Ports {
    store: Store,
    first: u16,
    /// Held while a port is looked for, so that two who look at once do not try the same ones.
    giving: Mutex<()>,
}

impl Ports {
    /// `seed` decides where the search for a free port begins.
    pub(super) fn new(store: Store, seed: u64) -> Self {
        let offset = seed % u64::from(PORT_RANGE.end() - PORT_RANGE.start() + 1);
        let first = PORT_RANGE.start() + u16::try_from(offset).unwrap_or_default();
        Self { store, first, giving: Mutex::new(()) }
    }

    /// The app's port: the one it wants, else the one it has, else a new one. Of two wanted in turn the app holds
    /// both until the deployment is up.
    pub(super) async fn for_app(
        &self,
        key: &AppKey,
        wanted: Option<u16>,
        at: Timestamp,
    ) -> Result<PortLease, EngineError> {
        let held = self.of_app(key).await?;
        let kept = match wanted {
            Some(port) => held.iter().find(|lease| lease.port == port),
            None => held.first(),
        };
        match kept {
            Some(lease) => Ok(lease.clone()),
            None => self.give(PortHolder::App(key.clone()), wanted, at).await,
        }
    }

    /// One more port for the app, because the target found that another program has the one it holds.
    pub(super) async fn another_for_app(&self, key: &AppKey, at: Timestamp) -> Result<PortLease, EngineError> {
        self.give(PortHolder::App(key.clone()), None, at).await
    }

    /// A port for a deployment that must prove itself beside the old one.
    pub(super) async fn for_candidate(&self, id: &DeploymentId, at: Timestamp) -> Result<PortLease, EngineError> {
        self.give(PortHolder::Candidate(id.clone()), None, at).await
    }

    /// A port held by hand.
    pub(super) async fn reserve(
        &self,
        port: Option<u16>,
        note: String,
        at: Timestamp,
    ) -> Result<PortLease, EngineError> {
        self.give(PortHolder::Manual { note }, port, at).await
    }

    /// All that an app holds, oldest first.
    pub(super) async fn of_app(&self, key: &AppKey) -> Result<Vec<PortLease>, EngineError> {
        let holder = PortHolder::App(key.clone());
        let mut held: Vec<PortLease> =
            self.store.ports().await?.into_iter().filter(|lease| lease.holder == holder).collect();
        held.sort_by_key(|lease| (lease.since, lease.port));
        Ok(held)
    }

    /// Gives back what `lets_go` says of each lease; returns the ports.
    pub(super) async fn release_where(&self, lets_go: impl Fn(&PortLease) -> bool) -> Result<Vec<u16>, EngineError> {
        let mut released = Vec::new();
        for lease in self.store.ports().await?.into_iter().filter(lets_go) {
            self.store.release_port(lease.port).await?;
            released.push(lease.port);
        }
        Ok(released)
    }

    async fn give(&self, holder: PortHolder, wanted: Option<u16>, since: Timestamp) -> Result<PortLease, EngineError> {
        let _giving = self.giving.lock().await;
        let leases = self.store.ports().await?;
        let taken = |port: u16| leases.iter().find(|lease| lease.port == port);
        let port = match wanted {
            Some(port) if !PORT_RANGE.contains(&port) => return Err(EngineError::PortOutOfRange(port)),
            Some(port) => match taken(port) {
                Some(lease) => return Err(EngineError::PortHeld { port, holder: describe(&lease.holder) }),
                None if !is_free(port) => return Err(EngineError::PortInUse(port)),
                None => port,
            },
            None => (self.first..=*PORT_RANGE.end())
                .chain(*PORT_RANGE.start()..self.first)
                .find(|port| taken(*port).is_none() && is_free(*port))
                .ok_or(EngineError::NoFreePort)?,
        };
        let lease = PortLease { port, holder, since };
        self.store.claim_port(lease.clone()).await?;
        Ok(lease)
    }
}

/// Whether nothing on this host listens on the port, on any address.
fn is_free(port: u16) -> bool {
    let in_use = |result: std::io::Result<TcpListener>| {
        // A machine without IPv6 refuses the address, not the port.
        matches!(result, Err(error) if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied))
    };
    // One after the other: bound at the same time they would be in each other's way.
    !in_use(TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)))
        && !in_use(TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)))
}

/// Who holds a port, in words.
fn describe(holder: &PortHolder) -> String {
    match holder {
        PortHolder::App(key) => format!("app {} in {}", key.app, key.environment),
        PortHolder::Candidate(id) => format!("deployment {id}"),
        PortHolder::Manual { note } if note.is_empty() => "a reservation by hand".into(),
        PortHolder::Manual { note } => format!("a reservation by hand: {note}"),
    }
}
