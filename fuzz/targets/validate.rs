#![no_main]
//! Files of every kind that is checked before it is used.

use libfuzzer_sys::fuzz_target;
use wharf::validate::check;

fuzz_target!(|text: &str| {
    for path in ["Dockerfile", "compose.yaml", ".dockerignore", ".env.example"] {
        // YAML knows more ends of lines, and what lacks at the end is missed on the line behind it.
        let lines = 2 + text.matches(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
        assert!(check(path, text).iter().all(|fault| fault.line.is_none_or(|line| line <= lines)), "{path}");
    }
});
