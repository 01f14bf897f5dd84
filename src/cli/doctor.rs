//! `wharf doctor`: what is there, what is missing, and how to mend it.
//!
//! The main job runs where Docker answers, or else where the `process` target finds a toolchain. Only where neither
//! holds, or nothing can be kept, it exits 1: what is missing of one way while the other is open is a warning.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use serde::Serialize;

use super::output::{self, Style};
use super::{Context, Outcome};
use crate::api::client::{Client, NOT_RUNNING};
use crate::model::{PORT_RANGE, Problem, TargetKind, TargetRef};
use crate::os::docker_host::docker_host;
use crate::os::{paths, process};
use crate::targets::Target;
use crate::targets::docker::DockerTarget;

/// Below this a build fails sooner or later.
const LITTLE_DISK: u64 = 2 * GIB;
/// Below this nothing can be kept.
const NO_DISK: u64 = GIB / 16;
/// The minor number of the API of Docker 20.10, the oldest whose BuildKit takes what Wharf sends.
const OLDEST_API: u32 = 41;
const GIB: u64 = 1024 * 1024 * 1024;

/// The programs with which the `process` target builds and runs apps, by what they are for. One of each is enough.
const TOOLCHAINS: [(&str, &[&str]); 9] = [
    ("Node.js", &["node"]),
    ("Python", &["python3"]),
    ("PHP", &["php"]),
    ("Go", &["go"]),
    ("Ruby", &["ruby"]),
    ("Java", &["java"]),
    (".NET", &["dotnet"]),
    ("Rust", &["cargo"]),
    ("Bun and Deno", &["bun", "deno"]),
];

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Good,
    Warning,
    Bad,
}

/// What was looked at and found.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    detail: String,
    fix: String,
}

impl Check {
    fn new(name: &'static str, verdict: Verdict, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, verdict, detail: detail.into(), fix: fix.into() }
    }

    fn good(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Verdict::Good, detail, "")
    }
}

pub(super) async fn run(context: &Context) -> Result<Outcome, Problem> {
    let docker = docker().await;
    let toolchains = toolchains(docker.verdict == Verdict::Good);
    let checks = vec![
        data_folder(&context.data_dir),
        disk(&context.data_dir),
        engine(context).await,
        docker,
        toolchains,
        ports(),
        git(),
    ];
    let works = checks.iter().all(|check| check.verdict != Verdict::Bad);
    if context.json {
        output::json(&serde_json::json!({ "works": works, "checks": checks }));
    } else {
        checks.iter().for_each(show);
        output::line(if works { "Wharf can deploy here." } else { "Wharf cannot deploy here before that is mended." });
    }
    Ok(if works { Outcome::Done } else { Outcome::Failed })
}

fn show(check: &Check) {
    let (mark, style) = match check.verdict {
        Verdict::Good => ("✓", Style::Good),
        Verdict::Warning => ("!", Style::Attention),
        Verdict::Bad => ("✗", Style::Bad),
    };
    output::styled_line(format!(
        "{} {:11} {}",
        output::styled(mark, style),
        check.name,
        output::one_line(&check.detail)
    ));
    if !check.fix.is_empty() {
        output::line(format!("  {:11} try: {}", "", check.fix));
    }
}

fn data_folder(data_dir: &Path) -> Check {
    match paths::private_dir(data_dir) {
        Ok(()) => Check::good("data folder", data_dir.display().to_string()),
        Err(problem) => {
            Check::new("data folder", Verdict::Bad, format!("{}: {}", problem.message, problem.why), problem.fix)
        }
    }
}

fn disk(data_dir: &Path) -> Check {
    let free = match rustix::fs::statvfs(data_dir) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            return Check::new("disk", Verdict::Warning, format!("the free space is not known: {error}"), "");
        }
    };
    let detail = format!("{:.1} GiB free for the data folder", free as f64 / GIB as f64);
    let fix = "make room: `wharf delete` what is not needed, `docker system prune` clears Docker's caches";
    match free {
        0..NO_DISK => Check::new("disk", Verdict::Bad, detail, fix),
        NO_DISK..LITTLE_DISK => Check::new("disk", Verdict::Warning, detail, fix),
        _ => Check::good("disk", detail),
    }
}

async fn engine(context: &Context) -> Check {
    let info = match Client::connect(&context.data_dir).await {
        Ok(client) => client.info().await,
        Err(problem) => Err(problem),
    };
    match info {
        Ok(info) => Check::good("engine", format!("runs as process {}, version {}", info.pid, info.version)),
        Err(problem) if problem.cause == NOT_RUNNING => {
            Check::good("engine", "does not run; it is started when needed")
        }
        Err(problem) => {
            Check::new("engine", Verdict::Bad, format!("{}: {}", problem.message, problem.why), problem.fix)
        }
    }
}

async fn docker() -> Check {
    let host = match docker_host() {
        Ok(host) => host,
        Err(problem) => {
            return Check::new(
                "Docker",
                Verdict::Warning,
                format!("{}: {}", problem.message, problem.why),
                problem.fix,
            );
        }
    };
    let status = DockerTarget::new(TargetRef { kind: TargetKind::Docker, host }, "doctor".to_owned()).probe().await;
    if status.available && api_of(&status.detail).is_some_and(|api| api < OLDEST_API) {
        let fix = "update Docker to 20.10 or later: builds with caches need its BuildKit";
        return Check::new("Docker", Verdict::Warning, status.detail, fix);
    }
    if status.available {
        return Check::good("Docker", status.detail);
    }
    let installed = is_there(&["docker"]) || Path::new("/var/run/docker.sock").exists();
    let fix = if status.detail.to_lowercase().contains("permission") {
        "add the account to the docker group (`sudo usermod -aG docker $USER`) and log in again"
    } else if installed {
        "start it: `sudo systemctl start docker`; or deploy with `--target process`"
    } else {
        "install Docker Engine (docs.docker.com/engine/install); or deploy with `--target process`"
    };
    Check::new("Docker", Verdict::Warning, status.detail, fix)
}

/// The minor number of the API in `Docker 20.10.24, API 1.41`.
fn api_of(detail: &str) -> Option<u32> {
    detail.rsplit_once("API 1.")?.1.parse().ok()
}

/// Programs for the target without Docker. None is needed where Docker answers.
fn toolchains(docker_answers: bool) -> Check {
    let (there, missing): (Vec<_>, Vec<_>) = TOOLCHAINS.iter().partition(|(_, programs)| is_there(programs));
    let names = |list: &[&(&str, &[&str])]| list.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    if there.is_empty() {
        let verdict = if docker_answers { Verdict::Good } else { Verdict::Bad };
        let fix = if docker_answers { "" } else { "start Docker, or install the toolchain of your app" };
        return Check::new("toolchains", verdict, "none: `--target process` can only serve static sites", fix);
    }
    let rest = if missing.is_empty() { String::new() } else { format!("; not there: {}", names(&missing)) };
    Check::good("toolchains", format!("for `--target process`: {}{rest}", names(&there)))
}

fn ports() -> Check {
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let taken = PORT_RANGE.filter(|port| !free(port)).count();
    let all = PORT_RANGE.len();
    let detail = format!("{} of {all} from {} to {} are free", all - taken, PORT_RANGE.start(), PORT_RANGE.end());
    if taken == all {
        return Check::new("ports", Verdict::Bad, detail, "stop programs that listen there: `ss -ltnp` shows them");
    }
    Check::good("ports", detail)
}

fn git() -> Check {
    let version = Command::new("git").arg("--version").output().ok().filter(|output| output.status.success());
    match version {
        Some(output) => Check::good("git", String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        None => Check::new("git", Verdict::Warning, "not there: git addresses cannot be deployed", "install git"),
    }
}

fn is_there(programs: &[&str]) -> bool {
    let path: OsString = std::env::var_os("PATH").unwrap_or_default();
    programs.iter().any(|program| process::find_program(program, &path, Path::new("/")).is_some())
}
