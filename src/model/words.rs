//! What may stand as a name where others read it.

/// A name that a Debian package may have: <https://www.debian.org/doc/debian-policy/ch-controlfields.html#source>.
#[must_use]
pub fn is_debian_package(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
}

/// What may be a tag of an image: <https://docs.docker.com/reference/cli/docker/image/tag/>.
#[must_use]
pub fn is_image_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// Whether it is the digest of an image (OCI image specification, “Digests”): `sha256:` and 64 small hexadecimal digits.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(is_digit))
}

/// A service as settings name it: `postgres`, or with a version `postgres:16`.
#[must_use]
pub fn is_service(wanted: &str) -> bool {
    let (name, version) = wanted.split_once(':').map_or((wanted, None), |(name, version)| (name, Some(version)));
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && version.is_none_or(is_image_tag)
}

/// A name that a variable of an environment may have; a shell asks for more.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '=')
}

/// Whether a name says that its value is nobody else's business, however it is written: `DB_PASSWORD`, `dbPassword`,
/// `db-password`.
#[must_use]
pub fn names_a_secret(name: &str) -> bool {
    const PARTS: [&str; 9] =
        ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIAL"];
    // What is about secrets and holds none: files, addresses, switches and sizes; how machines of EC2 hand out
    // credentials, and what Azure's functions call the way in which they sign in (`AzureWebJobsStorage__credential`). An
    // app may be called after secrets, too, and its size is none.
    #[rustfmt::skip]
    const ABOUT: [&str; 42] = [
        "_FILE", "_PATH", "_URL", "_DUMMY", "_NAME", "_TTL", "_EXPIRY", "_LENGTH", "__CREDENTIAL", "_CPU", "_MEMORY",
        "_TASKS", "_LEVEL", "_DOMAIN", "HTTP_TOKENS", "_ALGORITHM", "_AUDIENCE", "_COUNT", "_DAYS", "_ENABLED",
        "_ENDPOINT", "_EXPIRES_IN", "_FORMAT", "_HASHER", "_HEADER", "_HISTORY", "_HOST", "_HOURS", "_ISSUER",
        "_LIFETIME", "_LIMIT", "_MINUTES", "_POLICY", "_PORT", "_PREFIX", "_REQUIRED", "_ROUNDS", "_SECONDS", "_SIZE",
        "_TYPE", "MAX_TOKENS", "_PER_MINUTE",
    ];
    let name = in_capitals(name);
    // Who takes words apart is called after them, too.
    PARTS.iter().any(|part| name.contains(part) && !name.contains("TOKENIZ"))
        && !ABOUT.iter().any(|end| name.ends_with(end))
        && !name.contains("RANDOM_")
        && !name.contains("ALLOW_EMPTY_")
}

/// A name as a variable of an environment is written: `dbPassword` as `DB_PASSWORD`.
fn in_capitals(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for letter in name.chars() {
        if was_small && letter.is_ascii_uppercase() {
            words.push('_');
        }
        was_small = letter.is_ascii_lowercase();
        words.push(if matches!(letter, '-' | '.') { '_' } else { letter.to_ascii_uppercase() });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_others_take() {
        assert!(is_debian_package("libstdc++6") && !is_debian_package("a; rm") && !is_debian_package("-y"));
        assert!(is_service("postgres") && is_service("postgres:16-bookworm"));
        assert!(!is_service("a b") && !is_service("postgres:") && !is_service("postgres:1 6") && !is_service(""));
        assert!(is_digest(&format!("sha256:{}", "0a".repeat(32))) && !is_digest("sha256:0a") && !is_digest("x"));
        assert!(is_variable("my.name") && !is_variable("") && !is_variable("A=B") && !is_variable("A\n"));
    }

    #[test]
    fn secrets_are_told_by_their_names() {
        for name in [
            "DB_PASSWORD",
            "github_token",
            "AWS_SECRET_ACCESS_KEY",
            "STRIPE_API_KEY",
            "dbPassword",
            "api-token",
            "accessKey",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in [
            "POSTGRES_PASSWORD_FILE",
            "TOKEN_URL",
            "SECRET_KEY_BASE_DUMMY",
            "MYSQL_RANDOM_ROOT_PASSWORD",
            "PORT",
            "passwordFile",
            "secretName",
            "token-url",
            "HttpTokens",
            "SecretsApiCpu",
            "TOKENIZERS_PARALLELISM",
            "PASSWORD_POLICY",
            "tokenIssuer",
            "LLM_MAX_TOKENS",
            "AzureWebJobsStorage__credential",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
