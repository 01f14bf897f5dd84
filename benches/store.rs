//! A store with ten thousand projects and a hundred thousand deployments.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use divan::Bencher;
use futures_util::future::try_join_all;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wharf::model::{
    Action, AppKey, Deployment, DeploymentFilter, DeploymentId, DeploymentStatus, Environment, Instance, PageQuery,
    Project, ProjectId, Source, Step, StepName, StepStatus, TargetRef, Timestamp,
};
use wharf::store::Store;

const PROJECTS: u64 = 10_000;
const DEPLOYMENTS: u64 = 100_000;

/// How many writes wait at the same time while the store is filled.
const AT_ONCE: usize = 200;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// The filled store, closed.
static CLOSED: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = empty("closed");
    RUNTIME.block_on(async {
        let store = Store::open(&dir, at(0)).await.unwrap();
        fill(&store).await;
        store.close().await;
    });
    dir
});

/// The same as it lies on the disk when the engine was killed after a last hundred changes.
static KILLED: LazyLock<PathBuf> = LazyLock::new(|| {
    let (dir, killed) = (copy(&CLOSED), empty("killed"));
    RUNTIME.block_on(async {
        let store = Store::open(dir.path(), at(0)).await.unwrap();
        let puts = (0..100).map(|number| deployment(DEPLOYMENTS + number));
        for deployment in puts {
            store.put_deployment(&deployment, None).await.unwrap();
        }
        copy_into(dir.path(), &killed);
        store.close().await;
    });
    killed
});

/// The filled store, open.
static STORE: LazyLock<Store> = LazyLock::new(|| {
    let dir = empty("open");
    copy_into(&CLOSED, &dir);
    RUNTIME.block_on(Store::open(&dir, at(0))).unwrap()
});

/// An empty folder of that name, in the place of that of the run before.
fn empty(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-store").join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_millis(1_764_000_000_000 + second * 1000)
}

fn project(number: u64) -> Project {
    Project {
        id: ProjectId::new(at(number), 0),
        name: format!("project-{number:05}"),
        root: format!("/home/ann/code/project-{number:05}").into(),
        source: Source::Folder,
        added_at: at(number),
        added_by: "ann".to_owned(),
    }
}

/// As a deployment looks when a newer one took its place; the last of each app is up.
fn deployment(number: u64) -> Deployment {
    let created = at(PROJECTS + number);
    let step = |name| Step {
        name,
        status: StepStatus::Done,
        started_at: Some(created),
        finished_at: Some(created),
        detail: "12 of 14 layers from the cache".to_owned(),
    };
    let up = number >= DEPLOYMENTS - PROJECTS;
    Deployment {
        id: DeploymentId::new(created, 0),
        key: AppKey {
            project: project(number % PROJECTS).id,
            app: "web".to_owned(),
            environment: Environment::Development,
        },
        project_name: project(number % PROJECTS).name,
        target: TargetRef::default(),
        action: Action::Deploy,
        status: if up { DeploymentStatus::Healthy } else { DeploymentStatus::Stopped },
        status_since: created,
        status_reason: "a newer deployment took its place".to_owned(),
        steps: StepName::ALL.map(step).to_vec(),
        url: Some("http://127.0.0.1:20017".to_owned()),
        port: Some(20_017),
        release: Some(3),
        image: Some("wharf/project-web:0123456789abcdef".to_owned()),
        live: up.then(|| Instance { id: "f".repeat(64), name: "wharf-project-web".to_owned(), port: Some(20_017) }),
        candidate: None,
        commit: None,
        source: Some("0123456789abcdef".repeat(4)),
        switch_gap_ms: Some(12),
        error: None,
        cancel_requested: false,
        requested_by: "ann".to_owned(),
        created_at: created,
        finished_at: Some(created),
    }
}

async fn fill(store: &Store) {
    for from in (0..PROJECTS).step_by(AT_ONCE) {
        let projects: Vec<_> = (from..).take(AT_ONCE).map(project).collect();
        try_join_all(projects.iter().map(|project| store.put_project(project))).await.unwrap();
    }
    for from in (0..DEPLOYMENTS).step_by(AT_ONCE) {
        let deployments: Vec<_> = (from..).take(AT_ONCE).map(deployment).collect();
        try_join_all(deployments.iter().map(|deployment| store.put_deployment(deployment, None))).await.unwrap();
    }
}

fn copy(from: &Path) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_into(from, dir.path());
    dir
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy_into(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Opens a fresh copy and reads one record.
fn open(bencher: Bencher<'_, '_>, from: &Path) {
    bencher.with_inputs(|| copy(from)).bench_local_values(|dir| {
        RUNTIME.block_on(async {
            let store = Store::open(dir.path(), at(0)).await.unwrap();
            let deployment = store.deployment(&deployment(500).id).await.unwrap();
            assert!(deployment.is_some());
        });
        dir
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn open_after_a_close(bencher: Bencher<'_, '_>) {
    open(bencher, &CLOSED);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn open_after_a_kill(bencher: Bencher<'_, '_>) {
    open(bencher, &KILLED);
}

#[divan::bench]
fn first_page_of_projects(bencher: Bencher<'_, '_>) {
    let store = &*STORE;
    let query = PageQuery::default();
    bencher.bench_local(|| RUNTIME.block_on(store.projects(&query)).unwrap());
}

#[divan::bench]
fn page_in_the_middle_of_projects(bencher: Bencher<'_, '_>) {
    let store = &*STORE;
    let query = PageQuery { after: Some("project-05000".to_owned()), limit: None };
    bencher.bench_local(|| RUNTIME.block_on(store.projects(&query)).unwrap());
}

#[divan::bench]
fn first_page_of_deployments(bencher: Bencher<'_, '_>) {
    let store = &*STORE;
    let filter = DeploymentFilter::default();
    bencher.bench_local(|| RUNTIME.block_on(store.deployments(&filter)).unwrap());
}

#[divan::bench]
fn page_in_the_middle_of_deployments_that_stopped(bencher: Bencher<'_, '_>) {
    let store = &*STORE;
    let after = Some(deployment(DEPLOYMENTS / 2).id.to_string());
    let filter = DeploymentFilter { status: Some(DeploymentStatus::Stopped), after, ..DeploymentFilter::default() };
    bencher.bench_local(|| RUNTIME.block_on(store.deployments(&filter)).unwrap());
}

#[divan::bench]
fn deployments_of_a_project(bencher: Bencher<'_, '_>) {
    let store = &*STORE;
    let filter = DeploymentFilter { project: Some(project(77).id), ..DeploymentFilter::default() };
    bencher.bench_local(|| RUNTIME.block_on(store.deployments(&filter)).unwrap());
}

#[divan::bench]
fn latest_of_the_first_page_of_projects(bencher: Bencher<'_, '_>) {
    let store = &*STORE;
    let projects: Vec<_> = (0..200).map(|number| project(number).id).collect();
    bencher.bench_local(|| RUNTIME.block_on(store.latest_of_projects(&projects)).unwrap());
}

#[divan::bench]
fn one_deployment_with_its_history(bencher: Bencher<'_, '_>) {
    let store = &*STORE;
    let id = deployment(DEPLOYMENTS / 3).id;
    bencher.bench_local(|| {
        RUNTIME.block_on(async {
            let deployment = store.deployment(&id).await.unwrap();
            (deployment, store.plan(&id).await.unwrap(), store.history(&id).await.unwrap())
        })
    });
}

#[divan::bench(sample_count = 20)]
fn a_change_of_a_deployment(bencher: Bencher<'_, '_>) {
    let store = &*STORE;
    let mut changed = deployment(DEPLOYMENTS / 4);
    bencher.bench_local(|| {
        changed.status_since = changed.status_since.plus(std::time::Duration::from_millis(1));
        RUNTIME.block_on(store.put_deployment(&changed, None)).unwrap();
    });
}
