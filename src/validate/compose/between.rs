//! What compose files name in the files beside them: variables and Dockerfiles.

use std::collections::{BTreeMap, HashSet};

use super::{environment, goes_over, hosts, says_what_runs, whole};
use crate::validate::project::Project;
use crate::validate::tree::{self, Node};
use crate::validate::{Fault, Faults, dockerfile, folder, joined};

/// What Compose sets itself, and what every shell has.
const GIVEN: [&str; 6] = ["COMPOSE_PROJECT_NAME", "HOME", "PATH", "PWD", "UID", "USER"];

pub(in crate::validate) fn check_all(composes: &[(&str, &str)], project: &Project<'_>, found: &mut Vec<Fault>) {
    let files = project.files;
    for (path, text) in composes {
        let Some(root) = tree::read(text).ok().and_then(whole::one) else { continue };
        let mut faults = Faults { path, found: Vec::new() };
        // What another than the usual file says to be required is given by whoever deploys.
        let is_usual = !goes_over(path);
        let mut known = examples(folder(path), files);
        if !known.is_empty() {
            known.extend(text.lines().filter(|line| line.starts_with('#')).filter_map(named_by));
        }
        variables(&root, is_usual, &known, &mut faults);
        for service in root.entries_of("services") {
            build(&service.node, folder(path), project, &mut faults);
            env_files(&service.node, folder(path), project, &mut faults);
        }
        let read = whole::read(text).unwrap_or_else(|| root.clone());
        let all = whole::whole(path, &read, &|path| files.get(path).cloned());
        if !whole::named(path, &read).is_empty() {
            super::inspect(&all, &mut faults);
        }
        let beside = composes.iter().filter(|(other, _)| folder(other) == folder(path));
        let beside: Vec<Node> = beside.filter_map(|(_, text)| whole::read(text)).collect();
        let runs = |name: &str| beside.iter().any(|root| root.at(&["services", name]).is_some_and(says_what_runs));
        for entry in all.entries_of("services").iter().filter(|entry| entry.node.is_map() && goes_over(path)) {
            if !runs(&entry.key) {
                let message = format!("the service {} has neither image nor build, here or beside", entry.key);
                faults.add("compose-syntax", entry.line, message);
            }
        }
        hosts::check(&all, &beside, &mut faults);
        found.extend(faults.found);
    }
}

/// The files beside that a compose file goes on in.
pub(in crate::validate) fn named(path: &str, text: &str) -> Vec<String> {
    whole::read(text).map(|root| whole::named(path, &root)).unwrap_or_default()
}

/// The names in the files of variables of a folder; none where there is no such file.
fn examples<'f>(beside: &str, files: &'f BTreeMap<String, String>) -> Vec<&'f str> {
    let is_one =
        |path: &str| folder(path) == beside && path.rsplit('/').next().is_some_and(|name| name.starts_with(".env"));
    let lines = files.iter().filter(|(path, _)| is_one(path)).flat_map(|(_, text)| text.lines());
    lines.filter_map(named_by).collect()
}

/// The name that a line gives a value; one that is commented out is told all the same.
fn named_by(line: &str) -> Option<&str> {
    let line = line.trim().trim_start_matches(['#', ' ']);
    line.strip_prefix("export ").unwrap_or(line).split_once('=').map(|(name, _)| name.trim())
}

/// Variables without a value of their own are in the example that who starts it copies.
fn variables(root: &Node, is_usual: bool, known: &[&str], faults: &mut Faults<'_>) {
    if known.is_empty() {
        return;
    }
    let known: HashSet<&str> = known.iter().copied().collect();
    let mut wanted: Vec<(usize, String)> = Vec::new();
    root.each(&mut |node| {
        let Some(text) = node.text() else { return };
        for (at, _) in text.match_indices("${") {
            let rest = &text[at + 2..];
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let after = &rest[name.len()..];
            let is_required = after.starts_with(":?") || after.starts_with('?');
            let has_default = is_required && !is_usual || !is_required && after.starts_with([':', '-', '+']);
            let is_escaped = text[..at].ends_with('$');
            if !name.is_empty() && !has_default && !is_escaped {
                wanted.push((node.line_at(at), name));
            }
        }
    });
    for service in root.entries_of("services") {
        let Some(passed) = service.node.get("environment") else { continue };
        let bare =
            passed.items().iter().filter_map(|item| Some((item.line, item.text().filter(|text| !text.contains('='))?)));
        let empty = passed.entries().iter().filter(|entry| entry.node.is_null() && entry.node.text().is_none());
        let empty = empty.filter(|entry| environment(&service.node).iter().any(|(_, name, _)| *name == entry.key));
        wanted.extend(bare.map(|(line, name)| (line, name.to_owned())));
        wanted.extend(empty.map(|entry| (entry.line, entry.key.clone())));
    }
    for (line, name) in wanted {
        if !known.contains(name.as_str()) && !GIVEN.contains(&name.as_str()) {
            faults.add(
                "unknown-reference",
                line,
                format!("nobody learns that {name} has to be set: put {name}= into .env.example"),
            );
        }
    }
}

/// What a service is built from: its Dockerfile and its context.
fn built(service: &Node, beside: &str) -> Option<(String, String)> {
    let build = service.get("build")?;
    let context = build.text().or_else(|| build.text_of("context")).unwrap_or(".");
    if context.contains("://") || context.contains('$') || build.get("dockerfile_inline").is_some() {
        return None;
    }
    let context = joined(beside, context);
    Some((joined(&context, build.text_of("dockerfile").unwrap_or("Dockerfile")), context))
}

/// The Dockerfiles that a file builds from, with their contexts.
pub(in crate::validate) fn builds(path: &str, text: &str) -> Vec<(String, String)> {
    let root = whole::read(text);
    let services = root.as_ref().map(|root| root.entries_of("services")).unwrap_or_default();
    services.iter().filter_map(|service| built(&service.node, folder(path))).collect()
}

/// The services that a file has in the end.
pub(in crate::validate) fn services(path: &str, text: &str, files: &BTreeMap<String, String>) -> Vec<String> {
    let root = whole::read(text).map(|root| whole::whole(path, &root, &|path| files.get(path).cloned()));
    root.map(|root| root.entries_of("services").iter().map(|one| one.key.clone()).collect()).unwrap_or_default()
}

fn build(service: &Node, beside: &str, project: &Project<'_>, faults: &mut Faults<'_>) {
    let (Some(build), Some((wanted, _))) = (service.get("build"), built(service, beside)) else { return };
    if !project.files.contains_key(&wanted) && !wanted.contains('$') && !wanted.starts_with("..") {
        let line = build.get("dockerfile").map_or(build.line, |node| node.line);
        faults.add("unknown-file", line, format!("there is no {wanted} to build from"));
    }
    let (Some(target), Some(text)) = (build.get("target"), project.files.get(&wanted)) else { return };
    let Some(name) = target.text().filter(|name| !name.contains('$') && name.parse::<usize>().is_err()) else { return };
    if !dockerfile::stages(text).iter().any(|stage| stage.eq_ignore_ascii_case(name)) {
        faults.add("unknown-stage", target.line, format!("{wanted} has no stage named {name}"));
    }
}

/// The files that a service takes variables from; one beside an example is everybody's own.
fn env_files(service: &Node, beside: &str, project: &Project<'_>, faults: &mut Faults<'_>) {
    let Some(env_file) = service.get("env_file") else { return };
    let each = if env_file.is_list() { env_file.items().iter().collect() } else { vec![env_file] };
    for one in each.into_iter().filter(|one| one.get("required").and_then(Node::truth) != Some(false)) {
        let Some(wanted) = one.text().or_else(|| one.text_of("path")) else { continue };
        let path = joined(beside, wanted);
        let is_told = ["example", "sample", "template", "dist"]
            .iter()
            .any(|end| project.files.contains_key(&format!("{path}.{end}")));
        if !is_told && project.lacks(&path) {
            faults.add("unknown-file", one.line, format!("there is no {path}, nor an example of it"));
        }
    }
}
