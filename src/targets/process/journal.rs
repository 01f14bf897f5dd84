//! The log of an instance: files that its supervisor writes and the engine reads at its own pace.
//!
//! Each line carries its position, so that a reader goes on where it stopped, whatever was restarted between. The
//! files are named by the position of their first line; the oldest goes as a new one begins.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::model::{LogStream, Timestamp};
use crate::os::clock;
use crate::targets::OutputLine;

/// How long one file gets, in bytes.
const FILE_SIZE: u64 = 4 * 1024 * 1024;
/// How many files are kept.
const FILES: usize = 8;

/// Writes the log. Lines are gathered and written with [`flush`](Self::flush).
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    file: File,
    size: u64,
    last: u64,
    lost: u64,
    gathered: Vec<u8>,
    gathered_lines: u64,
}

impl Journal {
    /// Goes on with the log in that folder, or begins one.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut reader = Reader::new(folder, None);
        // Only the newest file is read: it begins with a position that says how many went before.
        reader.last = files(folder)?.last().map_or(0, |first| first.saturating_sub(1));
        while !reader.next(4096)?.is_empty() {}
        let last = reader.last;
        let file = new_file(folder, last + 1)?;
        let gathered = Vec::new();
        Ok(Self { folder: folder.to_owned(), file, size: 0, last, lost: 0, gathered, gathered_lines: 0 })
    }

    /// Takes a line.
    pub(super) fn line(&mut self, stream: LogStream, text: &str) {
        self.last += 1;
        let mark = match stream {
            LogStream::Stdout => 'o',
            LogStream::Stderr => 'e',
            LogStream::Wharf => 'w',
        };
        // Writing to memory does not fail.
        let _ = writeln!(self.gathered, "{} {} {mark} {text}", self.last, clock::now().as_millis());
        self.gathered_lines += 1;
    }

    /// Writes what was gathered, and returns the position of the last line. What the disk does not take is lost, and
    /// the log says so as soon as it takes lines again: the app goes on.
    pub(super) fn flush(&mut self) -> u64 {
        if self.gathered.is_empty() {
            return self.last;
        }
        if self.lost > 0 {
            let lost = self.lost;
            self.line(LogStream::Wharf, &format!("{lost} earlier lines were lost: the disk did not take them"));
        }
        if self.write().is_ok() {
            self.lost = 0;
        } else {
            // Half a line must not run into the next one.
            let _ = self.file.set_len(self.size);
            self.lost += self.gathered_lines;
        }
        self.gathered.clear();
        self.gathered_lines = 0;
        self.last
    }

    fn write(&mut self) -> io::Result<()> {
        if self.size >= FILE_SIZE {
            self.file = new_file(&self.folder, self.last + 1 - self.gathered_lines)?;
            self.size = 0;
            let all = files(&self.folder)?;
            for old in all.iter().rev().skip(FILES) {
                let _ = fs::remove_file(path(&self.folder, *old));
            }
        }
        self.file.write_all(&self.gathered)?;
        self.size += self.gathered.len() as u64;
        Ok(())
    }
}

/// Reads a log from a position on; what is not there yet comes with a later call.
#[derive(Debug)]
pub(super) struct Reader {
    folder: PathBuf,
    open: Option<(u64, BufReader<File>)>,
    last: u64,
    begun: Vec<u8>,
}

impl Reader {
    /// Reads all lines after that position.
    pub(super) fn new(folder: &Path, after: Option<u64>) -> Self {
        Self { folder: folder.to_owned(), open: None, last: after.unwrap_or(0), begun: Vec::new() }
    }

    /// The next lines, at most `most`; none where all was read.
    pub(super) fn next(&mut self, most: usize) -> io::Result<Vec<OutputLine>> {
        loop {
            // Looked at before the file is read to its end: where a newer one is there, this one is complete.
            let all = files(&self.folder)?;
            let Some((first, file)) = &mut self.open else {
                let Some(first) = all.iter().rev().find(|first| **first <= self.last + 1).or(all.first()) else {
                    return Ok(Vec::new());
                };
                self.begun.clear();
                match File::open(path(&self.folder, *first)) {
                    Ok(file) => self.open = Some((*first, BufReader::with_capacity(64 * 1024, file))),
                    // It was the oldest, and went in between.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
                continue;
            };
            let mut lines = Vec::new();
            while lines.len() < most {
                file.read_until(b'\n', &mut self.begun)?;
                if self.begun.last() != Some(&b'\n') {
                    break;
                }
                let line = parse(&self.begun).filter(|line| line.position > self.last);
                self.begun.clear();
                if let Some(line) = line {
                    self.last = line.position;
                    lines.push(line);
                }
            }
            if !lines.is_empty() {
                return Ok(lines);
            }
            let Some(newer) = all.into_iter().find(|other| *other > *first) else { return Ok(lines) };
            self.last = self.last.max(newer - 1);
            self.open = None;
        }
    }
}

/// The first positions of the files that are there, in order.
fn files(folder: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut all: Vec<u64> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".log")?.parse().ok()).collect();
    all.sort_unstable();
    Ok(all)
}

fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first}.log"))
}

fn new_file(folder: &Path, first: u64) -> io::Result<File> {
    // Appending: after a failed write the file is cut, and the next line goes to its new end.
    OpenOptions::new().create(true).append(true).mode(0o600).open(path(folder, first)).and_then(|file| {
        file.set_len(0)?;
        Ok(file)
    })
}

fn parse(line: &[u8]) -> Option<OutputLine> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let mut parts = line.splitn(4, ' ');
    Some(OutputLine {
        position: parts.next()?.parse().ok()?,
        at: Timestamp::from_millis(parts.next()?.parse().ok()?),
        stream: match parts.next()? {
            "o" => LogStream::Stdout,
            "e" => LogStream::Stderr,
            "w" => LogStream::Wharf,
            _ => return None,
        },
        text: parts.next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(reader: &mut Reader) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        loop {
            let lines = reader.next(100).unwrap();
            if lines.is_empty() {
                return found;
            }
            found.extend(lines.into_iter().map(|line| (line.position, line.text)));
        }
    }

    #[test]
    fn goes_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.line(LogStream::Stdout, "one");
        journal.line(LogStream::Stderr, "");
        assert_eq!(journal.flush(), 2);
        let mut reader = Reader::new(folder.path(), None);
        assert_eq!(all(&mut reader), [(1, "one".to_owned()), (2, String::new())]);
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.line(LogStream::Wharf, "three, with spaces");
        journal.flush();
        assert_eq!(all(&mut reader), [(3, "three, with spaces".to_owned())]);
        assert_eq!(all(&mut Reader::new(folder.path(), Some(2))).len(), 1);
    }

    #[test]
    fn stays_within_its_bounds_and_keeps_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        let text = "x".repeat(1024);
        let mut tail = Reader::new(folder.path(), None);
        let mut followed = 0;
        for round in 1..=60_000 {
            journal.line(LogStream::Stdout, &text);
            if round % 100 == 0 {
                journal.flush();
                followed += all(&mut tail).len();
            }
        }
        assert_eq!(followed, 60_000, "a reader that keeps up misses nothing");
        let kept = all(&mut Reader::new(folder.path(), None));
        assert_eq!(kept.last().unwrap().0, 60_000);
        assert!(kept.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0));
        let bytes: u64 =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(bytes <= FILE_SIZE * (FILES as u64 + 1));
        assert_eq!(all(&mut Reader::new(folder.path(), Some(59_990))).len(), 10);
    }

    #[test]
    fn half_a_line_is_left_for_later_and_damage_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = path(folder.path(), 1);
        fs::write(&file, "1 5 o one\ngarbage\n2 6 o tw").unwrap();
        let mut reader = Reader::new(folder.path(), None);
        assert_eq!(all(&mut reader), [(1, "one".to_owned())]);
        fs::write(&file, "1 5 o one\ngarbage\n2 6 o two\n").unwrap();
        assert_eq!(all(&mut reader), [(2, "two".to_owned())]);
    }
}
