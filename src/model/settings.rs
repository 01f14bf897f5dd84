//! What a project's `wharf.toml` says.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AppProfile, Detection, Environment, Evidence, Serving};

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
    /// The port that the app listens on.
    pub port: Option<u16>,
    /// The path to ask for its health.
    pub health_path: Option<String>,
    /// The version of the runtime or compiler.
    pub runtime_version: Option<String>,
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
}

impl AppSettings {
    /// These settings, with those of `over` where it says something.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        let mut env = self.env.clone();
        env.extend(over.env.clone());
        Self {
            path: over.path.clone().or_else(|| self.path.clone()),
            install: over.install.clone().or_else(|| self.install.clone()),
            build: over.build.clone().or_else(|| self.build.clone()),
            start: over.start.clone().or_else(|| self.start.clone()),
            port: over.port.or(self.port),
            health_path: over.health_path.clone().or_else(|| self.health_path.clone()),
            runtime_version: over.runtime_version.clone().or_else(|| self.runtime_version.clone()),
            packages: over.packages.clone().or_else(|| self.packages.clone()),
            services: over.services.clone().or_else(|| self.services.clone()),
            env,
            bind: over.bind.or(self.bind),
            cpus: over.cpus.or(self.cpus),
            memory_mb: over.memory_mb.or(self.memory_mb),
            build_timeout: over.build_timeout.or(self.build_timeout),
            start_timeout: over.start_timeout.or(self.start_timeout),
        }
    }
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
        over(&mut profile.install_command, settings.install);
        over(&mut profile.build_command, settings.build);
        // Whoever says how it starts wants a process of its own, not only the files that a build leaves.
        if profile.serving == Serving::Static && settings.start.is_some() && settings.start != profile.start_command {
            profile.serving = Serving::Server;
            profile.output_dir = None;
        }
        over(&mut profile.start_command, settings.start);
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
