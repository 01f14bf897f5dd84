//! Whether a file that describes a deployment can work and is safe: text in, faults out. The same check stands behind
//! what is generated and what a person wrote.

mod compose;
mod dockerfile;
mod env_file;
mod ignore_list;

use serde::Serialize;

use crate::model::names_a_secret;

/// So many bytes of a file are checked; nobody writes more by hand.
const LARGEST: usize = 512 << 10;

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The rule that it breaks, as a stable slug: `unpinned-image`, `root-user` …
    pub rule: &'static str,
    /// The file.
    pub path: String,
    /// The line, from 1; null where it is the whole file.
    pub line: Option<usize>,
    /// What is wrong and what to do, one sentence.
    pub message: String,
}

/// What is wrong with a file, in the order of its lines. The file's name says which checks it gets; a file of a kind
/// that none knows has no faults.
#[must_use]
pub fn check(path: &str, text: &str) -> Vec<Fault> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let is_yaml = lower.rsplit_once('.').is_some_and(|(_, ending)| matches!(ending, "yaml" | "yml"));
    let mut faults = Faults { path, found: Vec::new() };
    if text.len() > LARGEST {
        faults.add("too-large", None, format!("it has more than {} KB", LARGEST >> 10));
        return faults.found;
    }
    if lower.ends_with(".dockerignore") {
        ignore_list::check(text, &mut faults);
    } else if lower == "dockerfile" || lower == "containerfile" || lower.starts_with("dockerfile.") {
        dockerfile::check(text, &mut faults);
    } else if is_yaml && (lower.starts_with("compose") || lower.starts_with("docker-compose")) {
        compose::check(text, &mut faults);
    } else if lower.starts_with(".env") {
        env_file::check(text, &mut faults);
    }
    faults.found.sort_by_key(|fault| fault.line);
    faults.found
}

/// The same as rules with what breaks them, wherever in the file that is.
#[must_use]
pub fn says(path: &str, text: &str) -> Vec<String> {
    check(path, text).into_iter().map(|fault| format!("{}: {}", fault.rule, fault.message)).collect()
}

/// Collects faults of one file.
struct Faults<'a> {
    path: &'a str,
    found: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, rule: &'static str, line: impl Into<Option<usize>>, message: impl Into<String>) {
        self.found.push(Fault { rule, path: self.path.to_owned(), line: line.into(), message: message.into() });
    }
}

/// Whether the tag of an image can mean another image tomorrow; text with a variable cannot be told.
fn is_unpinned(image: &str) -> bool {
    if image.contains('$') || image.contains('@') {
        return false;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').is_none_or(|(_, tag)| tag.is_empty() || tag == "latest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_pin_an_image() {
        for image in ["node", "node:latest", "localhost:5000/app", "node:"] {
            assert!(is_unpinned(image), "{image}");
        }
        for image in ["node:22", "localhost:5000/app:1", "node@sha256:00", "$BASE"] {
            assert!(!is_unpinned(image), "{image}");
        }
    }

    #[test]
    fn each_kind_of_file_is_known_by_its_name() {
        assert!(check("a/Dockerfile", "").iter().any(|fault| fault.rule == "dockerfile-syntax"));
        assert!(check("Dockerfile.dev", "").iter().any(|fault| fault.rule == "dockerfile-syntax"));
        assert!(check("apps/web/Dockerfile.dockerignore", "").iter().any(|fault| fault.rule == "ignore-list"));
        assert!(check("docker-compose.yml", "").iter().any(|fault| fault.rule == "compose-syntax"));
        assert!(check(".env.example", "=").iter().any(|fault| fault.rule == "env-syntax"));
        assert_eq!(check("README.md", "FROM"), []);
    }
}
