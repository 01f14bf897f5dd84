//! The reviewer's seam: somebody reads a draft and proposes patches with reasons; each is judged in one place, wherever
//! it comes from, before anybody sees it. [`Rules`] is the reviewer that needs nobody.

mod costs;
mod dockerfile;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::diff;
use crate::model::Hunk;

/// So many proposals are judged at most.
const MOST: usize = 200;

/// The files of a project's deployment, generated and a person's, by their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// What each says.
    pub files: BTreeMap<String, String>,
}

/// What a proposal is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gain {
    /// A smaller image.
    Size,
    /// A build that does less again.
    Cache,
    /// A smaller bill.
    Cost,
    /// Something else, as the reason says.
    Other,
}

/// A patch of one file, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The file.
    pub path: String,
    /// The first line that is replaced, from 1.
    pub line: usize,
    /// What was looked for, as a stable slug: `cache-order` …
    pub rule: String,
    /// What it is good for.
    pub gain: Gain,
    /// Why, and what to look at before it is applied; one sentence.
    pub reason: String,
    /// The lines that are replaced, as they stand in the draft; at least one.
    pub before: Vec<String>,
    /// The lines that take their place.
    pub after: Vec<String>,
}

/// Who proposes. One that has to wait for its answers collects them first: a proposal is only data.
pub trait Reviewer {
    /// What could be better in a draft.
    fn review(&self, draft: &Draft) -> Vec<Proposal>;
}

/// The reviewer that goes by rules: size of images, order of layers, costs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules;

impl Reviewer for Rules {
    fn review(&self, draft: &Draft) -> Vec<Proposal> {
        let of_file = |(path, text): (&String, &String)| {
            let mut found = dockerfile::review(path, text);
            found.extend(costs::review(path, text, draft));
            found.sort_by_key(|proposal| proposal.line);
            found
        };
        draft.files.iter().flat_map(of_file).collect()
    }
}

/// What is wrong with the files of a draft.
pub type CheckAll<'a> = &'a dyn Fn(&BTreeMap<String, String>) -> Vec<String>;

/// A proposal, and what was decided on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The proposal.
    pub proposal: Proposal,
    /// What it changes; or why it is refused, one sentence.
    pub verdict: Result<Vec<Hunk>, String>,
}

/// Judges each proposal by itself.
#[must_use]
pub fn judge(proposals: Vec<Proposal>, draft: &Draft, check: CheckAll<'_>) -> Vec<Judged> {
    let judged = |proposal: Proposal| {
        let verdict = patched(&[&proposal], draft, check).map(|texts| {
            let changed = texts.get(&proposal.path).zip(draft.files.get(&proposal.path));
            changed.map(|(after, before)| diff(before, after)).unwrap_or_default()
        });
        Judged { proposal, verdict }
    };
    proposals.into_iter().take(MOST).map(judged).collect()
}

/// The files that these proposals change together, as they are then; or why that is refused, one sentence. Each has to
/// be of the draft as it is, and together they must bring no fault that was not there.
pub fn patched(
    proposals: &[&Proposal],
    draft: &Draft,
    check: CheckAll<'_>,
) -> Result<BTreeMap<String, String>, String> {
    // From the end on, so that no patch moves the place of another.
    let mut ordered = proposals.to_vec();
    ordered.sort_by_key(|proposal| std::cmp::Reverse(proposal.line));
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut reached: BTreeMap<&str, usize> = BTreeMap::new();
    for proposal in ordered {
        let path = proposal.path.as_str();
        let end = proposal.line.saturating_add(proposal.before.len());
        if reached.insert(path, proposal.line).is_some_and(|next| end > next) {
            return Err(format!("two of them change the same lines of {path}: apply one, then look again"));
        }
        let text = texts.get(path).or_else(|| draft.files.get(path));
        let text = text.ok_or_else(|| format!("there is no file {path} among those that were looked at"))?;
        let after = patch(text, proposal)?;
        texts.insert(path.to_owned(), after);
    }
    let mut files = draft.files.clone();
    files.extend(texts.clone());
    let mut known = check(&draft.files);
    let new = check(&files).into_iter().find(|fault| match known.iter().position(|one| one == fault) {
        Some(at) => {
            known.swap_remove(at);
            false
        }
        None => true,
    });
    new.map_or(Ok(texts), |fault| Err(format!("it would bring a fault: {fault}")))
}

/// A text with a patch made; its lines end as they did.
fn patch(text: &str, proposal: &Proposal) -> Result<String, String> {
    if proposal.before.is_empty() || proposal.before == proposal.after {
        return Err("it changes no line".to_owned());
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let start = proposal.line.saturating_sub(1);
    let end = start.saturating_add(proposal.before.len());
    let there = lines.get(start..end).unwrap_or_default();
    if !there.iter().flat_map(|line| line.lines()).eq(proposal.before.iter().map(String::as_str)) {
        return Err(format!("line {} of {} does not say any more what it replaces", proposal.line, proposal.path));
    }
    let ending = if there.iter().any(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
    let after = proposal.after.iter().flat_map(|line| [line.as_str(), ending]);
    Ok(lines[..start].iter().copied().chain(after).chain(lines[end..].iter().copied()).collect())
}

/// A file that is reviewed line by line.
struct Page<'a> {
    path: &'a str,
    lines: Vec<&'a str>,
    found: Vec<Proposal>,
}

impl<'a> Page<'a> {
    fn new(path: &'a str, text: &'a str) -> Self {
        Self { path, lines: text.lines().collect(), found: Vec::new() }
    }

    /// Proposes other lines for those from `start` up to before `end`, both from 0.
    fn propose(&mut self, rule: &str, gain: Gain, (start, end): (usize, usize), after: Vec<String>, reason: &str) {
        self.found.push(Proposal {
            path: self.path.to_owned(),
            line: start + 1,
            rule: rule.to_owned(),
            gain,
            reason: reason.to_owned(),
            before: self.copy(start, end),
            after,
        });
    }

    fn copy(&self, start: usize, end: usize) -> Vec<String> {
        self.lines[start..end].iter().map(|line| (*line).to_owned()).collect()
    }
}

/// The name of a file, in lower case.
fn name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase()
}

/// Whether a file is for development only, by the words of its path.
fn is_for_development(path: &str) -> bool {
    path.split(['/', '.', '-', '_']).any(|word| matches!(word, "dev" | "develop" | "development"))
}
