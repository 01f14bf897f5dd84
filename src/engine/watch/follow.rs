//! Writes an instance's output to the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;

use crate::engine::Inner;
use crate::engine::logbook::NewLine;
use crate::model::{DeploymentId, Instance, InstanceState, StepName};
use crate::secrets::Redactor;
use crate::targets::{OutputLine, Role, Target};

/// Until the output of an instance that still runs is asked for again.
const AGAIN: Duration = Duration::from_secs(1);

/// Follows one instance.
pub(super) struct Follower {
    pub(super) engine: Arc<Inner>,
    pub(super) deployment: DeploymentId,
    /// What the log calls it.
    pub(super) source: String,
    pub(super) target: Arc<dyn Target>,
    pub(super) instance: Instance,
    pub(super) role: Role,
    pub(super) redactor: Arc<Redactor>,
    /// How many lines were written.
    pub(super) lines: Arc<AtomicU64>,
}

impl Follower {
    /// Follows until the instance is over: its target may go away and come back meanwhile.
    pub(super) async fn run(self, mut after: Option<u64>) {
        loop {
            if let Ok(mut output) = self.target.output(&self.instance, after).await {
                while let Some(Ok(line)) = output.next().await {
                    after = Some(line.position);
                    self.write(line).await;
                }
            }
            match self.target.state(&self.instance).await {
                Ok(InstanceState::Exited { .. } | InstanceState::Gone) => return,
                Ok(InstanceState::Running { .. } | InstanceState::Restarting { .. }) | Err(_) => {
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    async fn write(&self, line: OutputLine) {
        let stays = matches!(self.role, Role::Live | Role::Beside);
        let line = NewLine {
            at: line.at,
            source: self.source.clone(),
            step: match self.role {
                Role::Live | Role::Beside => None,
                Role::Candidate => Some(StepName::Health),
                Role::Release => Some(StepName::Release),
            },
            stream: line.stream,
            text: self.redactor.redact(&line.text),
            position: stays.then_some(line.position),
        };
        self.engine.logbook.write(&self.deployment, line).await;
        self.lines.fetch_add(1, Ordering::Relaxed);
    }
}
