//! Languages without a stack of their own: Perl, R, OCaml, Nim, Julia, Erlang and scripts of a shell.

use crate::detect::facts::{Facts, Role};
use crate::detect::platforms;
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::detect::stacks::{between, ends_in};
use crate::model::DependencyScope;

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let readers: [fn(&Sources<'_>) -> Option<Facts>; 7] = [perl, r, ocaml, nim, julia, erlang, shell];
    let mut facts = readers.iter().find_map(|read| read(sources)).unwrap_or_default();
    if facts.language.is_none() && platforms::start(folder).is_some() {
        facts.role = Role::App;
    } else if facts.language.is_none() && folder.has("Dockerfile") {
        facts.role = Role::Unknown;
    }
    facts
}

/// Facts of a language, as an app.
fn of(language: &str) -> Facts {
    Facts { language: Some(language.to_owned()), role: Role::App, ..Facts::default() }
}

fn has_any(sources: &Sources<'_>, endings: &[&str]) -> bool {
    sources.files().iter().any(|file| ends_in(file, endings))
}

/// Notes each library that the sources load, told by one of these words before its name.
fn loaded(facts: &mut Facts, sources: &Sources<'_>, marks: &[&str], libraries: &[&str]) {
    for (_, text) in sources.texts() {
        for library in libraries {
            if marks.iter().any(|mark| text.contains(&format!("{mark}{library}"))) && !facts.depends_on(library) {
                facts.depend(*library, None, DependencyScope::Runtime);
            }
        }
    }
}

/// The first of these files that is there.
fn first(folder: Folder<'_>, files: &[&str]) -> Option<String> {
    files.iter().find_map(|file| folder.find(file))
}

fn perl(sources: &Sources<'_>) -> Option<Facts> {
    let folder = sources.folder;
    let entry =
        first(folder, &["app.psgi", "*.psgi", "script/*", "bin/app.pl", "app.pl", "server.pl", "main.pl", "index.pl"]);
    let listed = first(folder, &["cpanfile", "Makefile.PL", "Build.PL"]);
    if listed.is_none() && !entry.as_deref().is_some_and(|file| ends_in(file, &["psgi", "pl"])) {
        return None;
    }
    let mut facts = of("Perl");
    if let Some(text) = folder.text("cpanfile") {
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("requires")) {
            let mut words = line.split(['\'', '"']).skip(1).step_by(2);
            if let Some(name) = words.next() {
                let version =
                    words.next().filter(|version| version.starts_with(|c: char| c.is_ascii_digit() || c == '='));
                match name {
                    "perl" => {}
                    _ => facts.depend(name, version.map(str::to_owned), DependencyScope::Runtime),
                }
            }
        }
    }
    facts.files.extend(listed);
    loaded(
        &mut facts,
        sources,
        &["use ", "require "],
        &["Mojolicious::Lite", "Mojo::Base", "Mojolicious", "Dancer2", "Catalyst", "Plack"],
    );
    if facts.files.iter().any(|file| file == "cpanfile") {
        facts.phrase("install", "cpanm --notest --installdeps .", []);
    }
    let psgi = entry.as_deref().is_some_and(|file| ends_in(file, &["psgi"]));
    if psgi && !facts.depends_on("Plack") {
        facts.depend("Plack", None, DependencyScope::Runtime);
    }
    if let Some(entry) = entry {
        facts.word(if psgi { "psgi" } else { "script" }, entry.clone());
        facts.phrase("start", if psgi { "plackup -o 0.0.0.0 -p $PORT {}" } else { "perl {}" }, [&entry]);
    } else {
        facts.role = Role::Library;
    }
    Some(facts)
}

fn r(sources: &Sources<'_>) -> Option<Facts> {
    let folder = sources.folder;
    let entry = first(folder, &["plumber.R", "api.R", "app.R", "server.R", "main.R", "run.R", "index.R"]);
    if entry.is_none() && !folder.has("renv.lock") {
        return None;
    }
    let mut facts = of("R");
    loaded(
        &mut facts,
        sources,
        &["library(", "require(", "library(\"", ""],
        &["plumber::", "plumber)", "plumber\")", "shiny::", "shiny)", "shiny\")"],
    );
    let plumbed = facts.dependencies.iter().any(|found| found.name.starts_with("plumber"));
    let shiny = facts.dependencies.iter().any(|found| found.name.starts_with("shiny"));
    facts.dependencies.clear();
    for (there, name) in [(plumbed, "plumber"), (shiny && !plumbed, "shiny")] {
        if there {
            facts.depend(name, None, DependencyScope::Runtime);
        }
    }
    if folder.has("renv.lock") {
        facts.files.push("renv.lock".to_owned());
        facts.phrase("install", "Rscript -e 'renv::restore()'", []);
    }
    if let Some(entry) = entry {
        let start = if plumbed {
            "Rscript -e \"plumber::pr_run(plumber::pr('{}'), host = '0.0.0.0', \
             port = as.integer(Sys.getenv('PORT')))\""
        } else if shiny {
            "Rscript -e \"shiny::runApp('.', host = '0.0.0.0', port = as.integer(Sys.getenv('PORT')))\""
        } else {
            "Rscript {}"
        };
        facts.phrase("start", start, [&entry]);
    }
    Some(facts)
}

fn ocaml(sources: &Sources<'_>) -> Option<Facts> {
    let folder = sources.folder;
    let project = folder.text("dune-project")?;
    let mut facts = of("OCaml");
    facts.files.push("dune-project".to_owned());
    facts.name = project.split_once("(name ").map(|(_, rest)| rest.split(')').next().unwrap_or("").trim().to_owned());
    let dunes: Vec<(String, std::rc::Rc<str>)> = std::iter::once(folder)
        .chain(folder.subfolders())
        .filter_map(|at| {
            Some((if at.path() == folder.path() { String::new() } else { format!("{}/", at.name()) }, at.text("dune")?))
        })
        .collect();
    for text in dunes.iter().map(|(_, text)| &**text).chain([&*project]) {
        for group in ["(libraries", "(depends"] {
            let names = text.split(group).nth(1).map_or("", |rest| rest.split("\n (").next().unwrap_or(rest));
            for name in names.split(|c: char| c.is_whitespace() || "()".contains(c)).filter(|name| !name.is_empty()) {
                if name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) && !facts.depends_on(name) {
                    facts.depend(name, None, DependencyScope::Runtime);
                }
            }
        }
    }
    let program = dunes.iter().find_map(|(path, text)| {
        let (_, rest) = text.split_once("(executable")?;
        let name = between(rest.split_once("(name ").or_else(|| rest.split_once("(names "))?.1, "", ")");
        Some(format!("{path}{}.exe", name.split_whitespace().next()?))
    });
    facts.phrase("install", "opam install --yes --deps-only .", []);
    facts.phrase("build", "opam exec -- dune build --profile release", []);
    if ["test/dune", "tests/dune"].iter().any(|file| folder.has(file)) {
        facts.word("suite", "");
    }
    match program {
        Some(program) => facts.word("start", format!("./_build/default/{program}")),
        None => facts.role = Role::Library,
    }
    Some(facts)
}

fn nim(sources: &Sources<'_>) -> Option<Facts> {
    let folder = sources.folder;
    let file = folder.find("*.nimble")?;
    let text = folder.text(&file)?;
    let mut facts = of("Nim");
    facts.files.push(file.clone());
    for line in text.lines().filter_map(|line| line.trim().strip_prefix("requires")) {
        for asked in line.split('"').skip(1).step_by(2) {
            let (name, version) =
                asked.trim().split_once(' ').map_or((asked.trim(), None), |(name, rest)| (name, Some(rest.trim())));
            match name {
                "nim" => {}
                _ => facts.depend(name.to_lowercase(), version.map(str::to_owned), DependencyScope::Runtime),
            }
        }
    }
    let field = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix('='));
        lines.next().map(|value| between(value, "\"", "\"").to_owned())
    };
    let name = file.trim_end_matches(".nimble").to_owned();
    facts.name = Some(name);
    facts.phrase("install", "nimble install --depsOnly -y", []);
    match field("bin").filter(|program| !program.is_empty()) {
        Some(program) => {
            facts.phrase("build", "nimble build -d:release -y", []);
            let folder = field("binDir")
                .filter(|folder| !folder.is_empty())
                .map_or_else(String::new, |folder| format!("{folder}/"));
            facts.word("start", format!("./{folder}{program}"));
        }
        None => facts.role = Role::Library,
    }
    Some(facts)
}

fn julia(sources: &Sources<'_>) -> Option<Facts> {
    let folder = sources.folder;
    let text = folder.text("Project.toml").filter(|_| has_any(sources, &["jl"]))?;
    if !text.contains("[deps]") && !text.contains("uuid") {
        return None;
    }
    let mut facts = of("Julia");
    facts.files.push("Project.toml".to_owned());
    let project = folder.value("Project.toml");
    let table =
        |name: &str| project.as_ref().and_then(|project| project.get(name)?.as_object().cloned()).unwrap_or_default();
    let compat = table("compat");
    for (name, _) in &table("deps") {
        facts.depend(
            name.as_str(),
            compat.get(name).and_then(|found| found.as_str()).map(str::to_owned),
            DependencyScope::Runtime,
        );
    }
    let entry =
        first(folder, &["main.jl", "server.jl", "app.jl", "bootstrap.jl", "src/main.jl", "*server*.jl", "*.jl"]);
    facts.phrase("install", "julia --project=. -e 'using Pkg; Pkg.instantiate()'", []);
    match entry {
        Some(entry) => facts.phrase("start", "julia --project=. {}", [&entry]),
        None => facts.role = Role::Library,
    }
    Some(facts)
}

fn erlang(sources: &Sources<'_>) -> Option<Facts> {
    let folder = sources.folder;
    let text = folder.text("rebar.config")?;
    let mut facts = of("Erlang");
    facts.files.push("rebar.config".to_owned());
    let listed = text.split_once("{deps,").map_or("", |(_, rest)| rest.split("]}.").next().unwrap_or(rest));
    for name in listed.split('{').skip(1).filter_map(|part| part.split([',', '}']).next()).map(str::trim) {
        if name.starts_with(|c: char| c.is_ascii_lowercase())
            && !matches!(name, "git" | "tag" | "branch" | "ref" | "hex" | "pkg")
        {
            facts.depend(name, None, DependencyScope::Runtime);
        }
    }
    let app = folder
        .folder("src")
        .and_then(|src| src.find("*.app.src"))
        .map(|file| file.trim_end_matches(".app.src").to_owned())
        .filter(|app| app.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    facts.phrase("install", "rebar3 get-deps", []);
    let release = text.split_once("{relx").and_then(|(_, rest)| {
        let name = between(rest.split_once("{release")?.1, "{", ",").trim().trim_start_matches('{').to_owned();
        (!name.is_empty()).then_some(name)
    });
    match (release, app) {
        (Some(release), _) => {
            facts.phrase("build", "rebar3 as prod release", []);
            facts.phrase("start", "_build/prod/rel/{}/bin/{} foreground", [&release, &release]);
        }
        (None, Some(app)) => {
            facts.phrase("build", "rebar3 compile", []);
            facts.phrase(
                "start",
                "erl -noshell -pa _build/default/lib/*/ebin -eval 'application:ensure_all_started({}).'",
                [&app],
            );
        }
        (None, None) => facts.role = Role::Library,
    }
    Some(facts)
}

/// A script that somebody starts, with the shell that its first line names.
fn shell(sources: &Sources<'_>) -> Option<Facts> {
    let folder = sources.folder;
    let script = first(folder, &["start.sh", "run.sh", "main.sh", "entrypoint.sh"])?;
    let text = folder.text(&script)?;
    let line = text.lines().next().unwrap_or("");
    let named = ["bash", "zsh", "dash", "fish"].iter().find(|shell| line.starts_with("#!") && line.ends_with(**shell));
    let mut facts = of("Shell");
    facts.role = Role::Unknown;
    let shell = named.copied().unwrap_or("sh");
    facts.saw(folder, &script, format!("is a script for {shell}"));
    facts.word("shell", shell);
    facts.phrase("start", "{shell} {}", [&script]);
    Some(facts)
}
