//! What instances use of the machine: measured once a second for all that somebody asks about, never for nobody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::model::{Sample, Timestamp};
use crate::os::clock;

/// Time between two measurements.
const PERIOD: Duration = Duration::from_secs(1);

/// All processes of the machine at a moment.
#[derive(Debug, Default)]
pub(super) struct Table {
    at: Timestamp,
    processes: HashMap<u32, Usage>,
    children: HashMap<u32, Vec<u32>>,
}

#[derive(Debug)]
struct Usage {
    cpu_percent: f64,
    memory: u64,
    read: u64,
    written: u64,
}

impl Table {
    /// What all descendants of a supervisor use together; none where it is not among the processes.
    pub(super) fn below(&self, supervisor: u32) -> Option<Sample> {
        self.processes.get(&supervisor)?;
        let mut sum = Sample { at: self.at, ..Sample::default() };
        let mut next = vec![supervisor];
        while let Some(parent) = next.pop() {
            for child in self.children.get(&parent).into_iter().flatten() {
                if let Some(usage) = self.processes.get(child) {
                    sum.cpu_percent += usage.cpu_percent;
                    sum.memory_bytes += usage.memory;
                    sum.disk_read += usage.read;
                    sum.disk_write += usage.written;
                }
                next.push(*child);
            }
        }
        Some(sum)
    }
}

/// Measures while somebody reads.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Option<watch::Receiver<Arc<Table>>>>);

impl Meter {
    /// The measurements from now on.
    pub(super) fn read(&self) -> watch::Receiver<Arc<Table>> {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The one kept here alone does not keep the measuring going: it ends with the last reader.
        if let Some(receiver) = current.as_ref().filter(|receiver| receiver.has_changed().is_ok()) {
            return receiver.clone();
        }
        let (sender, receiver) = watch::channel(Arc::default());
        tokio::spawn(measure(sender));
        *current = Some(receiver.clone());
        receiver
    }
}

async fn measure(sender: watch::Sender<Arc<Table>>) {
    let Ok(mut system) = System::new() else { return };
    let mut ticks = interval(PERIOD);
    let mut first = true;
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // One receiver is the meter's own.
    while sender.receiver_count() > 1 {
        ticks.tick().await;
        let measured = tokio::task::spawn_blocking(move || {
            let what = ProcessRefreshKind::nothing().with_cpu().with_memory().with_disk_usage().without_tasks();
            system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
            let table = table(&system);
            (system, table)
        });
        let Ok((same, table)) = measured.await else { return };
        system = same;
        // The use of a processor is known from the second look on.
        if !std::mem::take(&mut first) {
            sender.send_replace(Arc::new(table));
        }
    }
}

fn table(system: &System) -> Table {
    let mut table = Table { at: clock::now(), ..Table::default() };
    for (pid, process) in system.processes() {
        let disk = process.disk_usage();
        let usage = Usage {
            cpu_percent: f64::from(process.cpu_usage()),
            memory: process.memory(),
            read: disk.total_read_bytes,
            written: disk.total_written_bytes,
        };
        table.processes.insert(pid.as_u32(), usage);
        if let Some(parent) = process.parent() {
            table.children.entry(parent.as_u32()).or_default().push(pid.as_u32());
        }
    }
    table
}
