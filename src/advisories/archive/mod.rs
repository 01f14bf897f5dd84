//! Advisories that were imported, for machines without a network.
//!
//! `DATA/advisories/contents.json` names the generation that counts; `NUMBER.advisories` holds its advisories, a line
//! of JSON each, `NUMBER.index` says where those of a package stand. An import writes the next generation beside it
//! and then renames the new contents into place, so that one that is cut off changes nothing. Nothing is held in
//! memory but the contents.

mod error;
mod import;
mod index;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use serde::{Deserialize, Serialize};

pub use error::ArchiveError;

use self::index::{Index, Place, number};
use super::{Advisory, Package};
use crate::model::{AdvisoryArchive, AdvisoryImport, Timestamp};
use crate::os::paths;

/// The file that names the generation that counts.
const CONTENTS: &str = "contents.json";

/// The imported advisories of a data folder. What it does reads the disk: not for a thread that others wait for.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    /// Empty until it is first looked into.
    open: Mutex<Option<Arc<Generation>>>,
    importing: Mutex<()>,
}

/// What `contents.json` says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Contents {
    generation: u64,
    /// How many bytes of advisories there are, and of the index: less of them is damage, not less to find.
    bytes: [u64; 2],
    archives: Vec<AdvisoryArchive>,
}

/// One state of the archive, with its files held open.
#[derive(Debug)]
struct Generation {
    contents: Contents,
    /// None where nothing was ever imported.
    files: Option<(Index, File)>,
}

impl Archive {
    /// The archive in a folder that need not be there.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, open: Mutex::default(), importing: Mutex::default() }
    }

    /// What was imported.
    pub fn contents(&self) -> Result<Vec<AdvisoryArchive>, ArchiveError> {
        Ok(self.generation()?.contents.archives.clone())
    }

    /// The advisories of each package, in their order, that concern its version.
    pub fn look_up(&self, packages: &[Package]) -> Result<Vec<Vec<Advisory>>, ArchiveError> {
        let generation = self.generation()?;
        let Some((index, data)) = &generation.files else { return Ok(vec![Vec::new(); packages.len()]) };
        let damaged = |error: io::Error| ArchiveError::Damaged(error.to_string());
        let of = |package: &Package| -> Result<Vec<Advisory>, ArchiveError> {
            let places = index.find(number(&package.ecosystem, &package.name)).map_err(damaged)?;
            let read = places.into_iter().map(|place| read(data, place));
            let read = read.filter(|advisory| advisory.as_ref().map_or(true, |advisory| advisory.concerns(package)));
            read.collect()
        };
        packages.iter().map(of).collect()
    }

    /// Takes in a file: an ecosystem's archive, or one advisory. Advisories that are there already are replaced.
    pub fn import(&self, file: &Path, at: Timestamp) -> Result<AdvisoryImport, ArchiveError> {
        let _importing = match self.importing.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(held)) => held.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(ArchiveError::Busy),
        };
        let source = import::Source::open(file)?;
        // One that is damaged is replaced by what is imported now.
        let before = self.generation().unwrap_or_else(|_| Arc::new(Generation::empty()));
        paths::private_dir(&self.folder).map_err(|problem| ArchiveError::Disk {
            path: self.folder.clone(),
            error: io::Error::other(problem.why),
        })?;
        let old = before.contents.generation;
        self.sweep(old);
        let written = self.write(source, &before, at);
        self.sweep(if written.is_ok() { old + 1 } else { old });
        written
    }

    /// Writes the next generation and makes it the one that counts.
    fn write(
        &self,
        source: import::Source,
        before: &Generation,
        at: Timestamp,
    ) -> Result<AdvisoryImport, ArchiveError> {
        let disk = |path: &Path| {
            let path = path.to_owned();
            move |error| ArchiveError::Disk { path, error }
        };
        let generation = before.contents.generation + 1;
        let [data, index] = self.names(generation);
        let written = import::Written::begin(&data, create(&data).map_err(disk(&data))?);
        let (written, mut report) = import::run(source, before, written, at)?;
        let import::Written { out, mut rows, archives, .. } = written;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error).map_err(disk(&data))?;
        file.sync_all().map_err(disk(&data))?;
        let table = create(&index).and_then(|file| index::write(file, &mut rows)).map_err(disk(&index))?;
        table.sync_all().map_err(disk(&index))?;
        let mut bytes = [0; 2];
        for (bytes, (file, path)) in bytes.iter_mut().zip([(&file, &data), (&table, &index)]) {
            *bytes = file.metadata().map_err(disk(path))?.len();
        }
        let contents = Contents { generation, bytes, archives: archives.into_values().collect() };
        report.archives.clone_from(&contents.archives);
        self.put(&contents).map_err(disk(&self.folder.join(CONTENTS)))?;
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(report)
    }

    fn generation(&self) -> Result<Arc<Generation>, ArchiveError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(generation) = &*open {
            return Ok(Arc::clone(generation));
        }
        let generation = Arc::new(self.read()?);
        *open = Some(Arc::clone(&generation));
        Ok(generation)
    }

    fn read(&self) -> Result<Generation, ArchiveError> {
        let path = self.folder.join(CONTENTS);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Generation::empty()),
            read => read.map_err(|error| ArchiveError::Disk { path, error })?,
        };
        let contents: Contents =
            serde_json::from_slice(&text).map_err(|error| ArchiveError::Damaged(format!("{CONTENTS}: {error}")))?;
        let [data, index] = self.names(contents.generation);
        let open = |path: &Path, bytes: u64| -> Result<File, ArchiveError> {
            let damaged = |why: String| ArchiveError::Damaged(format!("{}: {why}", path.display()));
            let file = File::open(path).map_err(|error| damaged(error.to_string()))?;
            let found = file.metadata().map_err(|error| damaged(error.to_string()))?.len();
            if found == bytes { Ok(file) } else { Err(damaged(format!("{found} bytes instead of {bytes}"))) }
        };
        let data = open(&data, contents.bytes[0])?;
        let index = open(&index, contents.bytes[1])?;
        let index = Index::open(index).map_err(|error| ArchiveError::Damaged(error.to_string()))?;
        Ok(Generation { contents, files: Some((index, data)) })
    }

    /// Writes the contents so that they are there whole or not at all.
    fn put(&self, contents: &Contents) -> io::Result<()> {
        let beside = self.folder.join(format!("{CONTENTS}.new"));
        let mut file = create(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(contents)?)?;
        file.sync_all()?;
        fs::rename(&beside, self.folder.join(CONTENTS))?;
        File::open(&self.folder)?.sync_all()
    }

    fn names(&self, generation: u64) -> [PathBuf; 2] {
        ["advisories", "index"].map(|kind| self.folder.join(format!("{generation}.{kind}")))
    }

    /// Removes what belongs to no generation that counts: older ones, and what a cut-off import left.
    fn sweep(&self, generation: u64) {
        let kept = [self.names(generation).to_vec(), vec![self.folder.join(CONTENTS)]].concat();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if !kept.contains(&entry.path())
                && let Err(error) = fs::remove_file(entry.path())
            {
                tracing::warn!(%error, "what an import left could not be removed");
            }
        }
    }
}

impl Generation {
    fn empty() -> Self {
        Self { contents: Contents::default(), files: None }
    }
}

fn read(data: &File, place: Place) -> Result<Advisory, ArchiveError> {
    let damaged = |why: String| ArchiveError::Damaged(format!("the advisory at {}: {why}", place.begin));
    if place.length as usize > import::LINE {
        return Err(damaged("it is too long".to_owned()));
    }
    let mut line = vec![0; place.length as usize];
    data.read_exact_at(&mut line, place.begin).map_err(|error| damaged(error.to_string()))?;
    serde_json::from_slice(&line).map_err(|error| damaged(error.to_string()))
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests;
