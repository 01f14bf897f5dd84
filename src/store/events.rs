//! What happened, in order, as far back as it is kept.

use super::db::{Db, Order, Writes};
use super::keys::{self, Key};
use super::record::Record;
use super::worker::Message;
use super::{Store, StoreError};
use crate::model::{Event, EventKind, Timestamp};

/// How many events are kept.
pub const EVENTS_KEPT: u64 = 100_000;

impl Record for Event {
    const WHAT: &'static str = "event";
}

fn table() -> Key {
    Key::of("event")
}

/// The number of the last event that was dropped.
fn dropped() -> Key {
    Key::of("meta").last("events-dropped")
}

impl Store {
    /// The next number in the one order of all events, kept or not. It grows across restarts: by one each after an
    /// engine that was closed, with a gap after one that was killed. Nothing is written for it, nothing waits.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        let (number, low) = self.numbers.next();
        if low {
            // Where the queue is full the thread is at work, and looks itself when it is done.
            let _ = self.messages.try_send(Message::Reserve);
        }
        number
    }

    /// The last number that was given; 0 where none was.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.numbers.last()
    }

    /// Gives an event the next number, and keeps it if it is of a kind that is kept.
    pub async fn append_event(&self, kind: EventKind, at: Timestamp) -> Result<Event, StoreError> {
        let event = Event { seq: self.next_seq(), at, kind };
        self.keep_events(std::slice::from_ref(&event)).await?;
        Ok(event)
    }

    /// Keeps events that have their numbers from [`next_seq`](Self::next_seq), those of kinds that are not kept left
    /// out. The oldest go when there are more than [`EVENTS_KEPT`].
    pub async fn keep_events(&self, events: &[Event]) -> Result<(), StoreError> {
        let events: Vec<_> = events.iter().filter(|event| event.kind.is_kept()).cloned().collect();
        if events.is_empty() {
            return Ok(());
        }
        self.run(move |db| keep(db, &events, EVENTS_KEPT)).await
    }

    /// At most `limit` kept events after the number `seq`, oldest first. Where some after it were dropped already,
    /// [`StoreError::EventsGone`].
    pub async fn events_after(&self, seq: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.run(move |db| {
            let oldest = db.raw(&dropped())?.map_or(0, |bytes| keys::number(&bytes));
            if seq < oldest {
                return Err(StoreError::EventsGone { oldest });
            }
            db.records(&table(), Some(&seq.to_be_bytes()), Order::Up).take(limit).collect()
        })
        .await
    }
}

fn keep(db: &Db, events: &[Event], bound: u64) -> Result<(), StoreError> {
    let mut writes = Writes::default();
    for event in events {
        writes.put(&table().number(event.seq), event)?;
        writes.count("events", 1);
    }
    let more = u64::try_from(events.len()).unwrap_or(u64::MAX);
    let surplus = (db.counted("events")? + more).saturating_sub(bound);
    let oldest = db.scan(&table(), Order::Up).take(usize::try_from(surplus).unwrap_or(usize::MAX));
    for row in oldest {
        let seq = keys::number(row?.rest());
        writes.remove(&table().number(seq));
        writes.put_raw(&dropped(), &seq.to_be_bytes());
        writes.count("events", -1);
    }
    db.apply(writes)
}
