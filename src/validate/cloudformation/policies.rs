//! Safety of what `CloudFormation` makes.

use super::values::{Given, Values, is_open};
use crate::validate::Faults;
use crate::validate::cloud::{
    Demand, NOT_TRUE, Resource, TRUE, Wish, admin_port, along, demand, iam, is_everywhere, literal_secrets, managed,
};
use crate::validate::secrets::{names_a_place, names_a_secret};
use crate::validate::tree::Node;

const fn wish(kind: &'static str, path: &'static str, wish: Wish, rule: &'static str, says: &'static str) -> Demand {
    Demand { kind, path, wish, rule, says }
}

const ENCRYPT: &str = "what it keeps lies there for whoever has the disk: encrypt it";
const PRIVATE: &str = "it can be reached from the whole internet: keep it in the private network";
const HTTPS: &str = "it answers without encryption: HTTPS alone";
const CLOSED: &str = "what it keeps can be read by everybody: close it to the public";

const DEMANDS: &[Demand] = &[
    wish("AWS::RDS::DBInstance", "PubliclyAccessible", Wish::Is(&["false"]), "public-database", PRIVATE),
    wish("AWS::Redshift::Cluster", "PubliclyAccessible", NOT_TRUE, "public-database", PRIVATE),
    wish("AWS::RDS::DBInstance", "StorageEncrypted", TRUE, "unencrypted", ENCRYPT),
    wish("AWS::RDS::DBCluster", "StorageEncrypted", TRUE, "unencrypted", ENCRYPT),
    wish("AWS::EC2::Volume", "Encrypted", TRUE, "unencrypted", ENCRYPT),
    wish("AWS::EFS::FileSystem", "Encrypted", TRUE, "unencrypted", ENCRYPT),
    wish("AWS::ElastiCache::ReplicationGroup", "AtRestEncryptionEnabled", TRUE, "unencrypted", ENCRYPT),
    wish("AWS::ElastiCache::ReplicationGroup", "TransitEncryptionEnabled", TRUE, "plain-transport", HTTPS),
    wish("AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicAcls", TRUE, "public-storage", CLOSED),
    wish("AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicPolicy", TRUE, "public-storage", CLOSED),
    wish("AWS::S3::Bucket", "PublicAccessBlockConfiguration.IgnorePublicAcls", TRUE, "public-storage", CLOSED),
    wish("AWS::S3::Bucket", "PublicAccessBlockConfiguration.RestrictPublicBuckets", TRUE, "public-storage", CLOSED),
    wish("AWS::S3::Bucket", "AccessControl", Wish::Only(&["Private", "LogDeliveryWrite"]), "public-storage", CLOSED),
    wish(
        "AWS::CloudFront::Distribution",
        "DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy",
        Wish::Is(&["redirect-to-https", "https-only"]),
        "plain-transport",
        HTTPS,
    ),
];

pub(super) fn check(root: &Node, given: &Given, faults: &mut Faults<'_>) {
    let values = Values::new(root, given);
    for parameter in root.entries_of("Parameters").iter().filter(|entry| names_a_secret(&entry.key)) {
        if let Some(default) =
            parameter.node.get("Default").filter(|node| node.text().is_some_and(|text| !text.is_empty()))
        {
            let message = format!("{} has a default: whoever makes the stack gives it", parameter.key);
            faults.add("secret-in-file", default.line, message);
        }
        // An identifier of where the secret is kept is none itself.
        if !names_a_place(&parameter.key) && !parameter.node.says("NoEcho") {
            let message = format!("whoever looks at the stack reads {}: NoEcho: true", parameter.key);
            faults.add("secret-in-output", parameter.line, message);
        }
    }
    let nothing = Node { line: 1, tag: None, value: crate::validate::tree::Value::Map(Vec::new()) };
    for entry in root.entries_of("Resources") {
        let Some(kind) = entry.node.text_of("Type") else { continue };
        let properties = &values.filled(entry.node.get("Properties").unwrap_or(&nothing));
        let resource = Resource { kind, name: &entry.key, line: entry.line, properties };
        demand(&resource, DEMANDS, &is_open, faults);
        literal_secrets(properties, &is_open, faults);
        iam(properties, faults);
        managed(
            &["ManagedPolicyArns", "PolicyArn"].iter().flat_map(|key| properties.names_of(key)).collect::<Vec<_>>(),
            faults,
        );
        match kind {
            "AWS::EC2::SecurityGroup" => {
                for rule in along(properties, "SecurityGroupIngress").into_iter().flat_map(Node::each_item) {
                    ingress(rule, faults);
                }
            }
            "AWS::EC2::SecurityGroupIngress" => ingress(properties, faults),
            "AWS::ElasticLoadBalancingV2::Listener" => listener(properties, faults),
            _ => {}
        }
    }
}

fn ingress(rule: &Node, faults: &mut Faults<'_>) {
    let cidr = ["CidrIp", "CidrIpv6"].iter().filter_map(|key| rule.get(key)).flat_map(Node::choices);
    let Some(cidr) = cidr.into_iter().find(|node| node.text().is_some_and(is_everywhere)) else { return };
    let number = |key: &str| rule.text_of(key)?.parse().ok();
    if rule.text_of("IpProtocol") == Some("-1") {
        admin_port(None, cidr.line, faults);
    } else if let (Some(from), Some(to)) = (number("FromPort"), number("ToPort")) {
        admin_port(Some((from, to)), cidr.line, faults);
    }
}

fn listener(properties: &Node, faults: &mut Faults<'_>) {
    let Some(protocol) = properties.entry("Protocol").filter(|entry| entry.node.text() == Some("HTTP")) else { return };
    if !along(properties, "DefaultActions.Type").iter().any(|kind| kind.text() == Some("redirect")) {
        faults.add("plain-transport", protocol.line, "it serves HTTP: redirect to a listener with a certificate");
    }
}
