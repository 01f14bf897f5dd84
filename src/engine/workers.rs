//! Workers take jobs from the queue and carry them out.

use std::sync::Arc;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::deploy::{self, Outcome};
use super::error::EngineError;
use super::queue::Work;
use crate::model::{AppKey, DeploymentId, EventKind, Job, JobId, JobKind, JobState, Problem};
use crate::os::{chance, clock};

/// A job that was begun so often, and never came to its end, is given up.
pub(super) const MOST_ATTEMPTS: u16 = 3;

/// Begins `count` workers.
pub(super) fn begin(engine: &Arc<Inner>, count: u16) {
    for worker in 0..count.max(1) {
        let engine = Arc::clone(engine);
        engine.tasks.clone().spawn(async move {
            loop {
                let work = tokio::select! {
                    biased;
                    () = engine.ending.cancelled() => return,
                    work = engine.queue.take() => work,
                };
                engine.work_on(worker, &work).await;
                engine.queue.done(&work.key);
            }
        });
    }
}

impl Inner {
    /// Stores a new job and puts it into the queue.
    pub(super) async fn enqueue(
        &self,
        kind: JobKind,
        deployment: &DeploymentId,
        key: &AppKey,
    ) -> Result<Job, EngineError> {
        let now = clock::now();
        let job = Job {
            id: JobId::new(now, chance::number()),
            kind,
            deployment: deployment.clone(),
            state: JobState::Queued,
            attempts: 0,
            created_at: now,
            started_at: None,
            finished_at: None,
        };
        self.note_job(&job).await?;
        self.queue.push(Work { job: job.clone(), key: key.clone() });
        Ok(job)
    }

    /// Stores how a job stands and tells of it.
    pub(super) async fn note_job(&self, job: &Job) -> Result<(), EngineError> {
        self.store.put_job(job).await?;
        self.publish(EventKind::Job(job.clone())).await;
        Ok(())
    }

    /// Stores that a job is over.
    pub(super) async fn end_job(&self, mut job: Job, state: JobState) {
        job.state = state;
        job.finished_at = Some(clock::now());
        if let Err(error) = self.note_job(&job).await {
            tracing::error!(job = %job.id, %error, "how a job ended could not be stored");
        }
    }

    async fn work_on(self: &Arc<Self>, worker: u16, work: &Work) {
        let mut job = work.job.clone();
        job.state = JobState::Running { worker };
        job.started_at = Some(clock::now());
        job.attempts += 1;
        let outcome = match self.note_job(&job).await {
            Ok(()) => self.carry_out(&job, &work.key).await,
            Err(error) => Outcome::Failed(Problem::from(error).message),
        };
        let state = match outcome {
            Outcome::Done => JobState::Done,
            Outcome::Failed(reason) => JobState::Failed { reason },
            Outcome::Cancelled => JobState::Cancelled,
            // It stays as it is: the next engine begins it again.
            Outcome::Interrupted => return,
        };
        self.end_job(job, state).await;
    }

    /// One job's panic is that job's failure.
    async fn carry_out(self: &Arc<Self>, job: &Job, key: &AppKey) -> Outcome {
        let work = std::panic::AssertUnwindSafe(self.act(job, key));
        if let Ok(outcome) = work.catch_unwind().await {
            return outcome;
        }
        self.under_way().remove(&job.deployment);
        deploy::record_panic(self, job).await;
        Outcome::Failed("a fault in Wharf ended it; the engine's log has the details".into())
    }

    async fn act(self: &Arc<Self>, job: &Job, key: &AppKey) -> Outcome {
        let id = &job.deployment;
        let done = match job.kind {
            JobKind::Deploy => {
                let cancel = CancellationToken::new();
                self.under_way().insert(id.clone(), cancel.clone());
                let outcome = deploy::run(self, id, cancel).await;
                self.under_way().remove(id);
                return outcome;
            }
            JobKind::Stop => self.stop_app(id, key).await,
            JobKind::Restart => self.restart_app(id).await,
            JobKind::Delete { volumes } => self.delete_app(id, key, volumes).await,
        };
        match done {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Failed(Problem::from(error).message),
        }
    }
}
