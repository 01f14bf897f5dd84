//! Feature: deployment-automation, Property 8: a pipeline fits its stack and has tests, environments, triggers, reporting.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use wharf::generate::Order;
use wharf::model::{AppProfile, AppSettings, Environment, Settings, Trigger};
use wharf::validate::check;
use yaml_serde::Value;

use crate::support::profiles;
use crate::support::proptest::config;

const STACKS: [&str; 25] = [
    "bun", "clojure", "cobol", "cpp", "crystal", "dart", "deno", "dotnet", "elixir", "gleam", "go", "haskell", "java",
    "kotlin", "lua", "node", "other", "php", "python", "ruby", "rust", "scala", "static", "swift", "zig",
];

/// A word of the image or of the action that each stack is set up by, on GitHub.
fn set_up_by(stack: &str) -> &str {
    match stack {
        "bun" => "oven-sh/setup-bun@",
        "clojure" => "clojure:temurin",
        "cobol" | "cpp" | "lua" | "other" | "static" => "debian:bookworm",
        "crystal" => "crystallang/crystal:",
        "dart" => "dart:",
        "deno" => "denoland/setup-deno@",
        "dotnet" => "actions/setup-dotnet@",
        "elixir" => "elixir:",
        "gleam" => "gleam-lang/gleam:",
        "go" => "actions/setup-go@",
        "haskell" => "haskell:",
        "java" | "kotlin" | "scala" => "actions/setup-java@",
        "node" => "actions/setup-node@",
        "php" => "shivammathur/setup-php@",
        "python" => "actions/setup-python@",
        "ruby" => "ruby/setup-ruby@",
        "rust" => "rustup toolchain install",
        "swift" => "swift:",
        _ => "ziglang==",
    }
}

fn in_production(app: &AppProfile) -> usize {
    app.services.iter().filter(|service| profiles::is_in_production(service)).count()
}

fn app() -> impl Strategy<Value = AppProfile> {
    let services = subsequence(profiles::services(), 0..=4);
    let commands = (any::<bool>(), any::<bool>(), any::<bool>());
    (select(STACKS.to_vec()), services, commands, any::<bool>()).prop_map(
        |(stack, services, (lint, test, build), key)| {
            let command = |wanted: bool, word: &str| wanted.then(|| format!("make {word}-of-{stack}"));
            AppProfile {
                services,
                check_install_command: command(true, "install"),
                lint_command: command(lint, "lint"),
                test_command: command(test, "test"),
                build_command: command(build, "build"),
                required_env: if key { vec!["SESSION_SECRET".to_owned()] } else { Vec::new() },
                ..profiles::of(stack, "./start")
            }
        },
    )
}

fn settings() -> impl Strategy<Value = Settings> {
    let one = (subsequence(Trigger::ALL.to_vec(), 0..=5), any::<bool>());
    let environments = btree_map(select(Environment::ALL.to_vec()), one, 0..=3);
    (environments, option::of(select(vec!["main", "trunk", "release/1.x"]))).prop_map(|(said, branch)| Settings {
        environments: said
            .into_iter()
            .map(|(name, (triggers, approval))| {
                (name, AppSettings { triggers: Some(triggers), approval: Some(approval), ..AppSettings::default() })
            })
            .collect(),
        branch: branch.map(str::to_owned),
        ..Settings::default()
    })
}

fn project() -> impl Strategy<Value = (Vec<AppProfile>, Settings)> {
    (vec(app(), 1..=3), settings()).prop_map(|(mut apps, settings)| {
        if apps.len() > 1 {
            for (number, app) in apps.iter_mut().enumerate() {
                app.name = format!("app-{number}");
                app.path = format!("apps/app-{number}");
            }
        }
        (apps, settings)
    })
}

/// What begins a deployment to each environment, and whether somebody is asked: what the settings say, else the usual.
fn deployed(settings: &Settings) -> BTreeMap<Environment, (BTreeSet<Trigger>, bool)> {
    let usual = |environment| match environment {
        Environment::Development => (Vec::new(), false),
        Environment::Staging => (vec![Trigger::Push, Trigger::Manual], false),
        Environment::Production => (vec![Trigger::Tag, Trigger::Manual], true),
    };
    let of = |environment| {
        let (triggers, approval) = usual(environment);
        let said = settings.environments.get(&environment);
        let triggers = said.and_then(|said| said.triggers.clone()).unwrap_or(triggers);
        (environment, (triggers.into_iter().collect(), said.and_then(|said| said.approval).unwrap_or(approval)))
    };
    Environment::ALL
        .into_iter()
        .map(of)
        .filter(|(_, (triggers, _)): &(_, (BTreeSet<_>, _))| !triggers.is_empty())
        .collect()
}

fn generated(kind: &str, apps: &[AppProfile], settings: &Settings) -> BTreeMap<String, String> {
    let apps: Vec<&AppProfile> = apps.iter().collect();
    let order = || Order::new("shop", &apps, settings).artifacts(&[kind.to_owned()].into()).unwrap();
    let made = order();
    assert_eq!(made, order());
    for artifact in &made {
        let faults = check(&artifact.path, &artifact.content);
        assert!(faults.is_empty(), "{}: {faults:#?}\n{}", artifact.path, artifact.content);
    }
    made.into_iter().map(|artifact| (artifact.path, artifact.content)).collect()
}

fn commands(app: &AppProfile) -> impl Iterator<Item = &str> {
    let checked = [&app.lint_command, &app.test_command, &app.build_command];
    let is_checked = checked.iter().any(|command| command.is_some());
    checked
        .into_iter()
        .chain([&app.check_install_command].into_iter().filter(move |_| is_checked))
        .flatten()
        .map(String::as_str)
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_mapping().unwrap().keys().map(|key| key.as_str().unwrap()).collect()
}

proptest! {
    #![proptest_config(config(100))]

    // Feature: deployment-automation, Property 8: pipelines fit the stack, with tests, environments, triggers, reporting
    #[test]
    fn pipelines_of_github_fit((apps, settings) in project()) {
        let made = generated("github", &apps, &settings);
        let ci = &made[".github/workflows/ci.yml"];
        let read: Value = yaml_serde::from_str(ci).unwrap();
        for app in &apps {
            let Some(job) = read["jobs"].get(format!("test-{}", app.name)) else {
                prop_assert_eq!(commands(app).count(), 0);
                continue;
            };
            for service in app.services.iter().filter(|service| profiles::is_in_production(service)) {
                prop_assert!(job["services"].get(service.as_str()).is_some(), "{job:?}");
            }
            let job = yaml_serde::to_string(job).unwrap();
            prop_assert!(job.contains(set_up_by(&app.stack)), "{}", job);
            for command in commands(app) {
                prop_assert!(job.contains(&format!("run: {command}\n")), "{}", job);
            }
        }
        prop_assert!(ci.contains("GITHUB_STEP_SUMMARY"));
        let deployed = deployed(&settings);
        let Some(deploy) = made.get(".github/workflows/deploy.yml") else {
            prop_assert!(deployed.is_empty());
            return Ok(());
        };
        prop_assert!(deploy.contains("GITHUB_STEP_SUMMARY"));
        let deploy: Value = yaml_serde::from_str(deploy).unwrap();
        for environment in Environment::ALL {
            let job = deploy["jobs"].get(format!("deploy-{environment}"));
            prop_assert_eq!(job.is_some(), deployed.contains_key(&environment));
            if let Some(job) = job {
                let asks = yaml_serde::to_string(job).unwrap().contains("required_reviewers");
                prop_assert_eq!(asks, deployed[&environment].1);
            }
        }
        let on = keys(&deploy["on"]);
        let all: BTreeSet<Trigger> = deployed.values().flat_map(|(triggers, _)| triggers.iter().copied()).collect();
        let named = [
            (Trigger::PullRequest, "pull_request"),
            (Trigger::Schedule, "schedule"),
            (Trigger::Manual, "workflow_dispatch"),
        ];
        for (trigger, name) in named {
            prop_assert_eq!(on.contains(name), all.contains(&trigger));
        }
        let push = deploy["on"].get("push");
        prop_assert_eq!(push.is_some_and(|push| push.get("tags").is_some()), all.contains(&Trigger::Tag));
        prop_assert_eq!(push.is_some_and(|push| push.get("branches").is_some()), all.contains(&Trigger::Push));
        let back: Value = yaml_serde::from_str(&made[".github/workflows/rollback.yml"]).unwrap();
        prop_assert_eq!(keys(&back["jobs"]).len(), deployed.len());
    }

    // Feature: deployment-automation, Property 8: pipelines fit the stack, with tests, environments, triggers, reporting
    #[test]
    fn pipelines_of_gitlab_fit((apps, settings) in project()) {
        let made = generated("gitlab", &apps, &settings);
        let ci: Value = yaml_serde::from_str(&made[".gitlab-ci.yml"]).unwrap();
        for app in &apps {
            let jobs = ["lint", "test", "build"].map(|job| ci.get(format!("{job}-{}", app.name)));
            let wanted = [&app.lint_command, &app.test_command, &app.build_command];
            for (job, command) in jobs.into_iter().zip(wanted) {
                let script = job.map(|job| job["script"][0].as_str().unwrap());
                prop_assert_eq!(script, command.as_deref());
            }
            if let Some(test) = jobs[1] {
                prop_assert_eq!(test.get("services").map_or(0, |all| all.as_sequence().unwrap().len()), in_production(app));
            }
            let scan = &ci[format!("scan-{}", app.name).as_str()];
            prop_assert!(scan["artifacts"]["reports"]["container_scanning"].is_string());
        }
        let deployed = deployed(&settings);
        for environment in Environment::ALL {
            let job = ci.get(format!("deploy-{environment}"));
            prop_assert_eq!(job.is_some(), deployed.contains_key(&environment));
            prop_assert_eq!(ci.get(format!("rollback-{environment}")).is_some(), job.is_some());
            let Some(job) = job else { continue };
            let (triggers, approval) = &deployed[&environment];
            let rules = job["rules"].as_sequence().unwrap();
            prop_assert_eq!(rules.len(), triggers.len());
            prop_assert!(rules.iter().all(|rule| (rule["when"].as_str() == Some("manual")) == *approval));
        }
    }

    // Feature: deployment-automation, Property 8: pipelines fit the stack, with tests, environments, triggers, reporting
    #[test]
    fn pipelines_of_jenkins_fit((apps, settings) in project()) {
        let text = &generated("jenkins", &apps, &settings)["Jenkinsfile"];
        for app in &apps {
            for command in commands(app) {
                prop_assert!(text.contains(&format!("sh '{command}'\n")), "{}", text);
            }
            let reports = ["java", "kotlin", "scala"].contains(&app.stack.as_str()) && app.test_command.is_some();
            prop_assert!(!reports || text.contains("junit allowEmptyResults"), "{}", text);
        }
        let deployed = deployed(&settings);
        for environment in Environment::ALL {
            let stage = text.split(&format!("stage('Deploy to {environment}')")).nth(1);
            prop_assert_eq!(stage.is_some(), deployed.contains_key(&environment), "{}", text);
            let Some(stage) = stage else { continue };
            let stage = stage.split("        stage('").next().unwrap();
            let (triggers, approval) = &deployed[&environment];
            prop_assert_eq!(stage.contains("input {"), *approval);
            let named = [
                (Trigger::Push, "branch '"),
                (Trigger::PullRequest, "changeRequest()"),
                (Trigger::Tag, "buildingTag()"),
                (Trigger::Schedule, "TimerTrigger"),
                (Trigger::Manual, "params.DEPLOY_TO"),
            ];
            for (trigger, word) in named {
                prop_assert_eq!(stage.contains(word), triggers.contains(&trigger), "{}", stage);
            }
            let back = format!("stage('Roll back {environment}')");
            prop_assert!(text.contains(&back), "{}", text);
        }
    }
}
