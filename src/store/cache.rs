//! What can be made again, for a while.

use std::time::Duration;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::db::{Db, Order, Writes};
use super::keys::{self, Key};
use super::record::{Record, payload, payload_bytes};
use super::{Store, StoreError};
use crate::model::Timestamp;

/// How many answers are kept at most; those that would expire first go first.
const KEPT: u64 = 5_000;

/// How many that are over are swept with each one that is put.
const SWEPT: usize = 64;

/// What is cached, and for how long at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheKind {
    /// What detection found in a tree.
    Detection,
    /// What a target said of itself.
    TargetStatus,
    /// Which advisories the database knows of packages.
    Advisories,
    /// What the database says of one advisory.
    Advisory,
}

impl CacheKind {
    /// The longest that an answer may be given again.
    #[must_use]
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::Detection | Self::TargetStatus => Duration::from_hours(1),
            Self::Advisories | Self::Advisory => Duration::from_hours(24),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Detection => "detection",
            Self::TargetStatus => "target-status",
            Self::Advisories => "advisories",
            Self::Advisory => "advisory",
        }
    }
}

/// An answer with the Wharf that made it: another version makes its own.
#[derive(Serialize, Deserialize)]
struct Answer {
    made_by: String,
    at: Timestamp,
    expires: Timestamp,
    bytes: Vec<u8>,
}

impl Record for Answer {
    const WHAT: &'static str = "cached answer";
}

fn record(kind: &str, key: &str) -> Key {
    Key::of("cache").part(kind).last(key)
}

/// Leads from the time at which answers expire to them.
fn expiries() -> Key {
    Key::of("cache-expiry")
}

fn expiry(at: Timestamp, record: &Key) -> Key {
    expiries().number(at.as_millis()).raw(record.bytes())
}

impl Store {
    /// Keeps an answer for `lifetime`, or for the longest that its kind allows if that is shorter.
    pub async fn cache_put<T: Serialize + Sync>(
        &self,
        kind: CacheKind,
        key: &str,
        value: &T,
        at: Timestamp,
        lifetime: Duration,
    ) -> Result<(), StoreError> {
        let answer = Answer {
            made_by: env!("CARGO_PKG_VERSION").to_owned(),
            at,
            expires: at.plus(lifetime.min(kind.lifetime())),
            bytes: payload_bytes::<Answer, T>(value)?,
        };
        let key = record(kind.name(), key);
        self.run(move |db| put(db, &key, &answer)).await
    }

    /// An answer that is not older than its lifetime, and when it was kept. One that cannot be read counts as none,
    /// and so does one from the future: the clock was set back.
    pub async fn cache_get<T: DeserializeOwned>(
        &self,
        kind: CacheKind,
        key: &str,
        at: Timestamp,
    ) -> Result<Option<(T, Timestamp)>, StoreError> {
        let key = record(kind.name(), key);
        let answer = self.run(move |db| read(db, &key)).await?;
        let fresh = answer.filter(|answer| answer.at <= at && at < answer.expires);
        let fresh = fresh.filter(|answer| answer.made_by == env!("CARGO_PKG_VERSION"));
        Ok(fresh.and_then(|answer| Some((payload(&answer.bytes).ok()?, answer.at))))
    }
}

fn read(db: &Db, key: &Key) -> Result<Option<Answer>, StoreError> {
    match db.get(key) {
        Err(StoreError::Damaged { .. }) => Ok(None),
        other => other,
    }
}

fn put(db: &Db, key: &Key, answer: &Answer) -> Result<(), StoreError> {
    let mut writes = Writes::default();
    sweep(db, &mut writes, key, answer.at)?;
    match read(db, key)? {
        Some(old) => writes.remove(&expiry(old.expires, key)),
        None => writes.count("cached", 1),
    }
    writes.put_raw(&expiry(answer.expires, key), &[]);
    writes.put(key, answer)?;
    db.apply(writes)
}

/// Removes answers that are over, and those that would be over next where there are too many.
fn sweep(db: &Db, writes: &mut Writes, but: &Key, at: Timestamp) -> Result<(), StoreError> {
    let mut surplus = (db.counted("cached")? + 1).saturating_sub(KEPT);
    for row in db.scan(&expiries(), Order::Up).take(SWEPT) {
        let row = row?;
        let (time, key) = row.rest().split_at_checked(8).unwrap_or_default();
        if keys::number(time) > at.as_millis() && surplus == 0 {
            break;
        }
        let key = Key::from_bytes(key);
        if key == *but {
            continue;
        }
        writes.remove(&row.key());
        if db.has(&key)? {
            writes.remove(&key);
            writes.count("cached", -1);
            surplus = surplus.saturating_sub(1);
        }
    }
    Ok(())
}
