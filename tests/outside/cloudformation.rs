//! `CloudFormation`, judged by cfn-lint, and by moto: each stack is created there.

use std::path::PathBuf;

use super::findings::{Finding, settle};
use super::generated::{self, has_ending};
use super::tools::{self, in_parallel, ready, run, sample, tool};

pub(super) fn is_template(name: &str) -> bool {
    let is_there = name.starts_with("infra/cloudformation/") || name.contains("/infra/cloudformation/");
    is_there && (has_ending(name, "yaml") || has_ending(name, "yml"))
}

#[test]
fn cfn_lint_finds_nothing_in_templates() {
    if ready(&["cfn-lint"]) {
        settle("cfn-lint", cfn_lint(&generated::paths(is_template)));
    }
}

#[test]
fn stacks_are_created() {
    if ready(&["../cloudformation/bin/python", "moto_server"]) {
        let templates = generated::paths(is_template);
        // Each part has a cloud of its own: names that stacks choose are taken there.
        let parts: Vec<&[PathBuf]> = templates.chunks(templates.len().div_ceil(4).max(1)).collect();
        settle("moto", in_parallel(&parts, |part| create(part)));
    }
}

#[test]
fn bad_templates_are_seen() {
    if ready(&["cfn-lint", "../cloudformation/bin/python", "moto_server"]) {
        assert_eq!(cfn_lint(&[sample("cloudformation/good.yaml")]).len(), 0);
        let found = cfn_lint(&[sample("cloudformation/bad.yaml")]);
        assert!(found.iter().any(|finding| finding.rule == "E3002"), "{found:#?}");
        let found = create(&[sample("cloudformation/good.yaml"), sample("cloudformation/bad.yaml")]);
        assert_eq!(found.len(), 1, "{found:#?}");
    }
}

fn cfn_lint(files: &[PathBuf]) -> Vec<Finding> {
    if files.is_empty() {
        return Vec::new();
    }
    let report = run(tool("cfn-lint").args(["--format", "json"]).args(files)).json();
    let finding = |one: &serde_json::Value| {
        let line = one["Location"]["Start"]["LineNumber"].as_u64().unwrap_or(0);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        Finding::new(&text(&one["Rule"]["Id"]), text(&one["Filename"]), line, &text(&one["Message"]))
    };
    report.as_array().unwrap().iter().map(finding).collect()
}

/// What did not come to `CREATE_COMPLETE`.
fn create(templates: &[PathBuf]) -> Vec<Finding> {
    if templates.is_empty() {
        return Vec::new();
    }
    let mut command = tool("../cloudformation/bin/python");
    tools::findings(&run(command.arg(tools::script("cloudformation.py")).args(templates)))
}
