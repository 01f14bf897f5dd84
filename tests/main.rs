//! The integration tests: one crate, a file for each subject.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers fail the test by panicking")]

mod checks;
mod cli;
mod control_center;
mod demos;
mod detect;
mod docker_target;
mod engine_process;
mod fuzz;
mod generation;
mod kept;
mod kills;
mod kinds;
mod layers;
mod life;
mod outside;
mod own_templates;
mod pipelines;
mod plans;
mod ports;
mod process_demos;
mod process_target;
mod properties_deploy;
mod properties_generate;
mod properties_pipelines;
mod properties_plan;
mod properties_ports;
mod properties_store;
mod regenerate;
mod starts;
mod store_full;
mod store_kill;
mod support;
mod terraform;
mod told;
mod vulnerabilities;
