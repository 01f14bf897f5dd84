//! The first frame of the control center.

use std::time::Duration;

use crate::measure::{median, millis, timed};
use crate::pty::Pty;
use crate::support::{eventually, wharf::Wharf};
use crate::table::Table;

const RUNS: usize = 15;
const TARGET: Duration = Duration::from_millis(50);

/// What stands on the screen once the layout is there: its first line, the titles of its places, and its last line.
const LAYOUT: [&str; 5] = ["engine", "Projects", "Stack", "Assistant", "Quit"];

pub(crate) fn measure(table: &mut Table) {
    let wharf = Wharf::new();
    let folder = wharf.copy("demos/express-postgres", "shop");
    wharf.run(&["engine", "start"]).exits(0);
    let (mut with_engine, mut version) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        version.push(timed(|| wharf.run(&["--version"]).exits(0)).0);
        let mut pty = Pty::open(&wharf, &folder);
        with_engine.push(pty.shows(&LAYOUT));
        pty.leave();
    }
    let without: Vec<Duration> = (0..RUNS).map(|_| without_engine()).collect();

    let version = median(version);
    let mut row = |what: &str, times: Vec<Duration>| {
        let frame = median(times);
        let beside = format!("wharf --version {}, {} more", millis(version), millis(frame.saturating_sub(version)));
        table.target(what, millis(frame), beside, "under 50 ms", frame < TARGET);
    };
    row("first frame, engine running", with_engine);
    row("first frame, no engine, no data", without);
}

/// The very first start of all. The engine that it starts is ended.
fn without_engine() -> Duration {
    let wharf = Wharf::new();
    let folder = wharf.copy("demos/express-postgres", "shop");
    let mut pty = Pty::open(&wharf, &folder);
    let first = pty.shows(&LAYOUT);
    eventually("its engine runs", || wharf.engine_pid());
    pty.leave();
    first
}
