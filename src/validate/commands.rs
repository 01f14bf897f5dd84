//! The commands of a script for a shell, as far as they can be told apart without running it.

use super::shell::here_document;

/// A command with its words, as they stand there but without quotes.
#[derive(Debug, PartialEq)]
pub(super) struct Command {
    /// Where the line it stands on begins in the text, in bytes.
    pub(super) at: usize,
    pub(super) words: Vec<String>,
}

/// What may stand before the name of a program.
const BEFORE: [&str; 20] = [
    "!", "{", "}", "if", "then", "else", "elif", "while", "until", "do", "sudo", "env", "time", "exec", "nohup",
    "command", "(", "&", "xargs", "eval",
];

/// The commands of a text in their order; here-documents are left out.
pub(super) fn read(text: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut until: Option<String> = None;
    let (mut whole, mut from) = (String::new(), 0);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim();
        if let Some(end) = &until {
            if line == end {
                until = None;
            }
            continue;
        }
        if whole.is_empty() {
            from = start;
            if line.starts_with('#') {
                continue;
            }
        }
        if let Some(before) = line.strip_suffix('\\') {
            whole.push_str(before);
            whole.push(' ');
            continue;
        }
        whole.push_str(line);
        until = here_document(&whole);
        commands.extend(split(&std::mem::take(&mut whole)).into_iter().map(|words| Command { at: from, words }));
    }
    commands.extend(split(&whole).into_iter().map(|words| Command { at: from, words }));
    commands.retain(|command| !command.words.is_empty());
    commands
}

/// The commands of a line.
fn split(line: &str) -> Vec<Vec<String>> {
    let mut splitter = Splitter { commands: vec![Vec::new()], now: 0, word: None, quote: None, outer: Vec::new() };
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (splitter.quote, letter) {
            (Some(open), _) if open == letter => splitter.quote = None,
            (Some('\''), _) => splitter.push(letter),
            // What is run within a text is a command of its own.
            (_, '$') if letters.next_if_eq(&'(').is_some() => splitter.begin_inner(),
            (_, '\\') => splitter.word.get_or_insert_default().extend(letters.next()),
            (None, '"' | '\'') => {
                splitter.quote = Some(letter);
                splitter.word.get_or_insert_default();
            }
            (None, '#') if splitter.word.is_none() => break,
            (None, ')') => splitter.end_inner(),
            (None, ';' | '|' | '&' | '(' | '`') => splitter.next_command(),
            (None, ' ' | '\t') => splitter.end_word(),
            (None, '<' | '>') => {
                splitter.end_word();
                splitter.push(letter);
                while let Some(more) = letters.next_if(|next| matches!(next, '<' | '>' | '&')) {
                    splitter.push(more);
                }
                splitter.end_word();
            }
            _ => splitter.push(letter),
        }
    }
    splitter.end_word();
    for words in &mut splitter.commands {
        let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_before = |word: &String| {
            BEFORE.contains(&word.as_str()) || word.split_once('=').is_some_and(|(name, _)| is_name(name))
        };
        let first = words.iter().position(|word| !is_before(word)).unwrap_or(words.len());
        words.drain(..first);
    }
    splitter.commands
}

/// Puts letters together to words, and words to commands.
struct Splitter {
    commands: Vec<Vec<String>>,
    /// The command that words belong to.
    now: usize,
    word: Option<String>,
    quote: Option<char>,
    /// The commands that the one being read stands in, with what was read of them.
    outer: Vec<(usize, Option<String>, Option<char>)>,
}

impl Splitter {
    fn push(&mut self, letter: char) {
        self.word.get_or_insert_default().push(letter);
    }

    fn end_word(&mut self) {
        if let (Some(word), Some(command)) = (self.word.take(), self.commands.get_mut(self.now)) {
            command.push(word);
        }
    }

    fn next_command(&mut self) {
        self.end_word();
        self.now = self.commands.len();
        self.commands.push(Vec::new());
    }

    fn begin_inner(&mut self) {
        self.push('$');
        self.outer.push((self.now, self.word.take(), self.quote.take()));
        self.next_command();
    }

    fn end_inner(&mut self) {
        self.end_word();
        match self.outer.pop() {
            Some((now, word, quote)) => (self.now, self.word, self.quote) = (now, word, quote),
            None => self.next_command(),
        }
    }
}

impl Command {
    /// The words from one on.
    pub(super) fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    /// What a flag is given, as `--flag VALUE` or `--flag=VALUE`.
    pub(super) fn flag<'c>(&'c self, flags: &'c [&str]) -> impl Iterator<Item = &'c str> {
        self.words.iter().enumerate().filter_map(move |(index, word)| {
            if flags.contains(&word.as_str()) {
                return self.words.get(index + 1).map(String::as_str);
            }
            let (flag, value) = word.split_once('=')?;
            (flags.contains(&flag) && flag.starts_with('-')).then_some(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn commands_are_told_apart() {
        let text = "# no\nA=1 B=\"$(x y)\" bash a.sh -e && if ! sh 'b c' | tee \"d;e\"; then f \\\n  g; fi\ncat <<EOF >h\nno\nEOF\ni <j # k\n";
        let found: Vec<(usize, String)> =
            read(text).into_iter().map(|command| (command.at, command.words.join(" "))).collect();
        let wanted = [(5, "x y"), (5, "bash a.sh -e"), (5, "sh b c"), (5, "tee d;e"), (5, "f   g"), (5, "fi")];
        for (at, words) in wanted {
            assert!(
                found.iter().any(|(there, said)| *there == at && said.split_whitespace().eq(words.split_whitespace())),
                "{words}: {found:?}"
            );
        }
        assert!(found.iter().any(|(_, said)| said == "i < j") && !found.iter().any(|(_, said)| said == "no"));
    }

    #[test]
    fn flags_have_values() {
        let commands = read("a --file x --file=y -f z\n");
        assert_eq!(commands[0].flag(&["--file", "-f"]).collect::<Vec<_>>(), ["x", "y", "z"]);
    }
}
