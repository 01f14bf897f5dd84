//! `wharf generate --review`: what a reviewer proposes, numbered, and what of it is written.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::artifacts::{Styled, difference_of};
use super::output::{self, Style, harmless, styled};
use crate::generate::{self, Draft, Gain, Judged, Proposal, Reviewer};
use crate::model::{FileChange, Found, Problem, ProblemCode};
use crate::validate;

/// A draft and what was proposed for it. Those that can be applied come first, and their numbers count from 1.
pub(super) struct Review {
    draft: Draft,
    judged: Vec<Judged>,
}

/// What the checks say of all files, wherever in each that is.
fn faults(files: &BTreeMap<String, String>) -> Vec<String> {
    let faults = validate::check_all(files).into_iter();
    faults.map(|fault| format!("{}: {}: {}", fault.path, fault.rule, fault.message)).collect()
}

impl Review {
    pub(super) fn of(reviewer: &dyn Reviewer, draft: Draft) -> Self {
        let mut judged = generate::judge(reviewer.review(&draft), &draft, &faults);
        judged.sort_by_key(|judged| judged.verdict.is_err());
        Self { draft, judged }
    }

    pub(super) fn show(&self, json: bool) {
        if json {
            return output::json(&json!({ "proposals": self.listed(|_| true), "applied": [] }));
        }
        self.print(|_| true);
        match self.judged.iter().filter(|judged| judged.verdict.is_ok()).count() {
            0 => output::line("nothing to propose"),
            _ => output::note("`wharf generate --review --apply N` writes one of them"),
        }
    }

    /// Tells what was written.
    pub(super) fn written(&self, chosen: &[usize], json: bool) {
        if json {
            let applied: Vec<usize> = (1..=self.judged.len()).filter(|number| chosen.contains(number)).collect();
            return output::json(
                &json!({ "proposals": self.listed(|number| chosen.contains(&number)), "applied": applied }),
            );
        }
        self.print(|number| chosen.contains(&number));
        output::line("written; the other proposals may have other numbers now");
    }

    /// The files with these proposals applied, instead of what lies there.
    pub(super) fn changes(
        &self,
        chosen: &[usize],
        there: &BTreeMap<String, String>,
    ) -> Result<Vec<FileChange>, Problem> {
        let mut proposals: Vec<&Proposal> = Vec::new();
        for number in chosen {
            let judged =
                number.checked_sub(1).and_then(|at| self.judged.get(at)).ok_or_else(|| self.unknown(*number))?;
            if let Err(why) = &judged.verdict {
                return Err(refused(why));
            }
            if !proposals.contains(&&judged.proposal) {
                proposals.push(&judged.proposal);
            }
        }
        let texts = generate::patched(&proposals, &self.draft, &faults).map_err(|why| refused(&why))?;
        let change = |(path, text): (String, String)| {
            let before = there.get(&path).filter(|text| self.draft.files.get(&path) == Some(text));
            let before = before.cloned().ok_or_else(|| unwritten(&path))?;
            Ok(FileChange { path, content: Some(text), instead_of: Some(Found::Text(before)) })
        };
        texts.into_iter().map(change).collect()
    }

    fn numbered(&self) -> impl Iterator<Item = (usize, &Judged)> {
        self.judged.iter().enumerate().map(|(at, judged)| (at + 1, judged))
    }

    fn listed(&self, wanted: impl Fn(usize) -> bool) -> Vec<Value> {
        let listed = |(number, judged): (usize, &Judged)| {
            let Judged { proposal, verdict } = judged;
            json!({
                "number": number,
                "path": proposal.path,
                "line": proposal.line,
                "rule": proposal.rule,
                "gain": proposal.gain,
                "reason": proposal.reason,
                "diff": verdict.as_ref().ok().map(|hunks| difference_of(&proposal.path, "proposed", hunks, |text, _| text.to_owned())),
                "refused": verdict.as_ref().err(),
            })
        };
        self.numbered().filter(|(number, _)| wanted(*number)).map(listed).collect()
    }

    fn print(&self, wanted: impl Fn(usize) -> bool) {
        for (number, Judged { proposal, verdict }) in self.numbered().filter(|(number, _)| wanted(*number)) {
            let place = format!("{}:{}", harmless(&proposal.path), proposal.line);
            let what = format!("{} ({})", harmless(&proposal.rule), gain(proposal.gain));
            let head = styled(&format!("{number}. {place}: {what}"), Style::Strong);
            output::styled_line(format!("{head}: {}", harmless(&proposal.reason)));
            match verdict {
                Ok(hunks) => output::print(&difference_of(&proposal.path, "proposed", hunks, styled as Styled)),
                Err(why) => output::styled_line(styled(&format!("   refused: {}", harmless(why)), Style::Attention)),
            }
        }
    }

    fn unknown(&self, number: usize) -> Problem {
        let message = format!("there is no proposal {number}");
        Problem::new(ProblemCode::Usage, "unknown-proposal", message)
            .why(format!("there are {}", output::counted(self.judged.len(), "proposal")))
            .fix("`wharf generate --review` lists them with their numbers")
    }
}

const fn gain(gain: Gain) -> &'static str {
    match gain {
        Gain::Size => "size",
        Gain::Cache => "cache",
        Gain::Cost => "cost",
        Gain::Other => "other",
    }
}

fn refused(why: &str) -> Problem {
    Problem::new(ProblemCode::Refused, "proposal-refused", "nothing was written: the proposals cannot be applied")
        .why(why)
        .fix("`wharf generate --review` shows what can be")
}

fn unwritten(path: &str) -> Problem {
    let message = format!("nothing was written: {path} is not what would be generated");
    Problem::new(ProblemCode::Refused, "not-generated-yet", message)
        .why("the proposal is for the file as `wharf generate` would write it")
        .fix("run `wharf generate` first")
}
