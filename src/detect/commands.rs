//! Commands made from templates.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::project::Folder;
use super::rules::CommandRule;

/// Words may hold words, so deep at most.
const DEPTH: usize = 4;

/// The first command whose conditions hold and whose words are all known.
pub(super) fn choose(
    rules: &[CommandRule],
    folder: Folder<'_>,
    facts: &Facts,
    words: &BTreeMap<String, String>,
) -> Option<String> {
    let holds = |rule: &&CommandRule| {
        rule.needs.as_ref().is_none_or(|needed| depends(facts, needed))
            && rule.before.as_ref().is_none_or(|package| facts.older(package).is_some())
            && rule.file.as_ref().is_none_or(|file| folder.find(file).is_some())
            && rule.word.as_ref().is_none_or(|word| words.contains_key(word))
    };
    rules.iter().filter(holds).find_map(|rule| fill(&rule.run, words, DEPTH))
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

/// Fills in the words; none where one is not known. A `$` before a brace is the shell's.
pub(super) fn fill(template: &str, words: &BTreeMap<String, String>, depth: usize) -> Option<String> {
    let mut filled = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let shell = rest[..at].ends_with('$');
        let end = at + rest[at..].find('}')?;
        if shell {
            filled.push_str(&rest[..=end]);
        } else {
            filled.push_str(&rest[..at]);
            let value = words.get(&rest[at + 1..end])?;
            filled.push_str(&if depth == 0 { value.clone() } else { fill(value, words, depth - 1)? });
        }
        rest = &rest[end + 1..];
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_filled_in_and_the_shells_are_left() {
        let words = BTreeMap::from([
            ("run".to_owned(), "pnpm run".to_owned()),
            ("script.start".to_owned(), "{run} start".to_owned()),
        ]);
        assert_eq!(fill("{script.start}", &words, DEPTH).unwrap(), "pnpm run start");
        assert_eq!(fill("x ${PORT:-1} {run}", &words, DEPTH).unwrap(), "x ${PORT:-1} pnpm run");
        assert_eq!(fill("{unknown}", &words, DEPTH), None);
    }
}
