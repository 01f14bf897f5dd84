//! Pipelines that deploy by the infrastructure that is asked for with them.

use std::collections::{BTreeMap, BTreeSet};

use wharf::generate::Order;
use wharf::model::{AppProfile, Settings};
use wharf::validate::check;
use yaml_serde::Value;

use super::{part, read, whole};
use crate::support::profiles::{self, With as _};

/// Each way, the audience of its token (empty where it logs in by none), the action that logs in, its script.
const WAYS: [(&str, &str, &str, &str); 9] = [
    ("terraform-aws", "sts.amazonaws.com", "aws-actions/configure-aws-credentials@", "infra/terraform-aws/deploy.sh"),
    ("cloudformation", "sts.amazonaws.com", "aws-actions/configure-aws-credentials@", "infra/cloudformation/deploy.sh"),
    ("terraform-azure", "api://AzureADTokenExchange", "azure/login@", "infra/terraform-azure/deploy.sh"),
    ("arm", "api://AzureADTokenExchange", "azure/login@", "infra/arm/deploy.sh"),
    ("bicep", "api://AzureADTokenExchange", "azure/login@", "infra/bicep/deploy.sh"),
    (
        "terraform-gcp",
        "https://iam.googleapis.com/$GCP_WORKLOAD_IDENTITY_PROVIDER",
        "google-github-actions/auth@",
        "infra/terraform-gcp/deploy.sh",
    ),
    ("kubernetes", "", "", "k8s/deploy.sh"),
    ("kustomize", "", "", "k8s/kustomize/deploy.sh"),
    ("helm", "", "", "k8s/helm/deploy.sh"),
];

fn made(wanted: &[&str], apps: &[&AppProfile]) -> BTreeMap<String, String> {
    let settings = Settings::default();
    let wanted: BTreeSet<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    let made = Order::new("shop", apps, &settings).artifacts(&wanted).unwrap();
    for artifact in &made {
        let faults = check(&artifact.path, &artifact.content);
        assert!(faults.is_empty(), "{}: {faults:#?}\n{}", artifact.path, artifact.content);
    }
    made.into_iter().map(|artifact| (artifact.path, artifact.content)).collect()
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&str, &Value)> {
    workflow["jobs"].as_mapping().unwrap().iter().map(|(name, job)| (name.as_str().unwrap(), job))
}

fn words(value: &Value) -> String {
    value.as_sequence().unwrap().iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn github_logs_in_by_a_token_that_only_deploying_jobs_get() {
    let app = whole();
    for (way, audience, action, script) in WAYS {
        let made = made(&["github", way], &[&app]);
        assert!(!made.contains_key("infra/ssh/deploy.sh") && made.contains_key(script), "{way}");
        for path in [".github/workflows/ci.yml", ".github/workflows/deploy.yml", ".github/workflows/rollback.yml"] {
            let workflow = read(&made[path]);
            for (name, job) in jobs(&workflow) {
                let deploys = name.starts_with("deploy-") || path.ends_with("rollback.yml");
                let token = job["permissions"]["id-token"].as_str();
                assert_eq!(token, (deploys && !audience.is_empty()).then_some("write"), "{way} {path} {name}");
                let Some(steps) = job["steps"].as_sequence().filter(|_| deploys) else { continue };
                let place = |found: &dyn Fn(&Value) -> bool| steps.iter().position(found);
                let logs_in = |step: &Value| match step["uses"].as_str() {
                    Some(uses) => !action.is_empty() && uses.starts_with(action),
                    None => action.is_empty() && step["name"].as_str() == Some("Reach the cluster"),
                };
                let login = place(&logs_in);
                let deploy = place(&|step| step["name"].as_str() == Some("Deploy")).unwrap();
                assert!(login.is_some_and(|login| login < deploy), "{way} {path} {name}");
                let environment = job["environment"]["name"].as_str().unwrap();
                let run = steps[deploy]["run"].as_str().unwrap();
                let call = format!("bash {script} {environment} ");
                assert!(run.contains(&call) && run.contains("\"$VERSION\""), "{way} {path}: {run}");
                assert!(run.contains("IMAGES=\"$REGISTRY\" bash") || audience.is_empty(), "{way} {path}: {run}");
                let version = if path.ends_with("rollback.yml") { "inputs.version" } else { "github.sha" };
                let given = steps[deploy]["env"]["VERSION"].as_str();
                assert_eq!(given, Some(format!("${{{{ {version} }}}}").as_str()));
            }
        }
        let deploy = read(&made[".github/workflows/deploy.yml"]);
        let names: Vec<&str> = jobs(&deploy).map(|(name, _)| name).collect();
        assert_eq!(names, ["checks", "image-web", "deploy-staging", "deploy-production"], "{way}");
        assert!(words(&deploy["jobs"]["deploy-production"]["needs"]).contains("deploy-staging"), "{way}");
        let asks = &deploy["jobs"]["deploy-production"]["steps"][1]["run"];
        assert!(asks.as_str().unwrap().contains("required_reviewers"), "{way}");
    }
}

#[test]
fn gitlab_logs_in_by_a_token_of_its_own() {
    let app = whole();
    for (way, audience, _, script) in WAYS {
        let ci = read(&made(&["gitlab", way], &[&app])[".gitlab-ci.yml"]);
        for (name, job) in ci.as_mapping().unwrap() {
            let token = job.get("id_tokens").map(|tokens| tokens["ID_TOKEN"]["aud"].as_str().unwrap());
            let is_meant = name.as_str() == Some(".deploy") && !audience.is_empty();
            assert_eq!(token, is_meant.then_some(audience), "{way} {name:?}");
        }
        let base = &ci[".deploy"];
        assert!(base["image"].as_str().unwrap().contains("@sha256:"), "{way}");
        assert_eq!(base.get("services").is_some(), !audience.is_empty(), "{way}");
        assert_eq!(words(&base["before_script"]).contains("$ID_TOKEN_FILE"), !audience.is_empty(), "{way}");
        for (name, version) in [("deploy-staging", "$CI_COMMIT_SHA"), ("rollback-production", "$ROLLBACK_TO")] {
            let job = &ci[name];
            let environment = job["environment"]["name"].as_str().unwrap();
            let script_of = words(&job["script"]);
            let call = format!("bash {script} {environment} ");
            assert!(script_of.contains(&call) && script_of.contains(&format!("\"{version}\"")), "{way}: {script_of}");
        }
        let needs = ci["deploy-production"]["needs"].as_sequence().unwrap();
        assert_eq!(needs.last().unwrap()["job"].as_str(), Some("deploy-staging"), "{way}");
        assert_eq!(ci["deploy-production"]["rules"][1]["when"].as_str(), Some("manual"), "{way}");
    }
}

#[test]
fn jenkins_logs_in_by_a_token_of_its_own_and_traces_no_secret() {
    let app = whole();
    for (way, audience, _, script) in WAYS {
        let text = &made(&["jenkins", way], &[&app])["Jenkinsfile"];
        let deploy = text.split("void deploy(").nth(1).unwrap();
        assert_eq!(deploy.contains("variable: 'ID_TOKEN_FILE')"), !audience.is_empty(), "{way}: {deploy}");
        let commands = deploy.split("sh '''").nth(1).unwrap();
        assert!(commands.trim_start().starts_with("set +x\n"), "{way}: {commands}");
        assert!(commands.contains(&format!("bash {script} \"$ENVIRONMENT\"")), "{way}: {commands}");
        assert!(!text.contains("DEPLOY_HOST"), "{way}: {text}");
        assert!(text.contains("stage('Deploy to production')") && text.contains("ok 'Deploy'"), "{way}");
    }
}

#[test]
fn what_azure_asks_for_each_time_comes_from_the_environments_secrets() {
    let app = whole();
    for way in ["arm", "bicep"] {
        let deploy = read(&made(&["github", way], &[&app])[".github/workflows/deploy.yml"]);
        let steps = deploy["jobs"]["deploy-staging"]["steps"].as_sequence().unwrap();
        let env = &steps.iter().find(|step| step["name"].as_str() == Some("Deploy")).unwrap()["env"];
        for name in ["DATABASE_PASSWORD", "SESSION_SECRET"] {
            assert_eq!(env[name].as_str(), Some(format!("${{{{ secrets.{name} }}}}").as_str()), "{way}");
        }
        assert_eq!(env["AZURE_LOCATION"].as_str(), Some("${{ vars.AZURE_LOCATION }}"), "{way}");
    }
}

#[test]
fn ssh_is_the_way_where_no_other_is_asked_for() {
    let app = whole();
    for kind in ["github", "gitlab", "jenkins"] {
        let alone = made(&[kind], &[&app]);
        assert!(alone.contains_key("infra/ssh/deploy.sh") && alone.contains_key("compose.production.yaml"), "{kind}");
        let named = made(&[kind, "ssh"], &[&app]);
        assert_eq!(alone, named, "{kind}");
        let other = made(&[kind, "ssh", "kubernetes"], &[&app]);
        assert!(other.contains_key("infra/ssh/deploy.sh"), "{kind}");
        let pipeline = other.iter().find(|(path, _)| {
            path.ends_with("deploy.yml") || path.ends_with("gitlab-ci.yml") || path.ends_with("Jenkinsfile")
        });
        let (path, text) = pipeline.unwrap();
        assert!(text.contains("k8s/deploy.sh") && !text.contains("infra/ssh/deploy.sh"), "{path}: {text}");
    }
}

#[test]
fn several_ways_are_gone_one_after_another() {
    let (api, web) = (part("api"), part("web"));
    let site = profiles::all().into_iter().find(|(name, _)| *name == "static-plain").unwrap().1;
    let site = AppProfile { name: "site".to_owned(), ..site.at("apps/site") };
    let apps = [&api, &web, &site];
    let all: Vec<&str> = WAYS.iter().map(|way| way.0).collect();
    let made = made(&[all.as_slice(), &["github", "gitlab", "jenkins"]].concat(), &apps);
    let deploy = read(&made[".github/workflows/deploy.yml"]);
    let steps = deploy["jobs"]["deploy-staging"]["steps"].as_sequence().unwrap();
    let by = steps.iter().filter(|step| step["name"].as_str().is_some_and(|name| name.starts_with("Deploy by ")));
    assert_eq!(by.count(), WAYS.len());
    let ci = read(&made[".gitlab-ci.yml"]);
    for way in all {
        let job = &ci[format!("deploy-production-{way}").as_str()];
        assert_eq!(job["extends"].as_str(), Some(format!(".deploy-{way}").as_str()));
        let needs = job["needs"].as_sequence().unwrap().iter().filter_map(|need| need["job"].as_str());
        assert_eq!(needs.filter(|need| need.starts_with("deploy-staging-")).count(), WAYS.len());
    }
    assert_eq!(made["Jenkinsfile"].matches("set +x").count(), WAYS.len());
}
