#![no_main]
//! An archive that somebody gave, of any bytes: tar, gzip, Zstandard or zip by how it begins.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wharf::detect::detect;
use wharf::model::FileTree as _;
use wharf::os::archive::{ArchiveBounds, ArchiveTree};

static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("wharf-fuzz-{}.tar", std::process::id())));

const BOUNDS: ArchiveBounds = ArchiveBounds {
    entries: 1000,
    depth: 64,
    file_bytes: 1 << 16,
    kept_bytes: 1 << 20,
    unpacked_bytes: 4 << 20,
    ratio: 200,
    warnings: 50,
};

fuzz_target!(|bytes: &[u8]| {
    fs::write(&*FILE, bytes).expect("the folder for temporary files can be written");
    let Ok(tree) = ArchiveTree::open(&FILE, BOUNDS) else { return };
    assert!(tree.warnings().len() <= BOUNDS.warnings + 1);
    assert!(tree.paths().is_sorted(), "paths are sorted");
    for path in tree.paths() {
        assert!(!path.starts_with('/') && !path.split('/').any(|part| part == ".."), "{path} leads out");
        let _ = tree.read(path);
    }
    let _ = detect(&tree);
});
