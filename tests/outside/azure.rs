//! ARM templates and Bicep files. The compiler of Bicep comes with no package; a parser stands for it.

use std::path::{Path, PathBuf};

use super::findings::{Finding, settle};
use super::generated::{self, has_ending};
use super::tools::{self, ready, run, sample, tool};

const PYTHON: &str = "../checkov/bin/python";

pub(super) fn is_of_azure(name: &str) -> bool {
    let arm = name.contains("infra/arm/") && has_ending(name, "json");
    arm || name.contains("infra/bicep/") && has_ending(name, "bicep")
}

/// Whether it is an ARM template, and no file of parameters for one.
pub(super) fn is_template(path: &Path) -> bool {
    path.ends_with("infra/arm/main.json")
}

#[test]
fn templates_of_azure_can_be_read() {
    if ready(&[PYTHON]) {
        settle("azure", check(&generated::paths(is_of_azure)));
    }
}

#[test]
fn bad_templates_of_azure_are_seen() {
    if ready(&[PYTHON]) {
        assert!(check(&[sample("azure/good.json"), sample("azure/good.bicep")]).is_empty());
        assert_eq!(check(&[sample("azure/bad.json")]).len(), 2);
        assert_eq!(check(&[sample("azure/bad.bicep")]).len(), 1);
    }
}

fn check(files: &[PathBuf]) -> Vec<Finding> {
    tools::findings(&run(tool(PYTHON).arg(tools::script("azure.py")).args(files)))
}
