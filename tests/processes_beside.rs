//! What runs beside an app is started, replaced, brought back and ended with it.

use serde_json::Value;

use crate::support::app::{App, IMAGE};
use crate::support::docker;
use crate::support::eventually;
use crate::support::http;
use crate::support::wharf::Wharf;

#[test]
fn workers_go_with_their_version_on_docker() {
    if docker::ready(&[IMAGE]) {
        goes_with_its_version("docker");
    }
}

#[test]
fn workers_go_with_their_version_as_processes() {
    goes_with_its_version("process");
}

/// A worker that works until it is told to end, and then finishes what it does.
pub(crate) fn work(app: &App, version: u32) {
    let file = |name: &str| {
        format!(
            "console.log('{name} {version} begins for', process.env.SHOP);\n\
             setInterval(() => {{}}, 1000);\n\
             process.on('SIGTERM', () => setTimeout(() => {{ console.log('{name} {version} is done'); process.exit(0); }}, 300));\n"
        )
    };
    for name in ["worker", "clock"] {
        std::fs::write(app.0.join(format!("{name}.js")), file(name)).unwrap();
    }
    let toml = "[app.processes.worker]\ncommand = \"node worker.js\"\n\
                [app.processes.clock]\ncommand = \"node clock.js\"\nsingle = true\n";
    std::fs::write(app.0.join("wharf.toml"), toml).unwrap();
    app.becomes(version);
}

fn goes_with_its_version(target: &str) {
    let wharf = Wharf::new();
    let app = App::create(&wharf.path(&format!("works-{target}")));
    let path = app.path();
    let deploy = ["deploy", path, "--target", target, "--set", "SHOP=tides"];
    work(&app, 1);
    let first = wharf.json(&deploy);
    assert_eq!(first["status"], "healthy", "{first:#}");
    let names: Vec<&str> =
        first["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["plan", "port", "build", "network", "services", "start", "health", "processes", "switch"]);
    let url = first["url"].as_str().unwrap().to_owned();
    assert_eq!(wharf.instances(target).len(), 3);
    assert_eq!(states(&wharf, path), [("clock", true), ("worker", true)]);
    let said = wharf.run(&["status", path]).exits(0).stdout;
    assert!(said.contains("worker: runs") && said.contains("clock: runs"), "{said}");
    let first_id = first["id"].as_str().unwrap();
    let said = texts(&wharf, first_id);
    assert!(
        said.iter().any(|(source, text, _)| source.ends_with("/worker") && text == "worker 1 begins for tides"),
        "{said:?}"
    );

    // The next version: the clock of the one before is done before its own begins.
    work(&app, 2);
    let second = wharf.json(&deploy);
    assert_eq!(second["status"], "healthy", "{second:#}");
    let second_id = second["id"].as_str().unwrap();
    comes_to(&wharf, target, path, 3);
    let (old, new) = (texts(&wharf, first_id), texts(&wharf, second_id));
    let at = |all: &[(String, String, String)], text: &str| {
        all.iter().find(|line| line.1.starts_with(text)).unwrap_or_else(|| panic!("{text}: {all:?}")).2.clone()
    };
    assert!(at(&old, "clock 1 is done") <= at(&new, "clock 2 begins"));
    assert!(at(&old, "worker 1 is done") >= at(&new, "worker 2 begins"), "there is always a worker");

    // One that ends at once is told with its last words, and nothing of the version before was touched.
    work(&app, 3);
    std::fs::write(app.0.join("clock.js"), "console.error('no module named tides');\nprocess.exit(3);\n").unwrap();
    let failed = wharf.run(&["deploy", path, "--target", target, "--json"]).exits(1).json();
    assert_eq!((&failed["error"]["step"], &failed["error"]["cause"]), (&"processes".into(), &"process-exited".into()));
    assert!(failed["error"]["message"].as_str().unwrap().contains("clock ended"), "{failed:#}");
    assert!(failed["error"]["quote"].as_str().unwrap().contains("no module named tides"), "{failed:#}");
    assert_eq!(http::get(&url, "/").unwrap().body, "version 2");
    comes_to(&wharf, target, path, 3);
    let again = texts(&wharf, second_id);
    assert_eq!(again.iter().filter(|line| line.1.starts_with("clock 2 begins")).count(), 2, "{again:?}");
    assert_eq!(again.iter().filter(|line| line.1.starts_with("worker 2 begins")).count(), 1, "{again:?}");

    let back = wharf.json(&["rollback", path, "--yes"]);
    assert_eq!((back["status"].as_str(), http::get(&url, "/").unwrap().body.as_str()), (Some("healthy"), "version 1"));
    comes_to(&wharf, target, path, 3);

    wharf.run(&["restart", path, "--yes"]).exits(0);
    comes_to(&wharf, target, path, 3);
    // A version without them ends them.
    std::fs::remove_file(app.0.join("wharf.toml")).unwrap();
    app.becomes(4);
    assert_eq!(wharf.json(&deploy)["status"], "healthy");
    comes_to(&wharf, target, path, 1);
    work(&app, 5);
    assert_eq!(wharf.json(&deploy)["status"], "healthy");
    wharf.run(&["stop", path, "--yes"]).exits(0);
    assert_eq!(wharf.instances(target).len(), 0);
    wharf.run(&["delete", path, "--yes", "--volumes"]).exits(0);
}

/// Waits until so many instances are there, with the app and its processes running.
fn comes_to(wharf: &Wharf, target: &str, path: &str, instances: usize) {
    eventually(&format!("{instances} instances"), || (wharf.instances(target).len() == instances).then_some(()));
    let all = if instances == 1 { vec![] } else { vec![("clock", true), ("worker", true)] };
    assert_eq!(states(wharf, path), all);
}

/// The names of the processes, and whether each runs.
pub(crate) fn states(wharf: &Wharf, path: &str) -> Vec<(&'static str, bool)> {
    let status = wharf.json(&["status", path]);
    let all = status["deployments"][0]["processes"].as_array().unwrap();
    let state = |process: &Value| {
        let name = ["clock", "worker"].into_iter().find(|name| process["name"] == *name).unwrap();
        (name, !process["state"]["running"].is_null())
    };
    all.iter().map(state).collect()
}

/// Each line of a deployment's log: its source, its text, when.
fn texts(wharf: &Wharf, id: &str) -> Vec<(String, String, String)> {
    let lines = wharf.run(&["logs", id, "--json", "-n", "1000"]).exits(0).stdout;
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        (text("source"), text("text"), text("at"))
    };
    lines.lines().map(line).collect()
}
