//! One execution of a plan.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AppKey, Artifact, DeploymentId, Instance, TargetRef, Timestamp};

/// One execution of a plan. The plan itself and the earlier status changes are stored beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Deployment {
    /// Its identifier.
    pub id: DeploymentId,
    /// What is deployed.
    pub key: AppKey,
    /// The project's name, as it was then.
    pub project_name: String,
    /// Where to.
    pub target: TargetRef,
    /// What was asked for.
    pub action: Action,
    /// How it stands.
    pub status: DeploymentStatus,
    /// Since when.
    pub status_since: Timestamp,
    /// Why, one line.
    pub status_reason: String,
    /// Its steps in their order.
    pub steps: Vec<Step>,
    /// Where it answers.
    pub url: Option<String>,
    /// The app's port on the host.
    pub port: Option<u16>,
    /// Its number as a release, once it came up healthy.
    pub release: Option<u32>,
    /// The image, or the folder, that it runs.
    pub image: Option<String>,
    /// What runs on the app's port.
    pub live: Option<Instance>,
    /// What proves itself beside the old instance.
    pub candidate: Option<Instance>,
    /// The digest of the source snapshot that it was built from.
    pub source: Option<String>,
    /// The commit, where the code comes from git.
    pub commit: Option<String>,
    /// How long the port did not answer while it moved, in milliseconds; null where nothing ran before.
    pub switch_gap_ms: Option<u64>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// Whether somebody asked to cancel it.
    pub cancel_requested: bool,
    /// The account that asked for it.
    pub requested_by: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it came up or failed; null while it runs.
    pub finished_at: Option<Timestamp>,
}

impl Deployment {
    /// One that was just asked for: it waits in the queue, and nothing of it has been done. Of the steps it has all that
    /// every app has.
    #[must_use]
    pub fn queued(
        id: DeploymentId,
        key: AppKey,
        project_name: String,
        target: TargetRef,
        action: Action,
        requested_by: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            key,
            project_name,
            target,
            action,
            status: DeploymentStatus::Queued,
            status_since: now,
            status_reason: format!("asked for by {requested_by}"),
            steps: StepName::USUAL.map(Step::pending).to_vec(),
            url: None,
            port: None,
            release: None,
            image: None,
            live: None,
            candidate: None,
            source: None,
            commit: None,
            switch_gap_ms: None,
            error: None,
            cancel_requested: false,
            requested_by,
            created_at: now,
            finished_at: None,
        }
    }

    /// The step of that name.
    #[must_use]
    pub fn step(&self, name: StepName) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// Seconds from being asked for to being over; null while it runs.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        self.finished_at.map(|end| end.since(self.created_at).as_secs_f64())
    }
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The code as it is.
    Deploy,
    /// What an earlier release ran.
    Rollback {
        /// The release's number.
        release: u32,
    },
}

/// How a deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentStatus {
    /// It waits for a worker.
    Queued,
    /// Its steps run.
    Running,
    /// It is up and answers.
    Healthy,
    /// It is up, but something beside it is not, or some checks fail.
    Degraded,
    /// It was up and does not answer.
    Unhealthy,
    /// It was stopped, or a newer deployment took its place.
    Stopped,
    /// It did not come up.
    Failed,
    /// It was cancelled before it came up.
    Cancelled,
    /// It was removed.
    Deleted,
}

impl DeploymentStatus {
    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Running,
        Self::Healthy,
        Self::Degraded,
        Self::Unhealthy,
        Self::Stopped,
        Self::Failed,
        Self::Cancelled,
        Self::Deleted,
    ];

    /// Its steps are still to run, or run.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }

    /// It came up, and something of it should be running now.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Healthy | Self::Degraded | Self::Unhealthy)
    }

    /// The word used in commands and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Deleted => "deleted",
        }
    }
}

impl fmt::Display for DeploymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for DeploymentStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| format!("“{text}” is no status"))
    }
}

/// A change of status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusChange {
    /// To what.
    pub status: DeploymentStatus,
    /// When.
    pub at: Timestamp,
    /// Why, one line.
    pub reason: String,
}

/// The steps of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepName {
    /// The source is kept, detected, and the plan made of it.
    Plan,
    /// The app's port is found and held.
    Port,
    /// The image, or the folder to run in, is made.
    Build,
    /// The network is there.
    Network,
    /// The services run and are ready.
    Services,
    /// The new instance runs.
    Start,
    /// It answers as it should.
    Health,
    /// The app's port leads to it.
    Switch,
    /// What the app needs before each new version runs, such as a migration of its database. It and what follows stand
    /// last because records that were stored count the names.
    Release,
    /// The processes beside the app run.
    Processes,
}

impl StepName {
    /// All steps in their order.
    pub const ALL: [Self; 10] = [
        Self::Plan,
        Self::Port,
        Self::Build,
        Self::Network,
        Self::Services,
        Self::Release,
        Self::Start,
        Self::Health,
        Self::Processes,
        Self::Switch,
    ];

    /// Those that every deployment has, in their order.
    pub const USUAL: [Self; 8] =
        [Self::Plan, Self::Port, Self::Build, Self::Network, Self::Services, Self::Start, Self::Health, Self::Switch];

    /// Whether the new instance was started before this step.
    #[must_use]
    pub const fn runs_app(self) -> bool {
        matches!(self, Self::Start | Self::Health | Self::Processes | Self::Switch)
    }

    /// The word used in commands and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Port => "port",
            Self::Build => "build",
            Self::Network => "network",
            Self::Services => "services",
            Self::Start => "start",
            Self::Health => "health",
            Self::Switch => "switch",
            Self::Release => "release",
            Self::Processes => "processes",
        }
    }
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// Its turn has not come.
    Pending,
    /// It runs.
    Running,
    /// It is over and good.
    Done,
    /// There was nothing to do.
    Skipped,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// A step of a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// Which.
    pub name: StepName,
    /// How it stands.
    pub status: StepStatus,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// What it does or did, one line: `port 20017`, `12 of 14 layers from the cache`.
    pub detail: String,
}

impl Step {
    /// A step whose turn has not come.
    #[must_use]
    pub const fn pending(name: StepName) -> Self {
        Self { name, status: StepStatus::Pending, started_at: None, finished_at: None, detail: String::new() }
    }

    /// Seconds it took; null while it runs.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        Some(self.finished_at?.since(self.started_at?).as_secs_f64())
    }
}

/// Why a deployment failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// The step that failed.
    pub step: StepName,
    /// A stable slug: `build-failed`, `health-timeout`, `port-in-use` …
    pub cause: String,
    /// What happened, why and what to do.
    pub message: String,
    /// The decisive lines of the output, letter for letter; empty where there was none.
    pub quote: String,
}

/// A deployment that came up healthy and can be rolled back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Release {
    /// Whose.
    pub key: AppKey,
    /// Its number: 1, 2, 3 … for each key.
    pub number: u32,
    /// The deployment that it was.
    pub deployment: DeploymentId,
    /// The image or folder, while it is kept.
    pub image: Option<String>,
    /// The generated files it was built with.
    pub artifacts: Vec<Artifact>,
    /// The commit, where the code came from git.
    pub commit: Option<String>,
    /// The digest of the source snapshot, while it is kept.
    pub source: Option<String>,
    /// When it came up.
    pub created_at: Timestamp,
}
