//! What the templates of pipelines need besides what all have: pins, and text for the files of pipelines.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Deserialize;

use super::escape::{is_unseen, shell_word, yaml};

/// The file of all pins.
pub(super) const PINS: &str = "pipelines/actions.toml";

/// What comes from outside, by the name under which templates know it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pins {
    actions: BTreeMap<String, Action>,
    images: BTreeMap<String, Image>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    uses: String,
    version: String,
    commit: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    name: String,
    version: String,
    digest: String,
}

/// Adds them; `pins` is the text of [`PINS`].
pub(super) fn add(environment: &mut Environment<'static>, pins: String) {
    let pins: LazyLock<Result<Pins, String>, _> =
        LazyLock::new(move || toml_edit::de::from_str(&pins).map_err(|error| format!("{PINS}: {error}")));
    let pins = std::sync::Arc::new(pins);
    let of_actions = std::sync::Arc::clone(&pins);
    environment.add_function("action", move |name: &str| {
        let pins = of_actions.as_ref().as_ref().map_err(|why| unread(why))?;
        let Action { uses, version, commit } = pins.actions.get(name).ok_or_else(|| unknown(name))?;
        Ok::<_, Error>(Value::from_safe_string(format!("{uses}@{commit} # {version}")))
    });
    environment.add_function("pinned_image", move |name: &str| {
        let pins = pins.as_ref().as_ref().map_err(|why| unread(why))?;
        let Image { name, version, digest } = pins.images.get(name).ok_or_else(|| unknown(name))?;
        Ok::<_, Error>(Value::from_safe_string(format!("{name}:{version}@{digest}")))
    });
    environment.add_function("expression", |text: &str| Value::from_safe_string(format!("${{{{ {text} }}}}")));
    environment.add_filter("words", |words: Vec<String>| {
        words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
    });
    // A part of several lines in a place that ends its line itself.
    environment.add_filter("part", |text: &str| Value::from_safe_string(text.trim_end().to_owned()));
    environment.add_filter("lines", |text: &str| {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    });
    environment.add_filter("bash", |text: &str| Value::from_safe_string(bash_word(text)));
    environment.add_filter("literal", |text: &str| literal(text));
    environment.add_filter("step", |command: &str, indent: usize| Value::from_safe_string(step(command, indent)));
    environment.add_filter("named", |files: Vec<String>, names: Vec<String>| named(&files, &names));
    environment.add_filter("below", |name: &str, folder: &str| below(name, folder));
}

fn unread(why: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, why.to_owned())
}

fn unknown(name: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{PINS} pins nothing that is called {name}"))
}

/// Text in which GitHub finds no expression. Not yet YAML.
fn literal(text: &str) -> String {
    text.replace("${{", "${{ '${{' }}")
}

/// One word of Bash that stays on its line.
fn bash_word(text: &str) -> String {
    if !text.contains(is_unseen) {
        return shell_word(text);
    }
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if is_unseen(c) => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("$'{escaped}'")
}

/// A command as YAML's value of a key that stands at that depth: plain where YAML leaves it as it is, else a block or
/// in quotes.
fn step(command: &str, indent: usize) -> String {
    let command = command.trim();
    let is_still = |line: &str| !line.contains(is_unseen);
    let lines: Vec<&str> = command.lines().map(str::trim_end).collect();
    if lines.len() > 1 && lines.iter().all(|line| is_still(line)) && !command.contains('\r') {
        let indented =
            |line: &&str| if line.is_empty() { String::new() } else { format!("{}{line}", " ".repeat(indent + 2)) };
        return format!("|\n{}", lines.iter().map(indented).collect::<Vec<_>>().join("\n"));
    }
    let begins_well = command.starts_with(|c: char| c.is_ascii_alphabetic() || "./$".contains(c));
    let is_plain = command.contains(' ')
        && begins_well
        && is_still(command)
        && !command.contains(": ")
        && !command.contains(" #")
        && !command.ends_with(':');
    if is_plain { command.to_owned() } else { yaml(command) }
}

/// Those of the files whose last name is one of these; `*.x` stands for all that end so.
fn named(files: &[String], names: &[String]) -> Vec<String> {
    let fits = |file: &&String| {
        let last = file.rsplit('/').next().unwrap_or(file);
        names.iter().any(|name| name.strip_prefix('*').map_or(last == name, |ending| last.ends_with(ending)))
    };
    files.iter().filter(fits).cloned().collect()
}

/// A path in a folder that may be `.`.
fn below(name: &str, folder: &str) -> String {
    match folder.trim_end_matches('/') {
        "" | "." => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Templates;

    #[test]
    fn every_pin_is_one() {
        let pins: Pins = toml_edit::de::from_str(Templates::embedded().text(PINS).unwrap()).unwrap();
        let is_hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
        for (name, action) in &pins.actions {
            assert!(is_hex(&action.commit, 40) && action.version.starts_with('v'), "{name}");
        }
        for (name, image) in &pins.images {
            assert!(image.digest.strip_prefix("sha256:").is_some_and(|digest| is_hex(digest, 64)), "{name}");
        }
    }

    #[test]
    fn yaml_reads_a_command_back_and_github_finds_no_expression_in_it() {
        for command in [
            "npm ci",
            "go test ./... && echo \"$HOME\"",
            "echo 'a: b' # c",
            "echo ${{ secrets.X }}",
            "set -e\n  if true; then\n\n    echo \"x: y\"\n  fi",
            "- x",
            "yes",
            "a\r\nb",
            "tab\there",
            "é\u{2028}x y",
        ] {
            let written = format!("a:\n  - run: {}\n    name: x\n", step(&literal(command), 4));
            let read: yaml_serde::Value = yaml_serde::from_str(&written).unwrap_or_else(|e| panic!("{e}\n{written}"));
            let run = read["a"][0]["run"].as_str().unwrap();
            let evaluated = run.replace("${{ '${{' }}", "\0");
            assert!(!evaluated.contains("${{"), "{run}");
            assert_eq!(evaluated.replace('\0', "${{").trim_end(), command, "{written}");
            assert_eq!(read["a"][0]["name"].as_str(), Some("x"));
        }
    }

    #[test]
    fn bash_reads_a_word_back() {
        for text in ["a b", "it's", "one\ntwo's \\n", "$(id)", "-- ;é", "a\u{2028}b"] {
            let word = bash_word(text);
            assert_eq!(word.lines().count(), 1);
            let output =
                std::process::Command::new("bash").args(["-c", &format!("printf %s {word}")]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }

    #[test]
    fn files_are_found_by_their_names() {
        let files = ["apps/a/package.json", "pnpm-lock.yaml", "a.csproj"].map(str::to_owned);
        assert_eq!(named(&files, &["pnpm-lock.yaml".into(), "*.csproj".into()]), ["pnpm-lock.yaml", "a.csproj"]);
        assert_eq!((below("x", "."), below("x", "a/b")), ("x".to_owned(), "a/b/x".to_owned()));
    }
}
