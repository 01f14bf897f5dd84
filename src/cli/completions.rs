//! `wharf completions`: for bash, zsh, fish, elvish and PowerShell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Arguments, Outcome, output};

/// For which shell.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, json: bool) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "wharf", &mut script);
    let script = String::from_utf8_lossy(&script);
    if json {
        output::json(&serde_json::json!({ "shell": args.shell.to_string(), "script": script }));
    } else {
        output::file(&script);
    }
    Outcome::Done
}
