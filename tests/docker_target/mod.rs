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
use wharf::targets::{BuildJob, Launch, Report, Role, Target, TargetError};

use crate::support::docker::Cleanup;

mod build;
mod connection;
mod instances;
mod networks;
mod services;

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
    env: BTreeMap<String, Secret>,
    service_env: BTreeMap<String, BTreeMap<String, Secret>>,
    folder: TempDir,
    _cleanup: Cleanup,
}

impl World {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        // The first letters of a mark stand in names.
        Self::with_mark(format!("{:06}test-{name}", std::process::id() % 1_000_000), name, files)
    }

    /// The same app on another data folder.
    fn other(name: &str) -> Self {
        Self::with_mark(format!("o{:05}test-{name}", std::process::id() % 100_000), name, &[])
    }

    fn with_mark(mark: String, name: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join("project").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self {
            target: DockerTarget::new(TargetRef::default(), mark.clone()),
            plan: plan(name),
            env: [("PORT", "8080"), ("GREETING", "hello-s3cret")]
                .map(|(name, value)| (name.to_owned(), Secret::new(value)))
                .into(),
            service_env: BTreeMap::new(),
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
        self.target.network(&self.plan).await?;
        self.target.start(&self.launch(&deployment.into()), image, role, Some(port)).await
    }

    async fn prepare(&self, deployment: &str, image: &str, role: Role, port: u16) -> Result<Instance, TargetError> {
        self.target.prepare(&self.launch(&deployment.into()), image, role, Some(port)).await
    }

    fn launch<'a>(&'a self, deployment: &'a DeploymentId) -> Launch<'a> {
        Launch {
            plan: &self.plan,
            deployment,
            env: &self.env,
            service_env: &self.service_env,
            instead: None,
            process: None,
        }
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
