//! The scripts of a `package.json` that run beside the app: workers and schedulers.

use crate::detect::facts::Facts;
use crate::detect::manifests::package_json::PackageJson;
use crate::detect::project::Folder;
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
pub(super) fn read(facts: &mut Facts, folder: Folder<'_>, manifest: &PackageJson) {
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
        let source = manifest.script(script).and_then(|command| source(folder, command));
        found.push((*process, *script, develop, source));
    }
    for (process, script, develop, source) in found {
        facts.phrase(&format!("process.{process}"), "{run} {}", [script]);
        let word = format!("process.{process}.develop");
        match (develop, source) {
            (Some(develop), _) => facts.phrase(&word, "{run} {}", [&develop]),
            (None, Some(file)) if !file.ends_with("ts") => facts.phrase(&word, "node --watch {}", [&file]),
            (None, Some(file)) if facts.depends_on("tsx") => facts.phrase(&word, "{exec} tsx watch {}", [&file]),
            _ => {}
        }
    }
}

/// The source of what a command runs by itself, which may be what a build makes of it.
fn source(folder: Folder<'_>, command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let ["node", .., file] = words.as_slice() else { return None };
    let file = file.trim_start_matches("./");
    if folder.has(file) {
        return Some(file.to_owned());
    }
    let (_, within) = file.split_once('/').filter(|(first, _)| ["build", "dist", "lib", "out"].contains(first))?;
    let stem = within.rsplit_once('.').map_or(within, |(stem, _)| stem);
    [format!("src/{stem}.ts"), format!("{}.ts", stem.trim_start_matches("src/")), format!("{stem}.ts")]
        .into_iter()
        .find(|file| folder.has(file))
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
