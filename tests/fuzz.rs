//! Holds that each parser of a project's files has a fuzz target: `fuzz/Cargo.toml` lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use toml_edit::{DocumentMut, Item};
use wharf::detect::{MemoryTree, detect};
use wharf::model::{FileTree, ReadError, Warning};
use wharf::os::tree::DiskTree;

use crate::detect::samples;
use crate::support::demos;

/// A tree that remembers what was read of it.
struct Watched<T> {
    tree: T,
    read: Mutex<BTreeSet<String>>,
}

impl<T: FileTree> Watched<T> {
    fn new(tree: T) -> Self {
        Self { tree, read: Mutex::default() }
    }

    /// What detection reads of it.
    fn read_by_detection(self) -> BTreeSet<String> {
        let _ = detect(&self);
        self.read.into_inner().unwrap()
    }
}

impl<T: FileTree> FileTree for Watched<T> {
    fn paths(&self) -> &[String] {
        self.tree.paths()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.read.lock().unwrap().insert(path.to_owned());
        self.tree.read(path)
    }

    fn warnings(&self) -> &[Warning] {
        self.tree.warnings()
    }
}

/// What a target tries.
struct Tried {
    sample: PathBuf,
    file: String,
    also: Vec<String>,
}

impl Tried {
    fn fits(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap();
        let fits = |known: &str| match known.split_once('*') {
            Some((beginning, ending)) => name.starts_with(beginning) && name.ends_with(ending),
            None => known.rsplit('/').next() == Some(name),
        };
        fits(&self.file) || self.also.iter().any(|known| fits(known))
    }
}

fn manifest() -> DocumentMut {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml");
    fs::read_to_string(path).unwrap().parse().unwrap()
}

fn targets() -> BTreeMap<String, Tried> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let manifest = manifest();
    let files = manifest["package"]["metadata"]["files"].as_table().unwrap();
    let tried = |row: &Item| Tried {
        sample: root.join(row["sample"].as_str().unwrap()),
        file: row["file"].as_str().unwrap().to_owned(),
        also: row
            .get("also")
            .and_then(Item::as_array)
            .into_iter()
            .flatten()
            .map(|one| one.as_str().unwrap().to_owned())
            .collect(),
    };
    files.iter().map(|(name, row)| (name.to_owned(), tried(row))).collect()
}

#[test]
fn every_file_that_detection_reads_has_a_fuzz_target() {
    let targets = targets();
    let folders = samples().into_iter().chain(demos());
    let read = folders.flat_map(|folder| Watched::new(DiskTree::open(&folder).unwrap()).read_by_detection());
    let untried: BTreeSet<String> = read.filter(|path| !targets.values().any(|tried| tried.fits(path))).collect();
    assert_eq!(untried, BTreeSet::new(), "a line for each is missing in fuzz/Cargo.toml");
}

#[test]
fn every_fuzz_target_reaches_its_parser() {
    let mut idle = Vec::new();
    for (name, tried) in targets() {
        let tree = DiskTree::open(&tried.sample).unwrap();
        let others = tree.paths().iter().filter(|path| **path != tried.file);
        let others = others.map(|path| (path.clone(), tree.read(path).unwrap()));
        let tree = MemoryTree::new(others.chain([(tried.file.clone(), Vec::new())]));
        if !Watched::new(tree).read_by_detection().contains(&tried.file) {
            idle.push(format!("{name}: nobody reads {}", tried.file));
        }
    }
    assert_eq!(idle, [""; 0]);
}

#[test]
fn every_fuzz_target_has_its_program() {
    let manifest = manifest();
    let word = |bin: &toml_edit::Value, key: &str| bin.as_inline_table().unwrap()[key].as_str().unwrap().to_owned();
    let bins: BTreeMap<String, String> =
        manifest["bin"].as_array().unwrap().iter().map(|bin| (word(bin, "name"), word(bin, "path"))).collect();
    let of_files: BTreeSet<&String> =
        bins.iter().filter(|(_, path)| *path == "targets/file.rs").map(|(name, _)| name).collect();
    assert_eq!(of_files, targets().keys().collect::<BTreeSet<_>>());
    let programs = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/targets")).unwrap();
    let programs: BTreeSet<String> =
        programs.map(|file| format!("targets/{}", file.unwrap().file_name().display())).collect();
    assert_eq!(bins.into_values().collect::<BTreeSet<_>>(), programs);
}
