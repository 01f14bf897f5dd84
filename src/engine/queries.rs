//! What is asked of the engine without changing anything, and ports by hand.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::BoxStream;

use super::error::EngineError;
use super::{Engine, Gap, Inner};
use crate::model::{
    Deployment, DeploymentDetail, DeploymentFilter, DeploymentId, Event, EventKind, HealthSample, Job, JobId, JobsView,
    LogLine, LogQuery, Page, PageQuery, PortHolder, PortLease, Problem, ProjectId, ReleasesView, ReservePort, Sample,
    Snapshot, TargetRef, TargetStatus, Timestamp,
};
use crate::os::clock;
use crate::store::CacheKind;

/// Jobs that are over are shown so far back.
const RECENT_JOBS: usize = 100;
/// The first page of projects in a snapshot.
const FIRST_PAGE: usize = 500;
/// How long a target may take to say since when something runs.
const GLANCE: Duration = Duration::from_secs(2);
/// What a target answered is shown so long without asking it again.
const TARGET_HOLDS: Duration = Duration::from_hours(1);

impl Engine {
    /// Everything that a client begins with.
    pub async fn snapshot(&self) -> Result<Snapshot, Problem> {
        let engine = &self.0;
        // Taken first: what happens meanwhile is told again, which changes nothing.
        let seq = engine.bus.seq();
        let projects = engine.store.projects(&PageQuery { after: None, limit: Some(FIRST_PAGE) }).await?;
        let ids: Vec<ProjectId> = projects.items.iter().map(|project| project.id.clone()).collect();
        let mut deployments = engine.store.latest_of_projects(&ids).await?;
        for unsettled in engine.store.unsettled().await? {
            if deployments.iter().all(|known| known.id != unsettled.id) {
                deployments.push(unsettled);
            }
        }
        Ok(Snapshot {
            seq,
            engine: self.info(),
            projects,
            deployments,
            jobs: engine.store.unfinished_jobs().await?,
            ports: engine.store.ports().await?,
            targets: engine.known_targets().await?,
        })
    }

    /// Events after that number, then new ones as they come.
    pub fn events(&self, after: Option<u64>) -> Result<BoxStream<'static, Event>, Gap> {
        self.0.bus.listen(after)
    }

    /// Notes that an account uses the engine.
    pub async fn seen(&self, uid: u32, name: &str) -> Result<(), Problem> {
        self.0.store.seen_user(uid, name, clock::now()).await?;
        Ok(())
    }

    /// Deployments, newest first.
    pub async fn deployments(&self, filter: DeploymentFilter) -> Result<Page<Deployment>, Problem> {
        Ok(self.0.store.deployments(&filter).await?)
    }

    /// A deployment with its plan and history; the beginning of its id is enough where only one begins so.
    pub async fn deployment(&self, id: &str) -> Result<DeploymentDetail, Problem> {
        let engine = &self.0;
        let deployment = engine.deployment_record(&DeploymentId::from(id)).await?;
        let plan = engine.store.plan(&deployment.id).await?;
        let history = engine.store.history(&deployment.id).await?;
        let running_since = engine.running_since(&deployment).await;
        let processes = match &plan {
            Some(plan) => {
                tokio::time::timeout(GLANCE, engine.process_states(&deployment, plan)).await.unwrap_or_default()
            }
            None => Vec::new(),
        };
        Ok(DeploymentDetail { deployment, plan, history, running_since, processes })
    }

    /// The releases of the app that a deployment is of.
    pub async fn releases(&self, id: &DeploymentId) -> Result<ReleasesView, Problem> {
        let engine = &self.0;
        let key = engine.deployment_record(id).await?.key;
        let live = engine.store.live_of(&key).await?.map(|live| live.id);
        let releases = engine.store.releases(&key).await?;
        Ok(ReleasesView { live, releases })
    }

    /// Lines of a deployment's log.
    pub async fn logs(&self, id: &DeploymentId, mut query: LogQuery) -> Result<BoxStream<'static, LogLine>, Problem> {
        let engine = &self.0;
        let deployment = engine.deployment_record(id).await?;
        let more_to_come = deployment.status.is_pending() || deployment.status.is_up();
        query.follow = query.follow && more_to_come;
        Ok(engine.logbook.read(&deployment.id, query).await)
    }

    /// The last health checks of a deployment, oldest first.
    #[must_use]
    pub fn health(&self, id: &DeploymentId) -> Vec<HealthSample> {
        self.0.recent(id).health.into()
    }

    /// The last measurements of a deployment, oldest first; only taken while somebody listens to events.
    #[must_use]
    pub fn samples(&self, id: &DeploymentId) -> Vec<Sample> {
        self.0.recent(id).samples.into()
    }

    /// The ports that are held.
    pub async fn ports(&self) -> Result<Vec<PortLease>, Problem> {
        Ok(self.0.store.ports().await?)
    }

    /// Holds a port by hand.
    pub async fn reserve_port(&self, request: ReservePort, by: &str) -> Result<PortLease, Problem> {
        let note = if request.note.is_empty() { format!("reserved by {by}") } else { request.note };
        let lease = self.0.ports.reserve(request.port, note, clock::now()).await?;
        self.0.publish(EventKind::Port(lease.clone())).await;
        Ok(lease)
    }

    /// Gives back a port that is held by hand.
    pub async fn release_port(&self, port: u16, by: &str) -> Result<(), Problem> {
        let engine = &self.0;
        let held = engine.store.ports().await?.into_iter().find(|lease| lease.port == port);
        match held.map(|lease| lease.holder) {
            None => Err(EngineError::PortNotHeld(port).into()),
            Some(PortHolder::App(_) | PortHolder::Candidate(_)) => Err(EngineError::PortOfApp(port).into()),
            Some(PortHolder::Manual { .. }) => {
                tracing::info!(port, by, "port released");
                Ok(engine.release_ports(|lease| lease.port == port).await?)
            }
        }
    }

    /// Jobs and workers.
    pub async fn jobs(&self) -> Result<JobsView, Problem> {
        let mut jobs = self.0.store.recent_jobs(RECENT_JOBS).await?;
        for job in self.0.store.unfinished_jobs().await? {
            if jobs.iter().all(|known| known.id != job.id) {
                jobs.push(job);
            }
        }
        jobs.sort_by(|one, other| other.id.cmp(&one.id));
        Ok(JobsView { workers: self.0.info.workers, jobs })
    }

    /// One job.
    pub async fn job(&self, id: &JobId) -> Result<Job, Problem> {
        let job = self.0.store.job(id).await?;
        Ok(job.ok_or_else(|| EngineError::NoJob(id.to_string()))?)
    }

    /// Asks targets whether they answer.
    pub async fn targets(&self, targets: Vec<TargetRef>) -> Result<Vec<TargetStatus>, Problem> {
        let statuses = join_all(targets.iter().map(|target| self.0.probe(target))).await;
        Ok(statuses.into_iter().collect::<Result<_, _>>()?)
    }
}

impl Inner {
    /// Asks a target, keeps its answer, and tells of it where it is another than before.
    pub(super) async fn probe(&self, target: &TargetRef) -> Result<TargetStatus, EngineError> {
        let status = self.places.get(target).probe().await;
        let now = clock::now();
        let name = target_name(target);
        let before = self.store.cache_get::<TargetStatus>(CacheKind::TargetStatus, &name, now).await?;
        self.store.cache_put(CacheKind::TargetStatus, &name, &status, now, TARGET_HOLDS).await?;
        if before.is_none_or(|(before, _)| before != status) {
            self.publish(EventKind::Target(status.clone())).await;
        }
        Ok(status)
    }

    async fn known_targets(&self) -> Result<Vec<TargetStatus>, EngineError> {
        let mut known = Vec::new();
        for target in self.places.known() {
            let name = target_name(&target);
            let kept = self.store.cache_get::<TargetStatus>(CacheKind::TargetStatus, &name, clock::now()).await?;
            known.extend(kept.map(|(status, _)| status));
        }
        Ok(known)
    }
}

fn target_name(target: &TargetRef) -> String {
    format!("{} {}", target.kind, target.host.as_deref().unwrap_or_default())
}

impl Inner {
    async fn running_since(&self, deployment: &Deployment) -> Option<Timestamp> {
        let instance = deployment.live.as_ref().filter(|_| deployment.status.is_up())?;
        let target = self.places.get(&deployment.target);
        // What else is known of it does not wait for a target that is away.
        tokio::time::timeout(GLANCE, target.running_since(instance)).await.ok()?.ok()?
    }
}
