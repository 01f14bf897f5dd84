//! Workflows of the same repository that a workflow calls: they are there, and get what they ask for.

use std::collections::BTreeMap;

use crate::validate::tree::{self, Entry, Node};
use crate::validate::{Fault, Faults};

pub(in crate::validate) fn check_all(files: &BTreeMap<&str, &str>, found: &mut Vec<Fault>) {
    let read = |text: &str| tree::read(text).ok().and_then(|documents| documents.into_iter().next());
    for (path, text) in files {
        let Some(root) = read(text) else { continue };
        let mut faults = Faults { path, found: Vec::new() };
        for job in root.entries_of("jobs") {
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
