//! Which framework an app is written with.

use super::candidates::{Candidate, either};
use super::facts::Facts;
use super::rules::FrameworkRule;
use super::sources::Sources;
use crate::model::{DependencyScope, Evidence, Framework};

/// How sure an import makes where no manifest names a framework.
const IMPORTED: f64 = 0.7;

/// A framework that something speaks for.
pub(super) struct Chosen<'p> {
    pub rule: &'p FrameworkRule,
    pub framework: Framework,
    pub evidence: Vec<Evidence>,
    /// Only development depends on it, and no file of its own is there.
    pub faint: bool,
    /// A file of its own lies right there.
    pub rooted: bool,
    weight: f64,
}

impl Chosen<'_> {
    /// The file, relative to the project, that shows it.
    pub(super) fn file(&self) -> &str {
        self.evidence.first().map_or("", |evidence| &evidence.file)
    }
}

/// The framework with the most to speak for it, once those that others are made of are left out.
pub(super) fn choose<'p>(candidate: &Candidate<'p>, facts: &Facts, sources: &Sources<'p>) -> Option<Chosen<'p>> {
    let rules = &candidate.stack.frameworks;
    let mut seen: Vec<Chosen<'p>> = rules.iter().filter_map(|rule| weigh(rule, candidate, facts)).collect();
    if seen.is_empty() && facts.complete {
        return None;
    }
    if seen.is_empty() {
        return rules.iter().find_map(|rule| imported(rule, sources));
    }
    // A bundler is what an app is written with only where nothing else is.
    if seen.iter().any(|one| !one.rule.needs_file) {
        seen.retain(|one| !one.rule.needs_file);
    }
    let beaten: Vec<&str> = seen
        .iter()
        .flat_map(|winner| {
            let others = seen.iter().filter(|other| !winner.faint || other.faint);
            others.filter(|other| winner.rule.beats.contains(&other.rule.name)).map(|other| other.rule.name.as_str())
        })
        .collect();
    seen.retain(|one| !beaten.contains(&one.rule.name.as_str()));
    // Of equals the first in the data wins: there the more telling stand above.
    let best =
        seen.iter().enumerate().max_by(|(a, one), (b, other)| one.weight.total_cmp(&other.weight).then(b.cmp(a)))?;
    let best = best.0;
    let best = seen.swap_remove(best);
    // What a manifest leaves out may still be what the sources are written with: it brings what is listed along.
    let mut above = rules.iter().filter(|rule| rule.beats.contains(&best.rule.name));
    above.find_map(|rule| imported(rule, sources)).or(Some(best))
}

/// A framework that only sources show: what they import belongs to the runtime, or no manifest names it.
fn imported<'p>(rule: &'p FrameworkRule, sources: &Sources<'p>) -> Option<Chosen<'p>> {
    if rule.imports.is_empty() {
        return None;
    }
    let (path, mark) = sources.texts().find_map(|(path, text)| {
        let mark = rule.imports.iter().find(|mark| text.contains(mark.as_str()))?;
        Some((path.to_owned(), mark))
    })?;
    let says = format!("uses {}: {}", rule.name, mark.trim());
    Some(Chosen {
        rule,
        framework: Framework { name: rule.name.to_string(), version: None },
        evidence: vec![Evidence::new(path, says).weighing(IMPORTED)],
        faint: false,
        rooted: false,
        weight: IMPORTED,
    })
}

/// The version that a constraint begins with: `5.1` of `>=5.1,<5.3`.
fn plain(version: &str) -> &str {
    let number = version.trim_start_matches(['^', '~', '=', '>', ' ', 'v']);
    number.split([',', ' ', '|', '<', '>']).next().unwrap_or(number)
}

fn weigh<'p>(rule: &'p FrameworkRule, candidate: &Candidate<'p>, facts: &Facts) -> Option<Chosen<'p>> {
    let folder = candidate.folder;
    let named = facts.framework.as_ref().filter(|(name, _)| *name == rule.name);
    let file = rule.files.iter().find_map(|file| folder.find(file));
    if rule.needs_file && file.is_none() {
        return None;
    }
    // What runs with it tells more than what only builds with it, and one with a version more than one without.
    let dependency = rule
        .dependencies
        .iter()
        .filter_map(|name| facts.dependency(name))
        .min_by_key(|found| (found.scope != DependencyScope::Runtime, found.version.is_none()));
    let mut weight = 0.0;
    let mut evidence = Vec::new();
    if let Some(dependency) = dependency {
        weight = if rule.weak {
            0.4
        } else if dependency.scope == DependencyScope::Runtime {
            0.9
        } else {
            0.6
        };
        let version = dependency.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
        let says = format!("depends on {}{version}", dependency.name);
        evidence.push(Evidence::new(candidate.manifest(facts), says).weighing(weight));
    }
    if named.is_some() {
        weight = either(weight, 0.8);
    }
    if let Some(file) = &file {
        let sure = if rule.file_proves { 0.8 } else { 0.5 };
        weight = either(weight, sure);
        evidence.push(Evidence::new(folder.at(file), format!("belongs to {}", rule.name)).weighing(sure));
    }
    let proven = dependency.is_some() || named.is_some() || (rule.file_proves && file.is_some());
    // What the project's form says is the framework's own, a dependency may be only a part of it.
    let version = named
        .and_then(|(_, version)| version.clone())
        .or_else(|| dependency.and_then(|found| found.version.clone()))
        .map(|version| plain(&version).to_owned())
        .filter(|version| version.starts_with(|letter: char| letter.is_ascii_digit()));
    proven.then(|| Chosen {
        rule,
        framework: Framework { name: rule.name.to_string(), version },
        evidence,
        rooted: file.is_some(),
        faint: file.is_none() && dependency.is_some_and(|found| found.scope != DependencyScope::Runtime),
        weight,
    })
}
