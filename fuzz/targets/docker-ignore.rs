#![no_main]
//! A .dockerignore of any bytes, asked about any path.

use libfuzzer_sys::fuzz_target;
use wharf::model::dockerignore::Ignore;

fuzz_target!(|input: (&str, &str)| {
    if let Ok(ignore) = Ignore::parse(input.0) {
        let _ = ignore.is_ignored(input.1);
        let _ = ignore.may_keep_below(input.1);
    }
});
