//! Settles at the start what an earlier engine left: nothing stays "running", nothing runs that nobody knows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::Inner;
use super::error::EngineError;
use super::queue::Work;
use super::records;
use super::workers::MOST_ATTEMPTS;
use crate::model::{
    AppKey, Deployment, DeploymentId, DeploymentStatus, Failure, Instance, InstanceState, Job, JobKind, JobState,
    PortHolder, StepName, TargetKind, TargetRef,
};
use crate::os::clock;
use crate::targets::{Found, Role, Target};

/// What was begun and never came into service has done little; an old version's worker may be in the middle of something.
const LET_FINISH: Duration = Duration::from_secs(10);

/// Between attempts to settle what is on a target that does not answer.
const AGAIN: Duration = Duration::from_secs(5);

/// Settles every deployment and every job. What is on a target that does not answer is settled when it does.
pub(super) async fn run(engine: &Arc<Inner>) -> Result<(), EngineError> {
    let unsettled = engine.store.unsettled().await?;
    // A candidate's port belongs to a step that the earlier engine did not bring to its end.
    engine.release_ports(|lease| matches!(lease.holder, PortHolder::Candidate(_))).await?;
    let mut by_target: HashMap<TargetRef, Vec<Deployment>> = HashMap::new();
    by_target.entry(TargetRef { kind: TargetKind::Process, host: None }).or_default();
    for deployment in unsettled {
        by_target.entry(deployment.target.clone()).or_default().push(deployment);
    }
    for (target, deployments) in by_target {
        if !engine.settle(&target, &deployments).await {
            engine.settle_later(target, deployments);
        }
    }
    engine.requeue().await
}

impl Inner {
    fn settle_later(self: &Arc<Self>, target: TargetRef, deployments: Vec<Deployment>) {
        let engine = Arc::clone(self);
        self.spawn(async move {
            loop {
                tokio::time::sleep(AGAIN).await;
                if engine.settle(&target, &deployments).await {
                    return;
                }
            }
        });
    }

    /// Compares what should be on a target with what is; false where it does not answer.
    async fn settle(self: &Arc<Self>, target: &TargetRef, deployments: &[Deployment]) -> bool {
        let place = self.places.get(target);
        let found = match place.found().await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(?target, %error, "cannot settle what is on this target yet");
                for deployment in deployments.iter().filter(|deployment| deployment.status.is_up()) {
                    let reason = format!("{} does not answer: {error}", target.kind);
                    log(self.set_status(&deployment.id, DeploymentStatus::Unhealthy, reason).await);
                }
                return false;
            }
        };
        let serving = newest_of_each(deployments);
        // What was half done goes first: it may hold the port that what was up needs again.
        for stray in found.iter().filter(|found| !self.belongs(found, &serving)) {
            self.let_finish(&*place, stray).await;
            if let Err(error) = place.remove(&stray.instance).await {
                tracing::warn!(instance = %stray.instance.name, %error, "a stray instance could not be removed");
            }
        }
        for deployment in deployments.iter().filter(|deployment| deployment.status.is_up()) {
            match serving.iter().find(|serving| serving.key == deployment.key) {
                Some(newest) if newest.id == deployment.id => log(self.take_up(deployment, &found).await),
                _ => log(self.note_gone(&deployment.id, "replaced by a newer one").await),
            }
        }
        true
    }

    /// What works on something beside an app gets time to finish that.
    async fn let_finish(&self, place: &dyn Target, stray: &Found) {
        if stray.role == Role::Beside
            && let Err(error) = place.stop(&stray.instance, LET_FINISH).await
        {
            tracing::warn!(instance = %stray.instance.name, %error, "a stray process could not be stopped");
        }
    }

    async fn note_gone(&self, id: &DeploymentId, reason: &str) -> Result<(), EngineError> {
        self.update(id, |deployment| {
            records::turn(deployment, DeploymentStatus::Stopped, reason);
            deployment.live = None;
            deployment.candidate = None;
        })
        .await
        .map(drop)
    }

    /// Whether an instance is the one that serves for a deployment that is up.
    fn belongs(&self, found: &Found, serving: &[&Deployment]) -> bool {
        let serves = |deployment: &&Deployment| {
            deployment.id == found.deployment
                && found.role == Role::Live
                && deployment.live.as_ref().is_some_and(|live| live.id == found.instance.id)
        };
        let works = |deployment: &&Deployment| {
            deployment.id == found.deployment && found.role == Role::Beside && deployment.live.is_some()
        };
        if serving.iter().any(|deployment| serves(deployment) || works(deployment)) {
            return true;
        }
        // Asked for while this target did not answer yet, and under way now.
        self.under_way().contains_key(&found.deployment) || self.is_watched(&found.deployment)
    }

    /// Makes sure that a deployment that was up is up, and watches it again.
    async fn take_up(self: &Arc<Self>, deployment: &Deployment, found: &[Found]) -> Result<(), EngineError> {
        let Some(instance) = &deployment.live else {
            return self.note_gone(&deployment.id, "nothing of it is left").await;
        };
        let known = found.iter().find(|found| found.instance.id == instance.id);
        match known.map(|found| &found.state) {
            None | Some(InstanceState::Gone) => {
                self.remove_beside(deployment, found).await;
                return self.note_gone(&deployment.id, "it was removed while no engine ran").await;
            }
            Some(InstanceState::Exited { .. }) => self.resume(deployment, instance).await,
            Some(InstanceState::Running { .. } | InstanceState::Restarting { .. }) => {}
        }
        self.watch_again(deployment).await
    }

    /// What runs beside an app that is gone goes too.
    async fn remove_beside(&self, deployment: &Deployment, found: &[Found]) {
        let place = self.places.get(&deployment.target);
        for one in found.iter().filter(|one| one.role == Role::Beside && one.deployment == deployment.id) {
            self.let_finish(&*place, one).await;
            if let Err(error) = place.remove(&one.instance).await {
                tracing::warn!(instance = %one.instance.name, %error, "a process could not be removed");
            }
        }
    }

    async fn resume(&self, deployment: &Deployment, instance: &Instance) {
        if let Err(error) = self.places.get(&deployment.target).resume(instance).await {
            let reason = format!("it ended while no engine ran, and could not be started again: {error}");
            log(self.set_status(&deployment.id, DeploymentStatus::Unhealthy, reason).await);
        }
    }

    /// Puts the jobs that are not over into the queue again; ends deployments that have none.
    async fn requeue(self: &Arc<Self>) -> Result<(), EngineError> {
        let jobs = self.store.unfinished_jobs().await?;
        for deployment in self.store.unsettled().await?.iter().filter(|deployment| deployment.status.is_pending()) {
            let has_job = jobs.iter().any(|job| job.kind == JobKind::Deploy && job.deployment == deployment.id);
            if !has_job {
                self.fail(&deployment.id, "the engine ended before it was queued").await?;
            }
        }
        for job in jobs {
            self.requeue_job(job).await?;
        }
        Ok(())
    }

    async fn requeue_job(&self, mut job: Job) -> Result<(), EngineError> {
        let Some(deployment) = self.store.deployment(&job.deployment).await? else {
            self.end_job(job, JobState::Failed { reason: "its deployment is gone".into() }).await;
            return Ok(());
        };
        let is_deploy = job.kind == JobKind::Deploy;
        if is_deploy && !deployment.status.is_pending() {
            // It was over; only the job's end was not written any more.
            let state = match deployment.status {
                DeploymentStatus::Failed => JobState::Failed { reason: deployment.status_reason },
                DeploymentStatus::Cancelled => JobState::Cancelled,
                _ => JobState::Done,
            };
            self.end_job(job, state).await;
            return Ok(());
        }
        if is_deploy && deployment.cancel_requested {
            self.set_status(&deployment.id, DeploymentStatus::Cancelled, "cancelled").await?;
            self.end_job(job, JobState::Cancelled).await;
            return Ok(());
        }
        if job.attempts >= MOST_ATTEMPTS {
            let reason = format!("the engine ended {} times in the middle of it", job.attempts);
            if is_deploy {
                self.fail(&deployment.id, &reason).await?;
            }
            self.end_job(job, JobState::Failed { reason }).await;
            return Ok(());
        }
        if is_deploy {
            self.update(&deployment.id, |deployment| {
                records::turn(deployment, DeploymentStatus::Queued, "begun again after the engine's end");
                deployment.candidate = None;
                deployment.live = None;
            })
            .await?;
        }
        job.state = JobState::Queued;
        self.note_job(&job).await?;
        self.queue.push(Work { job, key: deployment.key });
        Ok(())
    }

    async fn fail(&self, id: &DeploymentId, reason: &str) -> Result<(), EngineError> {
        self.update(id, |deployment| {
            records::turn(deployment, DeploymentStatus::Failed, reason);
            deployment.finished_at = Some(clock::now());
            deployment.error = Some(Failure {
                step: StepName::Plan,
                cause: "engine-ended".into(),
                message: format!("{reason}\n  try: deploy again"),
                quote: String::new(),
            });
        })
        .await
        .map(drop)
    }
}

/// Of each app only the newest deployment that is up counts: an older one was about to be retired.
fn newest_of_each(deployments: &[Deployment]) -> Vec<&Deployment> {
    let mut newest: HashMap<&AppKey, &Deployment> = HashMap::new();
    for deployment in deployments.iter().filter(|deployment| deployment.status.is_up()) {
        let kept = newest.entry(&deployment.key).or_insert(deployment);
        if deployment.id > kept.id {
            *kept = deployment;
        }
    }
    newest.into_values().collect()
}

fn log<T>(result: Result<T, EngineError>) {
    if let Err(error) = result {
        tracing::error!(%error, "a deployment could not be settled");
    }
}
