//! The script of a `package.json` that brings the database of a new version up to date.

use crate::detect::facts::Facts;
use crate::detect::manifests::package_json::PackageJson;
use crate::model::DependencyScope;

/// Scripts that may do so, those first that are meant for production.
const SCRIPTS: &[&str] = &[
    "migrate:deploy",
    "db:migrate:deploy",
    "db:deploy",
    "migrate:prod",
    "migrate:production",
    "db:migrate:prod",
    "migration:run:prod",
    "migration:run",
    "migrations:run",
    "db:migrate",
    "migrate",
    "migrate:up",
];

/// What such a script runs that applies what is there and asks nobody, each with the package that brings it. An image keeps
/// these (`MIGRATION_TOOLS`) where only development depends on them.
const MIGRATORS: &[(&str, &str)] = &[
    ("prisma migrate deploy", "prisma"),
    ("knex migrate:latest", "knex"),
    ("sequelize-cli db:migrate", "sequelize-cli"),
    ("sequelize db:migrate", "sequelize-cli"),
    ("typeorm migration:run", "typeorm"),
    ("drizzle-kit migrate", "drizzle-kit"),
    ("mikro-orm migration:up", "@mikro-orm/cli"),
    ("node-pg-migrate up", "node-pg-migrate"),
    ("db-migrate up", "db-migrate"),
];

/// Runners of sources that only development has, where they are no dependency of the running app.
const RUNNERS: &[&str] = &["ts-node", "tsx"];

/// Notes `release.script`, where all that it runs is there as the app runs.
pub(super) fn read(facts: &mut Facts, manifest: &PackageJson) {
    let runs = |name: &str| facts.dependency(name).is_some_and(|it| it.scope != DependencyScope::Development);
    let is_there = |name: &str| facts.dependency(name).is_some();
    let fits = |command: &str| {
        MIGRATORS.iter().any(|(call, package)| command.contains(call) && is_there(package))
            && RUNNERS.iter().all(|runner| !command.contains(runner) || runs(runner))
    };
    let script = SCRIPTS.iter().find(|name| manifest.script(name).is_some_and(fits));
    if let Some(name) = script {
        facts.phrase("release.script", "{run} {}", [*name]);
    }
}
