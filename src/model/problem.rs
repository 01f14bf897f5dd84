//! The one shape of an error that a person sees.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What kind of failure it is; decides the exit code and the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProblemCode {
    /// The thing asked for failed or was cancelled. Exit code 1.
    Failed,
    /// The request makes no sense. Exit code 2.
    Usage,
    /// Something named is not there. Exit code 3.
    NotFound,
    /// The engine or Docker does not answer. Exit code 4.
    Unreachable,
    /// Permission or conflict. Exit code 5.
    Refused,
}

impl ProblemCode {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Unreachable => 4,
            Self::Refused => 5,
        }
    }
}

/// An error for a tired operator: what happened, why, what to do.
///
/// Each layer has its own error enum, and turns it into this where it leaves the layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The kind.
    pub code: ProblemCode,
    /// A stable slug for scripts and for the assistant, such as `port-in-use`.
    pub cause: String,
    /// What happened, one sentence without a full stop.
    pub message: String,
    /// Why, where it is known; may hold the words of the system.
    pub why: String,
    /// What to do about it; one sentence or command.
    pub fix: String,
}

impl Problem {
    /// A problem with what happened; add the rest with [`why`](Self::why) and [`fix`](Self::fix).
    pub fn new(code: ProblemCode, cause: &str, message: impl Into<String>) -> Self {
        Self { code, cause: cause.to_owned(), message: message.into(), why: String::new(), fix: String::new() }
    }

    /// Says why it happened.
    #[must_use]
    pub fn why(mut self, why: impl fmt::Display) -> Self {
        self.why = why.to_string();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.why.is_empty() {
            write!(f, "\n  why: {}", self.why)?;
        }
        if !self.fix.is_empty() {
            write!(f, "\n  try: {}", self.fix)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
