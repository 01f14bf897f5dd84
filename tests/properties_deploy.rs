//! Properties of deployments, tried on the `process` target with real children, and a handful on Docker.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use proptest::prelude::*;
use tokio::runtime::Runtime;
use wharf::engine::{AdvisoryOptions, Engine, EngineOptions};
use wharf::model::{
    AddProject, DeleteQuery, DeployRequest, Deployment, DeploymentStatus, Environment, EventKind, Location, PORT_RANGE,
    Problem, Project, StepName, StepStatus, TargetKind, TargetRef,
};

use crate::support::app::App;
use crate::support::{docker, proptest as tries};

/// Nothing here takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

/// What an app does when it is deployed.
#[derive(Clone, Debug, PartialEq)]
enum Behaviour {
    /// It listens after so many milliseconds.
    Serves(u32),
    /// Its build ends with this code.
    BreaksTheBuild(u8),
    /// It ends with this code before it listens.
    Exits(u8),
    /// A signal ends it.
    Killed(&'static str),
}

impl Behaviour {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            3 => (0_u32..100).prop_map(Self::Serves),
            1 => (1_u8..120).prop_map(Self::BreaksTheBuild),
            1 => (0_u8..120).prop_map(Self::Exits),
            1 => prop::sample::select(vec!["KILL", "TERM", "SEGV"]).prop_map(Self::Killed),
        ]
    }

    /// The step at which it fails; none where it comes up.
    fn fails_at(&self) -> Option<StepName> {
        match self {
            Self::Serves(_) => None,
            Self::BreaksTheBuild(_) => Some(StepName::Build),
            Self::Exits(_) | Self::Killed(_) => Some(StepName::Health),
        }
    }

    fn settings(&self) -> String {
        let program = env!("CARGO_BIN_EXE_wharf");
        let (build, start) = match self {
            Self::Serves(after) => {
                (String::new(), format!("sleep {}; exec {program} serve-static .", f64::from(*after) / 1000.0))
            }
            Self::BreaksTheBuild(code) => (format!("echo the build breaks; exit {code}"), "true".into()),
            Self::Exits(code) => (String::new(), format!("echo it ends; exit {code}")),
            Self::Killed(signal) => (String::new(), format!("echo it dies; kill -{signal} $$; sleep 60")),
        };
        let build = if build.is_empty() { "true".to_owned() } else { build };
        format!(
            "[app]\ninstall = \"true\"\nbuild = \"{build}\"\nstart = \"{start}\"\nport = 3000\nhealth_path = \"/\"\n"
        )
    }
}

/// An engine for all tries, in a data folder of its own.
struct Harness {
    runtime: Runtime,
    engine: Engine,
    browser: reqwest::Client,
    folder: tempfile::TempDir,
}

impl Harness {
    fn shared() -> &'static Self {
        static SHARED: OnceLock<Harness> = OnceLock::new();
        SHARED.get_or_init(Self::new)
    }

    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let options = EngineOptions {
            workers: 6,
            executable: env!("CARGO_BIN_EXE_wharf").into(),
            advisories: AdvisoryOptions::default(),
        };
        let engine = runtime.block_on(Engine::start(folder.path().join("data"), options)).unwrap();
        Self { runtime, engine, browser: reqwest::Client::new(), folder }
    }

    /// A project whose page says `content`.
    async fn project(&self, name: &str, behaviour: &Behaviour, content: &str) -> Project {
        let root = self.folder.path().join("projects").join(name);
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("package.json"), r#"{"name": "any", "scripts": {"start": "any"}}"#).unwrap();
        fs::write(root.join("index.html"), content).unwrap();
        fs::write(root.join("wharf.toml"), behaviour.settings()).unwrap();
        self.add(root).await
    }

    async fn add(&self, path: PathBuf) -> Project {
        let request = AddProject { location: Location::Folder { path }, name: None };
        self.engine.add_project(request, "tester").await.unwrap()
    }

    async fn deploy(&self, project: &Project, kind: TargetKind) -> Result<Deployment, Problem> {
        let request = DeployRequest {
            project: project.id.clone(),
            app: None,
            environment: Environment::Development,
            target: TargetRef { kind, host: None },
            set: BTreeMap::default(),
            secrets: BTreeMap::default(),
            port: None,
        };
        Ok(self.engine.deploy(request, "tester").await?.remove(0))
    }

    /// Waits until the deployment is over, told by events, and returns it with the order in which its steps moved.
    async fn until_over(&self, id: &Deployment) -> (Deployment, Vec<(StepName, StepStatus)>) {
        let mut events = self.engine.events(None).unwrap();
        let mut moves = Vec::new();
        let waiting = async {
            let mut deployment = self.engine.deployment(id.id.as_str()).await.unwrap().deployment;
            loop {
                for step in &deployment.steps {
                    let now = (step.name, step.status);
                    if step.status != StepStatus::Pending && !moves.contains(&now) {
                        moves.push(now);
                    }
                }
                if !deployment.status.is_pending() {
                    return deployment;
                }
                deployment = loop {
                    if let EventKind::Deployment(changed) = events.next().await.unwrap().kind
                        && changed.id == id.id
                    {
                        break *changed;
                    }
                };
            }
        };
        (tokio::time::timeout(PATIENCE, waiting).await.expect("the deployment is over in time"), moves)
    }

    async fn delete(&self, deployment: &Deployment) {
        let job = self.engine.delete(&deployment.id, DeleteQuery { volumes: true }, "tester").await.unwrap();
        let mut events = self.engine.events(None).unwrap();
        let over = async {
            while !self.engine.job(&job.id).await.unwrap().state.is_over() {
                events.next().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, over).await.expect("the delete is over in time");
    }

    async fn page(&self, url: &str) -> String {
        self.browser.get(url).send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }
}

/// A deployment that is over is what its app's behaviour lets it be: up, with a way in, or failed, with the reason.
async fn check(
    harness: &Harness,
    behaviour: &Behaviour,
    deployment: &Deployment,
    moves: &[(StepName, StepStatus)],
    content: &str,
) {
    let steps: Vec<StepName> = deployment.steps.iter().map(|step| step.name).collect();
    assert_eq!(steps, StepName::USUAL);
    assert!(deployment.finished_at.is_some());
    let begun: Vec<StepName> =
        moves.iter().filter(|(_, status)| *status == StepStatus::Running).map(|(name, _)| *name).collect();
    assert!(begun.is_sorted(), "steps run in their order: {begun:?}");
    match behaviour.fails_at() {
        None => {
            assert_eq!(deployment.status, DeploymentStatus::Healthy, "{:?}", deployment.error);
            assert!(deployment.steps.iter().all(|step| matches!(step.status, StepStatus::Done | StepStatus::Skipped)));
            let url = deployment.url.as_ref().expect("a way in");
            assert_eq!(harness.page(url).await, content);
            assert!(PORT_RANGE.contains(&deployment.port.unwrap()));
        }
        Some(step) => {
            assert_eq!(deployment.status, DeploymentStatus::Failed, "{behaviour:?}");
            let failure = deployment.error.as_ref().expect("a reason");
            assert_eq!(failure.step, step, "{behaviour:?}: {failure:?}");
            assert!(failure.message.contains("try:"), "{}", failure.message);
            assert!(
                failure.quote.contains("it ends")
                    || failure.quote.contains("it dies")
                    || failure.quote.contains("the build breaks"),
                "{failure:?}"
            );
            assert_eq!(deployment.live, None);
            assert_eq!(deployment.candidate, None);
        }
    }
}

// Feature: deployment-automation, Property 3: a valid deployment plan runs to its end with progress and gives access
// information
#[test]
fn a_plan_runs_to_its_end() {
    let harness = Harness::shared();
    proptest!(tries::config(100), |(behaviour in Behaviour::any(), number in any::<u32>())| {
        harness.runtime.block_on(async {
            let content = format!("page {number}");
            let project = harness.project(&format!("one-{number}"), &behaviour, &content).await;
            let asked = harness.deploy(&project, TargetKind::Process).await.unwrap();
            let (deployment, moves) = harness.until_over(&asked).await;
            check(harness, &behaviour, &deployment, &moves, &content).await;
            harness.delete(&deployment).await;
        });
    });
}

// Feature: deployment-automation, Property 9: any number of concurrent deployments end on their own, isolated, with
// consistent state
#[test]
fn concurrent_deployments_do_not_touch_each_other() {
    let harness = Harness::shared();
    let many = prop::collection::vec(Behaviour::any(), 2..4);
    proptest!(tries::config(100), |(behaviours in many, number in any::<u32>())| {
        harness.runtime.block_on(async {
            let asked = join_all(behaviours.iter().enumerate().map(async |(place, behaviour)| {
                let content = format!("page {number} {place}");
                let project = harness.project(&format!("many-{number}-{place}"), behaviour, &content).await;
                (behaviour, content, harness.deploy(&project, TargetKind::Process).await.unwrap())
            }))
            .await;
            let mut ports = BTreeSet::new();
            let mut over = Vec::new();
            for (behaviour, content, deployment) in &asked {
                let (deployment, moves) = harness.until_over(deployment).await;
                over.push((behaviour, content, deployment, moves));
            }
            // All are over: each that came up still answers with its own page, on a port of its own.
            for (behaviour, content, deployment, moves) in &over {
                check(harness, behaviour, deployment, moves, content).await;
                if let Some(port) = deployment.port {
                    prop_assert!(ports.insert(port), "port {port} was given twice");
                }
            }
            join_all(over.iter().map(|(_, _, deployment, _)| harness.delete(deployment))).await;
            Ok(())
        })?;
    });
    let left = harness.runtime.block_on(harness.engine.ports()).unwrap();
    assert!(left.iter().all(|lease| lease.port >= *PORT_RANGE.start()), "{left:?}");
}

// Feature: deployment-automation, Property 3: a valid deployment plan runs to its end with progress and gives access
// information (a handful on Docker)
#[test]
fn a_plan_runs_to_its_end_on_docker() {
    if !docker::ready(&[crate::support::app::IMAGE]) {
        return;
    }
    let harness = Harness::new();
    harness.runtime.block_on(async {
        for version in 1..4 {
            let app = App::create(&harness.folder.path().join("projects").join(format!("tides-{version}")));
            app.becomes(version);
            let project = harness.add(app.0.clone()).await;
            let asked = harness.deploy(&project, TargetKind::Docker).await.unwrap();
            let (up, moves) = harness.until_over(&asked).await;
            check(&harness, &Behaviour::Serves(0), &up, &moves, &format!("version {version}")).await;
            app.breaks();
            let asked = harness.deploy(&project, TargetKind::Docker).await.unwrap();
            let (failed, _) = harness.until_over(&asked).await;
            assert_eq!(failed.status, DeploymentStatus::Failed);
            assert_eq!(harness.page(up.url.as_ref().unwrap()).await, format!("version {version}"));
            harness.delete(&up).await;
        }
        harness.engine.shutdown().await;
    });
}
