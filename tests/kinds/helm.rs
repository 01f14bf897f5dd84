//! A chart of Helm.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use wharf::model::{AppProfile, Settings};
use wharf::validate::check_all;
use yaml_serde::Value;

use super::kubernetes::{StandIn, text};
use super::{HOSTILE, api, files, profile, settings};

const CHART: &str = "k8s/helm/shop";

fn of_app(app: &AppProfile, said: &str) -> BTreeMap<String, String> {
    files("helm", "shop", &[app], &settings(said))
}

fn read(files: &BTreeMap<String, String>, name: &str) -> Value {
    yaml_serde::from_str(&files[&format!("{CHART}/{name}")]).unwrap()
}

/// What Helm reads as actions in all templates, but those that print braces.
fn actions(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for text in files.iter().filter(|(path, _)| path.contains("/templates/")).map(|(_, text)| text) {
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once("{{") {
            // In an action a string may hold braces.
            let quoted = after.strip_prefix(" \"{").and_then(|inner| inner.split_once("\" }}"));
            if let Some((braces, after)) = quoted {
                assert!(braces.chars().all(|c| c == '{'), "{braces}");
                rest = after;
                continue;
            }
            let (action, after) = after.split_once("}}").unwrap();
            found.push(action.to_owned());
            rest = after;
        }
    }
    found
}

/// Every path to a value.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    for (key, value) in value.as_mapping().into_iter().flatten() {
        let path = format!("{path}/{}", text(key));
        paths(value, &path, found);
        found.push(path);
    }
}

#[test]
fn a_chart_has_all_that_an_app_and_its_services_need() {
    let made = of_app(&api(), "");
    let expected = [
        "deploy.sh",
        "shop/Chart.yaml",
        "shop/templates/NOTES.txt",
        "shop/templates/_helpers.tpl",
        "shop/templates/apps/api/config.yaml",
        "shop/templates/apps/api/deployment.yaml",
        "shop/templates/apps/api/network-policy.yaml",
        "shop/templates/apps/api/scaling.yaml",
        "shop/templates/apps/api/service.yaml",
        "shop/templates/policies.yaml",
        "shop/templates/services.yaml",
        "shop/values-production.yaml",
        "shop/values-staging.yaml",
        "shop/values.schema.json",
        "shop/values.yaml",
    ];
    assert_eq!(made.keys().map(|path| path.strip_prefix("k8s/helm/").unwrap()).collect::<Vec<_>>(), expected);
    let all: String = made.values().map(String::as_str).collect();
    for kind in [
        "ConfigMap",
        "Deployment",
        "Service",
        "Ingress",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "StatefulSet",
        "CronJob",
        "PersistentVolumeClaim",
    ] {
        assert!(all.contains(&format!("\nkind: {kind}\n")), "{kind}");
    }
    assert!(!all.contains("kind: Secret\n"), "secrets are named only");
    let deployment = &made["k8s/helm/shop/templates/apps/api/deployment.yaml"];
    insta::assert_snapshot!("helm-deployment", deployment);
    insta::assert_snapshot!("helm-values", made["k8s/helm/shop/values.yaml"]);
    for part in [
        "image: {{ printf \"%s/shop:%s\" .Values.image.registry .Values.image.tag | quote }}",
        "checksum/config: {{ include (print $.Template.BasePath \"/apps/api/config.yaml\") $ | sha256sum }}",
        "{{- toYaml .Values.apps.api.resources | nindent 12 }}",
        "automountServiceAccountToken: false",
        "runAsNonRoot: true",
        "readOnlyRootFilesystem: true",
        "drop: [ALL]",
        "type: RuntimeDefault",
        "secretKeyRef:",
    ] {
        assert!(deployment.contains(part), "{part}: {deployment}");
    }
    assert_eq!(check_all(&made), []);
}

#[test]
fn values_say_how_environments_differ() {
    let made = of_app(&api(), "[environments.production]\ndomain = \"shop.test\"\nhighly_available = true");
    let [usual, staging, production] =
        ["values.yaml", "values-staging.yaml", "values-production.yaml"].map(|name| read(&made, name));
    let app = &usual["apps"]["api"];
    assert_eq!((&app["replicas"]["min"], &app["replicas"]["max"]), (&Value::from(1), &Value::from(1)));
    assert_eq!((text(&app["logLevel"]), text(&app["host"])), ("debug", "shop-dev.example.com"));
    assert_eq!(usual["services"]["postgres"]["backup"]["days"], Value::from(0));
    let app = &production["apps"]["api"];
    assert_eq!((&app["replicas"]["min"], &app["replicas"]["max"]), (&Value::from(2), &Value::from(6)));
    assert_eq!((text(&app["logLevel"]), text(&app["host"])), ("warn", "shop.test"));
    assert_eq!(text(&app["spreadOver"]), "topology.kubernetes.io/zone");
    assert_eq!(text(&app["resources"]["limits"]["memory"]), "1024Mi");
    let database = &production["services"]["postgres"];
    assert_eq!((text(&database["whenDeleted"]), text(&database["storage"])), ("Retain", "50Gi"));
    assert_eq!(database["backup"]["days"], Value::from(14));
    assert!(staging["apps"]["api"].get("resources").is_none(), "what is the same stands once");
    assert!(production.get("image").is_none(), "a deployment says it");
}

#[test]
fn the_schema_knows_every_value() {
    let worker = AppProfile { name: "my-jobs".to_owned(), path: "jobs".to_owned(), ..profile("worker") };
    let app = AppProfile { env: ["DEBUG", "LOG_LEVEL"].map(str::to_owned).into(), ..api() };
    let said = [
        "",
        "[environments.production]\nservices = [\"mysql\"]",
        "[environments.development]\nservices = []",
        "[environments.production]\nservices = []\nport = 80",
    ];
    for said in said {
        let (apps, said) = ([&app, &worker], settings(said));
        let made = files("helm", "shop", &apps, &said);
        let schema: Json = serde_json::from_str(&made["k8s/helm/shop/values.schema.json"]).unwrap();
        let mut known = Vec::new();
        paths(&read(&made, "values.yaml"), "", &mut known);
        assert!(known.contains(&"/apps/myJobs/replicas/min".to_owned()), "{known:?}");
        for path in known {
            let mut at = &schema;
            for key in path.split('/').skip(1) {
                let whole = at.get("allOf").map_or(at, |all| &all[0]);
                let whole = whole
                    .get("$ref")
                    .map_or(whole, |name| schema.pointer(name.as_str().unwrap().trim_start_matches('#')).unwrap());
                at = whole["properties"].get(key).unwrap_or(&whole["additionalProperties"]);
            }
            assert!(at.is_object(), "{path}: {schema:#}");
        }
        assert_eq!(check_all(&made), []);
    }
}

#[test]
fn a_worker_has_no_way_in() {
    let made = of_app(&profile("worker"), "");
    assert!(!made.contains_key("k8s/helm/shop/templates/apps/web/service.yaml"), "{:?}", made.keys());
    assert!(read(&made, "values.yaml")["apps"]["web"].get("host").is_none());
    assert!(!made["k8s/helm/shop/templates/NOTES.txt"].contains("https://"));
}

#[test]
fn what_is_not_the_same_everywhere_asks_for_the_environment() {
    let made = of_app(&api(), "[environments.production]\nservices = [\"postgres:17\"]\nport = 8080");
    let deployment = &made["k8s/helm/shop/templates/apps/api/deployment.yaml"];
    let (before, production) = deployment.split_once("{{- if eq .Values.environment \"production\" }}").unwrap();
    assert!(before.contains("containerPort: 3000\n") && production.contains("containerPort: 8080\n"));
    assert!(!production.contains("REDIS_URL") && before.contains("REDIS_URL"));
    assert_eq!(text(&read(&made, "values.yaml")["environment"]), "development");
    assert_eq!(text(&read(&made, "values-production.yaml")["environment"]), "production");
    assert_eq!(check_all(&made), []);
}

/// Helm reads nothing that a project brings along, whatever it looks like.
#[test]
fn no_text_of_a_project_becomes_an_action() {
    let usual = actions(&of_app(&api(), ""));
    assert!(usual.len() > 50, "{usual:?}");
    let long = "x".repeat(300);
    let more =
        ["{{", "{{- fail \"x\" }}", "{{{{ .Values }}}}", "{", "{{/* x */}}", "{{ \"{{\" }}", "\u{1}.Values.x\u{2}"];
    for text in HOSTILE.into_iter().chain(more).chain([long.as_str(), "on", "1e3", "null"]) {
        let app = AppProfile { health_path: Some(format!("/{text}")), ..api() };
        let mut made = files("helm", text, &[&app], &Settings::default());
        assert_eq!(check_all(&made), [], "{text:?}");
        // It is named after the project, which is a label.
        let chart: Value = {
            let (_, chart) = made.iter().find(|(path, _)| path.ends_with("/Chart.yaml")).unwrap();
            yaml_serde::from_str(chart).unwrap()
        };
        let name = self::text(&chart["name"]).to_owned();
        for content in made.values_mut() {
            *content = content
                .replace(&format!("\"{name}.labels\""), "\"shop.labels\"")
                .replace(&format!("%s/{name}:"), "%s/shop:");
        }
        assert_eq!(actions(&made).len(), usual.len(), "{text:?}");
        assert_eq!(chart["description"].as_str().unwrap().lines().count(), 1, "{text:?}");
    }
}

#[test]
fn the_script_makes_secrets_and_upgrades_the_release() {
    let stand_in = StandIn::new(&of_app(&api(), ""));
    let deploy = |arguments: &[&str], secret| stand_in.run("k8s/helm/deploy.sh", arguments, secret);
    assert!(!deploy(&["staging", "r.test/x,a=b", "1"], None).0);
    let (deployed, said) = deploy(&["staging", "r.test/team", "1.4"], None);
    assert!(!deployed && said.contains("SESSION_SECRET"), "{said}");
    assert_eq!(stand_in.read("helm-asked"), "", "nothing is deployed without what it needs");
    let (deployed, said) = deploy(&["staging", "r.test/team", "1.4"], Some("hush"));
    assert!(deployed, "{said}");
    let asked = stand_in.read("helm-asked");
    for part in [
        "upgrade shop shop --install --atomic ",
        " --namespace shop-staging ",
        " --values shop/values-staging.yaml ",
        " --set-string image.registry=r.test/team --set-string image.tag=1.4",
    ] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    assert!(deploy(&["development", "r.test/team", "1.4"], Some("hush")).0);
    assert!(stand_in.read("helm-asked").contains(" --values shop/values.yaml "));
}

#[test]
fn a_migration_is_a_hook_before_an_upgrade_and_not_on_the_way_back() {
    let made = files("helm", "shop", &[&super::kubernetes::migrating()], &Settings::default());
    let job = &made["k8s/helm/shop/templates/apps/api/release.yaml"];
    assert_eq!(job.matches("helm.sh/hook: post-install,pre-upgrade\n").count(), 2, "{job}");
    assert!(job.contains("name: api-release-{{ .Values.image.tag | sha256sum | trunc 12 }}\n"), "{job}");
    let stand_in = StandIn::new(&made);
    let deploy = |tag: &str| stand_in.run("k8s/helm/deploy.sh", &["staging", "r.test/team", tag], Some("hush"));
    let (deployed, said) = deploy("1");
    assert!(deployed, "{said}");
    let asked = stand_in.read("helm-asked");
    assert!(asked.lines().last().unwrap().contains("image.tag=1 --atomic"), "{asked}");
    assert!(!asked.contains("--no-hooks"), "{asked}");
    std::fs::write(stand_in.path("done-api-release-6b86b273ff34"), "").unwrap();
    assert!(deploy("1").0);
    let asked = stand_in.read("helm-asked");
    assert!(asked.lines().last().unwrap().ends_with("--atomic --no-hooks"), "{asked}");
}
