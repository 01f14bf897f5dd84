//! A process that writes is killed: whatever was acknowledged is there, and nothing is there by half.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wharf::model::{
    DeploymentFilter, DeploymentStatus, Environment, EventKind, PortHolder, PortLease, ProjectId, StatusChange,
};
use wharf::store::Store;

use crate::support::samples::{app_key, at, deployment, project, release};

/// Tells the child where to write.
const FOLDER: &str = "WHARF_TEST_KILL_FOLDER";

/// Tells it with which number to begin.
const FIRST: &str = "WHARF_TEST_KILL_FIRST";

/// How many write at the same time.
const WRITERS: usize = 6;

/// The child's part; in an ordinary run there is nothing to do.
#[test]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&folder, at(0)).await.unwrap();
        let writers = (first..).take(WRITERS).map(|writer| {
            let store = store.clone();
            async move {
                for number in (writer..).step_by(WRITERS) {
                    let seq = write(&store, number).await;
                    println!("\nack {number} {seq}");
                }
            }
        });
        futures_util::future::join_all(writers).await;
    });
}

/// Writes all that belongs to a number, and returns the number of its event.
async fn write(store: &Store, number: u64) -> u64 {
    let key = app_key(number, "web", Environment::Development);
    store.put_project(&project(number, &format!("name-{number}"))).await.unwrap();
    let mut new = deployment(number, key.clone(), DeploymentStatus::Queued);
    store.put_deployment(&new, None).await.unwrap();
    new.status = DeploymentStatus::Healthy;
    let change = StatusChange { status: new.status, at: at(number), reason: "it answers".to_owned() };
    store.put_deployment(&new, Some(change)).await.unwrap();
    store.add_release(&release(number, key.clone())).await.unwrap();
    let lease = PortLease { port: port(number), holder: PortHolder::App(key), since: at(number) };
    store.claim_port(lease).await.unwrap();
    store
        .append_event(EventKind::ProjectRemoved(ProjectId::from(number.to_string().as_str())), at(number))
        .await
        .unwrap()
        .seq
}

fn port(number: u64) -> u16 {
    u16::try_from(20_000 + number).unwrap()
}

/// Lets the child write until it has acknowledged so many, kills it, and returns all that it acknowledged, with the
/// numbers of the events.
fn killed_after(acks: usize, folder: &Path, first: u64) -> Vec<(u64, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store_kill::writes_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let mut words = line.split(' ');
        if words.next() == Some("ack") {
            let mut number = || words.next().unwrap().parse().unwrap();
            acknowledged.push((number(), number()));
        }
        // The rest of what it said is still in the pipe, and read to its end.
        if acknowledged.len() == acks {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(acknowledged.len() >= acks, "it ended by itself");
    acknowledged
}

/// Everything of a number that was acknowledged is there.
async fn is_whole(store: &Store, number: u64) {
    let key = app_key(number, "web", Environment::Development);
    let name = format!("name-{number}");
    assert_eq!(store.project_by_name(&name).await.unwrap(), Some(project(number, &name)));
    let live = store.live_of(&key).await.unwrap().unwrap();
    assert_eq!((live.status, live.created_at), (DeploymentStatus::Healthy, at(number)));
    assert_eq!(store.history(&live.id).await.unwrap().len(), 2);
    assert_eq!(store.release(&key, 1).await.unwrap().unwrap().deployment, live.id);
    assert_eq!(store.port_of(&key).await.unwrap(), Some(port(number)));
}

/// What was not acknowledged may be there or not, but each part with its indexes and its history.
async fn is_consistent(store: &Store) {
    let filter = DeploymentFilter { limit: Some(500), ..DeploymentFilter::default() };
    let mut total = 0;
    let mut after = None;
    loop {
        let page = store.deployments(&DeploymentFilter { after, ..filter.clone() }).await.unwrap();
        for deployment in &page.items {
            total += 1;
            assert!(store.project(&deployment.key.project).await.unwrap().is_some());
            let last = store.history(&deployment.id).await.unwrap().pop().unwrap();
            assert_eq!(last.status, deployment.status);
            let of_project = DeploymentFilter {
                project: Some(deployment.key.project.clone()),
                status: Some(deployment.status),
                ..DeploymentFilter::default()
            };
            assert_eq!(store.deployments(&of_project).await.unwrap().items, std::slice::from_ref(deployment));
        }
        after = page.next;
        if after.is_none() {
            assert_eq!(page.total, total);
            return;
        }
    }
}

#[test]
fn a_kill_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut all: Vec<(u64, u64)> = Vec::new();
    for round in 0..4 {
        let last_seq = all.iter().map(|(_, seq)| *seq).max().unwrap_or(0);
        let acknowledged = killed_after(20 + 17 * round, dir.path(), 1000 * round as u64);
        assert!(acknowledged.iter().all(|(_, seq)| *seq > last_seq), "a number of an event came twice");
        all.extend(acknowledged);
        runtime.block_on(async {
            let store = Store::open(dir.path(), at(0)).await.unwrap();
            assert_eq!(store.notice(), None);
            for (number, _) in &all {
                is_whole(&store, *number).await;
            }
            is_consistent(&store).await;
            let kept = store.events_after(0, 100_000).await.unwrap();
            assert!(kept.is_sorted_by(|a, b| a.seq < b.seq));
            assert!(all.iter().all(|(_, seq)| kept.iter().any(|event| event.seq == *seq)));
            store.close().await;
        });
    }
}
