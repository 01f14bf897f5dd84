//! Nx: apps that say in a `project.json` how they are built, and whose dependencies stand in the manifest of the
//! workspace above.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::Value;

use super::node;
use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::package_json::PackageJson;
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Words in the names of executors that make a program for a server.
const SERVERS: &[&str] = &["/node:", "/js:", "webpack:", "esbuild:", "rollup:", "rspack:"];

/// What servers are written with, where the executor makes pages as well.
const FRAMEWORKS: &[&str] = &["@nestjs/core", "express", "fastify", "koa", "hono", "@hapi/hapi"];

/// The file of an older workspace that holds what `project.json` of each project says now.
const TOGETHER: &str = "workspace.json";

/// The folder of the workspace that a folder without a manifest of its own is a project of.
pub(super) fn workspace(folder: Folder<'_>) -> Option<Folder<'_>> {
    if folder.has("package.json") {
        return None;
    }
    let root = folder.upwards().skip(1).find(|above| above.has("nx.json") && above.has("package.json"))?;
    (folder.has("project.json") || listed(folder, root).is_some()).then_some(root)
}

/// The name and the settings of a project as the older workspace has them.
fn listed(folder: Folder<'_>, root: Folder<'_>) -> Option<(String, Value)> {
    let all = root.value(TOGETHER)?;
    let below = folder.path().strip_prefix(root.path())?.trim_start_matches('/');
    let is_here = |project: &Value| {
        project.get("root").and_then(Value::as_str).is_some_and(|path| path.trim_matches(['.', '/']) == below)
    };
    let (name, project) = all.get("projects")?.as_object()?.iter().find(|(_, project)| is_here(project))?;
    Some((name.clone(), project.clone()))
}

/// What the project's file and the manifest above say.
pub(super) fn read(sources: &Sources<'_>, root: Folder<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let own = folder.value("project.json").map(|project| (None, project));
    let said = own.or_else(|| listed(folder, root).map(|(name, project)| (Some(name), Rc::new(project))));
    let Some((called, project)) = said.filter(|_| !sources.files().is_empty()) else {
        // Nx builds other languages too: what makes those says more.
        facts.strength = -1.0;
        return facts;
    };
    let name = called.as_deref().or_else(|| project.get("name").and_then(Value::as_str));
    let name = name.filter(is_plain).unwrap_or_else(|| folder.name());
    facts.name = Some(name.to_owned());
    if called.is_none() {
        facts.files.push("project.json".to_owned());
    }
    let locks = ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"];
    facts.built_with(root, &[&["package.json", "nx.json", TOGETHER][..], &locks[..]].concat());
    let build = target(&project, "build");
    let executor = build.and_then(|build| build.get("executor").or_else(|| build.get("builder"))?.as_str());
    let executor = executor.unwrap_or("");
    if let Some(manifest) = root.value("package.json").and_then(PackageJson::new) {
        depend(&mut facts, sources, &manifest, executor);
        facts.manager = manifest.manager();
        node::ask_for_versions(&mut facts, root, &manifest);
    }
    node::lock(&mut facts, root);
    facts.role = role(&project, name);
    facts.cannot_run = facts.role == Role::Library;
    if facts.role == Role::App {
        commands(&mut facts, folder, name, &project, executor);
    }
    facts
}

/// What can stand in a command as it is.
fn is_plain(word: &&str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./@:".contains(c);
    word.starts_with(|c: char| c.is_ascii_alphanumeric() || "@.".contains(c)) && word.chars().all(plain)
}

fn target<'a>(project: &'a Value, name: &str) -> Option<&'a Value> {
    project.get("targets").or_else(|| project.get("architect"))?.get(name)
}

/// What a project is for; one that tests another has nothing to build.
fn role(project: &Value, name: &str) -> Role {
    let tests = name.ends_with("-e2e") || target(project, "e2e").is_some() && target(project, "build").is_none();
    match project.get("projectType").and_then(Value::as_str) {
        _ if tests => Role::Library,
        Some("application") => Role::App,
        None if target(project, "serve").is_some() => Role::App,
        _ => Role::Library,
    }
}

/// Of all that the workspace depends on what this project imports, is built with, or has a configuration file of.
fn depend(facts: &mut Facts, sources: &Sources<'_>, manifest: &PackageJson, executor: &str) {
    let groups = [("dependencies", DependencyScope::Runtime), ("devDependencies", DependencyScope::Development)];
    let all: HashMap<&str, (&str, DependencyScope)> = groups
        .iter()
        .flat_map(|(group, scope)| manifest.group(group).map(|(name, asked)| (name, (asked, *scope))))
        .collect();
    let mut used: HashSet<&str> = HashSet::new();
    for (_, text) in sources.texts() {
        for word in text.split(['\'', '"', '`']).filter(|word| word.len() < 100 && !word.contains(char::is_whitespace))
        {
            let end = word.match_indices('/').nth(usize::from(word.starts_with('@'))).map_or(word.len(), |(at, _)| at);
            used.extend(all.get_key_value(&word[..end]).map(|(name, _)| *name));
        }
    }
    let built = executor.rsplit('/').next().and_then(|last| last.split(':').next()).unwrap_or("");
    let configured = |name: &str| sources.folder.find(&format!("{name}.config.*")).is_some();
    let mut names: Vec<&str> =
        all.keys().copied().filter(|name| used.contains(name) || *name == built || configured(name)).collect();
    names.sort_unstable();
    for name in names {
        let (asked, scope) = all[name];
        // What the sources import is needed as they run, wherever it is listed.
        facts.depend(name, Some(asked.to_owned()), if used.contains(name) { DependencyScope::Runtime } else { scope });
    }
    if all.contains_key("typescript") {
        facts.language = Some("TypeScript".to_owned());
    }
}

/// Nx builds from anywhere below its workspace, and leaves what it made where the project says.
fn commands(facts: &mut Facts, folder: Folder<'_>, name: &str, project: &Value, executor: &str) {
    let build = target(project, "build");
    facts.phrase("script.build", "{exec} nx build {}", [name]);
    let targets = [
        ("test", "test.script", "{exec} nx test {}"),
        ("lint", "lint.script", "{exec} nx lint {}"),
        ("serve", "dev.script", "{exec} nx serve {}"),
    ];
    for (_, word, text) in targets.iter().filter(|(name, ..)| target(project, name).is_some()) {
        facts.phrase(word, text, [name]);
    }
    facts.word("build_tool", "nx");
    let option = |key: &str| build.and_then(|build| build.pointer(&format!("/options/{key}")));
    let says = option("outputPath").and_then(|path| path.as_str().or_else(|| path.get("base")?.as_str()));
    let up = "../".repeat(folder.path().split('/').count());
    let said = says.map(|path| {
        let path = path.trim_start_matches("{workspaceRoot}/").replace("{projectRoot}", folder.path());
        format!("{up}{}", path.replace("{projectName}", name).trim_matches('/'))
    });
    let output = said.or_else(|| configured(folder)).filter(|path| is_plain(&path.as_str()));
    if executor.contains("next:") {
        facts.phrase("script.start", "{exec} next start {}", [output.as_deref().unwrap_or(".")]);
        return;
    }
    let output = output.unwrap_or_else(|| format!("{up}dist/{}", folder.path()));
    let serves = FRAMEWORKS.iter().any(|name| facts.depends_on(name));
    let pages = ["index.html", "src/index.html"].iter().any(|page| folder.has(page));
    if serves || !pages && SERVERS.iter().any(|word| executor.contains(word)) {
        let main = if executor.contains("/js:tsc") { "src/main.js" } else { "main.js" };
        facts.phrase("script.start:prod", "node {}", [&format!("{output}/{main}")]);
    } else {
        let browser = if executor.contains("angular") && executor.ends_with(":application") { "/browser" } else { "" };
        facts.output_dir = Some(format!("{output}{browser}"));
    }
}

/// Where a bundler's own configuration has it put what it makes.
fn configured(folder: Folder<'_>) -> Option<String> {
    let files = ["vite.config.*", "webpack.config.*", "rspack.config.*"];
    let text = files.iter().filter_map(|pattern| folder.find(pattern)).find_map(|file| folder.text(&file))?;
    let mut quoted = text.split(['\'', '"']).skip(1).step_by(2);
    let path = quoted.find(|path| path.split('/').any(|part| part == "dist") && !path.contains('*'))?;
    Some(path.trim_start_matches("./").trim_end_matches('/').to_owned())
}
