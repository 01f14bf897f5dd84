//! What is known of a project beside the files that are checked: which paths there are, and which are made by building.

use std::collections::BTreeMap;

use super::Surroundings;
use super::kinds::Kind;
use crate::model::dockerignore::Ignore;

/// Where a project says what is made in it and not kept.
pub(super) const MADE: &str = ".gitignore";

/// The files of a project, and whatever else is known to lie there.
pub(super) struct Project<'p> {
    pub(super) files: &'p BTreeMap<String, String>,
    around: Option<&'p Surroundings<'p>>,
    made: Ignore,
}

impl<'p> Project<'p> {
    pub(super) fn new(files: &'p BTreeMap<String, String>, around: Option<&'p Surroundings<'p>>) -> Self {
        let made = files.get(MADE).map(|text| anywhere(text)).and_then(|text| Ignore::parse(&text).ok());
        Self { files, around, made: made.unwrap_or_default() }
    }

    /// Whether nothing lies at a path, and nothing that is built puts it there. Where only the files are known that are
    /// checked, just those of a kind can be missed.
    pub(super) fn lacks(&self, path: &str) -> bool {
        let is_plain =
            !path.is_empty() && !path.starts_with("..") && !path.contains(['$', '*', '?', '{', '~', '<', '`']);
        if !is_plain || self.files.contains_key(path) || begins(self.files, path) {
            return false;
        }
        match self.around {
            // Each has an .env of one's own.
            None => Kind::of(path, "").is_some_and(|kind| kind != Kind::EnvFile),
            Some(around) => {
                let below = format!("{path}/");
                let mut inside = around.paths.range(below.clone()..);
                let is_there =
                    around.paths.contains(path) || inside.next().is_some_and(|other| other.starts_with(&below));
                !is_there && !self.made.is_ignored(path) && !(around.may_be)(path)
            }
        }
    }

    /// What is known to lie at a path or below it.
    pub(super) fn at<'s>(&'s self, path: &'s str) -> impl Iterator<Item = &'s str> {
        let paths = self.around.map(|around| around.paths.range(path.to_owned()..)).into_iter().flatten();
        let below = move |other: &&String| {
            other.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || path.is_empty())
        };
        let near = paths.take_while(move |other| other.starts_with(path)).filter(below);
        near.chain(self.files.keys().filter(below)).map(String::as_str)
    }
}

/// Whether something lies in a folder.
fn begins(files: &BTreeMap<String, String>, folder: &str) -> bool {
    let below = format!("{folder}/");
    files.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below))
}

/// A list of what git ignores as one of Docker's: a name without a folder is meant wherever it lies.
fn anywhere(text: &str) -> String {
    let line = |line: &str| {
        let (keeps, pattern) = line.strip_prefix('!').map_or(("", line), |rest| ("!", rest));
        let is_name = !pattern.trim_end_matches('/').contains('/') && !pattern.is_empty() && !pattern.starts_with('#');
        if is_name { format!("{keeps}**/{pattern}") } else { line.to_owned() }
    };
    text.lines().map(|one| line(one.trim())).collect::<Vec<_>>().join("\n")
}

/// Paths without files, for tests.
#[cfg(test)]
pub(super) fn paths(names: &[&str]) -> std::collections::BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_not_missed() {
        let files: BTreeMap<String, String> =
            [(MADE.to_owned(), "dist/\n/out\n*.jar\n!keep.jar\n".to_owned())].into_iter().collect();
        let paths = paths(&["src/main.rs"]);
        let around = Surroundings { paths: &paths, may_be: &|path| path == "there" };
        let project = Project::new(&files, Some(&around));
        for path in ["src", "src/main.rs", "a/dist/x", "out/y", "target/a.jar", "there", "../up", "$A/b", ""] {
            assert!(!project.lacks(path), "{path}");
        }
        for path in ["sr", "src/main", "a/out", "keep.jar"] {
            assert!(project.lacks(path), "{path}");
        }
        let alone = Project::new(&files, None);
        assert!(alone.lacks("infra/deploy.sh") && !alone.lacks("src/other.rs"));
    }
}
