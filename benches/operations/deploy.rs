//! Deploying an unchanged, already built app, against the same by hand.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::measure::{median, median_over, seconds, timed};
use crate::support::app::{App, IMAGE};
use crate::support::wharf::Wharf;
use crate::support::{docker, http};
use crate::table::Table;

const ROUNDS: usize = 5;

/// What Wharf may take longer, in seconds.
const TARGET: f64 = 1.5;

/// Such as a person writes it: every `docker build` can build it, also one that only knows the older builder.
const DOCKERFILE: &str = "FROM node:22-bookworm-slim
WORKDIR /app
COPY . .
USER node
EXPOSE 3000
CMD [\"node\", \"server.js\"]
";

/// The image and container made by hand.
const BY_HAND: &str = "wharf-bench-by-hand";

pub(crate) fn measure(table: &mut Table) {
    if !docker::ready(&[IMAGE]) {
        return;
    }
    let _by_hand = ByHand;
    let wharf = Wharf::new();
    let app = App::create(&wharf.path("tides"));
    // The same for both, and everything built once.
    fs::write(app.0.join("Dockerfile"), DOCKERFILE).unwrap();
    by_hand(&app.0);
    deploy(&wharf, &app);
    let (mut hand, mut first, mut again, mut gaps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        wharf.run(&["delete", app.path(), "--yes"]).exits(0);
        hand.push(timed(|| by_hand(&app.0)).0);
        first.push(timed(|| deploy(&wharf, &app)).0);
        let (took, deployed) = timed(|| deploy(&wharf, &app));
        again.push(took);
        gaps.push(gap(&wharf, &deployed));
    }

    let mut row = |what: &str, times: &[Duration]| {
        let over = median_over(times, &hand);
        let beside = format!("by hand {}: {over:+.2} s", seconds(median(hand.clone())));
        table.target(what, seconds(median(times.to_vec())), beside, "at most +1.5 s", over <= TARGET);
    };
    row("wharf deploy, unchanged, nothing ran", &first);
    row("wharf deploy, unchanged, with a switch", &again);
    let longest = seconds(*gaps.iter().max().unwrap());
    table.told("  its port did not answer for", seconds(median(gaps)), format!("the longest {longest}"));
}

/// Deploys and waits until it is healthy, as a person would see it.
fn deploy(wharf: &Wharf, app: &App) -> Value {
    let deployed = wharf.json(&["deploy", app.path()]);
    assert_eq!(deployed["status"], "healthy");
    deployed
}

fn gap(wharf: &Wharf, deployed: &Value) -> Duration {
    let status = wharf.json(&["status", deployed["id"].as_str().unwrap()]);
    Duration::from_millis(status["deployments"][0]["deployment"]["switch_gap_ms"].as_u64().unwrap())
}

/// Builds from the cache, runs, and asks until it answers; the container is removed before the next one.
fn by_hand(folder: &Path) {
    docker::succeeds(&["rm", "-f", BY_HAND]);
    let built = Command::new("docker").args(["build", "-q", "-t", BY_HAND]).arg(folder).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    docker::stdout(&["run", "-d", "--name", BY_HAND, "-p", &format!("127.0.0.1:{port}:3000"), BY_HAND]);
    let url = format!("http://127.0.0.1:{port}");
    while !http::get(&url, "/").is_ok_and(|answer| answer.status == 200) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Removes what was made by hand.
struct ByHand;

impl Drop for ByHand {
    fn drop(&mut self) {
        docker::succeeds(&["rm", "-f", BY_HAND]);
        docker::succeeds(&["rmi", "-f", BY_HAND]);
    }
}
