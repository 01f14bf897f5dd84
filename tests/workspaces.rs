//! Images of workspaces, built for real: what an app needs to run is in them, and neither what builds it nor what only its
//! sisters need; what migrates its database before a version stays, though it is a tool of development.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::docker::{self, Turn};
use crate::support::http;
use crate::support::images::base_images;
use crate::support::wharf::Wharf;

const ROOT: &str = r#"{"name": "yard", "private": true, "workspaces": ["apps/*", "packages/*"],
  "scripts": {"prepare": "node -e 'require(`is-odd`)'"}, "devDependencies": {"is-odd": "3.0.1"}}"#;
const API: &str = r#"{"name": "@yard/api", "version": "1.0.0", "private": true, "scripts": {"start": "node index.js", "db:migrate": "knex migrate:latest"},
  "dependencies": {"@yard/greeting": "WORKSPACE", "express": "4.21.2", "pg": "8.16.0"},
  "devDependencies": {"is-number": "7.0.0", "knex": "3.1.0"}}"#;
const OTHER: &str = r#"{"name": "@yard/other", "version": "1.0.0", "private": true, "scripts": {"start": "node index.js"},
  "dependencies": {"koa": "2.16.1"}}"#;
const GREETING: &str =
    r#"{"name": "@yard/greeting", "version": "1.0.0", "main": "index.js", "dependencies": {"ms": "2.1.3"}}"#;
const INDEX: &str = "const app = require('express')();\nconst greeting = require('@yard/greeting');\n\
    const database = new (require('pg').Pool)({ connectionString: process.env.DATABASE_URL });\n\
    app.get('/', async (_, answer) => {\n  const found = await database.query('select name from boats');\n  \
    answer.send(`${greeting} ${found.rows[0].name}`);\n});\napp.listen(process.env.PORT || 3000);\n";
const KNEXFILE: &str = "module.exports = { client: 'pg', connection: process.env.DATABASE_URL };\n";
const MIGRATION: &str = "exports.up = async knex => {\n  await knex.schema.createTable('boats', table => table.string('name'));\n  \
    await knex('boats').insert({ name: 'Tern' });\n};\nexports.down = knex => knex.schema.dropTable('boats');\n";

/// Deploys the app of a workspace, and asks its container which modules there are.
fn proves(manager: &str, lock: &[&str], workspace: &str) {
    let wharf = Wharf::new();
    let project = wharf.path("yard");
    let write = |path: &str, text: &str| {
        let path = project.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let root = if manager.is_empty() {
        ROOT.to_owned()
    } else {
        ROOT.replacen('{', &format!("{{\"packageManager\": \"{manager}\", "), 1)
    };
    write("package.json", &root);
    write("pnpm-workspace.yaml", "packages:\n  - apps/*\n  - packages/*\n");
    write("apps/api/package.json", &API.replace("WORKSPACE", workspace));
    write("apps/api/index.js", INDEX);
    write("apps/api/knexfile.js", KNEXFILE);
    write("apps/api/migrations/1_boats.js", MIGRATION);
    write("apps/other/package.json", OTHER);
    write("apps/other/index.js", "new (require('koa'))().listen(process.env.PORT || 3000);\n");
    write("packages/greeting/package.json", GREETING);
    write("packages/greeting/index.js", "module.exports = 'ahoy ' + require('ms')(60000);\n");
    if !manager.starts_with("pnpm") {
        fs::remove_file(project.join("pnpm-workspace.yaml")).unwrap();
    }
    if !base_ready(&wharf, &project, lock) {
        return;
    }
    let told = {
        let _turn = Turn::take();
        wharf.json(&["deploy", project.to_str().unwrap(), "--target", "docker", "--app", "api"])
    };
    assert_eq!(told["status"], "healthy", "{told:#}");
    assert_eq!(http::get(told["url"].as_str().unwrap(), "/").unwrap().body, "ahoy 1m Tern");
    let id = format!("label=wharf.deployment={}", told["id"].as_str().unwrap());
    let container = docker::stdout(&["ps", "-q", "--filter", &id, "--filter", "label=wharf.role=live"]);
    let found = docker::stdout(&["exec", &container, "find", "/app", "-type", "d", "-name", "*"]);
    let has = |name: &str| found.lines().any(|path| path.ends_with(&format!("node_modules/{name}")));
    for (name, expected) in
        [("express", true), ("knex", true), ("ms", true), ("koa", false), ("is-number", false), ("is-odd", false)]
    {
        assert_eq!(has(name), expected, "{manager} {name}: {found}");
    }
    assert!(!found.contains("/app/apps/other/node_modules"), "{found}");
    let size = docker::stdout(&["exec", &container, "du", "-sk", "/app"]);
    println!("{manager}: /app takes {size} KiB");
}

/// Locks the project with its manager; whether that and Docker are there.
fn base_ready(wharf: &Wharf, project: &Path, lock: &[&str]) -> bool {
    let made = Command::new(lock[0]).args(&lock[1..]).current_dir(project).output();
    if !made.as_ref().is_ok_and(|made| made.status.success()) {
        println!("SKIPPED: {lock:?} cannot be run here: {made:?}");
        return false;
    }
    let images = base_images(wharf, project);
    docker::ready(&images.iter().map(String::as_str).chain(["postgres:16-bookworm"]).collect::<Vec<_>>())
}

#[test]
fn of_npm() {
    proves("", &["npm", "install", "--package-lock-only", "--ignore-scripts"], "*");
}

#[test]
fn of_pnpm() {
    let lock = ["npx", "--yes", "pnpm@10.8.1", "install", "--lockfile-only", "--ignore-scripts"];
    proves("pnpm@10.8.1", &lock, "workspace:*");
}

#[test]
fn of_yarn() {
    let lock = ["npx", "--yes", "--package", "@yarnpkg/cli-dist@4.9.1", "yarn", "install", "--mode=update-lockfile"];
    proves("yarn@4.9.1", &lock, "workspace:*");
}

#[test]
fn of_the_first_yarn() {
    proves("yarn@1.22.22", &["npx", "--yes", "yarn@1.22.22", "install", "--ignore-scripts"], "1.0.0");
}

#[test]
fn of_bun() {
    proves("bun@1.3.5", &["npx", "--yes", "bun@1.3.5", "install", "--lockfile-only"], "workspace:*");
}
