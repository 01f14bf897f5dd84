//! What is stored keeps its integrity and its history, whatever is done to it in whatever order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use wharf::model::{
    AppKey, Deployment, DeploymentFilter, DeploymentId, DeploymentStatus, Detection, Environment, Event, EventKind,
    Job, JobId, JobKind, JobState, PageQuery, PortHolder, PortLease, Project, ProjectId, Release, StatusChange,
};
use wharf::store::{Store, StoreError};

use crate::support::proptest::config;
use crate::support::samples::{app_key, at, deployment, project, release};

const PROJECTS: u64 = 4;
const DEPLOYMENTS: u64 = 10;

/// One thing done to the store.
#[derive(Clone, Debug)]
enum Act {
    PutProject { number: u64, name: u8 },
    RemoveProject { number: u64, deployments: bool },
    PutDetection { number: u64, fingerprint: u8 },
    PutDeployment { number: u64, status: DeploymentStatus },
    AddRelease { number: u64 },
    ForgetImage { number: u64 },
    ClaimPort { port: u16, holder: u8 },
    ReleasePort { port: u16 },
    PutJob { number: u64, state: u8 },
    Event { port: u16 },
    PutSecret { number: u64, name: u8 },
    RemoveSecrets { number: u64 },
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let status = proptest::sample::select(DeploymentStatus::ALL.as_slice());
    prop_oneof![
        4 => (0..PROJECTS, 0..5_u8).prop_map(|(number, name)| Act::PutProject { number, name }),
        2 => (0..PROJECTS, any::<bool>()).prop_map(|(number, deployments)| Act::RemoveProject { number, deployments }),
        1 => (0..PROJECTS, any::<u8>()).prop_map(|(number, fingerprint)| Act::PutDetection { number, fingerprint }),
        8 => (0..DEPLOYMENTS, status).prop_map(|(number, status)| Act::PutDeployment { number, status }),
        2 => (0..DEPLOYMENTS).prop_map(|number| Act::AddRelease { number }),
        1 => (0..DEPLOYMENTS).prop_map(|number| Act::ForgetImage { number }),
        3 => (20_000..20_004_u16, 0..6_u8).prop_map(|(port, holder)| Act::ClaimPort { port, holder }),
        2 => (20_000..20_004_u16).prop_map(|port| Act::ReleasePort { port }),
        3 => (0..6_u64, 0..5_u8).prop_map(|(number, state)| Act::PutJob { number, state }),
        2 => any::<u16>().prop_map(|port| Act::Event { port }),
        2 => (0..DEPLOYMENTS, 0..3_u8).prop_map(|(number, name)| Act::PutSecret { number, name }),
        1 => (0..DEPLOYMENTS).prop_map(|number| Act::RemoveSecrets { number }),
        2 => Just(Act::Reopen),
    ]
}

/// The app that the deployment of that number is always of.
fn key_of(number: u64) -> AppKey {
    let app = if number.is_multiple_of(2) { "web" } else { "api" };
    app_key(number % PROJECTS, app, Environment::ALL[usize::from(number > 6)])
}

fn keys() -> BTreeSet<AppKey> {
    (0..DEPLOYMENTS).map(key_of).collect()
}

fn holder_of(holder: u8) -> PortHolder {
    match holder {
        0..=3 => PortHolder::App(key_of(u64::from(holder))),
        4 => PortHolder::Candidate(DeploymentId::new(at(1), 2)),
        _ => PortHolder::Manual { note: "printer".to_owned() },
    }
}

fn job_of(number: u64, state: u8) -> Job {
    let state = match state {
        0 => JobState::Queued,
        1 => JobState::Running { worker: 1 },
        2 => JobState::Done,
        3 => JobState::Failed { reason: "no".to_owned() },
        _ => JobState::Cancelled,
    };
    Job {
        id: JobId::new(at(number), 3),
        kind: JobKind::Deploy,
        deployment: DeploymentId::new(at(number), 2),
        state,
        attempts: 1,
        created_at: at(number),
        started_at: None,
        finished_at: None,
    }
}

/// What the store should hold, in the plainest way.
#[derive(Debug, Default)]
struct Model {
    second: u64,
    projects: BTreeMap<ProjectId, Project>,
    detections: BTreeMap<ProjectId, String>,
    deployments: BTreeMap<DeploymentId, (Deployment, Vec<StatusChange>)>,
    releases: BTreeMap<AppKey, Vec<Release>>,
    ports: BTreeMap<u16, PortLease>,
    claimed_last: BTreeMap<AppKey, u16>,
    jobs: BTreeMap<JobId, Job>,
    events: Vec<Event>,
    secrets: BTreeSet<(AppKey, String)>,
}

impl Model {
    /// Does it to the store and to the model; both must take it the same way.
    async fn act(&mut self, store: &Store, act: &Act) {
        self.second += 1;
        let now = at(1000 + self.second);
        match act {
            Act::PutProject { number, name } => self.put_project(store, *number, *name).await,
            Act::RemoveProject { number, deployments } => self.remove_project(store, *number, *deployments).await,
            Act::PutDetection { number, fingerprint } => {
                let id = project(*number, "").id;
                let put = store.put_detection(&id, &fingerprint.to_string(), &Detection::default(), now).await;
                assert_eq!(put.is_ok(), self.projects.contains_key(&id));
                if put.is_ok() {
                    self.detections.insert(id, fingerprint.to_string());
                }
            }
            Act::PutDeployment { number, status } => self.put_deployment(store, *number, *status).await,
            Act::AddRelease { number } => {
                let kept = store.add_release(&release(self.second, key_of(*number))).await.unwrap();
                let releases = self.releases.entry(key_of(*number)).or_default();
                assert_eq!(kept.number, u32::try_from(releases.len()).unwrap() + 1);
                releases.push(kept);
            }
            Act::ForgetImage { number } => {
                if let Some(oldest) = self.releases.get_mut(&key_of(*number)).and_then(|releases| releases.first_mut())
                {
                    oldest.image = None;
                    store.update_release(oldest).await.unwrap();
                }
            }
            Act::ClaimPort { port, holder } => {
                let lease = PortLease { port: *port, holder: holder_of(*holder), since: now };
                self.claim(store, lease).await;
            }
            Act::ReleasePort { port } => {
                let held = self.ports.remove(port);
                assert_eq!(store.release_port(*port).await.unwrap(), held);
                if let Some(lease) = held {
                    self.forget_claim(&lease);
                }
            }
            Act::PutJob { number, state } => {
                let job = job_of(*number, *state);
                store.put_job(&job).await.unwrap();
                self.jobs.insert(job.id.clone(), job);
            }
            Act::Event { port } => {
                let event = store.append_event(EventKind::PortReleased(*port), now).await.unwrap();
                assert!(self.events.last().is_none_or(|last| last.seq + 1 == event.seq));
                self.events.push(event);
            }
            Act::PutSecret { number, name } => {
                store.put_secret(&key_of(*number), &format!("S{name}"), vec![*name]).await.unwrap();
                self.secrets.insert((key_of(*number), format!("S{name}")));
            }
            Act::RemoveSecrets { number } => {
                store.remove_secrets(&key_of(*number)).await.unwrap();
                self.secrets.retain(|(key, _)| *key != key_of(*number));
            }
            Act::Reopen => {}
        }
    }

    async fn put_project(&mut self, store: &Store, number: u64, name: u8) {
        let new = project(number, &format!("name-{name}"));
        let owner = self.projects.values().find(|other| other.name == new.name && other.id != new.id);
        match (store.put_project(&new).await, owner) {
            (Ok(()), None) => drop(self.projects.insert(new.id.clone(), new)),
            (Err(StoreError::NameTaken { by, .. }), Some(owner)) => assert_eq!(by, owner.id),
            (result, owner) => panic!("{result:?}, with {owner:?}"),
        }
    }

    async fn remove_project(&mut self, store: &Store, number: u64, with_deployments: bool) {
        let id = project(number, "").id;
        let now = at(1000 + self.second);
        let removed = store.remove_project(&id, with_deployments, now).await;
        let Some(known) = self.projects.get(&id) else {
            assert!(matches!(removed, Err(StoreError::NoProject(_))), "{removed:?}");
            return;
        };
        let standing =
            |deployment: &Deployment| deployment.key.project == id && deployment.status != DeploymentStatus::Deleted;
        let left: Vec<_> = self.deployments.values_mut().filter(|(deployment, _)| standing(deployment)).collect();
        let running = left.iter().any(|(deployment, _)| deployment.status.is_pending() || deployment.status.is_up());
        if !left.is_empty() && (running || !with_deployments) {
            let Err(StoreError::ProjectInUse { count, unsettled, .. }) = removed else { panic!("{removed:?}") };
            assert_eq!((count, unsettled), (left.len(), running));
            return;
        }
        assert_eq!(&removed.unwrap(), known);
        for (deployment, history) in left {
            deployment.status = DeploymentStatus::Deleted;
            deployment.status_since = now;
            "its project was removed".clone_into(&mut deployment.status_reason);
            let reason = deployment.status_reason.clone();
            history.push(StatusChange { status: deployment.status, at: now, reason });
        }
        self.projects.remove(&id);
        self.detections.remove(&id);
        self.ports.retain(|_, lease| !matches!(&lease.holder, PortHolder::App(key) if key.project == id));
        self.claimed_last.retain(|key, _| key.project != id);
        self.secrets.retain(|(key, _)| key.project != id);
    }

    async fn put_deployment(&mut self, store: &Store, number: u64, status: DeploymentStatus) {
        let mut new = deployment(number, key_of(number), status);
        new.status_since = at(1000 + self.second);
        let put = store.put_deployment(&new, None).await;
        let known = self.deployments.get_mut(&new.id);
        if known.is_none() && !self.projects.contains_key(&new.key.project) {
            assert!(matches!(put, Err(StoreError::NoProject(_))), "{put:?}");
            return;
        }
        put.unwrap();
        let change = StatusChange { status, at: new.status_since, reason: new.status_reason.clone() };
        match known {
            Some((old, history)) => {
                if old.status != status {
                    history.push(change);
                }
                *old = new;
            }
            None => drop(self.deployments.insert(new.id.clone(), (new, vec![change]))),
        }
    }

    async fn claim(&mut self, store: &Store, lease: PortLease) {
        match (store.claim_port(lease.clone()).await, self.ports.get(&lease.port)) {
            (Ok(()), None) => {
                if let PortHolder::App(key) = &lease.holder {
                    self.claimed_last.insert(key.clone(), lease.port);
                }
                self.ports.insert(lease.port, lease);
            }
            (Ok(()), Some(held)) => assert_eq!(held.holder, lease.holder),
            (Err(StoreError::PortHeld(told)), Some(held)) => {
                assert_eq!(*told, *held);
                assert_ne!(held.holder, lease.holder);
            }
            (result, held) => panic!("{result:?}, with {held:?}"),
        }
    }

    fn forget_claim(&mut self, lease: &PortLease) {
        let PortHolder::App(key) = &lease.holder else { return };
        if self.claimed_last.get(key) == Some(&lease.port) {
            match self.ports.values().find(|other| other.holder == lease.holder) {
                Some(other) => self.claimed_last.insert(key.clone(), other.port),
                None => self.claimed_last.remove(key),
            };
        }
    }

    /// The deployments that pass, newest first.
    fn newest(&self, pass: impl Fn(&Deployment) -> bool) -> Vec<Deployment> {
        self.deployments.values().rev().map(|(deployment, _)| deployment.clone()).filter(pass).collect()
    }

    /// Asks the store for everything, in every way.
    async fn compare(&self, store: &Store) {
        self.compare_projects(store).await;
        self.compare_deployments(store).await;
        for key in keys() {
            let mut releases = self.releases.get(&key).cloned().unwrap_or_default();
            releases.reverse();
            assert_eq!(store.releases(&key).await.unwrap(), releases);
            assert_eq!(store.port_of(&key).await.unwrap(), self.claimed_last.get(&key).copied());
            let names: Vec<_> =
                self.secrets.iter().filter(|(of, _)| *of == key).map(|(_, name)| name.clone()).collect();
            assert_eq!(store.secret_names(&key).await.unwrap(), names);
        }
        assert_eq!(store.ports().await.unwrap(), self.ports.values().cloned().collect::<Vec<_>>());
        let unfinished: Vec<_> = self.jobs.values().filter(|job| !job.state.is_over()).cloned().collect();
        assert_eq!(store.unfinished_jobs().await.unwrap(), unfinished);
        assert_eq!(store.recent_jobs(100).await.unwrap(), self.jobs.values().rev().cloned().collect::<Vec<_>>());
        assert_eq!(store.events_after(0, 1000).await.unwrap(), self.events);
    }

    async fn compare_projects(&self, store: &Store) {
        let mut by_name: Vec<_> = self.projects.values().cloned().collect();
        by_name.sort_by(|a, b| a.name.cmp(&b.name));
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = store.projects(&PageQuery { after, limit: Some(2) }).await.unwrap();
            assert_eq!(page.total, self.projects.len() as u64);
            found.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, by_name);
        for number in 0..PROJECTS {
            let id = project(number, "").id;
            let known = self.projects.get(&id);
            assert_eq!(store.project(&id).await.unwrap().as_ref(), known);
            let fingerprint = store.detection(&id).await.unwrap().map(|(fingerprint, ..)| fingerprint);
            assert_eq!(fingerprint.as_ref(), self.detections.get(&id));
            if let Some(known) = known {
                assert_eq!(store.project_by_name(&known.name).await.unwrap().as_ref(), Some(known));
            }
        }
    }

    async fn compare_deployments(&self, store: &Store) {
        for (id, (deployment, history)) in &self.deployments {
            assert_eq!(store.deployment(id).await.unwrap().as_ref(), Some(deployment));
            assert_eq!(store.history(id).await.unwrap(), *history);
        }
        let mut filters = vec![DeploymentFilter::default()];
        for status in DeploymentStatus::ALL {
            filters.push(DeploymentFilter { status: Some(status), ..DeploymentFilter::default() });
            let environment = Some(Environment::Staging);
            filters.push(DeploymentFilter { status: Some(status), environment, ..DeploymentFilter::default() });
        }
        for key in keys() {
            let project = Some(key.project.clone());
            filters.push(DeploymentFilter { project: project.clone(), ..DeploymentFilter::default() });
            let (app, environment) = (Some(key.app.clone()), Some(key.environment));
            filters.push(DeploymentFilter { project, app, environment, ..DeploymentFilter::default() });
        }
        for filter in filters {
            let wanted = self.newest(|deployment| {
                filter.project.as_ref().is_none_or(|project| *project == deployment.key.project)
                    && filter.app.as_ref().is_none_or(|app| *app == deployment.key.app)
                    && filter.environment.is_none_or(|environment| environment == deployment.key.environment)
                    && filter.status.is_none_or(|status| status == deployment.status)
            });
            assert_eq!(all(store, &filter, self.deployments.len()).await, wanted, "{filter:?}");
        }
        for key in keys() {
            let live = self.newest(|deployment| deployment.key == key && deployment.status.is_up());
            assert_eq!(store.live_of(&key).await.unwrap(), live.first().cloned());
            let standing =
                self.newest(|deployment| deployment.key == key && deployment.status != DeploymentStatus::Deleted);
            assert_eq!(store.latest_of(&key).await.unwrap(), standing.first().cloned());
        }
        let mut unsettled = self.newest(|deployment| deployment.status.is_pending() || deployment.status.is_up());
        unsettled.reverse();
        assert_eq!(store.unsettled().await.unwrap(), unsettled);
    }
}

/// All pages of a list.
async fn all(store: &Store, filter: &DeploymentFilter, total: usize) -> Vec<Deployment> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.deployments(&DeploymentFilter { after, limit: Some(3), ..filter.clone() }).await.unwrap();
        assert_eq!(page.total, total as u64);
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

async fn try_all(dir: &Path, acts: &[Act]) {
    let mut store = Store::open(dir, at(0)).await.unwrap();
    let mut model = Model::default();
    for act in acts {
        model.act(&store, act).await;
        if matches!(act, Act::Reopen) {
            model.compare(&store).await;
            store.close().await;
            store = Store::open(dir, at(0)).await.unwrap();
            assert_eq!(store.notice(), None);
        }
    }
    model.compare(&store).await;
    store.close().await;
}

proptest! {
    #![proptest_config(config(100))]

    // Feature: deployment-automation, Property 10: stored data keeps its integrity and history
    #[test]
    fn stored_data_keeps_its_integrity_and_history(acts in proptest::collection::vec(act(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(try_all(dir.path(), &acts));
    }
}
