//! Whether a file that describes a deployment can work and is safe: text in, faults out. The same check stands behind
//! what is generated and what a person wrote.

mod azure;
mod between;
mod capabilities;
#[cfg(test)]
mod cases;
mod cloud;
mod cloudformation;
mod commands;
mod compose;
mod context;
mod dockerfile;
mod env_file;
mod exceptions;
mod github;
mod gitlab;
mod helm;
mod ignore_list;
mod images;
mod jenkins;
mod kinds;
mod kubernetes;
#[cfg(test)]
mod mutations;
mod order;
mod parameters;
mod project;
mod rules;
mod scripts;
mod secrets;
mod shell;
#[cfg(test)]
mod sound;
mod terraform;
mod tokens;
mod tree;
mod variables;
mod written;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Serialize;

use kinds::Kind;
use project::Project;
pub use rules::{RULES, Rule, rule};

/// So many bytes of a file are checked; nobody writes more by hand.
const LARGEST: usize = 512 << 10;

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The rule that it breaks, as a stable slug: `unpinned-image`, `root-user` …
    pub rule: &'static str,
    /// The file.
    pub path: String,
    /// The line, from 1; null where it is the whole file.
    pub line: Option<usize>,
    /// What is wrong and what to do, one sentence.
    pub message: String,
}

/// So many faults of a file are told at most.
const MOST: usize = 500;

/// What is wrong with a file, in the order of its lines. The file's name says which checks it gets; a file of a kind
/// that none knows has no faults. What it refers to in other files is not looked for: [`check_all`] does.
#[must_use]
pub fn check(path: &str, text: &str) -> Vec<Fault> {
    let mut faults = Faults { path, found: Vec::new() };
    let Some(kind) = Kind::of(path, text) else { return faults.found };
    if text.len() > LARGEST {
        faults.add("too-large", None, format!("it has more than {} KB", LARGEST >> 10));
        return faults.found;
    }
    kind.check(text, &mut faults);
    secrets::scan(text, &mut faults);
    exceptions::apply(text, &mut faults);
    faults.in_order()
}

/// What lies in a project beside the files that are checked.
pub struct Surroundings<'a> {
    /// Its paths, as far as they are looked at.
    pub paths: &'a BTreeSet<String>,
    /// Whether something may lie at a path that is not among these: what is left out of a walk.
    pub may_be: &'a dyn Fn(&str) -> bool,
}

/// What is wrong with all files of a project that belong to its deployment, file by file in the order of their paths.
/// What they refer to in each other has to be among them.
#[must_use]
pub fn check_all(files: &BTreeMap<String, String>) -> Vec<Fault> {
    checked(files, None)
}

/// The same where it is known what else the project has: other files that are named are there, too.
#[must_use]
pub fn check_project(files: &BTreeMap<String, String>, around: &Surroundings<'_>) -> Vec<Fault> {
    checked(files, Some(around))
}

fn checked(files: &BTreeMap<String, String>, around: Option<&Surroundings<'_>>) -> Vec<Fault> {
    let mut between: BTreeMap<String, Vec<Fault>> = BTreeMap::new();
    for fault in between::check(&Project::new(&readable(files), around)) {
        between.entry(fault.path.clone()).or_default().push(fault);
    }
    let found = files.iter().flat_map(|(path, text)| {
        let mut faults = Faults { path, found: check(path, text) };
        faults.found.extend(exceptions::without(text, between.remove(path).unwrap_or_default()));
        faults.in_order()
    });
    found.collect()
}

/// The files as they are read: of one that is too large only that it is there.
fn readable(files: &BTreeMap<String, String>) -> Cow<'_, BTreeMap<String, String>> {
    if files.values().all(|text| text.len() <= LARGEST) {
        return Cow::Borrowed(files);
    }
    let text = |text: &String| if text.len() <= LARGEST { text.clone() } else { String::new() };
    Cow::Owned(files.iter().map(|(path, all)| (path.clone(), text(all))).collect())
}

/// Files that these go on in, whatever they are called, and the list of what is made: [`check_all`] looks into them, too,
/// where it has them.
#[must_use]
pub fn named(files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let named = files.iter().filter(|(_, text)| text.len() <= LARGEST).flat_map(|(path, text)| {
        let is_compose = Kind::of(path, text) == Some(Kind::Compose);
        if is_compose { compose::named(path, text) } else { Vec::new() }
    });
    let named = named.chain([project::MADE.to_owned()]);
    named.filter(|path| !files.contains_key(path) && !path.starts_with("..")).collect()
}

/// The files that work together with `known`: in a folder of which a tool takes all, whoever wrote them, or named where
/// these go on.
#[must_use]
pub fn together(files: &BTreeMap<String, String>, known: &BTreeSet<String>) -> BTreeSet<String> {
    let whole: HashSet<_> = known.iter().filter_map(|path| Kind::whole(path)).collect();
    let is_whole = |path: &&String| Kind::whole(path).is_some_and(|place| whole.contains(&place));
    let mut asked: BTreeSet<String> = known.iter().chain(files.keys().filter(is_whole)).cloned().collect();
    loop {
        let texts = files.iter().filter(|(path, _)| asked.contains(*path));
        let texts = texts.map(|(path, text)| (path.clone(), text.clone())).collect();
        let more: Vec<String> =
            named(&texts).into_iter().filter(|path| knows(path) && files.contains_key(path)).collect();
        if more.is_empty() {
            return asked;
        }
        asked.extend(more);
    }
}

/// Whether a file of this name can be of a kind that is checked.
#[must_use]
pub fn knows(path: &str) -> bool {
    Kind::may_be(path)
}

/// The same as rules with what breaks them, wherever in the file that is.
#[must_use]
pub fn says(path: &str, text: &str) -> Vec<String> {
    check(path, text).into_iter().map(|fault| format!("{}: {}", fault.rule, fault.message)).collect()
}

/// The folder of a path, without a slash at its end; empty for the root.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path from a folder on; what leads out of the project stays `..`.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Collects faults of one file.
struct Faults<'a> {
    path: &'a str,
    found: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, rule: &'static str, line: impl Into<Option<usize>>, message: impl Into<String>) {
        debug_assert!(rules::rule(rule).is_some(), "{rule} is in no list");
        self.found.push(Fault { rule, path: self.path.to_owned(), line: line.into(), message: message.into() });
    }

    /// By their lines, each once, and not without end.
    fn in_order(mut self) -> Vec<Fault> {
        self.found.sort_by_key(|fault| fault.line);
        let mut told = HashSet::new();
        self.found.retain(|fault| told.insert((fault.rule, fault.line, fault.message.clone())));
        self.found.truncate(MOST);
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_file_is_known_by_its_name() {
        assert!(check("a/Dockerfile", "").iter().any(|fault| fault.rule == "dockerfile-syntax"));
        assert!(check("Dockerfile.dev", "").iter().any(|fault| fault.rule == "dockerfile-syntax"));
        assert!(check("apps/web/Dockerfile.dockerignore", "").iter().any(|fault| fault.rule == "ignore-list"));
        assert!(check("docker-compose.yml", "").iter().any(|fault| fault.rule == "compose-syntax"));
        assert!(check(".env.example", "=").iter().any(|fault| fault.rule == "env-syntax"));
        assert_eq!(check("README.md", "FROM"), []);
    }

    #[test]
    fn what_a_tool_takes_along_is_together_with_what_is_known() {
        let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<String>>();
        let mut files: BTreeMap<String, String> = set(&[
            "compose.override.yml",
            "compose.test.yaml",
            "infra/terraform-aws/mine.tf",
            "infra/terraform-aws/terraform.tfvars",
            "infra/other/mine.tf",
            "k8s/production/mine.yml",
            "k8s/helm/shop/templates/a/mine.yaml",
            ".github/workflows/mine.yml",
        ])
        .into_iter()
        .map(|path| (path, String::new()))
        .collect();
        files.insert("compose.yaml".to_owned(), "include: [parts/compose.yaml]\nservices: {}\n".to_owned());
        files.insert("parts/compose.yaml".to_owned(), "include: [compose.more.yaml]\nservices: {}\n".to_owned());
        files.insert("parts/compose.more.yaml".to_owned(), "services: {}\n".to_owned());
        let known = set(&[
            ".github/workflows/ci.yml",
            "compose.yaml",
            "infra/terraform-aws/network.tf",
            "k8s/production/shop.yaml",
            "k8s/helm/shop/templates/policies.yaml",
        ]);
        let taken = set(&[
            "compose.override.yml",
            "infra/terraform-aws/mine.tf",
            "infra/terraform-aws/terraform.tfvars",
            "k8s/production/mine.yml",
            "k8s/helm/shop/templates/a/mine.yaml",
            "parts/compose.yaml",
            "parts/compose.more.yaml",
        ]);
        assert_eq!(together(&files, &known), known.union(&taken).cloned().collect());
    }

    #[test]
    fn a_file_that_nobody_reads_is_told_so() {
        let faults = check("Dockerfile", &"#\n".repeat(LARGEST));
        assert_eq!(faults.iter().map(|fault| fault.rule).collect::<Vec<_>>(), ["too-large"]);
    }
}
