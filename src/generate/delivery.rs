//! What the templates of pipelines and infrastructure are filled in with: the whole project in its environments.
//!
//! *Architecture invariant:* names of environment variables stand here, values never.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use super::container::Container;
use super::develop::Develop;
use super::escape::{is_env_name, slug};
use super::order::Order;
use super::processes::{self, Beside};
use super::services::{self, Service, StandsIn};
use super::{docker, view};
use crate::model::{AppProfile, AppSettings, Environment, Problem, RunsOn, Trigger, names_a_secret};

/// Where the environments are defined: for each what a project's `wharf.toml` may say otherwise.
const DEFINITION: &str = "environments.toml";

/// Everything about the project.
#[derive(Serialize)]
pub(super) struct Delivery<'a> {
    /// Its name; any text.
    project: &'a str,
    /// The same for where only small letters, digits and hyphens go.
    slug: String,
    /// The branch that is delivered.
    branch: &'a str,
    /// The apps as they are where nothing tells environments apart.
    pub(super) apps: Vec<App<'a>>,
    /// What the apps need, each once.
    services: Vec<&'a Service>,
    /// Whether the project has a compose file of its own.
    own_compose: bool,
    /// Whether it has a `.env.example` of its own, which stays as it is.
    own_env: bool,
    /// The variables that somebody has to give a value in any environment, and whose they are.
    needed: Vec<Needed<'a>>,
    /// Those that may have one.
    wanted: BTreeSet<&'a str>,
    /// Those that builds write into what they make.
    built: Vec<Built<'a>>,
    /// The services with a password in any environment, each once.
    passwords: Vec<&'a Service>,
    /// Development, staging, production.
    pub(super) environments: Vec<InEnvironment<'a>>,
    /// What is the same in all of them.
    everywhere: Everywhere<'a>,
    /// For everything that begins a deployment the environments that it begins one in, in their order.
    triggers: BTreeMap<Trigger, Vec<Environment>>,
}

/// The project in one environment.
#[derive(Serialize)]
pub(super) struct InEnvironment<'a> {
    pub(super) name: Environment,
    /// `dev`, `stage`, `prod`: for names that must be short.
    short: &'static str,
    /// What is not any one app's.
    size: Size,
    /// What the apps need there, each once.
    services: Vec<&'a Service>,
    pub(super) apps: Vec<App<'a>>,
}

/// The names of what is the same in every environment, but for how much of it there is.
#[derive(Serialize)]
struct Everywhere<'a> {
    apps: Vec<&'a str>,
    services: Vec<&'a str>,
    /// Whether these are all that there are.
    is_all: bool,
}

/// A variable that somebody has to give a value.
#[derive(Serialize)]
struct Needed<'a> {
    name: &'a str,
    apps: Vec<&'a str>,
}

/// A variable that a build writes into what it makes.
#[derive(Serialize)]
struct Built<'a> {
    name: &'a str,
    required: bool,
}

/// One app in one environment. Commands are text for a shell; what a profile does not say is null, or empty text.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Serialize)]
pub(super) struct App<'a> {
    /// A DNS label, unique in the project.
    pub(super) name: &'a str,
    /// Its folder, relative to the project; `.` for the project itself.
    path: &'a str,
    stack: &'a str,
    language: &'a str,
    framework: &'a str,
    framework_version: Option<&'a str>,
    /// The version of the runtime that is asked for, and those that its tests run on where they run on several.
    runtime: Option<&'a str>,
    test_versions: Vec<String>,
    package_manager: &'a str,
    package_manager_version: Option<&'a str>,
    install: Option<&'a str>,
    /// Installs what building, linting and testing need.
    check_install: Option<&'a str>,
    lint: Option<&'a str>,
    test: Option<&'a str>,
    build: Option<&'a str>,
    start: Option<&'a str>,
    /// What runs once before each new version, in its image: the words that go in the place of those that start it.
    /// Null for nothing.
    release: Option<Vec<String>>,
    /// Whether the same can be run from the sources.
    release_from_sources: bool,
    /// What runs beside it.
    processes: Vec<Beside<'a>>,
    /// Where built files lie, relative to the app; null for what is no static site.
    output_dir: Option<&'a str>,
    /// `server`, `static` or `none`.
    serving: crate::model::Serving,
    /// Where its container listens; zero for what listens on nothing.
    port: u16,
    /// Empty where only the port can be probed.
    health_path: &'a str,
    /// A status from this on means that it is not well.
    unwell_from: u16,
    /// Its Dockerfile, and the folder that it is built from, relative to the project.
    dockerfile: String,
    context: String,
    dockerfile_in_context: String,
    /// Whether the project has that Dockerfile of its own, which may start something that reaps no children.
    own_dockerfile: bool,
    /// The name of its image, without registry and tag.
    image: String,
    /// The number of the user that its container runs as.
    user: u32,
    /// The folders that it writes into while it runs, and whether it writes nowhere else.
    writes: &'a [String],
    read_only: bool,
    /// Its name beside the names of services.
    host: String,
    /// The port of one's own machine that leads to it, unlike that of its sisters, and what `.env` calls it.
    host_port: u16,
    host_port_name: String,
    /// The address of the machine that its port is published on.
    bind: String,
    /// Where a debugger on the machine finds it; zero where none can.
    debug_host_port: u16,
    /// Whether it is nothing but files that are built once, and so needs no container where somebody else serves files.
    site: bool,
    /// The services that it needs, by name.
    services: Vec<&'a str>,
    /// What it is told to reach its services.
    connections: Vec<Connection<'a>>,
    /// What it has elsewhere, where a service stands in for that only while it is developed.
    elsewhere: Vec<&'a StandsIn>,
    /// The names of other variables that it reads: those that anybody may see, and those that nobody may.
    variables: Vec<&'a str>,
    secrets: Vec<&'a str>,
    /// Those that its build writes into what it makes, which nobody can say to what runs, and which of them it must have.
    build_env: Vec<&'a str>,
    build_required: Vec<&'a str>,
    /// Those of `variables` and `secrets` without which it does not start, and the rest.
    required: Vec<&'a str>,
    optional: Vec<&'a str>,
    /// Those that a run of its tests has to give it: without those that installing it makes.
    check_required: Vec<&'a str>,
    /// Whether what it depends on in the project is built by its own build, which has to come before what reads that.
    builds_first: bool,
    /// The files that detection read in its folder.
    files: Vec<&'a str>,
    /// All that it read for it, relative to the project: a lock file may lie above.
    config_files: &'a [String],
    system_packages: Vec<&'a str>,
    /// How it runs from its sources; null where that is not known.
    develop: Option<&'a Develop>,
    /// `service`, `function` or `instance`.
    compute: RunsOn,
    /// Whether it has a host name of its own in any environment.
    has_domain: bool,
    size: Size,
}

/// A variable that leads to a service.
#[derive(Clone, PartialEq, Eq, Serialize)]
struct Connection<'a> {
    name: &'a str,
    service: &'a str,
    /// Its text with `{host}`, `{port}` and `{password}` where those go; for the filter `fill`.
    value: &'a str,
    /// Whether a password stands in it.
    secret: bool,
    /// Whether its service stands in for something that no cloud runs.
    stands_in: bool,
}

/// How much of everything there is, and how careful one is with it.
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Clone, Serialize)]
pub(super) struct Size {
    /// Processor cores.
    cpus: f64,
    memory_mb: u64,
    min_replicas: u32,
    max_replicas: u32,
    log_level: String,
    /// Whether errors may say what is inside.
    debug: bool,
    log_days: u32,
    /// Zero for none.
    backup_days: u32,
    /// Of a database.
    storage_gb: u32,
    deletion_protection: bool,
    /// Whether the failure of one data centre is to be survived.
    highly_available: bool,
    /// The host name under which it is reached; null where nobody said one.
    domain: Option<String>,
    /// The secret with which a cluster fetches its image; null where nobody said one.
    pull_secret: Option<String>,
    /// What begins a deployment.
    triggers: Vec<Trigger>,
    /// Whether a person has to agree.
    approval: bool,
}

/// What everything in [`Delivery`] is borrowed from.
pub(super) struct Ground {
    definition: BTreeMap<Environment, AppSettings>,
    profiles: BTreeMap<Environment, Vec<(AppProfile, Container)>>,
    services: BTreeMap<Environment, Vec<Service>>,
}

impl Ground {
    /// The apps under the settings of each environment, and their services.
    pub(super) fn new(order: &Order<'_>) -> Result<Self, Problem> {
        let applied = |environment: Environment| {
            let profiles = order.apps.iter().map(|app| order.settings.applied_to(app, environment));
            let with_container = |profile| Container::new(&profile, order.templates).map(|it| (profile, it));
            profiles.map(with_container).collect::<Result<Vec<_>, Problem>>()
        };
        let mut profiles = BTreeMap::new();
        for environment in Environment::ALL {
            profiles.insert(environment, applied(environment)?);
        }
        let mut services: BTreeMap<Environment, Vec<Service>> = BTreeMap::new();
        for (environment, (profile, _)) in profiles.iter().flat_map(|(it, all)| all.iter().map(move |one| (it, one))) {
            let there = services.entry(*environment).or_default();
            for service in services::of(profile, order.templates)? {
                if !there.iter().any(|known| known.name == service.name) {
                    there.push(service);
                }
            }
        }
        Ok(Self { definition: order.templates.settings(DEFINITION)?.unwrap_or_default(), profiles, services })
    }

    fn names_a_domain(&self, order: &Order<'_>, profile: &AppProfile) -> bool {
        Environment::ALL.into_iter().any(|environment| {
            let usual = self.definition.get(&environment).is_some_and(|usual| usual.domain.is_some());
            usual || order.settings.resolve(profile, environment).domain.is_some()
        })
    }
}

impl<'a> Delivery<'a> {
    pub(super) fn new(order: &Order<'a>, ground: &'a Ground) -> Self {
        let mut environments: Vec<_> =
            Environment::ALL.into_iter().map(|it| in_environment(order, ground, it)).collect();
        let usual = order.environment.unwrap_or(Environment::Production);
        let usual = environments.iter().find(|one| one.name == usual);
        let (apps, services) = usual.map(|one| (one.apps.clone(), one.services.clone())).unwrap_or_default();
        // Infrastructure is written once for all environments: what an app runs on is no difference between them.
        for app in environments.iter_mut().flat_map(|one| &mut one.apps) {
            app.compute = apps.iter().find(|usual| usual.name == app.name).map_or(app.compute, |usual| usual.compute);
        }
        let everywhere = || environments.iter().flat_map(|one| &one.apps);
        let names: BTreeSet<&str> = everywhere().flat_map(|app| app.required.iter().copied()).collect();
        let optional = everywhere().flat_map(|app| &app.optional).copied();
        let wanted = optional.filter(|name| !names.contains(name)).collect();
        let built: BTreeSet<&str> = everywhere().flat_map(|app| app.build_env.iter().copied()).collect();
        let is_required = |name: &&str| everywhere().any(|app| app.build_required.contains(name));
        let built = built.into_iter().map(|name| Built { name, required: is_required(&name) }).collect();
        let passwords = environments.iter().flat_map(|one| &one.services).filter(|service| service.password.is_some());
        let passwords: BTreeMap<&str, &'a Service> = passwords.map(|one| (one.name.as_str(), *one)).collect();
        let needed = names.into_iter().map(|name| Needed {
            name,
            apps: apps
                .iter()
                .filter(|app| everywhere().any(|one| one.name == app.name && one.required.contains(&name)))
                .map(|app| app.name)
                .collect(),
        });
        let needed = needed.collect();
        Self {
            project: order.project,
            slug: slug(order.project),
            branch: order.settings.branch.as_deref().unwrap_or("main"),
            own_env: order.apps.iter().any(|app| app.config_files.iter().any(|file| file == ".env.example")),
            own_compose: order.apps.iter().any(|app| app.compose_file.is_some()),
            needed,
            wanted,
            built,
            passwords: passwords.into_values().collect(),
            apps,
            services,
            triggers: Trigger::ALL.into_iter().map(|trigger| (trigger, begun_by(trigger, &environments))).collect(),
            everywhere: Everywhere::new(&environments),
            environments,
        }
    }
}

impl<'a> Everywhere<'a> {
    fn new(environments: &[InEnvironment<'a>]) -> Self {
        let has_app = |all: &InEnvironment<'_>, wanted: &App<'_>| all.apps.iter().any(|app| app.is_like(wanted));
        let has = |all: &InEnvironment<'_>, wanted: &Service| {
            all.services.iter().any(|one| (&one.name, &one.image) == (&wanted.name, &wanted.image))
        };
        let first = environments.first();
        let apps = first.into_iter().flat_map(|first| &first.apps);
        let apps = apps.filter(|app| environments.iter().all(|all| has_app(all, app)));
        let services = first.into_iter().flat_map(|first| first.services.iter().copied());
        let services = services.filter(|service| environments.iter().all(|all| has(all, service)));
        let apps: Vec<_> = apps.map(|app| app.name).collect();
        let services: Vec<_> = services.map(|service| service.name.as_str()).collect();
        let is_all =
            environments.iter().all(|all| (all.apps.len(), all.services.len()) == (apps.len(), services.len()));
        Self { apps, services, is_all }
    }
}

fn begun_by(trigger: Trigger, environments: &[InEnvironment<'_>]) -> Vec<Environment> {
    environments.iter().filter(|one| one.size.triggers.contains(&trigger)).map(|one| one.name).collect()
}

fn in_environment<'a>(order: &Order<'a>, ground: &'a Ground, name: Environment) -> InEnvironment<'a> {
    let usual = ground.definition.get(&name).cloned().unwrap_or_default();
    let said = order.settings.environments.get(&name).cloned().unwrap_or_default();
    let short = match name {
        Environment::Development => "dev",
        Environment::Staging => "stage",
        Environment::Production => "prod",
    };
    let profiles = ground.profiles.get(&name).map(Vec::as_slice).unwrap_or_default();
    let services = ground.services.get(&name).map(Vec::as_slice).unwrap_or_default();
    let size = Size::new(&usual.overlaid(&order.settings.app).overlaid(&said));
    let mut apps: Vec<App<'_>> = Vec::new();
    for (profile, container) in profiles {
        let settings = usual.overlaid(&order.settings.resolve(profile, name));
        let mut app =
            App::new(profile, container, order, (name, services), &settings, ground.names_a_domain(order, profile));
        while app.port > 0 && apps.iter().any(|other| other.host_port == app.host_port) {
            app.host_port = app.host_port.checked_add(1).unwrap_or(1024);
        }
        while app.debug_host_port > 0 && apps.iter().any(|other| other.debug_host_port == app.debug_host_port) {
            app.debug_host_port = app.debug_host_port.checked_add(1).unwrap_or(1024);
        }
        apps.push(app);
    }
    let taken = apps.iter().map(|app| app.host.clone()).chain(services.iter().map(|service| service.name.clone()));
    let mut taken: Vec<String> = taken.chain(apps.iter().map(|app| format!("{}-release", app.host))).collect();
    for app in &mut apps {
        processes::settle(&mut app.processes, &mut taken);
    }
    let services = services.iter().filter(|service| service.runs_in(name)).collect();
    InEnvironment { name, short, size, services, apps }
}

impl<'a> App<'a> {
    fn new(
        profile: &'a AppProfile,
        container: &'a Container,
        order: &Order<'a>,
        (environment, there): (Environment, &'a [Service]),
        settings: &AppSettings,
        has_domain: bool,
    ) -> Self {
        let bare = |wanted: &'a String| wanted.split(':').next().unwrap_or(wanted);
        let own = profile.services.iter().filter_map(|name| there.iter().find(|service| service.name == bare(name)));
        let (here, elsewhere): (Vec<&Service>, Vec<&Service>) = own.partition(|service| service.runs_in(environment));
        let services: Vec<&str> = here.iter().map(|service| service.name.as_str()).collect();
        let connections = services::connections(here, profile);
        // Of what is elsewhere nothing but the names is known; in an address can stand a password.
        let asked = services::connections(elsewhere.iter().copied(), profile);
        let is_address = |name: &str| asked.iter().any(|it| it.0 == name && it.2.contains("://"));
        let is_given = |name: &str| connections.iter().any(|given| given.0 == name);
        let read = profile.env.iter().chain(&profile.required_env).map(String::as_str);
        let names: BTreeSet<&str> = read.chain(asked.iter().map(|it| it.0)).collect();
        let is_free = |name: &&str| is_env_name(name) && *name != "PORT" && *name != "HOST_PORT" && !is_given(name);
        let names: Vec<&str> = names.into_iter().filter(is_free).collect();
        let built = view::build_env(profile);
        let (build_env, names): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| built.contains(name));
        let is_required = |name: &&str| profile.required_env.iter().any(|required| required == name);
        let build_required: Vec<&str> = build_env.iter().copied().filter(is_required).collect();
        let (required, optional): (Vec<&str>, Vec<&str>) = names.iter().copied().partition(is_required);
        let (secrets, variables) = names.into_iter().partition(|name| is_secret(name) || is_address(name));
        let image = image_name(profile, order);
        let mut host = slug(&profile.name);
        if there.iter().any(|service| service.name == host) {
            host.push_str("-app");
        }
        let (dockerfile, context) = (docker::dockerfile_path(profile), docker::build_context(profile));
        let port = docker::container_port(profile).unwrap_or_default();
        let release = container.release(profile).filter(|_| !container.is_site);
        Self {
            name: &profile.name,
            path: &profile.path,
            stack: docker::stack_of(profile),
            language: &profile.language.name,
            framework: profile.framework.as_ref().map_or("", |framework| &framework.name),
            framework_version: profile.framework.as_ref().and_then(|framework| framework.version.as_deref()),
            runtime: profile.runtime_version.as_deref(),
            test_versions: settings.test_versions.clone().unwrap_or_default(),
            package_manager: profile.package_manager.as_deref().unwrap_or_default(),
            package_manager_version: profile.package_manager_version.as_deref(),
            install: profile.install_command.as_deref(),
            check_install: profile.check_install_command.as_deref(),
            lint: profile.lint_command.as_deref(),
            test: profile.test_command.as_deref(),
            build: profile.build_command.as_deref(),
            start: profile.start_command.as_deref(),
            release_from_sources: release.as_ref().is_some_and(|words| is_in_path(&words[0])),
            release,
            processes: processes::of(profile, container, &host),
            output_dir: profile.output_dir.as_deref(),
            serving: profile.serving,
            port,
            health_path: profile.health_path.as_deref().unwrap_or_default(),
            unwell_from: if profile.health_guessed { 500 } else { 400 },
            dockerfile_in_context: dockerfile
                .strip_prefix(&context)
                .and_then(|rest| rest.strip_prefix('/'))
                .map_or_else(|| dockerfile.clone(), str::to_owned),
            own_dockerfile: profile.dockerfile.is_some(),
            dockerfile,
            context,
            image,
            user: container.user,
            writes: &container.writes,
            read_only: container.read_only,
            host_port: port,
            bind: published_on(settings.bind),
            debug_host_port: container.develop.as_ref().and_then(Develop::debug_port).unwrap_or_default(),
            host_port_name: match order.apps {
                [_] => "HOST_PORT".to_owned(),
                _ => format!("PORT_{}", host.to_ascii_uppercase().replace('-', "_")),
            },
            host,
            build_env,
            check_required: check_required(profile, required.iter().chain(&build_required).copied()),
            build_required,
            required,
            optional,
            builds_first: view::builds_others(profile) && !view::inner_packages(profile).is_empty(),
            site: container.is_site,
            services,
            elsewhere: elsewhere.into_iter().filter_map(|service| service.stands_in.as_ref()).collect(),
            connections: connections
                .into_iter()
                .map(|(name, service, value)| Connection {
                    name,
                    service: &service.name,
                    value,
                    secret: value.contains("{password}"),
                    stands_in: service.stands_in.is_some(),
                })
                .collect(),
            variables,
            secrets,
            files: view::own_files(profile),
            config_files: &profile.config_files,
            system_packages: view::packages(&profile.system_packages),
            develop: container.develop.as_ref(),
            compute: settings.compute.unwrap_or_default(),
            has_domain,
            size: Size::new(settings),
        }
    }
}

impl App<'_> {
    /// Whether it runs in the same way, however much of it there is.
    fn is_like(&self, other: &Self) -> bool {
        let of = |app: &Self| (app.name, app.host.clone(), app.port, app.health_path, app.unwell_from);
        let container = |app: &Self| (app.user, app.writes.to_vec(), app.read_only);
        of(self) == of(other)
            && container(self) == container(other)
            && (&self.release, &self.processes) == (&other.release, &other.processes)
            && (&self.services, &self.connections) == (&other.services, &other.connections)
            && (&self.variables, &self.secrets, &self.required) == (&other.variables, &other.secrets, &other.required)
            && self.build_env == other.build_env
    }
}

/// The names that a run of its tests has to give a value: installing what they need makes the others.
fn check_required<'a>(profile: &AppProfile, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let install = profile.check_install_command.as_deref().unwrap_or_default();
    names.filter(|name| !install.contains(super::secrets::made_by(name).trim_end_matches(" --show"))).collect()
}

/// Whether a program is found where the sources run too, and not only where the image has what a build made.
fn is_in_path(program: &str) -> bool {
    !program.starts_with('/') || program == "/bin/sh"
}

/// The name of its image, without registry and tag.
fn image_name(profile: &AppProfile, order: &Order<'_>) -> String {
    match order.apps {
        [_] => slug(order.project),
        _ => format!("{}-{}", slug(order.project), slug(&profile.name)),
    }
}

/// As Compose writes it: loopback where nobody said another.
fn published_on(said: Option<IpAddr>) -> String {
    match said {
        Some(IpAddr::V6(address)) => format!("[{address}]"),
        Some(IpAddr::V4(address)) => address.to_string(),
        None => Ipv4Addr::LOCALHOST.to_string(),
    }
}

/// Whatever must be there to start and is made by nobody is better kept among the secrets too.
fn is_secret(name: &str) -> bool {
    names_a_secret(name) || name.ends_with("_KEY") || name.ends_with("_DSN") || name.ends_with("DATABASE_URL")
}

impl Size {
    fn new(settings: &AppSettings) -> Self {
        let min_replicas = settings.min_replicas.unwrap_or(1);
        Self {
            cpus: settings.cpus.unwrap_or(0.5),
            memory_mb: settings.memory_mb.unwrap_or(512),
            min_replicas,
            max_replicas: settings.max_replicas.unwrap_or(1).max(min_replicas),
            log_level: settings.log_level.clone().unwrap_or_else(|| "info".to_owned()),
            debug: settings.debug.unwrap_or_default(),
            log_days: settings.log_days.unwrap_or(14),
            backup_days: settings.backup_days.unwrap_or_default(),
            storage_gb: settings.storage_gb.unwrap_or(20),
            deletion_protection: settings.deletion_protection.unwrap_or_default(),
            highly_available: settings.highly_available.unwrap_or_default(),
            domain: settings.domain.clone(),
            pull_secret: settings.pull_secret.clone(),
            triggers: settings.triggers.clone().unwrap_or_default(),
            approval: settings.approval.unwrap_or_default(),
        }
    }
}
