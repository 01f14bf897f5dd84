//! How generated files stand to those in a project, and what has to be written.

use crate::model::{Artifact, ArtifactState, ArtifactView, Problem};

/// Reads a file of the project by its path; none where nothing is.
pub type Read<'a> = &'a dyn Fn(&str) -> Result<Option<String>, Problem>;

/// Where the copy of what Wharf wrote last is kept, relative to the project.
pub(crate) fn base_path(artifact: &str) -> String {
    format!(".wharf/base/{artifact}")
}

/// Generated files beside those of the project.
pub fn beside(artifacts: Vec<Artifact>, read: Read<'_>) -> Result<Vec<ArtifactView>, Problem> {
    let view = |artifact: Artifact| {
        let (current, base) = (read(&artifact.path)?, read(&base_path(&artifact.path))?);
        Ok(compare(artifact, current, base.as_deref()))
    };
    artifacts.into_iter().map(view).collect()
}

/// Compares a generated file with what lies in the project now and with what Wharf wrote there last. Where both were
/// changed since, in different places, the changes are joined.
fn compare(artifact: Artifact, current: Option<String>, base: Option<&str>) -> ArtifactView {
    let (state, merged) = match (current.as_deref(), base) {
        (None, _) => (ArtifactState::New, None),
        (Some(current), _) if current == artifact.content => (ArtifactState::Unchanged, None),
        (Some(current), Some(base)) if base == current => (ArtifactState::Outdated, None),
        (Some(_), Some(base)) if base == artifact.content => (ArtifactState::Edited, None),
        (Some(current), Some(base)) => match diffy::merge(base, current, &artifact.content) {
            Ok(merged) => (ArtifactState::Merged, Some(merged)),
            Err(_) => (ArtifactState::Conflict, None),
        },
        (Some(_), None) => (ArtifactState::Conflict, None),
    };
    ArtifactView { artifact, state, current, merged }
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
/// paths in conflict instead, and a person's edits stay. With it, what is generated lies there afterwards.
pub fn writes(views: &[ArtifactView], force: bool) -> Result<Vec<Written>, Vec<String>> {
    let conflicts = views.iter().filter(|view| view.state == ArtifactState::Conflict);
    let conflicts: Vec<String> = conflicts.map(|view| view.artifact.path.clone()).collect();
    if !conflicts.is_empty() && !force {
        return Err(conflicts);
    }
    let written = views.iter().flat_map(|view| {
        let Artifact { path, content, .. } = &view.artifact;
        let outcome = if force { content } else { view.outcome() };
        let file = (view.current.as_deref() != Some(outcome))
            .then(|| Written { path: path.clone(), content: outcome.to_owned() });
        // The same text without a copy: a person wrote what Wharf would have written. From now on it is known.
        let known = view.state == ArtifactState::Edited && !force;
        let base = (!known).then(|| Written { path: base_path(path), content: content.clone() });
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

    fn view(generated: &str, current: Option<&str>, base: Option<&str>) -> ArtifactView {
        compare(artifact(generated), current.map(str::to_owned), base)
    }

    #[test]
    fn every_state_is_told_from_the_others() {
        let state = |generated, current, base| view(generated, current, base).state;
        assert_eq!(state("new\n", None, None), ArtifactState::New);
        assert_eq!(state("new\n", None, Some("old\n")), ArtifactState::New);
        assert_eq!(state("new\n", Some("new\n"), None), ArtifactState::Unchanged);
        assert_eq!(state("new\n", Some("old\n"), Some("old\n")), ArtifactState::Outdated);
        assert_eq!(state("new\n", Some("mine\n"), Some("new\n")), ArtifactState::Edited);
        assert_eq!(state("new\n", Some("mine\n"), Some("old\n")), ArtifactState::Conflict);
        assert_eq!(state("new\n", Some("mine\n"), None), ArtifactState::Conflict);
    }

    #[test]
    fn changes_in_different_places_are_joined() {
        let base = "FROM a:1\nRUN x\nRUN y\nRUN z\nCMD c\n";
        let view = view(&base.replace("a:1", "a:2"), Some(&base.replace("CMD c", "CMD mine")), Some(base));
        assert_eq!(view.state, ArtifactState::Merged);
        assert_eq!(view.outcome(), "FROM a:2\nRUN x\nRUN y\nRUN z\nCMD mine\n");
        let written = writes(std::slice::from_ref(&view), false).unwrap();
        assert_eq!((written[0].path.as_str(), written[0].content.as_str()), ("Dockerfile", view.outcome()));
        assert_eq!((written[1].path.as_str(), &written[1].content), (".wharf/base/Dockerfile", &view.artifact.content));
    }

    #[test]
    fn a_conflict_writes_nothing_at_all_unless_forced() {
        let views = [view("a\n", None, None), view("b\n", Some("mine\n"), None)];
        assert_eq!(writes(&views, false), Err(vec!["Dockerfile".to_owned()]));
        assert_eq!(writes(&views, true).unwrap().len(), 4);
    }

    #[test]
    fn an_edit_stays_and_a_copy_is_kept_of_each_file() {
        let edited = view("a\n", Some("mine\n"), Some("a\n"));
        assert_eq!(writes(std::slice::from_ref(&edited), false).unwrap(), []);
        assert_eq!(writes(&[edited], true).unwrap().len(), 2);
        let outdated = writes(&[view("a\n", Some("old\n"), Some("old\n"))], false).unwrap();
        let paths: Vec<&str> = outdated.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["Dockerfile", ".wharf/base/Dockerfile"]);
    }
}
