//! Waits for deployments and jobs, told by the engine's events.

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::Context;
use crate::api::client::{Client, STOPPED, Update, follow};
use crate::model::{Deployment, DeploymentId, Event, EventKind, Job, JobId, Problem, ProblemCode};

/// What happens to some deployments, until all are over.
pub(super) struct Watch {
    client: Client,
    executable: PathBuf,
    updates: BoxStream<'static, Update>,
    deployments: BTreeMap<DeploymentId, Deployment>,
    order: Vec<DeploymentId>,
}

/// What a watch was told.
#[derive(Debug)]
pub(super) enum Told {
    /// A deployment is as it is now; more has changed than one event says.
    Anew(Box<Deployment>),
    /// Something happened to one of them.
    Event(Box<Event>),
    /// The engine does not answer for now.
    Lost(Problem),
    /// All are over.
    Over,
}

impl Watch {
    pub(super) fn new(client: Client, context: &Context, deployments: Vec<Deployment>) -> Self {
        Self {
            updates: follow(client.clone()),
            client,
            executable: context.executable.clone(),
            order: deployments.iter().map(|deployment| deployment.id.clone()).collect(),
            deployments: deployments.into_iter().map(|deployment| (deployment.id.clone(), deployment)).collect(),
        }
    }

    /// The deployments as they stand, in the order they were given.
    pub(super) fn deployments(&self) -> impl Iterator<Item = &Deployment> {
        self.order.iter().filter_map(|id| self.deployments.get(id))
    }

    pub(super) fn is_over(&self) -> bool {
        self.deployments.values().all(|deployment| !deployment.status.is_pending())
    }

    /// The next thing. Can be dropped and called again.
    pub(super) async fn next(&mut self) -> Result<Vec<Told>, Problem> {
        loop {
            if self.is_over() {
                return Ok(vec![Told::Over]);
            }
            let told = match self.updates.next().await {
                None => return Ok(vec![Told::Over]),
                Some(Update::Lost(problem)) => {
                    if problem.cause == STOPPED {
                        return Err(problem);
                    }
                    self.revive().await?;
                    vec![Told::Lost(problem)]
                }
                Some(Update::Snapshot(_)) => match self.refresh().await {
                    // The stream of updates notices it too, and comes with a snapshot again.
                    Err(problem) if problem.code == ProblemCode::Unreachable => Vec::new(),
                    told => told?,
                },
                Some(Update::Event(event)) => self.take(event).into_iter().collect(),
            };
            if !told.is_empty() {
                return Ok(told);
            }
        }
    }

    /// An engine that was killed is started again, so that it settles what it left behind.
    async fn revive(&self) -> Result<(), Problem> {
        Client::connect_or_start(self.client.data_dir(), &self.executable).await.map(|_| ())
    }

    /// Asks for each anew: one that a newer deployment replaced stands in no snapshot.
    async fn refresh(&mut self) -> Result<Vec<Told>, Problem> {
        let mut told = Vec::new();
        for id in &self.order {
            let deployment = self.client.deployment(id.as_str()).await?.deployment;
            if self.deployments.get(id) != Some(&deployment) {
                self.deployments.insert(id.clone(), deployment.clone());
                told.push(Told::Anew(Box::new(deployment)));
            }
        }
        Ok(told)
    }

    fn take(&mut self, event: Box<Event>) -> Option<Told> {
        let about = match &event.kind {
            EventKind::Deployment(deployment) => &deployment.id,
            EventKind::Progress { deployment, .. } | EventKind::Health { deployment, .. } => deployment,
            EventKind::Job(job) => &job.deployment,
            _ => return None,
        };
        let known = self.deployments.get_mut(about)?;
        if let EventKind::Deployment(deployment) = &event.kind {
            *known = (**deployment).clone();
        }
        Some(Told::Event(event))
    }
}

/// Waits until the jobs are over, and gives them back as they ended.
pub(super) async fn jobs(client: &Client, jobs: Vec<Job>) -> Result<Vec<Job>, Problem> {
    let order: Vec<JobId> = jobs.iter().map(|job| job.id.clone()).collect();
    let mut known: BTreeMap<JobId, Job> = jobs.into_iter().map(|job| (job.id.clone(), job)).collect();
    let mut updates = follow(client.clone());
    while known.values().any(|job| !job.state.is_over()) {
        match updates.next().await {
            Some(Update::Snapshot(_)) => {
                for id in &order {
                    known.insert(id.clone(), client.job(id).await?);
                }
            }
            Some(Update::Event(event)) => {
                if let EventKind::Job(job) = event.kind
                    && known.contains_key(&job.id)
                {
                    known.insert(job.id.clone(), job);
                }
            }
            Some(Update::Lost(problem)) => return Err(problem),
            None => break,
        }
    }
    Ok(order.iter().filter_map(|id| known.remove(id)).collect())
}
