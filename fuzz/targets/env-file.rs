#![no_main]
//! A file of variables, of any bytes: what is taken out of it can stand in an environment.

use libfuzzer_sys::fuzz_target;
use wharf::cli::env_file::parse;

fuzz_target!(|text: &str| {
    match parse(text) {
        Ok(pairs) => assert!(pairs.iter().all(|(name, _)| !name.is_empty() && !name.contains(['=', '\0', '\n']))),
        Err((line, _)) => assert!((1..=text.lines().count()).contains(&line)),
    }
});
