//! The scripts of a `package.json` that run beside the app: workers and schedulers.

use crate::detect::facts::Facts;
use crate::detect::manifests::package_json::PackageJson;
use crate::model::DependencyScope;

/// What processes are called, each with the scripts that may start it, those first that are meant for production.
const SCRIPTS: &[(&str, &[&str])] = &[
    (
        "worker",
        &["worker:prod", "start:worker:prod", "worker:start", "start:worker", "worker", "workers", "start:workers"],
    ),
    ("queue", &["start:queue", "queue:start", "queue:work", "queue"]),
    ("scheduler", &["start:scheduler", "scheduler:start", "scheduler", "start:cron", "cron"]),
];

/// Scripts that start the same while somebody develops.
const DEVELOPS: &[&str] = &["{}:dev", "dev:{}", "start:{}:dev", "{}:watch"];

/// Programs that run sources, where they are no dependency of the running app.
const RUNNERS: &[&str] = &["ts-node", "tsx", "nodemon", "ts-node-dev", "nest"];

/// Words of commands that see changes.
const WATCHES: &[&str] = &["--watch", "watch", "nodemon", "tsx watch", "ts-node-dev"];

/// Notes `process.NAME` for a script that runs another file than the app itself, where all that it runs is there as the app
/// runs, and `process.NAME.develop`.
pub(super) fn read(facts: &mut Facts, manifest: &PackageJson) {
    let starts: Vec<&str> = ["start", "start:prod"].iter().filter_map(|name| manifest.script(name)).collect();
    let runs = |name: &str| facts.dependency(name).is_some_and(|it| it.scope != DependencyScope::Development);
    let is_there = |command: &str| {
        let mut words = command.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
        words.all(|word| !RUNNERS.contains(&word) || runs(word))
    };
    let fits = |command: &str| {
        let own = file(command).is_some_and(|file| !starts.iter().any(|start| start.contains(file)));
        own && is_there(command) && !watches(command)
    };
    let mut found = Vec::new();
    for (process, names) in SCRIPTS {
        let Some(script) = names.iter().find(|name| manifest.script(name).is_some_and(fits)) else { continue };
        let develop = DEVELOPS.iter().map(|form| form.replace("{}", process));
        let develop = develop.into_iter().find(|name| manifest.script(name).is_some_and(watches));
        found.push((*process, *script, develop));
    }
    for (process, script, develop) in found {
        facts.phrase(&format!("process.{process}"), "{run} {}", [script]);
        if let Some(develop) = develop {
            facts.phrase(&format!("process.{process}.develop"), "{run} {}", [&develop]);
        }
    }
}

/// The script or the folder that a command runs.
fn file(command: &str) -> Option<&str> {
    let is_source = |word: &&str| [".js", ".mjs", ".cjs", ".ts", ".mts"].iter().any(|ending| word.ends_with(ending));
    let words = || command.split_whitespace().filter(|word| !word.starts_with('-'));
    words().find(is_source).or_else(|| words().next_back().filter(|word| word.contains('/')))
}

fn watches(command: &str) -> bool {
    command.split_whitespace().any(|word| WATCHES.contains(&word))
}
