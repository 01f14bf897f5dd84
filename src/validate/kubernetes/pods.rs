//! What pods may do.

use crate::validate::capabilities::gives_the_host;
use crate::validate::secrets::{is_in_address, is_kept};
use crate::validate::tree::Node;
use crate::validate::{Faults, images, written};

pub(super) fn check(kind: &str, object: &Node, pod: &Node, faults: &mut Faults<'_>) {
    let containers = pod.items_of("containers");
    if containers.is_empty() {
        return faults.add("manifest-syntax", object.line, format!("the {kind} has no containers"));
    }
    host(pod, faults);
    if pod.get("automountServiceAccountToken").and_then(Node::truth) != Some(false) {
        let message = "every pod gets a token for the cluster: automountServiceAccountToken: false";
        faults.add("mounted-token", pod.line, message);
    }
    for container in pod.items_of("initContainers") {
        self::container(container, pod, faults);
    }
    for container in containers {
        self::container(container, pod, faults);
        let lives = matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet");
        if lives && container.get("ports").is_some() {
            for probe in ["readinessProbe", "livenessProbe"] {
                if container.get(probe).is_none() {
                    let message = format!("{} is never asked whether it works: {probe}", name(container));
                    faults.add("no-probe", container.line, message);
                }
            }
        }
    }
}

/// Pods in objects of other makers: who runs them may fill in what they lack, but not take away what they say.
pub(super) fn check_inner(object: &Node, faults: &mut Faults<'_>) {
    object.each(&mut |pod| {
        let containers = pod.items_of("containers");
        if containers.is_empty() || !containers.iter().all(|one| one.text_of("image").is_some()) {
            return;
        }
        host(pod, faults);
        for container in pod.items_of("initContainers").iter().chain(containers) {
            // Of a policy, an image is a pattern.
            let image =
                container.get("image").filter(|image| !image.text().is_some_and(|text| text.contains(['*', '!', '|'])));
            if let Some((image, text)) = image.and_then(|image| Some((image, image.text()?))) {
                images::check(text, image.line, faults);
            }
            harm(container, faults);
        }
    });
}

/// What gives a pod its host.
fn host(pod: &Node, faults: &mut Faults<'_>) {
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some(entry) = pod.entry(key).filter(|_| pod.says(key)) {
            faults.add("host-access", entry.line, format!("{key} lets the pod see all of its host"));
        }
    }
    for path in pod.items_of("volumes").iter().filter_map(|volume| volume.entry("hostPath")) {
        faults.add("host-access", path.line, "hostPath gives the pod a folder of its host");
    }
}

/// What a container takes that it should not have, and secrets that it says.
fn harm(container: &Node, faults: &mut Faults<'_>) {
    let own = container.get("securityContext");
    if let Some(entry) = own.and_then(|own| own.entry("privileged")).filter(|entry| entry.node.truth() == Some(true)) {
        faults.add("host-access", entry.line, "a privileged container can do whatever root can on the host");
    }
    let added = own.and_then(|own| own.get("capabilities")).map(|all| all.names_of("add")).unwrap_or_default();
    for (line, capability) in added {
        if gives_the_host(capability) {
            let message = format!("with {capability} a container can do on the host what root can");
            faults.add("host-access", line, message);
        }
    }
    for port in container.items_of("ports").iter().filter_map(|port| port.entry("hostPort")) {
        faults.add("host-access", port.line, "hostPort opens a port of the node, past every Service and policy");
    }
    for variable in container.items_of("env") {
        let (Some(name), Some(value)) = (variable.text_of("name"), variable.entry("value")) else { continue };
        if value.node.text().is_some_and(|text| is_kept(name, text) || is_in_address(text)) {
            let message =
                format!("the value of {name} is written down: take it from a secret with valueFrom.secretKeyRef");
            faults.add("secret-in-file", value.line, message);
        }
    }
    for secret in ["command", "args"].iter().filter_map(|key| container.get(key)).flat_map(written::in_node) {
        let message = format!("the value of {} is written down: hand it over as a variable from a secret", secret.name);
        faults.add("secret-in-file", secret.line, message);
    }
}

fn name(container: &Node) -> &str {
    container.text_of("name").unwrap_or("the container")
}

fn container(container: &Node, pod: &Node, faults: &mut Faults<'_>) {
    let (name, line) = (name(container), container.line);
    match container.get("image") {
        None => faults.add("manifest-syntax", line, format!("{name} has no image")),
        Some(image) => {
            if let Some(text) = image.text() {
                images::check(text, image.line, faults);
            }
        }
    }
    let own = container.get("securityContext");
    let all = pod.get("securityContext");
    let says = |key: &str| {
        let value = own.and_then(|own| own.get(key)).or_else(|| all.and_then(|all| all.get(key)));
        value.and_then(Node::truth)
    };
    harm(container, faults);
    if says("runAsNonRoot") != Some(true) {
        faults.add("root-user", line, format!("{name} may run as root: securityContext.runAsNonRoot: true"));
    }
    if says("readOnlyRootFilesystem") != Some(true) {
        let message = format!("{name} can change its own program: securityContext.readOnlyRootFilesystem: true");
        faults.add("writable-root", line, message);
    }
    if says("allowPrivilegeEscalation") != Some(false) {
        let message = format!("a program of {name} can become root: securityContext.allowPrivilegeEscalation: false");
        faults.add("privilege-escalation", line, message);
    }
    let dropped = own.and_then(|own| own.get("capabilities")).map(|all| all.names_of("drop")).unwrap_or_default();
    if !dropped.iter().any(|(_, capability)| *capability == "ALL") {
        faults.add("kept-capabilities", line, format!("{name} keeps capabilities of root: capabilities.drop: [ALL]"));
    }
    let seccomp = [own, all].into_iter().flatten().find_map(|context| context.at(&["seccompProfile", "type"]));
    if !seccomp.and_then(Node::text).is_some_and(|kind| matches!(kind, "RuntimeDefault" | "Localhost")) {
        let message = format!("{name} may make every system call: seccompProfile.type: RuntimeDefault");
        faults.add("no-seccomp", line, message);
    }
    for (path, what) in
        [(["limits", "memory"], "all of its node's memory"), (["requests", "cpu"], "no share of a node")]
    {
        if container.get("resources").is_none_or(|resources| resources.at(&path).is_none()) {
            faults.add("no-limits", line, format!("{name} may get {what}: resources.{}", path.join(".")));
        }
    }
}
