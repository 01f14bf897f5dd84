//! What a port, a release and a running instance belong to.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Environment, ProjectId};

/// One app of one project in one environment. At most one deployment of a key is live, and deployments of the
/// same key run one after the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct AppKey {
    /// The project.
    pub project: ProjectId,
    /// The app's name: unique in its project, a DNS label (`a-z0-9-`, at most 40 characters).
    pub app: String,
    /// The environment.
    pub environment: Environment,
}

impl fmt::Display for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.project, self.app, self.environment)
    }
}
