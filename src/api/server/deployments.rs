//! The deployments.

use axum::Json;
use axum::extract::State;

use super::App;
use super::answer::{Answer, Body, BodyOrNone, Path, Query};
use super::peer::Account;
use crate::api::requests::DetectRequest;
use crate::api::routes;
use crate::model::{
    DeleteQuery, DeployRequest, Deployment, DeploymentDetail, DeploymentFilter, DeploymentId, Detection, Job, Page,
    PlanPreview, Problem, ProjectId, ReleasesView, RollbackRequest,
};

/// A part of the deployments, newest first.
#[utoipa::path(get, path = routes::DEPLOYMENTS, operation_id = "deployments", tag = "deployments",
    params(DeploymentFilter),
    responses((status = 200, body = Page<Deployment>), (status = "default", body = Problem)))]
pub(super) async fn list(State(app): State<App>, Query(filter): Query<DeploymentFilter>) -> Answer<Page<Deployment>> {
    Ok(Json(app.engine.deployments(filter).await?))
}

/// The deployments of one project, newest first.
#[utoipa::path(get, path = routes::DEPLOYMENTS_OF, operation_id = "deployments_of", tag = "deployments",
    params(("id" = String, Path), DeploymentFilter),
    responses((status = 200, body = Page<Deployment>), (status = "default", body = Problem)))]
pub(super) async fn list_of(
    State(app): State<App>,
    Path(project): Path<ProjectId>,
    Query(filter): Query<DeploymentFilter>,
) -> Answer<Page<Deployment>> {
    let filter = DeploymentFilter { project: Some(project), ..filter };
    Ok(Json(app.engine.deployments(filter).await?))
}

/// Looks at a project.
#[utoipa::path(post, path = routes::DEPLOYMENT_DETECT, operation_id = "deployment_detect", tag = "deployments",
    request_body = DetectRequest,
    responses((status = 200, body = Detection), (status = "default", body = Problem)))]
pub(super) async fn detect(State(app): State<App>, Body(request): Body<DetectRequest>) -> Answer<Detection> {
    Ok(Json(app.engine.detection(&request.project, request.fresh).await?))
}

/// Plans deployments, without doing anything.
#[utoipa::path(post, path = routes::DEPLOYMENT_CREATE, operation_id = "deployment_create", tag = "deployments",
    request_body = DeployRequest,
    responses((status = 200, body = Vec<PlanPreview>), (status = "default", body = Problem)))]
pub(super) async fn create(State(app): State<App>, Body(request): Body<DeployRequest>) -> Answer<Vec<PlanPreview>> {
    Ok(Json(app.engine.plan(request).await?))
}

/// Deploys: one deployment for each app meant.
#[utoipa::path(post, path = routes::DEPLOYMENT_START, operation_id = "deployment_start", tag = "deployments",
    request_body = DeployRequest,
    responses((status = 200, body = Vec<Deployment>), (status = "default", body = Problem)))]
pub(super) async fn start(
    State(app): State<App>,
    Account(by): Account,
    Body(request): Body<DeployRequest>,
) -> Answer<Vec<Deployment>> {
    Ok(Json(app.engine.deploy(request, &by).await?))
}

/// A deployment by its id, or the beginning of it.
#[utoipa::path(get, path = routes::DEPLOYMENT, operation_id = "deployment", tag = "deployments",
    params(("id" = String, Path)),
    responses((status = 200, body = DeploymentDetail), (status = "default", body = Problem)))]
pub(super) async fn show(State(app): State<App>, Path(id): Path<String>) -> Answer<DeploymentDetail> {
    Ok(Json(app.engine.deployment(&id).await?))
}

/// Removes what it runs and gives its port back.
#[utoipa::path(delete, path = routes::DEPLOYMENT, operation_id = "deployment_delete", tag = "deployments",
    params(("id" = String, Path), DeleteQuery),
    responses((status = 200, body = Job), (status = "default", body = Problem)))]
pub(super) async fn delete(
    State(app): State<App>,
    Account(by): Account,
    Path(id): Path<DeploymentId>,
    Query(query): Query<DeleteQuery>,
) -> Answer<Job> {
    Ok(Json(app.engine.delete(&id, query, &by).await?))
}

/// Stops what it runs.
#[utoipa::path(post, path = routes::DEPLOYMENT_STOP, operation_id = "deployment_stop", tag = "deployments",
    params(("id" = String, Path)),
    responses((status = 200, body = Job), (status = "default", body = Problem)))]
pub(super) async fn stop(State(app): State<App>, Account(by): Account, Path(id): Path<DeploymentId>) -> Answer<Job> {
    Ok(Json(app.engine.stop(&id, &by).await?))
}

/// Stops and starts what it runs.
#[utoipa::path(post, path = routes::DEPLOYMENT_RESTART, operation_id = "deployment_restart", tag = "deployments",
    params(("id" = String, Path)),
    responses((status = 200, body = Job), (status = "default", body = Problem)))]
pub(super) async fn restart(State(app): State<App>, Account(by): Account, Path(id): Path<DeploymentId>) -> Answer<Job> {
    Ok(Json(app.engine.restart(&id, &by).await?))
}

/// Deploys what an earlier release ran; without a body the newest before the present one.
#[utoipa::path(post, path = routes::DEPLOYMENT_ROLLBACK, operation_id = "deployment_rollback", tag = "deployments",
    params(("id" = String, Path)), request_body = Option<RollbackRequest>,
    responses((status = 200, body = Deployment), (status = "default", body = Problem)))]
pub(super) async fn rollback(
    State(app): State<App>,
    Account(by): Account,
    Path(id): Path<DeploymentId>,
    BodyOrNone(request): BodyOrNone<RollbackRequest>,
) -> Answer<Deployment> {
    Ok(Json(app.engine.rollback(&id, request, &by).await?))
}

/// Cancels it while it is not over; what ran before keeps running.
#[utoipa::path(post, path = routes::DEPLOYMENT_CANCEL, operation_id = "deployment_cancel", tag = "deployments",
    params(("id" = String, Path)),
    responses((status = 200, body = Deployment), (status = "default", body = Problem)))]
pub(super) async fn cancel(
    State(app): State<App>,
    Account(by): Account,
    Path(id): Path<DeploymentId>,
) -> Answer<Deployment> {
    Ok(Json(app.engine.cancel(&id, &by).await?))
}

/// The releases of its app, newest first.
#[utoipa::path(get, path = routes::DEPLOYMENT_RELEASES, operation_id = "deployment_releases", tag = "deployments",
    params(("id" = String, Path)),
    responses((status = 200, body = ReleasesView), (status = "default", body = Problem)))]
pub(super) async fn releases(State(app): State<App>, Path(id): Path<DeploymentId>) -> Answer<ReleasesView> {
    Ok(Json(app.engine.releases(&id).await?))
}
