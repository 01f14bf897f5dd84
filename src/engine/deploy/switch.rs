//! Moves the app's port from the old instance to the new one.

use std::sync::Arc;
use std::time::Instant;

use super::report::StepReport;
use super::start::Begun;
use super::{Run, Stop};
use crate::engine::beside::Beside;
use crate::engine::env::FilledEnv;
use crate::engine::error::EngineError;
use crate::engine::health::Address;
use crate::engine::records;
use crate::model::{Deployment, DeploymentStatus, Instance};
use crate::os::clock;
use crate::targets::{Report, Role};

/// The instance that serves from now on, and for how many milliseconds the port did not answer.
pub(super) struct Switched {
    live: Instance,
    gap: Option<u64>,
}

impl Switched {
    /// The port that it serves on: another than was first held for it, where that one turned out to be taken.
    pub(super) fn port(&self) -> Option<u16> {
        self.live.port
    }
}

impl Run {
    /// Makes the proven instance the one that serves. If that fails, `clean_up` brings the old one back.
    pub(super) async fn switch(
        &self,
        env: &FilledEnv,
        image: &str,
        port: Option<u16>,
        begun: &Begun,
        old: Option<&Deployment>,
        report: Arc<StepReport>,
    ) -> Result<Switched, Stop> {
        let (Role::Candidate, Some(old)) = (begun.role, old) else {
            report.detail("nothing ran on the port before");
            return Ok(Switched { live: begun.instance.clone(), gap: None });
        };
        // All that can be done before the port is given up.
        let live = self.target.prepare(&self.launch(env), image, Role::Live, port).await?;
        let stored = live.clone();
        self.engine.update(&self.id, |deployment| deployment.live = Some(stored)).await?;
        let moving_since = Instant::now();
        self.engine.unwatch_app(&old.id);
        if let Some(instance) = &old.live {
            let grace = self.plan.timeouts.stop.to_duration();
            self.engine.places.get(&old.target).stop(instance, grace).await?;
        }
        self.target.resume(&live).await?;
        self.engine.follow(&self.id, &self.plan, &live, Role::Live, &env.redactor);
        self.prove(&live, &report).await?;
        let gap = u64::try_from(moving_since.elapsed().as_millis()).unwrap_or(u64::MAX);
        report.detail(&format!("the port did not answer for {gap} ms"));
        Ok(Switched { live, gap: Some(gap) })
    }

    /// Records that it is up, as a release, and begins to watch it.
    pub(super) async fn finish(&self, switched: Switched, beside: Vec<Beside>) -> Result<(), EngineError> {
        let release = self.keep_release().await?;
        let Switched { live, gap } = switched;
        let deployment = self
            .engine
            .update(&self.id, |deployment| {
                records::turn(deployment, DeploymentStatus::Healthy, "it came up healthy");
                deployment.candidate = None;
                deployment.port = live.port;
                deployment.url = live.port.map(|port| Address::of(&self.plan).url(port));
                deployment.live = Some(live);
                deployment.release = Some(release);
                deployment.switch_gap_ms = gap;
                deployment.finished_at = Some(clock::now());
            })
            .await?;
        self.engine.watch(&deployment, self.plan.clone(), beside);
        Ok(())
    }

    /// What is left to do once it is up. It serves already: what goes wrong here is told and mended later.
    pub(super) async fn tidy(&self, begun: &Begun, old: Option<&Deployment>, port: Option<u16>) {
        if begun.role == Role::Candidate {
            self.remove_quietly(&begun.instance).await;
        }
        if let Some(old) = old
            && let Err(error) = self.engine.retire(old, &format!("replaced by {}", self.id)).await
        {
            tracing::warn!(deployment = %old.id, %error, "the old deployment could not be retired");
        }
        if let Err(error) = self.engine.settle_ports(&self.key, &self.id, port).await {
            tracing::warn!(deployment = %self.id, %error, "ports could not be released");
        }
        if let Err(error) = self.drop_old_releases().await {
            tracing::warn!(deployment = %self.id, %error, "old releases could not be dropped");
        }
    }
}
