//! What the API takes and gives beyond the words themselves.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Deployment, DeploymentId, DeploymentStatus, Environment, InstanceState, Job, Plan, PortLease, Problem, Project,
    ProjectId, Release, Secret, StatusChange, StepName, Take, TargetKind, TargetRef, TargetStatus, Timestamp, Warning,
};

/// The version of the API. A client and an engine whose numbers differ do not talk.
pub const API_VERSION: u32 = 1;

/// What the engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EngineInfo {
    /// Its [`API_VERSION`].
    pub api: u32,
    /// Wharf's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// Since when it runs.
    pub started_at: Timestamp,
    /// Where its state is.
    #[schema(value_type = String)]
    pub data_dir: PathBuf,
    /// How many jobs it runs at once.
    pub workers: u16,
    /// What an operator should know about how it started: that a state which could not be read was kept aside.
    pub notice: Option<Problem>,
}

/// Everything a client needs to begin with; events from `seq` + 1 keep it true.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    /// The number of the last event that is in it.
    pub seq: u64,
    /// The engine.
    pub engine: EngineInfo,
    /// The first page of the projects, by name.
    pub projects: Page<Project>,
    /// The newest deployment of each app, and whatever is queued, running or up.
    pub deployments: Vec<Deployment>,
    /// The jobs that are not over.
    pub jobs: Vec<Job>,
    /// The ports that are held.
    pub ports: Vec<PortLease>,
    /// The targets that were asked lately.
    pub targets: Vec<TargetStatus>,
}

/// A part of a long list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where to go on; null at the end.
    pub next: Option<String>,
    /// How many there are in all, before filters.
    pub total: u64,
}

/// Which deployments to list; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct DeploymentFilter {
    /// Only this project's.
    pub project: Option<ProjectId>,
    /// Only this app's.
    pub app: Option<String>,
    /// Only this environment's.
    pub environment: Option<Environment>,
    /// Only this target's.
    pub target: Option<TargetKind>,
    /// Only those that stand so.
    pub status: Option<DeploymentStatus>,
    /// From the `next` of the page before.
    pub after: Option<String>,
    /// How many, 1 to 500; 50 where nothing is said.
    pub limit: Option<usize>,
}

/// Which part of a list of names to give.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// From the `next` of the page before.
    pub after: Option<String>,
    /// How many, 1 to 1000; 200 where nothing is said.
    pub limit: Option<usize>,
}

/// A deployment with all that is kept of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeploymentDetail {
    /// The deployment.
    pub deployment: Deployment,
    /// Its plan, once there is one.
    pub plan: Option<Plan>,
    /// Every change of its status, oldest first.
    pub history: Vec<StatusChange>,
    /// Since when the instance that serves runs, as its target says; null where none does or the target is away.
    pub running_since: Option<Timestamp>,
    /// The processes beside the app, while it is up.
    #[serde(default)]
    pub processes: Vec<ProcessState>,
}

/// A process beside an app, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessState {
    /// Its name.
    pub name: String,
    /// What it runs.
    pub command: String,
    /// Whether it must never run twice at once.
    pub single: bool,
    /// What it does just now; null where nothing of it is there, or the target is away.
    pub state: Option<InstanceState>,
}

/// Where a project is: a folder, or a git repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// An absolute path.
    Folder {
        /// The path.
        #[schema(value_type = String)]
        path: PathBuf,
    },
    /// A git repository.
    Git {
        /// Its address.
        url: String,
        /// A branch, tag or commit.
        reference: Option<String>,
    },
}

/// Asks for a project to become known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AddProject {
    /// Where it is.
    pub location: Location,
    /// What to call it; null for the folder's name.
    pub name: Option<String>,
}

/// Asks for deployments: one for each app meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeployRequest {
    /// The project.
    pub project: ProjectId,
    /// Only this app; null for all.
    pub app: Option<String>,
    /// The environment.
    pub environment: Environment,
    /// Where to.
    pub target: TargetRef,
    /// Environment variables, over those of `wharf.toml`.
    pub set: BTreeMap<String, String>,
    /// Environment variables whose values are secret; sealed and kept for later deployments of the same app.
    pub secrets: BTreeMap<String, Secret>,
    /// The host's port to use; null to keep the app's or be given one. Only with one app.
    pub port: Option<u16>,
}

/// What a deployment would do, without doing it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanPreview {
    /// The plan.
    pub plan: Plan,
    /// Names that the app needs and that nobody gave.
    pub missing_env: Vec<String>,
    /// What would run to build and start it.
    pub commands: PlanCommands,
    /// What detection could not make sense of in the project, and which of its apps are left out.
    pub warnings: Vec<Warning>,
}

/// The shell commands of a plan, whether an image or the process target runs them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanCommands {
    /// Installs the dependencies.
    pub install: Option<String>,
    /// Builds the app.
    pub build: Option<String>,
    /// Starts it; null where files are served, or where `dockerfile` says it.
    pub start: Option<String>,
    /// Runs once before each new version; null where nothing does.
    #[serde(default)]
    pub release: Option<String>,
    /// The project's own Dockerfile, which says all that is null here.
    pub dockerfile: Option<String>,
}

/// Asks to go back to a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RollbackRequest {
    /// The release's number; null for the one before the present.
    pub release: Option<u32>,
}

/// How to delete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// The volumes too: their data is lost.
    pub volumes: bool,
}

/// How to remove a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct RemoveQuery {
    /// Its deployments too; without it a project that has some is not removed.
    pub deployments: bool,
}

/// What of an app stays where it was, though nothing of Wharf's names it any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    /// What it is called: a volume.
    pub name: String,
    /// The command that removes it, with its data.
    pub remove: String,
}

/// What became of a project that was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Removed {
    /// What stays of what it had deployed.
    pub kept: Vec<Kept>,
}

/// Which lines of a deployment's log, and whether to wait for more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Only lines after this cursor.
    pub after: Option<u64>,
    /// Only the last so many of what is stored.
    pub tail: Option<u64>,
    /// Only this step's.
    pub step: Option<StepName>,
    /// Go on with new lines as they come.
    pub follow: bool,
}

/// From where to listen to events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// The last number that the client has. Where events after it are no longer kept, the socket closes with
    /// code 4000: fetch the snapshot again.
    pub after: Option<u64>,
}

/// Asks to hold a port by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReservePort {
    /// Which; null for any.
    pub port: Option<u16>,
    /// What for.
    pub note: String,
}

/// Which generated files are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ArtifactQuery {
    /// Only this app's and those that all share; null for all.
    pub app: Option<String>,
    /// Of those for one environment only this one's; null for all.
    pub environment: Option<Environment>,
    /// Only these kinds, with commas between; null for those that the project has.
    pub only: Option<String>,
}

/// Asks to write the generated files into the project's folder. Where one is in conflict that is not decided on, nothing
/// at all is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct WriteArtifacts {
    /// Only this app's and those that all share; null for all.
    pub app: Option<String>,
    /// Of those for one environment only this one's; null for all.
    pub environment: Option<Environment>,
    /// Only these kinds, with commas between; null for those that the project has.
    pub only: Option<String>,
    /// Only these files; all where it is empty.
    pub paths: Vec<String>,
    /// What is taken where a person's file and the generated one do not go together.
    pub take: Option<Take>,
    /// Files that nothing asks for any more go, but for those that a person changed.
    pub prune: bool,
}

/// Jobs and who works on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobsView {
    /// How many run at once.
    pub workers: u16,
    /// Newest first: those that are not over, and the last hundred of the others.
    pub jobs: Vec<Job>,
}

/// The releases of an app, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleasesView {
    /// The deployment that is live now.
    pub live: Option<DeploymentId>,
    /// The releases.
    pub releases: Vec<Release>,
}
