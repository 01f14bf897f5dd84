//! A task that feeds a stream and ends when nobody reads it.

use std::future::Future;

use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use tokio::sync::mpsc;

use super::TargetError;

/// How many items wait at most for who reads them.
const WAITING: usize = 256;

/// Takes the items of a stream.
pub(super) struct Feed<T>(mpsc::Sender<Result<T, TargetError>>);

impl<T> Feed<T> {
    /// Hands an item over; waits while too many do.
    pub(super) async fn give(&self, item: T) {
        // Where nobody reads any more the whole task is dropped.
        let _ = self.0.send(Ok(item)).await;
    }
}

/// The stream of what `work` gives; an error of it is the last item. Dropping the stream drops the work.
pub(super) fn fed<T, F>(work: impl FnOnce(Feed<T>) -> F) -> BoxStream<'static, Result<T, TargetError>>
where
    T: Send + 'static,
    F: Future<Output = Result<(), TargetError>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING);
    let work = work(Feed(sender.clone()));
    tokio::spawn(async move {
        tokio::select! {
            () = sender.closed() => {}
            ended = work => if let Err(error) = ended {
                let _ = sender.send(Err(error)).await;
            }
        }
    });
    unfold(receiver, |mut receiver| async move {
        let item = receiver.recv().await?;
        Some((item, receiver))
    })
    .boxed()
}
