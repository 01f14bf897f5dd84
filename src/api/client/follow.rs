//! Streams that keep themselves connected: what the control center and the commands show live.

use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

use super::{Client, StreamEnd};
use crate::model::{DeploymentId, Event, LogLine, LogQuery, Problem, Snapshot};

/// What a client that follows the engine is told.
#[derive(Clone, Debug)]
pub enum Update {
    /// Everything anew: forget what was.
    Snapshot(Box<Snapshot>),
    /// The next thing that happened.
    Event(Box<Event>),
    /// The engine does not answer for now; a snapshot follows when it does again.
    Lost(Problem),
}

/// How many things wait for a slow reader before the engine is made to wait, which then closes with a gap.
const BUFFER: usize = 256;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// A snapshot, then every event from there without a gap. Where events are missing a new snapshot comes; while no
/// engine answers it goes on trying, and never starts one. Dropping the stream ends it.
#[must_use]
pub fn follow(client: Client) -> BoxStream<'static, Update> {
    let (sender, receiver) = mpsc::channel(BUFFER);
    tokio::spawn(async move {
        let mut pause = FIRST_PAUSE;
        loop {
            match follow_once(&client, &sender, &mut pause).await {
                Followed::Unwanted => return,
                Followed::Gap => {}
                Followed::Lost(problem) => {
                    if pause == FIRST_PAUSE && sender.send(Update::Lost(problem)).await.is_err() {
                        return;
                    }
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = sender.closed() => return,
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    });
    receiver_stream(receiver)
}

enum Followed {
    Unwanted,
    Gap,
    Lost(Problem),
}

async fn follow_once(client: &Client, sender: &mpsc::Sender<Update>, pause: &mut Duration) -> Followed {
    let begun = async {
        // Another engine may have come in the meantime.
        super::handshake::greet(&client.transport).await?;
        let snapshot = client.snapshot().await?;
        let events = client.events(Some(snapshot.seq)).await?;
        Ok((snapshot, events))
    };
    let (snapshot, mut events) = match begun.await {
        Ok(begun) => begun,
        Err(problem) => return Followed::Lost(problem),
    };
    *pause = FIRST_PAUSE;
    if sender.send(Update::Snapshot(Box::new(snapshot))).await.is_err() {
        return Followed::Unwanted;
    }
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = sender.closed() => return Followed::Unwanted,
        };
        match event {
            Ok(event) => {
                if sender.send(Update::Event(Box::new(event))).await.is_err() {
                    return Followed::Unwanted;
                }
            }
            Err(StreamEnd::Gap) => return Followed::Gap,
            Err(StreamEnd::Complete) => return Followed::Lost(super::lost("the stream of events ended")),
            Err(StreamEnd::Lost(problem)) => return Followed::Lost(problem),
        }
    }
}

/// A deployment's output, resumed behind the last line that came where the connection breaks. A refusal (an unknown
/// deployment) is the only error, and the last thing. Dropping the stream ends it.
#[must_use]
pub fn follow_logs(
    client: Client,
    id: DeploymentId,
    mut query: LogQuery,
) -> BoxStream<'static, Result<LogLine, Problem>> {
    let (sender, receiver) = mpsc::channel(BUFFER);
    tokio::spawn(async move {
        let mut pause = FIRST_PAUSE;
        loop {
            let problem = match client.logs(&id, &query).await {
                Ok(mut lines) => loop {
                    let line = tokio::select! {
                        line = lines.next() => line,
                        () = sender.closed() => return,
                    };
                    match line {
                        Ok(line) => {
                            pause = FIRST_PAUSE;
                            query.after = Some(line.cursor);
                            query.tail = None;
                            if sender.send(Ok(line)).await.is_err() {
                                return;
                            }
                        }
                        Err(StreamEnd::Complete) => return,
                        Err(StreamEnd::Gap) => break None,
                        Err(StreamEnd::Lost(problem)) => break Some(problem),
                    }
                },
                Err(problem) => Some(problem),
            };
            let comes_back =
                |problem: &Problem| [super::LOST, super::NOT_RUNNING, super::STOPPED].contains(&problem.cause.as_str());
            match problem {
                None => {}
                Some(problem) if query.follow && comes_back(&problem) => {
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = sender.closed() => return,
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Some(problem) => {
                    // Nobody left to tell is no matter: the stream ends either way.
                    let _ = sender.send(Err(problem)).await;
                    return;
                }
            }
        }
    });
    receiver_stream(receiver)
}

fn receiver_stream<T: Send + 'static>(receiver: mpsc::Receiver<T>) -> BoxStream<'static, T> {
    stream::unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|item| (item, receiver)) }).boxed()
}
