//! How `wharf generate` tells of files: as a tree, as differences, as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::looked::{Kept, Looked};
use super::output::{self, Style, harmless, styled};
use crate::generate::{self, Wishes};
use crate::model::{ArtifactState, ArtifactView, Hunk, LineOf, Take};
use crate::validate::Fault;

/// Longer names than that move what stands behind them.
const WIDE: usize = 40;

/// Puts text into a style, where that is seen.
pub(super) type Styled = fn(&str, Style) -> String;

/// What becomes, or became, of files.
pub(super) struct Report<'a> {
    looked: &'a Looked,
    views: &'a [ArtifactView],
    everywhere: Wishes,
    /// Whether what is as it should be is listed too.
    pub(super) all: bool,
    /// Where something else was asked for a file.
    pub(super) wishes: BTreeMap<String, Wishes>,
    /// The paths that were written; null before.
    pub(super) written: Option<BTreeSet<String>>,
}

/// What is told to whoever might have lost what Wharf knew.
const UNKNOWN: &str = "nothing here is on record as written by Wharf. If it wrote some of these (.wharf was lost, or never \
                       committed): `wharf generate --adopt` takes them on again, and --adopt --diff shows what differs";

/// A line of the tree.
struct Row<'a> {
    parts: Vec<&'a str>,
    mark: &'static str,
    fate: String,
    style: Style,
    reason: &'a str,
}

impl<'a> Row<'a> {
    fn of_own(kept: &'a Kept) -> Self {
        let reason = if kept.alike { "says what would be generated" } else { "differs from what would be generated" };
        let fate = "yours, left alone".to_owned();
        Self { parts: kept.path.split('/').collect(), mark: "=", fate, style: Style::Attention, reason }
    }
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    state: ArtifactState,
    written: bool,
    reason: &'a str,
    note: Option<&'a str>,
    content: &'a str,
    diff: String,
}

impl<'a> Report<'a> {
    pub(super) fn new(looked: &'a Looked, everywhere: Wishes) -> Self {
        Self { looked, views: &looked.views, everywhere, all: false, wishes: BTreeMap::new(), written: None }
    }

    pub(super) fn wish(&self, path: &str) -> Wishes {
        self.wishes.get(path).copied().unwrap_or(self.everywhere)
    }

    fn take(&self, view: &ArtifactView) -> Option<Take> {
        self.wish(&view.artifact.path).take
    }

    pub(super) fn show(&self, json: bool, with_diffs: bool) {
        if json {
            let file = |view: &'a ArtifactView| self.file(view);
            let files: Vec<_> = self.views.iter().map(file).collect();
            return output::json(&serde_json::json!({ "files": files, "own": self.looked.kept }));
        }
        for view in self.views {
            let loses = self.loses(view) > 0;
            if with_diffs || loses {
                output::print(&self.diff(view, styled));
            }
        }
        self.tree();
    }

    fn file(&self, view: &'a ArtifactView) -> File<'a> {
        File {
            path: &view.artifact.path,
            state: view.state,
            written: self.written.as_ref().is_some_and(|written| written.contains(&view.artifact.path)),
            reason: &view.artifact.reason,
            note: view.note.as_deref(),
            content: &view.artifact.content,
            diff: self.diff(view, |text, _| text.to_owned()),
        }
    }

    /// From what lies there to what would; both sides of a conflict.
    fn diff(&self, view: &ArtifactView, styled: Styled) -> String {
        let take = self.take(view);
        if take.is_none() && view.state == ArtifactState::Conflict {
            return difference(view, &view.hunks, styled);
        }
        let is_kept = view.state == ArtifactState::Stale && !self.wish(&view.artifact.path).prune;
        if is_kept || !view.changes(take) {
            return String::new();
        }
        let before = view.current.as_deref().unwrap_or_default();
        difference(view, &generate::diff(before, view.outcome(take).unwrap_or_default()), styled)
    }

    /// How many lines of a person's go: those that are in what both sides make together.
    fn loses(&self, view: &ArtifactView) -> usize {
        use ArtifactState as S;
        let take = self.take(view);
        let may_lose = matches!(take, Some(Take::Wharfs | Take::Whole))
            && matches!(view.state, S::Edited | S::Merged | S::Conflict);
        let (true, Some(both), Some(after)) = (may_lose, &view.result, view.outcome(take)) else { return 0 };
        let hunks = generate::diff(both, after);
        hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.of == LineOf::Before).count()
    }

    /// The conflicts that nothing was written for.
    pub(super) fn conflicts(&self) {
        self.views.iter().filter(|view| view.state == ArtifactState::Conflict).for_each(conflict);
    }

    fn tree(&self) {
        let mut rows: Vec<Row<'_>> =
            self.views.iter().filter(|view| self.is_told(view)).map(|view| self.row(view)).collect();
        rows.extend(self.looked.kept.iter().map(Row::of_own));
        let name = harmless(&self.looked.name);
        let same = self.views.iter().filter(|view| !self.is_told(view)).count();
        if rows.is_empty() {
            return output::line(format!("{name}/: {} as they should be", output::counted(same, "file")));
        }
        output::styled_line(styled(&format!("{name}/"), Style::Strong));
        // What lies in a folder stands before its folders, each by name.
        rows.sort_by_key(|row| {
            row.parts.iter().enumerate().map(|(at, part)| (at + 1 < row.parts.len(), *part)).collect::<Vec<_>>()
        });
        let wide = rows.iter().map(|row| indented(&row.parts).chars().count()).max().unwrap_or_default().min(WIDE);
        let mut folders: Vec<&str> = Vec::new();
        for row in rows {
            let above = &row.parts[..row.parts.len() - 1];
            let common = folders.iter().zip(above).take_while(|(one, other)| one == other).count();
            for depth in common..above.len() {
                output::line(format!("{}/", indented(&above[..=depth])));
            }
            folders = above.to_vec();
            let name = indented(&row.parts);
            let (indent, name) = name.split_at(2 * row.parts.len());
            let gap = " ".repeat((wide + 2).saturating_sub(indent.len() + name.chars().count()));
            let reason = styled(&format!("({})", harmless(row.reason)), Style::Faint);
            output::styled_line(format!("{indent}{} {name}{gap}{} {reason}", styled(row.mark, row.style), row.fate));
        }
        if same > 0 {
            output::line(format!("  {} as they should be (--all lists them)", output::counted(same, "file")));
        }
        if !self.looked.kept.is_empty() && !self.looked.is_known {
            output::note(UNKNOWN);
        }
    }

    /// What stays as it is does not have to be read about.
    fn is_told(&self, view: &ArtifactView) -> bool {
        self.all || view.state != ArtifactState::Unchanged
    }

    fn row(&self, view: &'a ArtifactView) -> Row<'a> {
        let (mark, fate, style) = self.fate(view);
        Row { parts: view.artifact.path.split('/').collect(), mark, fate, style, reason: &view.artifact.reason }
    }

    /// What becomes of a file.
    fn fate(&self, view: &ArtifactView) -> (&'static str, String, Style) {
        use ArtifactState as S;
        let wishes = self.wish(&view.artifact.path);
        let lost = match self.loses(view) {
            0 => String::new(),
            lost => format!("; {} of yours gone, see above", output::counted(lost, "line")),
        };
        let (mark, fate, style) = match (view.state, wishes.take) {
            (S::New, _) => ("+", "written", Style::Good),
            (S::Removed, Some(Take::Whole)) => ("+", "written again", Style::Good),
            (S::Removed, _) => ("-", "left away as you removed it; --force writes it again", Style::Attention),
            (S::Stale, _) if !wishes.prune => {
                ("?", "nothing asks for it any more; --prune removes it", Style::Attention)
            }
            (S::Stale, _) if view.result.is_some() => ("=", "yours from now on", Style::Attention),
            (S::Stale, _) => ("-", "removed", Style::Attention),
            (S::Conflict, None) => ("!", "asked about, never overwritten", Style::Bad),
            (S::Conflict | S::Edited, _) if view.blocked => ("=", "left alone", Style::Attention),
            (S::Conflict, Some(Take::Yours)) if !view.changes(wishes.take) => ("=", "left as it is", Style::Attention),
            (S::Conflict, Some(Take::Yours)) => ("~", "joined with your side", Style::Good),
            (S::Conflict, Some(Take::Wharfs)) => ("~", "joined with Wharf's side", Style::Attention),
            (S::Edited, None | Some(Take::Yours | Take::Wharfs)) => {
                ("=", "left as it was edited; --force writes it anew", Style::Attention)
            }
            (S::Edited | S::Conflict | S::Merged, Some(Take::Whole)) => ("~", "written as generated", Style::Attention),
            (S::Merged, _) => ("~", "written anew, with your changes", Style::Good),
            (S::Outdated, _) => ("~", "written anew", Style::Good),
            (S::Unchanged, _) => ("=", "as it should be", Style::Faint),
        };
        let note = match (&view.note, view.state) {
            (Some(note), S::Conflict | S::Stale) => format!(": {}", harmless(note)),
            (Some(note), S::Edited) if view.blocked => format!(": {}", harmless(note)),
            _ => String::new(),
        };
        let is_to_come = self.written.is_none() && (mark == "+" || mark == "~" || fate == "removed");
        (mark, format!("{}{fate}{note}{lost}", if is_to_come { "to be " } else { "" }), style)
    }
}

/// The last part of a path, as far to the right as it is deep.
fn indented(parts: &[&str]) -> String {
    "  ".repeat(parts.len()) + &harmless(parts.last().copied().unwrap_or_default())
}

/// Whether it would be removed where stale files are.
pub(super) fn goes(view: &ArtifactView) -> bool {
    view.state == ArtifactState::Stale && view.result.is_none() && view.current.is_some()
}

/// Shows a conflict: what is in the way, and both sides of each place.
pub(super) fn conflict(view: &ArtifactView) {
    output::print(&difference(view, &view.hunks, styled));
}

fn difference(view: &ArtifactView, hunks: &[Hunk], styled: Styled) -> String {
    difference_of(&view.artifact.path, "generated", hunks, styled)
}

/// From what a person has at a path to something else.
pub(super) fn difference_of(path: &str, other: &str, hunks: &[Hunk], styled: Styled) -> String {
    let path = harmless(path);
    let heads = [format!("--- {path} (yours)"), format!("+++ {path} ({other})")];
    let mut out: String = heads.iter().map(|head| styled(head, Style::Strong) + "\n").collect();
    for hunk in hunks {
        out += &(styled(&hunk.head(), Style::Busy) + "\n");
        for line in &hunk.lines {
            let (sign, style) = match line.of {
                LineOf::Both => (' ', Style::Plain),
                LineOf::Base => ('|', Style::Faint),
                LineOf::Before => ('-', Style::Bad),
                LineOf::After => ('+', Style::Good),
            };
            out += &(styled(&format!("{sign}{}", harmless(&line.text)), style) + "\n");
        }
    }
    out
}

/// The files as they are generated, and nothing else.
pub(super) fn print(looked: &Looked, json: bool) {
    if json {
        return Report::new(looked, Wishes::default()).show(true, false);
    }
    for view in looked.views.iter().filter(|view| view.state != ArtifactState::Stale) {
        output::styled_line(styled(&format!("# ---- {}: {}", view.artifact.path, view.artifact.reason), Style::Faint));
        output::file(&view.artifact.content);
    }
}

/// What a check found.
pub(super) fn checked(drift: &[&ArtifactView], faults: &[Fault], files: usize, json: bool) {
    if json {
        let drift: Vec<_> = drift
            .iter()
            .map(|view| serde_json::json!({ "path": view.artifact.path, "state": view.state, "note": view.note }))
            .collect();
        return output::json(&serde_json::json!({ "files": files, "drift": drift, "faults": faults }));
    }
    print_faults(faults);
    for view in drift {
        output::line(format!("{}: drift: {}", harmless(&view.artifact.path), drifted(view.state)));
    }
    if faults.is_empty() && drift.is_empty() {
        output::line(format!("{} as they should be", output::counted(files, "file")));
    } else if !drift.is_empty() {
        output::note("`wharf generate --diff` shows what would change, `wharf generate` writes it");
    }
}

/// A line for each fault: where it is, which rule it breaks, what to do.
pub(super) fn print_faults(faults: &[Fault]) {
    for fault in faults {
        let line = fault.line.map(|line| format!(":{line}")).unwrap_or_default();
        output::line(format!("{}{line}: {}: {}", harmless(&fault.path), fault.rule, harmless(&fault.message)));
    }
}

const fn drifted(state: ArtifactState) -> &'static str {
    match state {
        ArtifactState::New => "it is not there",
        ArtifactState::Conflict => "it differs from what is generated, and both changed the same place",
        ArtifactState::Stale => "nothing asks for it any more; `wharf generate --prune` removes it",
        _ => "it is not what is generated now",
    }
}
