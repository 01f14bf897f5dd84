//! What has to be written so that the generated files lie in the project.

use super::Folder;
use super::record::{RECORD, Record, base_path, is_plain};
use super::text::says_the_same;
use crate::model::{Artifact, ArtifactState, ArtifactView, FileChange, Found, Problem, ProblemCode, Take};

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What is taken where a person's file and the generated one do not go together; a conflict otherwise.
    pub take: Option<Take>,
    /// Stale files go, but for those that a person changed.
    pub prune: bool,
}

/// What has to be written, in this order: a note of what is being joined, each file and then the copy of what was
/// generated, at last the record of all. Who is stopped in between, and comes again, finds each file in a state that
/// leads to the same end. Where something is in conflict nothing at all is written. `wishes` says of each path what is
/// asked for; `name` is the project's.
pub fn writes(
    views: &[ArtifactView],
    wishes: impl Fn(&str) -> Wishes,
    name: &str,
    folder: &Folder<'_>,
) -> Result<Vec<FileChange>, Problem> {
    let wish = |view: &ArtifactView| wishes(&view.artifact.path);
    let conflicts: Vec<&ArtifactView> = views.iter().filter(|view| is_refused(view, wish(view).take)).collect();
    if !conflicts.is_empty() {
        return Err(conflict(&conflicts));
    }
    let mut record = folder.record.clone();
    if is_plain(name) {
        record.name.get_or_insert_with(|| name.to_owned());
    }
    let mut changes: Vec<FileChange> = announcement(views, wish, &folder.record).into_iter().collect();
    changes.extend(views.iter().flat_map(|view| changes_of(view, wish(view), &mut record)));
    let is_kept = matches!((folder.read)(RECORD), Found::Text(kept) if says_the_same(&kept, &record.text()));
    let is_needed = !views.is_empty() || record != folder.record;
    if !changes.is_empty() || is_needed && !is_kept {
        changes.push(own(RECORD.to_owned(), Some(record.text())));
    }
    Ok(changes)
}

/// Every path that may be written for these artifacts.
#[must_use]
pub fn places(views: &[ArtifactView]) -> Vec<String> {
    let of_each = views.iter().flat_map(|view| [view.artifact.path.clone(), base_path(&view.artifact.path)]);
    of_each.chain([RECORD.to_owned()]).collect()
}

/// The record with what is about to be joined.
fn announcement(views: &[ArtifactView], wish: impl Fn(&ArtifactView) -> Wishes, record: &Record) -> Option<FileChange> {
    let mut announced = record.clone();
    for view in views {
        let Artifact { path, content, .. } = &view.artifact;
        let take = wish(view).take;
        if let Some(text) = view.outcome(take).filter(|text| view.changes(take) && !says_the_same(text, content)) {
            announced.announce(path, text, content);
        }
    }
    (announced != *record).then(|| own(RECORD.to_owned(), Some(announced.text())))
}

/// What a file needs, with its copy; the record is brought up to date.
fn changes_of(view: &ArtifactView, Wishes { take, prune }: Wishes, record: &mut Record) -> Vec<FileChange> {
    let path = &view.artifact.path;
    let is_stale = view.state == ArtifactState::Stale;
    if is_stale && !prune || view.state == ArtifactState::Removed && take != Some(Take::Whole) {
        return Vec::new();
    }
    let mut changes = Vec::new();
    if view.changes(take) {
        changes.push(FileChange {
            path: path.clone(),
            content: view.outcome(take).map(str::to_owned),
            instead_of: Some(view.current.clone().map_or(Found::Nothing, Found::Text)),
        });
    }
    if is_stale {
        record.forget(path);
        changes.push(own(base_path(path), None));
    } else if !view.recorded {
        record.set(path, &view.artifact.content);
        changes.push(own(base_path(path), Some(view.artifact.content.clone())));
    }
    changes
}

/// A file that is Wharf's alone.
fn own(path: String, content: Option<String>) -> FileChange {
    FileChange { path, content, instead_of: None }
}

/// Whether it would have to be asked about first, or cannot be done at all.
fn is_refused(view: &ArtifactView, take: Option<Take>) -> bool {
    match take {
        None => view.state == ArtifactState::Conflict,
        Some(Take::Yours) => false,
        Some(Take::Wharfs) => view.blocked && view.state == ArtifactState::Conflict,
        Some(Take::Whole) => view.blocked,
    }
}

fn conflict(views: &[&ArtifactView]) -> Problem {
    let names: Vec<&str> = views.iter().map(|view| view.artifact.path.as_str()).collect();
    let why = |view: &&ArtifactView| Some(format!("{}: {}", view.artifact.path, view.note.as_deref()?));
    let whys: Vec<String> = views.iter().filter_map(why).collect();
    let fix = if views.iter().any(|view| view.blocked) {
        "move it away, or leave it there: the same with `--keep`"
    } else {
        "the same with `--keep` takes your side in these places and with `--take` Wharf's, and your other changes stay; \
         with `--force` the files are written as they are generated"
    };
    let message = format!("nothing was written: {} cannot be written without a decision", names.join(", "));
    Problem::new(ProblemCode::Refused, "artifact-conflict", message).why(whys.join("; ")).fix(fix)
}
