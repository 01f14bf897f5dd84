//! Judges the health of what is up, and listens to what targets say of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;

use super::{Watch, keep, lock};
use crate::engine::Inner;
use crate::engine::beside::complaint;
use crate::engine::health;
use crate::engine::records;
use crate::model::{
    DeploymentId, DeploymentStatus, EventKind, HealthSample, InstanceState, Plan, TargetKind, TargetRef,
};

/// Between attempts to hear of changes from a target that went away.
const AGAIN: Duration = Duration::from_secs(5);
/// After a failed check the next one comes sooner.
const DOUBT: Duration = Duration::from_secs(1);
/// What ended for good is started again not more often than this.
const REVIVE: Duration = Duration::from_secs(30);

/// When what ended for good is started again. Docker restarts what it runs by itself, and what is stopped there was
/// stopped by a person; a process whose supervisor was killed has nobody else.
#[derive(Debug, Default)]
struct Revival {
    last: Option<Instant>,
}

impl Revival {
    fn is_due(&mut self, target: TargetKind) -> bool {
        let due = target == TargetKind::Process && self.last.is_none_or(|last| last.elapsed() > REVIVE);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }
}

impl Inner {
    /// Checks at the plan's interval, and at once when the target tells of a change, until the watch ends.
    pub(super) async fn judge(self: Arc<Self>, id: DeploymentId, plan: Plan, watch: Watch) {
        let interval = plan.health.interval.to_duration();
        let mut failures = 0;
        let (mut revival, mut beside_revival) = (Revival::default(), Revival::default());
        loop {
            let pause = if failures == 0 { interval } else { interval.min(DOUBT) };
            tokio::select! {
                () = watch.end.cancelled() => return,
                () = watch.changed.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
            let check = self.check_instance(&plan, &watch, &mut revival).await;
            failures = if check.ok { 0 } else { failures + 1 };
            keep(&mut lock(&watch.recent).health, check.clone());
            self.tell(EventKind::Health { deployment: id.clone(), check: check.clone() });
            if watch.end.is_cancelled() {
                return;
            }
            let beside = if check.ok { self.check_beside(&plan, &watch, &mut beside_revival).await } else { None };
            let status = match failures {
                0 if beside.is_some() => DeploymentStatus::Degraded,
                0 => DeploymentStatus::Healthy,
                few if !health::is_down(&plan.health, few) => DeploymentStatus::Degraded,
                _ => DeploymentStatus::Unhealthy,
            };
            self.note_health(&id, status, beside.unwrap_or(check.detail)).await;
        }
    }

    /// What the app answers; where it does not answer, what its target says of it.
    async fn check_instance(&self, plan: &Plan, watch: &Watch, revival: &mut Revival) -> HealthSample {
        let mut check = health::check(plan, watch.instance.port).await;
        let listens = watch.instance.port.is_some();
        if check.ok && listens {
            return check;
        }
        match self.places.get(&plan.target).state(&watch.instance).await {
            Ok(InstanceState::Running { .. }) => {}
            Ok(InstanceState::Restarting { restarts, exit_code }) => {
                check.ok = false;
                check.detail = match exit_code {
                    Some(code) => format!("it ended with exit code {code} and is restarted ({restarts} times so far)"),
                    None => format!("it ended and is restarted ({restarts} times so far)"),
                };
            }
            Ok(InstanceState::Exited { exit_code, detail }) => {
                check.ok = false;
                check.detail = match exit_code {
                    Some(code) => format!("it ended with exit code {code} {detail}").trim_end().to_owned(),
                    None => format!("it ended: {detail}"),
                };
                // What is told to stop is not watched any more.
                if !watch.end.is_cancelled()
                    && revival.is_due(plan.target.kind)
                    && let Err(error) = self.places.get(&plan.target).resume(&watch.instance).await
                {
                    tracing::warn!(instance = %watch.instance.name, %error, "it could not be started again");
                }
            }
            Ok(InstanceState::Gone) => {
                check.ok = false;
                "it was removed from outside".clone_into(&mut check.detail);
            }
            Err(error) => {
                check.ok = false;
                check.detail = error.to_string();
            }
        }
        check
    }

    /// What is wrong with what should run beside the app.
    async fn check_beside(&self, plan: &Plan, watch: &Watch, revival: &mut Revival) -> Option<String> {
        let target = self.places.get(&plan.target);
        let all = lock(&watch.beside).clone();
        let mut wrong = None;
        for one in all {
            let state = target.state(&one.instance).await.ok()?;
            let Some(complaint) = complaint(&one.name, &state) else { continue };
            wrong.get_or_insert(complaint);
            if matches!(state, InstanceState::Exited { .. })
                && !watch.end.is_cancelled()
                && lock(&watch.beside).iter().any(|known| known.instance.id == one.instance.id)
                && revival.is_due(plan.target.kind)
                && let Err(error) = target.resume(&one.instance).await
            {
                tracing::warn!(instance = %one.instance.name, %error, "it could not be started again");
            }
        }
        wrong
    }

    async fn note_health(&self, id: &DeploymentId, status: DeploymentStatus, reason: String) {
        let noted = self.update(id, |deployment| {
            if deployment.status.is_up() && deployment.status != status {
                records::turn(deployment, status, reason);
            }
        });
        if let Err(error) = noted.await {
            tracing::warn!(deployment = %id, %error, "a change of health could not be stored");
        }
    }

    /// Listens to a target's changes, so that what ends is noticed at once. Once for each target.
    pub(super) fn listen_to(self: &Arc<Self>, target: &TargetRef) {
        let mut listened = lock(&self.watches.listened);
        if listened.get(target).is_some_and(|task| !task.is_finished()) {
            return;
        }
        let engine = Arc::clone(self);
        let place = target.clone();
        let task = self.spawn(async move {
            let target = engine.places.get(&place);
            loop {
                if let Ok(mut changes) = target.changes().await {
                    engine.poke(|_| true);
                    while let Some(Ok(changed)) = changes.next().await {
                        engine.poke(|watch| watch.is_about(&changed));
                    }
                }
                // It went away: what runs there is looked at, now and when it is back.
                engine.poke(|_| true);
                tokio::time::sleep(AGAIN).await;
            }
        });
        listened.insert(target.clone(), task);
    }

    fn poke(&self, concerned: impl Fn(&Watch) -> bool) {
        for watch in lock(&self.watches.watched).values().filter(|watch| concerned(watch)) {
            watch.changed.notify_one();
        }
    }
}
