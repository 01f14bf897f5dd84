//! What a person waits for, and what Wharf costs while nothing happens: measured with the real program, each figure
//! beside what it is to be compared with in the same run. Nothing fails by time; the table says what holds.
//!
//! `cargo bench --bench operations`, or only some parts of it: `-- screen detect generate deploy idle`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that fails ends by panicking")]

mod deploy;
mod detect;
mod generate;
mod idle;
mod measure;
mod proc;
mod pty;
mod screen;
#[path = "../../tests/support/mod.rs"]
mod support;
mod table;

use table::Table;

/// A part of the measurements: adds its rows to the table.
type Part = fn(&mut Table);

const PARTS: [(&str, Part); 5] = [
    ("screen", screen::measure),
    ("detect", detect::measure),
    ("generate", generate::measure),
    ("deploy", deploy::measure),
    ("idle", idle::measure),
];

fn main() {
    // Cargo adds options of its own.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut table = Table::default();
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            eprintln!("measuring: {name}");
            part(&mut table);
        }
    }
    print!("{table}");
}
