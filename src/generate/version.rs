//! Versions as projects write them, made into tags of images.

/// The numbers of a version: `>=22.1` has 22 and 1.
fn numbers(version: &str) -> Vec<u32> {
    // What follows the name of a channel is a date.
    if ["nightly", "beta"].iter().any(|channel| version.starts_with(channel)) {
        return Vec::new();
    }
    let start = version.find(|c: char| c.is_ascii_digit()).unwrap_or(version.len());
    let end = version[start..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(version.len(), |at| start + at);
    version[start..end].split('.').map_while(|part| part.parse().ok()).collect()
}

/// A version with as many parts as `default`, which stands in where a project says none or says less.
pub(crate) fn pin(version: Option<&str>, default: &str) -> String {
    let (asked, usual) = (numbers(version.unwrap_or_default()), numbers(default));
    if asked.is_empty() || asked.len() < usual.len() && usual.starts_with(&asked) {
        return default.to_owned();
    }
    let parts: Vec<String> = asked.iter().take(usual.len()).map(u32::to_string).collect();
    parts.join(".")
}

/// The Debian release under the images of a version: bookworm since the version `since`, bullseye before.
pub(crate) fn suite(version: &str, since: &str) -> &'static str {
    if numbers(version) < numbers(since) { "bullseye" } else { "bookworm" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_follow_what_a_project_says() {
        assert_eq!(pin(Some(">=18.17 <23"), "22"), "18");
        assert_eq!(pin(Some("v20.11.1"), "22"), "20");
        assert_eq!(pin(Some("lts/*"), "22"), "22");
        assert_eq!(pin(None, "3.12"), "3.12");
        assert_eq!(pin(Some("3"), "3.12"), "3.12");
        assert_eq!(pin(Some("^8.2"), "8.3"), "8.2");
        assert_eq!(pin(Some("1.90.0"), "1.90"), "1.90");
        assert_eq!(pin(Some("nightly-2024-08-12"), "1.90"), "1.90");
        assert_eq!(pin(Some("9\nUSER root"), "22"), "9");
        assert_eq!(pin(Some("99999999999999"), "22"), "22");
    }

    #[test]
    fn old_versions_have_images_on_the_older_debian() {
        assert_eq!(suite("14", "16"), "bullseye");
        assert_eq!(suite("22", "16"), "bookworm");
        assert_eq!(suite("1.9", "1.70"), "bullseye");
    }
}
