//! What Azure's resources have to say, in ARM and in Bicep.

mod arm;
mod bicep;
#[cfg(test)]
pub(super) mod tests;

pub(super) use arm::check as check_arm;
pub(super) use bicep::check as check_bicep;

use super::cloud::{
    Demand, NOT_TRUE, Resource, TRUE, Wish, admin_port, along, demand, is_everywhere, literal_secrets, range,
};
use super::tree;
use super::tree::Node;
use super::{Fault, Faults, folder, joined};

const fn wish(kind: &'static str, path: &'static str, wish: Wish, rule: &'static str, says: &'static str) -> Demand {
    Demand { kind, path, wish, rule, says }
}

const PRIVATE: &str = "it can be reached from the whole internet: publicNetworkAccess: 'Disabled'";
const HTTPS: &str = "it answers without encryption: HTTPS alone";
const TLS: &str = "it takes encryption that is broken: TLS 1.2 or newer";
const CLOSED: &str = "what it keeps can be read by everybody: close it to the public";

const OFF: Wish = Wish::Is(&["Disabled"]);
const NEW: Wish = Wish::Only(&["1.2", "1.3"]);

const DEMANDS: &[Demand] = &[
    wish("Microsoft.Sql/servers", "properties.publicNetworkAccess", OFF, "public-database", PRIVATE),
    wish("Microsoft.Sql/servers", "properties.minimalTlsVersion", NEW, "plain-transport", TLS),
    wish(
        "Microsoft.DBforPostgreSQL/flexibleServers",
        "properties.network.publicNetworkAccess",
        Wish::Only(&["Disabled"]),
        "public-database",
        PRIVATE,
    ),
    wish(
        "Microsoft.DBforMySQL/flexibleServers",
        "properties.network.publicNetworkAccess",
        Wish::Only(&["Disabled"]),
        "public-database",
        PRIVATE,
    ),
    wish("Microsoft.DocumentDB/databaseAccounts", "properties.publicNetworkAccess", OFF, "public-database", PRIVATE),
    wish("Microsoft.Cache/redis", "properties.publicNetworkAccess", OFF, "public-database", PRIVATE),
    wish("Microsoft.Cache/redis", "properties.enableNonSslPort", NOT_TRUE, "plain-transport", HTTPS),
    wish("Microsoft.Cache/redis", "properties.minimumTlsVersion", NEW, "plain-transport", TLS),
    wish("Microsoft.Storage/storageAccounts", "properties.supportsHttpsTrafficOnly", TRUE, "plain-transport", HTTPS),
    wish(
        "Microsoft.Storage/storageAccounts",
        "properties.minimumTlsVersion",
        Wish::Is(&["TLS1_2", "TLS1_3"]),
        "plain-transport",
        TLS,
    ),
    wish(
        "Microsoft.Storage/storageAccounts",
        "properties.allowBlobPublicAccess",
        Wish::Is(&["false"]),
        "public-storage",
        CLOSED,
    ),
    wish("Microsoft.Web/sites", "properties.httpsOnly", TRUE, "plain-transport", HTTPS),
    wish("Microsoft.Web/sites", "properties.siteConfig.minTlsVersion", NEW, "plain-transport", TLS),
    wish(
        "Microsoft.Web/sites",
        "properties.siteConfig.ftpsState",
        Wish::Only(&["Disabled", "FtpsOnly"]),
        "plain-transport",
        "it takes files without encryption: ftpsState: 'Disabled'",
    ),
];

/// Holds a resource to what is demanded. `is_open` tells of values that only running tells.
pub(super) fn check(resource: &Resource<'_>, is_open: &dyn Fn(&Node) -> bool, faults: &mut Faults<'_>) {
    demand(resource, DEMANDS, is_open, faults);
    literal_secrets(resource.properties, is_open, faults);
    let kind = resource.kind.to_ascii_lowercase();
    match kind.as_str() {
        "microsoft.keyvault/vaults" => vault(resource, is_open, faults),
        "microsoft.network/networksecuritygroups" => {
            for rules in along(resource.properties, "properties.securityRules") {
                for rule in rules.items().iter().filter_map(|rule| rule.get("properties")) {
                    security_rule(rule, faults);
                }
            }
        }
        "microsoft.network/networksecuritygroups/securityrules" => {
            if let Some(rule) = resource.properties.get("properties") {
                security_rule(rule, faults);
            }
        }
        kind if kind.ends_with("/firewallrules") => {
            let Some(rule) = resource.properties.get("properties") else { return };
            let is_all = rule.text_of("startIpAddress") == Some("0.0.0.0")
                && rule.text_of("endIpAddress") == Some("255.255.255.255");
            if is_all {
                let line = rule.entry("endIpAddress").map(|entry| entry.line);
                faults.add("public-database", line, "every address may come in: name those that may");
            }
        }
        _ => {}
    }
}

/// A vault is closed, or lets in those alone that it names.
fn vault(resource: &Resource<'_>, is_open: &dyn Fn(&Node) -> bool, faults: &mut Faults<'_>) {
    let says = |path: &str, wanted: &str| {
        along(resource.properties, path).iter().any(|node| is_open(node) || node.text() == Some(wanted))
    };
    let is_closed = says("properties.publicNetworkAccess", "Disabled")
        || says("properties.networkAcls.defaultAction", "Deny")
        || along(resource.properties, "properties.networkAcls").iter().any(|node| is_open(node));
    if !is_closed {
        let message = format!("{}: everybody may knock: networkAcls.defaultAction: 'Deny'", resource.name);
        faults.add("public-storage", resource.line, message);
    }
}

fn security_rule(rule: &Node, faults: &mut Faults<'_>) {
    let says = |key: &str, wanted: &str| rule.text_of(key).is_some_and(|text| text.eq_ignore_ascii_case(wanted));
    if !says("direction", "Inbound") || !says("access", "Allow") {
        return;
    }
    let sources = ["sourceAddressPrefix", "sourceAddressPrefixes"].iter().flat_map(|key| rule.names_of(key));
    let Some((line, _)) = sources.into_iter().find(|(_, address)| is_everywhere(address)) else { return };
    for (_, port) in ["destinationPortRange", "destinationPortRanges"].iter().flat_map(|key| rule.names_of(key)) {
        if port == "*" || range(port).is_some() {
            admin_port(range(port), line, faults);
        }
    }
}

/// Modules of Bicep lie where they are looked for, and values are for parameters that a template beside them has.
pub(super) fn check_all(bicep: &[(&str, &str)], arm: &[(&str, &str)], found: &mut Vec<Fault>) {
    for (path, text) in bicep {
        let mut faults = Faults { path, found: Vec::new() };
        for (line, module) in bicep::modules(text) {
            let wanted = joined(folder(path), &module);
            if !bicep.iter().any(|(other, _)| *other == wanted) {
                faults.add("unknown-file", line, format!("there is no {module}"));
            }
        }
        found.extend(faults.found);
    }
    let parsed: Option<Vec<(&str, Node)>> =
        arm.iter().map(|(path, text)| Some((*path, tree::read(text).ok()?.into_iter().next()?))).collect();
    let parsed = parsed.unwrap_or_default();
    let is_values = |root: &Node| root.text_of("$schema").is_some_and(|schema| schema.contains("Parameters.json"));
    for (path, root) in parsed.iter().filter(|(_, root)| is_values(root)) {
        let mut faults = Faults { path, found: Vec::new() };
        let beside = || parsed.iter().filter(|(other, root)| folder(other) == folder(path) && !is_values(root));
        for parameter in root.entries_of("parameters").iter().filter(|_| beside().next().is_some()) {
            let knows = |template: &Node| {
                template.entries_of("parameters").iter().any(|known| known.key.eq_ignore_ascii_case(&parameter.key))
            };
            if !beside().any(|(_, template)| knows(template)) {
                let message = format!("no template beside has the parameter {}", parameter.key);
                faults.add("unknown-reference", parameter.line, message);
            }
        }
        found.extend(faults.found);
    }
}
