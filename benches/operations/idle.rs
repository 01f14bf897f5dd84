//! What Wharf costs while nothing happens.

use std::time::Duration;

use crate::proc::{cpu_percent, resident_mb};
use crate::pty::Pty;
use crate::support::app::{App, IMAGE};
use crate::support::{docker, wharf::Wharf};
use crate::table::Table;

const APPS: usize = 3;

/// How long an engine is watched: long enough for a hundredth of a second to count little.
const ENGINE_SPAN: Duration = Duration::from_secs(20);
/// How long a control center is watched.
const SCREEN_SPAN: Duration = Duration::from_secs(10);
/// Work that somebody may have asked for is over when nothing came for so long.
const QUIET: Duration = Duration::from_secs(2);

const CPU_TARGET: f64 = 0.3;
const MEMORY_TARGET: f64 = 40.0;

pub(crate) fn measure(table: &mut Table) {
    with_nothing_running(table);
    with_apps(table, "process");
    if docker::ready(&[IMAGE]) {
        with_apps(table, "docker");
    }
}

/// Nothing changes, so nothing is to be written.
fn with_nothing_running(table: &mut Table) {
    let wharf = Wharf::new();
    let folder = wharf.copy("demos/express-postgres", "shop");
    let mut pty = Pty::open(&wharf, &folder);
    pty.shows(&["DATABASE_URL"]);
    pty.settles(QUIET);
    let cpu = cpu_percent(pty.pid(), SCREEN_SPAN);
    let bytes = pty.written();
    let beside = format!("over {} s, a project but no app", SCREEN_SPAN.as_secs());
    table.target("control center idle, written", format!("{bytes} bytes"), beside.clone(), "0 bytes", bytes == 0);
    table.told("control center idle, CPU", percent(cpu), beside);
    pty.leave();
}

fn with_apps(table: &mut Table, target: &str) {
    let wharf = Wharf::new();
    let apps: Vec<App> = (0..APPS).map(|number| App::create(&wharf.path(&format!("tides-{number}")))).collect();
    for app in &apps {
        wharf.run(&["deploy", app.path(), "--target", target]).exits(0);
    }
    let engine = u32::try_from(wharf.engine_pid().unwrap().as_raw_nonzero().get()).unwrap();
    // What the deployments left to do is over by then.
    std::thread::sleep(QUIET);
    let beside = format!("{APPS} apps on {target}, over {} s", ENGINE_SPAN.as_secs());
    let cpu = cpu_percent(engine, ENGINE_SPAN);
    table.target("engine idle, CPU", percent(cpu), beside.clone(), "under 0.3 %", cpu < CPU_TARGET);
    let memory = resident_mb(engine);
    let holds = memory < MEMORY_TARGET;
    table.target("engine idle, memory", format!("{memory:.1} MB"), beside, "under 40 MB", holds);

    let mut pty = Pty::open(&wharf, &apps[0].0);
    pty.shows(&["healthy"]);
    std::thread::sleep(QUIET);
    pty.written();
    let looked_at = std::thread::spawn(move || cpu_percent(engine, SCREEN_SPAN));
    let cpu = cpu_percent(pty.pid(), SCREEN_SPAN);
    let beside = format!("{APPS} apps on {target}, over {} s", SCREEN_SPAN.as_secs());
    table.told("control center with live apps, written", format!("{} bytes", pty.written()), beside.clone());
    table.told("  its CPU", percent(cpu), beside.clone());
    table.told("  the engine's meanwhile", percent(looked_at.join().unwrap()), beside);
    pty.leave();
}

fn percent(value: f64) -> String {
    format!("{value:.2} %")
}
