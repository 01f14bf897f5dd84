//! What a container uses of the machine.

use bollard::models::{ContainerBlkioStatEntry, ContainerMemoryStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::TargetError;
use super::connect::{Engine, is_conflict, is_missing};
use super::lifetime::Lifetime;
use super::stream::fed;
use crate::model::{Sample, Timestamp};

/// About one sample a second while the container runs, until it is gone.
pub(super) fn follow(engine: Engine, id: String) -> BoxStream<'static, Result<Sample, TargetError>> {
    fed(move |feed| async move {
        let mut lifetime = Lifetime::new(&engine, &id);
        while let Some(container) = lifetime.next_run().await? {
            // Without a limit Docker tells the machine's memory.
            let limit = container.host_config.and_then(|host| host.memory).filter(|limit| *limit > 0);
            let limit = limit.and_then(|limit| u64::try_from(limit).ok());
            let options = StatsOptionsBuilder::default().stream(true).build();
            let mut stats = Box::pin(engine.docker.stats(&id, Some(options)));
            while let Some(answer) = stats.next().await {
                match answer {
                    Ok(answer) => {
                        if let Some(sample) = sample(&answer, limit) {
                            feed.give(sample).await;
                        }
                    }
                    Err(error) if is_missing(&error) || is_conflict(&error) => return Ok(()),
                    Err(error) => return Err(engine.failed("read the usage", error)),
                }
            }
        }
        Ok(())
    })
}

/// What Docker tells as a sample; nothing for the first answer of a run, which has nothing to compare with, and for
/// those of a container that does not run.
fn sample(stats: &ContainerStatsResponse, limit: Option<u64>) -> Option<Sample> {
    let (read, before) = (stats.read?, stats.preread?);
    let used = |stats: &Option<bollard::models::ContainerCpuStats>| stats.as_ref()?.cpu_usage.as_ref()?.total_usage;
    let (now, then) = (used(&stats.cpu_stats)?, used(&stats.precpu_stats)?);
    let span = (read - before).whole_nanoseconds();
    // A year is no span between two samples: Docker writes the year 1 where there was none.
    if before.year() < 1970 || span <= 0 {
        return None;
    }
    let networks = stats.networks.as_ref();
    let sum = |count: fn(&bollard::models::ContainerNetworkStats) -> Option<u64>| {
        networks.map(|networks| networks.values().filter_map(count).sum())
    };
    let disks = stats.blkio_stats.as_ref().and_then(|disks| disks.io_service_bytes_recursive.as_deref());
    Some(Sample {
        at: Timestamp::from_millis(u64::try_from(read.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)),
        cpu_percent: now.saturating_sub(then) as f64 / span as f64 * 100.0,
        memory_bytes: working_set(stats.memory_stats.as_ref()?)?,
        memory_limit: limit,
        network_rx: sum(|network| network.rx_bytes),
        network_tx: sum(|network| network.tx_bytes),
        disk_read: disk_bytes(disks.unwrap_or_default(), "read"),
        disk_write: disk_bytes(disks.unwrap_or_default(), "write"),
    })
}

/// What is used without what the kernel can take back: pages of files that were not touched lately. Cgroups of version
/// 1 count those of sub-groups under another name.
fn working_set(memory: &ContainerMemoryStats) -> Option<u64> {
    let stats = memory.stats.as_ref();
    let idle = stats.and_then(|stats| stats.get("total_inactive_file").or_else(|| stats.get("inactive_file")));
    Some(memory.usage?.saturating_sub(idle.copied().unwrap_or(0)))
}

/// Cgroups of version 1 write `Read`, those of version 2 `read`.
fn disk_bytes(entries: &[ContainerBlkioStatEntry], op: &str) -> u64 {
    let same = |entry: &&ContainerBlkioStatEntry| entry.op.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(op));
    entries.iter().filter(same).filter_map(|entry| entry.value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(stats: serde_json::Value) -> Option<Sample> {
        sample(&serde_json::from_value(stats).unwrap(), None)
    }

    #[test]
    fn both_versions_of_cgroups_are_understood() {
        let one = json!({
            "read": "2026-11-21T10:00:01Z", "preread": "2026-11-21T10:00:00Z",
            "cpu_stats": {"cpu_usage": {"total_usage": 2_000_000_000_u64}},
            "precpu_stats": {"cpu_usage": {"total_usage": 500_000_000}},
            "memory_stats": {"usage": 1000, "stats": {"total_inactive_file": 300, "inactive_file": 100}},
            "networks": {"eth0": {"rx_bytes": 5, "tx_bytes": 6}, "eth1": {"rx_bytes": 10, "tx_bytes": 1}},
            "blkio_stats": {"io_service_bytes_recursive": [
                {"op": "Read", "value": 7}, {"op": "Write", "value": 8}, {"op": "Total", "value": 15}]},
        });
        let sample = read(one.clone()).unwrap();
        assert!((sample.cpu_percent - 150.0).abs() < 1e-9);
        assert_eq!((sample.memory_bytes, sample.network_rx, sample.network_tx), (700, Some(15), Some(7)));
        assert_eq!((sample.disk_read, sample.disk_write), (7, 8));
        assert_eq!(sample.at.to_string(), "2026-11-21T10:00:01.000Z");

        let mut two = one;
        two["memory_stats"] = json!({"usage": 1000, "stats": {"inactive_file": 100}});
        two["blkio_stats"] = json!({"io_service_bytes_recursive": [{"op": "read", "value": 3}]});
        two["networks"] = json!(null);
        let sample = read(two).unwrap();
        assert_eq!((sample.memory_bytes, sample.network_rx), (900, None));
        assert_eq!((sample.disk_read, sample.disk_write), (3, 0));
    }

    #[test]
    fn the_first_answer_and_those_of_what_does_not_run_are_none() {
        let first = json!({
            "read": "2026-11-21T10:00:01Z", "preread": "0001-01-01T00:00:00Z",
            "cpu_stats": {"cpu_usage": {"total_usage": 2}}, "precpu_stats": {"cpu_usage": {"total_usage": 0}},
            "memory_stats": {"usage": 1000},
        });
        assert_eq!(read(first), None);
        let stopped = json!({
            "read": "0001-01-01T00:00:00Z", "preread": "2026-11-21T10:00:01Z",
            "cpu_stats": {"cpu_usage": {"total_usage": 0}}, "precpu_stats": {"cpu_usage": {"total_usage": 9}},
            "memory_stats": {},
        });
        assert_eq!(read(stopped), None);
    }
}
