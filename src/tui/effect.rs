//! What the control center does to the world. `update/` decides on it, `runner` does it.

use std::path::PathBuf;

use super::model::{Act, ArtifactKey, ArtifactsKey};
use crate::model::{AddProject, DeployRequest, DeploymentId, ProjectId, TargetRef};

/// Something to do; what comes of it returns as a [`Message`](super::message::Message).
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Finds the engine, starts one where none answers, and listens to it from then on.
    Connect,
    /// Looks whether a folder holds something to deploy, and adds it as a project then.
    LookAt(PathBuf),
    /// Looks for demos in a folder.
    FindOffers(PathBuf),
    /// Fetches the page of projects after that one.
    MoreProjects(String),
    /// Adds a project.
    Add(AddProject),
    /// Fetches a detection; looks again where the flag is set.
    Detect(ProjectId, bool),
    /// Fetches the known vulnerabilities of a project; has them asked for again where the flag is set.
    Vulnerabilities(ProjectId, bool),
    /// Fetches generated files.
    Artifacts(ArtifactsKey),
    /// Colours a file: its key, its path, its text.
    Colour(ArtifactKey, String, String),
    /// Fetches all that is kept of a deployment.
    Detail(DeploymentId),
    /// Fetches earlier measurements.
    History(DeploymentId),
    /// Listens to a deployment's output, and to no other; null to none.
    Logs(Option<DeploymentId>),
    /// Asks what a deployment would do.
    Plan(DeployRequest),
    /// Fetches the releases of a deployment's app.
    Releases(DeploymentId),
    /// Asks whether places answer.
    Targets(Vec<TargetRef>),
    /// Asks for what was confirmed.
    Act(Act),
}
