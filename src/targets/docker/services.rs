//! Databases and caches beside an app: containers that outlive its deployments.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse, ExecConfig};
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use sha2::{Digest, Sha256};

use super::connect::{Engine, is_conflict, is_missing, words};
use super::inspect;
use super::lifetime::nanos;
use super::names::{CONFIG, Names, ROLE, SERVICE};
use super::{Launch, Report, TargetError, instances, network, output, pull};
use crate::model::{InstanceState, Plan, Secret, ServicePlan};

/// How long a database may take to put its files in order.
pub(super) const GRACE: Duration = Duration::from_secs(30);

/// The pause between two questions whether a service is ready: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// After so many ends it is no longer believed that the next start will do better.
const MAX_RESTARTS: u32 = 3;

/// How much is kept of what the ready command says.
const MAX_WORDS: usize = 2048;

/// Sees that all services of the plan run as it says, and waits until each is ready.
pub(super) async fn ensure_all(
    engine: &Engine,
    names: &Names,
    launch: &Launch<'_>,
    report: &dyn Report,
) -> Result<(), TargetError> {
    let nothing = BTreeMap::new();
    let each = launch.plan.services.iter().map(|service| {
        let env = launch.service_env.get(&service.name).unwrap_or(&nothing);
        let service = Service { engine, names, plan: launch.plan, said: service, env, report };
        async move { Box::pin(service.ensure()).await }
    });
    let ready = try_join_all(each).await?.len();
    let all: Vec<_> = launch.plan.services.iter().map(|service| service.name.as_str()).collect();
    if ready > 0 {
        report.detail(&format!("{} ready", all.join(", ")));
    }
    Ok(())
}

/// A service on its way to being ready.
struct Service<'a> {
    engine: &'a Engine,
    names: &'a Names,
    plan: &'a Plan,
    said: &'a ServicePlan,
    env: &'a BTreeMap<String, Secret>,
    report: &'a dyn Report,
}

impl Service<'_> {
    async fn ensure(&self) -> Result<(), TargetError> {
        let id = Box::pin(self.container()).await?;
        instances::run(self.engine, &id, None).await?;
        let before = inspect::container(self.engine, &id).await?.unwrap_or_default();
        if self.asked(&id).await?.is_ok() {
            return Ok(());
        }
        self.report.detail(&format!("waiting for {}", self.said.name));
        tokio::select! {
            ready = self.ready(&id, restarts(&before)) => ready,
            failed = self.tell(&id, &before) => failed,
        }
    }

    /// The container, made anew where it is not as the plan says. Its data is in volumes and stays.
    async fn container(&self) -> Result<String, TargetError> {
        let name = self.names.service(self.plan, &self.said.name);
        let body = self.body(&network::id(self.engine, self.names, self.plan).await?);
        if let Some(found) = inspect::container(self.engine, &name).await? {
            let id = found.id.clone().unwrap_or_default();
            if is_same(&found, &body) {
                return Ok(id);
            }
            self.report.detail(&format!("making {} anew: its settings changed", self.said.name));
            instances::stop(self.engine, &id, GRACE).await?;
            instances::remove(self.engine, &id).await?;
        }
        pull::ensure(self.engine, &self.said.image, self.report).await?;
        network::ensure_volumes(self.engine, self.names, &self.plan.key, &self.said.volumes).await?;
        self.report.detail(&format!("starting {}", self.said.name));
        instances::create(self.engine, &name, body).await
    }

    fn body(&self, network: &str) -> ContainerCreateBody {
        let service = self.said;
        let mut labels = self.names.labels(&self.plan.key);
        labels.insert(ROLE.to_owned(), SERVICE.to_owned());
        labels.insert(CONFIG.to_owned(), fingerprint(self.plan, service));
        // Images of services start as root and step down by themselves: they keep their capabilities.
        let host = instances::host_config(self.names, &service.volumes, network, self.plan.security.no_new_privileges);
        let network = instances::networking(network, vec![service.name.clone()]);
        ContainerCreateBody {
            image: Some(service.image.clone()),
            cmd: (!service.command.is_empty()).then(|| service.command.clone()),
            env: Some(instances::environment(self.env)),
            labels: Some(labels),
            host_config: Some(host),
            networking_config: Some(network),
            ..ContainerCreateBody::default()
        }
    }

    /// Asks until it is ready, or has ended too often.
    async fn ready(&self, id: &str, restarts_before: u32) -> Result<(), TargetError> {
        let mut pause = PAUSE.0;
        // The restarts at which its command could not be run. A container that just ends says the same, once.
        let mut refused_at = None;
        loop {
            let Err(said) = self.asked(id).await? else { return Ok(()) };
            let found = inspect::container(self.engine, id).await?.unwrap_or_default();
            let restarted = restarts(&found).saturating_sub(restarts_before);
            let ended = match inspect::state_of(&found) {
                InstanceState::Exited { exit_code, detail } => Some((exit_code, detail)),
                InstanceState::Restarting { exit_code, .. } if restarted >= MAX_RESTARTS => {
                    Some((exit_code, String::new()))
                }
                InstanceState::Gone => return Err(self.not_ready("its container was removed".to_owned())),
                InstanceState::Running { .. } if restarted >= MAX_RESTARTS => Some((None, String::new())),
                _ => None,
            };
            if let Some((code, detail)) = ended {
                let code = code.map_or_else(String::new, |code| format!(" with exit code {code}"));
                let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
                return Err(self.not_ready(format!("it ended{code}{detail}")));
            }
            if let Some(said) = said.filter(|said| said.never_will) {
                if refused_at == Some(restarted) {
                    return Err(self.not_ready(format!("its ready command cannot run: {}", said.text)));
                }
                refused_at = Some(restarted);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    /// Runs the ready command once. The inner error is its word that it is not ready, if it said any.
    async fn asked(&self, id: &str) -> Result<Result<(), Option<Said>>, TargetError> {
        if self.said.ready.is_empty() {
            return Ok(Ok(()));
        }
        let failed = |error| self.engine.failed("ask the service whether it is ready", error);
        let config = ExecConfig {
            cmd: Some(self.said.ready.clone()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..ExecConfig::default()
        };
        let exec = match self.engine.docker.create_exec(id, config).await {
            Ok(exec) => exec.id,
            // It does not run just now; the look at its state tells more.
            Err(error) if is_conflict(&error) || is_missing(&error) => return Ok(Err(None)),
            Err(error) => return Err(failed(error)),
        };
        let mut text = String::new();
        match self.engine.docker.start_exec(&exec, None).await {
            Ok(StartExecResults::Attached { mut output, .. }) => {
                while let Some(Ok(part)) = output.next().await {
                    if text.len() < MAX_WORDS {
                        text.push_str(&String::from_utf8_lossy(LogOutput::as_ref(&part)));
                    }
                }
            }
            Ok(StartExecResults::Detached) => {}
            Err(error) if is_conflict(&error) => return Ok(Err(None)),
            Err(error) => text = words(&error),
        }
        let code = self.engine.docker.inspect_exec(&exec).await.map_err(failed)?.exit_code;
        if code == Some(0) {
            return Ok(Ok(()));
        }
        // A shell's and Docker's codes for a command that cannot be run; Docker gives them for a container that just
        // ended too.
        let cannot = ["not found", "no such file", "permission denied"].iter().any(|words| text.contains(words));
        let never_will = cannot && matches!(code, Some(126 | 127));
        Ok(Err(Some(Said { text: text.trim().to_owned(), never_will })))
    }

    /// Hands the service's own output on while it is waited for; ends only where the engine goes away.
    async fn tell(&self, id: &str, container: &ContainerInspectResponse) -> Result<(), TargetError> {
        let started = container.state.as_ref().and_then(|state| state.started_at.as_deref()).unwrap_or_default();
        let after = u64::try_from(nanos(started)).ok();
        let mut lines = output::follow(self.engine.clone(), id.to_owned(), after);
        while let Some(line) = lines.next().await {
            let line = line?;
            self.report.line(&self.said.name, line.stream, &line.text);
        }
        std::future::pending().await
    }

    fn not_ready(&self, detail: String) -> TargetError {
        TargetError::ServiceNotReady { service: self.said.name.clone(), detail }
    }
}

/// What a ready command said that did not succeed.
struct Said {
    text: String,
    /// It cannot even be run, and asking again will not help.
    never_will: bool,
}

fn restarts(container: &ContainerInspectResponse) -> u32 {
    container.restart_count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
}

/// Whether a container is as it would be made now. The values of its environment are compared with those that it
/// has, so that nothing derived from them needs to be kept.
fn is_same(found: &ContainerInspectResponse, wanted: &ContainerCreateBody) -> bool {
    let Some(config) = &found.config else { return false };
    let label = |labels: &Option<std::collections::HashMap<String, String>>| labels.as_ref()?.get(CONFIG).cloned();
    let env = config.env.as_deref().unwrap_or_default();
    label(&config.labels) == label(&wanted.labels) && wanted.env.iter().flatten().all(|variable| env.contains(variable))
}

/// A digest of all that the plan says about a service but the values of its environment.
fn fingerprint(plan: &Plan, service: &ServicePlan) -> String {
    let names: Vec<_> = service.env.iter().map(|variable| variable.name.as_str()).collect();
    let said = format!(
        "{:?}",
        (
            &service.image,
            &service.command,
            names,
            &service.volumes,
            &plan.network.name,
            plan.security.no_new_privileges
        )
    );
    let digest = format!("{:x}", Sha256::digest(said));
    digest[..16].to_owned()
}
