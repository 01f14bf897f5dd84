#![no_main]
//! A record of a database of vulnerabilities, of any bytes, asked about every package that it names.

use libfuzzer_sys::fuzz_target;
use wharf::advisories::{Advisory, package};
use wharf::model::DependencyScope;

fuzz_target!(|bytes: &[u8]| {
    let Ok(advisory) = Advisory::read(bytes) else { return };
    let kept = serde_json::to_vec(&advisory).expect("what is read can be kept");
    assert_eq!(serde_json::from_slice::<Advisory>(&kept).expect("what is kept can be read"), advisory);
    for affected in advisory.affected.iter().take(10) {
        for version in ["1.0.0", "2", "0.0.1-rc.1"] {
            let Ok(package) = package(&affected.ecosystem, &affected.name, Some(version), true) else { continue };
            if advisory.concerns(&package) {
                let _ = advisory.finding(&package, DependencyScope::default(), true);
            }
        }
    }
});
