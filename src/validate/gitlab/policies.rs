//! Safety of pipelines of GitLab.

use super::Pipeline;
use crate::validate::secrets::{is_in_address, is_kept};
use crate::validate::tree::Node;
use crate::validate::{Faults, images, variables};

pub(super) fn check(pipeline: &Pipeline<'_>, faults: &mut Faults<'_>) {
    let holders = [Some(pipeline.root), pipeline.root.get("default")].into_iter().flatten();
    for holder in holders.chain(pipeline.jobs.iter().map(|job| &job.node)) {
        let known = |name: &str| {
            let variable = |holder: &Node| {
                let variable = holder.get("variables")?.get(name)?;
                variable.get("value").unwrap_or(variable).text().map(str::to_owned)
            };
            variable(holder).or_else(|| variable(pipeline.root))
        };
        let images = holder.get("image").into_iter().chain(holder.items_of("services"));
        for image in images.filter_map(|node| if node.is_map() { node.get("name") } else { Some(node) }) {
            if let Some(text) = image.text() {
                images::check(&variables::filled(text, &known), image.line, faults);
            }
        }
        for variable in holder.entries_of("variables") {
            let value = variable.node.get("value").unwrap_or(&variable.node);
            let is_written = value.text().is_some_and(|text| is_kept(&variable.key, text) || is_in_address(text));
            if is_written && value.truth().is_none() {
                let message =
                    format!("the value of {} is written down: set it in the project's settings", variable.key);
                faults.add("secret-in-file", variable.line, message);
            }
        }
        for script in ["script", "before_script", "after_script"].iter().filter_map(|key| holder.get(key)) {
            script.each(&mut |line| self::line(line, faults));
        }
    }
    let includes = pipeline.root.get("include");
    let includes = includes
        .into_iter()
        .flat_map(|include| if include.is_list() { include.items().iter().collect() } else { vec![include] });
    for include in includes {
        if include.get("project").is_some() && include.get("ref").is_none() {
            faults.add(
                "unpinned-action",
                include.line,
                "what is included can be another pipeline tomorrow: name a ref",
            );
        }
        if let Some(remote) = include.get("remote").filter(|_| include.get("integrity").is_none()) {
            faults.add(
                "unpinned-action",
                remote.line,
                "what is included can be another pipeline tomorrow: say its integrity",
            );
        }
    }
    if pipeline.root.at(&["default", "timeout"]).is_some() || pipeline.is_open {
        return;
    }
    for job in pipeline.jobs.iter().filter(|job| !job.key.starts_with('.') && job.node.is_map()) {
        let runs = pipeline.value(&job.node, "script", 0).is_some();
        if runs && pipeline.value(&job.node, "timeout", 0).is_none() {
            faults.add("no-timeout", job.line, format!("the job {} has no timeout", job.key));
        }
    }
}

/// A line of a script: no secret in what everybody reads.
fn line(node: &Node, faults: &mut Faults<'_>) {
    let Some(text) = node.text() else { return };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        crate::validate::shell::command(line.trim(), node.line_at(at), faults);
        at += line.len();
    }
}
