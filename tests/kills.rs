//! The engine is killed in the middle of each step of a deployment; the next one puts everything right.

use std::io::{BufRead, BufReader};

use serde_json::Value;

use crate::processes_beside;
use crate::support::app::{App, IMAGE};
use crate::support::http;
use crate::support::wharf::Wharf;
use crate::support::{docker, eventually};

const STEPS: [&str; 7] = ["plan", "port", "build", "network", "start", "health", "switch"];

#[test]
fn a_killed_engine_is_made_good_on_docker() {
    if docker::ready(&[IMAGE]) {
        killed_at_each_step("docker");
    }
}

#[test]
fn a_killed_engine_is_made_good_with_processes() {
    killed_at_each_step("process");
}

#[test]
fn an_engine_killed_while_services_start_is_made_good() {
    if docker::ready(&[IMAGE, "redis:7-bookworm"]) {
        let wharf = Wharf::new();
        let app = App::create(&wharf.path("tides-with-a-cache"));
        std::fs::write(app.0.join("wharf.toml"), "[app]\nservices = [\"redis\"]\n").unwrap();
        killed(&wharf, &app, "docker", "services", None);
    }
}

/// The new instance waits for its port, made and not started, while the old one stops.
#[test]
fn an_engine_killed_before_the_new_instance_starts_is_made_good() {
    if !docker::ready(&[IMAGE]) {
        return;
    }
    let wharf = Wharf::new();
    let app = App::create(&wharf.path("tides-in-between"));
    assert_eq!(wharf.json(&["deploy", app.path()])["status"], "healthy");
    let mark = format!("label=wharf.data={}", wharf.mark());
    // It waits for a moment only: where the kill comes too late, another version is tried.
    let in_between = (2..=6).any(|version| {
        app.becomes(version);
        let made = |deployment: &Value| deployment["status"] == "running" && !deployment["live"].is_null();
        let id = kill_when(&wharf, &app, "docker", made);
        let waiting = docker::stdout(&["ps", "-aq", "--filter", &mark, "--filter", "status=created"]);
        made_good(&wharf, "docker", &id, "switch", Some(version));
        !waiting.is_empty()
    });
    assert!(in_between);
}

#[test]
fn an_engine_killed_as_workers_are_replaced_is_made_good_on_docker() {
    if docker::ready(&[IMAGE]) {
        killed_with_workers("docker");
    }
}

#[test]
fn an_engine_killed_as_workers_are_replaced_is_made_good_with_processes() {
    killed_with_workers("process");
}

/// Where they are begun, where one of them runs already, and where the new version takes over.
fn killed_with_workers(target: &str) {
    let wharf = Wharf::new();
    let app = App::create(&wharf.path(&format!("works-on-{target}")));
    processes_beside::work(&app, 1);
    assert_eq!(wharf.json(&["deploy", app.path(), "--target", target])["status"], "healthy");
    for (version, step) in (2..).zip(["health", "processes", "switch"]) {
        processes_beside::work(&app, version);
        let id = kill_when(&wharf, &app, target, |deployment| begun(deployment, step));
        made_good_with(&wharf, target, &id, step, Some(version), 3);
        assert_eq!(processes_beside::states(&wharf, &id), [("clock", true), ("worker", true)], "killed during {step}");
    }
    // The clock of the old version was stopped, and that of the new one begins.
    processes_beside::work(&app, 5);
    let clocks =
        || wharf.instances(target).into_iter().filter(|name| name.contains("beside-clock")).collect::<Vec<_>>();
    let before = clocks();
    let mut client = wharf.spawn(&["deploy", app.path(), "--target", target]);
    eventually("the clocks change", || clocks().iter().any(|clock| !before.contains(clock)).then_some(()));
    let _ = client.kill();
    client.wait().unwrap();
    wharf.kill_engine();
    wharf.run(&["engine", "start"]).exits(0);
    let id = wharf.json(&["list"])["items"][0]["id"].as_str().unwrap().to_owned();
    made_good_with(&wharf, target, &id, "processes, at the clock", Some(5), 3);
    assert_eq!(processes_beside::states(&wharf, &id), [("clock", true), ("worker", true)]);
    wharf.run(&["delete", app.path(), "--yes", "--volumes"]).exits(0);
}

/// Where nothing ran before, and where something did: one data folder, a version more for each kill.
fn killed_at_each_step(target: &str) {
    let wharf = Wharf::new();
    let mut version = 1;
    for step in STEPS {
        let app = App::create(&wharf.path(&format!("fresh-{step}-{target}")));
        killed(&wharf, &app, target, step, None);
    }
    let app = App::create(&wharf.path(&format!("tides-{target}")));
    let first = wharf.json(&["deploy", app.path(), "--target", target]);
    assert_eq!(first["status"], "healthy", "{first:#}");
    for step in STEPS {
        version += 1;
        app.becomes(version);
        killed(&wharf, &app, target, step, Some(version));
    }
}

fn killed(wharf: &Wharf, app: &App, target: &str, step: &str, version: Option<u32>) {
    let id = kill_when(wharf, app, target, |deployment| begun(deployment, step));
    made_good(wharf, target, &id, step, version);
}

/// Starts the engine again, and sees that all is as if nobody had killed it.
fn made_good(wharf: &Wharf, target: &str, id: &str, step: &str, version: Option<u32>) {
    made_good_with(wharf, target, id, step, version, 1);
}

/// The same, where each app has so many instances.
fn made_good_with(wharf: &Wharf, target: &str, id: &str, step: &str, version: Option<u32>, each: usize) {
    wharf.run(&["engine", "start"]).exits(0);
    eventually(&format!("all jobs are over after a kill during {step}"), || {
        let jobs = wharf.json(&["jobs"]);
        (!jobs["jobs"].as_array().unwrap().iter().any(is_pending)).then_some(())
    });
    let after = wharf.json(&["status", id])["deployments"][0]["deployment"].clone();

    // It went on to its end: nothing it needed is lost.
    assert_eq!(after["status"], "healthy", "killed during {step}: {after:#}");
    assert!(after["steps"].as_array().unwrap().iter().all(|one| one["status"] != "running"), "{after:#}");
    let answer = http::get(after["url"].as_str().unwrap(), "/").unwrap();
    assert_eq!((answer.status, answer.body), (200, format!("version {}", version.unwrap_or(1))));

    // Nothing stands twice, nothing is held for nobody.
    let healthy = wharf.json(&["list", "--status", "healthy"]);
    let up = healthy["items"].as_array().unwrap().len();
    assert_eq!(wharf.instances(target).len(), up * each, "killed during {step}: {healthy:#}");
    let ports = wharf.json(&["ports"]);
    assert_eq!(ports.as_array().unwrap().len(), up, "killed during {step}: {ports:#}");
}

fn is_pending(job: &Value) -> bool {
    ["queued", "running"].iter().any(|state| job["state"] == *state || job["state"].get(state).is_some())
}

/// Deploys, and kills the engine as soon as what it tells of the deployment is as wanted. Returns its id.
fn kill_when(wharf: &Wharf, app: &App, target: &str, wanted: impl Fn(&Value) -> bool) -> String {
    let mut client = wharf.spawn(&["deploy", app.path(), "--target", target, "--json-stream"]);
    let mut lines = BufReader::new(client.stdout.take().unwrap()).lines();
    let mut last = Value::Null;
    let deployment = lines
        .by_ref()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
        .map(|event| event.get("kind").unwrap_or(&event)["deployment"].clone())
        .inspect(|deployment| last = deployment.clone())
        .find(|deployment| wanted(deployment))
        .unwrap_or_else(|| panic!("it never came to that: {last:#}"));
    // The client first: it would start the engine again.
    let _ = client.kill();
    client.wait().unwrap();
    wharf.kill_engine();
    deployment["id"].as_str().unwrap().to_owned()
}

fn begun(deployment: &Value, step: &str) -> bool {
    let steps = deployment["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    steps.iter().any(|one| one["name"] == step && one["status"] != "pending" && one["status"] != "skipped")
}
