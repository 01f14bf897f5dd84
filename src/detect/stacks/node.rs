//! Node.js: `package.json` and the lock files beside it or above it.

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::node_locks::Locked;
use crate::detect::manifests::package_json::PackageJson;
use crate::detect::project::Folder;
use crate::detect::rules::FrameworkRule;
use crate::detect::sources::Sources;
use crate::detect::stacks::{ends_in, node_processes, node_release, node_scripts, nx, prisma};
use crate::model::{DependencyScope, Serving};

/// Where a program begins when its manifest does not say.
const ENTRIES: &[&str] = &[
    "server",
    "index",
    "app",
    "main",
    "src/server",
    "src/index",
    "src/app",
    "src/main",
    "bin/www",
    "server/index",
    "server/server",
    "server/app",
];

/// Programs that build, those first that use the others.
const BUILDERS: &[&str] = &[
    "turbo",
    "nx",
    "vite",
    "react-scripts",
    "webpack",
    "parcel",
    "rollup",
    "rspack",
    "rsbuild",
    "esbuild",
    "tsup",
    "swc",
    "tsc",
    "babel",
];

/// Programs that serve while somebody develops, not in production.
const DEVELOPS: &[&str] = &[
    "vite",
    "react-scripts start",
    "ng serve",
    "next dev",
    "nuxt dev",
    "nuxi dev",
    "webpack serve",
    "webpack-dev-server",
    "parcel",
    "gatsby develop",
    "vue-cli-service serve",
    "nodemon",
    "ts-node-dev",
    "tsx watch",
    "node --watch",
    "astro dev",
    "svelte-kit dev",
    "remix dev",
    "expo start",
    "react-native start",
    "snowpack dev",
    "webpack --watch",
    "live-server",
];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    if let Some(root) = nx::workspace(folder) {
        return nx::read(sources, root);
    }
    let mut facts = Facts::default();
    let manifest = folder.value("package.json").and_then(PackageJson::new);
    if let Some(manifest) = &manifest {
        facts.files.push("package.json".to_owned());
        read_manifest(&mut facts, folder, manifest);
        inherit(&mut facts, folder);
        berry(&mut facts, folder);
        turbo(&mut facts, folder);
        lock(&mut facts, folder);
    }
    // `METEOR@3.0.4`: its packages on npm have versions of their own.
    if let Some(release) = folder.text(".meteor/release") {
        let version = release.trim().strip_prefix("METEOR@").map(str::to_owned);
        facts.framework = Some(("meteor".to_owned(), version));
        facts.files.push(".meteor/release".to_owned());
    }
    rush(&mut facts, folder);
    prisma::read(&mut facts, folder);
    typescript(&mut facts, folder);
    output(&mut facts, folder);
    if let Some(entry) = entry(folder, manifest.as_ref()) {
        facts.word("entry", entry);
    } else {
        typescript_entry(&mut facts, folder);
    }
    facts.role = role(folder, manifest.as_ref(), &facts);
    facts
}

fn read_manifest(facts: &mut Facts, folder: Folder<'_>, manifest: &PackageJson) {
    facts.name = manifest.text("/name").map(str::to_owned);
    let groups = [
        ("dependencies", DependencyScope::Runtime),
        ("devDependencies", DependencyScope::Development),
        ("optionalDependencies", DependencyScope::Optional),
    ];
    for (group, scope) in groups {
        for (name, asked) in manifest.group(group) {
            facts.depend_once(name, Some(asked.to_owned()), scope);
        }
    }
    facts.manager = manifest.manager();
    facts.manager_hint = manifest.manager_engine().or_else(|| yarn_release(folder));
    ask_for_versions(facts, folder, manifest);
    let build = manifest.script("build").unwrap_or("");
    let programs: Vec<&str> = build.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word)).collect();
    if let Some(tool) = BUILDERS.iter().find(|tool| programs.contains(*tool)) {
        facts.word("build_tool", *tool);
    }
    if ["nuxt generate", "nuxi generate"].iter().any(|command| build.contains(command)) {
        facts.word("nuxt.generate", "");
    }
    for (name, command) in manifest.scripts() {
        let develops = develops(command);
        let key = if develops { format!("develop.{name}") } else { format!("script.{name}") };
        facts.phrase(&key, "{run} {}", [name]);
        if name == "start" || name == "start:prod" {
            if command.split_whitespace().any(|word| word.trim_start_matches("./").starts_with("build/")) {
                facts.word("starts.build", "");
            }
            facts.started.push(command.to_owned());
            facts.saw(folder, "package.json", format!("starts with {command}"));
        }
    }
    node_scripts::read(facts, folder, manifest, develops);
    node_release::read(facts, manifest);
    node_processes::read(facts, folder, manifest);
    facts.members = manifest.workspaces();
    if !facts.members.is_empty() {
        let tool = facts.manager.as_ref().map_or("npm", |(name, _)| name);
        let locks = [("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun")];
        let tool = locks.iter().find(|(lock, _)| folder.has(lock)).map_or(tool, |(_, tool)| *tool);
        facts.workspace_tool = Some(tool.to_owned());
    }
    if let Some(workspace) = folder.value("pnpm-workspace.yaml") {
        let listed = workspace.get("packages").and_then(Value::as_array).into_iter().flatten();
        facts.members.extend(listed.filter_map(Value::as_str).map(str::to_owned));
        facts.workspace_tool = Some("pnpm".to_owned());
    }
    if let Some(lerna) = folder.value("lerna.json") {
        let listed = lerna.get("packages").and_then(Value::as_array).into_iter().flatten();
        facts.members.extend(listed.filter_map(Value::as_str).map(str::to_owned));
        facts.workspace_tool = Some("lerna".to_owned());
    }
    for (file, tool) in [("turbo.json", "turbo"), ("nx.json", "nx"), (".moon/workspace.yml", "moon")] {
        if folder.has(file) && (file != "turbo.json" || is_turbo_root(folder)) {
            facts.workspace_tool = Some(tool.to_owned());
        }
    }
}

/// A package of a workspace may have a `turbo.json` as well, which extends that of the root.
fn is_turbo_root(folder: Folder<'_>) -> bool {
    folder.has("turbo.json") && folder.value("turbo.json").is_none_or(|turbo| turbo.get("extends").is_none())
}

/// Turborepo builds an app and what it needs of the workspace, where it is told that the one comes before the other.
fn turbo(facts: &mut Facts, folder: Folder<'_>) {
    let Some(name) = facts.name.clone() else { return };
    let Some(root) = folder.upwards().find(|above| is_turbo_root(*above)) else { return };
    let groups = ["dependencies", "devDependencies"];
    let manifest = root.value("package.json").and_then(PackageJson::new);
    let is_there =
        manifest.is_some_and(|it| groups.iter().any(|group| it.group(group).any(|(name, _)| name == "turbo")));
    let turbo = root.value("turbo.json");
    let build = turbo.as_ref().and_then(|turbo| turbo.get("tasks").or_else(|| turbo.get("pipeline"))?.get("build"));
    let before = build.and_then(|build| build.get("dependsOn")?.as_array());
    if is_there && before.is_some_and(|tasks| tasks.iter().any(|task| task == "^build")) {
        let levels = folder.upwards().position(|above| above.path() == root.path()).unwrap_or(0);
        facts.word("root", if levels == 0 { ".".to_owned() } else { vec![".."; levels].join("/") });
        facts.phrase("turbo", "{above} turbo run build --filter={}...", [&name]);
    }
}

/// The release of Yarn that lies in the project: `yarnPath: .yarn/releases/yarn-3.6.4.cjs`.
fn yarn_release(folder: Folder<'_>) -> Option<(String, Option<String>)> {
    let text = folder.upwards().find_map(|above| above.text(".yarnrc.yml"))?;
    let path = text.lines().find_map(|line| line.trim().strip_prefix("yarnPath:"))?;
    let file = path.trim().trim_matches(['"', '\'']).rsplit('/').next()?;
    let version = file.strip_prefix("yarn-")?.trim_end_matches(".cjs").trim_end_matches(".js");
    Some(("yarn".to_owned(), Some(version.to_owned())))
}

/// Rush says in a file of its own which folders are its packages, and which manager installs for all of them.
fn rush(facts: &mut Facts, folder: Folder<'_>) {
    let Some(rush) = folder.value("rush.json") else { return };
    facts.files.push("rush.json".to_owned());
    let projects = rush.get("projects").and_then(Value::as_array).into_iter().flatten();
    facts.members = projects.filter_map(|one| one.get("projectFolder")?.as_str()).map(str::to_owned).collect();
    facts.workspace_tool = Some("rush".to_owned());
}

/// The manager that Rush brings along.
fn rush_manager(folder: Folder<'_>) -> Option<(String, Option<String>)> {
    let rush = folder.value("rush.json")?;
    ["pnpm", "yarn", "npm"].iter().find_map(|name| {
        let version = rush.get(format!("{name}Version"))?.as_str()?;
        Some(((*name).to_owned(), Some(version.to_owned())))
    })
}

pub(super) fn ask_for_versions(facts: &mut Facts, folder: Folder<'_>, manifest: &PackageJson) {
    let places = [("package.json volta.node", "/volta/node"), ("package.json engines.node", "/engines/node")];
    for (place, pointer) in places {
        facts.ask(place, folder, "package.json", manifest.text(pointer));
    }
    let runtime = manifest.dev_engines("runtime").find(|(name, _)| *name == "node");
    facts.ask("package.json devEngines.runtime", folder, "package.json", runtime.and_then(|(_, version)| version));
}

/// What the workspace above says for all its members: versions that the member leaves open, and the manager.
fn inherit(facts: &mut Facts, folder: Folder<'_>) {
    for above in folder.upwards().skip(1) {
        if facts.manager.is_none() {
            facts.manager = rush_manager(above);
        }
        let Some(manifest) = above.value("package.json").and_then(PackageJson::new) else { continue };
        if !ties_together(above, &manifest) {
            continue;
        }
        let mut shared = Facts::default();
        ask_for_versions(&mut shared, above, &manifest);
        let own_says = facts.versions.keys().any(|place| place.starts_with("package.json "));
        if !own_says {
            facts.versions.append(&mut shared.versions);
        }
        if facts.manager.is_none() {
            facts.manager = manifest.manager();
        }
        return;
    }
}

/// Notes a Yarn of the second version or later, which has other words.
fn berry(facts: &mut Facts, folder: Folder<'_>) {
    let modern = |version: &String| !version.starts_with("1.") && version != "1";
    let said = matches!(&facts.manager, Some((name, Some(version))) if name == "yarn" && modern(version));
    if said || folder.upwards().any(|above| above.has(".yarnrc.yml")) {
        facts.phrase("berry", "", []);
    }
}

/// A manifest that is the root of a workspace, by whichever tool.
fn ties_together(folder: Folder<'_>, manifest: &PackageJson) -> bool {
    let files = ["pnpm-workspace.yaml", "lerna.json", "nx.json", ".moon/workspace.yml", "rush.json"];
    manifest.has("workspaces") || is_turbo_root(folder) || files.iter().any(|file| folder.has(file))
}

/// Without a server's framework, and with nothing that starts, what a bundler leaves, or a page beside the manifest,
/// is what is served.
pub(super) fn finish(sources: &Sources<'_>, framework: Option<&FrameworkRule>, facts: &mut Facts) {
    let next = framework.filter(|rule| rule.name == "nextjs").and_then(|_| next_output(sources));
    if next.as_deref() == Some("standalone") && facts.started.iter().all(|start| start.contains("next start")) {
        facts.bundle = Some(".next/standalone".to_owned());
    }
    if next.as_deref() == Some("export") {
        facts.usual_output = Some("out".to_owned());
        facts.serving = Some(Serving::Static);
        facts.word("static", "");
    }
    if framework.is_some_and(|rule| rule.name == "nuxt") && facts.words.contains_key("nuxt.generate") {
        let old = facts.dependency("nuxt").is_none_or(|nuxt| is_major(nuxt.version.as_deref(), "2"));
        facts.usual_output = Some(if old { "dist" } else { ".output/public" }.to_owned());
        facts.serving = Some(Serving::Static);
        facts.saw(sources.folder, "package.json", "its build generates all pages");
    }
    if framework.is_some_and(|rule| rule.name == "functions-framework")
        && let Some(name) = function(sources)
    {
        facts.word("function", name);
    }
    let starts = ["script.start", "script.start:prod"].iter().any(|word| facts.words.contains_key(*word));
    if !starts && framework.is_some_and(|rule| is_part(rule, sources.folder, facts)) {
        facts.role = Role::Library;
        facts.cannot_run = true;
        return;
    }
    if framework.is_some_and(|rule| !rule.needs_file) || starts {
        return;
    }
    let left = |facts: &Facts| facts.output_dir.is_some() || facts.usual_output.is_some();
    if !left(facts) && ["public/index.html", "index.html"].iter().any(|page| sources.folder.has(page)) {
        let builds = facts.words.contains_key("script.build");
        let page = if sources.folder.has("index.html") || builds { "." } else { "public" };
        facts.output_dir = Some(page.to_owned());
    }
    let listens = facts.words.contains_key("entry") && sources.hold(&[".listen(", "createServer("]);
    if left(facts) && !listens {
        facts.serving = Some(Serving::Static);
        facts.word("static", "");
        // A published package shows itself on a page; anything else that has one is that page.
        let page = ["index.html", "public/index.html"].iter().any(|page| sources.folder.has(page));
        if page && facts.role != Role::Library {
            facts.role = Role::App;
        }
    }
}

/// A version, or what is asked of one, is of that major version.
fn is_major(version: Option<&str>, major: &str) -> bool {
    let number = version.unwrap_or_default().trim_start_matches(|c: char| !c.is_ascii_digit());
    number.split('.').next() == Some(major)
}

/// A package of a workspace that only others use: it is written with what makes pages, and has neither a page nor a
/// file of the framework, nor, where it is not published, a build.
fn is_part(rule: &FrameworkRule, folder: Folder<'_>, facts: &Facts) -> bool {
    let tied = |above: Folder<'_>| {
        above.value("package.json").and_then(PackageJson::new).is_some_and(|manifest| ties_together(above, &manifest))
    };
    let builds = facts.words.keys().any(|word| word.starts_with("script.build"));
    let page = ["index.html", "public/index.html", "src/index.html", "public/", "Dockerfile", "Procfile"]
        .iter()
        .chain(DEPLOYED)
        .any(|file| folder.find(file).is_some());
    let own = rule.files.iter().any(|file| folder.find(file).is_some());
    rule.serving == Serving::Static
        && !page
        && !own
        && (!builds || facts.role == Role::Library)
        && folder.upwards().skip(1).any(tied)
}

/// Files that show that something is put on a server.
const DEPLOYED: &[&str] = &["netlify.toml", "vercel.json", "fly.toml", "app.yaml"];

/// What Next.js is set to leave behind instead of a server within the project: pages (`output: "export"`), or all that a
/// server needs in one folder (`output: "standalone"`).
fn next_output(sources: &Sources<'_>) -> Option<String> {
    let folder = sources.folder;
    let text = folder.find("next.config.*").and_then(|file| folder.text(&file))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines.find_map(|line| {
        let value = line.split_once("output:")?.1.trim_start();
        let value = value.strip_prefix(['"', '\''])?;
        value.split(['"', '\'']).next().map(str::to_owned)
    })
}

/// The function that answers requests: the one that is registered, or exported.
fn function(sources: &Sources<'_>) -> Option<String> {
    let exported = ["exports.", "export const ", "export function ", "export async function "];
    sources
        .word_behind(&["functions.http(", "functions.cloudEvent(", "http('", "cloudEvent('"])
        .or_else(|| sources.words_behind(&exported).find(|name| name != "__esModule"))
}

/// A script that serves while somebody develops.
fn develops(command: &str) -> bool {
    let makes = ["build", "preview", "generate", "optimize"].iter().any(|word| command.contains(word));
    let known = |program: &str| command.starts_with(program) || command.contains(&format!(" {program}"));
    !makes && DEVELOPS.iter().any(|program| known(program))
}

/// Exact versions from the nearest lock file: a workspace has one for all its members.
pub(super) fn lock(facts: &mut Facts, folder: Folder<'_>) {
    for above in folder.upwards() {
        if let Some(locked) = locked_in(above, folder) {
            facts.lock(|name, asked| locked.version(name, asked));
            floor(facts, above);
            for (name, version, development) in locked.all {
                let scope = if development { DependencyScope::Development } else { DependencyScope::Runtime };
                facts.pin(name, version, scope);
            }
            return;
        }
    }
}

/// The least Node.js whose package manager reads a lock file of that form, by a line that it holds.
const READS: &[(&str, &str, &str)] = &[
    ("package-lock.json", "\"lockfileVersion\": 3", "16"),
    ("pnpm-lock.yaml", "lockfileVersion: '9", "18"),
    ("pnpm-lock.yaml", "lockfileVersion: '6", "16"),
    ("yarn.lock", "__metadata:", "18"),
];

/// Notes what the lock file asks of the runtime.
fn floor(facts: &mut Facts, above: Folder<'_>) {
    let holds = |(file, line, _): &&(&str, &str, &str)| {
        above.text(file).is_some_and(|text| text.lines().take(8).any(|one| one.trim_start().starts_with(line)))
    };
    if let Some((_, _, least)) = READS.iter().find(holds) {
        facts.word("floor", *least);
    }
}

fn locked_in(above: Folder<'_>, member: Folder<'_>) -> Option<Locked> {
    for name in ["package-lock.json", "npm-shrinkwrap.json"] {
        if let Some(text) = above.text(name) {
            return Locked::npm(&text).map_err(|says| above.project().warn(&above.at(name), says)).ok();
        }
    }
    if let Some(text) = above.text("pnpm-lock.yaml") {
        let below = member.path().strip_prefix(above.path()).unwrap_or("").trim_start_matches('/');
        return Some(Locked::pnpm(&text, if below.is_empty() { "." } else { below }));
    }
    if let Some(text) = above.text("yarn.lock") {
        return Some(Locked::yarn(&text));
    }
    above.value("bun.lock").map(|value| Locked::bun(&value))
}

fn typescript(facts: &mut Facts, folder: Folder<'_>) {
    let asked = facts.dependency("typescript").map(|found| found.version.clone());
    if asked.is_some() || folder.has("tsconfig.json") {
        facts.language = Some("TypeScript".to_owned());
        facts.language_version = asked.flatten();
    }
}

/// Where files are left, by what says so in its own words, and where a bundler usually puts them.
fn output(facts: &mut Facts, folder: Folder<'_>) {
    let bundlers = ["vite", "@vue/cli-service", "webpack", "parcel", "parcel-bundler", "rollup", "esbuild"];
    if facts.depends_on("react-scripts") {
        facts.usual_output = Some("build".to_owned());
    } else if let Some(angular) = folder.value("angular.json") {
        facts.output_dir = angular_output(&angular);
        if let Some(path) = facts.output_dir.clone() {
            facts.saw(folder, "angular.json", format!("has files left in {path}"));
        }
    } else if bundlers.iter().any(|name| facts.depends_on(name)) {
        facts.usual_output = Some("dist".to_owned());
    }
}

/// The output of the default project of `angular.json`; newer builders put what a browser gets in a folder below.
fn angular_output(angular: &Value) -> Option<String> {
    let projects = angular.get("projects")?.as_object()?;
    let default = angular.get("defaultProject").and_then(Value::as_str);
    let (name, project) = default.and_then(|name| projects.get_key_value(name)).or_else(|| projects.iter().next())?;
    let build = project.pointer("/architect/build").or_else(|| project.pointer("/targets/build"))?;
    let path = build.pointer("/options/outputPath");
    let base = path.and_then(|path| path.as_str().or_else(|| path.get("base")?.as_str()));
    let base = base.map_or_else(|| format!("dist/{name}"), str::to_owned);
    let builder = build.get("builder").and_then(Value::as_str).unwrap_or("");
    Some(if builder.ends_with(":application") { format!("{base}/browser") } else { base })
}

/// The file that `node` is to run: what the start script runs, what `main` says, or a usual name.
fn entry(folder: Folder<'_>, manifest: Option<&PackageJson>) -> Option<String> {
    let scripts = ["start", "serve", "prod", "dev"];
    let from_script = manifest.and_then(|manifest| {
        let files = scripts.iter().filter_map(|script| manifest.script(script)).flat_map(str::split_whitespace);
        files.map(|word| word.trim_start_matches("./")).find(|word| runs(word) && folder.has(word)).map(str::to_owned)
    });
    let from_main = || {
        let main = manifest?.text("/main")?.trim_start_matches("./");
        let files = [main.to_owned(), format!("{main}.js"), format!("{main}/index.js")];
        files.into_iter().find(|file| folder.has(file) && !ends_in(file, &["json"]))
    };
    let usual = || {
        let endings = [".js", ".mjs", ".cjs", ""];
        let names = ENTRIES.iter().flat_map(|name| endings.iter().map(move |ending| format!("{name}{ending}")));
        names.filter(|file| file.contains('.') || file == "bin/www").find(|file| folder.has(file))
    };
    // A single script needs no usual name.
    let only = || {
        let tools = ["gulpfile.", "Gruntfile.", "plopfile.", "webpack.", "karma.", "jest.", "babel."];
        let own = |file: &str| !file.contains(".config.") && !tools.iter().any(|tool| file.starts_with(tool));
        let scripts: Vec<_> = folder.files().iter().filter(|file| runs(file) && own(file)).collect();
        match scripts.as_slice() {
            [only] if !only.starts_with('.') => Some((**only).to_owned()),
            _ => None,
        }
    };
    from_script.or_else(from_main).or_else(usual).or_else(only)
}

/// The TypeScript file that a program begins with, and where the compiler puts what it makes of it.
fn typescript_entry(facts: &mut Facts, folder: Folder<'_>) {
    let Some(entry) = ENTRIES.iter().map(|name| format!("{name}.ts")).find(|file| folder.has(file)) else { return };
    let config = folder.value("tsconfig.json");
    let option = |name: &str| config.as_ref().and_then(|config| config.get("compilerOptions")?.get(name).cloned());
    let folder_of = |name: &str| {
        let says = option(name)?;
        Some(says.as_str()?.trim_start_matches("./").trim_end_matches('/').to_owned()).filter(|path| path != ".")
    };
    let emits = config.is_some() && option("noEmit").and_then(|says| says.as_bool()) != Some(true);
    if emits && facts.depends_on("typescript") {
        let stem = entry.trim_end_matches(".ts");
        // Without `rootDir` the folder that holds all sources is taken off; with one entry that is its own.
        let root = folder_of("rootDir").or_else(|| stem.rsplit_once('/').map(|(root, _)| root.to_owned()));
        let below = root.as_deref().and_then(|root| stem.strip_prefix(root)?.strip_prefix('/')).unwrap_or(stem);
        let compiled = match folder_of("outDir") {
            Some(out) => format!("{out}/{below}.js"),
            None => format!("{stem}.js"),
        };
        facts.word("compiled", compiled);
    }
    facts.word("entry.ts", entry);
}

fn runs(word: &str) -> bool {
    [".js", ".mjs", ".cjs"].iter().any(|ending| word.ends_with(ending)) || word == "bin/www"
}

fn role(folder: Folder<'_>, manifest: Option<&PackageJson>, facts: &Facts) -> Role {
    if facts.workspace_tool.as_deref() == Some("rush") {
        return Role::Shell;
    }
    let Some(manifest) = manifest else { return Role::Unknown };
    let starts = manifest.script("start").is_some_and(|start| !start.contains("turbo ") && !start.contains("nx "));
    if !facts.members.is_empty() || facts.workspace_tool.is_some() {
        return if starts && facts.words.contains_key("entry") { Role::App } else { Role::Shell };
    }
    let published = ["exports", "module", "types", "typings", "files", "peerDependencies", "publishConfig"];
    if starts || folder.has("Procfile") {
        Role::App
    } else if published.iter().any(|key| manifest.has(key)) {
        Role::Library
    } else {
        Role::Unknown
    }
}
