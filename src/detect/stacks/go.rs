//! Go: modules, workspaces and the packages that are programs.

use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::go_mod;
use crate::detect::platforms;
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::detect::words::Word;
use crate::model::DependencyScope;

/// Names of programs that serve, where a module has several.
const SERVERS: &[&str] = &["server", "api", "web", "app", "main", "service", "http", "serve"];

/// Other programs that are told of at most.
const OTHERS: usize = 8;

/// Packages that a program is followed through at most.
const PACKAGES: usize = 1_000;

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let mut module_path = None;
    if let Some(text) = folder.text("go.mod") {
        facts.files.push("go.mod".to_owned());
        let module = go_mod::parse(&text);
        module_path.clone_from(&module.module);
        // Beside a toolchain the line `go` says the least that it may be, which a toolchain always is.
        match module.toolchain.as_deref() {
            Some(toolchain) => facts.ask("go.mod toolchain", folder, "go.mod", Some(toolchain)),
            None => facts.ask("go.mod go", folder, "go.mod", module.go.as_deref()),
        }
        facts.name = module.module.as_deref().map(name_of);
        // Modules of its own folder that stand in for others are needed before anything is fetched.
        let replaced = text.lines().filter_map(|line| line.split_once("=>")?.1.trim().strip_prefix("./"));
        facts.files.extend(replaced.map(|place| format!("{}/go.mod", place.trim_end_matches('/'))));
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
    let programs = programs(sources, facts.name.as_deref());
    let made = made(folder, &programs, facts.name.as_deref());
    facts.role = if let Some(Made { package, .. }) = made.first() {
        for Made { package, .. } in &made {
            facts.saw(
                folder,
                if package == "." { "main.go" } else { package.trim_start_matches("./") },
                "is a program",
            );
        }
        for other in programs.iter().filter(|it| !made.iter().any(|one| one.package == **it)).take(OTHERS) {
            let says =
                format!("is a program too; `build = \"go build -o bin/app {other}\"` in wharf.toml has it run instead");
            facts.saw(folder, other.trim_start_matches("./"), says);
        }
        if programs.len() > 1 {
            facts.reach = reach(folder, &made[..1], module_path.as_deref());
            facts.reach_beside = reach(folder, &made, module_path.as_deref());
        }
        facts.word("package", package);
        let builds = made.iter().map(|_| "go build -o {} {}").collect::<Vec<_>>().join(" && ");
        let values = made.iter().flat_map(|one| [one.file.clone(), one.package.clone()]).collect();
        facts.words.insert("programs".to_owned(), Word::Phrase(builds.into(), values));
        Role::App
    } else if let Some((module, name)) = module_path.as_deref().and_then(|module| function(sources, &facts, module)) {
        facts.word("module", module);
        facts.word("function", name);
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

/// The function that a package registers with the framework that answers requests with it, beside the package's path:
/// what calls it is made by the build.
fn function(sources: &Sources<'_>, facts: &Facts, module: &str) -> Option<(String, String)> {
    if !facts.depends_on("github.com/GoogleCloudPlatform/functions-framework-go") {
        return None;
    }
    let folder = sources.folder;
    let own = sources.files().iter().filter(|path| !sources.relative(path).contains('/'));
    let texts = own.filter_map(|path| folder.project().source(path));
    let registered = |text: &str| {
        let marks = ["functions.HTTP(\"", "functions.CloudEvent(\"", "functions.Typed(\""];
        let name = marks.iter().find_map(|mark| text.split_once(mark)?.1.split('"').next())?;
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| name.to_owned())
    };
    let name = texts.into_iter().find_map(|text| registered(&text))?;
    let is_path = module.chars().all(|c| c.is_ascii_alphanumeric() || "./-_~".contains(c));
    is_path.then(|| (module.to_owned(), name))
}

/// The last part of a module's path that is not its version.
fn name_of(module: &str) -> String {
    let mut parts = module.rsplit('/');
    let last = parts.next().unwrap_or(module);
    let is_version = last.strip_prefix('v').is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()));
    if is_version { parts.next().unwrap_or(last).to_owned() } else { last.to_owned() }
}

/// A program that the build makes: the file that it goes into, and its package.
struct Made {
    file: String,
    package: String,
}

/// What the build makes: what the app starts, then what runs beside it and before it, all under the names that their
/// commands have for them.
fn made(folder: Folder<'_>, programs: &[String], module: Option<&str>) -> Vec<Made> {
    let Some(first) = programs.first() else { return Vec::new() };
    // A program of the module's own folder is called as the module.
    let is_called = |package: &str, name: &str| match package {
        "." => module == Some(name),
        package => package.rsplit('/').next() == Some(name),
    };
    let package = |file: &str| {
        let name = file.rsplit('/').next().unwrap_or(file);
        let only = || Some(first).filter(|_| programs.len() == 1);
        programs.iter().find(|package| is_called(package, name)).or_else(only)
    };
    let settings = folder.settings(module);
    let said = settings.iter().rev().find_map(|it| it.start.clone());
    let start = said.or_else(|| Some(platforms::start(folder)?.command));
    let start = start.and_then(|command| made_by_build(folder, &command));
    let own = match start {
        Some(file) => Made { package: package(&file).unwrap_or(first).clone(), file },
        None => Made { package: first.clone(), file: "bin/app".to_owned() },
    };
    let mut made = vec![own];
    let beside = platforms::others(folder).into_iter().map(|(_, said)| said).chain(platforms::release(folder));
    let own = settings.iter().flat_map(|it| it.processes.values().filter_map(|process| process.command.clone()));
    let own = own.chain(settings.iter().filter_map(|it| it.release.clone()));
    for file in beside.map(|said| said.command).chain(own).filter_map(|command| made_by_build(folder, &command)) {
        if let Some(package) = package(&file).filter(|_| !made.iter().any(|one| one.file == file)) {
            made.push(Made { package: package.clone(), file });
        }
    }
    made
}

/// The file below the app's folder that a command starts and that only a build puts there.
fn made_by_build(folder: Folder<'_>, command: &str) -> Option<String> {
    let program = command.split_whitespace().find(|word| !word.contains('=') && *word != "exec")?;
    let file = program.trim_start_matches("./");
    let is_plain = file.chars().all(|c| c.is_ascii_alphanumeric() || "_-/".contains(c));
    let is_below = program.contains('/') && !file.starts_with(['/', '-']) && !file.is_empty() && !file.ends_with('/');
    (is_plain && is_below && !folder.has(file) && !folder.has_folder(file)).then(|| file.to_owned())
}

/// The packages that are programs: the module's own folder comes first, then that below `cmd/` whose name fits best, then
/// any other.
fn programs(sources: &Sources<'_>, name: Option<&str>) -> Vec<String> {
    let folder = sources.folder;
    let mut programs: Vec<Folder<'_>> = folder.folder("cmd").into_iter().flat_map(Folder::subfolders).collect();
    programs.extend(folder.folder("cmd"));
    programs.retain(|package| is_program(*package));
    if is_program(folder) {
        let others = programs.iter().map(|other| format!("./{}", sources.relative(other.path())));
        return std::iter::once(".".to_owned()).chain(others).collect();
    }
    if programs.is_empty() {
        let mut folders: Vec<&str> =
            sources.files().iter().map(|file| file.rsplit_once('/').map_or("", |(folder, _)| folder)).collect();
        folders.dedup();
        programs.extend(
            folders.into_iter().filter_map(|path| folder.project().folder(path)).filter(|one| is_program(*one)),
        );
    }
    // Of equals the first stays first.
    programs.sort_by_key(|package| {
        let own = name == Some(package.name());
        let server = SERVERS.iter().position(|known| package.name().contains(known)).unwrap_or(SERVERS.len());
        (!own, server)
    });
    programs.iter().map(|package| format!("./{}", sources.relative(package.path()))).collect()
}

/// The folders of the packages that programs are made of: their own and all of the module that they import.
fn reach(folder: Folder<'_>, programs: &[Made], module: Option<&str>) -> Option<Vec<String>> {
    let module = module?;
    let project = folder.project();
    let own = |package: &str| match package {
        "." => folder.path().to_owned(),
        package => folder.at(package.trim_start_matches("./")),
    };
    let mut reached: Vec<String> = programs.iter().map(|program| own(&program.package)).collect();
    let mut next = 0;
    while let Some(package) = reached.get(next).and_then(|path| project.folder(path)) {
        next += 1;
        for file in package.files().iter().filter(|file| is_source(file)) {
            let Some(text) = project.source(&package.at(file)) else { continue };
            for import in text.split('"').filter_map(|word| word.strip_prefix(module)) {
                let below = import.trim_start_matches('/');
                let path = if below.is_empty() { folder.path().to_owned() } else { folder.at(below) };
                let is_package = import.is_empty() || import.starts_with('/');
                if is_package && reached.len() < PACKAGES && !reached.contains(&path) && project.folder(&path).is_some()
                {
                    reached.push(path);
                }
            }
        }
    }
    Some(reached)
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
