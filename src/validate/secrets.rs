//! What looks like a secret, by its name or by its text.

use std::sync::LazyLock;

use regex::Regex;

use super::Faults;

pub(super) use crate::model::names_a_secret;

/// Whether a name that has a secret in it says where that is kept: an identifier, an address.
pub(super) fn names_a_place(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["name", "id", "arn", "uri"].iter().any(|end| name.ends_with(end))
}

/// What keys of well-known services look like; each has a part that nothing else has.
static KNOWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b(?:AKIA|ASIA)[0-9A-Z]{16}\b | \bgh[pousr]_[A-Za-z0-9]{36} | \bgithub_pat_[A-Za-z0-9_]{40,}
        | \bglpat-[A-Za-z0-9_-]{20} | \b[sr]k_live_[A-Za-z0-9]{20,} | \bxox[abprs]-[A-Za-z0-9-]{20,}
        | \bAIza[0-9A-Za-z_-]{35}\b | \bnpm_[A-Za-z0-9]{36}\b | \bdop_v1_[a-f0-9]{64}\b
        | -----BEGIN\ (?:[A-Z]+\ )*PRIVATE\ KEY-----",
    )
    .ok()
});

/// Tells of keys of well-known services, wherever they stand. The key itself is not repeated.
pub(super) fn scan(text: &str, faults: &mut Faults<'_>) {
    let Some(known) = KNOWN.as_ref() else { return };
    let mut line = 1;
    let mut seen = 0;
    for found in known.find_iter(text) {
        line += text[seen..found.start()].matches('\n').count();
        seen = found.start();
        let beginning: String = found.as_str().chars().take(8).collect();
        faults.add(
            "secret-in-file",
            line,
            format!("what begins with “{beginning}” is a key: take it out and revoke it"),
        );
    }
}

/// Whether a text cannot be the secret itself: nothing, or a reference to where it is kept.
pub(super) fn is_reference(text: &str) -> bool {
    let text = text.trim();
    let is_named = |begin: &str, end: char| text.starts_with(begin) && text.ends_with(end);
    text.is_empty()
        || text.contains("${")
        || text.contains("$(")
        || text.contains("{{")
        || text.starts_with('$')
        || text.starts_with("ref+")
        || is_named("<", '>')
        || is_named("ENC[", ']')
}

/// So short no service makes a key.
const SHORTEST: usize = 8;

/// Whether a variable of that name keeps a secret with that text. Of the pair that S3 asks for, the access key is a name:
/// where it is as short as a person would choose one, it is none of a key's.
pub(super) fn is_kept(name: &str, text: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let is_of_a_pair = ["ACCESS_KEY", "ACCESS_KEY_ID"].iter().any(|end| upper.ends_with(end));
    let is_name = is_of_a_pair && !upper.contains("SECRET") && text.len() < SHORTEST;
    names_a_secret(name) && !is_reference(text) && !is_name
}

/// A password between a name and a host: `postgres://app:hunter2@db`.
static WITHIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[a-z][a-z0-9+.-]*://[^\s/:@]*:(?P<password>[^\s/@]+)@").ok());

/// Whether an address in a text says the password, and no variable stands in its place.
pub(super) fn is_in_address(text: &str) -> bool {
    password_in_address(text).is_some()
}

/// The first password that an address in a text says.
pub(super) fn password_in_address(text: &str) -> Option<&str> {
    let found = WITHIN.as_ref()?.captures_iter(text).filter_map(|found| found.name("password"));
    found.map(|password| password.as_str()).find(|password| !is_reference(password))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::check;

    #[test]
    fn the_name_in_a_pair_of_keys_is_no_secret() {
        assert!(!is_kept("MINIO_ACCESS_KEY", "app") && !is_kept("AWS_ACCESS_KEY_ID", "app"));
        assert!(is_kept("MINIO_SECRET_KEY", "app") && is_kept("AWS_SECRET_ACCESS_KEY", "app"));
        assert!(is_kept("S3_ACCESS_KEY", "Q3AM3UQ867SPQQA43P2F") && !is_kept("S3_ACCESS_KEY", "${S3_ACCESS_KEY}"));
    }

    #[test]
    fn passwords_are_seen_in_addresses() {
        assert!(is_in_address("postgres://app:hunter2@db:5432/app") && is_in_address("redis://:x@cache"));
        for text in ["postgres://app:${P}@db", "http://a:80/x@y", "https://a.b/c", "postgres://app@db", "a:b@c"] {
            assert!(!is_in_address(text), "{text}");
        }
    }

    #[test]
    fn keys_are_told_by_their_text() {
        assert!(KNOWN.is_some());
        for key in ["AKIAABCDEFGHIJKLMNOP", "-----BEGIN RSA PRIVATE KEY-----", "glpat-aaaaaaaaaaaaaaaaaaaa"] {
            let faults = check("Dockerfile", &format!("FROM a:1\nUSER app\n# {key}\n"));
            assert_eq!(
                faults.iter().map(|fault| (fault.rule, fault.line)).collect::<Vec<_>>(),
                [("secret-in-file", Some(3))]
            );
            assert!(!faults[0].message.contains(key));
        }
    }
}
