//! The validators that are here, and how they are run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::findings::Finding;
use crate::support::skip;

/// The folder that `scripts/validators` fills.
pub(super) fn folder() -> PathBuf {
    let named = std::env::var_os("WHARF_VALIDATORS").map(PathBuf::from);
    let cache = || std::env::var_os("XDG_CACHE_HOME").map(|cache| PathBuf::from(cache).join("wharf-validators"));
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/wharf-validators"));
    named.or_else(cache).or_else(home).unwrap()
}

/// Whether these programs can be run. Where one cannot, a visible line says so and the test returns; with
/// `WHARF_REQUIRE_VALIDATORS=1` it fails instead.
pub(super) fn ready(names: &[&str]) -> bool {
    let Some(missing) = names.iter().find(|name| find(name).is_none()) else { return true };
    let says = format!("no {missing} is here: scripts/validators installs what judges generated files");
    assert!(std::env::var("WHARF_REQUIRE_VALIDATORS").as_deref() != Ok("1"), "{says}");
    skip(&says);
    false
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder().join("bin")).chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// A validator, not yet started. What it may want to fetch or report it cannot.
pub(super) fn tool(name: &str) -> Command {
    let mut command = Command::new(find(name).unwrap());
    // Some judges run others: actionlint ShellCheck, helm its plug-ins.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder().join("bin")).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders).unwrap()).stdin(Stdio::null()).env("NO_COLOR", "1");
    command
}

/// How a validator ended.
pub(super) struct Judged {
    pub(super) passed: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Judged {
    /// Its standard output as JSON; fails the test where it is none.
    #[track_caller]
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON: {error}\n{}\n{}", self.stdout, self.stderr))
    }
}

pub(super) fn run(command: &mut Command) -> Judged {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Judged {
        passed: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// What is found in all of these, four at a time.
pub(super) fn in_parallel<T: Sync, F: Send>(jobs: &[T], find: impl Fn(&T) -> Vec<F> + Sync) -> Vec<F> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(find(job));
        }
        found
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

/// A program in Python that lies beside these tests.
pub(super) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside").join(name)
}

/// What such a program found: one a line, as JSON.
#[track_caller]
pub(super) fn findings(judged: &Judged) -> Vec<Finding> {
    assert!(judged.passed, "{}\n{}", judged.stdout, judged.stderr);
    let finding = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    judged.stdout.lines().map(finding).collect()
}

/// A good or a bad file that shows that a judge judges.
pub(super) fn sample(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside/samples").join(path);
    assert!(path.exists(), "{}", path.display());
    path
}
