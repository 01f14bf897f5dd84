//! Workflows of GitHub Actions (docs.github.com, “Workflow syntax for GitHub Actions”).

mod action;
mod calls;
mod expressions;
mod policies;
mod references;
mod words;

#[cfg(test)]
pub(super) mod tests;

pub(super) use action::check as check_action;
pub(super) use calls::{check_all, scripts};
use words::{EVENTS, JOB, JOB_THAT_CALLS, RUN, SCOPES, STEP, TOP, USES};

use std::collections::HashSet;

use super::tree::{self, Entry, Node};
use super::{Faults, order};

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    let documents = match tree::read(text) {
        Ok(documents) => documents,
        Err((line, why)) => return faults.add("workflow-syntax", line, format!("it is no YAML: {why}")),
    };
    let [root] = documents.as_slice() else {
        return faults.add("workflow-syntax", None, "a workflow is one document");
    };
    if !root.is_map() {
        return faults.add("workflow-syntax", None, "there is no workflow: it begins with name:, on: and jobs:");
    }
    known(root, TOP, "a workflow", faults);
    match root.entry("on") {
        Some(on) => triggers(on, faults),
        None => faults.add("workflow-syntax", None, "nothing says when it runs: on: is missing"),
    }
    permissions(root, faults);
    match root.entry("jobs") {
        Some(jobs) if !jobs.node.entries().is_empty() => {
            jobs.node.entries().iter().for_each(|entry| job(entry, faults));
            needs(jobs.node.entries(), faults);
        }
        place => faults.add("workflow-syntax", place.map(|entry| entry.line), "there are no jobs"),
    }
    references::check(root, faults);
    policies::check(root, faults);
}

/// Tells of keys that nobody knows there.
fn known(node: &Node, words: &[&str], of: &str, faults: &mut Faults<'_>) {
    for entry in node.entries().iter().filter(|entry| !words.contains(&entry.key.as_str())) {
        faults.add("workflow-syntax", entry.line, format!("{of} has no key “{}”", entry.key));
    }
}

fn triggers(on: &Entry, faults: &mut Faults<'_>) {
    let names = on.node.names();
    if names.is_empty() {
        faults.add("workflow-syntax", on.line, "on: names no event");
    }
    for (line, name) in names {
        if !EVENTS.contains(&name) {
            faults.add("workflow-syntax", line, format!("there is no event “{name}”"));
        }
    }
    for entry in on.node.entries() {
        let words: &[&str] = match entry.key.as_str() {
            "push" => &["branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore"],
            "pull_request" | "pull_request_target" => {
                &["types", "branches", "branches-ignore", "paths", "paths-ignore"]
            }
            "workflow_dispatch" => &["inputs"],
            "workflow_call" => &["inputs", "outputs", "secrets"],
            "workflow_run" => &["workflows", "types", "branches", "branches-ignore"],
            _ => continue,
        };
        known(&entry.node, words, &entry.key, faults);
        for (one, other) in [("branches", "branches-ignore"), ("tags", "tags-ignore"), ("paths", "paths-ignore")] {
            if let (Some(_), Some(both)) = (entry.node.get(one), entry.node.entry(other)) {
                faults.add("workflow-syntax", both.line, format!("{one} and {other} cannot stand together"));
            }
        }
    }
    for at in on.node.get("schedule").into_iter().flat_map(Node::items) {
        match at.text_of("cron") {
            Some(cron) if is_cron(cron) => {}
            Some(cron) => {
                let message = format!("“{cron}” is no time: minute hour day month weekday");
                faults.add("workflow-syntax", at.line, message);
            }
            None => faults.add("workflow-syntax", at.line, "a schedule says cron: and a time"),
        }
    }
}

fn is_cron(text: &str) -> bool {
    const LIMITS: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    const NAMES: [&str; 19] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "sun", "mon", "tue", "wed",
        "thu", "fri", "sat",
    ];
    let fields: Vec<&str> = text.split_whitespace().collect();
    let is_value = |value: &str, (least, most): (u32, u32)| {
        value == "*"
            || value.parse().is_ok_and(|number: u32| (least..=most).contains(&number))
            || NAMES.contains(&value.to_ascii_lowercase().as_str())
    };
    let is_part = |part: &str, limits| {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        step.parse().is_ok_and(|step: u32| step > 0) && range.split('-').all(|value| is_value(value, limits))
    };
    fields.len() == 5
        && fields.iter().zip(LIMITS).all(|(field, limits)| field.split(',').all(|part| is_part(part, limits)))
}

/// The scopes of `permissions:` and what they may be.
fn permissions(holder: &Node, faults: &mut Faults<'_>) {
    let Some(entry) = holder.entry("permissions") else { return };
    if let Some(text) = entry.node.text() {
        if !matches!(text, "read-all" | "write-all") {
            faults.add("workflow-syntax", entry.node.line, format!("there are no permissions “{text}”"));
        }
        return;
    }
    for scope in entry.node.entries() {
        if !SCOPES.contains(&scope.key.as_str()) {
            faults.add("workflow-syntax", scope.line, format!("there is no permission “{}”", scope.key));
        } else if !scope.node.text().is_some_and(|text| matches!(text, "read" | "write" | "none")) {
            faults.add("workflow-syntax", scope.line, format!("{} is read, write or none", scope.key));
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

fn job(entry: &Entry, faults: &mut Faults<'_>) {
    let (name, job) = (&entry.key, &entry.node);
    if !is_name(name) {
        let message = format!("“{name}” is no name of a job: letters, digits, - and _, a letter first");
        faults.add("workflow-syntax", entry.line, message);
    }
    if !job.is_map() {
        return faults.add("workflow-syntax", entry.line, format!("the job {name} says nothing"));
    }
    permissions(job, faults);
    if job.get("uses").is_some() {
        return known(job, JOB_THAT_CALLS, "a job that calls a workflow", faults);
    }
    known(job, JOB, "a job", faults);
    if job.get("runs-on").is_none_or(Node::is_null) {
        faults.add("workflow-syntax", entry.line, format!("the job {name} does not say what it runs on: runs-on"));
    }
    if let Some(strategy) = job.get("strategy") {
        known(strategy, &["matrix", "fail-fast", "max-parallel"], "a strategy", faults);
    }
    if let Some(concurrency) = job.get("concurrency") {
        known(concurrency, &["group", "cancel-in-progress", "queue"], "concurrency", faults);
    }
    let steps = job.items_of("steps");
    if steps.is_empty() {
        faults.add("workflow-syntax", entry.line, format!("the job {name} has no steps"));
    }
    let mut ids: HashSet<String> = HashSet::new();
    for one in steps {
        step(one, faults);
        if let Some(id) = one.entry("id") {
            let text = id.node.text().unwrap_or_default();
            if !is_name(text) {
                faults.add("workflow-syntax", id.line, format!("“{text}” is no id of a step"));
            } else if ids.contains(&text.to_ascii_lowercase()) {
                faults.add("workflow-syntax", id.line, format!("two steps of {name} have the id {text}"));
            }
            ids.insert(text.to_ascii_lowercase());
        }
    }
}

fn step(step: &Node, faults: &mut Faults<'_>) {
    if !step.is_map() {
        return faults.add("workflow-syntax", step.line, "a step is a map with uses: or run:");
    }
    known(step, STEP, "a step", faults);
    match (step.entry("uses"), step.entry("run")) {
        (Some(_), Some(run)) => {
            faults.add("workflow-syntax", run.line, "a step has uses: or run:, never both");
        }
        (None, None) => faults.add("workflow-syntax", step.line, "a step has uses: or run:"),
        (Some(uses), None) => {
            only(step, USES, RUN, "uses", faults);
            let text = uses.node.text().unwrap_or_default();
            let is_remote = text.split_once('@').is_some_and(|(path, at)| path.contains('/') && !at.is_empty());
            if !is_remote && !text.starts_with("./") && !text.starts_with("docker://") {
                let message = format!("“{text}” is no action: owner/name@commit, ./folder or docker://image");
                faults.add("workflow-syntax", uses.line, message);
            }
        }
        (None, Some(run)) => {
            only(step, RUN, USES, "run", faults);
            if run.node.text().is_none_or(|text| text.trim().is_empty()) {
                faults.add("workflow-syntax", run.line, "run: says nothing");
            }
        }
    }
}

/// Tells of keys that belong to the other kind of step.
fn only(step: &Node, own: &[&str], others: &[&str], kind: &str, faults: &mut Faults<'_>) {
    let strange = |entry: &&Entry| {
        let key = entry.key.as_str();
        key != kind && others.contains(&key) && !own.contains(&key)
    };
    for entry in step.entries().iter().filter(strange) {
        faults.add("workflow-syntax", entry.line, format!("{} does not belong to a step with {kind}:", entry.key));
    }
}

/// `needs` names jobs that are there, and leads nowhere in a circle.
fn needs(jobs: &[Entry], faults: &mut Faults<'_>) {
    let names: HashSet<&str> = jobs.iter().map(|job| job.key.as_str()).collect();
    for job in jobs {
        for (line, name) in job.node.names_of("needs") {
            if !names.contains(name) {
                faults.add("unknown-job", line, format!("{} waits for the job {name}, which is not there", job.key));
            }
        }
    }
    let all: Vec<_> = jobs
        .iter()
        .map(|job| (job.key.as_str(), job.node.names_of("needs").into_iter().map(|(_, name)| name).collect()))
        .collect();
    let left: Vec<&Entry> = order::stuck(&all).into_iter().map(|at| &jobs[at]).collect();
    if let Some(first) = left.first() {
        let names: Vec<&str> = left.iter().map(|job| job.key.as_str()).collect();
        let line = first.node.entry("needs").map(|entry| entry.line);
        faults.add("unknown-job", line, format!("these wait for each other: {}", names.join(", ")));
    }
}
