//! Haskell: Cabal and Stack.

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::cabal;
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// The compiler of each long-term snapshot of Stackage (stackage.org/lts).
const SNAPSHOTS: &[(u32, &str)] = &[
    (24, "9.10"),
    (23, "9.8"),
    (22, "9.6"),
    (21, "9.4"),
    (20, "9.2"),
    (19, "9.0"),
    (17, "8.10"),
    (15, "8.8"),
    (12, "8.6"),
];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let mut programs = Vec::new();
    let mut library = false;
    if let Some(package) = folder.value("package.yaml") {
        facts.files.push("package.yaml".to_owned());
        hpack(&mut facts, &package, &mut programs);
        library = package.get("library").is_some();
    }
    let file = folder.find("*.cabal");
    if let Some((file, text)) = file.as_ref().and_then(|file| Some((file, folder.text(file)?))) {
        facts.files.push(file.clone());
        let read = cabal::parse(&text);
        library |= read.library;
        if facts.name.is_none() {
            facts.name = read.name;
        }
        for (name, asked) in read.dependencies {
            depend(&mut facts, &name, asked);
        }
        if programs.is_empty() {
            programs = read.executables;
        }
        facts.ask("cabal tested-with", folder, file, read.tested_with.as_deref());
    }
    let own = facts.name.clone();
    facts.dependencies.retain(|dependency| Some(&dependency.name) != own.as_ref());
    compiler(&mut facts, folder);
    workspace(&mut facts, folder);
    let says = |file: &str, mark: &str| {
        folder.find(file).and_then(|file| folder.text(&file)).is_some_and(|text| text.contains(mark))
    };
    if says("*.cabal", "\ntest-suite ") || says("package.yaml", "\ntests:") {
        facts.word("suite", "");
    }
    if folder.has("flake.nix") {
        facts.word("flake", "");
    }
    let preferred = ["server", "web", "api", "app", "exe"];
    let best = preferred.iter().find_map(|word| programs.iter().find(|name| name.contains(word)));
    if let Some(program) = best.or(programs.first()) {
        facts.word("program", program.as_str());
        facts.role = Role::App;
    } else if library {
        facts.role = Role::Library;
    }
    facts
}

fn depend(facts: &mut Facts, name: &str, asked: Option<String>) {
    facts.depend_once(name, asked, DependencyScope::Runtime);
}

/// `package.yaml`: programs and dependencies, common ones and those of each part.
fn hpack(facts: &mut Facts, package: &Value, programs: &mut Vec<String>) {
    facts.name = package.get("name").and_then(Value::as_str).map(str::to_owned);
    let executables = package.get("executables").and_then(Value::as_object);
    programs.extend(executables.into_iter().flatten().map(|(name, _)| name.clone()));
    if package.get("executable").is_some() {
        programs.extend(facts.name.clone());
    }
    let parts = [Some(package), package.get("library"), package.get("executable")];
    let parts = parts.into_iter().flatten().chain(executables.into_iter().flatten().map(|(_, part)| part));
    for listed in parts.filter_map(|part| part.get("dependencies")) {
        let names = listed.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(cabal::dependency);
        let keys = listed.as_object().into_iter().flatten();
        let keys = keys.map(|(name, asked)| (name.clone(), asked.as_str().map(str::to_owned)));
        for (name, asked) in names.chain(keys).collect::<Vec<_>>() {
            depend(facts, &name, asked);
        }
    }
}

/// What `stack.yaml` and `cabal.project` say of the compiler.
fn compiler(facts: &mut Facts, folder: Folder<'_>) {
    for above in folder.upwards() {
        if let Some(stack) = above.value("stack.yaml") {
            let snapshot = stack.get("snapshot").or_else(|| stack.get("resolver"));
            let text = snapshot.and_then(|found| found.get("url").unwrap_or(found).as_str());
            let says = stack.get("compiler").and_then(Value::as_str).or(text).and_then(of_snapshot);
            facts.ask("stack.yaml resolver", above, "stack.yaml", says.as_deref());
        }
        let project = above.text("cabal.project");
        let line =
            project.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("with-compiler:")));
        facts.ask("cabal.project with-compiler", above, "cabal.project", line);
        if facts.versions.keys().any(|place| place != "cabal tested-with") {
            return;
        }
    }
}

/// The compiler of `lts-22.13`, `…/lts/22/13.yaml`, `ghc-9.6.4`.
fn of_snapshot(text: &str) -> Option<String> {
    if let Some(version) = text.strip_prefix("ghc-") {
        return Some(version.to_owned());
    }
    let rest = text.split_once("lts").map(|(_, rest)| rest.trim_start_matches(['-', '/']))?;
    let major: u32 = rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    SNAPSHOTS.iter().find(|(since, _)| major >= *since).map(|(_, version)| (*version).to_owned())
}

/// A project of several packages.
fn workspace(facts: &mut Facts, folder: Folder<'_>) {
    let stack = folder.value("stack.yaml");
    let listed = stack.as_ref().and_then(|stack| stack.get("packages")).and_then(Value::as_array);
    let mut members: Vec<String> =
        listed.into_iter().flatten().filter_map(Value::as_str).map(|path| path.trim_matches('/').to_owned()).collect();
    if let Some(text) = folder.text("cabal.project") {
        let after = text.split_once("packages:").map_or("", |(_, rest)| rest);
        let paths = after.split(['\n', ' ', ',']).map(str::trim).filter(|word| !word.is_empty());
        let paths = paths.take_while(|word| !word.ends_with(':') && !word.starts_with("--"));
        members.extend(paths.map(|path| path.trim_end_matches("/*.cabal").trim_matches('/').to_owned()));
    }
    members.retain(|path| path != "." && path.rsplit('.').next() != Some("cabal"));
    if !members.is_empty() {
        facts.members = members;
        facts.workspace_tool = Some(if stack.is_some() { "stack" } else { "cabal" }.to_owned());
        if folder.find("*.cabal").is_none() && !folder.has("package.yaml") {
            facts.role = Role::Shell;
        }
    }
    let above = folder.upwards().skip(1).find(|above| above.has("stack.yaml") || above.has("cabal.project"));
    if let Some(above) = above.filter(|_| !folder.has("stack.yaml") && !folder.has("cabal.project")) {
        facts.built_with(above, &["stack.yaml", "stack.yaml.lock", "cabal.project", "cabal.project.freeze"]);
    }
}
