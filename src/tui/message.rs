//! What reaches the control center: keys, the clock, and what its effects bring back.

use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Size;

use super::highlight::TokenLine;
use super::model::{Act, ArtifactKey, ArtifactsKey, Offer};
use crate::model::{
    ArtifactView, DeployRequest, Deployment, DeploymentDetail, DeploymentId, Detection, Event, HealthSample, LogLine,
    Page, PlanPreview, Problem, Project, ProjectId, ReleasesView, Sample, Snapshot, TargetStatus, Timestamp,
    VulnerabilityReport,
};

/// Something that the model has to know.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize(Size),
    /// It is later.
    Clock(Timestamp),
    /// The engine answers: all that it knows.
    Snapshot(Box<Snapshot>),
    /// Something happened.
    Event(Box<Event>),
    /// The engine does not answer.
    Lost(Problem),
    /// Further projects.
    Projects(Result<Page<Project>, Problem>),
    /// The folder that the control center was opened in is a project, or holds nothing to deploy.
    Folder(Result<Option<Project>, Problem>),
    /// What could be added.
    Offers(Vec<Offer>),
    /// A project was added.
    Added(Result<Project, Problem>),
    /// A project was looked at.
    Detected(ProjectId, Result<Detection, Problem>),
    /// A project's known vulnerabilities.
    Vulnerabilities(ProjectId, Result<VulnerabilityReport, Problem>),
    /// Files were generated.
    Artifacts(ArtifactsKey, Result<Vec<ArtifactView>, Problem>),
    /// A file was coloured.
    Coloured(ArtifactKey, Vec<TokenLine>),
    /// All that is kept of a deployment.
    Detail(DeploymentId, Box<Result<DeploymentDetail, Problem>>),
    /// Measurements that were taken before.
    History(DeploymentId, Vec<Sample>, Vec<HealthSample>),
    /// Lines of a deployment's output.
    Lines(DeploymentId, Vec<LogLine>),
    /// Its output does not go on.
    LogsEnded(DeploymentId, Option<Problem>),
    /// What a deployment would do.
    Planned(DeployRequest, Result<Vec<PlanPreview>, Problem>),
    /// Deployments were begun.
    Deploying(Result<Vec<Deployment>, Problem>),
    /// The releases to choose from.
    Releases(DeploymentId, Result<ReleasesView, Problem>),
    /// Whether places answer.
    Targets(Result<Vec<TargetStatus>, Problem>),
    /// What was asked for was accepted, or not.
    Done(Act, Result<(), Problem>),
    /// Something inside went wrong; the control center goes on.
    Broken(String),
}
