//! Known vulnerabilities, from the command to a database on loopback and back.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::ResponseTemplate;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::osv::Osv;
use crate::support::pty::Pty;
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
            "direct": true, "scope": "runtime", "severity": "critical", "score": 9.1, "summary": "Prototype Pollution in lodash",
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

#[test]
fn an_answer_is_kept_until_it_is_asked_for_again() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    osv.add("npm lodash@4.17.11", "GHSA-jf85-cpcp-j695", pollution());
    let first = wharf.json(&["vulns", "shop", "--allow"]);
    let second = wharf.json(&["vulns", "shop"]);
    assert_eq!(first["apps"], second["apps"]);
    assert_eq!(first["answered_at"], second["answered_at"]);
    assert_eq!((osv.asked("/v1/querybatch").len(), osv.asked("/v1/vulns").len()), (1, 1));
    osv.state().instead_of_answers = Some(ResponseTemplate::new(400));
    let failed = wharf.json(&["vulns", "shop", "--fresh"]);
    assert_eq!((&failed["apps"], &failed["answered_at"]), (&first["apps"], &first["answered_at"]));
    assert_eq!(failed["problems"].as_array().unwrap().len(), 1, "the last good answer, and that asking failed");
    osv.state().instead_of_answers = None;
    osv.state().known.clear();
    let fresh = wharf.json(&["vulns", "shop", "--fresh"]);
    assert_eq!(fresh["apps"][0]["vulnerabilities"], json!([]));
    assert_eq!(osv.asked("/v1/querybatch").len(), 3);
}

#[test]
fn consent_is_remembered_for_its_address_and_can_be_taken_back() {
    let (wharf, osv, other) = (Wharf::new(), Osv::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    wharf.json(&["vulns", "shop", "--allow"]);
    wharf.run(&["engine", "stop"]).exits(0);
    osv.serve(&wharf, 30);
    let sources = wharf.json(&["vulns", "sources"]);
    assert_eq!(sources["allowed"]["address"], json!(osv.address()));
    wharf.json(&["vulns", "shop", "--fresh"]);
    assert_eq!(osv.asked("/v1/querybatch").len(), 2);
    wharf.run(&["engine", "stop"]).exits(0);
    other.serve(&wharf, 30);
    let report = wharf.json(&["vulns", "shop"]);
    assert_eq!(
        not_scanned(&report["apps"][0], "not-allowed"),
        ["express", "lodash"],
        "another address, another consent"
    );
    wharf.run(&["engine", "stop"]).exits(0);
    osv.serve(&wharf, 30);
    let told = wharf.run(&["vulns", "--revoke"]).exits(0);
    assert!(told.stdout.contains("Nothing is sent"), "{told:?}");
    wharf.json(&["vulns", "shop", "--fresh"]);
    assert_eq!(wharf.json(&["vulns", "sources"])["allowed"], Value::Null);
    assert!(other.asked("/").is_empty());
    assert_eq!(osv.asked("/v1/querybatch").len(), 2);
}

#[test]
fn a_long_list_goes_in_batches_and_long_answers_come_in_pages() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 60);
    let names: Vec<String> = (0..2300).map(|number| format!("package-{number:04}")).collect();
    let locked: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    node_app(&wharf.path("shop"), &locked, &[]);
    osv.state().page = 2;
    for number in 0..5 {
        let record = json!({"summary": format!("number {number}"), "affected": [{
            "package": {"ecosystem": "npm", "name": "package-2299"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]
        }]});
        osv.add("npm package-2299@1.0.0", &format!("GHSA-{number}"), record);
    }
    let report = wharf.json(&["vulns", "shop", "--allow"]);
    let app = &report["apps"][0];
    assert_eq!((&app["scanned"], &app["not_scanned"]), (&json!(2300), &json!([])));
    assert_eq!(app["vulnerabilities"].as_array().unwrap().len(), 5);
    let sizes: Vec<usize> =
        osv.asked("/v1/querybatch").iter().map(|body| body["queries"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [1000, 1000, 300, 1, 1], "three batches, and two more pages of the last package");
    let worst = &app["vulnerabilities"][0];
    assert_eq!((&worst["severity"], &worst["fixed"]), (&json!("unknown"), &Value::Null));
}

#[test]
fn a_database_that_fails_leaves_things_not_scanned_and_says_so() {
    let cases = [
        ("down", ResponseTemplate::new(503)),
        ("odd", ResponseTemplate::new(200).set_body_string("<html>")),
        ("short", ResponseTemplate::new(200).set_body_json(json!({"results": [{}]}))),
        ("other", ResponseTemplate::new(200).set_body_json(json!({"results": [{"vulns": 5}, {}]}))),
        (
            "endless",
            ResponseTemplate::new(200).set_body_json(json!({"results": [
                {"next_page_token": "on"}, {"vulns": [{"id": "../../etc"}]}
            ]})),
        ),
        ("refused", ResponseTemplate::new(400).set_body_json(json!({"code": 3, "message": "Invalid query."}))),
    ];
    for (case, answer) in cases {
        let (wharf, osv) = (Wharf::new(), Osv::new());
        osv.serve(&wharf, 30);
        shop(&wharf);
        osv.state().instead_of_answers = Some(answer);
        let report = wharf.json(&["vulns", "shop", "--allow"]);
        let app = &report["apps"][0];
        assert_eq!(not_scanned(app, "no-answer"), ["express", "lodash"], "{case}");
        assert_eq!((&app["scanned"], &report["answered_at"]), (&json!(0), &Value::Null), "{case}");
        assert_eq!(report["problems"].as_array().unwrap().len(), 1, "{case}: {report}");
        let told = wharf.run(&["vulns", "shop", "--fail-on", "any"]).exits(4);
        assert!(told.stdout.contains("not scanned") && told.stderr.contains("warning:"), "{case}: {told:?}");
        assert!(!told.stdout.contains("no known"), "{case}: {told:?}");
        // What failed is not kept.
        osv.state().instead_of_answers = None;
        wharf.run(&["engine", "stop"]).exits(0);
        osv.serve(&wharf, 30);
        assert_eq!(wharf.json(&["vulns", "shop"])["apps"][0]["scanned"], json!(2), "{case}");
    }
}

#[test]
fn a_server_that_fails_for_a_moment_is_asked_again() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    osv.state().instead = vec![ResponseTemplate::new(503), ResponseTemplate::new(429)];
    let report = wharf.json(&["vulns", "shop", "--allow"]);
    assert_eq!((&report["apps"][0]["scanned"], &report["problems"]), (&json!(2), &json!([])));
}

#[test]
fn a_server_that_never_answers_costs_its_time_and_no_more() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 1);
    shop(&wharf);
    let never = ResponseTemplate::new(200).set_delay(Duration::from_hours(1));
    osv.state().instead_of_answers = Some(never);
    let report = wharf.json(&["vulns", "shop", "--allow"]);
    assert_eq!(not_scanned(&report["apps"][0], "no-answer"), ["express", "lodash"]);
    assert!(report["problems"][0]["why"].as_str().unwrap().contains("no answer in 1 s"), "{report}");
}

#[test]
fn a_page_that_does_not_come_leaves_its_package_not_scanned_and_keeps_what_came() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    osv.add("npm lodash@4.17.11", "GHSA-jf85-cpcp-j695", pollution());
    osv.add("npm lodash@4.17.11", "GHSA-second", pollution());
    osv.state().page = 1;
    // The first question is answered; all further ones fail.
    osv.state().sick_after = Some(1);
    let report = wharf.json(&["vulns", "shop", "--allow"]);
    let app = &report["apps"][0];
    assert_eq!(not_scanned(app, "no-answer"), ["lodash"]);
    assert_eq!(app["scanned"], json!(1));
    assert_eq!(app["vulnerabilities"].as_array().unwrap().len(), 1);
}

#[test]
fn an_advisory_whose_record_cannot_be_read_is_still_named() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    osv.add("npm lodash@4.17.11", "GHSA-jf85-cpcp-j695", pollution());
    osv.state().instead_of_records = Some(ResponseTemplate::new(200).set_body_string("{\"id\": 5}"));
    let report = wharf.json(&["vulns", "shop", "--allow"]);
    let found = &report["apps"][0]["vulnerabilities"][0];
    assert_eq!((&found["id"], &found["severity"]), (&json!("GHSA-jf85-cpcp-j695"), &json!("unknown")));
    assert_eq!(report["problems"].as_array().unwrap().len(), 1);
    wharf.run(&["vulns", "shop", "--fail-on", "low"]).exits(0);
    wharf.run(&["vulns", "shop", "--fail-on", "any"]).exits(1);
}

#[test]
fn records_of_one_vulnerability_are_one_and_withdrawn_ones_none() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    osv.add("npm lodash@4.17.11", "GHSA-jf85-cpcp-j695", pollution());
    osv.add("npm lodash@4.17.11", "CVE-2019-10744", json!({"summary": "the same"}));
    osv.add("npm lodash@4.17.11", "GHSA-gone", json!({"withdrawn": "2024-01-01T00:00:00Z"}));
    osv.add("npm express@4.17.1", "MAL-2025-1", json!({"summary": "Malicious code in express"}));
    let report = wharf.json(&["vulns", "shop", "--allow"]);
    let found = report["apps"][0]["vulnerabilities"].as_array().unwrap();
    let names: Vec<(&str, &str)> =
        found.iter().map(|one| (one["id"].as_str().unwrap(), one["severity"].as_str().unwrap())).collect();
    assert_eq!(names, [("GHSA-jf85-cpcp-j695", "critical"), ("MAL-2025-1", "critical")]);
}

#[test]
fn what_only_a_lock_file_names_is_looked_up_too() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    let folder = shop(&wharf);
    let lock = json!({"name": "shop", "lockfileVersion": 3, "packages": {
        "node_modules/express": {"version": "4.17.1"},
        "node_modules/express/node_modules/lodash": {"version": "4.17.10"},
        "node_modules/lodash": {"version": "4.17.11"}
    }});
    fs::write(folder.join("package-lock.json"), lock.to_string()).unwrap();
    osv.add("npm lodash@4.17.10", "GHSA-jf85-cpcp-j695", pollution());
    let report = wharf.json(&["vulns", "shop", "--allow"]);
    let app = &report["apps"][0];
    assert_eq!((&app["scanned"], &app["dependencies"]), (&json!(3), &json!(5)));
    let found = &app["vulnerabilities"][0];
    assert_eq!((&found["version"], &found["direct"]), (&json!("4.17.10"), &json!(false)));
    let told = wharf.run(&["vulns", "shop"]).exits(0);
    assert!(told.stdout.contains("(indirect)"), "{told:?}");
}

#[test]
fn a_redirect_leads_nowhere() {
    let (wharf, osv, other) = (Wharf::new(), Osv::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    let elsewhere = format!("{}/v1/querybatch", other.address());
    osv.state().instead_of_answers = Some(ResponseTemplate::new(307).insert_header("location", elsewhere.as_str()));
    let report = wharf.json(&["vulns", "shop", "--allow"]);
    assert_eq!(not_scanned(&report["apps"][0], "no-answer"), ["express", "lodash"]);
    assert!(other.asked("/").is_empty(), "consent was given for one address");
}

#[test]
fn the_control_center_asks_and_then_shows_what_is_known() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    let folder = shop(&wharf);
    osv.add("npm lodash@4.17.11", "GHSA-jf85-cpcp-j695", pollution());
    let mut pty = Pty::open(&wharf, &folder, (140, 45), &[]);
    pty.shows("not scanned");
    assert!(osv.asked("/").is_empty());
    pty.press("1v");
    pty.shows(&osv.address());
    pty.press("n");
    pty.shows_no("Send them");
    assert!(osv.asked("/").is_empty());
    pty.press("vy");
    pty.shows("GHSA-jf85-cpcp-j695");
    pty.shows("fixed in 4.17.12");
    pty.press("V");
    pty.shows("nothing is sent");
    assert_eq!(wharf.json(&["vulns", "sources"])["allowed"], Value::Null);
    pty.press("q");
    assert!(pty.ended().1);
}

/// An archive as the database exports them.
fn archive(path: &Path, records: &[Value]) {
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    for record in records {
        zip.start_file(format!("{}.json", record["id"].as_str().unwrap()), SimpleFileOptions::default()).unwrap();
        zip.write_all(record.to_string().as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

fn named(id: &str, mut record: Value) -> Value {
    record["id"] = json!(id);
    record
}

#[test]
fn an_imported_archive_answers_without_a_network() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    let file = wharf.path("all.zip");
    archive(&file, &[named("GHSA-jf85-cpcp-j695", pollution()), json!({"id": "broken"})]);
    let import = wharf.json(&["vulns", "import", "all.zip"]);
    assert_eq!((&import["imported"], &import["skipped"], &import["whole"]), (&json!(1), &json!(1), &json!(["npm"])));
    let report = wharf.json(&["vulns", "shop"]);
    let app = &report["apps"][0];
    assert_eq!(app["scanned"], json!(2));
    assert_eq!(app["vulnerabilities"][0]["fixed"], json!("4.17.12"));
    assert_eq!(report["archives"][0]["ecosystem"], json!("npm"));
    assert!(osv.asked("/").is_empty());
    wharf.run(&["vulns", "shop", "--fail-on", "high"]).exits(1);
    wharf.kill_engine();
    let told = wharf.run(&["vulns", "shop"]).exits(0);
    assert!(
        told.stdout.contains("GHSA-jf85-cpcp-j695") && told.stderr.contains("the archive of 2025-01-14"),
        "{told:?}"
    );
}

#[test]
fn an_archive_stands_in_where_the_database_does_not_answer() {
    let (wharf, osv) = (Wharf::new(), Osv::new());
    osv.serve(&wharf, 30);
    shop(&wharf);
    archive(&wharf.path("all.zip"), &[named("GHSA-jf85-cpcp-j695", pollution())]);
    wharf.run(&["vulns", "import", "all.zip"]).exits(0);
    osv.state().instead_of_answers = Some(ResponseTemplate::new(500));
    let report = wharf.json(&["vulns", "shop", "--allow"]);
    assert_eq!(report["apps"][0]["scanned"], json!(2));
    assert_eq!(report["apps"][0]["vulnerabilities"][0]["id"], json!("GHSA-jf85-cpcp-j695"));
    assert_eq!(report["problems"].as_array().unwrap().len(), 1, "it is told that the database failed");
}

#[test]
fn a_single_advisory_shows_and_claims_nothing_of_the_others() {
    let wharf = Wharf::new();
    shop(&wharf);
    fs::write(wharf.path("one.json"), named("GHSA-jf85-cpcp-j695", pollution()).to_string()).unwrap();
    let told = wharf.run(&["vulns", "import", "one.json"]).exits(0);
    assert!(told.stderr.contains("no ecosystem's whole archive"), "{told:?}");
    let app = wharf.json(&["vulns", "shop"])["apps"][0].clone();
    assert_eq!(app["vulnerabilities"][0]["package"], json!("lodash"));
    assert_eq!(
        (&app["scanned"], not_scanned(&app, "not-allowed")),
        (&json!(0), vec!["express".into(), "lodash".into()])
    );
    let told = wharf.run(&["vulns", "shop"]).stdout;
    assert!(told.lines().any(|line| line.contains("lodash") && line.contains("GHSA-")), "{told}");
    let rest = told.lines().find(|line| line.contains("nobody has allowed"));
    assert!(rest.is_some_and(|line| line.ends_with(": express")), "lodash stands above already:\n{told}");
}

#[test]
fn what_cannot_be_imported_is_told_with_the_way_out() {
    let wharf = Wharf::new();
    fs::write(wharf.path("text"), "hello").unwrap();
    let told = wharf.run(&["vulns", "import", "nowhere.zip"]).exits(3);
    assert!(told.stderr.contains("nowhere.zip cannot be read"), "{told:?}");
    assert!(!wharf.data_dir().exists(), "told before an engine is started");
    let told = wharf.run(&["vulns", "import", "text"]).exits(2);
    assert!(told.stderr.contains("holds no advisories") && told.stderr.contains("all.zip"), "{told:?}");
    wharf.run(&["vulns", "--allow", "--revoke"]).exits(2);
    wharf.run(&["vulns", "--fail-on", "moon"]).exits(2);
    wharf.run(&["vulns", "./nowhere"]).exits(3);
}
