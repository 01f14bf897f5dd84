//! Swift: `Package.swift`, read as text, and `Package.resolved`.

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::detect::stacks::{between, quoted_after};
use crate::model::DependencyScope;

/// The last line of versions in which a manifest for Swift 5 surely builds.
const NEXT_MAJOR: &str = "6";

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let Some(text) = folder.text("Package.swift") else { return facts };
    facts.files.push("Package.swift".to_owned());
    if let Some(version) = tools_version(&text) {
        // It names the oldest compiler that will do; the next major reads sources in another manner.
        let bound = if version.starts_with("5.") { format!(" <{NEXT_MAJOR}") } else { String::new() };
        facts.ask("Package.swift", folder, "Package.swift", Some(&format!(">={version}{bound}")));
    }
    let plain: String = text.lines().map(|line| without_comment(line).to_owned() + "\n").collect();
    facts.name = plain.split_once("Package(").and_then(|(_, rest)| quoted_after(rest, "name:"));
    for package in plain.split(".package(").skip(1) {
        let head = package.split(".package(").next().unwrap_or(package);
        let Some(address) = quoted_after(head, "url:").or_else(|| quoted_after(head, "id:")) else { continue };
        let name =
            address.trim_end_matches('/').trim_end_matches(".git").rsplit('/').next().unwrap_or("").to_lowercase();
        let version = ["from:", "exact:", "upToNextMinor(from:"].iter().find_map(|mark| quoted_after(head, mark));
        facts.depend(name, version, DependencyScope::Runtime);
    }
    resolved(&mut facts, folder);
    match program(folder, &plain) {
        Some(program) => {
            facts.saw(folder, "Package.swift", format!("builds the program {program}"));
            facts.word("bin", program);
            facts.role = Role::App;
        }
        None => facts.role = Role::Library,
    }
    facts
}

/// `// swift-tools-version:5.9` in the first lines.
fn tools_version(text: &str) -> Option<String> {
    let line = text.lines().take(5).find(|line| line.contains("swift-tools-version"))?;
    let version = line.split_once("swift-tools-version")?.1.trim_start_matches([':', ' ']);
    let end = version.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(version.len());
    Some(version[..end].to_owned()).filter(|version| !version.is_empty())
}

/// The line without what follows `//`, which in an address is no comment.
fn without_comment(line: &str) -> &str {
    line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':')).map_or(line, |(at, _)| &line[..at])
}

/// Exact versions, of both forms of the file.
fn resolved(facts: &mut Facts, folder: Folder<'_>) {
    let Some(value) = folder.upwards().find_map(|above| above.value("Package.resolved")) else { return };
    let pins = value.get("pins").or_else(|| value.pointer("/object/pins")).and_then(Value::as_array);
    let version = |name: &str| {
        pins.into_iter().flatten().find_map(|pin| {
            let identity = pin.get("identity").or_else(|| pin.get("package")).and_then(Value::as_str)?;
            (identity.to_lowercase() == name).then(|| pin.pointer("/state/version")?.as_str().map(str::to_owned))?
        })
    };
    facts.lock(|name, _| version(name));
}

/// What is built: a product, a target, or the folder with a `main.swift`.
fn program(folder: Folder<'_>, text: &str) -> Option<String> {
    let product = text.split_once(".executable(").and_then(|(_, rest)| quoted_after(between(rest, "", ")"), "name:"));
    let target = || text.split_once(".executableTarget(").and_then(|(_, rest)| quoted_after(rest, "name:"));
    let main = || {
        let folders = folder.folder("Sources")?;
        folders.subfolders().find(|target| target.has("main.swift")).map(|target| target.name().to_owned())
    };
    product.or_else(target).or_else(main)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_version_stands_in_a_comment() {
        assert_eq!(tools_version("// swift-tools-version: 5.9.2\nimport X").as_deref(), Some("5.9.2"));
        assert_eq!(tools_version("// swift-tools-version:6.0;x").as_deref(), Some("6.0"));
        assert_eq!(tools_version("import X"), None);
        assert_eq!(without_comment("a // b"), "a ");
        assert_eq!(without_comment("url: \"https://a.b/c\""), "url: \"https://a.b/c\"");
    }
}
