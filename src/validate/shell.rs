//! Scripts of a shell, as far as they deploy: they stop at what fails, and keep secrets to themselves.

use super::Faults;
use super::secrets::{is_reference, names_a_secret};

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    if !text.starts_with("#!") {
        faults.add("script-syntax", 1, "the first line does not say which shell reads it: #!/bin/sh");
    }
    let (mut stops, mut is_strict) = (false, false);
    let mut until: Option<String> = None;
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if let Some(end) = &until {
            if line == end {
                until = None;
            }
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        until = here_document(line);
        let mut words = line.split_whitespace();
        if words.next() == Some("set") {
            let flags: Vec<&str> = words.collect();
            let has = |flag: char, name: &str| {
                flags.iter().any(|word| word.starts_with('-') && word.contains(flag)) || flags.contains(&name)
            };
            stops |= has('e', "errexit");
            is_strict |= has('u', "nounset");
        }
        command(line, number, faults);
    }
    if let Some(end) = until {
        faults.add("script-syntax", text.lines().count(), format!("the text that {end} is to end does not end"));
    }
    if !stops || !is_strict {
        let message = "it goes on behind what failed, or with a variable that is not set: begin with set -eu";
        faults.add(
            "careless-script",
            text.lines().position(|line| !line.starts_with('#')).map(|line| line + 1),
            message,
        );
    }
}

/// The word that ends a here-document which begins on a line.
pub(super) fn here_document(line: &str) -> Option<String> {
    let rest = &line[unquoted(line, "<<")? + 2..];
    let word = rest.trim_start_matches('-').trim_start();
    let word: String = word
        .trim_start_matches(['"', '\'', '\\'])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty() && !rest.starts_with('<') && !word.starts_with(|c: char| c.is_ascii_digit())).then_some(word)
}

/// Where some text begins on a line outside of quotes.
fn unquoted(line: &str, text: &str) -> Option<usize> {
    let mut quote = None;
    let mut letters = line.char_indices();
    while let Some((at, letter)) = letters.next() {
        match quote {
            None if line[at..].starts_with(text) => return Some(at),
            Some('\'') if letter != '\'' => {}
            _ if letter == '\\' => drop(letters.next()),
            Some(open) if letter == open => quote = None,
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            _ => {}
        }
    }
    None
}

/// What says by itself that it is no secret: a build asks for one that it does not use.
const STAND_INS: [&str; 4] = ["dummy", "none", "placeholder", "unused"];

/// What a line of a script does with secrets.
pub(super) fn command(line: &str, number: usize, faults: &mut Faults<'_>) {
    let declared = line.strip_prefix("export ").or_else(|| line.strip_prefix("readonly ")).unwrap_or(line);
    if let Some((name, value)) = declared.split_once('=')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && names_a_secret(name)
        && !is_reference(value.trim_matches(['"', '\'']))
        && !value.contains('`')
        && value.trim_matches(['"', '\'']).len() > 1
        && !STAND_INS.contains(&value.split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'']))
    {
        faults.add("secret-in-file", number, format!("the value of {name} is written down: let who calls set it"));
    }
    let Some(secret) = variables(line).find(|name| names_a_secret(name)) else { return };
    let first = line.split_whitespace().next().unwrap_or_default();
    let goes_on = line.contains('|') || line.contains('>') || line.contains("<<<");
    if matches!(first, "echo" | "printf") && !goes_on {
        faults.add("secret-in-output", number, format!("it prints {secret} for everybody who reads the log"));
    }
    let flags = ["--password ", "--password=", "--token ", "--token=", "-p ", "--secret "];
    let commands = line.split(['|', ';', '&']).map(str::trim);
    let mut commands = commands.filter(|command| !command.starts_with("echo") && !command.starts_with("printf"));
    if commands.any(|command| flags.iter().any(|flag| passes(command, flag))) {
        let message = format!("{secret} stands in the list of processes for everybody: hand it over on standard input");
        faults.add("secret-in-command", number, message);
    }
}

/// Whether a flag is followed by a variable with a secret's name.
fn passes(line: &str, flag: &str) -> bool {
    line.match_indices(flag).any(|(at, _)| {
        let is_word = at == 0 || line[..at].ends_with(' ');
        let value = line[at + flag.len()..].trim_start_matches(['"', ' ']);
        is_word && value.starts_with('$') && variables(value).next().is_some_and(names_a_secret)
    })
}

/// The names of the variables of a line.
fn variables(line: &str) -> impl Iterator<Item = &str> {
    line.split('$').skip(1).map(|part| {
        let part = part.trim_start_matches(['{', '#']);
        &part[..part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(part.len())]
    })
}

#[cfg(test)]
pub(super) mod tests {
    use crate::validate::cases::Case;

    const SOUND: &str = "#!/usr/bin/env bash
# Deploys.
set -euo pipefail
: \"${REGISTRY_TOKEN:?}\"
STAGE=${1:-staging}
cat <<EOF
$REGISTRY_TOKEN
EOF
printf '%s' \"$REGISTRY_TOKEN\" | docker login --password-stdin -u ci
mkdir -p \"$STAGE\"
SECRET_KEY=unused python manage.py collectstatic
echo \"done: $STAGE\" 'not <<here' \"nor <<there\"
";

    pub(in crate::validate) const CASES: &[Case] = &[Case {
        files: &[("infra/deploy.sh", SOUND)],
        breaks: &[
            ("#!/usr/bin/env bash\n", "", "script-syntax", 1),
            ("\nEOF\n", "\n", "script-syntax", 11),
            ("set -euo pipefail", "set -e", "careless-script", 3),
            ("set -euo pipefail\n", "", "careless-script", 3),
            ("done: $STAGE", "done: $REGISTRY_TOKEN", "secret-in-output", 12),
            ("--password-stdin -u ci", "--password \"$REGISTRY_TOKEN\"", "secret-in-command", 9),
            ("STAGE=${1:-staging}", "API_TOKEN='abcdef'", "secret-in-file", 5),
            ("KEY=unused", "KEY=5c0ffee1", "secret-in-file", 11),
        ],
    }];
}
