//! Safety of what Terraform makes.

use super::hcl::Block;
use super::is_open;
use crate::validate::Faults;
use crate::validate::cloud::{
    Demand, NOT_TRUE, Resource, TRUE, Wish, admin_port, along, demand, iam, is_everywhere, is_wide, literal_secrets,
    managed, range,
};
use crate::validate::tree::Node;

const fn wish(kind: &'static str, path: &'static str, wish: Wish, rule: &'static str, says: &'static str) -> Demand {
    Demand { kind, path, wish, rule, says }
}

const ENCRYPT: &str = "what it keeps lies there for whoever has the disk: encrypt it";
const PRIVATE: &str = "it can be reached from the whole internet: keep it in the private network";
const HTTPS: &str = "it answers without encryption: HTTPS alone";
const TLS: &str = "it takes encryption that is broken: TLS 1.2 or newer";
const CLOSED: &str = "what it keeps can be read by everybody: close it to the public";

const DEMANDS: &[Demand] = &[
    wish("aws_db_instance", "publicly_accessible", NOT_TRUE, "public-database", PRIVATE),
    wish("aws_rds_cluster_instance", "publicly_accessible", NOT_TRUE, "public-database", PRIVATE),
    wish("aws_redshift_cluster", "publicly_accessible", Wish::Is(&["false"]), "public-database", PRIVATE),
    wish("aws_db_instance", "storage_encrypted", TRUE, "unencrypted", ENCRYPT),
    wish("aws_rds_cluster", "storage_encrypted", TRUE, "unencrypted", ENCRYPT),
    wish("aws_redshift_cluster", "encrypted", TRUE, "unencrypted", ENCRYPT),
    wish("aws_ebs_volume", "encrypted", TRUE, "unencrypted", ENCRYPT),
    wish("aws_efs_file_system", "encrypted", TRUE, "unencrypted", ENCRYPT),
    wish("aws_instance", "root_block_device.encrypted", TRUE, "unencrypted", ENCRYPT),
    wish("aws_elasticache_replication_group", "at_rest_encryption_enabled", TRUE, "unencrypted", ENCRYPT),
    wish("aws_elasticache_replication_group", "transit_encryption_enabled", TRUE, "plain-transport", HTTPS),
    wish("aws_s3_bucket_public_access_block", "block_public_acls", TRUE, "public-storage", CLOSED),
    wish("aws_s3_bucket_public_access_block", "block_public_policy", TRUE, "public-storage", CLOSED),
    wish("aws_s3_bucket_public_access_block", "ignore_public_acls", TRUE, "public-storage", CLOSED),
    wish("aws_s3_bucket_public_access_block", "restrict_public_buckets", TRUE, "public-storage", CLOSED),
    wish("aws_s3_bucket_acl", "acl", Wish::Only(&["private", "log-delivery-write"]), "public-storage", CLOSED),
    wish(
        "aws_cloudfront_distribution",
        "default_cache_behavior.viewer_protocol_policy",
        Wish::Is(&["redirect-to-https", "https-only"]),
        "plain-transport",
        HTTPS,
    ),
    wish("azurerm_mssql_server", "public_network_access_enabled", Wish::Is(&["false"]), "public-database", PRIVATE),
    wish("azurerm_mssql_server", "minimum_tls_version", Wish::Only(&["1.2", "1.3"]), "plain-transport", TLS),
    wish(
        "azurerm_postgresql_flexible_server",
        "public_network_access_enabled",
        Wish::Is(&["false"]),
        "public-database",
        PRIVATE,
    ),
    wish(
        "azurerm_mysql_flexible_server",
        "public_network_access_enabled",
        Wish::Only(&["false"]),
        "public-database",
        PRIVATE,
    ),
    wish("azurerm_cosmosdb_account", "public_network_access_enabled", Wish::Is(&["false"]), "public-database", PRIVATE),
    wish("azurerm_redis_cache", "public_network_access_enabled", Wish::Is(&["false"]), "public-database", PRIVATE),
    wish("azurerm_redis_cache", "non_ssl_port_enabled", NOT_TRUE, "plain-transport", HTTPS),
    wish("azurerm_key_vault", "public_network_access_enabled", Wish::Is(&["false"]), "public-storage", CLOSED),
    wish("azurerm_storage_account", "allow_nested_items_to_be_public", Wish::Is(&["false"]), "public-storage", CLOSED),
    wish("azurerm_storage_account", "https_traffic_only_enabled", Wish::Only(&["true"]), "plain-transport", HTTPS),
    wish("azurerm_storage_account", "min_tls_version", Wish::Only(&["TLS1_2", "TLS1_3"]), "plain-transport", TLS),
    wish("azurerm_linux_web_app", "https_only", TRUE, "plain-transport", HTTPS),
    wish("azurerm_windows_web_app", "https_only", TRUE, "plain-transport", HTTPS),
    wish("azurerm_linux_function_app", "https_only", TRUE, "plain-transport", HTTPS),
    wish("azurerm_windows_function_app", "https_only", TRUE, "plain-transport", HTTPS),
    wish("azurerm_function_app_flex_consumption", "https_only", TRUE, "plain-transport", HTTPS),
    wish(
        "azurerm_linux_web_app",
        "site_config.minimum_tls_version",
        Wish::Only(&["1.2", "1.3"]),
        "plain-transport",
        TLS,
    ),
    wish(
        "azurerm_linux_function_app",
        "site_config.minimum_tls_version",
        Wish::Only(&["1.2", "1.3"]),
        "plain-transport",
        TLS,
    ),
    wish(
        "google_sql_database_instance",
        "settings.ip_configuration.ipv4_enabled",
        Wish::Is(&["false"]),
        "public-database",
        PRIVATE,
    ),
    wish(
        "google_sql_database_instance",
        "settings.ip_configuration.ssl_mode",
        Wish::Is(&["ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"]),
        "plain-transport",
        "it takes connections without encryption: ssl_mode = \"ENCRYPTED_ONLY\"",
    ),
    wish("google_storage_bucket", "uniform_bucket_level_access", TRUE, "public-storage", CLOSED),
    wish("google_storage_bucket", "public_access_prevention", Wish::Is(&["enforced"]), "public-storage", CLOSED),
];

pub(super) fn check(blocks: &[Block], faults: &mut Faults<'_>) {
    for block in blocks {
        literal_secrets(&block.body, &|node| node.tag.is_some(), faults);
        let ([kind, name], true) = (block.labels.as_slice(), matches!(block.kind.as_str(), "resource" | "data")) else {
            continue;
        };
        if block.kind == "resource" {
            let resource = Resource { kind, name, line: block.line, properties: &block.body };
            demand(&resource, DEMANDS, &is_open, faults);
        }
        iam(&block.body, faults);
        let ready = ["policy_arn", "managed_policy_arns", "policy_arns"];
        managed(&ready.iter().flat_map(|key| block.body.names_of(key)).collect::<Vec<_>>(), faults);
        match kind.as_str() {
            "aws_security_group" | "aws_default_security_group" => {
                for rule in along(&block.body, "ingress").into_iter().flat_map(Node::each_item) {
                    aws_ingress(rule, faults);
                }
            }
            "aws_security_group_rule" if block.body.text_of("type") != Some("egress") => {
                aws_ingress(&block.body, faults);
            }
            "aws_vpc_security_group_ingress_rule" => aws_ingress(&block.body, faults),
            "aws_network_acl" | "aws_default_network_acl" => {
                for rule in along(&block.body, "ingress").into_iter().flat_map(Node::each_item) {
                    network_acl(rule, "action", faults);
                }
            }
            "aws_network_acl_rule" if !block.body.says("egress") => network_acl(&block.body, "rule_action", faults),
            "aws_iam_policy_document" => document(&block.body, faults),
            "aws_lb_listener" => listener(&block.body, faults),
            "azurerm_network_security_group" => {
                for rule in along(&block.body, "security_rule").into_iter().flat_map(Node::each_item) {
                    azure_rule(rule, faults);
                }
            }
            "azurerm_network_security_rule" => azure_rule(&block.body, faults),
            "google_compute_firewall" => google_firewall(&block.body, faults),
            "google_sql_database_instance" => {
                for address in along(&block.body, "settings.ip_configuration.authorized_networks.value") {
                    if address.text().is_some_and(is_everywhere) {
                        faults.add("public-database", address.line, format!("{name}: {PRIVATE}"));
                    }
                }
            }
            kind if kind.starts_with("google_") && kind.contains("_iam_") => google_member(&block.body, faults),
            kind if kind.starts_with("azurerm_") && kind.ends_with("firewall_rule") => {
                azure_firewall(&block.body, faults);
            }
            _ => {}
        }
    }
}

/// The first of the texts of keys that is all addresses.
fn everywhere<'n>(rule: &'n Node, keys: &[&str]) -> Option<(usize, &'n str)> {
    keys.iter().flat_map(|key| rule.names_of(key)).find(|(_, address)| is_everywhere(address))
}

fn number(rule: &Node, key: &str) -> Option<u32> {
    rule.text_of(key)?.parse().ok()
}

fn aws_ingress(rule: &Node, faults: &mut Faults<'_>) {
    let keys = ["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"];
    let Some((line, _)) = everywhere(rule, &keys) else { return };
    let is_all = ["protocol", "ip_protocol"].iter().any(|key| matches!(rule.text_of(key), Some("-1" | "all")));
    if is_all {
        admin_port(None, line, faults);
    } else if let (Some(from), Some(to)) = (number(rule, "from_port"), number(rule, "to_port")) {
        admin_port(Some((from, to)), line, faults);
    }
}

/// A list of a subnet lets everything in where it says nothing; one that names an administrator's port means it.
fn network_acl(rule: &Node, action: &str, faults: &mut Faults<'_>) {
    let is_allowed = rule.text_of(action).is_some_and(|action| action.eq_ignore_ascii_case("allow"));
    let source = everywhere(rule, &["cidr_block", "ipv6_cidr_block"]).filter(|_| is_allowed);
    let ports = number(rule, "from_port").zip(number(rule, "to_port"));
    if let (Some((line, _)), Some(ports)) = (source, ports.filter(|(from, to)| to - from.min(to) < FEW)) {
        admin_port(Some(ports), line, faults);
    }
}

/// So many ports are named for what they are; more are whatever a machine answers on.
const FEW: u32 = 1024;

fn azure_rule(rule: &Node, faults: &mut Faults<'_>) {
    let says = |key: &str, wanted: &str| rule.text_of(key).is_some_and(|text| text.eq_ignore_ascii_case(wanted));
    let is_in = says("direction", "Inbound") && says("access", "Allow");
    let Some((line, _)) = everywhere(rule, &["source_address_prefix", "source_address_prefixes"]).filter(|_| is_in)
    else {
        return;
    };
    for (_, port) in ["destination_port_range", "destination_port_ranges"].iter().flat_map(|key| rule.names_of(key)) {
        if port == "*" || range(port).is_some() {
            admin_port(range(port), line, faults);
        }
    }
}

fn azure_firewall(rule: &Node, faults: &mut Faults<'_>) {
    let end = |key: &str| rule.text_of(key).unwrap_or_default();
    if is_wide(end("start_ip_address"), end("end_ip_address")) {
        let line = rule.entry("end_ip_address").map(|entry| entry.line);
        faults.add("public-database", line, "every address may come in: name those that may");
    }
}

fn google_firewall(rule: &Node, faults: &mut Faults<'_>) {
    // Where no source is named, every address is one.
    let sources = ["source_ranges", "source_tags", "source_service_accounts"];
    let is_way_in = !matches!(rule.text_of("direction"), Some("EGRESS"));
    let is_unnamed = is_way_in && sources.iter().all(|key| rule.get(key).is_none());
    let whole = along(rule, "allow").first().filter(|_| is_unnamed).map(|allow| allow.line);
    let Some(line) = everywhere(rule, &["source_ranges"]).map(|(line, _)| line).or(whole) else { return };
    for allow in along(rule, "allow") {
        let ports = allow.names_of("ports");
        if ports.is_empty() && allow.get("ports").is_none() && allow.text_of("protocol") != Some("icmp") {
            admin_port(None, line, faults);
        }
        for (_, port) in ports {
            if let Some(range) = range(port) {
                admin_port(Some(range), line, faults);
            }
        }
    }
}

/// Who everybody is, and roles that may do everything.
fn google_member(block: &Node, faults: &mut Faults<'_>) {
    for (line, member) in ["member", "members"].iter().flat_map(|key| block.names_of(key)) {
        if matches!(member, "allUsers" | "allAuthenticatedUsers") {
            let message = "everybody may use it; where that is meant, say why in an exception";
            faults.add("public-access", line, message);
        }
    }
    if let Some(role) = block.get("role").filter(|role| matches!(role.text(), Some("roles/owner" | "roles/editor"))) {
        faults.add("broad-permissions", role.line, "this role may do nearly everything: take one for what it does");
    }
}

fn document(block: &Node, faults: &mut Faults<'_>) {
    for statement in along(block, "statement") {
        let has_all = |key: &str| statement.names_of(key).iter().any(|(_, name)| *name == "*");
        if statement.text_of("effect") != Some("Deny") && has_all("actions") && has_all("resources") {
            let message = "it allows everything on everything: name the actions and the resources";
            faults.add("broad-permissions", statement.line, message);
        }
    }
}

fn listener(block: &Node, faults: &mut Faults<'_>) {
    let is_plain =
        block.text_of("protocol").is_none_or(|protocol| protocol == "HTTP") && block.get("certificate_arn").is_none();
    let leads_on = along(block, "default_action.type").iter().any(|kind| kind.text() == Some("redirect"));
    if is_plain && !leads_on && block.text_of("protocol").is_some() {
        let line = block.entry("protocol").map(|entry| entry.line);
        faults.add("plain-transport", line, "it serves HTTP: redirect to a listener with a certificate");
    }
}

/// Buckets that no block closes to the public, over the files of a folder.
pub(super) fn open_buckets<'b>(blocks: &[(&'b str, &'b Block)]) -> Vec<(&'b str, usize, &'b str)> {
    let of = |wanted: &'static str| {
        blocks.iter().filter(move |(_, block)| {
            block.kind == "resource" && block.labels.first().is_some_and(|kind| kind == wanted)
        })
    };
    let closed: Vec<&str> =
        of("aws_s3_bucket_public_access_block").filter_map(|(_, block)| block.body.text_of("bucket")).collect();
    let open = of("aws_s3_bucket").filter_map(|(path, block)| {
        let name = block.labels.get(1)?.as_str();
        let is_it = |wanted: &&str| wanted.split('.').nth(1) == Some(name);
        (!closed.iter().any(is_it)).then_some((*path, block.line, name))
    });
    open.collect()
}
