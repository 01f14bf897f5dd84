//! Reads `--env-file`: `KEY=VALUE` lines as `docker` and dotenv take them.

use std::path::Path;

use crate::model::{Problem, ProblemCode};

/// The names and values of a file, in its order.
pub(super) fn read(path: &Path) -> Result<Vec<(String, String)>, Problem> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => ProblemCode::NotFound,
            std::io::ErrorKind::PermissionDenied => ProblemCode::Refused,
            _ => ProblemCode::Failed,
        };
        Problem::new(code, "env-file", format!("the file {} cannot be read", path.display())).why(error)
    })?;
    parse(&text).map_err(|(line, says)| {
        Problem::new(ProblemCode::Usage, "env-file", format!("{}:{line}: {says}", path.display()))
            .why("each line is KEY=VALUE, a comment behind #, or empty")
            .fix("mend that line and try again")
    })
}

/// One `KEY=VALUE`, as `--set` takes it.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("“{text}” is not KEY=VALUE"))?;
    Ok((self::name(name)?, value.to_owned()))
}

/// A name that a process's environment can hold.
pub(super) fn name(text: &str) -> Result<String, String> {
    let fits = |(at, letter): (usize, char)| {
        letter == '_' || letter.is_ascii_alphabetic() || (at > 0 && letter.is_ascii_digit())
    };
    if !text.is_empty() && text.chars().enumerate().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(format!("“{text}” is no name for an environment variable: letters, digits and _ make one"))
    }
}

/// Whether a name says that its value should not be seen.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let public = name.starts_with("NEXT_PUBLIC_") || name.starts_with("VITE_") || name.contains("PUBLIC_KEY");
    let words =
        ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE", "API_KEY", "APIKEY", "ACCESS_KEY", "_DSN"];
    !public && (words.iter().any(|word| name.contains(word)) || name.ends_with("_KEY") || name.ends_with("_URL"))
}

/// The names and values of a text, in its order; else the line that is wrong, from 1, and how.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, (usize, String)> {
    let mut pairs = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let number = at + 1;
        let line = line.trim_start();
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (key, rest) = line.split_once('=').ok_or_else(|| (number, "there is no “=”".to_owned()))?;
        let key = name(key.trim()).map_err(|says| (number, says))?;
        let rest = rest.trim_start();
        let value = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let mut body = rest[1..].to_owned();
                let mut looked = 0;
                while end_of(&body[looked..], quote).is_none() {
                    let (_, more) = lines.next().ok_or_else(|| (number, format!("the {quote} is never closed")))?;
                    body.push('\n');
                    looked = body.len();
                    body.push_str(more);
                }
                unquote(&body, quote)
            }
            _ => rest.split(" #").next().unwrap_or_default().trim_end().to_owned(),
        };
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// Where the closing quote is; in double quotes a backslash takes the next character along.
fn end_of(body: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    body.char_indices().find_map(|(at, letter)| {
        let closes = letter == quote && !escaped;
        escaped = quote == '"' && letter == '\\' && !escaped;
        closes.then_some(at)
    })
}

fn unquote(body: &str, quote: char) -> String {
    let inner = &body[..end_of(body, quote).unwrap_or(body.len())];
    if quote == '\'' {
        return inner.to_owned();
    }
    let mut out = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_people_write() {
        let text =
            "# top\nA=1\nexport B = two words # note\nC='lit#eral $x'\nD=\"a\\nb\\\"c\"\nE=\nF=\"one\ntwo\"\nG=x#y\n";
        let expected = [
            ("A", "1"),
            ("B", "two words"),
            ("C", "lit#eral $x"),
            ("D", "a\nb\"c"),
            ("E", ""),
            ("F", "one\ntwo"),
            ("G", "x#y"),
        ];
        let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn a_value_over_many_lines_is_looked_at_once() {
        let value = "a \\\" \\\n".repeat(100_000);
        let expected = "a \" \n".repeat(100_000);
        assert_eq!(parse(&format!("A=\"{value}\"\n")).unwrap(), [("A".to_owned(), expected)]);
    }

    #[test]
    fn says_which_line_is_wrong() {
        assert_eq!(parse("A=1\nnonsense\n").unwrap_err().0, 2);
        assert_eq!(parse("A=1\n\n1B=2").unwrap_err().0, 3);
        assert_eq!(parse("A=\"open\nB=2").unwrap_err().0, 1);
    }

    #[test]
    fn secrets_are_told_by_their_names() {
        for name in ["DB_PASSWORD", "STRIPE_SECRET", "github_token", "DATABASE_URL", "SIGNING_KEY"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["PORT", "NODE_ENV", "KEYBOARD", "NEXT_PUBLIC_API_KEY", "LOG_LEVEL"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
