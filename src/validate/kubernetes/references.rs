//! What objects name in each other, over all files of a folder.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{is_patch, labels, objects, pod, selects};
use crate::validate::tree::{self, Entry, Node};
use crate::validate::{Fault, Faults, folder, images};

/// Objects of a folder with the files they stand in; patches are left out.
pub(super) struct Objects<'a> {
    pub(super) all: Vec<(&'a str, &'a Node)>,
    /// The first of a kind and name.
    named: HashMap<(&'a str, &'a str), &'a Node>,
    /// Those that make pods with a label of this name and value.
    labelled: HashMap<(&'a str, &'a str), Vec<&'a Node>>,
    /// Names of what is made elsewhere on purpose: a comment, a generator or a script tells of them.
    told: HashSet<&'a str>,
}

/// Looks for what manifests name. `files` are those of one folder, `texts` everything where something that is made
/// elsewhere can be told of: comments, scripts.
pub(in crate::validate) fn check_all(files: &[(&str, &str)], texts: &[&str], found: &mut Vec<Fault>) {
    let parsed: Option<Vec<(&str, Vec<Node>)>> =
        files.iter().map(|(path, text)| Some((*path, tree::read(text).ok()?))).collect();
    // Where one cannot be read, nobody knows what is missing.
    let Some(parsed) = parsed else { return };
    let all = parsed.iter().flat_map(|(path, documents)| objects(documents).map(|object| (*path, object)));
    let all = all.filter(|(path, object)| !is_patch(path, object)).collect();
    let known = Objects::new(all, texts);
    let mut faults: BTreeMap<&str, Faults<'_>> = BTreeMap::new();
    for (path, object) in &known.all {
        let faults = faults.entry(path).or_insert_with(|| Faults { path, found: Vec::new() });
        known.object(object, faults);
    }
    found.extend(faults.into_values().flat_map(|faults| faults.found));
}

impl<'a> Objects<'a> {
    fn new(all: Vec<(&'a str, &'a Node)>, texts: &[&'a str]) -> Self {
        let (mut named, mut labelled) = (HashMap::new(), HashMap::<_, Vec<&Node>>::new());
        for (_, object) in &all {
            let object: &'a Node = object;
            if let (Some(kind), Some(name)) =
                (object.text_of("kind"), object.at(&["metadata", "name"]).and_then(Node::text))
            {
                named.entry((kind, name)).or_insert(object);
            }
            for label in labels(object).map(Node::entries).unwrap_or_default() {
                if let Some(value) = label.node.text() {
                    labelled.entry((label.key.as_str(), value)).or_default().push(object);
                }
            }
        }
        Self { all, named, labelled, told: told(texts) }
    }

    pub(super) fn get(&self, kind: &str, name: &str) -> Option<&'a Node> {
        self.named.get(&(kind, name)).copied()
    }

    fn pods(&self, selector: &Node) -> Vec<&'a Node> {
        let first = selector.entries().first().and_then(|label| Some((label.key.as_str(), label.node.text()?)));
        let all = first.and_then(|label| self.labelled.get(&label)).into_iter().flatten().copied();
        all.filter(|object| labels(object).is_some_and(|labels| selects(selector, labels))).collect()
    }

    fn is_told(&self, name: &str) -> bool {
        self.told.contains(name)
    }

    fn object(&self, object: &Node, faults: &mut Faults<'_>) {
        let spec = object.get("spec");
        match object.text_of("kind").unwrap_or_default() {
            "Service" => self.service(object, faults),
            "Ingress" => self.ingress(object, faults),
            "HorizontalPodAutoscaler" => {
                let target = spec.and_then(|spec| spec.entry("scaleTargetRef"));
                if let Some(target) = target {
                    self.target(target, faults);
                }
            }
            "RoleBinding" | "ClusterRoleBinding" => self.binding(object, faults),
            "PodDisruptionBudget" => self.selected(object.at(&["spec", "selector", "matchLabels"]), faults),
            "NetworkPolicy" => self.selected(object.at(&["spec", "podSelector", "matchLabels"]), faults),
            _ => {}
        }
        if let Some(pod) = pod(object) {
            self.pod(pod, object, faults);
        }
    }

    fn selected(&self, selector: Option<&Node>, faults: &mut Faults<'_>) {
        let Some(selector) = selector.filter(|selector| !selector.entries().is_empty()) else { return };
        // Pods that cert-manager starts stand in no file.
        let is_anothers = selector.entries().iter().all(|entry| entry.key.starts_with("acme.cert-manager.io/"));
        if self.pods(selector).is_empty() && !is_anothers {
            faults.add("unknown-reference", selector.line, "it selects labels that no pod here has");
        }
    }

    fn target(&self, target: &Entry, faults: &mut Faults<'_>) {
        let (kind, name) = (target.node.text_of("kind"), target.node.text_of("name"));
        if let (Some(kind), Some(name)) = (kind, name)
            && self.get(kind, name).is_none()
        {
            faults.add("unknown-reference", target.line, format!("there is no {kind} {name} to scale"));
        }
    }

    /// The role and the accounts that are bound together; roles of a whole cluster may be the cluster's own.
    fn binding(&self, object: &Node, faults: &mut Faults<'_>) {
        let role = object.get("roleRef").filter(|role| role.text_of("kind") == Some("Role"));
        let accounts = object.items_of("subjects").iter();
        let accounts = accounts.filter(|subject| subject.text_of("kind") == Some("ServiceAccount"));
        let own = object.at(&["metadata", "namespace"]).and_then(Node::text);
        let accounts = accounts.filter(|subject| subject.text_of("namespace").is_none_or(|there| own == Some(there)));
        for (kind, one) in
            role.map(|role| ("Role", role)).into_iter().chain(accounts.map(|one| ("ServiceAccount", one)))
        {
            let Some(entry) = one.entry("name") else { continue };
            let name = entry.node.text().unwrap_or_default();
            if name != "default" && self.get(kind, name).is_none() && !self.is_told(name) {
                faults.add("unknown-reference", entry.line, format!("there is no {kind} {name}"));
            }
        }
    }

    fn service(&self, object: &Node, faults: &mut Faults<'_>) {
        let Some(selector) = object.at(&["spec", "selector"]).filter(|selector| !selector.entries().is_empty()) else {
            return;
        };
        let pods = self.pods(selector);
        if pods.is_empty() {
            return faults.add("unknown-reference", selector.line, "the Service selects labels that no pod here has");
        }
        let containers = pods.iter().filter_map(|object| pod(object)).flat_map(|pod| pod.items_of("containers"));
        let mut images = containers.clone().filter_map(|container| container.text_of("image"));
        if images.any(images::is_database)
            && let Some(way) = way_in(object)
        {
            let message = "the Service opens a database to what is outside the cluster: leave it a ClusterIP";
            faults.add("public-database", way.line, message);
        }
        let open: Vec<&Node> = containers.flat_map(|container| container.items_of("ports")).collect();
        for port in object.get("spec").map(|spec| spec.items_of("ports")).unwrap_or_default() {
            let Some(target) = port.get("targetPort").or_else(|| port.get("port")) else { continue };
            let Some(wanted) = target.text() else { continue };
            let is_number = wanted.parse::<u16>().is_ok();
            let is_open = |port: &&Node| port.text_of(if is_number { "containerPort" } else { "name" }) == Some(wanted);
            let is_undeclared = open.is_empty() && is_number;
            if !is_undeclared && !open.iter().any(is_open) {
                let message = format!("no container that the Service selects has the port {wanted}");
                faults.add("unknown-reference", target.line, message);
            }
        }
    }

    fn ingress(&self, object: &Node, faults: &mut Faults<'_>) {
        let mut backends = Vec::new();
        object.each(&mut |node| backends.extend(node.entry("service")));
        for backend in backends {
            let Some(name) = backend.node.text_of("name") else { continue };
            let Some(service) = self.get("Service", name) else {
                faults.add("unknown-reference", backend.line, format!("there is no Service {name} to lead to"));
                continue;
            };
            let ports = service.get("spec").map(|spec| spec.items_of("ports")).unwrap_or_default();
            for (key, field) in [("number", "port"), ("name", "name")] {
                let Some(wanted) = backend.node.at(&["port", key]) else { continue };
                if !ports.iter().any(|port| port.text_of(field) == wanted.text()) {
                    let message = format!("the Service {name} has no port {}", wanted.text().unwrap_or_default());
                    faults.add("unknown-reference", wanted.line, message);
                }
            }
        }
    }

    /// What a pod takes from config maps, secrets, claims and accounts.
    fn pod(&self, pod: &Node, object: &Node, faults: &mut Faults<'_>) {
        let mut wanted: Vec<(&str, &Node)> = Vec::new();
        pod.each(&mut |node| {
            for entry in node.entries().iter().filter(|entry| !entry.node.says("optional")) {
                let (kind, key) = match entry.key.as_str() {
                    "configMapRef" | "configMapKeyRef" => ("ConfigMap", "name"),
                    "configMap" if entry.node.is_map() => ("ConfigMap", "name"),
                    "secretRef" | "secretKeyRef" => ("Secret", "name"),
                    "secret" if entry.node.is_map() => ("Secret", "secretName"),
                    "persistentVolumeClaim" => ("PersistentVolumeClaim", "claimName"),
                    _ => continue,
                };
                wanted.extend(entry.node.get(key).map(|name| (kind, name)));
            }
        });
        wanted.extend(pod.items_of("imagePullSecrets").iter().filter_map(|item| Some(("Secret", item.get("name")?))));
        wanted.extend(pod.get("serviceAccountName").map(|name| ("ServiceAccount", name)));
        let mounted: Vec<&str> = pod.items_of("volumes").iter().filter_map(|volume| volume.text_of("name")).collect();
        let templates = object.get("spec").map(|spec| spec.items_of("volumeClaimTemplates")).unwrap_or_default();
        let claims: Vec<&str> =
            templates.iter().filter_map(|claim| claim.at(&["metadata", "name"]).and_then(Node::text)).collect();
        for (kind, node) in wanted {
            let Some(name) = node.text() else { continue };
            let is_made = ["ExternalSecret", "SealedSecret"]
                .iter()
                .any(|maker| kind == "Secret" && self.get(maker, name).is_some());
            if self.get(kind, name).is_none() && !is_made && name != "default" && !self.is_told(name) {
                let message = format!("there is no {kind} {name}; one that is made elsewhere is named in a comment");
                faults.add("unknown-reference", node.line, message);
            }
        }
        let containers = pod.items_of("containers").iter().chain(pod.items_of("initContainers"));
        for mount in containers.flat_map(|container| container.items_of("volumeMounts")) {
            let name = mount.text_of("name").unwrap_or_default();
            if !mounted.contains(&name) && !claims.contains(&name) {
                faults.add("unknown-reference", mount.line, format!("the pod has no volume {name}"));
            }
        }
    }
}

/// What lets others than the cluster's own pods come to a Service; a balancer that is the network's own does not.
fn way_in(service: &Node) -> Option<&Entry> {
    let spec = service.get("spec")?;
    let is_inner = service.at(&["metadata", "annotations"]).map(Node::entries).unwrap_or_default().iter();
    let mut is_inner = is_inner.filter(|entry| entry.key.contains("internal") || entry.key.ends_with("-scheme"));
    let kind = spec.entry("type").filter(|entry| matches!(entry.node.text(), Some("LoadBalancer" | "NodePort")));
    let is_inner = is_inner.any(|entry| matches!(entry.node.text(), Some("true" | "internal" | "Internal")));
    kind.filter(|_| !is_inner).or_else(|| spec.entry("externalIPs"))
}

/// The words of all lines that can tell of what is made elsewhere.
fn told<'a>(texts: &[&'a str]) -> HashSet<&'a str> {
    let tells = |line: &&str| {
        line.starts_with('#') || line.contains(" # ") || line.contains("kubectl") || line.starts_with("- name:")
    };
    let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim).filter(tells);
    let words = lines.flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || "-._".contains(c))));
    words.map(|word| word.trim_end_matches('.')).collect()
}

/// The folder whose manifests belong together: the part of a path up to `k8s` or the like, and an environment in it.
pub(in crate::validate) fn root(path: &str) -> &str {
    const ENVIRONMENTS: [&str; 8] = ["development", "staging", "production", "dev", "test", "stage", "prod", "live"];
    let mut end = 0;
    let mut is_found = false;
    for part in folder(path).split('/') {
        if is_found {
            return if ENVIRONMENTS.contains(&part) { &path[..end + part.len()] } else { &path[..end - 1] };
        }
        is_found = matches!(part, "k8s" | "kubernetes" | "manifests");
        end += part.len() + 1;
    }
    folder(path)
}

#[cfg(test)]
mod tests {
    use super::root;

    #[test]
    fn manifests_of_an_environment_belong_together() {
        assert_eq!(root("k8s/staging/app.yaml"), "k8s/staging");
        assert_eq!(root("infra/k8s/base/app.yaml"), "infra/k8s");
        assert_eq!(root("k8s/overlays/production/app.yaml"), "k8s");
        assert_eq!(root("k8s/app.yaml"), "k8s");
        assert_eq!(root("app.yaml"), "");
    }
}
