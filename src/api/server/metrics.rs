//! What was measured of a deployment.

use axum::Json;
use axum::extract::State;

use super::App;
use super::answer::Path;
use crate::api::routes;
use crate::model::{DeploymentId, HealthSample, Sample};

/// The last measurements, oldest first.
#[utoipa::path(get, path = routes::SAMPLES, operation_id = "samples", tag = "metrics", params(("id" = String, Path)),
    responses((status = 200, body = Vec<Sample>)))]
pub(super) async fn samples(State(app): State<App>, Path(id): Path<DeploymentId>) -> Json<Vec<Sample>> {
    Json(app.engine.samples(&id))
}

/// The last health checks, oldest first.
#[utoipa::path(get, path = routes::HEALTH, operation_id = "health", tag = "metrics", params(("id" = String, Path)),
    responses((status = 200, body = Vec<HealthSample>)))]
pub(super) async fn health(State(app): State<App>, Path(id): Path<DeploymentId>) -> Json<Vec<HealthSample>> {
    Json(app.engine.health(&id))
}
