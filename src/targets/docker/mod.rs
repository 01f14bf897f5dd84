//! The target `docker`: a Docker Engine, spoken to through its API.
//!
//! Each act is a file of its own; none remembers anything but the connection. Everything made carries the marks of
//! ARCHITECTURE.md, by which it is found again. Names of networks, volumes and services end in the first letters of
//! the data folder's mark, so that two engines that share a Docker never meet.
//!
//! *Architecture invariant:* a value of an environment reaches Docker in the request that creates a container, and
//! nowhere else: no label, name, log line or error holds one.

mod build;
mod connect;
mod found;
mod inspect;
mod instances;
mod lifetime;
mod names;
mod network;
mod output;
mod progress;
mod pull;
mod samples;
mod services;
mod session;
mod stream;
mod subnet;

use std::time::Duration;

use async_trait::async_trait;
use bollard::query_parameters::RemoveImageOptionsBuilder;
use futures_util::stream::BoxStream;

use super::{BuildJob, Found, Launch, OutputLine, Report, Role, Target, TargetError};
use crate::model::{AppKey, Instance, InstanceState, Kept, Plan, Sample, TargetRef, TargetStatus, Timestamp};
use connect::{Connector, is_missing};
use names::Names;

/// A Docker Engine as a place to deploy to. It connects when it is first used, and again after it was gone.
#[derive(Debug)]
pub struct DockerTarget {
    connector: Connector,
    names: Names,
    /// One network at a time: those that are made together then share a range.
    networks: tokio::sync::Mutex<()>,
}

impl DockerTarget {
    /// The engine at `target.host`, or at the default socket. `mark` tells what belongs to one data folder from what
    /// belongs to another (`wharf.data`).
    #[must_use]
    pub fn new(target: TargetRef, mark: String) -> Self {
        Self { connector: Connector::new(target), names: Names::new(mark), networks: tokio::sync::Mutex::default() }
    }
}

#[async_trait]
impl Target for DockerTarget {
    fn target(&self) -> &TargetRef {
        self.connector.target()
    }

    async fn probe(&self) -> TargetStatus {
        self.connector.probe().await
    }

    async fn build(&self, job: &BuildJob<'_>, report: &dyn Report) -> Result<String, TargetError> {
        build::build(&self.connector.engine().await?, &self.names, job, report).await
    }

    async fn has_image(&self, image: &str) -> Result<bool, TargetError> {
        pull::has_image(&self.connector.engine().await?, image).await
    }

    async fn remove_image(&self, image: &str) -> Result<(), TargetError> {
        let engine = self.connector.engine().await?;
        let options = RemoveImageOptionsBuilder::default().force(true).build();
        match engine.docker.remove_image(image, Some(options), None).await {
            Err(error) if !is_missing(&error) => Err(engine.failed("remove the image", error)),
            _ => Ok(()),
        }
    }

    async fn network(&self, plan: &Plan) -> Result<(), TargetError> {
        let _turn = self.networks.lock().await;
        network::ensure(&self.connector.engine().await?, &self.names, plan).await
    }

    async fn services(&self, launch: &Launch<'_>, report: &dyn Report) -> Result<(), TargetError> {
        services::ensure_all(&self.connector.engine().await?, &self.names, launch, report).await
    }

    async fn prepare(
        &self,
        launch: &Launch<'_>,
        image: &str,
        role: Role,
        port: Option<u16>,
    ) -> Result<Instance, TargetError> {
        instances::prepare(&self.connector.engine().await?, &self.names, launch, image, role, port).await
    }

    async fn stop(&self, instance: &Instance, grace: Duration) -> Result<(), TargetError> {
        instances::stop(&self.connector.engine().await?, &instance.id, grace).await
    }

    async fn resume(&self, instance: &Instance) -> Result<(), TargetError> {
        instances::resume(&self.connector.engine().await?, instance).await
    }

    async fn remove(&self, instance: &Instance) -> Result<(), TargetError> {
        instances::remove(&self.connector.engine().await?, &instance.id).await
    }

    async fn teardown(&self, key: &AppKey, volumes: bool) -> Result<(), TargetError> {
        network::teardown(&self.connector.engine().await?, &self.names, key, volumes).await
    }

    async fn kept(&self, key: &AppKey) -> Result<Vec<Kept>, TargetError> {
        let volumes = network::volumes(&self.connector.engine().await?, &self.names, key).await?;
        let host = self.target().host.as_ref().map(|host| format!(" --host {host}")).unwrap_or_default();
        let kept = |name: String| Kept { remove: format!("docker{host} volume rm {name}"), name };
        Ok(volumes.into_iter().map(kept).collect())
    }

    async fn state(&self, instance: &Instance) -> Result<InstanceState, TargetError> {
        inspect::state(&self.connector.engine().await?, &instance.id).await
    }

    async fn running_since(&self, instance: &Instance) -> Result<Option<Timestamp>, TargetError> {
        inspect::running_since(&self.connector.engine().await?, &instance.id).await
    }

    async fn port_taken_by(&self, _instance: &Instance) -> Option<String> {
        // Docker itself holds the port from the start.
        None
    }

    async fn inspect(&self, instance: &Instance) -> Result<String, TargetError> {
        inspect::describe(&self.connector.engine().await?, &instance.id).await
    }

    async fn output(
        &self,
        instance: &Instance,
        after: Option<u64>,
    ) -> Result<BoxStream<'static, Result<OutputLine, TargetError>>, TargetError> {
        Ok(output::follow(self.connector.engine().await?, instance.id.clone(), after))
    }

    async fn samples(
        &self,
        instance: &Instance,
    ) -> Result<BoxStream<'static, Result<Sample, TargetError>>, TargetError> {
        Ok(samples::follow(self.connector.engine().await?, instance.id.clone()))
    }

    async fn found(&self) -> Result<Vec<Found>, TargetError> {
        found::all(&self.connector.engine().await?, &self.names).await
    }

    async fn changes(&self) -> Result<BoxStream<'static, Result<String, TargetError>>, TargetError> {
        found::changes(self.connector.engine().await?, &self.names).await
    }
}
