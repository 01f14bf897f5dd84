//! Waiting for a container that ended to run again, or to be gone.

use std::collections::HashMap;

use bollard::models::ContainerInspectResponse;
use futures_util::StreamExt;

use super::TargetError;
use super::connect::Engine;
use super::found::events;
use super::inspect;
use crate::model::InstanceState;

/// The runs of a container, one after the other.
pub(super) struct Lifetime<'a> {
    engine: &'a Engine,
    id: &'a str,
    /// The last event that was looked at, in nanoseconds since the Unix epoch of the engine's clock.
    seen: i128,
}

impl<'a> Lifetime<'a> {
    pub(super) fn new(engine: &'a Engine, id: &'a str) -> Self {
        Self { engine, id, seen: 0 }
    }

    /// Waits until the container runs, and describes it; nothing once it is gone.
    pub(super) async fn next_run(&mut self) -> Result<Option<ContainerInspectResponse>, TargetError> {
        loop {
            let Some(container) = inspect::container(self.engine, self.id).await? else { return Ok(None) };
            match inspect::state_of(&container) {
                InstanceState::Gone => return Ok(None),
                InstanceState::Running { .. } => return Ok(Some(container)),
                InstanceState::Restarting { .. } | InstanceState::Exited { .. } => {}
            }
            if !self.starts(&container).await? {
                return Ok(None);
            }
        }
    }

    /// Waits for the event that the container starts; false where it is removed instead. Docker tells what happened
    /// since its last end again, so none is missed between the look and the question.
    async fn starts(&mut self, container: &ContainerInspectResponse) -> Result<bool, TargetError> {
        let ended = container.state.as_ref().and_then(|state| state.finished_at.as_deref());
        let since = nanos(ended.unwrap_or_default()).max(self.seen + 1);
        let filter = HashMap::from([
            ("container".to_owned(), vec![self.id.to_owned()]),
            ("event".to_owned(), vec!["start".to_owned(), "destroy".to_owned()]),
        ]);
        let mut events = Box::pin(events(self.engine, &filter, &moment(since)));
        match events.next().await {
            Some(Ok(event)) => {
                self.seen = self.seen.max(event.time_nano.unwrap_or(0).into());
                Ok(event.action.as_deref() == Some("start"))
            }
            Some(Err(error)) => Err(self.engine.failed("follow the events", error)),
            None => Err(TargetError::Other {
                action: "follow the events".to_owned(),
                detail: "Docker ended them".to_owned(),
            }),
        }
    }
}

/// Nanoseconds since the Unix epoch of Docker's way to write a time; 0 for one that never was.
pub(super) fn nanos(time: &str) -> i128 {
    time.parse::<jiff::Timestamp>().map_or(0, |at| at.as_nanosecond().max(0))
}

/// A moment as Docker's filters take it.
pub(super) fn moment(nanos: i128) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}
