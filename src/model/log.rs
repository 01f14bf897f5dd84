//! Lines of output.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeploymentId, StepName, Timestamp};

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogStream {
    /// The standard output of a build or an app.
    Stdout,
    /// Its standard error.
    Stderr,
    /// Wharf itself.
    Wharf,
}

/// One line of a build's, a step's or an app's output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// Its place in the deployment's log, from 1 without gaps; the cursor for resuming.
    pub cursor: u64,
    /// When it was read.
    pub at: Timestamp,
    /// The deployment.
    pub deployment: DeploymentId,
    /// The app's or the service's name.
    pub source: String,
    /// The step that printed it; null for the running app.
    pub step: Option<StepName>,
    /// Where it came from.
    pub stream: LogStream,
    /// The line without its end; at most 16 KiB, cut with `…` where it was longer. Secrets are redacted.
    pub text: String,
}
