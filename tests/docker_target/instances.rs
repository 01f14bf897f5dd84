//! Instances: their life, output and use of the machine.

use std::time::Duration;

use futures_util::StreamExt;
use wharf::model::{InstanceState, Limits, LogStream};
use wharf::targets::{OutputLine, Role, Target, TargetError};

use super::{BASE, Said, World, ask, free_port, in_time, until};
use crate::support::docker;

#[tokio::test]
async fn what_is_prepared_waits_for_its_port() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let world = World::app("prepared");
    let target = &world.target;
    let image = world.build("one", &Said::default()).await.unwrap();
    let port = free_port();
    let old = world.start("one", &image, Role::Live, port).await.unwrap();
    let new = world.prepare("two", &image, Role::Live, port).await.unwrap();
    assert!(matches!(target.state(&new).await.unwrap(), InstanceState::Exited { exit_code: None, .. }));
    assert!(target.found().await.unwrap().iter().any(|found| found.instance == new && found.role == Role::Live));
    let taken = target.resume(&new).await.unwrap_err();
    assert!(matches!(taken, TargetError::PortTaken { port: taken } if taken == port), "{taken}");
    target.stop(&old, Duration::from_secs(5)).await.unwrap();
    target.resume(&new).await.unwrap();
    assert!(ask(port, "/").await.ends_with("hello-s3cret"));
}

#[tokio::test]
async fn an_instance_lives_its_whole_life() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let world = World::app("life");
    let target = &world.target;
    let image = world.build("one", &Said::default()).await.unwrap();
    let mut changes = target.changes().await.unwrap();
    let port = free_port();
    let live = world.start("one", &image, Role::Live, port).await.unwrap();
    assert_eq!((live.name.as_str(), live.port), ("wharf-life-web-development-one", Some(port)));
    assert!(ask(port, "/").await.ends_with("hello-s3cret"));
    assert!(matches!(target.state(&live).await.unwrap(), InstanceState::Running { restarts: 0 }));

    let format = "{{.Config.User}} {{.HostConfig.SecurityOpt}} {{.HostConfig.CapDrop}} {{.HostConfig.PidsLimit}} \
                  {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Init}}";
    let held = docker::stdout(&["inspect", "-f", format, &live.id]);
    assert_eq!(held, "app [no-new-privileges:true] [ALL] 128 unless-stopped true");
    let told = target.inspect(&live).await.unwrap();
    assert!(told.contains("GREETING=[secret]") && !told.contains("s3cret"));
    assert!(!docker::stdout(&["inspect", "-f", "{{.Config.Labels}} {{.Name}}", &live.id]).contains("s3cret"));

    // The port is taken, for a second instance and for one that wants to go on.
    let taken = world.start("two", &image, Role::Candidate, port).await.unwrap_err();
    assert!(matches!(taken, TargetError::PortTaken { port: taken } if taken == port), "{taken}");
    let other = free_port();
    let candidate = world.start("two", &image, Role::Candidate, other).await.unwrap();
    assert!(ask(other, "/").await.ends_with("hello-s3cret"));

    let found = target.found().await.unwrap();
    let mut roles: Vec<_> =
        found.iter().map(|it| (it.deployment.to_string(), it.role.as_str(), it.instance.port)).collect();
    roles.sort_unstable();
    assert_eq!(roles, [("one".to_owned(), "live", Some(port)), ("two".to_owned(), "candidate", Some(other))]);

    target.stop(&live, Duration::from_secs(5)).await.unwrap();
    target.stop(&live, Duration::from_secs(5)).await.unwrap();
    let stopped = target.state(&live).await.unwrap();
    assert!(matches!(stopped, InstanceState::Exited { exit_code: Some(0), .. }), "{stopped:?}");
    assert!(target.found().await.unwrap().iter().any(|it| it.instance == live && it.state == stopped));

    let holder = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let taken = target.resume(&live).await.unwrap_err();
    assert!(matches!(taken, TargetError::PortTaken { .. }), "{taken}");
    drop(holder);
    target.resume(&live).await.unwrap();
    assert!(ask(port, "/").await.ends_with("hello-s3cret"));

    target.remove(&candidate).await.unwrap();
    target.remove(&candidate).await.unwrap();
    assert_eq!(target.state(&candidate).await.unwrap(), InstanceState::Gone);
    target.stop(&candidate, Duration::from_secs(1)).await.unwrap();
    let seen: Vec<_> = until(&mut changes, |id| *id == candidate.id).await;
    assert!(
        seen.contains(&live.id) && seen.iter().all(|id| *id == live.id || seen.last() == Some(id) || !id.is_empty())
    );

    // The same deployment and role again takes the place of the first.
    let again = world.start("one", &image, Role::Live, port).await.unwrap();
    assert_ne!(again.id, live.id);
    assert_eq!(target.found().await.unwrap().len(), 1);
    target.remove(&again).await.unwrap();
    target.teardown(&world.plan.key, false).await.unwrap();
    target.teardown(&world.plan.key, true).await.unwrap();
    assert_eq!(docker::stdout(&["network", "ls", "-q", "--filter", &format!("label=wharf.data={}", world.mark)]), "");
}

#[tokio::test]
async fn output_goes_on_after_any_line_and_over_all_runs() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let printer = "echo run; for i in $(seq 200); do echo out $i; echo err $i >&2; done; printf 'caf\\351\\n'; \
                   head -c 40000 /dev/zero | tr '\\0' x; echo; exec sleep 600";
    let mut world = World::new("output", &[("Dockerfile", "FROM debian:bookworm-slim\n")]);
    world.plan.compute.command = Some(printer.to_owned());
    let image = world.build("one", &Said::default()).await.unwrap();
    let live = world.start("one", &image, Role::Live, free_port()).await.unwrap();
    let target = &world.target;

    let mut output = target.output(&live, None).await.unwrap();
    // The two outputs reach Docker each on its own way: either may be done first.
    let both = || {
        let mut left = vec!["xxx", "err 200"];
        move |line: &OutputLine| {
            left.retain(|begin| !line.text.starts_with(begin));
            left.is_empty()
        }
    };
    let first = until(&mut output, both()).await;
    assert_eq!(first.len(), 403);
    let texts: Vec<_> = first.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts.iter().filter(|text| **text == "run").count(), 1);
    assert_eq!(texts.iter().filter(|text| text.starts_with("out ")).count(), 200);
    assert!(first.iter().filter(|line| line.text.starts_with("err ")).all(|line| line.stream == LogStream::Stderr));
    assert!(texts.contains(&"caf\u{fffd}"));
    let long = texts.iter().find(|text| text.starts_with("xxx")).unwrap();
    assert!(long.len() <= 16 * 1024 + 3 && long.ends_with('…'), "{} bytes", long.len());
    assert!(first.windows(2).all(|pair| pair[0].position < pair[1].position));

    // From anywhere the rest comes, each line once.
    for at in [0, 1, 57, 200, 399, 401] {
        let mut resumed = target.output(&live, Some(first[at].position)).await.unwrap();
        let rest = until(&mut resumed, |line| line.position == first[402].position).await;
        let same = |lines: &[OutputLine]| lines.iter().map(|l| (l.position, l.text.clone())).collect::<Vec<_>>();
        assert_eq!(same(&rest), same(&first[at + 1..]), "after line {at}");
    }

    // The same stream goes on when the instance does, and ends when it is removed.
    target.stop(&live, Duration::from_secs(1)).await.unwrap();
    target.resume(&live).await.unwrap();
    let second = until(&mut output, both()).await;
    assert_eq!((second.len(), second.iter().filter(|line| line.text == "run").count()), (403, 1));
    target.remove(&live).await.unwrap();
    assert!(in_time(output.next()).await.is_none());
    assert!(in_time(target.output(&live, None).await.unwrap().next()).await.is_none());
}

#[tokio::test]
async fn a_crashing_app_comes_back_and_its_end_is_told() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let world = World::app("crash");
    let image = world.build("one", &Said::default()).await.unwrap();
    let port = free_port();
    let live = world.start("one", &image, Role::Live, port).await.unwrap();
    let mut changes = world.target.changes().await.unwrap();
    ask(port, "/").await;
    let mut output = world.target.output(&live, None).await.unwrap();
    ask(port, "/die").await;
    until(&mut changes, |id| *id == live.id).await;
    // Its second run is seen in the same stream.
    until(&mut output, |line| line.text.starts_with("listening")).await;
    until(&mut output, |line| line.text.starts_with("listening")).await;
    let state = world.target.state(&live).await.unwrap();
    assert!(matches!(state, InstanceState::Running { restarts: 1 }), "{state:?}");
}

#[tokio::test]
async fn samples_tell_what_is_used() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let mut world = World::new("samples", &[("Dockerfile", "FROM debian:bookworm-slim\n")]);
    world.plan.compute.command = Some("while :; do :; done".to_owned());
    world.plan.compute.limits = Limits { cpus: Some(0.5), memory_bytes: Some(64 << 20) };
    let image = world.build("one", &Said::default()).await.unwrap();
    let live = world.start("one", &image, Role::Live, free_port()).await.unwrap();
    let mut samples = world.target.samples(&live).await.unwrap();
    let taken = until(&mut samples, |sample| sample.cpu_percent > 1.0).await;
    let sample = taken.last().unwrap();
    assert!(sample.cpu_percent < 80.0, "{sample:?}");
    assert_eq!(sample.memory_limit, Some(64 << 20));
    assert!(sample.memory_bytes > 0 && sample.memory_bytes < 64 << 20, "{sample:?}");
    assert!(sample.network_rx.is_some());
    world.target.remove(&live).await.unwrap();
    in_time(async { while samples.next().await.is_some() {} }).await;
}

#[tokio::test]
async fn running_out_of_memory_is_told() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let mut world = World::new("oom", &[("Dockerfile", "FROM debian:bookworm-slim\n")]);
    world.plan.compute.command = Some("exec perl -e 'my $x = \"x\" x (200 << 20); sleep 600'".to_owned());
    world.plan.compute.limits.memory_bytes = Some(32 << 20);
    let image = world.build("one", &Said::default()).await.unwrap();
    let mut changes = world.target.changes().await.unwrap();
    let live = world.start("one", &image, Role::Live, free_port()).await.unwrap();
    // Docker starts it again and again; whenever it is caught between two runs, its end says why.
    in_time(async {
        loop {
            until(&mut changes, |id| *id == live.id).await;
            // The pause between two runs grows from a tenth of a second; now it is more than one.
            if !matches!(world.target.state(&live).await.unwrap(), InstanceState::Restarting { restarts: 4.., .. }) {
                continue;
            }
            world.target.stop(&live, Duration::from_secs(1)).await.unwrap();
            match world.target.state(&live).await.unwrap() {
                InstanceState::Exited { detail, .. } if detail == "out of memory" => return,
                _ => world.target.resume(&live).await.unwrap(),
            }
        }
    })
    .await;
    assert!(world.target.inspect(&live).await.unwrap().contains("\"OOMKilled\": true"));
}
