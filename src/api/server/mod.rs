//! The server: each route is one call of an engine's method.
//!
//! *Architecture invariant:* nothing is decided here. Who may ask is settled in `peer` before any route, what goes
//! wrong leaves as a `Problem` through `answer`.

mod advisories;
mod answer;
mod artifacts;
mod deployments;
mod engine;
mod lock;
mod logfile;
mod metrics;
mod peer;
mod ports;
mod process;
mod projects;
mod streams;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes as route;

use super::routes::{MAX_BODY, OPENAPI};
use crate::engine::Engine;

pub use process::{RunOptions, run};

/// What every route can reach.
#[derive(Clone, Debug)]
struct App {
    engine: Engine,
    /// Cancelled when the engine is to stop; streams end with it.
    stop: CancellationToken,
    /// The streams that are open.
    streams: TaskTracker,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Wharf engine",
        description = "HTTP and WebSockets on the Unix socket of an engine's data folder. Errors are a Problem. \
                       A WebSocket sends one JSON message each; close code 4000 means that messages are missing."
    ),
    components(schemas(crate::model::Problem, crate::model::Event, crate::model::LogLine))
)]
struct Api;

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(route!(engine::info))
        .routes(route!(engine::stop))
        .routes(route!(engine::snapshot))
        .routes(route!(engine::jobs))
        .routes(route!(engine::job))
        .routes(route!(engine::targets))
        .routes(route!(projects::list, projects::add))
        .routes(route!(projects::find))
        .routes(route!(projects::glance))
        .routes(route!(projects::remove))
        .routes(route!(projects::detection))
        .routes(route!(advisories::vulnerabilities))
        .routes(route!(advisories::sources))
        .routes(route!(advisories::allow))
        .routes(route!(advisories::import))
        .routes(route!(artifacts::show, artifacts::write))
        .routes(route!(deployments::list))
        .routes(route!(deployments::list_of))
        .routes(route!(deployments::detect))
        .routes(route!(deployments::create))
        .routes(route!(deployments::start))
        .routes(route!(deployments::show, deployments::delete))
        .routes(route!(deployments::stop))
        .routes(route!(deployments::restart))
        .routes(route!(deployments::rollback))
        .routes(route!(deployments::cancel))
        .routes(route!(deployments::releases))
        .routes(route!(ports::list, ports::reserve))
        .routes(route!(ports::release))
        .routes(route!(metrics::samples))
        .routes(route!(metrics::health))
        .routes(route!(streams::events))
        .routes(route!(streams::logs))
}

/// The OpenAPI description of all routes.
#[must_use]
pub fn description() -> Description {
    described().split_for_parts().1
}

fn router(app: App, owner: u32) -> Router {
    let (router, description) = described().split_for_parts();
    let router = router.route(OPENAPI, get(async move || axum::Json(description)));
    router
        .fallback(answer::no_route)
        .method_not_allowed_fallback(answer::no_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(peer::Gate::new(app.engine.clone(), owner), peer::authorize))
        .with_state(app)
}
