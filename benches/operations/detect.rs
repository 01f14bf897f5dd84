//! `wharf detect` as a whole process: on every sample beside nixpacks, and on a tree of 50,000
//! files beside a bare walk.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ignore::{WalkBuilder, WalkState};

use crate::measure::{median, millis, timed};
use crate::support::wharf::{ROOT, Wharf};
use crate::table::Table;

/// Times that each sample is looked at.
const RUNS: usize = 5;

/// Names a folder with other projects that both look at, each once.
const PROJECTS: &str = "WHARF_BENCH_PROJECTS";

/// Runs on the large tree.
const LARGE_RUNS: usize = 9;

/// Folders of the large tree, and files in each.
const LARGE: (usize, usize) = (500, 100);

/// What detection on the large tree may take beside a bare walk of it.
const BESIDE_WALK: f64 = 1.5;

/// What it may take beside nixpacks, on the samples and on the large tree.
const BESIDE_NIXPACKS: (f64, f64) = (0.5, 0.1);

/// Memory at its peak, in MB (of a million bytes).
const MEMORY_MB: f64 = 60.0;

pub(crate) fn measure(table: &mut Table) {
    let wharf = Wharf::new();
    small(&wharf, table, "samples", RUNS, &samples());
    if let Some(folder) = std::env::var_os(PROJECTS) {
        small(&wharf, table, "projects", 1, &below(Path::new(&folder)));
    }
    large(&wharf, table);
}

/// The middle over all samples, each looked at by both: now the one goes first, now the other.
fn small(wharf: &Wharf, table: &mut Table, name: &str, runs: usize, samples: &[String]) {
    let what = format!("wharf detect, {} {name}", samples.len());
    let own = |sample: &str| whole(&mut wharf.command(["detect", sample, "--json"])).unwrap();
    let version = median((0..RUNS * 5).filter_map(|_| whole(&mut wharf.command(["--version"]))).collect());
    let beside = format!("wharf --version {}", millis(version));
    let (mut detect, mut other) = (Vec::new(), Vec::new());
    for turn in 0..runs {
        for (place, sample) in samples.iter().enumerate() {
            if (turn + place) % 2 == 0 {
                detect.push(own(sample));
                other.extend(nixpacks(sample));
            } else {
                other.extend(nixpacks(sample));
                detect.push(own(sample));
            }
        }
    }
    let detect = median(detect);
    if other.is_empty() {
        return table.told(&what, millis(detect), format!("{beside} (nixpacks is not installed)"));
    }
    let other = median(other);
    let holds = detect.as_secs_f64() <= other.as_secs_f64() * BESIDE_NIXPACKS.0;
    let beside = format!("nixpacks detect {}, {beside}", millis(other));
    table.target(&what, millis(detect), beside, "half of nixpacks", holds);
}

/// The demos, and a sample of every stack and framework.
fn samples() -> Vec<String> {
    let root = Path::new(ROOT);
    let stacks = below(&root.join("tests/fixtures/stacks"));
    let mut samples: Vec<String> = stacks.iter().flat_map(|stack| below(Path::new(stack))).collect();
    samples.extend(below(&root.join("demos")));
    samples.sort();
    samples
}

/// The folders in a folder.
fn below(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).map(|path| path.to_str().unwrap().to_owned()).collect()
}

/// How long nixpacks looks at a folder, where that program is installed.
fn nixpacks(folder: &str) -> Option<Duration> {
    whole(Command::new("nixpacks").args(["detect", folder]))
}

/// How long a process takes from its start to its end, whatever it prints; none where there is no such program.
fn whole(command: &mut Command) -> Option<Duration> {
    let (time, ended) = timed(|| command.stdout(Stdio::null()).stderr(Stdio::null()).status());
    ended.ok().map(|_| time)
}

fn large(wharf: &Wharf, table: &mut Table) {
    let tree = tempfile::tempdir().unwrap();
    plant(tree.path());
    let path = tree.path().to_str().unwrap();
    let detect = || whole(&mut wharf.command(["detect", path, "--json"])).unwrap();
    wharf.run(&["detect", path, "--json"]).exits(0);
    let (detect, walk): (Vec<_>, Vec<_>) =
        (0..LARGE_RUNS).map(|_| (detect(), timed(|| assert!(bare_walk(tree.path()) > LARGE.0 * LARGE.1)).0)).unzip();
    let (detect, walk) = (median(detect), median(walk));
    let what = "wharf detect, 50,000 files";
    let row = |table: &mut Table, beside: String, target: &str, bound: f64| {
        table.target(what, millis(detect), beside, target, detect.as_secs_f64() <= bound);
    };
    row(table, format!("bare walk {}", millis(walk)), "1.5 of the walk", walk.as_secs_f64() * BESIDE_WALK);
    if let Some(other) = nixpacks(path) {
        let beside = format!("nixpacks detect {}", millis(other));
        row(table, beside, "a tenth of nixpacks", other.as_secs_f64() * BESIDE_NIXPACKS.1);
    }
    if let Some(peak) = peak_mb(wharf, path) {
        let figure = format!("{peak:.1} MB");
        table.target("memory at its peak, 50,000 files", figure, String::new(), "60 MB", peak <= MEMORY_MB);
    }
}

/// The most memory that detection held, where a Python is there to ask the kernel: it tells a parent only.
fn peak_mb(wharf: &Wharf, folder: &str) -> Option<f64> {
    const ASK: &str = "import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let wharf = wharf.command(["detect", folder, "--json"]);
    let asked = Command::new("python3").args(["-c", ASK]).arg(wharf.get_program()).args(wharf.get_args()).output();
    let kilobytes: f64 = String::from_utf8(asked.ok()?.stdout).ok()?.trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
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
