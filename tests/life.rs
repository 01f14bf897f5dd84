//! The whole life of an app, driven with the real program: from a folder to a deployment and out of the world again.

use serde_json::Value;

use crate::support::app::{App, IMAGE, LAST_WORDS};
use crate::support::http::{self, Asker};
use crate::support::wharf::Wharf;
use crate::support::{docker, eventually};

#[test]
fn an_app_lives_on_docker() {
    if docker::ready(&[IMAGE]) {
        lives("docker");
    }
}

#[test]
fn an_app_lives_as_a_process() {
    lives("process");
}

fn lives(target: &str) {
    let wharf = Wharf::new();
    let app = App::create(&wharf.path(&format!("tides-{target}")));
    let path = app.path();

    let project = wharf.json(&["projects", "add", path]);
    assert_eq!(wharf.json(&["projects", "list"])["items"][0]["id"], project["id"]);
    let found = wharf.json(&["detect", path]);
    assert_eq!((&found["primary"], &found["apps"][0]["stack"]), (&Value::from("."), &Value::from("node")));
    wharf.run(&["generate", path]).exits(0);
    let dockerfile = std::fs::read_to_string(app.0.join("Dockerfile")).unwrap();
    assert!(dockerfile.contains("FROM node:22"), "{dockerfile}");

    let deploy = ["deploy", path, "--target", target];
    let first = wharf.json(&deploy);
    assert_eq!(first["status"], "healthy", "{first:#}");
    assert_eq!(first["release"], 1);
    let url = first["url"].as_str().unwrap().to_owned();
    let port = first["port"].as_u64().unwrap();
    assert!((20_000..=40_000).contains(&port));
    assert_eq!(says(&url), "version 1");
    logs_say(&wharf, path, "version 1 listens");
    logs_say(&wharf, path, "GET /");

    app.becomes(2);
    let second = wharf.json(&deploy);
    assert_eq!(second["status"], "healthy", "{second:#}");
    assert_eq!((&second["url"], &second["release"]), (&first["url"], &Value::from(2)));
    assert_eq!(says(&url), "version 2");
    eventually("the first version is retired", || {
        (status(&wharf, first["id"].as_str().unwrap()) == "stopped").then_some(())
    });

    a_failure_leaves_the_old_one_alone(&wharf, &app, target, &url);

    let back = wharf.json(&["rollback", path, "--yes"]);
    assert_eq!(back["status"], "healthy", "{back:#}");
    assert_eq!((says(&url).as_str(), &back["url"]), ("version 1", &first["url"]));

    let since = || wharf.json(&["status", path])["deployments"][0]["running_since"].clone();
    let first_run = since();
    wharf.run(&["restart", path]).exits(0);
    let second_run = since();
    assert!(first_run.as_str().unwrap() < second_run.as_str().unwrap(), "{first_run} {second_run}");

    wharf.run(&["stop", path]).exits(0);
    assert_eq!((status(&wharf, path), since()), (Value::from("stopped"), Value::Null));
    let told = wharf.run(&["status", path]).exits(0).stdout;
    assert!(told.contains("stopped for") && !told.contains(": stopped"), "{told}");
    assert!(http::get(&url, "/").is_err());
    wharf.run(&["restart", path]).exits(0);
    eventually("the restarted app answers", || http::get(&url, "/").ok());
    assert_eq!(says(&url), "version 1");

    wharf.run(&["delete", path, "--yes", "--volumes"]).exits(0);
    assert!(http::get(&url, "/").is_err());
    assert_eq!(wharf.json(&["ports"]), Value::Array(Vec::new()));
    assert_eq!(wharf.instances(target), Vec::<String>::new());
    wharf.run(&["projects", "remove", path, "--deployments", "--yes"]).exits(0);
    assert_eq!(wharf.json(&["projects", "list"])["total"], 0);
}

/// A deployment that fails is named with its step, its cause and its last words; what ran before it answers on.
fn a_failure_leaves_the_old_one_alone(wharf: &Wharf, app: &App, target: &str, url: &str) {
    app.breaks();
    let asker = Asker::start(url);
    let ran = wharf.run(&["deploy", app.path(), "--target", target, "--json"]).exits(1);
    let came = asker.end();
    let failed = ran.json();
    assert_eq!(failed["status"], "failed", "{failed:#}");
    assert_eq!(failed["error"]["step"], "health", "{failed:#}");
    assert!(failed["error"]["quote"].as_str().unwrap().contains(LAST_WORDS), "{failed:#}");
    assert!(came.answers > 0 && came.failures.is_empty(), "{came:?}");
    assert_eq!(says(url), "version 2");
    logs_say(wharf, failed["id"].as_str().unwrap(), LAST_WORDS);
    assert_eq!(wharf.instances(target).len(), 1);
}

#[track_caller]
fn says(url: &str) -> String {
    let answer = http::get(url, "/").unwrap();
    assert_eq!(answer.status, 200);
    answer.body
}

fn logs_say(wharf: &Wharf, what: &str, line: &str) {
    eventually(&format!("the logs of {what} say “{line}”"), || {
        wharf.run(&["logs", what, "-n", "100"]).exits(0).stdout.contains(line).then_some(())
    });
}

fn status(wharf: &Wharf, what: &str) -> Value {
    wharf.json(&["status", what])["deployments"][0]["deployment"]["status"].clone()
}
