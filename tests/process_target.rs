//! The `process` target with real children: slow, failing, crashing, stubborn, forking, loud ones.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::StreamExt as _;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use wharf::model::{
    AppKey, AppProfile, BuildPlan, Compute, DeploymentId, EnvValue, EnvVar, Environment, HealthCheck, HealthProbe,
    Instance, InstanceState, LogStream, Millis, NetworkPlan, Plan, PortPlan, ProjectId, Scaling, Secret, Security,
    ServicePlan, Serving, Source, TargetKind, TargetRef, Timeouts, Timestamp,
};
use wharf::os::archive::{self, PackOptions};
use wharf::targets::process::ProcessTarget;
use wharf::targets::{BuildJob, Launch, OutputLine, Report, Role, Target, TargetError};

use crate::support::{http, processes, wharf::PROGRAM};

const GRACE: Duration = Duration::from_secs(10);

/// A target in a data folder of its own, and a project to deploy to it. Whatever it started ends with it.
struct Bench {
    target: ProcessTarget,
    _cleanup: processes::Cleanup,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::with_prefix("wharf-process-").unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        let target = Self::open(folder.path());
        let cleanup = processes::Cleanup(folder.path().to_str().unwrap().to_owned());
        Self { target, _cleanup: cleanup, folder }
    }

    /// The same data folder as a later engine finds it.
    fn open(folder: &Path) -> ProcessTarget {
        ProcessTarget::new(&folder.join("data"), folder.to_str().unwrap(), PathBuf::from(PROGRAM))
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.folder.path().join("project").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    async fn build(&self, plan: &Plan, report: &Said) -> Result<String, TargetError> {
        let source = self.folder.path().join("source.tar.zst");
        let packed =
            archive::pack(&self.folder.path().join("project"), &PackOptions::default(), &source).await.unwrap();
        let deployment = DeploymentId::from("d0");
        let job = BuildJob { plan, deployment: &deployment, source: &source, source_digest: &packed.digest };
        self.target.build(&job, report).await
    }

    /// Builds and starts an app that a command stands for.
    async fn run(&self, command: &str, role: Role) -> Instance {
        self.start(&plan(command), role, None).await.unwrap()
    }

    async fn start(&self, plan: &Plan, role: Role, port: Option<u16>) -> Result<Instance, TargetError> {
        let image = self.build(plan, &Said::default()).await?;
        let env = BTreeMap::from([("GREETING".to_owned(), Secret::new("hello, secret"))]);
        let deployment = DeploymentId::from("d1");
        let launch = Launch {
            plan,
            deployment: &deployment,
            env: &env,
            service_env: &BTreeMap::new(),
            instead: None,
            process: None,
        };
        self.target.start(&launch, &image, role, port).await
    }

    fn instance_folder(&self, instance: &Instance) -> PathBuf {
        self.folder.path().join("data/process/instances").join(&instance.id)
    }

    /// Every process of this bench: supervisors and apps.
    fn processes(&self) -> Vec<Pid> {
        processes::with(self.folder.path().to_str().unwrap())
    }

    /// The processes of its apps.
    fn apps(&self) -> Vec<Pid> {
        processes::with(&format!("WHARF_INSTANCE={}", self.folder.path().display()))
    }

    fn on_disk(&self, instance: &Instance) -> Value {
        serde_json::from_slice(&fs::read(self.instance_folder(instance).join("state.json")).unwrap()).unwrap()
    }

    /// Reads the log until a line satisfies.
    async fn line(&self, instance: &Instance, wanted: impl Fn(&OutputLine) -> bool) -> OutputLine {
        let mut output = self.target.output(instance, None).await.unwrap();
        while let Some(line) = output.next().await {
            let line = line.unwrap();
            if wanted(&line) {
                return line;
            }
        }
        panic!("the line never came");
    }

    /// Waits for a state, told by the target.
    async fn state(&self, instance: &Instance, wanted: impl Fn(&InstanceState) -> bool) -> InstanceState {
        let mut changes = self.target.changes().await.unwrap();
        loop {
            let state = self.target.state(instance).await.unwrap();
            if wanted(&state) {
                return state;
            }
            changes.next().await.unwrap().unwrap();
        }
    }
}

/// Waits for what no one tells: that processes which were killed are gone.
async fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn plan(command: &str) -> Plan {
    let key = AppKey { project: ProjectId::from("p1"), app: "web".to_owned(), environment: Environment::Development };
    Plan {
        key,
        project_name: "shop".to_owned(),
        target: TargetRef { kind: TargetKind::Process, host: None },
        source: Source::Folder,
        profile: AppProfile { path: ".".to_owned(), name: "web".to_owned(), ..AppProfile::default() },
        build: BuildPlan { context: ".".to_owned(), ..BuildPlan::default() },
        compute: Compute { command: Some(command.to_owned()), workdir: ".".to_owned(), ..Compute::default() },
        storage: Vec::new(),
        network: NetworkPlan { name: "wharf-shop-web-development".to_owned(), bind: Ipv4Addr::LOCALHOST.into() },
        services: Vec::new(),
        ports: PortPlan::default(),
        env: Vec::new(),
        scaling: Scaling { min: 1, max: 1 },
        security: Security { no_new_privileges: true, drop_capabilities: true, pids_limit: 100 },
        health: HealthCheck {
            probe: HealthProbe::Running,
            interval: Millis::from_secs(1),
            timeout: Millis::from_secs(1),
            retries: 1,
        },
        timeouts: Timeouts::default(),
    }
}

/// Keeps what a build reports.
#[derive(Debug, Default)]
struct Said(Mutex<Vec<String>>);

impl Said {
    fn all(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

impl Report for Said {
    fn line(&self, _source: &str, _stream: LogStream, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }

    fn progress(&self, _done: u64, _total: u64) {}

    fn detail(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn exited(state: &InstanceState) -> bool {
    matches!(state, InstanceState::Exited { .. })
}

#[tokio::test]
async fn an_app_runs_with_its_environment_stops_resumes_and_goes() {
    let bench = Bench::new();
    let instance = bench.run("echo \"$GREETING on $PORT\"; exec sleep 1000", Role::Live).await;
    let first = bench.line(&instance, |line| line.text.starts_with("hello")).await;
    assert_eq!((first.text.as_str(), first.stream), ("hello, secret on ", LogStream::Stdout));
    assert_eq!(bench.target.state(&instance).await.unwrap(), InstanceState::Running { restarts: 0 });

    bench.target.stop(&instance, GRACE).await.unwrap();
    let InstanceState::Exited { detail, .. } = bench.target.state(&instance).await.unwrap() else { panic!() };
    assert_eq!(detail, "stopped on request");
    assert_eq!(bench.apps(), []);
    bench.target.stop(&instance, GRACE).await.unwrap();

    bench.target.resume(&instance).await.unwrap();
    let again = bench.line(&instance, |line| line.text.starts_with("hello") && line.position > first.position).await;
    assert_eq!(again.text, first.text, "the same environment");
    bench.target.remove(&instance).await.unwrap();
    assert_eq!(bench.target.state(&instance).await.unwrap(), InstanceState::Gone);
    assert!(!bench.instance_folder(&instance).exists());
    bench.target.remove(&instance).await.unwrap();
}

#[tokio::test]
async fn a_candidate_that_ends_is_not_started_again() {
    let bench = Bench::new();
    let instance = bench.run("echo last words >&2; exit 7", Role::Candidate).await;
    let state = bench.state(&instance, exited).await;
    assert_eq!(state, InstanceState::Exited { exit_code: Some(7), detail: "exit code 7".to_owned() });
    let line = bench.line(&instance, |line| line.stream == LogStream::Stderr).await;
    assert_eq!(line.text, "last words");
}

#[tokio::test]
async fn a_crashing_app_is_started_again_with_what_it_said_and_how_it_ended() {
    let bench = Bench::new();
    let instance = bench.run("echo up; exit 3", Role::Live).await;
    let state = bench.state(&instance, |state| matches!(state, InstanceState::Restarting { restarts: 1, .. })).await;
    assert_eq!(state, InstanceState::Restarting { restarts: 1, exit_code: Some(3) });
    bench.target.stop(&instance, GRACE).await.unwrap();
    assert!(exited(&bench.target.state(&instance).await.unwrap()));
    let mut output = bench.target.output(&instance, None).await.unwrap();
    let mut said = Vec::new();
    while let Some(line) = output.next().await {
        said.push(line.unwrap().text);
    }
    assert_eq!(said.iter().filter(|text| *text == "up").count(), 2, "{said:?}");
    assert!(said.contains(&"the app ended: exit code 3; it starts again in 1 s".to_owned()), "{said:?}");
    assert!(said.contains(&"the app ended: exit code 3; it starts again in 2 s".to_owned()), "{said:?}");
}

#[tokio::test]
async fn nothing_of_a_stubborn_forking_app_is_left() {
    let bench = Bench::new();
    // Ignores the polite signal, has children that do too, and one that left its group and session.
    let app = "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' & \
               echo ready; while :; do sleep 1; done";
    let instance = bench.run(app, Role::Live).await;
    bench.line(&instance, |line| line.text == "ready").await;
    assert!(bench.apps().len() >= 3);
    bench.target.stop(&instance, Duration::from_millis(200)).await.unwrap();
    assert_eq!(bench.apps(), []);
}

#[tokio::test]
async fn an_app_has_its_grace_to_end_in_good_order() {
    let bench = Bench::new();
    bench.file("app.sh", "trap 'sleep 0.3; echo saved; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
    let instance = bench.run("sh app.sh", Role::Live).await;
    bench.line(&instance, |line| line.text == "ready").await;
    bench.target.stop(&instance, GRACE).await.unwrap();
    bench.line(&instance, |line| line.text == "saved").await;
    let InstanceState::Exited { exit_code, .. } = bench.target.state(&instance).await.unwrap() else { panic!() };
    assert_eq!(exit_code, Some(0));
}

#[tokio::test]
async fn an_app_outlives_the_engine_and_is_found_again() {
    let mut bench = Bench::new();
    let instance = bench.run("i=0; while :; do i=$((i+1)); echo line $i; sleep 0.01; done", Role::Live).await;
    let seen = bench.line(&instance, |line| line.text == "line 5").await.position;
    let child = bench.on_disk(&instance)["child"].clone();

    bench.target = Bench::open(bench.folder.path());
    let found = bench.target.found().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].deployment.as_str(), found[0].role), ("d1", Role::Live));
    assert_eq!(found[0].instance, instance);
    assert_eq!(found[0].state, InstanceState::Running { restarts: 0 });
    assert_eq!(bench.on_disk(&instance)["child"], child, "the same process");
    let mut output = bench.target.output(&instance, Some(seen)).await.unwrap();
    for number in 6..30 {
        assert_eq!(output.next().await.unwrap().unwrap().text, format!("line {number}"), "no gap, nothing twice");
    }
    let mut changes = bench.target.changes().await.unwrap();
    let stop = bench.target.stop(&instance, GRACE);
    let (stopped, ()) = tokio::join!(stop, async {
        while !exited(&bench.target.state(&instance).await.unwrap()) {
            assert_eq!(changes.next().await.unwrap().unwrap(), instance.id);
        }
    });
    stopped.unwrap();
}

#[tokio::test]
async fn what_a_killed_supervisor_left_is_ended_and_told() {
    let bench = Bench::new();
    let instance = bench.run("sleep 1000 & setsid sleep 1000 & echo ready; wait", Role::Live).await;
    bench.line(&instance, |line| line.text == "ready").await;
    let mut changes = bench.target.changes().await.unwrap();
    let supervisor = bench.on_disk(&instance)["supervisor"]["pid"].as_i64().unwrap();
    kill_process(Pid::from_raw(i32::try_from(supervisor).unwrap()).unwrap(), Signal::KILL).unwrap();
    while bench.on_disk(&instance)["phase"] != "Ended" {
        assert_eq!(changes.next().await.unwrap().unwrap(), instance.id);
    }
    let InstanceState::Exited { exit_code: None, detail } = bench.target.state(&instance).await.unwrap() else {
        panic!()
    };
    assert!(detail.contains("supervisor"), "{detail}");
    until(|| bench.processes().is_empty()).await;
    bench.target.resume(&instance).await.unwrap();
    assert_eq!(bench.target.state(&instance).await.unwrap(), InstanceState::Running { restarts: 0 });
}

#[tokio::test]
async fn a_process_that_merely_has_the_same_number_is_left_alone() {
    let bench = Bench::new();
    let instance = bench.run("exec sleep 1000", Role::Candidate).await;
    bench.target.stop(&instance, GRACE).await.unwrap();
    let mut other = Command::new("sleep").arg("1000").process_group(0).spawn().unwrap();
    // As after a restart of the machine: the state says it runs, and another process has got its number.
    let mut state = bench.on_disk(&instance);
    state["phase"] = "Running".into();
    state["child"]["pid"] = other.id().into();
    state["supervisor"]["pid"] = other.id().into();
    fs::write(bench.instance_folder(&instance).join("state.json"), state.to_string()).unwrap();
    assert!(exited(&bench.target.state(&instance).await.unwrap()));
    bench.target.remove(&instance).await.unwrap();
    assert_eq!(other.try_wait().unwrap(), None, "it still runs");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn a_loud_app_loses_no_line_and_binary_output_does_no_harm() {
    let bench = Bench::new();
    let app = "seq 1 100000; head -c 100000 /dev/urandom; echo; echo end";
    let instance = bench.run(app, Role::Candidate).await;
    let mut output = bench.target.output(&instance, None).await.unwrap();
    for number in 1..=100_000_u64 {
        let line = output.next().await.unwrap().unwrap();
        assert_eq!((line.position, line.text), (number, number.to_string()));
    }
    let mut last = String::new();
    while let Some(line) = output.next().await {
        let line = line.unwrap();
        assert!(line.text.len() <= 16 * 1024);
        last = if line.stream == LogStream::Wharf { last } else { line.text };
    }
    assert_eq!(last, "end");
    let log = bench.instance_folder(&instance).join("log");
    let size: u64 = fs::read_dir(log).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(size < 40 << 20);
}

#[tokio::test]
async fn what_is_prepared_waits_for_its_port() {
    let bench = Bench::new();
    let plan = plan("echo begun; exec sleep 60");
    let image = bench.build(&plan, &Said::default()).await.unwrap();
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = holder.local_addr().unwrap().port();
    let (deployment, env) = (DeploymentId::from("d1"), BTreeMap::new());
    let launch = Launch {
        plan: &plan,
        deployment: &deployment,
        env: &env,
        service_env: &BTreeMap::new(),
        instead: None,
        process: None,
    };
    let prepared = bench.target.prepare(&launch, &image, Role::Live, Some(port)).await.unwrap();
    assert!(matches!(bench.target.state(&prepared).await.unwrap(), InstanceState::Exited { exit_code: None, .. }));
    assert!(bench.target.found().await.unwrap().iter().any(|found| found.instance == prepared));
    let error = bench.target.resume(&prepared).await.unwrap_err();
    assert!(matches!(error, TargetError::PortTaken { port: taken } if taken == port), "{error}");
    assert_eq!(bench.apps(), []);
    drop(holder);
    bench.target.resume(&prepared).await.unwrap();
    bench.line(&prepared, |line| line.text == "begun").await;
    assert!(matches!(bench.target.state(&prepared).await.unwrap(), InstanceState::Running { .. }));
}

/// Others look around while an instance is made.
#[tokio::test]
async fn what_is_being_made_is_not_taken_for_what_was_cut_off() {
    let bench = Bench::new();
    let plan = plan("exec sleep 60");
    let image = bench.build(&plan, &Said::default()).await.unwrap();
    let env = BTreeMap::new();
    for number in 0..50 {
        let deployment = DeploymentId::from(format!("d{number}").as_str());
        let launch = Launch {
            plan: &plan,
            deployment: &deployment,
            env: &env,
            service_env: &BTreeMap::new(),
            instead: None,
            process: None,
        };
        let looking = async {
            for _ in 0..20 {
                bench.target.found().await.unwrap();
            }
        };
        let (made, ()) = tokio::join!(bench.target.prepare(&launch, &image, Role::Live, None), looking);
        assert!(bench.target.found().await.unwrap().iter().any(|found| found.instance == *made.as_ref().unwrap()));
        bench.target.remove(&made.unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn a_taken_port_is_told_before_anything_starts() {
    let bench = Bench::new();
    let other = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = other.local_addr().unwrap().port();
    let plan = plan("exec sleep 1000");
    let error = bench.start(&plan, Role::Live, Some(port)).await.unwrap_err();
    assert!(matches!(error, TargetError::PortTaken { port: taken } if taken == port), "{error}");
    assert!(bench.target.found().await.unwrap().is_empty());
}

#[tokio::test]
async fn missing_programs_are_named_before_and_while_they_are_wanted() {
    let bench = Bench::new();
    let missing = |error: TargetError| match error {
        TargetError::ProgramMissing { program } => program,
        other => panic!("{other}"),
    };
    assert_eq!(
        missing(bench.start(&plan("no-such-server --port 1"), Role::Live, None).await.unwrap_err()),
        "no-such-server"
    );
    let mut build = plan("true");
    build.build.commands = vec!["cd . && no-such-tool install".to_owned()];
    assert_eq!(missing(bench.build(&build, &Said::default()).await.unwrap_err()), "no-such-tool");
}

#[tokio::test]
async fn a_build_is_made_once_and_again_when_something_changed() {
    let bench = Bench::new();
    bench.file("web/in.txt", "one");
    let mut plan = plan("cat out.txt; exec sleep 1000");
    plan.compute.workdir = "web".to_owned();
    plan.build.commands = vec!["echo \"$MODE, $TOKEN.\"".to_owned(), "cp in.txt out.txt".to_owned()];
    plan.env = vec![
        EnvVar { name: "MODE".to_owned(), value: EnvValue::Plain("fast".to_owned()) },
        EnvVar { name: "TOKEN".to_owned(), value: EnvValue::Secret("TOKEN".to_owned()) },
    ];
    let said = Said::default();
    let image = bench.build(&plan, &said).await.unwrap();
    assert!(said.all().contains("fast, ."), "plain values, no secrets: {}", said.all());
    let said = Said::default();
    assert_eq!(bench.build(&plan, &said).await.unwrap(), image);
    assert_eq!(said.all(), "unchanged, built before");
    bench.file("web/in.txt", "two");
    let second = bench.build(&plan, &Said::default()).await.unwrap();
    assert_ne!(second, image);
    assert!(bench.target.has_image(&image).await.unwrap(), "the older one can be gone back to");
    bench.target.remove_image(&image).await.unwrap();
    assert!(!bench.target.has_image(&image).await.unwrap());
    bench.target.teardown(&plan.key, false).await.unwrap();
    assert!(bench.target.has_image(&second).await.unwrap(), "it can be started again");
    bench.target.teardown(&plan.key, true).await.unwrap();
    assert!(!bench.target.has_image(&second).await.unwrap());
    assert!(!bench.target.has_image("../../etc").await.unwrap());
}

#[tokio::test]
async fn a_failed_or_dropped_build_leaves_nothing() {
    let bench = Bench::new();
    let builds = bench.folder.path().join("data/process/builds/p1-web-development");
    let empty = || fs::read_dir(&builds).map_or(true, |mut entries| entries.next().is_none());
    let mut failing = plan("true");
    failing.build.commands = vec!["echo the reason >&2; exit 4".to_owned()];
    let error = bench.build(&failing, &Said::default()).await.unwrap_err();
    let TargetError::Build { detail } = error else { panic!("{error}") };
    assert!(detail.contains("exit code 4") && detail.contains("the reason"), "{detail}");
    until(empty).await;

    let mut endless = plan("true");
    endless.build.commands = vec!["sleep 1000 & sleep 1000".to_owned()];
    let said = Said::default();
    tokio::select! {
        built = bench.build(&endless, &said) => panic!("{built:?}"),
        () = until(|| bench.processes().len() >= 2) => {}
    }
    until(|| bench.processes().is_empty() && empty()).await;
}

#[tokio::test]
async fn files_are_served_without_any_toolchain() {
    let bench = Bench::new();
    bench.file("dist/index.html", "<h1>hello</h1>");
    bench.file("secret.txt", "not below the folder");
    let mut plan = plan("");
    plan.compute.command = None;
    plan.profile.serving = Serving::Static;
    plan.profile.output_dir = Some("dist".to_owned());
    let port = free_port();
    let instance = bench.start(&plan, Role::Live, Some(port)).await.unwrap();
    bench.line(&instance, |line| line.text.starts_with("serving ")).await;
    let url = format!("http://127.0.0.1:{port}");
    let answer = http::get(&url, "/").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "<h1>hello</h1>"));
    assert_eq!(http::get(&url, "/../secret.txt").unwrap().status, 404);
    bench.target.stop(&instance, GRACE).await.unwrap();
    assert!(http::get(&url, "/").is_err());
    bench.target.resume(&instance).await.unwrap();
}

#[tokio::test]
async fn use_of_the_machine_is_measured_for_all_of_an_app() {
    let bench = Bench::new();
    let instance = bench.run("sh -c 'while :; do :; done' & exec sleep 1000", Role::Live).await;
    let mut samples = bench.target.samples(&instance).await.unwrap();
    loop {
        let sample = samples.next().await.unwrap().unwrap();
        assert!(sample.memory_bytes > 100_000 && sample.at > Timestamp::from_millis(0));
        if sample.cpu_percent > 10.0 {
            break;
        }
    }
    bench.target.stop(&instance, GRACE).await.unwrap();
    while samples.next().await.is_some() {}
}

#[tokio::test]
async fn what_is_kept_on_disk_is_private_and_shows_no_secret() {
    let bench = Bench::new();
    let instance = bench.run("exec sleep 1000", Role::Live).await;
    let shown = bench.target.inspect(&instance).await.unwrap();
    assert!(shown.contains("sleep 1000") && !shown.contains("hello, secret"));
    let folder = bench.instance_folder(&instance);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_file())
    {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{entry:?}");
        let bytes = fs::read(entry.path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("hello, secret"), "{entry:?}");
    }
    let supervisor = bench.on_disk(&instance)["supervisor"]["pid"].to_string();
    for file in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{supervisor}/{file}")).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("secret"));
    }
}

#[tokio::test]
async fn services_are_refused_with_the_way_out() {
    let bench = Bench::new();
    let mut plan = plan("true");
    plan.services = vec![ServicePlan {
        name: "postgres".to_owned(),
        image: String::new(),
        port: 5432,
        command: Vec::new(),
        env: Vec::new(),
        volumes: Vec::new(),
        ready: Vec::new(),
    }];
    plan.env = vec![EnvVar {
        name: "DATABASE_URL".to_owned(),
        value: EnvValue::Around { before: String::new(), secret: "p".to_owned(), after: String::new() },
    }];
    let nothing = BTreeMap::new();
    let deployment = DeploymentId::from("d1");
    let launch = Launch {
        plan: &plan,
        deployment: &deployment,
        env: &BTreeMap::new(),
        service_env: &nothing,
        instead: None,
        process: None,
    };
    let error = bench.target.services(&launch, &Said::default()).await.unwrap_err().to_string();
    assert!(error.contains("postgres") && error.contains("--set DATABASE_URL="), "{error}");
}
