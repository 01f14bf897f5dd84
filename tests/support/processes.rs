//! Finds and ends what a test left.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// The processes that have a text in their arguments or environment.
pub(crate) fn with(text: &str) -> Vec<Pid> {
    let own = std::process::id().to_string();
    let numbers = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let with =
        numbers.filter(|number| *number != own && number.bytes().all(|byte| byte.is_ascii_digit())).filter(|number| {
            ["cmdline", "environ"].iter().any(|file| {
                let bytes = fs::read(format!("/proc/{number}/{file}")).unwrap_or_default();
                String::from_utf8_lossy(&bytes).contains(text)
            })
        });
    with.filter_map(|number| Pid::from_raw(number.parse().ok()?)).collect()
}

/// Ends every process that has this text in its arguments or environment when it is dropped: a test's own folder.
pub(crate) struct Cleanup(pub(crate) String);

impl Drop for Cleanup {
    fn drop(&mut self) {
        for process in with(&self.0) {
            let _ = kill_process(process, Signal::KILL);
        }
    }
}
