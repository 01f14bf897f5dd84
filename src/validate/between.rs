//! What files name in each other.

use std::collections::{BTreeMap, BTreeSet};

use super::kinds::Kind;
use super::parameters::above;
use super::project::Project;
use super::tree::Entry;
use super::{
    Fault, Faults, azure, cloudformation, compose, context, dockerfile, folder, github, gitlab, helm, joined,
    kubernetes, scripts, terraform,
};

/// What is named in one file and stands in none.
pub(super) fn check(project: &Project<'_>) -> Vec<Fault> {
    let files = project.files;
    let mut found = Vec::new();
    let of: BTreeMap<&str, Kind> =
        files.iter().filter_map(|(path, text)| Some((path.as_str(), Kind::of(path, text)?))).collect();
    let all = |kind: Kind| {
        let paths = of.iter().filter(move |(_, other)| **other == kind).map(|(path, _)| *path);
        paths.map(|path| (path, files[path].as_str()))
    };
    let scripts: Vec<&str> = all(Kind::Script).map(|(_, text)| text).collect();
    manifests(&all(Kind::Manifest).collect::<Vec<_>>(), &scripts, files, &mut found);
    kubernetes::check_kustomizations(project, &mut found);
    helm::check_all(files, &mut found);
    github::check_all(&all(Kind::Workflow).collect(), project, &mut found);
    gitlab::check_all(&all(Kind::Pipeline).collect(), project, &mut found);
    let composes: Vec<_> = all(Kind::Compose).collect();
    compose::check_all(&composes, project, &mut found);
    context::check(&all(Kind::Dockerfile).collect::<Vec<_>>(), &composes, project, &mut found);
    scripts::check(project, &mut found);
    ignore_lists(all(Kind::Dockerfile), files, &mut found);
    let told: Vec<&str> = [Kind::Script, Kind::Workflow, Kind::Pipeline, Kind::Jenkinsfile]
        .into_iter()
        .flat_map(|kind| all(kind).map(|(_, text)| text))
        .collect();
    let templates: Vec<_> = all(Kind::CloudFormation).collect();
    let values: Vec<_> = all(Kind::CloudFormationValues).collect();
    cloudformation::check_all(&templates, &values, &told, &mut found);
    let (bicep, arm): (Vec<_>, Vec<_>) = (all(Kind::Bicep).collect(), all(Kind::Arm).collect());
    let own: Vec<_> = all(Kind::BicepValues).collect();
    azure::check_all(&bicep, &own, &arm, &told, &mut found);
    let paths: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    terraform(by_folder(all(Kind::Terraform)), all(Kind::TerraformValues), &paths, &told, &mut found);
    found
}

/// Files of a folder of Terraform are one; values belong to the next folder above that has some.
fn terraform<'a>(
    folders: BTreeMap<&'a str, Vec<(&'a str, &'a str)>>,
    values: impl Iterator<Item = (&'a str, &'a str)>,
    paths: &BTreeSet<&str>,
    told: &[&str],
    found: &mut Vec<Fault>,
) {
    let mut calls: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for (root, arguments) in folders.values().flat_map(|members| terraform::arguments(members)) {
        calls.entry(root).or_default().extend(arguments);
    }
    let mut own: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (path, text) in values {
        if let Some(root) = above(path).find(|root| folders.contains_key(root)) {
            own.entry(root).or_default().push((path, text));
        }
    }
    for (root, files) in folders {
        let (values, given) = (own.remove(root).unwrap_or_default(), calls.remove(root).unwrap_or_default());
        terraform::check_all(&terraform::Folder { files, values, given }, paths, told, found);
    }
}

fn by_folder<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, Vec<(&'a str, &'a str)>> {
    let mut folders: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (path, text) in files {
        folders.entry(folder(path)).or_default().push((path, text));
    }
    folders
}

/// Manifests of a folder belong together; comments anywhere in it, and scripts, tell of what is made elsewhere.
fn manifests(all: &[(&str, &str)], scripts: &[&str], files: &BTreeMap<String, String>, found: &mut Vec<Fault>) {
    let mut folders: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (path, text) in all {
        folders.entry(kubernetes::root(path)).or_default().push((path, text));
    }
    for (root, members) in folders {
        let beside = files.iter().filter(|(path, _)| path.starts_with(root)).map(|(_, text)| text.as_str());
        let texts: Vec<&str> = beside.chain(scripts.iter().copied()).collect();
        kubernetes::check_all(&members, &texts, found);
    }
}

/// What an image is built from has a list of what stays out of it: beside the Dockerfile, or further up.
fn ignore_lists<'a>(
    dockerfiles: impl Iterator<Item = (&'a str, &'a str)>,
    files: &BTreeMap<String, String>,
    found: &mut Vec<Fault>,
) {
    // What names each thing that it takes needs none.
    let takes_all = |text: &str| {
        let sources = dockerfile::copied_or_matched(text);
        sources.iter().any(|(_, source)| matches!(joined("", source).as_str(), "" | "*" | "**" | ".*" | ".[!.]*"))
    };
    for (path, _) in dockerfiles.filter(|(_, text)| takes_all(text)) {
        let mut lists = above(path).map(|folder| joined(folder, ".dockerignore"));
        if !lists.any(|list| files.contains_key(&list)) && !files.contains_key(&format!("{path}.dockerignore")) {
            let mut faults = Faults { path, found: Vec::new() };
            faults.add("ignore-list", None, "no .dockerignore keeps history and secrets out of the image");
            found.extend(faults.found);
        }
    }
}
