//! What makes a user's text harmless where it goes: a Dockerfile, a shell line, YAML, a `.env` file.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Whether nobody sees it where it stands: control characters, what ends a line for some readers only, and marks that turn
/// the order of what stands beside them, so that a person reads something else than a program.
pub(crate) fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A JSON string.
pub(crate) fn json(text: &str) -> String {
    seen(&serde_json::Value::from(text).to_string())
}

/// JSON with an escape for whatever nobody sees in its texts.
pub(crate) fn seen(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unseen(c) && c != '\n' {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// The bytes of a character as `printf` of a shell reads them.
fn octal(c: char, lead: &str) -> String {
    let mut out = String::new();
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        let _ = write!(out, "{lead}{byte:03o}");
    }
    out
}

/// A Dockerfile's exec form: `["node", "server.js"]`.
pub(crate) fn exec_form<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(|word| json(word.as_ref())).collect();
    format!("[{}]", words.join(", "))
}

/// One word of a POSIX shell.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut word = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => word.push_str(r"'\''"),
            '\n' | '\t' => word.push(c),
            c if is_unseen(c) => {
                let _ = write!(word, "'\"$(printf '{}')\"'", octal(c, "\\"));
            }
            c => word.push(c),
        }
    }
    word + "'"
}

/// A shell command behind `RUN`. One that does not stay on its line, or that Docker would read as something else,
/// goes in exec form through a shell.
pub(crate) fn run_line(command: &str) -> String {
    let command = command.trim();
    let is_plain = !command.contains(is_unseen)
        && !command.contains("<<")
        && !command.ends_with('\\')
        && !command.starts_with(['-', '[', '#']);
    if is_plain { command.to_owned() } else { exec_form(&["/bin/sh", "-c", command]) }
}

/// A shell command as a part of a longer line behind `RUN`.
pub(crate) fn inline(command: &str) -> String {
    let line = run_line(command);
    if line == command.trim() {
        return line;
    }
    // `printf %b` reads the escapes back: nothing of the command is seen by Docker.
    let escaped = |c: char| match c {
        '\\' => "\\\\\\\\".to_owned(),
        '\r' => String::new(),
        '\n' => "\\n".to_owned(),
        c if c == '<' || is_unseen(c) => octal(c, "\\0"),
        c => c.to_string(),
    };
    let escaped: String = command.chars().map(escaped).collect();
    format!("/bin/sh -c \"$(printf %b {})\"", shell_word(&escaped))
}

/// A path for a command of a shell, in which `*` stands for what it finds.
pub(crate) fn path(text: &str) -> String {
    let text = if text.starts_with('-') { format!("./{text}") } else { text.to_owned() };
    let line: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let is_plain = line.chars().all(|c| c.is_ascii_alphanumeric() || "_-./@+*".contains(c));
    if is_plain { line } else { shell_word(&line) }
}

/// A string in single quotes, as JavaScript, Python, Ruby and PHP read it alike.
pub(crate) fn quoted(text: &str) -> String {
    let line: String = text.chars().filter(|c| !is_unseen(*c)).collect();
    format!("'{}'", line.replace('\\', r"\\").replace('\'', r"\'"))
}

/// A value in `ENV`, `LABEL`, `WORKDIR`: in quotes, nothing expanded, on one line.
pub(crate) fn docker_word(text: &str) -> String {
    let mut word = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' => word.extend(['\\', c]),
            c if is_unseen(c) => word.push(' '),
            c => word.push(c),
        }
    }
    word.push('"');
    word
}

/// What stands in a comment: one line, which goes on in no next one.
pub(crate) fn comment(text: &str) -> String {
    let line: String = text.chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect();
    line.trim_end_matches(['\\', ' ']).to_owned()
}

/// A YAML scalar, for text that is to stay text. JSON's escapes are YAML's.
pub(crate) fn yaml(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_./:-".contains(c);
    let begins_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') || text.starts_with("./");
    let plain = text == "." || begins_well && text.chars().all(is_word) && !text.ends_with(':') && !is_yaml_word(text);
    if plain { text.to_owned() } else { json(text) }
}

/// Words that some reader of YAML takes for a boolean, a number or null.
fn is_yaml_word(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    matches!(lower.as_str(), "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null" | ".nan" | ".inf")
        || text.parse::<f64>().is_ok()
}

/// Text in which Compose is to find no `${…}` of its own.
pub(crate) fn compose_text(text: &str) -> String {
    text.replace('$', "$$")
}

/// What Compose replaces with the value in `.env`, and asks for where there is none.
pub(crate) fn asked(name: &str) -> String {
    format!("${{{name}:?copy .env.example to .env and set {name}}}")
}

/// A name for what takes lower-case letters, digits and hyphens only.
pub(crate) fn slug(text: &str) -> String {
    let name = hyphenated(text);
    let cut = name.get(..63).unwrap_or(&name).trim_end_matches('-');
    if cut.is_empty() { "app".to_owned() } else { cut.to_owned() }
}

/// A name of at most so many characters for what takes small letters, digits and single hyphens and begins with a
/// letter, as DNS and most clouds do. What had to be cut ends in the first letters of its digest, so that two long names
/// stay two.
pub(crate) fn label(text: &str, length: usize) -> String {
    fitted(led_by_letter(hyphenated(text)), length)
}

/// The small letters and digits of a text, with a hyphen for whatever lies between.
fn hyphenated(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

fn led_by_letter(name: String) -> String {
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("a{name}") }
}

/// The same without hyphens, for what takes letters and digits only.
pub(crate) fn compact(text: &str, length: usize) -> String {
    let name: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    fitted(led_by_letter(name), length)
}

/// The words of a name without what stands between them, each with a capital: `my-api` is `MyApi`.
pub(crate) fn pascal(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let mut name = String::new();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    }
    fitted(if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("A{name}") }, 100)
}

/// A name of ASCII that is cut where it is too long.
fn fitted(name: String, length: usize) -> String {
    const KEPT: usize = 3;
    if name.len() <= length {
        return name;
    }
    let digest = Sha256::digest(name.as_bytes()).iter().take(KEPT).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let room = length.saturating_sub(digest.len() + 1);
    let head = name.get(..room).unwrap_or_default().trim_end_matches('-');
    let hyphen = if name.contains('-') { "-" } else { "" };
    format!("{head}{hyphen}{digest}")
}

/// A variable's text with what stands in braces filled in.
pub(crate) fn fill(text: &str, host: &str, port: &str, password: &str) -> String {
    // The password last: nothing in it is read as a place for another.
    text.replace("{host}", host).replace("{port}", port).replace("{password}", password)
}

/// A Groovy string in single quotes, in which nothing is expanded.
pub(crate) fn groovy(text: &str) -> String {
    format!("'{}'", groovy_escaped(text, '\''))
}

/// A Groovy string in double quotes, in which nothing is expanded but what is put in later.
pub(crate) fn gstring(text: &str) -> String {
    format!("\"{}\"", groovy_escaped(text, '"'))
}

fn groovy_escaped(text: &str, quote: char) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '$' if quote == '"' => escaped.push_str("\\$"),
            c if c == quote || c == '\\' => escaped.extend(['\\', c]),
            c if is_unseen(c) => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A comment of Groovy, which reads `\u000a` as the end of a line wherever it stands.
pub(crate) fn groovy_comment(text: &str) -> String {
    comment(text).replace('\\', "/")
}

/// Whether a shell and Compose take it as the name of a variable.
pub(crate) fn is_env_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 10] = [
        "a b",
        "a\"b",
        "it's",
        "one\ntwo",
        "$(touch /tmp/x)",
        "${{ secrets.X }}",
        "`id`; rm -rf / #",
        "é\u{2028}\\",
        "\u{1b}[2J\u{7f}\u{85}'\u{9b}",
        "a\u{202e}b\u{2066}c\u{200f}\u{feff}d",
    ];

    #[test]
    fn what_nobody_sees_is_written_so_that_everybody_does() {
        for text in HOSTILE {
            let text = text.replace('\n', "");
            for made in [json(&text), yaml(&text), run_line(&text), inline(&text), docker_word(&text), comment(&text)] {
                assert!(!made.contains(is_unseen), "{made:?}");
            }
            for made in [shell_word(&text), quoted(&text), groovy(&text), gstring(&text), groovy_comment(&text)] {
                assert!(!made.contains(is_unseen), "{made:?}");
            }
            assert_eq!(serde_json::from_str::<String>(&json(&text)).unwrap(), text);
        }
    }

    #[test]
    fn yaml_reads_back_every_text_as_it_was() {
        for text in
            HOSTILE.into_iter().chain(["yes", "1.5", "null", "", "- a", "a: b", "plain", "./x", "…", "0x1f", "~"])
        {
            let document: yaml_serde::Value = yaml_serde::from_str(&format!("k: {}\n", yaml(text))).unwrap();
            assert_eq!(document["k"].as_str(), Some(text), "{}", yaml(text));
        }
    }

    #[test]
    fn a_shell_reads_back_every_text_as_it_was() {
        for text in HOSTILE {
            let command = format!("printf %s {}", shell_word(text));
            let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }

    #[test]
    fn nothing_leaves_its_line_in_a_dockerfile() {
        for text in HOSTILE {
            for line in [run_line(text), docker_word(text), comment(text), exec_form(&[text])] {
                assert_eq!(line.lines().count(), 1, "{line:?}");
                assert!(!line.ends_with('\\'), "{line:?}");
            }
        }
        assert_eq!(docker_word("$(x) \"$HOME\""), r#""\$(x) \"\$HOME\"""#);
        assert_eq!(run_line("--network=host id"), r#"["/bin/sh", "-c", "--network=host id"]"#);
        assert_eq!(run_line("npm ci && npm run build"), "npm ci && npm run build");
    }

    #[test]
    fn a_command_within_a_line_is_run_as_it_was_said() {
        for command in
            ["printf '%s' a\nprintf '%s' \"b\\c\"", "cat <<X\nhello\nX\n", "printf '%s' plain", "-x\necho $((1+1))"]
        {
            let line = format!("true && {}", inline(command));
            assert_eq!(line.lines().count(), 1, "{line}");
            let run = |text: &str| std::process::Command::new("sh").args(["-c", text]).output().unwrap().stdout;
            assert_eq!(run(&line), run(command), "{line}");
        }
    }

    #[test]
    fn a_string_is_the_same_in_four_languages() {
        assert_eq!(quoted("/a'b\\c\n#{x}"), r"'/a\'b\\c#{x}'");
        assert_eq!(path("target/*.jar"), "target/*.jar");
        assert_eq!(path("-rf $(x)"), "'./-rf $(x)'");
    }

    #[test]
    fn a_name_fits_and_stays_its_own() {
        assert_eq!(label("My  App (1)!", 20), "my-app-1");
        assert_eq!(label("3d viewer…", 20), "a3d-viewer");
        assert_eq!(label("…", 5), "a");
        assert_eq!(compact("3d viewer…", 20), "a3dviewer");
        assert_eq!(["my-api", "2-fast", "DATABASE_URL"].map(pascal), ["MyApi", "A2Fast", "DatabaseUrl"]);
        let (one, two) = ("x".repeat(300), format!("{}-y", "x".repeat(300)));
        for length in [24, 32, 63] {
            for made in [label(&one, length), label(&two, length), compact(&one, length)] {
                assert!(made.len() <= length && made.starts_with('x') && !made.contains("--"), "{made}");
            }
            assert_ne!(label(&one, length), label(&two, length));
            assert_eq!(label(&one, length), label(&one, length));
        }
    }

    #[test]
    fn groovy_sees_text_and_nothing_else() {
        assert_eq!(groovy("it's ${x} \\u0027\n"), r"'it\'s ${x} \\u0027\n'");
        assert_eq!(gstring("\"${x}\" 'y'"), "\"\\\"\\${x}\\\" 'y'\"");
        assert_eq!(groovy_comment("a \\u000a evil()\nb"), "a /u000a evil() b");
        for text in HOSTILE {
            assert_eq!(groovy(text).lines().count(), 1);
            assert!(!groovy(text).trim_matches('\'').replace("\\\\", "").replace("\\'", "").contains('\''), "{text}");
        }
    }

    #[test]
    fn a_slug_is_a_name_everywhere() {
        assert_eq!(slug("My  App (1)!"), "my-app-1");
        assert_eq!(slug("…"), "app");
        assert_eq!(slug(&"x".repeat(300)).len(), 63);
    }
}
