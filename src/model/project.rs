//! A folder of code that Wharf knows.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ProjectId, Source, Timestamp};

/// A folder of code that Wharf knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// Its identifier.
    pub id: ProjectId,
    /// Its name: the folder's, made a DNS label and unique (`shop`, `shop-2`).
    pub name: String,
    /// Where its code is: the user's folder, or the engine's clone of a git repository.
    #[schema(value_type = String)]
    pub root: PathBuf,
    /// Where it came from.
    pub source: Source,
    /// When it became known.
    pub added_at: Timestamp,
    /// The account that added it.
    pub added_by: String,
}
