//! What is generated for each kind of project.

use wharf::generate::{Context, artifacts};
use wharf::model::{AppProfile, Artifact};

use crate::support::profiles::{self, With as _};

fn of(profile: &AppProfile) -> Vec<Artifact> {
    artifacts(profile, &Context::new("shop")).unwrap()
}

fn file<'a>(artifacts: &'a [Artifact], name: &str) -> &'a str {
    &artifacts.iter().find(|artifact| artifact.path.ends_with(name)).unwrap().content
}

#[test]
fn dockerfiles() {
    for (name, profile) in profiles::all() {
        insta::assert_snapshot!(format!("dockerfile-{name}"), file(&of(&profile), "Dockerfile"));
    }
}

#[test]
fn compose_files() {
    for (name, profile) in profiles::all() {
        if ["node-express", "php-laravel", "rust-rocket-workspace", "worker"].contains(&name) {
            let artifacts = of(&profile);
            insta::assert_snapshot!(format!("compose-{name}"), file(&artifacts, "compose.yaml"));
            insta::assert_snapshot!(format!("env-{name}"), file(&artifacts, ".env.example"));
        }
    }
}

#[test]
fn ignore_lists() {
    let list = |name: &str| {
        let profile = profiles::all().into_iter().find(|(known, _)| *known == name).unwrap().1;
        let artifacts = of(&profile);
        artifacts.into_iter().find(|artifact| artifact.path.ends_with("dockerignore")).unwrap().content
    };
    insta::assert_snapshot!("ignore-python", list("python-fastapi"));
    insta::assert_snapshot!("ignore-workspace", list("node-workspace"));
}

#[test]
fn the_same_profile_makes_the_same_bytes() {
    for (name, profile) in profiles::all() {
        assert_eq!(of(&profile), of(&profile.clone()), "{name}");
    }
}

#[test]
fn an_app_that_nothing_starts_is_told_so() {
    let profile = AppProfile { start_command: None, ..profiles::express() };
    let problem = artifacts(&profile, &Context::new("shop")).unwrap_err();
    assert_eq!(problem.cause, "no-start-command");
    let profile = profiles::of("cobol", "./x");
    assert_eq!(artifacts(&profile, &Context::new("shop")).unwrap_err().cause, "no-template");
}

#[test]
fn no_line_ends_where_it_should_not() {
    for (name, profile) in profiles::all() {
        for artifact in of(&profile.needs(&["postgres", "redis", "mysql", "mongodb"], &[], &["A"])) {
            let text = &artifact.content;
            assert!(text.ends_with('\n') && !text.ends_with("\n\n") && !text.contains("\n\n\n"), "{name}: {text}");
            assert!(text.lines().all(|line| line == line.trim_end()), "{name}: {text}");
        }
    }
}
