//! Shell commands taken apart, so that an image can start them without a shell, or with one that steps aside.

use super::escape::exec_form;

/// How a start command goes into an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The words, where no shell is needed to make sense of them.
    words: Option<Vec<String>>,
    /// The command as it was said.
    text: String,
}

impl Start {
    /// Reads a shell command.
    pub(crate) fn parse(command: &str) -> Self {
        Self { words: words(command), text: command.trim().to_owned() }
    }

    /// Whether a shell has to read it.
    pub(crate) const fn needs_shell(&self) -> bool {
        self.words.is_none()
    }

    /// The file that the build made and this starts: `x.jar`, `x.dll`, or a program with a path.
    pub(crate) fn built(&self) -> Option<&str> {
        let is_plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./*@+".contains(c));
        let mut words = self.text.split_whitespace().filter(is_plain);
        let is_built = |word: &&str| [".jar", ".dll"].iter().any(|ending| word.ends_with(ending));
        words.clone().find(is_built).or_else(|| words.find(|word| *word != "exec").filter(|word| word.contains('/')))
    }

    /// The same command with another word in the place of one.
    pub(crate) fn with(&self, word: &str, other: &str) -> Self {
        let swapped = |own: &String| if own == word { other.to_owned() } else { own.clone() };
        Self {
            words: self.words.as_ref().map(|words| words.iter().map(swapped).collect()),
            text: self.text.replacen(word, other, 1),
        }
    }

    /// The words of a command that ends by itself, those of a shell where one has to read it.
    pub(crate) fn into_words(self) -> Vec<String> {
        self.words.unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-c".to_owned(), self.text])
    }

    /// The same of a command that ends with a signal, which a shell has to let through.
    pub(crate) fn into_lasting_words(self) -> Vec<String> {
        self.words.unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-c".to_owned(), with_exec(&self.text)])
    }

    /// What stands behind `CMD`: exec form. A shell that is needed gives its place to the app, so that signals arrive.
    pub(crate) fn exec_form(&self) -> String {
        match &self.words {
            Some(words) => exec_form(words),
            None => exec_form(&["/bin/sh", "-c", &with_exec(&self.text)]),
        }
    }
}

/// The words of a command that needs no shell: no expansion, no operator, no assignment.
fn words(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = command.trim().chars();
    while let Some(c) = letters.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '"' => break,
                        '$' | '`' | '\\' => return None,
                        c => word.push(c),
                    }
                }
            }
            '\n' | '\r' => return None,
            c if c.is_whitespace() => words.extend(word.take()),
            '$' | '`' | '\\' | '&' | '|' | ';' | '<' | '>' | '(' | ')' | '{' | '}' | '*' | '?' | '[' | '!' => {
                return None;
            }
            '#' | '~' if word.is_none() => return None,
            '=' if words.is_empty() => return None,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if words.is_empty() || BUILT_IN.contains(&words[0].as_str()) { None } else { Some(words) }
}

/// Commands that only a shell knows.
const BUILT_IN: [&str; 8] = ["cd", "exec", "export", "set", ".", "source", "ulimit", "umask"];

/// Puts `exec` before the last command of a chain, where the chain is one of `&&` and `;` only.
pub(crate) fn with_exec(command: &str) -> String {
    let Some(at) = last_command(command) else { return command.to_owned() };
    let (before, last) = command.split_at(at);
    // Assignments stand before the word `exec`.
    let mut start = 0;
    for word in last.split_inclusive(' ') {
        let name = word.split('=').next().unwrap_or_default();
        let is_assignment = word.contains('=') && super::escape::is_env_name(name);
        if !is_assignment && !word.trim().is_empty() {
            break;
        }
        start += word.len();
    }
    let (assignments, rest) = last.split_at(start);
    if rest.trim().is_empty() || rest.starts_with("exec ") {
        command.to_owned()
    } else {
        format!("{before}{assignments}exec {rest}")
    }
}

/// Where the last command of a chain begins; none where the chain has something else in it than `&&` and `;`.
fn last_command(command: &str) -> Option<usize> {
    let bytes = command.as_bytes();
    let (mut at, mut last, mut quote) = (0, 0, None);
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(open), b) if b == open => quote = None,
            (Some(b'"') | None, b'\\') => at += 1,
            (None, b @ (b'"' | b'\'')) => quote = Some(b),
            (None, b'&') if bytes.get(at + 1) == Some(&b'&') => {
                at += 1;
                last = at + 1;
            }
            (None, b';') => last = at + 1,
            (None, b'&' | b'|' | b'(' | b')' | b'{' | b'}' | b'`' | b'\n' | b'\r' | b'#') => {
                // `${PORT}` and `$(…)` are no groups; what cannot be told apart is left alone.
                let is_expansion = bytes[at] == b'{' && at > 0 && bytes[at - 1] == b'$';
                if !is_expansion {
                    return None;
                }
                at += bytes[at..].iter().position(|b| *b == b'}')?;
            }
            _ => {}
        }
        at += 1;
    }
    let skipped = command[last..].len() - command[last..].trim_start().len();
    Some(last + skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cmd(command: &str) -> String {
        Start::parse(command).exec_form()
    }

    #[test]
    fn plain_words_need_no_shell() {
        assert_eq!(cmd("node server.js"), r#"["node", "server.js"]"#);
        assert_eq!(cmd("python -c 'print(1)'  \"a b\""), r#"["python", "-c", "print(1)", "a b"]"#);
        assert_eq!(cmd("gunicorn app:app --bind=0.0.0.0:8000"), r#"["gunicorn", "app:app", "--bind=0.0.0.0:8000"]"#);
    }

    #[test]
    fn a_shell_steps_aside() {
        assert_eq!(cmd("uvicorn main:app --port $PORT"), r#"["/bin/sh", "-c", "exec uvicorn main:app --port $PORT"]"#);
        assert_eq!(cmd("PORT=${PORT:-80} A=1 node ."), r#"["/bin/sh", "-c", "PORT=${PORT:-80} A=1 exec node ."]"#);
        assert_eq!(cmd("npm run migrate && node ."), r#"["/bin/sh", "-c", "npm run migrate && exec node ."]"#);
        assert_eq!(cmd("cd web && ./run \"$X && y\""), r#"["/bin/sh", "-c", "cd web && exec ./run \"$X && y\""]"#);
        assert_eq!(cmd("a | b"), r#"["/bin/sh", "-c", "a | b"]"#);
        assert_eq!(cmd("a & b"), r#"["/bin/sh", "-c", "a & b"]"#);
        assert_eq!(cmd("a || b"), r#"["/bin/sh", "-c", "a || b"]"#);
        assert_eq!(cmd("cd /srv"), r#"["/bin/sh", "-c", "exec cd /srv"]"#);
        assert_eq!(cmd("run 'it"), r#"["/bin/sh", "-c", "exec run 'it"]"#);
        assert_eq!(cmd("a\nb"), "[\"/bin/sh\", \"-c\", \"a\\nb\"]");
    }

    #[test]
    fn what_was_built_is_found_and_put_elsewhere() {
        let start = Start::parse("./bin/api --port $PORT -t public");
        assert_eq!(start.built(), Some("./bin/api"));
        let moved = start.with("./bin/api", "/app/server").exec_form();
        assert_eq!(moved, r#"["/bin/sh", "-c", "exec /app/server --port $PORT -t public"]"#);
        assert_eq!(Start::parse("java -Xmx1g -jar target/a.jar").built(), Some("target/a.jar"));
        assert_eq!(Start::parse("dotnet out/A.dll").with("out/A.dll", "A.dll").exec_form(), r#"["dotnet", "A.dll"]"#);
        assert_eq!(Start::parse("A=$B ./x").built(), Some("./x"));
        assert_eq!(Start::parse("exec bin/web -a $B").built(), Some("bin/web"));
        assert_eq!(Start::parse("go run .").built(), None);
    }
}
