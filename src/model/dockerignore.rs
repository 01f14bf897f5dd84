//! `.dockerignore`: what stays out of a source snapshot and of a build's context.
//!
//! The rules are Docker's (docs.docker.com, “Build context”, `.dockerignore` files): patterns of Go's
//! `filepath.Match` with `**` for any number of folders, `!` for an exception, `#` for a comment at the start of a
//! line. A pattern that matches a folder holds for all below it, and the last pattern that matches decides.

use regex::Regex;

/// The patterns of a `.dockerignore`.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    /// Matches whole paths relative to the root, with `/`.
    path: Regex,
    /// It stands behind a `!`.
    keeps: bool,
    /// What the pattern says before its first wildcard.
    literal: String,
}

/// A pattern that nobody can match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} (`{pattern}`): {why}")]
pub struct BadPattern {
    /// The line, from 1.
    pub line: usize,
    /// The pattern as it stands there.
    pub pattern: String,
    /// What is wrong with it.
    pub why: String,
}

/// Which rules match a folder or one of the folders above it.
#[derive(Clone, Debug)]
pub struct Inherited(Vec<bool>);

impl Ignore {
    /// Reads the text of a `.dockerignore`.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate();
        let rules = lines.filter(|(_, line)| !line.starts_with('#')).filter_map(|(at, line)| {
            let line = line.trim();
            let bad = |why| BadPattern { line: at + 1, pattern: line.to_owned(), why };
            (!line.is_empty()).then(|| Rule::parse(line).map_err(bad))
        });
        Ok(Self { rules: rules.collect::<Result<_, _>>()? })
    }

    /// What the root of a tree inherits: nothing.
    #[must_use]
    pub fn root(&self) -> Inherited {
        Inherited(vec![false; self.rules.len()])
    }

    /// Whether `path` stays out, and what the entries below it inherit. `above` is that of its folder.
    #[must_use]
    pub fn check(&self, above: &Inherited, path: &str) -> (bool, Inherited) {
        let hits: Vec<bool> =
            self.rules.iter().zip(&above.0).map(|(rule, inherited)| *inherited || rule.path.is_match(path)).collect();
        let out = self.rules.iter().zip(&hits).fold(false, |out, (rule, hit)| if *hit { !rule.keeps } else { out });
        (out, Inherited(hits))
    }

    /// Whether `path` stays out, looked at alone.
    #[must_use]
    pub fn is_ignored(&self, path: &str) -> bool {
        let mut above = self.root();
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let mut out = false;
        for end in ends {
            (out, above) = self.check(&above, &path[..end]);
        }
        out
    }

    /// Whether something below a folder that stays out may come in again.
    #[must_use]
    pub fn may_keep_below(&self, folder: &str) -> bool {
        let folder = format!("{folder}/");
        let meets = |rule: &Rule| rule.literal.starts_with(&folder) || folder.starts_with(&rule.literal);
        self.rules.iter().any(|rule| rule.keeps && meets(rule))
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Self, String> {
        let (keeps, pattern) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        if pattern.is_empty() {
            return Err("a `!` needs a pattern behind it".to_owned());
        }
        let pattern = clean(pattern);
        let path = Regex::new(&expression(&pattern)?).map_err(|_| "this is no pattern".to_owned())?;
        let literal = pattern.split(['*', '?', '[', '\\']).next().unwrap_or_default().to_owned();
        Ok(Self { path, keeps, literal })
    }
}

/// The pattern without empty parts, `.`, resolvable `..`, and slashes at its ends.
fn clean(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            // At the root there is nothing above.
            ".." if pattern.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The pattern as a regular expression for whole paths.
fn expression(pattern: &str) -> Result<String, String> {
    let mut out = String::from("(?s)^");
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' if letters.next_if_eq(&'*').is_some() => {
                letters.next_if_eq(&'/');
                out.push_str(if letters.peek().is_none() { ".*" } else { "(.*/)?" });
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => out.push_str(&class(&mut letters)?),
            '\\' => {
                let escaped = letters.next().ok_or("a `\\` needs a letter behind it")?;
                out.push_str(&regex::escape(escaped.encode_utf8(&mut [0; 4])));
            }
            letter => out.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    Ok(out)
}

/// The rest of a `[…]`, whose bracket was read.
fn class(letters: &mut impl Iterator<Item = char>) -> Result<String, String> {
    let mut out = String::from("[");
    let mut first = true;
    loop {
        let letter = match letters.next().ok_or("a `[` is not closed")? {
            ']' if !first => break,
            '^' if first && out == "[" => {
                out.push('^');
                continue;
            }
            '-' => {
                out.push('-');
                first = false;
                continue;
            }
            '\\' => letters.next().ok_or("a `\\` needs a letter behind it")?,
            letter => letter,
        };
        first = false;
        if !letter.is_alphanumeric() {
            out.push('\\');
        }
        out.push(letter);
    }
    Ok(out + "]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(text: &str, path: &str) -> bool {
        Ignore::parse(text).unwrap().is_ignored(path)
    }

    #[test]
    fn documented_examples_hold() {
        let text = "# comment\n*/temp*\n*/*/temp*\ntemp?\n";
        assert!(ignored(text, "somedir/temporary.txt"));
        assert!(ignored(text, "somedir/temp/file"));
        assert!(ignored(text, "somedir/subdir/temporary.txt"));
        assert!(ignored(text, "tempa"));
        assert!(!ignored(text, "temp"));
        assert!(!ignored(text, "a/b/c/temporary"));
        assert!(!ignored(text, "# comment"));
    }

    #[test]
    fn two_stars_match_any_number_of_folders() {
        for path in ["a.go", "x/a.go", "x/y/z/a.go"] {
            assert!(ignored("**/*.go", path), "{path}");
        }
        assert!(!ignored("*.go", "x/a.go"));
        assert!(ignored("a/**/b", "a/b"));
        assert!(ignored("a/**/b", "a/x/y/b"));
        assert!(ignored("a/**", "a/x/y"));
        assert!(!ignored("a/**", "a"));
        assert!(ignored("**", "anything/at/all"));
        assert!(ignored("**/node_modules", "apps/web/node_modules/react/index.js"));
    }

    #[test]
    fn the_last_match_decides() {
        assert!(!ignored("*.md\n!README.md", "README.md"));
        assert!(ignored("*.md\n!README*.md\nREADME-secret.md", "README-secret.md"));
        assert!(!ignored("*.md\nREADME-secret.md\n!README*.md", "README-secret.md"));
        assert!(!ignored("dist\n!dist/public", "dist/public/app.js"));
        assert!(ignored("dist\n!dist/public", "dist/private.js"));
        assert!(!ignored("*\n!src", "src/deep/main.rs"));
        assert!(ignored("*\n!src", "target/debug"));
    }

    #[test]
    fn slashes_dots_and_space_are_cleaned_away() {
        assert!(ignored("  /foo/  ", "foo/bar"));
        assert!(ignored("./foo//bar/../baz", "foo/baz"));
        assert!(ignored("\u{feff}foo", "foo"));
        assert!(ignored("foo\r\nbar", "foo"));
        assert!(!ignored("../foo", "foo"));
        assert!(!ignored(".", "foo"));
        assert!(!ignored("foo", "foobar"));
        assert!(!ignored("a.c", "abc"));
        assert!(!ignored(" # no comment", "other"));
    }

    #[test]
    fn classes_and_escapes() {
        assert!(ignored("[a-c].txt", "b.txt"));
        assert!(!ignored("[^a-c].txt", "b.txt"));
        assert!(ignored("[^a-c].txt", "x.txt"));
        assert!(ignored(r"\*.txt", "*.txt"));
        assert!(!ignored(r"\*.txt", "a.txt"));
        assert!(ignored(r"[\]]x", "]x"));
        assert!(ignored("[a&&b]", "&"));
    }

    #[test]
    fn a_bad_pattern_is_named_with_its_line() {
        let bad = Ignore::parse("fine\n\n[a-\n").unwrap_err();
        assert_eq!((bad.line, bad.pattern.as_str()), (3, "[a-"));
        assert_eq!(Ignore::parse("!").unwrap_err().line, 1);
        assert!(Ignore::parse(r"a\").is_err());
        assert!(Ignore::parse("[z-a]").is_err());
    }

    #[test]
    fn folders_are_entered_only_where_an_exception_may_hold() {
        let ignore = Ignore::parse("node_modules\ndist\n!dist/public/*.js").unwrap();
        assert!(ignore.may_keep_below("dist"));
        assert!(ignore.may_keep_below("dist/public"));
        assert!(!ignore.may_keep_below("node_modules"));
        assert!(!ignore.may_keep_below("distance"));
        assert!(Ignore::parse("a\n!**/x").unwrap().may_keep_below("a"));
    }
}
