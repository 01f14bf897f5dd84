//! `wharf licenses`: the terms of what others made and this program holds.

use serde_json::json;

use super::{Outcome, output};

/// The licence texts of all crates that the program is linked with; `scripts/licences` writes the file.
const CRATES: &str = include_str!("../../THIRD-PARTY.txt");

pub(super) fn run(json: bool) -> Outcome {
    let highlighter = two_face::acknowledgement::listing().to_md();
    if json {
        output::json(&json!({ "highlighter": highlighter, "crates": CRATES }));
    } else {
        output::print("Grammars and themes of the highlighter\n======================================\n\n");
        output::file(&highlighter);
        output::print("\nCrates\n======\n\n");
        output::file(CRATES);
    }
    Outcome::Done
}
