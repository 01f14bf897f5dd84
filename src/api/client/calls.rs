//! One method a route.

use std::path::Path;

use serde_json::json;

use super::{Client, Stream};
use crate::api::requests::{DetectionQuery, FindQuery, VulnerabilityQuery};
use crate::api::routes;
use crate::model::{
    AddProject, AdvisoryImport, AdvisorySources, AllowAdvisories, ArtifactQuery, ArtifactView, DeleteQuery,
    DeployRequest, Deployment, DeploymentDetail, DeploymentFilter, DeploymentId, Detection, Event, EventQuery,
    HealthSample, ImportAdvisories, Job, JobId, JobsView, Location, LogLine, LogQuery, Page, PageQuery, PlanPreview,
    PortLease, Problem, Project, ProjectId, ReleasesView, RemoveQuery, Removed, ReservePort, RollbackRequest, Sample,
    Snapshot, TargetRef, TargetStatus, VulnerabilityReport, WriteArtifacts,
};

impl Client {
    /// Everything to begin with.
    pub async fn snapshot(&self) -> Result<Snapshot, Problem> {
        self.transport.get(routes::SNAPSHOT, &()).await
    }

    /// All that happens after the event of that number; see [`follow`](super::follow) for one that keeps itself
    /// connected.
    pub async fn events(&self, after: Option<u64>) -> Result<Stream<Event>, Problem> {
        self.transport.stream(routes::EVENTS, &EventQuery { after }).await
    }

    /// Makes a project known; one that is known already is given back.
    pub async fn add_project(&self, project: &AddProject) -> Result<Project, Problem> {
        self.transport.post(routes::PROJECTS, project).await
    }

    /// A part of the projects, by name.
    pub async fn projects(&self, query: &PageQuery) -> Result<Page<Project>, Problem> {
        self.transport.get(routes::PROJECTS, query).await
    }

    /// A project to look at, which no list holds where it was not known.
    pub async fn glance(&self, location: &Location) -> Result<Project, Problem> {
        self.transport.post(routes::PROJECT_GLANCE, location).await
    }

    /// The project of that id, name or absolute path.
    pub async fn find_project(&self, project: &str) -> Result<Project, Problem> {
        self.transport.get(routes::PROJECT_FIND, &FindQuery { project: project.to_owned() }).await
    }

    /// Forgets a project; tells what stays of what it had deployed.
    pub async fn remove_project(&self, id: &ProjectId, query: RemoveQuery) -> Result<Removed, Problem> {
        self.transport.delete(&routes::with(routes::PROJECT, id.as_str()), &query).await
    }

    /// What detection found in a project; `fresh` looks again in any case.
    pub async fn detection(&self, id: &ProjectId, fresh: bool) -> Result<Detection, Problem> {
        self.transport.get(&routes::with(routes::DETECTION, id.as_str()), &DetectionQuery { fresh }).await
    }

    /// The known vulnerabilities of a project's dependencies, or of one app's; `fresh` asks in any case.
    pub async fn vulnerabilities(
        &self,
        id: &ProjectId,
        app: Option<&str>,
        fresh: bool,
    ) -> Result<VulnerabilityReport, Problem> {
        let query = VulnerabilityQuery { app: app.map(ToOwned::to_owned), fresh };
        self.transport.get(&routes::with(routes::VULNERABILITIES, id.as_str()), &query).await
    }

    /// Where advisories come from.
    pub async fn advisory_sources(&self) -> Result<AdvisorySources, Problem> {
        self.transport.get(routes::ADVISORIES, &()).await
    }

    /// Allows to send the names and versions of dependencies to the database of advisories, or takes that back.
    pub async fn allow_advisories(&self, allow: bool) -> Result<AdvisorySources, Problem> {
        self.transport.post(routes::ADVISORIES_ALLOW, &AllowAdvisories { allow }).await
    }

    /// Takes in a file of advisories, by its absolute path.
    pub async fn import_advisories(&self, path: &Path) -> Result<AdvisoryImport, Problem> {
        let request = ImportAdvisories { path: path.to_owned() };
        self.transport.post(routes::ADVISORIES_IMPORT, &request).await
    }

    /// The generated files of a project and how they compare with its own.
    pub async fn artifacts(&self, id: &ProjectId, query: &ArtifactQuery) -> Result<Vec<ArtifactView>, Problem> {
        self.transport.get(&routes::with(routes::ARTIFACTS, id.as_str()), query).await
    }

    /// Writes the generated files into the project's folder, and says how they stand then.
    pub async fn write_artifacts(
        &self,
        id: &ProjectId,
        request: &WriteArtifacts,
    ) -> Result<Vec<ArtifactView>, Problem> {
        self.transport.post(&routes::with(routes::ARTIFACTS, id.as_str()), request).await
    }

    /// What a deployment would do.
    pub async fn plan(&self, request: &DeployRequest) -> Result<Vec<PlanPreview>, Problem> {
        self.transport.post(routes::DEPLOYMENT_CREATE, request).await
    }

    /// Deploys: one deployment for each app that is meant, in the order that they depend on each other.
    pub async fn deploy(&self, request: &DeployRequest) -> Result<Vec<Deployment>, Problem> {
        self.transport.post(routes::DEPLOYMENT_START, request).await
    }

    /// A part of the deployments, newest first.
    pub async fn deployments(&self, filter: &DeploymentFilter) -> Result<Page<Deployment>, Problem> {
        self.transport.get(routes::DEPLOYMENTS, filter).await
    }

    /// A deployment by its id, or the beginning of it where only one begins so.
    pub async fn deployment(&self, id: &str) -> Result<DeploymentDetail, Problem> {
        self.transport.get(&routes::with(routes::DEPLOYMENT, id), &()).await
    }

    /// Stops what a deployment runs.
    pub async fn stop(&self, id: &DeploymentId) -> Result<Job, Problem> {
        self.act(routes::DEPLOYMENT_STOP, id).await
    }

    /// Stops and starts what a deployment runs.
    pub async fn restart(&self, id: &DeploymentId) -> Result<Job, Problem> {
        self.act(routes::DEPLOYMENT_RESTART, id).await
    }

    /// Removes what a deployment runs and gives its port back.
    pub async fn delete(&self, id: &DeploymentId, query: DeleteQuery) -> Result<Job, Problem> {
        self.transport.delete(&routes::with(routes::DEPLOYMENT, id.as_str()), &query).await
    }

    /// Cancels a deployment that is not over.
    pub async fn cancel(&self, id: &DeploymentId) -> Result<Deployment, Problem> {
        self.act(routes::DEPLOYMENT_CANCEL, id).await
    }

    /// Deploys what an earlier release ran.
    pub async fn rollback(&self, id: &DeploymentId, request: &RollbackRequest) -> Result<Deployment, Problem> {
        self.transport.post(&routes::with(routes::DEPLOYMENT_ROLLBACK, id.as_str()), request).await
    }

    /// The releases of a deployment's app.
    pub async fn releases(&self, id: &DeploymentId) -> Result<ReleasesView, Problem> {
        self.transport.get(&routes::with(routes::DEPLOYMENT_RELEASES, id.as_str()), &()).await
    }

    /// A deployment's output; see [`follow_logs`](super::follow_logs) for one that keeps itself connected.
    pub async fn logs(&self, id: &DeploymentId, query: &LogQuery) -> Result<Stream<LogLine>, Problem> {
        self.transport.stream(&routes::with(routes::DEPLOYMENT_LOGS, id.as_str()), query).await
    }

    /// The ports that are held.
    pub async fn ports(&self) -> Result<Vec<PortLease>, Problem> {
        self.transport.get(routes::PORTS, &()).await
    }

    /// Holds a port by hand.
    pub async fn reserve_port(&self, request: &ReservePort) -> Result<PortLease, Problem> {
        self.transport.post(routes::PORTS, request).await
    }

    /// Gives a port back.
    pub async fn release_port(&self, port: u16) -> Result<(), Problem> {
        self.transport.delete(&routes::with(routes::PORT, port.to_string()), &()).await
    }

    /// The jobs and the workers.
    pub async fn jobs(&self) -> Result<JobsView, Problem> {
        self.transport.get(routes::JOBS, &()).await
    }

    /// One job.
    pub async fn job(&self, id: &JobId) -> Result<Job, Problem> {
        self.transport.get(&routes::with(routes::JOB, id.as_str()), &()).await
    }

    /// Whether those places answer.
    pub async fn targets(&self, targets: &[TargetRef]) -> Result<Vec<TargetStatus>, Problem> {
        self.transport.post(routes::TARGETS, &targets).await
    }

    /// The last health checks of a deployment.
    pub async fn health(&self, id: &DeploymentId) -> Result<Vec<HealthSample>, Problem> {
        self.transport.get(&routes::with(routes::HEALTH, id.as_str()), &()).await
    }

    /// The last measurements of a deployment.
    pub async fn samples(&self, id: &DeploymentId) -> Result<Vec<Sample>, Problem> {
        self.transport.get(&routes::with(routes::SAMPLES, id.as_str()), &()).await
    }

    async fn act<T: serde::de::DeserializeOwned>(&self, route: &str, id: &DeploymentId) -> Result<T, Problem> {
        self.transport.post(&routes::with(route, id.as_str()), &json!({})).await
    }
}
