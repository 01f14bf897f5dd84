//! Manifests of Kubernetes (kubernetes.io, “Kubernetes API”; “Pod Security Standards”, restricted).

mod kustomize;
mod pods;
mod references;
mod roles;

#[cfg(test)]
pub(super) mod tests;

pub(super) use kustomize::{check as check_kustomization, check_all as check_kustomizations};
pub(super) use references::{check_all, root};

use super::secrets::{is_in_address, is_kept};
use super::tree::{self, Node};
use super::{Faults, written};

/// Kinds with the groups that serve them in every version that is still kept.
const KINDS: &[(&str, &str)] = &[
    ("ClusterRole", "rbac.authorization.k8s.io/v1"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1"),
    ("ConfigMap", "v1"),
    ("CronJob", "batch/v1"),
    ("DaemonSet", "apps/v1"),
    ("Deployment", "apps/v1"),
    ("HorizontalPodAutoscaler", "autoscaling/v2"),
    ("Ingress", "networking.k8s.io/v1"),
    ("IngressClass", "networking.k8s.io/v1"),
    ("Job", "batch/v1"),
    ("LimitRange", "v1"),
    ("Namespace", "v1"),
    ("NetworkPolicy", "networking.k8s.io/v1"),
    ("PersistentVolume", "v1"),
    ("PersistentVolumeClaim", "v1"),
    ("Pod", "v1"),
    ("PodDisruptionBudget", "policy/v1"),
    ("PriorityClass", "scheduling.k8s.io/v1"),
    ("ReplicaSet", "apps/v1"),
    ("ResourceQuota", "v1"),
    ("Role", "rbac.authorization.k8s.io/v1"),
    ("RoleBinding", "rbac.authorization.k8s.io/v1"),
    ("Secret", "v1"),
    ("Service", "v1"),
    ("ServiceAccount", "v1"),
    ("StatefulSet", "apps/v1"),
    ("StorageClass", "storage.k8s.io/v1"),
];

/// The objects of a file; a list is what it holds.
fn objects(documents: &[Node]) -> impl Iterator<Item = &Node> {
    documents.iter().filter(|document| !document.is_null()).flat_map(|document| {
        let is_list = document.text_of("kind") == Some("List");
        if is_list { document.items_of("items").iter().collect() } else { vec![document] }
    })
}

/// The objects of a file, as kind and name.
pub(super) fn names(text: &str) -> Vec<(String, String)> {
    let documents = tree::read(text).unwrap_or_default();
    let name = |object: &Node| {
        Some((object.text_of("kind")?.to_owned(), object.at(&["metadata", "name"])?.text()?.to_owned()))
    };
    objects(&documents).filter_map(name).collect()
}

/// The kind that a word of kubectl means, of those that are written in files alone.
pub(super) fn kind(word: &str) -> Option<&'static str> {
    Some(match word {
        "deployment" | "deployments" | "deploy" | "deployment.apps" => "Deployment",
        "statefulset" | "statefulsets" | "sts" => "StatefulSet",
        "daemonset" | "daemonsets" | "ds" => "DaemonSet",
        "service" | "services" | "svc" => "Service",
        "cronjob" | "cronjobs" | "cj" => "CronJob",
        "ingress" | "ingresses" | "ing" => "Ingress",
        "horizontalpodautoscaler" | "hpa" => "HorizontalPodAutoscaler",
        _ => return None,
    })
}

/// The spec of the pods that an object makes, and the path to it.
fn pod(object: &Node) -> Option<&Node> {
    let path: &[&str] = match object.text_of("kind")? {
        "Pod" => &["spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        "PodTemplate" => &["template", "spec"],
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
            &["spec", "template", "spec"]
        }
        _ => return None,
    };
    object.at(path)
}

/// The labels of the pods that an object makes.
fn labels(object: &Node) -> Option<&Node> {
    match object.text_of("kind")? {
        "Pod" => object.at(&["metadata", "labels"]),
        "CronJob" => object.at(&["spec", "jobTemplate", "spec", "template", "metadata", "labels"]),
        "PodTemplate" => object.at(&["template", "metadata", "labels"]),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
            object.at(&["spec", "template", "metadata", "labels"])
        }
        _ => None,
    }
}

/// Whether all labels of a selector are among these.
fn selects(selector: &Node, labels: &Node) -> bool {
    selector.entries().iter().all(|wanted| labels.text_of(&wanted.key) == wanted.node.text())
}

/// Whether an object only says what an overlay changes.
fn is_patch(path: &str, object: &Node) -> bool {
    let has_selector = object.at(&["spec", "selector"]).is_some();
    let is_overlay = path.split('/').any(|part| matches!(part, "overlays" | "components" | "patches"));
    let name = path.rsplit('/').next().unwrap_or_default();
    object.get("$patch").is_some() || !has_selector && (is_overlay || name.contains("patch"))
}

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    let documents = match tree::read(text) {
        // What lies beside manifests as JSON can be anything.
        Ok(documents) if text.trim_start().starts_with('{') && !documents.iter().any(is_object) => return,
        Ok(documents) => documents,
        Err((line, why)) => return faults.add("manifest-syntax", line, format!("it is no YAML: {why}")),
    };
    for object in objects(&documents).filter(|document| !is_steps(document)) {
        self::object(object, faults);
    }
}

fn is_object(document: &Node) -> bool {
    document.get("apiVersion").is_some() && document.get("kind").is_some()
}

/// Whether a document is a list of changes (RFC 6902), as an overlay makes them.
fn is_steps(document: &Node) -> bool {
    let is_step = |item: &Node| item.get("op").is_some() && item.get("path").is_some();
    !document.items().is_empty() && document.items().iter().all(is_step)
}

fn object(object: &Node, faults: &mut Faults<'_>) {
    if !object.is_map() {
        return faults.add("manifest-syntax", object.line, "an object is a map with apiVersion, kind and metadata");
    }
    let (version, kind) = (object.text_of("apiVersion"), object.text_of("kind"));
    for (key, value) in [("apiVersion", version), ("kind", kind)] {
        if value.is_none() {
            faults.add("manifest-syntax", object.line, format!("an object without {key} is none"));
        }
    }
    let (Some(version), Some(kind)) = (version, kind) else { return };
    // Others call theirs the same: the Service of Knative.
    let is_ours = version.split_once('/').is_none_or(|(group, _)| !group.contains('.') || group.ends_with(".k8s.io"));
    let wrong = KINDS.iter().find(|(known, right)| is_ours && *known == kind && *right != version);
    if let Some((_, right)) = wrong {
        let line = object.entry("apiVersion").map(|entry| entry.line);
        faults.add("manifest-syntax", line, format!("{kind} is in {right}, not in {version}"));
    }
    let meta = object.get("metadata");
    match meta.and_then(|meta| meta.text_of("name").or_else(|| meta.text_of("generateName"))) {
        None => faults.add("manifest-syntax", object.line, format!("the {kind} has no metadata.name")),
        Some(name) if !is_name(name) => {
            let line = meta.and_then(|meta| meta.entry("name")).map(|entry| entry.line);
            faults.add("manifest-syntax", line, format!("“{name}” is no name: small letters, digits, - and ."));
        }
        Some(_) => {}
    }
    if is_patch(faults.path, object) {
        return;
    }
    selector(kind, object, faults);
    match kind {
        "Secret" => secret(object, faults),
        "ConfigMap" => config(object, faults),
        "Role" | "ClusterRole" => roles::role(object, faults),
        "RoleBinding" | "ClusterRoleBinding" => roles::binding(object, faults),
        _ => {}
    }
    match pod(object) {
        Some(pod) => pods::check(kind, object, pod, faults),
        None if kind != "CustomResourceDefinition" => pods::check_inner(object, faults),
        None => {}
    }
}

fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 253
        && name.starts_with(is_plain)
        && name.chars().all(|c| is_plain(c) || "-.:".contains(c))
        && !name.ends_with(['-', '.'])
}

/// What a workload selects is what it makes.
fn selector(kind: &str, object: &Node, faults: &mut Faults<'_>) {
    if !matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") {
        return;
    }
    let Some(selector) = object.at(&["spec", "selector", "matchLabels"]) else {
        if object.at(&["spec", "selector", "matchExpressions"]).is_none() {
            faults.add("manifest-syntax", object.line, format!("the {kind} has no spec.selector"));
        }
        return;
    };
    if !labels(object).is_some_and(|labels| selects(selector, labels)) {
        let message = format!("the {kind} selects labels that its own pods do not have");
        faults.add("unknown-reference", selector.line, message);
    }
}

/// Values of secrets are in no file; annotations and types may be.
fn secret(object: &Node, faults: &mut Faults<'_>) {
    // Encrypted by SOPS, key by key.
    if object.get("sops").is_some() {
        return;
    }
    for entry in ["data", "stringData"].iter().flat_map(|key| object.entries_of(key)) {
        if entry.node.text().is_some_and(|text| !text.is_empty() && !super::secrets::is_reference(text)) {
            let message = format!("the value of {} is written down; base64 hides nothing", entry.key);
            faults.add("secret-in-file", entry.line, message);
        }
    }
}

/// What a config map says is for everybody who may look at the namespace.
fn config(object: &Node, faults: &mut Faults<'_>) {
    for entry in object.entries_of("data") {
        let text = entry.node.text().unwrap_or_default();
        // A file has several lines.
        for secret in written::in_node(&entry.node).into_iter().filter(|_| text.contains('\n')) {
            let message = format!("{} is a secret, which a ConfigMap does not keep: name a Secret", secret.name);
            faults.add("secret-in-file", secret.line, message);
        }
        let is_file = text.contains('\n');
        let is_secret = is_kept(&entry.key, text) && entry.node.truth().is_none() || is_in_address(text);
        if is_secret && !is_file {
            let message = format!("{} is a secret, which a ConfigMap does not keep: name a Secret", entry.key);
            faults.add("secret-in-file", entry.line, message);
        }
    }
}
