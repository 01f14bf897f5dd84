//! Commands made from templates.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::project::Folder;
use super::rules::CommandRule;
use super::words::{Word, fill};

/// The first command whose conditions hold and whose words are all known.
pub(super) fn choose(
    rules: &[CommandRule],
    folder: Folder<'_>,
    facts: &Facts,
    words: &BTreeMap<String, Word>,
) -> Option<String> {
    let holds = |rule: &&CommandRule| {
        rule.needs.as_ref().is_none_or(|needed| depends(facts, needed))
            && rule.before.as_ref().is_none_or(|package| facts.older(package).is_some())
            && rule.file.as_ref().is_none_or(|file| folder.find(file).is_some())
            && rule.word.as_ref().is_none_or(|word| words.contains_key(word))
    };
    rules.iter().filter(holds).find_map(|rule| fill(&rule.run, words))
}

/// A dependency is there; `name@3` asks for version 3 or later.
fn depends(facts: &Facts, needed: &str) -> bool {
    let (name, least) = match needed.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() => (name, version.parse::<u32>().ok()),
        _ => (needed, None),
    };
    let Some(found) = facts.dependency(name) else { return false };
    let Some(least) = least else { return true };
    let version = found.version.as_deref().unwrap_or("");
    let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.split(|c: char| !c.is_ascii_digit()).next().and_then(|major| major.parse::<u32>().ok()).unwrap_or(least)
        >= least
}
