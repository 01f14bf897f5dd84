//! What the settings of hosting platforms say of commands: somebody wrote them to have this very app run.

use serde_json::Value;

use super::project::Folder;

/// A command with the file that says it, relative to its folder.
pub(super) struct Said {
    pub file: &'static str,
    pub command: String,
}

impl Said {
    /// The platform gives requests to what it starts there; elsewhere it may as well be a worker.
    pub(super) fn answers(&self) -> bool {
        matches!(self.file, "Procfile" | "app.yaml")
    }
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
    let procfile = procfile(folder, "web").map(|command| Said { file: "Procfile", command });
    procfile.or_else(|| START.iter().find_map(|place| said(folder, place)))
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
    let line = text.lines().find_map(|line| line.strip_prefix(process)?.trim_start().strip_prefix(':'))?;
    Some(line.trim().to_owned()).filter(|command| !command.is_empty())
}
