//! Safety of workflows (docs.github.com, “Secure use reference”).

use super::expressions::{embedded, told};
use crate::validate::secrets::is_kept;
use crate::validate::tree::{Entry, Node};
use crate::validate::{Faults, images};

pub(super) fn check(root: &Node, faults: &mut Faults<'_>) {
    let jobs = root.entries_of("jobs");
    least(root, jobs, faults);
    environment(root, faults);
    shell(root, faults);
    let events = root.names_of("on");
    let is_open = events
        .iter()
        .any(|(_, name)| matches!(*name, "pull_request_target" | "workflow_run" | "issue_comment" | "issues"));
    for job in jobs {
        pinned_images(&job.node, faults);
        environment(&job.node, faults);
        shell(&job.node, faults);
        if let Some(uses) = job.node.entry("uses") {
            pinned(uses, faults);
        } else if job.node.get("timeout-minutes").is_none() && job.node.is_map() {
            faults.add("no-timeout", job.line, format!("the job {} has no timeout-minutes", job.key));
        }
        for step in job.node.items_of("steps") {
            let within = Within { jobs, holders: [step, &job.node, root] };
            environment(step, faults);
            if let Some(uses) = step.entry("uses") {
                pinned(uses, faults);
            }
            if is_open {
                checkout(step, &within, faults);
            }
            let uses = step.text_of("uses").unwrap_or_default().to_ascii_lowercase();
            let script = step.at(&["with", "script"]).filter(|_| uses.starts_with("actions/github-script@"));
            let texts = [step.get("run"), step.get("shell"), script];
            for text in texts.into_iter().flatten() {
                injection(text, &within, faults);
            }
        }
    }
}

/// The same of the steps of an action.
pub(super) fn check_action(root: &Node, steps: &[Node], faults: &mut Faults<'_>) {
    for step in steps {
        let within = Within { jobs: &[], holders: [step, root, root] };
        environment(step, faults);
        if let Some(uses) = step.entry("uses") {
            pinned(uses, faults);
        }
        if let Some(run) = step.get("run") {
            injection(run, &within, faults);
        }
    }
}

/// Where a step stands: what names lead on to.
struct Within<'n> {
    jobs: &'n [Entry],
    /// The step, its job and the workflow, whose variables it has in that order.
    holders: [&'n Node; 3],
}

/// So often what an expression names is an expression again.
const DEEPEST: usize = 4;

impl<'n> Within<'n> {
    /// The text that a context stands for, where the workflow says it: a variable, what another job hands on.
    fn meant(&self, path: &[String]) -> Option<&'n str> {
        let of = |node: &'n Node, key: &str, name: &str| {
            node.entries_of(key).iter().find(|entry| entry.key.eq_ignore_ascii_case(name))?.node.text()
        };
        match path {
            [env, name] if env == "env" => self.holders.iter().find_map(|holder| of(holder, "env", name)),
            [needs, job, outputs, name] if needs == "needs" && outputs == "outputs" => {
                let job = self.jobs.iter().find(|other| other.key.eq_ignore_ascii_case(job))?;
                of(&job.node, "outputs", name)
            }
            _ => None,
        }
    }

    /// The contexts that an expression can come to, and those of what they stand for.
    fn contexts(&self, expression: &str, depth: usize) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for path in told(expression) {
            let meant = self.meant(&path).filter(|_| depth < DEEPEST);
            for (_, inner) in meant.and_then(|text| embedded(text).ok()).unwrap_or_default() {
                all.extend(self.contexts(inner, depth + 1));
            }
            all.push(path);
        }
        all
    }
}

/// What reads a script stops at what fails: the server's own ways do, one's own has to say so.
fn shell(holder: &Node, faults: &mut Faults<'_>) {
    let default = holder.at(&["defaults", "run"]).and_then(|run| run.entry("shell"));
    let steps = holder.items_of("steps").iter().filter_map(|step| step.entry("shell"));
    for entry in default.into_iter().chain(steps) {
        let Some(text) = entry.node.text().filter(|text| !text.contains("${{")) else { continue };
        let mut words = text.split_whitespace();
        let program = words.next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let may_fail = !words.any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('e'));
        if !text.contains("{0}") {
            if !SHELLS.contains(&text) {
                let message = format!("there is no shell “{text}”: {}, or a command with {{0}}", SHELLS.join(", "));
                faults.add("workflow-syntax", entry.line, message);
            }
        } else if matches!(program, "bash" | "sh") && may_fail && !text.contains("errexit") {
            let message = "a script goes on behind what failed: bash, or bash -e {0}";
            faults.add("careless-script", entry.line, message);
        }
    }
}

const SHELLS: [&str; 6] = ["bash", "sh", "pwsh", "powershell", "cmd", "python"];

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
    // Of one job, it is said of that.
    for scope in top.filter(|_| jobs.len() > 1).map(|entry| entry.node.entries()).unwrap_or_default() {
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
fn injection(script: &Node, within: &Within<'_>, faults: &mut Faults<'_>) {
    let text = script.text().unwrap_or_default();
    for (offset, expression) in embedded(text).unwrap_or_default() {
        let line = script.line_at(offset);
        for path in within.contexts(expression, 0) {
            let name = path.join(".");
            // The whole of it holds what a stranger chose, too.
            let is_strange = name.starts_with("github.event.")
                || matches!(
                    name.as_str(),
                    "github" | "github.*" | "github.event" | "github.head_ref" | "github.ref_name" | "github.ref"
                )
                || path[0] == "inputs";
            if path[0] == "secrets" || name == "github.token" {
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
fn checkout(step: &Node, within: &Within<'_>, faults: &mut Faults<'_>) {
    let message = "it runs a stranger's code with this repository's secrets: use pull_request instead";
    // A text with what it names: the expression in a variable is the one that counts.
    let whole = |text: &str| {
        let found = embedded(text).unwrap_or_default();
        let meant = found.into_iter().flat_map(|(_, expression)| within.contexts(expression, 0));
        let meant = meant.map(|path| path.join(".")).collect::<Vec<_>>().join(" ");
        format!("{text} {meant}").to_ascii_lowercase()
    };
    let uses = step.text_of("uses").unwrap_or_default().to_ascii_lowercase();
    let with = step.get("with").filter(|_| uses.starts_with("actions/checkout@"));
    let refs = with.into_iter().flat_map(|with| ["ref", "repository"].into_iter().filter_map(|key| with.entry(key)));
    for entry in refs {
        let text = whole(entry.node.text().unwrap_or_default());
        if THEIRS.iter().any(|part| text.contains(part)) {
            return faults.add("untrusted-checkout", entry.line, message);
        }
    }
    let Some(run) = step.get("run") else { return };
    let mut at = 0;
    for line in run.text().unwrap_or_default().split_inclusive('\n') {
        let variables = step.entries_of("env").iter().filter(|entry| line.contains(&format!("${}", entry.key)));
        let variables = variables.filter_map(|entry| entry.node.text()).collect::<Vec<_>>().join(" ");
        let text = whole(&format!("{line} {variables}"));
        let gets = ["git checkout", "git fetch", "git pull", "git clone", "git switch", "git reset", "git merge"];
        let is_theirs = THEIRS.iter().chain(&["/head", "pull/"]).any(|part| text.contains(part));
        if text.contains("gh pr checkout") || is_theirs && gets.iter().any(|command| text.contains(command)) {
            return faults.add("untrusted-checkout", run.line_at(at), message);
        }
        at += line.len();
    }
}

/// What says that something is of who asks for it to be pulled.
const THEIRS: [&str; 7] =
    ["head_ref", "pull_request.head", "head_sha", "head_branch", "refs/pull/", "head_commit", "head_repository"];
