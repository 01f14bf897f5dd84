//! What expressions refer to: contexts that exist at their place, and steps, jobs, inputs and matrices that are there
//! (docs.github.com, “Contexts reference”).

use super::expressions::{contexts, embedded};
use crate::validate::Faults;
use crate::validate::tree::{Entry, Node};

/// Every context there is.
const ALL: &[&str] =
    &["github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs", "inputs"];

/// What is at a place of a job, beside `github`, `vars` and `inputs`; none where everything of a job is.
fn beside(key: &str) -> Option<&'static [&'static str]> {
    match key {
        "if" | "strategy" => Some(&["needs"]),
        "name" | "runs-on" | "timeout-minutes" | "concurrency" | "with" | "continue-on-error" => {
            Some(&["needs", "strategy", "matrix"])
        }
        "env" | "secrets" => Some(&["needs", "strategy", "matrix", "secrets"]),
        "container" | "services" | "defaults" => Some(&["needs", "strategy", "matrix", "env", "secrets"]),
        _ => None,
    }
}

pub(super) fn check(root: &Node, faults: &mut Faults<'_>) {
    let workflow = Workflow::new(root);
    for entry in root.entries() {
        let allowed: &[&str] = match entry.key.as_str() {
            "jobs" => continue,
            "env" => &["secrets"],
            "on" => &["jobs"],
            _ => &[],
        };
        let place = Place { workflow: &workflow, job: None, steps: &[], allowed: Some(allowed) };
        place.all(&entry.node, faults);
    }
    for job in workflow.jobs {
        let steps = job.node.items_of("steps");
        for entry in job.node.entries().iter().filter(|entry| entry.key != "steps") {
            let place = Place { workflow: &workflow, job: Some(job), steps, allowed: beside(&entry.key) };
            if entry.key == "if" {
                place.condition(&entry.node, faults);
            } else {
                place.all(&entry.node, faults);
            }
        }
        for (index, step) in steps.iter().enumerate() {
            let place = Place { workflow: &workflow, job: Some(job), steps: &steps[..index], allowed: None };
            for entry in step.entries() {
                if entry.key == "if" {
                    place.condition(&entry.node, faults);
                } else {
                    place.all(&entry.node, faults);
                }
            }
        }
    }
}

/// The same of an action, which has its inputs and what its job has, but no secrets.
pub(super) fn check_action(root: &Node, steps: &[Node], faults: &mut Faults<'_>) {
    let inputs = root.entries_of("inputs").iter().map(|entry| entry.key.to_ascii_lowercase()).collect();
    let workflow = Workflow { jobs: &[], inputs, secrets: None };
    let allowed: &[&str] = &["env", "job", "matrix", "runner", "steps", "strategy"];
    let place = |steps| Place { workflow: &workflow, job: None, steps, allowed: Some(allowed) };
    for (index, step) in steps.iter().enumerate() {
        for entry in step.entries() {
            if entry.key == "if" {
                place(&steps[..index]).condition(&entry.node, faults);
            } else {
                place(&steps[..index]).all(&entry.node, faults);
            }
        }
    }
    for output in root.entries_of("outputs") {
        place(steps).all(&output.node, faults);
    }
}

/// What a whole workflow defines.
struct Workflow<'n> {
    jobs: &'n [Entry],
    /// In lower case.
    inputs: Vec<String>,
    /// Where they are all known: the secrets that it is called with, in lower case.
    secrets: Option<Vec<String>>,
}

impl<'n> Workflow<'n> {
    fn new(root: &'n Node) -> Self {
        let keys = |path: &[&str]| {
            let entries = root.at(path).map(Node::entries).unwrap_or_default();
            entries.iter().map(|entry| entry.key.to_ascii_lowercase()).collect::<Vec<_>>()
        };
        let mut inputs = keys(&["on", "workflow_dispatch", "inputs"]);
        inputs.extend(keys(&["on", "workflow_call", "inputs"]));
        let is_only_called = root.get("on").is_some_and(|on| on.entries().len() == 1);
        let are_known = is_only_called && root.at(&["on", "workflow_call", "secrets"]).is_some();
        let secrets = are_known.then(|| keys(&["on", "workflow_call", "secrets"]));
        Self { jobs: root.entries_of("jobs"), inputs, secrets }
    }

    fn job(&self, name: &str) -> Option<&'n Entry> {
        self.jobs.iter().find(|job| job.key.eq_ignore_ascii_case(name))
    }
}

/// Where expressions stand.
struct Place<'p> {
    workflow: &'p Workflow<'p>,
    job: Option<&'p Entry>,
    /// The steps whose results are there.
    steps: &'p [Node],
    /// The contexts that are there beside the usual ones; none where all are.
    allowed: Option<&'p [&'p str]>,
}

impl Place<'_> {
    fn all(&self, node: &Node, faults: &mut Faults<'_>) {
        let mut texts = Vec::new();
        node.each(&mut |node| texts.extend(node.text().map(|text| (node, text))));
        for (node, text) in texts {
            match embedded(text) {
                Ok(found) => {
                    for (offset, expression) in found {
                        self.expression(expression, node.line_at(offset), false, faults);
                    }
                }
                Err(offset) => {
                    let line = node.line_at(offset);
                    faults.add("workflow-expression", line, "an expression that begins with ${{ does not end");
                }
            }
        }
    }

    /// The whole text is an expression.
    fn condition(&self, node: &Node, faults: &mut Faults<'_>) {
        let Some(text) = node.text() else { return };
        match embedded(text).as_deref() {
            Ok([]) => self.expression(text, node.line, true, faults),
            Ok(parts) => {
                for (offset, expression) in parts {
                    self.expression(expression, node.line_at(*offset), true, faults);
                }
            }
            Err(_) => faults.add("workflow-expression", node.line, "an expression that begins with ${{ does not end"),
        }
    }

    fn expression(&self, text: &str, line: usize, is_condition: bool, faults: &mut Faults<'_>) {
        let found = match contexts(text) {
            Ok(found) => found,
            Err(why) => {
                let message = format!("“{}” is no expression: {why}", text.trim());
                return faults.add("workflow-expression", line, message);
            }
        };
        for path in found {
            let is_there = |name: &str| match self.allowed {
                _ if matches!(name, "github" | "vars" | "inputs") => true,
                Some(allowed) => allowed.contains(&name),
                None => self.job.is_some() && name != "jobs",
            };
            let name = path[0].as_str();
            if !ALL.contains(&name) {
                faults.add("workflow-expression", line, format!("there is no context {name}"));
            } else if is_condition && name == "secrets" {
                let message = "a condition cannot ask for secrets: hand it to env and ask for that";
                faults.add("workflow-expression", line, message);
            } else if !is_there(name) {
                faults.add("workflow-expression", line, format!("the context {name} is not there at this place"));
            } else if let Some(lacks) = self.lacks(&path) {
                faults.add("unknown-reference", line, lacks);
            }
        }
    }

    /// What a path of names leads to that nobody defines.
    fn lacks(&self, path: &[String]) -> Option<String> {
        let name = path.get(1).map(String::as_str).filter(|name| *name != "*")?;
        let job = self.job.map(|job| &job.node);
        match path[0].as_str() {
            "steps" => {
                let is_it = |step: &&Node| step.text_of("id").is_some_and(|id| id.eq_ignore_ascii_case(name));
                if !self.steps.iter().any(|step| is_it(&step)) {
                    return Some(format!("no step before has the id {name}"));
                }
                let field = path.get(2)?;
                let is_field = matches!(field.as_str(), "outputs" | "outcome" | "conclusion" | "*");
                (!is_field).then(|| format!("a step has outputs, outcome and conclusion, but no {field}"))
            }
            "needs" => {
                let needs = job?.names_of("needs");
                if !needs.iter().any(|(_, need)| need.eq_ignore_ascii_case(name)) {
                    return Some(format!("needs: does not name the job {name}"));
                }
                self.output(name, path)
            }
            "jobs" => match self.workflow.job(name) {
                Some(_) => self.output(name, path),
                None => Some(format!("there is no job {name}")),
            },
            "matrix" => {
                let matrix = job?.at(&["strategy", "matrix"]);
                let Some(matrix) = matrix else { return Some("the job has no matrix".to_owned()) };
                let include = matrix.get("include");
                if !matrix.is_map() || include.is_some_and(|include| !include.is_list()) {
                    return None;
                }
                let included = include.map(Node::items).unwrap_or_default().iter().flat_map(Node::entries);
                let mut keys = matrix.entries().iter().chain(included);
                (!keys.any(|entry| entry.key.eq_ignore_ascii_case(name)))
                    .then(|| format!("the job's matrix has no {name}"))
            }
            "inputs" => self.input(name),
            "github" if name == "event" && path.get(2).is_some_and(|part| part == "inputs") => self.input(path.get(3)?),
            "secrets" => {
                let known = self.workflow.secrets.as_ref()?;
                let is_known = name == "github_token" || known.iter().any(|secret| secret == name);
                (!is_known).then(|| format!("the workflow is not called with a secret {name}"))
            }
            _ => None,
        }
    }

    fn input(&self, name: &str) -> Option<String> {
        let is_known = name == "*" || self.workflow.inputs.iter().any(|input| input == name);
        (!is_known).then(|| format!("the workflow has no input {name}"))
    }

    /// An output of a job that it does not have; one that calls another workflow has that one's.
    fn output(&self, name: &str, path: &[String]) -> Option<String> {
        let job = &self.workflow.job(name)?.node;
        let wanted = path.get(3).filter(|_| path[2] == "outputs" && job.get("uses").is_none())?;
        let outputs = job.entries_of("outputs");
        let is_there = wanted == "*" || outputs.iter().any(|output| output.key.eq_ignore_ascii_case(wanted));
        (!is_there).then(|| format!("the job {name} has no output {wanted}"))
    }
}
