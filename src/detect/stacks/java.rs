//! Java and Kotlin: Maven, Gradle, a program in one file, what was unpacked from a jar.

use super::{gradle, jvm, maven};
use crate::detect::facts::{Facts, Role};
use crate::detect::project::Folder;
use crate::detect::services;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Where Spring, Quarkus, Micronaut and Ktor keep their settings.
const SETTINGS: &[&str] = &[
    "src/main/resources/application.properties",
    "src/main/resources/application.yml",
    "src/main/resources/application.yaml",
    "src/main/resources/application.conf",
    "resources/application.conf",
    "resources/application.yaml",
    "grails-app/conf/application.yml",
];

/// What puts a path before all that a program answers on; in YAML the last part stands on a line of its own.
const MOUNTED: &[&str] = &[
    "server.servlet.context-path",
    "server.context-path",
    "spring.webflux.base-path",
    "quarkus.http.root-path",
    "micronaut.server.context-path",
    "context-path:",
    "root-path:",
];

/// Frameworks whose own plugin begins the program.
const BEGUN: &[&str] =
    &["org.springframework.boot*", "io.quarkus*", "io.micronaut*", "org.grails*", "org.apache.grails*"];

/// What stands where a program begins.
const MAINS: &[&str] =
    &["static void main(", "static void main (", "fun main(", "void main()", "extends App", "def main("];

/// What functions for Google's framework implement.
const FUNCTIONS: &[&str] = &[
    "implements HttpFunction",
    ": HttpFunction",
    "implements CloudEventsFunction",
    "implements BackgroundFunction",
    "implements RawBackgroundFunction",
];

pub(super) fn read(stack: &str, sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let yaml = ["pom.yml", "pom.yaml"].into_iter().find(|file| folder.has(file));
    if folder.has("pom.xml") {
        maven::read(&mut facts, folder);
    } else if folder.find("build.gradle*").is_some() || folder.find("settings.gradle*").is_some() {
        gradle::read(&mut facts, folder);
    } else if let Some(file) = yaml {
        maven::read_yaml(&mut facts, folder, file);
    } else if let Some(file) = maven::POLYGLOT.iter().find(|file| folder.has(file)) {
        maven::read_polyglot(&mut facts, folder, file);
    } else if grails(&mut facts, folder) {
        return facts;
    } else if folder.has("META-INF/MANIFEST.MF") {
        unpacked(&mut facts, folder);
        return facts;
    }
    jvm::system_properties(&mut facts, folder);
    settings(&mut facts, folder);
    embedded(&mut facts, folder);
    program(&mut facts, sources);
    functions(&mut facts, sources);
    dropwizard(&mut facts, folder);
    language(stack, &mut facts, sources);
    facts
}

/// Grails before version 3 has no build of another tool: what it is stands in `application.properties`.
fn grails(facts: &mut Facts, folder: Folder<'_>) -> bool {
    let file = "application.properties";
    let Some(text) = folder.text(file).filter(|text| text.contains("app.grails.version")) else { return false };
    let said = |key: &str| {
        let value = text.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('='))?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    facts.files.push(file.to_owned());
    facts.framework = Some(("grails".to_owned(), said("app.grails.version")));
    facts.language = Some("Groovy".to_owned());
    facts.name = said("app.name");
    facts.manager = Some(("grails-wrapper".to_owned(), None));
    facts.word("grails", if folder.has("grailsw") { "./grailsw" } else { "grails" });
    facts.word("tomcat", "");
    facts.role = Role::App;
    true
}

/// Which of the languages it is written in: the one with more files. What is of the other stack speaks against this.
fn language(stack: &str, facts: &mut Facts, sources: &Sources<'_>) {
    let count = |wanted: &str| sources.files().iter().filter(|path| super::ends_in(path, &[wanted])).count();
    let (kotlin, java, scala) = (count("kt"), count("java"), count("scala"));
    let plugin = facts.depends_on("org.jetbrains.kotlin.*")
        || facts.words.contains_key("plugin.kotlin-maven-plugin")
        || facts.depends_on("org.jetbrains.kotlin:kotlin-stdlib*");
    let is_kotlin = kotlin > java || kotlin == java && plugin;
    let other = match stack {
        "java" => is_kotlin && (plugin || kotlin > 0),
        "kotlin" => !is_kotlin,
        "scala" => java + kotlin > scala,
        _ => false,
    };
    if other {
        facts.strength = -0.7;
    }
    let version = facts.dependency("org.jetbrains.kotlin.jvm").and_then(|plugin| plugin.version.clone());
    facts.language_version = version.or(facts.language_version.take()).filter(|_| stack == "kotlin");
}

/// A jar that was unpacked: started as its manifest says.
fn unpacked(facts: &mut Facts, folder: Folder<'_>) {
    let file = "META-INF/MANIFEST.MF";
    let Some(text) = folder.text(file) else { return };
    facts.files.push(file.to_owned());
    let said = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned());
    facts.ask("MANIFEST.MF Build-Jdk-Spec", folder, file, said("Build-Jdk-Spec:").as_deref());
    if let Some(main) = said("Main-Class:") {
        facts.word("unpacked", main);
        facts.role = Role::App;
        // Its classes are there: nothing in it is to be built once more.
        facts.strength = 0.5;
    }
}

/// The port that the framework's settings say, and where the app is asked for its health.
fn settings(facts: &mut Facts, folder: Folder<'_>) {
    for file in SETTINGS {
        let Some(text) = folder.text(file) else { continue };
        facts.files.push((*file).to_owned());
        let keys = ["server.port", "quarkus.http.port", "micronaut.server.port", "ktor.deployment.port"];
        let line = text.lines().find_map(|line| keys.iter().find_map(|key| line.trim().strip_prefix(key)));
        // In YAML and HOCON the key stands on lines of its own.
        let nested = || {
            let block = ["server:", "deployment:", "deployment {"].iter().find_map(|key| text.split_once(key))?.1;
            block.lines().find_map(|line| line.trim().strip_prefix("port").filter(|rest| !rest.contains("${?")))
        };
        let value = line.or_else(nested).map(|rest| rest.trim_start_matches([' ', '=', ':']).trim_matches('"'));
        // `${PORT:8081}` and `$PORT:8081` fall back to what stands behind the colon.
        let port =
            value.and_then(|value| value.trim_end_matches(['}', '"']).rsplit(':').next()?.trim().parse::<u16>().ok());
        if let Some(port) = port.filter(|port| *port > 0) {
            facts.port = Some(port);
            facts.saw(folder, file, format!("listens on {port}"));
        }
        let said = |keys: &[&str]| {
            let line = text.lines().find_map(|line| keys.iter().find_map(|key| line.trim().strip_prefix(key)));
            let value = line.map(|rest| rest.trim_start_matches([' ', '=', ':']).trim_matches(['"', '\'']));
            value.filter(|value| value.starts_with('/') && !value.contains('$')).map(str::to_owned)
        };
        if let Some(path) = said(MOUNTED) {
            facts.word("mounted", path);
        }
        if let Some(path) = said(&["management.endpoints.web.base-path"]) {
            facts.word("management", path);
        }
        if text.contains("management.server.port") {
            facts.word("management.port", "another");
        }
        for name in text.split("${").skip(1).filter_map(|rest| rest.split('}').next()) {
            let optional = name.starts_with('?');
            let (name, default) = name.split_once(':').map_or((name, None), |(name, default)| (name, Some(default)));
            let name = name.trim_start_matches('?');
            if crate::detect::env::is_own(name) {
                facts.reads(folder, file, name);
                if default.is_none() && !optional {
                    facts.requires(folder, file, name);
                }
            }
        }
    }
}

/// A database inside the program is what it uses where no setting names another: the drivers beside it are for those who
/// choose so.
fn embedded(facts: &mut Facts, folder: Folder<'_>) {
    let inside = ["com.h2database:h2", "org.hsqldb:hsqldb", "org.apache.derby:derby"];
    let runs = |name: &str| facts.dependency(name).is_some_and(|found| found.scope != DependencyScope::Development);
    if !inside.iter().any(|name| runs(name)) || !facts.depends_on("org.springframework.boot*") {
        return;
    }
    let Some(resources) = folder.folder("src/main/resources") else { return };
    let plain = ["properties", "yml", "yaml"].map(|ending| format!("application.{ending}"));
    let production = ["prod", "production"]
        .iter()
        .flat_map(|profile| ["properties", "yml", "yaml"].map(|ending| format!("application-{profile}.{ending}")));
    let texts = plain.into_iter().chain(production).filter_map(|file| resources.text(&file));
    let named = |text: &str| {
        let urls = text.split("jdbc:").skip(1).filter_map(|rest| rest.split([':', '/']).next());
        urls.map(str::to_owned).collect::<Vec<_>>()
    };
    let (mut other, mut open) = (false, false);
    for text in texts {
        other |= named(&text).iter().any(|name| !["h2", "hsqldb", "derby"].contains(&name.as_str()));
        open |= text.contains("datasource.url=${") || text.contains("url: ${");
    }
    if !other && !open {
        facts.not_services.extend(services::of_kind(services::SQL).map(str::to_owned));
        facts.saw(folder, "src/main/resources", "names no database but the one inside the program");
    }
}

/// What makes it a program, and which.
fn program(facts: &mut Facts, sources: &Sources<'_>) {
    let plugins = ["plugin.war", "plugin.application"];
    let begun = BEGUN.iter().any(|name| facts.depends_on(name))
        || plugins.iter().any(|plugin| facts.words.contains_key(*plugin));
    if facts.role == Role::Shell && (!begun || !sources.folder.has_folder("src/main")) {
        return;
    }
    let main = sources.texts().find(|(path, text)| {
        MAINS.iter().any(|mark| text.contains(mark)) && !path.contains("/test/") && !path.contains("Test.")
    });
    if let Some((path, text)) = main {
        let package =
            text.lines().find_map(|line| line.strip_prefix("package ")).map(|name| name.trim_end_matches([';', ' ']));
        let file = path.rsplit('/').next().unwrap_or(path);
        let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
        let inside = ["@JvmStatic", "companion object"].iter().any(|mark| text.contains(mark));
        let class = if ending == "kt" && !inside { format!("{stem}Kt") } else { stem.to_owned() };
        let name = package.map_or_else(|| class.clone(), |package| format!("{package}.{class}"));
        if !facts.words.contains_key("main_class") {
            facts.word("main_class", name);
        }
        facts.word("single", sources.relative(path));
    }
    let war = facts.plain("packaging") == Some("war");
    if facts.plain("main_class").is_some_and(|class| class.contains("EngineMain")) {
        facts.phrase("engine_main", "", []);
    }
    runnable(facts, sources);
    if war && !facts.depends_on("org.springframework.boot*") {
        facts.word("tomcat", "");
    }
    let runs = facts.words.contains_key("main_class") || war || begun;
    let deployed = ["Procfile", "Dockerfile"].iter().any(|file| sources.folder.has(file));
    facts.role = match (runs || deployed, facts.above.is_empty()) {
        (true, _) => Role::App,
        // Whatever framework it uses, it is a part of what another module starts.
        (false, false) => Role::Shell,
        (false, true) => Role::Library,
    };
}

/// How the jar can be started: by itself where a plugin writes its main class or packs it whole, else by naming it.
fn runnable(facts: &mut Facts, sources: &Sources<'_>) {
    if !facts.words.contains_key("main_class") {
        return;
    }
    let has = |facts: &Facts, words: &[&str]| words.iter().any(|word| facts.words.contains_key(*word));
    let packed =
        ["plugin.maven-shade-plugin", "plugin.maven-jar-plugin", "plugin.maven-assembly-plugin", "plugin.manifest"];
    let single = facts.words.contains_key("single") && facts.files.is_empty();
    let shadow = ["com.github.johnrengelman.shadow", "com.gradleup.shadow"].iter().any(|name| facts.depends_on(name));
    if single {
        facts.word("script", "");
    } else if shadow && sources.folder.find("build.gradle*").is_some() {
        facts.word("shadow", "");
        if let Some(fat) = facts.plain("fat_jar").map(str::to_owned) {
            facts.word("jar", fat);
        }
        facts.word("runnable", "");
    } else if has(facts, &packed) {
        facts.word("runnable", "");
    } else {
        facts.word("plain_jar", "");
    }
}

/// The class that Google's framework for functions is to call.
fn functions(facts: &mut Facts, sources: &Sources<'_>) {
    if !facts.depends_on("com.google.cloud.functions:*") {
        return;
    }
    let found = sources.texts().find(|(_, text)| FUNCTIONS.iter().any(|mark| text.contains(mark)));
    let Some((path, text)) = found else { return };
    let package = text.lines().find_map(|line| line.strip_prefix("package "));
    let stem = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or("");
    let name = match package {
        Some(package) => format!("{}.{stem}", package.trim_end_matches([';', ' '])),
        None => stem.to_owned(),
    };
    facts.word("function", name);
    facts.role = Role::App;
}

/// The settings that Dropwizard is started with.
fn dropwizard(facts: &mut Facts, folder: Folder<'_>) {
    if !facts.depends_on("io.dropwizard:*") {
        return;
    }
    let name = format!("{}.yml", facts.name.clone().unwrap_or_default());
    let files = ["config.yml", "config.yaml", "configuration.yml", name.as_str(), "config/*.yml", "*.yml"];
    let found = files.iter().filter_map(|file| folder.find(file)).find(|file| !file.contains("compose"));
    let Some(file) = found else { return };
    let text = folder.text(&file).unwrap_or_default();
    let connector = ["applicationConnectors:", "connector:"].iter().find_map(|key| text.split_once(key));
    let line = connector.and_then(|(_, rest)| rest.lines().find_map(|line| line.trim().strip_prefix("port:")));
    if let Some(port) = line.and_then(|port| port.trim().parse().ok()) {
        facts.port = Some(port);
        facts.saw(folder, &file, format!("listens on {port}"));
    }
    facts.files.push(file.clone());
    facts.word("settings", file);
}
