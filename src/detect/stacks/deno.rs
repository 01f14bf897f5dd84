//! Deno: `deno.json`, its lock, and programs that import over the network without any manifest.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::package_json::PackageJson;
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::detect::stacks::ends_in;
use crate::model::{DependencyScope, Serving};

/// Where a program begins when no task says so.
const ENTRIES: &[&str] = &[
    "main",
    "server",
    "mod",
    "index",
    "app",
    "src/main",
    "src/server",
    "src/index",
    "src/app",
    "server/main",
    "server/index",
    "api/main",
    "backend/main",
];

/// Endings that Deno runs as they are.
const ENDINGS: &[&str] = &[".ts", ".tsx", ".js", ".mjs", ".jsx", ".mts"];

/// Tasks that run a program, the most telling first.
const TASKS: &[&str] = &["start", "serve", "server", "prod", "production", "run", "dev", "dev:api", "dev:server"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let config = ["deno.json", "deno.jsonc"].iter().find_map(|file| Some((*file, folder.value(file)?)));
    let manifest = folder.value("package.json").and_then(PackageJson::new);
    let mut tasks = BTreeMap::new();
    if let Some((file, config)) = &config {
        facts.files.push((*file).to_owned());
        read_config(&mut facts, folder, file, config, &mut tasks);
    }
    if let Some(manifest) = &manifest {
        read_package(&mut facts, folder, manifest, &mut tasks);
        facts.framework = page(folder, manifest).map(|name| (name.to_owned(), None));
    }
    // Before version 2 there was no installing, only fetching what a program imports.
    let is_old = [".deno-version", ".dvmrc"]
        .iter()
        .any(|file| folder.text(file).is_some_and(|text| text.trim_start_matches('v').starts_with("1.")));
    if !facts.files.is_empty() && !is_old {
        facts.word("manifest", "");
    }
    imported(&mut facts, sources);
    lock(&mut facts, folder);
    for (name, command) in &tasks {
        facts.phrase(&format!("script.{name}"), "deno task {}", [name]);
        if name == "dev" && (command == "vite" || command == "vite dev") {
            facts.phrase("dev.vite", "deno task {}", [name]);
        }
        if name == "start" {
            facts.started.push(command.clone());
            facts.saw(
                folder,
                facts.files.first().cloned().unwrap_or_default().as_str(),
                format!("starts with {command}"),
            );
        }
    }
    if let Some(entry) = entry(folder, &tasks) {
        let serves = folder.project().source(&folder.at(&entry)).is_some_and(|text| exports_fetch(&text));
        facts.word(if serves { "served" } else { "entry" }, entry);
    }
    if sources.files().iter().any(|file| ends_in(file, &["ts", "tsx"])) {
        facts.language = Some("TypeScript".to_owned());
    }
    facts.strength = strength(folder, config.as_ref().map(|(_, config)| &**config), manifest.as_ref(), &tasks);
    facts.role = role(config.as_ref().map(|(_, config)| &**config), &facts, &tasks, sources);
    bundled(&mut facts, folder, &tasks);
    facts
}

fn read_config(
    facts: &mut Facts,
    folder: Folder<'_>,
    file: &str,
    config: &Value,
    tasks: &mut BTreeMap<String, String>,
) {
    let text = |pointer: &str| config.pointer(pointer).and_then(Value::as_str);
    facts.name = text("/name").map(str::to_owned);
    facts.ask("deno.json engines.deno", folder, file, text("/engines/deno"));
    for (name, task) in config.get("tasks").and_then(Value::as_object).into_iter().flatten() {
        if let Some(command) = task.as_str().or_else(|| task.get("command").and_then(Value::as_str)) {
            tasks.insert(name.clone(), command.to_owned());
        }
    }
    for (_, target) in config.get("imports").and_then(Value::as_object).into_iter().flatten() {
        depend(facts, target.as_str().unwrap_or(""));
    }
    if let Some(map) = text("/importMap").map(|path| path.trim_start_matches("./")) {
        read_map(facts, folder, map);
    } else if folder.has("import_map.json") {
        read_map(facts, folder, "import_map.json");
    }
    let members = config.get("workspace").map(|found| found.get("members").unwrap_or(found));
    let members = members.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    facts.members = members.map(str::to_owned).collect();
    if !facts.members.is_empty() {
        facts.workspace_tool = Some("deno".to_owned());
    }
}

fn read_map(facts: &mut Facts, folder: Folder<'_>, file: &str) {
    let Some(map) = folder.value(file) else { return };
    facts.files.push(file.to_owned());
    for (_, target) in map.get("imports").and_then(Value::as_object).into_iter().flatten() {
        depend(facts, target.as_str().unwrap_or(""));
    }
}

fn read_package(facts: &mut Facts, folder: Folder<'_>, manifest: &PackageJson, tasks: &mut BTreeMap<String, String>) {
    facts.files.push("package.json".to_owned());
    facts.name = facts.name.take().or_else(|| manifest.text("/name").map(str::to_owned));
    facts.ask("package.json engines.deno", folder, "package.json", manifest.text("/engines/deno"));
    for (group, scope) in
        [("dependencies", DependencyScope::Runtime), ("devDependencies", DependencyScope::Development)]
    {
        for (name, asked) in manifest.group(group) {
            facts.depend_once(name, Some(asked.to_owned()), scope);
        }
    }
    for (name, command) in manifest.scripts() {
        tasks.entry(name.to_owned()).or_insert_with(|| command.to_owned());
    }
}

/// What the page at the top is written with: the project's own framework, and what answers aside only its API.
fn page(folder: Folder<'_>, manifest: &PackageJson) -> Option<&'static str> {
    const PAGES: &[(&str, &str)] =
        &[("react-dom", "react"), ("vue", "vue"), ("svelte", "svelte"), ("solid-js", "solid"), ("preact", "preact")];
    if !folder.has("index.html") || folder.find("vite.config.*").is_none() {
        return None;
    }
    let depends = |package: &str| manifest.group("dependencies").any(|(name, _)| name == package);
    PAGES.iter().find(|(package, _)| depends(package)).map(|(_, name)| *name)
}

/// What the sources import by an address.
fn imported(facts: &mut Facts, sources: &Sources<'_>) {
    let marks = ["npm:", "jsr:", "https://deno.land/", "https://esm.sh/", "https://deno.land/x/"];
    for (_, text) in sources.texts() {
        for quote in ['"', '\''] {
            for mark in marks {
                for (at, _) in text.match_indices(mark) {
                    if text[..at].ends_with(quote)
                        && let Some(end) = text[at..].find([quote, '\n'])
                    {
                        depend(facts, &text[at..at + end]);
                    }
                }
            }
        }
    }
}

/// Notes the package that an import names: `npm:express@4`, `jsr:@oak/oak@17`, `https://deno.land/x/oak@v12/mod.ts`.
fn depend(facts: &mut Facts, import: &str) {
    let addressed =
        ["npm:", "jsr:", "https://deno.land/x/", "https://esm.sh/"].iter().find_map(|kind| import.strip_prefix(kind));
    let Some(path) = addressed.map(|path| path.trim_start_matches('/')) else { return };
    let scoped = path.starts_with('@');
    let end = path.match_indices('/').nth(usize::from(scoped)).map_or(path.len(), |(at, _)| at);
    let package = &path[..end];
    let (name, version) = match package.char_indices().skip(1).find(|(_, letter)| *letter == '@') {
        Some((at, _)) => (&package[..at], Some(package[at + 1..].trim_start_matches('v'))),
        None => (package, None),
    };
    if !name.is_empty() {
        let version = version.map(|version| version.split('?').next().unwrap_or(version).to_owned());
        facts.depend_once(name, version, DependencyScope::Runtime);
    }
}

/// Exact versions from `deno.lock`: `"npm:express@4": "4.21.1"`, in older forms the package with its version.
fn lock(facts: &mut Facts, folder: Folder<'_>) {
    let Some(lock) = folder.upwards().find_map(|above| above.value("deno.lock")) else { return };
    let specifiers = lock.get("specifiers").or_else(|| lock.pointer("/packages/specifiers")).and_then(Value::as_object);
    let mut versions: BTreeMap<&str, &str> = BTreeMap::new();
    for (asked, version) in specifiers.into_iter().flatten() {
        let asked = asked.split_once(':').map_or(asked.as_str(), |(_, asked)| asked);
        if let (Some((name, _)), Some(version)) = (asked.rsplit_once('@'), version.as_str()) {
            let version = version.rsplit('@').next().unwrap_or(version);
            versions.insert(name, version.split('_').next().unwrap_or(version));
        }
    }
    facts.lock(|name, _| versions.get(name).map(|version| (*version).to_owned()));
}

/// The file that a task gives to Deno, or one with a usual name: that which listens before others.
fn entry(folder: Folder<'_>, tasks: &BTreeMap<String, String>) -> Option<String> {
    let from_task = TASKS.iter().filter_map(|task| tasks.get(*task)).find_map(|command| {
        let (_, arguments) = command.split_once("deno ")?;
        let words = arguments.split_whitespace().map(|word| word.trim_start_matches("./"));
        words.filter(|word| ENDINGS.iter().any(|ending| word.ends_with(ending))).find(|word| folder.has(word))
    });
    if let Some(file) = from_task {
        return Some(file.to_owned());
    }
    let names = ENTRIES.iter().flat_map(|name| ENDINGS.iter().map(move |ending| format!("{name}{ending}")));
    let there: Vec<String> = names.filter(|file| folder.has(file)).collect();
    let listens = |file: &&String| {
        let text = folder.project().source(&folder.at(file));
        text.is_some_and(|text| text.contains("Deno.serve") || text.contains(".listen(") || exports_fetch(&text))
    };
    there.iter().find(listens).or_else(|| there.first()).cloned()
}

/// A module that `deno serve` runs: its default export answers requests.
fn exports_fetch(text: &str) -> bool {
    text.split_once("export default").is_some_and(|(before, after)| {
        let head: String = after.chars().take(200).collect();
        head.contains("fetch") && !before.contains("Deno.serve(")
    })
}

/// How sure the form of the project makes that Deno runs it, where a package of Node.js lies here as well.
fn strength(
    folder: Folder<'_>,
    config: Option<&Value>,
    manifest: Option<&PackageJson>,
    tasks: &BTreeMap<String, String>,
) -> f64 {
    let by_deno = |command: &String| command.split_whitespace().any(|word| word == "deno");
    if tasks.values().any(by_deno) {
        return 0.8;
    }
    let Some(manifest) = manifest else { return 0.3 };
    let own_tasks = config.is_some_and(|config| config.get("tasks").is_some() || config.get("imports").is_some());
    let node_lock = ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"]
        .iter()
        .any(|lock| folder.has(lock));
    let starts = manifest.script("start").is_some();
    match (own_tasks, folder.has("deno.lock")) {
        (true, true) => 0.5,
        (false, true) if !node_lock => 0.4,
        (true, false) if !node_lock && !starts => 0.3,
        // A linter's or an editor's settings beside a package of Node.js.
        _ => -0.8,
    }
}

fn role(config: Option<&Value>, facts: &Facts, tasks: &BTreeMap<String, String>, sources: &Sources<'_>) -> Role {
    let runs = TASKS.iter().any(|task| tasks.contains_key(*task));
    let known = facts.words.contains_key("entry") || facts.words.contains_key("served");
    let listens = || sources.hold(&["Deno.serve", ".listen("]);
    if !facts.members.is_empty() && !runs {
        Role::Shell
    } else if config.is_some_and(|config| config.get("exports").is_some()) && !tasks.contains_key("start") {
        // A package for a registry.
        if runs && listens() { Role::App } else { Role::Library }
    } else if runs || known {
        Role::App
    } else {
        Role::Unknown
    }
}

/// A bundler's files are served where no program of its own answers.
fn bundled(facts: &mut Facts, folder: Folder<'_>, tasks: &BTreeMap<String, String>) {
    let bundles = facts.depends_on("vite") || tasks.values().any(|command| command.contains("npm:vite"));
    if !bundles {
        return;
    }
    facts.output_dir = Some("dist".to_owned());
    let serves = facts.words.contains_key("entry") || facts.words.contains_key("served") || tasks.contains_key("start");
    // Its own program hands out the files as well.
    if serves && facts.framework.is_some() {
        facts.serving = Some(Serving::Server);
    }
    if !serves && folder.has("index.html") {
        facts.serving = Some(Serving::Static);
        facts.role = Role::App;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{MemoryTree, detect};

    #[test]
    fn what_runs_a_project_decides_between_deno_bun_and_node() {
        let stack = |files: &[(&str, &str)]| {
            let found = detect(&MemoryTree::new(files.iter().copied()));
            assert_eq!(found.apps.len(), 1, "{files:?}");
            found.apps[0].stack.clone()
        };
        let next = r#"{"scripts": {"start": "next start"}, "dependencies": {"next": "15"}}"#;
        let lint = r#"{"lint": {}, "fmt": {"semiColons": false}}"#;
        // A linter's settings do not make a program of Deno, a bun lock none of Bun.
        assert_eq!(stack(&[("package.json", next), ("package-lock.json", "{}"), ("deno.json", lint)]), "node");
        assert_eq!(stack(&[("package.json", next), ("bun.lock", "{}")]), "node");
        let started = r#"{"scripts": {"start": "node server.js"}, "packageManager": "bun@1.2.0"}"#;
        assert_eq!(stack(&[("package.json", started), ("bun.lockb", ""), ("server.js", "")]), "node");
        let bun = r#"{"scripts": {"start": "bun src/a.ts"}, "dependencies": {"hono": "4"}}"#;
        assert_eq!(stack(&[("package.json", bun), ("src/a.ts", "")]), "bun");
        assert_eq!(stack(&[("package.json", "{}"), ("bun.lock", "{}"), ("index.ts", "Bun.serve({})")]), "bun");
        let tasks = r#"{"tasks": {"start": "deno run -A main.ts"}}"#;
        let tools = r#"{"devDependencies": {"prisma": "6"}}"#;
        assert_eq!(stack(&[("deno.json", tasks), ("package.json", tools), ("main.ts", "")]), "deno");
        assert_eq!(stack(&[("main.ts", "import x from \"npm:x@1\";")]), "deno");
        assert_eq!(stack(&[("package.json", next), ("index.ts", "export default 1")]), "node");
    }

    #[test]
    fn packages_are_told_from_what_is_imported() {
        let mut facts = Facts::default();
        for import in [
            "npm:express@^4.18",
            "jsr:@oak/oak@17/router",
            "https://deno.land/x/fresh@1.6.8/server.ts",
            "https://esm.sh/preact@10.19.2?dev",
            "npm:@hono/node-server",
            "https://deno.land/std@0.100.0/a.ts",
            "./a.ts",
        ] {
            depend(&mut facts, import);
        }
        let seen: Vec<(&str, Option<&str>)> =
            facts.dependencies.iter().map(|found| (found.name.as_str(), found.version.as_deref())).collect();
        assert_eq!(
            seen,
            [
                ("express", Some("^4.18")),
                ("@oak/oak", Some("17")),
                ("fresh", Some("1.6.8")),
                ("preact", Some("10.19.2")),
                ("@hono/node-server", None)
            ]
        );
    }
}
