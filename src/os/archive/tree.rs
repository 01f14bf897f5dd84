//! An archive that somebody gave (`.tar`, `.tar.gz`, `.tar.zst`, `.zip`) as a [`FileTree`] in memory.
//!
//! Nothing is ever written. What a walk of a folder leaves out is left out here too; what leads out of the archive, or
//! is more than the bounds, becomes a warning, and what could be read stands.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use tar::EntryType;
use zip::ZipArchive;

use super::safe_parts;
use super::unpack::leads_out;
use crate::model::{FileTree, Problem, ProblemCode, ReadError, Warning};
use crate::os::ignores::{IGNORE_LIST, IGNORES, IgnoreList, NO_LIST};
use crate::os::tree::WRITTEN;
use crate::os::walk::NEVER_WALKED;

/// What reading an archive may take.
#[derive(Clone, Copy, Debug)]
pub struct ArchiveBounds {
    /// Entries looked at.
    pub entries: usize,
    /// Folders below each other.
    pub depth: usize,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes kept of all files.
    pub kept_bytes: u64,
    /// Bytes that it unpacks to …
    pub unpacked_bytes: u64,
    /// … and how many times its own size, beyond what any archive may unpack to.
    pub ratio: u64,
    /// Warnings kept.
    pub warnings: usize,
}

/// So much any archive may unpack to, however small it is.
const ANY: u64 = 64 << 20;

/// So much the names and attributes of one entry may take.
const HEADER: u64 = 1 << 20;

impl Default for ArchiveBounds {
    fn default() -> Self {
        Self {
            entries: 250_000,
            depth: 64,
            file_bytes: 16 << 20,
            kept_bytes: 64 << 20,
            unpacked_bytes: 1 << 30,
            ratio: 200,
            warnings: 50,
        }
    }
}

/// The files of an archive.
#[derive(Debug)]
pub struct ArchiveTree {
    name: String,
    paths: Vec<String>,
    files: BTreeMap<String, Content>,
    warnings: Vec<Warning>,
}

/// What is kept of a file.
#[derive(Clone, Debug)]
enum Content {
    Bytes(Arc<[u8]>),
    TooLarge(u64),
    NotKept(&'static str),
}

/// What an archive is, by its first bytes.
enum Format {
    Tar,
    Gzip,
    Zstd,
    Zip,
}

impl ArchiveTree {
    /// Whether a path has the name of an archive.
    #[must_use]
    pub fn is_archive(path: &Path) -> bool {
        stem(path).is_some()
    }

    /// Reads the archive. One that cannot be read at all is a problem; where it breaks later, what was read stands.
    pub fn open(path: &Path, bounds: ArchiveBounds) -> Result<Self, Problem> {
        // Looked at first: opening a pipe would wait for somebody who writes.
        if !std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_file() {
            return Err(no_archive(path, &io::Error::other("it is no file")));
        }
        let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let size = file.metadata().map_err(|error| unreadable(path, &error))?.len();
        let mut reading = Reading::new(bounds);
        let limit = bounds.unpacked_bytes.min(size.saturating_mul(bounds.ratio).max(ANY));
        let read = format(&mut file).and_then(|format| match format {
            Format::Zip => reading.zip(file, limit),
            Format::Tar => reading.tar(file, limit),
            Format::Gzip => reading.tar(MultiGzDecoder::new(BufReader::new(file)), limit),
            Format::Zstd => reading.tar(zstd::Decoder::new(file)?, limit),
        });
        if let Err(error) = read {
            if reading.entries == 0 {
                return Err(no_archive(path, &error));
            }
            reading.warn(".", format!("the archive was not read to its end: {error}"));
        }
        Ok(reading.finish(stem(path).unwrap_or_default()))
    }
}

impl FileTree for ArchiveTree {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match self.files.get(path) {
            Some(Content::Bytes(bytes)) => Ok(bytes.to_vec()),
            Some(Content::TooLarge(bytes)) => Err(ReadError::TooLarge { bytes: *bytes }),
            Some(Content::NotKept(why)) => Err(ReadError::Refused((*why).to_owned())),
            None => Err(ReadError::Missing),
        }
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }
}

/// What was read so far.
struct Reading {
    bounds: ArchiveBounds,
    entries: usize,
    kept: u64,
    unpacked: u64,
    files: BTreeMap<String, Content>,
    /// Links to other entries.
    links: Vec<(PathBuf, PathBuf)>,
    warnings: Vec<Warning>,
    untold: usize,
}

impl Reading {
    fn new(bounds: ArchiveBounds) -> Self {
        let (files, links, warnings) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { bounds, entries: 0, kept: 0, unpacked: 0, files, links, warnings, untold: 0 }
    }

    fn warn(&mut self, file: &str, says: impl Into<String>) {
        if self.warnings.len() < self.bounds.warnings {
            self.warnings.push(Warning { file: file.to_owned(), says: says.into() });
        } else {
            self.untold += 1;
        }
    }

    /// Counts an entry; none more may be looked at where the bound is reached.
    fn next(&mut self) -> io::Result<()> {
        self.entries += 1;
        if self.entries > self.bounds.entries {
            return Err(io::Error::other(format!("it holds more than {} entries", self.bounds.entries)));
        }
        Ok(())
    }

    /// The path of an entry below the archive, where it is to be looked at.
    fn place(&mut self, name: &[u8]) -> Option<PathBuf> {
        let shown = String::from_utf8_lossy(name).into_owned();
        let Ok(text) = std::str::from_utf8(name) else {
            self.warn(&shown, "its name is not UTF-8; it was left out");
            return None;
        };
        let Some(parts) = safe_parts(Path::new(text)).filter(|_| !text.contains('\0')) else {
            self.warn(&shown, "leads out of the archive; it was left out");
            return None;
        };
        let walked = |part: &&std::ffi::OsStr| {
            part.to_str().is_some_and(|part| part != ".wharf" && NEVER_WALKED.contains(&part))
        };
        if parts.is_empty() || parts.iter().any(walked) {
            return None;
        }
        if parts.len() > self.bounds.depth {
            self.warn(&parts[0].to_string_lossy(), format!("lies more than {} folders deep", self.bounds.depth));
            return None;
        }
        Some(parts.iter().collect())
    }

    fn link(&mut self, path: PathBuf, aim: PathBuf) {
        if leads_out(&path, &aim) {
            self.warn(&path.to_string_lossy(), "links out of the archive; it was left out");
        } else {
            self.links.push((path, aim));
        }
    }

    fn file(&mut self, path: &Path, size: u64, content: &mut impl Read) -> io::Result<()> {
        let mut kept = self.content(size, content)?;
        if let Content::Bytes(bytes) = &kept
            && bytes.len() as u64 > IGNORE_LIST
            && path.file_name().is_some_and(|name| name == IGNORES)
        {
            self.warn(&path.to_string_lossy(), NO_LIST);
            kept = Content::TooLarge(bytes.len() as u64);
        }
        self.files.insert(path.to_string_lossy().into_owned(), kept);
        Ok(())
    }

    fn content(&mut self, size: u64, content: &mut impl Read) -> io::Result<Content> {
        if size > self.bounds.file_bytes {
            return Ok(Content::TooLarge(size));
        }
        let mut bytes = Vec::new();
        content.by_ref().take(1024).read_to_end(&mut bytes)?;
        if bytes.contains(&0) && !bytes.starts_with(&[0xFF, 0xFE]) && !bytes.starts_with(&[0xFE, 0xFF]) {
            return Ok(Content::NotKept("it is not text"));
        }
        let room = self.bounds.kept_bytes.saturating_sub(self.kept);
        // What an archive says of a file's size need not be so.
        content.take(room.min(self.bounds.file_bytes) + 1).read_to_end(&mut bytes)?;
        let length = bytes.len() as u64;
        self.unpacked += length;
        if length > room {
            return Ok(Content::NotKept("the archive holds more text than is looked at"));
        }
        if length > self.bounds.file_bytes {
            return Ok(Content::TooLarge(length));
        }
        self.kept += length;
        Ok(Content::Bytes(bytes.into()))
    }

    fn tar(&mut self, reader: impl Read, limit: u64) -> io::Result<()> {
        let header = Rc::new(Cell::new(None));
        let mut archive = tar::Archive::new(Meter { inner: reader, left: limit, header: Rc::clone(&header) });
        let mut entries = archive.entries()?;
        loop {
            header.set(Some(HEADER));
            let Some(entry) = entries.next() else { return Ok(()) };
            header.set(None);
            let mut entry = entry?;
            self.next()?;
            let Some(path) = self.place(&entry.path_bytes()) else {
                io::copy(&mut entry, &mut io::sink())?;
                continue;
            };
            let aim = entry.link_name_bytes().map(|name| PathBuf::from(String::from_utf8_lossy(&name).into_owned()));
            match (entry.header().entry_type(), aim) {
                (EntryType::Regular | EntryType::Continuous, _) => {
                    let size = entry.size();
                    self.file(&path, size, &mut entry)?;
                }
                (EntryType::Symlink, Some(aim)) => self.link(path, aim),
                // A hard link names its aim from the archive's root.
                (EntryType::Link, Some(aim)) if safe_parts(&aim).is_some() => {
                    let up: PathBuf = path.iter().skip(1).map(|_| "..").collect();
                    self.link(path, up.join(aim));
                }
                (EntryType::Link, _) => self.warn(&path.to_string_lossy(), "links out of the archive; it was left out"),
                _ => {}
            }
            // Also where the rest is of no interest it has to be gone through here, where it counts as content.
            io::copy(&mut entry, &mut io::sink())?;
        }
    }

    fn zip(&mut self, mut file: File, limit: u64) -> io::Result<()> {
        let count = zip_entries(&mut file)?;
        let most = self.bounds.entries as u64;
        if count > most {
            return Err(io::Error::other(format!("it holds {count} entries; at most {most} are looked at")));
        }
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(io::Error::other)?;
        for index in 0..archive.len() {
            self.next()?;
            // Entries may share their bytes, so that what each unpacks to says nothing of the whole.
            if self.unpacked > limit {
                return Err(io::Error::other("it unpacks to more than is looked at"));
            }
            let mut entry = match archive.by_index(index) {
                Ok(entry) => entry,
                Err(error) => {
                    self.warn(".", format!("entry {} cannot be read: {error}", index + 1));
                    continue;
                }
            };
            let name = entry.name_raw().to_vec();
            let Some(path) = self.place(&name).filter(|_| !entry.is_dir()) else { continue };
            let size = entry.size();
            let read = if entry.is_symlink() {
                let mut aim = Vec::new();
                let read = entry.by_ref().take(4096).read_to_end(&mut aim);
                self.link(path.clone(), PathBuf::from(String::from_utf8_lossy(&aim).into_owned()));
                read.map(|_| ())
            } else {
                self.file(&path, size, &mut entry)
            };
            if let Err(error) = read {
                self.warn(&path.to_string_lossy(), format!("cannot be read: {error}"));
            }
        }
        Ok(())
    }

    /// The tree: links stand for what they lead to, a single folder around all is the project itself, and what version
    /// control ignores or Wharf wrote is left out.
    fn finish(mut self, stem: String) -> ArchiveTree {
        for (path, aim) in std::mem::take(&mut self.links) {
            let Some(target) = joined(&path, &aim) else { continue };
            if let Some(content) = self.files.get(&target).cloned() {
                self.files.insert(path.to_string_lossy().into_owned(), content);
            }
        }
        let folder = self.only_folder();
        let mut files = match &folder {
            Some(folder) => {
                let below = |path: &str| path[folder.len() + 1..].to_owned();
                self.files.into_iter().map(|(path, content)| (below(&path), content)).collect()
            }
            None => self.files,
        };
        let ignores = ignores(&files);
        files.retain(|path, _| !is_ignored(path, &ignores));
        let copies: BTreeMap<String, Content> = files
            .iter()
            .filter_map(|(path, content)| {
                Some((path.strip_prefix(WRITTEN)?.strip_prefix('/')?.to_owned(), content.clone()))
            })
            .collect();
        let wrote = |path: &str, content: &Content| match (copies.get(path), content) {
            (Some(Content::Bytes(copy)), Content::Bytes(now)) => copy == now,
            _ => false,
        };
        files.retain(|path, content| !path.split('/').any(|part| part == ".wharf") && !wrote(path, content));
        if self.untold > 0 {
            let says = format!("{} more warnings are left out here", self.untold);
            self.warnings.push(Warning { file: ".".to_owned(), says });
        }
        let name = folder.unwrap_or(stem);
        ArchiveTree { name, paths: files.keys().cloned().collect(), files, warnings: self.warnings }
    }

    /// The one folder that everything lies in.
    fn only_folder(&self) -> Option<String> {
        let (first, _) = self.files.keys().next()?.split_once('/')?;
        let inside = |path: &String| path.split_once('/').is_some_and(|(folder, _)| folder == first);
        self.files.keys().all(inside).then(|| first.to_owned())
    }
}

/// Where a link at `path` leads to, from the archive's root.
fn joined(path: &Path, aim: &Path) -> Option<String> {
    let mut parts: Vec<&str> = path.parent()?.to_str()?.split('/').filter(|part| !part.is_empty()).collect();
    for part in aim.to_str()?.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

/// The ignore lists, by their folders.
fn ignores(files: &BTreeMap<String, Content>) -> BTreeMap<String, IgnoreList> {
    let list = |(path, content): (&String, &Content)| {
        let folder = path.strip_suffix(IGNORES).filter(|folder| folder.is_empty() || folder.ends_with('/'))?;
        let Content::Bytes(bytes) = content else { return None };
        Some((folder.to_owned(), IgnoreList::read(bytes)))
    };
    files.iter().filter_map(list).collect()
}

/// Whether the nearest list that has a word on it leaves it out.
fn is_ignored(path: &str, ignores: &BTreeMap<String, IgnoreList>) -> bool {
    if ignores.is_empty() {
        return false;
    }
    let mut folders: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..=at]).collect();
    folders.insert(0, "");
    let says = |folder: &&str| ignores.get(*folder)?.says_of_any_parent(&path[folder.len()..]);
    folders.iter().rev().find_map(says).unwrap_or(false)
}

/// Ends a stream that goes on and on, and headers that never end.
struct Meter<R> {
    inner: R,
    left: u64,
    /// What is left for the header that is being read; none while content is.
    header: Rc<Cell<Option<u64>>>,
}

impl<R: Read> Read for Meter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let bytes = count as u64;
        self.left =
            self.left.checked_sub(bytes).ok_or_else(|| io::Error::other("it unpacks to more than is looked at"))?;
        if let Some(left) = self.header.get() {
            let left = left.checked_sub(bytes).ok_or_else(|| io::Error::other("an entry's header is too large"))?;
            self.header.set(Some(left));
        }
        Ok(count)
    }
}

fn format(file: &mut File) -> io::Result<Format> {
    let mut head = [0; 512];
    let mut length = 0;
    while length < head.len() {
        match file.read(&mut head[length..])? {
            0 => break,
            count => length += count,
        }
    }
    file.rewind()?;
    match head {
        [0x1F, 0x8B, ..] => Ok(Format::Gzip),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Ok(Format::Zstd),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Ok(Format::Zip),
        _ if &head[257..262] == b"ustar" => Ok(Format::Tar),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "its first bytes are those of no tar and no zip")),
    }
}

/// How many entries a zip says that it has (APPNOTE.TXT 4.3.14 to 4.3.16): its directory would be read whole.
fn zip_entries(file: &mut File) -> io::Result<u64> {
    const END: usize = 22;
    let size = file.metadata()?.len();
    let from = size.saturating_sub(END as u64 + 20 + 65_535);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.by_ref().take(size - from).read_to_end(&mut tail)?;
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let at = tail.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").filter(|at| at + END <= tail.len());
    let at = at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it has no directory"))?;
    let mut count = number(&tail[at + 10..at + 12]);
    if let Some(place) = at.checked_sub(20).filter(|place| tail[*place..].starts_with(b"PK\x06\x07")) {
        let mut end = [0; 40];
        file.seek(SeekFrom::Start(number(&tail[place + 8..place + 16])))?;
        file.read_exact(&mut end)?;
        count = count.max(number(&end[32..40]));
    }
    file.rewind()?;
    Ok(count)
}

/// The name of an archive without what says that it is one.
fn stem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let lower = name.to_ascii_lowercase();
    let endings = [".tar.gz", ".tgz", ".tar.zst", ".tar", ".zip"];
    let ending = endings.iter().find(|ending| lower.ends_with(**ending) && lower.len() > ending.len())?;
    Some(name[..name.len() - ending.len()].to_owned())
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let code = if error.kind() == io::ErrorKind::NotFound { ProblemCode::NotFound } else { ProblemCode::Refused };
    Problem::new(code, "archive-not-readable", format!("the archive {} cannot be read", path.display()))
        .why(error)
        .fix("check the path, and that this account may read it")
}

fn no_archive(path: &Path, error: &io::Error) -> Problem {
    Problem::new(ProblemCode::Failed, "no-archive", format!("{} cannot be read as an archive", path.display()))
        .why(error)
        .fix("give a .tar, .tar.gz, .tgz, .tar.zst or .zip file that is whole")
}
