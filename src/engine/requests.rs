//! What is asked of the engine: checked, written down, and put into the queue.

use std::collections::BTreeSet;

use super::deploy::release_command;
use super::error::EngineError;
use super::projects::{blocking, select_apps};
use super::{Engine, Inner};
use crate::generate::{self, Context, PlanInput, Templates};
use crate::model::{
    Action, AppKey, AppProfile, DeleteQuery, DeployRequest, Deployment, DeploymentId, DeploymentStatus, Job, JobKind,
    JobState, Plan, PlanPreview, Problem, ProblemCode, Project, RollbackRequest, Settings, Step, StepName, TargetKind,
    TargetRef,
};
use crate::os::{chance, clock, own_templates};

impl Engine {
    /// What a deployment would do, one plan for each app meant. Nothing is changed.
    pub async fn plan(&self, request: DeployRequest) -> Result<Vec<PlanPreview>, Problem> {
        let project = self.0.seen(&request.project).await?;
        Ok(self.0.previews(&project, &request).await?)
    }

    /// Asks for a deployment of each app meant. All are checked before the first is asked for.
    pub async fn deploy(&self, request: DeployRequest, by: &str) -> Result<Vec<Deployment>, Problem> {
        let engine = &self.0;
        let project = engine.project(&request.project).await?;
        let previews = engine.previews(&project, &request).await?;
        if let Some(lacking) = previews.iter().find(|preview| !preview.missing_env.is_empty()) {
            let (app, names) = (lacking.plan.key.app.clone(), lacking.missing_env.clone());
            return Err(EngineError::MissingEnv { app, names }.into());
        }
        engine.must_answer(&request.target).await?;
        let _asking = engine.asking.lock().await;
        // It may have been removed meanwhile.
        engine.project(&request.project).await?;
        let mut deployments = Vec::new();
        for PlanPreview { plan, .. } in previews {
            engine.keep_secrets(&plan.key, &request.secrets).await?;
            deployments.push(engine.queue_deployment(plan, Action::Deploy, by).await?);
        }
        Ok(deployments)
    }

    /// Asks to go back to an earlier release of the app.
    pub async fn rollback(&self, id: &DeploymentId, request: RollbackRequest, by: &str) -> Result<Deployment, Problem> {
        let engine = &self.0;
        let deployment = engine.deployment_record(id).await?;
        let _asking = engine.asking.lock().await;
        let live = engine.store.live_of(&deployment.key).await?;
        let present = live.and_then(|live| live.release);
        let releases = engine.store.releases(&deployment.key).await?;
        let wanted = match request.release {
            Some(number) => releases.iter().find(|release| release.number == number),
            None => releases.iter().find(|release| present.is_none_or(|present| release.number < present)),
        };
        let release = wanted.ok_or(EngineError::NoRelease(request.release))?;
        if release.image.is_none() && release.source.is_none() {
            return Err(EngineError::ReleaseGone(release.number).into());
        }
        let plan = engine.plan_of(&release.deployment).await?;
        engine.must_answer(&plan.target).await?;
        Ok(engine.queue_deployment(plan, Action::Rollback { release: release.number }, by).await?)
    }

    /// Asks to stop what is up.
    pub async fn stop(&self, id: &DeploymentId, by: &str) -> Result<Job, Problem> {
        let allowed = DeploymentStatus::is_up;
        Ok(self.0.queue_act(id, "stop", JobKind::Stop, allowed, by).await?)
    }

    /// Asks to stop and start what is up, or to start what was stopped.
    pub async fn restart(&self, id: &DeploymentId, by: &str) -> Result<Job, Problem> {
        let deployment = self.0.deployment_record(id).await?;
        let live = self.0.store.live_of(&deployment.key).await?;
        if deployment.status == DeploymentStatus::Stopped
            && let Some(live) = live
        {
            return Err(Problem::new(
                ProblemCode::Refused,
                "wrong-status",
                format!("{id} was replaced by {}", live.id),
            )
            .why("an app has one live deployment")
            .fix(match deployment.release {
                Some(number) => format!("restart {}, or go back with `wharf rollback --release {number}`", live.id),
                None => format!("restart {}", live.id),
            }));
        }
        let allowed = |status: DeploymentStatus| status.is_up() || status == DeploymentStatus::Stopped;
        Ok(self.0.queue_act(id, "restart", JobKind::Restart, allowed, by).await?)
    }

    /// Asks to remove a deployment: of the newest, all that the app has; of an older one, its record and log. One that
    /// was deleted without its volumes can be deleted again with them.
    pub async fn delete(&self, id: &DeploymentId, query: DeleteQuery, by: &str) -> Result<Job, Problem> {
        // The data of one that is deleted already may still be there.
        let allowed =
            |status: DeploymentStatus| !status.is_pending() && (query.volumes || status != DeploymentStatus::Deleted);
        let kind = JobKind::Delete { volumes: query.volumes };
        Ok(self.0.queue_act(id, "delete", kind, allowed, by).await?)
    }

    /// Cancels a deployment that is queued or under way.
    pub async fn cancel(&self, id: &DeploymentId, by: &str) -> Result<Deployment, Problem> {
        let engine = &self.0;
        let deployment = engine.deployment_record(id).await?;
        if !deployment.status.is_pending() {
            return Err(EngineError::WrongStatus { act: "cancel", status: deployment.status }.into());
        }
        let deployment = engine.update(&deployment.id, |deployment| deployment.cancel_requested = true).await?;
        tracing::info!(deployment = %id, by, "cancel asked for");
        if let Some(work) = engine.queue.withdraw(&deployment.id) {
            let cancelled = engine
                .update(&deployment.id, |deployment| {
                    super::records::turn(deployment, DeploymentStatus::Cancelled, format!("cancelled by {by}"));
                    deployment.finished_at = Some(clock::now());
                })
                .await?;
            engine.end_job(work.job, JobState::Cancelled).await;
            return Ok(cancelled);
        }
        if let Some(cancel) = engine.under_way().get(&deployment.id) {
            cancel.cancel();
        }
        Ok(deployment)
    }
}

impl Inner {
    async fn previews(&self, project: &Project, request: &DeployRequest) -> Result<Vec<PlanPreview>, EngineError> {
        let (detection, settings) = self.examine(project, false).await?;
        let apps = select_apps(project, &detection, request.app.as_deref())?;
        let (apps, left_out) = generate::startable(apps, &settings, request.environment);
        if apps.len() > 1 && request.port.is_some() {
            return Err(EngineError::PortForSeveral);
        }
        let warnings: Vec<_> = left_out.into_iter().chain(detection.warnings.iter().cloned()).collect();
        let templates = Templates::in_use(blocking(own_templates::read).await??);
        let mut previews = Vec::new();
        for profile in apps {
            let (plan, missing_env) = self.planned(project, profile, &settings, &templates, request).await?;
            let commands = generate::commands(&plan);
            let mut warnings = warnings.clone();
            warnings.extend(generate::left_to_others(&plan, &templates)?);
            previews.push(PlanPreview { plan, missing_env, commands, warnings });
        }
        Ok(previews)
    }

    /// The plan of one app, and the names that nobody gave.
    async fn planned(
        &self,
        project: &Project,
        profile: &AppProfile,
        settings: &Settings,
        templates: &Templates,
        request: &DeployRequest,
    ) -> Result<(Plan, Vec<String>), EngineError> {
        let key = AppKey { project: project.id.clone(), app: profile.name.clone(), environment: request.environment };
        let sealed = self.store.secret_names(&key).await?;
        let secrets: BTreeSet<String> = sealed.into_iter().chain(request.secrets.keys().cloned()).collect();
        Ok(generate::plan(&PlanInput {
            key: &key,
            context: Context { project: &project.name, templates },
            target: &request.target,
            source: &project.source,
            profile,
            settings,
            set: &request.set,
            secrets: &secrets,
            port: request.port,
        })?)
    }

    /// A target that does not answer is told at once, and not after a build was waited for.
    async fn must_answer(&self, target: &TargetRef) -> Result<(), EngineError> {
        let status = self.places.get(target).probe().await;
        if status.available {
            return Ok(());
        }
        let problem = match target.kind {
            TargetKind::Docker => {
                Problem::new(ProblemCode::Unreachable, "docker-daemon-not-running", "Docker cannot be used")
                    .fix("`wharf doctor` says how to mend it; without Docker, deploy with `--target process`")
            }
            TargetKind::Process => {
                Problem::new(ProblemCode::Unreachable, "target-error", "the process target cannot be used")
                    .fix("`wharf doctor` says more")
            }
        };
        Err(problem.why(status.detail).into())
    }

    async fn queue_deployment(&self, plan: Plan, action: Action, by: &str) -> Result<Deployment, EngineError> {
        let now = clock::now();
        let id = DeploymentId::new(now, chance::number());
        let (key, name, target) = (plan.key.clone(), plan.project_name.clone(), plan.target.clone());
        let mut deployment = Deployment::queued(id, key, name, target, action, by.to_owned(), now);
        let has = |step: &StepName| match step {
            StepName::Release => release_command(&plan, action).is_some(),
            StepName::Processes => !plan.profile.processes.is_empty(),
            _ => true,
        };
        deployment.steps = StepName::ALL.into_iter().filter(has).map(Step::pending).collect();
        self.create(&deployment).await?;
        self.store.put_plan(&deployment.id, &plan).await?;
        self.enqueue(JobKind::Deploy, &deployment.id, &deployment.key).await?;
        Ok(deployment)
    }

    async fn queue_act(
        &self,
        id: &DeploymentId,
        act: &'static str,
        kind: JobKind,
        allowed: impl Fn(DeploymentStatus) -> bool,
        by: &str,
    ) -> Result<Job, EngineError> {
        let deployment = self.deployment_record(id).await?;
        if !allowed(deployment.status) {
            return Err(EngineError::WrongStatus { act, status: deployment.status });
        }
        tracing::info!(deployment = %deployment.id, act, by, "asked for");
        self.enqueue(kind, &deployment.id, &deployment.key).await
    }
}
