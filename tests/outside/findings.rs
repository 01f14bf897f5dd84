//! What validators found, and the exceptions that are made.

use std::path::Path;

use serde::Deserialize;

/// What a validator says is wrong.
#[derive(Debug, Deserialize)]
pub(super) struct Finding {
    pub(super) rule: String,
    pub(super) path: String,
    pub(super) line: u64,
    pub(super) says: String,
}

impl Finding {
    pub(super) fn new(rule: &str, path: impl AsRef<Path>, line: u64, says: &str) -> Self {
        let path = path.as_ref().display().to_string();
        Self { rule: rule.to_owned(), path, line, says: says.to_owned() }
    }
}

#[derive(Deserialize)]
struct Exceptions {
    exception: Vec<Exception>,
}

/// A rule of a validator that generated files break on purpose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    tool: String,
    rule: String,
    /// A part of the paths where it may be broken.
    r#where: String,
    because: String,
}

/// Fails the test where a validator found something in generated files that no exception allows, or where an exception
/// allows what is not there any more.
#[track_caller]
pub(super) fn settle(tool: &str, mut found: Vec<Finding>) {
    let exceptions: Exceptions = toml_edit::de::from_str(include_str!("exceptions.toml")).unwrap();
    let mut unneeded = Vec::new();
    for exception in exceptions.exception.iter().filter(|exception| exception.tool == tool) {
        assert!(exception.because.len() > 20, "{} {}: say why", exception.tool, exception.rule);
        let before = found.len();
        found.retain(|finding| finding.rule != exception.rule || !finding.path.contains(&exception.r#where));
        if found.len() == before {
            unneeded.push((&exception.rule, &exception.r#where));
        }
    }
    let total = found.len();
    found.sort_by(|a, b| (&a.rule, &a.path, a.line).cmp(&(&b.rule, &b.path, b.line)));
    // One of each rule is enough to begin with.
    let mut count = 0;
    let mut last = String::new();
    found.retain(|finding| {
        count = if finding.rule == last { count + 1 } else { 0 };
        last.clone_from(&finding.rule);
        count < 3
    });
    let lines: Vec<String> = found
        .iter()
        .map(|finding| format!("{}:{}: {}: {}", finding.path, finding.line, finding.rule, finding.says))
        .collect();
    assert!(lines.is_empty(), "{tool} finds {total} faults, of each rule up to three:\n{}", lines.join("\n"));
    assert!(unneeded.is_empty(), "{tool}: nothing needs these exceptions any more: {unneeded:?}");
}
