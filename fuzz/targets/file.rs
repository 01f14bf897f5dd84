#![no_main]
//! One file of a project, of any bytes, among the other files of a sample. Detection must neither panic nor hang, and
//! what it finds must be fit to be printed, stored, generated from and checked.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{env, fs};

use libfuzzer_sys::fuzz_target;
use toml_edit::{DocumentMut, Item};
use wharf::detect::{MemoryTree, detect, settings};
use wharf::generate::{Order, settings_file};
use wharf::model::{Environment, FileTree as _, Settings};
use wharf::os::tree::DiskTree;
use wharf::validate::check;

/// The programs differ in their name alone, so that one of them can stand in for all.
static PLACE: LazyLock<Place> = LazyLock::new(|| {
    let other = env::var("WHARF_FUZZ_TARGET").ok();
    Place::of(other.as_deref().unwrap_or(env!("CARGO_BIN_NAME")))
});

/// The file that is tried, and what lies beside it.
struct Place {
    file: String,
    beside: Vec<(String, Vec<u8>)>,
}

impl Place {
    fn of(target: &str) -> Self {
        let manifest: DocumentMut = include_str!("../Cargo.toml").parse().expect("the manifest is TOML");
        let files = manifest["package"]["metadata"]["files"].as_table().expect("the manifest lists files");
        let word = |key: &str| files.get(target).and_then(|row| row.get(key)).and_then(Item::as_str);
        let (sample, file) = word("sample").zip(word("file")).expect("the target is listed");
        let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../tests/fixtures", sample].iter().collect();
        Self { file: file.to_owned(), beside: Self::beside(&folder, file) }
    }

    fn beside(folder: &Path, file: &str) -> Vec<(String, Vec<u8>)> {
        let tree = DiskTree::open(folder).expect("the sample is there");
        let others = tree.paths().iter().filter(|path| *path != file);
        others.map(|path| (path.clone(), fs::read(folder.join(path)).expect("a sample can be read"))).collect()
    }

    fn with(&self, bytes: &[u8], more: Option<(String, Vec<u8>)>) -> MemoryTree {
        let tried = (self.file.clone(), bytes.to_vec());
        MemoryTree::new(self.beside.iter().cloned().chain([tried]).chain(more))
    }
}

fuzz_target!(|bytes: &[u8]| {
    let tree = PLACE.with(bytes, None);
    let found = detect(&tree);
    let text = serde_json::to_string(&found).expect("what is found can be printed");
    let stored = bincode::serialize(&found).expect("what is found can be stored");
    let most = (1 << 20) + 64 * bytes.len();
    assert!(text.len() < most && stored.len() < most, "a small file makes a small profile");
    for app in &found.apps {
        let (settings, kinds) = (Settings::default(), ["docker", "compose"].map(str::to_owned).into());
        for artifact in Order::new("shop", &[app], &settings).artifacts(&kinds).into_iter().flatten() {
            let faults = check(&artifact.path, &artifact.content);
            assert!(faults.is_empty(), "{faults:?} in\n{}", artifact.content);
        }
    }
    let written = ("wharf.toml".to_owned(), settings_file(&found).into_bytes());
    let meant: Settings = settings(&PLACE.with(bytes, Some(written))).expect("what init writes is read back");
    let _ = meant.applied(&found, Environment::default());
});
