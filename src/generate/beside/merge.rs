//! Joins what a person and Wharf changed in a text, line by line, on what both began with.

use std::ops::Range;

use super::text::{Change, bare, changes, ending, lines};
use crate::model::{DiffLine, Hunk, LineOf};

/// So many lines around a place help to find it.
pub(super) const AROUND: usize = 3;

/// A stretch of the joined text.
#[derive(Debug)]
enum Piece<'a> {
    /// At most one side changed it, or both in the same way.
    Settled(Vec<&'a str>),
    /// Both changed it.
    Clash { base: Vec<&'a str>, yours: Vec<&'a str>, wharfs: Vec<&'a str> },
}

/// Two texts that were joined.
#[derive(Debug)]
pub(super) struct Merge<'a> {
    pieces: Vec<Piece<'a>>,
    end: &'static str,
}

/// One side's lines, and where they differ from the base.
struct Side<'a> {
    lines: Vec<&'a str>,
    changes: Vec<Change>,
    /// How many of the changes are behind.
    past: usize,
    /// How many lines are behind, of the base and of this side.
    at: (usize, usize),
}

impl<'a> Side<'a> {
    fn new(base: &[&str], text: &'a str) -> Self {
        let lines = lines(text);
        let changes = changes(base, &lines.iter().map(|line| bare(line)).collect::<Vec<_>>());
        Self { lines, changes, past: 0, at: (0, 0) }
    }

    fn next(&self) -> Option<&Change> {
        self.changes.get(self.past)
    }

    /// Takes in a change that touches what lies before `end`, and gives where that ends now.
    fn reach(&mut self, end: usize) -> Option<usize> {
        let (old, _) = self.next().filter(|(old, _)| old.start <= end)?;
        let end = end.max(old.end);
        self.past += 1;
        Some(end)
    }

    /// The lines up to that line of the base, which no change lies across.
    fn up_to(&mut self, base: usize) -> Vec<&'a str> {
        let (behind, there) = match self.past.checked_sub(1) {
            Some(last) => (self.changes[last].0.end, self.changes[last].1.end),
            None => (0, 0),
        };
        let taken = self.lines[self.at.1..there + (base - behind)].to_vec();
        self.at = (base, self.at.1 + taken.len());
        taken
    }
}

/// Joins the changes of both. Changes that touch each other are of the same place.
pub(super) fn merge<'a>(base: &'a str, yours: &'a str, wharfs: &'a str) -> Merge<'a> {
    let base: Vec<&str> = lines(base).into_iter().map(bare).collect();
    let (mut you, mut we) = (Side::new(&base, yours), Side::new(&base, wharfs));
    let mut merge = Merge { pieces: Vec::new(), end: ending(yours) };
    while let Some(start) = [&you, &we].into_iter().filter_map(|side| Some(side.next()?.0.start)).min() {
        merge.settle(you.up_to(start));
        we.up_to(start);
        let before = (you.past, we.past);
        let mut end = start;
        while let Some(further) = you.reach(end).or_else(|| we.reach(end)) {
            end = further;
        }
        let changed = (you.past > before.0, we.past > before.1);
        let (yours, wharfs) = (you.up_to(end), we.up_to(end));
        match changed {
            (true, false) => merge.settle(yours),
            (false, _) => merge.settle(wharfs),
            _ if same(&yours, &wharfs) => merge.settle(yours),
            _ => merge.pieces.push(Piece::Clash { base: base[start..end].to_vec(), yours, wharfs }),
        }
    }
    merge.settle(you.up_to(base.len()));
    merge
}

fn same(some: &[&str], others: &[&str]) -> bool {
    some.iter().map(|line| bare(line)).eq(others.iter().map(|line| bare(line)))
}

impl<'a> Merge<'a> {
    fn settle(&mut self, lines: Vec<&'a str>) {
        match self.pieces.last_mut() {
            Some(Piece::Settled(before)) => before.extend(lines),
            _ => self.pieces.push(Piece::Settled(lines)),
        }
    }

    /// Whether both changed the same place somewhere.
    pub(super) fn clashes(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Clash { .. }))
    }

    /// The joined text; with Wharf's side where both changed the same place, or the person's.
    pub(super) fn text(&self, wharfs_side: bool) -> String {
        let mut text = String::new();
        for line in self.pieces.iter().flat_map(|piece| match piece {
            Piece::Clash { wharfs, .. } if wharfs_side => wharfs,
            Piece::Settled(yours) | Piece::Clash { yours, .. } => yours,
        }) {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push_str(self.end);
            }
            text.push_str(line);
        }
        text
    }

    /// The places that both changed: what Wharf wrote last, the person's side, and Wharf's.
    pub(super) fn hunks(&self) -> Vec<Hunk> {
        let (mut before, mut after) = (1, 1);
        let mut hunks = Vec::new();
        for (index, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Settled(lines) => (before, after) = (before + lines.len(), after + lines.len()),
                Piece::Clash { base, yours, wharfs } => {
                    let above =
                        self.settled(index.checked_sub(1), |lines| lines.len().saturating_sub(AROUND)..lines.len());
                    let below = self.settled(index.checked_add(1), |lines| 0..lines.len().min(AROUND));
                    let of = |of, lines: &[&str]| lines.iter().map(|line| DiffLine::new(of, line)).collect::<Vec<_>>();
                    let parts = [(LineOf::Both, above), (LineOf::Base, base), (LineOf::Before, yours)];
                    let rest = [(LineOf::After, wharfs.as_slice()), (LineOf::Both, below)];
                    let lines = parts.into_iter().chain(rest).flat_map(|(side, lines)| of(side, lines)).collect();
                    hunks.push(Hunk { before: before - above.len(), after: after - above.len(), lines });
                    (before, after) = (before + yours.len(), after + wharfs.len());
                }
            }
        }
        hunks
    }

    fn settled(&self, index: Option<usize>, part: fn(&[&str]) -> Range<usize>) -> &[&str] {
        match index.and_then(|index| self.pieces.get(index)) {
            Some(Piece::Settled(lines)) => &lines[part(lines)],
            _ => &[],
        }
    }
}
