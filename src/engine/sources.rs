//! The source snapshots, by their digest: equal sources are kept once.

use std::path::{Path, PathBuf};

use super::error::EngineError;
use crate::model::BuildPlan;
use crate::os::archive::{self, PackOptions, Packed};
use crate::os::chance;

/// Where snapshots are kept.
#[derive(Debug)]
pub(super) struct Sources {
    folder: PathBuf,
}

impl Sources {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the snapshot of that digest is, or would be.
    pub(super) fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.tar.zst"))
    }

    /// Whether the snapshot is there.
    pub(super) fn has(&self, digest: &str) -> bool {
        self.path(digest).is_file()
    }

    /// Packs a project's folder, without what the build's ignore list names.
    pub(super) async fn pack(&self, root: &Path, build: &BuildPlan) -> Result<Packed, EngineError> {
        let options =
            PackOptions { ignore: ignore_list(root, build).await, keep: kept(build), ..PackOptions::default() };
        let fresh = self.folder.join(format!("new-{:08x}", chance::number()));
        let packed = archive::pack(root, &options, &fresh).await.map_err(|error| error.problem())?;
        let place = self.path(&packed.digest);
        let io = |error| EngineError::Io { action: format!("keep the source in {}", self.folder.display()), error };
        tokio::fs::rename(&fresh, &place).await.map_err(io)?;
        Ok(packed)
    }

    /// Removes a snapshot; one that is not there is no error.
    pub(super) async fn remove(&self, digest: &str) {
        if let Err(error) = tokio::fs::remove_file(self.path(digest)).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%digest, %error, "a source could not be removed");
        }
    }
}

/// The Dockerfile goes in whatever the list says: the builder needs it.
fn kept(build: &BuildPlan) -> Vec<String> {
    vec![build.dockerfile.clone()]
}

/// The list that counts for the build: the one beside the Dockerfile, else that of the context; the project's own, else
/// the generated one. Its patterns are relative to the build's context.
async fn ignore_list(root: &Path, build: &BuildPlan) -> String {
    let context = build.context.trim_matches('/').trim_start_matches("./");
    let inside = if context == "." { "" } else { context };
    let of_context = if inside.is_empty() { ".dockerignore".to_owned() } else { format!("{inside}/.dockerignore") };
    for path in [format!("{}.dockerignore", build.dockerfile), of_context] {
        let generated = build.artifacts.iter().find(|artifact| artifact.path == path);
        let text = match generated {
            Some(artifact) => Some(artifact.content.clone()),
            None => tokio::fs::read_to_string(root.join(&path)).await.ok(),
        };
        if let Some(text) = text {
            return if inside.is_empty() { text } else { below(inside, &text) };
        }
    }
    String::new()
}

/// The same patterns for a folder above.
fn below(context: &str, text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| match line.strip_prefix('!') {
            Some(pattern) => format!("!{context}/{}\n", pattern.trim_start_matches('/')),
            None => format!("{context}/{}\n", line.trim_start_matches('/')),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn patterns_are_moved_below_the_context() {
        assert_eq!(
            below("web", "# c\nnode_modules\n!/keep\n\n**/*.log"),
            "web/node_modules\n!web/keep\nweb/**/*.log\n"
        );
    }
}
