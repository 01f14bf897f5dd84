//! The machine: disks, processes, the network, the clock.

pub mod archive;
pub mod docker_host;
pub mod dockerignore;
