//! The projects.

use axum::Json;
use axum::extract::State;

use super::App;
use super::answer::{Answer, Body, Path, Query};
use super::peer::Account;
use crate::api::requests::{DetectionQuery, FindQuery};
use crate::api::routes;
use crate::model::{
    AddProject, Detection, Location, Page, PageQuery, Problem, Project, ProjectId, RemoveQuery, Removed,
};

/// A part of the projects, by name.
#[utoipa::path(get, path = routes::PROJECTS, operation_id = "projects", tag = "projects", params(PageQuery),
    responses((status = 200, body = Page<Project>), (status = "default", body = Problem)))]
pub(super) async fn list(State(app): State<App>, Query(query): Query<PageQuery>) -> Answer<Page<Project>> {
    Ok(Json(app.engine.projects(query).await?))
}

/// Makes a folder or a git repository known.
#[utoipa::path(post, path = routes::PROJECTS, operation_id = "project_add", tag = "projects",
    request_body = AddProject,
    responses((status = 200, body = Project), (status = "default", body = Problem)))]
pub(super) async fn add(
    State(app): State<App>,
    Account(by): Account,
    Body(project): Body<AddProject>,
) -> Answer<Project> {
    Ok(Json(app.engine.add_project(project, &by).await?))
}

/// A project to look at: the known one at a place, or one that no list holds and that can not be deployed. For a while
/// its plan, detection, files and vulnerabilities can be asked for by its id.
#[utoipa::path(post, path = routes::PROJECT_GLANCE, operation_id = "project_glance", tag = "projects",
    request_body = Location,
    responses((status = 200, body = Project), (status = "default", body = Problem)))]
pub(super) async fn glance(State(app): State<App>, Body(location): Body<Location>) -> Answer<Project> {
    Ok(Json(app.engine.glance(location).await?))
}

/// The project of an id, a name or an absolute path.
#[utoipa::path(get, path = routes::PROJECT_FIND, operation_id = "project_find", tag = "projects", params(FindQuery),
    responses((status = 200, body = Project), (status = "default", body = Problem)))]
pub(super) async fn find(State(app): State<App>, Query(query): Query<FindQuery>) -> Answer<Project> {
    Ok(Json(app.engine.find_project(&query.project).await?))
}

/// Forgets a project; its folder stays as it is. The answer names what else stays.
#[utoipa::path(delete, path = routes::PROJECT, operation_id = "project_remove", tag = "projects",
    params(("id" = String, Path), RemoveQuery),
    responses((status = 200, body = Removed), (status = "default", body = Problem)))]
pub(super) async fn remove(
    State(app): State<App>,
    Account(by): Account,
    Path(id): Path<ProjectId>,
    Query(query): Query<RemoveQuery>,
) -> Answer<Removed> {
    Ok(Json(app.engine.remove_project(&id, query, &by).await?))
}

/// What detection found in a project.
#[utoipa::path(get, path = routes::DETECTION, operation_id = "project_detection", tag = "projects",
    params(("id" = String, Path), DetectionQuery),
    responses((status = 200, body = Detection), (status = "default", body = Problem)))]
pub(super) async fn detection(
    State(app): State<App>,
    Path(id): Path<ProjectId>,
    Query(query): Query<DetectionQuery>,
) -> Answer<Detection> {
    Ok(Json(app.engine.detection(&id, query.fresh).await?))
}
