//! What the settings of hosting platforms say of commands: somebody wrote them to have this very app run.

use serde_json::Value;

use super::project::Folder;
use crate::model::{AppProfile, Evidence};

/// So many processes of a Procfile are told of at most.
const PROCESSES: usize = 10;

/// A command with the file that says it, relative to its folder.
pub(super) struct Said {
    pub file: &'static str,
    pub command: String,
}

/// Whether a platform gives requests to what it starts here; other commands may as well be a worker's.
pub(super) fn answers(folder: Folder<'_>) -> bool {
    procfile(folder, "web").is_some() || port(folder).is_some() || said(folder, &("app.yaml", "/entrypoint")).is_some()
}

/// The port to which Fly gives requests.
pub(super) fn port(folder: Folder<'_>) -> Option<u16> {
    if !folder.has("fly.toml") {
        return None;
    }
    let value = folder.value("fly.toml")?;
    let port = ["/http_service/internal_port", "/services/0/internal_port"].iter().find_map(|at| value.pointer(at));
    port.and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0)
}

/// Programs that only one platform brings, and that start what stands behind them.
const WRAPPERS: &[&str] =
    &["start-nginx", "start-nginx-debug", "start-pgbouncer", "start-stunnel", "qgtunnel", "start-dyno"];

/// Programs that only one platform brings, and that serve by themselves.
const SERVERS: &[&str] = &["heroku-php-apache2", "heroku-php-nginx", "start-nginx-solo"];

/// A command as it runs anywhere; none where only its platform can run it.
fn anywhere(command: &str) -> Option<&str> {
    let (first, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let program = first.rsplit('/').next().unwrap_or(first);
    if SERVERS.contains(&program) {
        return None;
    }
    if WRAPPERS.contains(&program) { anywhere(rest.trim_start()) } else { Some(command).filter(|it| !it.is_empty()) }
}

/// Where a start command stands, the most binding first: a file, and the place in it.
const START: &[(&str, &str)] = &[
    ("railway.json", "/deploy/startCommand"),
    ("railway.toml", "/deploy/startCommand"),
    ("railpack.json", "/deploy/startCommand"),
    ("nixpacks.toml", "/start/cmd"),
    ("nixpacks.json", "/start/cmd"),
    ("app.yaml", "/entrypoint"),
    (".platform.app.yaml", "/web/commands/start"),
];

/// Where a build command stands.
const BUILD: &[(&str, &str)] = &[
    ("railway.json", "/build/buildCommand"),
    ("railway.toml", "/build/buildCommand"),
    ("vercel.json", "/buildCommand"),
    ("netlify.toml", "/build/command"),
];

/// The web process of a Procfile, or the command that a platform is to start.
pub(super) fn start(folder: Folder<'_>) -> Option<Said> {
    let web = procfile(folder, "web");
    let web = web.and_then(|command| Some(Said { file: "Procfile", command: anywhere(&command)?.to_owned() }));
    web.or_else(|| START.iter().find_map(|place| said(folder, place)))
}

/// Processes that run neither when requests come nor before a version, and not beside what runs.
const ASIDE: &[&str] = &["web", "release", "postdeploy", "console"];

/// What is to run beside what answers, by the names that a Procfile or `fly.toml` has for it.
pub(super) fn others(folder: Folder<'_>) -> Vec<(String, Said)> {
    let text = folder.text("Procfile").unwrap_or_default();
    let told = processes(&text).filter(|(name, command)| is_process(name, command) && !ASIDE.contains(name));
    let told = told
        .filter_map(|(name, command)| Some((name, Said { file: "Procfile", command: anywhere(command)?.to_owned() })));
    let told = told.map(|(name, said)| (name.to_owned(), said));
    told.chain(of_fly(folder)).collect()
}

/// The processes of `fly.toml` to which no requests go.
fn of_fly(folder: Folder<'_>) -> Vec<(String, Said)> {
    let value = if folder.has("fly.toml") { folder.value("fly.toml") } else { None };
    let Some(value) = value else { return Vec::new() };
    let lists = ["/http_service/processes", "/services/0/processes", "/services/1/processes"];
    let answering = lists.iter().filter_map(|at| value.pointer(at)?.as_array()).flatten().filter_map(Value::as_str);
    let answering: Vec<&str> = answering.chain(["app", "web"]).collect();
    let named = value.get("processes").and_then(Value::as_object).into_iter().flatten();
    let others = named.filter(|(name, _)| !answering.contains(&name.as_str()));
    let others = others.filter_map(|(name, command)| Some((name, command.as_str()?.trim())));
    let others = others.filter(|(_, command)| !command.is_empty());
    others.map(|(name, command)| (name.clone(), Said { file: "fly.toml", command: command.to_owned() })).collect()
}

/// Warns of the processes of a Procfile that are not run.
pub(super) fn warn_of_others(folder: Folder<'_>, profile: &AppProfile) {
    let Some(text) = folder.text("Procfile") else { return };
    let runs = |command: &str| {
        let own = profile.start_command.iter().chain(&profile.release_command);
        let mut own = own.chain(profile.processes.iter().map(|process| &process.command));
        anywhere(command).is_some_and(|command| own.any(|one| one == command))
    };
    let all: Vec<(&str, &str)> = processes(&text).filter(|(name, command)| is_process(name, command)).collect();
    let others: Vec<&str> = all.iter().filter(|(_, command)| !runs(command)).map(|(name, _)| *name).collect();
    if others.len() == all.len() || others.is_empty() {
        return;
    }
    let (told, more) = (&others[..others.len().min(PROCESSES)], others.len().saturating_sub(PROCESSES));
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let says = format!(
        "not run: {}{more}; a table such as [app.processes.{}] in wharf.toml can say what runs beside the app",
        told.join(", "),
        told[0]
    );
    folder.project().warn(&folder.at("Procfile"), says);
}

/// A line of a Procfile that is one: others are comments, or what a merge left.
fn is_process(name: &str, command: &str) -> bool {
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    is_name && !name.is_empty() && !command.is_empty()
}

/// What all this says, for people: each process of a Procfile by its name.
pub(super) fn evidence(folder: Folder<'_>) -> Vec<Evidence> {
    let text = folder.text("Procfile").unwrap_or_default();
    let told = processes(&text).filter(|(name, command)| is_process(name, command));
    let told = told.map(|(name, command)| {
        let only = if anywhere(command).is_none() { ", which only that platform has" } else { "" };
        let does = if name == "release" { "runs, before each new version," } else { "starts with" };
        Evidence::new(folder.at("Procfile"), format!("{name} {does} {command}{only}"))
    });
    let started = start(folder).filter(|said| said.file != "Procfile").map(|said| (said, "starts"));
    let built = build(folder).map(|said| (said, "builds"));
    let others = started.into_iter().chain(built);
    told.take(PROCESSES)
        .chain(others.map(|(said, does)| Evidence::new(folder.at(said.file), format!("{does} with {}", said.command))))
        .collect()
}

/// Where a command stands that runs before each new version.
const RELEASE: &[(&str, &str)] = &[
    ("fly.toml", "/deploy/release_command"),
    ("railway.json", "/deploy/preDeployCommand"),
    ("railway.toml", "/deploy/preDeployCommand"),
];

/// What a platform is to run before each new version.
pub(super) fn release(folder: Folder<'_>) -> Option<Said> {
    let process = procfile(folder, "release");
    let process = process.and_then(|command| Some(Said { file: "Procfile", command: anywhere(&command)?.to_owned() }));
    process.or_else(|| RELEASE.iter().find_map(|place| said(folder, place)))
}

/// The command that a platform is to build with. One that names another folder speaks of another app.
pub(super) fn build(folder: Folder<'_>) -> Option<Said> {
    let elsewhere = |file: &str| folder.value(file).is_some_and(|value| value.pointer("/build/base").is_some());
    BUILD.iter().filter_map(|place| said(folder, place)).find(|said| !elsewhere(said.file))
}

fn said(folder: Folder<'_>, (file, pointer): &(&'static str, &str)) -> Option<Said> {
    if !folder.has(file) {
        return None;
    }
    let value = folder.value(file)?;
    let command = value.pointer(pointer).and_then(Value::as_str)?.trim().to_owned();
    (!command.is_empty()).then_some(Said { file, command })
}

/// The command of one process of a Procfile.
pub(super) fn procfile(folder: Folder<'_>, process: &str) -> Option<String> {
    let text = folder.text("Procfile")?;
    let (_, command) = processes(&text).find(|(name, _)| *name == process)?;
    (!command.is_empty()).then(|| command.to_owned())
}

/// The processes of a Procfile with their commands.
fn processes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.map(|(name, command)| (name.trim_end(), command.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_platform_brings_is_left_out() {
        assert_eq!(anywhere("heroku-php-apache2 web/"), None);
        assert_eq!(anywhere("vendor/bin/heroku-php-nginx -C nginx.conf public/"), None);
        assert_eq!(anywhere("bin/start-nginx bundle exec puma -C p.rb"), Some("bundle exec puma -C p.rb"));
        assert_eq!(anywhere("bin/start-nginx"), None);
        assert_eq!(anywhere("bin/shop -port=$PORT"), Some("bin/shop -port=$PORT"));
    }
}
