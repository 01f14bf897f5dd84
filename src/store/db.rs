//! Reading and writing as the store's own thread does it.
//!
//! Everything lies in one tree, so that whatever belongs together is one batch, and a batch is either there whole
//! after a crash or not at all. Nobody else writes, so what was read stays true until the batch is applied.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Bound;

use super::StoreError;
use super::keys::Key;
use super::record::{Record, decode, encode};

/// The open state.
#[derive(Debug)]
pub(super) struct Db {
    tree: sled::Db,
    /// Sled's own file. Its flush hands the bytes to the disk but not the file's new length, so that a loss of power
    /// could still take them.
    file: File,
    unflushed: Cell<bool>,
    applied: Cell<u64>,
    failed: Cell<bool>,
}

/// Where a range begins or ends, and which way it goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// Smallest key first.
    Up,
    /// Largest key first.
    Down,
}

impl Db {
    pub(super) fn new(tree: sled::Db, file: File) -> Self {
        Self { tree, file, unflushed: Cell::new(false), applied: Cell::new(0), failed: Cell::new(false) }
    }

    /// The bytes under a key.
    pub(super) fn raw(&self, key: &Key) -> Result<Option<sled::IVec>, StoreError> {
        Ok(self.tree.get(key.bytes()).inspect_err(|_| self.failed.set(true))?)
    }

    /// Whether there is something under a key.
    pub(super) fn has(&self, key: &Key) -> Result<bool, StoreError> {
        Ok(self.tree.contains_key(key.bytes()).inspect_err(|_| self.failed.set(true))?)
    }

    /// The record under a key.
    pub(super) fn get<R: Record>(&self, key: &Key) -> Result<Option<R>, StoreError> {
        self.raw(key)?.map(|bytes| decode(key.bytes(), &bytes)).transpose()
    }

    /// All keys and values that begin with `prefix`, lazily.
    pub(super) fn scan(&self, prefix: &Key, order: Order) -> impl Iterator<Item = Result<Pair, StoreError>> + use<> {
        self.scan_from(prefix, None, order)
    }

    /// The same, going on behind the last part `after`, in the order's direction.
    pub(super) fn scan_from(
        &self,
        prefix: &Key,
        after: Option<&[u8]>,
        order: Order,
    ) -> impl Iterator<Item = Result<Pair, StoreError>> + use<> {
        let begin = prefix.bytes().to_vec();
        let end = past(&begin);
        let at = after.map(|after| [prefix.bytes(), after].concat());
        let range = match (order, at) {
            (_, None) => (Bound::Included(begin), end),
            (Order::Up, Some(at)) => (Bound::Excluded(at), end),
            (Order::Down, Some(at)) => (Bound::Included(begin), Bound::Excluded(at)),
        };
        let mut range = self.tree.range(range);
        let head = prefix.bytes().len();
        std::iter::from_fn(move || {
            let next = match order {
                Order::Up => range.next(),
                Order::Down => range.next_back(),
            };
            next.map(|pair| pair.map(|(key, value)| Pair { key, value, head }).map_err(StoreError::from))
        })
    }

    /// The records that begin with `prefix`. A damaged one is told of in the log and left out, so that it hides no
    /// other.
    pub(super) fn records<R: Record>(
        &self,
        prefix: &Key,
        after: Option<&[u8]>,
        order: Order,
    ) -> impl Iterator<Item = Result<R, StoreError>> + use<R> {
        self.scan_from(prefix, after, order).filter_map(|pair| match pair {
            Ok(pair) => readable(decode(&pair.key, &pair.value)),
            Err(error) => Some(Err(error)),
        })
    }

    /// How many of a kind there are, as counted by [`Writes::count`].
    pub(super) fn counted(&self, what: &'static str) -> Result<u64, StoreError> {
        let bytes = self.raw(&Key::of("count").last(what))?;
        Ok(bytes.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_le_bytes))
    }

    /// Applies all of it as one.
    pub(super) fn apply(&self, writes: Writes) -> Result<(), StoreError> {
        let Writes { mut batch, counts, any } = writes;
        for (what, change) in counts.into_iter().filter(|(_, change)| *change != 0) {
            let count = self.counted(what)?.saturating_add_signed(change);
            batch.insert(Key::of("count").last(what).bytes(), &count.to_le_bytes());
        }
        if any {
            // Set first: a batch that failed half way may still have left something to flush.
            self.unflushed.set(true);
            self.applied.set(self.applied.get() + 1);
            self.tree.apply_batch(batch).inspect_err(|_| self.failed.set(true))?;
        }
        Ok(())
    }

    /// How many batches were applied since it was opened.
    pub(super) fn applied(&self) -> u64 {
        self.applied.get()
    }

    /// Whether it failed, as by a write on a full disk: sled then refuses all that comes after, also what could be done.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.get()
    }

    /// Whether something was written since the last [`flush`](Self::flush).
    pub(super) fn is_unflushed(&self) -> bool {
        self.unflushed.get()
    }

    /// Returns when all that was written is on the disk.
    pub(super) fn flush(&self) -> Result<(), sled::Error> {
        if !self.unflushed.get() {
            return Ok(());
        }
        let flushed = self.tree.flush().and_then(|_| Ok(self.file.sync_data()?));
        self.unflushed.set(false);
        flushed.inspect_err(|_| self.failed.set(true))
    }
}

/// A record that can be read, or an error that concerns more than one record.
pub(super) fn readable<R>(read: Result<R, StoreError>) -> Option<Result<R, StoreError>> {
    match read {
        Err(StoreError::Damaged { what, key, why }) => {
            tracing::warn!(what, key, why, "a damaged record is left out");
            None
        }
        other => Some(other),
    }
}

/// Past everything that begins with `prefix`.
fn past(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Pair {
    key: sled::IVec,
    /// What is kept there.
    pub(super) value: sled::IVec,
    head: usize,
}

impl Pair {
    /// The whole key.
    pub(super) fn key(&self) -> Key {
        Key::from_bytes(&self.key)
    }

    /// The key behind the prefix that was asked for.
    pub(super) fn rest(&self) -> &[u8] {
        &self.key[self.head..]
    }
}

/// Writes that belong together.
#[derive(Debug, Default)]
pub(super) struct Writes {
    batch: sled::Batch,
    counts: BTreeMap<&'static str, i64>,
    any: bool,
}

impl Writes {
    /// Puts a record.
    pub(super) fn put<R: Record>(&mut self, key: &Key, record: &R) -> Result<(), StoreError> {
        self.put_raw(key, encode(record)?);
        Ok(())
    }

    /// Puts bytes.
    pub(super) fn put_raw(&mut self, key: &Key, bytes: impl Into<sled::IVec>) {
        self.batch.insert(key.bytes(), bytes);
        self.any = true;
    }

    /// Removes what is under a key.
    pub(super) fn remove(&mut self, key: &Key) {
        self.batch.remove(key.bytes());
        self.any = true;
    }

    /// Counts so many more, or fewer, of a kind.
    pub(super) fn count(&mut self, what: &'static str, change: i64) {
        *self.counts.entry(what).or_default() += change;
    }
}
