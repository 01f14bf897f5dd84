//! Places to deploy to, one folder each behind one trait.
//!
//! A target does single acts and remembers nothing: the engine decides what happens when, and keeps the record.
//! *Architecture invariant:* every method can be dropped at any await (that is how a step is cancelled or times
//! out) and called again; what it left half done is found again through [`Target::found`].

pub mod docker;
mod error;
pub mod process;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use crate::model::{
    AppKey, DeploymentId, Instance, InstanceState, Kept, LogStream, Plan, Sample, Secret, TargetRef, TargetStatus,
    Timestamp,
};

pub use error::TargetError;

/// A place to deploy to.
#[async_trait]
pub trait Target: Send + Sync + fmt::Debug {
    /// Which place this is.
    fn target(&self) -> &TargetRef;

    /// Asks whether it answers; never fails, and takes at most a few seconds.
    async fn probe(&self) -> TargetStatus;

    /// Makes the image, or the folder to run in, and returns its name. Where nothing changed since an earlier build
    /// it says so through `report` and is quick. Dropping it ends the build and all its processes.
    async fn build(&self, job: &BuildJob<'_>, report: &dyn Report) -> Result<String, TargetError>;

    /// Whether an image that [`build`](Self::build) returned is still there.
    async fn has_image(&self, image: &str) -> Result<bool, TargetError>;

    /// Removes an image; one that is not there is no error.
    async fn remove_image(&self, image: &str) -> Result<(), TargetError>;

    /// Makes sure that the app's network is there; nothing to do where a target has none.
    async fn network(&self, plan: &Plan) -> Result<(), TargetError>;

    /// Starts those services that do not run, and waits until all are ready. Their data outlives deployments.
    async fn services(&self, launch: &Launch<'_>, report: &dyn Report) -> Result<(), TargetError>;

    /// Makes an instance of the app that [`resume`](Self::resume) then starts; until then its port may be another's.
    /// An instance of the same deployment and role that is there already is replaced.
    async fn prepare(
        &self,
        launch: &Launch<'_>,
        image: &str,
        role: Role,
        port: Option<u16>,
    ) -> Result<Instance, TargetError>;

    /// Makes an instance and starts it, and returns as soon as it was started. A port that another holds is
    /// [`TargetError::PortTaken`]; nothing is left of an instance that could not be started.
    async fn start(
        &self,
        launch: &Launch<'_>,
        image: &str,
        role: Role,
        port: Option<u16>,
    ) -> Result<Instance, TargetError> {
        let instance = self.prepare(launch, image, role, port).await?;
        if let Err(error) = self.resume(&instance).await {
            // What never ran has nothing to tell.
            self.remove(&instance).await?;
            return Err(error);
        }
        Ok(instance)
    }

    /// Stops it: a polite signal, and the end after `grace`. It keeps what it needs to be resumed. One that is
    /// stopped or gone is no error.
    async fn stop(&self, instance: &Instance, grace: Duration) -> Result<(), TargetError>;

    /// Starts an instance that was prepared or stopped, on its port, with its environment.
    async fn resume(&self, instance: &Instance) -> Result<(), TargetError>;

    /// Removes an instance and what it held; running or not, there or not.
    async fn remove(&self, instance: &Instance) -> Result<(), TargetError>;

    /// Removes what belongs to the app beside its instances: services, network, and its volumes where asked.
    async fn teardown(&self, key: &AppKey, volumes: bool) -> Result<(), TargetError>;

    /// What of the app stays though its instances and services are gone: data that only
    /// [`teardown`](Self::teardown) with `volumes` removes.
    async fn kept(&self, key: &AppKey) -> Result<Vec<Kept>, TargetError>;

    /// What it does just now.
    async fn state(&self, instance: &Instance) -> Result<InstanceState, TargetError>;

    /// Since when it runs; nothing where it does not.
    async fn running_since(&self, instance: &Instance) -> Result<Option<Timestamp>, TargetError>;

    /// Another program that listens on the instance's port, in words, where that is certain.
    async fn port_taken_by(&self, instance: &Instance) -> Option<String>;

    /// What the target can tell of it when something went wrong: its description as JSON (secrets redacted), to be
    /// kept before it is removed.
    async fn inspect(&self, instance: &Instance) -> Result<String, TargetError>;

    /// Its output: all after the position `after`, then new lines as they come, until it is gone.
    async fn output(
        &self,
        instance: &Instance,
        after: Option<u64>,
    ) -> Result<BoxStream<'static, Result<OutputLine, TargetError>>, TargetError>;

    /// Its use of the machine, about once a second, until it is gone.
    async fn samples(
        &self,
        instance: &Instance,
    ) -> Result<BoxStream<'static, Result<Sample, TargetError>>, TargetError>;

    /// Every instance that carries this data folder's mark, running or not.
    async fn found(&self) -> Result<Vec<Found>, TargetError>;

    /// The identifiers of instances as their state changes, told by the target; ends when the target goes away.
    async fn changes(&self) -> Result<BoxStream<'static, Result<String, TargetError>>, TargetError>;
}

/// What a build works from.
#[derive(Clone, Copy, Debug)]
pub struct BuildJob<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The deployment that it is for.
    pub deployment: &'a DeploymentId,
    /// The source snapshot (`os::archive`).
    pub source: &'a Path,
    /// The snapshot's digest in hexadecimal.
    pub source_digest: &'a str,
}

/// What an app and its services are started with.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The deployment that it is for.
    pub deployment: &'a DeploymentId,
    /// The app's environment with all values filled in, `PORT` too.
    pub env: &'a BTreeMap<String, Secret>,
    /// The environments of the services, by the service's name.
    pub service_env: &'a BTreeMap<String, BTreeMap<String, Secret>>,
    /// The program and its arguments that run instead of the app, in its place.
    pub instead: Option<&'a [String]>,
    /// The name of the process that this is, for [`Role::Beside`].
    pub process: Option<&'a str>,
}

/// What an instance is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It serves on the app's port.
    Live,
    /// It proves itself on a port of its own.
    Candidate,
    /// It does something once before a new version, and ends.
    Release,
    /// It runs beside the app, on no port; an app has one of each name.
    Beside,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Live, Self::Candidate, Self::Release, Self::Beside];

    /// The word used in names and labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Candidate => "candidate",
            Self::Release => "release",
            Self::Beside => "beside",
        }
    }
}

/// An instance that was found on a target.
#[derive(Clone, Debug)]
pub struct Found {
    /// The deployment named in its mark.
    pub deployment: DeploymentId,
    /// The role named in its mark.
    pub role: Role,
    /// The name of the process that it is, for [`Role::Beside`].
    pub process: Option<String>,
    /// The instance.
    pub instance: Instance,
    /// What it does.
    pub state: InstanceState,
}

/// A line of an instance's output.
#[derive(Clone, Debug)]
pub struct OutputLine {
    /// Its position: grows with each line, and `output` can go on after it.
    pub position: u64,
    /// When it was printed.
    pub at: Timestamp,
    /// Where it was printed.
    pub stream: LogStream,
    /// The line without its end.
    pub text: String,
}

/// Takes what a step has to say while it runs. None of it blocks.
pub trait Report: Send + Sync {
    /// A line of output; `source` is a service's name, or empty for the app.
    fn line(&self, source: &str, stream: LogStream, text: &str);

    /// `done` of `total` parts are over.
    fn progress(&self, done: u64, total: u64);

    /// What the step does or did, one line: `12 of 14 layers from the cache`.
    fn detail(&self, text: &str);
}
