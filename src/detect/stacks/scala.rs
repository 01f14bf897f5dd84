//! Scala: sbt, Mill, the Scala command line, and Maven or Gradle with their plugins for it.

use super::{java, jvm};
use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::sbt;
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Where builds keep their dependencies beside `build.sbt`.
const BUILD_FILES: &[&str] = &[
    "build.sbt",
    "project/Dependencies.scala",
    "project/dependencies.scala",
    "project/Build.scala",
    "project/Versions.scala",
    "project/Settings.scala",
];

/// Plugins of sbt that make a folder with a script to start the program.
const STAGING: &[&str] =
    &["JavaAppPackaging", "JavaServerAppPackaging", "PlayScala", "PlayJava", "PlayService", "PlayMinimalJava"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    if !folder.has("build.sbt") && (folder.has("pom.xml") || folder.find("build.gradle*").is_some()) {
        return java::read("scala", sources);
    }
    let mut facts = Facts::default();
    if folder.has("build.sbt") {
        sbt(&mut facts, sources);
    } else {
        script(&mut facts, sources);
    }
    jvm::system_properties(&mut facts, folder);
    play(&mut facts, folder);
    facts
}

fn sbt(facts: &mut Facts, sources: &Sources<'_>) {
    let folder = sources.folder;
    let texts: Vec<_> = BUILD_FILES.iter().filter_map(|file| Some((*file, folder.text(file)?))).collect();
    facts.files.extend(texts.iter().map(|(file, _)| (*file).to_owned()));
    let read = sbt::parse(texts.iter().map(|(_, text)| &**text));
    facts.ask("build.sbt scalaVersion", folder, "build.sbt", read.scala.as_deref());
    facts.language_version.clone_from(&read.scala);
    for module in read.modules {
        let scope = if module.development { DependencyScope::Development } else { DependencyScope::Runtime };
        facts.depend(module.name, module.version, scope);
    }
    let text = folder.text("project/plugins.sbt").unwrap_or_default();
    let plugins = sbt::plugins(&text);
    if !plugins.is_empty() {
        facts.files.push("project/plugins.sbt".to_owned());
    }
    let has_plugin = |name: &str| plugins.iter().any(|plugin| plugin.name.ends_with(name));
    let assembled = has_plugin(":sbt-assembly");
    let staged = read.enabled.iter().any(|plugin| STAGING.contains(&plugin.as_str()));
    for plugin in plugins {
        facts.depend(plugin.name, plugin.version, DependencyScope::Development);
    }
    properties(facts, folder);
    let name = read.name.or(read.root).unwrap_or_else(|| folder.name().to_owned());
    let normal = normalized(&name);
    if staged {
        facts.word("stage", format!("target/universal/stage/bin/{}", read.script.unwrap_or_else(|| normal.clone())));
    } else if assembled {
        let version = read.version.as_deref().unwrap_or("*");
        let jar = read.assembly_jar.unwrap_or_else(|| format!("{normal}-assembly-{version}.jar"));
        let line = read.scala.as_deref().map_or("*", |scala| if scala.starts_with('3') { "3*" } else { "2*" });
        facts.word("assembly", format!("target/scala-{line}/{jar}"));
    }
    let parts: Vec<String> = read.projects.into_iter().filter(|path| path != "." && !path.is_empty()).collect();
    let part_of_another = folder.upwards().skip(1).any(|above| above.has("build.sbt"));
    let main = read.main_class.or_else(|| main_class(sources));
    let runs = staged || main.is_some() || folder.has("conf/routes") || folder.has("Procfile");
    facts.name = Some(normal).filter(|name| !name.is_empty());
    if runs {
        facts.word("main", "");
    }
    facts.role = match (runs, part_of_another) {
        (true, false) => Role::App,
        (_, true) => Role::Shell,
        (false, false) if parts.is_empty() => Role::Library,
        (false, false) => Role::Unknown,
    };
}

/// `project/build.properties`: the version of sbt.
fn properties(facts: &mut Facts, folder: Folder<'_>) {
    let text = folder.text("project/build.properties");
    let version = text.as_deref().and_then(|text| {
        let value = text.lines().find_map(|line| line.trim().strip_prefix("sbt.version"))?;
        Some(value.trim_start_matches([' ', '=']).trim().to_owned())
    });
    if version.is_some() {
        facts.files.push("project/build.properties".to_owned());
    }
    facts.manager = Some(("sbt".to_owned(), version));
}

/// The name as sbt writes it into files: `My Shop` is `my-shop`.
fn normalized(name: &str) -> String {
    name.to_lowercase()
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// Something that begins a program.
fn main_class(sources: &Sources<'_>) -> Option<String> {
    const MARKS: &[&str] = &[
        "extends App",
        "def main(",
        "@main",
        "extends IOApp",
        "extends ZIOAppDefault",
        "extends HttpServer",
        "extends TwitterServer",
        "extends cask.Main",
        "ZIOApp",
        "static void main(",
    ];
    sources
        .texts()
        .find(|(path, text)| !path.contains("/project/") && MARKS.iter().any(|mark| text.contains(mark)))
        .map(|(path, _)| path.to_owned())
}

/// A program for the Scala command line, or one built by Mill.
fn script(facts: &mut Facts, sources: &Sources<'_>) {
    let folder = sources.folder;
    if let Some(file) = ["build.mill", "build.sc"].into_iter().find(|file| folder.has(file)) {
        facts.files.push(file.to_owned());
        facts.manager = Some(("mill".to_owned(), None));
        facts.word("mill", if folder.has("mill") { "./mill" } else { "mill" });
        let text = folder.text(file).unwrap_or_default();
        for coordinates in text.split(['"', '`']).filter(|word| word.matches(':').count() >= 2) {
            let mut parts = coordinates.split(':').filter(|part| !part.is_empty());
            let name = format!("{}:{}", parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            facts.depend(name, parts.next().map(str::to_owned), DependencyScope::Runtime);
        }
        let version = text.split_once("scalaVersion").and_then(|(_, rest)| rest.split('"').nth(1));
        facts.ask("build.sbt scalaVersion", folder, file, version);
    }
    if let Some(path) = main_class(sources) {
        facts.word("script", sources.relative(&path));
        facts.role = Role::App;
    }
}

/// Play does not start without a secret of its own.
fn play(facts: &mut Facts, folder: Folder<'_>) {
    let is_play = |dependency: &&crate::model::Dependency| {
        ["com.typesafe.play:sbt-plugin", "org.playframework:sbt-plugin"].contains(&dependency.name.as_str())
    };
    let Some(version) = facts.dependencies.iter().find(is_play).map(|plugin| plugin.version.clone()) else { return };
    facts.framework = Some(("play".to_owned(), version));
    let Some(text) = folder.text("conf/application.conf") else { return };
    facts.files.push("conf/application.conf".to_owned());
    let keys = ["play.http.secret.key", "play.crypto.secret", "application.secret", "secret.key"];
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| keys.iter().any(|key| line.starts_with(key))).collect();
    let literal = lines.iter().any(|line| !line.contains("${") && !line.contains("changeme") && line.contains('"'));
    let name = lines.iter().find_map(|line| line.split_once("${").map(|(_, rest)| rest.trim_start_matches('?')));
    match name.and_then(|rest| rest.split('}').next()) {
        Some(name) if !literal => facts.requires(folder, "conf/application.conf", name),
        None if !literal => {
            facts.phrase("secret", " -Dplay.http.secret.key=$APPLICATION_SECRET", []);
            facts.requires(folder, "conf/application.conf", "APPLICATION_SECRET");
        }
        _ => {}
    }
    facts.words.entry("secret".to_owned()).or_default();
}
