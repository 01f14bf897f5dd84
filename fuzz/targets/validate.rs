#![no_main]
//! Files of every kind that is checked before it is used.

use libfuzzer_sys::fuzz_target;
use wharf::validate::check;

fuzz_target!(|text: &str| {
    for path in ["Dockerfile", "compose.yaml", ".dockerignore", ".env.example"] {
        let lines = text.lines().count().max(1);
        assert!(check(path, text).iter().all(|fault| fault.line.is_none_or(|line| line <= lines)), "{path}");
    }
});
