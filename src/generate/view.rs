//! What the templates of Dockerfiles are filled in with.

use serde::Serialize;

use super::command::Start;
use super::container;
use super::escape::is_env_name;
use super::{Context, docker};
use crate::model::{AppProfile, DependencyScope, is_debian_package};

/// A profile, taken apart for templates. What a profile does not say is empty text, zero or null.
#[derive(Serialize)]
pub(crate) struct View<'a> {
    project: &'a str,
    app: &'a str,
    framework: &'a str,
    /// Its version as it was found; for the filter `pin`.
    framework_version: Option<&'a str>,
    language: &'a str,
    package_manager: &'a str,
    package_manager_version: Option<&'a str>,
    /// The version asked for; for the filter `pin`.
    runtime: Option<&'a str>,
    install: Option<&'a str>,
    build: Option<&'a str>,
    /// The start command; for the filter `start`.
    start: &'a str,
    /// What the build makes and the start command starts; null where it starts something else.
    built: Option<Built>,
    /// The same of what runs beside it and before it.
    beside: Vec<Built>,
    /// Of the commands that start it and those the one that a shell has to read; null where none has to.
    needs_shell: Option<&'a str>,
    /// The folder that PHP serves, relative to the app.
    document_root: &'a str,
    output_dir: &'a str,
    /// Zero for what listens on nothing.
    port: u16,
    /// Empty where only the port can be probed.
    health_path: &'a str,
    /// A status from this on means that it is not well.
    unwell_from: u16,
    services: Vec<&'a str>,
    /// The folders of the project's packages that it depends on, where all are in the image's source.
    packages: Vec<&'a str>,
    /// The variables that its build writes into what it makes.
    build_env: Vec<&'a str>,
    system_packages: Vec<&'a str>,
    /// Dependencies of development that its release runs, which its image keeps.
    kept: Vec<&'a str>,
    /// Extensions of PHP that Composer's manifest asks for.
    extensions: Vec<&'a str>,
    /// Whether a Go program calls C.
    cgo: bool,
    /// The line of Tomcat whose servlets a Java program is written for: they are Jakarta's since 10.
    tomcat: &'static str,
    /// Whether installing needs the sources too, as `pip install .` does.
    installs_itself: bool,
    /// The names of the files that detection read in the app's folder.
    files: Vec<&'a str>,
    /// Lists of Python's requirements: those at the top that do not end in `.txt`, and the folders of the others.
    lists: Vec<&'a str>,
    /// Whether the image is built from the project's root though the app lies below it.
    workspace: bool,
    /// The app's folder below the root of the image's source; `.` for the root itself.
    app_dir: &'a str,
}

/// A file that a build makes.
#[derive(Serialize)]
struct Built {
    path: String,
    folder: String,
    name: String,
}

impl<'a> View<'a> {
    pub(crate) fn new(profile: &'a AppProfile, ctx: &Context<'a>) -> Self {
        let workspace = docker::in_workspace(profile);
        let start = without_runner(profile.start_command.as_deref().unwrap_or_default());
        let install = profile.install_command.as_deref();
        Self {
            project: ctx.project,
            app: &profile.name,
            framework: profile.framework.as_ref().map_or("", |framework| &framework.name),
            framework_version: profile.framework.as_ref().and_then(|framework| framework.version.as_deref()),
            language: &profile.language.name,
            package_manager: profile.package_manager.as_deref().unwrap_or_default(),
            package_manager_version: profile.package_manager_version.as_deref(),
            runtime: profile.runtime_version.as_deref(),
            install,
            build: profile.build_command.as_deref().map(without_runner),
            start,
            built: Start::parse(start).built().map(Built::new),
            beside: container::programs_beside(profile).iter().map(|path| Built::new(path)).collect(),
            needs_shell: needs_shell(profile),
            document_root: document_root(start).or_else(|| root_by_files(profile)).unwrap_or_default(),
            output_dir: profile.output_dir.as_deref().unwrap_or("."),
            port: docker::container_port(profile).unwrap_or_default(),
            health_path: profile.health_path.as_deref().unwrap_or_default(),
            unwell_from: if profile.health_guessed { 500 } else { 400 },
            services: profile.services.iter().map(|name| name.split(':').next().unwrap_or(name)).collect(),
            packages: inner_packages(profile),
            build_env: build_env(profile),
            system_packages: packages(&profile.system_packages),
            kept: kept(profile),
            extensions: profile.dependencies.iter().filter_map(|dependency| extension(&dependency.name)).collect(),
            cgo: profile.dependencies.iter().any(|dependency| CALLS_C.contains(&dependency.name.as_str())),
            tomcat: tomcat(profile),
            installs_itself: install.is_some_and(installs_itself),
            files: own_files(profile),
            lists: lists(profile),
            workspace,
            app_dir: if workspace { &profile.path } else { "." },
        }
    }
}

impl Built {
    fn new(path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        let folder = folder.trim_start_matches("./");
        let folder = if folder.is_empty() { "." } else { folder };
        Self { path: path.to_owned(), folder: folder.to_owned(), name: name.to_owned() }
    }
}

/// What generation looks at among the dependencies; a plan keeps these and no others.
pub(crate) fn matters(dependency: &str) -> bool {
    extension(dependency).is_some()
        || MIGRATION_TOOLS.contains(&dependency)
        || CALLS_C.contains(&dependency)
        || is_before_jakarta(dependency)
}

fn needs_shell(profile: &AppProfile) -> Option<&str> {
    let beside = profile.processes.iter().map(|process| &process.command);
    let mut all = profile.start_command.iter().chain(&profile.release_command).chain(beside);
    all.find(|command| Start::parse(without_runner(command)).needs_shell()).map(String::as_str)
}

fn tomcat(profile: &AppProfile) -> &'static str {
    let old = profile.dependencies.iter().any(|dependency| is_before_jakarta(&dependency.name));
    if old { "9.0" } else { "10.1" }
}

/// The servlets of Java EE, which are other classes than those of Jakarta EE.
fn is_before_jakarta(dependency: &str) -> bool {
    ["javax.servlet:", "javax:javaee", "javax.ws.rs:"].iter().any(|beginning| dependency.starts_with(beginning))
}

/// Go modules that do not build without a C compiler.
const CALLS_C: [&str; 3] =
    ["github.com/mattn/go-sqlite3", "github.com/confluentinc/confluent-kafka-go/v2", "gopkg.in/gographics/imagick.v3"];

/// Packages of npm that bring a database up to date.
const MIGRATION_TOOLS: [&str; 8] =
    ["prisma", "knex", "sequelize-cli", "typeorm", "drizzle-kit", "@mikro-orm/cli", "node-pg-migrate", "db-migrate"];

fn kept(profile: &AppProfile) -> Vec<&str> {
    let tools = profile.dependencies.iter().filter(|it| it.scope == DependencyScope::Development);
    let tools = tools.map(|it| it.name.as_str()).filter(|name| MIGRATION_TOOLS.contains(name));
    tools.filter(|_| profile.release_command.is_some()).collect()
}

/// A PHP extension that Composer's manifest asks for.
fn extension(dependency: &str) -> Option<&str> {
    dependency.strip_prefix("ext-").filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// In an image the environment of the project's packages is the only one: nothing has to enter it first.
pub(crate) fn without_runner(command: &str) -> &str {
    const RUNNERS: [&str; 4] = ["poetry run ", "uv run ", "pipenv run ", "pdm run "];
    let command = command.trim();
    RUNNERS.iter().find_map(|runner| command.strip_prefix(runner)).map_or(command, str::trim_start)
}

/// `pip install .` and its like.
fn installs_itself(install: &str) -> bool {
    install.starts_with("pip ")
        && install.split_whitespace().any(|word| word == "." || word.starts_with(".[") || word == "-e")
}

/// What stands behind `-t` in `php -S 0.0.0.0:8000 -t public`, where it is a plain path within the app.
fn document_root(start: &str) -> Option<&str> {
    let mut words = start.split_whitespace().skip_while(|word| *word != "-t").skip(1);
    let root = words.next()?.trim_matches(['"', '\'']).trim_start_matches("./").trim_end_matches('/');
    let is_plain = root.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let is_within = is_plain && !root.starts_with('/') && !root.contains("..");
    is_within.then_some(if root == "." { "" } else { root })
}

/// The folder of PHP's first page, where the start command names a server that has no such argument.
fn root_by_files(profile: &AppProfile) -> Option<&str> {
    let mut fronts = own_files(profile).into_iter().filter_map(|file| file.strip_suffix("/index.php"));
    fronts.find(|root| root.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)))
}

/// The packages of the project that it depends on and that lie beside it.
pub(crate) fn inner_packages(profile: &AppProfile) -> Vec<&str> {
    let own = profile.path.as_str();
    let is_within = |folder: &str, other: &str| folder.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    let beside = |folder: &&str| {
        *folder != own && !matches!(*folder, "" | ".") && !is_within(folder, own) && !is_within(own, folder)
    };
    let mut folders: Vec<&str> = profile.packages.iter().map(String::as_str).filter(beside).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

/// Whether its build builds packages of the project beside it too.
pub(crate) fn builds_others(profile: &AppProfile) -> bool {
    let marks = ["../", "...", "turbo ", "nx "];
    profile.build_command.as_deref().is_some_and(|build| marks.iter().any(|mark| build.contains(mark)))
}

/// The variables that its build writes into what it makes, without what is given.
pub(crate) fn build_env(profile: &AppProfile) -> Vec<&str> {
    let mut names: Vec<&str> = profile.build_env.iter().map(String::as_str).collect();
    names.retain(|name| is_env_name(name) && *name != "PORT");
    names.sort_unstable();
    names.dedup();
    names
}

/// Names that Debian could have; nothing else reaches apt.
pub(crate) fn packages(names: &[String]) -> Vec<&str> {
    let mut names: Vec<&str> = names.iter().map(String::as_str).filter(|name| is_debian_package(name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The files read in the app's own folder, by their names there.
fn lists(profile: &AppProfile) -> Vec<&str> {
    let place = |file: &'_ str| -> Option<bool> {
        let (_, ending) = file.rsplit_once('.')?;
        // `COPY *.txt` brings those at the top.
        ["txt", "in", "pip"].contains(&ending).then(|| file.contains('/') || ending != "txt")
    };
    let files = own_files(profile).into_iter().filter(|file| place(file) == Some(true));
    let mut lists: Vec<&str> = files.map(|file| file.rsplit_once('/').map_or(file, |(folder, _)| folder)).collect();
    lists.sort_unstable();
    lists.dedup();
    lists
}

pub(crate) fn own_files(profile: &AppProfile) -> Vec<&str> {
    let files = profile.config_files.iter();
    match profile.path.as_str() {
        "." | "" => files.map(String::as_str).collect(),
        folder => files.filter_map(|file| file.strip_prefix(folder)?.strip_prefix('/')).collect(),
    }
}
