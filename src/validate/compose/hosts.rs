//! Hosts in connection strings: between containers, the names of services.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::environment;
use crate::validate::tree::Node;
use crate::validate::{Faults, variables};

/// What goes to another machine by an address, up to its hosts.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b(?:postgres(?:ql)?|mysql2?|mariadb|mongodb|rediss?|valkeys?|amqps?|https?|smtps?|nats|memcached
        |clickhouse|sqlserver|elasticsearch|tcp)(?:\+[a-z0-9]+)?://(?:[^/@\s]*@)?(?P<hosts>[^/?\s]+)",
    )
    .ok()
});

/// Tells of hosts that no service of the file has as its name, nor one of the files beside, which may be joined to it.
pub(super) fn check(root: &Node, beside: &[Node], faults: &mut Faults<'_>) {
    let Some(address) = ADDRESS.as_ref().filter(|_| !super::whole::is_open(root)) else { return };
    let known: BTreeSet<&str> = beside.iter().chain([root]).flat_map(names).collect();
    for service in root.entries_of("services").iter().filter(|service| !is_elsewhere(&service.node, root)) {
        for (line, name, value) in environment(&service.node) {
            // What a variable says may be any host.
            let value = variables::filled(value, &|_| Some("$".to_owned()));
            let hosts = address.captures_iter(&value).filter_map(|found| found.name("hosts"));
            for host in hosts.flat_map(|hosts| hosts.as_str().split(',')) {
                let host = host.split(':').next().unwrap_or_default();
                let is_name = host.starts_with(|c: char| c.is_ascii_alphabetic())
                    && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
                if is_name && host != "localhost" && !known.contains(host) {
                    faults.add("unknown-service", line, format!("{name} leads to {host}, which is no service here"));
                }
            }
        }
    }
}

/// Whether what a service reaches may stand in no file: networks of others, or the host's.
fn is_elsewhere(service: &Node, root: &Node) -> bool {
    let networks = service.names_of("networks").into_iter().map(|(_, name)| name).chain(["default"]);
    let is_external =
        |name: &str| root.at(&["networks", name]).is_some_and(|network| network.get("external").is_some());
    networks.into_iter().any(is_external) || service.get("network_mode").is_some()
}

/// What a container is called in its networks.
fn names(root: &Node) -> Vec<&str> {
    let mut names = Vec::new();
    for service in root.entries_of("services") {
        names.push(service.key.as_str());
        names.extend(["container_name", "hostname"].iter().filter_map(|key| service.node.text_of(key)));
        let networks = service.node.entries_of("networks").iter();
        names.extend(networks.flat_map(|network| network.node.names_of("aliases")).map(|(_, name)| name));
        let others = ["links", "external_links", "extra_hosts"].iter().flat_map(|key| service.node.names_of(key));
        names.extend(others.flat_map(|(_, text)| text.split([':', '='])));
    }
    names
}
