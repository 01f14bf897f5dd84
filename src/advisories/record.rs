//! Reads a record in the form of the OSV schema. Lenient: what is missing, null or of another kind is left out, so
//! that one odd field does not cost the record.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Deserializer};

use super::advisory::{Advisory, Affected, Bound};
use super::rating::rating;

/// The most letters of a summary.
const SUMMARY: usize = 200;
/// The most letters of a name or version.
const NAME: usize = 300;
/// The most of each list: aliases, packages, versions, ranges, bounds.
const LIST: usize = 20_000;

/// A record as it is written.
#[derive(Deserialize)]
struct Record {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    modified: String,
    #[serde(default, deserialize_with = "lenient")]
    withdrawn: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "lenient")]
    summary: String,
    #[serde(default, deserialize_with = "lenient")]
    details: String,
    #[serde(default, deserialize_with = "lenient")]
    severity: Vec<Scored>,
    #[serde(default, deserialize_with = "lenient")]
    affected: Vec<Lenient<Listed>>,
    #[serde(default, deserialize_with = "lenient")]
    database_specific: Specific,
}

#[derive(Deserialize)]
struct Scored {
    #[serde(default, deserialize_with = "lenient")]
    score: String,
}

/// What a database adds; only its word for how bad it is matters.
#[derive(Default, Deserialize)]
struct Specific {
    #[serde(default, deserialize_with = "lenient")]
    severity: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    package: Named,
    #[serde(default, deserialize_with = "lenient")]
    severity: Vec<Scored>,
    #[serde(default, deserialize_with = "lenient")]
    ranges: Vec<Range>,
    #[serde(default, deserialize_with = "lenient")]
    versions: Vec<String>,
    #[serde(default, deserialize_with = "lenient")]
    database_specific: Specific,
    #[serde(default, deserialize_with = "lenient")]
    ecosystem_specific: Specific,
}

#[derive(Deserialize)]
struct Named {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    kind: String,
    #[serde(default, deserialize_with = "lenient")]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default, deserialize_with = "lenient")]
    introduced: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    fixed: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    last_affected: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    limit: Option<String>,
}

/// An item that may be of another kind.
struct Lenient<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Either::deserialize(deserializer).map(|either| match either {
            Either::Good(good) => Self(Some(good)),
            Either::Other(_) => Self(None),
        })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Either<T> {
    Good(T),
    Other(serde::de::IgnoredAny),
}

/// A field whose value may be null or of another kind.
fn lenient<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Lenient::deserialize(deserializer)?.0.unwrap_or_default())
}

impl Advisory {
    /// Reads a record; the error says what is wrong with it.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        let record: Record = serde_json::from_slice(json).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => format!("no advisory: {error}"),
            _ => format!("malformed JSON: {error}"),
        })?;
        if !is_id(&record.id) {
            return Err("its id is none".to_owned());
        }
        Ok(record.advisory())
    }
}

/// An identifier is a word of letters, digits and a few marks; nothing else may get into an address or on a screen.
pub(super) fn is_id(id: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_:.".contains(letter);
    !id.is_empty() && id.len() <= 100 && id.chars().all(plain) && id.chars().any(char::is_alphanumeric)
}

impl Record {
    fn advisory(self) -> Advisory {
        let line = [&self.summary, &self.details].into_iter().find_map(|text| first_line(text)).unwrap_or_default();
        let affected = self.affected.iter().filter_map(|one| one.0.as_ref()).take(LIST);
        Advisory {
            affected: affected.map(|one| self.listed(one)).collect(),
            aliases: self.aliases.iter().filter(|name| is_id(name)).take(LIST).cloned().collect(),
            summary: line,
            withdrawn: self.withdrawn.is_some(),
            modified: self.modified.chars().take(40).filter(char::is_ascii_graphic).collect(),
            id: self.id,
        }
    }

    /// What stands beside a package goes before what stands at the record.
    fn listed(&self, one: &Listed) -> Affected {
        let scores = if one.severity.is_empty() { &self.severity } else { &one.severity };
        let words = [&one.database_specific, &one.ecosystem_specific, &self.database_specific];
        let word = words.into_iter().find_map(|specific| specific.severity.as_deref());
        let fits = |text: &&String| !text.is_empty() && text.len() <= NAME;
        Affected {
            // `Alpine:v3.20` is a release of an ecosystem.
            ecosystem: one.package.ecosystem.split(':').next().unwrap_or_default().chars().take(NAME).collect(),
            name: one.package.name.chars().take(NAME).collect(),
            rating: rating(scores.iter().map(|scored| scored.score.as_str()), word),
            versions: one.versions.iter().filter(fits).take(LIST).cloned().collect(),
            ranges: one.ranges.iter().filter(|range| range.kind != "GIT").take(LIST).map(Range::bounds).collect(),
        }
    }
}

impl Range {
    fn bounds(&self) -> Vec<Bound> {
        let bounds = self.events.iter().take(LIST).flat_map(|event| {
            let Event { introduced, fixed, last_affected, limit } = event;
            // What lies behind a limit was not looked at: it is taken as the other databases take it, as not having it.
            let end = fixed.as_ref().or(limit.as_ref().filter(|limit| *limit != "*"));
            [
                introduced.clone().map(Bound::Introduced),
                end.cloned().map(Bound::Fixed),
                last_affected.clone().map(Bound::LastAffected),
            ]
        });
        bounds.flatten().collect()
    }
}

/// The first line with words in it, as plain text: without marks of headings, without addresses, and not too long.
fn first_line(text: &str) -> Option<String> {
    static LINK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"!?\[([^\]]*)\]\([^)\s]*\)").ok());
    let is_mark = |letter: char| "#*_`> ".contains(letter);
    let line =
        text.lines().map(|line| line.trim_matches(is_mark)).find(|line| line.chars().any(char::is_alphanumeric))?;
    let plain = line.chars().take(10 * SUMMARY).map(|letter| if letter == '\t' { ' ' } else { letter });
    let line: String = plain.filter(|letter| !letter.is_control()).collect();
    let line = LINK.as_ref().map_or(line.as_str().into(), |link| link.replace_all(&line, "$1"));
    let words: Vec<&str> = line.split_whitespace().filter(|word| !word.contains("://")).collect();
    let plain = words.join(" ");
    if plain.chars().count() <= SUMMARY {
        return Some(plain);
    }
    Some(plain.chars().take(SUMMARY - 1).chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Severity;

    const RECORD: &str = r#"{
      "id": "GHSA-jf85-cpcp-j695", "modified": "2025-01-02T03:04:05Z", "aliases": ["CVE-2019-10744", 7],
      "details": "\n## Impact\nSee [the notes](https://example.com/x) at https://example.com/y for more.\nRest",
      "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H"}],
      "affected": [
        {"package": {"ecosystem": "npm", "name": "lodash", "purl": "pkg:npm/lodash"},
         "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.12"}]},
                    {"type": "GIT", "repo": "https://example.com", "events": [{"introduced": "0"}]}],
         "database_specific": {"severity": "LOW", "other": [1]}},
        {"package": {"ecosystem": "Alpine:v3.20", "name": "lodash"}, "severity": null, "versions": ["1", ""]},
        {"package": "odd"}, 5
      ],
      "database_specific": {"severity": 5}, "references": [{"type": "WEB", "url": "https://example.com"}]}"#;

    #[test]
    fn a_record_is_read_past_what_is_odd_in_it() {
        let advisory = Advisory::read(RECORD.as_bytes()).unwrap();
        assert_eq!(advisory.summary, "Impact");
        assert_eq!(advisory.affected.len(), 2);
        let lodash = &advisory.affected[0];
        assert_eq!((lodash.rating.severity, lodash.rating.score), (Severity::Critical, Some(9.1)));
        assert_eq!(lodash.ranges, [[Bound::Introduced("0".into()), Bound::Fixed("4.17.12".into())]]);
        assert_eq!(
            (advisory.affected[1].ecosystem.as_str(), &advisory.affected[1].versions),
            ("Alpine", &vec!["1".to_owned()])
        );
        assert!(!advisory.withdrawn);
    }

    #[test]
    fn a_summary_is_plain_and_short() {
        let says = |text: &str| first_line(text).unwrap_or_default();
        assert_eq!(
            says("\n\n### \n See [the notes](https://x.example/a) at https://y.example.\nmore"),
            "See the notes at"
        );
        assert_eq!(says("a\u{1b}[31mb\tc"), "a[31mb c");
        assert_eq!(says(&"ü".repeat(500)).chars().count(), SUMMARY);
        assert_eq!(first_line(" \n#\n"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(at in 0..RECORD.len(), with in prop::collection::vec(any::<u8>(), 0..4), cut in any::<bool>()) {
            let mut bytes = RECORD.as_bytes().to_vec();
            let end = if cut { bytes.len() } else { (at + with.len()).min(bytes.len()) };
            bytes.splice(at..end, with);
            if let Ok(advisory) = Advisory::read(&bytes) {
                prop_assert!(is_id(&advisory.id) && advisory.summary.chars().count() <= SUMMARY);
            }
        }

        #[test]
        fn a_summary_is_always_plain(text in "(\\PC|[\\[\\]()\\x1b\\n:/ ]){0,400}") {
            let line = first_line(&text).unwrap_or_default();
            prop_assert!(!line.contains(char::is_control) && !line.contains("://"), "{line:?}");
        }
    }

    #[test]
    fn what_is_no_record_is_told() {
        assert!(Advisory::read(b"{").unwrap_err().contains("malformed JSON"));
        assert!(Advisory::read(b"[]").unwrap_err().contains("no advisory"));
        assert!(Advisory::read(br#"{"summary": "x"}"#).unwrap_err().contains("id"));
        for id in ["", "../../etc", "a b", "x\u{1b}[2J", "..."] {
            let json = serde_json::json!({"id": id}).to_string();
            assert!(Advisory::read(json.as_bytes()).is_err(), "{id}");
        }
        assert!(Advisory::read(br#"{"id": "GHSA-1", "affected": {}, "aliases": null}"#).unwrap().affected.is_empty());
    }
}
