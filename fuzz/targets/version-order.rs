#![no_main]
//! Two versions of any letters in each of the ecosystems: either comes before the other, or neither does.

use libfuzzer_sys::fuzz_target;
use wharf::advisories::{Advisory, Package};

const ECOSYSTEMS: [&str; 9] = ["npm", "PyPI", "Maven", "RubyGems", "Packagist", "Pub", "NuGet", "crates.io", "Go"];

/// Whether `version` lies below a bound.
fn below(ecosystem: &str, version: &str, fixed: &str) -> bool {
    let record = serde_json::json!({"id": "A-1", "affected": [{
        "package": {"ecosystem": ecosystem, "name": "a"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
    }]});
    let advisory = Advisory::read(record.to_string().as_bytes()).expect("the record is one");
    let (ecosystem, name) = (ecosystem.to_owned(), "a".to_owned());
    advisory.concerns(&Package { ecosystem, name, version: version.to_owned() })
}

fuzz_target!(|input: (&str, &str)| {
    let (one, other) = input;
    for ecosystem in ECOSYSTEMS {
        assert!(!(below(ecosystem, one, other) && below(ecosystem, other, one)), "{ecosystem}: {one:?} {other:?}");
        assert!(!below(ecosystem, one, one), "{ecosystem}: {one:?}");
    }
});
