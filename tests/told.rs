//! What commands tell of apps, so that nobody has to guess: warnings, environments, who has the port.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use crate::support::eventually;
use crate::support::wharf::{PROGRAM, Wharf};

/// A site that the process target serves with that command.
fn site(wharf: &Wharf, start: &str) -> PathBuf {
    let site = wharf.path("site");
    fs::create_dir(&site).unwrap();
    fs::write(site.join("index.html"), "a site").unwrap();
    fs::write(site.join("package.json"), r#"{"name": "site", "scripts": {"start": "any"}}"#).unwrap();
    let settings =
        format!("[app]\ninstall = \"true\"\nbuild = \"true\"\nstart = \"{start}\"\nport = 3000\nhealth_path = \"/\"\n");
    fs::write(site.join("wharf.toml"), settings).unwrap();
    site
}

#[test]
fn what_detection_warned_of_stands_in_the_plan_and_in_the_deployments_log() {
    let wharf = Wharf::new();
    let site = site(&wharf, &format!("'{PROGRAM}' serve-static ."));
    fs::write(site.join("compose.yaml"), "services: [\n").unwrap();
    let planned = wharf.json(&["plan", "./site", "--target", "process"]);
    assert_eq!(planned[0]["warnings"][0]["file"], "compose.yaml", "{planned:#}");
    let told = wharf.run(&["plan", "./site", "--target", "process"]).exits(0).stdout;
    assert!(told.contains("warning") && told.contains("malformed YAML"), "{told}");

    let told = wharf.run(&["deploy", "./site", "--target", "process"]).exits(0).stdout;
    assert!(told.contains("1 warning"), "{told}");
    let log = wharf.run(&["logs", "./site"]).exits(0).stdout;
    assert_eq!(log.matches("warning: compose.yaml: malformed YAML").count(), 1, "{log}");
}

#[test]
fn the_environment_is_named_where_there_is_another() {
    let wharf = Wharf::new();
    site(&wharf, &format!("'{PROGRAM}' serve-static ."));
    wharf.run(&["deploy", "./site", "--target", "process"]).exits(0);
    let told = wharf.run(&["restart", "./site"]).exits(0).stdout;
    assert_eq!(told, "✓ site runs again\n");
    wharf.run(&["deploy", "./site", "--target", "process", "--env", "staging"]).exits(0);
    for (args, told) in [
        (["stop", "./site", "--env", "staging"], "✓ site in staging is stopped\n"),
        (["restart", "./site", "--env", "development"], "✓ site in development runs again\n"),
    ] {
        assert_eq!(wharf.run(&args).exits(0).stdout, told);
    }
    let told = wharf.run(&["delete", "./site", "--env", "staging", "--yes"]).exits(0).stdout;
    assert_eq!(told, "✓ site in staging is deleted\n");
}

/// The program answers 404 where nothing lies, and runs well all the same.
#[test]
fn a_guessed_health_path_only_has_to_be_answered_and_a_set_one_has_to_be_there() {
    let wharf = Wharf::new();
    let site = site(&wharf, &format!("'{PROGRAM}' serve-static ."));
    fs::write(site.join("server.js"), "app.get('/healthz', tell); app.listen(3000)").unwrap();
    let said = fs::read_to_string(site.join("wharf.toml")).unwrap();
    let guessed = said.replace("health_path = \"/\"\n", "start_timeout = 2\n");
    fs::write(site.join("wharf.toml"), &guessed).unwrap();
    let plan = wharf.run(&["plan", "./site", "--target", "process"]).exits(0).stdout;
    assert!(plan.contains("GET /healthz") && plan.contains("below 500"), "{plan}");
    wharf.run(&["deploy", "./site", "--target", "process"]).exits(0);
    wharf.run(&["restart", "./site"]).exits(0);

    fs::write(site.join("wharf.toml"), format!("{guessed}health_path = \"/healthz\"\n")).unwrap();
    let output = wharf.spawn(&["deploy", "./site", "--target", "process", "--json"]).wait_with_output().unwrap();
    let failed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(failed["error"]["cause"], "health-timeout", "{failed:#}");
    let message = failed["error"]["message"].as_str().unwrap();
    for part in ["GET http://127.0.0.1:", "/healthz ", "404 Not Found", "`health_path`", "wharf.toml"] {
        assert!(message.contains(part), "{message}");
    }
}

/// The app waits before it goes on, and another program, which answers everybody, is quicker to take its port.
fn taken_meanwhile(then: &str) {
    let wharf = Wharf::new();
    let (runs, gate) = (wharf.path("runs"), wharf.path("gate"));
    let wait = format!("touch '{}'; while [ ! -e '{}' ]; do sleep 0.05; done", runs.display(), gate.display());
    site(&wharf, &format!("{wait}; {then}"));
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let port = (first..40_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap();
    let wanted = port.to_string();
    let deploying = wharf.spawn(&["deploy", "./site", "--target", "process", "--port", &wanted, "--json"]);
    eventually("the app was started", || runs.exists().then_some(()));
    let other = TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        for mut connection in other.incoming().flatten() {
            let _ = connection.read(&mut [0; 1024]);
            let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    fs::write(&gate, "").unwrap();

    let output = deploying.wait_with_output().unwrap();
    let failed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(failed["error"]["cause"], "port-in-use", "{failed:#}");
    let message = failed["error"]["message"].as_str().unwrap();
    assert!(message.contains(&wanted) && message.contains(&format!("process {}", std::process::id())), "{message}");
}

/// Also where the app goes on without it: another program's answer is not taken for its own.
#[test]
#[cfg(target_os = "linux")]
fn a_port_that_is_taken_after_the_start_is_told_with_who_has_it() {
    taken_meanwhile(&format!("exec '{PROGRAM}' serve-static ."));
    taken_meanwhile("exec sleep 60");
}
