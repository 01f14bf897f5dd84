//! Tells all clients what happens, in one order.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::{broadcast, watch};

use crate::model::{Event, EventKind, Timestamp};

/// How many events a client may be behind before it must fetch the snapshot again.
const KEPT: usize = 4096;

/// The events that a client lacks are no longer there; it has to fetch the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap;

/// Gives the next number in the order of all events.
type Numbers = Box<dyn Fn() -> u64 + Send + Sync>;

/// The one order of all events: numbers them, keeps the last ones for clients that come back, sends them on.
pub(super) struct Bus {
    numbers: Numbers,
    inner: Mutex<Inner>,
    sender: broadcast::Sender<Event>,
    listeners: watch::Sender<usize>,
}

#[derive(Debug)]
struct Inner {
    seq: u64,
    recent: VecDeque<Event>,
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bus").field("seq", &self.seq()).finish_non_exhaustive()
    }
}

impl Bus {
    /// A bus whose last event was number `last`, and which asks `numbers` for each that follows.
    pub(super) fn new(last: u64, numbers: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self {
            numbers: Box::new(numbers),
            inner: Mutex::new(Inner { seq: last, recent: VecDeque::new() }),
            sender: broadcast::channel(KEPT).0,
            listeners: watch::channel(0).0,
        }
    }

    /// The number of the last event.
    pub(super) fn seq(&self) -> u64 {
        self.lock().seq
    }

    /// Numbers an event and sends it to all who listen.
    pub(super) fn publish(&self, kind: EventKind, at: Timestamp) -> Event {
        let mut inner = self.lock();
        inner.seq = (self.numbers)();
        let event = Event { seq: inner.seq, at, kind };
        if inner.recent.len() == KEPT {
            inner.recent.pop_front();
        }
        inner.recent.push_back(event.clone());
        // Sent under the lock, so that the order of sending is that of the numbers. No listener is no error.
        let _ = self.sender.send(event.clone());
        event
    }

    /// The events after the number `after`, then new ones as they come; all new ones where `after` is absent.
    /// The stream ends where the listener falls too far behind.
    pub(super) fn listen(&self, after: Option<u64>) -> Result<BoxStream<'static, Event>, Gap> {
        let inner = self.lock();
        let after = after.unwrap_or(inner.seq);
        let oldest = inner.recent.front().map_or(inner.seq + 1, |event| event.seq);
        if after > inner.seq || after + 1 < oldest {
            return Err(Gap);
        }
        let missed: Vec<Event> = inner.recent.iter().filter(|event| event.seq > after).cloned().collect();
        let listener = Listener { receiver: self.sender.subscribe(), count: self.listeners.clone() };
        drop(inner);
        listener.count.send_modify(|count| *count += 1);
        let live = stream::unfold(listener, |mut listener| async {
            listener.receiver.recv().await.ok().map(|event| (event, listener))
        });
        Ok(stream::iter(missed).chain(live).boxed())
    }

    /// How many listen, and when that changes: what is only worth measuring for somebody waits on this.
    pub(super) fn listeners(&self) -> watch::Receiver<usize> {
        self.listeners.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing between lock and unlock can leave the numbers wrong.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Listener {
    receiver: broadcast::Receiver<Event>,
    count: watch::Sender<usize>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1);

    fn bus_after(last: u64) -> Bus {
        let next = std::sync::atomic::AtomicU64::new(last);
        Bus::new(last, move || next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1)
    }

    fn release(bus: &Bus, port: u16) {
        bus.publish(EventKind::PortReleased(port), NOW);
    }

    #[tokio::test]
    async fn a_listener_gets_what_it_missed_and_then_what_comes() {
        let bus = bus_after(10);
        release(&bus, 1);
        release(&bus, 2);
        let mut events = bus.listen(Some(11)).unwrap();
        release(&bus, 3);
        assert_eq!(events.next().await.unwrap().seq, 12);
        assert_eq!(events.next().await.unwrap().kind, EventKind::PortReleased(3));
    }

    #[test]
    fn a_gap_is_told() {
        let bus = bus_after(10);
        assert_eq!(bus.listen(Some(9)).err(), Some(Gap));
        assert_eq!(bus.listen(Some(11)).err(), Some(Gap));
        for port in 0..=u16::try_from(KEPT).unwrap() {
            release(&bus, port);
        }
        assert_eq!(bus.listen(Some(10)).err(), Some(Gap));
        assert!(bus.listen(Some(11)).is_ok());
    }

    #[test]
    fn listeners_are_counted_while_they_listen() {
        let bus = bus_after(0);
        let count = bus.listeners();
        let events = bus.listen(None).unwrap();
        assert_eq!(*count.borrow(), 1);
        drop(events);
        assert_eq!(*count.borrow(), 0);
    }
}
