//! The client: the engine's methods, asked over its socket.
//!
//! *Architecture invariant:* every client, the control center too, reaches the engine through [`Client`].

mod calls;
mod follow;
mod handshake;
mod launch;
mod stream;
mod transport;

use std::path::{Path, PathBuf};

pub use follow::{Update, follow, follow_logs};
pub use launch::stop;
pub use stream::{Stream, StreamEnd};

use crate::model::{EngineInfo, Problem, ProblemCode};
use transport::Transport;

/// A connection to an engine; cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Transport,
    data_dir: PathBuf,
}

impl Client {
    /// Connects to the engine of that data folder. None there is a problem of the cause [`NOT_RUNNING`], one of
    /// another version of the cause [`VERSION_MISMATCH`].
    pub async fn connect(data_dir: &Path) -> Result<Self, Problem> {
        let transport = Transport::new(data_dir)?;
        handshake::greet(&transport).await?;
        Ok(Self { transport, data_dir: data_dir.to_owned() })
    }

    /// Connects to the engine of that data folder and starts `executable` as one where none answers. However many
    /// clients do so at once, one engine runs afterwards.
    pub async fn connect_or_start(data_dir: &Path, executable: &Path) -> Result<Self, Problem> {
        match Self::connect(data_dir).await {
            Err(problem) if is_away(&problem) => launch::start(data_dir, executable).await,
            answer => answer,
        }
    }

    /// The data folder whose engine this is.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// What the engine says of itself.
    pub async fn info(&self) -> Result<EngineInfo, Problem> {
        self.transport.get(super::routes::ENGINE, &()).await
    }
}

/// The cause of the problem that no engine runs.
pub const NOT_RUNNING: &str = "engine-not-running";
/// The cause of the problem that the engine was stopped while a stream was open.
pub const STOPPED: &str = "engine-stopped";
/// The cause of the problem that the connection to a running engine broke.
pub const LOST: &str = "engine-lost";
/// The cause of the problem that client and engine are of different versions.
pub const VERSION_MISMATCH: &str = "engine-version-mismatch";

/// Whether there is no engine to talk to: none runs, or the one that took the connection was just dying.
fn is_away(problem: &Problem) -> bool {
    [NOT_RUNNING, LOST].contains(&problem.cause.as_str())
}

fn not_running(why: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::Unreachable, NOT_RUNNING, "no engine runs for this data folder")
        .why(why)
        .fix("start it with `wharf engine start`; every command that needs it does so too")
}

fn stopped() -> Problem {
    Problem::new(ProblemCode::Unreachable, STOPPED, "the engine was stopped")
        .why("somebody ran `wharf engine stop`, or ended its process politely")
        .fix("start it with `wharf engine start`: it settles what it left; what is deployed kept running")
}

fn lost(why: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::Unreachable, LOST, "the engine went away in the middle")
        .why(why)
        .fix("deployments go on without it; see `wharf engine status` and its log in the data folder")
}
