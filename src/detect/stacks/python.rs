//! Python: pyproject.toml, requirements, Pipfile, setup.py, conda's environment, and their lock files.

use std::collections::HashMap;

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::package_lock;
use crate::detect::manifests::requirements::{Line, Requirement, lines, normalized, requirement};
use crate::detect::project::Folder;
use crate::detect::rules::FrameworkRule;
use crate::detect::sources::Sources;
use crate::detect::stacks::python_checks;
use crate::model::DependencyScope;

/// Files that start a program, the most telling first.
const ENTRIES: &[&str] = &[
    "main.py",
    "app.py",
    "server.py",
    "run.py",
    "application.py",
    "api.py",
    "wsgi.py",
    "asgi.py",
    "index.py",
    "bot.py",
    "start.py",
    "__main__.py",
    "src/main.py",
    "src/app.py",
    "src/server.py",
    "app/main.py",
    "app/app.py",
    "app/server.py",
    "api/main.py",
    "backend/main.py",
    "server/main.py",
];

/// Files of requirements, in the order in which they are looked for.
const REQUIREMENTS: &[&str] = &[
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements/base.txt",
    "requirements/requirements.txt",
    "requirements.in",
    "requirements-prod.txt",
];

/// Requirement files read through each other at most.
const INCLUDES: usize = 8;

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    pyproject(&mut facts, folder);
    pipfile(&mut facts, folder);
    if let Some(file) = REQUIREMENTS.iter().find(|file| folder.has(file)) {
        requirements(&mut facts, folder, file, INCLUDES);
        facts.word("requirements", *file);
    }
    setup_py(&mut facts, folder);
    conda(&mut facts, folder);
    lock(&mut facts, folder);
    places(&mut facts, folder);
    if let Some(entry) = entry(sources) {
        if let Some(module) = module_of(&entry) {
            facts.word("module", module);
        }
        facts.word("entry", entry);
    }
    if folder.find("*.ipynb").is_some() {
        facts.word("notebook", "");
    }
    for (word, arguments) in
        [("asgi.callable", "(scope, receive, send):"), ("wsgi.callable", "(environ, start_response):")]
    {
        if let Some(callable) = callable(sources, arguments) {
            facts.word(word, callable);
        }
    }
    django(&mut facts, sources);
    paste(&mut facts, folder);
    python_checks::read(&mut facts, sources);
    facts.role = role(folder, &facts);
    facts
}

fn add(facts: &mut Facts, read: Requirement, scope: DependencyScope) {
    for extra in &read.extras {
        // An extra can matter as a package does: `fastapi[standard]` brings its server along.
        facts.word(&format!("extra.{}.{extra}", read.name), "");
    }
    facts.depend_once(&read.name, read.asked, scope);
}

fn add_all(facts: &mut Facts, list: Option<&Value>, scope: DependencyScope) {
    let texts = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    for read in texts.filter_map(requirement).collect::<Vec<_>>() {
        add(facts, read, scope);
    }
}

/// Tables of Poetry and Pipenv: a name with a version or a table that has one.
fn add_table(facts: &mut Facts, table: Option<&Value>, scope: DependencyScope) {
    for (name, asked) in table.and_then(Value::as_object).into_iter().flatten() {
        if name.eq_ignore_ascii_case("python") {
            continue;
        }
        let asked_version = asked.as_str().or_else(|| asked.get("version").and_then(Value::as_str));
        let extras = asked.get("extras").and_then(Value::as_array).into_iter().flatten();
        let extras = extras.filter_map(Value::as_str).map(str::to_owned).collect();
        let asked = asked_version.filter(|asked| *asked != "*").map(str::to_owned);
        add(facts, Requirement { name: normalized(name), asked, extras }, scope);
    }
}

fn pyproject(facts: &mut Facts, folder: Folder<'_>) {
    let Some(value) = folder.value("pyproject.toml") else { return };
    facts.files.push("pyproject.toml".to_owned());
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    facts.name = text("/project/name").or_else(|| text("/tool/poetry/name")).map(str::to_owned);
    add_all(facts, value.pointer("/project/dependencies"), DependencyScope::Runtime);
    for group in value.pointer("/project/optional-dependencies").and_then(Value::as_object).into_iter().flatten() {
        add_all(facts, Some(group.1), DependencyScope::Optional);
    }
    for group in value.pointer("/dependency-groups").and_then(Value::as_object).into_iter().flatten() {
        add_all(facts, Some(group.1), DependencyScope::Development);
    }
    add_all(facts, value.pointer("/tool/uv/dev-dependencies"), DependencyScope::Development);
    add_table(facts, value.pointer("/tool/poetry/dependencies"), DependencyScope::Runtime);
    add_table(facts, value.pointer("/tool/poetry/dev-dependencies"), DependencyScope::Development);
    for group in value.pointer("/tool/poetry/group").and_then(Value::as_object).into_iter().flatten() {
        add_table(facts, group.1.get("dependencies"), DependencyScope::Development);
    }
    facts.ask("pyproject.toml requires-python", folder, "pyproject.toml", text("/project/requires-python"));
    facts.ask("pyproject.toml poetry.python", folder, "pyproject.toml", text("/tool/poetry/dependencies/python"));
    let tools = [("/tool/poetry", "poetry"), ("/tool/pdm", "pdm"), ("/tool/uv", "uv")];
    let locked = ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile"].iter().any(|file| folder.has(file));
    if !locked && let Some((_, tool)) = tools.iter().find(|(pointer, _)| value.pointer(pointer).is_some()) {
        let has_list = REQUIREMENTS.iter().any(|file| folder.has(file));
        if *tool == "poetry" || !has_list {
            facts.manager = Some(((*tool).to_owned(), None));
        }
    }
    let members = value.pointer("/tool/uv/workspace/members").and_then(Value::as_array).into_iter().flatten();
    facts.members = members.filter_map(Value::as_str).map(str::to_owned).collect();
    if !facts.members.is_empty() {
        facts.workspace_tool = Some("uv".to_owned());
    }
    if value.pointer("/project").is_some() || value.pointer("/build-system").is_some() {
        facts.word("installable", ".");
    }
    let scripts = value.pointer("/project/scripts").or_else(|| value.pointer("/tool/poetry/scripts"));
    if let Some((name, _)) = scripts.and_then(Value::as_object).and_then(|scripts| scripts.iter().next()) {
        facts.word("console", name);
    }
}

fn pipfile(facts: &mut Facts, folder: Folder<'_>) {
    let Some(value) = folder.value("Pipfile") else { return };
    facts.files.push("Pipfile".to_owned());
    add_table(facts, value.get("packages"), DependencyScope::Runtime);
    add_table(facts, value.get("dev-packages"), DependencyScope::Development);
    for key in ["/requires/python_full_version", "/requires/python_version"] {
        let says = value.pointer(key).and_then(Value::as_str);
        facts.ask("Pipfile python_version", folder, "Pipfile", says);
    }
}

fn requirements(facts: &mut Facts, folder: Folder<'_>, file: &str, includes: usize) {
    if facts.files.iter().any(|known| known == file) {
        return;
    }
    let Some(text) = folder.text(file) else { return };
    facts.files.push(file.to_owned());
    for line in lines(&text) {
        match line {
            Line::Package(read) => add(facts, read, DependencyScope::Runtime),
            Line::Pinned(read) => {
                if let Some(version) = read.asked {
                    facts.pin(read.name, version, DependencyScope::Runtime);
                }
            }
            Line::Include(other) if includes > 0 => {
                if let Some(other) = beside(file, other) {
                    requirements(facts, folder, &other, includes - 1);
                }
            }
            Line::Include(_) => {}
            // What it bounds may not be asked for at all; installing needs it all the same.
            Line::Constraints(other) => {
                let other = beside(file, other).filter(|other| folder.has(other) && !facts.files.contains(other));
                facts.files.extend(other);
            }
        }
    }
}

/// A path that a file names relative to itself, relative to the same folder as the file's; none where it leads out.
fn beside(file: &str, other: &str) -> Option<String> {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in other.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `setup.py` is a program: the strings of its lists are read.
fn setup_py(facts: &mut Facts, folder: Folder<'_>) {
    for file in ["setup.py", "setup.cfg"] {
        let Some(text) = folder.text(file) else { continue };
        facts.files.push(file.to_owned());
        facts.word("installable", ".");
        if let Some((_, list)) = text.split_once("install_requires") {
            let closed = if file == "setup.py" { list.split([']', ')']).next() } else { list.split("\n[").next() };
            let list = closed.unwrap_or("");
            let entries: Vec<&str> = if file == "setup.py" {
                list.split(['"', '\'']).skip(1).step_by(2).collect()
            } else {
                list.lines().skip(1).take_while(|line| line.starts_with([' ', '\t'])).collect()
            };
            for read in entries.into_iter().filter_map(requirement) {
                add(facts, read, DependencyScope::Runtime);
            }
        }
        if let Some((_, asked)) = text.split_once("python_requires") {
            let asked = asked.trim_start_matches([' ', '=', '"', '\'']).split(['"', '\'', '\n']).next();
            facts.ask("setup.py python_requires", folder, file, asked);
        }
    }
}

fn conda(facts: &mut Facts, folder: Folder<'_>) {
    let Some(file) = ["environment.yml", "environment.yaml"].into_iter().find(|file| folder.has(file)) else { return };
    let Some(value) = folder.value(file) else { return };
    facts.files.push(file.to_owned());
    for entry in value.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
        if let Some(text) = entry.as_str() {
            let text = text.rsplit("::").next().unwrap_or(text);
            match text.split_once('=') {
                Some(("python", version)) => {
                    facts.ask("environment.yml python", folder, file, Some(version.trim_start_matches('=')));
                }
                Some((name, version)) => {
                    let read =
                        Requirement { name: normalized(name), asked: Some(version.to_owned()), extras: Vec::new() };
                    add(facts, read, DependencyScope::Runtime);
                }
                None => requirement(text).into_iter().for_each(|read| add(facts, read, DependencyScope::Runtime)),
            }
        }
        add_all(facts, entry.get("pip"), DependencyScope::Runtime);
    }
}

/// The manager of a lock file, where one exact version is asked for or wrote it.
fn locked_by(file: &str, text: &str, folder: Folder<'_>) -> Option<(String, Option<String>)> {
    let (manager, asked) = match file {
        "uv.lock" => ("uv", "/tool/uv/required-version"),
        "poetry.lock" => ("poetry", "/tool/poetry/requires-poetry"),
        _ => return None,
    };
    let settings = folder.value("pyproject.toml");
    let asked = settings.as_ref().and_then(|settings| settings.pointer(asked)?.as_str());
    let wrote = || text.lines().next()?.split_once("generated by Poetry ")?.1.split(' ').next();
    let exact = |says: &&str| says.contains('.') && says.chars().all(|c| c.is_ascii_digit() || c == '.');
    let version = asked.map(|says| says.trim_start_matches('=').trim()).filter(exact);
    let version = version.or_else(|| wrote().filter(|_| manager == "poetry").filter(exact));
    version.map(|version| (manager.to_owned(), Some(version.to_owned())))
}

fn lock(facts: &mut Facts, folder: Folder<'_>) {
    for above in folder.upwards() {
        for file in ["uv.lock", "poetry.lock", "pdm.lock"] {
            if let Some(text) = above.text(file) {
                let versions = package_lock::versions(&text);
                facts.lock(|name, _| versions.get(name).and_then(|found| found.last()).cloned());
                pin_all(facts, versions);
                facts.manager_hint = locked_by(file, &text, above);
                // A member of a workspace is installed by what locks the workspace.
                let tied =
                    || above.value("pyproject.toml").is_some_and(|root| root.pointer("/tool/uv/workspace").is_some());
                if file == "uv.lock" && above.path() != folder.path() && folder.has("pyproject.toml") && tied() {
                    facts.manager = Some(("uv".to_owned(), None));
                }
                return;
            }
        }
    }
    if folder.has("Pipfile.lock")
        && let Some(text) = folder.text("Pipfile.lock")
    {
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => {
                let groups = ["default", "develop"].iter().filter_map(|group| value.get(group)?.as_object());
                let versions: HashMap<String, String> = groups
                    .flatten()
                    .filter_map(|(name, entry)| {
                        let version = entry.get("version")?.as_str()?.trim_start_matches('=').to_owned();
                        Some((normalized(name), version))
                    })
                    .collect();
                facts.lock(|name, _| versions.get(name).cloned());
                for (name, version) in versions {
                    facts.pin(name, version, DependencyScope::Runtime);
                }
            }
            Err(error) => folder.project().warn(&folder.at("Pipfile.lock"), format!("malformed JSON: {error}")),
        }
    }
}

/// Notes all that a lock file pins but the project itself.
fn pin_all(facts: &mut Facts, versions: HashMap<String, Vec<String>>) {
    let own = facts.name.as_deref().map(normalized);
    for (name, versions) in versions.into_iter().filter(|(name, _)| own.as_ref() != Some(name)) {
        for version in versions {
            facts.pin(name.clone(), version, DependencyScope::Runtime);
        }
    }
}

/// Versions that stand in files with more than a version.
fn places(facts: &mut Facts, folder: Folder<'_>) {
    if let Some(text) = folder.text("runtime.txt") {
        let says = text.trim().strip_prefix("python-").unwrap_or("").to_owned();
        facts.ask("runtime.txt", folder, "runtime.txt", Some(&says));
    }
}

fn entry(sources: &Sources<'_>) -> Option<String> {
    let folder = sources.folder;
    if let Some(usual) = ENTRIES.iter().find(|file| folder.has(file)) {
        return Some((*usual).to_owned());
    }
    let runs = |text: &str| text.contains("__name__ == \"__main__\"") || text.contains("__name__ == '__main__'");
    let own = |path: &str| !matches!(sources.relative(path), "setup.py" | "manage.py" | "conftest.py" | "noxfile.py");
    // A package that is installed is not started by the file that makes it one.
    let packaged = is_packaged(folder) || is_member(folder);
    let own = |path: &str| own(path) && !(packaged && path.ends_with("__init__.py"));
    let mains: Vec<&str> = sources
        .texts()
        .filter(|(path, text)| own(path) && runs(text))
        .map(|(path, _)| sources.relative(path))
        .collect();
    // Of several the nearest, and there what is called after what answers.
    let rank = |path: &&&str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        (path.matches('/').count(), !["server", "app", "main", "run", "serve"].iter().any(|word| name.contains(word)))
    };
    let main = mains.iter().min_by_key(rank).map(|path| (*path).to_owned());
    // A single script needs no such line.
    main.or_else(|| match sources.files() {
        [only] if own(only) && !only.ends_with("__init__.py") => Some(sources.relative(only).to_owned()),
        _ => None,
    })
}

/// What a file is imported as; none where its name, or that of a folder above it, is none for a module. A hyphen and a
/// digit in front are none for `import`, but servers look modules up by their text.
pub(super) fn module_of(file: &str) -> Option<String> {
    let path = file.trim_end_matches(".py").trim_end_matches("/__init__");
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
    path.split('/').all(is_name).then(|| path.replace('/', "."))
}

/// Where Django's `manage.py` is and what its project is called.
fn django(facts: &mut Facts, sources: &Sources<'_>) {
    let folder = sources.folder;
    let manage = sources.files().iter().find(|path| path.ends_with("manage.py") && !path.contains("/templates/"));
    let Some(manage) = manage else { return };
    let manage = sources.relative(manage).to_owned();
    let below = manage.rsplit_once('/').map(|(below, _)| below.to_owned());
    let within = below.as_deref().and_then(|below| folder.folder(below)).unwrap_or(folder);
    for (word, file) in [("wsgi", "wsgi.py"), ("asgi", "asgi.py")] {
        let found = within.has(file).then(|| word.to_owned()).or_else(|| {
            within
                .subfolders()
                .filter(|child| child.has(file))
                .find_map(|child| module_of(&format!("{}/{file}", child.name())))
        });
        // The settings may lie deeper: `config/settings/…` beside `config/wsgi.py` is found above, this is the rest.
        let deep = || {
            let path = sources.files().iter().find(|path| path.ends_with(&format!("/{file}")))?;
            module_of(path.strip_prefix(within.path())?.trim_start_matches('/'))
        };
        if let Some(module) = found.or_else(deep) {
            facts.word(word, module);
        }
    }
    match &below {
        Some(below) => facts.phrase("enter", "cd {} && ", [below]),
        None => facts.phrase("enter", "", []),
    }
    facts.word("manage", "manage.py");
    let collects = |text: &str| text.lines().any(|line| line.trim_start().starts_with("STATIC_ROOT ="));
    if sources.texts().any(|(_, text)| collects(&text)) {
        facts.word("collects", "");
    }
    if folder.text(&manage).is_some_and(|text| text.contains("django")) {
        facts.framework = Some(("django".to_owned(), None));
    }
    facts.files.push(manage);
}

/// A function that a server of that interface can call: `app:main`.
fn callable(sources: &Sources<'_>, arguments: &str) -> Option<String> {
    let named = |line: &str| {
        let name = line.trim_start_matches("async ").strip_prefix("def ")?.strip_suffix(arguments)?;
        matches!(name, "app" | "main" | "application" | "handler" | "asgi" | "wsgi").then(|| name.to_owned())
    };
    sources.texts().find_map(|(path, text)| {
        let name = text.lines().find_map(|line| named(line.trim_end()))?;
        Some(format!("{}:{name}", module_of(sources.relative(path))?))
    })
}

/// The server's port in a Paste configuration.
fn paste(facts: &mut Facts, folder: Folder<'_>) {
    let Some((file, text)) =
        ["production.ini", "development.ini"].into_iter().find_map(|file| Some((file, folder.text(file)?)))
    else {
        return;
    };
    let Some((_, server)) = text.split_once("[server:main]") else { return };
    let server = server.split("\n[").next().unwrap_or(server);
    if server.contains("%(http_port)s") {
        facts.word("ini.http_port", "");
    }
    let value =
        |key: &str| server.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('='));
    let port = value("listen")
        .and_then(|listen| listen.split_whitespace().next()?.rsplit(':').next())
        .or_else(|| value("port"));
    facts.port = port.and_then(|port| port.trim().parse().ok());
    if let Some(port) = facts.port {
        facts.saw(folder, file, format!("listens on {port}"));
    }
    facts.files.push(file.to_owned());
}

/// Names the object that a server is to be pointed at: `app.main:api`.
pub(super) fn finish(sources: &Sources<'_>, framework: Option<&FrameworkRule>, facts: &mut Facts) {
    let Some(rule) = framework else { return };
    if rule.name == "functions-framework" {
        let marks =
            ["@functions_framework.http\ndef ", "@functions_framework.cloud_event\ndef ", "@http\ndef ", "\ndef "];
        if let Some(name) = sources.word_behind(&marks) {
            facts.word("function", name);
        }
    }
    let Some((path, object)) = rule.marks.iter().find_map(|mark| object(sources, mark)) else { return };
    let file = sources.relative(&path).to_owned();
    // Code under `src/` is imported from there.
    let (dir, module) = match file.strip_prefix("src/") {
        Some(rest) if !sources.folder.has("src/__init__.py") => ("src", module_of(rest)),
        _ => (".", module_of(&file)),
    };
    if dir == "src" {
        facts.word("object.src", "");
    }
    facts.word("object.entry", file.clone());
    // An earlier name for it, made from another file, is not its own.
    facts.words.remove("module");
    let Some(module) = module else { return };
    point_at(facts, &module, &object);
    // Flask takes a path or a module; a factory must be named.
    let path = if dir == "src" { file.trim_end_matches(".py").to_owned() } else { module.clone() };
    let by_name = object.ends_with("()") && object != "create_app()" && object != "make_app()";
    if by_name {
        facts.phrase("path", "\"{}\"", [&format!("{path}:{object}")]);
    } else {
        facts.word("path", path);
    }
    facts.word("module", module);
}

/// How the servers are pointed at an object of a module, or at the function that makes it: each in its own way.
fn point_at(facts: &mut Facts, module: &str, object: &str) {
    let plain = format!("{module}:{object}");
    facts.word("object", plain.clone());
    let Some(function) = object.strip_suffix("()") else {
        for word in ["object.uvicorn", "object.waitress", "object.quoted"] {
            facts.word(word, plain.clone());
        }
        return;
    };
    let function = format!("{module}:{function}");
    facts.phrase("object.uvicorn", "--factory {}", [&function]);
    facts.phrase("object.waitress", "--call {}", [&function]);
    // A shell takes parentheses for its own.
    facts.phrase("object.quoted", "\"{}\"", [&plain]);
    facts.word("factory", function);
}

/// `name = Flask(` at the beginning of a line; or what the function that makes one is called for there; or that
/// function, where it can be called without arguments.
pub(super) fn object(sources: &Sources<'_>, mark: &str) -> Option<(String, String)> {
    let mut factory: Option<(String, String, bool)> = None;
    for (path, text) in sources.texts().filter(|(_, text)| text.contains(mark)) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.contains(mark)) {
            let (before, _) = line.split_once(mark)?;
            let Some((name, called)) = before.split_once('=') else { continue };
            let name = name.split(':').next().unwrap_or(name).trim_end();
            let plain = called.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            if !plain {
                continue;
            }
            if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Some((path.to_owned(), name.to_owned()));
            }
            if factory.is_none() && name.starts_with([' ', '\t']) {
                let above = text.lines().take(number).filter_map(|line| line.strip_prefix("def ")).last();
                factory = above.and_then(|line| line.split_once('(')).map(|(name, rest)| {
                    (path.to_owned(), name.to_owned(), rest.starts_with(')') || rest.contains('='))
                });
            }
        }
    }
    let (path, function, callable) = factory?;
    made_by(sources, &path, &function).or_else(|| callable.then(|| (path, format!("{function}()"))))
}

/// The object of a module for which a function is called as the module is loaded: `app = create_app(…)`. The module of
/// the function comes first, then the nearest.
fn made_by(sources: &Sources<'_>, home: &str, function: &str) -> Option<(String, String)> {
    let called = format!("{function}(");
    let made = |text: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            let name = name.split(':').next().unwrap_or(name).trim_end();
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            (is_name && value.trim_start().starts_with(&called)).then(|| name.to_owned())
        })
    };
    let own = sources.texts().filter(|(path, _)| *path == home);
    let others = sources.texts().filter(|(path, _)| *path != home);
    own.chain(others).find_map(|(path, text)| Some((path.to_owned(), made(&text)?)))
}

/// It is made to be installed.
fn is_packaged(folder: Folder<'_>) -> bool {
    ["setup.py", "setup.cfg"].iter().any(|file| folder.has(file))
        || folder.value("pyproject.toml").is_some_and(|value| value.get("build-system").is_some())
}

/// A member of a workspace is installed for the others, though it need not say by what.
fn is_member(folder: Folder<'_>) -> bool {
    let tied = |above: Folder<'_>| {
        above.value("pyproject.toml").is_some_and(|root| root.pointer("/tool/uv/workspace").is_some())
    };
    folder.has("pyproject.toml") && folder.upwards().skip(1).any(tied)
}

fn role(folder: Folder<'_>, facts: &Facts) -> Role {
    if !facts.members.is_empty() && !facts.words.contains_key("entry") {
        return Role::Shell;
    }
    if facts.words.contains_key("manage") || folder.has("Procfile") {
        return Role::App;
    }
    let packaged = is_packaged(folder);
    let runs = ["entry", "notebook"].iter().any(|word| facts.words.contains_key(*word));
    match (packaged, runs) {
        (true, false) => Role::Library,
        (false, true) => Role::App,
        _ => Role::Unknown,
    }
}
