//! Java and its kin: Maven and Gradle.

use std::collections::HashMap;

use serde_json::Value;

use super::jvm;
use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::gradle::{self, assigned};
use crate::detect::manifests::xml::{self, Element};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Properties that stand in each other, so deep at most.
const PROPERTIES: usize = 5;

/// Where Spring and Quarkus keep their settings.
const SETTINGS: &[&str] = &[
    "src/main/resources/application.properties",
    "src/main/resources/application.yml",
    "src/main/resources/application.yaml",
];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    if folder.has("pom.xml") {
        maven(&mut facts, folder);
    } else if folder.find("build.gradle*").is_some() || folder.find("settings.gradle*").is_some() {
        gradle(&mut facts, folder);
    }
    jvm::system_properties(&mut facts, folder);
    settings(&mut facts, folder);
    program(&mut facts, sources);
    facts
}

fn maven(facts: &mut Facts, folder: Folder<'_>) {
    let Some(text) = folder.text("pom.xml") else { return };
    facts.files.push("pom.xml".to_owned());
    let root = match xml::parse(&text) {
        Ok(root) => root,
        Err(says) => return folder.project().warn(&folder.at("pom.xml"), says),
    };
    let parents: Vec<Element> =
        folder.upwards().skip(1).filter_map(|above| xml::parse(&above.text("pom.xml")?).ok()).collect();
    let mut properties: HashMap<String, String> = HashMap::new();
    for pom in parents.iter().rev().chain([&root]) {
        for property in pom.child("properties").iter().flat_map(|all| &all.children) {
            properties.insert(property.name.clone(), property.text().to_owned());
        }
    }
    let parent_version = root.text_at("parent/version");
    let version = root.text_at("version").or(parent_version).unwrap_or("");
    properties.insert("project.version".to_owned(), version.to_owned());
    let filled = |text: &str| fill(text, &properties);
    let artifact = root.text_at("artifactId").unwrap_or("app");
    facts.name = Some(artifact.to_owned());
    if let Some(parent) = root.child("parent") {
        for above in folder.upwards().skip(1) {
            facts.built_with(above, &["pom.xml"]);
        }
        let name =
            format!("{}:{}", parent.text_at("groupId").unwrap_or(""), parent.text_at("artifactId").unwrap_or(""));
        facts.depend(name, parent_version.map(str::to_owned), DependencyScope::Development);
    }
    for dependency in root.child("dependencies").iter().flat_map(|all| &all.children) {
        let name = format!(
            "{}:{}",
            dependency.text_at("groupId").unwrap_or(""),
            dependency.text_at("artifactId").unwrap_or("")
        );
        let scope = match dependency.text_at("scope") {
            Some("test" | "provided") => DependencyScope::Development,
            _ => DependencyScope::Runtime,
        };
        facts.depend(filled(&name), dependency.text_at("version").map(filled), scope);
    }
    for place in [
        "java.version",
        "maven.compiler.release",
        "maven.compiler.target",
        "maven.compiler.source",
        "jdk.version",
        "release.version",
    ] {
        if let Some(says) = properties.get(place) {
            facts.versions.entry("pom.xml java".to_owned()).or_insert_with(|| ask(folder, "pom.xml", &filled(says)));
        }
    }
    let plugins: Vec<&Element> = root.at("build/plugins").iter().flat_map(|all| &all.children).collect();
    for plugin in &plugins {
        let name = plugin.text_at("artifactId").unwrap_or("");
        let says =
            ["release", "target", "source"].iter().find_map(|key| plugin.text_at(&format!("configuration/{key}")));
        if let Some(says) = says.filter(|_| name == "maven-compiler-plugin") {
            facts.versions.entry("pom.xml java".to_owned()).or_insert_with(|| ask(folder, "pom.xml", &filled(says)));
        }
        facts.word(&format!("plugin.{name}"), "");
    }
    if let Some(main) = plugins.iter().flat_map(|plugin| plugin.all("mainClass")).next() {
        facts.word("main_class", filled(main.text()));
    }
    let language =
        if root.all("artifactId").any(|found| found.text() == "kotlin-maven-plugin") { Some("Kotlin") } else { None };
    facts.language = language.map(str::to_owned);
    let packaging = root.text_at("packaging").unwrap_or("jar");
    let stem = root.text_at("build/finalName").map_or_else(|| format!("{artifact}-{version}"), &filled);
    if !stem.contains("${") {
        facts.word("jar", format!("target/{}.{}", filled(&stem), if packaging == "war" { "war" } else { "jar" }));
    }
    facts.word("quarkus", "target/quarkus-app/quarkus-run.jar");
    facts.word("packaging", packaging);
    facts.members =
        root.child("modules").iter().flat_map(|all| &all.children).map(|module| module.text().to_owned()).collect();
    if !facts.members.is_empty() {
        facts.workspace_tool = Some("maven".to_owned());
    }
    facts.word("mvn", reactor(folder).unwrap_or_else(|| if folder.has("mvnw") { "./mvnw" } else { "mvn" }.to_owned()));
    facts.role = if packaging == "pom" { Role::Shell } else { Role::Unknown };
}

/// How a module of a larger build is built: from the uppermost POM that leads to it, with the modules that it needs.
fn reactor(folder: Folder<'_>) -> Option<String> {
    let modules = |above: Folder<'_>| {
        let pom = xml::parse(&above.text("pom.xml")?).ok()?;
        Some(pom.child("modules")?.children.iter().map(|module| module.text().to_owned()).collect::<Vec<_>>())
    };
    let (mut top, mut below) = (None, folder);
    for above in folder.upwards().skip(1) {
        let path = below.path().strip_prefix(above.path()).unwrap_or("").trim_start_matches('/');
        if modules(above).is_some_and(|modules| modules.iter().any(|module| module.trim_start_matches("./") == path)) {
            (top, below) = (Some(above), above);
        }
    }
    let top = top?;
    let up = "../".repeat(depth(folder) - depth(top));
    let program = if top.has("mvnw") { format!("{up}mvnw") } else { "mvn".to_owned() };
    let module = folder.path().strip_prefix(top.path()).unwrap_or("").trim_start_matches('/');
    Some(format!("{program} --file {up}pom.xml --projects {module} --also-make"))
}

fn ask(folder: Folder<'_>, file: &str, says: &str) -> crate::detect::facts::Ask {
    crate::detect::facts::Ask { file: folder.at(file), says: java_version(says) }
}

/// Java 8 is also called 1.8.
fn java_version(says: &str) -> String {
    says.trim().strip_prefix("1.").filter(|rest| !rest.is_empty()).unwrap_or(says.trim()).to_owned()
}

fn fill(text: &str, properties: &HashMap<String, String>) -> String {
    let mut filled = text.trim().to_owned();
    for _ in 0..PROPERTIES {
        let Some((before, rest)) = filled.split_once("${") else { break };
        let Some((name, after)) = rest.split_once('}') else { break };
        let Some(value) = properties.get(name) else { break };
        filled = format!("{before}{value}{after}");
    }
    filled
}

fn gradle(facts: &mut Facts, folder: Folder<'_>) {
    let settings =
        ["settings.gradle", "settings.gradle.kts"].into_iter().find_map(|file| Some((file, folder.text(file)?)));
    let build = ["build.gradle", "build.gradle.kts"].into_iter().find_map(|file| Some((file, folder.text(file)?)));
    let mut project = folder.name().to_owned();
    if let Some((_, text)) = &settings {
        let lines = || text.lines().map(str::trim);
        if let Some(name) = lines().find_map(|line| assigned(line, "rootProject.name")) {
            name.clone_into(&mut project);
        }
        let includes = lines().filter(|line| line.starts_with("include") && !line.starts_with("includeBuild"));
        let names = includes.flat_map(|line| line.split(['"', '\'']).skip(1).step_by(2));
        facts.members = names.map(|name| name.trim_start_matches(':').replace(':', "/")).collect();
        if !facts.members.is_empty() {
            facts.workspace_tool = Some("gradle".to_owned());
        }
    }
    facts.name = Some(project.clone()).filter(|name| !name.is_empty());
    if let Some(above) = folder.upwards().skip(1).find(|above| above.find("settings.gradle*").is_some()) {
        facts.built_with(above, &["settings.gradle", "settings.gradle.kts", "build.gradle", "build.gradle.kts"]);
    }
    let Some((file, text)) = build else {
        facts.role = Role::Shell;
        return;
    };
    facts.files.push(file.to_owned());
    facts.files.extend(settings.map(|(file, _)| file.to_owned()));
    let read = gradle::parse(&text);
    let catalog = folder.upwards().find_map(|above| above.value("gradle/libs.versions.toml"));
    for (name, version) in &read.plugins {
        if !name.contains(['.', '-']) {
            facts.word(&format!("plugin.{name}"), "");
            continue;
        }
        let alias =
            catalog.as_ref().and_then(|value| value.pointer(&format!("/plugins/{name}/id"))).and_then(Value::as_str);
        facts.depend(alias.unwrap_or(name), version.clone(), DependencyScope::Development);
    }
    for artifact in read.artifacts {
        let scope = if artifact.development { DependencyScope::Development } else { DependencyScope::Runtime };
        let alias = artifact.name.strip_prefix("libs:").and_then(|alias| in_catalog(catalog.as_deref()?, alias));
        facts.depend(alias.unwrap_or(artifact.name), artifact.version, scope);
    }
    let spring = facts.dependency("org.springframework.boot").and_then(|plugin| plugin.version.clone());
    facts.lock(|name, asked| {
        (asked.is_none() && name.starts_with("org.springframework.boot:")).then(|| spring.clone())?
    });
    facts.ask("build.gradle java", folder, file, read.java.as_deref());
    if facts.depends_on("org.jetbrains.kotlin.*") {
        facts.language = Some("Kotlin".to_owned());
    }
    if let Some(main) = read.main_class {
        facts.word("main_class", main);
    }
    let wrapper = folder.upwards().find(|above| above.has("gradlew"));
    facts.word(
        "gradle",
        match wrapper {
            Some(above) if above.path() == folder.path() => "./gradlew".to_owned(),
            Some(above) => format!("{}gradlew", "../".repeat(depth(folder) - depth(above))),
            None => "gradle".to_owned(),
        },
    );
    if let Some(text) = folder.text("gradle/wrapper/gradle-wrapper.properties") {
        let version = text.split_once("gradle-").and_then(|(_, rest)| rest.split("-bin").next()?.split("-all").next());
        let version = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned);
        facts.manager = Some(("gradle".to_owned(), version));
    }
    let war = facts.words.contains_key("plugin.war");
    let version = read.version.or_else(|| version_above(folder)).map_or(String::new(), |version| format!("-{version}"));
    let ending = if war { "war" } else { "jar" };
    facts.word(
        "jar",
        if project.is_empty() {
            format!("build/libs/*{version}.{ending}")
        } else {
            format!("build/libs/{project}{version}.{ending}")
        },
    );
    facts.word("quarkus", "build/quarkus-app/quarkus-run.jar");
    facts.word("packaging", ending);
    facts.word("install_dist", format!("build/install/{project}/bin/{project}"));
    facts.role = if facts.dependencies.is_empty() && !folder.has_folder("src") { Role::Shell } else { Role::Unknown };
}

/// The version that `gradle.properties`, or the build file of a larger build, gives to all.
fn version_above(folder: Folder<'_>) -> Option<String> {
    folder.upwards().find_map(|above| {
        let properties = above.text("gradle.properties");
        let named = properties.as_deref().and_then(|text| {
            text.lines().find_map(|line| line.trim().strip_prefix("version")?.trim_start().strip_prefix('='))
        });
        let build =
            || ["build.gradle", "build.gradle.kts"].iter().find_map(|file| gradle::parse(&above.text(file)?).version);
        named.map(|version| version.trim().to_owned()).or_else(build)
    })
}

fn depth(folder: Folder<'_>) -> usize {
    if folder.path().is_empty() { 0 } else { folder.path().split('/').count() }
}

/// What an alias of the version catalog stands for.
fn in_catalog(catalog: &Value, alias: &str) -> Option<String> {
    let libraries = catalog.get("libraries")?.as_object()?;
    let entry = libraries.iter().find(|(name, _)| name.replace(['.', '_'], "-") == alias)?.1;
    if let Some(module) = entry.get("module").or(Some(entry)).and_then(Value::as_str) {
        return Some(module.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"));
    }
    Some(format!("{}:{}", entry.get("group")?.as_str()?, entry.get("name")?.as_str()?))
}

/// The port that Spring's or Quarkus's settings say, and where the app is asked for its health.
fn settings(facts: &mut Facts, folder: Folder<'_>) {
    for file in SETTINGS {
        let Some(text) = folder.text(file) else { continue };
        facts.files.push((*file).to_owned());
        let keys = ["server.port", "quarkus.http.port", "micronaut.server.port"];
        let line = text.lines().find_map(|line| keys.iter().find_map(|key| line.trim().strip_prefix(key)));
        // In YAML the key stands on lines of its own.
        let nested = || {
            text.split_once("server:")
                .and_then(|(_, rest)| rest.lines().find_map(|line| line.trim().strip_prefix("port")))
        };
        let value = line.or_else(nested).map(|rest| rest.trim_start_matches([' ', '=', ':']));
        // `${PORT:8081}` falls back to what stands behind the colon.
        let port = value.and_then(|value| value.trim_end_matches('}').rsplit(':').next()?.trim().parse::<u16>().ok());
        if let Some(port) = port.filter(|port| *port > 0) {
            facts.port = Some(port);
            facts.saw(folder, file, format!("listens on {port}"));
        }
        for name in text.split("${").skip(1).filter_map(|rest| rest.split('}').next()) {
            let (name, default) = name.split_once(':').map_or((name, None), |(name, default)| (name, Some(default)));
            if crate::detect::env::is_own(name) {
                facts.env.push(name.to_owned());
                if default.is_none() {
                    facts.required_env.push(name.to_owned());
                }
            }
        }
    }
}

/// What makes it a program, and which.
fn program(facts: &mut Facts, sources: &Sources<'_>) {
    let framework = ["org.springframework.boot*", "io.quarkus*", "io.micronaut*"];
    let plugins = ["plugin.war", "plugin.application"];
    let framework = framework.iter().any(|name| facts.depends_on(name))
        || plugins.iter().any(|plugin| facts.words.contains_key(*plugin));
    if facts.role == Role::Shell && (!framework || !sources.folder.has_folder("src/main")) {
        return;
    }
    let main = sources.texts().find(|(path, text)| {
        let starts = text.contains("static void main(") || text.contains("fun main(") || text.contains("void main()");
        starts && !path.contains("/test/")
    });
    if let Some((path, text)) = main {
        let package =
            text.lines().find_map(|line| line.strip_prefix("package ")).map(|name| name.trim_end_matches([';', ' ']));
        let stem = path.rsplit('/').next().unwrap_or(path);
        let class = match stem.strip_suffix(".kt") {
            Some(stem) => format!("{stem}Kt"),
            None => stem.trim_end_matches(".java").to_owned(),
        };
        let name = package.map_or_else(|| class.clone(), |package| format!("{package}.{class}"));
        facts.words.entry("main_class".to_owned()).or_insert(name);
        facts.word("single", sources.relative(path));
    }
    let war = facts.words.get("packaging").is_some_and(|packaging| packaging == "war");
    runnable(facts);
    facts.role = match (facts.words.contains_key("main_class") || war, sources.folder.has("Procfile")) {
        (true, _) | (_, true) => Role::App,
        _ => Role::Library,
    };
}

/// How the jar can be started: by itself where a plugin writes its main class or packs it whole, else by naming it.
fn runnable(facts: &mut Facts) {
    if !facts.words.contains_key("main_class") {
        return;
    }
    let has = |facts: &Facts, words: &[&str]| words.iter().any(|word| facts.words.contains_key(*word));
    let packed = ["plugin.maven-shade-plugin", "plugin.maven-jar-plugin", "plugin.maven-assembly-plugin"];
    let single = facts.words.contains_key("single") && facts.files.is_empty();
    if single {
        facts.word("script", "");
    } else if has(facts, &packed)
        || facts.depends_on("com.github.johnrengelman.shadow")
        || facts.depends_on("com.gradleup.shadow")
    {
        facts.word("runnable", "");
    } else {
        facts.word("plain_jar", "");
    }
}
