//! Rust: `Cargo.toml` of packages and workspaces, `Cargo.lock`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::package_lock;
use crate::detect::platforms;
use crate::detect::project::Folder;
use crate::detect::services;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Other programs that are told of at most.
const OTHERS: usize = 8;

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let Some(value) = folder.value("Cargo.toml") else { return facts };
    facts.files.push("Cargo.toml".to_owned());
    facts.linked = true;
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    facts.name = text("/package/name").map(str::to_owned);
    let workspace = folder
        .upwards()
        .skip(1)
        .find_map(|above| above.value("Cargo.toml").filter(|value| value.get("workspace").is_some()));
    let is_member = workspace.is_some() && value.get("workspace").is_none();
    let groups = [
        ("dependencies", DependencyScope::Runtime),
        ("dev-dependencies", DependencyScope::Development),
        ("build-dependencies", DependencyScope::Development),
    ];
    for (group, scope) in groups {
        for (key, asked) in value.get(group).and_then(Value::as_object).into_iter().flatten() {
            let shared = asked.get("workspace").is_some();
            let own = if value.get("workspace").is_some() { Some(&value) } else { workspace.as_ref() };
            let from_workspace =
                own.filter(|_| shared).and_then(|value| value.pointer(&format!("/workspace/dependencies/{key}")));
            let asked = from_workspace.unwrap_or(asked);
            let name = asked.get("package").and_then(Value::as_str).unwrap_or(key);
            let version = asked.as_str().or_else(|| asked.get("version").and_then(Value::as_str));
            let optional = asked.get("optional").and_then(Value::as_bool) == Some(true);
            let scope = if optional { DependencyScope::Optional } else { scope };
            let features =
                asked.get("features").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            for feature in features {
                facts.word(&format!("feature.{name}.{feature}"), "");
            }
            facts.depend(name, version.map(str::to_owned), scope);
        }
    }
    if let Some(root) = workspace.as_ref().filter(|_| is_member) {
        let meant = root.pointer("/workspace/default-members").and_then(Value::as_array);
        let ends = |member: &&str| {
            let member = member.trim_start_matches("./").trim_end_matches('/');
            folder.path() == member || folder.path().ends_with(&format!("/{member}"))
        };
        facts.supports = meant
            .is_some_and(|meant| !meant.iter().filter_map(Value::as_str).any(|one| one.contains('*') || ends(&one)));
    }
    if is_member {
        for above in folder.upwards().skip(1) {
            facts.built_with(above, &["Cargo.toml", "Cargo.lock"]);
        }
    }
    for above in folder.upwards() {
        if let Some(lock) = above.text("Cargo.lock") {
            let versions = package_lock::published(&lock);
            facts.lock(|name, asked| locked(versions.get(name)?, asked));
            let own = facts.name.clone();
            for (name, versions) in versions.into_iter().filter(|(name, _)| own.as_ref() != Some(name)) {
                for version in versions {
                    facts.pin(name.clone(), version, DependencyScope::Runtime);
                }
            }
            facts.phrase("flags", " --locked", []);
            break;
        }
    }
    facts.words.entry("flags".to_owned()).or_default();
    let minimum = text("/package/rust-version").map(|version| format!(">={version}"));
    facts.ask("Cargo.toml rust-version", folder, "Cargo.toml", minimum.as_deref());
    toolchain(&mut facts, folder);
    services(&mut facts, folder);
    let members = value.pointer("/workspace/members").and_then(Value::as_array).into_iter().flatten();
    facts.members = members.filter_map(Value::as_str).map(str::to_owned).collect();
    if value.get("workspace").is_some() {
        facts.workspace_tool = Some("cargo".to_owned());
    }
    facts.role = role(folder, &value, &mut facts);
    // A member of a workspace is built into the workspace's folder.
    let levels = folder
        .upwards()
        .skip(1)
        .position(|above| above.value("Cargo.toml").is_some_and(|value| value.get("workspace").is_some()));
    facts.word("up", levels.filter(|_| is_member).map_or_else(|| "./".to_owned(), |levels| "../".repeat(levels + 1)));
    if is_member
        && facts.role == Role::App
        && let Some(package) = facts.name.clone()
    {
        facts.phrase("package", " --package {}", [&package]);
    }
    facts.words.entry("package".to_owned()).or_default();
    facts
}

/// Of the locked versions that of the line asked for.
fn locked(versions: &[String], asked: Option<&str>) -> Option<String> {
    let line = asked.unwrap_or("").trim_start_matches(['^', '=', '~', '>', ' ']).split(',').next().unwrap_or("");
    let fits = |version: &&String| version.as_str() == line || version.starts_with(&format!("{line}."));
    versions.iter().rev().find(fits).or_else(|| versions.last()).cloned()
}

/// `rust-toolchain.toml`, or a `rust-toolchain` of either form.
fn toolchain(facts: &mut Facts, folder: Folder<'_>) {
    for above in folder.upwards() {
        for file in ["rust-toolchain.toml", "rust-toolchain"] {
            let Some(text) = above.text(file) else { continue };
            let channel =
                text.lines().find_map(|line| line.trim().strip_prefix("channel")?.trim_start().strip_prefix('='));
            let says = channel
                .unwrap_or_else(|| text.lines().next().unwrap_or(""))
                .trim()
                .trim_matches(['"', '\''])
                .to_owned();
            facts.ask("rust-toolchain", above, file, Some(&says));
            return;
        }
    }
}

/// Databases that a feature of a crate names.
fn services(facts: &mut Facts, folder: Folder<'_>) {
    for package in ["sqlx", "diesel", "diesel-async", "sea-orm"] {
        for (word, service) in services::words(services::SQL) {
            let names = |feature: &str| facts.words.contains_key(&format!("feature.{package}.{feature}"));
            if names(word) || names(&format!("sqlx-{word}")) {
                facts.services.push(service.to_owned());
                facts.saw(folder, "Cargo.toml", format!("uses {package} for {service}"));
            }
        }
    }
}

/// The programs below `src/bin`, each a file or a folder: name and path.
fn more(folder: Folder<'_>) -> Vec<(&str, String)> {
    let Some(bin) = folder.folder("src/bin") else { return Vec::new() };
    let files = bin.files().iter().filter_map(|file| Some((file.strip_suffix(".rs")?, format!("src/bin/{file}"))));
    let folders = bin.subfolders().filter(|below| below.has("main.rs"));
    files.chain(folders.map(|below| (below.name(), format!("src/bin/{}", below.name())))).collect()
}

/// The program that a platform is to start.
fn started(folder: Folder<'_>) -> Option<String> {
    let command = platforms::start(folder)?.command;
    let name = command.split_whitespace().find_map(|word| Some(word.split_once("target/release/")?.1))?;
    Some(name.to_owned())
}

/// A package with a program is an app; one without is a library; a workspace alone is neither.
fn role(folder: Folder<'_>, value: &Value, facts: &mut Facts) -> Role {
    if value.get("package").is_none() {
        return if value.get("workspace").is_some() { Role::Shell } else { Role::Unknown };
    }
    let text = |bin: &'_ Value, key: &str| bin.get(key).and_then(Value::as_str).map(str::to_owned);
    let bins: &[Value] = value.get("bin").and_then(Value::as_array).map_or(&[], Vec::as_slice);
    let named: Vec<String> = bins.iter().filter_map(|bin| text(bin, "name")).collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let default = value.pointer("/package/default-run").and_then(Value::as_str);
    let more = more(folder);
    // `src/main.rs` is called as the package, where the manifest gives it no name of its own.
    let renamed = bins.iter().find(|bin| text(bin, "path").is_some_and(|path| path == "src/main.rs"));
    let main = folder.has("src/main.rs").then(|| renamed.and_then(|bin| text(bin, "name")).or(facts.name.clone()));
    let main = main.flatten();
    let fitting = |names: &[&str]| {
        let server = names.iter().find(|name| ["server", "api", "web", "app"].iter().any(|word| name.contains(word)));
        server.or_else(|| names.first()).map(|name| (*name).to_owned())
    };
    let known = |name: &String| {
        main.as_ref() == Some(name) || named.contains(&name.as_str()) || more.iter().any(|(other, _)| other == name)
    };
    let program = started(folder)
        .filter(known)
        .or_else(|| default.map(str::to_owned))
        .or_else(|| main.clone())
        .or_else(|| fitting(&named));
    let program = program.or_else(|| fitting(&more.iter().map(|(name, _)| *name).collect::<Vec<_>>()));
    if let Some(program) = program {
        facts.saw(folder, "Cargo.toml", format!("builds the program {program}"));
        // By path: what the manifest says renames what lies there.
        let mut others: BTreeMap<String, String> =
            more.into_iter().map(|(name, path)| (path, name.to_owned())).collect();
        others.extend(main.map(|name| ("src/main.rs".to_owned(), name)));
        others.extend(bins.iter().filter_map(|bin| {
            let path = text(bin, "path")?.trim_start_matches("./").to_owned();
            let below = path.strip_suffix("/main.rs").filter(|below| *below != "src").map(str::to_owned);
            Some((below.unwrap_or(path), text(bin, "name")?))
        }));
        others.retain(|_, name| *name != program);
        for (path, name) in others.iter().take(OTHERS) {
            let says = format!("is the program {name}; `start` in wharf.toml can have it run instead");
            facts.saw(folder, path, says);
        }
        facts.others = others.into_keys().collect();
        facts.word("bin", program);
        Role::App
    } else {
        facts.cannot_run = true;
        Role::Library
    }
}
