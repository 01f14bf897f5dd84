//! `build.sbt` and what lies in `project/`: programs, of which only the plain statements are understood.

use std::collections::HashMap;

/// A dependency: `organization:name` without the Scala version.
pub(in crate::detect) struct Module {
    pub name: String,
    pub version: Option<String>,
    pub development: bool,
}

/// What a build says.
#[derive(Default)]
pub(in crate::detect) struct Sbt {
    pub name: Option<String>,
    /// The value that holds the project at the top.
    pub root: Option<String>,
    pub version: Option<String>,
    pub scala: Option<String>,
    pub main_class: Option<String>,
    /// The script that sbt-native-packager makes.
    pub script: Option<String>,
    /// The file that sbt-assembly makes.
    pub assembly_jar: Option<String>,
    pub modules: Vec<Module>,
    /// Words behind `enablePlugins`.
    pub enabled: Vec<String>,
    /// The folders of its projects.
    pub projects: Vec<String>,
}

/// So many bytes of a line are understood; nobody writes a longer one by hand.
const LINE: usize = 4096;

/// Reads build files, each as its text: `build.sbt`, `project/Dependencies.scala`.
pub(in crate::detect) fn parse<'t>(texts: impl Iterator<Item = &'t str> + Clone) -> Sbt {
    let mut read = Sbt::default();
    let values: HashMap<String, String> = texts.clone().flat_map(str::lines).filter_map(constant).collect();
    let lines = texts.flat_map(str::lines).map(str::trim);
    for line in lines.filter(|line| !line.starts_with("//") && line.len() <= LINE) {
        let said = |key: &str| setting(line, key).and_then(|value| resolved(value, &values));
        set(&mut read.name, || said("name").or_else(|| said("moduleName")));
        set(&mut read.version, || said("version"));
        set(&mut read.scala, || said("scalaVersion").or_else(|| said("crossScalaVersions")));
        set(&mut read.script, || said("executableScriptName"));
        set(&mut read.assembly_jar, || said("assemblyJarName").or_else(|| said("assembly / assemblyJarName")));
        set(&mut read.main_class, || said("mainClass"));
        if let Some(module) = module(line, &values) {
            read.modules.push(module);
        }
        read.modules.extend(source_reference(line));
        if let Some((_, plugins)) = line.split_once("enablePlugins(") {
            read.enabled.extend(names(plugins.split(')').next().unwrap_or(plugins)));
        }
        // What stands for the whole build is called as the value that holds it, where nothing else is said.
        if let Some((value, _)) = line.split_once("file(\".\")").filter(|(before, _)| before.contains("project in")) {
            let value = value.trim_start_matches("lazy ").trim_start_matches("val ").split('=').next().unwrap_or("");
            read.root = Some(value.trim().trim_matches('`').to_owned()).filter(|name| !name.is_empty());
        }
        if let Some((_, folder)) = line.split_once("file(\"") {
            read.projects.extend(folder.split('"').next().map(str::to_owned));
        }
    }
    // `enablePlugins(` may stand on a line of its own.
    read.enabled.retain(|name| !name.is_empty());
    read
}

fn set(place: &mut Option<String>, value: impl FnOnce() -> Option<String>) {
    if place.is_none() {
        *place = value();
    }
}

fn names(text: &str) -> impl Iterator<Item = String> {
    text.split([',', ' ']).map(|name| name.trim().to_owned())
}

/// `val x = "1"`, also in an object and with a type.
fn constant(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let rest = ["lazy val ", "val ", "def ", "final val "].iter().find_map(|word| line.strip_prefix(word))?;
    let (name, value) = rest.split_once('=')?;
    let name = name.split(':').next().unwrap_or(name).trim();
    let value = value.trim().strip_prefix('"')?.split('"').next()?;
    Some((name.to_owned(), value.to_owned()))
}

/// The value of `key := …`, also behind a scope: `ThisBuild / scalaVersion`, `mainClass in Compile`.
fn setting<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    line.match_indices(":=").find_map(|(at, _)| {
        let before = line[..at].trim_end();
        let before = before.split(" in ").next().unwrap_or(before).trim_end().trim_end_matches(')');
        let begins = before.strip_suffix(key)?;
        let own = !begins.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        own.then(|| line[at + 2..].trim())
    })
}

/// A text in quotes, or the constant of that name.
fn resolved(value: &str, values: &HashMap<String, String>) -> Option<String> {
    let value = value.trim_start_matches("Some(").trim_start_matches("Seq(").trim_start_matches("List(").trim();
    if let Some(text) = value.strip_prefix("\"\"\"").or_else(|| value.strip_prefix('"')) {
        let text = text.split('"').next()?;
        return (!text.is_empty() && !text.contains('$')).then(|| text.to_owned());
    }
    let value = value.trim_end_matches(".value.head").trim_end_matches(".value");
    let word = value.split(|c: char| !(c.is_alphanumeric() || "._".contains(c))).next()?;
    values.get(word.rsplit('.').next()?).cloned()
}

/// `"org" %% "name" % "1.0" % Test`.
fn module(line: &str, values: &HashMap<String, String>) -> Option<Module> {
    let (before, after) = line.split_once('%')?;
    let organization = before.trim_end().strip_suffix('"')?.rsplit('"').next()?;
    let after = after.trim_start_matches('%').trim_start();
    let (name, rest) = after.strip_prefix('"')?.split_once('"')?;
    let asked = rest.trim_start().strip_prefix('%').map(|rest| rest.trim_start_matches('%').trim_start());
    let version = asked.and_then(|value| resolved(value, values));
    let ending = line.rsplit('%').next().unwrap_or("");
    let development = ["Test", "\"test", "IntegrationTest", "\"it", "Provided", "\"provided"]
        .iter()
        .any(|word| ending.trim_start().starts_with(word));
    (!organization.is_empty() && !name.is_empty()).then(|| Module {
        name: format!("{organization}:{name}"),
        version,
        development,
    })
}

/// `ProjectRef(uri("…"), "name")`: a project that is built from its sources.
fn source_reference(line: &str) -> Option<Module> {
    let (_, rest) = line.split_once("ProjectRef(")?;
    let (first, rest) = rest.split_once(',')?;
    let name = rest.trim_start().strip_prefix('"')?.split('"').next()?;
    // What lies in a folder is a part of the same build.
    let own = first.contains("file(") || name.is_empty();
    (!own).then(|| Module { name: name.to_owned(), version: None, development: false })
}

/// The plugins of `project/plugins.sbt`, with their versions.
pub(in crate::detect) fn plugins(text: &str) -> Vec<Module> {
    let values: HashMap<String, String> = text.lines().filter_map(constant).collect();
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("addSbtPlugin"));
    lines.filter_map(|line| module(line, &values)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_is_left_out() {
        let read = parse([format!("name := \"a\"\n{}\n", "x := 1 in ".repeat(500_000)).as_str()].into_iter());
        assert_eq!(read.name.as_deref(), Some("a"));
    }

    #[test]
    fn a_build_as_people_write_it() {
        let text = "ThisBuild / scalaVersion := scala3\nlazy val scala3 = \"3.3.4\"\nval akka: String = \"2.6.8\"\n\
            lazy val root = (project in file(\".\")).enablePlugins(PlayScala, JavaAppPackaging)\n  .settings(\n    \
            name := \"My Shop\",\n    libraryDependencies ++= Seq(\n      \"com.typesafe.akka\" %% \"akka-http\" % akka,\n      \
            // \"no\" % \"no\" % \"1\"\n      \"org.scalatest\" %% \"scalatest\" % \"3.2\" % Test,\n      \
            \"org.postgresql\" % \"postgresql\" % V.akka))\nmainClass in Compile := Some(\"a.Main\")\n";
        let read = parse([text].into_iter());
        assert_eq!((read.name.as_deref(), read.scala.as_deref()), (Some("My Shop"), Some("3.3.4")));
        assert_eq!((read.version, read.main_class.as_deref()), (None, Some("a.Main")));
        assert_eq!(read.enabled, ["PlayScala", "JavaAppPackaging"]);
        let modules: Vec<_> =
            read.modules.iter().map(|one| (one.name.as_str(), one.version.as_deref(), one.development)).collect();
        assert_eq!(
            modules,
            [
                ("com.typesafe.akka:akka-http", Some("2.6.8"), false),
                ("org.scalatest:scalatest", Some("3.2"), true),
                ("org.postgresql:postgresql", Some("2.6.8"), false)
            ]
        );
        let plugins = plugins("addSbtPlugin(\"org.playframework\" % \"sbt-plugin\" % \"3.0.9\")\n");
        assert_eq!(
            (plugins[0].name.as_str(), plugins[0].version.as_deref()),
            ("org.playframework:sbt-plugin", Some("3.0.9"))
        );
    }
}
