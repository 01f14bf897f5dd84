//! Safety of workflows (docs.github.com, “Secure use reference”).

use super::expressions::{contexts, embedded};
use crate::validate::secrets::is_kept;
use crate::validate::tree::{Entry, Node};
use crate::validate::{Faults, images};

pub(super) fn check(root: &Node, faults: &mut Faults<'_>) {
    let jobs = root.entries_of("jobs");
    least(root, jobs, faults);
    environment(root, faults);
    let events = root.names_of("on");
    let is_open = events.iter().any(|(_, name)| matches!(*name, "pull_request_target" | "workflow_run"));
    for job in jobs {
        pinned_images(&job.node, faults);
        environment(&job.node, faults);
        if let Some(uses) = job.node.entry("uses") {
            pinned(uses, faults);
        } else if job.node.get("timeout-minutes").is_none() && job.node.is_map() {
            faults.add("no-timeout", job.line, format!("the job {} has no timeout-minutes", job.key));
        }
        for step in job.node.items_of("steps") {
            environment(step, faults);
            if let Some(uses) = step.entry("uses") {
                pinned(uses, faults);
                if is_open {
                    checkout(step, faults);
                }
            }
            let script = step.text_of("uses").filter(|uses| uses.starts_with("actions/github-script@"));
            for script in [step.get("run"), script.and_then(|_| step.at(&["with", "script"]))].into_iter().flatten() {
                injection(script, faults);
            }
        }
    }
}

/// The token can do what is said, and nothing more.
fn least(root: &Node, jobs: &[Entry], faults: &mut Faults<'_>) {
    let top = root.entry("permissions");
    let lacking = jobs.iter().find(|job| job.node.get("permissions").is_none());
    if let (None, Some(job)) = (top, lacking) {
        let message =
            format!("nothing says what the token of the job {} may do: begin with permissions: {{}}", job.key);
        faults.add("broad-permissions", job.line, message);
    }
    for entry in top.into_iter().chain(jobs.iter().filter_map(|job| job.node.entry("permissions"))) {
        if entry.node.text().is_some_and(|text| matches!(text, "write-all" | "read-all")) {
            let message = format!("“{}” is more than any job needs", entry.node.text().unwrap_or_default());
            faults.add("broad-permissions", entry.node.line, message);
        }
    }
    for scope in top.map(|entry| entry.node.entries()).unwrap_or_default() {
        if scope.node.text() == Some("write") {
            let message = format!("every job may write {}: say it in the job that does", scope.key);
            faults.add("broad-permissions", scope.line, message);
        }
    }
}

fn pinned(uses: &Entry, faults: &mut Faults<'_>) {
    let Some(text) = uses.node.text() else { return };
    if let Some(image) = text.strip_prefix("docker://") {
        images::check(image, uses.line, faults);
        return;
    }
    let Some((action, at)) = text.split_once('@') else { return };
    let is_commit = at.len() == 40 && at.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_commit && !text.starts_with("./") {
        let message =
            format!("{action}@{at} can be other code tomorrow: pin its commit, the version behind it as a comment");
        faults.add("unpinned-action", uses.line, message);
    }
}

fn pinned_images(job: &Node, faults: &mut Faults<'_>) {
    let container = job.get("container");
    let services = job.entries_of("services");
    let nodes = container.into_iter().chain(services.iter().map(|service| &service.node));
    for image in nodes.filter_map(|node| node.get("image").or(Some(node))) {
        if let Some(text) = image.text() {
            images::check(text, image.line, faults);
        }
    }
}

fn environment(holder: &Node, faults: &mut Faults<'_>) {
    let entries = ["env", "with"].into_iter().filter_map(|key| holder.get(key)).flat_map(Node::entries);
    for entry in entries {
        if entry.node.text().is_some_and(|text| is_kept(&entry.key, text) && entry.node.truth().is_none()) {
            let message = format!("the value of {0} is written down: take it from ${{{{ secrets.{0} }}}}", entry.key);
            faults.add("secret-in-file", entry.line, message);
        }
    }
}

/// What a stranger chose, and secrets, in the text of a script.
fn injection(script: &Node, faults: &mut Faults<'_>) {
    let text = script.text().unwrap_or_default();
    for (offset, expression) in embedded(text).unwrap_or_default() {
        let line = script.line_at(offset);
        for path in contexts(expression).unwrap_or_default() {
            let name = path.join(".");
            let is_strange = name.starts_with("github.event.")
                || matches!(name.as_str(), "github.event" | "github.head_ref" | "github.ref_name" | "github.ref")
                || path[0] == "inputs";
            if path[0] == "secrets" {
                let message = format!("{name} stands in the script's text: hand it over in env and use the variable");
                faults.add("secret-in-command", line, message);
            } else if is_strange && !is_harmless(&name) {
                let message = format!("whoever sets {name} can run commands here: hand it over in env, use \"$NAME\"");
                faults.add("script-injection", line, message);
            }
        }
    }
}

/// Numbers, commits and names that GitHub itself gives.
fn is_harmless(name: &str) -> bool {
    [".number", ".id", ".sha", ".full_name", ".node_id", ".draft", ".merged", ".before", ".after", ".run_id"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// A checkout of what a stranger asks to be pulled, where secrets are at hand.
fn checkout(step: &Node, faults: &mut Faults<'_>) {
    let is_checkout = step.text_of("uses").is_some_and(|uses| uses.starts_with("actions/checkout@"));
    let Some(entry) = step.get("with").and_then(|with| with.entry("ref")).filter(|_| is_checkout) else { return };
    let text = entry.node.text().unwrap_or_default().to_ascii_lowercase();
    let is_theirs = ["head_ref", "pull_request.head", "head_sha", "head_branch", "refs/pull/", "head_commit"];
    if is_theirs.iter().any(|part| text.contains(part)) {
        let message = "it runs a stranger's code with this repository's secrets: use pull_request instead";
        faults.add("untrusted-checkout", entry.line, message);
    }
}
