//! The folder of an instance: everything that is known of it, on disk, for its owner alone.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::state::RunState;
use crate::model::{AppKey, DeploymentId, Instance, Timestamp};
use crate::targets::Role;

/// What an instance is and what it runs. The values of its environment are sealed beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The mark of the data folder.
    pub(super) mark: String,
    /// The app.
    pub(super) key: AppKey,
    /// The deployment.
    pub(super) deployment: DeploymentId,
    /// Whether it serves or proves itself; a candidate is not started again when it ends.
    pub(super) live: bool,
    /// Whether it is to end by itself: what is run before a new version. Records of earlier versions have none.
    #[serde(default)]
    pub(super) once: bool,
    /// The name of the process beside the app that it is. Records of earlier versions have none.
    #[serde(default)]
    pub(super) process: Option<String>,
    /// Its name, for people.
    pub(super) name: String,
    /// Its port.
    pub(super) port: Option<u16>,
    /// The address it is to listen on.
    pub(super) bind: std::net::IpAddr,
    /// The build that it runs.
    pub(super) image: String,
    /// The program with its arguments.
    pub(super) command: Vec<String>,
    /// Where it starts.
    pub(super) workdir: PathBuf,
    /// When it was made.
    pub(super) created_at: Timestamp,
}

impl Record {
    /// What it is for.
    pub(super) const fn role(&self) -> Role {
        match (self.live, self.once) {
            _ if self.process.is_some() => Role::Beside,
            (true, _) => Role::Live,
            (false, true) => Role::Release,
            (false, false) => Role::Candidate,
        }
    }

    /// The instance in the model's words.
    pub(super) fn instance(&self) -> Instance {
        Instance {
            id: id(&self.deployment, self.role(), self.process.as_deref()),
            name: self.name.clone(),
            port: self.port,
        }
    }
}

/// The identifier of an instance, and the name of its folder: short, because the path of a socket may not be long.
pub(super) fn id(deployment: &DeploymentId, role: Role, process: Option<&str>) -> String {
    match process {
        Some(process) => format!("{deployment}-{}-{process}", role.as_str()),
        None => format!("{deployment}-{}", role.as_str()),
    }
}

/// The folder of an instance.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// An existing folder or one to be made.
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Makes it; nobody else may look in.
    pub(super) fn create(&self) -> io::Result<()> {
        private_dir(&self.0)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn record(&self) -> PathBuf {
        self.0.join("instance.json")
    }

    pub(super) fn sealed_env(&self) -> PathBuf {
        self.0.join("env.sealed")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.0.join("state.json")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// What a supervisor prints when it fails itself.
    pub(super) fn errors(&self) -> PathBuf {
        self.0.join("supervisor.err")
    }

    /// Where an app may keep its process number.
    pub(super) fn pid_file(&self) -> PathBuf {
        self.0.join("app.pid")
    }

    pub(super) fn read_record(&self) -> io::Result<Record> {
        read_json(&self.record())
    }

    pub(super) fn read_state(&self) -> io::Result<RunState> {
        read_json(&self.state())
    }

    pub(super) fn write_state(&self, state: &RunState) -> io::Result<()> {
        write(&self.state(), &serde_json::to_vec(state)?)
    }
}

/// Makes a folder and those above it; new ones are for their owner alone.
pub(super) fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file for its owner alone, whole or not at all.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(content)?;
    file.sync_data()?;
    fs::rename(&beside, path)
}

pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}
