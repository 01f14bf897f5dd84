//! Ports and who holds them: never two for one.

use super::db::{Db, Order, Writes};
use super::keys::Key;
use super::record::Record;
use super::{Store, StoreError};
use crate::model::{AppKey, PortHolder, PortLease, ProjectId};

impl Record for PortLease {
    const WHAT: &'static str = "port";
}

fn table() -> Key {
    Key::of("port")
}

fn record(port: u16) -> Key {
    table().number(u64::from(port))
}

/// Leads from an app to the port it claimed last.
fn of_app(key: &AppKey) -> Key {
    Key::of("port-app").app(key)
}

impl Store {
    /// The ports that are held, by number.
    pub async fn ports(&self) -> Result<Vec<PortLease>, StoreError> {
        self.run(|db| db.records(&table(), None, Order::Up).collect()).await
    }

    /// Holds a port; fails with [`StoreError::PortHeld`] where another holds it. Whoever holds it already goes on
    /// holding it as before.
    pub async fn claim_port(&self, lease: PortLease) -> Result<(), StoreError> {
        self.run(move |db| claim(db, &lease)).await
    }

    /// Gives a port back, and returns how it was held.
    pub async fn release_port(&self, port: u16) -> Result<Option<PortLease>, StoreError> {
        self.run(move |db| {
            let held: Option<PortLease> = db.get(&record(port))?;
            if let Some(lease) = &held {
                let mut writes = Writes::default();
                release(db, &mut writes, lease)?;
                db.apply(writes)?;
            }
            Ok(held)
        })
        .await
    }

    /// The port that an app holds; the one that it claimed last, where it holds two because its port is moving.
    pub async fn port_of(&self, key: &AppKey) -> Result<Option<u16>, StoreError> {
        let key = key.clone();
        self.run(move |db| held_by(db, &key)).await
    }
}

fn held_by(db: &Db, key: &AppKey) -> Result<Option<u16>, StoreError> {
    let port = db.raw(&of_app(key))?;
    Ok(port.and_then(|port| port.as_ref().try_into().ok()).map(u16::from_be_bytes))
}

fn claim(db: &Db, lease: &PortLease) -> Result<(), StoreError> {
    if let Some(held) = db.get::<PortLease>(&record(lease.port))? {
        return if held.holder == lease.holder { Ok(()) } else { Err(StoreError::PortHeld(Box::new(held))) };
    }
    let mut writes = Writes::default();
    writes.put(&record(lease.port), lease)?;
    if let PortHolder::App(key) = &lease.holder {
        writes.put_raw(&of_app(key), &lease.port.to_be_bytes());
    }
    db.apply(writes)
}

fn release(db: &Db, writes: &mut Writes, lease: &PortLease) -> Result<(), StoreError> {
    writes.remove(&record(lease.port));
    let PortHolder::App(key) = &lease.holder else { return Ok(()) };
    if held_by(db, key)? != Some(lease.port) {
        return Ok(());
    }
    let others = db.records::<PortLease>(&table(), None, Order::Up);
    let other = others.filter_map(Result::ok).find(|other| other.port != lease.port && other.holder == lease.holder);
    match other {
        Some(other) => writes.put_raw(&of_app(key), &other.port.to_be_bytes()),
        None => writes.remove(&of_app(key)),
    }
    Ok(())
}

/// Gives back every port that an app of the project holds.
pub(super) fn release_all(db: &Db, writes: &mut Writes, project: &ProjectId) -> Result<(), StoreError> {
    for lease in db.records::<PortLease>(&table(), None, Order::Up) {
        let lease = lease?;
        if let PortHolder::App(key) = &lease.holder
            && key.project == *project
        {
            writes.remove(&record(lease.port));
            writes.remove(&of_app(key));
        }
    }
    Ok(())
}
