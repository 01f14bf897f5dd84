//! Building images.

use std::time::Duration;

use wharf::model::{Artifact, BuildPlan};
use wharf::targets::{Target, TargetError};

use super::{BASE, Said, World, in_time};
use crate::support::docker;

#[tokio::test]
async fn a_second_build_comes_from_the_cache() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let world = World::app("cache");
    let first = Said::default();
    let image = world.build("one", &first).await.unwrap();
    assert_eq!(image, "wharf/cache-web-development:one");
    assert!(world.target.has_image(&image).await.unwrap());
    assert!(first.text().contains("COPY . ."), "{}", first.text());
    let (done, total) = *first.progress.lock().unwrap().last().unwrap();
    assert_eq!(done, total);

    let second = Said::default();
    world.build("two", &second).await.unwrap();
    let detail = second.last_detail();
    let (cached, all) = detail.split_once(" of ").unwrap();
    assert!(all.starts_with(cached), "not all from the cache: {detail}");
    let label = docker::stdout(&["inspect", "-f", r#"{{index .Config.Labels "wharf.data"}}"#, &image]);
    assert_eq!(label, world.mark);

    world.target.remove_image(&image).await.unwrap();
    world.target.remove_image(&image).await.unwrap();
    assert!(!world.target.has_image(&image).await.unwrap());
}

#[tokio::test]
async fn a_failing_build_is_told_whole_and_in_order() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let dockerfile = "FROM debian:bookworm-slim\nRUN for i in 1 2 3; do echo line $i; done; echo broken; exit 7\n";
    let world = World::new("failing", &[("Dockerfile", dockerfile)]);
    let said = Said::default();
    let error = world.build("one", &said).await.unwrap_err();
    let TargetError::Build { detail } = &error else { panic!("{error}") };
    assert!(detail.contains("exit code: 7"), "{detail}");
    let text = said.text();
    let places: Vec<_> = ["line 1", "line 2", "line 3", "broken", "exit code: 7"]
        .map(|words| text.rfind(&format!("\n{words}")).or_else(|| text.rfind(words)).expect(words))
        .into();
    assert!(places.is_sorted(), "{text}");

    let world = World::new("unparsable", &[("Dockerfile", "FROM debian:bookworm-slim\nRNU true\n")]);
    let error = world.build("one", &Said::default()).await.unwrap_err();
    assert!(error.to_string().contains("RNU"), "{error}");
}

#[tokio::test]
async fn a_base_image_that_cannot_be_had_is_named() {
    if !docker::ready(&[]) {
        return;
    }
    let world = World::new("nobase", &[("Dockerfile", "FROM localhost:9/nothing/here:1\nRUN true\n")]);
    let error = world.build("one", &Said::default()).await.unwrap_err();
    let TargetError::ImageMissing { image, detail } = &error else { panic!("{error:?}") };
    assert_eq!(image, "localhost:9/nothing/here:1");
    assert!(!detail.is_empty());
}

#[tokio::test]
async fn artifacts_lie_over_the_source_and_a_sub_folder_can_be_the_context() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let files = [
        ("apps/web/Dockerfile", "FROM scratch\nRUN never\n"),
        ("apps/web/file", "from the source"),
        ("apps/web/secret", "s"),
        ("apps/web/.dockerignore", "secret\n"),
        ("outside", "o"),
    ];
    let mut world = World::new("artifacts", &files);
    let artifact = |path: &str, content: &str| Artifact {
        path: path.to_owned(),
        content: content.to_owned(),
        reason: String::new(),
    };
    let check = "FROM debian:bookworm-slim\nCOPY . /c\n\
                 RUN test ! -e /c/secret && test ! -e /c/outside && grep source /c/file && grep generated /c/conf/new\n";
    world.plan.build = BuildPlan {
        context: "apps/web".to_owned(),
        dockerfile: "apps/web/Dockerfile".to_owned(),
        artifacts: vec![artifact("apps/web/Dockerfile", check), artifact("apps/web/conf/new", "generated")],
        commands: Vec::new(),
    };
    let said = Said::default();
    world.build("one", &said).await.unwrap_or_else(|error| panic!("{error}\n{}", said.text()));

    world.plan.build.dockerfile = "docker/web.Dockerfile".to_owned();
    let error = world.build("two", &Said::default()).await.unwrap_err();
    assert!(error.to_string().contains("there is no docker/web.Dockerfile"), "{error}");
    world.plan.build.artifacts.push(artifact("docker/web.Dockerfile", check));
    world.build("three", &Said::default()).await.unwrap();
}

#[tokio::test]
async fn a_build_that_is_dropped_ends_on_the_engine() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let sleep = format!("7{:05}", std::process::id() % 100_000);
    let dockerfile = format!("FROM debian:bookworm-slim\nRUN echo begun; sleep {sleep}; echo never\n");
    let world = World::new("cancel", &[("Dockerfile", &dockerfile)]);
    let said = Said::default();
    let begun = async {
        while !runs_on_this_machine(&sleep) || !said.text().lines().any(|line| line == "begun") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    in_time(async {
        tokio::select! {
            built = world.build("one", &said) => panic!("it ended by itself: {built:?}"),
            () = begun => {}
        }
    })
    .await;
    in_time(async {
        while runs_on_this_machine(&sleep) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert!(!world.target.has_image("wharf/cancel-web-development:one").await.unwrap());
}

/// Whether a process `sleep SECONDS` runs.
fn runs_on_this_machine(seconds: &str) -> bool {
    let wanted = format!("sleep\0{seconds}\0");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .map(|entry| std::fs::read(entry.path().join("cmdline")).unwrap_or_default())
        .any(|line| line == wanted.as_bytes())
}
