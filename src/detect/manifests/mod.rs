//! Readers of manifests and lock files, one format a file.

pub(super) mod node_locks;
pub(super) mod package_json;
