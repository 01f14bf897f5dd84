//! Templates of `CloudFormation`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use wharf::model::{AppProfile, Settings};

use super::{HOSTILE, api, files, profile, settings};
use crate::support::profiles;

const TEMPLATE: &str = "infra/cloudformation/template.yaml";

fn made(apps: &[&AppProfile]) -> BTreeMap<String, String> {
    files("cloudformation", "shop", apps, &Settings::default())
}

/// How many resources there are of each type.
fn types(template: &str) -> BTreeMap<&str, usize> {
    let mut types = BTreeMap::new();
    for line in template.lines() {
        if let Some(found) = line.strip_prefix("    Type: AWS::") {
            *types.entry(found).or_default() += 1;
        }
    }
    types
}

/// The keys below a top-level key.
fn keys<'a>(template: &'a str, section: &str) -> BTreeSet<&'a str> {
    let lines = template.lines().skip_while(|line| *line != format!("{section}:")).skip(1);
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with(' '));
    lines
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.trim().split_once(':'))
        .map(|it| it.0)
        .collect()
}

fn parameters(files: &BTreeMap<String, String>, environment: &str) -> BTreeMap<String, String> {
    let text = &files[&format!("infra/cloudformation/parameters/{environment}.json")];
    let list: Vec<BTreeMap<String, String>> =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    list.into_iter().map(|one| (one["ParameterKey"].clone(), one["ParameterValue"].clone())).collect()
}

#[test]
fn an_app_with_a_database_runs_on_fargate_beside_rds() {
    let made = made(&[&api()]);
    let types = types(&made[TEMPLATE]);
    let expected = [
        ("EC2::VPC", 1),
        ("EC2::Subnet", 4),
        ("EC2::NatGateway", 2),
        ("EC2::SecurityGroup", 4),
        ("ECS::Cluster", 1),
        ("ECS::TaskDefinition", 1),
        ("ECS::Service", 1),
        ("ElasticLoadBalancingV2::LoadBalancer", 1),
        ("ElasticLoadBalancingV2::Listener", 2),
        ("ElasticLoadBalancingV2::TargetGroup", 1),
        ("ApplicationAutoScaling::ScalableTarget", 1),
        ("ApplicationAutoScaling::ScalingPolicy", 1),
        ("RDS::DBInstance", 1),
        ("ElastiCache::ReplicationGroup", 1),
        ("Logs::LogGroup", 1),
        ("KMS::Key", 1),
        ("IAM::Role", 3),
        // Two that it reads, two that it is led to its services by, and the database's own.
        ("SecretsManager::Secret", 5),
    ];
    for (name, count) in expected {
        assert_eq!(types.get(name), Some(&count), "{name}: {types:#?}");
    }
    assert!(!types.contains_key("S3::Bucket"));
    let registry = &made["infra/cloudformation/registry.yaml"];
    assert!(registry.contains("Type: AWS::ECR::Repository") && registry.contains("ImageTagMutability: IMMUTABLE"));
    let template = &made[TEMPLATE];
    for part in [
        "PubliclyAccessible: false",
        "StorageEncrypted: true",
        "DeletionPolicy: Snapshot",
        "AssignPublicIp: DISABLED",
        "ReadonlyRootFilesystem: true",
        "User: \"1000\"",
        "Drop: [ALL]",
        "HealthCheckPath: /health",
        "{{resolve:secretsmanager:${PostgresPassword}:SecretString:password}}",
    ] {
        assert!(template.contains(part), "{part}");
    }
}

#[test]
fn a_worker_has_no_way_in_and_a_site_no_network() {
    let worker = made(&[&profile("worker")]);
    let of_worker = types(&worker[TEMPLATE]);
    for absent in ["ElasticLoadBalancingV2::LoadBalancer", "ElasticLoadBalancingV2::TargetGroup", "RDS::DBInstance"] {
        assert!(!of_worker.contains_key(absent), "{absent}");
    }
    assert!(of_worker.contains_key("ECS::Service") && of_worker.contains_key("DocDB::DBCluster"));
    // Files reach no database, whatever lies beside them.
    let files = AppProfile { services: vec!["postgres".to_owned()], ..profile("static-plain") };
    assert_eq!(made(&[&files]), made(&[&profile("static-plain")]));
    let site = made(&[&profile("static-plain")]);
    let expected = [
        "KMS::Key",
        "S3::Bucket",
        "S3::BucketPolicy",
        "CloudFront::OriginAccessControl",
        "CloudFront::Function",
        "CloudFront::Distribution",
        "Route53::RecordSet",
    ];
    assert_eq!(types(&site[TEMPLATE]).into_keys().collect::<BTreeSet<_>>(), expected.into());
    assert!(!site.contains_key("infra/cloudformation/registry.yaml"));
}

#[test]
fn environments_differ_by_their_parameters() {
    let said = settings("[environments.production]\ndomain = \"shop.test\"\nmax_replicas = 9");
    let made = files("cloudformation", "shop", &[&api()], &said);
    let [development, production] = ["development", "production"].map(|name| parameters(&made, name));
    let pair = |name: &str| (development[name].as_str(), production[name].as_str());
    assert_eq!(pair("Environment"), ("development", "production"));
    assert_eq!(pair("ApiMaxTasks"), ("1", "9"));
    assert_eq!(pair("ApiCpu"), ("512", "1024"));
    assert_eq!(pair("ApiMemory"), ("1024", "2048"));
    assert_eq!(pair("ApiLogLevel"), ("debug", "warn"));
    assert_eq!(pair("ApiDomain"), ("", "shop.test"));
    assert_eq!(pair("BackupDays"), ("0", "14"));
    assert_eq!(pair("DeletionProtection"), ("false", "true"));
    assert_eq!(pair("HighlyAvailable"), ("false", "true"));
    assert_eq!(pair("LogDays"), ("3", "90"));
}

#[test]
fn parameters_are_those_of_the_template_for_every_kind_of_project() {
    for (name, profile) in profiles::all() {
        let made = made(&[&profile, &api()]);
        for environment in ["development", "staging", "production"] {
            let given: BTreeSet<String> = parameters(&made, environment).into_keys().collect();
            let given: BTreeSet<&str> = given.iter().map(String::as_str).collect();
            let mut asked = keys(&made[TEMPLATE], "Parameters");
            asked.retain(|key| {
                !matches!(*key, "HostedZone" | "Certificate" | "SiteCertificate") && !key.ends_with("Version")
            });
            assert_eq!(given, asked, "{name}");
        }
    }
}

#[test]
fn no_text_of_a_project_becomes_syntax() {
    let usual = types(&made(&[&api()])[TEMPLATE]).into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    let long = "x".repeat(300);
    for text in HOSTILE.into_iter().chain([long.as_str()]) {
        let app = AppProfile { health_path: Some(format!("/{text}")), dockerfile: Some(format!("{text}/D")), ..api() };
        let made = files("cloudformation", text, &[&app], &Settings::default());
        let found: BTreeMap<String, usize> =
            types(&made[TEMPLATE]).into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        assert_eq!(found, usual, "{text:?}");
        let document: yaml_serde::Value = yaml_serde::from_str(&made[TEMPLATE]).unwrap();
        let path = &document["Resources"]["ApiTargets"]["Properties"]["HealthCheckPath"];
        assert_eq!(path.as_str(), Some(format!("/{text}").as_str()));
        let script = &made["infra/cloudformation/deploy.sh"];
        let read = Command::new("bash").args(["-n", "-c", script]).output().unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        let image = script
            .lines()
            .skip_while(|line| !line.starts_with("image "))
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>();
        let mut command = Command::new("bash");
        let output = command.args(["-c", &format!("image() {{ printf %s \"$4\"; }}\n{}", image.join("\n"))]).output();
        assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), format!("{text}/D"));
    }
}
