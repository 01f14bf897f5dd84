//! kustomization.yaml (kubectl.docs.kubernetes.io, “The Kustomization File”).

use std::collections::BTreeMap;

use super::{is_patch, objects};
use crate::validate::kinds::Kind;
use crate::validate::project::Project;
use crate::validate::tree::{self, Node};
use crate::validate::{Fault, Faults, folder, joined};

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
pub(in crate::validate) fn check_all(project: &Project<'_>, found: &mut Vec<Fault>) {
    let files = project.files;
    let is_kustomization = |path: &str| path.ends_with("kustomization.yaml") || path.ends_with("kustomization.yml");
    for (path, text) in files.iter().filter(|(path, _)| is_kustomization(path)) {
        let Some(root) = tree::read(text).ok().and_then(|documents| documents.into_iter().next()) else { continue };
        let mut faults = Faults { path, found: Vec::new() };
        let listed = [
            "resources",
            "components",
            "bases",
            "patchesStrategicMerge",
            "crds",
            "configurations",
            "generators",
            "transformers",
        ];
        let listed = listed.iter().flat_map(|key| root.items_of(key));
        let patches = ["patches", "patchesJson6902", "replacements"].iter().flat_map(|key| root.items_of(key));
        let patches = patches.filter_map(|patch| patch.get("path"));
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
            if !is_there && (!is_file || project.lacks(&wanted_path)) {
                faults.add("unknown-file", node.line, format!("there is no {wanted}"));
            }
        }
        let generators = ["configMapGenerator", "secretGenerator"].iter().flat_map(|key| root.items_of(key));
        let taken = generators.flat_map(|one| ["files", "envs"].into_iter().flat_map(move |key| one.items_of(key)));
        for node in taken {
            let wanted =
                node.text().map(|text| text.split_once('=').map_or(text, |(_, file)| file)).unwrap_or_default();
            if project.lacks(&joined(folder(path), wanted)) {
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
    let is_manifest = |other: &str, text: &str| Kind::of(other, text) == Some(Kind::Manifest);
    let manifests =
        files.iter().filter(|(other, text)| is_manifest(other, text) && super::references::root(other) == own);
    let parsed = manifests.map(|(path, text)| Ok((path.as_str(), tree::read(text)?)));
    // Where one cannot be read, nobody knows what is missing.
    let Ok(parsed) = parsed.collect::<Result<Vec<_>, (usize, String)>>() else { return };
    let known = |(path, documents): &'_ (&str, Vec<Node>)| {
        objects(documents).filter(|object| !is_patch(path, object)).cloned().collect::<Vec<_>>()
    };
    let all: Vec<Node> = parsed.iter().flat_map(known).collect();
    let name = |object: &Node| object.at(&["metadata", "name"]).and_then(Node::text).map(str::to_owned);
    let is_there = |kind: &str, wanted: &str| {
        all.iter().any(|object| object.text_of("kind") == Some(kind) && name(object).as_deref() == Some(wanted))
    };
    for patch in root.items_of("patches") {
        if let Some(target) = patch.get("target") {
            let (Some(kind), Some(wanted)) = (target.text_of("kind"), target.text_of("name")) else { continue };
            if !wanted.contains(['*', '.', '|']) && !is_there(kind, wanted) {
                faults.add("unknown-reference", target.line, format!("there is no {kind} {wanted} to patch"));
            }
            continue;
        }
        // Without a target a patch names itself what it changes.
        let within = patch.get("patch").and_then(|node| Some((node, node.text()?)));
        let beside = || {
            let node = patch.get("path")?;
            Some((node, files.get(&joined(folder(path), node.text()?))?.as_str()))
        };
        let Some((node, text)) = within.or_else(beside) else { continue };
        let Ok(documents) = tree::read(text) else { continue };
        for object in objects(&documents) {
            let (Some(kind), Some(wanted)) = (object.text_of("kind"), name(object)) else { continue };
            if !is_there(kind, &wanted) {
                let inside = object.at(&["metadata", "name"]).filter(|_| within.is_some()).map_or(1, |name| name.line);
                let message = format!("there is no {kind} {wanted} to patch");
                faults.add("unknown-reference", node.line + inside - 1, message);
            }
        }
    }
    for generator in ["configMapGenerator", "secretGenerator"].iter().flat_map(|key| root.items_of(key)) {
        let (Some(wanted), Some("merge" | "replace")) = (generator.text_of("name"), generator.text_of("behavior"))
        else {
            continue;
        };
        if !is_there("ConfigMap", wanted) && !is_there("Secret", wanted) && !is_generated(wanted, path, files) {
            let line = generator.entry("name").map(|entry| entry.line);
            faults.add("unknown-reference", line, format!("no base has a {wanted} to merge into"));
        }
    }
    for replicas in root.items_of("replicas") {
        let Some(wanted) = replicas.text_of("name") else { continue };
        if !all.iter().any(|object| name(object).as_deref() == Some(wanted)) {
            faults.add("unknown-reference", replicas.line, format!("there is no {wanted} to have replicas"));
        }
    }
    let mut used = Vec::new();
    for object in &all {
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

/// Whether another kustomization makes such a config map or secret.
fn is_generated(wanted: &str, path: &str, files: &BTreeMap<String, String>) -> bool {
    let own = super::references::root(path);
    let others = files.iter().filter(|(other, text)| {
        *other != path && Kind::of(other, text) == Some(Kind::Kustomization) && super::references::root(other) == own
    });
    let documents = others.filter_map(|(_, text)| tree::read(text).ok()).flatten().collect::<Vec<_>>();
    let generators = documents
        .iter()
        .flat_map(|root| ["configMapGenerator", "secretGenerator"].into_iter().flat_map(|key| root.items_of(key)));
    generators
        .into_iter()
        .any(|generator| generator.text_of("name") == Some(wanted) && generator.get("behavior").is_none())
}
