//! Runs what an app needs before each new version, such as a migration of its database: once, in the image of that version,
//! beside its services, with its environment. What fails here leaves the old version as it is.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

use super::report::StepReport;
use super::{Run, Stop};
use crate::engine::env::FilledEnv;
use crate::engine::projects::blocking;
use crate::generate::{self, Templates};
use crate::model::{Action, Instance, InstanceState, Plan, Problem, ProblemCode};
use crate::os::own_templates;
use crate::targets::{Launch, Report as _, Role, TargetError};

/// Where a target tells of no change it is asked after so long.
const ASKED_AGAIN: Duration = Duration::from_secs(1);

/// The command that runs before a version; going back to one that ran already needs none.
pub(in crate::engine) fn release_command(plan: &Plan, action: Action) -> Option<&str> {
    plan.profile.release_command.as_deref().filter(|_| !matches!(action, Action::Rollback { .. }))
}

impl Run {
    pub(super) fn before_each_version(&self) -> Option<&str> {
        release_command(&self.plan, self.action)
    }

    /// Runs it to its end, and tells what it prints.
    pub(super) async fn run_before(
        &self,
        command: &str,
        env: &FilledEnv,
        image: &str,
        report: Arc<StepReport>,
    ) -> Result<(), Stop> {
        report.detail(command);
        let templates = Templates::in_use(blocking(own_templates::read).await??);
        let words = generate::release(&self.plan, &templates)?;
        let launch = Launch { instead: words.as_deref(), ..self.launch(env) };
        let mut changes = self.target.changes().await?;
        let instance = self.target.start(&launch, image, Role::Release, None).await?;
        self.engine.follow(&self.id, &self.plan, &instance, Role::Release, &env.redactor);
        let ended = self.ended(&instance, &mut changes).await?;
        self.engine.last_words(&self.id).await;
        self.target.remove(&instance).await?;
        match ended {
            (Some(0), _) => Ok(()),
            (code, detail) => Err(Stop::Failed(Box::new(failed(command, code, &detail)))),
        }
    }

    /// Waits until it ended: its exit code, and what the target says.
    async fn ended(
        &self,
        instance: &Instance,
        changes: &mut BoxStream<'_, Result<String, TargetError>>,
    ) -> Result<(Option<i32>, String), Stop> {
        loop {
            match self.target.state(instance).await? {
                InstanceState::Exited { exit_code, detail } => return Ok((exit_code, detail)),
                InstanceState::Gone => return Ok((None, "somebody removed it".to_owned())),
                InstanceState::Running { .. } | InstanceState::Restarting { .. } => {}
            }
            let own = async {
                while let Some(change) = changes.next().await {
                    if change.is_ok_and(|id| id == instance.id) {
                        return;
                    }
                }
                std::future::pending::<()>().await;
            };
            let _ = tokio::time::timeout(ASKED_AGAIN, own).await;
        }
    }
}

fn failed(command: &str, code: Option<i32>, detail: &str) -> Problem {
    let code = code.map_or_else(String::new, |code| format!(" with exit code {code}"));
    Problem::new(ProblemCode::Failed, "release-failed", format!("`{command}` ended{code}; the app was not changed"))
        .why(detail)
        .fix("read its last lines above or with `wharf logs`, mend the cause and deploy again; `release` in wharf.toml says what is run")
}
