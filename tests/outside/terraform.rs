//! Terraform, judged by its own formatter, against the schemas of the providers and for what its files name.

use std::path::PathBuf;

use super::findings::{Finding, settle};
use super::generated::{self, has_ending};
use super::tools::{self, in_parallel, ready, run, sample, tool};

pub(super) fn is_terraform(name: &str) -> bool {
    has_ending(name, "tf") || has_ending(name, "tfvars") || has_ending(name, "tfbackend")
}

/// The folder of the module that a file belongs to.
pub(super) fn module(name: &str) -> Option<&str> {
    let (folder, _) = name.rsplit_once('/')?;
    has_ending(name, "tf").then_some(folder)
}

#[test]
fn terraform_leaves_its_format_as_it_is() {
    if ready(&["terraform"]) {
        settle("terraform fmt", format(&generated::paths(|name| is_terraform(name) && !has_ending(name, "tfbackend"))));
    }
}

#[test]
fn terraform_modules_follow_the_schemas() {
    if schemas_are_here() {
        let modules = generated::units(module);
        let some: Vec<&[PathBuf]> = modules.chunks(40).collect();
        settle("terraform", in_parallel(&some, |some| check(some)));
    }
}

#[test]
fn bad_terraform_is_seen() {
    if ready(&["terraform"]) && schemas_are_here() {
        assert!(format(&[sample("terraform/good/main.tf")]).is_empty());
        assert_eq!(format(&[sample("terraform/bad/main.tf")]).len(), 1);
        assert!(check(&[sample("terraform/good")]).is_empty());
        let found = check(&[sample("terraform/bad")]);
        let rules: Vec<&str> = found.iter().map(|finding| finding.rule.as_str()).collect();
        for rule in ["type", "argument", "required", "reference", "attribute"] {
            assert!(rules.contains(&rule), "{rule}: {found:#?}");
        }
    }
}

fn schemas_are_here() -> bool {
    ready(&["../python/bin/python", "../schemas/aws.json", "../schemas/azurerm.json", "../schemas/google.json"])
}

fn format(files: &[PathBuf]) -> Vec<Finding> {
    if files.is_empty() {
        return Vec::new();
    }
    let judged = run(tool("terraform").args(["fmt", "-check", "-list=true", "-no-color"]).args(files));
    assert!(judged.passed || !judged.stdout.is_empty() || !judged.stderr.is_empty(), "it failed and said nothing");
    let errors = judged.stderr.lines().filter(|line| line.starts_with("Error")).map(|line| ("syntax", line));
    let found = judged.stdout.lines().map(|path| ("format", path)).chain(errors);
    found.map(|(rule, says)| Finding::new(rule, says, 0, "terraform fmt would change it")).collect()
}

fn check(modules: &[PathBuf]) -> Vec<Finding> {
    let mut command = tool("../python/bin/python");
    command.arg(tools::script("terraform.py")).arg(tools::folder().join("schemas")).args(modules);
    tools::findings(&run(&mut command))
}
