//! A list of what version control ignores, read as git reads it.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The file whose lines say what version control ignores.
pub(super) const IGNORES: &str = ".gitignore";
/// So many bytes such a file may have: each becomes a hundred and more of memory.
pub(super) const IGNORE_LIST: u64 = 1 << 19;
/// What is said of a larger one, and of those that are too many.
pub(super) const NO_LIST: &str =
    "is too large for a list of what to ignore, by itself or with those before it; nothing was left out for it";

/// One such list.
#[derive(Debug)]
pub(super) struct IgnoreList {
    own: Gitignore,
    /// Its patterns that have to be tried one after the other.
    pub(super) wild: usize,
}

/// The lines of a list, as the library takes them.
pub(super) struct Lines {
    lines: Vec<String>,
    /// The patterns among them that have to be tried one after the other, and take the most memory.
    pub(super) wild: usize,
}

impl Lines {
    pub(super) fn read(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let lines = text.trim_start_matches('\u{feff}').split('\n');
        let lines: Vec<String> =
            lines.map(|line| as_the_library_has_it(line.strip_suffix('\r').unwrap_or(line))).collect();
        let wild = lines.iter().filter(|line| is_wild(line)).count();
        Self { lines, wild }
    }

    /// The list, for paths relative to where `folder` is. None where it cannot be held. A line that is malformed hides
    /// nothing.
    pub(super) fn compile(&self, folder: &str) -> Option<IgnoreList> {
        let mut builder = GitignoreBuilder::new(folder);
        for line in &self.lines {
            let _ = builder.add_line(None, line);
        }
        Some(IgnoreList { own: builder.build().ok()?, wild: self.wild })
    }
}

impl IgnoreList {
    /// Whether the list leaves a path out; none where it has no word on it.
    pub(super) fn says(&self, path: &str, is_folder: bool) -> Option<bool> {
        let matched = self.own.matched(path, is_folder);
        (!matched.is_none()).then(|| matched.is_ignore())
    }

    /// The same where one of the folders that it lies in may be meant.
    pub(super) fn says_of_any_parent(&self, path: &str) -> Option<bool> {
        let matched = self.own.matched_path_or_any_parents(path, false);
        (!matched.is_none()).then(|| matched.is_ignore())
    }
}

/// More than one `*`, or a place that fits several letters.
fn is_wild(line: &str) -> bool {
    line.bytes().filter(|byte| *byte == b'*').count() > 1 || line.contains(['?', '['])
}

/// Where the library's patterns say something else than git's (gitignore(5), and fnmatch(3) for the classes): braces
/// are letters, three stars mean no more than two, a class has a name, and only spaces are trimmed.
fn as_the_library_has_it(line: &str) -> String {
    let mut own = String::with_capacity(line.len() + 8);
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let mut end = letter.len_utf8();
        match letter {
            '\\' => {
                end += rest[end..].chars().next().map_or(0, char::len_utf8);
                own.push_str(&rest[..end]);
            }
            '{' | '}' => {
                own.push('\\');
                own.push(letter);
            }
            '[' => {
                end = class_end(rest);
                own.push_str(&expanded(&rest[..end]));
            }
            '*' => {
                end = rest.len() - rest.trim_start_matches('*').len();
                own.push_str(if end > 1 { "**" } else { "*" });
            }
            _ => own.push(letter),
        }
        rest = &rest[end..];
    }
    match own.chars().next_back() {
        Some(last) if last != ' ' && last.is_whitespace() && !own.starts_with('#') => {
            own.truncate(own.len() - last.len_utf8());
            format!("{own}[{last}]")
        }
        _ => own,
    }
}

/// Where a class ends that a pattern begins with; the bracket alone where it does not end.
fn class_end(pattern: &str) -> usize {
    let mut at = 1 + pattern[1..].len() - pattern[1..].trim_start_matches(['!', '^']).len();
    // A bracket that comes first is a letter.
    at += usize::from(pattern[at..].starts_with(']'));
    loop {
        let Some(next) = pattern[at..].find([']', '[']) else { return 1 };
        at += next;
        if pattern[at..].starts_with("[:")
            && let Some(end) = pattern[at..].find(":]")
        {
            at += end + 2;
        } else if pattern[at..].starts_with('[') {
            at += 1;
        } else {
            return at + 1;
        }
    }
}

fn expanded(class: &str) -> String {
    const NAMED: [(&str, &str); 8] = [
        ("[:alpha:]", "A-Za-z"),
        ("[:digit:]", "0-9"),
        ("[:alnum:]", "A-Za-z0-9"),
        ("[:upper:]", "A-Z"),
        ("[:lower:]", "a-z"),
        ("[:xdigit:]", "0-9A-Fa-f"),
        ("[:space:]", " \t\r\u{b}\u{c}"),
        ("[:blank:]", " \t"),
    ];
    NAMED.iter().fold(class.to_owned(), |class, (name, letters)| class.replace(name, letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves_out(pattern: &str, path: &str) -> bool {
        Lines::read(pattern.as_bytes()).compile("").unwrap().says(path, false) == Some(true)
    }

    /// Each pair as `git check-ignore --no-index` has it.
    #[test]
    fn patterns_mean_what_they_mean_to_git() {
        let hidden = [
            ("{a,b}", "{a,b}"),
            ("*.{x,y}", "z.{x,y}"),
            ("[[:alpha:]]1", "q1"),
            ("x[[:digit:]]", "x7"),
            ("x[![:digit:]]", "xa"),
            ("a***", "ab"),
            ("***", "a"),
            ("tr\t", "tr\t"),
            ("a\\{b", "a{b"),
            ("trailing   ", "trailing"),
            ("*.log\r", "a.log"),
            ("[]a]", "]"),
        ];
        for (pattern, path) in hidden {
            assert!(leaves_out(pattern, path), "{pattern:?} hides {path:?}");
        }
        let seen =
            [("{a,b}", "a"), ("*.{x,y}", "z.x"), ("{**}", "a"), ("tr\t", "tr"), ("[[:digit:]]", "a"), ("# {", "# {")];
        for (pattern, path) in seen {
            assert!(!leaves_out(pattern, path), "{pattern:?} leaves {path:?}");
        }
    }
}
