//! What looks like a secret, by its name or by its text.

use std::sync::LazyLock;

use regex::Regex;

use super::Faults;

/// Whether a name says that its value is nobody else's business, in whatever way the format writes names.
pub(super) fn names_a_secret(name: &str) -> bool {
    // An app may be called after secrets, and its size is none; how machines of EC2 hand out credentials is a setting.
    const OTHERS: [&str; 6] = ["_CPU", "_MEMORY", "_TASKS", "_LEVEL", "_DOMAIN", "HTTP_TOKENS"];
    let mut words = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for letter in name.chars() {
        if was_small && letter.is_ascii_uppercase() {
            words.push('_');
        }
        was_small = letter.is_ascii_lowercase();
        words.push(if matches!(letter, '-' | '.') { '_' } else { letter });
    }
    let words = words.to_ascii_uppercase();
    crate::model::names_a_secret(&words) && !OTHERS.iter().any(|end| words.ends_with(end))
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
    text.is_empty() || text.contains("${") || text.contains("$(") || text.contains("{{") || text.starts_with('$')
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::check;

    #[test]
    fn secrets_are_told_by_their_names() {
        for name in ["dbPassword", "api-token", "AWS_SECRET_ACCESS_KEY", "accessKey"] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in [
            "passwordFile",
            "secretName",
            "token-url",
            "PORT",
            "HttpTokens",
            "SecretsApiCpu",
            "AzureWebJobsStorage__credential",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn the_name_in_a_pair_of_keys_is_no_secret() {
        assert!(!is_kept("MINIO_ACCESS_KEY", "app") && !is_kept("AWS_ACCESS_KEY_ID", "app"));
        assert!(is_kept("MINIO_SECRET_KEY", "app") && is_kept("AWS_SECRET_ACCESS_KEY", "app"));
        assert!(is_kept("S3_ACCESS_KEY", "Q3AM3UQ867SPQQA43P2F") && !is_kept("S3_ACCESS_KEY", "${S3_ACCESS_KEY}"));
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
