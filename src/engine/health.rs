//! Judges from outside whether an app answers.

use std::net::IpAddr;
use std::time::Duration;

use crate::model::{HealthCheck, HealthProbe, HealthSample, Instance, InstanceState, Plan, TargetKind, TargetRef};
use crate::os::{clock, http};
use crate::targets::{Target, TargetError};

/// Between the checks of an app that has just been started: at first, when the moment counts, and at most.
const EAGER: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));
/// So many checks in a row must find an app running that answers nothing which could be asked.
const STEADY: u32 = 20;

/// Where an app is reached on its port: for people and for health checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// The name or number of the host.
    pub(super) host: String,
}

impl Address {
    /// The address on which a plan publishes.
    pub(super) fn of(plan: &Plan) -> Self {
        let local = match plan.network.bind {
            bind if bind.is_unspecified() || bind.is_loopback() => "localhost".into(),
            IpAddr::V6(bind) => format!("[{bind}]"),
            IpAddr::V4(bind) => bind.to_string(),
        };
        Self { host: remote_host(&plan.target).unwrap_or(local) }
    }

    /// The address to open in a browser.
    pub(super) fn url(&self, port: u16) -> String {
        format!("http://{}:{port}", self.host)
    }

    /// The same, as this machine reaches it: a name such as `localhost` may lead to an address nobody listens on.
    fn probe_host(&self) -> &str {
        if self.host == "localhost" { "127.0.0.1" } else { &self.host }
    }
}

/// The host of a Docker Engine on another machine.
fn remote_host(target: &TargetRef) -> Option<String> {
    let address = target.host.as_deref().filter(|_| target.kind == TargetKind::Docker)?;
    let rest = address.strip_prefix("tcp://").or_else(|| address.strip_prefix("http://"))?;
    let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
    (!matches!(host, "127.0.0.1" | "localhost" | "[::1]")).then(|| host.to_owned())
}

/// Asks once.
pub(super) async fn check(plan: &Plan, port: Option<u16>) -> HealthSample {
    let address = Address::of(plan);
    let timeout = plan.health.timeout.to_duration();
    match (&plan.health.probe, port) {
        (HealthProbe::Http { path }, Some(port)) => {
            let url = format!("http://{}:{port}{path}", address.probe_host());
            http::probe_http(&url, timeout).await
        }
        (HealthProbe::Tcp, Some(port)) => {
            let found = tokio::net::lookup_host((address.probe_host(), port)).await;
            match found.ok().and_then(|mut found| found.next()) {
                Some(at) => http::probe_tcp(at, timeout).await,
                None => failed(format!("{} cannot be resolved", address.host)),
            }
        }
        (HealthProbe::Running, _) | (_, None) => {
            HealthSample { at: clock::now(), ok: true, latency_ms: None, detail: "it runs".into() }
        }
    }
}

fn failed(detail: String) -> HealthSample {
    HealthSample { at: clock::now(), ok: false, latency_ms: None, detail }
}

/// Why an app that was started did not turn healthy.
#[derive(Clone, Debug)]
pub(super) enum Unhealthy {
    /// It ended.
    Exited {
        /// Its exit code, where there is one.
        exit_code: Option<i32>,
        /// What the target says.
        detail: String,
    },
    /// The target could not be asked.
    Target(TargetError),
}

/// Asks until it is healthy. Ends early where it is over with the app; the time-out is the caller's.
/// `seen` gets each answer.
pub(super) async fn until_healthy(
    target: &dyn Target,
    plan: &Plan,
    instance: &Instance,
    mut seen: impl FnMut(&HealthSample),
) -> Result<HealthSample, Unhealthy> {
    let (needed, mut pause) = if plan.health.probe == HealthProbe::Running { (STEADY, EAGER.1) } else { (1, EAGER.0) };
    let mut good = 0;
    loop {
        let sample = check(plan, instance.port).await;
        good = if sample.ok { good + 1 } else { 0 };
        seen(&sample);
        match target.state(instance).await.map_err(Unhealthy::Target)? {
            InstanceState::Exited { exit_code, detail } => return Err(Unhealthy::Exited { exit_code, detail }),
            InstanceState::Restarting { exit_code, .. } => {
                return Err(Unhealthy::Exited { exit_code, detail: "it ends as soon as it is started".into() });
            }
            InstanceState::Gone => {
                return Err(Unhealthy::Exited { exit_code: None, detail: "it is gone".into() });
            }
            InstanceState::Running { .. } if good >= needed => return Ok(sample),
            InstanceState::Running { .. } => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(EAGER.1);
    }
}

/// Whether so many failures in a row mean that it is unhealthy and not just that one check failed.
pub(super) fn is_down(health: &HealthCheck, failures: u32) -> bool {
    failures >= health.retries.max(1)
}
