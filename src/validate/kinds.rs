//! What kind of file a text is, by its path and by what only that kind says.

use super::{Faults, compose, dockerfile, env_file, github, ignore_list};

/// A kind of file that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Compose,
    Dockerfile,
    EnvFile,
    IgnoreList,
    Workflow,
}

impl Kind {
    /// The kind of a file; none where it is none of these.
    pub(super) fn of(path: &str, _text: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let is_yaml = name.rsplit_once('.').is_some_and(|(_, ending)| matches!(ending, "yaml" | "yml"));
        if name.ends_with(".dockerignore") {
            Some(Self::IgnoreList)
        } else if name == "dockerfile" || name == "containerfile" || name.starts_with("dockerfile.") {
            Some(Self::Dockerfile)
        } else if is_yaml && path.contains(".github/workflows/") {
            Some(Self::Workflow)
        } else if is_yaml && (name.starts_with("compose") || name.starts_with("docker-compose")) {
            Some(Self::Compose)
        } else if name.starts_with(".env") {
            Some(Self::EnvFile)
        } else {
            None
        }
    }

    /// Whether a path can be of a kind, whatever the file says.
    pub(super) fn may_be(path: &str) -> bool {
        Self::of(path, "").is_some()
    }

    pub(super) fn check(self, text: &str, faults: &mut Faults<'_>) {
        match self {
            Self::Compose => compose::check(text, faults),
            Self::Dockerfile => dockerfile::check(text, faults),
            Self::EnvFile => env_file::check(text, faults),
            Self::IgnoreList => ignore_list::check(text, faults),
            Self::Workflow => github::check(text, faults),
        }
    }
}
