//! Identifiers: short enough to type, ordered by the time they were made.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Timestamp;

/// Crockford's base 32 in lower case: no i, l, o, u, and its order is that of the bytes.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TIME_DIGITS: usize = 9;
const RANDOM_DIGITS: usize = 4;

/// Nine digits of milliseconds (enough until the year 3084), then four of chance.
fn encode(at: Timestamp, random: u32) -> String {
    let digit = |value: u64, place: usize| char::from(ALPHABET[((value >> (5 * place)) & 31) as usize]);
    let time = (0..TIME_DIGITS).rev().map(|place| digit(at.as_millis(), place));
    let chance = (0..RANDOM_DIGITS).rev().map(|place| digit(u64::from(random), place));
    time.chain(chance).collect()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        pub struct $name(String);

        impl $name {
            /// A new identifier for something made `at` this moment; only the low 20 bits of `random` count.
            #[must_use]
            pub fn new(at: Timestamp, random: u32) -> Self {
                Self(encode(at, random))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        /// Takes any text: an identifier that does not exist is found out where it is looked up.
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

id!(
    /// Names a [`Project`](super::Project).
    ProjectId
);
id!(
    /// Names a [`Deployment`](super::Deployment).
    DeploymentId
);
id!(
    /// Names a [`Job`](super::Job).
    JobId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ones_sort_behind_earlier_ones() {
        let id = |at, random| DeploymentId::new(Timestamp::from_millis(at), random);
        assert!(id(1_764_000_000_000, u32::MAX) < id(1_764_000_000_001, 0));
        assert_ne!(id(5, 1), id(5, 2));
        assert_eq!(id(5, 1).as_str().len(), 13);
    }
}
