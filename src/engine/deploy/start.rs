//! Starts the new instance and waits until it answers.

use std::sync::Arc;

use super::report::StepReport;
use super::{Run, Stop};
use crate::engine::env::FilledEnv;
use crate::engine::health::{self, Unhealthy};
use crate::model::{Deployment, EventKind, HealthSample, Instance, LogStream, Problem, ProblemCode};
use crate::os::clock;
use crate::targets::{Report, Role, TargetError};

/// How often another port is tried where the target says that one is taken.
const PORT_TRIES: u32 = 16;

/// An instance that was started and has to prove itself.
pub(super) struct Begun {
    pub(super) instance: Instance,
    pub(super) role: Role,
}

impl Run {
    /// Starts the instance: as a candidate where an older one serves, else on the app's port.
    pub(super) async fn start(
        &self,
        env: &FilledEnv,
        image: &str,
        port: Option<u16>,
        old: Option<&Deployment>,
        report: Arc<StepReport>,
    ) -> Result<Begun, Stop> {
        let beside_old = port.is_some() && old.is_some_and(|old| old.status.is_up());
        let role = if beside_old { Role::Candidate } else { Role::Live };
        let instance = if beside_old {
            self.start_candidate(env, image).await?
        } else {
            self.start_live(env, image, port, old.is_none()).await?
        };
        report.detail(&match instance.port {
            Some(port) if beside_old => format!("{} beside the old one, on port {port}", instance.name),
            Some(port) => format!("{} on port {port}", instance.name),
            None => instance.name.clone(),
        });
        let stored = instance.clone();
        self.engine
            .update(&self.id, |deployment| {
                let place = if beside_old { &mut deployment.candidate } else { &mut deployment.live };
                *place = Some(stored);
            })
            .await?;
        self.engine.follow(&self.id, &self.plan, &instance, role, &env.redactor);
        Ok(Begun { instance, role })
    }

    async fn start_candidate(&self, env: &FilledEnv, image: &str) -> Result<Instance, Stop> {
        for _ in 0..PORT_TRIES {
            let lease = self.engine.ports.for_candidate(&self.id, clock::now()).await?;
            let port = lease.port;
            self.engine.publish(EventKind::Port(lease)).await;
            match self.target.start(&self.launch(env), image, Role::Candidate, Some(port)).await {
                Err(TargetError::PortTaken { .. }) => {}
                started => return Ok(started?),
            }
        }
        Err(TargetError::PortTaken { port: 0 }.into())
    }

    /// On the app's port. An app that never ran takes another port where the target says that one is taken; one that
    /// people already know by its port does not.
    async fn start_live(
        &self,
        env: &FilledEnv,
        image: &str,
        mut port: Option<u16>,
        never_ran: bool,
    ) -> Result<Instance, Stop> {
        let may_move = never_ran && self.plan.ports.wanted.is_none();
        let mut tries = 0;
        loop {
            let started = self.target.start(&self.launch(env), image, Role::Live, port).await;
            match (started, port) {
                (Err(TargetError::PortTaken { .. }), Some(taken)) if may_move && tries < PORT_TRIES => {
                    tries += 1;
                    port = Some(self.move_port(taken).await?);
                }
                (started, _) => return Ok(started?),
            }
        }
    }

    /// Another port for the app. The taken one is given back only afterwards, so that it is not given again.
    async fn move_port(&self, taken: u16) -> Result<u16, Stop> {
        let lease = self.engine.ports.another_for_app(&self.key, clock::now()).await?;
        let (other, holder) = (lease.port, lease.holder.clone());
        self.engine.publish(EventKind::Port(lease)).await;
        self.engine.release_ports(|lease| lease.port == taken && lease.holder == holder).await?;
        self.engine.update(&self.id, |deployment| deployment.port = Some(other)).await?;
        Ok(other)
    }

    /// Asks the new instance until it is healthy.
    pub(super) async fn health(&self, begun: &Begun, report: Arc<StepReport>) -> Result<(), Stop> {
        let sample = self.prove(&begun.instance, &report).await?;
        let latency = sample.latency_ms.map_or_else(String::new, |ms| format!(" in {ms:.0} ms"));
        report.detail(&format!("{}{latency}", sample.detail));
        Ok(())
    }

    /// Waits until an instance is healthy, and says every other answer that it gives.
    pub(super) async fn prove(&self, instance: &Instance, report: &StepReport) -> Result<HealthSample, Stop> {
        let mut last = String::new();
        let proven = health::until_healthy(&*self.target, &self.plan, instance, |sample| {
            if !sample.ok && sample.detail != last {
                report.line("", LogStream::Wharf, &format!("health: {}", sample.detail));
                last.clone_from(&sample.detail);
            }
        })
        .await;
        if let Err(Unhealthy::Target(error)) = proven {
            return Err(error.into());
        }
        // It was free when it was given. Whoever has it now may even have given the healthy answer.
        if let (Some(port), Some(by)) = (instance.port, self.target.port_taken_by(instance).await) {
            return Err(Stop::Failed(Box::new(port_lost(port, &by))));
        }
        proven.map_err(|unhealthy| match unhealthy {
            Unhealthy::Target(error) => error.into(),
            Unhealthy::Late(problem) => Stop::Failed(problem),
            Unhealthy::Exited { exit_code, detail } => Stop::Failed(Box::new(exited(exit_code, &detail))),
        })
    }
}

fn port_lost(port: u16, by: &str) -> Problem {
    let message = format!("another program took port {port} before the app listened on it");
    Problem::new(ProblemCode::Failed, "port-in-use", message)
        .why(format!("{by} listens on it"))
        .fix("stop that program and deploy again, or deploy with another `--port`")
}

fn exited(exit_code: Option<i32>, detail: &str) -> Problem {
    let code = exit_code.map_or_else(String::new, |code| format!(" with exit code {code}"));
    let (cause, fix) = match exit_code {
        Some(137) => {
            ("out-of-memory", "give it more memory (`memory_mb` in wharf.toml), or find out what it needs it for")
        }
        Some(127) => {
            ("command-not-found", "check the start command: `wharf detect` shows it, `start` in wharf.toml sets it")
        }
        _ => ("app-exited", "read its last lines above or with `wharf logs`, mend the cause and deploy again"),
    };
    Problem::new(ProblemCode::Failed, cause, format!("the app ended{code} before it was healthy")).why(detail).fix(fix)
}
