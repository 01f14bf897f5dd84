//! Gradle: build files in both dialects, settings, version catalogs, what a root build gives to its parts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::jvm::depth;
use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::gradle::{self, Gradle, assigned};
use crate::detect::project::Folder;
use crate::model::DependencyScope;

const BUILD: [&str; 2] = ["build.gradle", "build.gradle.kts"];
const SETTINGS: [&str; 2] = ["settings.gradle", "settings.gradle.kts"];

/// Plugins that bring `application` along, each with the word that it is known by.
const APPLICATIONS: &[(&str, &str)] = &[
    ("io.ktor.plugin", "plugin.ktor"),
    ("io.micronaut.application", "plugin.micronaut"),
    ("io.ratpack.ratpack-java", "plugin.ratpack"),
    ("io.ratpack.ratpack-groovy", "plugin.ratpack"),
    ("io.jooby.openAPI", "plugin.jooby"),
];

/// Plugins of apps that are installed on devices.
const DEVICES: &[&str] = &["com.android.application", "com.android.library"];

/// The names that versions and texts of a build stand for.
struct Names {
    catalog: Option<Rc<Value>>,
    texts: Vec<Rc<str>>,
    /// What was looked up before.
    known: RefCell<HashMap<String, Option<String>>>,
}

/// So many names are looked up at most; each is looked for in all texts.
const NAMES: usize = 200;

pub(super) fn read(facts: &mut Facts, folder: Folder<'_>) {
    let settings = first(folder, &SETTINGS);
    let build = first(folder, &BUILD);
    let mut project = folder.name().to_owned();
    if let Some((_, text)) = &settings {
        if let Some(name) = text.lines().find_map(|line| assigned(line.trim(), "rootProject.name")) {
            name.clone_into(&mut project);
        }
        facts.members = gradle::includes(text).iter().map(|name| name.trim_matches(':').replace(':', "/")).collect();
        if !facts.members.is_empty() {
            facts.workspace_tool = Some("gradle".to_owned());
        }
    }
    facts.name = Some(project.clone()).filter(|name| !name.is_empty());
    let top = folder.upwards().skip(1).find(|above| first(*above, &SETTINGS).is_some());
    if let Some(above) = top.filter(|_| settings.is_none()) {
        facts.built_with(above, &[SETTINGS[0], SETTINGS[1], BUILD[0], BUILD[1]]);
    }
    wrapper(facts, folder);
    let Some((file, text)) = build else {
        facts.role = Role::Shell;
        return;
    };
    facts.files.push(file.to_owned());
    facts.files.extend(settings.map(|(file, _)| file.to_owned()));
    let mut read = gradle::parse(&text);
    let above = top.and_then(|above| first(above, &BUILD)).filter(|_| !facts.above.is_empty());
    let shared = above.as_ref().map(|(_, text)| gradle::shared(text)).unwrap_or_default();
    read.artifacts.extend(shared.artifacts);
    read.plugins.extend(shared.plugins);
    let offered = above.as_ref().map(|(_, text)| gradle::parse(text).offered).unwrap_or_default();
    for (name, version) in read.plugins.iter_mut().filter(|(_, version)| version.is_none()) {
        *version = offered.iter().find(|(known, _)| known == name).and_then(|(_, version)| version.clone());
    }
    let names = names(folder, &text);
    dependencies(facts, &read, &names);
    let java = read.java.or(shared.java).and_then(|says| names.resolve(&says));
    facts.ask("build.gradle java", folder, file, java.as_deref());
    if let Some(main) = read.main_class.and_then(|says| names.resolve_text(&says)) {
        facts.word("main_class", main);
    }
    for (plugin, word) in APPLICATIONS.iter().filter(|(plugin, _)| facts.depends_on(plugin)).collect::<Vec<_>>() {
        facts.word(word, plugin.to_owned());
        facts.word("plugin.application", "");
    }
    if read.manifest_main {
        facts.word("plugin.manifest", "");
    }
    files(facts, folder, &project, read.version);
    let device = DEVICES.iter().any(|plugin| facts.depends_on(plugin));
    // What a root asks for without code of its own is for its parts.
    let empty = (facts.dependencies.is_empty() || !facts.members.is_empty()) && !folder.has_folder("src");
    facts.role = if empty || device || folder.name() == "buildSrc" { Role::Shell } else { Role::Unknown };
}

fn first(folder: Folder<'_>, names: &[&'static str]) -> Option<(&'static str, Rc<str>)> {
    names.iter().find_map(|file| Some((*file, folder.text(file)?)))
}

/// The command: the project's wrapper, or Gradle as it is installed.
fn wrapper(facts: &mut Facts, folder: Folder<'_>) {
    let above = folder.upwards().find(|above| above.has("gradlew"));
    facts.word(
        "gradle",
        match above {
            Some(above) if above.path() == folder.path() => "./gradlew".to_owned(),
            Some(above) => format!("{}gradlew", "../".repeat(depth(folder) - depth(above))),
            None => "gradle".to_owned(),
        },
    );
    let text = folder.upwards().find_map(|above| above.text("gradle/wrapper/gradle-wrapper.properties"));
    let version = text.as_deref().and_then(|text| {
        let version = text.split_once("gradle-")?.1.split("-bin").next()?.split("-all").next()?;
        version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
    });
    facts.manager = Some(("gradle".to_owned(), version));
}

fn names(folder: Folder<'_>, text: &Rc<str>) -> Names {
    let properties = folder.upwards().filter_map(|above| above.text("gradle.properties"));
    let builds = folder.upwards().skip(1).filter_map(|above| Some(first(above, &BUILD)?.1));
    Names {
        catalog: folder.upwards().find_map(|above| above.value("gradle/libs.versions.toml")),
        texts: std::iter::once(Rc::clone(text)).chain(properties).chain(builds).collect(),
        known: RefCell::default(),
    }
}

fn dependencies(facts: &mut Facts, read: &Gradle, names: &Names) {
    for (name, version) in &read.plugins {
        if !name.contains(['.', '-']) {
            facts.word(&format!("plugin.{name}"), "");
            continue;
        }
        let (name, known) = names.plugin(name).unwrap_or_else(|| (name.clone(), None));
        let version = version.as_deref().and_then(|version| names.version(version)).or(known);
        facts.depend(name, version, DependencyScope::Development);
    }
    for artifact in &read.artifacts {
        let scope = if artifact.development { DependencyScope::Development } else { DependencyScope::Runtime };
        let alias = artifact.name.strip_prefix("libs:").and_then(|alias| names.library(alias));
        let (name, known) = alias.unwrap_or_else(|| (artifact.name.clone(), None));
        let version = artifact.version.as_deref().and_then(|version| names.version(version)).or(known);
        facts.depend(name, version, scope);
    }
    let spring = facts.dependency("org.springframework.boot").and_then(|plugin| plugin.version.clone());
    facts.lock(|name, asked| {
        (asked.is_none() && name.starts_with("org.springframework.boot:")).then(|| spring.clone())?
    });
}

/// Where a build leaves what can be started.
fn files(facts: &mut Facts, folder: Folder<'_>, project: &str, version: Option<String>) {
    let war = facts.words.contains_key("plugin.war");
    let version = version.or_else(|| version_above(folder)).map_or(String::new(), |version| format!("-{version}"));
    let ending = if war { "war" } else { "jar" };
    facts.word(
        "jar",
        if project.is_empty() {
            format!("build/libs/*{version}.{ending}")
        } else {
            format!("build/libs/{project}{version}.{ending}")
        },
    );
    facts.word("fat_jar", "build/libs/*-all.jar");
    facts.word("quarkus", "build/quarkus-app/quarkus-run.jar");
    facts.word("packaging", ending);
    if !project.is_empty() && facts.words.contains_key("plugin.application") {
        facts.word("install_dist", format!("build/install/{project}/bin/{project}"));
    }
}

/// The version that `gradle.properties`, or the build file of a larger build, gives to all.
fn version_above(folder: Folder<'_>) -> Option<String> {
    folder.upwards().find_map(|above| {
        let properties = above.text("gradle.properties");
        let named = properties.as_deref().and_then(|text| {
            text.lines().find_map(|line| line.trim().strip_prefix("version")?.trim_start().strip_prefix('='))
        });
        let build = || gradle::parse(&first(above, &BUILD)?.1).version;
        named.map(|version| version.trim().to_owned()).or_else(build)
    })
}

impl Names {
    /// The version that is written, or that a name stands for.
    fn version(&self, says: &str) -> Option<String> {
        match says.strip_prefix('$') {
            Some(name) => self.value(name.trim_matches(['{', '}'])),
            None => Some(says.to_owned()),
        }
    }

    /// A number, or what a name stands for.
    fn resolve(&self, says: &str) -> Option<String> {
        if says.starts_with(|c: char| c.is_ascii_digit()) { Some(says.to_owned()) } else { self.value(says) }
    }

    /// A class in quotes, or what a name stands for.
    fn resolve_text(&self, says: &str) -> Option<String> {
        match says.strip_prefix('$') {
            Some(name) => self.value(name),
            None => Some(says.to_owned()),
        }
    }

    /// `libs.versions.java`, `javaVersion`, `Versions.java`: of the catalog, a property, or something assigned.
    fn value(&self, name: &str) -> Option<String> {
        if let Some(alias) = name.strip_prefix("libs.versions.") {
            let alias = alias.split(".get").next()?.replace(['.', '_'], "-");
            let versions = self.catalog.as_ref()?.get("versions")?.as_object()?;
            let found = versions.iter().find(|(name, _)| name.replace(['.', '_'], "-") == alias)?.1;
            return found.as_str().or_else(|| found.get("strictly")?.as_str()).map(str::to_owned);
        }
        let name = name.rsplit('.').next()?;
        if let Some(known) = self.known.borrow().get(name) {
            return known.clone();
        }
        if self.known.borrow().len() >= NAMES {
            return None;
        }
        let value = self.texts.iter().find_map(|text| text.lines().find_map(|line| gradle::constant(line, name)));
        self.known.borrow_mut().insert(name.to_owned(), value.clone());
        value
    }

    fn plugin(&self, alias: &str) -> Option<(String, Option<String>)> {
        let plugins = self.catalog.as_ref()?.get("plugins")?.as_object()?;
        let entry = plugins.iter().find(|(name, _)| name.replace(['.', '_'], "-") == alias)?.1;
        if let Some(text) = entry.as_str() {
            let (id, version) = text.split_once(':').map_or((text, None), |(id, version)| (id, Some(version)));
            return Some((id.to_owned(), version.map(str::to_owned)));
        }
        Some((entry.get("id")?.as_str()?.to_owned(), self.entry_version(entry)))
    }

    /// What an alias of the version catalog stands for.
    fn library(&self, alias: &str) -> Option<(String, Option<String>)> {
        let libraries = self.catalog.as_ref()?.get("libraries")?.as_object()?;
        let entry = libraries.iter().find(|(name, _)| name.replace(['.', '_'], "-") == alias)?.1;
        if let Some(text) = entry.as_str() {
            let mut parts = text.splitn(3, ':');
            let name = format!("{}:{}", parts.next()?, parts.next()?);
            return Some((name, parts.next().map(str::to_owned)));
        }
        let module = entry.get("module").and_then(Value::as_str).map(str::to_owned);
        let name =
            module.or_else(|| Some(format!("{}:{}", entry.get("group")?.as_str()?, entry.get("name")?.as_str()?)))?;
        Some((name, self.entry_version(entry)))
    }

    fn entry_version(&self, entry: &Value) -> Option<String> {
        let version = entry.get("version")?;
        if let Some(text) = version.as_str() {
            return Some(text.to_owned());
        }
        self.value(&format!("libs.versions.{}", version.get("ref")?.as_str()?))
    }
}
