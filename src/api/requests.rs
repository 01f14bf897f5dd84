//! The questions of those routes that need more than a word of the model.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::model::ProjectId;

/// Which project is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FindQuery {
    /// Its id, its name, or its absolute path.
    pub project: String,
}

/// How to look at a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct DetectionQuery {
    /// Look again, even where nothing seems to have changed.
    pub fresh: bool,
}

/// Asks to look at a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DetectRequest {
    /// The project.
    pub project: ProjectId,
    /// Look again, even where nothing seems to have changed.
    #[serde(default)]
    pub fresh: bool,
}

/// Which vulnerabilities to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct VulnerabilityQuery {
    /// Only this app's, by its name or path; null for all.
    pub app: Option<String>,
    /// Ask again, even where an answer is kept.
    pub fresh: bool,
}
