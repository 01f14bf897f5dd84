//! Sound files and what breaks each rule in them.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::RULES;
use super::{
    azure, check_all, cloudformation, compose, dockerfile, env_file, github, gitlab, helm, ignore_list, jenkins,
    kubernetes, shell, sound, terraform,
};

/// A sound file, or several that belong together, with changes that each break one rule.
pub(super) struct Case {
    /// Paths with their texts.
    pub(super) files: &'static [(&'static str, &'static str)],
    pub(super) breaks: &'static [Break],
}

/// What is replaced by what, and which rule that breaks on which line; 0 is the whole file.
pub(super) type Break = (&'static str, &'static str, &'static str, usize);

pub(super) fn all() -> Vec<&'static Case> {
    [
        compose::tests::CASES,
        dockerfile::tests::CASES,
        env_file::tests::CASES,
        ignore_list::tests::CASES,
        azure::tests::CASES,
        cloudformation::tests::CASES,
        github::tests::CASES,
        gitlab::tests::CASES,
        helm::tests::CASES,
        jenkins::tests::CASES,
        kubernetes::tests::CASES,
        shell::tests::CASES,
        sound::CASES,
        terraform::tests::CASES,
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn files(case: &Case) -> BTreeMap<String, String> {
    case.files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn each_change_breaks_its_rule_and_no_other() {
    let mut wrong = Vec::new();
    for case in all() {
        let sound = files(case);
        let faults = check_all(&sound);
        if !faults.is_empty() {
            let said: Vec<_> = faults.iter().map(|fault| (fault.line, fault.rule, &fault.message)).collect();
            wrong.push(format!("{}: the sound one has {said:#?}", case.files[0].0));
            continue;
        }
        for (old, new, rule, line) in case.breaks {
            let mut broken = sound.clone();
            let Some(text) = broken.values_mut().find(|text| text.contains(old)) else {
                wrong.push(format!("{}: nothing says “{old}”", case.files[0].0));
                continue;
            };
            *text = text.replacen(old, new, 1);
            let found = check_all(&broken);
            let said: Vec<_> = found.iter().map(|fault| (fault.rule, fault.line.unwrap_or(0))).collect();
            if said != [(*rule, *line)] {
                let messages: Vec<_> = found.iter().map(|fault| &fault.message).collect();
                wrong.push(format!("{}: {old:?} → {new:?}: {rule} {line}, not {said:?} {messages:?}", case.files[0].0));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_broken_by_a_case() {
    // What no case of a format shows has tests of its own.
    let elsewhere = ["too-large", "bad-exception"];
    let broken: BTreeSet<&str> = all().iter().flat_map(|case| case.breaks).map(|(_, _, rule, _)| *rule).collect();
    let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.slug).collect();
    let unbroken: Vec<_> = known.difference(&broken).filter(|rule| !elsewhere.contains(rule)).collect();
    assert!(unbroken.is_empty(), "nothing breaks {unbroken:?}");
    assert_eq!(broken.difference(&known).collect::<Vec<_>>(), [&""; 0], "these are in no list");
    assert_eq!(known.len(), RULES.len(), "a rule stands twice");
}
