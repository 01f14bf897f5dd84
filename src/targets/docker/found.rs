//! What of a data folder stands on the engine, and when it changes.

use std::collections::HashMap;

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{EventsOptionsBuilder, ListContainersOptionsBuilder};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};

use super::connect::Engine;
use super::inspect;
use super::lifetime::{moment, nanos};
use super::names::{DEPLOYMENT, Names, PROCESS, role};
use super::stream::fed;
use super::{Found, TargetError};
use crate::model::{DeploymentId, Instance};

/// How many containers are looked at at once.
const AT_ONCE: usize = 8;

/// What changes an instance's state.
const CHANGES: [&str; 7] = ["start", "die", "oom", "stop", "pause", "unpause", "destroy"];

/// Every instance of this data folder, running or not.
pub(super) async fn all(engine: &Engine, names: &Names) -> Result<Vec<Found>, TargetError> {
    let list = ListContainersOptionsBuilder::default().all(true).filters(&names.filter()).build();
    let listed = engine.docker.list_containers(Some(list)).await;
    let listed = listed.map_err(|error| engine.failed("list the containers", error))?;
    let instances = listed.into_iter().filter(|container| container.labels.as_ref().and_then(role).is_some());
    let inspected = stream::iter(instances.filter_map(|container| container.id))
        .map(|id| async move { inspect::container(engine, &id).await })
        .buffered(AT_ONCE);
    // One may be gone by now.
    inspected
        .try_filter_map(async |container| Ok(container.and_then(|container| found(&container))))
        .try_collect()
        .await
}

fn found(container: &ContainerInspectResponse) -> Option<Found> {
    let labels = container.config.as_ref()?.labels.as_ref()?;
    let bindings = container.host_config.as_ref().and_then(|host| host.port_bindings.as_ref());
    let port = bindings
        .and_then(|bindings| bindings.values().flatten().flatten().next())
        .and_then(|binding| binding.host_port.as_ref()?.parse().ok());
    Some(Found {
        deployment: DeploymentId::from(labels.get(DEPLOYMENT)?.as_str()),
        role: role(labels)?,
        process: labels.get(PROCESS).cloned(),
        instance: Instance {
            id: container.id.clone()?,
            name: container.name.as_deref()?.trim_start_matches('/').to_owned(),
            port,
        },
        state: inspect::state_of(container),
    })
}

/// The identifiers of instances as Docker tells that their state changed, from this moment on.
pub(super) async fn changes(
    engine: Engine,
    names: &Names,
) -> Result<BoxStream<'static, Result<String, TargetError>>, TargetError> {
    // The question itself goes out later; what happens until then is told again, by the engine's own clock.
    let info = engine.docker.info().await.map_err(|error| engine.failed("ask for the time", error))?;
    let since = moment(nanos(&info.system_time.unwrap_or_default()));
    let mut filter = names.filter();
    filter.insert("type".to_owned(), vec!["container".to_owned()]);
    filter.insert("event".to_owned(), CHANGES.map(str::to_owned).to_vec());
    Ok(fed(move |feed| async move {
        let mut events = Box::pin(events(&engine, &filter, &since));
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| engine.failed("follow the events", error))?;
            let Some(actor) = event.actor else { continue };
            if let (Some(id), Some(_)) = (actor.id, actor.attributes.as_ref().and_then(role)) {
                feed.give(id).await;
            }
        }
        Ok(())
    }))
}

/// The engine's events from `since` on.
pub(super) fn events<'a>(
    engine: &'a Engine,
    filter: &HashMap<String, Vec<String>>,
    since: &str,
) -> impl futures_util::Stream<Item = Result<bollard::models::EventMessage, bollard::errors::Error>> + use<'a> {
    let options = EventsOptionsBuilder::default().filters(filter).since(since).build();
    engine.docker.events(Some(options))
}
