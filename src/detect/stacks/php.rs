//! PHP: `composer.json`, its lock, and what frameworks keep beside them.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::project::Folder;
use crate::detect::services;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Folders that a web server may serve from.
const ROOTS: &[&str] = &["public", "web", "webroot", "docroot", "www", "htdocs", "public_html", "html"];

/// Scripts other than `index.php` that answer every request.
const FRONTS: &[&str] = &["app.php", "front.php", "main.php", "server.php"];

/// What stands in a script that listens itself.
const SERVERS: &[&str] = &[
    "Swoole\\Http\\Server",
    "Swoole\\WebSocket\\Server",
    "Swoole\\Coroutine\\Http\\Server",
    "swoole_http_server",
    "Worker::runAll",
    "support\\App::run",
    "React\\Http\\HttpServer",
    "React\\Http\\Server",
    "React\\Socket\\SocketServer",
    "Amp\\Http\\Server",
    "Workerman\\Worker",
];

/// Scripts of `composer.json` that run the tests …
const TESTS: &[&str] = &["test", "tests", "phpunit", "test:unit"];

/// … that check the style …
const LINTS: &[&str] = &["test:lint", "lint:check", "cs-check", "cs:check", "check-cs", "check-style", "phpcs", "lint"];

/// … and the types.
const TYPES: &[&str] = &["phpstan", "analyse", "analyze", "stan", "test:types", "static-analysis"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    if let Some(value) = folder.value("composer.json") {
        facts.files.push("composer.json".to_owned());
        composer(&mut facts, folder, &value);
        lock(&mut facts, folder);
    }
    roots(&mut facts, folder);
    if let Some(entry) = entry(sources) {
        facts.word("entry", entry);
    }
    if facts.depends_on("google/cloud-functions-framework")
        && let Some(name) =
            sources.word_behind(&["FunctionsFramework::http", "FunctionsFramework::cloudEvent", "\nfunction "])
    {
        facts.word("function", name);
    }
    databases(&mut facts, folder);
    let library = !facts.files.is_empty()
        && folder
            .value("composer.json")
            .is_some_and(|value| value.get("type").and_then(Value::as_str) == Some("library"));
    facts.role = match (facts.words.contains_key("root") || folder.has("artisan"), library) {
        (true, _) => Role::App,
        (false, true) => Role::Library,
        (false, false) => Role::Unknown,
    };
    facts
}

/// The folder that a web server serves from, with the script that answers there where it is not `index.php`.
fn roots(facts: &mut Facts, folder: Folder<'_>) {
    if let Some(root) = ROOTS.iter().find(|root| folder.has(&format!("{root}/index.php"))) {
        facts.word("root", *root);
        facts.files.push(format!("{root}/index.php"));
    } else if folder.has("index.php") {
        facts.word("root", ".");
    } else {
        let fronts = ROOTS.iter().flat_map(|root| FRONTS.iter().map(move |front| (*root, format!("{root}/{front}"))));
        if let Some((root, front)) = fronts.into_iter().find(|(_, front)| folder.has(front)) {
            facts.word("root", root);
            facts.phrase("front", " {}", [&front]);
        }
    }
    facts.words.entry("front".to_owned()).or_default();
}

/// The script that is a server itself, or the only one there is.
fn entry(sources: &Sources<'_>) -> Option<String> {
    let folder = sources.folder;
    let near = |path: &str| sources.relative(path).matches('/').count() <= 1;
    let mut servers = sources.texts().filter(|(path, _)| near(path));
    let server = servers.find(|(_, text)| SERVERS.iter().any(|mark| text.contains(mark)));
    if let Some((path, _)) = server {
        return Some(sources.relative(path).to_owned());
    }
    let usual = ["server.php", "start.php", "app.php", "main.php", "run.php", "bot.php"];
    let usual = usual.iter().find(|file| folder.has(file)).map(|file| (*file).to_owned());
    let scripts = folder.with_ending("php");
    let console = |path: &&String| {
        let first = folder.project().source(path);
        first.is_some_and(|text| text.starts_with("#!") && text.contains("php"))
    };
    usual.or_else(|| match scripts.as_slice() {
        [only] => Some((*only).to_owned()),
        [] => {
            // A console program often has no ending.
            let plain = folder
                .files()
                .iter()
                .filter(|file| !file.contains('.'))
                .map(|file| folder.at(file))
                .collect::<Vec<_>>();
            plain.iter().find(console).map(|path| sources.relative(path).to_owned())
        }
        _ => None,
    })
}

fn composer(facts: &mut Facts, folder: Folder<'_>, value: &Value) {
    facts.name = value.get("name").and_then(Value::as_str).map(str::to_owned);
    for (key, scope) in [("require", DependencyScope::Runtime), ("require-dev", DependencyScope::Development)] {
        for (name, asked) in value.get(key).and_then(Value::as_object).into_iter().flatten() {
            let asked = asked.as_str().map(str::to_owned);
            if name == "php" {
                facts.ask("composer.json require.php", folder, "composer.json", asked.as_deref());
            } else {
                facts.depend(name.clone(), asked, scope);
            }
        }
    }
    let platform = value.pointer("/config/platform/php").and_then(Value::as_str);
    facts.ask("composer.json config.platform.php", folder, "composer.json", platform);
    scripts(facts, value);
    let start = value.pointer("/scripts/start").and_then(Value::as_str);
    if let Some(start) = start.filter(|start| !start.starts_with("php -S")) {
        facts.command("script.start", start);
    }
}

/// The scripts that test and check; one that mends what it finds is no check.
fn scripts(facts: &mut Facts, value: &Value) {
    let mends = |line: &str| {
        let tests = line.contains("--test") || line.contains("--dry-run");
        ["pint", "php-cs-fixer", "phpcbf", "rector", "--fix"].iter().any(|tool| line.contains(tool)) && !tests
    };
    let checks = |name: &&&str| {
        let script = value.get("scripts").and_then(|scripts| scripts.get(**name));
        let listed = script.and_then(Value::as_array).into_iter().flatten().chain(script);
        let lines: Vec<&str> = listed.filter_map(Value::as_str).collect();
        !lines.is_empty() && !lines.iter().any(|line| mends(line))
    };
    for (word, names) in [("test.script", TESTS), ("lint.script", LINTS), ("types.script", TYPES)] {
        if let Some(name) = names.iter().find(checks) {
            facts.phrase(word, "composer run-script {}", [name]);
        }
    }
}

fn lock(facts: &mut Facts, folder: Folder<'_>) {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        packages: Vec<Package>,
        /// An empty one is written as a list.
        #[serde(default)]
        platform: Value,
        #[serde(default, rename = "packages-dev")]
        development: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let Some(text) = folder.text("composer.lock") else { return };
    match serde_json::from_str::<Lock>(&text) {
        Ok(lock) => {
            let php = lock.platform.get("php").and_then(Value::as_str);
            facts.ask("composer.lock platform.php", folder, "composer.lock", php);
            let groups = [(lock.packages, DependencyScope::Runtime), (lock.development, DependencyScope::Development)];
            let mut versions: HashMap<String, String> = HashMap::new();
            for (packages, scope) in groups {
                for package in packages {
                    let version = package.version.trim_start_matches('v').to_owned();
                    facts.pin(package.name.clone(), version.clone(), scope);
                    versions.insert(package.name, version);
                }
            }
            facts.lock(|name, _| versions.get(name).cloned());
            // A metapackage pins what it names: `drupal/core-recommended` stands for `drupal/core`.
        }
        Err(error) => folder.project().warn(&folder.at("composer.lock"), format!("malformed JSON: {error}")),
    }
}

/// Which database a project's configuration names, where its packages leave that open.
fn databases(facts: &mut Facts, folder: Folder<'_>) {
    for file in [".env.example", ".env", ".env.dist"] {
        let Some(text) = folder.text(file) else { continue };
        let value = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .map(|value| value.trim_matches(['"', '\'', ' ']))
        };
        let url = value("DATABASE_URL").unwrap_or_default();
        let Some(named) = value("DB_CONNECTION").or_else(|| url.split(':').next()) else { continue };
        if named == "sqlite" {
            facts.not_services.extend(services::of_kind(services::SQL).map(str::to_owned));
        } else if let Some(service) = services::called(named) {
            // `mysql://…?serverVersion=10.11.2-MariaDB`
            let url = url.to_ascii_lowercase();
            let service = services::like(service).find(|other| url.contains(other)).unwrap_or(service);
            facts.services.push(service.to_owned());
        } else {
            continue;
        }
        facts.saw(folder, file, format!("names the database {named}"));
        return;
    }
    let wordpress = ["wp-load.php", "wp-config.php", "wp-config-sample.php"].into_iter().find(|file| folder.has(file));
    if let Some(file) = wordpress {
        facts.services.push("mysql".to_owned());
        facts.saw(folder, file, "keeps its data in mysql");
        let version = folder.text("wp-includes/version.php").and_then(|text| {
            let (_, rest) = text.split_once("$wp_version")?;
            Some(rest.split(['"', '\'']).nth(1)?.to_owned())
        });
        facts.framework = Some(("wordpress".to_owned(), version));
    }
    let drupal = ["web/sites/default/settings.php", "sites/default/settings.php", "docroot/sites/default/settings.php"];
    if let Some((file, text)) = drupal.iter().find_map(|file| Some((file, folder.text(file)?))) {
        for (word, service) in services::words(services::SQL) {
            if text.contains("'driver'") && text.contains(&format!("'{word}'")) {
                facts.services.push(service.to_owned());
                facts.saw(folder, file, format!("connects to {service}"));
            }
        }
    }
}
