//! Carries a deployment through its steps.
//!
//! Each change is stored before the act that follows it, so that after a kill `reconcile` can tell what was meant.

mod before;
mod failure;
mod processes;
mod release;
mod report;
mod start;
mod switch;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Inner;
use super::env::FilledEnv;
use super::error::EngineError;
use super::records;
use crate::model::{
    Action, AppKey, Deployment, DeploymentId, DeploymentStatus, EventKind, LogStream, Plan, Problem, ProblemCode,
    Project, StepName, StepStatus,
};
use crate::targets::{BuildJob, Launch, Report, Target};
pub(super) use before::release_command;
pub(super) use failure::record_panic;
use report::StepReport;

/// Finding and holding a port, or a network, is a matter of moments.
const SHORT: Duration = Duration::from_mins(1);

/// So many warnings of detection stand in a deployment's log.
const MOST_WARNINGS: usize = 20;

/// How a deployment's job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It came up.
    Done,
    /// It did not; why, in one line.
    Failed(String),
    /// Somebody cancelled it.
    Cancelled,
    /// The engine ends; the next one goes on.
    Interrupted,
}

/// Why a step did not come to its end.
enum Stop {
    Failed(Box<Problem>),
    Cancelled,
    Interrupted,
}

impl<E: Into<EngineError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(Box::new(error.into().into()))
    }
}

/// A deployment on its way.
struct Run {
    engine: Arc<Inner>,
    id: DeploymentId,
    key: AppKey,
    action: Action,
    plan: Plan,
    target: Arc<dyn Target>,
    cancel: CancellationToken,
}

/// Carries out the deployment with that id; `cancel` ends it.
pub(super) async fn run(engine: &Arc<Inner>, id: &DeploymentId, cancel: CancellationToken) -> Outcome {
    let begun = match Run::begin(engine, id, cancel).await {
        Ok(run) => run,
        Err(error) => {
            let problem = Problem::from(error);
            let reason = problem.message.clone();
            failure::record(engine, id, StepName::Plan, problem, String::new()).await;
            return Outcome::Failed(reason);
        }
    };
    match begun.steps().await {
        Ok(()) => Outcome::Done,
        Err((_, Stop::Interrupted)) => Outcome::Interrupted,
        Err((step, Stop::Cancelled)) => {
            begun.clean_up(step).await;
            begun.record_cancelled(step).await;
            Outcome::Cancelled
        }
        Err((step, Stop::Failed(problem))) => {
            let reason = format!("{step}: {}", problem.message);
            let quote = begun.clean_up(step).await;
            failure::record(engine, &begun.id, step, *problem, quote).await;
            Outcome::Failed(reason)
        }
    }
}

impl Run {
    async fn begin(engine: &Arc<Inner>, id: &DeploymentId, cancel: CancellationToken) -> Result<Self, EngineError> {
        let plan = engine.store.plan(id).await?.ok_or_else(|| EngineError::NoDeployment(id.to_string()))?;
        let deployment = engine
            .update(id, |deployment| {
                records::turn(deployment, DeploymentStatus::Running, "its steps run");
                for step in &mut deployment.steps {
                    records::turn_step(step, StepStatus::Pending, Some(String::new()));
                }
            })
            .await?;
        Ok(Self {
            engine: Arc::clone(engine),
            id: id.clone(),
            key: plan.key.clone(),
            action: deployment.action,
            target: engine.places.get(&plan.target),
            plan,
            cancel,
        })
    }

    async fn steps(&self) -> Result<(), (StepName, Stop)> {
        use StepName::{Build, Health, Network, Plan, Port, Processes, Release, Services, Start, Switch};
        let timeouts = self.plan.timeouts;
        let (build_limit, start_limit) = (timeouts.build.to_duration(), timeouts.start.to_duration());

        let source = self.step(Plan, build_limit, |report| self.keep_source(report)).await?;
        let port = self.step(Port, SHORT, |report| self.hold_port(report)).await?;
        let image = self.step(Build, build_limit, |report| self.build(source, report)).await?;
        self.step(Network, SHORT, |_| self.network()).await?;
        let env = self.engine.fill_env(&self.plan).await.map_err(|error| (Services, error.into()))?;
        if self.plan.services.is_empty() {
            self.skip(Services, "none needed").await?;
        } else {
            self.step(Services, start_limit, |report| self.services(&env, report)).await?;
        }
        if let Some(command) = self.before_each_version() {
            self.step(Release, build_limit, |report| self.run_before(command, &env, &image, report)).await?;
        }
        let old = self.serving().await.map_err(|error| (Start, error.into()))?;
        let begun =
            self.step(Start, start_limit, |report| self.start(&env, &image, port, old.as_ref(), report)).await?;
        self.step(Health, start_limit + SHORT, |report| self.health(&begun, report)).await?;
        let beside = if self.plan.profile.processes.is_empty() {
            Vec::new()
        } else {
            let limit = start_limit + SHORT;
            self.step(Processes, limit, |report| self.processes(&env, &image, old.as_ref(), report)).await?
        };
        let switched = self
            .step(Switch, start_limit, |report| self.switch(&env, &image, port, &begun, old.as_ref(), report))
            .await?;
        // It answers on the app's port: from here on nothing cancels it any more.
        let port = switched.port();
        self.finish(switched, beside).await.map_err(|error| (Switch, error.into()))?;
        self.tidy(&begun, old.as_ref(), port).await;
        Ok(())
    }

    /// Runs one step: told and stored at its begin and end, cancelled and timed out at any await.
    async fn step<T, W>(
        &self,
        name: StepName,
        limit: Duration,
        work: impl FnOnce(Arc<StepReport>) -> W,
    ) -> Result<T, (StepName, Stop)>
    where
        W: Future<Output = Result<T, Stop>>,
    {
        let report = Arc::new(StepReport::new(Arc::clone(&self.engine), self.id.clone(), self.key.app.clone(), name));
        let stop = |error: EngineError| (name, Stop::from(error));
        self.engine.set_step(&self.id, name, StepStatus::Running, None).await.map_err(stop)?;
        let outcome = tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Stop::Cancelled),
            () = self.engine.ending.cancelled() => Err(Stop::Interrupted),
            outcome = tokio::time::timeout(limit, work(Arc::clone(&report))) => {
                outcome.unwrap_or_else(|_| Err(Stop::Failed(Box::new(too_long(name, limit)))))
            }
        };
        match outcome {
            Ok(value) => {
                self.engine.set_step(&self.id, name, StepStatus::Done, report.take_detail()).await.map_err(stop)?;
                Ok(value)
            }
            Err(Stop::Failed(problem)) => {
                report.line("", LogStream::Wharf, &format!("{name} failed: {}", problem.message));
                Err((name, Stop::Failed(problem)))
            }
            Err(other) => Err((name, other)),
        }
    }

    async fn skip(&self, name: StepName, why: &str) -> Result<(), (StepName, Stop)> {
        let skipped = self.engine.set_step(&self.id, name, StepStatus::Skipped, Some(why.into())).await;
        skipped.map_err(|error| (name, error.into()))
    }

    /// Packs the project's folder, or finds the snapshot that there is. Returns its digest.
    async fn keep_source(&self, report: Arc<StepReport>) -> Result<String, Stop> {
        if let Some(digest) = self.kept_source().await? {
            report.detail("the source is kept already");
            return Ok(digest);
        }
        let project = self.engine.project(&self.key.project).await?;
        let warned = self.tell_warnings(&project, &report).await?;
        let packed = self.engine.sources.pack(&project.root, &self.plan.build).await?;
        for warning in &packed.warnings {
            report.line("", LogStream::Wharf, warning);
        }
        let warned = match warned {
            0 => String::new(),
            1 => ", 1 warning".to_owned(),
            several => format!(", {several} warnings"),
        };
        report.detail(&format!("{} files, {}{warned}", packed.files, in_words(packed.bytes)));
        let commit = crate::os::git::commit_of(&project.root).await;
        let digest = packed.digest.clone();
        self.engine
            .update(&self.id, |deployment| {
                deployment.source = Some(packed.digest);
                deployment.commit = commit;
            })
            .await?;
        Ok(digest)
    }

    /// Says what detection could not make sense of, and returns how much that was.
    async fn tell_warnings(&self, project: &Project, report: &StepReport) -> Result<usize, EngineError> {
        let warnings = self.engine.examine(project, false).await?.0.warnings;
        for warning in warnings.iter().take(MOST_WARNINGS) {
            report.line("", LogStream::Wharf, &format!("warning: {}: {}", warning.file, warning.says));
        }
        if warnings.len() > MOST_WARNINGS {
            let rest = warnings.len() - MOST_WARNINGS;
            report.line("", LogStream::Wharf, &format!("warning: and {rest} more: `wharf detect` shows them"));
        }
        Ok(warnings.len())
    }

    /// The snapshot of an earlier attempt, or of the release to go back to.
    async fn kept_source(&self) -> Result<Option<String>, EngineError> {
        let mut digest = self.engine.deployment_record(&self.id).await?.source;
        if let Action::Rollback { release: number } = self.action
            && digest.is_none()
        {
            let release = self.engine.store.release(&self.key, number).await?;
            let release = release.ok_or(EngineError::NoRelease(Some(number)))?;
            digest.clone_from(&release.source);
            self.engine
                .update(&self.id, |deployment| {
                    deployment.source = release.source;
                    deployment.image = release.image;
                    deployment.commit = release.commit;
                })
                .await?;
        }
        Ok(digest.filter(|digest| self.engine.sources.has(digest)))
    }

    async fn hold_port(&self, report: Arc<StepReport>) -> Result<Option<u16>, Stop> {
        if self.plan.ports.container.is_none() {
            report.detail("it listens on none");
            return Ok(None);
        }
        let lease = self.engine.ports.for_app(&self.key, self.plan.ports.wanted, crate::os::clock::now()).await?;
        report.detail(&format!("port {}", lease.port));
        let port = lease.port;
        self.engine.publish(EventKind::Port(lease)).await;
        self.engine.update(&self.id, |deployment| deployment.port = Some(port)).await?;
        Ok(Some(port))
    }

    async fn build(&self, source_digest: String, report: Arc<StepReport>) -> Result<String, Stop> {
        if let Some(image) = self.engine.deployment_record(&self.id).await?.image
            && self.target.has_image(&image).await?
        {
            report.detail("it is there already");
            return Ok(image);
        }
        let source = self.engine.sources.path(&source_digest);
        let job = BuildJob { plan: &self.plan, deployment: &self.id, source: &source, source_digest: &source_digest };
        let image = self.target.build(&job, &*report).await?;
        let stored = image.clone();
        self.engine.update(&self.id, |deployment| deployment.image = Some(stored)).await?;
        Ok(image)
    }

    async fn network(&self) -> Result<(), Stop> {
        Ok(self.target.network(&self.plan).await?)
    }

    async fn services(&self, env: &FilledEnv, report: Arc<StepReport>) -> Result<(), Stop> {
        report.redact_with(Arc::clone(&env.redactor));
        Ok(self.target.services(&self.launch(env), &*report).await?)
    }

    /// The deployment whose instance serves the app now, or was stopped and could serve it again.
    async fn serving(&self) -> Result<Option<Deployment>, EngineError> {
        let live = self.engine.store.live_of(&self.key).await?;
        Ok(live.filter(|deployment| deployment.id != self.id))
    }

    fn launch<'a>(&'a self, env: &'a FilledEnv) -> Launch<'a> {
        Launch {
            plan: &self.plan,
            deployment: &self.id,
            env: &env.app,
            service_env: &env.services,
            instead: None,
            process: None,
        }
    }
}

fn too_long(step: StepName, limit: Duration) -> Problem {
    let setting = if matches!(step, StepName::Build | StepName::Release) { "build_timeout" } else { "start_timeout" };
    Problem::new(
        ProblemCode::Failed,
        &format!("{step}-timeout"),
        format!("{step} took longer than {} s", limit.as_secs()),
    )
    .why("its time-out was over before it was")
    .fix(format!("read the log; if it only needs longer, set `{setting}` (seconds) under [app] in wharf.toml"))
}

/// A number of bytes for people.
fn in_words(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
