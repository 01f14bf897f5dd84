//! A `wharf.toml` that says what was detected, for a person to change.

use std::fmt::Write as _;

use toml_edit::{Array, Key, Value};

use crate::model::{AppProfile, Detection};

const HEAD: &str = "\
# What Wharf found here. A line overrides detection; without it, what is found anew holds.
# `wharf detect` shows what holds.
";

const NOTHING: &str = "\
# Nothing was found that could be deployed. Say what there is:
# [apps.web]
# path = \".\"
# start = \"./run --port $PORT\"
# port = 8080
";

/// The text of a `wharf.toml` with which detection comes to the same again.
#[must_use]
pub fn settings_file(detection: &Detection) -> String {
    let mut out = HEAD.to_owned();
    match detection.apps.as_slice() {
        [] => {
            out.push('\n');
            out.push_str(NOTHING);
        }
        [app] if app.path == "." => section(&mut out, "app", app, false),
        apps => {
            out.push_str("# The apps named here with a `path` are all that there are.\n");
            for app in apps {
                section(&mut out, &format!("apps.{}", Key::new(app.name.as_str())), app, true);
            }
        }
    }
    out
}

/// One app, with its path where there may be several.
fn section(out: &mut String, title: &str, app: &AppProfile, with_path: bool) {
    let _ = writeln!(out, "\n# {}\n[{title}]", summary(app));
    if with_path {
        line(out, "Where it is.", "path", Some(&app.path));
    }
    line(out, "The version of its runtime or compiler.", "runtime_version", app.runtime_version.as_ref());
    line(out, "Installs its dependencies.", "install", app.install_command.as_ref());
    line(out, "Builds it.", "build", app.build_command.as_ref());
    line(out, "Starts it; it listens on $PORT or on `port`.", "start", app.start_command.as_ref());
    line(out, "Runs its tests.", "test", app.test_command.as_ref());
    line(out, "Checks its sources.", "lint", app.lint_command.as_ref());
    line(out, "Starts it for development; it listens on $PORT or on `port`.", "develop", app.develop_command.as_ref());
    let release = "Runs once before each new version takes requests, such as a migration of its database.";
    line(out, release, "release", app.release_command.as_ref());
    line(out, "Where it listens.", "port", app.port.map(i64::from));
    health_path(out, app);
    let services = "The services that it needs; `\"postgres:16\"` asks for a version, [] means none.";
    line(out, services, "services", Some(list(&app.services)));
    let packages = "System packages that it needs, by Debian's names.";
    line(out, packages, "packages", Some(list(&app.system_packages)).filter(|_| !app.system_packages.is_empty()));
    environment(out, title, app);
    processes(out, title, app);
}

/// What runs beside it.
fn processes(out: &mut String, title: &str, app: &AppProfile) {
    for process in &app.processes {
        let _ = writeln!(
            out,
            "\n# Runs beside it, of the same image, on no port; `enabled = false` leaves it out.\n[{title}.processes.{}]",
            Key::new(process.name.as_str())
        );
        let _ = writeln!(out, "command = {}", Value::from(process.command.as_str()));
        if let Some(develop) = &process.develop_command {
            let _ = writeln!(out, "# For development.\ndevelop = {}", Value::from(develop.as_str()));
        }
        if process.single {
            out.push_str("# It must never run twice at once.\nsingle = true\n");
        }
    }
}

/// A guess is not said as if somebody had set it: then it would have to answer well.
fn health_path(out: &mut String, app: &AppProfile) {
    match &app.health_path {
        Some(path) if app.health_guessed => {
            let path = Value::from(path.as_str());
            let _ = writeln!(
                out,
                "# What is asked for its health. This is a guess, which counts as well with any status below 500;\n\
                 # a path that is set has to answer with less than 400.\n\
                 # health_path = {path}"
            );
        }
        path => {
            let comment = "What is asked for its health; without it, whether the port answers.";
            line(out, comment, "health_path", path.as_ref());
        }
    }
}

/// What it is, on one line.
fn summary(app: &AppProfile) -> String {
    let framework = app.framework.as_ref().map(|it| {
        let version = it.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        format!(", {}{version}", it.name)
    });
    let manager = app.package_manager.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    let sure = app.confidence * 100.0;
    plain(&format!("{}{}{manager}: {sure:.0} % sure", app.language.name, framework.unwrap_or_default()))
}

/// A key with its comment; commented out where nothing was found.
fn line(out: &mut String, comment: &str, key: &str, value: Option<impl Into<Value>>) {
    match value {
        Some(value) => {
            let value: Value = value.into();
            let _ = writeln!(out, "# {comment}\n{key} = {value}");
        }
        None => {
            let _ = writeln!(out, "# {comment} None was found.\n# {key} =");
        }
    }
}

fn list(words: &[String]) -> Array {
    words.iter().map(String::as_str).collect()
}

/// The names that it reads, without values: nobody knows these, and secrets do not belong here.
fn environment(out: &mut String, title: &str, app: &AppProfile) {
    let is_name = |name: &&String| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut names = app.env.iter().filter(is_name).filter(|name| *name != "PORT").peekable();
    if names.peek().is_none() {
        return;
    }
    let _ =
        writeln!(out, "\n# Variables that it reads. Not for secrets: give those with `--secret NAME`.\n[{title}.env]");
    for name in names {
        let required = if app.required_env.contains(name) { "  # it does not start without" } else { "" };
        let _ = writeln!(out, "# {name} = \"\"{required}");
    }
}

/// Text of the project's for a comment: nothing in it ends the line.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Environment, Framework, Settings};

    fn read_back(detection: &Detection) -> Detection {
        let text = settings_file(detection);
        let settings: Settings = toml_edit::de::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let bare =
            |app: &AppProfile| AppProfile { path: app.path.clone(), name: app.name.clone(), ..AppProfile::default() };
        let bare = Detection { apps: detection.apps.iter().map(bare).collect(), ..Detection::default() };
        settings.applied(&bare, Environment::Production)
    }

    #[test]
    fn no_text_of_a_project_breaks_the_file() {
        let app = AppProfile {
            path: "a\"b/c d".to_owned(),
            name: "web".to_owned(),
            framework: Some(Framework { name: "x".to_owned(), version: Some("1\n[app]\nport = 1".to_owned()) }),
            start_command: Some("sh -c 'echo \"a\\b\"'\necho $PORT \u{1}".to_owned()),
            port: Some(65535),
            services: vec!["postgres".to_owned()],
            env: vec!["A".to_owned(), "B]\nC".to_owned()],
            ..AppProfile::default()
        };
        for path in ["a\"b/c d", "."] {
            let app = AppProfile { path: path.to_owned(), ..app.clone() };
            let found = Detection { apps: vec![app.clone()], ..Detection::default() };
            let read = &read_back(&found).apps[0];
            assert_eq!((&read.start_command, read.port, &read.services), (&app.start_command, app.port, &app.services));
            assert!(!settings_file(&found).contains("B]"));
        }
        assert!(settings_file(&Detection::default()).parse::<toml_edit::DocumentMut>().unwrap().is_empty());
    }
}
