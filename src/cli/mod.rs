//! The commands: one file each. A command asks the engine through the API's client, or, where it needs no state,
//! does its work right here.

mod act;
mod args;
mod artifacts;
mod cancel;
mod completions;
mod confirm;
mod deferred;
mod delete;
mod deploy;
mod detect;
mod doctor;
mod engine;
pub mod env_file;
mod generate;
mod init;
mod jobs;
mod licenses;
mod list;
mod logs;
mod looked;
pub mod output;
mod pin;
mod place;
mod plan;
mod ports;
mod progress;
mod projects;
mod prompt;
mod request;
mod restart;
mod review;
mod rollback;
mod select;
mod status;
mod stop;
mod templates;
pub mod usage;
mod vulns;
mod watch;

use std::path::{Path, PathBuf};

pub use args::{AdvisoryArgs, Arguments, Command, EngineCommand, RunArgs};
pub use deferred::Deferred;

use crate::api::client::{Client, NOT_RUNNING};
use crate::model::{Problem, ProblemCode};

/// What every command is given.
#[derive(Clone, Debug)]
pub struct Context {
    /// The engine's data folder.
    pub data_dir: PathBuf,
    /// The program to start as the engine where none answers.
    pub executable: PathBuf,
    /// Print JSON instead of text for people.
    pub json: bool,
}

impl Context {
    async fn client(&self) -> Result<Client, Problem> {
        match Client::connect(&self.data_dir).await {
            Err(problem) if problem.cause == NOT_RUNNING => {}
            answer => return answer,
        }
        let client = Client::connect_or_start(&self.data_dir, &self.executable).await?;
        // Whoever started it is told what it met.
        if let Some(notice) = client.info().await?.notice {
            output::warning(&notice);
        }
        Ok(client)
    }
}

/// How a command ended that did not go wrong by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked. Exit code 0.
    Done,
    /// What was asked for failed or was cancelled, and the command has told so. Exit code 1.
    Failed,
    /// It refused and has told so. Exit code 5.
    Refused,
    /// Something does not answer, and the command has told so. Exit code 4.
    Unreachable,
}

impl Outcome {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => ProblemCode::Failed.exit_code(),
            Self::Refused => ProblemCode::Refused.exit_code(),
            Self::Unreachable => ProblemCode::Unreachable.exit_code(),
        }
    }
}

/// Runs a command that needs nothing but the files it is given; none is any other. A runtime for it would take as long to
/// make as its work does.
#[must_use]
pub fn at_once(command: &Command, json: bool) -> Option<Result<Outcome, Problem>> {
    match command {
        Command::Detect(Deferred(args)) if !args.is_elsewhere() => Some(detect::here(args, json)),
        Command::Init(Deferred(args)) => Some(init::run(args, json)),
        Command::Completions(Deferred(args)) => Some(Ok(completions::run(args, json))),
        Command::Licenses => Some(Ok(licenses::run(json))),
        Command::Templates(Deferred(command)) => Some(templates::run(command, json)),
        _ => None,
    }
}

/// Runs a command that is not done [`at_once`].
pub async fn run(command: Command, context: &Context) -> Result<Outcome, Problem> {
    match command {
        Command::Projects(Deferred(args)) => projects::run(args, context).await,
        Command::Detect(Deferred(args)) => detect::run(args, context).await,
        Command::Vulns(Deferred(args)) => vulns::run(args, context).await,
        Command::Generate(Deferred(args)) => generate::run(args, context).await,
        Command::Deploy(Deferred(args)) => deploy::run(args, context).await,
        Command::Plan(Deferred(args)) => plan::run(args, context).await,
        Command::List(Deferred(args)) => list::run(args, context).await,
        Command::Status(Deferred(args)) => status::run(args, context).await,
        Command::Logs(Deferred(args)) => logs::run(args, context).await,
        Command::Stop(Deferred(args)) => stop::run(args, context).await,
        Command::Restart(Deferred(args)) => restart::run(args, context).await,
        Command::Rollback(Deferred(args)) => rollback::run(args, context).await,
        Command::Cancel(Deferred(args)) => cancel::run(args, context).await,
        Command::Delete(Deferred(args)) => delete::run(args, context).await,
        Command::Ports(Deferred(args)) => ports::run(args, context).await,
        Command::Jobs(Deferred(args)) => jobs::run(args, context).await,
        Command::Engine(Deferred(command)) => engine::run(command, context).await,
        Command::Doctor => doctor::run(context).await,
        // Done at once; the API's description belongs to the server, and the program prints it.
        Command::Init(_) | Command::Completions(_) | Command::Licenses | Command::Templates(_) | Command::Api => {
            Ok(Outcome::Done)
        }
    }
}

/// The program to start as an engine: this one, also where it was replaced on disk since it started.
pub fn own_executable() -> Result<PathBuf, Problem> {
    let path = std::env::current_exe().map_err(|error| {
        Problem::new(ProblemCode::Failed, "no-executable", "Wharf does not find its own program").why(error)
    })?;
    let replaced = path.to_str().and_then(|text| text.strip_suffix(" (deleted)")).map(Path::new);
    Ok(replaced.filter(|path| path.is_file()).map_or(path.clone(), Path::to_path_buf))
}
