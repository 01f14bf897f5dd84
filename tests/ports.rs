//! The ports of apps: each has the one that it is said to have.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::http;
use crate::support::wharf::{PROGRAM, Wharf};

/// The ports that are held.
fn held(wharf: &Wharf) -> Vec<u16> {
    let leases = wharf.json(&["ports"]);
    leases.as_array().unwrap().iter().map(|lease| u16::try_from(lease["port"].as_u64().unwrap()).unwrap()).collect()
}

#[test]
fn an_app_holds_the_port_that_it_moved_to() {
    let wharf = Wharf::new();
    let (site, gate) = (wharf.path("site"), wharf.path("gate"));
    fs::create_dir(&site).unwrap();
    fs::write(site.join("index.html"), "a site").unwrap();
    fs::write(site.join("package.json"), r#"{"name": "site", "scripts": {"start": "any"}}"#).unwrap();
    let build = format!("while [ ! -e '{}' ]; do sleep 0.05; done", gate.display());
    let settings = format!(
        "[app]\ninstall = \"true\"\nbuild = \"{build}\"\nstart = \"'{PROGRAM}' serve-static .\"\nport = 3000\n"
    );
    fs::write(site.join("wharf.toml"), settings).unwrap();
    let deploying = wharf.spawn(&["deploy", "./site", "--target", "process", "--json"]);

    // While it is built, another program takes the port that the app was given.
    let begun = Instant::now();
    let given = loop {
        if let [port] = held(&wharf)[..] {
            break port;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "no port was given");
    };
    let _other = TcpListener::bind(("127.0.0.1", given)).unwrap();
    fs::write(&gate, "").unwrap();

    let output = deploying.wait_with_output().unwrap();
    let deployed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(deployed["status"], "healthy", "{deployed:#}");
    assert_ne!(deployed["port"], given);
    assert_eq!(
        held(&wharf).iter().map(|port| u64::from(*port)).collect::<Vec<_>>(),
        [deployed["port"].as_u64().unwrap()]
    );
    assert_eq!(http::get(deployed["url"].as_str().unwrap(), "/").map(|answer| answer.status).ok(), Some(200));
}
