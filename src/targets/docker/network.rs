//! The network that an app shares with its services, its volumes, and the end of both.

use bollard::models::{NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder, RemoveVolumeOptions,
};

use super::connect::{Engine, is_conflict, is_missing};
use super::names::{Names, ROLE, SERVICE};
use super::{TargetError, instances};
use crate::model::{AppKey, Plan, Volume};

/// Makes the network where it is not there.
pub(super) async fn ensure(engine: &Engine, names: &Names, plan: &Plan) -> Result<(), TargetError> {
    let name = names.own(&plan.network.name);
    match engine.docker.inspect_network(&name, None).await {
        Ok(_) => return Ok(()),
        Err(error) if is_missing(&error) => {}
        Err(error) => return Err(engine.failed("look for the network", error)),
    }
    let request = NetworkCreateRequest {
        name,
        driver: Some("bridge".to_owned()),
        labels: Some(names.labels(&plan.key)),
        ..NetworkCreateRequest::default()
    };
    match engine.docker.create_network(request).await {
        Ok(_) => Ok(()),
        // Somebody was faster.
        Err(error) if is_conflict(&error) => Ok(()),
        Err(error) => Err(no_range_left(engine.failed("create the network", error))),
    }
}

/// Docker has room for some thirty networks where nobody gave it more, and does not say so.
fn no_range_left(error: TargetError) -> TargetError {
    match error {
        TargetError::Other { action, detail } if detail.contains("address pool") => TargetError::Other {
            action,
            detail: format!(
                "{detail} (Docker has no address range left: remove unused networks with `docker network prune`, or \
                 widen default-address-pools in its daemon.json)"
            ),
        },
        other => other,
    }
}

/// Makes those volumes that are not there.
pub(super) async fn ensure_volumes(
    engine: &Engine,
    names: &Names,
    key: &AppKey,
    volumes: &[Volume],
) -> Result<(), TargetError> {
    for volume in volumes {
        let request = VolumeCreateRequest {
            name: Some(names.own(&volume.name)),
            labels: Some(names.labels(key)),
            ..VolumeCreateRequest::default()
        };
        // One that is there is left as it is.
        engine.docker.create_volume(request).await.map_err(|error| engine.failed("create the volume", error))?;
    }
    Ok(())
}

/// Removes the services and the network of an app, and its volumes where asked.
pub(super) async fn teardown(engine: &Engine, names: &Names, key: &AppKey, volumes: bool) -> Result<(), TargetError> {
    let filter = names.app_filter(key);
    let list = ListContainersOptionsBuilder::default().all(true).filters(&filter).build();
    let found = engine.docker.list_containers(Some(list)).await;
    for container in found.map_err(|error| engine.failed("list the services", error))? {
        let is_service = container.labels.unwrap_or_default().get(ROLE).is_some_and(|role| role == SERVICE);
        if let (true, Some(id)) = (is_service, container.id) {
            instances::stop(engine, &id, super::services::GRACE).await?;
            instances::remove(engine, &id).await?;
        }
    }
    let list = ListNetworksOptionsBuilder::default().filters(&filter).build();
    let found = engine.docker.list_networks(Some(list)).await;
    for network in found.map_err(|error| engine.failed("list the networks", error))? {
        let removed = engine.docker.remove_network(&network.id.unwrap_or_default()).await;
        unless_missing(removed).map_err(|error| engine.failed("remove the network", error))?;
    }
    if !volumes {
        return Ok(());
    }
    let list = ListVolumesOptionsBuilder::default().filters(&filter).build();
    let found = engine.docker.list_volumes(Some(list)).await;
    for volume in found.map_err(|error| engine.failed("list the volumes", error))?.volumes.unwrap_or_default() {
        let removed = engine.docker.remove_volume(&volume.name, None::<RemoveVolumeOptions>).await;
        unless_missing(removed).map_err(|error| engine.failed("remove the volume", error))?;
    }
    Ok(())
}

fn unless_missing(result: Result<(), bollard::errors::Error>) -> Result<(), bollard::errors::Error> {
    result.or_else(|error| if is_missing(&error) { Ok(()) } else { Err(error) })
}
