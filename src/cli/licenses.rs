//! `wharf licenses`: the terms of what others made and this program holds.

use serde_json::json;

use super::{Context, Outcome, output};

pub(super) fn run(context: &Context) -> Outcome {
    let highlighter = two_face::acknowledgement::listing().to_md();
    if context.json {
        output::json(&json!({ "highlighter": highlighter }));
    } else {
        output::line("Grammars and themes of the highlighter\n======================================\n");
        output::print(&highlighter);
    }
    Outcome::Done
}
