//! kustomization.yaml (kubectl.docs.kubernetes.io, “The Kustomization File”).

use std::collections::BTreeMap;

use super::objects;
use crate::validate::tree::{self, Node};
use crate::validate::{Fault, Faults, folder, joined, knows};

const KEYS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "components",
    "bases",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "commonLabels",
    "commonAnnotations",
    "labels",
    "images",
    "replicas",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "replacements",
    "vars",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "generators",
    "transformers",
    "validators",
    "configurations",
    "crds",
    "openapi",
    "helmCharts",
    "helmGlobals",
    "sortOptions",
    "buildMetadata",
];

pub(in crate::validate) fn check(text: &str, faults: &mut Faults<'_>) {
    let root = match tree::read(text).map(|documents| documents.into_iter().next()) {
        Ok(Some(root)) if root.is_map() => root,
        Ok(_) => return faults.add("manifest-syntax", None, "there is nothing in it: it lists resources"),
        Err((line, why)) => return faults.add("manifest-syntax", line, format!("it is no YAML: {why}")),
    };
    for entry in root.entries().iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
        faults.add("manifest-syntax", entry.line, format!("a kustomization has no key “{}”", entry.key));
    }
    for image in root.items_of("images") {
        let tag = image.text_of("newTag");
        if tag == Some("latest") {
            let line = image.entry("newTag").map(|entry| entry.line);
            faults.add("unpinned-image", line, "latest can be another image tomorrow: name a version");
        }
    }
    for generator in root.items_of("secretGenerator") {
        for literal in generator.items_of("literals") {
            if literal.text().is_some_and(|text| text.split_once('=').is_some_and(|(_, value)| !value.is_empty())) {
                faults.add("secret-in-file", literal.line, "the value of a secret is written down: read it from envs:");
            }
        }
    }
}

/// What the kustomizations of a folder name: files and folders, and what their patches change.
pub(in crate::validate) fn check_all(files: &BTreeMap<String, String>, found: &mut Vec<Fault>) {
    let is_kustomization = |path: &str| path.ends_with("kustomization.yaml") || path.ends_with("kustomization.yml");
    for (path, text) in files.iter().filter(|(path, _)| is_kustomization(path)) {
        let Some(root) = tree::read(text).ok().and_then(|documents| documents.into_iter().next()) else { continue };
        let mut faults = Faults { path, found: Vec::new() };
        let listed = ["resources", "components", "bases", "patchesStrategicMerge", "crds", "configurations"];
        let listed = listed.iter().flat_map(|key| root.items_of(key));
        let patches = root.items_of("patches").iter().filter_map(|patch| patch.get("path"));
        for node in listed.chain(patches) {
            let Some(wanted) = node.text().filter(|text| !text.contains("://") && !text.contains('\n')) else {
                continue;
            };
            let wanted_path = joined(folder(path), wanted);
            let is_there = files.contains_key(&wanted_path)
                || ["kustomization.yaml", "kustomization.yml"]
                    .iter()
                    .any(|name| files.contains_key(&joined(&wanted_path, name)));
            // A folder has a kustomization; of files, those that would be among these.
            let is_file = wanted_path.rsplit('/').next().is_some_and(|name| name.contains('.'));
            if !is_there && (!is_file || knows(&wanted_path)) {
                faults.add("unknown-file", node.line, format!("there is no {wanted}"));
            }
        }
        targets(&root, path, files, &mut faults);
        found.extend(faults.found);
    }
}

/// What patches, images and replicas change is there.
fn targets(root: &Node, path: &str, files: &BTreeMap<String, String>, faults: &mut Faults<'_>) {
    let own = super::references::root(path);
    let texts = files.iter().filter(|(other, _)| super::references::root(other) == own && *other != path);
    let Ok(parsed) = texts.map(|(_, text)| tree::read(text)).collect::<Result<Vec<_>, _>>() else { return };
    let all: Vec<&Node> = parsed.iter().flat_map(|documents| objects(documents)).collect();
    let name = |object: &Node| object.at(&["metadata", "name"]).and_then(Node::text).map(str::to_owned);
    for target in root.items_of("patches").iter().filter_map(|patch| patch.get("target")) {
        let (Some(kind), Some(wanted)) = (target.text_of("kind"), target.text_of("name")) else { continue };
        let is_it = |object: &&&Node| object.text_of("kind") == Some(kind) && name(object).as_deref() == Some(wanted);
        if !wanted.contains(['*', '.', '|']) && !all.iter().any(|object| is_it(&object)) {
            faults.add("unknown-reference", target.line, format!("there is no {kind} {wanted} to patch"));
        }
    }
    for replicas in root.items_of("replicas") {
        let Some(wanted) = replicas.text_of("name") else { continue };
        if !all.iter().any(|object| name(object).as_deref() == Some(wanted)) {
            faults.add("unknown-reference", replicas.line, format!("there is no {wanted} to have replicas"));
        }
    }
    let mut used = Vec::new();
    for object in all {
        object.each(&mut |node| used.extend(node.text_of("image")));
    }
    for image in root.items_of("images") {
        let Some(wanted) = image.text_of("name") else { continue };
        let bare = |image: &str| {
            image.split('@').next().map(|image| {
                let tag = image.rfind(':').filter(|colon| !image[*colon..].contains('/'));
                image[..tag.unwrap_or(image.len())].to_owned()
            })
        };
        if !used.iter().any(|image| bare(image).as_deref() == Some(wanted)) {
            faults.add("unknown-reference", image.line, format!("nothing runs the image {wanted}"));
        }
    }
}
