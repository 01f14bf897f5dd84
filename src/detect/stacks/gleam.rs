//! Gleam: `gleam.toml`, on Erlang or JavaScript.

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let Some(manifest) = folder.value("gleam.toml") else { return facts };
    facts.files.push("gleam.toml".to_owned());
    let text = |key: &str| manifest.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or_else(|| folder.name()).to_owned();
    facts.ask("gleam.toml gleam", folder, "gleam.toml", text("gleam"));
    let groups = [
        ("dependencies", DependencyScope::Runtime),
        ("dev-dependencies", DependencyScope::Development),
        ("dev_dependencies", DependencyScope::Development),
    ];
    for (group, scope) in groups {
        for (package, asked) in manifest.get(group).and_then(Value::as_object).into_iter().flatten() {
            facts.depend(package.as_str(), asked.as_str().map(str::to_owned), scope);
        }
    }
    if let Some(lock) = folder.value("manifest.toml") {
        let packages = lock.get("packages").and_then(Value::as_array);
        facts.lock(|name, _| {
            let found = packages?.iter().find(|package| package.get("name").and_then(Value::as_str) == Some(name))?;
            found.get("version").and_then(Value::as_str).map(str::to_owned)
        });
    }
    if text("target") == Some("javascript") {
        facts.word("javascript", "");
    }
    let main = format!("src/{name}.gleam");
    let runs = folder.text(&main).is_some_and(|text| text.contains("pub fn main("));
    if runs {
        facts.word("main", main);
    }
    facts.role = if runs { Role::App } else { Role::Library };
    facts.name = Some(name);
    facts
}
