//! What is kept of a deployment that did not come up, before what it made is removed.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::Run;
use crate::diagnose;
use crate::engine::Inner;
use crate::engine::records::{self, turn_step};
use crate::model::{
    Deployment, DeploymentId, DeploymentStatus, Failure, Instance, Job, JobKind, LogLine, LogStream, PortHolder,
    Problem, ProblemCode, StepName, StepStatus,
};
use crate::os::clock;

/// The lines that are looked through for the decisive ones.
const LOOKED_AT: u64 = 400;
/// An instance that never turned healthy is not waited for long.
const GRACE: Duration = Duration::from_secs(3);

impl Run {
    /// Keeps what the failure left behind and removes what this deployment made. Returns the decisive lines.
    pub(super) async fn clean_up(&self, step: StepName) -> String {
        let deployment = self.engine.deployment_record(&self.id).await.ok();
        let made = self.made(deployment.as_ref()).await;
        for instance in &made {
            self.keep_inspection(instance).await;
            if let Err(error) = self.target.stop(instance, GRACE).await {
                tracing::warn!(deployment = %self.id, %error, "an instance that failed could not be stopped");
            }
        }
        if let Ok(Some(old)) = self.serving().await {
            self.engine.bring_back(&old).await;
        }
        if !made.is_empty() {
            self.engine.last_words(&self.id).await;
        }
        let quote = self.decisive_lines(step).await;
        for instance in &made {
            self.remove_quietly(instance).await;
        }
        self.drop_unused_image(deployment.as_ref()).await;
        let candidate = PortHolder::Candidate(self.id.clone());
        if let Err(error) = self.engine.release_ports(|lease| lease.holder == candidate).await {
            tracing::warn!(deployment = %self.id, %error, "a candidate's port could not be released");
        }
        quote
    }

    /// What this deployment made: as recorded, and what was made when the step ended before that was.
    async fn made(&self, deployment: Option<&Deployment>) -> Vec<Instance> {
        let recorded = deployment.into_iter().flat_map(|made| [made.candidate.clone(), made.live.clone()]);
        let mut made: Vec<Instance> = recorded.flatten().collect();
        let found = self.target.found().await.unwrap_or_default();
        for instance in found.into_iter().filter(|found| found.deployment == self.id).map(|found| found.instance) {
            if made.iter().all(|known| known.id != instance.id) {
                made.push(instance);
            }
        }
        made
    }

    async fn keep_inspection(&self, instance: &Instance) {
        let path = self.engine.logbook.beside(&self.id, "inspect.json");
        match self.target.inspect(instance).await {
            Ok(text) => {
                if let Err(error) = write_private(&path, &text).await {
                    tracing::warn!(%error, "an inspection could not be kept");
                }
            }
            Err(error) => tracing::warn!(deployment = %self.id, %error, "an instance could not be inspected"),
        }
    }

    async fn decisive_lines(&self, step: StepName) -> String {
        let lines = self.engine.logbook.tail(&self.id, None, LOOKED_AT).await;
        // What the app itself prints is of no step, and is what matters once it was started.
        let matters = |line: &&LogLine| {
            let of_processes = step != StepName::Processes || line.source.contains('/');
            line.stream != LogStream::Wharf
                && (line.step == Some(step) || (line.step.is_none() && step.runs_app() && of_processes))
        };
        let printed: Vec<&str> = lines.iter().filter(matters).map(|line| line.text.as_str()).collect();
        let decisive = diagnose::decisive_lines(&printed);
        decisive.into_iter().map(|at| printed[at]).collect::<Vec<_>>().join("\n")
    }

    /// Removes an instance; what cannot be removed now is found by its mark later.
    pub(super) async fn remove_quietly(&self, instance: &Instance) {
        if let Err(error) = self.target.remove(instance).await {
            tracing::warn!(deployment = %self.id, %error, "an instance could not be removed");
        }
    }

    async fn drop_unused_image(&self, deployment: Option<&Deployment>) {
        let Some(image) = deployment.and_then(|deployment| deployment.image.as_deref()) else { return };
        let releases = self.engine.store.releases(&self.key).await.unwrap_or_default();
        if releases.iter().all(|release| release.image.as_deref() != Some(image))
            && let Err(error) = self.target.remove_image(image).await
        {
            tracing::warn!(%image, %error, "an image that is not used could not be removed");
        }
    }

    pub(super) async fn record_cancelled(&self, step: StepName) {
        let recorded = self.engine.update(&self.id, |deployment| {
            records::turn(deployment, DeploymentStatus::Cancelled, format!("cancelled during {step}"));
            end(deployment, step, StepStatus::Cancelled);
        });
        log_if_failed(&self.id, recorded.await.map(drop));
        self.engine.logbook.close(&self.id).await;
    }
}

/// Records why a deployment failed.
pub(super) async fn record(engine: &Arc<Inner>, id: &DeploymentId, step: StepName, problem: Problem, quote: String) {
    let recorded = engine.update(id, |deployment| {
        records::turn(deployment, DeploymentStatus::Failed, format!("{step}: {}", problem.message));
        end(deployment, step, StepStatus::Failed);
        deployment.error = Some(Failure { step, message: problem.to_string(), cause: problem.cause, quote });
    });
    log_if_failed(id, recorded.await.map(drop));
    engine.logbook.close(id).await;
}

fn end(deployment: &mut Deployment, at: StepName, status: StepStatus) {
    if let Some(step) = deployment.steps.iter_mut().find(|step| step.name == at) {
        turn_step(step, status, None);
    }
    deployment.candidate = None;
    deployment.live = None;
    deployment.finished_at = Some(clock::now());
}

fn log_if_failed(id: &DeploymentId, result: Result<(), crate::engine::error::EngineError>) {
    if let Err(error) = result {
        tracing::error!(deployment = %id, %error, "how a deployment ended could not be stored");
    }
}

async fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = tokio::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).await?;
    file.write_all(text.as_bytes()).await?;
    file.flush().await
}

/// Records that a fault of Wharf's own ended a job.
pub(in crate::engine) async fn record_panic(engine: &Arc<Inner>, job: &Job) {
    if job.kind != JobKind::Deploy {
        return;
    }
    let step = engine.deployment_record(&job.deployment).await.ok().and_then(|deployment| {
        deployment.steps.iter().find(|step| step.status == StepStatus::Running).map(|step| step.name)
    });
    let problem = Problem::new(ProblemCode::Failed, "internal-fault", "a fault in Wharf ended the deployment")
        .why("the engine's log has the details")
        .fix("deploy again; please report the fault with that log");
    record(engine, &job.deployment, step.unwrap_or(StepName::Plan), problem, String::new()).await;
}
