//! Maven: `pom.xml`, also as YAML, and the reactors that modules are built in.

use std::collections::HashMap;

use serde_json::Value;

use super::jvm::depth;
use crate::detect::facts::{Ask, Facts, Role};
use crate::detect::manifests::xml::{self, Element};
use crate::detect::project::Folder;
use crate::model::DependencyScope;

/// Properties that stand in each other, so deep at most.
const PROPERTIES: usize = 5;

/// Properties that say the Java version, the most binding first.
const VERSIONS: &[&str] = &[
    "java.version",
    "maven.compiler.release",
    "maven.compiler.target",
    "maven.compiler.source",
    "kotlin.compiler.jvmTarget",
    "jdk.version",
    "release.version",
    "javaVersion",
];

/// Where plugins say it.
const CONFIGURED: &[(&str, &[&str])] = &[
    ("maven-toolchains-plugin", &["configuration/toolchains/jdk/version"]),
    ("maven-compiler-plugin", &["configuration/release", "configuration/target", "configuration/source"]),
    ("kotlin-maven-plugin", &["configuration/jvmTarget"]),
];

/// POMs in other languages than XML and YAML.
pub(super) const POLYGLOT: &[&str] = &["pom.groovy", "pom.scala", "pom.clj", "pom.rb", "pom.kts", "pom.atom"];

pub(super) fn read(facts: &mut Facts, folder: Folder<'_>) {
    let Some(text) = folder.text("pom.xml") else { return };
    facts.files.push("pom.xml".to_owned());
    let root = match xml::parse(&text) {
        Ok(root) => root,
        Err(says) => return folder.project().warn(&folder.at("pom.xml"), says),
    };
    let parents: Vec<Element> =
        folder.upwards().skip(1).filter_map(|above| xml::parse(&above.text("pom.xml")?).ok()).collect();
    let properties = properties(&root, &parents);
    let filled = |text: &str| fill(text, &properties);
    let artifact = root.text_at("artifactId").unwrap_or("app");
    facts.name = Some(artifact.to_owned());
    if let Some(parent) = root.child("parent") {
        for above in folder.upwards().skip(1) {
            facts.built_with(above, &["pom.xml"]);
        }
        // A parent of the same build brings nothing along that has to be fetched.
        let own = parents.iter().any(|above| above.text_at("artifactId") == parent.text_at("artifactId"));
        if !own {
            let version = parent.text_at("version").map(filled);
            facts.depend(coordinates(parent), version, DependencyScope::Development);
        }
    }
    for dependency in root.child("dependencies").iter().flat_map(|all| &all.children) {
        let scope = match dependency.text_at("scope") {
            Some("test" | "provided") => DependencyScope::Development,
            _ => DependencyScope::Runtime,
        };
        facts.depend(filled(&coordinates(dependency)), dependency.text_at("version").map(filled), scope);
    }
    managed(facts, &root, &parents, &filled);
    facts.language_version = properties.get("kotlin.version").cloned();
    for property in VERSIONS.iter().filter_map(|name| properties.get(*name)) {
        asks(facts, folder, &filled(property));
    }
    let plugins: Vec<&Element> = root.at("build/plugins").iter().flat_map(|all| &all.children).collect();
    for plugin in &plugins {
        let name = plugin.text_at("artifactId").unwrap_or("");
        let places = CONFIGURED.iter().filter(|(known, _)| *known == name).flat_map(|(_, places)| *places);
        for says in places.filter_map(|place| plugin.text_at(place)) {
            asks(facts, folder, &filled(says));
        }
        facts.word(&format!("plugin.{name}"), "");
    }
    let named = |key: &str| plugins.iter().flat_map(|plugin| plugin.all(key)).next().map(|main| filled(main.text()));
    // A jar that holds everything may name its main class as its manifest does.
    if let Some(main) = named("mainClass").or_else(|| named("Main-Class")) {
        facts.word("main_class", main);
    }
    let packaging = root.text_at("packaging").unwrap_or("jar");
    let version = properties.get("project.version").cloned().unwrap_or_default();
    let stem = root.text_at("build/finalName").map_or_else(|| format!("{artifact}-{version}"), filled);
    jar(facts, &plugins, &stem, packaging, &filled);
    facts.word("quarkus", "target/quarkus-app/quarkus-run.jar");
    facts.word("packaging", packaging);
    facts.members =
        root.child("modules").iter().flat_map(|all| &all.children).map(|module| module.text().to_owned()).collect();
    if !facts.members.is_empty() {
        facts.workspace_tool = Some("maven".to_owned());
    }
    facts.word("mvn", if folder.has("mvnw") { "./mvnw" } else { "mvn" });
    if let Some(program) = facts.plain("mvn").map(str::to_owned) {
        facts.word("mvn.alone", program);
    }
    reactor(facts, folder);
    wrapper(facts, folder);
    facts.role = if packaging == "pom" { Role::Shell } else { Role::Unknown };
}

/// A POM in one of the languages that polyglot Maven translates: what can be told without running it.
pub(super) fn read_polyglot(facts: &mut Facts, folder: Folder<'_>, file: &str) {
    facts.files.push(file.to_owned());
    facts.word("mvn", if folder.has("mvnw") { "./mvnw" } else { "mvn" });
    wrapper(facts, folder);
    let Some(text) = folder.text(file) else { return };
    // `'maven.compiler.target' '1.8'`, `artifactId "shop"`: a name, and in quotes what it is given.
    let given: Vec<(&str, &str)> = text.lines().filter_map(|line| name_and_text(line.trim())).collect();
    let first = |name: &str| given.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    for says in VERSIONS.iter().filter_map(|name| first(name)) {
        facts.versions.entry("pom.xml java".to_owned()).or_insert(Ask { file: folder.at(file), says: says.to_owned() });
    }
    facts.name = first("artifactId").map(str::to_owned);
    for block in text.split("dependency {").skip(1).filter_map(|rest| rest.split('}').next()) {
        let own: Vec<(&str, &str)> = block.lines().filter_map(|line| name_and_text(line.trim())).collect();
        let part = |name: &str| own.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        if let (Some(group), Some(artifact)) = (part("groupId"), part("artifactId")) {
            let scope = match part("scope") {
                Some("test" | "provided") => DependencyScope::Development,
                _ => DependencyScope::Runtime,
            };
            facts.depend(format!("{group}:{artifact}"), part("version").map(str::to_owned), scope);
        }
    }
    if let (Some(artifact), Some(version)) = (first("artifactId"), first("version")) {
        facts.word("jar", format!("target/{artifact}-{version}.jar"));
    }
}

/// `artifactId 'shop'` and `'java.version' '17'`.
fn name_and_text(line: &str) -> Option<(&str, &str)> {
    let inside = line.strip_suffix(['\'', '"'])?;
    let (before, value) = inside.split_at(inside.rfind(['\'', '"'])?);
    let name = before.trim().trim_matches(['\'', '"', ':', '=', '(']).trim();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    plain.then(|| (name, &value[1..]))
}

/// A POM written in YAML: what matters for building and starting.
pub(super) fn read_yaml(facts: &mut Facts, folder: Folder<'_>, file: &str) {
    facts.files.push(file.to_owned());
    facts.manager = Some(("maven".to_owned(), None));
    facts.word("mvn", "mvn");
    let Some(root) = folder.value(file) else { return };
    let text = |pointer: &str| match root.pointer(pointer) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let artifact = text("/artifactId").unwrap_or_else(|| "app".to_owned());
    for says in VERSIONS.iter().filter_map(|name| text(&format!("/properties/{name}"))) {
        facts.versions.entry("pom.xml java".to_owned()).or_insert(Ask { file: folder.at(file), says });
    }
    for dependency in root.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
        let part = |key: &str| dependency.get(key).and_then(Value::as_str).unwrap_or_default();
        let version = dependency.get("version").and_then(Value::as_str).map(str::to_owned);
        facts.depend(format!("{}:{}", part("groupId"), part("artifactId")), version, DependencyScope::Runtime);
    }
    for plugin in root.pointer("/build/plugins").and_then(Value::as_array).into_iter().flatten() {
        let name = plugin.get("artifactId").and_then(Value::as_str).unwrap_or_default();
        facts.word(&format!("plugin.{name}"), "");
        if let Some(main) = plugin.pointer("/configuration/archive/manifest/mainClass").and_then(Value::as_str) {
            facts.word("main_class", main);
        }
    }
    let stem =
        text("/build/finalName").unwrap_or_else(|| format!("{artifact}-{}", text("/version").unwrap_or_default()));
    facts.word("jar", format!("target/{stem}.jar"));
    facts.name = Some(artifact);
}

/// Versions that stand elsewhere: in `dependencyManagement`, or in a parent or list of the same group.
fn managed(facts: &mut Facts, root: &Element, parents: &[Element], filled: &dyn Fn(&str) -> String) {
    let poms = || std::iter::once(root).chain(parents);
    let listed = poms().filter_map(|pom| pom.at("dependencyManagement/dependencies")).flat_map(|all| &all.children);
    let known: Vec<(String, String)> = listed
        .chain(poms().filter_map(|pom| pom.child("parent")))
        .filter_map(|entry| Some((filled(&coordinates(entry)), filled(entry.text_at("version")?))))
        .filter(|(_, version)| !version.contains("${"))
        .collect();
    let group = |name: &str| name.split(':').next().unwrap_or(name).trim_end_matches(".platform").to_owned();
    facts.lock(|name, asked| {
        let exact = known.iter().find(|(managed, _)| managed == name);
        let list = || known.iter().find(|(managed, _)| group(managed) == group(name));
        exact.or_else(list).filter(|_| asked.is_none()).map(|(_, version)| version.clone())
    });
}

fn coordinates(element: &Element) -> String {
    format!("{}:{}", element.text_at("groupId").unwrap_or(""), element.text_at("artifactId").unwrap_or(""))
}

/// The properties of a POM and of those above it, the nearest last, with those that Maven itself knows.
fn properties(root: &Element, parents: &[Element]) -> HashMap<String, String> {
    let mut properties: HashMap<String, String> = HashMap::new();
    for pom in parents.iter().rev().chain([root]) {
        for property in pom.child("properties").iter().flat_map(|all| &all.children) {
            properties.insert(property.name.clone(), property.text().to_owned());
        }
    }
    let version = root.text_at("version").or(root.text_at("parent/version")).unwrap_or("");
    let artifact = root.text_at("artifactId").unwrap_or("app");
    let known = [
        ("project.version", version),
        ("version", version),
        ("project.artifactId", artifact),
        ("artifactId", artifact),
        ("project.build.directory", "target"),
    ];
    properties.extend(known.map(|(name, value)| (name.to_owned(), value.to_owned())));
    properties.insert("project.build.finalName".to_owned(), format!("{artifact}-{version}"));
    properties
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

fn asks(facts: &mut Facts, folder: Folder<'_>, says: &str) {
    let ask = || Ask { file: folder.at("pom.xml"), says: says.trim().to_owned() };
    if !says.contains("${") {
        facts.versions.entry("pom.xml java".to_owned()).or_insert_with(ask);
    }
}

/// The file that can be started, as the plugins that pack everything into one name it.
fn jar(facts: &mut Facts, plugins: &[&Element], stem: &str, packaging: &str, filled: &dyn Fn(&str) -> String) {
    let of = |name: &str| plugins.iter().find(|plugin| plugin.text_at("artifactId") == Some(name));
    let said = |name: &str, key: &str| {
        of(name).and_then(|plugin| plugin.all(key).map(|found| filled(found.text())).find(|text| !text.is_empty()))
    };
    let ending = if packaging == "war" { "war" } else { "jar" };
    let attached = said("maven-shade-plugin", "shadedArtifactAttached").is_some_and(|says| says == "true");
    let assembled = of("maven-assembly-plugin").is_some()
        && said("maven-assembly-plugin", "descriptorRef").is_some_and(|says| says == "jar-with-dependencies")
        && said("maven-assembly-plugin", "appendAssemblyId").is_none_or(|says| says != "false");
    let file = if let Some(file) = said("maven-shade-plugin", "outputFile") {
        file
    } else if let Some(name) = said("maven-shade-plugin", "finalName") {
        format!("target/{name}.jar")
    } else if attached {
        let mark = said("maven-shade-plugin", "shadedClassifierName").unwrap_or_else(|| "shaded".to_owned());
        format!("target/{stem}-{mark}.jar")
    } else if assembled {
        let name = said("maven-assembly-plugin", "finalName").unwrap_or_else(|| stem.to_owned());
        format!("target/{name}-jar-with-dependencies.jar")
    } else {
        format!("target/{stem}.{ending}")
    };
    if !file.contains("${") {
        facts.word("jar", file);
    }
}

/// The version of Maven that the wrapper brings.
fn wrapper(facts: &mut Facts, folder: Folder<'_>) {
    let file = ".mvn/wrapper/maven-wrapper.properties";
    let text = folder.upwards().find_map(|above| above.text(file));
    let version = text.as_deref().and_then(|text| {
        let rest = text.split_once("apache-maven-").or_else(|| text.split_once("apache-maven/"))?.1;
        let version = rest.split("-bin").next()?;
        version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
    });
    facts.manager = Some(("maven".to_owned(), version));
}

/// How a module of a larger build is built: from the uppermost POM that leads to it, with the modules that it needs.
fn reactor(facts: &mut Facts, folder: Folder<'_>) {
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
    let Some(top) = top else { return };
    let up = "../".repeat(depth(folder) - depth(top));
    let program = if top.has("mvnw") { format!("{up}mvnw") } else { "mvn".to_owned() };
    let module = folder.path().strip_prefix(top.path()).unwrap_or("").trim_start_matches('/');
    let pom = format!("{up}pom.xml");
    facts.phrase("mvn", "{} --file {} --projects {} --also-make", [&program, &pom, module]);
    // A module alone does not find the others.
    facts.words.remove("mvn.alone");
}
