//! Where client and engine meet in the data folder: the socket and the locks around it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::Problem;
use crate::os::paths;

/// The folder of the locks; mode 0700.
#[must_use]
pub fn run_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("run")
}

/// The engine's socket, of mode 0600 in a folder of mode 0700.
#[must_use]
pub fn socket(data_dir: &Path) -> PathBuf {
    paths::socket_path(data_dir)
}

/// The file that the engine holds locked for as long as it lives. Its process number stands in it.
#[must_use]
pub fn lock(data_dir: &Path) -> PathBuf {
    run_dir(data_dir).join("engine.lock")
}

/// The file that a starting engine holds locked until its socket listens. Who finds no engine can wait for it.
#[must_use]
pub fn start_lock(data_dir: &Path) -> PathBuf {
    run_dir(data_dir).join("start.lock")
}

/// The folder of the engine's own log files.
#[must_use]
pub fn log_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("logs").join("engine")
}

/// What a starting engine tells the client that spawned it: one line of JSON on its standard output.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartReport {
    /// Its socket answers.
    Ready {
        /// Its process.
        pid: u32,
    },
    /// It will not run.
    Failed(Problem),
}

/// The cause of the problem that another engine runs already.
pub const ALREADY_RUNNING: &str = "engine-already-running";
