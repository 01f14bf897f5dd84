//! Words for the templates of commands: names and paths of a project, which a shell must take as they are, and pieces of
//! shell, which it is to read.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Words may hold words, so deep at most.
const DEPTH: usize = 4;

/// What a `{name}` in a template stands for.
#[derive(Clone, Debug)]
pub(super) enum Word {
    /// A name or a path, quoted where a shell would read anything else; a `*` stays a pattern.
    Plain(String),
    /// A piece of shell of a fixed text: `{name}` in it is another word, `{}` the next of these plain ones.
    Phrase(Cow<'static, str>, Vec<String>),
    /// A command that the project itself says, as it stands.
    Command(String),
}

impl Default for Word {
    /// A phrase that says nothing.
    fn default() -> Self {
        Self::Phrase(Cow::Borrowed(""), Vec::new())
    }
}

impl Word {
    /// A piece of shell from the rules of a stack.
    pub(super) fn of_rules(text: &str) -> Self {
        Self::Phrase(Cow::Owned(text.to_owned()), Vec::new())
    }

    /// The name or path as it is, without quotes; none of what is a piece of shell.
    pub(super) fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Phrase(..) | Self::Command(_) => None,
        }
    }
}

/// A command from its template: none where a word is not known, or cannot be a word of a command. A `$` before a brace is
/// the shell's.
pub(super) fn fill(template: &str, words: &BTreeMap<String, Word>) -> Option<String> {
    let mut line = Line { filled: String::with_capacity(template.len() + 32), quote: None, words };
    line.template(template, &[], DEPTH)?;
    Some(line.filled)
}

/// A command that is being put together.
struct Line<'a> {
    filled: String,
    /// The quotes of the template's own that are open.
    quote: Option<char>,
    words: &'a BTreeMap<String, Word>,
}

impl Line<'_> {
    fn template(&mut self, template: &str, values: &[String], depth: usize) -> Option<()> {
        let mut values = values.iter();
        let mut rest = template;
        while let Some(at) = rest.find('{') {
            let end = at + rest[at..].find('}')?;
            if rest[..at].ends_with('$') {
                self.shell(&rest[..=end]);
            } else {
                self.shell(&rest[..at]);
                match &rest[at + 1..end] {
                    "" => self.plain(values.next()?)?,
                    name => self.word(self.words.get(name)?, depth)?,
                }
            }
            rest = &rest[end + 1..];
        }
        self.shell(rest);
        Some(())
    }

    fn word(&mut self, word: &Word, depth: usize) -> Option<()> {
        match word {
            Word::Plain(text) => self.plain(text),
            Word::Phrase(text, values) => self.template(text, values, depth.checked_sub(1)?),
            Word::Command(text) => {
                self.filled.push_str(text);
                Some(())
            }
        }
    }

    /// Text that the shell is to read, with an eye on where quotes open and close.
    fn shell(&mut self, text: &str) {
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match (letter, self.quote) {
                ('\\', None | Some('"')) => drop(letters.next()),
                ('\'' | '"', None) => self.quote = Some(letter),
                (_, Some(open)) if open == letter => self.quote = None,
                _ => {}
            }
        }
        self.filled.push_str(text);
    }

    /// A name or a path. One with a line end in it, and one that a program would take for an option, is no word of a
    /// command.
    fn plain(&mut self, text: &str) -> Option<()> {
        let begins = self.quote.is_none() && self.filled.chars().next_back().is_none_or(char::is_whitespace);
        if text.is_empty() || text.contains(char::is_control) || begins && text.starts_with('-') {
            return None;
        }
        match self.quote {
            None => push_quoted(&mut self.filled, text),
            Some('"') => {
                for letter in text.chars() {
                    if matches!(letter, '"' | '\\' | '$' | '`') {
                        self.filled.push('\\');
                    }
                    self.filled.push(letter);
                }
            }
            Some(_) => self.filled.push_str(&text.replace('\'', r"'\''")),
        }
        Some(())
    }
}

/// What holds anything that a shell reads goes in quotes; a pattern's `*` stays outside of them.
fn push_quoted(filled: &mut String, text: &str) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    for (number, part) in text.split('*').enumerate() {
        if number > 0 {
            filled.push('*');
        }
        if part.chars().all(is_plain) {
            filled.push_str(part);
        } else {
            filled.extend(["'", &part.replace('\'', r"'\''"), "'"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> BTreeMap<String, Word> {
        BTreeMap::from([("name".to_owned(), Word::Plain(text.to_owned()))])
    }

    #[test]
    fn words_are_filled_in_and_the_shells_are_left() {
        let words = BTreeMap::from([
            ("run".to_owned(), Word::of_rules("pnpm run")),
            ("script.start".to_owned(), Word::Phrase("{run} {}".into(), vec!["a start".to_owned()])),
            ("own".to_owned(), Word::Command("echo {} ${X}".to_owned())),
        ]);
        assert_eq!(fill("{script.start}", &words).unwrap(), "pnpm run 'a start'");
        assert_eq!(fill("x ${PORT:-1} {run}", &words).unwrap(), "x ${PORT:-1} pnpm run");
        assert_eq!(fill("{own}", &words).unwrap(), "echo {} ${X}");
        assert_eq!(fill("{unknown}", &words), None);
    }

    #[test]
    fn a_word_that_holds_itself_ends() {
        let words = BTreeMap::from([("a".to_owned(), Word::of_rules("{a}"))]);
        assert_eq!(fill("{a}", &words), None);
    }

    #[test]
    fn usual_names_stay_as_they_are() {
        for name in ["server.js", "target/shop-1.0_2+b.jar", "@scope/shop", "app.main:api", "target/*.jar", "é"] {
            let quoted = if name.is_ascii() { name.to_owned() } else { format!("'{name}'") };
            assert_eq!(fill("run {name}", &plain(name)).unwrap(), format!("run {quoted}"));
        }
        assert_eq!(fill("java -jar {name}", &plain("my jars/*-all.jar")).unwrap(), "java -jar 'my jars/'*-all.jar");
    }

    #[test]
    fn a_shell_takes_every_name_as_it_is_wherever_it_stands() {
        let names =
            ["my prog", "x; touch PWN #", "$(touch PWN)", "`id`", "it's", "a\"b", r"a\", "{x}", "~", "a&b|c>d", "!x"];
        for name in names {
            for template in
                ["printf %s {name}", "printf %s \"{name}\"", "printf %s '{name}'", r#"printf %s "" '"'{name}'"'"#]
            {
                let command = fill(template, &plain(name)).unwrap();
                let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
                let expected = if template.ends_with("'\"'") { format!("\"{name}\"") } else { name.to_owned() };
                assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{command}");
            }
        }
    }

    #[test]
    fn what_can_be_no_word_makes_no_command() {
        for name in ["a\nb", "a\u{1b}[31m", "a\tb", "", "-rf"] {
            assert_eq!(fill("run {name}", &plain(name)), None, "{name:?}");
        }
        assert_eq!(fill("bin/{name}", &plain("-x")).unwrap(), "bin/-x");
    }
}
