//! Where in its life an app runs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Development, staging or production.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// On one's own machine; what a command means when nothing is said.
    #[default]
    Development,
    /// The rehearsal.
    Staging,
    /// What the users see.
    Production,
}

impl Environment {
    /// All three, in the order that a change passes them.
    pub const ALL: [Self; 3] = [Self::Development, Self::Staging, Self::Production];

    /// The word used in commands, JSON and labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Environment {
    type Err = String;

    /// Takes the word or its usual short form (`dev`, `stage`, `prod`).
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "development" | "dev" => Ok(Self::Development),
            "staging" | "stage" => Ok(Self::Staging),
            "production" | "prod" => Ok(Self::Production),
            _ => Err(format!("“{text}” is no environment: use development, staging or production")),
        }
    }
}
