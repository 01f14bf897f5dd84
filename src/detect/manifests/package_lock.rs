//! Lock files made of `[[package]]` tables: `uv.lock`, `poetry.lock`, `pdm.lock`, `Cargo.lock`.

use std::collections::HashMap;

/// Exact versions by name, without what comes from a folder or a repository. Only the lines that matter of each table
/// are looked at: these files grow large.
pub(in crate::detect) fn versions(text: &str) -> HashMap<String, Vec<String>> {
    packages(text, |source| {
        source.is_none_or(|source| source.contains("registry") || source.contains("sparse") || source.contains("url"))
    })
}

/// The same for `Cargo.lock`, where what has no source is the project's own.
pub(in crate::detect) fn published(text: &str) -> HashMap<String, Vec<String>> {
    packages(text, |source| source.is_some_and(|source| source.contains("registry+") || source.contains("sparse+")))
}

fn packages(text: &str, is_wanted: impl Fn(Option<&str>) -> bool) -> HashMap<String, Vec<String>> {
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    let (mut name, mut version, mut source) = (None, None, None);
    for line in text.lines().chain(["["]) {
        if line.starts_with('[') {
            if let (Some(name), Some(version)) = (name.take(), version.take())
                && is_wanted(source)
            {
                found.entry(str::to_owned(name)).or_default().push(str::to_owned(version));
            }
            (name, version, source) = (None, None, None);
        } else if let Some(value) = value_of(line, "name") {
            name = name.or(Some(value));
        } else if let Some(value) = value_of(line, "version") {
            version = version.or(Some(value));
        } else if line.starts_with("source = ") {
            source = Some(line);
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

    #[test]
    fn what_no_registry_has_is_left_out() {
        let cargo = "[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"axum\"\nversion = \"0.8.1\"\nsource = \"registry+https://example.com/index\"\n\n[[package]]\nname = \"forked\"\nversion = \"1.0.0\"\nsource = \"git+https://example.com/forked#abc\"\n";
        let names: Vec<String> = published(cargo).into_keys().collect();
        assert_eq!(names, ["axum"]);
        let uv = "[[package]]\nname = \"own\"\nversion = \"0.1.0\"\nsource = { editable = \".\" }\n\n[[package]]\nname = \"flask\"\nversion = \"3.0.0\"\nsource = { registry = \"https://example.com/simple\" }\n";
        let names: Vec<String> = versions(uv).into_keys().collect();
        assert_eq!(names, ["flask"]);
    }
}
