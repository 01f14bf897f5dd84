//! The thread that owns sled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot, watch};

use super::StoreError;
use super::db::{Db, Writes};
use super::folder::{Opened, panic_text, reopen, settle};
use super::keys::Key;

/// How many requests may wait before those who ask must.
pub(super) const QUEUE: usize = 256;

/// How many writes share one flush at most.
const SHARED_FLUSH: usize = 128;

/// After so many batches a close takes the time to make the next opening quick.
const MANY_BATCHES: u64 = 10_000;

/// What the thread is asked for.
pub(super) enum Message {
    /// Work on the state.
    Work(Work),
    /// Numbers for events run low.
    Reserve,
    /// To end.
    Close,
}

/// Works on the state, or hears why it cannot be used now, and returns what to do once that is on the disk.
pub(super) type Work = Box<dyn FnOnce(Result<&Db, StoreError>) -> Reply + Send>;

/// Answers; the error is that of the flush.
pub(super) type Reply = Box<dyn FnOnce(Option<sled::Error>) + Send>;

/// Work, and where its answer comes.
pub(super) fn work<T, F>(act: F) -> (Message, oneshot::Receiver<Result<T, StoreError>>)
where
    T: Send + 'static,
    F: FnOnce(&Db) -> Result<T, StoreError> + Send + 'static,
{
    let (answer, wait) = oneshot::channel();
    let work: Work = Box::new(move |db| {
        // A panic in one request must not end the thread for all.
        let result = catch_unwind(AssertUnwindSafe(|| act(db?)))
            .unwrap_or_else(|panic| Err(StoreError::Internal(panic_text(panic.as_ref()))));
        Box::new(move |unflushed| {
            let result = match unflushed {
                Some(error) => result.and(Err(error.into())),
                None => result,
            };
            // Whoever asked may have gone: what was done stays done.
            let _ = answer.send(result);
        })
    });
    (Message::Work(work), wait)
}

/// Serves until it is told to close or nobody is left to ask. `alive` is dropped when the state is closed.
pub(super) fn serve(
    opened: Opened,
    mut messages: mpsc::Receiver<Message>,
    numbers: &Arc<Numbers>,
    alive: watch::Sender<()>,
) {
    let Opened { tree, file, state, lock, .. } = opened;
    let mut db = Some(Db::new(tree, file));
    let mut open = true;
    while open && let Some(first) = messages.blocking_recv() {
        // After a write that failed, as on a full disk, sled does nothing more until it is opened anew.
        let usable = if let Some(db) = db.take_if(|db| !db.has_failed()) {
            Ok(db)
        } else {
            // The failed one has to be closed before.
            drop(db.take());
            reopen(&state).map(|(tree, file)| Db::new(tree, file))
        };
        match (usable, first) {
            (Ok(usable), first) => {
                open = round(&usable, first, &mut messages, numbers);
                db = Some(usable);
            }
            (Err(error), Message::Work(act)) => act(Err(error))(None),
            (Err(_), Message::Reserve) => {}
            (Err(_), Message::Close) => open = false,
        }
    }
    messages.close();
    let many = db.is_some_and(|db| {
        warn_of(numbers.give_back(&db));
        db.applied() > MANY_BATCHES
    });
    if many {
        settle(&state);
    }
    drop(lock);
    drop(alive);
}

/// Does what waits, flushes once, and answers; false where it was told to close.
fn round(db: &Db, first: Message, messages: &mut mpsc::Receiver<Message>, numbers: &Numbers) -> bool {
    let mut replies: Vec<Reply> = Vec::new();
    let mut open = true;
    let mut next = Some(first);
    while let Some(message) = next {
        match message {
            Message::Work(act) => {
                let reply = act(Ok(db));
                if db.is_unflushed() { replies.push(reply) } else { reply(None) }
            }
            Message::Reserve => {}
            Message::Close => {
                open = false;
                break;
            }
        }
        next = if replies.len() < SHARED_FLUSH { messages.try_recv().ok() } else { None };
    }
    if numbers.are_low() {
        warn_of(numbers.reserve(db));
    }
    let failed = db.flush().err();
    for reply in replies {
        reply(failed.clone());
    }
    open
}

fn warn_of(result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::error!(%error, "the numbers of events could not be kept");
    }
}

/// The numbers of events. Most events are not kept, so that numbers are reserved in blocks: after a kill the rest
/// of a block is never used, and no number comes twice.
#[derive(Debug)]
pub(super) struct Numbers {
    next: AtomicU64,
    /// The first number that is not reserved.
    end: AtomicU64,
}

/// Half of it lasts for many minutes of the busiest engine, and the double of a browser's numbers for millions of
/// restarts.
const BLOCK: u64 = 1 << 24;

impl Numbers {
    /// Goes on behind the last block.
    pub(super) fn open(opened: &Opened) -> Result<Self, StoreError> {
        let bytes = opened.tree.get(Self::key().bytes())?;
        let next = bytes.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(1, u64::from_le_bytes);
        let numbers = Self { next: AtomicU64::new(next), end: AtomicU64::new(next) };
        let file = opened.file.try_clone().map_err(sled::Error::from)?;
        let db = Db::new(opened.tree.clone(), file);
        numbers.reserve(&db)?;
        db.flush()?;
        Ok(numbers)
    }

    fn key() -> Key {
        Key::of("meta").last("numbers")
    }

    /// The next number, and whether the thread should be told to reserve more.
    pub(super) fn next(&self) -> (u64, bool) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number, number.is_multiple_of(4096) && self.are_low())
    }

    /// The last number that was given; 0 where none was.
    pub(super) fn last(&self) -> u64 {
        self.next.load(Ordering::Relaxed).saturating_sub(1)
    }

    fn are_low(&self) -> bool {
        let left = self.end.load(Ordering::Relaxed).saturating_sub(self.next.load(Ordering::Relaxed));
        left < BLOCK / 2
    }

    fn write(&self, db: &Db, end: u64) -> Result<(), StoreError> {
        let mut writes = Writes::default();
        writes.put_raw(&Self::key(), &end.to_le_bytes());
        db.apply(writes)?;
        db.flush()?;
        self.end.store(end, Ordering::Relaxed);
        Ok(())
    }

    fn reserve(&self, db: &Db) -> Result<(), StoreError> {
        self.write(db, self.next.load(Ordering::Relaxed) + BLOCK)
    }

    /// What was reserved and not used, when nobody can take a number any more.
    fn give_back(&self, db: &Db) -> Result<(), StoreError> {
        self.write(db, self.next.load(Ordering::Relaxed))
    }
}
