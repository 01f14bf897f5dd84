//! `build.gradle` and `build.gradle.kts`: programs, of which only the plain statements are understood.

/// A dependency: `group:artifact`, the version, whether only tests or compiling need it.
pub(in crate::detect) struct Artifact {
    pub name: String,
    pub version: Option<String>,
    pub development: bool,
}

/// What a build file says.
#[derive(Default)]
pub(in crate::detect) struct Gradle {
    pub plugins: Vec<(String, Option<String>)>,
    /// Plugins that only its parts may apply, with the version that they have there.
    pub offered: Vec<(String, Option<String>)>,
    pub artifacts: Vec<Artifact>,
    /// A number, or a name that stands for one.
    pub java: Option<String>,
    pub version: Option<String>,
    /// A class, or behind a `$` a name that stands for one.
    pub main_class: Option<String>,
    /// The jar's manifest names the main class.
    pub manifest_main: bool,
}

pub(in crate::detect) fn parse(text: &str) -> Gradle {
    let mut read = Gradle::default();
    // A toolchain says more than what the sources are compatible with.
    let mut compatible = None;
    // `implementation "a:b:1",` goes on below with the same word.
    let mut listing: Option<&str> = None;
    for line in statements(text) {
        plugin(line, &mut read);
        if let Some(word) = listing.filter(|_| line.starts_with(['"', '\''])) {
            dependency(&format!("{word} {line}"), &mut read);
        } else {
            dependency(line, &mut read);
            listing = line.split_whitespace().next();
        }
        if !line.ends_with(',') {
            listing = None;
        }
        read.java = read.java.take().or_else(|| java(line, TOOLCHAINS));
        compatible = compatible.take().or_else(|| java(line, COMPATIBLE));
        if let Some(value) = assigned(line, "version") {
            read.version = Some(value.to_owned());
        }
        for key in ["mainClass", "mainClassName"] {
            if let Some(value) = assigned(line, key).or_else(|| called(line, &format!("{key}.set"))) {
                read.main_class = Some(value.to_owned());
            } else if let Some(name) = line.strip_prefix(key).and_then(|rest| rest.trim_start().strip_prefix('=')) {
                let name = name.trim();
                if read.main_class.is_none() && name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                    read.main_class = Some(format!("${name}"));
                }
            }
        }
        if let Some((_, rest)) = line.split_once("Main-Class") {
            read.manifest_main = true;
            let class = rest.trim_start_matches(['"', '\'', ')', ' ', ':', ',', '=', ']']).trim_start_matches("to ");
            let class = class.split(['"', '\'', ')', ',']).find(|part| part.contains(|c: char| c.is_alphabetic()));
            read.main_class = read.main_class.take().or_else(|| class.map(|class| class.trim().to_owned()));
        }
    }
    read.java = read.java.or(compatible);
    read
}

/// The lines that say something.
fn statements(text: &str) -> impl Iterator<Item = &str> {
    let mut aside = false;
    text.lines().map(str::trim).filter(move |line| {
        if line.starts_with("/*") {
            aside = !line.contains("*/");
            return false;
        }
        if aside {
            aside = !line.contains("*/");
            return false;
        }
        !line.starts_with("//") && !line.is_empty()
    })
}

/// What a build file gives to all parts of a larger build: its blocks `subprojects` and `allprojects`.
pub(in crate::detect) fn shared(text: &str) -> Gradle {
    let mut inside = String::new();
    for name in ["subprojects", "allprojects", "configure("] {
        // What lies in a block that was taken is taken already.
        let mut taken = 0;
        for (at, _) in text.match_indices(name) {
            if at < taken {
                continue;
            }
            let Some((_, block)) = text[at..].split_once('{') else { break };
            let begins = inside.len();
            let mut open = 1_usize;
            for letter in block.chars() {
                match letter {
                    '{' => open += 1,
                    '}' => open -= 1,
                    _ => {}
                }
                if open == 0 {
                    break;
                }
                inside.push(letter);
            }
            taken = text.len() - block.len() + (inside.len() - begins);
            inside.push('\n');
        }
    }
    parse(&inside)
}

/// The parts that settings include, as they name them: `include 'a', ':b:c'`, also over several lines.
pub(in crate::detect) fn includes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut going_on = false;
    for line in statements(text) {
        let rest = match line.strip_prefix("include") {
            Some(rest) if rest.starts_with([' ', '(', '\'', '"']) => rest,
            _ if going_on => line,
            _ => continue,
        };
        found.extend(rest.split(['"', '\'']).skip(1).step_by(2).map(str::to_owned));
        let opened = rest.contains('(') || going_on && !rest.contains(')');
        going_on = rest.ends_with(',') || opened && !rest.contains(')');
    }
    found
}

/// What a name is given: `name = 'x'`, `val name = "x"`, `name=x` of a properties file, `set("name", 17)`.
pub(in crate::detect) fn constant(line: &str, name: &str) -> Option<String> {
    let at = line.find(name)?;
    let (before, rest) = (&line[..at], &line[at + name.len()..]);
    let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    if !alone(before.chars().next_back()) || !alone(rest.chars().next()) || before.contains('=') {
        return None;
    }
    let value = rest.trim_start_matches([' ', '"', '\'', ']', ',']).trim_start_matches(": String").trim_start();
    let value = value.strip_prefix('=').unwrap_or(value).trim().trim_start_matches("JavaVersion.VERSION_");
    let value = value.trim_matches(|c: char| "\"'();".contains(c));
    let plain = value.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
    (!value.is_empty() && plain && !value.starts_with("by")).then(|| value.replace("1_", "1."))
}

/// `id 'x' version '1'`, `id("x") version "1"`, `kotlin("jvm") version "2"`, `apply plugin: 'x'`, `alias(libs.plugins.x)`.
fn plugin(line: &str, read: &mut Gradle) {
    // The block may stand on one line.
    let line = line.strip_prefix("plugins {").map_or(line, |rest| rest.trim().trim_end_matches('}').trim_end());
    // `apply false` only gives its version to the parts of a larger build.
    let read =
        if line.replace([' ', '(', ')'], "").ends_with("applyfalse") { &mut read.offered } else { &mut read.plugins };
    let by_id = ["id ", "id(", "apply plugin:", "apply(plugin"].iter().find_map(|word| line.strip_prefix(word));
    // A script that is applied is called after what it makes of the project.
    let script = line.strip_prefix("apply").filter(|rest| rest.contains("from")).and_then(quoted);
    if script.is_some_and(|script| script.rsplit('/').next().is_some_and(|file| file.starts_with("application.gradle")))
    {
        read.push(("application".to_owned(), None));
    }
    let version = || line.split_once("version ").and_then(|(_, rest)| quoted(rest)).map(str::to_owned);
    if let Some(name) = by_id.and_then(quoted) {
        read.push((name.to_owned(), version()));
    } else if let Some(name) = line.strip_prefix("kotlin(").and_then(quoted) {
        read.push((format!("org.jetbrains.kotlin.{name}"), version()));
    } else if let Some((_, name)) = line.split_once("alias(libs.plugins.") {
        read.push((name.split(')').next().unwrap_or(name).replace('.', "-"), None));
    } else if matches!(line, "java" | "application" | "war" | "`java-library`" | "groovy" | "scala") {
        read.push((line.trim_matches('`').to_owned(), None));
    }
}

fn dependency(line: &str, read: &mut Gradle) {
    const FOR_RUNNING: &[&str] = &["implementation", "api", "runtimeOnly", "compile", "runtime", "developmentOnly"];
    const ASIDE: &[&str] = &[
        "testImplementation",
        "testRuntimeOnly",
        "testCompile",
        "compileOnly",
        "annotationProcessor",
        "kapt",
        "providedCompile",
        "integrationTestImplementation",
        "ksp",
        "providedRuntime",
    ];
    let end = line.find(|c: char| !c.is_alphanumeric()).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    let development = ASIDE.contains(&word);
    if !development && !FOR_RUNNING.contains(&word) {
        return;
    }
    if let Some((_, alias)) = rest.split_once("libs.").filter(|(before, _)| matches!(before.trim(), "(" | "")) {
        let alias = alias.split([')', ' ', ',']).next().unwrap_or(alias).replace(['.', '_'], "-");
        read.artifacts.push(Artifact { name: format!("libs:{alias}"), version: None, development });
    } else if let Some(coordinates) = quoted(rest).filter(|found| found.contains(':')) {
        let mut parts = coordinates.split(':');
        let name = format!("{}:{}", parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let version = parts.next().map(|version| version.trim_matches(['"', '@']).to_owned());
        read.artifacts.push(Artifact { name, version, development });
    } else if let Some(name) = rest.strip_prefix("(kotlin(").and_then(quoted) {
        read.artifacts.push(Artifact {
            name: format!("org.jetbrains.kotlin:kotlin-{name}"),
            version: None,
            development,
        });
    }
}

/// What stands before the version of a toolchain …
const TOOLCHAINS: &[&str] = &["JavaLanguageVersion.of(", "jvmToolchain("];

/// … and before the one that is compiled for.
const COMPATIBLE: &[&str] = &[
    "JvmTarget.JVM_",
    "JavaVersion.VERSION_",
    "JavaVersion.toVersion(",
    "sourceCompatibility",
    "options.release",
    "jvmTarget",
    "targetCompatibility",
];

/// The Java version of a toolchain or of source compatibility: a number, or a name that stands for one.
fn java(line: &str, marks: &[&str]) -> Option<String> {
    marks.iter().find_map(|mark| {
        let (_, rest) = line.split_once(mark)?;
        let rest = rest.trim_start_matches(".set").trim_start_matches(|c: char| !c.is_alphanumeric() && c != '\n');
        let said: String = rest.chars().take_while(|c| c.is_alphanumeric() || "._".contains(*c)).collect();
        if said.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(said.replace('_', "."));
        }
        let named = said.trim_start_matches("Integer.parseInt").trim_start_matches("rootProject.ext.");
        let knows = |word: &str| named.starts_with(word);
        (!named.is_empty() && !["JavaVersion", "JvmTarget", "JavaLanguageVersion"].into_iter().any(knows))
            .then(|| named.to_owned())
    })
}

/// The value of `key = 'x'` or `key 'x'`.
pub(in crate::detect) fn assigned<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(key)?;
    let value = rest.trim_start();
    let value = value.strip_prefix('=').map_or(value, str::trim_start);
    (rest.starts_with([' ', '=']) && value.starts_with(['"', '\''])).then(|| quoted(value))?
}

fn called<'l>(line: &'l str, function: &str) -> Option<&'l str> {
    line.strip_prefix(function)?.strip_prefix('(').and_then(quoted)
}

/// The first word in quotes.
pub(in crate::detect) fn quoted(text: &str) -> Option<&str> {
    let at = text.find(['"', '\''])?;
    let quote = text[at..].chars().next()?;
    text[at + 1..].split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_and_what_is_shared() {
        let settings = "include 'a', ':b:c'\n// include 'no'\nincludeBuild 'no'\ninclude(\n    \"d\",\n\n    \"e\",\n)\ninclude(\":f\")\n";
        assert_eq!(includes(settings), ["a", ":b:c", "d", "e", ":f"]);
        let build = "subprojects {\n  apply plugin: 'java'\n  dependencies {\n    implementation 'g:a:1'\n  }\n}\nversion = '2'\n";
        let read = shared(build);
        assert_eq!((read.plugins[0].0.as_str(), read.artifacts[0].name.as_str(), read.version), ("java", "g:a", None));
        shared("subprojects {{{ }");
        for often in ["subprojects ", "subprojects { "] {
            assert!(shared(&often.repeat(500_000)).plugins.is_empty());
        }
    }

    #[test]
    fn versions_of_java_and_names_for_them() {
        let of = |text: &str| parse(text).java;
        assert_eq!(of("sourceCompatibility = JavaVersion.VERSION_1_8").as_deref(), Some("1.8"));
        assert_eq!(of("sourceCompatibility = 11\njvmToolchain(17)").as_deref(), Some("17"));
        assert_eq!(
            of("languageVersion.set(JavaLanguageVersion.of(libs.versions.java.get()))").as_deref(),
            Some("libs.versions.java.get")
        );
        assert_eq!(of("jvmToolchain(javaVersion)").as_deref(), Some("javaVersion"));
        assert_eq!(of("jvmTarget.set(JvmTarget.JVM_21)").as_deref(), Some("21"));
        assert_eq!(constant("val javaVersion = 21", "javaVersion").as_deref(), Some("21"));
        assert_eq!(constant("ktor_version=3.0.1", "ktor_version").as_deref(), Some("3.0.1"));
        assert_eq!(constant("val javaVersion: String by project", "javaVersion"), None);
    }

    #[test]
    fn both_dialects() {
        let groovy = "plugins {\n  id 'org.springframework.boot' version '3.4.0'\n}\nversion = '0.4'\nsourceCompatibility = '17'\ndependencies {\n  implementation 'org.springframework.boot:spring-boot-starter-web'\n  testImplementation('a:b:1')\n}\n";
        let read = parse(groovy);
        assert_eq!(read.plugins[0], ("org.springframework.boot".to_owned(), Some("3.4.0".to_owned())));
        assert_eq!((read.version.as_deref(), read.java.as_deref()), (Some("0.4"), Some("17")));
        assert_eq!(read.artifacts[0].name, "org.springframework.boot:spring-boot-starter-web");
        assert!(read.artifacts[1].development);
        for offered in ["id 'a.b' version '1' apply false", "id(\"a.b\") version \"1\" apply(false)"] {
            let read = parse(&format!("plugins {{\n  {offered}\n}}\n"));
            assert_eq!((read.plugins.len(), read.offered), (0, vec![("a.b".to_owned(), Some("1".to_owned()))]));
        }
        let kotlin = "plugins {\n  kotlin(\"jvm\") version \"2.0.0\"\n  application\n}\nkotlin { jvmToolchain(21) }\napplication {\n  mainClass.set(\"x.MainKt\")\n}\ndependencies {\n  implementation(libs.ktor.server.core)\n  implementation(\"io.ktor:ktor-server-netty:$ktor\")\n}\n";
        let read = parse(kotlin);
        assert_eq!(read.plugins[0].0, "org.jetbrains.kotlin.jvm");
        assert_eq!((read.main_class.as_deref(), read.java.as_deref()), (Some("x.MainKt"), Some("21")));
        let names: Vec<&str> = read.artifacts.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["libs:ktor-server-core", "io.ktor:ktor-server-netty"]);
    }
}
