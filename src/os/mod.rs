//! The machine: files, git, child processes, the network, the clock.

pub mod process;
