//! Keeps what builds, steps and apps print, one bounded file pair a deployment, and tells who follows.
//!
//! One thread writes. Lines of running apps wait for it (their pipe slows down, nothing is lost); lines that steps
//! report never wait: past the bound they are counted, and the count is written in their place.

mod book;
mod reader;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::{broadcast, mpsc, oneshot};

use book::Books;
use reader::Stored;

use crate::model::{DeploymentId, LogLine, LogQuery, LogStream, StepName, Timestamp};

/// Lines that wait to be written.
const BACKLOG: usize = 16_384;
/// Longer lines are cut, in characters.
const LONGEST: usize = 16 * 1024;

/// A line to be written.
#[derive(Clone, Debug)]
pub(super) struct NewLine {
    /// When it was printed.
    pub at: Timestamp,
    /// The app's or the service's name.
    pub source: String,
    /// The step that printed it.
    pub step: Option<StepName>,
    /// Where it came from.
    pub stream: LogStream,
    /// The line without its end, secrets redacted.
    pub text: String,
    /// For the output of an instance: where in it to go on after this line.
    pub position: Option<u64>,
}

enum Order {
    Write(DeploymentId, NewLine),
    Open(DeploymentId, oneshot::Sender<(Stored, broadcast::Receiver<Arc<LogLine>>)>),
    Position(DeploymentId, String, oneshot::Sender<Option<u64>>),
    Close(DeploymentId),
    Remove(DeploymentId),
}

/// A handle to the thread that writes.
#[derive(Clone, Debug)]
pub(super) struct Logbook {
    orders: mpsc::Sender<Order>,
    lost: Arc<AtomicU64>,
    folder: Arc<PathBuf>,
}

impl Logbook {
    /// Begins to write below `folder`, which is there.
    pub(super) fn open(folder: &Path) -> std::io::Result<Self> {
        let (orders, receiver) = mpsc::channel(BACKLOG);
        let lost = Arc::new(AtomicU64::new(0));
        let books = Books::new(folder.to_owned());
        let counter = Arc::clone(&lost);
        std::thread::Builder::new().name("logbook".into()).spawn(move || write_all(receiver, books, &counter))?;
        Ok(Self { orders, lost, folder: Arc::new(folder.to_owned()) })
    }

    /// Writes a line as soon as there is room; waits for it.
    pub(super) async fn write(&self, deployment: &DeploymentId, line: NewLine) {
        // The thread ends only with the last handle.
        let _ = self.orders.send(Order::Write(deployment.clone(), cut(line))).await;
    }

    /// Writes a line if there is room; counts it as lost otherwise.
    pub(super) fn try_write(&self, deployment: &DeploymentId, line: NewLine) {
        if self.orders.try_send(Order::Write(deployment.clone(), cut(line))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The lines that the query asks for; with `follow` new ones as they come, until the deployment's log is closed.
    pub(super) async fn read(&self, deployment: &DeploymentId, query: LogQuery) -> BoxStream<'static, LogLine> {
        let (answer, stored) = oneshot::channel();
        if self.orders.send(Order::Open(deployment.clone(), answer)).await.is_err() {
            return stream::empty().boxed();
        }
        let Ok((stored, live)) = stored.await else { return stream::empty().boxed() };
        let last = stored.last_cursor();
        let past = stored.lines(query);
        if !query.follow {
            return past;
        }
        past.chain(self.follow(deployment.clone(), query, last, live)).boxed()
    }

    /// Where to go on in the output of a source's instance: the position of its last line that was kept.
    pub(super) async fn position(&self, deployment: &DeploymentId, source: &str) -> Option<u64> {
        let (answer, position) = oneshot::channel();
        self.orders.send(Order::Position(deployment.clone(), source.to_owned(), answer)).await.ok()?;
        position.await.ok().flatten()
    }

    /// The last lines of a step, oldest first.
    pub(super) async fn tail(&self, deployment: &DeploymentId, step: Option<StepName>, lines: u64) -> Vec<LogLine> {
        self.read(deployment, LogQuery { tail: Some(lines), step, ..LogQuery::default() }).await.collect().await
    }

    /// Nothing more will come for now: those who follow come to the end.
    pub(super) async fn close(&self, deployment: &DeploymentId) {
        let _ = self.orders.send(Order::Close(deployment.clone())).await;
    }

    /// Removes a deployment's log.
    pub(super) async fn remove(&self, deployment: &DeploymentId) {
        let _ = self.orders.send(Order::Remove(deployment.clone())).await;
    }

    /// Where a file that belongs to a deployment's log lies: its last inspection, the health answer.
    pub(super) fn beside(&self, deployment: &DeploymentId, name: &str) -> PathBuf {
        self.folder.join(format!("{deployment}.{name}"))
    }

    fn follow(
        &self,
        deployment: DeploymentId,
        query: LogQuery,
        last: u64,
        lines: broadcast::Receiver<Arc<LogLine>>,
    ) -> BoxStream<'static, LogLine> {
        let begin = (self.clone(), deployment, lines, last);
        let wanted = move |line: &LogLine| query.step.is_none_or(|step| line.step == Some(step));
        stream::unfold(begin, move |(book, deployment, mut coming, last)| async move {
            loop {
                match coming.recv().await {
                    Ok(line) if line.cursor > last => {
                        let cursor = line.cursor;
                        return Some((vec![(*line).clone()], (book, deployment, coming, cursor)));
                    }
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        let query = LogQuery { after: Some(last), ..LogQuery::default() };
                        let (answer, stored) = oneshot::channel();
                        book.orders.send(Order::Open(deployment.clone(), answer)).await.ok()?;
                        let (stored, coming) = stored.await.ok()?;
                        let lines: Vec<LogLine> = stored.lines(query).collect().await;
                        let last = lines.last().map_or(last, |line| line.cursor);
                        return Some((lines, (book, deployment, coming, last)));
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        })
        .flat_map(stream::iter)
        .filter(move |line| std::future::ready(wanted(line)))
        .boxed()
    }
}

fn cut(mut line: NewLine) -> NewLine {
    if let Some((end, _)) = line.text.char_indices().nth(LONGEST) {
        line.text.truncate(end);
        line.text.push('…');
    }
    line
}

fn write_all(mut orders: mpsc::Receiver<Order>, mut books: Books, lost: &AtomicU64) {
    while let Some(order) = orders.blocking_recv() {
        match order {
            Order::Write(deployment, line) => {
                let book = books.of(&deployment);
                let missing = lost.swap(0, Ordering::Relaxed);
                if missing > 0 {
                    book.write(lost_line(&line, missing));
                }
                book.write(line);
                if orders.is_empty() {
                    books.flush();
                }
            }
            Order::Open(deployment, answer) => {
                let _ = answer.send(books.of(&deployment).open());
            }
            Order::Position(deployment, source, answer) => {
                let _ = answer.send(books.of(&deployment).position(&source));
            }
            Order::Close(deployment) => books.close(&deployment),
            Order::Remove(deployment) => books.remove(&deployment),
        }
    }
    books.flush();
}

fn lost_line(before: &NewLine, missing: u64) -> NewLine {
    NewLine {
        text: format!("… {missing} lines came too fast and were not kept"),
        stream: LogStream::Wharf,
        position: None,
        ..before.clone()
    }
}

#[cfg(test)]
mod tests;
