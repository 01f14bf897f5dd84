//! What was asked for, with a bound on how much of it is kept.

use std::collections::{BTreeMap, VecDeque};

use crate::model::Problem;

/// Something that the engine knows and that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Remote<T> {
    /// It is on its way.
    Loading,
    /// It is here.
    Ready(T),
    /// It could not be had.
    Failed(Problem),
}

impl<T> From<Result<T, Problem>> for Remote<T> {
    fn from(result: Result<T, Problem>) -> Self {
        match result {
            Ok(value) => Self::Ready(value),
            Err(problem) => Self::Failed(problem),
        }
    }
}

/// A map that forgets what was put into it longest ago.
#[derive(Clone, Debug)]
pub(crate) struct Cache<K, V> {
    values: BTreeMap<K, V>,
    order: VecDeque<K>,
    bound: usize,
}

impl<K: Ord + Clone, V> Cache<K, V> {
    pub(crate) const fn new(bound: usize) -> Self {
        Self { values: BTreeMap::new(), order: VecDeque::new(), bound }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key)
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.values.contains_key(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
            while self.order.len() > self.bound {
                if let Some(oldest) = self.order.pop_front() {
                    self.values.remove(&oldest);
                }
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if self.values.remove(key).is_some() {
            self.order.retain(|kept| kept != key);
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.values.retain(|key, _| keep(key));
        self.order.retain(keep);
    }

    /// The value of a key, made where there is none.
    pub(crate) fn entry(&mut self, key: &K, make: impl FnOnce() -> V) -> Option<&mut V> {
        if !self.contains(key) {
            self.insert(key.clone(), make());
        }
        self.values.get_mut(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest() {
        let mut cache = Cache::new(2);
        for key in [1, 2, 2, 3] {
            cache.insert(key, key * 10);
        }
        assert_eq!((cache.get(&1), cache.get(&2), cache.get(&3)), (None, Some(&20), Some(&30)));
        cache.remove(&2);
        cache.insert(4, 40);
        assert!(cache.contains(&3) && cache.contains(&4));
    }
}
