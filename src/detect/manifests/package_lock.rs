//! Lock files made of `[[package]]` tables: `uv.lock`, `poetry.lock`, `pdm.lock`, `Cargo.lock`.

use std::collections::HashMap;

/// Exact versions by name. Only the two lines that matter of each table are looked at: these files grow large.
pub(in crate::detect) fn versions(text: &str) -> HashMap<String, Vec<String>> {
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    let mut name = None;
    for line in text.lines() {
        if line.starts_with('[') {
            name = None;
        } else if let Some(value) = value_of(line, "name") {
            name = Some(value.to_owned());
        } else if let Some(version) = value_of(line, "version")
            && let Some(name) = name.take()
        {
            found.entry(name).or_default().push(version.to_owned());
        }
    }
    found
}

fn value_of<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let value = line.strip_prefix(key)?.trim_start().strip_prefix('=')?.trim();
    value.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_of_all_packages() {
        let text = "version = 4\n\n[[package]]\nname = \"axum\"\nversion = \"0.8.1\"\ndependencies = [\n \"serde\",\n]\n\n[[package]]\nname = \"axum\"\nversion = \"0.7.9\"\n";
        assert_eq!(versions(text)["axum"], ["0.8.1", "0.7.9"]);
    }
}
