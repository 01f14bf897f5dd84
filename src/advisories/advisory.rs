//! What is kept of a record of the database: the few facts that say whether a package has it and how bad it is.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::ecosystem::Package;
use super::order;
use crate::model::{DependencyScope, Severity, Vulnerability};

/// A vulnerability as the database describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// Its name: `GHSA-…`.
    pub id: String,
    /// Its names elsewhere.
    pub aliases: Vec<String>,
    /// What it is, in a line.
    pub summary: String,
    /// Whether it turned out to be none.
    pub withdrawn: bool,
    /// When it was last changed, as the database writes it.
    pub modified: String,
    /// The packages that have it.
    pub affected: Vec<Affected>,
}

/// A package that has a vulnerability, and in which versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Affected {
    /// Where the package comes from.
    pub ecosystem: String,
    /// Its name.
    pub name: String,
    /// How bad it is there.
    pub rating: Rating,
    /// Versions that have it, one by one.
    pub versions: Vec<String>,
    /// Ranges of versions that have it: the bounds of each.
    pub ranges: Vec<Vec<Bound>>,
}

/// Where a range of versions begins or ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bound {
    /// The first version that has it; `0` for the very first.
    Introduced(String),
    /// The first that no longer has it.
    Fixed(String),
    /// The last that has it.
    LastAffected(String),
}

/// How bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// The word.
    pub severity: Severity,
    /// The CVSS base score, 0 to 10, where the word comes from one.
    pub score: Option<f64>,
}

impl Advisory {
    /// What it says of the package, where it says anything.
    fn of<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Affected> {
        self.affected.iter().filter(|one| package.is(&one.ecosystem, &one.name))
    }

    /// Whether the package has it in its version.
    #[must_use]
    pub fn concerns(&self, package: &Package) -> bool {
        !self.withdrawn && self.of(package).any(|one| one.has(&package.ecosystem, &package.version))
    }

    /// The vulnerability as it is in the package.
    #[must_use]
    pub fn finding(&self, package: &Package, scope: DependencyScope, direct: bool) -> Vulnerability {
        let worse = |one: &&Affected, other: &&Affected| one.rating.severity.cmp(&other.rating.severity);
        let mut rating = self.of(package).max_by(worse).map(|one| one.rating).unwrap_or_default();
        // Packages made to do harm are listed without a score.
        if self.id.starts_with("MAL-") && rating.severity == Severity::Unknown {
            rating.severity = Severity::Critical;
        }
        let ranges = self.of(package).flat_map(|one| &one.ranges);
        let fixed = ranges.filter_map(|range| fix_in(range, &package.ecosystem, &package.version));
        let earliest = |one: &&str, other: &&str| order::compare(&package.ecosystem, one, other);
        Vulnerability {
            id: self.id.clone(),
            aliases: self.aliases.clone(),
            package: package.name.clone(),
            version: package.version.clone(),
            direct,
            scope,
            severity: rating.severity,
            score: rating.score,
            summary: self.summary.clone(),
            fixed: fixed.min_by(earliest).map(str::to_owned),
        }
    }
}

impl Affected {
    fn has(&self, ecosystem: &str, version: &str) -> bool {
        let same = |known: &String| order::compare(ecosystem, known, version).is_eq();
        self.versions.iter().any(|known| known == version)
            || self.ranges.iter().any(|range| holds(range, ecosystem, version))
            || self.versions.iter().any(same)
    }
}

/// Whether a version lies in a range: the last bound that it has passed, in the order of versions, decides.
fn holds(range: &[Bound], ecosystem: &str, version: &str) -> bool {
    let passed = range.iter().filter(|bound| match bound {
        Bound::Introduced(first) => is_first(first) || order::compare(ecosystem, version, first).is_ge(),
        Bound::Fixed(first) => order::compare(ecosystem, version, first).is_ge(),
        Bound::LastAffected(last) => order::compare(ecosystem, version, last).is_gt(),
    });
    // Not sorted: a sort may panic where the rules of an ecosystem go round in circles.
    let last = passed.max_by(|one, other| compare_bounds(one, other, ecosystem));
    matches!(last, Some(Bound::Introduced(_)))
}

fn compare_bounds(one: &Bound, other: &Bound, ecosystem: &str) -> Ordering {
    // At one version something ends before it begins again, and begins before it ends with it.
    let place = |bound: &Bound| match bound {
        Bound::Introduced(version) if is_first(version) => (0, String::new(), 0),
        Bound::Fixed(version) => (1, version.clone(), 0),
        Bound::Introduced(version) => (1, version.clone(), 1),
        Bound::LastAffected(version) => (1, version.clone(), 2),
    };
    let (one, other) = (place(one), place(other));
    one.0.cmp(&other.0).then_with(|| order::compare(ecosystem, &one.1, &other.1)).then(one.2.cmp(&other.2))
}

/// `0` stands for before every version.
fn is_first(version: &str) -> bool {
    version == "0"
}

/// The first fix of a range above a version.
fn fix_in<'r>(range: &'r [Bound], ecosystem: &str, version: &str) -> Option<&'r str> {
    let fixes = range.iter().filter_map(|bound| match bound {
        Bound::Fixed(first) => Some(first.as_str()),
        _ => None,
    });
    fixes
        .filter(|first| order::compare(ecosystem, first, version).is_gt())
        .min_by(|one, other| order::compare(ecosystem, one, other))
}

/// Several records often tell of one vulnerability of a package, each under its own name. They become one: the one
/// that says how bad it is, with the names of the others.
#[must_use]
pub fn merged(found: Vec<Vulnerability>) -> Vec<Vulnerability> {
    let mut kept: Vec<Vulnerability> = Vec::with_capacity(found.len());
    for mut one in found {
        // One record may join two that did not know of each other.
        let (same, others): (Vec<_>, Vec<_>) = kept.into_iter().partition(|known| is_same(known, &one));
        kept = others;
        for known in same {
            one = joined(known, one);
        }
        kept.push(one);
    }
    kept.sort_by(|one, other| {
        let score = |vulnerability: &Vulnerability| vulnerability.score.unwrap_or_default();
        other
            .severity
            .cmp(&one.severity)
            .then(score(other).total_cmp(&score(one)))
            .then_with(|| (&one.package, &one.version, &one.id).cmp(&(&other.package, &other.version, &other.id)))
    });
    kept
}

fn names(vulnerability: &Vulnerability) -> impl Iterator<Item = &String> {
    std::iter::once(&vulnerability.id).chain(&vulnerability.aliases)
}

fn is_same(one: &Vulnerability, other: &Vulnerability) -> bool {
    one.package == other.package
        && one.version == other.version
        && names(one).any(|name| names(other).any(|known| known == name))
}

fn joined(one: Vulnerability, other: Vulnerability) -> Vulnerability {
    // The first that was found wins where both say as much.
    let says = |it: &Vulnerability| (it.severity != Severity::Unknown, it.score.is_some(), !it.summary.is_empty());
    let (mut best, rest) = if says(&other) > says(&one) { (other, one) } else { (one, other) };
    let new: Vec<String> = names(&rest).filter(|name| names(&best).all(|known| known != *name)).cloned().collect();
    best.aliases.extend(new);
    best.aliases.sort();
    best.direct |= rest.direct;
    best.fixed = best.fixed.or(rest.fixed);
    if best.summary.is_empty() {
        best.summary = rest.summary;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::package;

    fn advisory(ecosystem: &str, events: &[(&str, &str)], versions: &[&str]) -> Advisory {
        let bounds = events.iter().map(|(kind, version)| match *kind {
            "introduced" => Bound::Introduced((*version).to_owned()),
            "fixed" => Bound::Fixed((*version).to_owned()),
            _ => Bound::LastAffected((*version).to_owned()),
        });
        let affected = Affected {
            ecosystem: ecosystem.to_owned(),
            name: "g:n".to_owned(),
            versions: versions.iter().map(|version| (*version).to_owned()).collect(),
            ranges: vec![bounds.collect()],
            ..Affected::default()
        };
        Advisory { id: "X-1".to_owned(), affected: vec![affected], ..Advisory::default() }
    }

    fn versions_in(advisory: &Advisory, ecosystem: &str, versions: &[&str]) -> Vec<String> {
        let packages = versions.iter().map(|version| package(ecosystem, "g:n", Some(version), true).unwrap());
        packages.filter(|package| advisory.concerns(package)).map(|package| package.version).collect()
    }

    #[test]
    fn a_version_is_in_a_range_from_where_it_begins_to_where_it_ends() {
        // Bounds come in any order.
        let events = [
            ("fixed", "2.3.5"),
            ("introduced", "0"),
            ("introduced", "2.0.0"),
            ("fixed", "1.2.0"),
            ("last", "3.1.0"),
            ("introduced", "3.0.0"),
        ];
        let advisory = advisory("npm", &events, &[]);
        let all = [
            "0.0.1",
            "1.1.9",
            "1.2.0-rc.1",
            "1.2.0",
            "2.0.0-rc.1",
            "2.0.0",
            "2.3.4",
            "2.3.5",
            "3.0.0",
            "3.1.0",
            "3.1.1",
        ];
        assert_eq!(
            versions_in(&advisory, "npm", &all),
            ["0.0.1", "1.1.9", "1.2.0-rc.1", "2.0.0", "2.3.4", "3.0.0", "3.1.0"]
        );
    }

    #[test]
    fn a_range_may_be_one_version_or_begin_again_where_it_ends() {
        let one = advisory("npm", &[("introduced", "1.0.0"), ("last", "1.0.0")], &[]);
        assert_eq!(versions_in(&one, "npm", &["0.9.9", "1.0.0", "1.0.1"]), ["1.0.0"]);
        let again = advisory("npm", &[("introduced", "0"), ("fixed", "1.0.0"), ("introduced", "1.0.0")], &[]);
        assert_eq!(versions_in(&again, "npm", &["0.9.9", "1.0.0"]), ["0.9.9", "1.0.0"]);
        let nothing = advisory("npm", &[("fixed", "1.0.0")], &[]);
        assert!(versions_in(&nothing, "npm", &["0.1.0"]).is_empty());
    }

    #[test]
    fn listed_versions_count_however_they_are_written() {
        let listed = advisory("PyPI", &[], &["1.0", "2.0.post1"]);
        assert_eq!(versions_in(&listed, "PyPI", &["1.0.0", "2.0", "2.0.post1"]), ["1.0.0", "2.0.post1"]);
        let maven = advisory("Maven", &[("introduced", "2.13.0"), ("fixed", "2.15.0")], &[]);
        assert_eq!(versions_in(&maven, "Maven", &["2.12.4", "2.14.1", "2.15.0"]), ["2.14.1"]);
    }

    #[test]
    fn the_fix_is_the_next_one_above_the_version() {
        let events = [("introduced", "0"), ("fixed", "1.2.0"), ("introduced", "2.0.0"), ("fixed", "2.3.5")];
        let advisory = advisory("npm", &events, &[]);
        let fix = |version| {
            let package = package("npm", "g:n", Some(version), true).unwrap();
            advisory.finding(&package, DependencyScope::Runtime, true).fixed
        };
        assert_eq!(fix("1.0.0").as_deref(), Some("1.2.0"));
        assert_eq!(fix("2.1.0").as_deref(), Some("2.3.5"));
        assert_eq!(fix("3.0.0"), None);
    }

    #[test]
    fn records_of_one_vulnerability_are_joined_whatever_comes_first() {
        let one = |id: &str, aliases: &[&str], severity: Severity| Vulnerability {
            id: id.to_owned(),
            aliases: aliases.iter().map(|name| (*name).to_owned()).collect(),
            package: "p".to_owned(),
            version: "1".to_owned(),
            direct: true,
            scope: DependencyScope::Runtime,
            severity,
            score: None,
            summary: String::new(),
            fixed: None,
        };
        let ghsa = one("GHSA-1", &["CVE-1"], Severity::High);
        let pysec = one("PYSEC-1", &["CVE-1"], Severity::Unknown);
        let cve = one("CVE-1", &[], Severity::Unknown);
        let other = one("GHSA-2", &["CVE-2"], Severity::Critical);
        for order in [[&ghsa, &pysec, &cve, &other], [&other, &cve, &pysec, &ghsa], [&pysec, &other, &ghsa, &cve]] {
            let merged = merged(order.into_iter().cloned().collect());
            let ids: Vec<&str> = merged.iter().map(|one| one.id.as_str()).collect();
            assert_eq!(ids, ["GHSA-2", "GHSA-1"]);
            assert_eq!(merged[1].aliases, ["CVE-1", "PYSEC-1"]);
        }
    }
}
