//! Times and their middle.

use std::time::{Duration, Instant};

/// How long it took, and what came of it.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let outcome = work();
    (start.elapsed(), outcome)
}

/// The middle one of several times: others use this machine too.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The middle of what each of the first took longer than its neighbour, in seconds; less than nothing where it was
/// quicker.
pub(crate) fn median_over(times: &[Duration], others: &[Duration]) -> f64 {
    let mut over: Vec<f64> = times.iter().zip(others).map(|(a, b)| a.as_secs_f64() - b.as_secs_f64()).collect();
    over.sort_by(f64::total_cmp);
    over[over.len() / 2]
}

/// `12.3 ms`
pub(crate) fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// `1.23 s`
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
