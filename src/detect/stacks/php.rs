//! PHP: `composer.json`, its lock, and what frameworks keep beside them.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Folders that a web server may serve from.
const ROOTS: &[&str] = &["public", "web", "webroot", "docroot", "www", "htdocs", "public_html", "html"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    if let Some(value) = folder.value("composer.json") {
        facts.files.push("composer.json".to_owned());
        composer(&mut facts, folder, &value);
        lock(&mut facts, folder);
    }
    let root = ROOTS.iter().find(|root| folder.has(&format!("{root}/index.php")));
    if let Some(root) = root {
        facts.word("root", *root);
    } else if folder.has("index.php") {
        facts.word("root", ".");
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
    let start = value.pointer("/scripts/start").and_then(Value::as_str);
    if let Some(start) = start.filter(|start| !start.starts_with("php -S")) {
        facts.word("script.start", start);
    }
}

fn lock(facts: &mut Facts, folder: Folder<'_>) {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        packages: Vec<Package>,
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
            let all = lock.packages.into_iter().chain(lock.development);
            let versions: HashMap<String, String> =
                all.map(|package| (package.name, package.version.trim_start_matches('v').to_owned())).collect();
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
        let named = value("DB_CONNECTION").or_else(|| value("DATABASE_URL").and_then(|url| url.split(':').next()));
        let Some(named) = named else { continue };
        match named {
            "pgsql" | "postgres" | "postgresql" => facts.services.push("postgres".to_owned()),
            "mysql" | "mariadb" | "mysql2" => facts.services.push("mysql".to_owned()),
            "mongodb" | "mongodb+srv" => facts.services.push("mongodb".to_owned()),
            "sqlite" => facts.not_services.extend(["postgres", "mysql"].map(str::to_owned)),
            _ => continue,
        }
        facts.saw(folder, file, format!("names the database {named}"));
        return;
    }
    let wordpress = folder.has("wp-load.php") || folder.has("wp-config.php") || folder.has("wp-config-sample.php");
    if wordpress {
        facts.services.push("mysql".to_owned());
        let version = folder.text("wp-includes/version.php").and_then(|text| {
            let (_, rest) = text.split_once("$wp_version")?;
            Some(rest.split(['"', '\'']).nth(1)?.to_owned())
        });
        facts.framework = Some(("wordpress".to_owned(), version));
    }
    let drupal = ["web/sites/default/settings.php", "sites/default/settings.php", "docroot/sites/default/settings.php"];
    if let Some((file, text)) = drupal.iter().find_map(|file| Some((file, folder.text(file)?))) {
        for (mark, service) in [("'mysql'", "mysql"), ("'pgsql'", "postgres")] {
            if text.contains("'driver'") && text.contains(mark) {
                facts.services.push(service.to_owned());
                facts.saw(folder, file, format!("connects to {service}"));
            }
        }
    }
}
