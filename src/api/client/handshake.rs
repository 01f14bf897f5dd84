//! Client and engine make sure that they speak the same version.

use std::time::Duration;

use serde::Deserialize;

use super::transport::Transport;
use super::{VERSION_MISMATCH, lost};
use crate::api::routes;
use crate::model::{API_VERSION, Problem, ProblemCode};

/// How long an engine may take to say who it is; one that starts answers when its state is read.
const PATIENCE: Duration = Duration::from_mins(1);

/// The part of [`EngineInfo`](crate::model::EngineInfo) that every version has.
#[derive(Debug, Deserialize)]
pub(super) struct Greeting {
    pub(super) api: u32,
    pub(super) version: String,
    pub(super) pid: u32,
}

/// Asks who answers, whatever its version.
pub(super) async fn who(transport: &Transport) -> Result<Greeting, Problem> {
    match tokio::time::timeout(PATIENCE, transport.get(routes::ENGINE, &())).await {
        Ok(answer) => answer,
        Err(_) => Err(lost(format!("it did not say who it is within {} s", PATIENCE.as_secs()))),
    }
}

/// Asks who answers, and refuses one of another version.
pub(super) async fn greet(transport: &Transport) -> Result<Greeting, Problem> {
    let greeting = who(transport).await?;
    if greeting.api == API_VERSION { Ok(greeting) } else { Err(mismatch(&greeting)) }
}

fn mismatch(engine: &Greeting) -> Problem {
    Problem::new(ProblemCode::Refused, VERSION_MISMATCH, "the running engine is of another version")
        .why(format!(
            "this wharf is {} (API {API_VERSION}), the engine of process {} is {} (API {})",
            env!("CARGO_PKG_VERSION"),
            engine.pid,
            engine.version,
            engine.api
        ))
        .fix("stop it with `wharf engine stop` and try again: what is deployed keeps running meanwhile")
}
