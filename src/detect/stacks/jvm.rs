//! What all languages on the JVM share.

use crate::detect::facts::Facts;
use crate::detect::project::Folder;

/// The Java version in `system.properties`, as Heroku reads it.
pub(super) fn system_properties(facts: &mut Facts, folder: Folder<'_>) {
    let file = "system.properties";
    let Some(text) = folder.text(file) else { return };
    let line = text.lines().find_map(|line| line.trim().strip_prefix("java.runtime.version"));
    facts.ask(file, folder, file, line.map(|rest| rest.trim_start_matches(['=', ':', ' '])));
}
