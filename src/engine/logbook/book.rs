//! One deployment's file pair: the one written to, and the full one before it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use super::NewLine;
use super::reader::Stored;
use crate::model::{DeploymentId, LogLine, LogStream, StepName, Timestamp};

/// A file is put aside at this size and begun anew; the one before it goes. Twice this is a log's bound.
const FULL: u64 = 16 * 1024 * 1024;
/// Lines that a slow follower may be behind before it reads on from the file.
const FOLLOW: usize = 1024;
/// Files that are kept open at once.
const OPEN_BOOKS: usize = 256;

/// A line as it stands in the file: short keys, since they stand on every line.
#[derive(Serialize, Deserialize)]
pub(super) struct Row {
    c: u64,
    t: u64,
    s: LogStream,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<StepName>,
    pub(super) f: String,
    x: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) n: Option<u64>,
}

impl Row {
    fn new(cursor: u64, line: NewLine) -> Self {
        let NewLine { at, source, step, stream, text, position } = line;
        Self { c: cursor, t: at.as_millis(), s: stream, p: step, f: source, x: text, n: position }
    }

    pub(super) fn cursor(&self) -> u64 {
        self.c
    }

    pub(super) fn step(&self) -> Option<StepName> {
        self.p
    }

    pub(super) fn into_line(self, deployment: &DeploymentId) -> LogLine {
        LogLine {
            cursor: self.c,
            at: Timestamp::from_millis(self.t),
            deployment: deployment.clone(),
            source: self.f,
            step: self.p,
            stream: self.s,
            text: self.x,
        }
    }
}

/// All books that are open.
pub(super) struct Books {
    folder: PathBuf,
    open: HashMap<DeploymentId, Book>,
    dirty: HashSet<DeploymentId>,
}

impl Books {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, open: HashMap::new(), dirty: HashSet::new() }
    }

    /// The deployment's book, opened where it is not.
    pub(super) fn of(&mut self, deployment: &DeploymentId) -> &mut Book {
        if !self.open.contains_key(deployment) {
            if self.open.len() >= OPEN_BOOKS {
                self.open.retain(|_, book| book.followers.receiver_count() > 0);
            }
            self.open.insert(deployment.clone(), Book::open_at(&self.folder, deployment));
        }
        if !self.dirty.contains(deployment) {
            self.dirty.insert(deployment.clone());
        }
        self.open.get_mut(deployment).unwrap_or_else(|| unreachable!("it was just put there"))
    }

    pub(super) fn flush(&mut self) {
        for deployment in self.dirty.drain() {
            if let Some(book) = self.open.get_mut(&deployment) {
                book.flush();
            }
        }
    }

    /// Ends all who follow; what is written is flushed as the book is dropped.
    pub(super) fn close(&mut self, deployment: &DeploymentId) {
        self.open.remove(deployment);
    }

    pub(super) fn remove(&mut self, deployment: &DeploymentId) {
        self.open.remove(deployment);
        for ending in ["log", "log.1", "inspect.json"] {
            let _ = fs::remove_file(self.folder.join(format!("{deployment}.{ending}")));
        }
    }
}

/// One deployment's log.
pub(super) struct Book {
    deployment: DeploymentId,
    path: PathBuf,
    file: Option<BufWriter<File>>,
    size: u64,
    next: u64,
    /// By source.
    positions: BTreeMap<String, u64>,
    followers: broadcast::Sender<Arc<LogLine>>,
}

impl Book {
    fn open_at(folder: &Path, deployment: &DeploymentId) -> Self {
        let path = folder.join(format!("{deployment}.log"));
        let (next, positions) = Stored::at(deployment, &path, u64::MAX).end();
        let mut book = Self {
            deployment: deployment.clone(),
            path,
            file: None,
            size: 0,
            next,
            positions,
            followers: broadcast::channel(FOLLOW).0,
        };
        book.open_file();
        book
    }

    /// A full disk must not end an app or a deployment: a line that cannot be written still reaches who follows.
    fn open_file(&mut self) {
        match open_whole(&self.path) {
            Ok((size, file)) => {
                self.size = size;
                self.file = Some(BufWriter::new(file));
            }
            Err(error) => tracing::warn!(path = %self.path.display(), %error, "a log cannot be written"),
        }
    }

    pub(super) fn write(&mut self, line: NewLine) {
        if let Some(position) = line.position {
            self.positions.insert(line.source.clone(), position);
        }
        let row = Row::new(self.next, line);
        self.next += 1;
        if let Err(error) = self.append(&row) {
            tracing::warn!(path = %self.path.display(), %error, "a log line was not kept");
        }
        // Nobody follows: no error.
        let _ = self.followers.send(Arc::new(row.into_line(&self.deployment)));
    }

    fn append(&mut self, row: &Row) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut text = serde_json::to_vec(row)?;
        text.push(b'\n');
        file.write_all(&text)?;
        self.size += text.len() as u64;
        if self.size >= FULL {
            file.flush()?;
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
            self.open_file();
        }
        Ok(())
    }

    fn flush(&mut self) {
        if let Some(file) = &mut self.file
            && let Err(error) = file.flush()
        {
            tracing::warn!(path = %self.path.display(), %error, "a log cannot be written");
        }
    }

    /// What is stored up to now, and what comes after it.
    pub(super) fn open(&mut self) -> (Stored, broadcast::Receiver<Arc<LogLine>>) {
        self.flush();
        (Stored::at(&self.deployment, &self.path, self.next - 1), self.followers.subscribe())
    }

    pub(super) fn position(&self, source: &str) -> Option<u64> {
        self.positions.get(source).copied()
    }
}

/// Opens a file to append to, with its size. A last line that a crash tore is ended, so that the next stands alone.
fn open_whole(path: &Path) -> io::Result<(u64, File)> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    let mut size = file.metadata()?.len();
    if size > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
            size += 1;
        }
    }
    Ok((size, file))
}
