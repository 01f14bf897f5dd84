//! What detection found. The JSON of these types is what `wharf detect --json` prints; keys may be added, none changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Everything found in a folder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Detection {
    /// The path of the app that is meant where none is named; null where there is no app.
    pub primary: Option<String>,
    /// The tool that ties several apps together, where one does.
    pub monorepo: Option<Monorepo>,
    /// The deployable apps, by path.
    pub apps: Vec<AppProfile>,
    /// What could not be read or made sense of.
    pub warnings: Vec<Warning>,
    /// By an app's path, what its lock file pins beside its own dependencies: packages that those depend on.
    pub transitive: BTreeMap<String, Vec<Dependency>>,
}

/// The tool that manages a repository of several packages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Monorepo {
    /// Its name: `pnpm`, `turbo`, `cargo`, `go.work` …
    pub tool: String,
    /// The paths of all its packages, apps or not.
    pub packages: Vec<String>,
}

/// Something that detection could not read or understand; the rest of the profile stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// The file, relative to the project.
    pub file: String,
    /// What is wrong with it, with line and column where they are known.
    pub says: String,
}

/// The profile of one app.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct AppProfile {
    /// Where it is, relative to the project; `.` for the project itself.
    pub path: String,
    /// Its name: a DNS label, unique in the project.
    pub name: String,
    /// The folder under `templates/stacks/` that knows it: `node`, `python` …
    pub stack: String,
    /// The language that it is written in.
    pub language: Language,
    /// The framework; null for a plain program.
    pub framework: Option<Framework>,
    /// What installs its dependencies.
    pub package_manager: Option<String>,
    /// The exact version of it that the project asks for.
    pub package_manager_version: Option<String>,
    /// What builds or bundles it, where that is not the package manager.
    pub build_tool: Option<String>,
    /// The version of the runtime or compiler to use.
    pub runtime_version: Option<String>,
    /// Installs the dependencies; a shell command.
    pub install_command: Option<String>,
    /// Builds the app; a shell command.
    pub build_command: Option<String>,
    /// Starts it; a shell command that listens on `$PORT` or on `port`.
    pub start_command: Option<String>,
    /// Installs what its tests and its checks need, what only development depends on included; a shell command.
    pub check_install_command: Option<String>,
    /// Runs its tests once; a shell command. Null where there is nothing to test.
    pub test_command: Option<String>,
    /// Checks form and faults of its sources as the project itself asks for; a shell command that changes none of them.
    pub lint_command: Option<String>,
    /// Starts it for development, anew at each change where its tools can; a shell command that listens on `$PORT` or on
    /// `port`, on all addresses.
    pub develop_command: Option<String>,
    /// Runs once before each new version takes requests, in that version's own image: a migration of its database. A shell
    /// command; null where nothing is to run.
    pub release_command: Option<String>,
    /// What runs beside it of the same image and with the same environment, by name.
    pub processes: Vec<Process>,
    /// How it answers requests.
    pub serving: Serving,
    /// Where the build leaves files to be served, or, of a server, all that runs (`.next/standalone`), relative to the
    /// app; null where neither is so.
    pub output_dir: Option<String>,
    /// The port that it listens on; null for what listens on none.
    pub port: Option<u16>,
    /// The path to ask for its health.
    pub health_path: Option<String>,
    /// Whether that path was only guessed: neither `wharf.toml` nor a `HEALTHCHECK` of the project's names it.
    pub health_guessed: bool,
    /// The services that it needs, by the names of `templates/services/`.
    pub services: Vec<String>,
    /// The names of the environment variables that it reads, sorted.
    pub env: Vec<String>,
    /// Those of `env` without which it does not start.
    pub required_env: Vec<String>,
    /// Those of `env` that its build writes into what it makes, for anybody to read: nobody who runs it can say otherwise.
    pub build_env: Vec<String>,
    /// Its own dependencies, by name; what those depend on stands in [`Detection::transitive`].
    pub dependencies: Vec<Dependency>,
    /// The packages of the project that it depends on, by their folders relative to the project, sorted.
    pub packages: Vec<String>,
    /// How sure this profile is, 0 to 1.
    pub confidence: f64,
    /// The manifests and configuration files that were read.
    pub config_files: Vec<String>,
    /// Its own Dockerfile, relative to the project, which then is used instead of a generated one.
    pub dockerfile: Option<String>,
    /// Its own compose file, relative to the project.
    pub compose_file: Option<String>,
    /// System packages that building or running it needs, by Debian's names.
    pub system_packages: Vec<String>,
    /// What was seen, and what it says.
    pub evidence: Vec<Evidence>,
}

/// A further process of an app, such as a worker of a queue or a scheduler: one instance, which listens on no port and gets
/// no requests, until somebody stops it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Process {
    /// Its name: a DNS label of at most [`Process::LONGEST_NAME`] letters, unique in the app: `worker`, `beat`.
    pub name: String,
    /// Starts it; a shell command.
    pub command: String,
    /// Starts it for development; null where that is no other command.
    pub develop_command: Option<String>,
    /// It must never run twice at once, not even while a new version takes over: a scheduler, which would do everything
    /// twice.
    pub single: bool,
}

impl Process {
    /// So many letters a name may have.
    pub const LONGEST_NAME: usize = 20;
}

/// How an app answers requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Serving {
    /// A process of its own listens.
    #[default]
    Server,
    /// Files, served by a web server.
    Static,
    /// Nothing listens: a worker or a command.
    None,
}

/// A language with the version that the project asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Language {
    /// Its usual name: `TypeScript`, `C#`.
    pub name: String,
    /// Its version, where the project says one.
    pub version: Option<String>,
    /// How sure this is, 0 to 1.
    pub confidence: f64,
}

/// A framework with the version that the project asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Framework {
    /// Its name in lower case with hyphens: `nextjs`, `spring-boot`.
    pub name: String,
    /// Its version, exact where a lock file says it.
    pub version: Option<String>,
}

/// A package that the app depends on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Dependency {
    /// Its name in its registry.
    pub name: String,
    /// Its version: exact where a lock file says it, else as the manifest asks.
    pub version: Option<String>,
    /// What it is for.
    pub scope: DependencyScope,
}

/// What a dependency is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DependencyScope {
    /// The running app needs it.
    #[default]
    Runtime,
    /// Only building or testing needs it.
    Development,
    /// The app can do without.
    Optional,
}

/// One thing seen, and what it says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// The file, relative to the project.
    pub file: String,
    /// What it says: “depends on next 15.1.0”.
    pub says: String,
    /// How sure it makes by itself, 0 to 1, of the stack or framework that it speaks for; null where it was not weighed.
    pub weight: Option<f64>,
    /// How it stands to the profile.
    pub bearing: Bearing,
}

impl Evidence {
    /// Something that speaks for the profile, or that a value of it comes from.
    pub fn new(file: impl Into<String>, says: impl Into<String>) -> Self {
        Self { file: file.into(), says: says.into(), weight: None, bearing: Bearing::Supports }
    }

    /// The same, as sure as this makes by itself.
    #[must_use]
    pub fn weighing(self, weight: f64) -> Self {
        Self { weight: Some((weight * 100.0).round() / 100.0), ..self }
    }

    /// The same, with another bearing.
    #[must_use]
    pub fn bearing(self, bearing: Bearing) -> Self {
        Self { bearing, ..self }
    }
}

/// How a piece of evidence stands to the profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bearing {
    /// The profile says the same, or got a value from it.
    #[default]
    Supports,
    /// It says otherwise, and something else was more binding: the profile is less sure for it.
    Disagrees,
    /// What it asks for gets no fixes any more.
    Outdated,
}
