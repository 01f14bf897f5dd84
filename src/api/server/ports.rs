//! The ports.

use axum::Json;
use axum::extract::State;

use super::App;
use super::answer::{Answer, Body, Path};
use super::peer::Account;
use crate::api::routes;
use crate::model::{PortLease, Problem, ReservePort};

/// The ports that are held.
#[utoipa::path(get, path = routes::PORTS, operation_id = "ports", tag = "ports",
    responses((status = 200, body = Vec<PortLease>), (status = "default", body = Problem)))]
pub(super) async fn list(State(app): State<App>) -> Answer<Vec<PortLease>> {
    Ok(Json(app.engine.ports().await?))
}

/// Holds a port by hand.
#[utoipa::path(post, path = routes::PORTS, operation_id = "port_reserve", tag = "ports", request_body = ReservePort,
    responses((status = 200, body = PortLease), (status = "default", body = Problem)))]
pub(super) async fn reserve(
    State(app): State<App>,
    Account(by): Account,
    Body(request): Body<ReservePort>,
) -> Answer<PortLease> {
    Ok(Json(app.engine.reserve_port(request, &by).await?))
}

/// Gives a port back that was held by hand.
#[utoipa::path(delete, path = routes::PORT, operation_id = "port_release", tag = "ports",
    params(("port" = u16, Path)),
    responses((status = 200, description = "it is free"), (status = "default", body = Problem)))]
pub(super) async fn release(State(app): State<App>, Account(by): Account, Path(port): Path<u16>) -> Answer<()> {
    app.engine.release_port(port, &by).await?;
    Ok(Json(()))
}
