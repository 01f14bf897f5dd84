//! What a container does, and what Docker can tell of it.

use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum as Status};
use bollard::query_parameters::InspectContainerOptions;

use super::TargetError;
use super::connect::{Engine, is_missing};
use super::lifetime::nanos;
use crate::model::{InstanceState, Timestamp};

/// The container's description; nothing where it is gone.
pub(super) async fn container(engine: &Engine, id: &str) -> Result<Option<ContainerInspectResponse>, TargetError> {
    match Box::pin(engine.docker.inspect_container(id, None::<InspectContainerOptions>)).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(engine.failed("inspect the container", error)),
    }
}

pub(super) async fn state(engine: &Engine, id: &str) -> Result<InstanceState, TargetError> {
    Ok(container(engine, id).await?.map_or(InstanceState::Gone, |found| state_of(&found)))
}

pub(super) async fn running_since(engine: &Engine, id: &str) -> Result<Option<Timestamp>, TargetError> {
    let state = container(engine, id).await?.and_then(|found| found.state);
    let started = state.filter(|state| state.running == Some(true)).and_then(|state| state.started_at);
    let millis = started.and_then(|started| u64::try_from(nanos(&started) / 1_000_000).ok());
    Ok(millis.map(Timestamp::from_millis))
}

/// The state that a description tells.
pub(super) fn state_of(container: &ContainerInspectResponse) -> InstanceState {
    let restarts = container.restart_count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
    let Some(state) = &container.state else { return InstanceState::Gone };
    let exit_code = state.exit_code.and_then(|code| i32::try_from(code).ok());
    match state.status {
        Some(Status::RUNNING | Status::PAUSED) => InstanceState::Running { restarts },
        Some(Status::RESTARTING) => InstanceState::Restarting { restarts, exit_code },
        Some(Status::REMOVING) | None => InstanceState::Gone,
        Some(Status::CREATED) => InstanceState::Exited { exit_code: None, detail: ending(state, "never started") },
        Some(_) => InstanceState::Exited { exit_code, detail: ending(state, "") },
    }
}

/// What Docker says about an end, else what the exit code says.
fn ending(state: &ContainerState, otherwise: &str) -> String {
    if state.oom_killed == Some(true) {
        return "out of memory".to_owned();
    }
    match (&state.error, state.exit_code) {
        (Some(error), _) if !error.is_empty() => error.clone(),
        // A shell's way to say that a signal ended the process.
        (_, Some(code @ 129..=159)) => format!("signal {}", code - 128),
        _ => otherwise.to_owned(),
    }
}

/// The description as JSON, without the values of the environment.
pub(super) async fn describe(engine: &Engine, id: &str) -> Result<String, TargetError> {
    let failed = |detail: String| TargetError::Other { action: "inspect the container".to_owned(), detail };
    let mut found = container(engine, id).await?.ok_or_else(|| failed("it is gone".to_owned()))?;
    redact(&mut found);
    serde_json::to_string_pretty(&found).map_err(|error| failed(error.to_string()))
}

fn redact(container: &mut ContainerInspectResponse) {
    let env = container.config.as_mut().and_then(|config| config.env.as_mut());
    for variable in env.into_iter().flatten() {
        let name = variable.split('=').next().unwrap_or_default();
        *variable = format!("{name}=[secret]");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ContainerConfig;

    fn told(status: Status, exit_code: i64, oom_killed: bool, error: &str) -> InstanceState {
        let state = ContainerState {
            status: Some(status),
            exit_code: Some(exit_code),
            oom_killed: Some(oom_killed),
            error: Some(error.to_owned()),
            ..ContainerState::default()
        };
        let restart_count = Some(2);
        state_of(&ContainerInspectResponse { state: Some(state), restart_count, ..ContainerInspectResponse::default() })
    }

    #[test]
    fn every_state_has_its_word() {
        let exited = |exit_code, detail: &str| InstanceState::Exited { exit_code, detail: detail.to_owned() };
        assert_eq!(told(Status::RUNNING, 0, false, ""), InstanceState::Running { restarts: 2 });
        let restarting = InstanceState::Restarting { restarts: 2, exit_code: Some(1) };
        assert_eq!(told(Status::RESTARTING, 1, false, ""), restarting);
        assert_eq!(told(Status::EXITED, 137, true, ""), exited(Some(137), "out of memory"));
        assert_eq!(told(Status::EXITED, 143, false, ""), exited(Some(143), "signal 15"));
        assert_eq!(told(Status::EXITED, 3, false, ""), exited(Some(3), ""));
        assert_eq!(told(Status::CREATED, 0, false, ""), exited(None, "never started"));
        assert_eq!(told(Status::CREATED, 128, false, "no such file"), exited(None, "no such file"));
        assert_eq!(told(Status::REMOVING, 0, false, ""), InstanceState::Gone);
    }

    #[test]
    fn no_value_of_the_environment_is_told() {
        let env = Some(vec!["PASSWORD=hunter2=".to_owned(), "EMPTY".to_owned()]);
        let config = Some(ContainerConfig { env, ..ContainerConfig::default() });
        let mut container = ContainerInspectResponse { config, ..ContainerInspectResponse::default() };
        redact(&mut container);
        let text = serde_json::to_string(&container).unwrap();
        assert!(text.contains("PASSWORD=[secret]") && !text.contains("hunter2"), "{text}");
    }
}
