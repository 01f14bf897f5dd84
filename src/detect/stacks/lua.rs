//! Lua: rockspecs, programs and `OpenResty`'s configurations.

use crate::detect::facts::{Facts, Role};
use crate::detect::sources::Sources;
use crate::detect::stacks::between;
use crate::model::DependencyScope;

/// Programs with a usual name.
const ENTRIES: &[&str] = &["main.lua", "server.lua", "app.lua", "web.lua", "src/main.lua", "src/server.lua"];

/// Libraries of programs that serve, which people install without writing it down.
const REQUIRED: &[&str] = &["lapis", "sailor", "pegasus", "turbo", "milua", "http.server", "lor.index"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    if let Some(file) = folder.find("*.rockspec") {
        if let Some(text) = folder.text(&file) {
            read_rockspec(&mut facts, sources, &file, &text);
        }
        facts.word("rockspec", file);
    }
    for (_, text) in sources.texts() {
        for name in REQUIRED {
            let required = ["(\"", " \"", "('", " '"].iter().any(|mark| text.contains(&format!("require{mark}{name}")));
            let name = name.split('.').next().unwrap_or(name);
            if required {
                facts.depend_once(name, None, DependencyScope::Runtime);
            }
        }
    }
    let embeds = ["nginx.conf", "conf/nginx.conf"].into_iter().find(|file| {
        folder.text(file).is_some_and(|text| ["_by_lua", "lua_package_path"].iter().any(|mark| text.contains(mark)))
    });
    if let Some(file) = embeds {
        facts.saw(folder, file, "runs Lua inside nginx");
        facts.framework = Some(("openresty".to_owned(), None));
        facts.word("nginx", file);
        if let Some(port) = folder.text(file).and_then(|text| listens_on(&text)) {
            facts.port = Some(port);
            facts.saw(folder, file, format!("listens on {port}"));
        }
    }
    if let Some(entry) = ENTRIES.iter().find(|file| folder.has(file)) {
        facts.word("entry", *entry);
    }
    let runs = facts.words.contains_key("entry") || facts.words.contains_key("nginx") || facts.depends_on("lapis");
    facts.role = if runs { Role::App } else { Role::Library };
    facts
}

fn read_rockspec(facts: &mut Facts, sources: &Sources<'_>, file: &str, text: &str) {
    facts.files.push(file.to_owned());
    facts.name = text.split_once("package").map(|(_, rest)| between(rest, "\"", "\"").to_owned());
    let listed = text.split_once("dependencies").map_or("", |(_, rest)| between(rest, "{", "}"));
    for asked in listed.split(',') {
        let asked = asked.trim().trim_matches(['"', '\'']);
        let (name, version) = asked.split_once(' ').map_or((asked, None), |(name, version)| (name, Some(version)));
        if name == "lua" {
            facts.ask("rockspec lua", sources.folder, file, version);
        } else if !name.is_empty() && !name.starts_with("--") {
            facts.depend(name, version.map(str::to_owned), DependencyScope::Runtime);
        }
    }
}

/// The port of the first `listen` that is a number.
fn listens_on(text: &str) -> Option<u16> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("listen "));
    lines.into_iter().find_map(|line| {
        let port = line.trim().trim_end_matches(';').split_whitespace().next()?;
        port.rsplit(':').next()?.parse().ok()
    })
}
