//! The engine as a process: takes the data folder, listens, works, and ends politely.

use std::future::IntoFuture;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::peer::{Peer, Socket};
use super::{App, lock, logfile, router};
use crate::api::rendezvous::StartReport;
use crate::engine::{Engine, EngineOptions};
use crate::model::{Problem, ProblemCode};

/// Answers and streams that are on their way get so long to arrive when the engine stops.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// How to be the engine.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The data folder.
    pub data_dir: PathBuf,
    /// How it works.
    pub engine: EngineOptions,
    /// Leave the terminal, and report on standard output when ready, for the client that waits for it.
    pub detached: bool,
}

/// Is the engine until it is told to stop by a signal or by a client.
pub async fn run(options: RunOptions) -> Result<(), Problem> {
    if options.detached {
        // A process that leads its group already, as under a supervisor, has no terminal to leave.
        let _ = rustix::process::setsid();
    }
    let result = serve(&options).await;
    if let Err(problem) = &result {
        tracing::error!(%problem, "the engine ends");
        if options.detached {
            report(&StartReport::Failed(problem.clone()));
        }
    }
    result
}

async fn serve(options: &RunOptions) -> Result<(), Problem> {
    let stop = stop_on_signals()?;
    let (held, listener) = tokio::select! {
        taken = take(&options.data_dir) => taken?,
        () = stop.cancelled() => return Ok(()),
    };
    let _log = logfile::begin(&options.data_dir, !options.detached)?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), data_dir = %options.data_dir.display(), "the engine starts");
    // Whoever connects from here on is answered as soon as the state is read.
    let engine = match Engine::start(options.data_dir.clone(), options.engine.clone()).await {
        Ok(engine) => engine,
        Err(problem) => {
            held.close_door();
            return Err(problem);
        }
    };
    let streams = TaskTracker::new();
    let app = App { engine: engine.clone(), stop: stop.clone(), streams: streams.clone() };
    let router = router(app, rustix::process::geteuid().as_raw());
    let served = tokio::spawn(
        axum::serve(Socket(listener), router.into_make_service_with_connect_info::<Peer>())
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future(),
    );
    tracing::info!("the engine answers");
    if options.detached {
        report(&StartReport::Ready { pid: std::process::id() });
    }
    stop.cancelled().await;
    tracing::info!("the engine stops");
    held.close_door();
    engine.shutdown().await;
    streams.close();
    let last = async {
        streams.wait().await;
        // That the server's task could have panicked matters no more.
        let _ = served.await;
    };
    if tokio::time::timeout(LAST_ANSWERS, last).await.is_err() {
        tracing::warn!("a client did not take its answer in time");
    }
    tracing::info!("the engine has stopped");
    Ok(())
}

/// The locks may be waited for, which must not hold up a runtime's thread.
async fn take(data_dir: &Path) -> Result<(lock::Held, UnixListener), Problem> {
    let folder = data_dir.to_owned();
    let failed = |error: &dyn std::fmt::Display| {
        Problem::new(ProblemCode::Failed, "engine-start-failed", "the engine cannot listen").why(error)
    };
    let taken = tokio::task::spawn_blocking(move || lock::take(&folder)).await;
    let (held, listener) = taken.map_err(|error| failed(&error))??;
    let listener = UnixListener::from_std(listener).map_err(|error| failed(&error))?;
    Ok((held, listener))
}

/// Tells the client that waits; it may be gone by now.
fn report(report: &StartReport) {
    let mut out = std::io::stdout().lock();
    if let Ok(text) = serde_json::to_string(report) {
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }
}

fn stop_on_signals() -> Result<CancellationToken, Problem> {
    let failed = |error| Problem::new(ProblemCode::Failed, "signals", "the engine cannot listen to signals").why(error);
    let mut polite = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    // The terminal that it was started from may go; the engine stays.
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = polite.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => {}
            }
        }
        told.cancel();
    });
    Ok(stop)
}
