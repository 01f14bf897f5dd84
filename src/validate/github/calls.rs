//! Workflows and actions of the same repository that a workflow calls: they are there, and get what they ask for.

use std::collections::BTreeMap;

use crate::validate::project::Project;
use crate::validate::scripts::Piece;
use crate::validate::tree::{self, Entry, Node};
use crate::validate::{Fault, Faults, joined};

pub(in crate::validate) fn check_all(files: &BTreeMap<&str, &str>, project: &Project<'_>, found: &mut Vec<Fault>) {
    let read = |text: &str| tree::read(text).ok().and_then(|documents| documents.into_iter().next());
    for (path, text) in files {
        let Some(root) = read(text) else { continue };
        let mut faults = Faults { path, found: Vec::new() };
        for job in root.entries_of("jobs") {
            actions(&job.node, project, &mut faults);
            let Some(uses) = job.node.get("uses") else { continue };
            let Some(wanted) = uses.text().and_then(|text| text.strip_prefix("./")) else { continue };
            match files.get(wanted).copied() {
                None => faults.add("unknown-file", uses.line, format!("there is no {wanted}")),
                Some(called) => {
                    if let Some(call) = read(called).as_ref().and_then(|root| root.at(&["on", "workflow_call"])) {
                        given(job, call, &mut faults);
                    } else if read(called).is_some_and(|root| !is_callable(&root)) {
                        faults.add(
                            "unknown-reference",
                            uses.line,
                            format!("{wanted} is not to be called: on: workflow_call"),
                        );
                    }
                }
            }
        }
        found.extend(faults.found);
    }
}

/// So many steps of a job are read for what they run; what one made is there for all behind it.
const MOST: usize = 200;

/// The scripts of a workflow.
pub(in crate::validate) fn scripts(root: &Node) -> Vec<Piece<'_>> {
    let folder = |holder: &Node| {
        let run = holder.at(&["defaults", "run"]);
        run.and_then(|run| run.text_of("working-directory")).map(str::to_owned)
    };
    let mut pieces = Vec::new();
    let is_read = |job: &&Node| !brings_more(job) && job.items_of("steps").len() <= MOST;
    for job in root.entries_of("jobs").iter().map(|entry| &entry.node).filter(is_read) {
        let mut before = String::new();
        for step in job.items_of("steps") {
            let Some((run, text)) = step.get("run").and_then(|run| Some((run, run.text()?))) else { continue };
            let own = step.text_of("working-directory").map(str::to_owned);
            let own = own.or_else(|| folder(job)).or_else(|| folder(root)).unwrap_or_default();
            let line = Box::new(|at| run.line_at(at));
            pieces.push(Piece { text: text.to_owned(), before: before.clone(), line, folders: vec![own] });
            before.push_str(text);
        }
    }
    pieces
}

/// Whether a job puts more into its folder than the project has.
fn brings_more(job: &Node) -> bool {
    job.items_of("steps").iter().any(|step| {
        let uses = step.text_of("uses").unwrap_or_default();
        let is_elsewhere = |with: &Node| with.get("path").is_some() || with.get("repository").is_some();
        uses.starts_with("actions/download-artifact@")
            || uses.starts_with("actions/checkout@") && step.get("with").is_some_and(is_elsewhere)
    })
}

/// Actions of the project itself.
fn actions(job: &Node, project: &Project<'_>, faults: &mut Faults<'_>) {
    for uses in job.items_of("steps").iter().filter_map(|step| step.get("uses")).filter(|_| !brings_more(job)) {
        let Some(wanted) = uses.text().and_then(|text| text.strip_prefix("./")) else { continue };
        let ways = ["action.yml", "action.yaml", "Dockerfile"];
        if ways.iter().all(|name| project.lacks(&joined(wanted, name))) {
            faults.add("unknown-file", uses.line, format!("there is no action in {wanted}"));
        }
    }
}

fn is_callable(root: &Node) -> bool {
    root.names_of("on").iter().any(|(_, name)| *name == "workflow_call")
}

/// What a job gives is asked for, and what has to be given is.
fn given(job: &Entry, call: &Node, faults: &mut Faults<'_>) {
    for (gives, asks) in [("with", "inputs"), ("secrets", "secrets")] {
        let what = asks.trim_end_matches('s');
        let given = job.node.entry(gives);
        if given.is_some_and(|given| given.node.text() == Some("inherit")) {
            continue;
        }
        let entries = given.map(|given| given.node.entries()).unwrap_or_default();
        let asked = call.entries_of(asks);
        for entry in entries.iter().filter(|entry| !asked.iter().any(|one| one.key.eq_ignore_ascii_case(&entry.key))) {
            faults.add("unknown-reference", entry.line, format!("what is called has no {what} {}", entry.key));
        }
        for one in asked.iter().filter(|one| one.node.says("required") && one.node.get("default").is_none()) {
            if !entries.iter().any(|entry| entry.key.eq_ignore_ascii_case(&one.key)) {
                faults.add("unknown-reference", job.line, format!("what is called needs the {what} {}", one.key));
            }
        }
    }
}
