//! Properties of plans.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;
use wharf::generate::{Context, PlanInput, Templates, image, plan};
use wharf::model::{
    AppKey, AppProfile, AppSettings, Environment, Plan, ProjectId, Serving, Settings, Source, TargetKind, TargetRef,
};

use crate::support::proptest::config;
use crate::support::strategies::{profile, text};

fn settings() -> impl Strategy<Value = Settings> {
    let app = (
        option::of(1.0..8.0f64),
        option::of(1..64_000u64),
        btree_map("[A-Z]{1,8}", text(), 0..3),
        any::<Option<u64>>(),
    );
    app.prop_map(|(cpus, memory_mb, env, build_timeout)| Settings {
        app: AppSettings { cpus, memory_mb, env, build_timeout, ..AppSettings::default() },
        ..Settings::default()
    })
}

#[derive(Clone, Debug)]
struct Asked {
    project: String,
    key: AppKey,
    target: TargetRef,
    source: Source,
    profile: AppProfile,
    settings: Settings,
    set: BTreeMap<String, String>,
    secrets: BTreeSet<String>,
    port: Option<u16>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let target = prop::sample::select(TargetKind::ALL.to_vec());
    let environment = prop::sample::select(Environment::ALL.to_vec());
    let source = prop_oneof![
        Just(Source::Folder),
        (text(), option::of(text()), option::of(text())).prop_map(|(url, reference, commit)| Source::Git {
            url,
            reference,
            commit
        }),
    ];
    let request = (btree_map("[A-Z_]{1,8}", text(), 0..3), btree_set("[A-Z_]{1,8}", 0..3), any::<Option<u16>>());
    (text(), "[a-z][a-z0-9-]{0,39}", target, environment, source, profile(), settings(), request).prop_map(
        |(project, app, kind, environment, source, profile, settings, (set, secrets, port))| Asked {
            project,
            key: AppKey { project: ProjectId::from("0123456789abc"), app, environment },
            target: TargetRef { kind, host: None },
            source,
            profile,
            settings,
            set,
            secrets,
            port,
        },
    )
}

impl Asked {
    fn plan(&self) -> Option<(Plan, Vec<String>)> {
        let input = PlanInput {
            key: &self.key,
            context: Context::new(&self.project),
            target: &self.target,
            source: &self.source,
            profile: &self.profile,
            settings: &self.settings,
            set: &self.set,
            secrets: &self.secrets,
            port: self.port,
        };
        match plan(&input) {
            Ok(made) => Some(made),
            // Files that only a web server serves start nothing: there is no plan for them as a process.
            Err(problem) if problem.cause == "no-start-command" => None,
            Err(problem) => panic!("{problem}"),
        }
    }
}

fn keys(value: &yaml_serde::Value) -> Vec<String> {
    value.as_mapping().unwrap().keys().map(|key| key.as_str().unwrap().to_owned()).collect()
}

proptest! {
    #![proptest_config(config(256))]

    // Feature: deployment-automation, Property 12: A plan written to storage and read back is equal and generates
    // identical artifacts
    #[test]
    fn a_plan_comes_back_as_it_was_and_makes_the_same_files(asked in asked()) {
        let Some((made, missing)) = asked.plan() else { return Ok(()) };
        let bytes = bincode::serialize(&made).unwrap();
        let back: Plan = bincode::deserialize(&bytes).unwrap();
        prop_assert_eq!(&back, &made);
        prop_assert_eq!(bincode::serialize(&back).unwrap(), bytes);
        if back.target.kind == TargetKind::Docker {
            let again = image(&back.profile, &Context { project: &back.project_name, templates: Templates::embedded() });
            prop_assert_eq!(again.unwrap(), made.build.artifacts.clone());
        }
        let second = asked.plan().unwrap();
        prop_assert_eq!(second, (made, missing));
    }

    /// What a project says never becomes a line of its own in a Dockerfile, nor a key of a compose file, nor breaks
    /// either; and no value that was given for a variable stands in any file.
    #[test]
    fn hostile_profiles_make_harmless_files(asked in asked(), secret in "[a-z]{24}") {
        let mut asked = asked;
        asked.target.kind = TargetKind::Docker;
        asked.set.insert("GIVEN".to_owned(), secret.clone());
        asked.settings.app.env.insert("SAID".to_owned(), secret.clone());
        let Some((made, _)) = asked.plan() else { return Ok(()) };
        for artifact in &made.build.artifacts {
            prop_assert!(!artifact.content.contains(&secret), "{}", artifact.content);
            let faults = wharf::validate::check(&artifact.path, &artifact.content);
            prop_assert!(faults.is_empty(), "{faults:#?}\n{}", artifact.content);
            prop_assert!(!artifact.content.lines().any(|line| line.trim() == "USER root"), "{}", artifact.content);
            if artifact.path.ends_with("compose.yaml") {
                let compose: yaml_serde::Value = yaml_serde::from_str(&artifact.content).unwrap();
                prop_assert!(keys(&compose).iter().all(|key| ["name", "services", "volumes"].contains(&key.as_str())));
                let mut services = made.profile.services.clone();
                services.insert(0, "app".to_owned());
                prop_assert_eq!(keys(&compose["services"]), services);
            }
        }
        prop_assert_eq!(made.profile.serving == Serving::None, made.ports.container.is_none());
    }
}
