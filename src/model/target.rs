//! Places to deploy to, and what runs there.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A kind of place to deploy to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// A Docker Engine.
    #[default]
    Docker,
    /// Supervised child processes on this machine.
    Process,
}

impl TargetKind {
    /// All kinds there are.
    pub const ALL: [Self; 2] = [Self::Docker, Self::Process];

    /// The word used in commands and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Process => "process",
        }
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for TargetKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("“{text}” is no target: use docker or process"))
    }
}

/// One place: the kind, and which of them where there are several.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct TargetRef {
    /// The kind.
    pub kind: TargetKind,
    /// The Docker host as in `DOCKER_HOST` (`unix:///var/run/docker.sock`), read from the client's environment or
    /// context; null for the engine's default and for other kinds.
    pub host: Option<String>,
}

/// Whether a place answers, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetStatus {
    /// The place.
    pub target: TargetRef,
    /// Whether it can be deployed to.
    pub available: bool,
    /// What answers: “Docker 20.10.24, API 1.41”; or why nothing does.
    pub detail: String,
}

/// What runs for a deployment on its target: a container, a supervised process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Instance {
    /// The target's own identifier: a container's id, a supervisor's folder.
    pub id: String,
    /// Its name there.
    pub name: String,
    /// The port on the host that leads to it; null where it listens on none.
    pub port: Option<u16>,
}

/// What an instance does just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InstanceState {
    /// It runs.
    Running {
        /// How often it was restarted by its supervisor.
        restarts: u32,
    },
    /// It ended and waits to be started again by its supervisor.
    Restarting {
        /// How often it was restarted so far.
        restarts: u32,
        /// The last exit code, where there is one.
        exit_code: Option<i32>,
    },
    /// It does not run.
    Exited {
        /// Its exit code; null where a signal ended it or nobody knows.
        exit_code: Option<i32>,
        /// What the target says about it: `out of memory`, `signal 9`.
        detail: String,
    },
    /// The target does not know it.
    Gone,
}
