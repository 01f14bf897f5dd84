#![no_main]
//! An archive of advisories, of any bytes, imported and asked.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wharf::advisories::{Archive, package};
use wharf::model::Timestamp;

static FOLDER: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("wharf-fuzz-{}", std::process::id())));

fuzz_target!(|bytes: &[u8]| {
    let _ = fs::remove_dir_all(&*FOLDER);
    fs::create_dir_all(&*FOLDER).expect("the folder for temporary files can be written");
    let file = FOLDER.join("all.zip");
    fs::write(&file, bytes).expect("the folder for temporary files can be written");
    let archive = Archive::new(FOLDER.join("advisories"));
    if archive.import(&file, Timestamp::from_millis(0)).is_ok() {
        archive.contents().expect("what was imported is there");
        let packages: Vec<_> = ["npm", "PyPI"].iter().flat_map(|one| package(one, "a", Some("1.0"), true)).collect();
        archive.look_up(&packages).expect("what was imported can be asked");
    }
});
