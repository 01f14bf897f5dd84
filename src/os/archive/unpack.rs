//! A snapshot becomes a folder again.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use tar::EntryType;

use super::error::show_bytes;
use super::{ArchiveError, Cancel, Warnings, blocking, safe_parts};

/// A snapshot that was unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// Bytes of content.
    pub bytes: u64,
    /// Files and links.
    pub files: u64,
    /// What was left out: links that lead out of the folder.
    pub warnings: Vec<String>,
}

/// Unpacks a snapshot into `dest`, which must be empty or not there. Nothing is written outside of it: a path that
/// is absolute or holds `..` is an error, a link that leads out is left out with a warning. More than `max_bytes` of
/// content is an error.
pub async fn unpack(archive: &Path, dest: &Path, max_bytes: u64) -> Result<Unpacked, ArchiveError> {
    let (archive, dest) = (archive.to_owned(), dest.to_owned());
    blocking(move |cancel| unpack_now(&archive, &dest, max_bytes, cancel)).await
}

/// Opens a snapshot for reading its entries.
pub(super) fn open(archive: &Path) -> Result<tar::Archive<impl Read + use<>>, ArchiveError> {
    let file = File::open(archive).map_err(|error| ArchiveError::unreadable(archive, &error))?;
    let decoder =
        zstd::Decoder::new(BufReader::new(file)).map_err(|error| ArchiveError::damaged(archive, error.to_string()))?;
    Ok(tar::Archive::new(decoder))
}

fn unpack_now(archive: &Path, dest: &Path, max_bytes: u64, cancel: &Cancel) -> Result<Unpacked, ArchiveError> {
    let damaged = |error: io::Error| ArchiveError::damaged(archive, error.to_string());
    let unwritable = |error: io::Error| ArchiveError::unwritable(dest, &error);
    fs::create_dir_all(dest).map_err(unwritable)?;
    if fs::read_dir(dest).map_err(unwritable)?.next().is_some() {
        return Err(unwritable(io::Error::from(io::ErrorKind::DirectoryNotEmpty)));
    }
    let mut reader = open(archive)?;
    let mut unpacked = Unpacked { bytes: 0, files: 0, warnings: Vec::new() };
    let mut warnings = Warnings::default();
    // Links come last, so that nothing can be written through one; folders' modes after all that is in them.
    let mut links: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut modes: Vec<(PathBuf, u32)> = Vec::new();
    for entry in reader.entries().map_err(damaged)? {
        cancel.check()?;
        let mut entry = entry.map_err(damaged)?;
        let name = PathBuf::from(OsStr::from_bytes(&entry.path_bytes()));
        let parts = safe_parts(&name).ok_or_else(|| ArchiveError::damaged(archive, outside(&name)))?;
        let path: PathBuf = parts.iter().collect();
        let full = dest.join(&path);
        let mode = entry.header().mode().map_err(damaged)? & 0o777;
        let unwritable = |error: io::Error| ArchiveError::unwritable(&full, &error);
        match entry.header().entry_type() {
            EntryType::Directory => {
                DirBuilder::new().recursive(true).mode(0o700).create(&full).map_err(unwritable)?;
                modes.push((full, mode));
            }
            EntryType::Symlink => {
                let aim = entry.link_name_bytes().unwrap_or_default();
                let aim = PathBuf::from(OsStr::from_bytes(&aim));
                if leads_out(&path, &aim) {
                    warnings.add(&path, &format!("left out: the link leads out to {}", aim.display()));
                } else {
                    links.push((path, aim));
                }
            }
            EntryType::Regular => {
                unpacked.files += 1;
                unpacked.bytes = unpacked.bytes.saturating_add(entry.size());
                if unpacked.bytes > max_bytes {
                    return Err(ArchiveError::TooLarge { limit: show_bytes(max_bytes), largest: Vec::new() });
                }
                if let Some(parent) = full.parent() {
                    fs::create_dir_all(parent).map_err(unwritable)?;
                }
                let mut file =
                    File::options().write(true).create_new(true).mode(mode | 0o200).open(&full).map_err(unwritable)?;
                copy(&mut entry, &mut file, archive, &full)?;
                file.set_permissions(Permissions::from_mode(mode)).map_err(unwritable)?;
                let at = UNIX_EPOCH + Duration::from_secs(entry.header().mtime().map_err(damaged)?);
                file.set_modified(at).map_err(unwritable)?;
            }
            other => return Err(ArchiveError::damaged(archive, format!("{} is of kind {other:?}", name.display()))),
        }
    }
    for (path, aim) in links {
        let full = dest.join(&path);
        if let Some(parent) = full.parent() {
            fs::create_dir_all(parent).map_err(|error| ArchiveError::unwritable(parent, &error))?;
        }
        symlink(&aim, &full).map_err(|error| ArchiveError::unwritable(&full, &error))?;
        unpacked.files += 1;
    }
    for (path, mode) in modes.into_iter().rev() {
        let set = fs::set_permissions(&path, Permissions::from_mode(mode));
        set.map_err(|error| ArchiveError::unwritable(&path, &error))?;
    }
    unpacked.warnings = warnings.into_lines();
    Ok(unpacked)
}

fn outside(name: &Path) -> String {
    format!("{} leads out of the folder", name.display())
}

/// Copies an entry's content; errors of reading and of writing are told apart.
fn copy(entry: &mut impl Read, file: &mut File, archive: &Path, full: &Path) -> Result<(), ArchiveError> {
    use std::io::Write;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = match entry.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ArchiveError::damaged(archive, error.to_string())),
        };
        file.write_all(&buffer[..count]).map_err(|error| ArchiveError::unwritable(full, &error))?;
    }
}

/// Whether a link at `path` (relative to the root) that says `aim` leads out of the root.
pub(super) fn leads_out(path: &Path, aim: &Path) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    for part in aim.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return true,
        }
    }
    false
}
