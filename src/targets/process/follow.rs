//! What is told of an instance as it comes: the lines of its log, the changes of its state.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt as _};

use super::instances::{Instances, Notices};
use super::journal::Reader;
use super::protocol::{Notice, Request};
use super::{blocking, error};
use crate::targets::{OutputLine, TargetError};

/// How many lines of output are read at once.
const BATCH: usize = 512;

/// The lines of a log, and then new ones for as long as the supervisor tells of them.
pub(super) fn lines(reader: Reader, notices: Option<Notices>) -> BoxStream<'static, Result<OutputLine, TargetError>> {
    let follow = Follow { reader: Some(reader), notices };
    let batches = stream::unfold(follow, |mut follow| async move { follow.next().await.map(|batch| (batch, follow)) });
    batches.flat_map(|batch| stream::iter(each(batch))).boxed()
}

/// Reads the log of an instance as it grows.
struct Follow {
    reader: Option<Reader>,
    notices: Option<Notices>,
}

impl Follow {
    async fn next(&mut self) -> Option<Result<Vec<OutputLine>, TargetError>> {
        loop {
            let mut reader = self.reader.take()?;
            let read = blocking(move || reader.next(BATCH).map(|lines| (reader, lines))).await;
            let lines = match read {
                Ok((reader, lines)) => {
                    self.reader = Some(reader);
                    lines
                }
                Err(why) => return Some(Err(error("read the log", &why))),
            };
            if !lines.is_empty() {
                return Some(Ok(lines));
            }
            match self.notices.as_mut()?.next().await {
                Some(Notice::Output(_) | Notice::State(_)) => {}
                // The supervisor has ended: what it wrote last is still to be read.
                None => self.notices = None,
            }
        }
    }
}

fn each(batch: Result<Vec<OutputLine>, TargetError>) -> Vec<Result<OutputLine, TargetError>> {
    match batch {
        Ok(lines) => lines.into_iter().map(Ok).collect(),
        Err(why) => vec![Err(why)],
    }
}

/// Tells of an instance's changes until its supervisor ends, and then settles it.
pub(super) async fn changes(instances: Arc<Instances>, id: String) {
    // An error means that nobody listens to the changes just now.
    let tell = || {
        let _ = instances.changes.send(id.clone());
    };
    while let Ok(Some(mut notices)) = instances.ask(&id, &Request::State).await {
        while notices.next().await.is_some() {
            tell();
        }
    }
    let _ = instances.state(&id).await;
    tell();
}
