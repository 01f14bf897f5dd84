//! What Azure's resources have to say, in ARM and in Bicep.

mod arm;
mod between;
mod bicep;
mod bicep_values;
mod meant;
#[cfg(test)]
pub(super) mod tests;

pub(super) use arm::check as check_arm;
pub(super) use between::check_all;
pub(super) use bicep::{check as check_bicep, check_values as check_bicep_values, outputs};

use super::Faults;
use super::cloud::{
    Demand, NOT_TRUE, Resource, TRUE, Wish, admin_port, along, demand, is_everywhere, is_wide, literal_secrets, range,
};
use super::tree::Node;

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
                for rule in rules.each_item().into_iter().filter_map(|rule| rule.get("properties")) {
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
            let end = |key: &str| rule.text_of(key).unwrap_or_default();
            if is_wide(end("startIpAddress"), end("endIpAddress")) {
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
        let found: Vec<&Node> = along(resource.properties, path).into_iter().flat_map(Node::choices).collect();
        !found.is_empty() && found.iter().all(|node| is_open(node) || node.text() == Some(wanted))
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
