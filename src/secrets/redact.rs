//! Taking secrets out of lines.

use aho_corasick::{AhoCorasick, MatchKind};

use crate::model::Secret;

/// What stands in a line instead of a secret.
const SHOWN: &str = "[secret]";

/// A shorter value would be found in every second word; it is no secret anyway.
const SHORTEST: usize = 4;

/// Knows the secrets of an app, and takes them out of lines.
#[derive(Clone, Debug, Default)]
pub struct Redactor(Option<AhoCorasick>);

impl Redactor {
    /// One that knows these values: as they are, line by line, and as they look in a URL and in JSON. Values under
    /// four bytes are left alone.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut patterns: Vec<String> = secrets.into_iter().flat_map(|secret| forms(secret.reveal())).collect();
        patterns.retain(|pattern| pattern.len() >= SHORTEST);
        patterns.sort_unstable();
        patterns.dedup();
        if patterns.is_empty() {
            return Self(None);
        }
        let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns);
        // The search is only refused beyond billions of bytes of secrets, which no environment holds.
        Self(search.ok())
    }

    /// The line with `[secret]` in the place of each secret.
    #[must_use]
    pub fn redact(&self, line: &str) -> String {
        match &self.0 {
            None => line.to_owned(),
            Some(search) => {
                let mut clean = String::with_capacity(line.len());
                search.replace_all_with(line, &mut clean, |_, _, clean| {
                    clean.push_str(SHOWN);
                    true
                });
                clean
            }
        }
    }
}

/// How a value may look in a line.
fn forms(value: &str) -> Vec<String> {
    let lines = value.lines().map(str::trim).filter(|line| *line != value).map(str::to_owned);
    let json = serde_json::Value::from(value).to_string();
    let json = json.trim_matches('"').to_owned();
    let mut forms: Vec<String> = lines.collect();
    forms.extend([
        value.to_owned(),
        in_url(value, |byte| format!("%{byte:02X}")),
        in_url(value, |byte| format!("%{byte:02x}")),
        json,
    ]);
    forms
}

/// Percent-encoded, all but RFC 3986's unreserved characters.
fn in_url(value: &str, encoded: impl Fn(u8) -> String) -> String {
    let letter = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => encoded(byte),
    };
    value.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(values: &[&str]) -> Redactor {
        Redactor::new(values.iter().map(|value| Secret::new(*value)))
    }

    #[test]
    fn every_form_of_a_secret_is_taken_out() {
        let redactor = redactor(&["p@ss w\"rd"]);
        assert_eq!(redactor.redact("is p@ss w\"rd, p@ss w\"rd!"), "is [secret], [secret]!");
        assert_eq!(redactor.redact("postgres://app:p%40ss%20w%22rd@db/app"), "postgres://app:[secret]@db/app");
        assert_eq!(redactor.redact("?p=p%40ss%20w%22rd&c=%c3"), "?p=[secret]&c=%c3");
        assert_eq!(redactor.redact(r#"{"password":"p@ss w\"rd"}"#), r#"{"password":"[secret]"}"#);
        assert_eq!(redactor.redact("nothing here"), "nothing here");
    }

    #[test]
    fn the_longer_of_two_secrets_is_taken_out_whole() {
        assert_eq!(redactor(&["token", "token-of-ann"]).redact("a token-of-ann b token c"), "a [secret] b [secret] c");
    }

    #[test]
    fn a_secret_of_several_lines_is_taken_out_line_by_line() {
        let redactor = redactor(&["-----BEGIN KEY-----\nMIIEow\n-----END KEY-----\n"]);
        assert_eq!(redactor.redact("key: MIIEow"), "key: [secret]");
    }

    #[test]
    fn short_values_and_no_values_change_nothing() {
        assert_eq!(redactor(&["", "yes"]).redact("yes, it is"), "yes, it is");
        assert_eq!(Redactor::default().redact("as it is"), "as it is");
    }

    #[test]
    fn its_debug_output_is_not_what_it_knows() {
        let shown = format!("{:?}", redactor(&["correct-horse"]));
        assert!(!shown.contains("correct-horse"), "{shown}");
    }
}
