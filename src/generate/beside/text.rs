//! Lines of a text, whatever they end with, and where two texts differ.

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

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

/// Where two texts differ.
#[must_use]
pub fn diff(before: &str, after: &str) -> Vec<Hunk> {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (lines(before).into_iter().map(bare).collect(), lines(after).into_iter().map(bare).collect());
    let hunk = |ops: Vec<DiffOp>| {
        let first = ops.first()?;
        let lines = ops.iter().flat_map(|op| {
            let (old, new) = (&before[op.old_range()], &after[op.new_range()]);
            let of = |of, lines: &[&str]| lines.iter().map(|line| DiffLine::new(of, line)).collect::<Vec<_>>();
            match op {
                DiffOp::Equal { .. } => of(LineOf::Both, old),
                _ => [of(LineOf::Before, old), of(LineOf::After, new)].concat(),
            }
        });
        Some(Hunk { before: first.old_range().start + 1, after: first.new_range().start + 1, lines: lines.collect() })
    };
    let ops = capture_diff_slices(Algorithm::Myers, &before, &after);
    group_diff_ops(ops, AROUND).into_iter().filter_map(hunk).collect()
}
