//! How the database calls the places that packages come from, and how names and versions are written there.

use std::str::FromStr;

use pep440_rs::Version as PythonVersion;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::model::NotScannedReason;

/// A package in one version, as the database is asked for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Package {
    /// The database's word for where it comes from.
    pub ecosystem: String,
    /// Its name.
    pub name: String,
    /// Its exact version.
    pub version: String,
}

impl Package {
    /// Whether that is its name, however it is written there.
    #[must_use]
    pub fn is(&self, ecosystem: &str, name: &str) -> bool {
        self.ecosystem == ecosystem && normal(ecosystem, &self.name) == normal(ecosystem, name)
    }
}

/// A name in the one form that all its spellings share.
pub(super) fn normal(ecosystem: &str, name: &str) -> String {
    match ecosystem {
        // As PEP 503 has it: case and separators do not count.
        "PyPI" => name
            .to_ascii_lowercase()
            .split(['-', '_', '.'])
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-"),
        "NuGet" | "Packagist" | "Hex" => name.to_ascii_lowercase(),
        _ => name.to_owned(),
    }
}

/// The package to ask about, where `version` is exact; a range, a tag, a path or a git address is not. The error is
/// why it cannot be asked about.
///
/// `locked`: whether a lock file stands beside the manifest. Cargo reads a bare version in a manifest as a range.
pub fn package(ecosystem: &str, name: &str, version: Option<&str>, locked: bool) -> Result<Package, NotScannedReason> {
    let name = listed(ecosystem, name).ok_or(NotScannedReason::NoDatabase)?;
    let version = version.and_then(|version| exact(ecosystem, version.trim(), locked));
    let version = version.filter(|version| version.len() <= 200).ok_or(NotScannedReason::NoExactVersion)?;
    Ok(Package { ecosystem: ecosystem.to_owned(), name, version: version.to_owned() })
}

/// The name as the database has it; none where it can have none of that form.
fn listed(ecosystem: &str, name: &str) -> Option<String> {
    if name.is_empty() || name.len() > 300 || name.contains(char::is_control) {
        return None;
    }
    if ecosystem != "Maven" {
        return Some(name.to_owned());
    }
    // Clojure writes a slash. Plugins of Gradle stand among the dependencies by a name of another form.
    let (group, artifact) = name.split_once([':', '/'])?;
    let is_part = |part: &str| !part.is_empty() && !part.contains([':', '/']);
    (is_part(group) && is_part(artifact)).then(|| format!("{group}:{artifact}"))
}

fn exact<'v>(ecosystem: &str, version: &'v str, locked: bool) -> Option<&'v str> {
    let is_plain = |extra: &str| {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || extra.contains(letter);
        version.starts_with(|first: char| first.is_ascii_digit()) && version.chars().all(letters)
    };
    let bare = version.strip_prefix('v').unwrap_or(version);
    match ecosystem {
        "crates.io" if !locked => None,
        "npm" | "crates.io" | "Hex" | "Pub" => {
            let exact = version.trim_start_matches('=').trim();
            Version::parse(exact.strip_prefix('v').unwrap_or(exact)).is_ok().then_some(exact)
        }
        // The database writes them without the v.
        "Go" => Version::parse(bare).is_ok().then_some(bare),
        "PyPI" => {
            let exact = version.trim_start_matches('=').trim();
            PythonVersion::from_str(exact).is_ok().then_some(exact)
        }
        "Packagist" => {
            let is_branch = bare.contains("dev") || bare.ends_with('x');
            let plain = bare.starts_with(|c: char| c.is_ascii_digit())
                && bare.chars().all(|c| c.is_ascii_alphanumeric() || ".-+_".contains(c));
            (plain && !is_branch).then_some(version)
        }
        // `[1.2]` asks for exactly that.
        "Maven" | "NuGet" => {
            let inner = version.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(version);
            let plain = inner.starts_with(|c: char| c.is_ascii_alphanumeric())
                && inner.contains(|c: char| c.is_ascii_digit())
                && inner.chars().all(|c| c.is_ascii_alphanumeric() || ".-+_".contains(c));
            plain.then_some(inner)
        }
        _ => is_plain(".-+_").then_some(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(ecosystem: &str, version: &str) -> Option<String> {
        package(ecosystem, "group:name", Some(version), true).ok().map(|package| package.version)
    }

    #[test]
    fn an_exact_version_is_told_from_what_only_asks_for_one() {
        let cases = [
            ("npm", "4.17.21", Some("4.17.21")),
            ("npm", "=1.0.0-rc.1", Some("1.0.0-rc.1")),
            ("npm", "^4.17.21", None),
            ("npm", "4.17", None),
            ("npm", "latest", None),
            ("npm", "workspace:*", None),
            ("npm", "git+https://example.com/x.git", None),
            ("Go", "v1.9.1", Some("1.9.1")),
            ("Go", "0.0.0-20210711020723-a769d52b0f97", Some("0.0.0-20210711020723-a769d52b0f97")),
            ("PyPI", "5.2", Some("5.2")),
            ("PyPI", ">=5.2,<6", None),
            ("PyPI", "~=5.2", None),
            ("PyPI", "5.*", None),
            ("RubyGems", "7.1.3.2", Some("7.1.3.2")),
            ("RubyGems", "~> 7.1", None),
            ("Packagist", "v11.0.3", Some("v11.0.3")),
            ("Packagist", "dev-main", None),
            ("Packagist", "1.2.x", None),
            ("Packagist", "^11", None),
            ("Maven", "2.14.1", Some("2.14.1")),
            ("Maven", "[2.14.1]", Some("2.14.1")),
            ("Maven", "[1,2)", None),
            ("Maven", "${log4j.version}", None),
            ("Maven", "LATEST", None),
            ("NuGet", "13.0.1", Some("13.0.1")),
            ("NuGet", "13.*", None),
            ("Hex", "1.7.14", Some("1.7.14")),
            ("Hex", "~> 1.7", None),
        ];
        for (ecosystem, version, expected) in cases {
            assert_eq!(exact(ecosystem, version).as_deref(), expected, "{ecosystem} {version}");
        }
        assert_eq!(package("npm", "name", None, true), Err(NotScannedReason::NoExactVersion));
        assert!(package("crates.io", "serde", Some("1.0.0"), false).is_err(), "^1.0.0 without a lock");
        assert!(package("crates.io", "serde", Some("1.0.0"), true).is_ok());
        let clojure = package("Maven", "org.clojure/clojure", Some("1.12.0"), true).unwrap();
        assert_eq!(clojure.name, "org.clojure:clojure");
        let plugin = package("Maven", "org.springframework.boot", Some("3.4.0"), true);
        assert_eq!(plugin, Err(NotScannedReason::NoDatabase));
    }

    #[test]
    fn names_are_the_same_however_they_are_written() {
        let python = package("PyPI", "Flask_SQLAlchemy", Some("3.0"), true).unwrap();
        assert!(python.is("PyPI", "flask-sqlalchemy") && !python.is("npm", "flask-sqlalchemy"));
        let node = package("npm", "JSONStream", Some("1.0.0"), true).unwrap();
        assert!(!node.is("npm", "jsonstream"));
    }
}
