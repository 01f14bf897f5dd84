//! Reads what a book has stored, without its thread.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use futures_util::stream::{BoxStream, StreamExt};
use tokio::sync::mpsc;

use super::book::Row;
use crate::model::{DeploymentId, LogLine, LogQuery};

/// How much is read at once from the end of a file to find its last lines.
const CHUNK: u64 = 64 * 1024;

/// A log as it stood at a moment: its files, held open, so that putting one aside does not disturb the reading.
pub(super) struct Stored {
    deployment: DeploymentId,
    older: Option<File>,
    newer: Option<File>,
    last: u64,
}

impl Stored {
    /// The log at `path`, of which lines up to the cursor `last` count.
    pub(super) fn at(deployment: &DeploymentId, path: &Path, last: u64) -> Self {
        Self {
            deployment: deployment.clone(),
            older: File::open(path.with_extension("log.1")).ok(),
            newer: File::open(path).ok(),
            last,
        }
    }

    pub(super) fn last_cursor(&self) -> u64 {
        self.last
    }

    /// The next cursor, and of each source the last position in its instance's output.
    pub(super) fn end(mut self) -> (u64, BTreeMap<String, u64>) {
        let rows = self.last_rows(4096);
        let next = rows.last().map_or(1, |row| row.cursor() + 1);
        (next, rows.into_iter().filter_map(|row| Some((row.f, row.n?))).collect())
    }

    /// The lines that the query asks for, oldest first, read on a thread of their own.
    pub(super) fn lines(mut self, query: LogQuery) -> BoxStream<'static, LogLine> {
        let (sender, receiver) = mpsc::channel(256);
        tokio::task::spawn_blocking(move || {
            let deployment = self.deployment.clone();
            let first = match query.tail {
                Some(0) => return,
                Some(lines) => self.cursor_of_last(lines, query.step),
                None => 0,
            };
            let first = first.max(query.after.map_or(0, |after| after + 1));
            let last = self.last;
            let wanted = |row: &Row| {
                (first..=last).contains(&row.cursor()) && query.step.is_none_or(|step| row.step() == Some(step))
            };
            for row in self.rows().filter(wanted) {
                if sender.blocking_send(row.into_line(&deployment)).is_err() {
                    return;
                }
            }
        });
        futures_util::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|line| (line, receiver))
        })
        .boxed()
    }

    /// Every row, oldest first. A row that cannot be read (the end of a file after a crash) is left out.
    fn rows(&mut self) -> impl Iterator<Item = Row> + use<> {
        let files = [self.older.take(), self.newer.take()];
        files.into_iter().flatten().flat_map(|mut file| {
            let _ = file.rewind();
            BufReader::new(file).split(b'\n').map_while(Result::ok).filter_map(|row| serde_json::from_slice(&row).ok())
        })
    }

    /// The cursor from which on there are `lines` lines of the step.
    fn cursor_of_last(&mut self, lines: u64, step: Option<crate::model::StepName>) -> u64 {
        let wanted = usize::try_from(lines).unwrap_or(usize::MAX);
        let mut read = wanted.saturating_mul(2).max(64);
        loop {
            let rows = self.last_rows(read);
            let all = rows.len() < read;
            let mut matching =
                rows.iter().rev().filter(|row| step.is_none_or(|step| row.step() == Some(step))).map(Row::cursor);
            match matching.nth(wanted - 1) {
                Some(cursor) => return cursor,
                None if all => return 0,
                None => read = read.saturating_mul(4),
            }
        }
    }

    /// The last `count` rows, or fewer where there are no more, oldest first.
    fn last_rows(&mut self, count: usize) -> Vec<Row> {
        let mut rows = self.newer.as_mut().map_or_else(Vec::new, |file| last_rows(file, count));
        if rows.len() < count
            && let Some(older) = &mut self.older
        {
            let mut all = last_rows(older, count - rows.len());
            all.append(&mut rows);
            return all;
        }
        rows
    }
}

fn last_rows(file: &mut File, count: usize) -> Vec<Row> {
    let Ok(mut start) = file.seek(SeekFrom::End(0)) else { return Vec::new() };
    let mut tail: Vec<u8> = Vec::new();
    let ends = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count() - 1;
    while start > 0 && ends(&tail) <= count {
        let step = CHUNK.max(tail.len() as u64).min(start);
        start -= step;
        let mut chunk = vec![0; usize::try_from(step).unwrap_or_default()];
        if file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut chunk)).is_err() {
            break;
        }
        chunk.append(&mut tail);
        tail = chunk;
    }
    let rows: Vec<Row> = tail.split(|byte| *byte == b'\n').filter_map(|row| serde_json::from_slice(row).ok()).collect();
    let skip = rows.len().saturating_sub(count);
    rows.into_iter().skip(skip).collect()
}
