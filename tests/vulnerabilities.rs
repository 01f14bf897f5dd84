//! Known vulnerabilities, from the command to a database on loopback and back.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::osv::Osv;
use crate::support::wharf::Wharf;

/// A small shop with locked dependencies, one that is only asked for, and one from a folder.
fn shop(wharf: &Wharf) -> PathBuf {
    let folder = wharf.path("shop");
    node_app(&folder, &[("express", "4.17.1"), ("lodash", "4.17.11")], &[("loose", "^1.0.0"), ("own", "file:../own")]);
    folder
}

fn node_app(folder: &Path, locked: &[(&str, &str)], loose: &[(&str, &str)]) {
    fs::create_dir_all(folder).unwrap();
    let asked = |version: &str| format!("^{version}");
    let mut dependencies: serde_json::Map<String, Value> =
        locked.iter().map(|(name, version)| ((*name).to_owned(), json!(asked(version)))).collect();
    dependencies.extend(loose.iter().map(|(name, version)| ((*name).to_owned(), json!(version))));
    let package = json!({"name": "shop", "version": "1.0.0", "scripts": {"start": "node server.js"}, "dependencies": dependencies});
    let packages: serde_json::Map<String, Value> =
        locked.iter().map(|(name, version)| (format!("node_modules/{name}"), json!({ "version": version }))).collect();
    let lock = json!({"name": "shop", "lockfileVersion": 3, "packages": packages});
    fs::write(folder.join("package.json"), package.to_string()).unwrap();
    fs::write(folder.join("package-lock.json"), lock.to_string()).unwrap();
    fs::write(folder.join("server.js"), "require('express')().listen(3000)").unwrap();
}

/// Prototype pollution in lodash, as the database has it.
fn pollution() -> Value {
    json!({
        "modified": "2025-01-14T07:13:39Z",
        "aliases": ["CVE-2019-10744"],
        "summary": "Prototype Pollution in lodash",
        "details": "See https://example.com/more.",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H"}],
        "affected": [{
            "package": {"ecosystem": "npm", "name": "lodash"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.12"}]}],
            "database_specific": {"source": "https://example.com/x.json"}
        }],
        "database_specific": {"severity": "CRITICAL"}
    })
}

fn not_scanned(app: &Value, reason: &str) -> Vec<String> {
    let groups = app["not_scanned"].as_array().unwrap().iter().filter(|group| group["reason"] == reason);
    groups
        .flat_map(|group| group["packages"].as_array().unwrap())
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn nothing_is_sent_before_it_is_allowed_and_nothing_is_claimed() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    let report = wharf.json(&["vulns", "shop"]);
    let app = &report["apps"][0];
    assert_eq!((&app["scanned"], &app["dependencies"]), (&json!(0), &json!(4)));
    assert_eq!(not_scanned(app, "not-allowed"), ["express", "lodash"]);
    assert_eq!(not_scanned(app, "no-exact-version"), ["loose", "own"]);
    assert_eq!(report["sources"]["allowed"], Value::Null);
    let told = wharf.run(&["vulns", "shop"]).exits(0);
    assert!(told.stdout.contains("not scanned") && told.stderr.contains("wharf vulns --allow"), "{told:?}");
    assert!(!told.stdout.contains("no known"), "{told:?}");
    wharf.run(&["vulns", "shop", "--fail-on", "low"]).exits(5);
    assert!(osv.asked("/").is_empty());
}

#[test]
fn what_the_database_knows_is_shown_with_severity_and_fix() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    osv.add("npm lodash@4.17.11", "GHSA-jf85-cpcp-j695", pollution());
    let report = wharf.json(&["vulns", "shop", "--allow"]);
    let app = &report["apps"][0];
    assert_eq!((&app["ecosystem"], &app["scanned"]), (&json!("npm"), &json!(2)));
    assert_eq!(
        app["vulnerabilities"],
        json!([{
            "id": "GHSA-jf85-cpcp-j695", "aliases": ["CVE-2019-10744"], "package": "lodash", "version": "4.17.11",
            "scope": "runtime", "severity": "critical", "score": 9.1, "summary": "Prototype Pollution in lodash",
            "fixed": "4.17.12"
        }])
    );
    assert_eq!(
        osv.asked("/v1/querybatch"),
        [json!({"queries": [
            {"package": {"name": "express", "ecosystem": "npm"}, "version": "4.17.1"},
            {"package": {"name": "lodash", "ecosystem": "npm"}, "version": "4.17.11"}
        ]})],
        "names and versions, and nothing else"
    );
    let told = wharf.run(&["vulns", "shop", "--fail-on", "critical"]).exits(1);
    assert!(told.stdout.contains("1 known vulnerability (1 critical) in 2 of 4 dependencies"), "{told:?}");
    assert!(told.stdout.contains("critical 9.1") && told.stdout.contains("4.17.12"), "{told:?}");
    assert!(!told.stdout.contains("http"), "{told:?}");
}
