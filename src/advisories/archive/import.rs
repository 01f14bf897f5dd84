//! Takes advisories out of a file and writes them as the archive keeps them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::index::{Place, number};
use super::{ArchiveError, Generation};
use crate::advisories::Advisory;
use crate::model::{AdvisoryArchive, AdvisoryImport, Timestamp};

/// The most bytes of one advisory as it comes.
const ENTRY: usize = 16 * 1024 * 1024;
/// The most bytes of one advisory as it is kept.
pub(super) const LINE: usize = 16 * 1024 * 1024;
/// The most entries of a file.
const ENTRIES: usize = 1_000_000;
/// The most bytes of all entries unpacked.
const UNPACKED: u64 = 16 * 1024 * 1024 * 1024;
/// The most bytes of all advisories as they are kept.
const KEPT: u64 = 4 * 1024 * 1024 * 1024;
/// The most packages with advisories, each counted for each.
const ROWS: usize = 10_000_000;
/// So many of the entries that were left out are told with their reasons.
const EXAMPLES: usize = 5;

/// A file to import.
pub(super) struct Source {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Zip(Box<ZipArchive<BufReader<File>>>),
    Json(BufReader<File>),
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, ArchiveError> {
        let unreadable = |error| ArchiveError::Unreadable { path: path.to_owned(), error };
        // Looked at first: opening a pipe would wait for somebody who writes.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(ArchiveError::NoArchive { path: path.to_owned(), why: "it is no file".to_owned() });
        }
        let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
        let is_zip = file.fill_buf().map_err(unreadable)?.starts_with(b"PK");
        let kind = if is_zip {
            let broken = |error: zip::result::ZipError| ArchiveError::NoArchive {
                path: path.to_owned(),
                why: error.to_string(),
            };
            let zip = ZipArchive::new(file).map_err(broken)?;
            if zip.len() > ENTRIES {
                let bound = format!("it has {} entries, and {ENTRIES} are taken at most", zip.len());
                return Err(ArchiveError::TooLarge { path: path.to_owned(), bound });
            }
            Kind::Zip(Box::new(zip))
        } else {
            Kind::Json(file)
        };
        Ok(Self { path: path.to_owned(), kind })
    }
}

/// What is written so far of the next generation.
pub(super) struct Written {
    path: PathBuf,
    pub(super) out: BufWriter<File>,
    at: u64,
    pub(super) rows: Vec<(u64, Place)>,
    pub(super) archives: BTreeMap<String, AdvisoryArchive>,
}

impl Written {
    pub(super) fn begin(path: &Path, file: File) -> Self {
        Self { path: path.to_owned(), out: BufWriter::new(file), at: 0, rows: Vec::new(), archives: BTreeMap::new() }
    }

    /// Writes an advisory and counts it for each of its ecosystems. The error is a bound that it goes beyond.
    fn put(&mut self, advisory: &Advisory, imported_at: Timestamp) -> Result<Result<(), String>, ArchiveError> {
        let mut line = match serde_json::to_vec(advisory) {
            Ok(line) => line,
            Err(error) => return Ok(Err(error.to_string())),
        };
        line.push(b'\n');
        let length = match u32::try_from(line.len()) {
            Ok(length) if line.len() <= LINE => length,
            _ => return Ok(Err(format!("it is longer than {LINE} bytes"))),
        };
        let place = Place { begin: self.at, length };
        let numbers: BTreeSet<u64> = advisory.affected.iter().map(|one| number(&one.ecosystem, &one.name)).collect();
        self.out.write_all(&line).map_err(|error| ArchiveError::Disk { path: self.path.clone(), error })?;
        self.at += u64::from(length);
        self.rows.extend(numbers.into_iter().map(|number| (number, place)));
        for ecosystem in ecosystems(advisory) {
            let archive = self.archives.entry(ecosystem.to_owned()).or_insert_with(|| AdvisoryArchive {
                ecosystem: ecosystem.to_owned(),
                advisories: 0,
                whole: false,
                newest: String::new(),
                imported_at,
            });
            archive.advisories += 1;
            if archive.newest < advisory.modified {
                archive.newest.clone_from(&advisory.modified);
            }
        }
        Ok(Ok(()))
    }
}

fn ecosystems(advisory: &Advisory) -> BTreeSet<&str> {
    advisory.affected.iter().map(|one| one.ecosystem.as_str()).collect()
}

/// Writes what the file holds, and then what the generation before has beside it.
pub(super) fn run(
    source: Source,
    before: &Generation,
    written: Written,
    at: Timestamp,
) -> Result<(Written, AdvisoryImport), ArchiveError> {
    let path = source.path.clone();
    let report = AdvisoryImport {
        imported: 0,
        skipped: 0,
        skipped_examples: Vec::new(),
        whole: Vec::new(),
        archives: Vec::new(),
    };
    let mut import = Import { path, at, written, report, ids: HashSet::new(), counts: BTreeMap::new() };
    let is_single = matches!(source.kind, Kind::Json(_));
    match source.kind {
        Kind::Json(file) => import.single(file)?,
        Kind::Zip(zip) => import.entries(*zip)?,
    }
    if import.ids.is_empty() {
        let why = import.report.skipped_examples.first().cloned().unwrap_or_else(|| "it is empty".to_owned());
        return Err(ArchiveError::NoArchive { path: import.path, why });
    }
    if !is_single {
        import.report.whole = import.whole();
    }
    import.take_over(before)?;
    Ok((import.written, import.report))
}

/// An import under way.
struct Import {
    path: PathBuf,
    at: Timestamp,
    written: Written,
    report: AdvisoryImport,
    /// The advisories that came, also those that turned out to be none.
    ids: HashSet<String>,
    /// How many of them are about each ecosystem.
    counts: BTreeMap<String, u64>,
}

impl Import {
    fn single(&mut self, file: impl Read) -> Result<(), ArchiveError> {
        let unreadable = |error| ArchiveError::Unreadable { path: self.path.clone(), error };
        let name = self.path.display().to_string();
        match bounded(file).map_err(unreadable)? {
            Ok(json) => self.take(&name, &json),
            Err(why) => {
                self.skip(&name, &why);
                Ok(())
            }
        }
    }

    fn entries(&mut self, mut zip: ZipArchive<BufReader<File>>) -> Result<(), ArchiveError> {
        let mut unpacked = 0;
        for index in 0..zip.len() {
            let (name, read) = match zip.by_index(index) {
                Ok(entry) if entry.is_dir() => continue,
                Ok(entry) => {
                    let name = entry.name().map_or_else(|_| format!("entry {index}"), std::borrow::Cow::into_owned);
                    let read = if name.to_ascii_lowercase().ends_with(".json") {
                        bounded(entry).unwrap_or_else(|error| Err(error.to_string()))
                    } else {
                        Err("it is no JSON".to_owned())
                    };
                    (name, read)
                }
                Err(error) => (format!("entry {index}"), Err(error.to_string())),
            };
            match read {
                Ok(json) => {
                    unpacked += json.len() as u64;
                    self.take(&name, &json)?;
                }
                Err(why) => {
                    unpacked += ENTRY as u64;
                    self.skip(&name, &why);
                }
            }
            self.within(unpacked)?;
        }
        Ok(())
    }

    fn within(&self, unpacked: u64) -> Result<(), ArchiveError> {
        let too_large = |bound: String| Err(ArchiveError::TooLarge { path: self.path.clone(), bound });
        if unpacked > UNPACKED {
            return too_large(format!("its entries unpack to more than {} GiB", UNPACKED >> 30));
        }
        if self.written.at > KEPT || self.written.rows.len() > ROWS {
            return too_large(format!("more than {} GiB or {ROWS} packages would be kept", KEPT >> 30));
        }
        Ok(())
    }

    fn take(&mut self, name: &str, json: &[u8]) -> Result<(), ArchiveError> {
        let advisory = match Advisory::read(json) {
            Ok(advisory) if advisory.affected.is_empty() && !advisory.withdrawn => {
                Err("it names no package".to_owned())
            }
            Ok(advisory) if self.ids.contains(&advisory.id) => Err("it is there twice".to_owned()),
            read => read,
        };
        let put = match &advisory {
            Ok(advisory) if advisory.withdrawn => Ok(()),
            Ok(advisory) => self.written.put(advisory, self.at)?,
            Err(why) => Err(why.clone()),
        };
        match (put, advisory) {
            (Ok(()), Ok(advisory)) => {
                for ecosystem in ecosystems(&advisory) {
                    *self.counts.entry(ecosystem.to_owned()).or_default() += 1;
                }
                self.ids.insert(advisory.id);
                self.report.imported += 1;
            }
            (Err(why), _) | (_, Err(why)) => self.skip(name, &why),
        }
        Ok(())
    }

    fn skip(&mut self, name: &str, why: &str) {
        self.report.skipped += 1;
        if self.report.skipped_examples.len() < EXAMPLES {
            let plain: String =
                format!("{name}: {why}").chars().filter(|letter| !letter.is_control()).take(300).collect();
            self.report.skipped_examples.push(plain);
        }
    }

    /// The ecosystems whose archive this is: those that (nearly) every advisory in it is about. Of others it has only
    /// what happens to be about them too.
    fn whole(&self) -> Vec<String> {
        let most = self.report.imported;
        let is_whole = |count: u64| count * 10 >= most * 9;
        self.counts.iter().filter(|(_, count)| is_whole(**count)).map(|(name, _)| name.clone()).collect()
    }

    /// Adds what was there before and is not replaced. Where that is damaged, what can be read of it; it then no
    /// longer counts as all that the database had.
    fn take_over(&mut self, before: &Generation) -> Result<(), ArchiveError> {
        let intact = match &before.files {
            Some((_, data)) => self.copy(data)?,
            None => true,
        };
        for archive in self.written.archives.values_mut() {
            let is_new = self.report.whole.contains(&archive.ecosystem);
            let known = before.contents.archives.iter().find(|known| known.ecosystem == archive.ecosystem);
            let was_whole = known.filter(|known| known.whole && intact);
            if let Some(before) = was_whole.filter(|_| !is_new) {
                archive.imported_at = before.imported_at;
            }
            archive.whole = is_new || was_whole.is_some();
        }
        Ok(())
    }

    /// Copies the advisories that were not replaced; false where not all could be read.
    fn copy(&mut self, data: &File) -> Result<bool, ArchiveError> {
        let Ok(file) = data.try_clone() else { return Ok(false) };
        let mut lines = BufReader::new(FromStart { file, at: 0 });
        let mut line = Vec::new();
        loop {
            line.clear();
            match lines.by_ref().take(LINE as u64).read_until(b'\n', &mut line) {
                Ok(0) => return Ok(true),
                Err(_) => return Ok(false),
                Ok(_) => {}
            }
            let Ok(advisory) = serde_json::from_slice::<Advisory>(&line) else { return Ok(false) };
            if !self.ids.contains(&advisory.id) && self.written.put(&advisory, self.at)?.is_err() {
                return Ok(false);
            }
            self.within(0)?;
        }
    }
}

/// Reads a file from its beginning, wherever others who share it stand.
struct FromStart {
    file: File,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = std::os::unix::fs::FileExt::read_at(&self.file, buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// All of it, where it is not too long; whatever its header says of its length.
fn bounded(read: impl Read) -> io::Result<Result<Vec<u8>, String>> {
    let mut bytes = Vec::new();
    read.take(ENTRY as u64 + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() > ENTRY { Err(format!("it is longer than {ENTRY} bytes")) } else { Ok(bytes) })
}
