//! The schemas that check-jsonschema has with it.

use std::path::PathBuf;

use super::compose::is_compose;
use super::findings::{Finding, settle};
use super::generated;
use super::pipelines::{is_gitlab, is_workflow};
use super::tools::{ready, run, tool};

/// A format by its schema.
#[derive(Clone, Copy)]
pub(super) enum Schema {
    Compose,
    GitHub,
    GitLab,
}

#[test]
fn files_follow_their_schemas() {
    if ready(&["check-jsonschema"]) {
        let composes = generated::paths(is_compose);
        assert!(composes.len() > 50, "{}", composes.len());
        let mut found = check(Schema::Compose, &composes);
        found.extend(check(Schema::GitHub, &generated::paths(is_workflow)));
        found.extend(check(Schema::GitLab, &generated::paths(is_gitlab)));
        settle("check-jsonschema", found);
    }
}

/// What in these files is not as the schema says.
pub(super) fn check(schema: Schema, files: &[PathBuf]) -> Vec<Finding> {
    if files.is_empty() {
        return Vec::new();
    }
    let (name, transform) = match schema {
        Schema::Compose => ("vendor.compose-spec", None),
        Schema::GitHub => ("vendor.github-workflows", None),
        Schema::GitLab => ("vendor.gitlab-ci", Some("gitlab-ci")),
    };
    let mut command = tool("check-jsonschema");
    command.args(["--output-format", "json", "--builtin-schema", name]);
    if let Some(transform) = transform {
        command.args(["--data-transform", transform]);
    }
    let report = run(command.args(files)).json();
    let of = |key: &str| report[key].as_array().cloned().unwrap_or_default();
    let broken = of("errors").into_iter().map(|error| {
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        Finding::new("schema", text("filename"), 0, &format!("{}: {}", text("path"), text("message")))
    });
    let unread = of("parse_errors").into_iter().map(|error| {
        Finding::new("parse", error["filename"].as_str().unwrap_or_default(), 0, &error["message"].to_string())
    });
    broken.chain(unread).collect()
}
