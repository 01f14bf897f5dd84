//! Sealed values. What they hold is known to `secrets/` alone.

use super::db::{Db, Order, Writes};
use super::keys::{Key, text};
use super::{Store, StoreError};
use crate::model::{AppKey, ProjectId};

fn of_app(key: &AppKey) -> Key {
    Key::of("secret").app(key)
}

impl Store {
    /// Keeps a sealed value of an app under a name.
    pub async fn put_secret(&self, key: &AppKey, name: &str, sealed: Vec<u8>) -> Result<(), StoreError> {
        let key = of_app(key).last(name);
        self.run(move |db| {
            let mut writes = Writes::default();
            writes.put_raw(&key, sealed);
            db.apply(writes)
        })
        .await
    }

    /// A sealed value of an app.
    pub async fn secret(&self, key: &AppKey, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let key = of_app(key).last(name);
        self.run(move |db| Ok(db.raw(&key)?.map(|sealed| sealed.to_vec()))).await
    }

    /// The names of an app's sealed values, sorted.
    pub async fn secret_names(&self, key: &AppKey) -> Result<Vec<String>, StoreError> {
        let prefix = of_app(key);
        self.run(move |db| db.scan(&prefix, Order::Up).map(|row| Ok(text(row?.rest()))).collect()).await
    }

    /// Removes one sealed value of an app; one that is not there is no error.
    pub async fn remove_secret(&self, key: &AppKey, name: &str) -> Result<(), StoreError> {
        let key = of_app(key).last(name);
        self.run(move |db| {
            let mut writes = Writes::default();
            writes.remove(&key);
            db.apply(writes)
        })
        .await
    }

    /// Removes all sealed values of an app.
    pub async fn remove_secrets(&self, key: &AppKey) -> Result<(), StoreError> {
        let prefix = of_app(key);
        self.run(move |db| {
            let mut writes = Writes::default();
            remove_under(db, &mut writes, &prefix)?;
            db.apply(writes)
        })
        .await
    }
}

/// Removes all sealed values of a project.
pub(super) fn remove_all(db: &Db, writes: &mut Writes, project: &ProjectId) -> Result<(), StoreError> {
    remove_under(db, writes, &Key::of("secret").part(project.as_str()))
}

fn remove_under(db: &Db, writes: &mut Writes, prefix: &Key) -> Result<(), StoreError> {
    for row in db.scan(prefix, Order::Up) {
        writes.remove(&row?.key());
    }
    Ok(())
}
