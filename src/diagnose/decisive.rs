//! The few lines of a failed step's output that say why it failed.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

/// How many lines are given at most.
const SHOWN: usize = 12;

/// How far from the end something must stand to count in full.
const NEAR_THE_END: usize = 40;

/// How much is wrong, by what stands in the line.
const MARKS: &[(&str, i32)] = &[
    (r"(?i)\b(fatal|panic(ked)?|segmentation fault|out of memory|oomkilled|traceback|unhandled|uncaught)\b", 6),
    (r"(?i)\b(eaddrinuse|econnrefused|enoent|eacces|enospc|etimedout|enotfound|eresolve)\b", 6),
    (r"(?i)(no space left|permission denied|connection refused|address already in use|command not found)", 6),
    (r"(?i)(no such file|cannot find|could not (find|resolve)|not found|does not exist|is missing|unable to)", 4),
    (r"(?i)(^|[\s\[(])(error|err!|failed|failure)\b|\berror(\[\w+\])?:|^e:\s", 5),
    (r"\b[A-Z]\w*(Error|Exception)\b", 5),
    (r"(?i)\b(exit(ed)?( with)?( code| status)?:? [1-9]\d*|returned a non-zero code|killed|timed out)\b", 3),
    (r"(?i)^\s*(caused by|reason|because|hint|help)\b", 2),
];

/// What looks like an error and is none, or only repeats one.
const NOISE: &str = r"(?ix)
    \b(0|no)\s+(errors?|failures?|failed)\b
    | \bwarn(ing)?\b
    | \bdeprecat
    | a\s+complete\s+log\s+of\s+this\s+run
    | npm\s+(err!|error)\s*$
    | \bretry(ing)?\b
    | (error|fail)\w*\.(js|ts|rb|py|go|rs|html|css|svg|map|php|java)\b
    | ^\s*(at\s+(async\s+)?\S+\s*\(|at\s+\S+:\d+:\d+|File\s+\x22.*\x22,\s+line)
    | ^\s*(get|post|put|head)\s+/";

static RULES: LazyLock<Option<Rules>> = LazyLock::new(Rules::new);

struct Rules {
    marks: Vec<(Regex, i32)>,
    noise: Regex,
    decoration: Regex,
}

impl Rules {
    /// `None` never comes: a test makes them.
    fn new() -> Option<Self> {
        let marks = MARKS.iter().map(|(mark, weight)| Some((Regex::new(mark).ok()?, *weight)));
        Some(Self {
            marks: marks.collect::<Option<_>>()?,
            noise: Regex::new(NOISE).ok()?,
            decoration: Regex::new(r"\x1b\[[0-9;?]*[ -/]*[@-~]|^#\d+ (\d+\.\d+ )?|\b\d+([.:]\d+)*\b").ok()?,
        })
    }

    fn weight(&self, line: &str) -> i32 {
        if line.trim().is_empty() {
            return 0;
        }
        let marks: i32 = self.marks.iter().filter(|(mark, _)| mark.is_match(line)).map(|(_, weight)| weight).sum();
        if marks == 0 {
            0
        } else if self.noise.is_match(line) {
            1
        } else {
            marks
        }
    }

    /// The line without colours, builder's prefixes, numbers and the space around: what tells it from others.
    fn essence(&self, line: &str) -> String {
        self.decoration.replace_all(line, "").trim().to_lowercase()
    }
}

/// The positions of the lines that matter, in their order: at most twelve. Where nothing says what went wrong these
/// are the last lines; where nothing was printed, none.
#[must_use]
pub fn decisive_lines(lines: &[&str]) -> Vec<usize> {
    let Some(rules) = RULES.as_ref() else { return Vec::new() };
    let mut seen = HashSet::new();
    // From the end: the last of several that say the same is what ended it.
    let mut weighed: Vec<(i32, usize)> = Vec::new();
    for (at, line) in lines.iter().enumerate().rev() {
        let weight = rules.weight(line);
        if weight > 1 && seen.insert(rules.essence(line)) {
            let near = if lines.len() - at <= NEAR_THE_END { 2 } else { 0 };
            weighed.push((weight + near, at));
        }
    }
    weighed.sort_by(|a, b| b.cmp(a));
    weighed.truncate(SHOWN - 2);
    let mut chosen: Vec<usize> = weighed.into_iter().map(|(_, at)| at).collect();
    let last = lines.iter().enumerate().rev().filter(|(_, line)| !line.trim().is_empty()).map(|(at, _)| at);
    let wanted = if chosen.is_empty() { SHOWN - 2 } else { 2 };
    chosen.extend(last.take(wanted));
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decisive(log: &str) -> Vec<&str> {
        let lines: Vec<&str> = log.lines().collect();
        decisive_lines(&lines).into_iter().map(|at| lines[at]).collect()
    }

    #[test]
    fn the_rules_are_made() {
        assert!(RULES.is_some());
    }

    #[test]
    fn the_error_is_found_in_a_long_build() {
        let ordinary = (0..500).map(|number| format!("#9 {number}.2 added package-{number}@1.0.{number}"));
        let log: Vec<String> = ordinary
            .chain([
                "#9 501.0 npm ERR! code ERESOLVE".to_owned(),
                "#9 501.0 npm ERR! ERESOLVE unable to resolve dependency tree".to_owned(),
                "#9 501.0 npm ERR!".to_owned(),
                "#9 501.1 npm ERR! A complete log of this run can be found in: /root/.npm/_logs/x.log".to_owned(),
                "#9 ERROR: process \"/bin/sh -c npm ci\" did not complete successfully: exit code: 1".to_owned(),
            ])
            .collect();
        let found = decisive(&log.join("\n")).join("\n");
        assert!(found.contains("unable to resolve dependency tree") && found.contains("exit code: 1"), "{found}");
        assert!(!found.contains("added package-3@"), "{found}");
    }

    #[test]
    fn a_crash_is_found_before_what_follows_it() {
        let mut log = "Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in <module>\n    import flask\nModuleNotFoundError: No module named 'flask'\n".to_owned();
        log.push_str(&"waiting\n".repeat(100));
        let found = decisive(&log);
        assert!(found.contains(&"ModuleNotFoundError: No module named 'flask'"), "{found:?}");
        assert_eq!(found.iter().filter(|line| **line == "waiting").count(), 2);
    }

    #[test]
    fn what_repeats_is_given_once() {
        let log: Vec<String> =
            (0..200).map(|n| format!("12:00:{n:02} ERROR connect ECONNREFUSED 127.0.0.1:54{n:02}")).collect();
        let text = log.join("\n");
        let found = decisive(&text);
        assert!(found.len() <= 2, "{found:?}");
        assert_eq!(found.last(), Some(&log[199].as_str()));
    }

    #[test]
    fn where_nothing_says_why_the_last_lines_are_given() {
        let log = (0..50).map(|number| format!("step {number}")).collect::<Vec<_>>().join("\n\n");
        let found = decisive(&log);
        assert_eq!((found.len(), found[0], found[9]), (10, "step 40", "step 49"));
        assert!(decisive("").is_empty() && decisive("\n \n").is_empty());
    }

    #[test]
    fn what_only_looks_like_an_error_is_left_out() {
        let log = "Compiled with 0 errors\nwarning: error handling is deprecated\ncopying error.js\nfatal: the disk is full\nbye";
        let found = decisive(log);
        assert_eq!(found, ["fatal: the disk is full", "bye"]);
    }

    #[test]
    fn never_more_than_twelve() {
        let log: Vec<String> = ('a'..='z').map(|letter| format!("error: {letter} is broken")).collect();
        assert_eq!(decisive(&log.join("\n")).len(), 10);
    }
}
