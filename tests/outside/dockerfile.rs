//! Dockerfiles, judged by hadolint, which asks `ShellCheck` about their commands.

use std::path::PathBuf;

use super::findings::{Finding, settle};
use super::generated::{self, base, has_ending};
use super::tools::{ready, run, sample, tool};

pub(super) fn is_dockerfile(name: &str) -> bool {
    let name = base(name);
    (name == "Dockerfile" || name.starts_with("Dockerfile.")) && !has_ending(name, "dockerignore")
}

#[test]
fn hadolint_finds_nothing_in_dockerfiles() {
    if !ready(&["hadolint"]) {
        return;
    }
    let files = generated::paths(is_dockerfile);
    assert!(files.len() > 100, "{}", files.len());
    settle("hadolint", hadolint(&files));
}

#[test]
fn hadolint_sees_a_bad_dockerfile() {
    if ready(&["hadolint"]) {
        let found = hadolint(&[sample("bad.Dockerfile")]);
        let rules: Vec<&str> = found.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!(rules, ["DL3006", "DL3020", "SC2046", "DL3002"], "{found:#?}");
    }
}

fn hadolint(files: &[PathBuf]) -> Vec<Finding> {
    let report = run(tool("hadolint").args(["--no-color", "--format", "json"]).args(files)).json();
    let found = report.as_array().unwrap().iter();
    let serious = found.filter(|one| matches!(one["level"].as_str(), Some("error" | "warning")));
    let finding = |one: &serde_json::Value| {
        let text = |key: &str| one[key].as_str().unwrap();
        Finding::new(text("code"), text("file"), one["line"].as_u64().unwrap(), text("message"))
    };
    serious.map(finding).collect()
}
