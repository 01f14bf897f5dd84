//! What a deployment would run. Pure data: written to the store and read back it is equal.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AppKey, AppProfile, Artifact, Millis, TargetRef};

/// Everything that a deployment would run, decided before anything is touched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// What is deployed.
    pub key: AppKey,
    /// The project's name, for the names of containers and folders.
    pub project_name: String,
    /// Where to.
    pub target: TargetRef,
    /// Where the code comes from.
    pub source: Source,
    /// The profile after the settings, without its list of dependencies; the artifacts follow from it alone.
    pub profile: AppProfile,
    /// How the image, or the folder to run in, is made.
    pub build: BuildPlan,
    /// What runs.
    pub compute: Compute,
    /// What it keeps.
    pub storage: Vec<Volume>,
    /// How it is reached by others.
    pub network: NetworkPlan,
    /// The services beside it.
    pub services: Vec<ServicePlan>,
    /// Its ports.
    pub ports: PortPlan,
    /// Its environment variables, by name.
    pub env: Vec<EnvVar>,
    /// How many of it.
    pub scaling: Scaling,
    /// What it may not do.
    pub security: Security,
    /// How its health is judged.
    pub health: HealthCheck,
    /// How long each part may take.
    pub timeouts: Timeouts,
}

impl Plan {
    /// The variables that the build writes into what it makes, each with its value. A sealed one is none of them.
    pub fn build_arguments(&self) -> impl Iterator<Item = (&str, &str)> {
        let built = |name: &String| self.profile.build_env.contains(name);
        self.env.iter().filter(move |variable| built(&variable.name)).filter_map(|variable| match &variable.value {
            EnvValue::Plain(value) => Some((variable.name.as_str(), value.as_str())),
            EnvValue::Secret(_) | EnvValue::Around { .. } => None,
        })
    }
}

/// Where code comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The project's folder as it is.
    Folder,
    /// A git repository.
    Git {
        /// Its address, without credentials.
        url: String,
        /// The branch, tag or commit asked for; null for the default branch.
        reference: Option<String>,
        /// The commit that was checked out.
        commit: Option<String>,
    },
}

/// How an image, or the folder to run in, is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildPlan {
    /// The folder that is sent to the builder, relative to the project.
    pub context: String,
    /// The Dockerfile, relative to the project: the project's own, or that of `artifacts`.
    pub dockerfile: String,
    /// The generated files that lie over the project's during the build. The project's folder is not written to.
    pub artifacts: Vec<Artifact>,
    /// For targets without images: the shell commands that prepare the folder, in order.
    pub commands: Vec<String>,
}

/// What runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Compute {
    /// The shell command that starts the app; null where the image says it.
    pub command: Option<String>,
    /// The folder in which it starts, relative to the project; for targets without images.
    pub workdir: String,
    /// What it may use.
    pub limits: Limits,
}

/// What an app may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Processor cores; null for all.
    pub cpus: Option<f64>,
    /// Bytes of memory; null for all.
    pub memory_bytes: Option<u64>,
}

/// A named volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Volume {
    /// Its name on the target.
    pub name: String,
    /// Where it is mounted.
    pub mount: String,
}

/// How an app is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NetworkPlan {
    /// The network that the app shares with its services; one for each [`AppKey`].
    pub name: String,
    /// The address of the host that its port is published on.
    #[schema(value_type = String)]
    pub bind: IpAddr,
}

/// A service beside the app: a database, a cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServicePlan {
    /// Its name in `templates/services/`, and its host name on the network.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The port it listens on inside the network.
    pub port: u16,
    /// Its command where the image's is not enough; exec form.
    pub command: Vec<String>,
    /// Its environment.
    pub env: Vec<EnvVar>,
    /// Where it keeps its data.
    pub volumes: Vec<Volume>,
    /// The command that exits 0 when it is ready; exec form, run inside.
    pub ready: Vec<String>,
}

/// The app's ports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortPlan {
    /// What the app listens on inside; null where it listens on nothing. Handed to it as `PORT`.
    pub container: Option<u16>,
    /// The host's port that was asked for; null to be given one.
    pub wanted: Option<u16>,
}

/// One environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub value: EnvValue,
}

/// Where a value comes from. A secret's value is never part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnvValue {
    /// As it stands here.
    Plain(String),
    /// A sealed value of this [`AppKey`], by its name in the store.
    Secret(String),
    /// Text with one sealed value in it: `before`, the value, `after`. For connection strings.
    Around {
        /// What stands before the value.
        before: String,
        /// The sealed value's name; the value is percent-encoded for a URL.
        secret: String,
        /// What stands after the value.
        after: String,
    },
}

/// How many instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Scaling {
    /// At least.
    pub min: u16,
    /// At most.
    pub max: u16,
}

/// What an instance may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Security {
    /// No new privileges through setuid programs.
    pub no_new_privileges: bool,
    /// All capabilities are dropped.
    pub drop_capabilities: bool,
    /// At most this many processes.
    pub pids_limit: i64,
}

/// How health is judged, from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthCheck {
    /// What is asked.
    pub probe: HealthProbe,
    /// Time between checks once it is healthy.
    pub interval: Millis,
    /// Time that one check may take.
    pub timeout: Millis,
    /// Failures in a row after which it is unhealthy.
    pub retries: u32,
}

/// What is asked to judge health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthProbe {
    /// `GET` of this path answers with a status below 400.
    Http {
        /// The path.
        path: String,
    },
    /// The port takes a connection.
    Tcp,
    /// It runs; for what listens on nothing.
    Running,
    /// `GET` of this path answers with a status below 500: nobody said that the path is there, but the app answers.
    Guessed {
        /// The path.
        path: String,
    },
}

/// How long each part may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Timeouts {
    /// The build.
    pub build: Millis,
    /// Services until they are ready, start and health, each.
    pub start: Millis,
    /// Between the polite signal and the end.
    pub stop: Millis,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { build: Millis::from_secs(30 * 60), start: Millis::from_secs(300), stop: Millis::from_secs(10) }
    }
}
