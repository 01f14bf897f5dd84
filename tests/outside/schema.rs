//! The schemas that check-jsonschema has with it.

use std::path::PathBuf;

use super::findings::Finding;
use super::tools::{run, tool};

/// A format by its schema.
#[derive(Clone, Copy)]
pub(super) enum Schema {
    Compose,
}

/// What in these files is not as the schema says.
pub(super) fn check(schema: Schema, files: &[PathBuf]) -> Vec<Finding> {
    let name = match schema {
        Schema::Compose => "vendor.compose-spec",
    };
    let mut command = tool("check-jsonschema");
    command.args(["--output-format", "json", "--builtin-schema", name]);
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
