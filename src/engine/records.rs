//! Reads and changes deployments: one at a time, stored first, told afterwards.

use super::Inner;
use super::error::EngineError;
use crate::model::{Deployment, DeploymentId, DeploymentStatus, EventKind, StatusChange, Step, StepName, StepStatus};
use crate::os::clock;

impl Inner {
    /// The deployment with that id.
    pub(super) async fn deployment_record(&self, id: &DeploymentId) -> Result<Deployment, EngineError> {
        self.store.deployment(id).await?.ok_or_else(|| EngineError::NoDeployment(id.to_string()))
    }

    /// Changes a deployment. Nobody else changes one meanwhile, so `change` sees the newest state.
    pub(super) async fn update(
        &self,
        id: &DeploymentId,
        change: impl FnOnce(&mut Deployment) + Send,
    ) -> Result<Deployment, EngineError> {
        let _writing = self.writing.lock().await;
        let before = self.deployment_record(id).await?;
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return Ok(after);
        }
        let moved = (after.status != before.status).then(|| StatusChange {
            status: after.status,
            at: after.status_since,
            reason: after.status_reason.clone(),
        });
        self.store.put_deployment(&after, moved).await?;
        self.publish(EventKind::Deployment(Box::new(after.clone()))).await;
        Ok(after)
    }

    /// Stores a deployment that is new.
    pub(super) async fn create(&self, deployment: &Deployment) -> Result<(), EngineError> {
        let begin = StatusChange {
            status: deployment.status,
            at: deployment.created_at,
            reason: deployment.status_reason.clone(),
        };
        self.store.put_deployment(deployment, Some(begin)).await?;
        self.publish(EventKind::Deployment(Box::new(deployment.clone()))).await;
        Ok(())
    }

    /// Moves a deployment to another status.
    pub(super) async fn set_status(
        &self,
        id: &DeploymentId,
        status: DeploymentStatus,
        reason: impl Into<String> + Send,
    ) -> Result<Deployment, EngineError> {
        let reason = reason.into();
        self.update(id, |deployment| turn(deployment, status, reason)).await
    }

    /// Changes one step of a deployment.
    pub(super) async fn set_step(
        &self,
        id: &DeploymentId,
        name: StepName,
        status: StepStatus,
        detail: Option<String>,
    ) -> Result<(), EngineError> {
        self.update(id, |deployment| {
            if let Some(step) = deployment.steps.iter_mut().find(|step| step.name == name) {
                turn_step(step, status, detail);
            }
        })
        .await
        .map(drop)
    }
}

/// Moves a deployment to another status, now.
pub(super) fn turn(deployment: &mut Deployment, status: DeploymentStatus, reason: impl Into<String>) {
    if deployment.status != status {
        deployment.status_since = clock::now();
    }
    deployment.status = status;
    deployment.status_reason = reason.into();
}

/// Moves a step to another status, now. An absent detail leaves what is there.
pub(super) fn turn_step(step: &mut Step, status: StepStatus, detail: Option<String>) {
    let now = clock::now();
    match status {
        StepStatus::Pending => (step.started_at, step.finished_at) = (None, None),
        StepStatus::Running => (step.started_at, step.finished_at) = (Some(now), None),
        StepStatus::Skipped => (step.started_at, step.finished_at) = (Some(now), Some(now)),
        StepStatus::Done | StepStatus::Failed | StepStatus::Cancelled => step.finished_at = Some(now),
    }
    step.status = status;
    if let Some(detail) = detail {
        step.detail = detail;
    }
}
