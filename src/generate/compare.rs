//! How generated files stand to those in a project, and what has to be written.

use crate::model::{Artifact, ArtifactState};

/// Where the copy of what Wharf wrote last is kept, relative to the project.
#[must_use]
pub fn base_path(artifact: &str) -> String {
    format!(".wharf/base/{artifact}")
}

/// Compares a generated file with what lies in the project now and with what Wharf wrote there last.
#[must_use]
pub fn compare(artifact: &Artifact, current: Option<&str>, base: Option<&str>) -> ArtifactState {
    let Some(current) = current else { return ArtifactState::New };
    if current == artifact.content {
        return ArtifactState::Unchanged;
    }
    match base {
        Some(base) if base == current => ArtifactState::Outdated,
        Some(base) if base == artifact.content => ArtifactState::Edited,
        _ => ArtifactState::Conflict,
    }
}

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where, relative to the project.
    pub path: String,
    /// What.
    pub content: String,
}

/// What has to be written, each file with its copy. Without `force` a conflict writes nothing at all: it returns the
/// paths in conflict instead. A person's edit of what would be generated again the same stays.
pub fn writes(artifacts: &[(Artifact, ArtifactState)], force: bool) -> Result<Vec<Written>, Vec<String>> {
    let conflicts = artifacts.iter().filter(|(_, state)| *state == ArtifactState::Conflict);
    let conflicts: Vec<String> = conflicts.map(|(artifact, _)| artifact.path.clone()).collect();
    if !conflicts.is_empty() && !force {
        return Err(conflicts);
    }
    let written = artifacts.iter().flat_map(|(artifact, state)| {
        let (file, base) = match state {
            ArtifactState::New | ArtifactState::Outdated | ArtifactState::Conflict => (true, true),
            // The same text without a copy: a person wrote what Wharf would have written. From now on it is known.
            ArtifactState::Unchanged => (false, true),
            ArtifactState::Edited => (force, force),
        };
        let file = file.then(|| Written { path: artifact.path.clone(), content: artifact.content.clone() });
        let base = base.then(|| Written { path: base_path(&artifact.path), content: artifact.content.clone() });
        file.into_iter().chain(base)
    });
    Ok(written.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(content: &str) -> Artifact {
        Artifact { path: "Dockerfile".to_owned(), content: content.to_owned(), reason: String::new() }
    }

    #[test]
    fn every_state_is_told_from_the_others() {
        let new = artifact("new");
        assert_eq!(compare(&new, None, None), ArtifactState::New);
        assert_eq!(compare(&new, None, Some("old")), ArtifactState::New);
        assert_eq!(compare(&new, Some("new"), None), ArtifactState::Unchanged);
        assert_eq!(compare(&new, Some("old"), Some("old")), ArtifactState::Outdated);
        assert_eq!(compare(&new, Some("mine"), Some("new")), ArtifactState::Edited);
        assert_eq!(compare(&new, Some("mine"), Some("old")), ArtifactState::Conflict);
        assert_eq!(compare(&new, Some("mine"), None), ArtifactState::Conflict);
    }

    #[test]
    fn a_conflict_writes_nothing_at_all_unless_forced() {
        let files = [(artifact("a"), ArtifactState::New), (artifact("b"), ArtifactState::Conflict)];
        assert_eq!(writes(&files, false), Err(vec!["Dockerfile".to_owned()]));
        assert_eq!(writes(&files, true).unwrap().len(), 4);
    }

    #[test]
    fn an_edit_stays_and_a_copy_is_kept_of_each_file() {
        let kept = writes(&[(artifact("a"), ArtifactState::Edited)], false).unwrap();
        assert_eq!(kept, []);
        let files = writes(&[(artifact("a"), ArtifactState::Outdated)], false).unwrap();
        assert_eq!(
            files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
            ["Dockerfile", ".wharf/base/Dockerfile"]
        );
    }
}
