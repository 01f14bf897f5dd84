//! Measures what an app uses, while somebody looks.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::watch;

use super::{Watch, keep, lock};
use crate::engine::Inner;
use crate::model::{DeploymentId, EventKind};
use crate::targets::Target;

/// Until measuring is tried again where the target does not measure.
const AGAIN: Duration = Duration::from_secs(5);

impl Inner {
    /// Passes the target's samples on for as long as there are listeners.
    pub(super) async fn measure(self: Arc<Self>, id: DeploymentId, target: Arc<dyn Target>, watch: Watch) {
        let mut listeners = self.bus.listeners();
        let measuring = async {
            loop {
                until(&mut listeners, |count| count > 0).await;
                let mut leaving = listeners.clone();
                tokio::select! {
                    () = until(&mut leaving, |count| count == 0) => {}
                    () = self.pass_on(&id, &*target, &watch) => tokio::time::sleep(AGAIN).await,
                }
            }
        };
        tokio::select! {
            () = watch.end.cancelled() => {}
            () = measuring => {}
        }
    }

    async fn pass_on(&self, id: &DeploymentId, target: &dyn Target, watch: &Watch) {
        let Ok(mut samples) = target.samples(&watch.instance).await else { return };
        while let Some(Ok(sample)) = samples.next().await {
            keep(&mut lock(&watch.recent).samples, sample.clone());
            self.tell(EventKind::Sample { deployment: id.clone(), sample });
        }
    }
}

async fn until(listeners: &mut watch::Receiver<usize>, enough: impl Fn(usize) -> bool + Send) {
    // Its sender lives as long as the engine.
    let _ = listeners.wait_for(|count| enough(*count)).await.map(drop);
}
