//! The generated files of a project.

use axum::Json;
use axum::extract::State;

use super::App;
use super::answer::{Answer, Body, Path, Query};
use crate::api::routes;
use crate::model::{ArtifactQuery, ArtifactView, Problem, ProjectId, WriteArtifacts};

/// The generated files and how they compare with the project's own.
#[utoipa::path(get, path = routes::ARTIFACTS, operation_id = "artifacts", tag = "artifacts",
    params(("id" = String, Path), ArtifactQuery),
    responses((status = 200, body = Vec<ArtifactView>), (status = "default", body = Problem)))]
pub(super) async fn show(
    State(app): State<App>,
    Path(id): Path<ProjectId>,
    Query(query): Query<ArtifactQuery>,
) -> Answer<Vec<ArtifactView>> {
    Ok(Json(app.engine.artifacts(&id, &query).await?))
}

/// Writes the generated files into the project's folder; where one is in conflict, none, unless forced.
#[utoipa::path(post, path = routes::ARTIFACTS, operation_id = "artifacts_write", tag = "artifacts",
    params(("id" = String, Path)), request_body = WriteArtifacts,
    responses((status = 200, body = Vec<ArtifactView>), (status = "default", body = Problem)))]
pub(super) async fn write(
    State(app): State<App>,
    Path(id): Path<ProjectId>,
    Body(body): Body<WriteArtifacts>,
) -> Answer<Vec<ArtifactView>> {
    Ok(Json(app.engine.write_artifacts(&id, body).await?))
}
