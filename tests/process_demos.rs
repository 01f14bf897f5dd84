//! The demos on the `process` target: detected, planned, built with the machine's own tools, started, asked, stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wharf::generate::{Context, PlanInput};
use wharf::model::{
    AppKey, DeploymentId, Environment, HealthProbe, InstanceState, LogStream, Plan, ProjectId, Secret, Settings,
    Source, TargetKind, TargetRef,
};
use wharf::os::archive::{self, PackOptions};
use wharf::os::process::find_program;
use wharf::os::tree::DiskTree;
use wharf::targets::process::ProcessTarget;
use wharf::targets::{BuildJob, Launch, Report, Role, Target};

use crate::support::wharf::{PROGRAM, ROOT};
use crate::support::{http, processes, skip};

/// How long a demo may take to answer once it was started.
const PATIENCE: Duration = Duration::from_mins(1);

/// Prints what a build says; the test's output shows it where the test fails.
struct Print;

impl Report for Print {
    fn line(&self, _source: &str, _stream: LogStream, text: &str) {
        println!("{text}");
    }

    fn progress(&self, _done: u64, _total: u64) {}

    fn detail(&self, text: &str) {
        println!("-- {text}");
    }
}

/// Whether all those programs are there; says so where one is not.
fn has(programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = programs.iter().find(|program| find_program(program, &path, Path::new("/")).is_none());
    if let Some(missing) = missing {
        skip(&format!("{missing} is not installed"));
    }
    missing.is_none()
}

fn plan_of(demo: &Path, set: &BTreeMap<String, String>) -> Plan {
    let detection = wharf::detect::detect(&DiskTree::open(demo).unwrap());
    let profile = &detection.apps[0];
    let key =
        AppKey { project: ProjectId::from("demo"), app: profile.name.clone(), environment: Environment::Development };
    let input = PlanInput {
        key: &key,
        context: Context::new("demo"),
        target: &TargetRef { kind: TargetKind::Process, host: None },
        source: &Source::Folder,
        profile,
        settings: &Settings::default(),
        set,
        secrets: &BTreeSet::new(),
        port: None,
    };
    let (plan, missing) = wharf::generate::plan(&input).unwrap();
    assert!(missing.is_empty(), "{missing:?}");
    plan
}

async fn lives(name: &str, set: BTreeMap<String, String>) {
    let demo = Path::new(ROOT).join("demos").join(name);
    let folder = TempDir::with_prefix("wharf-demo-").unwrap();
    let _cleanup = processes::Cleanup(folder.path().to_str().unwrap().to_owned());
    let target = ProcessTarget::new(&folder.path().join("data"), name, PathBuf::from(PROGRAM));
    let plan = plan_of(&demo, &set);
    let source = folder.path().join("source.tar.zst");
    let packed = archive::pack(&demo, &PackOptions::default(), &source).await.unwrap();
    let deployment = DeploymentId::from("d1");
    let job = BuildJob { plan: &plan, deployment: &deployment, source: &source, source_digest: &packed.digest };
    let image = target.build(&job, &Print).await.unwrap();

    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let env: BTreeMap<String, Secret> = set.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
    let launch = Launch {
        plan: &plan,
        deployment: &deployment,
        env: &env,
        service_env: &BTreeMap::new(),
        instead: None,
        process: None,
    };
    let instance = target.start(&launch, &image, Role::Live, Some(port)).await.unwrap();
    let (HealthProbe::Http { path } | HealthProbe::Guessed { path }) = &plan.health.probe else {
        panic!("{:?}", plan.health)
    };
    let url = format!("http://127.0.0.1:{port}");
    let start = Instant::now();
    // Nothing tells when an app that was just started begins to listen.
    while !matches!(http::get(&url, path), Ok(answer) if answer.status == 200) {
        let log = std::fs::read_dir(folder.path().join("data/process/instances/d1-live/log")).unwrap();
        let said = || log.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect::<String>();
        assert!(start.elapsed() < PATIENCE, "{name} does not answer:\n{}", said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(http::get(&url, "/").unwrap().status, 200);
    target.stop(&instance, Duration::from_secs(10)).await.unwrap();
    assert!(matches!(target.state(&instance).await.unwrap(), InstanceState::Exited { .. }));
    assert!(http::get(&url, "/").is_err(), "it still answers");
    target.remove(&instance).await.unwrap();
    target.teardown(&plan.key, false).await.unwrap();
}

#[tokio::test]
async fn static_files() {
    lives("static", BTreeMap::new()).await;
}

#[tokio::test]
async fn go() {
    if has(&["go"]) {
        lives("go", BTreeMap::new()).await;
    }
}

#[tokio::test]
async fn java() {
    if has(&["java", "mvn"]) {
        lives("java", BTreeMap::new()).await;
    }
}

#[tokio::test]
async fn axum() {
    if has(&["cargo"]) {
        lives("axum", BTreeMap::new()).await;
    }
}

#[tokio::test]
async fn fastapi() {
    if has(&["python3"]) {
        let url = format!("redis://127.0.0.1:{}/0", redis());
        lives("fastapi-redis", BTreeMap::from([("REDIS_URL".to_owned(), url)])).await;
    }
}

/// A server that speaks as much of Redis's protocol as the demo asks for; ends with the test's process.
fn redis() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let mut answer = stream;
                // A command: `*2`, then for each word its length and itself.
                while let Some(count) = lines.next().and_then(|line| line.strip_prefix('*')?.parse::<usize>().ok()) {
                    let words: Vec<String> = lines.by_ref().take(2 * count).skip(1).step_by(2).collect();
                    let said: &[u8] = match words.first().map(|word| word.to_ascii_uppercase()).as_deref() {
                        Some("PING") => b"+PONG\r\n",
                        Some("INCR") => b":1\r\n",
                        _ => b"+OK\r\n",
                    };
                    if answer.write_all(said).is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}
