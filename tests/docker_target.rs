//! The docker target against a real engine.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tempfile::TempDir;
use wharf::model::*;
use wharf::os::archive::{PackOptions, pack};
use wharf::targets::docker::DockerTarget;
use wharf::targets::{BuildJob, Launch, OutputLine, Report, Role, Target, TargetError};

use crate::support::docker::{self, Cleanup};

const BASE: &str = "debian:bookworm-slim";

/// Answers each connection on `PORT` with its environment's `GREETING`, and says so.
const SERVER: &str = r#"#!/bin/sh
echo "listening on $PORT"
echo "to stderr" >&2
exec perl -MIO::Socket::INET -e '
  $| = 1;
  $SIG{TERM} = sub { print "bye\n"; exit 0 };
  my $s = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 9, ReuseAddr => 1) or die "listen: $!";
  while (my $c = $s->accept) {
    my $line = <$c>;
    print "asked\n";
    print $c "HTTP/1.1 200 OK\r\nContent-Length: " . length($ENV{GREETING}) . "\r\nConnection: close\r\n\r\n$ENV{GREETING}";
    close $c;
    exit 3 if $line =~ m{/die};
  }'
"#;

const DOCKERFILE: &str = "FROM debian:bookworm-slim\nRUN useradd --uid 1234 app\nWORKDIR /app\nCOPY . .\n\
                          USER app\nENV PORT=8080\nCMD [\"sh\", \"server.sh\"]\n";

/// What a step said.
#[derive(Default)]
struct Said {
    lines: Mutex<Vec<(String, LogStream, String)>>,
    details: Mutex<Vec<String>>,
    progress: Mutex<Vec<(u64, u64)>>,
}

impl Report for Said {
    fn line(&self, source: &str, stream: LogStream, text: &str) {
        self.lines.lock().unwrap().push((source.to_owned(), stream, text.to_owned()));
    }

    fn progress(&self, done: u64, total: u64) {
        self.progress.lock().unwrap().push((done, total));
    }

    fn detail(&self, text: &str) {
        self.details.lock().unwrap().push(text.to_owned());
    }
}

impl Said {
    fn text(&self) -> String {
        let lines = self.lines.lock().unwrap();
        lines.iter().map(|(_, _, text)| text.as_str()).collect::<Vec<_>>().join("\n")
    }

    fn last_detail(&self) -> String {
        self.details.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

/// An app on a data folder of its own; all of it is removed at the end.
struct World {
    mark: String,
    target: DockerTarget,
    plan: Plan,
    folder: TempDir,
    _cleanup: Cleanup,
}

impl World {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let mark = format!("test-{name}-{}", std::process::id());
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join("project").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self {
            target: DockerTarget::new(TargetRef::default(), mark.clone()),
            plan: plan(name),
            _cleanup: Cleanup(mark.clone()),
            mark,
            folder,
        }
    }

    fn app(name: &str) -> Self {
        Self::new(name, &[("Dockerfile", DOCKERFILE), ("server.sh", SERVER)])
    }

    async fn build(&self, deployment: &str, said: &Said) -> Result<String, TargetError> {
        let source: PathBuf = self.folder.path().join(format!("{deployment}.tar.zst"));
        let packed = pack(&self.folder.path().join("project"), &PackOptions::default(), &source).await.unwrap();
        let deployment = DeploymentId::from(deployment);
        let job =
            BuildJob { plan: &self.plan, deployment: &deployment, source: &source, source_digest: &packed.digest };
        self.target.build(&job, said).await
    }

    async fn start(&self, deployment: &str, image: &str, role: Role, port: u16) -> Result<Instance, TargetError> {
        let env = [("PORT", "8080"), ("GREETING", "hello-s3cret")];
        let env = env.map(|(name, value)| (name.to_owned(), Secret::new(value))).into();
        let deployment = DeploymentId::from(deployment);
        let service_env = BTreeMap::new();
        let launch = Launch { plan: &self.plan, deployment: &deployment, env: &env, service_env: &service_env };
        self.target.network(&self.plan).await?;
        self.target.start(&launch, image, role, Some(port)).await
    }
}

fn plan(name: &str) -> Plan {
    Plan {
        key: AppKey { project: ProjectId::from(name), app: "web".to_owned(), environment: Environment::Development },
        project_name: name.to_owned(),
        target: TargetRef::default(),
        source: Source::Folder,
        profile: AppProfile::default(),
        build: BuildPlan { context: ".".to_owned(), dockerfile: "Dockerfile".to_owned(), ..BuildPlan::default() },
        compute: Compute::default(),
        storage: Vec::new(),
        network: NetworkPlan { name: format!("wharf-{name}-web-development"), bind: IpAddr::V4(Ipv4Addr::LOCALHOST) },
        services: Vec::new(),
        ports: PortPlan { container: Some(8080), wanted: None },
        env: Vec::new(),
        scaling: Scaling { min: 1, max: 1 },
        security: Security { no_new_privileges: true, drop_capabilities: true, pids_limit: 128 },
        health: HealthCheck {
            probe: HealthProbe::Tcp,
            interval: Millis::from_secs(1),
            timeout: Millis::from_secs(1),
            retries: 3,
        },
        timeouts: Timeouts::default(),
    }
}

/// A port that is free just now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The answer to `GET path`, asked again until there is one.
async fn ask(port: u16, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let asked = async {
        loop {
            let answer = async {
                let mut connection = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
                connection.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).await?;
                let mut text = String::new();
                connection.read_to_string(&mut text).await?;
                std::io::Result::Ok(text)
            };
            match answer.await {
                Ok(text) if !text.is_empty() => return text,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    in_time(asked).await
}

/// What should come within half a minute.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("it takes longer than half a minute")
}

/// Items of a stream until one is as wanted.
async fn until<T>(
    stream: &mut (impl Stream<Item = Result<T, TargetError>> + Unpin),
    mut wanted: impl FnMut(&T) -> bool,
) -> Vec<T> {
    in_time(async {
        let mut items = Vec::new();
        while let Some(item) = stream.next().await {
            items.push(item.unwrap());
            if wanted(items.last().unwrap()) {
                return items;
            }
        }
        panic!("the stream ended after {} items", items.len());
    })
    .await
}

#[tokio::test]
async fn it_says_who_it_is() {
    if !docker::ready(&[]) {
        return;
    }
    let status = DockerTarget::new(TargetRef::default(), "test".to_owned()).probe().await;
    assert!(status.available, "{}", status.detail);
    assert!(status.detail.starts_with("Docker ") && status.detail.contains("API 1."), "{}", status.detail);
}

#[tokio::test]
async fn it_tells_why_it_cannot_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let probe = async |host: String| {
        let target = TargetRef { kind: TargetKind::Docker, host: Some(host) };
        DockerTarget::new(target, "test".to_owned()).probe().await
    };
    let socket = |name: &str| format!("unix://{}", folder.path().join(name).display());
    let absent = probe(socket("absent.sock")).await;
    assert!(!absent.available && absent.detail.contains("there is no socket"), "{}", absent.detail);

    drop(std::os::unix::net::UnixListener::bind(folder.path().join("dead.sock")).unwrap());
    let dead = probe(socket("dead.sock")).await;
    assert!(dead.detail.contains("nobody listens"), "{}", dead.detail);

    let server = wiremock::MockServer::start().await;
    let other = probe(server.uri().replace("http://", "tcp://")).await;
    assert!(other.detail.contains("no Docker Engine"), "{}", other.detail);

    let error =
        DockerTarget::new(TargetRef { host: Some(socket("absent.sock")), ..TargetRef::default() }, String::new())
            .has_image("x")
            .await
            .unwrap_err();
    assert_eq!(error.problem().code.exit_code(), 4);
}

#[tokio::test]
async fn a_second_build_comes_from_the_cache() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let world = World::app("cache");
    let first = Said::default();
    let image = world.build("one", &first).await.unwrap();
    assert_eq!(image, "wharf/cache-web-development:one");
    assert!(world.target.has_image(&image).await.unwrap());
    assert!(first.text().contains("COPY . ."), "{}", first.text());
    let (done, total) = *first.progress.lock().unwrap().last().unwrap();
    assert_eq!(done, total);

    let second = Said::default();
    world.build("two", &second).await.unwrap();
    let detail = second.last_detail();
    let (cached, all) = detail.split_once(" of ").unwrap();
    assert!(all.starts_with(cached), "not all from the cache: {detail}");
    let label = docker::stdout(&["inspect", "-f", r#"{{index .Config.Labels "wharf.data"}}"#, &image]);
    assert_eq!(label, world.mark);

    world.target.remove_image(&image).await.unwrap();
    world.target.remove_image(&image).await.unwrap();
    assert!(!world.target.has_image(&image).await.unwrap());
}

#[tokio::test]
async fn a_failing_build_is_told_whole_and_in_order() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let dockerfile = "FROM debian:bookworm-slim\nRUN for i in 1 2 3; do echo line $i; done; echo broken; exit 7\n";
    let world = World::new("failing", &[("Dockerfile", dockerfile)]);
    let said = Said::default();
    let error = world.build("one", &said).await.unwrap_err();
    let TargetError::Build { detail } = &error else { panic!("{error}") };
    assert!(detail.contains("exit code: 7"), "{detail}");
    let text = said.text();
    let places: Vec<_> = ["line 1", "line 2", "line 3", "broken", "exit code: 7"]
        .map(|words| text.rfind(&format!("\n{words}")).or_else(|| text.rfind(words)).expect(words))
        .into();
    assert!(places.is_sorted(), "{text}");

    let world = World::new("unparsable", &[("Dockerfile", "FROM debian:bookworm-slim\nRNU true\n")]);
    let error = world.build("one", &Said::default()).await.unwrap_err();
    assert!(error.to_string().contains("RNU"), "{error}");
}

#[tokio::test]
async fn a_base_image_that_cannot_be_had_is_named() {
    if !docker::ready(&[]) {
        return;
    }
    let world = World::new("nobase", &[("Dockerfile", "FROM localhost:9/nothing/here:1\nRUN true\n")]);
    let error = world.build("one", &Said::default()).await.unwrap_err();
    let TargetError::ImageMissing { image, detail } = &error else { panic!("{error:?}") };
    assert_eq!(image, "localhost:9/nothing/here:1");
    assert!(!detail.is_empty());
}

#[tokio::test]
async fn artifacts_lie_over_the_source_and_a_sub_folder_can_be_the_context() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let files = [
        ("apps/web/Dockerfile", "FROM scratch\nRUN never\n"),
        ("apps/web/file", "from the source"),
        ("apps/web/secret", "s"),
        ("apps/web/.dockerignore", "secret\n"),
        ("outside", "o"),
    ];
    let mut world = World::new("artifacts", &files);
    let artifact = |path: &str, content: &str| Artifact {
        path: path.to_owned(),
        content: content.to_owned(),
        reason: String::new(),
    };
    let check = "FROM debian:bookworm-slim\nCOPY . /c\n\
                 RUN test ! -e /c/secret && test ! -e /c/outside && grep source /c/file && grep generated /c/conf/new\n";
    world.plan.build = BuildPlan {
        context: "apps/web".to_owned(),
        dockerfile: "apps/web/Dockerfile".to_owned(),
        artifacts: vec![artifact("apps/web/Dockerfile", check), artifact("apps/web/conf/new", "generated")],
        commands: Vec::new(),
    };
    let said = Said::default();
    world.build("one", &said).await.unwrap_or_else(|error| panic!("{error}\n{}", said.text()));

    world.plan.build.dockerfile = "docker/web.Dockerfile".to_owned();
    let error = world.build("two", &Said::default()).await.unwrap_err();
    assert!(error.to_string().contains("there is no docker/web.Dockerfile"), "{error}");
    world.plan.build.artifacts.push(artifact("docker/web.Dockerfile", check));
    world.build("three", &Said::default()).await.unwrap();
}

#[tokio::test]
async fn a_build_that_is_dropped_ends_on_the_engine() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let sleep = format!("7{:05}", std::process::id() % 100_000);
    let dockerfile = format!("FROM debian:bookworm-slim\nRUN echo begun; sleep {sleep}; echo never\n");
    let world = World::new("cancel", &[("Dockerfile", &dockerfile)]);
    let said = Said::default();
    let begun = async {
        while !runs_on_this_machine(&sleep) || !said.text().lines().any(|line| line == "begun") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    in_time(async {
        tokio::select! {
            built = world.build("one", &said) => panic!("it ended by itself: {built:?}"),
            () = begun => {}
        }
    })
    .await;
    in_time(async {
        while runs_on_this_machine(&sleep) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert!(!world.target.has_image("wharf/cancel-web-development:one").await.unwrap());
}

/// Whether a process `sleep SECONDS` runs.
fn runs_on_this_machine(seconds: &str) -> bool {
    let wanted = format!("sleep\0{seconds}\0");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .map(|entry| std::fs::read(entry.path().join("cmdline")).unwrap_or_default())
        .any(|line| line == wanted.as_bytes())
}

#[tokio::test]
async fn an_instance_lives_its_whole_life() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let world = World::app("life");
    let target = &world.target;
    let image = world.build("one", &Said::default()).await.unwrap();
    let mut changes = target.changes().await.unwrap();
    let port = free_port();
    let live = world.start("one", &image, Role::Live, port).await.unwrap();
    assert_eq!((live.name.as_str(), live.port), ("wharf-life-web-development-one", Some(port)));
    assert!(ask(port, "/").await.ends_with("hello-s3cret"));
    assert!(matches!(target.state(&live).await.unwrap(), InstanceState::Running { restarts: 0 }));

    let format = "{{.Config.User}} {{.HostConfig.SecurityOpt}} {{.HostConfig.CapDrop}} {{.HostConfig.PidsLimit}} \
                  {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Init}}";
    let held = docker::stdout(&["inspect", "-f", format, &live.id]);
    assert_eq!(held, "app [no-new-privileges:true] [ALL] 128 unless-stopped true");
    let told = target.inspect(&live).await.unwrap();
    assert!(told.contains("GREETING=[secret]") && !told.contains("s3cret"));
    assert!(!docker::stdout(&["inspect", "-f", "{{.Config.Labels}} {{.Name}}", &live.id]).contains("s3cret"));

    // The port is taken, for a second instance and for one that wants to go on.
    let taken = world.start("two", &image, Role::Candidate, port).await.unwrap_err();
    assert!(matches!(taken, TargetError::PortTaken { port: taken } if taken == port), "{taken}");
    let other = free_port();
    let candidate = world.start("two", &image, Role::Candidate, other).await.unwrap();
    assert!(ask(other, "/").await.ends_with("hello-s3cret"));

    let found = target.found().await.unwrap();
    let mut roles: Vec<_> =
        found.iter().map(|it| (it.deployment.to_string(), it.role.as_str(), it.instance.port)).collect();
    roles.sort_unstable();
    assert_eq!(roles, [("one".to_owned(), "live", Some(port)), ("two".to_owned(), "candidate", Some(other))]);

    target.stop(&live, Duration::from_secs(5)).await.unwrap();
    target.stop(&live, Duration::from_secs(5)).await.unwrap();
    let stopped = target.state(&live).await.unwrap();
    assert!(matches!(stopped, InstanceState::Exited { exit_code: Some(0), .. }), "{stopped:?}");
    assert!(target.found().await.unwrap().iter().any(|it| it.instance == live && it.state == stopped));

    let holder = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let taken = target.resume(&live).await.unwrap_err();
    assert!(matches!(taken, TargetError::PortTaken { .. }), "{taken}");
    drop(holder);
    target.resume(&live).await.unwrap();
    assert!(ask(port, "/").await.ends_with("hello-s3cret"));

    target.remove(&candidate).await.unwrap();
    target.remove(&candidate).await.unwrap();
    assert_eq!(target.state(&candidate).await.unwrap(), InstanceState::Gone);
    target.stop(&candidate, Duration::from_secs(1)).await.unwrap();
    let seen: Vec<_> = until(&mut changes, |id| *id == candidate.id).await;
    assert!(
        seen.contains(&live.id) && seen.iter().all(|id| *id == live.id || seen.last() == Some(id) || !id.is_empty())
    );

    // The same deployment and role again takes the place of the first.
    let again = world.start("one", &image, Role::Live, port).await.unwrap();
    assert_ne!(again.id, live.id);
    assert_eq!(target.found().await.unwrap().len(), 1);
    target.remove(&again).await.unwrap();
    target.teardown(&world.plan.key, false).await.unwrap();
    target.teardown(&world.plan.key, true).await.unwrap();
    assert_eq!(docker::stdout(&["network", "ls", "-q", "--filter", &format!("label=wharf.data={}", world.mark)]), "");
}

#[tokio::test]
async fn output_goes_on_after_any_line_and_over_all_runs() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let printer = "echo run; for i in $(seq 200); do echo out $i; echo err $i >&2; done; printf 'caf\\351\\n'; \
                   head -c 40000 /dev/zero | tr '\\0' x; echo; exec sleep 600";
    let mut world = World::new("output", &[("Dockerfile", "FROM debian:bookworm-slim\n")]);
    world.plan.compute.command = Some(printer.to_owned());
    let image = world.build("one", &Said::default()).await.unwrap();
    let live = world.start("one", &image, Role::Live, free_port()).await.unwrap();
    let target = &world.target;

    let mut output = target.output(&live, None).await.unwrap();
    // The two outputs reach Docker each on its own way: either may be done first.
    let both = || {
        let mut left = vec!["xxx", "err 200"];
        move |line: &OutputLine| {
            left.retain(|begin| !line.text.starts_with(begin));
            left.is_empty()
        }
    };
    let first = until(&mut output, both()).await;
    assert_eq!(first.len(), 403);
    let texts: Vec<_> = first.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts.iter().filter(|text| **text == "run").count(), 1);
    assert_eq!(texts.iter().filter(|text| text.starts_with("out ")).count(), 200);
    assert!(first.iter().filter(|line| line.text.starts_with("err ")).all(|line| line.stream == LogStream::Stderr));
    assert!(texts.contains(&"caf\u{fffd}"));
    let long = texts.iter().find(|text| text.starts_with("xxx")).unwrap();
    assert!(long.len() <= 16 * 1024 + 3 && long.ends_with('…'), "{} bytes", long.len());
    assert!(first.windows(2).all(|pair| pair[0].position < pair[1].position));

    // From anywhere the rest comes, each line once.
    for at in [0, 1, 57, 200, 399, 401] {
        let mut resumed = target.output(&live, Some(first[at].position)).await.unwrap();
        let rest = until(&mut resumed, |line| line.position == first[402].position).await;
        let same = |lines: &[OutputLine]| lines.iter().map(|l| (l.position, l.text.clone())).collect::<Vec<_>>();
        assert_eq!(same(&rest), same(&first[at + 1..]), "after line {at}");
    }

    // The same stream goes on when the instance does, and ends when it is removed.
    target.stop(&live, Duration::from_secs(1)).await.unwrap();
    target.resume(&live).await.unwrap();
    let second = until(&mut output, both()).await;
    assert_eq!((second.len(), second.iter().filter(|line| line.text == "run").count()), (403, 1));
    target.remove(&live).await.unwrap();
    assert!(in_time(output.next()).await.is_none());
    assert!(in_time(target.output(&live, None).await.unwrap().next()).await.is_none());
}

#[tokio::test]
async fn a_crashing_app_comes_back_and_its_end_is_told() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let world = World::app("crash");
    let image = world.build("one", &Said::default()).await.unwrap();
    let port = free_port();
    let live = world.start("one", &image, Role::Live, port).await.unwrap();
    let mut changes = world.target.changes().await.unwrap();
    ask(port, "/").await;
    let mut output = world.target.output(&live, None).await.unwrap();
    ask(port, "/die").await;
    until(&mut changes, |id| *id == live.id).await;
    // Its second run is seen in the same stream.
    until(&mut output, |line| line.text.starts_with("listening")).await;
    until(&mut output, |line| line.text.starts_with("listening")).await;
    let state = world.target.state(&live).await.unwrap();
    assert!(matches!(state, InstanceState::Running { restarts: 1 }), "{state:?}");
}

#[tokio::test]
async fn samples_tell_what_is_used() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let mut world = World::new("samples", &[("Dockerfile", "FROM debian:bookworm-slim\n")]);
    world.plan.compute.command = Some("while :; do :; done".to_owned());
    world.plan.compute.limits = Limits { cpus: Some(0.5), memory_bytes: Some(64 << 20) };
    let image = world.build("one", &Said::default()).await.unwrap();
    let live = world.start("one", &image, Role::Live, free_port()).await.unwrap();
    let mut samples = world.target.samples(&live).await.unwrap();
    let taken = until(&mut samples, |sample| sample.cpu_percent > 1.0).await;
    let sample = taken.last().unwrap();
    assert!(sample.cpu_percent < 80.0, "{sample:?}");
    assert_eq!(sample.memory_limit, Some(64 << 20));
    assert!(sample.memory_bytes > 0 && sample.memory_bytes < 64 << 20, "{sample:?}");
    assert!(sample.network_rx.is_some());
    world.target.remove(&live).await.unwrap();
    in_time(async { while samples.next().await.is_some() {} }).await;
}

#[tokio::test]
async fn running_out_of_memory_is_told() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let mut world = World::new("oom", &[("Dockerfile", "FROM debian:bookworm-slim\n")]);
    world.plan.compute.command = Some("exec perl -e 'my $x = \"x\" x (200 << 20); sleep 600'".to_owned());
    world.plan.compute.limits.memory_bytes = Some(32 << 20);
    let image = world.build("one", &Said::default()).await.unwrap();
    let mut changes = world.target.changes().await.unwrap();
    let live = world.start("one", &image, Role::Live, free_port()).await.unwrap();
    // Docker starts it again and again; whenever it is caught between two runs, its end says why.
    in_time(async {
        loop {
            until(&mut changes, |id| *id == live.id).await;
            if !matches!(world.target.state(&live).await.unwrap(), InstanceState::Restarting { .. }) {
                continue;
            }
            world.target.stop(&live, Duration::from_secs(1)).await.unwrap();
            match world.target.state(&live).await.unwrap() {
                InstanceState::Exited { detail, .. } if detail == "out of memory" => return,
                _ => world.target.resume(&live).await.unwrap(),
            }
        }
    })
    .await;
    assert!(world.target.inspect(&live).await.unwrap().contains("\"OOMKilled\": true"));
}
