//! A snapshot as the tar that a builder reads.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::Stream;
use tar::{EntryType, Header};
use tokio::sync::mpsc;

use super::unpack::open;
use super::{ArchiveError, Cancel, blocking};
use crate::model::dockerignore::Ignore;

/// How much is handed over at once, and how many such parts wait at most.
const PART: usize = 64 << 10;
const PARTS: usize = 8;

/// The time of files that lie over a snapshot: any, but always the same, and after 1980 for the sake of zip files.
const OVERLAY_TIME: u64 = 946_684_800;

/// What a builder is to see: a folder of a snapshot, and files that lie over it.
#[derive(Clone, Debug)]
pub struct BuildContext {
    /// The snapshot.
    pub archive: PathBuf,
    /// The folder of it that becomes the root; empty or `.` for all.
    pub folder: String,
    /// Files over those of the snapshot: their path below `folder`, and their content.
    pub overlay: Vec<(String, Vec<u8>)>,
    /// What stays out; paths are those below `folder`.
    pub ignore: Ignore,
    /// Paths below `folder` that go in whatever `ignore` says: the Dockerfile.
    pub keep: Vec<String>,
}

impl BuildContext {
    /// The tar, made while it is read; at most half a megabyte of it waits in memory. An error of the snapshot comes
    /// out as the stream's last item.
    pub fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let (sender, receiver) = mpsc::channel(PARTS);
        tokio::task::spawn_blocking(move || {
            let mut tar = tar::Builder::new(Parts { buffer: Vec::with_capacity(PART), sender: sender.clone() });
            let written = self.write(&mut tar).and_then(|()| tar.into_inner()?.flush());
            if let Err(error) = written {
                // Where nobody reads any more nobody needs the error.
                let _ = sender.blocking_send(Err(error));
            }
        });
        futures_util::stream::unfold(receiver, |mut receiver| async move {
            let part = receiver.recv().await?;
            Some((part, receiver))
        })
    }

    fn write(&self, tar: &mut tar::Builder<Parts>) -> io::Result<()> {
        let mut reader = open(&self.archive).map_err(io::Error::other)?;
        let over: BTreeSet<&Path> = self.overlay.iter().map(|(path, _)| Path::new(path)).collect();
        let mut found = is_root(&self.folder);
        for entry in reader.entries()? {
            let mut entry = entry?;
            let name = PathBuf::from(OsStr::from_bytes(&entry.path_bytes()));
            let Some(path) = below(&name, &self.folder) else { continue };
            found = true;
            if path == Path::new("") || over.contains(path) || self.is_out(path, entry.header().entry_type()) {
                continue;
            }
            let mut header = entry.header().clone();
            match entry.link_name_bytes().map(|aim| PathBuf::from(OsStr::from_bytes(&aim))) {
                Some(aim) => tar.append_link(&mut header, path, aim)?,
                None => tar.append_data(&mut header, path, &mut entry)?,
            }
        }
        if !found && self.overlay.is_empty() {
            return Err(io::Error::other(format!("the folder {} is not in the snapshot", self.folder)));
        }
        for (path, content) in &self.overlay {
            let mut header = Header::new_gnu();
            header.set_mode(0o644);
            header.set_mtime(OVERLAY_TIME);
            header.set_uid(0);
            header.set_gid(0);
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, path, content.as_slice())?;
        }
        Ok(())
    }

    /// A folder that stays out stays in as an empty one where something below it may come in again.
    fn is_out(&self, path: &Path, kind: EntryType) -> bool {
        let text = path.to_string_lossy();
        let kept = |kept: &String| *kept == text || (kind.is_dir() && Path::new(kept).starts_with(path));
        self.ignore.is_ignored(&text)
            && !self.keep.iter().any(kept)
            && !(kind.is_dir() && self.ignore.may_keep_below(&text))
    }
}

/// The content of one file of a snapshot; nothing where it is not there, is no file, or has more than `max` bytes.
pub async fn read_entry(archive: &Path, path: &str, max: u64) -> Result<Option<Vec<u8>>, ArchiveError> {
    let (archive, wanted) = (archive.to_owned(), PathBuf::from(path));
    blocking(move |cancel| read_entry_now(&archive, &wanted, max, cancel)).await
}

fn read_entry_now(archive: &Path, wanted: &Path, max: u64, cancel: &Cancel) -> Result<Option<Vec<u8>>, ArchiveError> {
    let damaged = |error: io::Error| ArchiveError::damaged(archive, error.to_string());
    let mut reader = open(archive)?;
    for entry in reader.entries().map_err(damaged)? {
        cancel.check()?;
        let mut entry = entry.map_err(damaged)?;
        let name = PathBuf::from(OsStr::from_bytes(&entry.path_bytes()));
        if name > wanted {
            // A snapshot's entries are in order.
            return Ok(None);
        }
        if name != wanted {
            continue;
        }
        if !entry.header().entry_type().is_file() || entry.size() > max {
            return Ok(None);
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(damaged)?;
        return Ok(Some(content));
    }
    Ok(None)
}

fn is_root(folder: &str) -> bool {
    folder.is_empty() || folder == "."
}

/// The path as it is seen from `folder`, or nothing where it is not below it.
fn below<'a>(path: &'a Path, folder: &str) -> Option<&'a Path> {
    if is_root(folder) { Some(path) } else { path.strip_prefix(folder).ok() }
}

/// Hands what is written over to the stream, part by part.
struct Parts {
    buffer: Vec<u8>,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

impl Write for Parts {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = data.len().min(PART - self.buffer.len());
        self.buffer.extend_from_slice(&data[..taken]);
        if self.buffer.len() == PART {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let part = std::mem::replace(&mut self.buffer, Vec::with_capacity(PART));
        self.sender.blocking_send(Ok(part.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
