//! Sound files with changes that nobody would make by hand: whatever a text is, checking it ends and tells lines that
//! are there.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use super::{cases, check_all};

/// What is put somewhere into a file: the marks of all formats.
const PARTS: &[&str] = &[
    "\"",
    "'",
    "`",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "${",
    "${{",
    "{{",
    "}}",
    "$(",
    "<<EOF\n",
    "'''",
    "\"\"\"",
    "/*",
    "*/",
    "//",
    "#",
    "\\",
    "\n",
    "\r\n",
    "\t",
    ":",
    "- ",
    ",",
    "=",
    "&a ",
    "*a",
    "<<: *a",
    "!Ref ",
    "|\n",
    ">-\n",
    "---\n",
    "?",
    "!",
    "é",
    "\u{2028}",
    "\0",
    "\u{feff}",
    "%",
    ".",
    "..",
    "[*]",
    "0",
    "-",
    "wharf: allow ",
    "@",
    "null",
    "~",
];

#[derive(Clone, Debug)]
enum Change {
    Insert(Index, &'static str),
    Remove(Index, usize),
    Repeat(Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let part = any::<Index>().prop_map(|index| *index.get(PARTS));
    prop_oneof![
        (any::<Index>(), part).prop_map(|(at, part)| Change::Insert(at, part)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
    ]
}

fn changed(text: &str, change: &Change) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let length = letters.len();
    let place = |at: &Index| at.index(length + 1);
    let end = |from: usize, more: usize| (from + more).min(length);
    match change {
        Change::Insert(at, part) => {
            letters.splice(place(at)..place(at), part.chars());
        }
        Change::Remove(at, more) => {
            letters.drain(place(at)..end(place(at), *more));
        }
        Change::Repeat(at, more) => {
            let part = letters[place(at)..end(place(at), *more)].to_vec();
            letters.splice(place(at)..place(at), part);
        }
    }
    letters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_text_is_checking_it_ends(
        index in any::<Index>(),
        file in any::<Index>(),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let cases = cases::all();
        let case = index.get(&cases);
        let mut files: BTreeMap<String, String> =
            case.files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let path = file.get(case.files).0;
        let text = changes.iter().fold(files[path].clone(), |text, change| changed(&text, change));
        // YAML knows more ends of lines, and what lacks at the end is missed on the line behind it.
        let lines = 2 + text.matches(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
        files.insert(path.to_owned(), text);
        for fault in check_all(&files).iter().filter(|fault| fault.path == path) {
            prop_assert!(fault.line.is_none_or(|line| (1..=lines).contains(&line)), "{fault:?} {:?}", files[path]);
        }
    }
}
