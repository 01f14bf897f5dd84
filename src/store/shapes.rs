//! Holds the shape of everything that is stored, byte for byte.
//!
//! Where a snapshot here changes, records of an older Wharf would be read wrongly: raise the record's `VERSION` and
//! teach its `migrate` the shape before, with the bytes of the old snapshot as the test of it.

use std::fmt::Write as _;

use super::record::{Record, decode, encode};
use crate::model::{
    Action, AppKey, AppProfile, Artifact, Bearing, BuildPlan, Compute, Consent, Dependency, DependencyScope,
    Deployment, DeploymentId, DeploymentStatus, EnvValue, EnvVar, Environment, Event, EventKind, Evidence, Failure,
    Framework, HealthCheck, HealthProbe, Instance, Job, JobId, JobKind, JobState, Limits, Millis, NetworkPlan, Plan,
    PortHolder, PortLease, PortPlan, Problem, ProblemCode, Process, Project, ProjectId, Release, Scaling, Security,
    ServicePlan, Source, StatusChange, Step, StepName, StepStatus, TargetKind, TargetRef, TargetStatus, Timeouts,
    Timestamp, User, Volume,
};

/// The bytes in hexadecimal, 32 a line; each is read back and compared first.
fn bytes<R: Record + PartialEq + std::fmt::Debug>(record: &R) -> String {
    let bytes = encode(record).unwrap();
    assert_eq!(&decode::<R>(b"sample", &bytes).unwrap(), record);
    let mut text = String::new();
    for line in bytes.chunks(32) {
        for byte in line {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    text
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_millis(second * 1000)
}

fn key() -> AppKey {
    AppKey { project: ProjectId::from("p1"), app: "web".into(), environment: Environment::Staging }
}

fn target() -> TargetRef {
    TargetRef { kind: TargetKind::Process, host: Some("here".into()) }
}

fn source() -> Source {
    Source::Git { url: "https://host/x".into(), reference: Some("main".into()), commit: Some("c0".into()) }
}

fn artifact() -> Artifact {
    Artifact { path: "Dockerfile".into(), content: "FROM x".into(), reason: "to build".into() }
}

fn project() -> Project {
    let (id, name) = (ProjectId::from("p1"), "shop".into());
    Project { id, name, root: "/srv/shop".into(), source: source(), added_at: at(1), added_by: "ann".into() }
}

fn deployment() -> Deployment {
    let instance = |id: &str| Some(Instance { id: id.into(), name: "n".into(), port: Some(20_000) });
    Deployment {
        id: DeploymentId::from("d1"),
        key: key(),
        project_name: "shop".into(),
        target: target(),
        action: Action::Rollback { release: 3 },
        status: DeploymentStatus::Failed,
        status_since: at(2),
        status_reason: "why".into(),
        steps: vec![Step {
            name: StepName::Health,
            status: StepStatus::Failed,
            started_at: Some(at(3)),
            finished_at: Some(at(4)),
            detail: "detail".into(),
        }],
        url: Some("http://x".into()),
        port: Some(20_000),
        release: Some(4),
        image: Some("image".into()),
        live: instance("l"),
        candidate: instance("c"),
        commit: Some("c0".into()),
        source: Some("digest".into()),
        switch_gap_ms: Some(12),
        error: Some(Failure {
            step: StepName::Health,
            cause: "health-timeout".into(),
            message: "m".into(),
            quote: "q".into(),
        }),
        cancel_requested: true,
        requested_by: "ann".into(),
        created_at: at(5),
        finished_at: Some(at(6)),
    }
}

fn plan() -> Plan {
    let volume = Volume { name: "v".into(), mount: "/data".into() };
    let around = EnvValue::Around { before: "b".into(), secret: "s".into(), after: "a".into() };
    let values = [EnvValue::Plain("p".into()), EnvValue::Secret("s".into()), around];
    let env: Vec<_> = values.into_iter().map(|value| EnvVar { name: "N".into(), value }).collect();
    Plan {
        key: key(),
        project_name: "shop".into(),
        target: target(),
        source: source(),
        profile: AppProfile {
            path: ".".into(),
            name: "web".into(),
            port: Some(3000),
            check_install_command: Some("c".into()),
            test_command: Some("t".into()),
            lint_command: Some("l".into()),
            develop_command: Some("d".into()),
            release_command: Some("r".into()),
            processes: vec![Process {
                name: "beat".into(),
                command: "b".into(),
                develop_command: Some("d".into()),
                single: true,
            }],
            health_guessed: true,
            build_env: vec!["VITE_A".into()],
            packages: vec!["packages/ui".into()],
            framework: Some(Framework { name: "nextjs".into(), version: Some("15".into()) }),
            dependencies: vec![Dependency { name: "next".into(), version: None, scope: DependencyScope::Optional }],
            evidence: vec![
                Evidence::new("package.json", "speaks").weighing(0.5),
                Evidence::new(".nvmrc", "asks").bearing(Bearing::Disagrees),
            ],
            ..AppProfile::default()
        },
        build: BuildPlan {
            context: ".".into(),
            dockerfile: "Dockerfile".into(),
            artifacts: vec![artifact()],
            commands: vec!["make".into()],
        },
        compute: Compute {
            command: Some("run".into()),
            workdir: ".".into(),
            limits: Limits { cpus: Some(1.5), memory_bytes: Some(1024) },
        },
        storage: vec![volume.clone()],
        network: NetworkPlan { name: "net".into(), bind: [127, 0, 0, 1].into() },
        services: vec![ServicePlan {
            name: "postgres".into(),
            image: "postgres:17".into(),
            port: 5432,
            command: vec!["postgres".into()],
            env: env.clone(),
            volumes: vec![volume],
            ready: vec!["pg_isready".into()],
        }],
        ports: PortPlan { container: Some(3000), wanted: Some(20_000) },
        env,
        scaling: Scaling { min: 1, max: 2 },
        security: Security { no_new_privileges: true, drop_capabilities: true, pids_limit: 512 },
        health: HealthCheck {
            probe: HealthProbe::Guessed { path: "/health".into() },
            interval: Millis::new(5000),
            timeout: Millis::new(2000),
            retries: 3,
        },
        timeouts: Timeouts::default(),
    }
}

fn job() -> Job {
    Job {
        id: JobId::from("j1"),
        kind: JobKind::Delete { volumes: true },
        deployment: DeploymentId::from("d1"),
        state: JobState::Failed { reason: "why".into() },
        attempts: 2,
        created_at: at(1),
        started_at: Some(at(2)),
        finished_at: Some(at(3)),
    }
}

fn lease(holder: PortHolder) -> PortLease {
    PortLease { port: 20_000, holder, since: at(1) }
}

#[test]
fn what_is_stored_has_the_shape_that_its_version_says() {
    insta::assert_snapshot!("project", bytes(&project()));
    insta::assert_snapshot!("deployment", bytes(&deployment()));
    insta::assert_snapshot!("plan", bytes(&plan()));
    insta::assert_snapshot!("job", bytes(&job()));
    let change = StatusChange { status: DeploymentStatus::Deleted, at: at(1), reason: "why".into() };
    insta::assert_snapshot!("status-change", bytes(&change));
    let release = Release {
        key: key(),
        number: 7,
        deployment: DeploymentId::from("d1"),
        image: Some("image".into()),
        artifacts: vec![artifact()],
        commit: Some("c0".into()),
        source: Some("digest".into()),
        created_at: at(1),
    };
    insta::assert_snapshot!("release", bytes(&release));
    let user = User { uid: 7, name: "ann".into(), first_seen: at(1), last_seen: at(2) };
    insta::assert_snapshot!("user", bytes(&user));
    let consent = Consent { address: "https://x".into(), by: "ann".into(), at: at(1) };
    insta::assert_snapshot!("consent", bytes(&consent));
    let holders = [
        PortHolder::App(key()),
        PortHolder::Candidate(DeploymentId::from("d1")),
        PortHolder::Manual { note: "printer".into() },
    ];
    insta::assert_snapshot!("ports", holders.map(|holder| bytes(&lease(holder))).concat());
}

#[test]
fn events_have_the_shape_that_their_version_says() {
    let status = TargetStatus { target: target(), available: true, detail: "answers".into() };
    let kinds = [
        EventKind::Project(project()),
        EventKind::ProjectRemoved(ProjectId::from("p1")),
        EventKind::Detected(ProjectId::from("p1")),
        EventKind::Deployment(Box::new(deployment())),
        EventKind::Job(job()),
        EventKind::Port(lease(PortHolder::App(key()))),
        EventKind::PortReleased(20_000),
        EventKind::Target(status),
        EventKind::Notice(Problem::new(ProblemCode::Refused, "cause", "message").why("why").fix("fix")),
    ];
    let events = kinds.map(|kind| {
        assert!(kind.is_kept());
        bytes(&Event { seq: 1, at: at(1), kind })
    });
    insta::assert_snapshot!("events", events.join("\n"));
}

/// What the first version of the sample's plan was written as: its evidence had no weight.
const PLAN_V1: &str = "010002703103776562010473686f7001010468657265010e68747470733a2f2f\
    686f73742f7801046d61696e01026330012e0377656200000000000000000000\
    0001066e6578746a730102313500000000000000000001fbb80b000000000104\
    6e6578740002000000000000000000000000010c7061636b6167652e6a736f6e\
    06737065616b73012e0a446f636b657266696c65010a446f636b657266696c65\
    0646524f4d207808746f206275696c6401046d616b65010372756e012e010000\
    00000000f83f01fb0004010176052f64617461036e6574007f0000010108706f\
    7374677265730b706f7374677265733a3137fb38150108706f73746772657303\
    014e000170014e010173014e02016201730161010176052f64617461010a7067\
    5f6973726561647901fbb80b01fb204e03014e000170014e010173014e020162\
    0173016101020101fb000400072f6865616c7468fb8813fbd00703fc40771b00\
    fce0930400fb1027";

/// What the second version of the sample's plan was written as: it had no `health_guessed`.
const PLAN_V2: &str = "020002703103776562010473686f7001010468657265010e68747470733a2f2f\
    686f73742f7801046d61696e01026330012e0377656200000000000000000000\
    0001066e6578746a730102313500000000000000000001fbb80b000000000104\
    6e6578740002000000000000000000000000020c7061636b6167652e6a736f6e\
    06737065616b7301000000000000e03f00062e6e766d72630461736b73000101\
    2e0a446f636b657266696c65010a446f636b657266696c650646524f4d207808\
    746f206275696c6401046d616b65010372756e012e01000000000000f83f01fb\
    0004010176052f64617461036e6574007f0000010108706f7374677265730b70\
    6f7374677265733a3137fb38150108706f73746772657303014e000170014e01\
    0173014e02016201730161010176052f64617461010a70675f69737265616479\
    01fbb80b01fb204e03014e000170014e010173014e0201620173016101020101\
    fb000400072f6865616c7468fb8813fbd00703fc40771b00fce0930400fb1027";

/// What the third version of the sample's plan was written as: it had no commands for tests, checks and development.
const PLAN_V3: &str = "030002703103776562010473686f7001010468657265010e68747470733a2f2f\
    686f73742f7801046d61696e01026330012e0377656200000000000000000000\
    0001066e6578746a730102313500000000000000000001fbb80b000100000001\
    046e6578740002000000000000000000000000020c7061636b6167652e6a736f\
    6e06737065616b7301000000000000e03f00062e6e766d72630461736b730001\
    012e0a446f636b657266696c65010a446f636b657266696c650646524f4d2078\
    08746f206275696c6401046d616b65010372756e012e01000000000000f83f01\
    fb0004010176052f64617461036e6574007f0000010108706f7374677265730b\
    706f7374677265733a3137fb38150108706f73746772657303014e000170014e\
    010173014e02016201730161010176052f64617461010a70675f697372656164\
    7901fbb80b01fb204e03014e000170014e010173014e02016201730161010201\
    01fb000403072f6865616c7468fb8813fbd00703fc40771b00fce0930400fb10\
    27";

/// What the fourth version of the sample's plan was written as: it had no `release_command`.
const PLAN_V4: &str = "040002703103776562010473686f7001010468657265010e68747470733a2f2f\
    686f73742f7801046d61696e01026330012e0377656200000000000000000000\
    0001066e6578746a73010231350000000000000001016301017401016c010164\
    000001fbb80b000100000001046e657874000200000000000000000000000002\
    0c7061636b6167652e6a736f6e06737065616b7301000000000000e03f00062e\
    6e766d72630461736b730001012e0a446f636b657266696c65010a446f636b65\
    7266696c650646524f4d207808746f206275696c6401046d616b65010372756e\
    012e01000000000000f83f01fb0004010176052f64617461036e6574007f0000\
    010108706f7374677265730b706f7374677265733a3137fb38150108706f7374\
    6772657303014e000170014e010173014e02016201730161010176052f646174\
    61010a70675f6973726561647901fbb80b01fb204e03014e000170014e010173\
    014e0201620173016101020101fb000403072f6865616c7468fb8813fbd00703\
    fc40771b00fce0930400fb1027";

/// What the fifth version of the sample's plan was written as: it had no `build_env` and no `packages`.
const PLAN_V5: &str = "050002703103776562010473686f7001010468657265010e68747470733a2f2f\
    686f73742f7801046d61696e01026330012e0377656200000000000000000000\
    0001066e6578746a73010231350000000000000001016301017401016c010164\
    010172000001fbb80b000100000001046e657874000200000000000000000000\
    0000020c7061636b6167652e6a736f6e06737065616b7301000000000000e03f\
    00062e6e766d72630461736b730001012e0a446f636b657266696c65010a446f\
    636b657266696c650646524f4d207808746f206275696c6401046d616b650103\
    72756e012e01000000000000f83f01fb0004010176052f64617461036e657400\
    7f0000010108706f7374677265730b706f7374677265733a3137fb3815010870\
    6f73746772657303014e000170014e010173014e02016201730161010176052f\
    64617461010a70675f6973726561647901fbb80b01fb204e03014e000170014e\
    010173014e0201620173016101020101fb000403072f6865616c7468fb8813fb\
    d00703fc40771b00fce0930400fb1027";

/// What the sixth version of the sample's plan was written as: it had no `processes`.
const PLAN_V6: &str = "060002703103776562010473686f7001010468657265010e68747470733a2f2f\
    686f73742f7801046d61696e01026330012e0377656200000000000000000000\
    0001066e6578746a73010231350000000000000001016301017401016c010164\
    010172000001fbb80b00010000000106564954455f4101046e6578740002010b\
    7061636b616765732f7569000000000000000000000000020c7061636b616765\
    2e6a736f6e06737065616b7301000000000000e03f00062e6e766d7263046173\
    6b730001012e0a446f636b657266696c65010a446f636b657266696c65064652\
    4f4d207808746f206275696c6401046d616b65010372756e012e010000000000\
    00f83f01fb0004010176052f64617461036e6574007f0000010108706f737467\
    7265730b706f7374677265733a3137fb38150108706f73746772657303014e00\
    0170014e010173014e02016201730161010176052f64617461010a70675f6973\
    726561647901fbb80b01fb204e03014e000170014e010173014e020162017301\
    6101020101fb000403072f6865616c7468fb8813fbd00703fc40771b00fce093\
    0400fb1027";

/// The plan that these hexadecimal digits hold.
fn read(digits: &str) -> Plan {
    let digits: Vec<char> = digits.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
    decode(b"sample", &bytes).unwrap()
}

#[test]
fn plans_of_older_shapes_are_read() {
    let mut expected = plan();
    expected.profile.processes = Vec::new();
    assert_eq!(read(PLAN_V6), expected);
    (expected.profile.build_env, expected.profile.packages) = (Vec::new(), Vec::new());
    assert_eq!(read(PLAN_V5), expected);
    expected.profile.release_command = None;
    assert_eq!(read(PLAN_V4), expected);
    let profile = &mut expected.profile;
    let later = [&mut profile.check_install_command, &mut profile.test_command, &mut profile.lint_command];
    later.into_iter().chain([&mut profile.develop_command]).for_each(|command| *command = None);
    assert_eq!(read(PLAN_V3), expected);
    expected.health.probe = asked();
    expected.profile.health_guessed = false;
    assert_eq!(read(PLAN_V2), expected);
    expected.profile.evidence = vec![Evidence::new("package.json", "speaks")];
    assert_eq!(read(PLAN_V1), expected);
}

fn asked() -> HealthProbe {
    HealthProbe::Http { path: "/health".into() }
}
