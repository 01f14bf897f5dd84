//! Crystal: `shard.yml` and `shard.lock`.

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Words in the names of programs that serve, where a shard has several.
const SERVERS: &[&str] = &["server", "web", "api", "app"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let Some(shard) = folder.value("shard.yml") else {
        entry(&mut facts, folder, None);
        return facts;
    };
    facts.files.push("shard.yml".to_owned());
    facts.name = shard.get("name").and_then(Value::as_str).map(str::to_owned);
    let version = shard.get("crystal").map(|says| says.as_str().map_or_else(|| says.to_string(), str::to_owned));
    facts.ask("shard.yml crystal", folder, "shard.yml", version.as_deref());
    for (group, scope) in
        [("dependencies", DependencyScope::Runtime), ("development_dependencies", DependencyScope::Development)]
    {
        for (name, asked) in shard.get(group).and_then(Value::as_object).into_iter().flatten() {
            let version = asked.get("version").and_then(Value::as_str).map(str::to_owned);
            facts.depend(name, version, scope);
        }
    }
    if let Some(text) = folder.text("shard.lock") {
        facts.lock(|name, _| locked(&text, name));
    }
    let targets: Vec<&str> =
        shard.get("targets").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let own = |name: &&&str| Some(**name) == facts.name.as_deref();
    let serves = |name: &&&str| SERVERS.iter().any(|word| name.contains(word));
    let target = targets.iter().find(own).or_else(|| targets.iter().find(serves)).or_else(|| targets.first());
    if let Some(target) = target.map(|name| (*name).to_owned()) {
        facts.saw(folder, "shard.yml", format!("builds the program {target}"));
        facts.word("target", target);
        facts.role = Role::App;
    } else {
        let name = facts.name.clone();
        entry(&mut facts, folder, name.as_deref());
        let serves = sources.hold(&[".listen", "Kemal.run", "Amber::Server"]);
        facts.role = if serves && facts.words.contains_key("entry") { Role::App } else { Role::Library };
    }
    facts
}

/// The file that is a program, where no target names one.
fn entry(facts: &mut Facts, folder: Folder<'_>, name: Option<&str>) {
    let own = name.map(|name| format!("src/{name}.cr"));
    let usual = ["src/server.cr", "src/main.cr", "src/app.cr", "server.cr", "main.cr", "app.cr"].map(str::to_owned);
    let serving = || {
        let mut files = folder.with_ending("cr").into_iter().filter(|file| file.contains("server"));
        files.next().map(str::to_owned)
    };
    if let Some(file) = own.into_iter().chain(usual).find(|file| folder.has(file)).or_else(serving) {
        facts.word("entry", file);
    }
}

/// The version on the line below a shard's name.
fn locked(text: &str, name: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| line.trim() != format!("{name}:")).skip(1);
    let line = lines.by_ref().take(3).find_map(|line| line.trim().strip_prefix("version:"))?;
    let version = line.trim().trim_matches('"');
    Some(version.split('+').next().unwrap_or(version).to_owned())
}
