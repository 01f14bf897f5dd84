//! Judges from outside whether an app answers.

use std::net::IpAddr;
use std::time::Duration;

use crate::model::{
    HealthCheck, HealthProbe, HealthSample, Instance, InstanceState, Plan, Problem, ProblemCode, TargetKind, TargetRef,
};
use crate::os::{clock, http};
use crate::targets::{Target, TargetError};

/// Between the checks of an app that has just been started: at first, when the moment counts, and at most.
const EAGER: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));
/// So many checks in a row must find an app running that answers nothing which could be asked.
const STEADY: u32 = 20;

/// A path that somebody named is there: anything else is a fault of the app's.
const WELL_BELOW: u16 = 400;
/// A path that was guessed may not be there, or ask for a password: that the app says so shows that it runs.
const ALIVE_BELOW: u16 = 500;

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

    /// What is asked for the app's health.
    fn asked(&self, port: u16, path: &str) -> String {
        format!("http://{}:{port}{path}", self.probe_host())
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
            http::probe_http(&address.asked(port, path), WELL_BELOW, timeout).await
        }
        (HealthProbe::Guessed { path }, Some(port)) => {
            http::probe_http(&address.asked(port, path), ALIVE_BELOW, timeout).await
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
    /// Its time was over.
    Late(Box<Problem>),
    /// The target could not be asked.
    Target(TargetError),
}

/// Asks until it is healthy, for the time that the plan gives. Ends early where it is over with the app. `seen` gets
/// each answer.
pub(super) async fn until_healthy(
    target: &dyn Target,
    plan: &Plan,
    instance: &Instance,
    mut seen: impl FnMut(&HealthSample),
) -> Result<HealthSample, Unhealthy> {
    let mut last = None;
    let asking = ask(target, plan, instance, |sample| {
        seen(sample);
        last = Some(sample.detail.clone());
    });
    let proven = tokio::time::timeout(plan.timeouts.start.to_duration(), asking).await;
    proven.unwrap_or_else(|_| Err(Unhealthy::Late(Box::new(late(plan, instance.port, last.as_deref())))))
}

/// Says what was asked and what came of it: one cannot see from outside whether the path is wrong or the app is slow.
fn late(plan: &Plan, port: Option<u16>, last: Option<&str>) -> Problem {
    let address = Address::of(plan);
    let (asked, mend) = match (&plan.health.probe, port) {
        (HealthProbe::Http { path } | HealthProbe::Guessed { path }, Some(port)) => (
            format!("GET {}", address.asked(port, path)),
            "if another path tells whether it is well, set `health_path`",
        ),
        (HealthProbe::Tcp, Some(port)) => (
            format!("port {port} on {}", address.probe_host()),
            "check that it listens on the port in $PORT; if a path tells whether it is well, set `health_path`",
        ),
        (HealthProbe::Running, _) | (_, None) => ("the app".to_owned(), "check what it does as it starts"),
    };
    let limit = plan.timeouts.start.to_duration().as_secs();
    Problem::new(ProblemCode::Failed, "health-timeout", format!("{asked} gave no good answer within {limit} s"))
        .why(last.map_or_else(|| "nothing answered at all".to_owned(), |last| format!("the last answer: {last}")))
        .fix(format!("{mend}; if it only needs longer, `start_timeout` (seconds): both under [app] in wharf.toml"))
}

async fn ask(
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
