//! A file tree in memory.

use std::collections::BTreeMap;

use crate::model::{FileTree, ReadError, Warning};

/// Files that lie in memory: for tests, and for what comes out of an archive.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    paths: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryTree {
    /// A tree of these files. Paths are relative, with `/`.
    pub fn new<P: Into<String>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        let files: BTreeMap<String, Vec<u8>> =
            files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect();
        Self { paths: files.keys().cloned().collect(), files }
    }
}

impl FileTree for MemoryTree {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.files.get(path).cloned().ok_or(ReadError::Missing)
    }

    fn warnings(&self) -> &[Warning] {
        &[]
    }
}
