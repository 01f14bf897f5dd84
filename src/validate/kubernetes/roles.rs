//! Who may do what in a cluster (kubernetes.io, “Role Based Access Control Good Practices”).

use crate::validate::Faults;
use crate::validate::tree::Node;

/// Users and groups that are everybody, or may do everything.
const EVERYBODY: [&str; 4] =
    ["system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"];

/// Verbs with which one gives oneself what one lacks.
const RAISING: [&str; 3] = ["escalate", "bind", "impersonate"];

/// A role names what it needs.
pub(super) fn role(object: &Node, faults: &mut Faults<'_>) {
    for rule in object.items_of("rules") {
        let named = |key: &'static str| rule.names_of(key).into_iter().map(move |(_, name)| (key, name));
        let broad = ["verbs", "resources", "apiGroups", "nonResourceURLs"].into_iter().flat_map(named);
        let all: Vec<&str> = broad.filter(|(_, name)| *name == "*").map(|(key, _)| key).collect();
        if !all.is_empty() {
            let message = format!("whoever has this role may do too much, by * in {}: name them", all.join(" and "));
            faults.add("broad-permissions", rule.line, message);
        } else if let Some((_, verb)) = named("verbs").find(|(_, verb)| RAISING.contains(verb)) {
            let message = format!("with {verb} whoever has this role gives himself any other");
            faults.add("broad-permissions", rule.line, message);
        }
    }
}

/// Nobody gets the whole cluster, and not everybody something.
pub(super) fn binding(object: &Node, faults: &mut Faults<'_>) {
    let role = object.at(&["roleRef", "name"]);
    if let Some(role) = role.filter(|role| matches!(role.text(), Some("cluster-admin" | "system:masters"))) {
        let message = "it gives the whole cluster away: a role with what is needed, in a namespace";
        faults.add("broad-permissions", role.line, message);
    }
    for subject in object.items_of("subjects") {
        let name = subject.text_of("name").unwrap_or_default();
        if EVERYBODY.contains(&name) || name == "system:masters" {
            let line = subject.entry("name").map(|entry| entry.line);
            faults.add("broad-permissions", line, format!("{name} is far more than who needs it: name them"));
        }
    }
}
