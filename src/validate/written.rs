//! Secrets that are written out in the text of commands and of files of settings, whatever these stand in.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::cloud::is_kept_elsewhere;
use super::secrets::{is_reference, names_a_place, names_a_secret, password_in_address};
use super::tree::{Node, Style, Value};

/// A secret in a text.
#[derive(Debug, PartialEq)]
pub(super) struct Written {
    /// How many lines below the text's first.
    pub(super) line: usize,
    /// What it is called.
    pub(super) name: String,
}

type Pattern = LazyLock<Option<Regex>>;

/// `NAME=value`, also behind a flag.
static GIVEN: Pattern = LazyLock::new(|| {
    Regex::new(r#"(?:^|[\s"'`;&|(,{-])(?P<name>[A-Za-z_][\w.-]*)=["']?(?P<value>[^\s"'`;&|)]+)"#).ok()
});

/// `--name value`.
static FLAG: Pattern = LazyLock::new(|| {
    Regex::new(r#"(?:^|\s)["']?--(?P<name>[a-z][A-Za-z-]*)["']?,?\s+["']?(?P<value>[^\s"';&|)=]+)(?:[\s"';&|)]|$)"#)
        .ok()
});

/// `name: value`, up to the end of a line or of an object.
static SAID: Pattern = LazyLock::new(|| {
    let value = r#"(?:"(?P<a>[^"\s]+)"|'(?P<b>[^'\s]+)'|(?P<c>[^\s"',{}\[\]#]+)\s*(?:$|[,}#]))"#;
    Regex::new(&format!(r#"["']?(?P<name>[A-Za-z_][\w.-]*)["']?\s*:\s*{value}"#)).ok()
});

/// What programs ask for in a form of their own, with what each is.
static FORMS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let forms = [
        ("Authorization", r"(?i)authorization:\s*(?:bearer|basic|token)\s+(?P<value>[\w.~+/=-]{8,})"),
        ("the registry's token", r"_(?:authToken|auth|password)=(?P<value>[^\s;&|)]{4,})"),
        ("a user's password", r#"\b\w+:(?P<value>[^\s"'$:]{3,})["']?\s*\|\s*(?:sudo\s+)?chpasswd\b"#),
        ("a user's password", r#"\bcurl\b.*\s(?:-u|--user)[ =]["']?[^\s:"'$]+:(?P<value>[^\s"'$]{3,})"#),
    ];
    forms.into_iter().filter_map(|(name, form)| Some((name, Regex::new(form).ok()?))).collect()
});

/// Secrets in commands of a shell, or in the words of one.
pub(super) fn in_commands(text: &str) -> Vec<Written> {
    each_line(text, &[&GIVEN, &FLAG])
}

/// Secrets in a file of settings, or in a script that writes one.
pub(super) fn in_settings(text: &str) -> Vec<Written> {
    each_line(text, &[&GIVEN, &FLAG, &SAID])
}

/// The same of a value of a file: a text, or the words of a command. With the lines of the file.
pub(super) fn in_node(node: &Node) -> Vec<Written> {
    let words: Vec<&str> = node.items().iter().filter_map(Node::text).collect();
    let text = if node.is_list() { words.join(" ") } else { node.text().unwrap_or_default().to_owned() };
    let is_settings = matches!(node.value, Value::Scalar { style: Style::Literal, .. });
    let found = if is_settings { in_settings(&text) } else { in_commands(&text) };
    let line = |at: usize| node.line + if is_settings { at } else { 0 };
    found.into_iter().map(|written| Written { line: line(written.line), ..written }).collect()
}

/// Flags with a value that is given by name in turn.
const OUTER: [&str; 5] = ["--from-literal=", "--build-arg=", "--env=", "--set=", "--set-string="];

fn each_line(text: &str, patterns: &[&Pattern]) -> Vec<Written> {
    let mut found = Vec::new();
    for (line, said) in text.lines().enumerate() {
        // Most lines name nothing.
        if said.trim_start().starts_with(['#', ';']) || said.trim_start().starts_with("//") || !may_hold(said) {
            continue;
        }
        let said = OUTER.iter().fold(said.to_owned(), |said, flag| said.replace(flag, " "));
        let pairs =
            patterns.iter().filter_map(|pattern| pattern.as_ref()).flat_map(|pattern| pattern.captures_iter(&said));
        let mut names: Vec<String> = pairs.filter(is_secret).map(|found| found["name"].to_owned()).collect();
        let forms =
            FORMS.iter().filter(|(_, form)| form.captures(&said).is_some_and(|found| is_literal(&found["value"])));
        names.extend(forms.map(|(name, _)| (*name).to_owned()));
        if names.is_empty()
            && password_in_address(&said).is_some_and(|password| is_literal(password) && !is_usual(password))
        {
            names.push("an address".to_owned());
        }
        names.dedup();
        found.extend(names.into_iter().map(|name| Written { line, name }));
    }
    found
}

/// What a line with a secret has in it.
fn may_hold(line: &str) -> bool {
    line.contains(['=', ':']) || line.contains("--")
}

fn is_secret(found: &Captures<'_>) -> bool {
    let name = &found["name"];
    let value = ["value", "a", "b", "c"].into_iter().find_map(|key| found.name(key)).map_or("", |value| value.as_str());
    let lower = name.to_ascii_lowercase();
    if ["requirepass", "masterauth"].iter().any(|end| lower.ends_with(end)) {
        return is_literal(value);
    }
    let is_elsewhere =
        names_a_place(name) || is_kept_elsewhere(name) || ["stdin", "prompt"].iter().any(|end| lower.ends_with(end));
    names_a_secret(name) && !is_elsewhere && is_literal(value)
}

/// What says by itself that it is no secret.
const STAND_INS: [&str; 17] = [
    "build",
    "change",
    "dummy",
    "example",
    "fake",
    "false",
    "ignore",
    "insecure",
    "none",
    "null",
    "placeholder",
    "redacted",
    "test",
    "true",
    "unused",
    "xxx",
    "your",
];

/// Whether a text is the secret itself: no reference, no path, no pattern, and none that stands in its place.
fn is_literal(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let text = text.trim_end_matches(',');
    text.len() > 3
        && !is_reference(text)
        && !text.starts_with(['/', '.', '~', '-', '<', '>', '@', '%', '!'])
        && !text.contains(['$', '*', '[', '(', '\\', '{', '^', '`', '|'])
        && !text.contains("://")
        && !lower.split(|letter: char| !letter.is_alphanumeric()).any(stands_in)
}

/// Whether a word of a value says that it is none: `change-me`, `test123`.
fn stands_in(word: &str) -> bool {
    STAND_INS.iter().any(|begin| word.starts_with(begin))
}

/// Passwords that every example has, for a database that a build only names.
fn is_usual(password: &str) -> bool {
    matches!(password, "pass" | "password" | "postgres" | "user" | "root" | "mysql")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_commands_are_seen() {
        for (text, name) in [
            ("export DB_PASSWORD=hunter2", "DB_PASSWORD"),
            ("A=b API_TOKEN='abc123' make", "API_TOKEN"),
            ("echo \"PASSWORD=hunter2\" >> .env", "PASSWORD"),
            ("export PASSWORD=latest-hunter2", "PASSWORD"),
            ("redis-server --requirepass hunter2", "requirepass"),
            ("x --api-token abcd1234 y", "api-token"),
            ("mysql --password=hunter2", "password"),
            ("java -Ddb.password=hunter2", "Ddb.password"),
            ("kubectl create secret generic a --from-literal=password=hunter2", "password"),
            ("git clone https://ci:hunter2@example.com/x.git", "an address"),
            ("curl -H 'Authorization: Bearer abcdef123456' x", "Authorization"),
            ("curl -fsS -u admin:hunter2 https://x", "a user's password"),
            ("echo 'root:hunter2' | chpasswd", "a user's password"),
            ("echo //registry.npmjs.org/:_authToken=abcdef >> .npmrc", "the registry's token"),
        ] {
            assert_eq!(in_commands(text), [Written { line: 0, name: name.to_owned() }], "{text}");
        }
        assert_eq!(in_commands("a\n# TOKEN=abcdef\nTOKEN=abcdef").iter().map(|one| one.line).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn what_only_names_secrets_holds_none() {
        for text in [
            "export NPM_TOKEN=$NPM_TOKEN",
            "PASSWORD=\"$(openssl rand -hex 16)\" x",
            "TOKEN=`cat /run/secrets/x` x",
            "SECRET_KEY=dummy python manage.py collectstatic",
            "DATABASE_URL=postgres://postgres:postgres@localhost/x npm run build",
            "curl -u \"ci:$(cat /run/secrets/x)\" https://ci:${TOKEN}@example.com/",
            "docker login --password-stdin registry.example.com",
            "aws secretsmanager get-secret-value --secret-id shop-session",
            "sed -i 's/TOKEN=.*/TOKEN=/' a",
            "--token-ttl 3600 --password-file /run/x --secret id=npm,src=.npmrc",
            "PASSWORD= make && TOKEN=\"\" make",
            "chown token:token /x",
            "kubectl create secret generic a --from-literal=password=\"$PASSWORD\"",
            "initdb --auth=scram-sha-256 --pwfile=/x",
        ] {
            assert_eq!(in_commands(text), [], "{text}");
        }
    }

    #[test]
    fn secrets_in_settings_are_seen() {
        for text in [
            "db:\n  password: hunter2",
            "spring.datasource.password=hunter2",
            "{\"a\": 1, \"apiKey\": \"abcdef\"}",
            "password: 'hunter2' # the old one",
        ] {
            assert_eq!(in_settings(text).len(), 1, "{text}");
        }
        for text in [
            "password: ${DB_PASSWORD}",
            "passwordFile: /run/secrets/x",
            "password: the one of the user",
            "secretName: web-tls",
            "tokenPolicy: strict",
            "password: \"\"",
            "access_key: {{ .x }}",
        ] {
            assert_eq!(in_settings(text), [], "{text}");
        }
    }
}
