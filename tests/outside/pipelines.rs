//! Pipelines: workflows of GitHub before actionlint, zizmor and their schema, GitLab's before its schema, Jenkinsfiles
//! before npm-groovy-lint.

use std::path::PathBuf;

use serde_json::Value;

use super::findings::{Finding, settle};
use super::generated::{self, base, has_ending};
use super::schema::{self, Schema};
use super::tools::{ready, run, sample, tool};

pub(super) fn is_workflow(name: &str) -> bool {
    name.starts_with(".github/workflows/") && (has_ending(name, "yml") || has_ending(name, "yaml"))
}

pub(super) fn is_gitlab(name: &str) -> bool {
    base(name) == ".gitlab-ci.yml"
}

pub(super) fn is_jenkinsfile(name: &str) -> bool {
    base(name) == "Jenkinsfile"
}

#[test]
fn actionlint_finds_nothing_in_workflows() {
    if ready(&["actionlint", "shellcheck"]) {
        settle("actionlint", actionlint(&generated::paths(is_workflow)));
    }
}

#[test]
fn zizmor_finds_nothing_in_workflows() {
    if ready(&["zizmor"]) {
        settle("zizmor", zizmor(&generated::paths(is_workflow)));
    }
}

#[test]
fn npm_groovy_lint_finds_nothing_in_jenkinsfiles() {
    if ready(&["npm-groovy-lint", "java"]) {
        settle("npm-groovy-lint", groovy(&generated::paths(is_jenkinsfile)));
    }
}

#[test]
fn bad_pipelines_are_seen() {
    if ready(&["actionlint", "zizmor", "check-jsonschema"]) {
        let workflow = [sample("bad.workflow.yml")];
        let rules = |found: Vec<Finding>| found.into_iter().map(|finding| finding.rule).collect::<Vec<_>>();
        assert_eq!(rules(actionlint(&workflow)), ["expression", "expression", "syntax-check"]);
        let unsafe_ = rules(zizmor(&workflow));
        assert!(unsafe_.contains(&"dangerous-triggers".to_owned()), "{unsafe_:?}");
        assert!(unsafe_.contains(&"unpinned-uses".to_owned()), "{unsafe_:?}");
        assert_eq!(schema::check(Schema::GitHub, &workflow).len(), 1);
        assert_eq!(schema::check(Schema::GitLab, &[sample("bad.gitlab-ci.yml")]).len(), 1);
    }
}

#[test]
fn a_bad_jenkinsfile_is_seen() {
    if ready(&["npm-groovy-lint", "java"]) {
        assert!(!groovy(&[sample("bad.Jenkinsfile")]).is_empty());
        assert!(groovy(&[sample("good.Jenkinsfile")]).is_empty());
    }
}

fn actionlint(files: &[PathBuf]) -> Vec<Finding> {
    if files.is_empty() {
        return Vec::new();
    }
    let report = run(tool("actionlint").args(["-no-color", "-format", "{{json .}}"]).args(files)).json();
    let finding = |one: &Value| {
        let text = |key: &str| one[key].as_str().unwrap();
        Finding::new(text("kind"), text("filepath"), one["line"].as_u64().unwrap(), text("message"))
    };
    report.as_array().unwrap().iter().map(finding).collect()
}

fn zizmor(files: &[PathBuf]) -> Vec<Finding> {
    if files.is_empty() {
        return Vec::new();
    }
    let judged = run(tool("zizmor").args(["--offline", "--no-progress", "--format", "json"]).args(files));
    let finding = |one: &Value| {
        let place = one["locations"].as_array().unwrap().iter().find(|place| place["symbolic"]["kind"] == "Primary");
        let place = place.unwrap_or(&one["locations"][0]);
        let path = place["symbolic"]["key"]["Local"]["verbatim_path"].as_str().unwrap();
        let row = place["concrete"]["location"]["start_point"]["row"].as_u64().unwrap();
        Finding::new(one["ident"].as_str().unwrap(), path, row + 1, one["desc"].as_str().unwrap())
    };
    let report = judged.json();
    let found = report.as_array().unwrap().iter();
    found.filter(|one| one["determinations"]["severity"] != "Informational").map(finding).collect()
}

fn groovy(files: &[PathBuf]) -> Vec<Finding> {
    if files.is_empty() {
        return Vec::new();
    }
    let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let mut command = tool("npm-groovy-lint");
    command.args([
        "--noserver",
        "--loglevel",
        "warning",
        "--failon",
        "warning",
        "--output",
        "json",
        "--config",
        "recommended-jenkinsfile",
    ]);
    let report = run(command.args(files)).json();
    let mut found = Vec::new();
    for (path, of_file) in report["files"].as_object().unwrap() {
        for one in of_file["errors"].as_array().unwrap() {
            if one["severity"] != "info" {
                let line = one["line"].as_u64().unwrap_or(0);
                found.push(Finding::new(one["rule"].as_str().unwrap(), path, line, one["msg"].as_str().unwrap()));
            }
        }
    }
    found
}
