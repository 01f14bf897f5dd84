//! What every description of infrastructure is held to, whatever it is written in: which properties of which resources
//! have to say what, which ports are open to whom, and who may do what.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::tree::{Node, Style, Value};
use super::{Faults, secrets, written};

/// What a resource's property has to say.
pub(super) struct Demand {
    /// The type of the resource.
    pub(super) kind: &'static str,
    /// Keys from the resource's properties on, with dots between.
    pub(super) path: &'static str,
    pub(super) wish: Wish,
    pub(super) rule: &'static str,
    /// What is wrong and what to do.
    pub(super) says: &'static str,
}

/// What is wanted of a property. Values that only running tells are taken as they are.
pub(super) enum Wish {
    /// It stands there and is one of these.
    Is(&'static [&'static str]),
    /// Where it stands there, it is one of these.
    Only(&'static [&'static str]),
}

pub(super) const TRUE: Wish = Wish::Is(&["true"]);
pub(super) const NOT_TRUE: Wish = Wish::Only(&["false"]);

/// A resource, whatever it is written in.
pub(super) struct Resource<'n> {
    pub(super) kind: &'n str,
    pub(super) name: &'n str,
    pub(super) line: usize,
    pub(super) properties: &'n Node,
}

/// Holds a resource to what is demanded of its type. `is_open` tells of values that only running tells.
pub(super) fn demand(
    resource: &Resource<'_>,
    demands: &[Demand],
    is_open: &dyn Fn(&Node) -> bool,
    faults: &mut Faults<'_>,
) {
    for demand in demands.iter().filter(|demand| demand.kind.eq_ignore_ascii_case(resource.kind)) {
        let found = along(resource.properties, demand.path);
        let (allowed, must) = match demand.wish {
            Wish::Is(allowed) => (allowed, true),
            Wish::Only(allowed) => (allowed, false),
        };
        if found.is_empty() && must {
            // Where the way there is only told by running, so is its end.
            let is_told =
                !parents(demand.path).any(|path| along(resource.properties, path).iter().any(|node| is_open(node)));
            if is_told {
                faults.add(demand.rule, resource.line, format!("{}: {}", resource.name, demand.says));
            }
        }
        for node in found.into_iter().flat_map(Node::choices).filter(|node| !is_open(node)) {
            let is_fine = node.text().is_some_and(|text| allowed.iter().any(|one| one.eq_ignore_ascii_case(text)));
            if !is_fine && (must || !node.is_null()) {
                faults.add(demand.rule, node.line, format!("{}: {}", resource.name, demand.says));
            }
        }
    }
}

fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('.').map(|(at, _)| &path[..at])
}

/// Every value at the end of a path; lists and blocks that stand several times are gone through.
pub(super) fn along<'n>(node: &'n Node, path: &str) -> Vec<&'n Node> {
    let mut found = vec![node];
    for key in path.split('.') {
        let flat = found.iter().flat_map(|node| match &node.value {
            Value::List(items) => items.iter().collect(),
            _ => vec![*node],
        });
        found = flat
            .flat_map(Node::entries)
            .filter(|entry| entry.key.eq_ignore_ascii_case(key))
            .map(|entry| &entry.node)
            .collect();
    }
    found
}

/// Ports through which whoever comes in has the machine or its data.
const ADMIN: [u32; 18] =
    [22, 23, 445, 1433, 1521, 2375, 2376, 2379, 3306, 3389, 5432, 5439, 5672, 6379, 9200, 11211, 15672, 27017];

/// So short a prefix of addresses of version 4 leaves no doubt: more than a hundredth of the internet. Two of one bit are
/// all of it.
const WIDE: u32 = 7;

/// The same of version 6, where all that is given out so far begins with the same three bits.
const WIDE_6: u32 = 4;

/// Whether addresses are all of them, or so many that it comes to the same.
pub(super) fn is_everywhere(address: &str) -> bool {
    let address = address.trim();
    if matches!(address, "*" | "0.0.0.0" | "::" | "Internet" | "internet" | "Any" | "any" | "ANY") {
        return true;
    }
    let Some((first, length)) = address.split_once('/') else { return false };
    let (is_address, wide) = if first.contains(':') {
        (first.parse::<Ipv6Addr>().is_ok(), WIDE_6)
    } else {
        (first.parse::<Ipv4Addr>().is_ok(), WIDE)
    };
    is_address && length.parse::<u32>().is_ok_and(|length| length <= wide)
}

/// Whether two addresses are the ends of such a range.
pub(super) fn is_wide(from: &str, to: &str) -> bool {
    let bits = |text: &str| text.trim().parse::<Ipv4Addr>().map(u32::from);
    matches!((bits(from), bits(to)), (Ok(from), Ok(to)) if to.saturating_sub(from) >= 1 << (31 - WIDE))
}

/// Tells of an administrator's port that is open to everybody. No ports at all are all of them.
pub(super) fn admin_port(ports: Option<(u32, u32)>, line: usize, faults: &mut Faults<'_>) {
    let (from, to) = ports.unwrap_or((0, 65_535));
    let Some(port) = ADMIN.iter().find(|port| (from..=to).contains(*port)) else { return };
    let message = format!("port {port} is open to the whole internet: name the addresses that may come in");
    faults.add("open-admin-port", line, message);
}

/// A range of ports: `22`, `20-30`, `*`.
pub(super) fn range(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some((from.trim().parse().ok()?, to.trim().parse().ok()?))
}

/// A policy of AWS: who may do everything with everything.
pub(super) fn iam(node: &Node, faults: &mut Faults<'_>) {
    let mut found = Vec::new();
    node.each(&mut |node| {
        let is_allowed = node.text_of("Effect") == Some("Allow");
        let has_all = |key: &str| node.names_of(key).iter().any(|(_, name)| matches!(*name, "*" | "*:*"));
        if is_allowed && has_all("Action") && has_all("Resource") {
            found.push(node.entry("Action").map(|entry| entry.line));
        }
    });
    for line in found {
        faults.add("broad-permissions", line, "it allows everything on everything: name the actions and the resources");
    }
}

/// Policies of AWS with which one may do everything.
const ALL_OF_IT: [&str; 2] = ["AdministratorAccess", "IAMFullAccess"];

/// Tells of ready policies that allow everything.
pub(super) fn managed(nodes: &[(usize, &str)], faults: &mut Faults<'_>) {
    for (line, name) in nodes {
        if name.rsplit('/').next().is_some_and(|name| ALL_OF_IT.contains(&name)) {
            faults.add("broad-permissions", *line, "with it one may do everything: a policy with what is needed");
        }
    }
}

/// Secrets that are written down as texts, below any key that says so.
pub(super) fn literal_secrets(node: &Node, is_open: &dyn Fn(&Node) -> bool, faults: &mut Faults<'_>) {
    let mut found = Vec::new();
    node.each(&mut |node| {
        for entry in
            node.entries().iter().filter(|entry| secrets::names_a_secret(&entry.key) || entry.key == "secret_string")
        {
            for node in plain(&entry.node) {
                let text = node.text().unwrap_or_default();
                let is_word = text.parse::<f64>().is_ok() || node.truth().is_some();
                if !text.is_empty() && !is_word && !is_place(text) && !is_open(node) && !is_kept_elsewhere(&entry.key) {
                    found.push((node.line, entry.key.clone()));
                }
            }
            // A password with a name in it is one all the same.
            let rest = beside_values(&entry.node).filter(|_| entry.key.to_ascii_lowercase().ends_with("password"));
            if rest.is_some_and(|rest| rest.len() > 3 && !is_place(&rest)) {
                found.push((entry.node.line, entry.key.clone()));
            }
        }
    });
    in_pairs(node, is_open, &mut found);
    in_texts(node, &mut found);
    for (line, key) in found {
        faults.add(
            "secret-in-file",
            line,
            format!("the value of {key} is written down: take it from where secrets are kept"),
        );
    }
}

/// Functions that only write a text another way.
const WRITERS: [&str; 8] =
    ["base64encode", "Base64", "Fn::Base64", "lower", "sensitive", "tostring", "trimspace", "upper"];

/// The texts that a value may be, behind functions that hide none of it.
fn plain(node: &Node) -> Vec<&Node> {
    let is_writer = |name: &str| WRITERS.contains(&name);
    let inner: Vec<&Node> = match (&node.value, node.tag.as_deref()) {
        (Value::List(items), Some(tag)) if is_writer(tag) => items.iter().collect(),
        (Value::Map(entries), None) if entries.len() == 1 && is_writer(&entries[0].key) => vec![&entries[0].node],
        _ => return node.choices(),
    };
    inner.into_iter().flat_map(plain).collect()
}

/// What stands in a text beside the values that are put into it.
fn beside_values(node: &Node) -> Option<String> {
    let text = match (node.tag.as_deref(), node.entries()) {
        (Some("Sub"), _) => node.text().or_else(|| node.items().first()?.text())?,
        (None, [entry]) if entry.key == "Fn::Sub" => entry.node.text()?,
        _ => return None,
    };
    let mut parts = text.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    Some(parts.fold(first, |all, part| all + part.split_once('}').map_or("", |(_, rest)| rest)))
}

/// Variables as pairs of a name and a value: those of containers and of functions.
fn in_pairs(node: &Node, is_open: &dyn Fn(&Node) -> bool, found: &mut Vec<(usize, String)>) {
    node.each(&mut |node| {
        let of = |key: &str| node.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(key));
        let (Some(name), Some(value)) = (of("name").and_then(|name| name.node.text()), of("value")) else { return };
        let is_it = |value: &&Node| value.text().is_some_and(|text| secrets::is_kept(name, text) && !is_place(text));
        let values = plain(&value.node).into_iter().filter(|value| !is_open(value) && value.truth().is_none());
        found.extend(values.filter(is_it).map(|value| (value.line, name.to_owned())));
    });
}

/// Whether a text is the name, the address or the path of where something is kept.
fn is_place(text: &str) -> bool {
    text.contains(['/', ':', '{', '[', ' ']) || text.starts_with('@')
}

/// Keys of what a machine runs as it starts.
const SCRIPTS: [&str; 8] =
    ["command", "commands", "custom_data", "customdata", "inline", "metadata_startup_script", "user_data", "userdata"];

/// Scripts and files that are written into machines.
fn in_texts(node: &Node, found: &mut Vec<(usize, String)>) {
    let mut told = |node: &Node| found.extend(written::in_node(node).into_iter().map(|one| (one.line, one.name)));
    node.each(&mut |node| {
        if matches!(node.value, Value::Scalar { style: Style::Literal, .. }) {
            told(node);
        }
        for entry in node.entries().iter().filter(|entry| SCRIPTS.contains(&entry.key.to_ascii_lowercase().as_str())) {
            let is_line = |node: &Node| matches!(node.value, Value::Scalar { style, .. } if style != Style::Literal);
            entry.node.each(&mut |inner| {
                if is_line(inner) {
                    told(inner);
                }
            });
        }
    });
}

/// Keys about secrets that hold none.
pub(super) fn is_kept_elsewhere(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace(['_', '-'], "");
    [
        "id",
        "arn",
        "name",
        "type",
        "version",
        "policy",
        "enabled",
        "uri",
        "ref",
        "days",
        "manager",
        "rotation",
        "permissions",
    ]
    .iter()
    .any(|end| key.ends_with(end))
        || ["manage", "generate", "exclude", "require", "has", "use", "token", "disable", "enable"]
            .iter()
            .any(|start| key.starts_with(start) && key != "token" && !key.ends_with("password"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everywhere_has_many_names() {
        for address in ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "0:0:0:0:0:0:0:0/0", "2000::/3", "*", "Any"] {
            assert!(is_everywhere(address), "{address}");
        }
        for address in ["10.0.0.0/8", "192.168.0.0/16", "fc00::/7", "203.0.113.4/32", "x/0", "1.2.3.4"] {
            assert!(!is_everywhere(address), "{address}");
        }
        assert!(is_wide("0.0.0.0", "255.255.255.255") && is_wide("0.0.0.1", "127.255.255.255"));
        assert!(!is_wide("0.0.0.0", "0.0.0.0") && !is_wide("10.0.0.0", "10.255.255.255"));
    }
}
