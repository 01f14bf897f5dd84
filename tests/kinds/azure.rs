//! ARM templates, and Bicep that is made of them.

use std::collections::BTreeSet;

use serde_json::Value;
use wharf::model::{AppProfile, Settings};

use super::{HOSTILE, api, files, profile};
use crate::support::profiles;

fn arm(project: &str, apps: &[&AppProfile]) -> Value {
    serde_json::from_str(&files("arm", project, apps, &Settings::default())["infra/arm/main.json"]).unwrap()
}

fn types(template: &Value) -> BTreeSet<String> {
    let resources = template["resources"].as_object().unwrap().values();
    resources.map(|one| one["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_app_runs_beside_what_it_needs_in_a_private_network() {
    let template = arm("shop", &[&api()]);
    let found = types(&template);
    for expected in [
        "Microsoft.OperationalInsights/workspaces",
        "Microsoft.Network/virtualNetworks",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Microsoft.ContainerRegistry/registries",
        "Microsoft.Authorization/roleAssignments",
        "Microsoft.KeyVault/vaults",
        "Microsoft.KeyVault/vaults/secrets",
        "Microsoft.DBforPostgreSQL/flexibleServers",
        "Microsoft.Cache/redis",
        "Microsoft.Network/privateEndpoints",
        "Microsoft.Web/serverfarms",
        "Microsoft.Web/sites",
        "Microsoft.Insights/autoscaleSettings",
    ] {
        assert!(found.contains(expected), "{expected}: {found:#?}");
    }
    let site = &template["resources"]["apiApp"]["properties"];
    assert_eq!((&site["httpsOnly"], &site["siteConfig"]["healthCheckPath"]), (&true.into(), &"/health".into()));
    assert_eq!(template["resources"]["postgres"]["properties"]["network"]["publicNetworkAccess"], "Disabled");
    let worker = types(&arm("shop", &[&profile("worker")]));
    assert!(worker.contains("Microsoft.ContainerInstance/containerGroups") && !worker.contains("Microsoft.Web/sites"));
    assert_eq!(types(&arm("shop", &[&profile("static-plain")])), ["Microsoft.Web/staticSites".to_owned()].into());
}

#[test]
fn what_comes_before_a_version_is_brought_without_that_version() {
    let app = AppProfile { release_command: Some("bin/migrate \"${x}\" [a]".to_owned()), ..api() };
    let template = arm("shop", &[&app, &profile("worker")]);
    let resources = template["resources"].as_object().unwrap();
    let is = |condition: &str, kind: &str| {
        let under = resources.values().filter(|one| one["condition"] == condition);
        under.filter(|one| one["type"].as_str().unwrap().starts_with(kind)).count()
    };
    let (groups, held) = ("Microsoft.ContainerInstance/containerGroups", "[not(parameters('releases'))]");
    assert_eq!((is("[parameters('releases')]", groups), is(held, groups), is(held, "Microsoft.Web/sites")), (1, 1, 2));
    let group = &resources["apiRelease"];
    let properties = &group["properties"];
    let container = &properties["containers"][0]["properties"];
    assert_eq!(properties["restartPolicy"], "Never");
    assert_eq!(container["command"].as_array().unwrap().len(), 3, "{container}");
    assert_eq!(
        container["image"],
        resources["apiApp"]["properties"]["siteConfig"]["linuxFxVersion"].as_str().unwrap().replace("DOCKER|", "")
    );
    let told = container["environmentVariables"].as_array().unwrap();
    for (name, is_secret) in [("DATABASE_URL", true), ("SESSION_SECRET", true), ("LOG_LEVEL", false)] {
        let variable = told.iter().find(|it| it["name"] == name).unwrap();
        assert_eq!(variable.get("secureValue").is_some(), is_secret, "{variable}");
    }
    for needed in ["postgresApp", "redisNames", "pulls", "network"] {
        assert!(group["dependsOn"].as_array().unwrap().contains(&needed.into()), "{needed}: {group}");
    }
    let usual = arm("shop", &[&api()]);
    assert!(usual["parameters"].get("releases").is_none() && !types(&usual).contains("Microsoft.Network/natGateways"));
}

#[test]
fn environments_differ_by_parameters_that_the_template_has() {
    for (name, profile) in profiles::all() {
        let made = files("arm", "shop", &[&profile, &api()], &Settings::default());
        let template: Value = serde_json::from_str(&made["infra/arm/main.json"]).unwrap();
        let mut given = Vec::new();
        for environment in ["development", "production"] {
            let text = &made[&format!("infra/arm/parameters/{environment}.json")];
            let file: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
            for parameter in file["parameters"].as_object().unwrap().keys() {
                assert!(template["parameters"].get(parameter).is_some(), "{name}: {parameter}");
            }
            given.push(file["parameters"].clone());
        }
        for differs in ["planSku", "maxInstances", "zoneRedundant", "logLevel", "storeSku", "standby", "backupDays"] {
            assert_ne!(given[0][differs], given[1][differs], "{name}: {differs}");
        }
    }
}

#[test]
fn bicep_says_the_same() {
    let released = AppProfile { release_command: Some("bin/migrate".to_owned()), ..api() };
    for (name, profile) in profiles::all().into_iter().chain([("released", released)]) {
        let template = arm("shop", &[&profile]);
        let bicep = &files("bicep", "shop", &[&profile], &Settings::default())["infra/bicep/main.bicep"];
        for (symbol, resource) in template["resources"].as_object().unwrap() {
            let kind = resource["type"].as_str().unwrap();
            assert!(bicep.contains(&format!("resource {symbol} '{kind}@")), "{name}: {symbol}\n{bicep}");
        }
        for parameter in template["parameters"].as_object().unwrap().keys() {
            assert!(bicep.contains(&format!("param {parameter} ")), "{name}: {parameter}");
        }
        assert!(!bicep.contains("parameters('") && !bicep.contains("variables('") && !bicep.contains("reference('"));
    }
}

#[test]
fn no_text_of_a_project_becomes_syntax() {
    let long = "x".repeat(300);
    for text in HOSTILE.into_iter().chain([long.as_str(), "[resourceGroup().id]"]) {
        let app = AppProfile { health_path: Some(text.to_owned()), ..api() };
        let template = arm(text, &[&app]);
        let path = template["resources"]["apiApp"]["properties"]["siteConfig"]["healthCheckPath"].as_str().unwrap();
        assert_eq!(path, if text.starts_with('[') { format!("[{text}") } else { text.to_owned() });
        let bicep = &files("bicep", text, &[&app], &Settings::default())["infra/bicep/main.bicep"];
        let usual = &files("bicep", "shop", &[&api()], &Settings::default())["infra/bicep/main.bicep"];
        assert_eq!(bicep.lines().count(), usual.lines().count(), "{bicep}");
    }
}
