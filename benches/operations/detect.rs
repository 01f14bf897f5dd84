//! `wharf detect` as a whole process: on a small app beside nixpacks, and on a tree of 50,000 files beside a bare walk.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ignore::{WalkBuilder, WalkState};

use crate::measure::{median, millis, timed};
use crate::support::wharf::{ROOT, Wharf};
use crate::table::Table;

const RUNS: usize = 31;

/// Runs on the large tree.
const LARGE_RUNS: usize = 9;

/// Folders of the large tree, and files in each.
const LARGE: (usize, usize) = (500, 100);

/// What detection on the large tree may take beside a bare walk of it.
const BESIDE_WALK: f64 = 1.5;

/// What it may take beside nixpacks on a small app.
const BESIDE_NIXPACKS: f64 = 0.5;

pub(crate) fn measure(table: &mut Table) {
    let wharf = Wharf::new();
    small(&wharf, table);
    large(&wharf, table);
}

fn small(wharf: &Wharf, table: &mut Table) {
    let app = format!("{ROOT}/demos/express-postgres");
    let time = |args: &[&str]| timed(|| wharf.run(args).exits(0)).0;
    let what = "wharf detect demos/express-postgres";
    let (detect, version): (Vec<_>, Vec<_>) =
        (0..RUNS).map(|_| (time(&["detect", &app, "--json"]), time(&["--version"]))).unzip();
    let beside = format!("wharf --version {}", millis(median(version)));
    match nixpacks(&app) {
        Some(other) => {
            let detect = median(detect);
            let beside = format!("nixpacks detect {}, {beside}", millis(other));
            let holds = detect.as_secs_f64() <= other.as_secs_f64() * BESIDE_NIXPACKS;
            table.target(what, millis(detect), beside, "half of nixpacks", holds);
        }
        None => table.told(what, millis(median(detect)), format!("{beside} (nixpacks is not installed)")),
    }
}

/// The same app looked at by nixpacks, where that program is installed.
fn nixpacks(app: &str) -> Option<Duration> {
    let run = || Command::new("nixpacks").args(["detect", app]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run().ok()?;
    Some(median((0..RUNS).map(|_| timed(run).0).collect()))
}

fn large(wharf: &Wharf, table: &mut Table) {
    let tree = tempfile::tempdir().unwrap();
    plant(tree.path());
    let path = tree.path().to_str().unwrap();
    let detect = || timed(|| wharf.run(&["detect", path, "--json"]).exits(0)).0;
    detect();
    let (detect, walk): (Vec<_>, Vec<_>) =
        (0..LARGE_RUNS).map(|_| (detect(), timed(|| assert!(bare_walk(tree.path()) > LARGE.0 * LARGE.1)).0)).unzip();
    let (detect, walk) = (median(detect), median(walk));
    let holds = detect.as_secs_f64() <= walk.as_secs_f64() * BESIDE_WALK;
    let beside = format!("bare walk {}", millis(walk));
    table.target("wharf detect, 50,000 files", millis(detect), beside, "1.5 of the walk", holds);
}

/// A large repository: an app with many modules, their sources, and files that no rule asks for.
fn plant(root: &Path) {
    let (folders, files) = LARGE;
    fs::write(root.join("package.json"), r#"{"dependencies": {"express": "4"}, "scripts": {"start": "node a.js"}}"#)
        .unwrap();
    for folder in 0..folders {
        let below = root.join(format!("area{}/part{folder}", folder % 20));
        fs::create_dir_all(&below).unwrap();
        for file in 0..files {
            let (name, text) = match file % 4 {
                0 => (format!("module{file}.js"), "module.exports = () => process.env.SHOP_NAME;\n"),
                1 => (format!("page{file}.md"), "# A page\n"),
                2 => (format!("data{file}.json"), "{\"a\": 1}\n"),
                _ => (format!("image{file}.svg"), "<svg/>\n"),
            };
            fs::write(below.join(name), text).unwrap();
        }
    }
}

fn bare_walk(root: &Path) -> usize {
    let count = std::sync::atomic::AtomicUsize::new(0);
    WalkBuilder::new(root).hidden(false).build_parallel().run(|| {
        Box::new(|entry| {
            if entry.is_ok() {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
            WalkState::Continue
        })
    });
    count.into_inner()
}
