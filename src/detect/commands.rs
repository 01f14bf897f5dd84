//! Commands made from templates.

use std::collections::{BTreeMap, BTreeSet};

use super::data::Text;
use super::facts::Facts;
use super::project::Folder;
use super::rules::CommandRule;
use super::words::{Word, fill};
use crate::model::DependencyScope;

/// What the conditions of commands are asked of, and what fills them in.
pub(super) struct Choice<'a> {
    pub folder: Folder<'a>,
    pub facts: &'a Facts,
    pub words: &'a BTreeMap<String, Word>,
    /// Whether there are tests; none where the command is no check, for which what only checks are made with counts
    /// as a dependency.
    pub tested: Option<&'a dyn Fn() -> bool>,
    /// Whether what only development depends on counts for nothing: it is not there as the app runs.
    pub running: bool,
}

impl Choice<'_> {
    /// The first command whose conditions hold and whose words are all known.
    pub(super) fn first(&self, rules: &[CommandRule]) -> Option<String> {
        self.first_rule(rules).map(|(_, command)| command)
    }

    /// The same with its rule.
    pub(super) fn first_rule<'r>(&self, rules: &'r [CommandRule]) -> Option<(&'r CommandRule, String)> {
        rules.iter().find_map(|rule| Some((rule, self.command(rule)?)))
    }

    /// Of each part the first, one after the other.
    pub(super) fn parts<'r>(&self, rules: impl Iterator<Item = &'r CommandRule>) -> Option<String> {
        let mut known = BTreeSet::new();
        let mut commands: Vec<String> = Vec::new();
        for rule in rules {
            if !known.contains(&rule.part)
                && let Some(command) = self.command(rule)
            {
                known.insert(&rule.part);
                commands.push(command);
            }
        }
        (!commands.is_empty()).then(|| commands.join(" && "))
    }

    fn command(&self, rule: &CommandRule) -> Option<String> {
        let holds = rule.needs.as_ref().is_none_or(|needed| self.depends(needed))
            && rule.before.as_ref().is_none_or(|package| self.facts.older(package).is_some())
            && rule.file.as_ref().is_none_or(|file| self.has(file, &rule.holds))
            && rule.word.as_ref().is_none_or(|word| self.words.contains_key(word.as_str()))
            && (!rule.tested || self.tested.is_some_and(|tested| tested()));
        if holds { fill(&rule.run, self.words) } else { None }
    }

    fn has(&self, file: &str, holds: &[Text]) -> bool {
        let Some(file) = self.folder.find(file) else { return false };
        let held =
            || self.folder.text(&file).is_some_and(|text| holds.iter().any(|wanted| text.contains(wanted.as_str())));
        holds.is_empty() || held()
    }

    /// A dependency is there; `name@3` asks for version 3 or later.
    pub(super) fn depends(&self, needed: &str) -> bool {
        let (name, least) = match needed.rsplit_once('@') {
            Some((name, version)) if !name.is_empty() => (name, version.parse::<u32>().ok()),
            _ => (needed, None),
        };
        if self.tested.is_some() && self.facts.tools.contains(name) {
            return true;
        }
        let Some(found) = self.facts.dependency(name) else { return false };
        if self.running && found.scope == DependencyScope::Development {
            return false;
        }
        let Some(least) = least else { return true };
        let version = found.version.as_deref().unwrap_or("");
        let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
        digits.split(|c: char| !c.is_ascii_digit()).next().and_then(|major| major.parse::<u32>().ok()).unwrap_or(least)
            >= least
    }
}
