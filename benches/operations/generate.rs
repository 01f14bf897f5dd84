//! All files of all kinds for one app, and for a thousand projects one after the other.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::Path;
use std::process;

use wharf::detect::detect;
use wharf::generate::{Order, Templates, kinds};
use wharf::model::{AppProfile, Settings};
use wharf::os::tree::DiskTree;

use crate::measure::{median, millis, timed};
use crate::proc::resident_mb;
use crate::support::wharf::ROOT;
use crate::table::Table;

/// Times that the app's files are made.
const RUNS: usize = 51;

/// Milliseconds that all files of one app may take.
const ONE_APP_MS: f64 = 20.0;

/// How many projects are gone through.
const PROJECTS: usize = 1_000;

/// Parts of the memory that is held after a tenth of the projects by which it may have grown after all.
const GROWTH: f64 = 0.05;

pub(crate) fn measure(table: &mut Table) {
    let apps = detect(&DiskTree::open(Path::new(&format!("{ROOT}/demos/express-postgres"))).unwrap()).apps;
    let (first, files) = timed(|| all(&apps[0], "shop"));
    let one = median((0..RUNS).map(|_| timed(|| black_box(all(&apps[0], "shop"))).0).collect());
    let what = format!("generate, {files} files of one app");
    let beside = format!("the first time in a process {}", millis(first));
    table.target(&what, millis(one), beside, "20 ms", one.as_secs_f64() * 1000.0 < ONE_APP_MS);

    let mut early = 0.0;
    for number in 0..PROJECTS {
        black_box(all(&apps[0], &format!("project-{number}")));
        if number == PROJECTS / 10 {
            early = resident_mb(process::id());
        }
    }
    let late = resident_mb(process::id());
    let what = format!("memory after generating {PROJECTS} projects");
    let beside = format!("after a tenth of them {early:.1} MB");
    table.target(&what, format!("{late:.1} MB"), beside, "flat", late <= early * (1.0 + GROWTH));
}

/// How many files all kinds are.
fn all(app: &AppProfile, project: &str) -> usize {
    let every: BTreeSet<String> = kinds(Templates::embedded()).unwrap().iter().map(|kind| kind.name.clone()).collect();
    Order::new(project, &[app], &Settings::default()).artifacts(&every).unwrap().len()
}
