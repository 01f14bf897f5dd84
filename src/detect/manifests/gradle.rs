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
    pub artifacts: Vec<Artifact>,
    pub java: Option<String>,
    pub version: Option<String>,
    pub main_class: Option<String>,
}

pub(in crate::detect) fn parse(text: &str) -> Gradle {
    let mut read = Gradle::default();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        plugin(line, &mut read);
        dependency(line, &mut read);
        if read.java.is_none() {
            read.java = java(line);
        }
        if let Some(value) = assigned(line, "version") {
            read.version = Some(value.to_owned());
        }
        for key in ["mainClass", "mainClassName"] {
            if let Some(value) = assigned(line, key).or_else(|| called(line, &format!("{key}.set"))) {
                read.main_class = Some(value.to_owned());
            }
        }
    }
    read
}

/// `id 'x' version '1'`, `id("x") version "1"`, `kotlin("jvm") version "2"`, `apply plugin: 'x'`, `alias(libs.plugins.x)`.
fn plugin(line: &str, read: &mut Gradle) {
    let by_id = ["id ", "id(", "apply plugin:"].iter().find_map(|word| line.strip_prefix(word));
    let version = || line.split_once("version ").and_then(|(_, rest)| quoted(rest)).map(str::to_owned);
    if let Some(name) = by_id.and_then(quoted) {
        read.plugins.push((name.to_owned(), version()));
    } else if let Some(name) = line.strip_prefix("kotlin(").and_then(quoted) {
        read.plugins.push((format!("org.jetbrains.kotlin.{name}"), version()));
    } else if let Some((_, name)) = line.split_once("alias(libs.plugins.") {
        read.plugins.push((name.split(')').next().unwrap_or(name).replace('.', "-"), None));
    } else if matches!(line, "java" | "application" | "war" | "`java-library`" | "groovy" | "scala") {
        read.plugins.push((line.trim_matches('`').to_owned(), None));
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
        let version = parts.next().filter(|version| !version.contains('$')).map(str::to_owned);
        read.artifacts.push(Artifact { name, version, development });
    } else if let Some(name) = rest.strip_prefix("(kotlin(").and_then(quoted) {
        read.artifacts.push(Artifact {
            name: format!("org.jetbrains.kotlin:kotlin-{name}"),
            version: None,
            development,
        });
    }
}

/// The Java version of a toolchain or of source compatibility.
fn java(line: &str) -> Option<String> {
    for mark in
        ["JavaLanguageVersion.of(", "jvmToolchain(", "JavaVersion.VERSION_", "sourceCompatibility", "options.release"]
    {
        if let Some((_, rest)) = line.split_once(mark) {
            let rest = rest.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '\n');
            let rest = rest.strip_prefix("1_").or_else(|| rest.strip_prefix("1.")).unwrap_or(rest);
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if !digits.is_empty() {
                return Some(digits);
            }
        }
    }
    None
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
    fn both_dialects() {
        let groovy = "plugins {\n  id 'org.springframework.boot' version '3.4.0'\n}\nversion = '0.4'\nsourceCompatibility = '17'\ndependencies {\n  implementation 'org.springframework.boot:spring-boot-starter-web'\n  testImplementation('a:b:1')\n}\n";
        let read = parse(groovy);
        assert_eq!(read.plugins[0], ("org.springframework.boot".to_owned(), Some("3.4.0".to_owned())));
        assert_eq!((read.version.as_deref(), read.java.as_deref()), (Some("0.4"), Some("17")));
        assert_eq!(read.artifacts[0].name, "org.springframework.boot:spring-boot-starter-web");
        assert!(read.artifacts[1].development);
        let kotlin = "plugins {\n  kotlin(\"jvm\") version \"2.0.0\"\n  application\n}\nkotlin { jvmToolchain(21) }\napplication {\n  mainClass.set(\"x.MainKt\")\n}\ndependencies {\n  implementation(libs.ktor.server.core)\n  implementation(\"io.ktor:ktor-server-netty:$ktor\")\n}\n";
        let read = parse(kotlin);
        assert_eq!(read.plugins[0].0, "org.jetbrains.kotlin.jvm");
        assert_eq!((read.main_class.as_deref(), read.java.as_deref()), (Some("x.MainKt"), Some("21")));
        let names: Vec<&str> = read.artifacts.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["libs:ktor-server-core", "io.ktor:ktor-server-netty"]);
    }
}
