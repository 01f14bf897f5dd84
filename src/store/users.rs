//! Who has used this engine.

use super::db::{Db, Order, Writes};
use super::keys::Key;
use super::record::Record;
use super::{Store, StoreError};
use crate::model::{Timestamp, User};

/// To the hour, so that a busy client is not a write for each request.
const SEEN_AGAIN_MS: u64 = 60 * 60 * 1000;

impl Record for User {
    const WHAT: &'static str = "user";
}

fn table() -> Key {
    Key::of("user")
}

impl Store {
    /// Notes that an account was seen, and returns what is known of it.
    pub async fn seen_user(&self, uid: u32, name: &str, at: Timestamp) -> Result<User, StoreError> {
        let name = name.to_owned();
        self.run(move |db| seen(db, uid, name, at)).await
    }

    /// All accounts, by their numbers.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.run(|db| db.records(&table(), None, Order::Up).collect()).await
    }
}

fn seen(db: &Db, uid: u32, name: String, at: Timestamp) -> Result<User, StoreError> {
    let key = table().number(u64::from(uid));
    let hour = Timestamp::from_millis(at.as_millis() / SEEN_AGAIN_MS * SEEN_AGAIN_MS);
    let known: Option<User> = match db.get(&key) {
        Err(StoreError::Damaged { .. }) => None,
        other => other?,
    };
    let user = match &known {
        Some(user) => User { name, last_seen: hour.max(user.last_seen), ..user.clone() },
        None => User { uid, name, first_seen: at, last_seen: hour },
    };
    if known.as_ref() != Some(&user) {
        let mut writes = Writes::default();
        writes.put(&key, &user)?;
        db.apply(writes)?;
    }
    Ok(user)
}
