//! Static sites: generators that are one program, and plain pages.

use crate::detect::facts::{Facts, Role};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;

/// Manifests of programs: a project that has one may show its notes with a theme, and is no site.
const PROGRAMS: &[&str] = &[
    "package.json",
    "pyproject.toml",
    "setup.py",
    "requirements.txt",
    "Cargo.toml",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "mix.exs",
];

/// Where pages lie, where they do not lie at the top.
const FOLDERS: &[&str] = &["public", "dist", "htdocs", "www", "_site", "site", "build", "html", "web"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    // A page is to be served, whatever else is there.
    let mut facts = Facts { role: Role::App, ..Facts::default() };
    // The folder of Hugo's settings, which belong to the site above.
    if folder.path().ends_with("config/_default") {
        facts.strength = -1.0;
        return facts;
    }
    if let Some((generator, file)) = generator(folder) {
        facts.files.push(file.clone());
        facts.saw(folder, &file, format!("configures {generator}"));
        facts.framework = Some((generator.to_owned(), None));
        // The Gemfile says more of Jekyll, and is Ruby's.
        if generator == "jekyll" && folder.has("Gemfile") {
            facts.strength = -0.95;
        }
        let shows = ["themes", "exampleSite", "theme"];
        if folder.path().split('/').any(|part| shows.contains(&part)) {
            facts.role = Role::Library;
        }
        return facts;
    }
    facts.output_dir = pages(folder);
    facts
}

/// The generator and the file that shows it.
fn generator(folder: Folder<'_>) -> Option<(&'static str, String)> {
    let holds = |file: &str, keys: &[&str]| {
        folder.text(file).is_some_and(|text| {
            text.lines().any(|line| {
                let key = line.split(['=', ':']).next().unwrap_or("").trim().trim_matches('"');
                keys.iter().any(|wanted| key.eq_ignore_ascii_case(wanted))
            })
        })
    };
    let hugo =
        ["hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config/_default/hugo.toml", "config/_default/hugo.yaml"];
    if let Some(file) = hugo.iter().find(|file| folder.has(file)) {
        return Some(("hugo", (*file).to_owned()));
    }
    let shaped = ["content", "layouts", "themes", "archetypes"].iter().filter(|name| folder.has_folder(name)).count();
    for file in ["config.toml", "config.yaml", "config.yml", "config.json", "config/_default/config.toml"] {
        let hugos = holds(file, &["baseURL", "languageCode"]) || shaped > 1 && folder.has(file);
        if holds(file, &["base_url"]) && folder.has_folder("content") {
            return Some(("zola", file.to_owned()));
        }
        if hugos && shaped > 0 {
            return Some(("hugo", file.to_owned()));
        }
    }
    if folder.has("haunt.scm") {
        return Some(("haunt", "haunt.scm".to_owned()));
    }
    let jekyll = ["_config.yml", "_config.yaml", "_config.toml"].iter().find(|file| folder.has(file))?;
    let posts = ["_posts", "_layouts", "_includes", "_data"].iter().any(|name| folder.has_folder(name));
    // Jupyter Book has a file of that name as well, and always a table of contents.
    let others = PROGRAMS.iter().chain(&["_toc.yml"]).any(|file| folder.has(file));
    (posts || !others).then(|| ("jekyll", (*jekyll).to_owned()))
}

/// The folder with the pages: what `Staticfile` says, this one, or one with a usual name.
fn pages(folder: Folder<'_>) -> Option<String> {
    let said = folder.text("Staticfile").and_then(|text| {
        let root = text.lines().find_map(|line| line.trim().strip_prefix("root:"))?;
        Some(root.trim().trim_matches(['"', '\'']).trim_start_matches("./").trim_end_matches('/').to_owned())
    });
    let here = || ["index.html", "index.htm"].iter().any(|page| folder.has(page)).then(|| ".".to_owned());
    let below = || {
        let holds = |name: &&&str| folder.has(&format!("{name}/index.html"));
        FOLDERS.iter().find(holds).map(|name| (*name).to_owned())
    };
    said.filter(|root| !root.is_empty() && !root.contains("..")).or_else(here).or_else(below)
}
