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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_others_take() {
        assert!(is_debian_package("libstdc++6") && !is_debian_package("a; rm") && !is_debian_package("-y"));
        assert!(is_service("postgres") && is_service("postgres:16-bookworm"));
        assert!(!is_service("a b") && !is_service("postgres:") && !is_service("postgres:1 6") && !is_service(""));
        assert!(is_variable("my.name") && !is_variable("") && !is_variable("A=B") && !is_variable("A\n"));
    }
}
