//! A folder becomes a snapshot.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tar::{EntryType, Header};

use super::error::show_bytes;
use super::{ArchiveError, Cancel, Warnings, blocking};
use crate::model::dockerignore::{Ignore, Inherited};

/// Fast, and the archive never leaves the machine.
const LEVEL: i32 = 1;

/// What goes into a snapshot.
#[derive(Clone, Debug)]
pub struct PackOptions {
    /// The text of the `.dockerignore`; empty where there is none.
    pub ignore: String,
    /// Paths that go in whatever it says: the Dockerfile, the manifests.
    pub keep: Vec<String>,
    /// How many bytes of content at most.
    pub max_bytes: u64,
    /// How many files, links and folders at most.
    pub max_files: u64,
}

impl Default for PackOptions {
    /// Everything but `.git`, up to 2 GiB and half a million entries.
    fn default() -> Self {
        Self { ignore: String::new(), keep: Vec::new(), max_bytes: 2 << 30, max_files: 500_000 }
    }
}

/// A snapshot that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// SHA-256 over names, kinds, modes, contents and link targets, in hexadecimal. Times and owners do not count.
    pub digest: String,
    /// Bytes of content.
    pub bytes: u64,
    /// Files and links.
    pub files: u64,
    /// What was left out that somebody may miss.
    pub warnings: Vec<String>,
}

/// Writes the folder `root` as a snapshot to `dest`, mode 0600, whole or not at all.
///
/// `.git` stays out wherever it stands, and what `options.ignore` names; links are kept as links; sockets, pipes and
/// devices are left out with a warning. Times are kept, because incremental builders go by them, but do not count
/// in the digest.
pub async fn pack(root: &Path, options: &PackOptions, dest: &Path) -> Result<Packed, ArchiveError> {
    let (root, options, dest) = (root.to_owned(), options.clone(), dest.to_owned());
    blocking(move |cancel| pack_now(&root, &options, &dest, cancel)).await
}

fn pack_now(root: &Path, options: &PackOptions, dest: &Path, cancel: &Cancel) -> Result<Packed, ArchiveError> {
    let ignore = Ignore::parse(&options.ignore)?;
    let root = root.canonicalize().map_err(|error| ArchiveError::unreadable(root, &error))?;
    let partial = dest.with_extension("partial");
    let made = write_archive(&root, options, &ignore, &partial, cancel);
    let moved = made.and_then(|packed| {
        fs::rename(&partial, dest).map_err(|error| ArchiveError::unwritable(dest, &error))?;
        Ok(packed)
    });
    if moved.is_err() {
        let _ = fs::remove_file(&partial);
    }
    moved
}

fn write_archive(
    root: &Path,
    options: &PackOptions,
    ignore: &Ignore,
    partial: &Path,
    cancel: &Cancel,
) -> Result<Packed, ArchiveError> {
    let unwritable = |error: io::Error| ArchiveError::unwritable(partial, &error);
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(partial).map_err(unwritable)?;
    let encoder = zstd::Encoder::new(BufWriter::new(file), LEVEL).map_err(unwritable)?;
    let mut packer = Packer {
        root,
        partial,
        options,
        ignore,
        cancel,
        tar: tar::Builder::new(encoder),
        digest: Sha256::new(),
        bytes: 0,
        files: 0,
        entries: 0,
        folders: BTreeMap::new(),
        warnings: Warnings::default(),
    };
    packer.walk()?;
    if packer.is_too_large() {
        return Err(packer.too_large());
    }
    let encoder = packer.tar.into_inner().map_err(unwritable)?;
    let file = encoder.finish().map_err(unwritable)?.into_inner().map_err(|error| unwritable(error.into_error()))?;
    file.sync_all().map_err(unwritable)?;
    let digest = format!("{:x}", packer.digest.finalize());
    Ok(Packed { digest, bytes: packer.bytes, files: packer.files, warnings: packer.warnings.into_lines() })
}

struct Packer<'a, W: Write> {
    root: &'a Path,
    partial: &'a Path,
    options: &'a PackOptions,
    ignore: &'a Ignore,
    cancel: &'a Cancel,
    tar: tar::Builder<W>,
    digest: Sha256,
    bytes: u64,
    files: u64,
    entries: u64,
    /// Bytes by the first folders of a path, to name the largest.
    folders: BTreeMap<PathBuf, u64>,
    warnings: Warnings,
}

/// A folder that is being read.
struct Open {
    path: PathBuf,
    inherited: Inherited,
    /// Its names, last one first.
    names: Vec<OsString>,
    /// It is not written yet, because it stays out but something below it may not.
    pending: Option<Metadata>,
}

impl<W: Write> Packer<'_, W> {
    /// Every folder before what is in it, the names of one in the order of their bytes.
    fn walk(&mut self) -> Result<(), ArchiveError> {
        let mut stack = vec![self.open(PathBuf::new(), self.ignore.root(), None)?];
        while let Some(folder) = stack.last_mut() {
            self.cancel.check()?;
            let Some(name) = folder.names.pop() else {
                stack.pop();
                continue;
            };
            if name == ".git" {
                continue;
            }
            let path = folder.path.join(&name);
            let text = path.to_string_lossy();
            let (ignored, inherited) = self.ignore.check(&folder.inherited, &text);
            let kept = self.options.keep.iter().any(|kept| *kept == text);
            let full = self.root.join(&path);
            let meta = match fs::symlink_metadata(&full) {
                Ok(meta) => meta,
                // Editors and servers make files and take them away again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(ArchiveError::unreadable(&full, &error)),
            };
            if meta.is_dir() {
                let has_kept = || self.options.keep.iter().any(|kept| Path::new(kept).starts_with(&path));
                if !ignored {
                    self.write_pending(&mut stack)?;
                    self.add(&path, &meta)?;
                    stack.push(self.open(path, inherited, None)?);
                } else if self.ignore.may_keep_below(&text) || has_kept() {
                    stack.push(self.open(path, inherited, Some(meta))?);
                }
            } else if !ignored || kept {
                self.write_pending(&mut stack)?;
                self.add(&path, &meta)?;
            }
        }
        Ok(())
    }

    fn open(&self, path: PathBuf, inherited: Inherited, pending: Option<Metadata>) -> Result<Open, ArchiveError> {
        let full = self.root.join(&path);
        let read = || fs::read_dir(&full)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>();
        let mut names = read().map_err(|error| ArchiveError::unreadable(&full, &error))?;
        names.sort_unstable_by(|a, b| b.as_bytes().cmp(a.as_bytes()));
        Ok(Open { path, inherited, names, pending })
    }

    /// Writes the folders above an entry that comes in again.
    fn write_pending(&mut self, stack: &mut [Open]) -> Result<(), ArchiveError> {
        for folder in stack {
            if let Some(meta) = folder.pending.take() {
                self.add(&folder.path, &meta)?;
            }
        }
        Ok(())
    }

    fn is_too_large(&self) -> bool {
        self.bytes > self.options.max_bytes || self.entries > self.options.max_files
    }

    /// Adds an entry; past the limit it is only counted, so that the largest folders can be named.
    fn add(&mut self, path: &Path, meta: &Metadata) -> Result<(), ArchiveError> {
        let kind = meta.file_type();
        if kind.is_socket() || kind.is_fifo() || kind.is_block_device() || kind.is_char_device() {
            self.warnings.add(path, "left out: it is no file, folder or link");
            return Ok(());
        }
        self.entries += 1;
        if !kind.is_dir() {
            self.files += 1;
        }
        if kind.is_file() {
            self.bytes = self.bytes.saturating_add(meta.len());
            let top: PathBuf = path.parent().unwrap_or(path).components().take(3).collect();
            *self.folders.entry(top).or_default() += meta.len();
        }
        if self.is_too_large() {
            return Ok(());
        }
        let mut header = Header::new_gnu();
        header.set_mode(meta.permissions().mode() & 0o7777);
        header.set_mtime(u64::try_from(meta.mtime()).unwrap_or(0));
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        if kind.is_dir() {
            header.set_entry_type(EntryType::Directory);
            self.note(b'd', path, &header, 0);
            self.tar.append_data(&mut header, path, io::empty()).map_err(|e| ArchiveError::unwritable(self.partial, &e))
        } else if kind.is_symlink() {
            self.add_link(path, header)
        } else {
            self.add_file(path, meta, header)
        }
    }

    fn add_link(&mut self, path: &Path, mut header: Header) -> Result<(), ArchiveError> {
        let full = self.root.join(path);
        let aim = fs::read_link(&full).map_err(|error| ArchiveError::unreadable(&full, &error))?;
        header.set_entry_type(EntryType::Symlink);
        header.set_mode(0o777);
        self.note(b'l', path, &header, aim.as_os_str().len() as u64);
        self.digest.update(aim.as_os_str().as_bytes());
        self.tar.append_link(&mut header, path, &aim).map_err(|error| ArchiveError::unwritable(self.partial, &error))
    }

    fn add_file(&mut self, path: &Path, meta: &Metadata, mut header: Header) -> Result<(), ArchiveError> {
        let full = self.root.join(path);
        let unreadable = |error: &io::Error| ArchiveError::unreadable(&full, error);
        let file = open_file(&full).map_err(|error| unreadable(&error))?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(meta.len());
        self.note(b'f', path, &header, meta.len());
        let mut content = Content { file: file.take(meta.len()), digest: &mut self.digest, failed: None };
        let written = self.tar.append_data(&mut header, path, &mut content);
        if let Some(error) = &content.failed {
            return Err(unreadable(error));
        }
        let left = content.file.limit();
        // Where the archive could not be written on, the rest of the file was never asked for.
        written.map_err(|error| ArchiveError::unwritable(self.partial, &error))?;
        if left > 0 { Err(ArchiveError::Changed { path: full }) } else { Ok(()) }
    }

    /// What of an entry counts in the digest, before its content.
    fn note(&mut self, kind: u8, path: &Path, header: &Header, len: u64) {
        let name = path.as_os_str().as_bytes();
        self.digest.update([kind]);
        self.digest.update((name.len() as u64).to_le_bytes());
        self.digest.update(name);
        self.digest.update(header.mode().unwrap_or(0).to_le_bytes());
        self.digest.update(len.to_le_bytes());
    }

    fn too_large(&self) -> ArchiveError {
        let mut largest: Vec<_> = self.folders.iter().collect();
        largest.sort_by_key(|(_, size)| std::cmp::Reverse(**size));
        let name = |path: &Path| if path == Path::new("") { ".".to_owned() } else { path.display().to_string() };
        let limit = if self.bytes > self.options.max_bytes {
            show_bytes(self.options.max_bytes)
        } else {
            format!("{} files and folders", self.options.max_files)
        };
        let largest = largest.into_iter().take(3).map(|(path, size)| (name(path), *size)).collect();
        ArchiveError::TooLarge { limit, largest }
    }
}

/// Opens what was a file a moment ago: follows no link and waits for no pipe that took its place.
fn open_file(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// A file's content on its way into the archive, counted into the digest. Tells errors of reading from those of
/// writing.
struct Content<'a> {
    file: io::Take<File>,
    digest: &'a mut Sha256,
    failed: Option<io::Error>,
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.file.read(buffer) {
            Ok(count) => {
                self.digest.update(&buffer[..count]);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let copy = io::Error::new(error.kind(), error.to_string());
                self.failed = Some(error);
                Err(copy)
            }
        }
    }
}
