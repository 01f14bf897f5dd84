//! The arguments of the whole program.

use std::path::PathBuf;

use clap::builder::Styles;
use clap::{Args, Parser, Subcommand};

use super::deferred::Deferred;
use super::{
    cancel, completions, delete, deploy, detect, generate, init, jobs, list, logs, plan, ports, projects, restart,
    rollback, status, stop, templates, vulns,
};

/// From a folder of code to a running, watched deployment.
///
/// Without a command it opens the control center on the current folder.
#[derive(Debug, Parser)]
#[command(
    name = "wharf",
    version,
    styles = Styles::plain(),
    after_help = "Exit codes: 0 done, 1 failed or cancelled, 2 wrong usage, 3 not found, \
                  4 engine or Docker not reachable, 5 refused."
)]
pub struct Arguments {
    /// Keep all state in this folder [default: the account's usual place]
    #[arg(long, global = true, value_name = "FOLDER", env = "WHARF_DATA_DIR", hide_env_values = true)]
    pub data_dir: Option<PathBuf>,

    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,

    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add, list and remove projects
    #[command(subcommand)]
    Projects(Deferred<projects::ProjectsCommand>),
    /// Show what a folder of code is: its apps, stacks and needs
    Detect(Deferred<detect::DetectArgs>),
    /// Look for known vulnerabilities in what apps depend on
    Vulns(Deferred<vulns::VulnsArgs>),
    /// Write a wharf.toml that says what was found, to be changed
    Init(Deferred<init::InitArgs>),
    /// Write the files that a project lacks: Dockerfile, .dockerignore, compose.yaml, .env.example
    Generate(Deferred<generate::GenerateArgs>),
    /// List, show, copy out and check the templates that files are generated from
    #[command(subcommand)]
    Templates(Deferred<templates::TemplatesCommand>),
    /// Build, start and check an app, and switch to it when it is healthy
    Deploy(Deferred<deploy::DeployArgs>),
    /// Show what a deployment would do
    Plan(Deferred<plan::PlanArgs>),
    /// List deployments, newest first
    List(Deferred<list::ListArgs>),
    /// Show how the deployments of a project are
    Status(Deferred<status::StatusArgs>),
    /// Show what builds and apps print
    Logs(Deferred<logs::LogsArgs>),
    /// Stop what runs
    Stop(Deferred<stop::StopArgs>),
    /// Stop and start what runs
    Restart(Deferred<restart::RestartArgs>),
    /// Go back to an earlier release
    Rollback(Deferred<rollback::RollbackArgs>),
    /// Cancel a deployment that is not over
    Cancel(Deferred<cancel::CancelArgs>),
    /// Remove a deployment and give its port back
    Delete(Deferred<delete::DeleteArgs>),
    /// List, reserve and release ports
    Ports(Deferred<ports::PortsArgs>),
    /// Show the engine's jobs and workers
    Jobs(Deferred<jobs::JobsArgs>),
    /// Run, start, stop and look at the engine
    #[command(subcommand)]
    Engine(Deferred<EngineCommand>),
    /// Say what is there, what is missing, and how to mend it
    Doctor,
    /// Print the completions for a shell
    Completions(Deferred<completions::CompletionsArgs>),
    /// Print the licences of what others made and this program holds
    Licenses,
    /// Print the OpenAPI description of the engine's API
    Api,
}

/// What to do with the engine.
#[derive(Debug, Subcommand)]
pub enum EngineCommand {
    /// Be the engine, in the foreground
    Run(RunArgs),
    /// Start it in the background, where none runs
    Start,
    /// Stop it; what is deployed keeps running
    Stop,
    /// Say whether it runs
    Status,
}

/// How to be the engine.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// How many jobs run at once
    #[arg(long, value_name = "NUMBER", env = "WHARF_WORKERS", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub workers: Option<u16>,
    /// Where known vulnerabilities are asked for
    #[command(flatten)]
    pub advisories: AdvisoryArgs,
    /// Leave the terminal, and report on standard output when ready
    #[arg(long, hide = true)]
    pub detached: bool,
}

/// Where known vulnerabilities are asked for.
#[derive(Clone, Debug, Args)]
pub struct AdvisoryArgs {
    /// The OSV database to ask about dependencies, once that is allowed [default: that of osv.dev]
    #[arg(long, value_name = "URL", env = "WHARF_OSV_URL")]
    pub osv_url: Option<String>,
    /// How long each question to it may take, in seconds [default: 30]
    #[arg(long, value_name = "SECONDS", env = "WHARF_OSV_TIMEOUT", value_parser = clap::value_parser!(u16).range(1..=600))]
    pub osv_timeout: Option<u16>,
}
