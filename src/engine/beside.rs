//! The processes beside an app. They are found by the marks that they carry on their target, not by a record: what is there
//! is what counts.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::Inner;
use super::env::FilledEnv;
use super::error::EngineError;
use super::projects::blocking;
use crate::generate::{self, Templates};
use crate::model::{Deployment, DeploymentId, Instance, InstanceState, Plan, Process, ProcessState, TargetRef};
use crate::os::own_templates;
use crate::targets::{Found, Launch, Role};

/// A process gets so long to finish what it does.
const GRACE: Duration = Duration::from_secs(30);

/// One of the processes beside an app, as it was found or started.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    pub(super) name: String,
    pub(super) instance: Instance,
    pub(super) state: InstanceState,
}

impl Beside {
    fn runs(&self) -> bool {
        matches!(self.state, InstanceState::Running { .. } | InstanceState::Restarting { .. })
    }
}

/// The processes of a deployment among what was found on a target.
pub(super) fn among(found: Vec<Found>, id: &DeploymentId) -> Vec<Beside> {
    let own = found.into_iter().filter(|found| found.role == Role::Beside && found.deployment == *id);
    own.filter_map(|found| Some(Beside { name: found.process?, instance: found.instance, state: found.state }))
        .collect()
}

/// What the log calls the output of a process.
pub(super) fn source(app: &str, process: &str) -> String {
    format!("{app}/{process}")
}

impl Inner {
    /// What there is of a deployment's processes on its target.
    pub(super) async fn beside(&self, target: &TargetRef, id: &DeploymentId) -> Result<Vec<Beside>, EngineError> {
        Ok(among(self.places.get(target).found().await?, id))
    }

    /// The same, without asking a target where the plan has none.
    pub(super) async fn beside_of(&self, deployment: &Deployment, plan: &Plan) -> Result<Vec<Beside>, EngineError> {
        if plan.profile.processes.is_empty() {
            return Ok(Vec::new());
        }
        self.beside(&deployment.target, &deployment.id).await
    }

    /// Stops processes, all at once and each with time to finish what it does. They can be resumed.
    pub(super) async fn stop_beside(&self, target: &TargetRef, all: &[Beside]) -> Result<(), EngineError> {
        let target = self.places.get(target);
        let stops = all.iter().filter(|one| one.runs()).map(|one| target.stop(&one.instance, GRACE));
        for stopped in join_all(stops).await {
            stopped?;
        }
        Ok(())
    }

    /// Starts a process in the image of a deployment, and follows what it prints.
    pub(super) async fn start_process(
        self: &Arc<Self>,
        id: &DeploymentId,
        plan: &Plan,
        (image, env): (&str, &FilledEnv),
        process: &Process,
    ) -> Result<Beside, EngineError> {
        let templates = Templates::in_use(blocking(own_templates::read).await??);
        let words = generate::process(plan, process, &templates)?;
        let launch = Launch {
            plan,
            deployment: id,
            env: &env.app,
            service_env: &env.services,
            instead: Some(&words),
            process: Some(&process.name),
        };
        let instance = self.places.get(&plan.target).start(&launch, image, Role::Beside, None).await?;
        self.follow_process(id, plan, &instance, &process.name, &env.redactor, None);
        Ok(Beside { name: process.name.clone(), instance, state: InstanceState::Running { restarts: 0 } })
    }

    /// Starts all processes of a deployment anew.
    pub(super) async fn start_beside(
        self: &Arc<Self>,
        id: &DeploymentId,
        plan: &Plan,
        image: &str,
    ) -> Result<Vec<Beside>, EngineError> {
        if plan.profile.processes.is_empty() {
            return Ok(Vec::new());
        }
        let env = self.fill_env(plan).await?;
        let mut begun = Vec::new();
        for process in &plan.profile.processes {
            begun.push(self.start_process(id, plan, (image, &env), process).await?);
        }
        Ok(begun)
    }

    /// Makes sure that all processes of a deployment that serves run and are followed.
    pub(super) async fn beside_again(
        self: &Arc<Self>,
        deployment: &Deployment,
        plan: &Plan,
        env: &FilledEnv,
    ) -> Result<Vec<Beside>, EngineError> {
        let there = self.beside_of(deployment, plan).await?;
        let mut all = Vec::new();
        for process in &plan.profile.processes {
            let Some(known) = there.iter().find(|one| one.name == process.name) else {
                let Some(image) = &deployment.image else { continue };
                all.push(self.start_process(&deployment.id, plan, (image, env), process).await?);
                continue;
            };
            if !known.runs() {
                self.places.get(&deployment.target).resume(&known.instance).await?;
            }
            if !known.runs() || !self.is_followed(&deployment.id, &source(&plan.key.app, &process.name)) {
                let after = self.logbook.position(&deployment.id, &source(&plan.key.app, &process.name)).await;
                self.follow_process(&deployment.id, plan, &known.instance, &process.name, &env.redactor, after);
            }
            all.push(known.clone());
        }
        Ok(all)
    }

    /// Brings the processes back of a deployment that is up and watched.
    pub(super) async fn resume_beside(self: &Arc<Self>, deployment: &Deployment) -> Result<(), EngineError> {
        let plan = self.plan_of(&deployment.id).await?;
        if plan.profile.processes.is_empty() {
            return Ok(());
        }
        let env = self.fill_env(&plan).await?;
        let all = self.beside_again(deployment, &plan, &env).await?;
        self.judge_beside(&deployment.id, all);
        Ok(())
    }

    /// Stops those of a deployment's processes that must not run beside the processes `next` of its successor: each that must
    /// never run twice at once, or whose successor must not.
    pub(super) async fn rest_singles(&self, old: &Deployment, next: &[Process]) -> Result<(), EngineError> {
        let plan = self.plan_of(&old.id).await?;
        let single = |all: &[Process], name: &str| all.iter().any(|one| one.single && one.name == name);
        let all = self.beside_of(old, &plan).await?;
        let (resting, others): (Vec<Beside>, Vec<Beside>) =
            all.into_iter().partition(|one| single(&plan.profile.processes, &one.name) || single(next, &one.name));
        self.judge_beside(&old.id, others);
        self.stop_beside(&old.target, &resting).await
    }

    /// How the processes of a deployment that is up are, for people.
    pub(super) async fn process_states(&self, deployment: &Deployment, plan: &Plan) -> Vec<ProcessState> {
        if !deployment.status.is_up() {
            return Vec::new();
        }
        let there = self.beside_of(deployment, plan).await.unwrap_or_default();
        let state = |process: &Process| ProcessState {
            name: process.name.clone(),
            command: process.command.clone(),
            single: process.single,
            state: there.iter().find(|one| one.name == process.name).map(|one| one.state.clone()),
        };
        plan.profile.processes.iter().map(state).collect()
    }
}

/// What is wrong with a process that should run, in words.
pub(super) fn complaint(name: &str, state: &InstanceState) -> Option<String> {
    let code = |code: &Option<i32>| code.map_or_else(String::new, |code| format!(" with exit code {code}"));
    match state {
        InstanceState::Running { .. } => None,
        InstanceState::Restarting { restarts, exit_code } => {
            Some(format!("{name} ended{} and is restarted ({restarts} times so far)", code(exit_code)))
        }
        InstanceState::Exited { exit_code, detail } => {
            Some(format!("{name} ended{} {detail}", code(exit_code)).trim_end().to_owned())
        }
        InstanceState::Gone => Some(format!("{name} was removed from outside")),
    }
}
