//! The targets that are in use, one object each.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::model::{TargetKind, TargetRef};
use crate::targets::Target;
use crate::targets::docker::DockerTarget;
use crate::targets::process::ProcessTarget;

/// Makes and keeps the targets.
#[derive(Debug)]
pub(super) struct Places {
    data_dir: PathBuf,
    executable: PathBuf,
    mark: String,
    known: Mutex<HashMap<TargetRef, Arc<dyn Target>>>,
}

impl Places {
    /// `executable` is this program: the process target starts its supervisors with it.
    pub(super) fn new(data_dir: &Path, executable: PathBuf) -> Self {
        Self { mark: mark_of(data_dir), data_dir: data_dir.to_owned(), executable, known: Mutex::new(HashMap::new()) }
    }

    /// The target; it connects only when it is used.
    pub(super) fn get(&self, target: &TargetRef) -> Arc<dyn Target> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(target.clone()).or_insert_with(|| self.make(target)))
    }

    /// The targets that were asked for so far.
    pub(super) fn known(&self) -> Vec<TargetRef> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn make(&self, target: &TargetRef) -> Arc<dyn Target> {
        match target.kind {
            TargetKind::Docker => Arc::new(DockerTarget::new(target.clone(), self.mark.clone())),
            TargetKind::Process => {
                Arc::new(ProcessTarget::new(&self.data_dir, self.mark.clone(), self.executable.clone()))
            }
        }
    }
}

/// Tells what belongs to this data folder from what belongs to another's engine on the same target.
fn mark_of(data_dir: &Path) -> String {
    format!("{:016x}", number_of(data_dir))
}

/// A number that is this data folder's own.
pub(super) fn number_of(data_dir: &Path) -> u64 {
    let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    let head: [u8; 8] = std::array::from_fn(|place| digest[place]);
    u64::from_be_bytes(head)
}
