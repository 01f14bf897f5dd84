//! The order in which jobs run: oldest first, one at a time for each app, as many at once as there are workers.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::model::{AppKey, DeploymentId, Job};

/// A job with the app that it is for.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) job: Job,
    pub(super) key: AppKey,
}

/// Jobs that wait, and the apps that are being worked on. The store has the jobs; this has only their order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Work>,
    busy: HashSet<AppKey>,
}

impl Queue {
    /// Puts a job at the end.
    pub(super) fn push(&self, work: Work) {
        self.lock().waiting.push_back(work);
        self.changed.notify_waiters();
    }

    /// Takes out the waiting job that deploys `deployment`.
    pub(super) fn withdraw(&self, deployment: &DeploymentId) -> Option<Work> {
        let mut state = self.lock();
        let place = state.waiting.iter().position(|work| work.job.deployment == *deployment)?;
        state.waiting.remove(place)
    }

    /// The oldest job whose app nobody works on; waits for one. [`done`](Self::done) must follow.
    pub(super) async fn take(&self) -> Work {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed, also one between the look and the wait.
            changed.as_mut().enable();
            if let Some(work) = self.lock().take() {
                return work;
            }
            changed.await;
        }
    }

    /// The app is free for its next job.
    pub(super) fn done(&self, key: &AppKey) {
        self.lock().busy.remove(key);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self) -> Option<Work> {
        let place = self.waiting.iter().position(|work| !self.busy.contains(&work.key))?;
        let work = self.waiting.remove(place)?;
        self.busy.insert(work.key.clone());
        Some(work)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{Environment, JobId, JobKind, JobState, ProjectId, Timestamp};

    fn work(number: u32, app: &str) -> Work {
        let at = Timestamp::from_millis(u64::from(number));
        let job = Job {
            id: JobId::new(at, number),
            kind: JobKind::Deploy,
            deployment: DeploymentId::new(at, number),
            state: JobState::Queued,
            attempts: 0,
            created_at: at,
            started_at: None,
            finished_at: None,
        };
        let key = AppKey { project: ProjectId::from("p"), app: app.into(), environment: Environment::Development };
        Work { job, key }
    }

    #[tokio::test]
    async fn jobs_of_one_app_wait_for_each_other_and_others_pass() {
        let queue = Queue::default();
        queue.push(work(1, "web"));
        queue.push(work(2, "web"));
        queue.push(work(3, "api"));
        let first = queue.take().await;
        assert_eq!(first.job.created_at.as_millis(), 1);
        assert_eq!(queue.take().await.job.created_at.as_millis(), 3);
        let next = queue.take();
        tokio::pin!(next);
        assert!(tokio::time::timeout(Duration::from_millis(1), &mut next).await.is_err());
        queue.done(&first.key);
        assert_eq!(next.await.job.created_at.as_millis(), 2);
    }

    #[tokio::test]
    async fn a_waiting_job_can_be_withdrawn_once() {
        let queue = Queue::default();
        let waiting = work(1, "web");
        queue.push(waiting.clone());
        assert!(queue.withdraw(&waiting.job.deployment).is_some());
        assert!(queue.withdraw(&waiting.job.deployment).is_none());
    }
}
