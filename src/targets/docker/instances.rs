//! Instances of an app: containers that start, stop, go on and end.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType,
    NetworkingConfig, PortBinding, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder, StartContainerOptions, StopContainerOptionsBuilder,
    WaitContainerOptionsBuilder,
};
use futures_util::StreamExt;

use super::connect::{Engine, is_conflict, is_missing, words};
use super::names::{Names, PROCESS, ROLE};
use super::{Launch, Role, TargetError, network};
use crate::model::{Instance, Secret, Volume};

/// How often a name that is taken is tried again, and the pause before.
const CREATE_TRIES: u32 = 20;
const CREATE_PAUSE: Duration = Duration::from_millis(100);

/// Creates the container of an instance; one of the same name is removed before.
pub(super) async fn prepare(
    engine: &Engine,
    names: &Names,
    launch: &Launch<'_>,
    image: &str,
    role: Role,
    port: Option<u16>,
) -> Result<Instance, TargetError> {
    network::ensure_volumes(engine, names, &launch.plan.key, &launch.plan.storage).await?;
    let name = Names::instance(launch.plan, launch.deployment, role, launch.process);
    remove(engine, &name).await?;
    let network = network::id(engine, names, launch.plan).await?;
    let body = container(names, launch, &network, image, role, port);
    let id = create(engine, &name, body).await?;
    Ok(Instance { id, name, port })
}

fn container(
    names: &Names,
    launch: &Launch<'_>,
    network: &str,
    image: &str,
    role: Role,
    port: Option<u16>,
) -> ContainerCreateBody {
    let plan = launch.plan;
    let mut labels = names.deployment_labels(&plan.key, launch.deployment);
    labels.insert(ROLE.to_owned(), role.as_str().to_owned());
    labels.extend(launch.process.map(|name| (PROCESS.to_owned(), name.to_owned())));
    let inside = plan.ports.container.filter(|_| role != Role::Beside).map(|port| format!("{port}/tcp"));
    let bindings = inside.clone().zip(port).map(|(inside, port)| {
        let binding = PortBinding { host_ip: Some(plan.network.bind.to_string()), host_port: Some(port.to_string()) };
        HashMap::from([(inside, Some(vec![binding]))])
    });
    let limits = plan.compute.limits;
    let memory = limits.memory_bytes.and_then(|bytes| i64::try_from(bytes).ok());
    let security = plan.security;
    // Others on the network are to meet the app, not what still proves itself; and that has one try.
    let (aliases, policy) = match role {
        Role::Live => (vec![plan.key.app.clone()], RestartPolicyNameEnum::UNLESS_STOPPED),
        Role::Beside => (Vec::new(), RestartPolicyNameEnum::UNLESS_STOPPED),
        Role::Candidate | Role::Release => (Vec::new(), RestartPolicyNameEnum::NO),
    };
    let host = HostConfig {
        port_bindings: bindings,
        restart_policy: Some(restart(policy)),
        // Swap would only hide that the limit is too low.
        memory,
        memory_swap: memory,
        nano_cpus: limits.cpus.map(nano_cpus),
        pids_limit: Some(security.pids_limit),
        cap_drop: security.drop_capabilities.then(|| vec!["ALL".to_owned()]),
        ..host_config(names, &plan.storage, network, security.no_new_privileges)
    };
    ContainerCreateBody {
        image: Some(image.to_owned()),
        cmd: launch.instead.map(<[String]>::to_vec).or_else(|| plan.compute.command.as_deref().map(in_shell)),
        env: Some(environment(launch.env)),
        labels: Some(labels),
        // What listens on nothing is not asked what the image asks of the app.
        healthcheck: (role == Role::Beside)
            .then(|| HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }),
        exposed_ports: inside.map(|port| vec![port]),
        host_config: Some(host),
        networking_config: Some(networking(network, aliases)),
        ..ContainerCreateBody::default()
    }
}

fn in_shell(command: &str) -> Vec<String> {
    ["/bin/sh", "-c", command].map(str::to_owned).to_vec()
}

/// What apps and services have in common: they come back when Docker does, their logs are bounded, and a small init
/// reaps what they leave behind and hands signals on.
pub(super) fn host_config(names: &Names, volumes: &[Volume], network: &str, no_new_privileges: bool) -> HostConfig {
    let mounts = volumes.iter().map(|volume| Mount {
        target: Some(volume.mount.clone()),
        source: Some(names.own(&volume.name)),
        typ: Some(MountType::VOLUME),
        ..Mount::default()
    });
    let log_options = [("max-size", "10m"), ("max-file", "3")];
    HostConfig {
        mounts: Some(mounts.collect()),
        network_mode: Some(network.to_owned()),
        init: Some(true),
        restart_policy: Some(restart(RestartPolicyNameEnum::UNLESS_STOPPED)),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(log_options.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
        }),
        security_opt: no_new_privileges.then(|| vec!["no-new-privileges:true".to_owned()]),
        ..HostConfig::default()
    }
}

fn restart(policy: RestartPolicyNameEnum) -> RestartPolicy {
    RestartPolicy { name: Some(policy), maximum_retry_count: None }
}

pub(super) fn networking(network: &str, aliases: Vec<String>) -> NetworkingConfig {
    let endpoint = EndpointSettings { aliases: Some(aliases), ..EndpointSettings::default() };
    NetworkingConfig { endpoints_config: Some(HashMap::from([(network.to_owned(), endpoint)])) }
}

/// The environment as Docker takes it.
pub(super) fn environment(env: &BTreeMap<String, Secret>) -> Vec<String> {
    env.iter().map(|(name, value)| format!("{name}={}", value.reveal())).collect()
}

/// Cores as Docker counts them.
fn nano_cpus(cores: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a machine has fewer than nine milliard cores")]
    let nanos = (cores * 1e9).round() as i64;
    nanos
}

/// Creates a container under a name that is this data folder's own. What an engine that was killed asked for may still
/// come to stand under it: that is removed.
pub(super) async fn create(engine: &Engine, name: &str, body: ContainerCreateBody) -> Result<String, TargetError> {
    let mut tries = 0;
    loop {
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        let error = match Box::pin(engine.docker.create_container(Some(options), body.clone())).await {
            Ok(created) => return Ok(created.id),
            Err(error) => error,
        };
        if !(is_conflict(&error) && words(&error).contains("already in use")) || tries >= CREATE_TRIES {
            return Err(match body.image {
                Some(image) if is_missing(&error) && words(&error).contains("No such image") => {
                    TargetError::ImageMissing { image, detail: words(&error) }
                }
                _ => engine.failed("create the container", error),
            });
        }
        tries += 1;
        remove(engine, name).await?;
        // The name may be taken before there is something to be removed.
        tokio::time::sleep(CREATE_PAUSE).await;
    }
}

/// Starts a container that is there; one that runs is no error.
pub(super) async fn run(engine: &Engine, id: &str, port: Option<u16>) -> Result<(), TargetError> {
    let started = engine.docker.start_container(id, None::<StartContainerOptions>).await;
    started.map_err(|error| {
        let said = words(&error);
        let taken = said.contains("port is already allocated") || said.contains("address already in use");
        match port {
            Some(port) if taken => TargetError::PortTaken { port },
            _ => engine.failed("start the container", error),
        }
    })
}

pub(super) async fn resume(engine: &Engine, instance: &Instance) -> Result<(), TargetError> {
    run(engine, &instance.id, instance.port).await
}

pub(super) async fn stop(engine: &Engine, id: &str, grace: Duration) -> Result<(), TargetError> {
    let seconds = i32::try_from(grace.as_secs() + u64::from(grace.subsec_nanos() > 0)).unwrap_or(i32::MAX);
    let options = StopContainerOptionsBuilder::default().t(seconds).build();
    match engine.patient(grace).stop_container(id, Some(options)).await {
        Err(error) if !is_missing(&error) => Err(engine.failed("stop the container", error)),
        _ => Ok(()),
    }
}

/// Removes a container with what is written in it; named volumes stay.
pub(super) async fn remove(engine: &Engine, id: &str) -> Result<(), TargetError> {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match engine.docker.remove_container(id, Some(options)).await {
        Ok(()) => Ok(()),
        Err(error) if is_missing(&error) => Ok(()),
        // Somebody else removes it just now.
        Err(error) if is_conflict(&error) && words(&error).contains("already in progress") => {
            let options = WaitContainerOptionsBuilder::default().condition("removed").build();
            engine.docker.wait_container(id, Some(options)).next().await;
            Ok(())
        }
        Err(error) => Err(engine.failed("remove the container", error)),
    }
}
