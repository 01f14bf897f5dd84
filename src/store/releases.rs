//! Releases: what can be rolled back to.

use super::db::{Db, Order, Writes};
use super::keys::{self, Key};
use super::record::Record;
use super::{Store, StoreError};
use crate::model::{AppKey, Release};

impl Record for Release {
    const WHAT: &'static str = "release";
}

fn of_app(key: &AppKey) -> Key {
    Key::of("release").app(key)
}

fn record(key: &AppKey, number: u32) -> Key {
    of_app(key).number(u64::from(number))
}

impl Store {
    /// Keeps a new release under the next number of its app, whatever number it brings, and returns it with that.
    pub async fn add_release(&self, release: &Release) -> Result<Release, StoreError> {
        let mut release = release.clone();
        self.run(move |db| {
            release.number = next_number(db, &release.key)?;
            put(db, &release)?;
            Ok(release)
        })
        .await
    }

    /// The number that the next release of an app gets.
    pub async fn next_release_number(&self, key: &AppKey) -> Result<u32, StoreError> {
        let key = key.clone();
        self.run(move |db| next_number(db, &key)).await
    }

    /// Changes a release that is there.
    pub async fn update_release(&self, release: &Release) -> Result<(), StoreError> {
        let release = release.clone();
        self.run(move |db| {
            if !db.has(&record(&release.key, release.number))? {
                let id = format!("{} of {}", release.number, release.key);
                return Err(StoreError::NotFound { what: "release", id });
            }
            put(db, &release)
        })
        .await
    }

    /// The releases of an app, newest first.
    pub async fn releases(&self, key: &AppKey) -> Result<Vec<Release>, StoreError> {
        let prefix = of_app(key);
        self.run(move |db| db.records(&prefix, None, Order::Down).collect()).await
    }

    /// One release of an app.
    pub async fn release(&self, key: &AppKey, number: u32) -> Result<Option<Release>, StoreError> {
        let key = record(key, number);
        self.run(move |db| db.get(&key)).await
    }
}

/// Releases are never removed, so that no number comes twice.
fn next_number(db: &Db, key: &AppKey) -> Result<u32, StoreError> {
    let last = db.scan(&of_app(key), Order::Down).next().transpose()?;
    Ok(last.map_or(1, |last| u32::try_from(keys::number(last.rest())).unwrap_or(u32::MAX).saturating_add(1)))
}

fn put(db: &Db, release: &Release) -> Result<(), StoreError> {
    let mut writes = Writes::default();
    writes.put(&record(&release.key, release.number), release)?;
    db.apply(writes)
}
