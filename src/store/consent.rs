//! Whether the names and versions of dependencies may be sent to the database of advisories.

use super::db::Writes;
use super::keys::Key;
use super::record::Record;
use super::{Store, StoreError};
use crate::model::Consent;

impl Record for Consent {
    const WHAT: &'static str = "consent";
}

fn key() -> Key {
    Key::of("consent").last("advisories")
}

impl Store {
    /// The consent, where it was given and not taken back. A damaged record is none.
    pub async fn advisory_consent(&self) -> Result<Option<Consent>, StoreError> {
        self.run(|db| match db.get(&key()) {
            Err(StoreError::Damaged { .. }) => Ok(None),
            other => other,
        })
        .await
    }

    /// Keeps consent, or takes it back.
    pub async fn set_advisory_consent(&self, consent: Option<Consent>) -> Result<(), StoreError> {
        self.run(move |db| {
            let mut writes = Writes::default();
            match &consent {
                Some(consent) => writes.put(&key(), consent)?,
                None => writes.remove(&key()),
            }
            db.apply(writes)
        })
        .await
    }
}
