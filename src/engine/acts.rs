//! What is done to a deployment besides deploying it: stop, restart, delete, and what a switch leaves to do.

use std::sync::Arc;
use std::time::Duration;

use super::Inner;
use super::beside::Beside;
use super::error::EngineError;
use super::health::{self, Unhealthy};
use super::records;
use crate::model::{
    AppKey, Deployment, DeploymentFilter, DeploymentId, DeploymentStatus, Instance, InstanceState, Kept, Plan,
    PortHolder, Problem, ProblemCode,
};
use crate::targets::{Launch, Report, Role, Target};

impl Inner {
    /// Stops what is up, and its services; their data stays.
    pub(super) async fn stop_app(self: &Arc<Self>, id: &DeploymentId, key: &AppKey) -> Result<(), EngineError> {
        let deployment = self.deployment_record(id).await?;
        self.end_instances(&deployment, "stopped").await?;
        self.places.get(&deployment.target).teardown(key, false).await?;
        Ok(())
    }

    /// Stops it if it runs, and starts it again from its image, with its newest secrets.
    pub(super) async fn restart_app(self: &Arc<Self>, id: &DeploymentId) -> Result<(), EngineError> {
        let deployment = self.deployment_record(id).await?;
        let plan = self.plan_of(id).await?;
        let image =
            deployment.image.clone().ok_or(EngineError::WrongStatus { act: "restart", status: deployment.status })?;
        let target = self.places.get(&deployment.target);
        if let Some(instance) = &deployment.live {
            self.stop_instance(&deployment, instance, plan.timeouts.stop.to_duration()).await?;
        }
        let beside = self.beside_of(&deployment, &plan).await?;
        self.stop_beside(&deployment.target, &beside).await?;
        self.unwatch(id);
        let outcome = self.start_again(&deployment, &plan, &*target, &image).await;
        match outcome {
            Ok((instance, beside)) => {
                let deployment = self
                    .update(id, |deployment| {
                        records::turn(deployment, DeploymentStatus::Healthy, "restarted");
                        deployment.live = Some(instance);
                    })
                    .await?;
                self.watch(&deployment, plan, beside);
                Ok(())
            }
            Err(error) => {
                let problem = Problem::from(error);
                let reason = format!("the restart failed: {}", problem.message);
                let deployment = self.set_status(id, DeploymentStatus::Unhealthy, reason).await?;
                self.watch(&deployment, plan, Vec::new());
                Err(problem.into())
            }
        }
    }

    async fn start_again(
        self: &Arc<Self>,
        deployment: &Deployment,
        plan: &Plan,
        target: &dyn Target,
        image: &str,
    ) -> Result<(Instance, Vec<Beside>), EngineError> {
        let limit = plan.timeouts.start.to_duration();
        let begun = tokio::time::timeout(limit, self.begin_again(deployment, plan, target, image)).await;
        let instance = begun.unwrap_or_else(|_| {
            let message = format!("it was not started after {} s", limit.as_secs());
            Err(Problem::new(ProblemCode::Failed, "start-timeout", message)
                .why("its services or its target took too long")
                .fix("read its log (`wharf logs`)")
                .into())
        })?;
        match health::until_healthy(target, plan, &instance, |_| {}).await {
            Ok(_) => Ok((instance, self.start_beside(&deployment.id, plan, image).await?)),
            Err(Unhealthy::Target(error)) => Err(error.into()),
            Err(Unhealthy::Late(problem)) => Err((*problem).into()),
            Err(Unhealthy::Exited { exit_code, detail }) => Err(Problem::new(
                ProblemCode::Failed,
                "app-exited",
                match exit_code {
                    Some(code) => format!("it ended with exit code {code}"),
                    None => "it ended".to_owned(),
                },
            )
            .why(detail)
            .fix("read its log (`wharf logs`)")
            .into()),
        }
    }

    /// Starts the instance anew, with its services.
    async fn begin_again(
        self: &Arc<Self>,
        deployment: &Deployment,
        plan: &Plan,
        target: &dyn Target,
        image: &str,
    ) -> Result<Instance, EngineError> {
        let env = self.fill_env(plan).await?;
        let launch = Launch {
            plan,
            deployment: &deployment.id,
            env: &env.app,
            service_env: &env.services,
            instead: None,
            process: None,
        };
        target.network(plan).await?;
        if !plan.services.is_empty() {
            target.services(&launch, &Silent).await?;
        }
        let instance = target.start(&launch, image, Role::Live, deployment.port).await?;
        let stored = instance.clone();
        self.update(&deployment.id, |deployment| deployment.live = Some(stored)).await?;
        self.follow(&deployment.id, plan, &instance, Role::Live, &env.redactor);
        Ok(instance)
    }

    /// Removes all that an app has on its target, gives its ports back, and marks its deployments as deleted.
    pub(super) async fn delete_app(
        self: &Arc<Self>,
        id: &DeploymentId,
        key: &AppKey,
        volumes: bool,
    ) -> Result<(), EngineError> {
        let deployment = self.deployment_record(id).await?;
        let newest = self.store.latest_of(key).await?;
        if newest.is_some_and(|newest| newest.id != *id) && !deployment.status.is_up() {
            self.set_status(id, DeploymentStatus::Deleted, "deleted").await?;
            self.logbook.remove(id).await;
            return Ok(());
        }
        for deployment in self.deployments_of(key).await? {
            self.end_instances(&deployment, "deleted").await?;
            self.set_status(&deployment.id, DeploymentStatus::Deleted, "deleted").await?;
            self.logbook.remove(&deployment.id).await;
        }
        let target = self.places.get(&deployment.target);
        target.teardown(key, volumes).await?;
        let kept = target.kept(key).await?;
        self.set_status(id, DeploymentStatus::Deleted, deleted_but_for(id, &kept)).await?;
        self.forget_releases(key, &*target).await?;
        if volumes {
            self.store.remove_secrets(key).await?;
        }
        let holder = PortHolder::App(key.clone());
        self.release_ports(|lease| lease.holder == holder).await
    }

    /// Every deployment of an app that was not deleted.
    async fn deployments_of(&self, key: &AppKey) -> Result<Vec<Deployment>, EngineError> {
        let mut filter = DeploymentFilter {
            project: Some(key.project.clone()),
            app: Some(key.app.clone()),
            environment: Some(key.environment),
            limit: Some(500),
            ..DeploymentFilter::default()
        };
        let mut all = Vec::new();
        loop {
            let page = self.store.deployments(&filter).await?;
            all.extend(page.items.into_iter().filter(|deployment| deployment.status != DeploymentStatus::Deleted));
            match page.next {
                Some(next) => filter.after = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn forget_releases(&self, key: &AppKey, target: &dyn Target) -> Result<(), EngineError> {
        for mut release in self.store.releases(key).await? {
            let source = release.source.take();
            let image = release.image.take();
            if source.is_none() && image.is_none() {
                continue;
            }
            if let Some(image) = image {
                target.remove_image(&image).await?;
            }
            self.store.update_release(&release).await?;
            if let Some(digest) = source {
                self.drop_source(&digest, key).await?;
            }
        }
        Ok(())
    }

    /// Removes a source unless another release of the app still needs it. Other apps of the project share it as well,
    /// so only a source that no release of the project names goes.
    pub(super) async fn drop_source(&self, digest: &str, key: &AppKey) -> Result<(), EngineError> {
        let detection = self.store.detection(&key.project).await?;
        let names = detection.map(|(_, found, _)| found.apps.into_iter().map(|app| app.name).collect::<Vec<_>>());
        for app in names.unwrap_or_default().into_iter().chain([key.app.clone()]) {
            for environment in crate::model::Environment::ALL {
                let other = AppKey { project: key.project.clone(), app: app.clone(), environment };
                let releases = self.store.releases(&other).await?;
                if releases.iter().any(|release| release.source.as_deref() == Some(digest)) {
                    return Ok(());
                }
            }
        }
        self.sources.remove(digest).await;
        Ok(())
    }

    /// Takes a deployment that serves no longer out of service, for the reason given.
    pub(super) async fn retire(self: &Arc<Self>, old: &Deployment, reason: &str) -> Result<(), EngineError> {
        let old = self.deployment_record(&old.id).await?;
        self.end_instances(&old, reason).await
    }

    /// Stops and removes a deployment's instances; what was up is then stopped.
    async fn end_instances(self: &Arc<Self>, deployment: &Deployment, reason: &str) -> Result<(), EngineError> {
        let target = self.places.get(&deployment.target);
        let plan = self.store.plan(&deployment.id).await?;
        let timeouts = plan.as_ref().map_or_else(crate::model::Timeouts::default, |plan| plan.timeouts);
        let serves = deployment.live.as_ref().or(deployment.candidate.as_ref());
        let beside = match &plan {
            Some(plan) if serves.is_some() => self.beside_of(deployment, plan).await?,
            _ => Vec::new(),
        };
        if let Some(instance) = serves {
            self.stop_instance(deployment, instance, timeouts.stop.to_duration()).await?;
            self.stop_beside(&deployment.target, &beside).await?;
            self.last_words(&deployment.id).await;
        }
        self.unwatch(&deployment.id);
        let beside = beside.iter().map(|one| &one.instance);
        for instance in [&deployment.live, &deployment.candidate].into_iter().flatten().chain(beside) {
            target.remove(instance).await?;
        }
        self.update(&deployment.id, |deployment| {
            if deployment.status.is_up() {
                records::turn(deployment, DeploymentStatus::Stopped, reason);
            }
            deployment.live = None;
            deployment.candidate = None;
        })
        .await?;
        self.logbook.close(&deployment.id).await;
        Ok(())
    }

    /// Stops an instance, which from now on nobody starts again. Where that fails it is watched as before.
    async fn stop_instance(
        self: &Arc<Self>,
        deployment: &Deployment,
        instance: &Instance,
        grace: Duration,
    ) -> Result<(), EngineError> {
        let was_watched = self.is_watched(&deployment.id);
        self.unjudge(&deployment.id);
        let stopped = self.places.get(&deployment.target).stop(instance, grace).await;
        if stopped.is_err()
            && was_watched
            && let Err(error) = self.watch_again(deployment).await
        {
            tracing::error!(deployment = %deployment.id, %error, "it cannot be watched");
        }
        Ok(stopped?)
    }

    /// Makes sure that a deployment that was to be replaced serves again.
    pub(super) async fn bring_back(self: &Arc<Self>, old: &Deployment) {
        let Some(instance) = old.live.clone().filter(|_| old.status.is_up()) else { return };
        if self.is_watched(&old.id) {
            if let Err(error) = self.resume_beside(old).await {
                tracing::error!(deployment = %old.id, %error, "the old deployment's processes could not be brought back");
            }
            return;
        }
        let target = self.places.get(&old.target);
        let running = target.state(&instance).await.is_ok_and(|state| matches!(state, InstanceState::Running { .. }));
        if !running && let Err(error) = target.resume(&instance).await {
            tracing::error!(deployment = %old.id, %error, "the old deployment could not be brought back");
        }
        if let Err(error) = self.watch_again(old).await {
            tracing::error!(deployment = %old.id, %error, "the old deployment cannot be watched");
        }
    }

    /// Begins to watch a deployment that is up, and goes on with its output where the log ends.
    pub(super) async fn watch_again(self: &Arc<Self>, deployment: &Deployment) -> Result<(), EngineError> {
        let Some(instance) = &deployment.live else { return Ok(()) };
        let plan = self.plan_of(&deployment.id).await?;
        let env = self.fill_env(&plan).await?;
        let after = self.logbook.position(&deployment.id, &plan.key.app).await;
        self.follow_from(&deployment.id, &plan, instance, Role::Live, &env.redactor, after);
        let beside = self.beside_again(deployment, &plan, &env).await;
        self.watch(deployment, plan, beside.as_ref().cloned().unwrap_or_default());
        beside.map(drop)
    }

    /// Gives back what an app no longer needs: the candidate's port, and another port that it had before.
    pub(super) async fn settle_ports(
        &self,
        key: &AppKey,
        id: &DeploymentId,
        port: Option<u16>,
    ) -> Result<(), EngineError> {
        let (app, candidate) = (PortHolder::App(key.clone()), PortHolder::Candidate(id.clone()));
        self.release_ports(|lease| lease.holder == candidate || (lease.holder == app && Some(lease.port) != port)).await
    }

    pub(super) async fn plan_of(&self, id: &DeploymentId) -> Result<Plan, EngineError> {
        self.store.plan(id).await?.ok_or_else(|| EngineError::NoDeployment(id.to_string()))
    }
}

/// Why a deployment is deleted, and what its app leaves behind.
fn deleted_but_for(id: &DeploymentId, kept: &[Kept]) -> String {
    if kept.is_empty() {
        return "deleted".to_owned();
    }
    let names: Vec<&str> = kept.iter().map(|kept| kept.name.as_str()).collect();
    format!("deleted, but its data stays in {}; `wharf delete {id} --volumes` removes it", names.join(", "))
}

/// For acts whose course nobody follows.
struct Silent;

impl Report for Silent {
    fn line(&self, _: &str, _: crate::model::LogStream, _: &str) {}
    fn progress(&self, _: u64, _: u64) {}
    fn detail(&self, _: &str) {}
}
