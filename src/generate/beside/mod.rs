//! How generated files stand beside a project's own: compared and joined line by line on what Wharf wrote last, so that
//! nothing that a person wrote is ever lost unasked. What the files are for is not known here.

mod merge;
mod record;
#[cfg(test)]
mod tests;
mod text;
mod writes;

use std::fmt;

use crate::model::{Artifact, ArtifactState, ArtifactView, Found, Problem, ProblemCode};

pub use text::diff;
pub use writes::{Wishes, places, writes};

use super::digests::DIGESTS;
use record::{BASE, FOLDER, RECORD, Record, base_path};

/// Lines of the longest file that is compared: nobody writes more by hand, and differences take time.
const LINES: usize = 10_000;

/// Reads a path of the project.
pub type Read<'a> = &'a dyn Fn(&str) -> Found;

/// What is wrong with a text that is to lie at a path.
pub type Check<'a> = &'a dyn Fn(&str, &str) -> Vec<String>;

/// A project's files, and what Wharf wrote among them.
pub struct Folder<'a> {
    read: Read<'a>,
    check: Check<'a>,
    record: Record,
}

impl fmt::Debug for Folder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("record", &self.record).finish_non_exhaustive()
    }
}

impl<'a> Folder<'a> {
    /// The project that is read so. What lies where Wharf keeps what it wrote, and is something else, is a [`Problem`]:
    /// to go on without it would take everything for a person's.
    pub fn new(read: Read<'a>, check: Check<'a>) -> Result<Self, Problem> {
        for (path, is_folder) in [(FOLDER, true), (BASE, true), (DIGESTS, false)] {
            match read(path) {
                Found::Nothing => {}
                Found::Folder if is_folder => {}
                Found::Text(_) if !is_folder => {}
                other => return Err(unusable(path, &other)),
            }
        }
        let record = match read(RECORD) {
            Found::Text(text) => Record::parse(&text),
            Found::Nothing => Record::default(),
            other => return Err(unusable(RECORD, &other)),
        };
        Ok(Self { read, check, record })
    }

    /// What the project was called when its files were written: it stands in them, and its folder may be called
    /// otherwise on another machine.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.record.name.as_deref()
    }

    /// Whether it is on record that Wharf wrote a file there, also where a person changed or removed it since.
    #[must_use]
    pub fn records(&self, path: &str) -> bool {
        self.record.has(path)
    }

    /// Whether it is on record that Wharf wrote anything.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.record.paths().next().is_some()
    }

    /// Whether Wharf wrote a file there, also where that is not on record any more and only the copy is left.
    #[must_use]
    pub fn wrote(&self, path: &str) -> bool {
        self.record.has(path) || matches!((self.read)(&base_path(path)), Found::Text(_))
    }

    /// The text that lies at a path.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        match (self.read)(path) {
            Found::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What Wharf wrote there last: the copy, where the digest proves it, or one of the texts at hand.
    fn base(&self, path: &str, generated: &str, current: &str) -> Option<String> {
        if let Some(is_of_this) = self.record.has_joined(path, current, generated) {
            return is_of_this.then(|| generated.to_owned());
        }
        let copy = self.text(&base_path(path));
        if copy.as_deref().is_some_and(|copy| text::says_the_same(copy, generated)) {
            return copy;
        }
        let texts = [Some(current), copy.as_deref(), Some(generated)];
        texts.into_iter().flatten().find(|text| self.record.knows(path, text)).map(str::to_owned)
    }

    /// What is wrong with a text but not with the one before: each of two changes may be sound alone, but not both.
    fn new_fault(&self, path: &str, before: &str, after: &str) -> Option<String> {
        let known = (self.check)(path, before);
        (self.check)(path, after).into_iter().find(|fault| !known.contains(fault))
    }

    /// The copy and its digest are those of this text.
    fn is_recorded(&self, artifact: &Artifact) -> bool {
        self.record.knows(&artifact.path, &artifact.content)
            && matches!((self.read)(&base_path(&artifact.path)), Found::Text(copy) if text::says_the_same(&copy, &artifact.content))
    }
}

/// Generated files beside those of the project. `is_stale` says whether nothing asks any more for a file that Wharf wrote
/// once.
#[must_use]
pub fn beside(artifacts: Vec<Artifact>, is_stale: impl Fn(&str) -> bool, folder: &Folder<'_>) -> Vec<ArtifactView> {
    let stale = folder.record.paths().filter(|path| is_stale(path));
    let stale: Vec<ArtifactView> = stale.map(|path| stale_view(path, folder)).collect();
    artifacts.into_iter().map(|artifact| compare(artifact, folder)).chain(stale).collect()
}

fn unusable(path: &str, found: &Found) -> Problem {
    let why = match found {
        Found::Folder => "is a folder",
        Found::Text(_) => "is a file",
        Found::Other(why) => why,
        Found::Nothing => "is not there",
    };
    Problem::new(ProblemCode::Refused, "record-not-usable", format!("{path} cannot be used"))
        .why(format!("it {why}; Wharf keeps there what it wrote, to tell your changes from its own"))
        .fix(format!("take it away and bring back what was committed: `git checkout -- {FOLDER}`"))
}

fn view(artifact: Artifact, state: ArtifactState) -> ArtifactView {
    ArtifactView {
        artifact,
        state,
        current: None,
        result: None,
        taken: None,
        hunks: Vec::new(),
        note: None,
        blocked: false,
        recorded: false,
    }
}

/// Compares a generated file with what lies in the project now and with what Wharf wrote there last.
fn compare(artifact: Artifact, folder: &Folder<'_>) -> ArtifactView {
    let recorded = folder.is_recorded(&artifact);
    let found = match (folder.read)(&artifact.path) {
        Found::Text(text) if text.lines().count() > LINES => Found::Other(format!("has more than {LINES} lines")),
        found => found,
    };
    let compared = match found {
        Found::Nothing if folder.wrote(&artifact.path) => ArtifactView {
            note: Some("it was removed, so it is not written again unless that is asked for".to_owned()),
            ..view(artifact, ArtifactState::Removed)
        },
        Found::Nothing => {
            let (result, hunks) = (Some(artifact.content.clone()), diff("", &artifact.content));
            ArtifactView { result, hunks, ..view(artifact, ArtifactState::New) }
        }
        Found::Text(current) => of_text(artifact, current, folder),
        Found::Folder => of_other(artifact, "is a folder", folder),
        Found::Other(why) => of_other(artifact, &why, folder),
    };
    ArtifactView { recorded, ..compared }
}

/// No text that anything could be joined with. Who let it stay when it was asked about is not asked again before there
/// is something new to write.
fn of_other(artifact: Artifact, why: &str, folder: &Folder<'_>) -> ArtifactView {
    let known = folder.record.knows(&artifact.path, &artifact.content);
    let state = if known { ArtifactState::Edited } else { ArtifactState::Conflict };
    ArtifactView { blocked: true, note: Some(format!("what is there {why}")), ..view(artifact, state) }
}

fn of_text(artifact: Artifact, current: String, folder: &Folder<'_>) -> ArtifactView {
    let generated = text::ended_like(&artifact.content, &current);
    if text::says_the_same(&current, &generated) {
        let result = Some(current.clone());
        return ArtifactView { result, current: Some(current), ..view(artifact, ArtifactState::Unchanged) };
    }
    let Some(base) = folder.base(&artifact.path, &artifact.content, &current) else {
        let known = folder.wrote(&artifact.path);
        let note = if known { "what Wharf wrote there last is not known any more" } else { "Wharf did not write it" };
        return ArtifactView {
            result: Some(current.clone()),
            taken: Some(generated),
            hunks: diff(&current, &artifact.content),
            note: Some(note.to_owned()),
            current: Some(current),
            ..view(artifact, ArtifactState::Conflict)
        };
    };
    joined(artifact, current, &base, &generated, folder)
}

/// Joins what was changed since `base`.
fn joined(artifact: Artifact, current: String, base: &str, generated: &str, folder: &Folder<'_>) -> ArtifactView {
    use ArtifactState as S;
    let merge = merge::merge(base, &current, generated);
    let result = merge.text(false);
    let (state, hunks) = if merge.clashes() {
        (S::Conflict, merge.hunks())
    } else if result == current {
        (S::Edited, diff(&artifact.content, &current))
    } else if text::says_the_same(base, &current) {
        (S::Outdated, diff(&current, &result))
    } else {
        (S::Merged, diff(&current, &result))
    };
    let fault = if state == S::Merged { folder.new_fault(&artifact.path, &current, &result) } else { None };
    if let Some(fault) = fault {
        let note = Some(format!("with both changes it would be wrong: {fault}"));
        let (result, taken) = (Some(current.clone()), Some(generated.to_owned()));
        return ArtifactView { result, taken, hunks, note, current: Some(current), ..view(artifact, S::Conflict) };
    }
    ArtifactView {
        taken: merge.clashes().then(|| merge.text(true)),
        note: merge.clashes().then(|| "both changed the same place".to_owned()),
        result: Some(result),
        hunks,
        current: Some(current),
        ..view(artifact, state)
    }
}

/// What Wharf wrote and nothing asks for any more. A person's changes make it the person's.
fn stale_view(path: &str, folder: &Folder<'_>) -> ArtifactView {
    let current = match (folder.read)(path) {
        Found::Text(text) => Some(text),
        _ => None,
    };
    let is_own = current.as_ref().is_some_and(|text| !folder.record.knows(path, text));
    let artifact = Artifact {
        path: path.to_owned(),
        content: current.clone().unwrap_or_default(),
        reason: "nothing asks for it any more".to_owned(),
    };
    ArtifactView {
        result: current.clone().filter(|_| is_own),
        note: is_own.then(|| "it holds your changes, so it stays as a file of yours".to_owned()),
        current,
        ..view(artifact, ArtifactState::Stale)
    }
}
