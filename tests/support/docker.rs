//! Real Docker for tests: whether it is there, what it needs, and nothing left behind.

use std::process::{Command, Output};
use std::sync::{Condvar, Mutex};

/// Whether a test that needs Docker and these base images can run. Where it cannot it says so on a visible line and
/// the test returns; with `WHARF_REQUIRE_DOCKER=1` it fails instead.
///
/// ```ignore
/// if !docker::ready(&["node:22-bookworm-slim"]) {
///     return;
/// }
/// ```
pub(crate) fn ready(images: &[&str]) -> bool {
    let missing = missing(images);
    let Some(missing) = missing else { return true };
    assert!(std::env::var("WHARF_REQUIRE_DOCKER").as_deref() != Ok("1"), "{missing}");
    super::skip(&missing);
    false
}

fn missing(images: &[&str]) -> Option<String> {
    let answers = docker(&["version", "--format", "{{.Server.Version}}"]);
    match answers {
        Ok(output) if output.status.success() => {}
        Ok(output) => return Some(format!("no Docker: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => return Some(format!("no docker command: {error}")),
    }
    let absent =
        images.iter().find(|image| !succeeds(&["image", "inspect", image]) && !succeeds(&["pull", "-q", image]));
    absent.map(|image| format!("the image {image} is not there and cannot be pulled"))
}

/// How many may build at once: a build takes all cores that it can get, and other tests run beside.
const BUILDERS: usize = 2;

static FREE: (Mutex<usize>, Condvar) = (Mutex::new(BUILDERS), Condvar::new());

/// The right to build something large; given back when dropped.
pub(crate) struct Turn(());

impl Turn {
    /// Waits until it is one's turn.
    pub(crate) fn take() -> Self {
        let mut free = FREE.1.wait_while(FREE.0.lock().unwrap(), |free| *free == 0).unwrap();
        *free -= 1;
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Ok(mut free) = FREE.0.lock() {
            *free += 1;
            FREE.1.notify_one();
        }
    }
}

/// Removes everything on the engine that carries the mark `wharf.data=MARK`, when dropped.
pub(crate) struct Cleanup(pub(crate) String);

impl Drop for Cleanup {
    fn drop(&mut self) {
        let label = format!("label=wharf.data={}", self.0);
        let kinds: [(&[&str], &[&str]); 4] = [
            (&["ps", "-aq"], &["rm", "-fv"]),
            (&["network", "ls", "-q"], &["network", "rm"]),
            (&["volume", "ls", "-q"], &["volume", "rm", "-f"]),
            (&["images", "-aq"], &["rmi", "-f"]),
        ];
        for (list, remove) in kinds {
            let found = docker(&[list, &["--filter", &label]].concat()).map(|output| output.stdout).unwrap_or_default();
            let text = String::from_utf8_lossy(&found);
            let mut names: Vec<&str> = text.lines().collect();
            names.dedup();
            if !names.is_empty() {
                let _ = docker(&[remove, &names].concat());
            }
        }
    }
}

/// The docker command's standard output; fails the test where the command fails.
pub(crate) fn stdout(args: &[&str]) -> String {
    let output = docker(args).unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Whether the docker command says yes.
pub(crate) fn succeeds(args: &[&str]) -> bool {
    docker(args).is_ok_and(|output| output.status.success())
}

fn docker(args: &[&str]) -> std::io::Result<Output> {
    Command::new("docker").args(args).output()
}
