//! Watches what is up: its output, its health, and, while somebody looks, what it uses.

mod follow;
mod judge;
mod measure;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Inner;
use super::beside::{Beside, source};
use crate::model::{Deployment, DeploymentId, HealthSample, Instance, Plan, Sample, TargetRef};
use crate::secrets::Redactor;
use crate::targets::Role;

/// The samples and checks that are kept in memory for a client that begins to look: at one a second, five minutes.
const RECENT: usize = 300;

/// What stopped instances still have to say is waited for so long.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// A stopped instance from which nothing came for so long has said all.
const SILENCE: Duration = Duration::from_millis(100);

/// All that is watched.
#[derive(Debug, Default)]
pub(super) struct Watches {
    watched: Mutex<HashMap<DeploymentId, Watch>>,
    /// By deployment, and what the log calls the output, or the role of what prints it.
    followers: Mutex<HashMap<(DeploymentId, String), Following>>,
    /// The targets whose changes are listened to.
    listened: Mutex<HashMap<TargetRef, JoinHandle<()>>>,
}

/// The task that writes an instance's output to the log; ends with this.
#[derive(Debug)]
struct Following {
    task: AbortOnDropHandle<()>,
    /// How many lines it wrote.
    lines: Arc<AtomicU64>,
}

/// One deployment that is up.
#[derive(Clone, Debug)]
struct Watch {
    instance: Instance,
    /// What has to run beside it.
    beside: Arc<Mutex<Vec<Beside>>>,
    end: CancellationToken,
    /// Its target says that something changed.
    changed: Arc<Notify>,
    recent: Arc<Mutex<Recent>>,
}

impl Watch {
    /// Whether that instance is a part of it.
    fn is_about(&self, id: &str) -> bool {
        self.instance.id == id || lock(&self.beside).iter().any(|one| one.instance.id == id)
    }
}

/// The last measurements.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    /// What it used, oldest first.
    pub(super) samples: VecDeque<Sample>,
    /// How it answered, oldest first.
    pub(super) health: VecDeque<HealthSample>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep<T>(queue: &mut VecDeque<T>, value: T) {
    if queue.len() == RECENT {
        queue.pop_front();
    }
    queue.push_back(value);
}

impl Inner {
    /// Begins to watch a deployment that is up. Its output is followed already.
    pub(super) fn watch(self: &Arc<Self>, deployment: &Deployment, plan: Plan, beside: Vec<Beside>) {
        let Some(instance) = deployment.live.clone() else { return };
        let watch = Watch {
            instance,
            beside: Arc::new(Mutex::new(beside)),
            end: self.ending.child_token(),
            changed: Arc::default(),
            recent: Arc::default(),
        };
        let id = deployment.id.clone();
        if let Some(former) = lock(&self.watches.watched).insert(id.clone(), watch.clone()) {
            former.end.cancel();
        }
        self.listen_to(&plan.target);
        let (judge, measure) = (Arc::clone(self), Arc::clone(self));
        let target = self.places.get(&plan.target);
        let (judged, measured) = (watch.clone(), watch);
        let other = id.clone();
        self.spawn(async move { judge.judge(other, plan, judged).await });
        self.spawn(async move { measure.measure(id, target, measured).await });
    }

    /// Ceases to watch a deployment, and to follow its output.
    pub(super) fn unwatch(&self, id: &DeploymentId) {
        self.unjudge(id);
        lock(&self.watches.followers).retain(|(follows, _), _| follows != id);
    }

    /// The same, but for the output of what runs beside the app and is yet to end.
    pub(super) fn unwatch_app(&self, id: &DeploymentId) {
        self.unjudge(id);
        lock(&self.watches.followers).retain(|(follows, called), _| follows != id || called.contains('/'));
    }

    /// Ceases to judge and measure a deployment, whose end is then nothing to be mended; its output is still followed.
    pub(super) fn unjudge(&self, id: &DeploymentId) {
        if let Some(watch) = lock(&self.watches.watched).remove(id) {
            watch.end.cancel();
        }
    }

    /// Says what has to run beside a deployment that is watched.
    pub(super) fn judge_beside(&self, id: &DeploymentId, beside: Vec<Beside>) {
        if let Some(watch) = lock(&self.watches.watched).get(id) {
            *lock(&watch.beside) = beside;
            watch.changed.notify_one();
        }
    }

    /// Whether the output of that source is written to the log.
    pub(super) fn is_followed(&self, id: &DeploymentId, source: &str) -> bool {
        let followers = lock(&self.watches.followers);
        followers.get(&(id.clone(), source.to_owned())).is_some_and(|following| !following.task.is_finished())
    }

    /// Whether a deployment is watched.
    pub(super) fn is_watched(&self, id: &DeploymentId) -> bool {
        lock(&self.watches.watched).contains_key(id)
    }

    /// The last measurements of a deployment; empty where it is not watched.
    pub(super) fn recent(&self, id: &DeploymentId) -> Recent {
        lock(&self.watches.watched).get(id).map(|watch| lock(&watch.recent).clone()).unwrap_or_default()
    }

    /// Begins to write an instance's output to the log, from its beginning.
    pub(super) fn follow(
        self: &Arc<Self>,
        id: &DeploymentId,
        plan: &Plan,
        instance: &Instance,
        role: Role,
        redactor: &Arc<Redactor>,
    ) {
        self.follow_from(id, plan, instance, role, redactor, None);
    }

    /// Begins to write an instance's output to the log, after a position in it.
    pub(super) fn follow_from(
        self: &Arc<Self>,
        id: &DeploymentId,
        plan: &Plan,
        instance: &Instance,
        role: Role,
        redactor: &Arc<Redactor>,
        after: Option<u64>,
    ) {
        self.follow_as(id, plan, instance, (role, plan.key.app.clone()), redactor, after);
    }

    /// Begins to write the output of a process beside an app to the log, after a position in it.
    pub(super) fn follow_process(
        self: &Arc<Self>,
        id: &DeploymentId,
        plan: &Plan,
        instance: &Instance,
        process: &str,
        redactor: &Arc<Redactor>,
        after: Option<u64>,
    ) {
        self.follow_as(id, plan, instance, (Role::Beside, source(&plan.key.app, process)), redactor, after);
    }

    fn follow_as(
        self: &Arc<Self>,
        id: &DeploymentId,
        plan: &Plan,
        instance: &Instance,
        (role, source): (Role, String),
        redactor: &Arc<Redactor>,
        after: Option<u64>,
    ) {
        let called = if role == Role::Beside { source.clone() } else { role.as_str().to_owned() };
        let follower = follow::Follower {
            engine: Arc::clone(self),
            deployment: id.clone(),
            source,
            target: self.places.get(&plan.target),
            instance: instance.clone(),
            role,
            redactor: Arc::clone(redactor),
            lines: Arc::default(),
        };
        let lines = Arc::clone(&follower.lines);
        let following = Following { task: AbortOnDropHandle::new(self.spawn(follower.run(after))), lines };
        lock(&self.watches.followers).insert((id.clone(), called), following);
    }

    /// Waits until nothing more comes of the output of a deployment's stopped instances, but not for long,
    /// and ceases to follow it. A target says when an instance is gone, but not when it has printed its last line.
    pub(super) async fn last_words(&self, id: &DeploymentId) {
        let mut following = Vec::new();
        {
            let mut followers = lock(&self.watches.followers);
            let roles: Vec<_> = followers.keys().filter(|(follows, _)| follows == id).cloned().collect();
            following.extend(roles.iter().filter_map(|role| followers.remove(role)));
        }
        let written: Vec<_> = following.iter().map(|one| Arc::clone(&one.lines)).collect();
        let written = || written.iter().map(|lines| lines.load(Ordering::Relaxed)).sum::<u64>();
        let silence = async {
            let mut before = None;
            while before != Some(written()) {
                before = Some(written());
                tokio::time::sleep(SILENCE).await;
            }
        };
        let all_over = join_all(following.iter_mut().map(|one| &mut one.task));
        tokio::select! {
            _ = all_over => {}
            () = silence => {}
            // What comes later than this is not waited for.
            () = tokio::time::sleep(LAST_WORDS) => {}
        }
    }
}
