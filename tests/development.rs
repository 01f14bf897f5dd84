//! Compose's file for development: apps that run from their sources, in every stack that says how.

use std::collections::BTreeSet;

use wharf::model::AppProfile;
use yaml_serde::Value;

use crate::support::profiles::{self, With as _};

/// The first service of an app's compose file, and its Dockerfile.
fn of(profile: &AppProfile) -> Option<(Value, String)> {
    let made = profiles::usual(profile).ok()?;
    let text = |name: &str| made.iter().find(|file| file.path.ends_with(name)).map(|file| file.content.clone());
    let compose: Value = yaml_serde::from_str(&text("compose.yaml")?).unwrap();
    let service = compose["services"].as_mapping().unwrap().values().next().unwrap().clone();
    Some((service, text("Dockerfile").unwrap_or_default()))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_sequence().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn what_runs_from_its_sources_has_all_that_it_needs() {
    let mut stacks = BTreeSet::new();
    for (name, profile) in crate::support::samples::all() {
        let Some((service, dockerfile)) = of(&profile) else { continue };
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
        let laid = texts(&service["volumes"]);
        let Some(sources) = laid.first().and_then(|first| first.strip_prefix("./")) else { continue };
        let (source, folder) = sources.split_once(':').unwrap();
        assert!(source.is_empty() || source == profile.path, "{name}: {sources}");
        let packages = profile.packages.iter().map(|package| format!("/app/{package}"));
        let homes: Vec<String> = packages.chain([folder.to_owned()]).collect();
        for kept in &laid[1..] {
            let place = kept.rsplit(':').next().unwrap();
            let is_below = |home: &String| place == home || place.starts_with(&format!("{home}/"));
            assert!(homes.iter().any(is_below), "{name}: {kept} is not below {homes:?}");
        }
        if let Some(stage) = service["build"]["target"].as_str() {
            assert!(dockerfile.contains(&format!(" AS {stage}\n")), "{name}: no stage {stage}\n{dockerfile}");
        }
        assert!(dockerfile.contains(&format!("WORKDIR {}", folder.split('/').take(2).collect::<Vec<_>>().join("/"))));
        stacks.insert(profile.stack);
    }
    let wanted = ["deno", "dotnet", "elixir", "go", "java", "node", "php", "python", "ruby", "rust"];
    assert!(wanted.iter().all(|stack| stacks.contains(*stack)), "{stacks:?}");
}

#[test]
fn pages_of_a_workspace_have_a_stage_to_be_developed_in() {
    let pages = profiles::of("node", "")
        .manager("pnpm", "pnpm install --frozen-lockfile")
        .serves("dist")
        .at("apps/web")
        .files(&["apps/web/package.json", "pnpm-lock.yaml"]);
    let pages = AppProfile {
        build_command: Some("pnpm --filter web... run build".to_owned()),
        develop_command: Some("pnpm run dev".to_owned()),
        ..pages
    };
    let (service, dockerfile) = of(&pages).unwrap();
    let stage = service["build"]["target"].as_str().unwrap();
    assert!(dockerfile.contains(&format!(" AS {stage}\n")), "no stage {stage}\n{dockerfile}");
    // The packages beside it are built there.
    let (before, _) = dockerfile.split_once("run build").unwrap();
    assert!(before.lines().rev().find(|line| line.starts_with("FROM ")).unwrap().ends_with(&format!(" AS {stage}")));
}

#[test]
fn what_does_not_see_changes_is_started_anew() {
    let app = AppProfile { develop_command: Some("go run .".to_owned()), ..profiles::of("go", "./bin/web") };
    let (service, _) = of(&app).unwrap();
    assert_eq!(service["develop"]["watch"][0]["action"].as_str(), Some("restart"));
    let sees = AppProfile { develop_command: Some("go run github.com/air-verse/air@v1".to_owned()), ..app };
    assert!(of(&sees).unwrap().0.get("develop").is_none());
}

#[test]
fn a_debugger_is_let_in_where_the_app_can_have_one() {
    let ports = |profile: AppProfile| texts(&of(&profile).unwrap().0["ports"]).last().map(|last| (*last).to_owned());
    let node = AppProfile { develop_command: Some("node --watch index.js".to_owned()), ..profiles::express() };
    assert_eq!(ports(node.clone()).as_deref(), Some("127.0.0.1:9229:9229"));
    let script = AppProfile { develop_command: Some("npm run dev".to_owned()), ..node };
    assert_eq!(ports(script).as_deref(), Some("127.0.0.1:${HOST_PORT:-3000}:3000"));
    let develop = Some("uvicorn main:app --reload --port $PORT".to_owned());
    let python = AppProfile { develop_command: develop, ..profiles::of("python", "uvicorn main:app") };
    assert_eq!(ports(python.clone()).as_deref(), Some("127.0.0.1:${HOST_PORT:-8080}:8080"));
    let with = python.depends(&["debugpy"]);
    assert_eq!(ports(with.clone()).as_deref(), Some("127.0.0.1:5678:5678"));
    let command = of(&with).unwrap().0["command"][2].as_str().unwrap().to_owned();
    assert_eq!(command, "exec python -m debugpy --listen 0.0.0.0:5678 -m uvicorn main:app --reload --port $$PORT");
}

#[test]
fn an_app_of_a_workspace_runs_from_its_folder_with_the_packages_beside_it_built() {
    let app = profiles::express().files(&["apps/web/package.json", "pnpm-lock.yaml"]).at("apps/web");
    let app = AppProfile { develop_command: Some("node --watch index.js".to_owned()), ..app };
    let (service, _) = of(&app).unwrap();
    assert_eq!(service["build"]["target"].as_str(), Some("build"));
    assert_eq!(texts(&service["volumes"]), ["./apps/web:/app/apps/web", "/app/apps/web/node_modules"]);
}
