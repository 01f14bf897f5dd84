//! The machine: files, git, child processes, the network, the clock.

pub mod account;
pub mod archive;
mod beneath;
pub mod chance;
pub mod clock;
pub mod docker_host;
pub mod git;
pub mod http;
mod ignores;
pub mod listeners;
pub mod own_templates;
pub mod paths;
pub mod process;
pub mod project_files;
pub mod resilience;
pub mod tree;
mod walk;
