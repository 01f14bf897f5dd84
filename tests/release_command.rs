//! What an app needs before each new version, such as a migration, is run by a deployment: once, in that version's own image
//! and environment, before anything of it starts.

use serde_json::Value;

use crate::support::app::{App, IMAGE};
use crate::support::docker;
use crate::support::http;
use crate::support::wharf::Wharf;

#[test]
fn it_runs_before_each_version_on_docker() {
    if docker::ready(&[IMAGE]) {
        runs_before("docker");
    }
}

#[test]
fn it_runs_before_each_version_as_a_process() {
    runs_before("process");
}

fn runs_before(target: &str) {
    let wharf = Wharf::new();
    let app = App::create(&wharf.path(&format!("migrates-{target}")));
    let path = app.path();
    let write = |name: &str, text: &str| std::fs::write(app.0.join(name), text).unwrap();
    write("wharf.toml", "[app]\nrelease = \"node migrate.js\"\n");
    write("migrate.js", "console.log('tables for', process.env.SHOP);\n");
    let deploy = ["deploy", path, "--target", target, "--set", "SHOP=tides"];

    let preview = wharf.run(&["plan", path, "--target", target]).exits(0).stdout;
    assert!(preview.contains("node migrate.js"), "{preview}");
    let first = wharf.json(&deploy);
    assert_eq!(first["status"], "healthy", "{first:#}");
    let url = first["url"].as_str().unwrap().to_owned();
    let names: Vec<&str> = steps(&first).iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["plan", "port", "build", "network", "services", "release", "start", "health", "switch"]);
    assert_eq!(step(&first, "release")["status"], "done", "{first:#}");
    let said = wharf.run(&["logs", first["id"].as_str().unwrap(), "--step", "release"]).exits(0).stdout;
    assert_eq!(said.matches("tables for tides").count(), 1, "{said}");
    assert_eq!(wharf.instances(target).len(), 1);

    app.becomes(2);
    write("migrate.js", "console.error('no such column: price');\nprocess.exit(3);\n");
    let failed = wharf.run(&["deploy", path, "--target", target, "--json"]).exits(1).json();
    assert_eq!((&failed["error"]["step"], &failed["error"]["cause"]), (&"release".into(), &"release-failed".into()));
    assert!(failed["error"]["message"].as_str().unwrap().contains("exit code 3"), "{failed:#}");
    assert!(failed["error"]["quote"].as_str().unwrap().contains("no such column: price"), "{failed:#}");
    assert_eq!(step(&failed, "start")["status"], "pending");
    assert_eq!(http::get(&url, "/").unwrap().body, "version 1");
    assert_eq!(wharf.instances(target).len(), 1);

    write("migrate.js", "console.log('tables are there');\n");
    let second = wharf.json(&deploy);
    assert_eq!(
        (second["status"].as_str(), http::get(&url, "/").unwrap().body.as_str()),
        (Some("healthy"), "version 2")
    );

    // Going back to a version that ran already changes nothing that it would need.
    let back = wharf.json(&["rollback", path, "--yes"]);
    assert_eq!((back["status"].as_str(), http::get(&url, "/").unwrap().body.as_str()), (Some("healthy"), "version 1"));
    assert!(steps(&back).iter().all(|step| step["name"] != "release"), "{back:#}");
    wharf.run(&["delete", path, "--yes", "--volumes"]).exits(0);
}

fn steps(deployment: &Value) -> &Vec<Value> {
    deployment["steps"].as_array().unwrap()
}

fn step<'d>(deployment: &'d Value, name: &str) -> &'d Value {
    steps(deployment).iter().find(|step| step["name"] == name).unwrap()
}
