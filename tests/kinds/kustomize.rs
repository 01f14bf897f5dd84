//! A base and overlays of Kustomize.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use wharf::model::{AppProfile, Settings};
use wharf::validate::check_all;
use yaml_serde::Value;

use super::kubernetes::{StandIn, objects, text};
use super::{HOSTILE, api, files, profile, settings};

const ROOT: &str = "k8s/kustomize";

fn of_app(app: &AppProfile, said: &str) -> BTreeMap<String, String> {
    files("kustomize", "shop", &[app], &settings(said))
}

fn overlay(files: &BTreeMap<String, String>, environment: &str) -> Value {
    yaml_serde::from_str(&files[&format!("{ROOT}/overlays/{environment}/kustomization.yaml")]).unwrap()
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).map(|list| list.as_sequence().unwrap().as_slice()).unwrap_or_default()
}

fn names<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    items(value, key).iter().map(text).collect()
}

/// What an overlay's patches say of an object, by its kind and name.
fn patches(overlay: &Value) -> BTreeMap<String, Vec<Value>> {
    let mut patches: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for patch in items(overlay, "patches") {
        let said: Value = yaml_serde::from_str(text(&patch["patch"])).unwrap();
        let (kind, name) = match patch.get("target") {
            Some(target) => (&target["kind"], &target["name"]),
            None => (&said["kind"], &said["metadata"]["name"]),
        };
        patches.entry(format!("{}/{}", text(kind), text(name))).or_default().push(said.clone());
    }
    patches
}

fn of_kinds(file: &str) -> BTreeSet<String> {
    objects(file).iter().map(|one| format!("{}/{}", text(&one["kind"]), text(&one["metadata"]["name"]))).collect()
}

#[test]
fn the_base_has_what_all_environments_share() {
    let made = of_app(&api(), "");
    let expected = [
        "base/app-api.yaml",
        "base/kustomization.yaml",
        "base/policies.yaml",
        "base/services.yaml",
        "deploy.sh",
        "overlays/development/kustomization.yaml",
        "overlays/development/namespace.yaml",
        "overlays/production/backups.yaml",
        "overlays/production/kustomization.yaml",
        "overlays/production/namespace.yaml",
        "overlays/production/scaling-api.yaml",
        "overlays/staging/backups.yaml",
        "overlays/staging/kustomization.yaml",
        "overlays/staging/namespace.yaml",
        "overlays/staging/scaling-api.yaml",
    ];
    assert_eq!(made.keys().map(|path| path.strip_prefix("k8s/kustomize/").unwrap()).collect::<Vec<_>>(), expected);
    let base: Value = yaml_serde::from_str(&made["k8s/kustomize/base/kustomization.yaml"]).unwrap();
    assert_eq!(names(&base, "resources"), ["policies.yaml", "services.yaml", "app-api.yaml"]);
    assert_eq!(names(&items(&base, "configMapGenerator")[0], "literals"), ["LOG_LEVEL=debug"]);
    let app = &made["k8s/kustomize/base/app-api.yaml"];
    let expected = ["Deployment/api", "Service/api", "Ingress/api", "NetworkPolicy/api"];
    assert_eq!(of_kinds(app), expected.map(str::to_owned).into());
    let deployment = &objects(app)[0];
    assert!(deployment["spec"].get("replicas").is_none(), "overlays say it, or an autoscaler");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(text(&container["resources"]["limits"]["memory"]), "512Mi");
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], Value::from(true));
    assert!(of_kinds(&made["k8s/kustomize/base/services.yaml"]).contains("StatefulSet/redis"));
    assert!(made.values().all(|text| !text.contains("kind: Secret\n") && !text.contains("kind: ConfigMap\n")));
}

#[test]
fn overlays_say_how_environments_differ() {
    let made = of_app(&api(), "[environments.production]\ndomain = \"shop.test\"\nhighly_available = true");
    let [development, staging, production] = ["development", "staging", "production"].map(|it| overlay(&made, it));
    assert_eq!(text(&production["namespace"]), "shop-production");
    assert_eq!(names(&development, "resources"), ["../../base", "namespace.yaml"]);
    assert_eq!(names(&production, "resources"), ["../../base", "namespace.yaml", "backups.yaml", "scaling-api.yaml"]);
    assert_eq!(text(&items(&production, "images")[0]["name"]), "shop");
    let replicas = &items(&development, "replicas")[0];
    assert_eq!((text(&replicas["name"]), &replicas["count"]), ("api", &Value::from(1)));
    assert!(items(&production, "replicas").is_empty(), "the autoscaler says it");
    let level = |overlay: &Value| {
        let generators = items(overlay, "configMapGenerator").to_vec();
        generators.iter().flat_map(|one| names(one, "literals")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!((level(&development), level(&staging)), (vec![], vec!["LOG_LEVEL=info".to_owned()]));
    assert_eq!(level(&production), ["LOG_LEVEL=warn"]);
    assert_eq!(text(&items(&production, "configMapGenerator")[0]["behavior"]), "merge");
    assert!(patches(&development).is_empty(), "the base is as small");
    insta::assert_snapshot!("kustomize-overlay", made[&format!("{ROOT}/overlays/production/kustomization.yaml")]);
    let patches = patches(&production);
    let pod = &patches["Deployment/api"][0]["spec"]["template"]["spec"];
    assert_eq!(text(&pod["containers"][0]["resources"]["limits"]["memory"]), "1024Mi");
    assert_eq!(text(&pod["topologySpreadConstraints"][0]["topologyKey"]), "topology.kubernetes.io/zone");
    let hosts: Vec<_> =
        patches["Ingress/api"][0].as_sequence().unwrap().iter().map(|one| text(&one["value"])).collect();
    assert_eq!(hosts, ["shop.test", "shop.test"]);
    let [kept, storage] = patches["StatefulSet/postgres"].as_slice() else { panic!("{patches:?}") };
    assert_eq!(text(&kept["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"]), "Retain");
    assert_eq!(text(&storage[0]["value"]), "50Gi");
    let scaling = objects(&made["k8s/kustomize/overlays/production/scaling-api.yaml"]);
    let [scaler, budget] = scaling.as_slice() else { panic!("{scaling:?}") };
    assert_eq!((&scaler["spec"]["minReplicas"], &scaler["spec"]["maxReplicas"]), (&Value::from(2), &Value::from(6)));
    assert_eq!(text(&budget["kind"]), "PodDisruptionBudget");
    let backups = of_kinds(&made["k8s/kustomize/overlays/production/backups.yaml"]);
    assert!(backups.contains("CronJob/postgres-backup"), "{backups:?}");
}

#[test]
fn what_is_not_the_same_everywhere_is_no_part_of_the_base() {
    let made = of_app(&api(), "[environments.production]\nservices = [\"postgres:17\"]\nport = 8080");
    let base: Value = yaml_serde::from_str(&made["k8s/kustomize/base/kustomization.yaml"]).unwrap();
    assert_eq!(names(&base, "resources"), ["policies.yaml"]);
    for (environment, port, image) in [("staging", 3000, "postgres:16-bookworm"), ("production", 8080, "postgres:17")] {
        let file = |name: &str| &made[&format!("{ROOT}/overlays/{environment}/{name}")];
        let app = objects(file("app-api.yaml"));
        let container = &app[0]["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["ports"][0]["containerPort"], Value::from(port), "{environment}");
        assert!(file("services.yaml").contains(&format!("image: {image}\n")), "{environment}");
        let listed = overlay(&made, environment);
        assert!(names(&listed, "resources").contains(&"app-api.yaml"), "{listed:?}");
        let generator = &items(&listed, "configMapGenerator")[0];
        assert!(generator.get("behavior").is_none(), "there is nothing to merge into");
    }
    assert!(!made["k8s/kustomize/overlays/production/services.yaml"].contains("redis"));
    assert_eq!(check_all(&made), []);
}

#[test]
fn a_worker_has_no_way_in_and_apps_have_files_of_their_own() {
    let worker = AppProfile { name: "services".to_owned(), path: "jobs".to_owned(), ..profile("worker") };
    let made = files("kustomize", "shop", &[&worker, &api()], &Settings::default());
    let worker = of_kinds(&made["k8s/kustomize/base/app-services.yaml"]);
    assert_eq!(worker, ["Deployment/services", "NetworkPolicy/services"].map(str::to_owned).into());
    assert!(of_kinds(&made["k8s/kustomize/base/services.yaml"]).contains("StatefulSet/mongodb"));
    let images = overlay(&made, "production");
    let images: Vec<&str> = items(&images, "images").iter().map(|image| text(&image["name"])).collect();
    assert_eq!(images, ["shop-services", "shop-api"]);
    assert!(!patches(&overlay(&made, "production")).contains_key("Ingress/services"));
    assert_eq!(check_all(&made), []);
}

#[test]
fn no_text_of_a_project_becomes_syntax() {
    let usual: Vec<String> = of_app(&api(), "").into_keys().collect();
    let long = "x".repeat(300);
    for text in HOSTILE.into_iter().chain([long.as_str(), "on", "1e3", "null"]) {
        let app = AppProfile { health_path: Some(format!("/{text}")), ..api() };
        let made = files("kustomize", text, &[&app], &Settings::default());
        assert_eq!(made.keys().cloned().collect::<Vec<_>>(), usual, "{text:?}");
        assert_eq!(check_all(&made), [], "{text:?}");
        let app = objects(&made["k8s/kustomize/base/app-api.yaml"]);
        assert_eq!(app.len(), 4, "{text:?}");
        let probe = &app[0]["spec"]["template"]["spec"]["containers"][0]["readinessProbe"];
        assert_eq!(probe["httpGet"]["path"].as_str(), Some(format!("/{text}").as_str()));
        for environment in ["development", "production"] {
            assert_eq!(self::text(&overlay(&made, environment)["kind"]), "Kustomization", "{text:?}");
        }
    }
}

#[test]
fn the_script_makes_secrets_and_deploys_a_release() {
    let stand_in = StandIn::new(&of_app(&api(), ""));
    let deploy = |arguments: &[&str], secret| stand_in.run("k8s/kustomize/deploy.sh", arguments, secret);
    assert!(!deploy(&["planet", "r.test/x", "1"], None).0);
    let (deployed, said) = deploy(&["staging", "r.test/team", "1.4.0"], None);
    assert!(!deployed && said.contains("SESSION_SECRET"), "{said}");
    assert_eq!(stand_in.read("kustomized"), "", "nothing is deployed without what it needs");
    let (deployed, said) = deploy(&["staging", "r.test/team", "1.4.0"], Some("hush $(x)"));
    assert!(deployed, "{said}");
    assert!(stand_in.read("secrets").contains("hush $(x)"));
    let release: Value = yaml_serde::from_str(&stand_in.read("kustomized")).unwrap();
    assert_eq!(names(&release, "resources"), ["../staging"]);
    let image = &items(&release, "images")[0];
    assert_eq!((text(&image["name"]), text(&image["newName"])), ("shop", "r.test/team/shop"));
    assert_eq!(text(&image["newTag"]), "1.4.0");
    assert!(stand_in.read("asked").contains("--namespace shop-staging rollout status deployment/api"));
    let left: Vec<_> = fs::read_dir(stand_in.path("k8s/kustomize/overlays")).unwrap().collect();
    assert_eq!(left.len(), 3, "what a release needed is gone: {left:?}");
}
