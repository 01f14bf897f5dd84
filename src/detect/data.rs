//! Texts, lists and tables of the data: constants of the program, or read from a file as it runs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// A text.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(super) struct Text(pub(super) Cow<'static, str>);

/// Several of a kind, in order.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct List<T: Clone + 'static>(pub(super) Cow<'static, [T]>);

/// What stands behind each of several words, in the order of the words.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(from = "BTreeMap<Text, V>", bound(deserialize = "V: Deserialize<'de>"))]
pub(super) struct Table<V: Clone + 'static>(pub(super) List<(Text, V)>);

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Cow::Owned(text.to_owned()))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

impl PartialEq<Text> for &str {
    fn eq(&self, other: &Text) -> bool {
        other.0 == *self
    }
}

impl PartialEq<Text> for String {
    fn eq(&self, other: &Text) -> bool {
        other.0 == *self
    }
}

impl From<&Text> for String {
    fn from(text: &Text) -> Self {
        text.as_str().to_owned()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<T: Clone> List<T> {
    /// To be changed.
    pub(super) fn to_mut(&mut self) -> &mut Vec<T> {
        self.0.to_mut()
    }
}

impl<T: Clone> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Clone> Default for List<T> {
    fn default() -> Self {
        Self(Cow::Borrowed(&[]))
    }
}

impl<T: Clone + fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<T: Clone, I: Into<T>> FromIterator<I> for List<T> {
    fn from_iter<L: IntoIterator<Item = I>>(all: L) -> Self {
        Self(all.into_iter().map(Into::into).collect())
    }
}

impl<'a, T: Clone> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<V: Clone> Table<V> {
    /// What stands behind a word.
    pub(super) fn get(&self, word: &str) -> Option<&V> {
        let place = self.place(word).ok()?;
        Some(&self.0[place].1)
    }

    /// The words, each with what stands behind it.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &V)> {
        self.0.iter().map(|(word, value)| (word.as_str(), value))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands behind a word, to be changed; what `new` gives where nothing does.
    pub(super) fn entry(&mut self, word: &str, new: impl FnOnce() -> V) -> &mut V {
        let place = self.place(word);
        let table = self.0.to_mut();
        let place = place.unwrap_or_else(|place| {
            table.insert(place, (word.into(), new()));
            place
        });
        &mut table[place].1
    }

    /// Takes from another what stands behind words that are not here.
    pub(super) fn fill(&mut self, other: &Self) {
        for (word, value) in other.iter() {
            self.entry(word, || value.clone());
        }
    }

    fn place(&self, word: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(word))
    }
}

impl<V: Clone> Default for Table<V> {
    fn default() -> Self {
        Self(List::default())
    }
}

impl<V: Clone> From<BTreeMap<Text, V>> for Table<V> {
    fn from(read: BTreeMap<Text, V>) -> Self {
        Self(read.into_iter().collect())
    }
}

#[cfg(test)]
impl<V: Clone, const N: usize> From<[(&str, V); N]> for Table<V> {
    fn from(pairs: [(&str, V); N]) -> Self {
        BTreeMap::from(pairs.map(|(word, value)| (word.into(), value))).into()
    }
}
