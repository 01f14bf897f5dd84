//! The network that an app shares with its services, its volumes, and the end of both.

use std::collections::{BTreeSet, HashMap};

use bollard::errors::Error;
use bollard::models::{Ipam, IpamConfig, Network, NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptions, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveVolumeOptions,
};

use super::connect::{Engine, is_conflict, is_missing, words};
use super::names::{Names, RANGE, ROLE, SERVICE};
use super::subnet::Subnet;
use super::{TargetError, instances};
use crate::model::{AppKey, Plan, Volume};

/// How many parts, and how many ranges, are tried where other programs are faster.
const TRIES: usize = 8;

/// Makes the network where it is not there: on a part of a range that is divided already, or of a new one.
pub(super) async fn ensure(engine: &Engine, names: &Names, plan: &Plan) -> Result<(), TargetError> {
    let name = names.own(&plan.network.name);
    if find(engine, &name).await?.is_some() {
        return Ok(());
    }
    let request = NetworkCreateRequest {
        name,
        driver: Some("bridge".to_owned()),
        labels: Some(names.labels(&plan.key)),
        ..NetworkCreateRequest::default()
    };
    let mut chosen = None;
    for _ in 0..TRIES {
        if on_a_part(engine, &request, chosen).await? {
            return Ok(());
        }
        create(engine, request.clone()).await.map_err(|error| creation(engine, error))?;
        let Some(made) = find(engine, &request.name).await? else { continue };
        chosen = subnets(made.ipam.as_ref()).next().filter(|range| !range.is_small());
        if chosen.is_none() {
            return Ok(());
        }
        let removed = engine.docker.remove_network(&made.id.unwrap_or_default()).await;
        unless_missing(removed).map_err(|error| engine.failed("remove the network", error))?;
    }
    // Others were faster each time: a whole range, then.
    create(engine, request).await.map_err(|error| creation(engine, error))
}

/// Makes the network on the first free part of the ranges that are divided, and of `chosen`; false where there is none.
async fn on_a_part(
    engine: &Engine,
    request: &NetworkCreateRequest,
    chosen: Option<Subnet>,
) -> Result<bool, TargetError> {
    let listed = engine.docker.list_networks(None::<ListNetworksOptions>).await;
    let networks = listed.map_err(|error| engine.failed("list the networks", error))?;
    let taken: Vec<Subnet> = networks.iter().flat_map(|network| subnets(network.ipam.as_ref())).collect();
    let divided = networks.iter().filter_map(|network| network.labels.as_ref()?.get(RANGE)?.parse().ok());
    let ranges: BTreeSet<Subnet> = divided.chain(chosen).collect();
    let parts = ranges.iter().flat_map(|range| range.parts().map(move |part| (range, part)));
    let free = parts.filter(|(_, part)| taken.iter().all(|taken| !taken.overlaps(*part)));
    for (range, part) in free.take(TRIES) {
        match create(engine, on(request, *range, part)).await {
            Ok(()) => return Ok(true),
            // Somebody was faster.
            Err(error) if words(&error).contains("overlap") => {}
            Err(error) => return Err(creation(engine, error)),
        }
    }
    Ok(false)
}

/// The network on a part of a range, which its mark tells to those that come next.
fn on(request: &NetworkCreateRequest, range: Subnet, part: Subnet) -> NetworkCreateRequest {
    let mut request = request.clone();
    request.labels.get_or_insert_default().insert(RANGE.to_owned(), range.to_string());
    let config = IpamConfig { subnet: Some(part.to_string()), ..IpamConfig::default() };
    request.ipam = Some(Ipam { config: Some(vec![config]), ..Ipam::default() });
    request
}

async fn create(engine: &Engine, request: NetworkCreateRequest) -> Result<(), Error> {
    match engine.docker.create_network(request).await {
        // Somebody was faster.
        Err(error) if !is_conflict(&error) => Err(error),
        _ => Ok(()),
    }
}

fn creation(engine: &Engine, error: Error) -> TargetError {
    no_range_left(engine.failed("create the network", error))
}

/// The id of the network of a plan's app. A name may stand for two networks, an id cannot.
pub(super) async fn id(engine: &Engine, names: &Names, plan: &Plan) -> Result<String, TargetError> {
    let found = find(engine, &names.own(&plan.network.name)).await?;
    found.and_then(|network| network.id).ok_or_else(|| TargetError::Other {
        action: "find the app's network".to_owned(),
        detail: format!("{} was removed from outside; deploy again", plan.network.name),
    })
}

/// The network of that name. Docker 20.10 makes two of one name where a killed engine's question and the next one's
/// meet: the oldest counts, and the others go, as nothing is on them.
async fn find(engine: &Engine, name: &str) -> Result<Option<Network>, TargetError> {
    let filter = HashMap::from([("name".to_owned(), vec![name.to_owned()])]);
    let list = ListNetworksOptionsBuilder::default().filters(&filter).build();
    let listed = engine.docker.list_networks(Some(list)).await;
    let mut found = listed.map_err(|error| engine.failed("look for the network", error))?;
    found.retain(|network| network.name.as_deref() == Some(name));
    found.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
    let mut found = found.into_iter();
    let oldest = found.next();
    for other in found {
        // One that something is on stays; it goes with the app.
        let _ = engine.docker.remove_network(&other.id.unwrap_or_default()).await;
    }
    Ok(oldest)
}

/// The IPv4 blocks of a network.
fn subnets(ipam: Option<&Ipam>) -> impl Iterator<Item = Subnet> + '_ {
    let configs = ipam.and_then(|ipam| ipam.config.as_ref()).into_iter().flatten();
    configs.filter_map(|config| config.subnet.as_ref()?.parse().ok())
}

/// Where other programs hold all ranges, Docker does not say so.
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
    for volume in self::volumes(engine, names, key).await? {
        let removed = engine.docker.remove_volume(&volume, None::<RemoveVolumeOptions>).await;
        unless_missing(removed).map_err(|error| engine.failed("remove the volume", error))?;
    }
    Ok(())
}

/// The names of an app's volumes.
pub(super) async fn volumes(engine: &Engine, names: &Names, key: &AppKey) -> Result<Vec<String>, TargetError> {
    let list = ListVolumesOptionsBuilder::default().filters(&names.app_filter(key)).build();
    let found = engine.docker.list_volumes(Some(list)).await;
    let found = found.map_err(|error| engine.failed("list the volumes", error))?;
    Ok(found.volumes.unwrap_or_default().into_iter().map(|volume| volume.name).collect())
}

fn unless_missing(result: Result<(), Error>) -> Result<(), Error> {
    result.or_else(|error| if is_missing(&error) { Ok(()) } else { Err(error) })
}
