//! Properties of all that is generated, whatever the project.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use wharf::generate::{Order, Templates, kinds};
use wharf::model::{AppProfile, AppSettings, Environment, RunsOn, Settings};
use wharf::validate::check_all;

use crate::support::proptest::config;
use crate::support::strategies::{profile, services, text};

#[derive(Clone, Debug)]
struct Project {
    name: String,
    apps: Vec<AppProfile>,
    settings: Settings,
}

fn app_settings() -> impl Strategy<Value = AppSettings> {
    let size = (option::of(0..4u32), option::of(4..30u32), option::of(6..20_000u64), option::of(0.1..16.0f64));
    let kept = (any::<Option<bool>>(), any::<Option<bool>>(), option::of(0..400u32), option::of(0..60u32));
    let said = (
        option::of(select(vec!["shop.example.com", "a-b.example.co.uk"])),
        option::of(select(vec!["debug", "info", "warn", "error"])),
        option::of(select(vec![RunsOn::Service, RunsOn::Function, RunsOn::Instance])),
        option::of(services()),
        btree_map("[A-Z][A-Z_]{0,8}", text(), 0..3),
    );
    (size, kept, said).prop_map(|(size, kept, (domain, log_level, compute, services, env))| AppSettings {
        min_replicas: size.0,
        max_replicas: size.1,
        memory_mb: size.2,
        cpus: size.3,
        deletion_protection: kept.0,
        highly_available: kept.1,
        log_days: kept.2,
        backup_days: kept.3,
        domain: domain.map(str::to_owned),
        log_level: log_level.map(str::to_owned),
        compute,
        services,
        env,
        ..AppSettings::default()
    })
}

fn project() -> impl Strategy<Value = Project> {
    let environments = btree_map(select(Environment::ALL.to_vec()), app_settings(), 0..3);
    (text(), vec((profile(), text()), 1..=3), app_settings(), environments).prop_map(
        |(name, apps, app, environments)| {
            let is_alone = apps.len() == 1;
            let apps = apps.into_iter().enumerate().map(|(number, (app, folder))| {
                let folder = folder.replace(['/', '\\', '\0'], "").trim_matches(['.', ' ']).to_owned();
                AppProfile {
                    name: format!("app-{number}"),
                    path: if is_alone { app.path } else { format!("apps/{folder}{number}") },
                    ..app
                }
            });
            Project { name, apps: apps.collect(), settings: Settings { app, environments, ..Settings::default() } }
        },
    )
}

impl Project {
    /// All files of all kinds that can run the apps on what the settings say, by their paths.
    fn made(&self) -> BTreeMap<String, String> {
        let mut every: BTreeSet<String> =
            kinds(Templates::embedded()).unwrap().iter().map(|kind| kind.name.clone()).collect();
        let apps: Vec<&AppProfile> = self.apps.iter().collect();
        let order = Order::new(&self.name, &apps, &self.settings);
        let mut made = order.artifacts(&every);
        if made.as_ref().is_err_and(|problem| problem.cause == "compute-unknown") {
            every.retain(|kind| !["cloudformation", "arm", "bicep"].contains(&kind.as_str()));
            made = order.artifacts(&every);
        }
        match made {
            Ok(made) => made.into_iter().map(|artifact| (artifact.path, artifact.content)).collect(),
            Err(problem) => panic!("{problem}"),
        }
    }
}

/// What no reader of a file sees: outside parsers refuse some of it, and people are deceived by the rest.
fn is_unseen(c: char) -> bool {
    let marks = "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
    c.is_control() && c != '\n' && c != '\t' || c == '\u{feff}' || marks.contains(c)
}

proptest! {
    #![proptest_config(config(100))]

    // Feature: deployment-automation, Property 2: whatever the profile, every artifact parses, is valid and keeps to the
    // policies
    #[test]
    fn every_artifact_is_valid_and_keeps_to_the_policies(project in project()) {
        let made = project.made();
        prop_assert_eq!(&made, &project.made());
        for (path, content) in &made {
            prop_assert_eq!(content.find(is_unseen), None, "{}: {:?}", path, content);
        }
        let faults = check_all(&made);
        let at_fault: BTreeSet<&str> = faults.iter().map(|fault| made[&fault.path].as_str()).collect();
        prop_assert!(faults.is_empty(), "{faults:#?}\n{}", at_fault.into_iter().collect::<Vec<_>>().join("\n----\n"));
    }

    // Feature: deployment-automation, Property 5: no value of a variable ever stands in an artifact
    #[test]
    fn no_value_of_a_variable_stands_in_an_artifact(project in project(), value in "[a-z]{24}", name in "[A-Z][A-Z_]{2,9}") {
        let mut project = project;
        project.settings.app.env.insert(name.clone(), value.clone());
        for one in Environment::ALL {
            project.settings.environments.entry(one).or_default().env.insert(name.clone(), format!("{value}-{one}"));
        }
        for app in &mut project.apps {
            app.env.push(name.clone());
        }
        for (path, content) in project.made() {
            prop_assert!(!content.contains(&value), "{path}: {content}");
        }
    }
}
