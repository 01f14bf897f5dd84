//! Starting and stopping the engine's process.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::{Client, handshake, is_away, transport::Transport};
use crate::api::rendezvous::{self, ALREADY_RUNNING, StartReport};
use crate::api::routes;
use crate::model::{Problem, ProblemCode};

/// How long an engine may take to start: it waits for one that stops, and may have a store to bring up to date.
const START_PATIENCE: Duration = Duration::from_mins(2);
/// How long an engine may take to stop; longer than it gives itself.
const STOP_PATIENCE: Duration = Duration::from_mins(1);
/// How long the kernel may take to clear a killed engine away.
const DYING: Duration = Duration::from_secs(20);
/// An engine that another client started may end before this one reaches it; then it is tried again.
const ATTEMPTS: usize = 3;

/// Spawns an engine and connects to it, or to the one that was quicker.
pub(super) async fn start(data_dir: &Path, executable: &Path) -> Result<Client, Problem> {
    let mut attempt = 1;
    loop {
        match spawn(data_dir, executable).await? {
            StartReport::Failed(problem) if problem.cause != ALREADY_RUNNING => return Err(problem),
            StartReport::Ready { .. } | StartReport::Failed(_) => {}
        }
        match Client::connect(data_dir).await {
            Err(problem) if is_away(&problem) && attempt < ATTEMPTS => {
                attempt += 1;
                // One that was killed answers no more, but holds the folder until the kernel has cleared it away.
                let _ = tokio::time::timeout(DYING, given_up(data_dir)).await;
            }
            answer => return answer,
        }
    }
}

/// Starts the program as an engine that outlives this process, and waits for its report.
async fn spawn(data_dir: &Path, executable: &Path) -> Result<StartReport, Problem> {
    let failed = |why: String| {
        Problem::new(ProblemCode::Unreachable, "engine-start-failed", "the engine could not be started")
            .why(why)
            .fix(format!("run `wharf engine run` to see it start; its log is in {}", log_dir(data_dir)))
    };
    let mut child = Command::new(executable)
        .arg("--data-dir")
        .arg(data_dir)
        .args(["engine", "run", "--detached"])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(format!("{}: {error}", executable.display())))?;
    let Some(output) = child.stdout.take() else { return Err(failed("its output was not connected".to_owned())) };
    let mut line = String::new();
    let mut output = BufReader::new(output);
    match tokio::time::timeout(START_PATIENCE, output.read_line(&mut line)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(_) => return Err(failed(format!("it was not ready within {} s", START_PATIENCE.as_secs()))),
    }
    if line.is_empty() {
        let status = child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        return Err(failed(format!("it ended at once: {status}")));
    }
    serde_json::from_str(&line).map_err(|error| failed(format!("it said “{}”: {error}", line.trim())))
}

fn log_dir(data_dir: &Path) -> String {
    rendezvous::log_dir(data_dir).display().to_string()
}

/// Stops the engine of that data folder, whatever its version, and waits until its process is gone. What is deployed
/// keeps running. Returns the process that it was.
pub async fn stop(data_dir: &Path) -> Result<u32, Problem> {
    let transport = Transport::new(data_dir)?;
    let engine = handshake::who(&transport).await?;
    transport.send(transport.request(reqwest::Method::POST, routes::ENGINE_STOP)).await?;
    wait_until_gone(data_dir, engine.pid).await?;
    Ok(engine.pid)
}

/// Waits until no engine holds that data folder.
async fn wait_until_gone(data_dir: &Path, pid: u32) -> Result<(), Problem> {
    let stuck = |why: String| {
        Problem::new(ProblemCode::Failed, "engine-does-not-stop", "the engine does not stop")
            .why(why)
            .fix(format!("end its process with `kill -9 {pid}`: nothing that is kept gets lost"))
    };
    match tokio::time::timeout(STOP_PATIENCE, given_up(data_dir)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(stuck(error.to_string())),
        Err(_) => Err(stuck(format!("process {pid} still runs after {} s", STOP_PATIENCE.as_secs()))),
    }
}

/// Waits for the lock of that data folder: the kernel tells, as it gives up the lock of a process that ended.
async fn given_up(data_dir: &Path) -> io::Result<()> {
    let lock = rendezvous::lock(data_dir);
    let wait = move || match File::open(lock) {
        Ok(file) => file.lock_shared(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    tokio::task::spawn_blocking(wait).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
