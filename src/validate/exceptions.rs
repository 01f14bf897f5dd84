//! Justified exceptions: `# wharf: allow RULE because …` on the line of a fault, or in the comment right above it. One
//! at the beginning of the file counts for faults of the whole file.

use super::rules::rule;
use super::{Fault, Faults, MOST};

const MARK: &str = "wharf: allow ";

/// An exception that counts.
struct Exception<'a> {
    rule: &'a str,
    /// The lines it stands for, both included.
    lines: (usize, usize),
    is_for_all: bool,
}

/// Takes out what is excepted with a reason, and tells of exceptions that do not count.
pub(super) fn apply(text: &str, faults: &mut Faults<'_>) {
    if !text.contains(MARK) {
        return;
    }
    let lines: Vec<&str> = text.lines().collect();
    let said = lines_said(&lines);
    let first = lines.iter().position(|line| !line.trim().is_empty() && !is_comment(line)).unwrap_or(lines.len());
    let mut exceptions = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(MARK)).take(MOST) {
        let Some((before, words)) = line.split_once(MARK) else { continue };
        if !before.trim_end().ends_with(['#', '/', '*']) {
            continue;
        }
        let (slug, reason) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
        let why = reason.trim_start().strip_prefix("because").map(|why| why.trim_matches(['*', '/', '}', '-', ' ']));
        match (rule(slug), why) {
            (Some(rule), Some(why)) if rule.is_policy && why.chars().filter(|c| c.is_alphabetic()).count() > 3 => {
                exceptions.push(Exception {
                    rule: slug,
                    lines: (index + 1, 1 + said[index]),
                    is_for_all: index <= first,
                });
            }
            (Some(rule), Some(_)) if rule.is_policy => {
                faults.add("bad-exception", index + 1, format!("it does not say why: write “{MARK}{slug} because …”"));
            }
            (Some(rule), None) if rule.is_policy => {
                faults.add("bad-exception", index + 1, format!("it does not say why: write “{MARK}{slug} because …”"));
            }
            (Some(_), _) => {
                faults.add(
                    "bad-exception",
                    index + 1,
                    format!("{slug} is no policy: what cannot work has no exception"),
                );
            }
            (None, _) => faults.add("bad-exception", index + 1, format!("“{slug}” is no rule")),
        }
    }
    let is_excepted = |fault: &Fault| {
        exceptions.iter().any(|one| {
            one.rule == fault.rule
                && fault.line.map_or(one.is_for_all, |line| (one.lines.0..=one.lines.1).contains(&line))
        })
    };
    faults.found.retain(|fault| !is_excepted(fault));
}

/// What is left of faults that were found later. What is wrong with exceptions was told already.
pub(super) fn without(text: &str, found: Vec<Fault>) -> Vec<Fault> {
    let Some(first) = found.first() else { return found };
    let path = first.path.clone();
    let mut faults = Faults { path: &path, found };
    apply(text, &mut faults);
    faults.found.retain(|fault| fault.rule != "bad-exception");
    faults.found
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with(['#', '/', '*']) || line.trim_start().starts_with("{{")
}

/// For each line the last that an exception on it stands for: its own, or the first behind the comment it is part of.
fn lines_said(lines: &[&str]) -> Vec<usize> {
    let mut said: Vec<usize> = (0..lines.len()).collect();
    for index in (0..lines.len().saturating_sub(1)).rev().filter(|index| is_comment(lines[*index])) {
        said[index] = said[index + 1];
    }
    said
}

#[cfg(test)]
mod tests {
    use crate::validate::check;

    fn rules(text: &str) -> Vec<(&'static str, Option<usize>)> {
        check("Dockerfile", text).into_iter().map(|fault| (fault.rule, fault.line)).collect()
    }

    #[test]
    fn only_a_reason_makes_an_exception() {
        let with = |comment: &str| rules(&format!("{comment}\nFROM node\nUSER app\n"));
        assert_eq!(with("# wharf: allow unpinned-image because the build farm pins it"), []);
        assert_eq!(with("# wharf: allow unpinned-image because the build farm\n# pins it"), []);
        assert_eq!(with("# wharf: allow root-user because it needs a port"), [("unpinned-image", Some(2))]);
        for reason in ["", " because ", " because ....", " because    \t  ", " because — ! …", " because …. -"] {
            let comment = format!("# wharf: allow unpinned-image{reason}");
            assert_eq!(with(&comment), [("bad-exception", Some(1)), ("unpinned-image", Some(2))]);
        }
        assert_eq!(with("# wharf: allow nothing because I say so").len(), 2);
        assert_eq!(
            rules("# wharf: allow unpinned-image because of a reason\n\nFROM a:1\nUSER a\nFROM node\nUSER app\n"),
            [("unpinned-image", Some(5))],
            "an exception is for the next line alone"
        );
    }

    #[test]
    fn what_cannot_work_has_none() {
        let text = "FROM a:1\nUSER app\n# wharf: allow dockerfile-syntax because I like it\nRUM x\n";
        assert_eq!(rules(text), [("bad-exception", Some(3)), ("dockerfile-syntax", Some(4))]);
    }
}
