//! Who works with the engine.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Timestamp;

/// An account of the machine that has used this engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// The account's number on the machine.
    pub uid: u32,
    /// The account's name.
    pub name: String,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen; to the hour.
    pub last_seen: Timestamp,
}
