//! The machine: files, git, child processes, the network, the clock.

pub mod archive;
pub mod docker_host;
pub mod dockerignore;
pub mod process;
