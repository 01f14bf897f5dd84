//! The words of Wharf as types: what a project, a plan, a deployment is. No I/O, no clock, no randomness.
//!
//! Every type here is stored (bincode) and sent (JSON) as it stands, so none uses the serde attributes that
//! bincode cannot read back: `tag`, `untagged`, `flatten`, `skip_serializing_if`.
//!
//! *Architecture invariant:* this module imports nothing else of the crate.

mod api;
mod app_key;
mod artifact;
mod deployment;
mod detection;
pub mod dockerignore;
mod environment;
mod event;
mod id;
mod job;
mod log;
mod metrics;
mod plan;
mod port;
mod problem;
mod project;
mod secret;
mod settings;
mod target;
mod time;
mod tree;
mod user;
mod values;
mod vulnerability;
mod words;

pub use api::*;
pub use app_key::AppKey;
pub use artifact::{Artifact, ArtifactState, ArtifactView, DiffLine, FileChange, Found, Hunk, LineOf, Take};
pub use deployment::{
    Action, Deployment, DeploymentStatus, Failure, Release, StatusChange, Step, StepName, StepStatus,
};
pub use detection::{
    AppProfile, Bearing, Dependency, DependencyScope, Detection, Evidence, Framework, Language, Monorepo, Process,
    Serving, Warning,
};
pub use environment::Environment;
pub use event::{Event, EventKind};
pub use id::{DeploymentId, JobId, ProjectId};
pub use job::{Job, JobKind, JobState};
pub use log::{LogLine, LogStream};
pub use metrics::{HealthSample, Sample};
pub use plan::{
    BuildPlan, Compute, EnvValue, EnvVar, HealthCheck, HealthProbe, Limits, NetworkPlan, Plan, PortPlan, Scaling,
    Security, ServicePlan, Source, Timeouts, Volume,
};
pub use port::{PORT_RANGE, PortHolder, PortLease};
pub use problem::{Problem, ProblemCode};
pub use project::Project;
pub use secret::Secret;
pub use settings::{AppSettings, ProcessSettings, RunsOn, Settings, Trigger};
pub use target::{Instance, InstanceState, TargetKind, TargetRef, TargetStatus};
pub use time::{Millis, Timestamp};
pub use tree::{FileTree, ReadError};
pub use user::User;
pub use values::{VALUE_BYTES, bounded, nests_too_deep};
pub use vulnerability::{
    AdvisoryArchive, AdvisoryImport, AdvisorySources, AllowAdvisories, AppVulnerabilities, Consent, ImportAdvisories,
    NotScanned, NotScannedReason, Severity, Vulnerability, VulnerabilityReport,
};
pub use words::{is_debian_package, is_digest, is_image_tag, is_service, is_variable, names_a_secret};
