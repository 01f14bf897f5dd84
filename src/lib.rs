//! Wharf: from a folder of code to a running, watched deployment.
//!
//! ARCHITECTURE.md has the map; `tests/layers.rs` holds who may import whom.

pub mod advisories;
pub mod api;
pub mod cli;
pub mod detect;
pub mod diagnose;
pub mod engine;
pub mod generate;
pub mod model;
pub mod os;
pub mod registry;
pub mod secrets;
pub mod store;
pub mod targets;
pub mod tui;
pub mod validate;
