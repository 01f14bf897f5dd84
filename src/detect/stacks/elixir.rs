//! Elixir: `mix.exs`, umbrellas, releases.

use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::mix::{self, Mix};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Configuration that is read as the program starts.
const AT_START: &[&str] = &["config/runtime.exs", "config/releases.exs", "config/prod.exs"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let Some(text) = folder.text("mix.exs") else {
        script(&mut facts, folder);
        return facts;
    };
    facts.files.push("mix.exs".to_owned());
    let read = mix::parse(&text);
    facts.name.clone_from(&read.app);
    facts.ask("mix.exs elixir", folder, "mix.exs", read.elixir.as_deref());
    let buildpack = folder.text("elixir_buildpack.config");
    let says = buildpack.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("elixir_version=")));
    facts.ask("elixir_buildpack.config elixir_version", folder, "elixir_buildpack.config", says);
    packages(&mut facts, &read);
    let parts = umbrella(&mut facts, folder, &read);
    let lock = folder.upwards().find_map(|above| above.text("mix.lock"));
    if let Some(lock) = lock {
        let locked = mix::locked(&lock);
        facts.lock(|name, _| locked.get(name).cloned());
    }
    required(&mut facts, folder);
    port(&mut facts, folder);
    if folder.has("assets/package.json") {
        facts.files.push("assets/package.json".to_owned());
        facts.phrase("npm", "npm install --prefix assets && ", []);
    } else {
        facts.phrase("npm", "", []);
    }
    if let Some(alias) =
        read.aliases.iter().chain(parts.iter().flat_map(|part| &part.aliases)).find(|name| *name == "assets.deploy")
    {
        facts.word("assets", alias.as_str());
    }
    let name = read.app.clone().unwrap_or_else(|| folder.name().to_owned());
    let runs = read.runs || parts.iter().any(|part| part.runs);
    if read.escript {
        facts.word("escript", name);
    } else if let Some(release) = read.release.or(runs.then_some(name)) {
        facts.word("release", release);
    }
    facts.role = if is_part(folder) {
        Role::Shell
    } else if runs || read.escript || folder.has("Procfile") {
        Role::App
    } else {
        Role::Library
    };
    facts
}

fn packages(facts: &mut Facts, read: &Mix) {
    for package in &read.packages {
        let scope = if package.development { DependencyScope::Development } else { DependencyScope::Runtime };
        facts.depend_once(&package.name, package.asked.clone(), scope);
    }
}

/// An umbrella is released as one: it depends on what its applications depend on.
fn umbrella(facts: &mut Facts, folder: Folder<'_>, read: &Mix) -> Vec<Mix> {
    let Some(apps) = &read.apps_path else { return Vec::new() };
    facts.members = vec![format!("{apps}/*")];
    facts.workspace_tool = Some("mix".to_owned());
    let parts = folder.folder(apps).into_iter().flat_map(|apps| apps.subfolders().collect::<Vec<_>>());
    let parts: Vec<Mix> = parts.filter_map(|part| Some(mix::parse(&part.text("mix.exs")?))).collect();
    for part in &parts {
        packages(facts, part);
    }
    let siblings: Vec<String> = parts.iter().filter_map(|part| part.app.clone()).collect();
    facts.dependencies.retain(|dependency| !siblings.contains(&dependency.name));
    if facts.name.is_none() {
        facts.name = Some(folder.name().to_owned()).filter(|name| !name.is_empty());
    }
    parts
}

/// An application of an umbrella above.
fn is_part(folder: Folder<'_>) -> bool {
    let of = |above: Folder<'_>| mix::parse(&above.text("mix.exs")?).apps_path.map(|apps| above.at(&apps));
    let Some(parent) = folder.parent() else { return false };
    parent.upwards().filter_map(of).any(|apps| apps == parent.path())
}

/// `System.get_env("X") ||` with a `raise` right behind it: without the name it does not start.
fn required(facts: &mut Facts, folder: Folder<'_>) {
    for (file, text) in AT_START.iter().filter_map(|file| Some((file, folder.text(file)?))) {
        for (at, mark) in text.match_indices("System.get_env(\"") {
            let rest = &text[at + mark.len()..];
            let Some((name, after)) = rest.split_once("\")") else { continue };
            let fails =
                after.trim_start().strip_prefix("||").is_some_and(|rest| rest.trim_start().starts_with("raise"));
            if fails && crate::detect::env::is_own(name) {
                facts.requires(folder, file, name);
            }
        }
    }
}

/// The port of Phoenix's endpoint: `http: [port: 4000]`. That of `url:` is the proxy's.
fn port(facts: &mut Facts, folder: Folder<'_>) {
    const FILES: &[&str] =
        &["config/runtime.exs", "config/releases.exs", "config/prod.exs", "config/config.exs", "config/dev.exs"];
    for file in FILES {
        let Some(text) = folder.text(file) else { continue };
        let found = text.match_indices("http: [").find_map(|(at, mark)| {
            let after = text[at + mark.len()..].split_once("port: ")?.1.lines().next()?;
            let digits = after.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() >= 2)?;
            digits.parse::<u16>().ok().filter(|port| *port >= 80)
        });
        if let Some(port) = found {
            facts.port = Some(port);
            facts.saw(folder, file, format!("listens on {port}"));
            return;
        }
    }
}

/// A program in one file.
fn script(facts: &mut Facts, folder: Folder<'_>) {
    if let Some(file) = ["server.exs", "main.exs"].into_iter().find(|file| folder.has(file)) {
        facts.word("script", file);
        facts.role = Role::App;
    }
}
