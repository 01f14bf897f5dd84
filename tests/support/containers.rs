//! What Docker tells of a container: its processes, and how it ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::docker;

/// A process in a container, as the machine sees it.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) id: usize,
    /// The number of its user.
    pub(crate) user: u32,
    pub(crate) program: String,
}

/// The processes of a container. Nothing has to be in the image for that.
pub(crate) fn processes(container: &str) -> Vec<Process> {
    let table = docker::stdout(&["top", container, "-eo", "pid,uid,comm"]);
    let process = |line: &str| {
        let mut words = line.split_whitespace();
        Some(Process {
            id: words.next()?.parse().ok()?,
            user: words.next()?.parse().ok()?,
            program: words.next()?.to_owned(),
        })
    };
    table.lines().skip(1).map(|line| process(line).expect(line)).collect()
}

/// How a container ended.
pub(crate) struct Stopped {
    /// From the first signal to the end, by Docker's own clock.
    pub(crate) seconds: f64,
    /// The numbers of the signals that were sent.
    pub(crate) signals: Vec<String>,
    /// The exit code.
    pub(crate) code: i64,
}

/// How long is listened to what becomes of a container, in seconds.
const PATIENCE: u64 = 15;

/// Runs a docker command that ends a container, and listens to Docker's events until it has; none where it does not.
pub(crate) fn stopped_by(command: &[&str], container: &str) -> Option<Stopped> {
    let since = docker::stdout(&["inspect", "--format", "{{.State.StartedAt}}", container]);
    let until = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + PATIENCE;
    // From before the signal: what happens until it is listened to is told too.
    let mut events = Command::new("docker")
        .args(["events", "--since", &since, "--until", &until.to_string(), "--format", "{{json .}}"])
        .args(["--filter", &format!("container={container}"), "--filter", "event=kill", "--filter", "event=die"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    docker::stdout(command);
    let (mut kills, mut death) = (Vec::new(), None);
    for line in BufReader::new(events.stdout.take().unwrap()).lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let (at, about) = (event["timeNano"].as_i64().unwrap(), &event["Actor"]["Attributes"]);
        if event["Action"] == "kill" {
            kills.push((at, about["signal"].as_str().unwrap().to_owned()));
        } else {
            death = Some((at, about["exitCode"].as_str().unwrap().parse().unwrap()));
        }
        if death.is_some() && !kills.is_empty() {
            break;
        }
    }
    let _ = events.kill();
    let _ = events.wait();
    let (died, code) = death?;
    #[expect(clippy::cast_precision_loss, reason = "some seconds in nanoseconds")]
    let seconds = (died - kills[0].0) as f64 / 1e9;
    Some(Stopped { seconds, signals: kills.into_iter().map(|(_, signal)| signal).collect(), code })
}
