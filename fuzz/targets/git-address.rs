#![no_main]
//! The word that says where a project is: never an option to git or ssh, and without its password when it is shown.

use libfuzzer_sys::fuzz_target;
use wharf::model::Location;
use wharf::os::git::{location, without_credentials};

fuzz_target!(|word: &str| {
    let clean = without_credentials(word);
    assert_eq!(without_credentials(&clean), clean);
    if let Ok(Location::Git { url, reference }) = location(word) {
        assert!(!url.starts_with('-') && reference.is_none_or(|reference| !reference.starts_with('-')));
    }
});
