//! What a shell reads: scripts, judged by `ShellCheck`, and lists of variables.

use std::path::{Path, PathBuf};

use super::findings::{Finding, settle};
use super::generated::{self, base, has_ending};
use super::tools::{ready, run, sample, tool};

#[test]
fn shellcheck_finds_nothing_in_scripts() {
    if ready(&["shellcheck"]) {
        settle("shellcheck", shellcheck(&generated::paths(|name| has_ending(name, "sh"))));
    }
}

#[test]
fn shellcheck_sees_a_bad_script() {
    if ready(&["shellcheck"]) {
        let found = shellcheck(&[sample("bad.sh")]);
        assert!(found.iter().any(|finding| finding.rule == "SC2115"), "{found:#?}");
    }
}

fn shellcheck(files: &[PathBuf]) -> Vec<Finding> {
    if files.is_empty() {
        return Vec::new();
    }
    let report = run(tool("shellcheck").args(["--severity=warning", "--format=json"]).args(files)).json();
    let finding = |one: &serde_json::Value| {
        let rule = format!("SC{}", one["code"]);
        Finding::new(
            &rule,
            one["file"].as_str().unwrap(),
            one["line"].as_u64().unwrap(),
            one["message"].as_str().unwrap(),
        )
    };
    report.as_array().unwrap().iter().map(finding).collect()
}

/// `set -a; . ./.env` is how many read one.
#[test]
fn a_shell_reads_lists_of_variables() {
    let files = generated::paths(|name| base(name) == ".env.example");
    assert!(files.len() > 50, "{}", files.len());
    let found: Vec<Finding> = files.iter().filter_map(|file| sourced(file)).collect();
    settle("sh", found);
    assert!(sourced(&sample("bad.env")).is_some());
}

/// What a shell says that reads this file, with nothing to be found on its way.
fn sourced(file: &Path) -> Option<Finding> {
    let script = r#"set -eu; PATH=/nowhere; . "$1""#;
    let judged = run(std::process::Command::new("/bin/sh").args(["-c", script, "sh"]).arg(file));
    let clean = judged.passed && judged.stderr.is_empty() && judged.stdout.is_empty();
    (!clean).then(|| Finding::new("source", file, 0, judged.stderr.trim()))
}
