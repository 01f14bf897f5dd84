//! Reaching an engine, and what is told where that fails.

use std::path::Path;

use futures_util::StreamExt;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use wharf::model::{InstanceState, TargetKind, TargetRef};
use wharf::targets::docker::DockerTarget;
use wharf::targets::{Role, Target, TargetError};

use super::{BASE, Said, World, free_port, in_time, until};
use crate::support::docker;

/// The engine's own socket.
fn socket() -> String {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock").to_owned()
}

/// Hands connections on to the engine; they end with the task.
fn stand_between(path: &Path) -> JoinHandle<()> {
    let listener = UnixListener::bind(path).unwrap();
    tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            connections.spawn(async move {
                let mut engine = UnixStream::connect(socket()).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut engine).await;
            });
        }
    })
}

fn target(host: String) -> TargetRef {
    TargetRef { kind: TargetKind::Docker, host: Some(host) }
}

#[tokio::test]
async fn it_says_who_it_is() {
    if !docker::ready(&[]) {
        return;
    }
    let status = DockerTarget::new(TargetRef::default(), "test".to_owned()).probe().await;
    assert!(status.available, "{}", status.detail);
    assert!(status.detail.starts_with("Docker ") && status.detail.contains("API 1."), "{}", status.detail);
}

#[tokio::test]
async fn it_tells_why_it_cannot_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let probe = async |host: String| {
        let target = TargetRef { kind: TargetKind::Docker, host: Some(host) };
        DockerTarget::new(target, "test".to_owned()).probe().await
    };
    let socket = |name: &str| format!("unix://{}", folder.path().join(name).display());
    let absent = probe(socket("absent.sock")).await;
    assert!(!absent.available && absent.detail.contains("there is no socket"), "{}", absent.detail);

    drop(std::os::unix::net::UnixListener::bind(folder.path().join("dead.sock")).unwrap());
    let dead = probe(socket("dead.sock")).await;
    assert!(dead.detail.contains("nobody listens"), "{}", dead.detail);

    let server = wiremock::MockServer::start().await;
    let other = probe(server.uri().replace("http://", "tcp://")).await;
    assert!(other.detail.contains("no Docker Engine"), "{}", other.detail);

    let error =
        DockerTarget::new(TargetRef { host: Some(socket("absent.sock")), ..TargetRef::default() }, String::new())
            .has_image("x")
            .await
            .unwrap_err();
    assert_eq!(error.problem().code.exit_code(), 4);
}

#[tokio::test]
async fn an_engine_on_tcp_is_spoken_to_as_well() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let between = tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut engine = UnixStream::connect(socket()).await.unwrap();
                let _ = tokio::io::copy_bidirectional::<TcpStream, UnixStream>(&mut client, &mut engine).await;
            });
        }
    });
    let mut world = World::app("tcp");
    world.target = DockerTarget::new(target(format!("tcp://{address}")), world.mark.clone());
    let image = world.build("one", &Said::default()).await.unwrap();
    let live = world.start("one", &image, Role::Live, free_port()).await.unwrap();
    assert!(matches!(world.target.state(&live).await.unwrap(), InstanceState::Running { .. }));
    between.abort();
}

#[tokio::test]
async fn a_build_leaves_no_connection_open() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let mut world = World::app("connections");
    let path = world.folder.path().join("docker.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (open, mut opened) = watch::channel((0_u32, 0_u32));
    let between = tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let open = open.clone();
            tokio::spawn(async move {
                open.send_modify(|(begun, _)| *begun += 1);
                let mut engine = UnixStream::connect(socket()).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut engine).await;
                open.send_modify(|(_, ended)| *ended += 1);
            });
        }
    });
    world.target = DockerTarget::new(target(format!("unix://{}", path.display())), world.mark.clone());
    world.build("one", &Said::default()).await.unwrap();
    assert!(opened.borrow().0 >= 2, "a build and its session");
    in_time(opened.wait_for(|(begun, ended)| begun == ended)).await.unwrap();
    between.abort();
}

#[tokio::test]
async fn an_engine_that_goes_away_is_told_and_found_again() {
    if !docker::ready(&[BASE]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let between = stand_between(&path);
    let mut world = World::app("away");
    world.target = DockerTarget::new(target(format!("unix://{}", path.display())), world.mark.clone());
    let image = world.build("one", &Said::default()).await.unwrap();
    let live = world.start("one", &image, Role::Live, free_port()).await.unwrap();
    let mut changes = world.target.changes().await.unwrap();
    let mut output = world.target.output(&live, None).await.unwrap();
    let listens = |line: &wharf::targets::OutputLine| line.text.starts_with("listening");
    let last = until(&mut output, listens).await.pop().unwrap();

    between.abort();
    let _ = between.await;
    in_time(async { while let Some(Ok(_)) = changes.next().await {} }).await;
    let ended = in_time(async {
        loop {
            match output.next().await {
                Some(Ok(_)) => {}
                other => return other,
            }
        }
    });
    let ended = ended.await;
    assert!(matches!(ended, Some(Err(TargetError::Unreachable { .. }))), "{ended:?}");
    let error = world.target.state(&live).await.unwrap_err();
    assert!(
        matches!(&error, TargetError::Unreachable { detail, .. } if detail.contains("Docker does not run")),
        "{error}"
    );
    assert!(!world.target.probe().await.available);

    std::fs::remove_file(&path).unwrap();
    let between = stand_between(&path);
    assert!(matches!(world.target.state(&live).await.unwrap(), InstanceState::Running { restarts: 0 }));
    let mut output = world.target.output(&live, Some(last.position)).await.unwrap();
    docker::stdout(&["kill", "--signal", "TERM", &live.id]);
    let rest = until(&mut output, |line| line.text == "bye").await;
    assert!(!rest.iter().any(listens));
    between.abort();
}
