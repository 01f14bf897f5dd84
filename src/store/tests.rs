//! The store as its users see it, on a real folder.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::model::{
    Action, AppKey, Deployment, DeploymentFilter, DeploymentId, DeploymentStatus, Detection, Environment, EventKind,
    Job, JobId, JobKind, JobState, PageQuery, PortHolder, PortLease, Project, ProjectId, Source, StatusChange,
    TargetRef,
};

fn at(second: u64) -> Timestamp {
    Timestamp::from_millis(1_764_000_000_000 + second * 1000)
}

async fn open(dir: &Path) -> Store {
    Store::open(dir, at(0)).await.unwrap()
}

async fn reopen(store: Store, dir: &Path) -> Store {
    store.close().await;
    open(dir).await
}

fn project(name: &str) -> Project {
    Project {
        id: ProjectId::from(format!("p-{name}").as_str()),
        name: name.to_owned(),
        root: format!("/home/ann/{name}").into(),
        source: Source::Folder,
        added_at: at(1),
        added_by: "ann".to_owned(),
    }
}

fn key(project: &Project, app: &str) -> AppKey {
    AppKey { project: project.id.clone(), app: app.to_owned(), environment: Environment::Development }
}

fn deployment(key: &AppKey, second: u64, status: DeploymentStatus) -> Deployment {
    let (id, target, by) = (DeploymentId::new(at(second), 0), TargetRef::default(), "ann".to_owned());
    let queued = Deployment::queued(id, key.clone(), "shop".to_owned(), target, Action::Deploy, by, at(second));
    Deployment { status, status_reason: format!("{status} at {second}"), ..queued }
}

#[tokio::test]
async fn what_was_put_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    assert_eq!(store.notice(), None);
    let shop = project("shop");
    store.put_project(&shop).await.unwrap();
    store.put_detection(&shop.id, "tree-1", &Detection::default(), at(2)).await.unwrap();
    let mut first = deployment(&key(&shop, "web"), 3, DeploymentStatus::Queued);
    store.put_deployment(&first, None).await.unwrap();
    first.status = DeploymentStatus::Healthy;
    store.put_deployment(&first, None).await.unwrap();
    let user = store.seen_user(7, "ann", at(4)).await.unwrap();

    let store = reopen(store, dir.path()).await;
    assert_eq!(store.project_by_name("shop").await.unwrap(), Some(shop.clone()));
    assert_eq!(store.detection(&shop.id).await.unwrap(), Some(("tree-1".to_owned(), Detection::default(), at(2))));
    assert_eq!(store.deployment(&first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.live_of(&first.key).await.unwrap(), Some(first.clone()));
    let statuses: Vec<_> = store.history(&first.id).await.unwrap().into_iter().map(|change| change.status).collect();
    assert_eq!(statuses, [DeploymentStatus::Queued, DeploymentStatus::Healthy]);
    assert_eq!(store.users().await.unwrap(), [user]);
}

#[tokio::test]
async fn a_settled_state_is_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.put_project(&project("shop")).await.unwrap();
    store.close().await;
    folder::settle(&dir.path().join("state"));
    let store = open(dir.path()).await;
    assert_eq!((store.notice(), store.project_by_name("shop").await.unwrap()), (None, Some(project("shop"))));
}

#[tokio::test]
async fn a_second_opener_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let _first = open(dir.path()).await;
    let error = Store::open(dir.path(), at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy(_)), "{error}");
    assert_eq!(Problem::from(error).cause, "engine-running");
}

#[tokio::test]
async fn a_state_of_a_newer_wharf_is_refused_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).await.close().await;
    fs::write(dir.path().join("state/format"), "9 4.2.0 and more\n").unwrap();
    let before = fs::read(dir.path().join("state/db/db")).unwrap();
    let error = Store::open(dir.path(), at(0)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Newer { written_by, .. } if written_by == "4.2.0"), "{error}");
    assert!(Problem::from(error).fix.contains("4.2.0"));
    assert_eq!(fs::read(dir.path().join("state/db/db")).unwrap(), before);
}

/// Damages the state and opens it: it must be kept aside, letter for letter where sled did not come to it.
async fn kept_aside_after(damage: impl Fn(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.put_project(&project("shop")).await.unwrap();
    store.close().await;
    damage(&dir.path().join("state"));
    let store = open(dir.path()).await;
    let notice = store.notice().unwrap();
    assert_eq!(notice.cause, "state-corrupt");
    let aside = dir.path().join("state.corrupt-20251124T160000Z");
    assert!(aside.is_dir() && notice.message.contains(aside.to_str().unwrap()), "{notice}");
    assert!(aside.join("db").exists());
    assert_eq!(store.projects(&PageQuery::default()).await.unwrap().total, 0);
    let store = reopen(store, dir.path()).await;
    assert_eq!(store.notice(), None);
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_kept_aside() {
    kept_aside_after(|state| fs::write(state.join("format"), "\0\0\0").unwrap()).await;
    kept_aside_after(|state| fs::write(state.join("db/db"), "").unwrap()).await;
    kept_aside_after(|state| {
        let length = fs::metadata(state.join("db/db")).unwrap().len();
        fs::write(state.join("db/db"), vec![0xa5; usize::try_from(length).unwrap()]).unwrap();
    })
    .await;
}

#[tokio::test]
async fn names_of_projects_are_unique_and_pages_go_by_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    for name in ["shop", "api", "blog"] {
        store.put_project(&project(name)).await.unwrap();
    }
    let mut other = project("other");
    other.name = "shop".to_owned();
    assert!(
        matches!(store.put_project(&other).await, Err(StoreError::NameTaken { by, .. }) if by == project("shop").id)
    );
    let mut renamed = project("blog");
    renamed.name = "diary".to_owned();
    store.put_project(&renamed).await.unwrap();
    assert_eq!(store.project_by_name("blog").await.unwrap(), None);

    let first = store.projects(&PageQuery { after: None, limit: Some(2) }).await.unwrap();
    let names = |page: &crate::model::Page<Project>| page.items.iter().map(|p| p.name.clone()).collect::<Vec<_>>();
    assert_eq!((names(&first), first.total), (vec!["api".to_owned(), "diary".to_owned()], 3));
    let second = store.projects(&PageQuery { after: first.next, limit: Some(2) }).await.unwrap();
    assert_eq!((names(&second), second.next), (vec!["shop".to_owned()], None));
}

#[tokio::test]
async fn a_project_with_deployments_is_removed_only_on_request_and_never_while_they_run() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let shop = project("shop");
    let web = key(&shop, "web");
    let mut first = deployment(&web, 1, DeploymentStatus::Running);
    assert!(matches!(store.put_deployment(&first, None).await, Err(StoreError::NoProject(_))));
    store.put_project(&shop).await.unwrap();
    store.put_deployment(&first, None).await.unwrap();
    store.claim_port(PortLease { port: 20_000, holder: PortHolder::App(web.clone()), since: at(1) }).await.unwrap();
    store.put_secret(&web, "TOKEN", vec![1, 2]).await.unwrap();

    let refused = store.remove_project(&shop.id, true, at(5)).await.unwrap_err();
    assert!(matches!(&refused, StoreError::ProjectInUse { unsettled: true, count: 1, .. }), "{refused}");
    first.status = DeploymentStatus::Stopped;
    store.put_deployment(&first, None).await.unwrap();
    let refused = store.remove_project(&shop.id, false, at(5)).await.unwrap_err();
    assert!(matches!(&refused, StoreError::ProjectInUse { deployments, .. } if *deployments == [first.id.clone()]));
    assert_eq!(store.remove_project(&shop.id, true, at(5)).await.unwrap(), shop);

    assert_eq!(store.project(&shop.id).await.unwrap(), None);
    let kept = store.deployment(&first.id).await.unwrap().unwrap();
    assert_eq!((kept.status, kept.status_since), (DeploymentStatus::Deleted, at(5)));
    assert_eq!(store.history(&first.id).await.unwrap().len(), 3);
    assert_eq!(store.port_of(&web).await.unwrap(), None);
    assert_eq!(store.ports().await.unwrap(), []);
    assert_eq!(store.secret_names(&web).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn deployments_are_filtered_and_paged_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (shop, blog) = (project("shop"), project("blog"));
    for project in [&shop, &blog] {
        store.put_project(project).await.unwrap();
    }
    for second in 0..30 {
        let project = if second % 3 == 0 { &blog } else { &shop };
        let status = if second % 2 == 0 { DeploymentStatus::Failed } else { DeploymentStatus::Stopped };
        store.put_deployment(&deployment(&key(project, "web"), second, status), None).await.unwrap();
    }
    let filter = |project: Option<&Project>, status| DeploymentFilter {
        project: project.map(|project| project.id.clone()),
        status,
        limit: Some(4),
        ..DeploymentFilter::default()
    };
    for (filter, wanted) in [
        (filter(None, None), (0..30).rev().collect::<Vec<u64>>()),
        (filter(Some(&blog), None), (0..30).rev().filter(|n| n % 3 == 0).collect()),
        (filter(None, Some(DeploymentStatus::Failed)), (0..30).rev().filter(|n| n % 2 == 0).collect()),
        (
            filter(Some(&shop), Some(DeploymentStatus::Failed)),
            (0..30).rev().filter(|n| n % 2 == 0 && n % 3 != 0).collect(),
        ),
        (DeploymentFilter { app: Some("web".to_owned()), ..filter(None, None) }, (0..30).rev().collect()),
        (DeploymentFilter { app: Some("api".to_owned()), ..filter(None, None) }, vec![]),
    ] {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = store.deployments(&DeploymentFilter { after, ..filter.clone() }).await.unwrap();
            assert!(page.items.len() <= 4 && page.total == 30);
            found.extend(page.items.iter().map(|d| d.created_at.since(at(0)).as_secs()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, wanted);
    }
}

#[tokio::test]
async fn the_live_the_latest_and_the_unsettled_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let shop = project("shop");
    store.put_project(&shop).await.unwrap();
    let (web, api) = (key(&shop, "web"), key(&shop, "api"));
    let up = deployment(&web, 1, DeploymentStatus::Healthy);
    let failed = deployment(&web, 2, DeploymentStatus::Failed);
    let deleted = deployment(&web, 3, DeploymentStatus::Deleted);
    let queued = deployment(&api, 4, DeploymentStatus::Queued);
    for deployment in [&up, &failed, &deleted, &queued] {
        store.put_deployment(deployment, None).await.unwrap();
    }
    assert_eq!(store.live_of(&web).await.unwrap(), Some(up.clone()));
    assert_eq!(store.latest_of(&web).await.unwrap(), Some(failed.clone()));
    assert_eq!(store.live_of(&api).await.unwrap(), None);
    assert_eq!(store.unsettled().await.unwrap(), [up, queued.clone()]);
    let latest = store.latest_of_projects(std::slice::from_ref(&shop.id)).await.unwrap();
    assert_eq!(latest, [failed.clone(), queued]);

    let begin = DeploymentId::from(&failed.id.as_str()[..9]);
    assert_eq!(store.deployment(&begin).await.unwrap().as_ref(), Some(&failed));
    let all = DeploymentId::from(&failed.id.as_str()[..2]);
    assert!(matches!(store.deployment(&all).await, Err(StoreError::Ambiguous { matches, .. }) if matches.len() == 4));
    assert_eq!(store.deployment(&DeploymentId::from("zz")).await.unwrap(), None);
    assert_eq!(store.deployment(&DeploymentId::from("")).await.unwrap(), None);
}

#[tokio::test]
async fn a_given_change_stands_in_the_history_and_one_that_is_not_given_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let shop = project("shop");
    store.put_project(&shop).await.unwrap();
    let mut web = deployment(&key(&shop, "web"), 1, DeploymentStatus::Queued);
    let change = StatusChange { status: DeploymentStatus::Queued, at: at(1), reason: "asked for".to_owned() };
    store.put_deployment(&web, Some(change.clone())).await.unwrap();
    web.url = Some("http://127.0.0.1:20000".to_owned());
    store.put_deployment(&web, None).await.unwrap();
    web.status = DeploymentStatus::Running;
    store.put_deployment(&web, None).await.unwrap();
    let taken = StatusChange { status: DeploymentStatus::Running, at: at(1), reason: "queued at 1".to_owned() };
    assert_eq!(store.history(&web.id).await.unwrap(), [change, taken]);
}

#[tokio::test]
async fn a_port_has_one_holder() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let shop = project("shop");
    let web = key(&shop, "web");
    let lease = |port, holder| PortLease { port, holder, since: at(1) };
    let app = PortHolder::App(web.clone());
    store.claim_port(lease(20_000, app.clone())).await.unwrap();
    store.claim_port(lease(20_000, app.clone())).await.unwrap();
    let other = lease(20_000, PortHolder::Manual { note: "printer".to_owned() });
    let error = store.claim_port(other.clone()).await.unwrap_err();
    assert!(matches!(&error, StoreError::PortHeld(held) if held.holder == app), "{error}");
    store.claim_port(lease(20_001, app.clone())).await.unwrap();
    assert_eq!(store.port_of(&web).await.unwrap(), Some(20_001));
    store.release_port(20_001).await.unwrap();
    assert_eq!(store.port_of(&web).await.unwrap(), Some(20_000));
    assert_eq!(store.release_port(20_000).await.unwrap().unwrap().holder, app);
    assert_eq!(store.release_port(20_000).await.unwrap(), None);
    assert_eq!(store.port_of(&web).await.unwrap(), None);
    store.claim_port(other).await.unwrap();
}

fn job(second: u64, state: JobState) -> Job {
    Job {
        id: JobId::new(at(second), 0),
        kind: JobKind::Deploy,
        deployment: DeploymentId::new(at(second), 0),
        state,
        attempts: 0,
        created_at: at(second),
        started_at: None,
        finished_at: None,
    }
}

#[tokio::test]
async fn jobs_that_are_not_over_are_all_kept_and_of_the_others_the_last() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let waiting = [job(0, JobState::Queued), job(1, JobState::Running { worker: 0 })];
    for job in &waiting {
        store.put_job(job).await.unwrap();
    }
    let jobs: Vec<_> = (2..JOBS_KEPT + 12).map(|second| job(second, JobState::Done)).collect();
    let puts = jobs.iter().map(|job| store.put_job(job));
    for put in futures_util::future::join_all(puts).await {
        put.unwrap();
    }
    assert_eq!(store.unfinished_jobs().await.unwrap(), waiting);
    assert_eq!(store.recent_jobs(2).await.unwrap(), [jobs[1009].clone(), jobs[1008].clone()]);
    assert_eq!(store.recent_jobs(5000).await.unwrap().len(), 1002);
    assert_eq!(store.job(&jobs[9].id).await.unwrap(), None);
    assert_eq!(store.job(&jobs[10].id).await.unwrap().as_ref(), Some(&jobs[10]));
}

#[tokio::test]
async fn numbers_of_events_never_come_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let first = store.append_event(EventKind::PortReleased(1), at(1)).await.unwrap();
    assert_eq!((first.seq, store.next_seq(), store.last_seq()), (1, 2, 2));
    let stopping = store.append_event(EventKind::Stopping, at(2)).await.unwrap();
    let second = store.append_event(EventKind::PortReleased(2), at(3)).await.unwrap();
    assert_eq!((stopping.seq, second.seq), (3, 4));
    let store = reopen(store, dir.path()).await;
    assert_eq!(store.last_seq(), 4);
    assert_eq!(store.events_after(0, 10).await.unwrap(), [first, second.clone()]);
    assert_eq!(store.events_after(3, 10).await.unwrap(), [second]);
    assert_eq!(store.append_event(EventKind::PortReleased(3), at(4)).await.unwrap().seq, 5);
    assert_eq!(store.events_after(0, 2).await.unwrap().len(), 2);
}

#[tokio::test]
async fn cached_answers_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let put = |key: &'static str, second, minutes| {
        let store = store.clone();
        async move {
            let lifetime = Duration::from_mins(minutes);
            store.cache_put(CacheKind::TargetStatus, key, &vec![key.to_owned()], at(second), lifetime).await.unwrap();
        }
    };
    let get = |key, second| store.cache_get::<Vec<String>>(CacheKind::TargetStatus, key, at(second));
    put("docker", 0, 10).await;
    put("process", 0, 600).await;
    assert_eq!(get("docker", 599).await.unwrap(), Some((vec!["docker".to_owned()], at(0))));
    assert_eq!(get("docker", 600).await.unwrap(), None);
    assert_eq!(get("process", 3599).await.unwrap().map(|(_, at)| at), Some(at(0)));
    assert_eq!(get("process", 3600).await.unwrap(), None, "no kind outlives its own bound");
    assert_eq!(store.cache_get::<Vec<String>>(CacheKind::Advisories, "docker", at(1)).await.unwrap(), None);
    put("other", 700, 10).await;
    let left = store.run(|db| db.counted("cached")).await.unwrap();
    assert_eq!(left, 2, "the one that was over is swept");
}

#[tokio::test]
async fn a_damaged_record_hides_no_other_and_a_panic_no_other_request() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    for name in ["api", "blog", "shop"] {
        store.put_project(&project(name)).await.unwrap();
    }
    let damage = |db: &Db| {
        let mut writes = super::db::Writes::default();
        writes.put_raw(&keys::Key::of("project").last("p-blog"), b"\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff");
        db.apply(writes)
    };
    store.run(damage).await.unwrap();
    let names: Vec<_> =
        store.projects(&PageQuery::default()).await.unwrap().items.into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["api", "shop"]);
    let error = store.project(&project("blog").id).await.unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { what: "project", .. }), "{error}");
    assert!(Problem::from(error).why.contains("p-blog"));

    let panicked = store.run::<(), _>(|_| panic!("a fault of our own")).await.unwrap_err();
    assert!(matches!(&panicked, StoreError::Internal(why) if why == "a fault of our own"));
    assert!(store.project(&project("api").id).await.unwrap().is_some());
    store.close().await;
    assert!(matches!(store.users().await, Err(StoreError::Closed)));
}
