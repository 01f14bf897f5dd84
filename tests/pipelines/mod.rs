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
