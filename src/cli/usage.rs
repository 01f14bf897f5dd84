//! A command line that makes no sense, told to a person or to a script.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::output;
use crate::model::{Problem, ProblemCode};

/// Tells what the argument parser has to say: help and version as text, an error as JSON too where `--json` stands
/// anywhere on the line.
#[must_use]
pub fn told(error: &clap::Error, mut line: impl Iterator<Item = OsString>) -> ExitCode {
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !asked_for && line.any(|word| word == "--json") {
        let problem = problem(error);
        output::problem(&problem, true);
        return ExitCode::from(problem.code.exit_code());
    }
    // Where nobody reads it, nobody is told.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(ProblemCode::Usage.exit_code()))
}

/// The error in the shape of all others.
fn problem(error: &clap::Error) -> Problem {
    let text = error.render().to_string();
    let mut parts = text.trim().split("\n\n");
    let message = if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        "a command is missing".to_owned()
    } else {
        let first = parts.next().unwrap_or_default();
        let lines = first.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
    };
    let tips: Vec<&str> = parts.flat_map(str::lines).filter_map(|line| line.trim().strip_prefix("tip: ")).collect();
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => one_line(&usage.to_string()),
        _ => String::new(),
    };
    let fix = if tips.is_empty() { "`--help` says what there is".to_owned() } else { tips.join("; ") };
    Problem::new(ProblemCode::Usage, "wrong-usage", message).why(usage).fix(fix)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
