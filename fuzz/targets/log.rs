#![no_main]
//! The log of a failure, of any bytes: the lines that decide are lines of it.

use libfuzzer_sys::fuzz_target;
use wharf::diagnose::decisive_lines;

fuzz_target!(|text: &str| {
    let lines: Vec<&str> = text.lines().collect();
    assert!(decisive_lines(&lines).iter().all(|&line| line < lines.len()));
});
