//! What the engine tells all its clients.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Deployment, DeploymentId, HealthSample, Job, PortLease, Problem, Project, ProjectId, Sample, StepName,
    TargetStatus, Timestamp,
};

/// Something that happened, in its place in the one order of all that happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its number: each is one more than the one before. It goes on across restarts of the engine.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// What happened. Each carries the new state of the thing whole, so that a client only replaces what it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A project is new or changed.
    Project(Project),
    /// A project is no longer known.
    ProjectRemoved(ProjectId),
    /// A project was looked at again and something in it changed.
    Detected(ProjectId),
    /// A deployment is new or changed.
    Deployment(Box<Deployment>),
    /// How far a step is. Not kept.
    Progress {
        /// The deployment.
        deployment: DeploymentId,
        /// The step.
        step: StepName,
        /// Parts done.
        done: u64,
        /// Parts in all.
        total: u64,
    },
    /// A job is new or changed.
    Job(Job),
    /// A port is held, or held by another.
    Port(PortLease),
    /// A port is free again.
    PortReleased(u16),
    /// A target began or ceased to answer.
    Target(TargetStatus),
    /// A measurement. Not kept, and only taken while somebody listens.
    Sample {
        /// The deployment.
        deployment: DeploymentId,
        /// What it used.
        sample: Sample,
    },
    /// A health check. Not kept.
    Health {
        /// The deployment.
        deployment: DeploymentId,
        /// What came of it.
        check: HealthSample,
    },
    /// Something that the operator should know, and that belongs to nothing else.
    Notice(Problem),
    /// The engine is about to stop.
    Stopping,
    /// Where advisories come from has changed: consent was given or taken back, an archive was imported. Not kept.
    Advisories,
}

impl EventKind {
    /// Whether it belongs to the history that is kept.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        !matches!(
            self,
            Self::Progress { .. } | Self::Sample { .. } | Self::Health { .. } | Self::Stopping | Self::Advisories
        )
    }
}
