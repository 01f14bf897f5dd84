//! Source snapshots: a folder as one `tar.zst` file, back as a folder, or as the tar that a builder reads. And archives
//! that somebody gave, as a tree.
//!
//! All of it blocks on disks, so the work runs on blocking threads. A dropped future ends it at the next entry.

mod context;
mod error;
mod pack;
#[cfg(test)]
mod tests;
mod tree;
#[cfg(test)]
mod tree_tests;
mod unpack;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use context::{BuildContext, read_entry};
pub use error::ArchiveError;
pub use pack::{PackOptions, Packed, pack};
pub use tree::{ArchiveBounds, ArchiveTree};
pub use unpack::{Unpacked, unpack};

/// How many warnings are kept of one act.
const MAX_WARNINGS: usize = 100;

/// Warnings, bounded: the rest is counted.
#[derive(Debug, Default)]
struct Warnings {
    kept: Vec<String>,
    more: usize,
}

impl Warnings {
    fn add(&mut self, path: &Path, what: &str) {
        if self.kept.len() < MAX_WARNINGS {
            self.kept.push(format!("{}: {what}", path.display()));
        } else {
            self.more += 1;
        }
    }

    fn into_lines(mut self) -> Vec<String> {
        if self.more > 0 {
            self.kept.push(format!("and {} more", self.more));
        }
        self.kept
    }
}

/// Told to the work on a blocking thread when nobody waits for it any more.
#[derive(Clone, Debug, Default)]
struct Cancel(Arc<AtomicBool>);

impl Cancel {
    fn check(&self) -> Result<(), ArchiveError> {
        if self.0.load(Ordering::Relaxed) { Err(ArchiveError::Cancelled) } else { Ok(()) }
    }
}

/// Runs `work` on a blocking thread; dropping the future cancels it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&Cancel) -> Result<T, ArchiveError> + Send + 'static,
) -> Result<T, ArchiveError> {
    struct OnDrop(Cancel);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.0.store(true, Ordering::Relaxed);
        }
    }
    let guard = OnDrop(Cancel::default());
    let cancel = guard.0.clone();
    tokio::task::spawn_blocking(move || work(&cancel)).await.unwrap_or(Err(ArchiveError::Cancelled))
}

/// The parts of a relative path, or nothing where it is absolute or leaves its root.
fn safe_parts(path: &Path) -> Option<Vec<&std::ffi::OsStr>> {
    use std::path::Component;
    let parts = path.components().filter(|part| *part != Component::CurDir);
    parts
        .map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect()
}
