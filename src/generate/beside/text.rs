//! Lines of a text, whatever they end with, and where two texts differ.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::merge::AROUND;
use crate::model::{DiffLine, Hunk, LineOf};

/// The lines with their ends.
pub(super) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// A line without its end: one that ends in `\r\n` says the same as one that ends in `\n`.
pub(super) fn bare(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// What most lines of a text end with.
pub(super) fn ending(text: &str) -> &'static str {
    let (mut windows, mut unix) = (0, 0);
    for line in lines(text) {
        *if line.ends_with("\r\n") { &mut windows } else { &mut unix } += 1;
    }
    if windows > unix { "\r\n" } else { "\n" }
}

/// Whether two texts say the same but for how their lines end.
pub(super) fn says_the_same(one: &str, other: &str) -> bool {
    lines(one).into_iter().map(bare).eq(lines(other).into_iter().map(bare))
}

/// The text with its lines ending as those of another.
pub(super) fn ended_like(text: &str, other: &str) -> String {
    match ending(other) {
        "\n" => text.to_owned(),
        end => lines(text).into_iter().flat_map(|line| [bare(line), end]).collect(),
    }
}

impl DiffLine {
    pub(super) fn new(of: LineOf, line: &str) -> Self {
        Self { of, text: bare(line).to_owned() }
    }
}

/// A range of lines, and that of those which took their place.
pub(super) type Change = (Range<usize>, Range<usize>);

/// How the lines of one text become those of another.
pub(super) fn changes(before: &[&str], after: &[&str]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut at = (0, 0);
    // Only what is equal is told reliably: insertions and deletions may name another place than their own.
    let equal = capture_diff_slices(Algorithm::Myers, before, after).into_iter().filter_map(|op| match op {
        DiffOp::Equal { old_index, new_index, len } => Some((old_index, new_index, len)),
        _ => None,
    });
    for (old, new, len) in equal.chain([(before.len(), after.len(), 0)]) {
        if at != (old, new) {
            changes.push((at.0..old, at.1..new));
        }
        at = (old + len, new + len);
    }
    changes
}

/// Where two texts differ.
#[must_use]
pub fn diff(before: &str, after: &str) -> Vec<Hunk> {
    let bare_lines = |text| -> Vec<&str> { lines(text).into_iter().map(bare).collect() };
    let (before, after) = (bare_lines(before), bare_lines(after));
    let is_near = |one: &Change, next: &Change| next.0.start - one.0.end <= 2 * AROUND;
    changes(&before, &after).chunk_by(is_near).map(|near| hunk(&before, &after, near)).collect()
}

/// Changes that are near each other, with the lines around them.
fn hunk(before: &[&str], after: &[&str], changes: &[Change]) -> Hunk {
    let start = changes.first().map_or((0, 0), |(old, new)| (old.start, new.start));
    let above = start.0.min(AROUND);
    let mut at = start.0 - above;
    let mut lines = Vec::new();
    let mut add = |of, some: &[&str]| lines.extend(some.iter().map(|line| DiffLine::new(of, line)));
    for (old, new) in changes {
        add(LineOf::Both, &before[at..old.start]);
        add(LineOf::Before, &before[old.clone()]);
        add(LineOf::After, &after[new.clone()]);
        at = old.end;
    }
    add(LineOf::Both, &before[at..(at + AROUND).min(before.len())]);
    Hunk { before: start.0 - above + 1, after: start.1 - above + 1, lines }
}
