//! Pipelines: what stands in them for each kind of project, in the words of each platform.

mod github;
mod gitlab;
mod jenkins;
mod ssh;
mod ways;

use std::collections::BTreeMap;

use wharf::generate::Order;
use wharf::model::{AppProfile, AppSettings, Environment, Settings, Trigger};
use wharf::validate::check;
use yaml_serde::Value;

use crate::support::profiles::{self, With as _};

/// All files of a kind for apps under settings, by path.
fn files(kind: &str, project: &str, apps: &[&AppProfile], settings: &Settings) -> BTreeMap<String, String> {
    let made = Order::new(project, apps, settings).artifacts(&[kind.to_owned()].into()).unwrap();
    for artifact in &made {
        let faults = check(&artifact.path, &artifact.content);
        assert!(faults.is_empty(), "{}: {faults:#?}\n{}", artifact.path, artifact.content);
    }
    made.into_iter().map(|artifact| (artifact.path, artifact.content)).collect()
}

fn read(text: &str) -> Value {
    let mut value: Value = yaml_serde::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    value.apply_merge().unwrap();
    value
}

/// An app in which everything is called so.
fn named(name: &str) -> AppProfile {
    AppProfile {
        name: name.to_owned(),
        path: name.to_owned(),
        test_command: Some(format!("echo {name}")),
        lint_command: Some(name.to_owned()),
        env: vec![name.to_owned()],
        required_env: vec![name.to_owned()],
        runtime_version: Some(name.to_owned()),
        config_files: vec![format!("{name}/package-lock.json")],
        ..whole()
    }
}

/// Tests are to run on two versions.
fn on_versions() -> Settings {
    let versions = ["20", "22"].map(str::to_owned).to_vec();
    Settings { app: AppSettings { test_versions: Some(versions), ..AppSettings::default() }, ..Settings::default() }
}

/// An app with everything: lint, tests, build, a database, a secret that it does not start without.
fn whole() -> AppProfile {
    AppProfile {
        check_install_command: Some("npm ci".to_owned()),
        lint_command: Some("npm run lint".to_owned()),
        test_command: Some("npm test".to_owned()),
        build_command: Some("npm run build".to_owned()),
        config_files: vec!["package.json".to_owned(), "package-lock.json".to_owned()],
        ..profiles::express()
    }
}

/// The same in a folder, under a name.
fn part(name: &str) -> AppProfile {
    let path = format!("apps/{name}");
    let config_files = vec![format!("{path}/package.json"), format!("{path}/package-lock.json")];
    AppProfile { name: name.to_owned(), config_files, ..whole().at(&path) }
}

fn triggered(environment: Environment, triggers: &[Trigger], approval: bool) -> Settings {
    let said = AppSettings { triggers: Some(triggers.to_vec()), approval: Some(approval), ..AppSettings::default() };
    Settings { environments: BTreeMap::from([(environment, said)]), ..Settings::default() }
}

/// Names as nobody should give them.
const HOSTILE: [&str; 6] = [
    "a: b\n  - c",
    "${{ secrets.DEPLOY_KEY }}",
    "$(touch /tmp/wharf-was-here) `id` '\"",
    "%{x} \\ # {{ y }} '''",
    "…\u{2028}é",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

/// The words of a text in the order in which they come first.
fn in_order(text: &str, words: &[&str]) -> bool {
    let places: Vec<_> = words.iter().map(|word| text.find(word)).collect();
    places.iter().all(Option::is_some) && places.is_sorted()
}

#[test]
fn packages_of_the_project_are_built_before_what_reads_them() {
    let (build, lint, test) = ("pnpm --filter web... run build", "npm run lint", "npm test");
    let alone = whole();
    let member = AppProfile {
        build_command: Some(build.to_owned()),
        packages: vec!["packages/shared".to_owned()],
        ..part("web")
    };
    for (kind, path) in
        [("github", ".github/workflows/ci.yml"), ("jenkins", "Jenkinsfile"), ("gitlab", ".gitlab-ci.yml")]
    {
        let made = files(kind, "shop", &[&member], &Settings::default());
        assert!(in_order(&made[path], &[build, lint, test]), "{}", made[path]);
        let made = files(kind, "shop", &[&alone], &Settings::default());
        assert!(in_order(&made[path], &[lint, "npm run build"]), "{}", made[path]);
    }
    let made = files("gitlab", "shop", &[&member], &Settings::default());
    let pipeline = read(&made[".gitlab-ci.yml"]);
    for (job, command) in [("lint-web", lint), ("test-web", test)] {
        let script: Vec<_> = pipeline[job]["script"].as_sequence().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(script, [build, command], "{job}");
    }
}

#[test]
fn what_installing_makes_is_not_given_to_tests() {
    let install = "composer install && php artisan key:generate";
    let app = AppProfile {
        check_install_command: Some(install.to_owned()),
        env: vec!["APP_KEY".to_owned(), "MAIL_TOKEN".to_owned()],
        required_env: vec!["APP_KEY".to_owned(), "MAIL_TOKEN".to_owned()],
        ..whole()
    };
    for (kind, path) in
        [("github", ".github/workflows/ci.yml"), ("jenkins", "Jenkinsfile"), ("gitlab", ".gitlab-ci.yml")]
    {
        let checks = |app: &AppProfile| {
            let text = files(kind, "shop", &[app], &Settings::default())[path].clone();
            let given = |name: &str| [": ", " = "].iter().any(|mark| text.contains(&format!("    {name}{mark}")));
            (given("APP_KEY"), given("MAIL_TOKEN"))
        };
        assert_eq!(checks(&app), (false, true), "{kind}");
        let as_it_is = AppProfile { check_install_command: Some("composer install".to_owned()), ..app.clone() };
        assert_eq!(checks(&as_it_is), (true, true), "{kind}");
    }
}
