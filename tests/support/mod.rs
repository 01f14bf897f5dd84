//! What several tests need.
#![allow(dead_code, reason = "helpers for tests that come one after the other")]

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub(crate) mod app;
pub(crate) mod containers;
pub(crate) mod docker;
pub(crate) mod http;
pub(crate) mod images;
pub(crate) mod osv;
pub(crate) mod processes;
pub(crate) mod profiles;
pub(crate) mod proptest;
pub(crate) mod pty;
pub(crate) mod samples;
pub(crate) mod services;
pub(crate) mod strategies;
pub(crate) mod wharf;

/// The folders of the demos, in order; pictures of the program lie beside them.
pub(crate) fn demos() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(format!("{}/demos", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir() && !folder.ends_with("recordings"));
    folders.sort();
    folders
}

/// What `look` finds, asked again until it finds something; fails the test where that takes too long.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_mins(2);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "it did not come true: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Tells that a test does not run here, and why, on a line that is seen where tests pass too.
pub(crate) fn skip(why: &str) {
    // Not `eprintln!`: the test runner keeps that back where a test passes.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
