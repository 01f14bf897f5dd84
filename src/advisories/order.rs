//! Which version comes before which, by the rules of where a package comes from.
//!
//! Every text has its place, so that a range with an odd bound is still read; what is no version by its ecosystem's
//! rules is compared number by number and word by word.

use std::cmp::Ordering;
use std::str::FromStr;

use pep440_rs::Version as PythonVersion;
use semver::{BuildMetadata, Prerelease};

/// How two versions of one ecosystem stand to each other.
pub(super) fn compare(ecosystem: &str, one: &str, other: &str) -> Ordering {
    match ecosystem {
        "PyPI" => python(one, other),
        "Maven" => maven::compare(one, other),
        "RubyGems" => by_parts(&ruby(one), &ruby(other)),
        "Packagist" => by_parts(&composer(one), &composer(other)),
        // The only one where what stands behind the plus counts.
        "Pub" => semantic(one, other).then_with(|| build(one).cmp(&build(other))),
        // Case does not count there.
        "NuGet" => semantic(&one.to_ascii_lowercase(), &other.to_ascii_lowercase()),
        _ => semantic(one, other),
    }
}

/// Semantic versioning, with as many numbers as there are: `1.2` and `1.2.0.0` are the same.
fn semantic(one: &str, other: &str) -> Ordering {
    let parts = |text: &str| {
        let text = text.trim().trim_start_matches(['v', 'V', '=']);
        let text = text.split('+').next().unwrap_or_default();
        let (numbers, before) = text.split_once('-').unwrap_or((text, ""));
        let numbers: Vec<Part> = numbers.split('.').map(Part::of).collect();
        (numbers, before.to_owned())
    };
    let ((numbers, before), (other_numbers, other_before)) = (parts(one), parts(other));
    by_parts(&numbers, &other_numbers).then_with(|| {
        // What cannot be a pre-release comes before those that are one.
        match (Prerelease::new(&before), Prerelease::new(&other_before)) {
            (Ok(one), Ok(other)) => one.cmp(&other),
            (Ok(_), Err(_)) => Ordering::Greater,
            (Err(_), Ok(_)) => Ordering::Less,
            (Err(_), Err(_)) => before.cmp(&other_before),
        }
    })
}

fn build(version: &str) -> BuildMetadata {
    let text = version.split_once('+').map_or("", |(_, build)| build);
    BuildMetadata::new(text).unwrap_or(BuildMetadata::EMPTY)
}

/// PEP 440. What is none comes before what is one, as installers had it.
fn python(one: &str, other: &str) -> Ordering {
    match (PythonVersion::from_str(one), PythonVersion::from_str(other)) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        (Err(_), Ok(_)) => Ordering::Less,
        (Ok(_), Err(_)) => Ordering::Greater,
        (Err(_), Err(_)) => semantic(one, other),
    }
}

/// A part of a version, with its weight among words.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Number(String),
    Word(i8, String),
}

/// The weight of a number: words below come before it, those above after.
const NUMBER: i8 = 0;

impl Part {
    fn of(text: &str) -> Self {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Number(text.trim_start_matches('0').to_owned());
        }
        Self::Word(-1, text.to_owned())
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            // Without leading zeros the longer is the greater, whatever its size.
            (Self::Number(one), Self::Number(other)) => one.len().cmp(&other.len()).then_with(|| one.cmp(other)),
            (Self::Word(weight, _), Self::Number(_)) => weight.cmp(&NUMBER),
            (Self::Number(_), Self::Word(weight, _)) => NUMBER.cmp(weight),
            (Self::Word(one, text), Self::Word(other, words)) => one.cmp(other).then_with(|| text.cmp(words)),
        }
    }
}

/// Part by part; what one has more is compared with zero.
fn by_parts(one: &[Part], other: &[Part]) -> Ordering {
    let zero = Part::Number(String::new());
    (0..one.len().max(other.len()))
        .map(|at| one.get(at).unwrap_or(&zero).compare(other.get(at).unwrap_or(&zero)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// The runs of digits and of letters in a text.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).flat_map(|word| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let end = rest.find(|letter: char| letter.is_ascii_digit() != first.is_ascii_digit()).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            rest = after;
            Some(run)
        })
    })
}

/// As `Gem::Version` has it: words come before numbers, a hyphen begins a pre-release.
fn ruby(text: &str) -> Vec<Part> {
    runs(&text.trim().replace('-', ".pre.")).map(Part::of).collect()
}

/// As PHP's `version_compare`, over what Composer makes of a version.
fn composer(text: &str) -> Vec<Part> {
    let text = text.trim().trim_start_matches(['v', 'V']).split('+').next().unwrap_or_default();
    let weighed = |run: &str| match Part::of(run) {
        number @ Part::Number(_) => number,
        Part::Word(..) => {
            let weight = match run.to_ascii_lowercase().as_str() {
                "dev" => -5,
                "a" | "alpha" => -4,
                "b" | "beta" => -3,
                "rc" | "c" => -2,
                "p" | "pl" | "patch" => 1,
                _ => -6,
            };
            Part::Word(weight, String::new())
        }
    };
    runs(text).filter(|run| !run.eq_ignore_ascii_case("stable")).map(weighed).collect()
}

/// Maven's order: <https://maven.apache.org/pom.html#version-order-specification>.
mod maven {
    use std::cmp::Ordering;

    use super::Part;

    /// A part with what stands before it.
    #[derive(Clone, Debug)]
    struct Token {
        dot: bool,
        part: Part,
    }

    /// Words with a place of their own; an empty one is a release.
    const WORDS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
    /// The place of a release.
    const RELEASE: i8 = 5;

    pub(super) fn compare(one: &str, other: &str) -> Ordering {
        let (one, other) = (tokens(one), tokens(other));
        (0..one.len().max(other.len()))
            .map(|at| match (one.get(at), other.get(at)) {
                (Some(one), Some(other)) => one.compare(other),
                (Some(one), None) => one.compare(&one.nothing()),
                (None, Some(other)) => other.nothing().compare(other),
                (None, None) => Ordering::Equal,
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    impl Token {
        fn compare(&self, other: &Self) -> Ordering {
            let kind = |token: &Self| match (&token.part, token.dot) {
                (Part::Word(..), _) => 0,
                (Part::Number(_), false) => 1,
                (Part::Number(_), true) => 2,
            };
            kind(self).cmp(&kind(other)).then_with(|| self.part.compare(&other.part))
        }

        /// What a missing token stands for beside this one.
        fn nothing(&self) -> Self {
            let part = match self.part {
                Part::Number(_) => Part::Number(String::new()),
                Part::Word(..) => Part::Word(RELEASE, String::new()),
            };
            Self { dot: self.dot, part }
        }

        fn is_nothing(&self) -> bool {
            self.part == self.nothing().part
        }
    }

    fn tokens(text: &str) -> Vec<Token> {
        let text = text.trim().to_ascii_lowercase();
        let mut found: Vec<Token> = Vec::new();
        let mut dot = true;
        for piece in text.split_inclusive(['.', '-', '_']) {
            let word = piece.trim_end_matches(['.', '-', '_']);
            if word.is_empty() {
                found.push(Token { dot, part: Part::of("0") });
            }
            let mut runs = super::runs(word).peekable();
            while let Some(run) = runs.next() {
                found.push(Token { dot, part: part(run, runs.peek().is_some()) });
                // From digits to letters and back is as if a hyphen stood there.
                dot = false;
            }
            dot = piece.ends_with('.');
        }
        trimmed(found)
    }

    fn part(run: &str, number_follows: bool) -> Part {
        let word = match Part::of(run) {
            number @ Part::Number(_) => return number,
            Part::Word(_, word) => word,
        };
        let word = match word.as_str() {
            "a" if number_follows => "alpha",
            "b" if number_follows => "beta",
            "m" if number_follows => "milestone",
            "cr" => "rc",
            "ga" | "final" | "release" => "",
            other => other,
        };
        match WORDS.iter().position(|known| *known == word) {
            Some(place) => Part::Word(i8::try_from(place).unwrap_or(RELEASE), String::new()),
            None => Part::Word(i8::MAX, word.to_owned()),
        }
    }

    /// Without what says nothing at the end and before each hyphen.
    fn trimmed(tokens: Vec<Token>) -> Vec<Token> {
        let mut kept: Vec<Token> = Vec::new();
        for token in tokens {
            if !token.dot {
                drop_nothings(&mut kept);
            }
            kept.push(token);
        }
        drop_nothings(&mut kept);
        kept
    }

    fn drop_nothings(tokens: &mut Vec<Token>) {
        while tokens.len() > 1 && tokens.last().is_some_and(Token::is_nothing) {
            tokens.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn rising(ecosystem: &str, versions: &[&str]) {
        for (at, one) in versions.iter().enumerate() {
            for (place, other) in versions.iter().enumerate() {
                assert_eq!(compare(ecosystem, one, other), at.cmp(&place), "{ecosystem}: {one} and {other}");
            }
        }
    }

    #[track_caller]
    fn same(ecosystem: &str, one: &str, other: &str) {
        assert_eq!(compare(ecosystem, one, other), Ordering::Equal, "{ecosystem}: {one} and {other}");
        assert_eq!(compare(ecosystem, other, one), Ordering::Equal, "{ecosystem}: {other} and {one}");
    }

    #[test]
    fn semantic_versions() {
        for ecosystem in ["npm", "crates.io", "Go", "Hex", "Pub", "NuGet"] {
            rising(
                ecosystem,
                &[
                    "0.0.0-0",
                    "1.0.0-alpha",
                    "1.0.0-alpha.1",
                    "1.0.0-alpha.beta",
                    "1.0.0-beta.2",
                    "1.0.0-beta.11",
                    "1.0.0-rc.1",
                    "1.0.0",
                    "1.0.1",
                    "1.10.0",
                    "2.0.0",
                ],
            );
            same(ecosystem, "v1.2", "1.2.0");
        }
        same("npm", "1.0.0+build", "1.0.0");
        rising("Pub", &["1.0.0", "1.0.0+1", "1.0.0+2"]);
        rising("NuGet", &["1.0.0-Alpha", "1.0.0-BETA", "1.0.0", "1.0.0.1"]);
        same("NuGet", "1.0.0-RC", "1.0.0-rc");
        rising("Go", &["0.0.0-20180101000000-abcdef", "0.0.0-20210711020723-a769d52b0f97", "0.1.0"]);
        rising("npm", &["1.0.0", "99999999999999999999.0.0", "100000000000000000000.0.0"]);
    }

    #[test]
    fn python_versions() {
        rising("PyPI", &["1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.1", "1.10", "1!0.1"]);
        same("PyPI", "1.0", "1.0.0");
        rising("PyPI", &["odd-one", "0.1"]);
    }

    #[test]
    fn ruby_versions() {
        rising("RubyGems", &["1.0.a", "1.0.b1", "1.0.pre", "1.0.rc1", "1.0", "1.0.1", "1.0.10", "1.1"]);
        rising("RubyGems", &["1.0-beta", "1.0"]);
        same("RubyGems", "1", "1.0.0");
    }

    #[test]
    fn composer_versions() {
        rising(
            "Packagist",
            &["1.0-dev", "1.0-alpha1", "1.0-beta2", "1.0.0-RC1", "1.0.0", "1.0.0-p1", "1.0.1", "1.1", "v2.0.0"],
        );
        same("Packagist", "v1.0", "1.0.0.0");
    }

    #[test]
    fn maven_versions() {
        rising(
            "Maven",
            &[
                "1-alpha-1",
                "1-alpha2",
                "1-beta",
                "1-m3",
                "1-rc1",
                "1-snapshot",
                "1",
                "1-sp",
                "1-jre",
                "1-1",
                "1.1",
                "1.10",
                "2",
            ],
        );
        for (one, other) in [
            ("1", "1.0.0"),
            ("1.0.FINAL", "1"),
            ("1-ga", "1"),
            ("5.3.RELEASE", "5.3"),
            ("1a1", "1-alpha-1"),
            ("1-cr2", "1-rc2"),
            ("1.0-jre", "1-jre"),
        ] {
            same("Maven", one, other);
        }
        rising("Maven", &["2.0-beta9", "2.0-rc1", "2.3.1", "2.12.2", "2.14.1", "2.15.0", "2.17.1"]);
        rising("Maven", &["31.0.1-android", "31.0.1-jre", "31.1-jre", "32.0.0-android", "32.0.0-jre"]);
    }

    const ECOSYSTEMS: [&str; 8] = ["npm", "PyPI", "Maven", "RubyGems", "Packagist", "NuGet", "Pub", "none"];

    proptest! {
        #[test]
        fn every_text_has_its_place(
            one in "[0-9v.ax+_-]{0,8}|[0-2](\\.[0-9]{1,2}){0,3}([.-]?(alpha|beta|rc|dev|pre|ga|stable|p)[0-9]?)?|\\PC{0,6}",
            other in "[0-9v.ax+_-]{0,8}|[0-2](\\.[0-9]{1,2}){0,3}([.-]?(alpha|beta|rc|dev|pre|ga|stable|p)[0-9]?)?",
            third in "[0-2](\\.[0-9]{1,2}){0,3}([.-]?(alpha|beta|rc|dev|pre|ga|stable|p)[0-9]?)?|[0-9.-]{0,5}",
        ) {
            for ecosystem in ECOSYSTEMS {
                let order = |a: &str, b: &str| compare(ecosystem, a, b);
                prop_assert_eq!(order(&one, &one), Ordering::Equal);
                prop_assert_eq!(order(&one, &other), order(&other, &one).reverse());
                // Maven's own rules go round in circles for odd texts.
                if ecosystem != "Maven" && order(&one, &other).is_le() && order(&other, &third).is_le() {
                    prop_assert!(order(&one, &third).is_le(), "{}: {:?} {:?} {:?}", ecosystem, one, other, third);
                }
            }
        }
    }
}
