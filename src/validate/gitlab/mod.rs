//! Pipelines of GitLab (docs.gitlab.com, “CI/CD YAML syntax reference”).

mod policies;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeMap;

use super::project::Project;
use super::scripts::Piece;
use super::tree::{self, Entry, Node};
use super::{Fault, Faults, order};

/// What stands beside jobs.
const TOP: &[&str] = &[
    "default",
    "include",
    "stages",
    "variables",
    "workflow",
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
    "spec",
];

/// `pages` is a job in every way.
const JOB: &[&str] = &[
    "after_script",
    "allow_failure",
    "artifacts",
    "before_script",
    "cache",
    "coverage",
    "dast_configuration",
    "dependencies",
    "environment",
    "except",
    "extends",
    "hooks",
    "id_tokens",
    "identity",
    "image",
    "inherit",
    "interruptible",
    "manual_confirmation",
    "needs",
    "only",
    "pages",
    "parallel",
    "publish",
    "release",
    "resource_group",
    "retry",
    "rules",
    "run",
    "script",
    "secrets",
    "services",
    "stage",
    "start_in",
    "tags",
    "timeout",
    "trigger",
    "variables",
    "when",
];

const STAGES: [&str; 5] = [".pre", "build", "test", "deploy", ".post"];

/// A pipeline with what it is made of.
struct Pipeline<'n> {
    root: &'n Node,
    /// Jobs and what they are made from, which begins with a dot.
    jobs: Vec<&'n Entry>,
    /// Whether files that are included may define more.
    is_open: bool,
}

impl<'n> Pipeline<'n> {
    fn new(root: &'n Node) -> Self {
        let is_job = |entry: &&Entry| !TOP.contains(&entry.key.as_str());
        Self { root, jobs: root.entries().iter().filter(is_job).collect(), is_open: root.get("include").is_some() }
    }

    fn job(&self, name: &str) -> Option<&'n Entry> {
        self.jobs.iter().copied().find(|job| job.key == name)
    }

    /// What a job says itself or has from what it extends.
    fn value(&self, job: &'n Node, key: &str, depth: usize) -> Option<&'n Node> {
        if let Some(own) = job.get(key) {
            return Some(own);
        }
        // Later ones count more.
        let bases = job.names_of("extends");
        let bases = bases.iter().rev().filter(|_| depth < 12);
        bases.filter_map(|(_, base)| self.job(base)).find_map(|base| self.value(&base.node, key, depth + 1))
    }

    fn stage(&self, job: &'n Node) -> &'n str {
        self.value(job, "stage", 0).and_then(Node::text).unwrap_or("test")
    }

    fn stages(&self) -> Vec<&'n str> {
        let Some(stages) = self.root.get("stages") else { return STAGES.to_vec() };
        let own = stages.names();
        [".pre"].into_iter().chain(own.into_iter().map(|(_, name)| name)).chain([".post"]).collect()
    }
}

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    let documents = match tree::read(text) {
        Ok(documents) => documents,
        Err((line, why)) => return faults.add("pipeline-syntax", line, format!("it is no YAML: {why}")),
    };
    // A head with `spec:` may stand before.
    let Some(root) = documents.last().filter(|root| root.is_map()) else {
        return faults.add("pipeline-syntax", None, "there is no pipeline: it has jobs with script:");
    };
    let pipeline = Pipeline::new(root);
    if pipeline.jobs.iter().all(|job| job.key.starts_with('.')) && !pipeline.is_open {
        faults.add("pipeline-syntax", None, "there are no jobs");
    }
    let stages = pipeline.stages();
    for job in &pipeline.jobs {
        if job.node.is_map() {
            self::job(job, &pipeline, &stages, faults);
        } else if !job.key.starts_with('.') {
            faults.add("pipeline-syntax", job.line, format!("the job {} says nothing", job.key));
        }
    }
    let all: Vec<(&str, Vec<&str>)> = pipeline
        .jobs
        .iter()
        .copied()
        .map(|job| (job.key.as_str(), job.node.items_of("needs").iter().filter_map(need).collect()))
        .collect();
    let stuck = order::stuck(&all);
    if let Some(job) = stuck.into_iter().map(|at| pipeline.jobs[at]).find(|job| waits_for_itself(job, &pipeline)) {
        let line = job.node.entry("needs").map(|needs| needs.line);
        faults.add("unknown-job", line, format!("{} waits for itself", job.key));
    }
    anchors(root, &pipeline, faults);
    policies::check(&pipeline, faults);
}

fn extends(job: &Node, base: &str) -> bool {
    job.names_of("extends").iter().any(|(_, name)| *name == base)
}

fn job(entry: &Entry, pipeline: &Pipeline<'_>, stages: &[&str], faults: &mut Faults<'_>) {
    let (name, job) = (&entry.key, &entry.node);
    // What nobody extends is a place for lines that others refer to.
    let is_job = !name.starts_with('.') || pipeline.jobs.iter().any(|other| extends(&other.node, name));
    for key in job.entries().iter().filter(|key| is_job && !JOB.contains(&key.key.as_str())) {
        faults.add("pipeline-syntax", key.line, format!("a job has no key “{}”", key.key));
    }
    for (line, base) in job.names_of("extends") {
        if pipeline.job(base).is_none() && !pipeline.is_open {
            faults.add("unknown-job", line, format!("{name} extends {base}, which is not there"));
        }
    }
    if let (Some(_), Some(only)) = (job.get("rules"), job.entry("only").or_else(|| job.entry("except"))) {
        faults.add("pipeline-syntax", only.line, format!("rules and {} cannot stand together", only.key));
    }
    rules(job, faults);
    if name.starts_with('.') {
        return;
    }
    let does = ["script", "trigger", "run", "release", "pages"].iter().any(|key| pipeline.value(job, key, 0).is_some());
    if !does && !pipeline.is_open {
        faults.add("pipeline-syntax", entry.line, format!("the job {name} does nothing: script is missing"));
    }
    let stage = pipeline.stage(job);
    let are_known = !pipeline.is_open || pipeline.root.get("stages").is_some();
    if are_known && !stages.contains(&stage) {
        let line = job.entry("stage").map_or(entry.line, |stage| stage.line);
        faults.add("unknown-stage", line, format!("{name} is in the stage {stage}, which stages does not list"));
    }
    needs(entry, pipeline, stages, faults);
}

fn needs(entry: &Entry, pipeline: &Pipeline<'_>, stages: &[&str], faults: &mut Faults<'_>) {
    let (name, job) = (&entry.key, &entry.node);
    let is_elsewhere =
        |need: &&Node| ["pipeline", "project"].iter().any(|key| need.get(key).is_some()) || need.says("optional");
    let needs = job.items_of("needs").iter().filter(|need| !is_elsewhere(need));
    let needs = needs.filter_map(|need| Some((need.line, need.text().or_else(|| need.text_of("job"))?)));
    let place = |job: &Node| stages.iter().position(|stage| *stage == pipeline.stage(job));
    for (line, wanted) in needs.chain(job.names_of("dependencies")) {
        match pipeline.job(wanted).filter(|_| !wanted.starts_with('.')) {
            None if !pipeline.is_open => {
                faults.add("unknown-job", line, format!("{name} waits for the job {wanted}, which is not there"));
            }
            Some(other) if place(&other.node) > place(job) => {
                faults.add("unknown-job", line, format!("{name} waits for {wanted}, which comes in a later stage"));
            }
            _ => {}
        }
    }
}

/// Whether what a job needs leads back to it.
fn waits_for_itself(entry: &Entry, pipeline: &Pipeline<'_>) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut next: Vec<&str> = entry.node.items_of("needs").iter().filter_map(need).collect();
    while let Some(wanted) = next.pop() {
        if wanted == entry.key {
            return true;
        }
        if !seen.contains(&wanted)
            && let Some(other) = pipeline.job(wanted)
        {
            seen.push(wanted);
            next.extend(other.node.items_of("needs").iter().filter_map(need));
        }
    }
    false
}

fn need(node: &Node) -> Option<&str> {
    node.text().or_else(|| node.text_of("job"))
}

fn rules(job: &Node, faults: &mut Faults<'_>) {
    const KEYS: &[&str] =
        &["if", "changes", "exists", "when", "allow_failure", "needs", "variables", "start_in", "interruptible"];
    const WHEN: &[&str] = &["on_success", "on_failure", "always", "never", "manual", "delayed"];
    for rule in job.items_of("rules") {
        for key in rule.entries().iter().filter(|key| !KEYS.contains(&key.key.as_str())) {
            faults.add("pipeline-syntax", key.line, format!("a rule has no key “{}”", key.key));
        }
    }
    let whens = job.items_of("rules").iter().filter_map(|rule| rule.get("when")).chain(job.get("when"));
    for when in whens.filter(|when| !when.text().is_some_and(|text| WHEN.contains(&text))) {
        faults.add("pipeline-syntax", when.line, format!("when is one of {}", WHEN.join(", ")));
    }
}

/// `!reference [job, key]` leads to something.
fn anchors(root: &Node, pipeline: &Pipeline<'_>, faults: &mut Faults<'_>) {
    let mut found = Vec::new();
    root.each(&mut |node| found.extend(Some(node).filter(|node| node.tag.as_deref() == Some("reference"))));
    for node in found.into_iter().filter(|_| !pipeline.is_open) {
        let path: Vec<&str> = node.names().into_iter().map(|(_, name)| name).collect();
        if root.at(&path).is_none() {
            faults.add("unknown-reference", node.line, format!("there is no {}", path.join(" ")));
        }
    }
}

/// Files of the repository that a pipeline includes are there.
pub(super) fn check_all(files: &BTreeMap<&str, &str>, project: &Project<'_>, found: &mut Vec<Fault>) {
    for (path, text) in files {
        let Some(root) = tree::read(text).ok().and_then(|documents| documents.into_iter().next_back()) else {
            continue;
        };
        let mut faults = Faults { path, found: Vec::new() };
        let triggered = root.entries().iter().filter_map(|job| job.node.at(&["trigger", "include"]));
        let all = root.get("include").into_iter().chain(triggered);
        let each =
            all.flat_map(|include| if include.is_list() { include.items().iter().collect() } else { vec![include] });
        for one in each {
            let Some(local) = one.get("local").or(Some(one).filter(|one| one.text().is_some())) else { continue };
            let wanted = local.text().unwrap_or_default().trim_start_matches('/');
            if !wanted.contains("://") && project.lacks(wanted) {
                faults.add("unknown-file", local.line, format!("there is no {wanted}"));
            }
        }
        found.extend(faults.found);
    }
}

/// The scripts of a pipeline: each list is run by one shell, line after line.
pub(super) fn scripts(root: &Node) -> Vec<Piece<'_>> {
    let holders = [Some(root), root.get("default")].into_iter().flatten();
    let jobs = root.entries().iter().filter(|entry| !TOP.contains(&entry.key.as_str())).map(|entry| &entry.node);
    let mut pieces = Vec::new();
    for holder in holders.chain(jobs) {
        let before = holder.get("before_script").map(texts).unwrap_or_default();
        for (key, before) in [("before_script", String::new()), ("script", before), ("after_script", String::new())] {
            pieces.extend(holder.get(key).map(|list| piece(list, before)));
        }
    }
    pieces
}

/// A list of lines as one text.
fn piece(list: &Node, before: String) -> Piece<'_> {
    let mut starts: Vec<(usize, &Node)> = Vec::new();
    let mut text = String::new();
    for item in list.each_item() {
        starts.push((text.len(), item));
        text.push_str(item.text().unwrap_or_default());
        text.push('\n');
    }
    let line = Box::new(move |at: usize| {
        let start = starts.iter().rev().find(|(from, _)| *from <= at);
        start.map_or(1, |(from, item)| item.line_at(at - from))
    });
    Piece { text, before, line, folders: vec![String::new()] }
}

fn texts(list: &Node) -> String {
    list.each_item().into_iter().filter_map(Node::text).collect::<Vec<_>>().join("\n")
}
