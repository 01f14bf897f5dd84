//! Holds who may import whom.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer with the layers that it may use. `api` is split: its server stands on the engine, its client does not.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("detect", &["model"]),
    ("generate", &["model"]),
    ("validate", &["model"]),
    ("diagnose", &["model"]),
    ("os", &["model"]),
    ("secrets", &["model"]),
    ("registry", &["model", "os"]),
    ("store", &["model"]),
    ("advisories", &["model", "os", "secrets"]),
    ("ai", &["model", "os", "secrets"]),
    ("targets", &["model", "os", "secrets"]),
    (
        "engine",
        &[
            "model",
            "detect",
            "generate",
            "validate",
            "diagnose",
            "os",
            "secrets",
            "store",
            "advisories",
            "ai",
            "targets",
        ],
    ),
    ("api/client", &["model", "os", "api"]),
    ("api/server", &["model", "os", "api", "engine"]),
    ("api", &["model", "os"]),
    ("tui", &["model", "api/client", "os"]),
    (
        "cli",
        &[
            "model",
            "detect",
            "generate",
            "validate",
            "diagnose",
            "os",
            "secrets",
            "registry",
            "advisories",
            "ai",
            "targets",
            "api/client",
            "api",
        ],
    ),
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

/// The layer of a path below `src/`, or of one in the code (`api/client/mod.rs`, `api::client::Client`).
fn layer_of(path: &str) -> Option<&'static str> {
    let path = path.replace("::", "/");
    let is_in =
        |layer: &str| path == layer || path.strip_prefix(layer).is_some_and(|rest| rest.starts_with(['/', '.']));
    LAYERS.iter().map(|(layer, _)| *layer).filter(|layer| is_in(layer)).max_by_key(|layer| layer.len())
}

/// Every `crate::…` in a file, with grouped imports taken apart at the first level.
fn imports(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let mut depth = 0;
                let inner: String = group
                    .chars()
                    .take_while(|letter| {
                        depth += match letter {
                            '{' => 1,
                            '}' => -1,
                            _ => 0,
                        };
                        depth >= 0
                    })
                    .collect();
                let mut depth = 0;
                let parts = inner.split(|letter| {
                    depth += match letter {
                        '{' => 1,
                        '}' => -1,
                        _ => 0,
                    };
                    letter == ',' && depth == 0
                });
                found.extend(parts.map(|part| part.trim().to_owned()));
            }
            None => found.push(rest.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect()),
        }
    }
    found
}

#[test]
fn each_layer_imports_only_what_it_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&src) {
        let name = file.strip_prefix(&src).unwrap().to_str().unwrap();
        if name == "main.rs" || name == "lib.rs" {
            continue;
        }
        let Some(own) = layer_of(name) else {
            wrong.push(format!("{name} belongs to no layer"));
            continue;
        };
        let allowed = LAYERS.iter().find(|(layer, _)| *layer == own).unwrap().1;
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            if let Some(used) = layer_of(&import)
                && used != own
                && !allowed.contains(&used)
            {
                wrong.push(format!("{name}: {own} may not use {used} (crate::{import})"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_are_read_whole() {
    let found = imports("use crate::{model::{Plan, Step}, engine::Engine};\nlet x = crate::store::Store::open();");
    assert_eq!(found, ["model::{Plan, Step}", "engine::Engine", "store::Store::open"]);
    assert_eq!(layer_of("api::client::Client"), Some("api/client"));
    assert_eq!(layer_of("api/client.rs"), Some("api/client"));
    assert_eq!(layer_of("modeling"), None);
}
