//! The `wharf` program: arguments to the control center, a command or the engine.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use wharf::api::server::{self, RunOptions};
use wharf::cli::{self, AdvisoryArgs, Arguments, Command, Context, Deferred, EngineCommand, Outcome, RunArgs};
use wharf::engine::{AdvisoryOptions, EngineOptions};
use wharf::model::{Problem, ProblemCode};
use wharf::os::{paths, tree::DiskTree};
use wharf::targets::process;
use wharf::{detect, tui};

/// Threads of a client's runtime; it mostly waits.
const CLIENT_THREADS: usize = 2;
/// Threads of the engine's runtime; builds and apps run elsewhere.
const ENGINE_THREADS: usize = 4;
/// Jobs that the engine runs at once where nothing is said.
const WORKERS: u16 = 4;

fn main() -> ExitCode {
    // Before anything else: a supervisor is small, and knows neither settings nor engine.
    if let Some(code) = process::hidden_command(std::env::args_os().skip(1)) {
        return code;
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return cli::usage::told(&error, std::env::args_os().skip(1)),
    };
    let json = arguments.json;
    match run(arguments) {
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(problem) => {
            cli::output::problem(&problem, json);
            ExitCode::from(problem.code.exit_code())
        }
    }
}

fn run(arguments: Arguments) -> Result<Outcome, Problem> {
    if let Some(done) = arguments.command.as_ref().and_then(|command| cli::at_once(command, arguments.json)) {
        return done;
    }
    let data_dir = paths::data_dir(arguments.data_dir.as_deref())?;
    let context = Context { data_dir, executable: cli::own_executable()?, json: arguments.json };
    match arguments.command {
        None => in_runtime(CLIENT_THREADS, tui::run(control_center(context))).map(|()| Outcome::Done),
        Some(Command::Api) => {
            cli::output::json(&server::description());
            Ok(Outcome::Done)
        }
        Some(Command::Engine(Deferred(EngineCommand::Run(args)))) => {
            in_runtime(ENGINE_THREADS, server::run(engine(context, args))).map(|()| Outcome::Done)
        }
        Some(command) => in_runtime(CLIENT_THREADS, cli::run(command, &context)),
    }
}

fn control_center(context: Context) -> tui::Options {
    tui::Options {
        data_dir: context.data_dir,
        executable: context.executable,
        folder: std::env::current_dir().ok(),
        holds_app,
    }
}

fn holds_app(folder: &Path) -> bool {
    DiskTree::open(folder).is_ok_and(|tree| !detect::detect(&tree).apps.is_empty())
}

fn engine(context: Context, args: RunArgs) -> RunOptions {
    let workers = args.workers.unwrap_or(WORKERS);
    RunOptions {
        data_dir: context.data_dir,
        engine: EngineOptions { workers, executable: context.executable, advisories: advisories(args.advisories) },
        detached: args.detached,
    }
}

fn advisories(args: AdvisoryArgs) -> AdvisoryOptions {
    let usual = AdvisoryOptions::default();
    AdvisoryOptions {
        address: args.osv_url.filter(|url| !url.is_empty()).unwrap_or(usual.address),
        timeout: args.osv_timeout.map_or(usual.timeout, |seconds| Duration::from_secs(seconds.into())),
    }
}

fn in_runtime<T>(threads: usize, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    // The only provider there is; a second call of this could only find it installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(threads).enable_all().build().map_err(|error| {
        Problem::new(ProblemCode::Failed, "no-threads", "Wharf could not start its threads").why(error)
    })?;
    let result = runtime.block_on(work);
    // A thread that waits for a key or a lock would hold the process forever.
    runtime.shutdown_timeout(Duration::ZERO);
    result
}
