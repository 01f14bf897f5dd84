//! Keeps what can be rolled back to.

use super::Run;
use crate::engine::error::EngineError;
use crate::model::Release;
use crate::os::clock;

/// So many releases keep their image and source.
const KEPT: usize = 10;

impl Run {
    /// Records this deployment as the app's next release; returns its number.
    pub(super) async fn keep_release(&self) -> Result<u32, EngineError> {
        let deployment = self.engine.deployment_record(&self.id).await?;
        // Begun again after the engine's end it may have its number already.
        if let Some(number) = deployment.release {
            return Ok(number);
        }
        let release = Release {
            key: self.key.clone(),
            number: 0,
            deployment: self.id.clone(),
            image: deployment.image,
            artifacts: self.plan.build.artifacts.clone(),
            commit: deployment.commit,
            source: deployment.source,
            created_at: clock::now(),
        };
        Ok(self.engine.store.add_release(&release).await?.number)
    }

    /// Removes images and sources of releases that are too old, where no newer one uses the same.
    pub(super) async fn drop_old_releases(&self) -> Result<(), EngineError> {
        let releases = self.engine.store.releases(&self.key).await?;
        let (kept, old) = releases.split_at(releases.len().min(KEPT));
        for release in old.iter().filter(|release| release.image.is_some() || release.source.is_some()) {
            let mut bare = release.clone();
            if let Some(image) = bare.image.take()
                && kept.iter().all(|kept| kept.image.as_ref() != Some(&image))
            {
                self.target.remove_image(&image).await?;
            }
            let source = bare.source.take();
            self.engine.store.update_release(&bare).await?;
            if let Some(digest) = source {
                self.engine.drop_source(&digest, &self.key).await?;
            }
        }
        Ok(())
    }
}
