//! Importing and looking up.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::advisories::package;

/// A folder with an archive in it, and beside it files to import.
struct Bench {
    folder: TempDir,
    archive: Archive,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let archive = Archive::new(folder.path().join("advisories"));
        Self { folder, archive }
    }

    fn zip(&self, entries: &[(&str, Vec<u8>)]) -> PathBuf {
        let path = self.folder.path().join("all.zip");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    fn json(&self, record: &Value) -> PathBuf {
        let path = self.folder.path().join("one.json");
        fs::write(&path, record.to_string()).unwrap();
        path
    }

    fn import(&self, path: &Path) -> AdvisoryImport {
        self.archive.import(path, Timestamp::from_millis(1000)).unwrap()
    }

    fn found(&self, ecosystem: &str, name: &str, version: &str) -> Vec<String> {
        let package = package(ecosystem, name, Some(version), true).unwrap();
        let found = self.archive.look_up(&[package]).unwrap().remove(0);
        let mut ids: Vec<String> = found.into_iter().map(|advisory| advisory.id).collect();
        ids.sort();
        ids
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("advisories")).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn record(id: &str, ecosystem: &str, name: &str, fixed: &str) -> Value {
    json!({"id": id, "modified": "2025-01-01T00:00:00Z", "summary": "it fails", "affected": [{
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
    }]})
}

fn entry<'n>(name: &'n str, record: &Value) -> (&'n str, Vec<u8>) {
    (name, record.to_string().into_bytes())
}

#[test]
fn an_archive_is_found_again_by_package_and_version() {
    let bench = Bench::new();
    assert!(bench.archive.contents().unwrap().is_empty());
    assert!(bench.found("npm", "a", "1.0.0").is_empty());
    let zip = bench.zip(&[
        entry("A-1.json", &record("A-1", "npm", "a", "1.5.0")),
        entry("A-2.json", &record("A-2", "npm", "a", "2.0.0")),
        entry("B-1.json", &record("B-1", "npm", "@b/c", "1.0.0-rc.1")),
    ]);
    let report = bench.import(&zip);
    assert_eq!((report.imported, report.skipped, report.whole), (3, 0, vec!["npm".to_owned()]));
    assert_eq!(bench.found("npm", "a", "1.4.9"), ["A-1", "A-2"]);
    assert_eq!(bench.found("npm", "a", "1.5.0"), ["A-2"]);
    assert!(bench.found("npm", "a", "2.0.0").is_empty());
    assert_eq!(bench.found("npm", "@b/c", "1.0.0-beta"), ["B-1"]);
    assert!(bench.found("PyPI", "a", "1.0.0").is_empty());
    // Another engine finds it too.
    let again = Archive::new(bench.folder.path().join("advisories"));
    assert_eq!(again.contents().unwrap(), bench.archive.contents().unwrap());
    assert_eq!(again.contents().unwrap()[0].advisories, 3);
}

#[test]
fn what_is_no_advisory_is_left_out_and_counted() {
    let bench = Bench::new();
    let long = json!({"id": "LONG", "details": "x".repeat(17 << 20)});
    let twice = record("A-1", "npm", "a", "9.0.0");
    let zip = bench.zip(&[
        entry("A-1.json", &record("A-1", "npm", "a", "1.5.0")),
        ("broken.json", b"{\"id\": ".to_vec()),
        ("list.json", b"[]".to_vec()),
        ("README.md", b"hello".to_vec()),
        entry("long.json", &long),
        entry("nothing.json", &json!({"id": "N-1"})),
        entry("twice.json", &twice),
    ]);
    let report = bench.import(&zip);
    assert_eq!((report.imported, report.skipped), (1, 6));
    assert_eq!(report.skipped_examples.len(), 5);
    assert!(report.skipped_examples[0].starts_with("broken.json: malformed JSON"), "{:?}", report.skipped_examples);
    assert_eq!(bench.found("npm", "a", "1.0.0"), ["A-1"]);
    assert!(bench.found("npm", "a", "2.0.0").is_empty(), "the first counts");
}

#[test]
fn a_single_advisory_is_added_and_replaced_and_withdrawn() {
    let bench = Bench::new();
    let report = bench.import(&bench.json(&record("A-1", "npm", "a", "1.5.0")));
    assert!(report.whole.is_empty() && !report.archives[0].whole);
    bench.import(&bench.zip(&[entry("B-1.json", &record("B-1", "npm", "b", "1.5.0"))]));
    let report = bench.import(&bench.json(&record("A-1", "npm", "a", "1.2.0")));
    assert!(report.archives[0].whole, "the archive of before stays whole");
    assert_eq!(report.archives[0].advisories, 2);
    assert!(bench.found("npm", "a", "1.3.0").is_empty());
    assert_eq!(bench.found("npm", "a", "1.1.0"), ["A-1"]);
    assert_eq!(bench.found("npm", "b", "1.1.0"), ["B-1"]);
    let mut withdrawn = record("A-1", "npm", "a", "1.2.0");
    withdrawn["withdrawn"] = json!("2025-02-01T00:00:00Z");
    bench.import(&bench.json(&withdrawn));
    assert!(bench.found("npm", "a", "1.1.0").is_empty());
    assert_eq!(bench.files(), ["4.advisories", "4.index", "contents.json"]);
}

#[test]
fn an_archive_is_whole_only_for_what_all_of_it_is_about() {
    let bench = Bench::new();
    let mut both = record("A-1", "npm", "a", "1.5.0");
    both["affected"].as_array_mut().unwrap().push(record("x", "PyPI", "a", "1.5")["affected"][0].clone());
    let zip = bench.zip(&[entry("A-1.json", &both), entry("A-2.json", &record("A-2", "npm", "b", "1.0.0"))]);
    assert_eq!(bench.import(&zip).whole, ["npm"]);
    let whole: Vec<(String, bool)> =
        bench.archive.contents().unwrap().into_iter().map(|archive| (archive.ecosystem, archive.whole)).collect();
    assert_eq!(whole, [("PyPI".to_owned(), false), ("npm".to_owned(), true)]);
    assert_eq!(bench.found("PyPI", "A", "1.0"), ["A-1"]);
}

#[test]
fn a_file_that_holds_none_changes_nothing() {
    let bench = Bench::new();
    bench.import(&bench.zip(&[entry("A-1.json", &record("A-1", "npm", "a", "1.5.0"))]));
    let before = bench.files();
    let empty = bench.folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    let torn = bench.folder.path().join("torn.zip");
    fs::write(&torn, &fs::read(bench.folder.path().join("all.zip")).unwrap()[..60]).unwrap();
    let text = bench.zip(&[("a.txt", b"x".to_vec())]);
    for path in [&empty, &torn, &text, &bench.folder.path().to_owned()] {
        let error = bench.archive.import(path, Timestamp::from_millis(2000)).unwrap_err();
        assert!(matches!(error, ArchiveError::NoArchive { .. }), "{error}");
    }
    let missing = bench.archive.import(Path::new("/nowhere/all.zip"), Timestamp::from_millis(2000)).unwrap_err();
    assert!(matches!(missing, ArchiveError::Unreadable { .. }), "{missing}");
    assert_eq!(bench.files(), before);
    assert_eq!(bench.found("npm", "a", "1.0.0"), ["A-1"]);
}

#[test]
fn damage_is_told_and_the_next_import_mends_it() {
    let bench = Bench::new();
    let zip = bench.zip(&[entry("A-1.json", &record("A-1", "npm", "a", "1.5.0"))]);
    bench.import(&zip);
    let folder = bench.folder.path().join("advisories");
    let package = package("npm", "a", Some("1.0.0"), true).unwrap();
    let line = fs::read(folder.join("1.advisories")).unwrap();
    let broken: [(&str, Vec<u8>); 4] = [
        ("1.advisories", b"{}".to_vec()),
        ("1.advisories", vec![b'x'; line.len()]),
        ("1.index", b"short".to_vec()),
        ("contents.json", b"{".to_vec()),
    ];
    for (file, bytes) in broken {
        fs::write(folder.join(file), bytes).unwrap();
        let damaged = Archive::new(folder.clone());
        let told = damaged.look_up(std::slice::from_ref(&package)).unwrap_err();
        assert!(matches!(told, ArchiveError::Damaged(_)), "{file}: {told}");
        damaged.import(&zip, Timestamp::from_millis(2000)).unwrap();
        let mended = Archive::new(folder.clone());
        assert_eq!(mended.look_up(std::slice::from_ref(&package)).unwrap()[0].len(), 1, "{file}");
        fs::remove_dir_all(&folder).unwrap();
        fresh(&folder, &zip);
    }
}

/// A fresh archive of that file in the folder.
fn fresh(folder: &Path, zip: &Path) {
    Archive::new(folder.to_owned()).import(zip, Timestamp::from_millis(1000)).unwrap();
}
