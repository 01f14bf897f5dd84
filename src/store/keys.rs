//! How things are named in the store.
//!
//! A key is the table's name, a slash and the parts. A part that others follow is behind its length, so that no text
//! in it can be taken for the next part; the last part stands as it is and decides the order.

use crate::model::{AppKey, Environment};

/// A key in the making.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(Vec<u8>);

impl Key {
    /// All of a table.
    pub(super) fn of(table: &str) -> Self {
        Self([table.as_bytes(), b"/"].concat())
    }

    /// With a part that others follow.
    pub(super) fn part(mut self, text: &str) -> Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.0.extend(length.to_be_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    /// With a single byte.
    pub(super) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// With an app's key.
    pub(super) fn app(self, key: &AppKey) -> Self {
        self.part(key.project.as_str()).part(&key.app).byte(environment(key.environment))
    }

    /// With the last part, text.
    pub(super) fn last(mut self, text: &str) -> Self {
        self.0.extend(text.as_bytes());
        self
    }

    /// With the last part, a number that sorts as numbers do.
    pub(super) fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    /// With the last part, another key.
    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// A key that was read from the store.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The last part of `key`, whose beginning is this.
    pub(super) fn rest<'a>(&self, key: &'a [u8]) -> &'a [u8] {
        key.get(self.0.len()..).unwrap_or_default()
    }
}

/// An environment as a byte. Stored: never change one.
pub(super) const fn environment(environment: Environment) -> u8 {
    match environment {
        Environment::Development => 0,
        Environment::Staging => 1,
        Environment::Production => 2,
    }
}

/// The last part of a key as text.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The last part of a key as a number.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_in_a_part_reaches_into_the_next() {
        let key = |a, b| Key::of("t").part(a).part(b);
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert_ne!(key("a\0", ""), key("a", "\0"));
        let all_of_a = Key::of("t").part("a");
        assert!(!key("ab", "c").bytes().starts_with(all_of_a.bytes()));
        assert!(key("a", "bc").bytes().starts_with(all_of_a.bytes()));
    }

    #[test]
    fn numbers_sort_as_numbers() {
        let at = |number| Key::of("t").number(number);
        assert!(at(9) < at(10) && at(255) < at(256));
        assert_eq!(number(Key::of("t").rest(at(77).bytes())), 77);
    }
}
