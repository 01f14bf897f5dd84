//! Ports on the host and who holds them.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AppKey, DeploymentId, Timestamp};

/// The ports that Wharf gives out.
pub const PORT_RANGE: RangeInclusive<u16> = 20_000..=40_000;

/// Who holds a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PortHolder {
    /// An app, across all its deployments, until it is deleted.
    App(AppKey),
    /// A deployment whose new instance must prove itself beside the old one, until it has switched or failed.
    Candidate(DeploymentId),
    /// A person.
    Manual {
        /// What for.
        note: String,
    },
}

/// A port that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortLease {
    /// The port, within [`PORT_RANGE`].
    pub port: u16,
    /// Who holds it.
    pub holder: PortHolder,
    /// Since when.
    pub since: Timestamp,
}
