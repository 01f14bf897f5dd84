//! The engine itself: what it is, its end, the snapshot, jobs, targets.

use axum::Json;
use axum::extract::State;

use super::App;
use super::answer::{Answer, Body, Path};
use crate::api::routes;
use crate::model::{EngineInfo, Job, JobId, JobsView, Problem, Snapshot, TargetRef, TargetStatus};

/// What the engine is.
#[utoipa::path(get, path = routes::ENGINE, operation_id = "engine", tag = "engine",
    responses((status = 200, body = EngineInfo)))]
pub(super) async fn info(State(app): State<App>) -> Json<EngineInfo> {
    Json(app.engine.info())
}

/// Ends the engine; what is deployed keeps running.
#[utoipa::path(post, path = routes::ENGINE_STOP, operation_id = "engine_stop", tag = "engine",
    responses((status = 200, body = EngineInfo)))]
pub(super) async fn stop(State(app): State<App>) -> Json<EngineInfo> {
    tracing::info!("somebody asks the engine to stop");
    app.stop.cancel();
    Json(app.engine.info())
}

/// Everything a client begins with; `events` from its number on keep it true.
#[utoipa::path(get, path = routes::SNAPSHOT, operation_id = "snapshot", tag = "engine",
    responses((status = 200, body = Snapshot), (status = "default", body = Problem)))]
pub(super) async fn snapshot(State(app): State<App>) -> Answer<Snapshot> {
    Ok(Json(app.engine.snapshot().await?))
}

/// The jobs and the workers.
#[utoipa::path(get, path = routes::JOBS, operation_id = "jobs", tag = "jobs",
    responses((status = 200, body = JobsView), (status = "default", body = Problem)))]
pub(super) async fn jobs(State(app): State<App>) -> Answer<JobsView> {
    Ok(Json(app.engine.jobs().await?))
}

/// One job.
#[utoipa::path(get, path = routes::JOB, operation_id = "job", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = Job), (status = "default", body = Problem)))]
pub(super) async fn job(State(app): State<App>, Path(id): Path<JobId>) -> Answer<Job> {
    Ok(Json(app.engine.job(&id).await?))
}

/// Asks places whether they answer.
#[utoipa::path(post, path = routes::TARGETS, operation_id = "targets", tag = "targets",
    request_body = Vec<TargetRef>,
    responses((status = 200, body = Vec<TargetStatus>), (status = "default", body = Problem)))]
pub(super) async fn targets(State(app): State<App>, Body(targets): Body<Vec<TargetRef>>) -> Answer<Vec<TargetStatus>> {
    Ok(Json(app.engine.targets(targets).await?))
}
