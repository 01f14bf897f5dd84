//! What the engine and a supervisor say to each other: JSON, one value a line.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::state::RunState;
use crate::model::Secret;

/// The longest value that is read: an environment with large certificates in it fits.
const MAX_VALUE: u64 = 8 * 1024 * 1024;

/// What a supervisor is to run; handed to it on its standard input, so that it stands in no list of processes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The program with its arguments.
    pub(super) command: Vec<String>,
    /// Where it starts.
    pub(super) folder: PathBuf,
    /// Its whole environment.
    pub(super) env: BTreeMap<String, Secret>,
    /// Whether it is started again when it ends.
    pub(super) restart: bool,
}

/// What a supervisor answers on its standard output once the app runs, or why it does not.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Started {
    /// The app runs, and the socket listens.
    Yes,
    /// It could not be started.
    No(String),
}

/// What a supervisor is asked over its socket.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// Tell of each change of the state, beginning with the present one.
    State,
    /// Tell how many lines the log has, beginning with the present number.
    Output,
    /// End the app: a polite signal, the end after `grace_ms`. The connection closes when all is over.
    Stop {
        /// Milliseconds.
        grace_ms: u64,
    },
}

/// What a supervisor tells over its socket.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Notice {
    /// How the app stands.
    State(RunState),
    /// The position of the log's last line.
    Output(u64),
}

/// Writes one value.
pub(super) async fn send(to: &mut (impl AsyncWrite + Unpin), value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    to.flush().await
}

/// Reads one value; none at the end.
pub(super) async fn receive<T: DeserializeOwned>(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    from.take(MAX_VALUE).read_until(b'\n', &mut line).await?;
    if line.is_empty() { Ok(None) } else { Ok(Some(serde_json::from_slice(&line)?)) }
}
