//! Zig: `build.zig` and `build.zig.zon`, read as text.

use crate::detect::facts::{Facts, Role};
use crate::detect::sources::Sources;
use crate::detect::stacks::quoted_after;
use crate::model::DependencyScope;

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    if let Some(text) = folder.text("build.zig.zon") {
        facts.files.push("build.zig.zon".to_owned());
        facts.name = field(&text, ".name");
        let minimum = field(&text, ".minimum_zig_version");
        facts.ask("build.zig.zon", folder, "build.zig.zon", minimum.as_deref());
        for (name, version) in dependencies(&text) {
            facts.depend(name, version, DependencyScope::Runtime);
        }
    }
    let build = folder.text("build.zig");
    if build.is_some() {
        facts.files.push("build.zig".to_owned());
    }
    let program = build.as_deref().and_then(|text| {
        let (_, rest) = text.split_once("addExecutable(")?;
        quoted_after(rest.split_once(';').map_or(rest, |(call, _)| call), ".name = ").or_else(|| facts.name.clone())
    });
    facts.role = match program {
        Some(program) => {
            facts.saw(folder, "build.zig", format!("builds the program {program}"));
            facts.word("bin", program);
            Role::App
        }
        None if build.is_some() => Role::Library,
        None => {
            let entry = ["main.zig", "src/main.zig"].iter().find(|file| folder.has(file));
            if let Some(file) = entry {
                facts.word("entry", *file);
            }
            Role::Unknown
        }
    };
    facts
}

/// A field's text, or the enumeration literal that newer manifests name themselves with: `.name = .shop`.
fn field(text: &str, name: &str) -> Option<String> {
    let value = text.split_once(name)?.1.trim_start().strip_prefix('=')?.trim_start();
    let value = value.split([',', '\n']).next()?.trim();
    let value = value.trim_start_matches(['.', '@']).trim_matches('"');
    Some(value.to_owned()).filter(|value| !value.is_empty())
}

/// The packages in `.dependencies`, each with the version that its address shows.
fn dependencies(text: &str) -> Vec<(String, Option<String>)> {
    let Some((_, block)) = text.split_once(".dependencies") else { return Vec::new() };
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let mut depth = 0_usize;
    for line in block.lines() {
        let content = line.split("//").next().unwrap_or(line).trim();
        let opens = line.matches('{').count();
        if depth == 1
            && opens > 0
            && let Some((name, _)) = content.split_once('=')
        {
            found.push((name.trim().trim_start_matches(['.', '@']).trim_matches('"').to_owned(), None));
        }
        if let (Some(last), Some(address)) = (found.last_mut(), quoted_after(line, ".url = ")) {
            last.1 = version_in(&address);
        }
        depth = (depth + opens).saturating_sub(line.matches('}').count());
        if depth == 0 && opens + line.matches('}').count() > 0 {
            break;
        }
    }
    found
}

/// `v1.2.3` behind the last slash or mark of an address.
fn version_in(address: &str) -> Option<String> {
    let last = address.rsplit(['/', '#', '=']).next()?.trim_end_matches(".tar.gz").trim_start_matches('v');
    (last.starts_with(|c: char| c.is_ascii_digit()) && last.contains('.')).then(|| last.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_of_both_forms() {
        let text = ".{\n    .name = .shop,\n    .minimum_zig_version = \"0.14.0\",\n    .dependencies = .{\n        .httpz = .{\n            .url = \"git+https://a.b/http.zig#v0.3.1\",\n            .hash = \"x\",\n        },\n        .@\"zig-time\" = .{ .path = \"../t\" },\n    },\n    .paths = .{ \"src\" },\n}\n";
        assert_eq!(field(text, ".name").as_deref(), Some("shop"));
        assert_eq!(field(text, ".minimum_zig_version").as_deref(), Some("0.14.0"));
        assert_eq!(dependencies(text), [("httpz".to_owned(), Some("0.3.1".to_owned())), ("zig-time".to_owned(), None)]);
        assert_eq!(field(".{ .name = \"old\", }", ".name").as_deref(), Some("old"));
    }
}
