//! Starts what runs beside the app, and sees that it stays. This comes before the app's port is moved: where a process ends
//! at once, the old version serves as before.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::report::StepReport;
use super::{Run, Stop};
use crate::engine::beside::{Beside, complaint};
use crate::engine::env::FilledEnv;
use crate::model::{Deployment, InstanceState, Problem, ProblemCode, Process};
use crate::targets::Report as _;

/// A process that ran for so long did not end at once.
const PROVEN: Duration = Duration::from_secs(5);
/// Where a target tells of no change it is asked after so long.
const ASKED_AGAIN: Duration = Duration::from_secs(1);

impl Run {
    /// Starts the processes: beside those of the old version, but for what must never run twice at once, which that one gives
    /// up before.
    pub(super) async fn processes(
        &self,
        env: &FilledEnv,
        image: &str,
        old: Option<&Deployment>,
        report: Arc<StepReport>,
    ) -> Result<Vec<Beside>, Stop> {
        let all = &self.plan.profile.processes;
        let mut changes = self.target.changes().await?;
        let mut begun = Vec::new();
        for process in all.iter().filter(|process| !process.single) {
            begun.push(self.begin_process(env, image, process, &report).await?);
        }
        if all.iter().any(|process| process.single)
            && let Some(old) = old
        {
            self.engine.rest_singles(old, all).await?;
        }
        for process in all.iter().filter(|process| process.single) {
            begun.push(self.begin_process(env, image, process, &report).await?);
        }
        let until = Instant::now() + PROVEN;
        loop {
            for one in &begun {
                match self.target.state(&one.instance).await? {
                    InstanceState::Running { restarts: 0 } => {}
                    ended => return Err(Stop::Failed(Box::new(failed(&one.name, &ended)))),
                }
            }
            let now = Instant::now();
            if now >= until {
                break;
            }
            let _ = timeout_at(until.min(now + ASKED_AGAIN), changes.next()).await;
        }
        let names: Vec<&str> = all.iter().map(|process| process.name.as_str()).collect();
        report.detail(&format!("{} beside the app", names.join(", ")));
        Ok(begun)
    }

    async fn begin_process(
        &self,
        env: &FilledEnv,
        image: &str,
        process: &Process,
        report: &StepReport,
    ) -> Result<Beside, Stop> {
        report.detail(&format!("{}: {}", process.name, process.command));
        Ok(self.engine.start_process(&self.id, &self.plan, (image, env), process).await?)
    }
}

fn failed(name: &str, state: &InstanceState) -> Problem {
    let said = complaint(name, state).unwrap_or_else(|| format!("{name} ended and was started again"));
    Problem::new(
        ProblemCode::Failed,
        "process-exited",
        format!("{said}, right after its start; the app was not changed"),
    )
    .fix(format!(
        "read its last lines above or with `wharf logs`, mend the cause and deploy again; [app.processes.{name}] in \
             wharf.toml says what is run"
    ))
}
