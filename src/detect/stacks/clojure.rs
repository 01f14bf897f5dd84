//! Clojure: Leiningen and the tools of `deps.edn`.

use super::jvm;
use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::edn::{self, Form};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Names of aliases that start a program, the most telling first.
const STARTING: &[&str] = &[":run", ":start", ":prod", ":production", ":main", ":server", ":serve", ":run-m", ":run-x"];

/// Names of functions of `build.clj` that make one jar of all.
const PACKING: &[&str] = &["uber", "uberjar", "all", "release"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    if folder.has("project.clj") {
        leiningen(&mut facts, folder);
    } else if folder.has("deps.edn") {
        tools_deps(&mut facts, sources);
    }
    jvm::system_properties(&mut facts, folder);
    facts.language_version = facts.dependency("org.clojure/clojure").and_then(|found| found.version.clone());
    if facts.role == Role::Unknown && folder.has("Procfile") {
        facts.role = Role::App;
    }
    facts
}

fn leiningen(facts: &mut Facts, folder: Folder<'_>) {
    let Some(text) = folder.text("project.clj") else { return };
    facts.files.push("project.clj".to_owned());
    let forms = edn::parse(&text);
    let defines = |form: &&Form| form.items().first().and_then(Form::letters) == Some("defproject");
    let Some(project) = forms.iter().find(defines) else { return };
    let letters = |at: usize| project.items().get(at).and_then(Form::letters);
    let full = letters(1).unwrap_or("app");
    let name = full.rsplit('/').next().unwrap_or(full);
    let version = letters(2).unwrap_or("");
    facts.name = Some(name.to_owned());
    let profiles = project.get(":profiles");
    let uberjar = profiles.and_then(|all| all.get(":uberjar"));
    dependencies(facts, project.get(":dependencies"), DependencyScope::Runtime);
    dependencies(facts, uberjar.and_then(|profile| profile.get(":dependencies")), DependencyScope::Runtime);
    for (_, profile) in profiles.map(Form::pairs).unwrap_or_default() {
        dependencies(facts, profile.get(":dependencies"), DependencyScope::Development);
    }
    let said = |key: &str| uberjar.and_then(|all| all.get(key)).or_else(|| project.get(key)).and_then(Form::letters);
    let ring = project.get(":ring").is_some_and(|ring| ring.get(":handler").is_some());
    let target = said(":target-path").unwrap_or("target").replace("%s", "uberjar");
    let jar = said(":uberjar-name").map_or_else(|| format!("{name}-{version}-standalone.jar"), str::to_owned);
    let main = said(":main").is_some();
    if main || ring {
        facts.word("jar", format!("{}/{jar}", target.trim_end_matches('/')));
        facts.phrase("uberjar", if main { "uberjar" } else { "ring uberjar" }, []);
        facts.role = Role::App;
    } else {
        facts.role = Role::Library;
    }
    facts.word("name", name);
}

/// `[[ring/ring-core "1.9" :exclusions […]] …]`.
fn dependencies(facts: &mut Facts, listed: Option<&Form>, scope: DependencyScope) {
    for entry in listed.map(Form::items).unwrap_or_default() {
        let word = |at: usize| entry.items().get(at).and_then(Form::letters);
        if let Some(name) = word(0) {
            facts.depend_once(name, word(1).map(str::to_owned), scope);
        }
    }
}

fn tools_deps(facts: &mut Facts, sources: &Sources<'_>) {
    let folder = sources.folder;
    let Some(text) = folder.text("deps.edn") else { return };
    facts.files.push("deps.edn".to_owned());
    facts.name = Some(folder.name().to_owned()).filter(|name| !name.is_empty());
    let forms = edn::parse(&text);
    let Some(root) = forms.first() else { return };
    for (library, asked) in root.get(":deps").map(Form::pairs).unwrap_or_default() {
        let version = asked.get(":mvn/version").or_else(|| asked.get(":git/tag")).and_then(Form::letters);
        facts.depend(library.letters().unwrap_or_default(), version.map(str::to_owned), DependencyScope::Runtime);
    }
    let aliases = root.get(":aliases").map(Form::pairs).unwrap_or_default();
    packed(facts, folder, aliases);
    tested(facts, aliases);
    started(facts, aliases);
    if let Some(namespace) = main_namespace(sources) {
        facts.word("namespace", namespace);
    }
    let runs = ["jar", "alias", "namespace"].iter().any(|word| facts.words.contains_key(*word));
    facts.role = if runs { Role::App } else { Role::Library };
}

/// The alias that runs the tests.
fn tested(facts: &mut Facts, aliases: &[(Form, Form)]) {
    let Some((_, alias)) = aliases.iter().find(|(name, _)| name.letters() == Some(":test")) else { return };
    if alias.get(":exec-fn").is_some() {
        facts.phrase("test.alias", "-X:test", []);
    } else if alias.get(":main-opts").is_some() {
        facts.phrase("test.alias", "-M:test", []);
    }
}

/// How `build.clj` makes one jar of all, and where.
fn packed(facts: &mut Facts, folder: Folder<'_>, aliases: &[(Form, Form)]) {
    let Some(text) = folder.text("build.clj") else { return };
    facts.files.push("build.clj".to_owned());
    let builds = |alias: &&(Form, Form)| {
        alias.1.get(":ns-default").and_then(Form::letters) == Some("build") || alias.0.letters() == Some(":build")
    };
    let Some(alias) = aliases.iter().find(builds).and_then(|(name, _)| name.letters()) else { return };
    let defines = |name: &&&str| text.contains(&format!("(defn {name}\n")) || text.contains(&format!("(defn {name} "));
    let Some(function) = PACKING.iter().find(defines) else { return };
    facts.phrase("pack", "-T{} {}", [alias, function]);
    let file = ["(def uber-file", ":uber-file"].iter().find_map(|mark| {
        let rest = text.split_once(mark)?.1;
        let quoted = rest.split('"').nth(1).filter(|file| file.rsplit('.').next() == Some("jar"))?;
        // What is put together as the build runs is found by its place.
        Some(quoted.replace("%s", "*").replace("**", "*").replace("*-*", "*"))
    });
    facts.word("jar", file.unwrap_or_else(|| "target/*.jar".to_owned()));
}

/// The alias that starts it.
fn started(facts: &mut Facts, aliases: &[(Form, Form)]) {
    let runs = |alias: &Form| {
        let options = alias.get(":main-opts").map(Form::items).unwrap_or_default();
        let names_main = options.iter().any(|option| matches!(option.letters(), Some("-m" | "--main")));
        match (names_main, alias.get(":exec-fn").is_some()) {
            (true, _) => Some("-M{}"),
            (false, true) => Some("-X{}"),
            _ => None,
        }
    };
    let named = STARTING.iter().find_map(|name| {
        let alias = aliases.iter().find(|(known, _)| known.letters() == Some(*name))?;
        Some((runs(&alias.1)?, *name))
    });
    if let Some((runs, alias)) = named {
        facts.phrase("alias", runs, [alias]);
    }
}

/// The namespace that begins the program.
fn main_namespace(sources: &Sources<'_>) -> Option<String> {
    sources.texts().find_map(|(path, text)| {
        let begins = text.contains("(defn -main") || text.contains("(defn ^:export -main");
        let named = begins && !path.ends_with("build.clj") && path.rsplit('.').next() != Some("cljs");
        let rest = text.split_once("(ns ").filter(|_| named)?.1;
        let forms = rest.split(|c: char| c.is_whitespace() || c == ')').filter(|word| !word.starts_with('^'));
        forms.map(str::to_owned).find(|word| !word.is_empty())
    })
}
