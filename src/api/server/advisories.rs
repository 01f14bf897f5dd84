//! Known vulnerabilities, and where they are asked for.

use axum::Json;
use axum::extract::State;

use super::App;
use super::answer::{Answer, Body, Path, Query};
use super::peer::Account;
use crate::api::requests::VulnerabilityQuery;
use crate::api::routes;
use crate::model::{
    AdvisoryImport, AdvisorySources, AllowAdvisories, ImportAdvisories, Problem, ProjectId, VulnerabilityReport,
};

/// The known vulnerabilities of a project's dependencies. The database is asked only where somebody has allowed it.
#[utoipa::path(get, path = routes::VULNERABILITIES, operation_id = "vulnerabilities", tag = "advisories",
    params(("id" = String, Path), VulnerabilityQuery),
    responses((status = 200, body = VulnerabilityReport), (status = "default", body = Problem)))]
pub(super) async fn vulnerabilities(
    State(app): State<App>,
    Path(id): Path<ProjectId>,
    Query(query): Query<VulnerabilityQuery>,
) -> Answer<VulnerabilityReport> {
    Ok(Json(app.engine.vulnerabilities(&id, query.app.as_deref(), query.fresh).await?))
}

/// Where advisories come from: the database, who has allowed to ask it, and what was imported.
#[utoipa::path(get, path = routes::ADVISORIES, operation_id = "advisories", tag = "advisories",
    responses((status = 200, body = AdvisorySources), (status = "default", body = Problem)))]
pub(super) async fn sources(State(app): State<App>) -> Answer<AdvisorySources> {
    Ok(Json(app.engine.advisory_sources().await?))
}

/// Allows to send the names and versions of dependencies to the database, or takes that back.
#[utoipa::path(post, path = routes::ADVISORIES_ALLOW, operation_id = "advisories_allow", tag = "advisories",
    request_body = AllowAdvisories,
    responses((status = 200, body = AdvisorySources), (status = "default", body = Problem)))]
pub(super) async fn allow(
    State(app): State<App>,
    Account(by): Account,
    Body(request): Body<AllowAdvisories>,
) -> Answer<AdvisorySources> {
    Ok(Json(app.engine.allow_advisories(request.allow, &by).await?))
}

/// Takes in a file of advisories, for machines without a network: an ecosystem's `all.zip`, or one as JSON. What is no
/// advisory is left out and counted.
#[utoipa::path(post, path = routes::ADVISORIES_IMPORT, operation_id = "advisories_import", tag = "advisories",
    request_body = ImportAdvisories,
    responses((status = 200, body = AdvisoryImport), (status = "default", body = Problem)))]
pub(super) async fn import(
    State(app): State<App>,
    Account(by): Account,
    Body(request): Body<ImportAdvisories>,
) -> Answer<AdvisoryImport> {
    Ok(Json(app.engine.import_advisories(request.path, &by).await?))
}
