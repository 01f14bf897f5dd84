//! Work in the engine's queue.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeploymentId, JobId, Timestamp};

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// Carries a deployment from its plan to healthy; rollbacks too.
    Deploy,
    /// Stops what runs.
    Stop,
    /// Stops and starts what runs.
    Restart,
    /// Removes what runs and gives its port back.
    Delete {
        /// Its volumes too: the data is lost.
        volumes: bool,
    },
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for a worker, or for an earlier job of the same app.
    Queued,
    /// A worker has it.
    Running {
        /// Which, from 0.
        worker: u16,
    },
    /// It is over and did what was asked.
    Done,
    /// It is over and did not.
    Failed {
        /// Why, one line.
        reason: String,
    },
    /// It was cancelled.
    Cancelled,
}

impl JobState {
    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Done | Self::Failed { .. } | Self::Cancelled)
    }
}

/// A unit of background work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Its identifier.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// What it does it to.
    pub deployment: DeploymentId,
    /// How far it is.
    pub state: JobState,
    /// How often a worker has begun it: more than once where the engine ended in the middle.
    pub attempts: u16,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When a worker took it.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}
