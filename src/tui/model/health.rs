//! Measurements of one deployment, with a bound.

use std::collections::VecDeque;

use crate::model::{HealthSample, Sample, Timestamp};

/// How many measurements are kept of each kind: five minutes at one a second.
const KEPT: usize = 300;

/// The measurements of one deployment, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Book {
    pub(crate) samples: VecDeque<Sample>,
    pub(crate) checks: VecDeque<HealthSample>,
}

/// The values of one measure, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series {
    pub(crate) values: Vec<f64>,
}

impl Series {
    pub(crate) fn last(&self) -> Option<f64> {
        self.values.last().copied()
    }

    pub(crate) fn max(&self) -> f64 {
        self.values.iter().copied().fold(0.0, f64::max)
    }

    pub(crate) fn mean(&self) -> f64 {
        if self.values.is_empty() { 0.0 } else { self.values.iter().sum::<f64>() / self.values.len() as f64 }
    }
}

impl Book {
    pub(crate) fn add_sample(&mut self, sample: Sample) {
        insert(&mut self.samples, sample, |sample| sample.at);
    }

    pub(crate) fn add_check(&mut self, check: HealthSample) {
        insert(&mut self.checks, check, |check| check.at);
    }

    pub(crate) fn cpu(&self) -> Series {
        Series { values: self.samples.iter().map(|sample| sample.cpu_percent).collect() }
    }

    pub(crate) fn memory(&self) -> Series {
        Series { values: self.samples.iter().map(|sample| sample.memory_bytes as f64).collect() }
    }

    /// Bytes a second received; empty where the target cannot tell.
    pub(crate) fn received(&self) -> Series {
        self.rate(|sample| sample.network_rx)
    }

    /// Bytes a second sent; empty where the target cannot tell.
    pub(crate) fn sent(&self) -> Series {
        self.rate(|sample| sample.network_tx)
    }

    /// Milliseconds until the answers that came.
    pub(crate) fn latency(&self) -> Series {
        Series { values: self.checks.iter().map(|check| check.latency_ms.unwrap_or_default()).collect() }
    }

    /// How many of the checks were good, 0 to 1; null without any.
    pub(crate) fn availability(&self) -> Option<f64> {
        let good = self.checks.iter().filter(|check| check.ok).count();
        (!self.checks.is_empty()).then(|| good as f64 / self.checks.len() as f64)
    }

    fn rate(&self, counter: impl Fn(&Sample) -> Option<u64>) -> Series {
        let pairs = self.samples.iter().zip(self.samples.iter().skip(1));
        let rate = |(before, after): (&Sample, &Sample)| {
            let seconds = after.at.since(before.at).as_secs_f64();
            let more = counter(after)?.saturating_sub(counter(before)?);
            (seconds > 0.0).then(|| more as f64 / seconds)
        };
        Series { values: pairs.filter_map(rate).collect() }
    }
}

/// Puts a measurement in its place by time: the stored ones may come after the first live ones.
fn insert<T>(kept: &mut VecDeque<T>, value: T, at: impl Fn(&T) -> Timestamp) {
    let place = kept.partition_point(|other| at(other) < at(&value));
    if kept.get(place).is_some_and(|other| at(other) == at(&value)) {
        return;
    }
    kept.insert(place, value);
    if kept.len() > KEPT {
        kept.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(second: u64, rx: u64) -> Sample {
        Sample { at: Timestamp::from_millis(second * 1000), network_rx: Some(rx), ..Sample::default() }
    }

    #[test]
    fn keeps_the_newest_in_order_and_once() {
        let mut book = Book::default();
        for second in [5, 6, 1, 5] {
            book.add_sample(sample(second, second * 100));
        }
        assert_eq!(book.samples.iter().map(|s| s.at.as_millis()).collect::<Vec<_>>(), [1000, 5000, 6000]);
        assert_eq!(book.received().values, [100.0, 100.0]);
        for second in 10..1000 {
            book.add_sample(sample(second, 0));
        }
        assert_eq!(book.samples.len(), KEPT);
        assert_eq!(book.sent().values, Vec::<f64>::new());
    }
}
