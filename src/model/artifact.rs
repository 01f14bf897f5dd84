//! Generated files.

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
    /// A person changed what Wharf wrote.
    Edited,
    /// Both changed it, in different places: what would be written holds both changes.
    Merged,
    /// A person wrote it, or both changed the same place: it is asked about, never overwritten.
    Conflict,
}
