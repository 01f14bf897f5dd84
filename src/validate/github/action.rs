//! Actions of one's own (docs.github.com, “Metadata syntax for GitHub Actions”).

use super::{known, policies, references, step};
use crate::validate::tree::{self, Node};
use crate::validate::{Faults, images};

const TOP: &[&str] = &["name", "author", "description", "inputs", "outputs", "runs", "branding"];

pub(in crate::validate) fn check(text: &str, faults: &mut Faults<'_>) {
    let documents = match tree::read(text) {
        Ok(documents) => documents,
        Err((line, why)) => return faults.add("workflow-syntax", line, format!("it is no YAML: {why}")),
    };
    let Some(root) = documents.first().filter(|root| root.is_map()) else {
        return faults.add("workflow-syntax", None, "there is no action: it has name:, description: and runs:");
    };
    known(root, TOP, "an action", faults);
    let Some(runs) = root.get("runs") else {
        return faults.add("workflow-syntax", None, "nothing says how it runs: runs: is missing");
    };
    match runs.text_of("using") {
        Some("composite") => composite(root, runs, faults),
        Some("docker") => {
            let image =
                runs.get("image").and_then(|image| Some((image.line, image.text()?.strip_prefix("docker://")?)));
            if let Some((line, image)) = image {
                images::check(image, line, faults);
            }
        }
        Some(node) if node.starts_with("node") => {}
        _ => faults.add("workflow-syntax", runs.line, "using is composite, docker, or node with its version"),
    }
}

/// Steps that a workflow takes as one.
fn composite(root: &Node, runs: &Node, faults: &mut Faults<'_>) {
    let steps = runs.items_of("steps");
    if steps.is_empty() {
        faults.add("workflow-syntax", runs.line, "a composite action has steps");
    }
    for one in steps {
        step(one, faults);
        if let Some(run) = one.entry("run").filter(|_| one.get("shell").is_none()) {
            faults.add("workflow-syntax", run.line, "in an action, a step with run: says its shell: too");
        }
    }
    references::check_action(root, steps, faults);
    policies::check_action(root, steps, faults);
}
