//! The state: the only user of sled and bincode.
//!
//! One thread owns sled. A [`Store`] is a handle that sends work to it and waits for the answer. What is written
//! together is one batch: after a crash it is there whole, or not at all. Every write is on the disk when its
//! method returns; writes that wait at the same time share one flush.
//!
//! A method whose future is dropped may still have done its work.
//!
//! *Architecture invariant:* records carry the version of their shape (`record.rs`), and every index is written in
//! the same batch as the record it leads to.

mod cache;
mod consent;
mod db;
mod deployments;
mod error;
mod events;
mod folder;
mod jobs;
mod keys;
mod older;
mod ports;
mod projects;
mod record;
mod releases;
mod secrets;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod tests;
mod users;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};

use crate::model::{Problem, Timestamp};

use self::db::Db;
use self::worker::{Message, Numbers};

pub use self::cache::CacheKind;
pub use self::error::StoreError;
pub use self::events::EVENTS_KEPT;
pub use self::jobs::JOBS_KEPT;

/// A handle to the state; cheap to clone. The state closes when the last one is dropped, or with
/// [`close`](Self::close).
#[derive(Clone, Debug)]
pub struct Store {
    messages: mpsc::Sender<Message>,
    numbers: Arc<Numbers>,
    notice: Option<Arc<Problem>>,
    alive: watch::Receiver<()>,
}

impl Store {
    /// Opens the state in a data folder, which is there and private (`os::paths::private_dir`).
    ///
    /// A state that cannot be made sense of is moved aside to `state.corrupt-TIME`, a fresh one is begun, and
    /// [`notice`](Self::notice) says so. One of a newer Wharf is refused and not touched; so is one that another
    /// engine has open.
    pub async fn open(data_dir: &Path, at: Timestamp) -> Result<Self, StoreError> {
        let data_dir = data_dir.to_path_buf();
        let (ready, opened) = oneshot::channel();
        let (messages, inbox) = mpsc::channel(worker::QUEUE);
        let (alive_sender, alive) = watch::channel(());
        let serve = move || {
            let start = || -> Result<_, StoreError> {
                let opened = folder::open(&data_dir, at)?;
                let numbers = Arc::new(Numbers::open(&opened)?);
                Ok((opened, numbers))
            };
            match start() {
                Err(error) => drop(ready.send(Err(error))),
                Ok((opened, numbers)) => {
                    if ready.send(Ok((Arc::clone(&numbers), opened.notice.clone().map(Arc::new)))).is_ok() {
                        worker::serve(opened, inbox, &numbers, alive_sender);
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("store".to_owned()).spawn(serve);
        thread.map_err(|error| StoreError::Internal(format!("its thread could not be started: {error}")))?;
        let (numbers, notice) = opened.await.map_err(|_| StoreError::Closed)??;
        Ok(Self { messages, numbers, notice, alive })
    }

    /// What the operator should know about how the state was opened: that an unreadable one was kept aside.
    #[must_use]
    pub fn notice(&self) -> Option<&Problem> {
        self.notice.as_deref()
    }

    /// Finishes what was asked for so far, closes the state and returns when another may open it. What is asked for
    /// later, through any handle, gets [`StoreError::Closed`].
    pub async fn close(&self) {
        // Where nobody listens any more it is closed already.
        let _ = self.messages.send(Message::Close).await;
        let mut alive = self.alive.clone();
        while alive.changed().await.is_ok() {}
    }

    /// Has the store's thread do `act`.
    async fn run<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Db) -> Result<T, StoreError> + Send + 'static,
    {
        let (message, answer) = worker::work(act);
        self.messages.send(message).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}
