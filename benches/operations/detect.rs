//! `wharf detect` as a whole process.

use crate::measure::{median, millis, timed};
use crate::support::wharf::{ROOT, Wharf};
use crate::table::Table;

const RUNS: usize = 31;

pub(crate) fn measure(table: &mut Table) {
    let wharf = Wharf::new();
    let app = format!("{ROOT}/demos/express-postgres");
    let time = |args: &[&str]| timed(|| wharf.run(args).exits(0)).0;
    let (detect, version): (Vec<_>, Vec<_>) =
        (0..RUNS).map(|_| (time(&["detect", &app, "--json"]), time(&["--version"]))).unzip();
    let beside = format!("wharf --version {}", millis(median(version)));
    table.told("wharf detect demos/express-postgres", millis(median(detect)), beside);
}
