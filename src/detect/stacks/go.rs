//! Go: modules, workspaces and the packages that are programs.

use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::go_mod;
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Names of programs that serve, where a module has several.
const SERVERS: &[&str] = &["server", "api", "web", "app", "main", "service", "http", "serve"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    if let Some(text) = folder.text("go.mod") {
        facts.files.push("go.mod".to_owned());
        let module = go_mod::parse(&text);
        // Beside a toolchain the line `go` says the least that it may be, which a toolchain always is.
        match module.toolchain.as_deref() {
            Some(toolchain) => facts.ask("go.mod toolchain", folder, "go.mod", Some(toolchain)),
            None => facts.ask("go.mod go", folder, "go.mod", module.go.as_deref()),
        }
        facts.name = module.module.as_deref().map(name_of);
        if !module.requires.is_empty() {
            facts.word("has_modules", "");
            facts.complete = true;
        }
        for (name, version) in module.indirect {
            facts.pin(name, version.trim_start_matches('v'), DependencyScope::Runtime);
        }
        for (name, version) in module.requires {
            facts.depend(name, Some(version.trim_start_matches('v').to_owned()), DependencyScope::Runtime);
        }
    }
    if let Some(text) = folder.text("go.work") {
        facts.files.push("go.work".to_owned());
        let work = go_mod::parse(&text);
        facts.ask("go.work go", folder, "go.work", work.go.as_deref());
        facts.members = work.uses;
        facts.workspace_tool = Some("go.work".to_owned());
        if !folder.has("go.mod") {
            facts.role = Role::Shell;
            return facts;
        }
    }
    if let Some(above) = folder.upwards().skip(1).find(|above| above.has("go.work")) {
        facts.built_with(above, &["go.work"]);
    }
    let program = program(sources, facts.name.as_deref());
    facts.role = if let Some(package) = program {
        facts.saw(folder, if package == "." { "main.go" } else { package.trim_start_matches("./") }, "is a program");
        facts.word("package", package);
        Role::App
    } else if ["Dockerfile", "Procfile"].iter().any(|file| folder.has(file)) {
        // Its program may lie where a rule for ignored files hides it.
        Role::Unknown
    } else {
        facts.cannot_run = true;
        Role::Library
    };
    facts
}

/// The last part of a module's path that is not its version.
fn name_of(module: &str) -> String {
    let mut parts = module.rsplit('/');
    let last = parts.next().unwrap_or(module);
    let is_version = last.strip_prefix('v').is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()));
    if is_version { parts.next().unwrap_or(last).to_owned() } else { last.to_owned() }
}

/// The package to build: the module's own folder, or that below `cmd/` whose name fits best, or any other.
fn program(sources: &Sources<'_>, name: Option<&str>) -> Option<String> {
    let folder = sources.folder;
    if is_program(folder) {
        return Some(".".to_owned());
    }
    let mut programs: Vec<Folder<'_>> = folder.folder("cmd").into_iter().flat_map(Folder::subfolders).collect();
    programs.extend(folder.folder("cmd"));
    programs.retain(|package| is_program(*package));
    if programs.is_empty() {
        let mut folders: Vec<&str> =
            sources.files().iter().map(|file| file.rsplit_once('/').map_or("", |(folder, _)| folder)).collect();
        folders.dedup();
        programs.extend(
            folders.into_iter().filter_map(|path| folder.project().folder(path)).filter(|one| is_program(*one)),
        );
    }
    let rank = |package: &&Folder<'_>| {
        let own = name == Some(package.name());
        let server = SERVERS.iter().position(|known| package.name().contains(known)).unwrap_or(SERVERS.len());
        (!own, server)
    };
    let best = programs.iter().min_by_key(rank)?;
    Some(format!("./{}", sources.relative(best.path())))
}

fn is_program(folder: Folder<'_>) -> bool {
    folder.files().iter().filter(|file| is_source(file)).any(|file| {
        folder.project().source(&folder.at(file)).is_some_and(|text| {
            text.lines().any(|line| line.trim_end() == "package main") && !text.contains("//go:build ignore")
        })
    })
}

fn is_source(file: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(stem, ending)| ending == "go" && !stem.ends_with("_test"))
}
