//! Readers of manifests and lock files, one format a file. Those that are plain JSON, TOML or YAML need none.

pub(super) mod cabal;
pub(super) mod edn;
pub(super) mod gemfile;
pub(super) mod go_mod;
pub(super) mod gradle;
pub(super) mod mix;
pub(super) mod node_locks;
pub(super) mod package_json;
pub(super) mod package_lock;
pub(super) mod requirements;
pub(super) mod sbt;
pub(super) mod xml;
