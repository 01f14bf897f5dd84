//! Services beside an app.

use std::collections::BTreeMap;
use std::time::Duration;

use wharf::model::{DeploymentId, EnvValue, EnvVar, Secret, ServicePlan, Volume};
use wharf::targets::{Launch, Role, Target, TargetError};

use super::{BASE, Said, World, ask, free_port, in_time};
use crate::support::docker;

const POSTGRES: &str = "postgres:16-bookworm";
const REDIS: &str = "redis:7-bookworm";

fn postgres(project: &str) -> ServicePlan {
    let variable = |name: &str| EnvVar { name: name.to_owned(), value: EnvValue::Secret(name.to_owned()) };
    ServicePlan {
        name: "postgres".to_owned(),
        image: POSTGRES.to_owned(),
        port: 5432,
        command: Vec::new(),
        env: vec![variable("POSTGRES_PASSWORD")],
        volumes: vec![Volume { name: format!("wharf-{project}-data"), mount: "/var/lib/postgresql/data".to_owned() }],
        ready: ["pg_isready", "-h", "127.0.0.1", "-U", "postgres"].map(str::to_owned).into(),
    }
}

fn redis() -> ServicePlan {
    ServicePlan {
        name: "redis".to_owned(),
        image: REDIS.to_owned(),
        port: 6379,
        command: Vec::new(),
        env: Vec::new(),
        volumes: Vec::new(),
        ready: vec!["redis-cli".to_owned(), "ping".to_owned()],
    }
}

async fn services(world: &World, password: Option<&str>, said: &Said) -> Result<(), TargetError> {
    let env = BTreeMap::new();
    let password = password.map(|value| ("POSTGRES_PASSWORD".to_owned(), Secret::new(value)));
    let service_env = BTreeMap::from([("postgres".to_owned(), password.into_iter().collect())]);
    let deployment = DeploymentId::from("one");
    let launch = Launch {
        plan: &world.plan,
        deployment: &deployment,
        env: &env,
        service_env: &service_env,
        instead: None,
        process: None,
    };
    world.target.network(&world.plan).await?;
    tokio::time::timeout(Duration::from_mins(1), world.target.services(&launch, said)).await.expect("not in a minute")
}

/// The container of a service, by its name's beginning.
fn container(world: &World, service: &str) -> String {
    let label = format!("label=wharf.data={}", world.mark);
    docker::stdout(&["ps", "-aq", "--no-trunc", "--filter", &label, "--filter", &format!("name=-{service}-")])
}

fn query(container: &str, sql: &str) -> String {
    docker::stdout(&["exec", "-u", "postgres", container, "psql", "-qtAc", sql])
}

#[tokio::test]
async fn data_outlives_containers_and_ends_only_where_asked() {
    if !docker::ready(&[POSTGRES, REDIS]) {
        return;
    }
    let mut world = World::new("services", &[]);
    world.plan.services = vec![postgres("services"), redis()];
    let said = Said::default();
    services(&world, Some("first-s3cret"), &said).await.unwrap();
    assert_eq!(said.last_detail(), "postgres, redis ready");
    let first = container(&world, "postgres");
    query(&first, "create table kept (n int); insert into kept values (42)");

    // Nothing changed: the same container goes on.
    services(&world, Some("first-s3cret"), &Said::default()).await.unwrap();
    assert_eq!(container(&world, "postgres"), first);
    // It was stopped: it starts again.
    docker::stdout(&["stop", &first]);
    services(&world, Some("first-s3cret"), &Said::default()).await.unwrap();
    assert_eq!((container(&world, "postgres"), query(&first, "select n from kept")), (first.clone(), "42".to_owned()));
    // Its settings changed: it is made anew on the same data.
    services(&world, Some("second-s3cret"), &Said::default()).await.unwrap();
    let second = container(&world, "postgres");
    assert_ne!(second, first);
    assert_eq!(query(&second, "select n from kept"), "42");
    let shown = docker::stdout(&["inspect", "-f", "{{.Name}} {{.Config.Labels}}", &second]);
    assert!(!shown.contains("s3cret") && !said.text().contains("s3cret"), "{shown}");
    // No service is an instance.
    assert!(world.target.found().await.unwrap().is_empty());

    let volumes = || docker::stdout(&["volume", "ls", "-q", "--filter", &format!("label=wharf.data={}", world.mark)]);
    world.target.teardown(&world.plan.key, false).await.unwrap();
    assert_eq!((container(&world, "postgres"), volumes().lines().count()), (String::new(), 1));
    services(&world, Some("second-s3cret"), &Said::default()).await.unwrap();
    assert_eq!(query(&container(&world, "postgres"), "select n from kept"), "42");
    world.target.teardown(&world.plan.key, true).await.unwrap();
    assert_eq!(volumes(), "");
}

#[tokio::test]
async fn a_service_that_ends_is_told_with_its_words() {
    if !docker::ready(&[POSTGRES]) {
        return;
    }
    let mut world = World::new("unready", &[]);
    world.plan.services = vec![postgres("unready")];
    let said = Said::default();
    let error = services(&world, None, &said).await.unwrap_err();
    let TargetError::ServiceNotReady { service, detail } = &error else { panic!("{error:?}") };
    assert_eq!(service, "postgres");
    assert!(detail.contains("it ended"), "{detail}");
    let lines = said.lines.lock().unwrap();
    let told = |(source, _, text): &(String, _, String)| source == "postgres" && text.contains("POSTGRES_PASSWORD");
    assert!(lines.iter().any(told), "{lines:?}");
}

#[tokio::test]
async fn what_can_never_be_ready_is_told_at_once() {
    if !docker::ready(&[REDIS]) {
        return;
    }
    let mut world = World::new("never", &[]);
    world.plan.services = vec![ServicePlan { ready: vec!["no-such-command".to_owned()], ..redis() }];
    let error = services(&world, None, &Said::default()).await.unwrap_err();
    assert!(error.to_string().contains("no-such-command"), "{error}");

    world.plan.services = vec![ServicePlan { image: "localhost:9/nothing/here".to_owned(), ..redis() }];
    let error = services(&world, None, &Said::default()).await.unwrap_err();
    let TargetError::ImageMissing { image, detail } = &error else { panic!("{error:?}") };
    assert_eq!(image, "localhost:9/nothing/here");
    assert!(!detail.is_empty());
}

#[tokio::test]
async fn an_app_meets_its_service_by_name() {
    if !docker::ready(&[BASE, REDIS]) {
        return;
    }
    let ask_redis = r#"exec perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 9, ReuseAddr => 1) or die;
        while (my $c = $s->accept) {
          <$c>;
          my $r = IO::Socket::INET->new("redis:6379") or die "redis: $@";
          print $r "PING
";
          print $c "redis says ", scalar <$r>;
          close $c;
        }'"#;
    let mut world = World::new(
        "meets",
        &[(
            "Dockerfile",
            "FROM debian:bookworm-slim
",
        )],
    );
    world.plan.services = vec![redis()];
    world.plan.compute.command = Some(ask_redis.to_owned());
    let image = world.build("one", &Said::default()).await.unwrap();
    services(&world, None, &Said::default()).await.unwrap();
    let port = free_port();
    world.start("one", &image, Role::Live, port).await.unwrap();
    assert_eq!(in_time(ask(port, "/")).await.trim(), "redis says +PONG");
}

#[tokio::test]
async fn two_data_folders_never_meet() {
    if !docker::ready(&[REDIS]) {
        return;
    }
    let (mut one, mut two) = (World::new("meeting", &[]), World::other("meeting"));
    for world in [&mut one, &mut two] {
        world.plan.services = vec![redis()];
        services(world, None, &Said::default()).await.unwrap();
    }
    let left = container(&two, "redis");
    assert_ne!(container(&one, "redis"), left);
    one.target.teardown(&one.plan.key, true).await.unwrap();
    assert_eq!((container(&one, "redis"), container(&two, "redis")), (String::new(), left));
}
