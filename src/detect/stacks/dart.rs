//! Dart and Flutter: `pubspec.yaml` and its lock.

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::sources::Sources;
use crate::detect::stacks::ends_in;
use crate::model::DependencyScope;

/// Programs with a usual name.
const ENTRIES: &[&str] = &["bin/server.dart", "bin/main.dart", "bin/app.dart", "server.dart", "main.dart"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let Some(pubspec) = folder.value("pubspec.yaml") else { return facts };
    facts.files.push("pubspec.yaml".to_owned());
    let text = |pointer: &str| pubspec.pointer(pointer).and_then(Value::as_str);
    facts.name = text("/name").map(str::to_owned);
    facts.ask("pubspec.yaml sdk", folder, "pubspec.yaml", text("/environment/sdk"));
    for (group, scope) in
        [("dependencies", DependencyScope::Runtime), ("dev_dependencies", DependencyScope::Development)]
    {
        for (name, asked) in pubspec.get(group).and_then(Value::as_object).into_iter().flatten() {
            let version = asked.as_str().or_else(|| asked.get("version").and_then(Value::as_str)).map(str::to_owned);
            facts.depend(name, version, scope);
        }
    }
    if let Some(lock) = folder.upwards().find_map(|above| above.value("pubspec.lock")) {
        let version = |name: &str| lock.get("packages")?.get(name)?.get("version")?.as_str().map(str::to_owned);
        facts.lock(|name, _| version(name));
    }
    let members = pubspec.get("workspace").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    facts.members = members.map(str::to_owned).collect();
    if !facts.members.is_empty() {
        facts.workspace_tool = Some("pub".to_owned());
    }
    if let Some(entry) = entry(sources, facts.name.as_deref()) {
        facts.saw(folder, &entry, "is a program");
        facts.word("program", entry.trim_end_matches(".dart"));
    }
    let shown = facts.depends_on("flutter") && folder.has("lib/main.dart");
    let routed = facts.depends_on("dart_frog") && folder.has_folder("routes");
    facts.role = if facts.words.contains_key("program") || shown || routed {
        Role::App
    } else if facts.members.is_empty() {
        Role::Library
    } else {
        Role::Shell
    };
    facts
}

/// The program: one with a usual name, of the package's name, or any other in a `bin/`.
fn entry(sources: &Sources<'_>, name: Option<&str>) -> Option<String> {
    let folder = sources.folder;
    let own = name.map(|name| format!("bin/{name}.dart")).filter(|file| folder.has(file));
    let usual = || ENTRIES.iter().find(|file| folder.has(file)).map(|file| (*file).to_owned());
    let lying = || {
        let bin = folder.folder("bin")?;
        Some(format!("bin/{}", bin.files().iter().find(|file| ends_in(file, &["dart"]))?))
    };
    // Several programs that share one pubspec lie in folders of their own.
    let below = || {
        let inside = folder.subfolders().find(|child| ENTRIES.iter().any(|file| child.has(file)))?;
        let file = ENTRIES.iter().find(|file| inside.has(file))?;
        Some(format!("{}/{file}", inside.name()))
    };
    own.or_else(usual).or_else(lying).or_else(below)
}
