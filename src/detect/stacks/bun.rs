//! Bun: what a Node.js package says, where Bun runs it and does not merely install for it.

use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::package_json::PackageJson;
use crate::detect::project::Folder;
use crate::detect::rules::FrameworkRule;
use crate::detect::sources::Sources;
use crate::detect::stacks::{ends_in, node};

/// Where a program begins when its manifest does not say.
const ENTRIES: &[&str] =
    &["index", "server", "app", "main", "src/index", "src/server", "src/app", "src/main", "server/index"];

/// Endings that Bun runs as they are.
const ENDINGS: &[&str] = &[".ts", ".tsx", ".js", ".mjs", ".mts", ".jsx"];

/// What only Bun gives to a program.
const APIS: &[&str] =
    &["Bun.serve", "Bun.listen", "Bun.env", "Bun.file(", "from \"bun\"", "from 'bun'", "\"bun:", "'bun:"];

/// Packages that are written for Bun, or describe it.
const PACKAGES: &[&str] = &["@types/bun", "bun-types", "elysia", "brahma-firelight"];

/// Programs that run TypeScript in its place.
const RUNNERS: &[&str] = &["tsx", "ts-node", "ts-node-dev", "nodemon", "@swc-node/register"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = node::read(sources);
    let manifest = folder.value("package.json").and_then(PackageJson::new);
    if let Some(manifest) = &manifest {
        facts.ask("package.json engines.bun", folder, "package.json", manifest.text("/engines/bun"));
    }
    let named = facts.manager.take().filter(|(name, _)| name == "bun").and_then(|(_, version)| version);
    facts.ask("package.json packageManager", folder, "package.json", named.as_deref());
    facts.manager = Some(("bun".to_owned(), named));
    if let Some(entry) = entry(folder, manifest.as_ref()) {
        if ends_in(&entry, &["ts", "tsx"]) {
            facts.language = Some("TypeScript".to_owned());
        }
        facts.word("entry", entry);
    }
    match reason(sources, manifest.as_ref(), &facts) {
        Some((file, says)) => {
            facts.saw(folder, &file, says);
            facts.strength = 0.8;
            // The tool of a workspace that is a program itself.
            if facts.role < Role::App && facts.words.contains_key("entry") && !is_library(manifest.as_ref()) {
                facts.role = Role::App;
            }
        }
        None => facts.strength = -0.95,
    }
    facts
}

pub(super) fn finish(sources: &Sources<'_>, framework: Option<&FrameworkRule>, facts: &mut Facts) {
    if facts.strength > 0.0 && !facts.words.contains_key("entry") {
        node::finish(sources, framework, facts);
    }
}

/// How one sees that Bun runs it: the file, and what it says.
fn reason(sources: &Sources<'_>, manifest: Option<&PackageJson>, facts: &Facts) -> Option<(String, String)> {
    let of_manifest = |says: String| Some(("package.json".to_owned(), says));
    let start = manifest.and_then(|manifest| ["start:prod", "start"].iter().find_map(|name| manifest.script(name)));
    if let Some(start) = start {
        return if runs_by_bun(start) { of_manifest(format!("starts with {start}")) } else { None };
    }
    if let Some(dev) = manifest.and_then(|manifest| manifest.script("dev")).filter(|dev| runs_by_bun(dev)) {
        return of_manifest(format!("develops with {dev}"));
    }
    let found = sources.texts().find_map(|(path, text)| {
        let api = APIS.iter().find(|api| text.contains(**api))?;
        Some((sources.relative(path).to_owned(), format!("uses {api}")))
    });
    if let Some((file, says)) = found {
        return Some((file, says.trim_end_matches('(').to_owned()));
    }
    let bundled = ["vite", "next", "astro", "nuxt", "expo", "@sveltejs/kit"].iter().any(|name| facts.depends_on(name));
    if bundled {
        return None;
    }
    if let Some(package) = PACKAGES.iter().find(|name| facts.depends_on(name)) {
        return of_manifest(format!("depends on {package}"));
    }
    // TypeScript that nothing else can run, in a folder that only Bun installs for.
    let entry = facts.plain("entry").filter(|entry| ends_in(entry, &["ts", "tsx"]))?;
    let installed =
        ["bun.lock", "bun.lockb", "bunfig.toml", ".bun-version"].iter().find(|file| sources.folder.has(file));
    let other = RUNNERS.iter().chain(&["typescript-eslint"]).any(|name| facts.depends_on(name));
    installed.filter(|_| !other).map(|file| ((*file).to_owned(), format!("is Bun's, which can run {entry}")))
}

/// Whether a script gives a file, or a program of a package, to Bun itself: not `bun run build`.
fn runs_by_bun(script: &str) -> bool {
    script.split(['&', '|', ';']).any(|command| {
        let mut words = command.split_whitespace().skip_while(|word| word.contains('=') || word.ends_with("cross-env"));
        match words.next() {
            Some("bun") => {}
            Some("bunx") => return words.next() == Some("--bun"),
            _ => return false,
        }
        let is_file = |word: &str| word.contains('/') || ENDINGS.iter().any(|ending| word.ends_with(ending));
        words.any(|word| word == "--bun" || word == "--hot" || is_file(word)) || command.trim() == "bun ."
    })
}

fn is_library(manifest: Option<&PackageJson>) -> bool {
    manifest.is_some_and(|manifest| ["exports", "types", "publishConfig"].iter().any(|key| manifest.has(key)))
}

/// The file that Bun is to run: what a script runs, what `module` or `main` says, or a usual name.
fn entry(folder: Folder<'_>, manifest: Option<&PackageJson>) -> Option<String> {
    let runs = |word: &&str| ENDINGS.iter().any(|ending| word.ends_with(ending)) && folder.has(word);
    let from_script = manifest.and_then(|manifest| {
        let scripts = ["start", "serve", "dev"].iter().filter_map(|script| manifest.script(script));
        scripts.flat_map(str::split_whitespace).map(|word| word.trim_start_matches("./")).find(runs)
    });
    let from_manifest = || {
        let said = ["/module", "/main"].iter().filter_map(|key| manifest?.text(key));
        said.map(|file| file.trim_start_matches("./")).find(runs)
    };
    let usual = || {
        let mut names = ENTRIES.iter().flat_map(|name| ENDINGS.iter().map(move |ending| format!("{name}{ending}")));
        names.find(|file| folder.has(file))
    };
    from_script.or_else(from_manifest).map(str::to_owned).or_else(usual)
}

#[cfg(test)]
mod tests {
    use super::runs_by_bun;

    #[test]
    fn a_script_that_gives_a_file_to_bun_runs_by_it() {
        for script in
            ["bun index.ts", "bun run src/index.ts", "NODE_ENV=production bun dist/main.js", "bun --bun next start"]
        {
            assert!(runs_by_bun(script), "{script}");
        }
        for script in ["bun run build", "node index.js", "bun install", "bunx vite", "bundle exec x.js"] {
            assert!(!runs_by_bun(script), "{script}");
        }
    }
}
