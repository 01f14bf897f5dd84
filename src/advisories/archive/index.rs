//! Where in the file of advisories those of a package stand: a sorted table on the disk, looked into by halving.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;

use sha2::{Digest, Sha256};

use crate::advisories::ecosystem::normal;

/// The bytes of a row: the package's number, where its advisory begins, how long it is.
const ROW: usize = 20;

/// Where an advisory stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) begin: u64,
    pub(super) length: u32,
}

/// The number of a package. Others may share it: what stands at a place says itself what it is about.
pub(super) fn number(ecosystem: &str, name: &str) -> u64 {
    let digest =
        Sha256::new().chain_update(ecosystem).chain_update([0]).chain_update(normal(ecosystem, name)).finalize();
    digest.first_chunk().map_or(0, |head| u64::from_be_bytes(*head))
}

/// Writes the table; the rows are sorted here.
pub(super) fn write(file: File, rows: &mut Vec<(u64, Place)>) -> io::Result<File> {
    rows.sort_unstable();
    rows.dedup();
    let mut out = BufWriter::new(file);
    for (number, Place { begin, length }) in rows {
        out.write_all(&number.to_be_bytes())?;
        out.write_all(&begin.to_be_bytes())?;
        out.write_all(&length.to_be_bytes())?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

/// A table that is there.
#[derive(Debug)]
pub(super) struct Index {
    file: File,
    rows: u64,
}

impl Index {
    pub(super) fn open(file: File) -> io::Result<Self> {
        let rows = file.metadata()?.len() / ROW as u64;
        Ok(Self { file, rows })
    }

    /// The places of a package's advisories.
    pub(super) fn find(&self, number: u64) -> io::Result<Vec<Place>> {
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.row(middle)?.0 < number {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let mut places = Vec::new();
        while low < self.rows {
            let (found, place) = self.row(low)?;
            if found != number {
                break;
            }
            places.push(place);
            low += 1;
        }
        Ok(places)
    }

    fn row(&self, at: u64) -> io::Result<(u64, Place)> {
        let mut row = [0; ROW];
        self.file.read_exact_at(&mut row, at * ROW as u64)?;
        let number = |range: std::ops::Range<usize>| {
            row[range].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let length = u32::try_from(number(16..20)).unwrap_or(u32::MAX);
        Ok((number(0..8), Place { begin: number(8..16), length }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_and_nothing_else() {
        let place = |begin| Place { begin, length: 1 };
        for count in [0, 1, 2, 3, 100, 1001] {
            let mut rows: Vec<_> = (0..count).flat_map(|at| [(at * 10, place(at)), (at * 10, place(at + 1))]).collect();
            rows.reverse();
            let file = tempfile::tempfile().unwrap();
            let index = Index::open(write(file, &mut rows).unwrap()).unwrap();
            for at in 0..count {
                assert_eq!(index.find(at * 10).unwrap(), [place(at), place(at + 1)]);
                assert!(index.find(at * 10 + 1).unwrap().is_empty());
            }
            assert!(index.find(u64::MAX).unwrap().is_empty());
        }
    }

    #[test]
    fn a_package_has_one_number_however_it_is_written() {
        assert_eq!(number("PyPI", "Flask_Login"), number("PyPI", "flask-login"));
        assert_ne!(number("npm", "a"), number("PyPI", "a"));
    }
}
