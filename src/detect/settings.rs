//! `wharf.toml`.

use std::collections::BTreeMap;

use super::names::label;
use super::services;
use super::text::{decode, line_and_column};
use crate::model::{
    AppProfile, AppSettings, Environment, Evidence, FileTree, Problem, ProblemCode, Process, ProcessSettings,
    ReadError, Settings, Warning, is_debian_package, is_service, is_variable,
};

/// The file that holds a project's settings.
pub const SETTINGS_FILE: &str = "wharf.toml";

/// So many bytes it may have.
const LARGEST: usize = 256 << 10;

/// The project's settings; the usual ones where it has no `wharf.toml`. A malformed file, a key that is not known, or a
/// value that cannot be meant is a [`ProblemCode::Usage`] with line and column and what is allowed.
pub fn settings(tree: &dyn FileTree) -> Result<Settings, Problem> {
    let bytes = match tree.read(SETTINGS_FILE) {
        Ok(bytes) => bytes,
        Err(ReadError::Missing) => return Ok(Settings::default()),
        Err(error) => return Err(problem(None, &error.to_string())),
    };
    if bytes.len() > LARGEST {
        return Err(problem(None, "it holds more than are looked at: 256 KB"));
    }
    let text = decode(bytes).ok_or_else(|| problem(None, "it is not text"))?;
    let mut settings: Settings = toml_edit::de::from_str(&text).map_err(|error| {
        let start = error.span().map(|span| span.start);
        malformed(
            start.map(|start| line_and_column(&text, start)),
            error.message(),
            start.and_then(|it| key_at(&text, it)),
        )
    })?;
    check(&mut settings, tree).map_err(|Fault { keys, says, fix }| problem(place_of(&text, &keys), &says).fix(fix))?;
    Ok(settings)
}

/// Calls the apps that `wharf.toml` names by those names, and adds those that nothing else tells of.
pub(super) fn name_apps(profiles: &mut Vec<AppProfile>, settings: &Settings) {
    for (path, name) in settings.places() {
        if let Some(profile) = profiles.iter_mut().find(|profile| profile.path == path) {
            name.clone_into(&mut profile.name);
        } else {
            let says = format!("names the app {name} here");
            profiles.push(AppProfile {
                path: path.to_owned(),
                name: name.to_owned(),
                stack: "other".to_owned(),
                evidence: vec![Evidence::new(SETTINGS_FILE, says)],
                confidence: 1.0,
                ..AppProfile::default()
            });
        }
    }
}

/// A warning for each app of the settings that there is not.
pub(super) fn unmeant(profiles: &[AppProfile], settings: &Settings) -> Vec<Warning> {
    let is_there = |key: &String| profiles.iter().any(|app| app.name == *key || app.path == *key);
    let names: Vec<&str> = profiles.iter().map(|app| app.name.as_str()).collect();
    let says = |key: &String| {
        let known =
            if names.is_empty() { "none was found".to_owned() } else { format!("there is {}", names.join(", ")) };
        Warning { file: SETTINGS_FILE.to_owned(), says: format!("[apps.{key}] is no app of this project: {known}") }
    };
    let unmeant = settings.apps.keys().filter(|key| !is_there(key)).map(says);
    unmeant.chain(profiles.iter().flat_map(|app| unsaid(app, settings))).collect()
}

/// A warning for each process that the settings name for an app and nothing says how to start.
fn unsaid(app: &AppProfile, settings: &Settings) -> Vec<Warning> {
    let runs = |name: &str, said: &ProcessSettings| {
        said.command.is_some() || app.processes.iter().any(|process| process.name == name)
    };
    let in_any: BTreeMap<String, ProcessSettings> =
        Environment::ALL.into_iter().flat_map(|environment| settings.resolve(app, environment).processes).collect();
    let unsaid = in_any.iter().filter(|(name, said)| said.enabled != Some(false) && !runs(name, said));
    let says =
        |name: &str| format!("nothing says how the process {name} of {} is started: write its `command`", app.name);
    unsaid.map(|(name, _)| Warning { file: SETTINGS_FILE.to_owned(), says: says(name) }).collect()
}

/// What is wrong with a value that TOML has nothing against: the keys that lead to it, and the way out.
struct Fault {
    keys: Vec<String>,
    says: String,
    fix: String,
}

fn fault(keys: &[&str], says: impl Into<String>, fix: impl Into<String>) -> Fault {
    Fault { keys: keys.iter().map(|key| (*key).to_owned()).collect(), says: says.into(), fix: fix.into() }
}

/// Checks what is said, and brings the paths into the one form that profiles have.
fn check(settings: &mut Settings, tree: &dyn FileTree) -> Result<(), Fault> {
    if let Some(branch) = settings.branch.as_ref().filter(|branch| !is_branch(branch)) {
        return Err(fault(&["branch"], format!("“{branch}” is no branch"), "write its name, as in \"main\""));
    }
    let only_apps = "write it under [apps.NAME]";
    if settings.app.path.is_some() {
        return Err(fault(&["app", "path"], "only one of the apps has a path", only_apps));
    }
    check_app(&["app"], &settings.app)?;
    check_ways(&["app"], &settings.app)?;
    for (environment, app) in &settings.environments {
        let environment = environment.to_string();
        if app.path.is_some() {
            let keys = ["environments", &environment, "path"];
            return Err(fault(&keys, "only one of the apps has a path", only_apps));
        }
        check_app(&["environments", &environment], app)?;
    }
    let mut places: Vec<String> = Vec::new();
    for (name, app) in &mut settings.apps {
        check_app(&["apps", name], app)?;
        check_ways(&["apps", name], app)?;
        let Some(path) = &mut app.path else { continue };
        let keys = ["apps", name.as_str(), "path"];
        if label(name) != *name {
            let fix = "use small letters, digits and hyphens, 40 at most, as in [apps.web]";
            return Err(fault(&keys[..2], format!("“{name}” is no name for an app"), fix));
        }
        *path = normal(path).ok_or_else(|| {
            fault(&keys, format!("“{path}” leads out of the project"), "write it relative to this file, with `/`")
        })?;
        let inside = format!("{path}/");
        if path != "." && !tree.paths().iter().any(|file| file.starts_with(&inside)) {
            return Err(fault(&keys, format!("there is no folder “{path}”"), "write it relative to this file"));
        }
        if places.contains(path) {
            return Err(fault(
                &keys,
                format!("another app is at “{path}” already"),
                "give each app a folder: of one, a single program is run",
            ));
        }
        places.push(path.clone());
    }
    Ok(())
}

/// What only an environment has: a pipeline deploys all apps in one go.
fn check_ways(place: &[&str], app: &AppSettings) -> Result<(), Fault> {
    let said = [("triggers", app.triggers.is_some()), ("approval", app.approval.is_some())];
    let Some((key, _)) = said.into_iter().find(|(_, said)| *said) else { return Ok(()) };
    let says = format!("`{key}` is said of an environment");
    Err(fault(&[place, &[key]].concat(), says, "write it under [environments.production] or another one"))
}

fn check_app(place: &[&str], app: &AppSettings) -> Result<(), Fault> {
    let at = |key| [place, &[key]].concat();
    check_words(place, app)?;
    check_amounts(place, app)?;
    check_delivery(place, app)?;
    if app.port == Some(0) {
        return Err(fault(&at("port"), "0 is no port", "write the port that the app listens on, from 1 to 65535"));
    }
    if app.health_path.as_ref().is_some_and(|path| !path.starts_with('/')) {
        return Err(fault(&at("health_path"), "a health path begins with “/”", "as in `health_path = \"/health\"`"));
    }
    let commands = [
        ("install", &app.install),
        ("build", &app.build),
        ("start", &app.start),
        ("test", &app.test),
        ("lint", &app.lint),
        ("develop", &app.develop),
        ("release", &app.release),
    ];
    for (key, value) in commands {
        if value.as_ref().is_some_and(|command| command.trim().is_empty()) {
            return Err(fault(&at(key), format!("`{key}` says nothing"), "leave the line out to have it detected"));
        }
    }
    check_processes(place, app)
}

fn check_processes(place: &[&str], app: &AppSettings) -> Result<(), Fault> {
    for (name, process) in &app.processes {
        let at = [place, &["processes", name]].concat();
        if label(name) != *name || name.is_empty() || name.len() > Process::LONGEST_NAME {
            let fix =
                format!("use small letters, digits and hyphens, {} at most, as in “worker”", Process::LONGEST_NAME);
            return Err(fault(&at, format!("“{name}” is no name for a process"), fix));
        }
        for (key, value) in [("command", &process.command), ("develop", &process.develop)] {
            if value.as_ref().is_some_and(|command| command.contains('\0')) {
                let fix = "take the sign out: no program can be told it";
                return Err(fault(&[&at[..], &[key]].concat(), format!("`{key}` holds a NUL"), fix));
            }
            if value.as_ref().is_some_and(|command| command.trim().is_empty()) {
                let fix = "leave the line out to have it detected, or say `enabled = false`";
                return Err(fault(&[&at[..], &[key]].concat(), format!("`{key}` says nothing"), fix));
            }
        }
    }
    Ok(())
}

/// Names that go to a registry, to apt or into the environment.
fn check_words(place: &[&str], app: &AppSettings) -> Result<(), Fault> {
    let at = |key| [place, &[key]].concat();
    if let Some(wanted) = app.services.iter().flatten().find(|wanted| !is_service(wanted)) {
        let says = format!("“{wanted}” is no service");
        return Err(fault(&at("services"), says, "write its name, or its name and version, as in \"postgres:16\""));
    }
    if let Some(name) = app.services.iter().flatten().map(|it| bare(it)).find(|name| !services::is_known(name)) {
        let known: Vec<&str> = services::known().collect();
        let says = format!("“{name}” is no service that Wharf knows; it knows {}", known.join(", "));
        let elsewhere = "leave it out, and give the app its address with --set or --secret";
        let near = similar::get_close_matches(name, &known, 1, 0.5).first().map(|near| format!("write \"{near}\""));
        return Err(fault(&at("services"), says, near.unwrap_or_else(|| elsewhere.to_owned())));
    }
    if let Some(name) = app.packages.iter().flatten().find(|name| !is_debian_package(name)) {
        let says = format!("“{name}” is no name of a package");
        return Err(fault(&at("packages"), says, "write each as Debian calls it, as in \"libpq5\""));
    }
    if let Some(version) = app.runtime_version.as_ref().filter(|it| !it.contains(|c: char| c.is_ascii_digit())) {
        let says = format!("“{version}” is no version");
        return Err(fault(&at("runtime_version"), says, "write it with its numbers, as in \"22\" or \"3.12.4\""));
    }
    check_versions(app).map_err(|says| {
        fault(&at("test_versions"), says, "write each once and with its numbers, as in [\"20\", \"22\"]")
    })?;
    if let Some(name) = app.env.keys().find(|name| !is_variable(name)) {
        let keys = [place, &["env", name]].concat();
        return Err(fault(&keys, format!("{name:?} is no name for a variable"), "use letters, digits and underscores"));
    }
    if app.env.contains_key("PORT") {
        let keys = [place, &["env", "PORT"]].concat();
        return Err(fault(
            &keys,
            "the app is told by Wharf where to listen",
            "write `port` where it listens elsewhere",
        ));
    }
    Ok(())
}

/// So many versions of a runtime tests may run on.
const MOST_VERSIONS: usize = 20;

fn check_versions(app: &AppSettings) -> Result<(), String> {
    let Some(versions) = &app.test_versions else { return Ok(()) };
    let is_version = |version: &str| {
        version.split('.').all(|part| !part.is_empty() && part.len() <= 9 && part.bytes().all(|it| it.is_ascii_digit()))
    };
    if let Some(version) = versions.iter().find(|version| !is_version(version)) {
        return Err(format!("“{version}” is no version"));
    }
    if let Some((_, version)) = versions.iter().enumerate().find(|(at, version)| versions[..*at].contains(version)) {
        return Err(format!("“{version}” stands there twice"));
    }
    if versions.is_empty() || versions.len() > MOST_VERSIONS {
        return Err(format!("it names {} versions, and there may be 1 to {MOST_VERSIONS}", versions.len()));
    }
    Ok(())
}

/// The name of a service without its version.
fn bare(service: &str) -> &str {
    service.split(':').next().unwrap_or(service)
}

/// The least memory that Docker gives a container, in MiB.
const LEAST_MEMORY: u64 = 6;

fn check_amounts(place: &[&str], app: &AppSettings) -> Result<(), Fault> {
    let at = |key| [place, &[key]].concat();
    if app.cpus.is_some_and(|cpus| !(cpus > 0.0 && cpus.is_finite())) {
        return Err(fault(&at("cpus"), "it must be more than nothing", "write how many cores it may use, as in 1.5"));
    }
    if app.memory_mb.is_some_and(|memory| memory < LEAST_MEMORY) {
        let says = format!("nothing runs in less than {LEAST_MEMORY} MiB");
        return Err(fault(&at("memory_mb"), says, "write how many MiB it may use, as in 512"));
    }
    for (key, seconds) in [("build_timeout", app.build_timeout), ("start_timeout", app.start_timeout)] {
        if seconds == Some(0) {
            return Err(fault(&at(key), "no time is too little", "write how many seconds it may take"));
        }
    }
    Ok(())
}

const LOG_LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];

/// What generated infrastructure and pipelines go by.
fn check_delivery(place: &[&str], app: &AppSettings) -> Result<(), Fault> {
    let at = |key| [place, &[key]].concat();
    if app.max_replicas == Some(0) {
        return Err(fault(&at("max_replicas"), "none at all is too few", "write how many may run, from 1 on"));
    }
    if let (Some(min), Some(max)) = (app.min_replicas, app.max_replicas)
        && min > max
    {
        let says = format!("it is less than `min_replicas`, which is {min}");
        return Err(fault(&at("max_replicas"), says, "write the larger number here"));
    }
    if let Some(domain) = app.domain.as_ref().filter(|domain| !is_host(domain)) {
        let says = format!("“{domain}” is no host name");
        return Err(fault(&at("domain"), says, "write it without scheme and path, as in \"shop.example.com\""));
    }
    if let Some(secret) = app.pull_secret.as_ref().filter(|secret| label(secret) != **secret) {
        let says = format!("“{secret}” is no name of a secret");
        return Err(fault(&at("pull_secret"), says, "use small letters, digits and hyphens, as in \"registry\""));
    }
    if let Some(level) = app.log_level.as_ref().filter(|level| !LOG_LEVELS.contains(&level.as_str())) {
        let fix = format!("write one of {}", LOG_LEVELS.join(", "));
        return Err(fault(&at("log_level"), format!("“{level}” is no level"), fix));
    }
    Ok(())
}

/// A name of at least two labels that DNS takes (RFC 1123).
fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        label.len() <= 63
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && ends_well(label.chars().next())
            && ends_well(label.chars().last())
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label)
}

/// Whether git takes it as a branch and every shell as one word.
fn is_branch(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.starts_with(['.', '-']);
    name.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
        && !name.contains("..")
        && !name.ends_with('.')
        && name.split('/').all(is_part)
}

/// A path relative to the project as profiles have it: `.` or `services/api`; none where it leads out.
fn normal(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return None;
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// Line and column of the value, or else the key, that the keys lead to.
fn place_of(text: &str, keys: &[String]) -> Option<(usize, usize)> {
    let document = toml_edit::Document::parse(text).ok()?;
    let mut item = document.as_item();
    for key in keys {
        item = item.get(key.as_str())?;
    }
    item.span().map(|span| line_and_column(text, span.start))
}

/// The key of the line that holds a byte.
fn key_at(text: &str, byte: usize) -> Option<&str> {
    let begin = text.get(..byte)?.rfind('\n').map_or(0, |end| end + 1);
    let (key, _) = text[begin..].lines().next()?.split_once('=')?;
    Some(key.trim())
}

/// How a key is written whose value was of the wrong type.
fn example(key: &str) -> &'static str {
    match key {
        "port" => "port = 3000",
        "cpus" => "cpus = 1.5",
        "memory_mb" => "memory_mb = 512",
        "build_timeout" => "build_timeout = 1800",
        "start_timeout" => "start_timeout = 300",
        "services" => "services = [\"postgres:16\"]",
        "packages" => "packages = [\"imagemagick\"]",
        "runtime_version" => "runtime_version = \"22\"",
        "test_versions" => "test_versions = [\"20\", \"22\"]",
        "bind" => "bind = \"127.0.0.1\"",
        "path" => "path = \"services/api\"",
        "health_path" => "health_path = \"/health\"",
        "min_replicas" | "max_replicas" => "max_replicas = 4",
        "log_days" | "backup_days" => "backup_days = 14",
        "storage_gb" => "storage_gb = 50",
        "domain" => "domain = \"shop.example.com\"",
        "log_level" => "log_level = \"info\"",
        "compute" => "compute = \"function\"",
        "debug" | "deletion_protection" | "highly_available" | "approval" => "approval = true",
        "triggers" => "triggers = [\"push\", \"manual\"]",
        "generate" => "generate = [\"docker\", \"github\"]",
        "branch" => "branch = \"main\"",
        "command" => "command = \"celery --app shop worker\"",
        "single" | "enabled" => "enabled = false",
        "processes" => "[app.processes.worker]",
        "install" | "build" | "start" => "start = \"node server.js\"",
        "test" | "lint" | "develop" => "test = \"npm test\"",
        _ => "LOG_LEVEL = \"info\"",
    }
}

/// What a key takes whose value is a whole number.
fn range(key: &str) -> Option<&'static str> {
    match key {
        "port" => Some("from 1 to 65535"),
        "memory_mb" => Some("from 6 on: so many MiB"),
        "build_timeout" | "start_timeout" => Some("from 1 on: so many seconds"),
        "min_replicas" | "max_replicas" | "log_days" | "backup_days" | "storage_gb" => Some("from 0 on"),
        _ => None,
    }
}

/// What the parser says, with the nearest known word where one was not known, and how it is written where the type is
/// another.
fn malformed(at: Option<(usize, usize)>, says: &str, key: Option<&str>) -> Problem {
    if let Some(key) = key.filter(|_| says.starts_with("invalid ")) {
        let number = says.starts_with("invalid value: integer");
        let why = match range(key).filter(|_| number) {
            Some(range) => format!("`{key}` takes a whole number {range}"),
            None => format!("`{key}` takes another kind of value"),
        };
        if says.contains("expected struct ProcessSettings") {
            return problem(at, &why).fix("write a table, as in `[app.processes.worker]` with `command = \"…\"` below");
        }
        return problem(at, &why).fix(format!("write it as in `{}`", example(key)));
    }
    let mut quoted = says.split('`').skip(1).step_by(2);
    let unknown = says.starts_with("unknown field") || says.starts_with("unknown variant");
    let Some(word) = quoted.next().filter(|_| unknown) else { return problem(at, says) };
    let known: Vec<&str> = quoted.collect();
    let why = format!("“{word}” is not known here; allowed are {}", known.join(", "));
    match similar::get_close_matches(word, &known, 1, 0.5).first() {
        Some(near) => problem(at, &why).fix(format!("write `{near}`, if that is what is meant")),
        None => problem(at, &why),
    }
}

fn problem(at: Option<(usize, usize)>, why: &str) -> Problem {
    let place = at.map(|(line, column)| format!(", line {line}, column {column}")).unwrap_or_default();
    Problem::new(ProblemCode::Usage, "malformed-settings", format!("{SETTINGS_FILE}{place} makes no sense"))
        .why(why.trim())
        .fix("mend the line; `wharf init --stdout` shows a whole file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tree::MemoryTree;
    use crate::model::Environment;

    #[test]
    fn what_is_written_is_read_and_nothing_is_the_default() {
        let tree = MemoryTree::new([(
            "wharf.toml",
            "[app]\nport = 4000\n[apps.api]\nservices = []\n[environments.production]\ncpus = 2.0\n",
        )]);
        let read = settings(&tree).unwrap();
        assert_eq!(read.app.port, Some(4000));
        assert_eq!(read.apps["api"].services.as_deref(), Some(&[][..]));
        assert_eq!(read.environments[&Environment::Production].cpus, Some(2.0));
        assert_eq!(settings(&MemoryTree::default()).unwrap(), Settings::default());
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_its_place_and_the_way_out() {
        for (text, place, says) in [
            ("[app]\nprot = 1\n", "line 2, column 1", "write `port`"),
            ("[app]\ntest_versions = [\"20\", \"$x\"]\n", "line 2, column 17", "“$x” is no version"),
            ("[app]\ntest_versions = [\"20\", \"20\"]\n", "line 2, column 17", "“20” stands there twice"),
            ("[app]\ntest_versions = []\n", "line 2, column 17", "it names 0 versions"),
            ("[ap]\nport = 1\n", "line 1, column 2", "write `app`"),
            ("[environments.prodcution]\nport = 1\n", "line 1", "write `production`"),
            ("[app]\npath = \"a\"\n", "line 2, column 8", "[apps.NAME]"),
            ("[apps.a]\npath = \"../b\"\n", "line 2, column 8", "leads out"),
            ("[apps.a]\npath = \"/b\"\n", "line 2, column 8", "leads out"),
            ("[apps.a]\npath = \"none\"\n", "line 2, column 8", "there is no folder"),
            ("[apps.a]\npath = \"x\"\n[apps.b]\npath = \"./x/\"\n", "line 4, column 8", "another app"),
            ("[apps.\"My App\"]\npath = \"x\"\n", "line 1", "is no name for an app"),
            ("[app]\nhealth_path = \"health\"\n", "line 2, column 15", "begins with"),
            ("[apps.a]\nport = 0\n", "line 2, column 8", "no port"),
            ("[app]\nport = \"x\"\n", "line 2, column 8", "port = 3000"),
            ("[app]\nservices = \"postgres\"\n", "line 2, column 12", "services = [\"postgres:16\"]"),
            ("[app.env]\nA = 1\n", "line 2, column 5", "LOG_LEVEL = \"info\""),
            ("[app]\nservices = [\"a b\"]\n", "line 2, column 12", "“a b” is no service"),
            ("[app]\nservices = [\"redis\", \"mysqll\"]\n", "line 2, column 12", "write \"mysql\""),
            ("[app]\nservices = [\"oracle:23\"]\n", "line 2, column 12", "mysql, postgres"),
            ("[app]\nport = 70000\n", "line 2, column 8", "from 1 to 65535"),
            ("[app]\nmemory_mb = -5\n", "line 2, column 13", "from 6 on"),
            ("[app]\nstart_timeout = -5\n", "line 2, column 17", "from 1 on"),
            ("[app]\npackages = [\"a; rm\"]\n", "line 2, column 12", "no name of a package"),
            ("[app]\nruntime_version = \"banana\"\n", "line 2, column 19", "no version"),
            ("[app]\ncpus = -1.0\n", "line 2, column 8", "more than nothing"),
            ("[app]\nmemory_mb = 0\n", "line 2, column 13", "less than 6 MiB"),
            ("[app]\nstart_timeout = 0\n", "line 2, column 17", "no time"),
            ("[app.env]\n\"MY VAR\" = \"1\"\n", "line 2, column 12", "no name for a variable"),
            ("[apps.a.env]\nPORT = \"1\"\n", "line 2, column 8", "told by Wharf"),
            ("[environments.production]\nstart = \" \"\n", "line 2, column 9", "says nothing"),
            ("[app]\napproval = true\n", "line 2, column 12", "[environments.production]"),
            ("[environments.staging]\ntriggers = [\"pull\"]\n", "line 2", "`pull-request`"),
            ("[environments.staging]\nmin_replicas = 3\nmax_replicas = 2\n", "line 3, column 16", "which is 3"),
            ("[app]\ndomain = \"https://a.example\"\n", "line 2, column 10", "no host name"),
            ("[app]\npull_secret = \"a b\"\n", "line 2, column 15", "no name of a secret"),
            ("[app]\nlog_level = \"loud\"\n", "line 2, column 13", "debug, info, warn, error"),
            ("branch = \"a b\"\n", "line 1, column 10", "no branch"),
            ("generate = \"docker\"\n", "line 1, column 12", "generate = [\"docker\""),
        ] {
            let problem = settings(&MemoryTree::new([("wharf.toml", text), ("x/y", "")])).unwrap_err();
            let told = problem.to_string();
            assert!(told.contains(place) && told.contains(says), "{text}: {told}");
            assert_eq!(problem.code, ProblemCode::Usage);
        }
    }

    #[test]
    fn the_apps_are_where_the_settings_say() {
        let package = r#"{"name": "shown", "dependencies": {"express": "4"}, "scripts": {"start": "node a.js"}}"#;
        let toml = "[apps.web]\npath = \"./examples/web/\"\n[apps.job]\npath = \"cron\"\nstart = \"./run\"\n[apps.x]\nport = 1\n";
        let files = [("package.json", package), ("examples/web/package.json", package), ("cron/run", "#!/bin/sh\n")];
        let plain = crate::detect::detect(&MemoryTree::new(files));
        assert_eq!(plain.apps.iter().map(|app| app.path.as_str()).collect::<Vec<_>>(), ["."]);
        let tree = MemoryTree::new(files.into_iter().chain([("wharf.toml", toml)]));
        let found = crate::detect::detect(&tree);
        let found = settings(&tree).unwrap().applied(&found, Environment::default());
        let apps: Vec<_> =
            found.apps.iter().map(|app| (app.path.as_str(), app.name.as_str(), app.stack.as_str())).collect();
        assert_eq!(apps, [("cron", "job", "other"), ("examples/web", "web", "node")]);
        assert_eq!(found.apps[0].start_command.as_deref(), Some("./run"));
        let [warning] = found.warnings.as_slice() else { panic!("{:?}", found.warnings) };
        assert_eq!(warning.says, "[apps.x] is no app of this project: there is job, web");
        assert_eq!(crate::detect::detect_afresh(&tree).apps[0].name, "shown");
    }

    #[test]
    fn errors_name_line_and_column() {
        for (text, place) in [
            ("[app]\nport = \"x\"\n", "line 2, column 8"),
            ("[app]\nprot = 1\n", "line 2, column 1"),
            ("[app\n", "line 1"),
            ("[app]\nport = 70000\n", "line 2, column 8"),
        ] {
            let problem = settings(&MemoryTree::new([("wharf.toml", text)])).unwrap_err();
            assert!(problem.message.contains(place), "{text}: {problem}");
            assert_eq!(problem.code, ProblemCode::Usage);
        }
    }
}
