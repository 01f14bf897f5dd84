//! What all languages on the JVM share.

use crate::detect::facts::Facts;
use crate::detect::project::Folder;

/// The Java version in `system.properties`, as Heroku reads it, and in `.sdkmanrc`.
pub(super) fn system_properties(facts: &mut Facts, folder: Folder<'_>) {
    for (file, key) in [("system.properties", "java.runtime.version"), (".sdkmanrc", "java")] {
        let Some(text) = folder.text(file) else { continue };
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key));
        let says = line.map(|rest| rest.trim_start_matches(['=', ':', ' ']));
        let place = if file == ".sdkmanrc" { ".sdkmanrc java" } else { file };
        facts.ask(place, folder, file, says);
    }
}

/// How many folders lie above.
pub(super) fn depth(folder: Folder<'_>) -> usize {
    if folder.path().is_empty() { 0 } else { folder.path().split('/').count() }
}
