//! What a process has used, as the kernel counts it.

use std::fs;
use std::time::{Duration, Instant};

/// The CPU time that a process has used, over all of its threads.
fn cpu(pid: u32) -> Duration {
    // The name may hold anything, so it is read from behind it; the kernel counts in hundredths of a second.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks = |index: usize| fields[index].parse::<u64>().unwrap();
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

/// What a process used of one core during `span`, in percent.
pub(crate) fn cpu_percent(pid: u32, span: Duration) -> f64 {
    let (before, start) = (cpu(pid), Instant::now());
    std::thread::sleep(span);
    cpu(pid).saturating_sub(before).as_secs_f64() / start.elapsed().as_secs_f64() * 100.0
}

/// Its memory that is in RAM, in MB (of a million bytes).
pub(crate) fn resident_mb(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0 / 1e6
}
