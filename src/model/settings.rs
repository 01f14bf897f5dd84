//! What a project's `wharf.toml` says.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AppProfile, Detection, Environment, Evidence, Process, Serving, names_a_secret};

/// A project's settings: what holds for all apps, for one app, for one environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// For every app.
    pub app: AppSettings,
    /// For one app, by its name or its path. Where any of them says a `path`, those that do are the project's apps.
    pub apps: BTreeMap<String, AppSettings>,
    /// For every app in one environment.
    pub environments: BTreeMap<Environment, AppSettings>,
    /// What `wharf generate` makes, by the names that `--only` takes; null for what was made before, or the usual.
    pub generate: Option<Vec<String>>,
    /// The branch that is delivered; null for `main`.
    pub branch: Option<String>,
}

/// What can be said about an app. What is absent is left to detection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AppSettings {
    /// Where the app is, relative to the project; only for one of the `apps`, which then is called by its key.
    pub path: Option<String>,
    /// Instead of the detected install command.
    pub install: Option<String>,
    /// Instead of the detected build command.
    pub build: Option<String>,
    /// Instead of the detected start command.
    pub start: Option<String>,
    /// Instead of the detected test command.
    pub test: Option<String>,
    /// Instead of the detected lint command.
    pub lint: Option<String>,
    /// Instead of the detected develop command.
    pub develop: Option<String>,
    /// Instead of the command that was found to run before each new version.
    pub release: Option<String>,
    /// Processes that run beside it, by name: instead of those that were found, or besides them.
    pub processes: BTreeMap<String, ProcessSettings>,
    /// The port that the app listens on.
    pub port: Option<u16>,
    /// The path to ask for its health.
    pub health_path: Option<String>,
    /// The version of the runtime or compiler.
    pub runtime_version: Option<String>,
    /// The versions of it that pipelines run the tests on; null for that one alone.
    pub test_versions: Option<Vec<String>>,
    /// System packages that building or running it needs, by Debian's names; an empty list means none.
    pub packages: Option<Vec<String>>,
    /// The services that it needs, `postgres` or with a version `postgres:16`; an empty list means none.
    pub services: Option<Vec<String>>,
    /// Environment variables with their values. Not the place for secrets.
    pub env: BTreeMap<String, String>,
    /// The address of the host to publish on; loopback where nothing is said.
    #[schema(value_type = Option<String>)]
    pub bind: Option<IpAddr>,
    /// How many processor cores it may use.
    pub cpus: Option<f64>,
    /// How much memory it may use, in MiB.
    pub memory_mb: Option<u64>,
    /// Seconds that a build may take.
    pub build_timeout: Option<u64>,
    /// Seconds until it must have started and turned healthy.
    pub start_timeout: Option<u64>,
    /// How many of it run at least, where generated infrastructure scales it.
    pub min_replicas: Option<u32>,
    /// How many of it run at most there.
    pub max_replicas: Option<u32>,
    /// The host name under which it is reached there.
    pub domain: Option<String>,
    /// The secret of a cluster with which its image is fetched from a private registry.
    pub pull_secret: Option<String>,
    /// How much it says in its log: `debug`, `info`, `warn`, `error`.
    pub log_level: Option<String>,
    /// Whether errors may say what is inside.
    pub debug: Option<bool>,
    /// For how many days its log is kept.
    pub log_days: Option<u32>,
    /// For how many days the backups of its databases are kept; zero for none.
    pub backup_days: Option<u32>,
    /// How much a database of it may hold, in GB.
    pub storage_gb: Option<u32>,
    /// Whether its data is kept from being deleted by mistake.
    pub deletion_protection: Option<bool>,
    /// Whether it is to survive the failure of one data centre.
    pub highly_available: Option<bool>,
    /// What it runs on, where generated infrastructure puts it; null for a service.
    pub compute: Option<RunsOn>,
    /// What begins a deployment by a pipeline; only for an environment.
    pub triggers: Option<Vec<Trigger>>,
    /// Whether a person has to agree to a deployment by a pipeline; only for an environment.
    pub approval: Option<bool>,
}

/// What can be said about a process of an app. What is absent is left to detection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessSettings {
    /// Instead of the command that was found; one that was not found has to say it.
    pub command: Option<String>,
    /// Starts it for development; null for the same command.
    pub develop: Option<String>,
    /// Whether it must never run twice at once.
    pub single: Option<bool>,
    /// Whether it runs; null for yes.
    pub enabled: Option<bool>,
}

/// What an app runs on in a cloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunsOn {
    /// The cloud's service for containers that stay: ECS on Fargate, App Service, Cloud Run.
    #[default]
    Service,
    /// Only while a request is answered: Lambda, Azure Functions, Cloud Run without idle instances.
    Function,
    /// A machine or a container group of its own: EC2, Container Instances; on Cloud Run processors that it keeps.
    Instance,
}

impl RunsOn {
    /// As settings say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Function => "function",
            Self::Instance => "instance",
        }
    }
}

/// What begins a deployment by a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A change of the branch that is delivered.
    Push,
    /// A proposed change.
    PullRequest,
    /// A new tag.
    Tag,
    /// The time: each night.
    Schedule,
    /// A person.
    Manual,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Push, Self::PullRequest, Self::Tag, Self::Schedule, Self::Manual];
}

impl AppSettings {
    /// These settings, with those of `over` where it says something.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        let mut env = self.env.clone();
        env.extend(over.env.clone());
        let mut processes = self.processes.clone();
        for (name, over) in &over.processes {
            let below = processes.entry(name.clone()).or_default();
            *below = below.overlaid(over);
        }
        macro_rules! overlaid {
            ($($key:ident)*) => { Self { env, processes, $($key: over.$key.clone().or_else(|| self.$key.clone()),)* } };
        }
        overlaid!(
            path install build start test lint develop release port health_path runtime_version test_versions packages services bind cpus
            memory_mb build_timeout start_timeout min_replicas max_replicas domain pull_secret log_level debug log_days backup_days storage_gb
            deletion_protection highly_available compute triggers approval
        )
    }
}

impl ProcessSettings {
    fn overlaid(&self, over: &Self) -> Self {
        macro_rules! overlaid {
            ($($key:ident)*) => { Self { $($key: over.$key.clone().or_else(|| self.$key.clone()),)* } };
        }
        overlaid!(command develop single enabled)
    }

    /// The process with what is said instead; none where it is not to run, or nothing says how.
    fn applied_to(&self, name: &str, found: Option<&Process>) -> Option<Process> {
        let found = found.filter(|_| self.enabled != Some(false));
        let process = match (&self.command, found) {
            (Some(command), found) if self.enabled != Some(false) => Process {
                name: name.to_owned(),
                command: command.clone(),
                // Of another command that one says nothing.
                develop_command: found.filter(|it| it.command == *command).and_then(|it| it.develop_command.clone()),
                single: found.is_some_and(|it| it.single),
            },
            (_, found) => found?.clone(),
        };
        Some(Process {
            develop_command: self.develop.clone().or(process.develop_command),
            single: self.single.unwrap_or(process.single),
            ..process
        })
    }
}

/// The processes that were found, with what the settings say instead, by name.
fn processes(found: &[Process], said: &BTreeMap<String, ProcessSettings>) -> Vec<Process> {
    let mut all: BTreeMap<&str, Process> = found.iter().map(|one| (one.name.as_str(), one.clone())).collect();
    for (name, said) in said {
        match said.applied_to(name, all.get(name.as_str())) {
            Some(process) => all.insert(name, process),
            None => all.remove(name.as_str()),
        };
    }
    all.into_values().collect()
}

impl Settings {
    /// The apps that have a path of their own: path and name. Where there are any, they are the project's apps.
    pub fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        self.apps.iter().filter_map(|(name, app)| Some((app.path.as_deref()?, name.as_str())))
    }

    /// What was detected, with what the settings say instead.
    #[must_use]
    pub fn applied(&self, detection: &Detection, environment: Environment) -> Detection {
        let apps = detection.apps.iter().map(|app| self.applied_to(app, environment)).collect();
        Detection { apps, ..detection.clone() }
    }

    /// What holds for one app in one environment: all apps, then the environment, then the app by path, then by name.
    #[must_use]
    pub fn resolve(&self, app: &AppProfile, environment: Environment) -> AppSettings {
        let layers = [self.environments.get(&environment), self.apps.get(&app.path), self.apps.get(&app.name)];
        layers.into_iter().flatten().fold(self.app.clone(), |below, over| below.overlaid(over))
    }

    /// The profile with what the settings say instead of what was detected.
    #[must_use]
    pub fn applied_to(&self, app: &AppProfile, environment: Environment) -> AppProfile {
        let settings = self.resolve(app, environment);
        let mut profile = app.clone();
        let over = |slot: &mut Option<String>, value: Option<String>| {
            if value.is_some() {
                *slot = value;
            }
        };
        // Where checks need nothing more than the rest, they are installed alike.
        if app.check_install_command == app.install_command {
            over(&mut profile.check_install_command, settings.install.clone());
        }
        over(&mut profile.install_command, settings.install);
        over(&mut profile.build_command, settings.build);
        // Whoever says how it starts wants a process of its own, not only the files that a build leaves.
        if settings.start.is_some() && settings.start != profile.start_command {
            profile.output_dir = None;
            if profile.serving == Serving::Static {
                profile.serving = Serving::Server;
            }
        }
        over(&mut profile.start_command, settings.start);
        over(&mut profile.test_command, settings.test);
        over(&mut profile.lint_command, settings.lint);
        over(&mut profile.develop_command, settings.develop);
        over(&mut profile.release_command, settings.release);
        profile.processes = processes(&app.processes, &settings.processes);
        profile.health_guessed &= settings.health_path.is_none();
        over(&mut profile.health_path, settings.health_path);
        over(&mut profile.runtime_version, settings.runtime_version);
        if settings.port.is_some() {
            profile.port = settings.port;
            // Whoever says where it listens says that it does.
            if profile.serving == Serving::None {
                profile.serving = Serving::Server;
            }
        }
        if let Some(packages) = settings.packages {
            profile.system_packages = packages;
        }
        if let Some(services) = settings.services {
            profile.services = services;
        }
        // What sounds secret goes into no build, unless somebody says it where no secrets are.
        let is_kept = |name: &String| names_a_secret(name) && !settings.env.contains_key(name);
        let kept: Vec<String> = profile.build_env.extract_if(.., |name| is_kept(name)).collect();
        profile.env.retain(|name| !kept.contains(name));
        profile.required_env.retain(|name| !kept.contains(name));
        profile.evidence.extend(overruling(app, &profile));
        profile
    }
}

/// What the settings say otherwise than was detected, as evidence of it.
fn overruling(found: &AppProfile, settled: &AppProfile) -> Option<Evidence> {
    let said = [
        ("install", found.install_command != settled.install_command),
        ("build", found.build_command != settled.build_command),
        ("start", found.start_command != settled.start_command),
        ("test", found.test_command != settled.test_command),
        ("lint", found.lint_command != settled.lint_command),
        ("develop", found.develop_command != settled.develop_command),
        ("release", found.release_command != settled.release_command),
        ("processes", found.processes != settled.processes),
        ("health_path", found.health_path != settled.health_path),
        ("runtime_version", found.runtime_version != settled.runtime_version),
        ("port", found.port != settled.port),
        ("packages", found.system_packages != settled.system_packages),
        ("services", found.services != settled.services),
    ];
    let said: Vec<&str> = said.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect();
    let says = format!("says {} instead of what was found", said.join(", "));
    (!said.is_empty()).then(|| Evidence::new("wharf.toml", says))
}
