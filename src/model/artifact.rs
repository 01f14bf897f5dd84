//! Generated files, and how they stand beside a project's own.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Artifact {
    /// Where it goes, relative to the project, with `/`.
    pub path: String,
    /// What stands in it.
    pub content: String,
    /// Why it is generated: one sentence for the preview.
    pub reason: String,
}

/// How a generated file compares with what lies in the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactState {
    /// Nothing is there yet.
    New,
    /// The same text is there.
    Unchanged,
    /// Wharf wrote what is there and would write something else now; no person changed it.
    Outdated,
    /// A person changed what Wharf wrote, and there is nothing new to write.
    Edited,
    /// Both changed it, in different places: what would be written holds both changes.
    Merged,
    /// A person wrote it, or both changed the same place: it is asked about, never overwritten.
    Conflict,
    /// A person removed what Wharf wrote: it stays away until somebody asks for it.
    Removed,
    /// Wharf wrote it, and nothing asks for it any more.
    Stale,
}

/// A generated file and how it compares with the project's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactView {
    /// The file as it is generated; one that nothing asks for any more as it was written last.
    pub artifact: Artifact,
    /// How it compares.
    pub state: ArtifactState,
    /// What is there now; null where nothing is, or no text.
    pub current: Option<String>,
    /// What lies there once it is written, with a person's changes, and with their side where both changed the same
    /// place; null where nothing does, or no text.
    pub result: Option<String>,
    /// The same with Wharf's side, of a conflict.
    pub taken: Option<String>,
    /// What would change; of an edited file what a person changed; of a conflict both sides of each place.
    pub hunks: Vec<Hunk>,
    /// What else has to be known, one sentence.
    pub note: Option<String>,
    /// What is there is no text file: it can be left alone, but not written over.
    pub blocked: bool,
    /// What is generated is known to be what Wharf wrote last.
    pub recorded: bool,
}

impl ArtifactView {
    /// What lies there once it is written; null where nothing does.
    #[must_use]
    pub fn outcome(&self, take: Option<Take>) -> Option<&str> {
        match take {
            _ if self.state == ArtifactState::Stale => self.result.as_deref(),
            Some(Take::Whole) => Some(&self.artifact.content),
            Some(Take::Wharfs) if self.state == ArtifactState::Conflict => self.taken.as_deref(),
            _ => self.result.as_deref(),
        }
    }

    /// Whether writing changes what is there.
    #[must_use]
    pub fn changes(&self, take: Option<Take>) -> bool {
        !self.blocked && self.outcome(take) != self.current.as_deref()
    }
}

/// What is taken where a person's file and the generated one do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Take {
    /// The person's side where both changed the same place; the rest is joined.
    Yours,
    /// Wharf's side where both changed the same place; the rest is joined.
    Wharfs,
    /// Every file as it is generated. A person's changes are lost, and a file that was removed comes back.
    Whole,
}

/// A place where two texts differ, with lines around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hunk {
    /// Its first line in the text before, from 1.
    pub before: usize,
    /// Its first line in the text after, from 1.
    pub after: usize,
    /// Its lines.
    pub lines: Vec<DiffLine>,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiffLine {
    /// Where it stands.
    pub of: LineOf,
    /// What it says, without its end.
    pub text: String,
}

/// Where a line of a difference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LineOf {
    /// Before and after.
    Both,
    /// In what Wharf wrote last, where both have changed that.
    Base,
    /// Only before.
    Before,
    /// Only after.
    After,
}

impl Hunk {
    /// The line that leads it in a unified diff.
    #[must_use]
    pub fn head(&self) -> String {
        let count = |without| self.lines.iter().filter(|line| ![without, LineOf::Base].contains(&line.of)).count();
        let (before, after) = (count(LineOf::After), count(LineOf::Before));
        format!("@@ -{},{before} +{},{after} @@", self.before, self.after)
    }
}

/// What a path of a project holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A text.
    Text(String),
    /// A folder.
    Folder,
    /// Something else: what it is, to stand behind “it is”.
    Other(String),
}

/// A file of a project to write or to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Where, relative to the project.
    pub path: String,
    /// What it says afterwards; null to remove it.
    pub content: Option<String>,
    /// What has to be there before: something else that came meanwhile stays. Null where that does not matter.
    pub instead_of: Option<Found>,
}
