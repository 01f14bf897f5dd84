//! What runs beside an app, of its image, in each kind of infrastructure.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use wharf::model::{AppProfile, AppSettings, Process, RunsOn, Settings};

use super::kubernetes::{objects, text};
use super::{HOSTILE, api, files};

fn process(name: &str, command: &str, single: bool) -> Process {
    Process { name: name.to_owned(), command: command.to_owned(), single, ..Process::default() }
}

/// An app with a worker and with something that keeps the time, which two of would keep twice; and a migration before.
fn app() -> AppProfile {
    let processes =
        vec![process("worker", "node worker.js", false), process("clock", "node clock.js --every '1 h'", true)];
    AppProfile { processes, release_command: Some("bin/migrate".to_owned()), ..api() }
}

fn made(kind: &str) -> BTreeMap<String, String> {
    files(kind, "shop", &[&app()], &Settings::default())
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A block of Terraform, to its end.
fn block<'a>(text: &'a str, head: &str) -> &'a str {
    let (_, rest) = text.split_once(head).unwrap_or_else(|| panic!("no {head} in {text}"));
    rest.split_once("\n}\n").unwrap().0
}

#[test]
fn kubernetes_runs_each_in_a_deployment_that_nothing_reaches() {
    for (kind, file) in
        [("kubernetes", "k8s/production/api-processes.yaml"), ("kustomize", "k8s/kustomize/base/app-api.yaml")]
    {
        let made = made(kind);
        let all = objects(&made[file]);
        let find = |kind: &str, name: &str| {
            let is = |it: &&yaml_serde::Value| text(&it["kind"]) == kind && text(&it["metadata"]["name"]) == name;
            all.iter().find(is).unwrap_or_else(|| panic!("{kind} {name}: {}", made[file]))
        };
        for (name, words, strategy) in [
            ("api-worker", vec!["node", "worker.js"], "{\"rollingUpdate\":{\"maxSurge\":1,\"maxUnavailable\":0}}"),
            ("api-clock", vec!["node", "clock.js", "--every", "1 h"], "{\"type\":\"Recreate\"}"),
        ] {
            let spec = &find("Deployment", name)["spec"];
            assert_eq!(spec["replicas"].as_u64(), Some(1));
            assert_eq!(serde_json::to_string(&spec["strategy"]).unwrap(), strategy, "{kind} {name}");
            let pod = &spec["template"]["spec"];
            let container = &pod["containers"][0];
            let args: Vec<&str> = container["args"].as_sequence().unwrap().iter().map(text).collect();
            assert_eq!(args, words);
            assert_eq!(text(&container["image"]), "shop:release");
            assert_eq!(text(&container["envFrom"][0]["configMapRef"]["name"]), "api");
            let secret =
                container["env"].as_sequence().unwrap().iter().find(|it| text(&it["name"]) == "SESSION_SECRET");
            assert_eq!(text(&secret.unwrap()["valueFrom"]["secretKeyRef"]["name"]), "api");
            assert_eq!(pod["securityContext"]["runAsNonRoot"].as_bool(), Some(true));
            assert_eq!(container["securityContext"]["allowPrivilegeEscalation"].as_bool(), Some(false));
            assert!(container.get("ports").is_none() && container.get("livenessProbe").is_none());
            let policy = &find("NetworkPolicy", name)["spec"];
            assert!(policy.get("ingress").is_none(), "{policy:?}");
            assert_eq!(policy["policyTypes"].as_sequence().unwrap().len(), 2);
            assert_eq!(policy["podSelector"], spec["selector"]);
        }
    }
    assert!(made("kubernetes")["k8s/deploy.sh"].contains("await api-clock\n"));
    let overlay = &made("kustomize")["k8s/kustomize/overlays/production/kustomization.yaml"];
    assert!(overlay.contains("name: api-worker\n"), "what is larger there is: {overlay}");
    let chart = &made("helm")["k8s/helm/shop/templates/apps/api/processes.yaml"];
    for part in [
        "name: api-worker\n",
        "type: Recreate",
        "args: [\"node\", \"worker.js\"]",
        ".Values.apps.api.resources",
        "checksum/config",
    ] {
        assert!(chart.contains(part), "{part}: {chart}");
    }
}

#[test]
fn terraform_on_aws_runs_each_as_a_service_without_a_load_balancer() {
    let made = made("terraform-aws");
    let file = &made["infra/terraform-aws/app-api-processes.tf"];
    for (name, words, is_single) in
        [("worker", r#"["node", "worker.js"]"#, false), ("clock", r#"["node", "clock.js", "--every", "1 h"]"#, true)]
    {
        let task = squeezed(block(file, &format!("resource \"aws_ecs_task_definition\" \"api_{name}\" {{")));
        assert!(task.contains(&format!("command = {words}")) && !task.contains("portMappings"), "{task}");
        assert!(task.contains("image = \"${aws_ecr_repository.api.repository_url}:${var.image_tag}\""), "{task}");
        assert!(task.contains("in local.api_secrets : "), "{task}");
        let service = squeezed(block(file, &format!("resource \"aws_ecs_service\" \"api_{name}\" {{")));
        assert!(service.contains("desired_count = 1") && !service.contains("load_balancer"), "{service}");
        assert!(service.contains("security_groups = [aws_security_group.api.id]"), "{service}");
        assert_eq!(service.contains("deployment_maximum_percent = 100"), is_single, "{service}");
    }
}

#[test]
fn cloudformation_runs_each_as_a_service_and_holds_it_before_a_version() {
    let made = made("cloudformation");
    let template = &made["infra/cloudformation/template.yaml"];
    for name in ["ApiWorker", "ApiClock"] {
        for part in [
            format!("  {name}Task:\n    Type: AWS::ECS::TaskDefinition\n"),
            format!("  {name}Service:\n    Type: AWS::ECS::Service\n    Condition: {name}IsThere\n"),
            format!("      TaskDefinition: !If [{name}Stays, !Ref {name}Runs, !Ref {name}Task]\n"),
        ] {
            assert!(template.contains(&part), "{part}: {template}");
        }
        assert!(made["infra/cloudformation/deploy.sh"].contains(&format!("hold {name}\n")));
    }
    assert_eq!(template.matches("MaximumPercent: 100\n").count(), 1);
    assert!(template.contains("Command: [\"node\", \"worker.js\"]"));
    assert!(made["infra/cloudformation/deploy.sh"].contains("\"ApiService ApiClockService ApiWorkerService\""));
}

#[test]
fn google_runs_each_as_a_pool_of_workers() {
    let made = made("terraform-gcp");
    let file = &made["infra/terraform-gcp/app-api.tf"];
    for (name, words) in
        [("worker", r#"["node", "worker.js"]"#), ("clock", r#"["node", "clock.js", "--every", "1 h"]"#)]
    {
        let pool = squeezed(block(file, &format!("resource \"google_cloud_run_v2_worker_pool\" \"api_{name}\" {{")));
        for part in [
            "manual_instance_count = 1",
            "local.api_secrets",
            "google_service_account.api.email",
            &format!("args = {words}"),
        ] {
            assert!(pool.contains(part), "{part}: {pool}");
        }
        assert!(!pool.contains("ports") && !pool.contains("cpu_idle"), "{pool}");
    }
}

#[test]
fn azure_runs_each_as_a_container_group() {
    let made_by_terraform = made("terraform-azure");
    let file = &made_by_terraform["infra/terraform-azure/app-api.tf"];
    let group = squeezed(block(file, "resource \"azurerm_container_group\" \"api_worker\" {"));
    for part in [
        r#"commands = ["node", "worker.js"]"#,
        "restart_policy = \"Always\"",
        "subnet_ids = [azurerm_subnet.api_groups.id]",
        "name => secret.value",
    ] {
        assert!(group.contains(part), "{part}: {group}");
    }
    let text = &made("arm")["infra/arm/main.json"];
    let template: Json = serde_json::from_str(text).unwrap();
    for name in ["ApiWorkerProcess", "ApiClockProcess"] {
        let group = &template["resources"][name];
        assert_eq!(group["type"], "Microsoft.ContainerInstance/containerGroups", "{text}");
        assert_eq!(
            (&group["condition"], &group["properties"]["restartPolicy"]),
            (&"[not(parameters('releases'))]".into(), &"Always".into())
        );
    }
    let command = &template["resources"]["ApiWorkerProcess"]["properties"]["containers"][0]["properties"]["command"];
    assert_eq!(*command, serde_json::json!(["node", "worker.js"]));
    assert!(
        made("bicep")["infra/bicep/main.bicep"]
            .contains("resource ApiWorkerProcess 'Microsoft.ContainerInstance/containerGroups@")
    );
}

#[test]
fn a_script_says_what_it_runs_nowhere() {
    let compute = |compute| Settings {
        app: AppSettings { compute: Some(compute), ..AppSettings::default() },
        ..Settings::default()
    };
    let says = "to run beside it, which this leaves to you";
    for (kind, runs_on, is_left) in [
        ("terraform-aws", RunsOn::Service, false),
        ("terraform-aws", RunsOn::Function, true),
        ("terraform-aws", RunsOn::Instance, true),
        ("terraform-azure", RunsOn::Function, true),
        ("terraform-azure", RunsOn::Instance, false),
        ("terraform-gcp", RunsOn::Instance, false),
    ] {
        let made = files(kind, "shop", &[&app()], &compute(runs_on));
        assert_eq!(made[&format!("infra/{kind}/deploy.sh")].contains(says), is_left, "{kind} {runs_on:?}");
        let runs = made.values().any(|text| text.contains("api_worker\" {"));
        assert_ne!(runs, is_left, "{kind} {runs_on:?}");
    }
}

#[test]
fn no_word_of_a_process_becomes_syntax() {
    let kinds = [
        "kubernetes",
        "kustomize",
        "helm",
        "terraform-aws",
        "cloudformation",
        "terraform-gcp",
        "terraform-azure",
        "arm",
        "bicep",
    ];
    let lines = |kind: &str, word: &str| {
        let command = format!("run '{}'", word.replace('\'', ""));
        let app = AppProfile { processes: vec![process("worker", &command, true)], ..api() };
        let made = files(kind, "shop", &[&app], &Settings::default());
        for (path, text) in &made {
            assert!(
                wharf::validate::check(path, text).is_empty(),
                "{path}: {:?}\n{text}",
                wharf::validate::check(path, text)
            );
        }
        made.values().map(|text| text.lines().count()).sum::<usize>()
    };
    for kind in kinds {
        for word in HOSTILE {
            assert_eq!(lines(kind, word), lines(kind, "x"), "{kind}: {word}");
        }
    }
}
