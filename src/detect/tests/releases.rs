//! What runs once before each new version.

use super::{detect_files, only};

/// The release command of the one app of these files, `-` for none, and where it comes from.
fn release(files: &[(&str, &str)]) -> (String, String) {
    let app = only(files);
    let command = app.release_command.unwrap_or_else(|| "-".to_owned());
    let by = app.evidence.iter().find(|one| one.says.contains("before each new version"));
    (command, by.map_or_else(|| "-".to_owned(), |one| one.file.clone()))
}

/// A package with these dependencies, these of development and these scripts.
fn node(runtime: &str, development: &str, scripts: &str) -> String {
    format!(
        r#"{{"dependencies": {{"express": "4", "pg": "8"{runtime}}}, "devDependencies": {{{development}}},
            "scripts": {{"start": "node a.js"{scripts}}}}}"#
    )
}

const LISTENS: (&str, &str) = ("a.js", "app.listen(process.env.PORT)");

#[test]
fn migrations_are_found_where_a_database_outlives_the_container() {
    let django = |packages| [("manage.py", "import django"), ("requirements.txt", packages), ("a/wsgi.py", "")];
    let flask = "flask\nflask-migrate\npsycopg2\n";
    let app = ("app.py", "app = Flask(__name__)\n");
    let rails = "gem 'rails', '~> 7.1'\ngem 'pg'\n";
    let prisma = node(r#", "prisma": "6", "@prisma/client": "6""#, "", "");
    for (files, command, file) in [
        (django("django\npsycopg[binary]\n").to_vec(), "python manage.py migrate --noinput", "requirements.txt"),
        // Its database is a file that goes with the container.
        (django("django\n").to_vec(), "-", "-"),
        (vec![app, ("requirements.txt", flask), ("migrations/env.py", "")], "flask --app app db upgrade", "migrations"),
        (vec![app, ("requirements.txt", flask)], "-", "-"),
        (
            vec![app, ("requirements.txt", "flask\nalembic\npsycopg2\n"), ("alembic.ini", "[alembic]\n")],
            "alembic upgrade head",
            "alembic.ini",
        ),
        (
            vec![("Gemfile", rails), ("bin/rails", ""), ("config.ru", ""), ("db/migrate/1_a.rb", "")],
            "bundle exec rails db:migrate",
            "db/migrate",
        ),
        (
            vec![
                ("composer.json", r#"{"require": {"laravel/framework": "^11", "ext-pdo_pgsql": "*"}}"#),
                ("artisan", ""),
                ("database/migrations/1_a.php", ""),
            ],
            "php artisan migrate --force",
            "database/migrations",
        ),
        (
            vec![
                (
                    "composer.json",
                    r#"{"require": {"symfony/framework-bundle": "^7", "doctrine/doctrine-migrations-bundle": "^3",
                        "ext-pdo_pgsql": "*"}}"#,
                ),
                ("bin/console", ""),
                ("public/index.php", ""),
                ("migrations/Version1.php", ""),
            ],
            "php bin/console doctrine:migrations:migrate --no-interaction --allow-no-migration",
            "migrations",
        ),
        (
            vec![LISTENS, ("package.json", &prisma), ("prisma/migrations/1/migration.sql", "")],
            "npx prisma migrate deploy",
            "prisma/migrations",
        ),
        (
            vec![
                (
                    "mix.exs",
                    "def project do [app: :shop] end\ndef application do [mod: {A, []}] end\n{:phoenix, \"1\"}\n{:postgrex, \"1\"}",
                ),
                ("rel/overlays/bin/migrate", "#!/bin/sh\n"),
            ],
            "_build/prod/rel/shop/bin/migrate",
            "rel/overlays/bin/migrate",
        ),
    ] {
        assert_eq!(release(&files), (command.to_owned(), file.to_owned()), "{files:?}");
    }
}

#[test]
fn a_script_migrates_where_all_that_it_runs_is_there() {
    let knex = r#", "knex": "3""#;
    for (runtime, development, scripts, command) in [
        (knex, "", r#", "db:migrate": "knex migrate:latest""#, "npm run db:migrate"),
        ("", r#""knex": "3""#, r#", "db:migrate": "knex migrate:latest""#, "npm run db:migrate"),
        (knex, "", r#", "migrate": "knex migrate:make""#, "-"),
        (
            r#", "typeorm": "0.3""#,
            "",
            r#", "migration:run": "typeorm migration:run -d dist/db.js""#,
            "npm run migration:run",
        ),
        (
            r#", "typeorm": "0.3""#,
            r#""ts-node": "10""#,
            r#", "migration:run": "ts-node node_modules/.bin/typeorm migration:run -d db.ts""#,
            "-",
        ),
        // It asks a person.
        (r#", "prisma": "6""#, "", r#", "db:migrate": "prisma migrate dev""#, "-"),
        // Each instance does so as it starts.
        (knex, "", r#", "db:migrate": "knex migrate:latest", "start:prod": "npm run db:migrate && node a.js""#, "-"),
    ] {
        let package = node(runtime, development, scripts);
        assert_eq!(release(&[LISTENS, ("package.json", &package)]).0, command, "{package}");
    }
}

#[test]
fn a_tool_of_development_is_kept_where_a_release_runs_it() {
    let migrations = ("prisma/migrations/1/migration.sql", "");
    let development = node(r#", "@prisma/client": "6""#, r#""prisma": "6""#, "");
    // The image keeps a tool of development that a release runs.
    let found = detect_files(&[LISTENS, ("package.json", &development), migrations]);
    assert_eq!(found.apps[0].release_command.as_deref(), Some("npx prisma migrate deploy"));
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
}

#[test]
fn what_a_platform_runs_before_each_version_counts_first() {
    let app = ("app.py", "app = Flask(__name__)\n");
    let requirements = ("requirements.txt", "flask\nflask-migrate\npsycopg2\n");
    let migrations = ("migrations/env.py", "");
    let procfile = ("Procfile", "web: gunicorn app:app\nrelease: ./release.sh\n");
    let fly = ("fly.toml", "[deploy]\nrelease_command = \"flask db upgrade -d x\"\n");
    let railway = ("railway.json", r#"{"deploy": {"preDeployCommand": "python m.py"}}"#);
    for (said, command) in [(procfile, "./release.sh"), (fly, "flask db upgrade -d x"), (railway, "python m.py")] {
        let files = [app, requirements, migrations, said];
        assert_eq!(release(&files), (command.to_owned(), said.0.to_owned()));
        assert!(detect_files(&files).warnings.is_empty());
    }
}
