//! Measurements of what runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Timestamp;

/// What an instance used at a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// Percent of one core; 150 is one and a half cores.
    pub cpu_percent: f64,
    /// The working set in bytes.
    pub memory_bytes: u64,
    /// The limit in bytes; null where there is none.
    pub memory_limit: Option<u64>,
    /// Bytes received since it started; null where the target cannot tell.
    pub network_rx: Option<u64>,
    /// Bytes sent since it started; null where the target cannot tell.
    pub network_tx: Option<u64>,
    /// Bytes read from disks since it started.
    pub disk_read: u64,
    /// Bytes written to disks since it started.
    pub disk_write: u64,
}

/// One health check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HealthSample {
    /// When.
    pub at: Timestamp,
    /// Whether it was good.
    pub ok: bool,
    /// Milliseconds until the answer; null where none came.
    pub latency_ms: Option<f64>,
    /// What it answered: `200 OK`, `connection refused`.
    pub detail: String,
}
