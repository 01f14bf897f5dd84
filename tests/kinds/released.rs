//! What runs once before a new version, by the scripts of clouds, with stand-ins for the clouds' programs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use wharf::model::{AppProfile, AppSettings, RunsOn, Settings};

use super::{api, files};

/// Answers as AWS does. `unfit` is a file beside it where what is run fails, `full` where nothing is started.
const AWS: &str = r#"
case "$*" in
  *get-caller-identity*) echo 123456789012 ;;
  *head-object*) grep -xF -- "${!#}" "$here/marks" ;;
  *put-object*) echo "${!#}" >>"$here/marks" ;;
  *run-task*)
    if [ -e "$here/full" ]; then printf 'None\tCapacity is unavailable\n'; exit; fi
    printf 'arn:aws:ecs:eu-central-1:123456789012:task/api-staging/0f1e\tNone\n' ;;
  *tasks-stopped*) [ ! -e "$here/slow" ] ;;
  *list-stacks*) if [ -e "$here/stack" ]; then echo shop-staging; fi ;;
  *"cloudformation deploy"*file://*)
    file=$(printf '%s\n' "$@" | sed -n 's|^file://||p')
    echo "runs $(grep -o '"ApiRuns".*"' "$file")" >>"$here/asked"
    grep -q '"none"' "$file" || touch "$here/service"
    touch "$here/stack" ;;
  *ApiService*) if [ -e "$here/service" ]; then echo api-1; fi ;;
  *describe-stacks*) echo "$*" | sed "s/.*OutputKey=='\([^']*\)'.*/the-\1/" ;;
  *describe-services*) echo arn:aws:ecs:eu-central-1:123456789012:task-definition/api:7 ;;
  *get-parameter*) if [ -e "$here/marks" ]; then cat "$here/marks"; else echo none; fi ;;
  *put-parameter*) echo "${!#}" >"$here/marks" ;;
  *describe-tasks*)
    if [ -e "$here/unfit" ]; then printf '1\tEssential container in task exited\n'; exit; fi
    if [ -e "$here/slow" ]; then printf 'None\tit took too long\n'; exit; fi
    printf '0\tEssential container in task exited\n' ;;
esac
"#;

const GCLOUD: &str = r#"
case "$*" in
  *"config get-value"*) echo shop-1 ;;
  *"executions list"*) cat "$here/marks" 2>/dev/null ;;
  *"jobs execute"*)
    if [ -e "$here/unfit" ]; then exit 1; fi
    echo "europe-west1-docker.pkg.dev/shop-1/shop-staging/shop:$TF_VAR_image_tag" >>"$here/marks" ;;
esac
"#;

/// Keeps everybody out of the vault whom nobody let in; `open` is a file beside it where it lets all in. What a group of
/// containers runs ends badly where there is a file `unfit`, and not at all where there is `slow`.
const AZ: &str = r#"
after() { local name=$1; while [ "$2" != "$name" ]; do shift; done; echo "$3"; }
case "$*" in
  "account show"*) echo 0f1e ;;
  *"secret list"*maxresults*)
    if [ ! -e "$here/open" ]; then
      printf 'ERROR: (Forbidden) Client address is not authorized.\nClient address: 203.0.113.7\nCaller: x\n' >&2
      exit 1
    fi ;;
  *"network-rule add"*) touch "$here/open" ;;
  *"network-rule remove"*) rm "$here/open" ;;
  *"container show"*)
    if [ -e "$here/unfit" ]; then printf 'Terminated\t1\tError\n'; exit; fi
    if [ -e "$here/slow" ]; then printf 'Running\tNone\tNone\n'; exit; fi
    printf 'Terminated\t0\tCompleted\n' ;;
  *"container logs"*) echo "there is no table" ;;
  *"container create"*) cat "$(after --file "$@")" >>"$here/asked" ;;
  *"blob exists"*) if grep -qxF -- "$(after --name "$@")" "$here/marks"; then echo true; else echo false; fi ;;
  *"blob upload"*) after --name "$@" >>"$here/marks" ;;
  *"deployment group list"*)
    all=$* name=${all#*name==?}
    ! grep -qxF -- "${name%%\'*}" "$here/marks" || echo Succeeded ;;
  *"deployment group create"*) after --name "$@" >>"$here/marks" ;;
esac
"#;

const TERRAFORM: &str = r#"
case "$*" in
  *"state show"*) echo '    name = "shop-stage-vault"' ;;
  "output -raw network") cat "$here/network" 2>/dev/null || printf vpc-1 ;;
  "output -json "*) printf '{"cluster":"api-staging"}' ;;
  "output -raw "*_release) printf shop-staging-release ;;
esac
"#;

/// Commands of the programs, in their order.
struct Cloud(TempDir);

impl Cloud {
    fn new(files: &BTreeMap<String, String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join("project").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        for (name, does) in [
            ("aws", AWS),
            ("az", AZ),
            ("gcloud", GCLOUD),
            ("terraform", TERRAFORM),
            ("docker", "cat >/dev/null"),
            ("sleep", ""),
        ] {
            let program = folder.path().join(name);
            let notes = "here=$(dirname \"$0\")\necho \"$(basename \"$0\") $*\" >>\"$here/asked\"";
            fs::write(&program, format!("#!/bin/bash\n{notes}\n{does}\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    fn set(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn clear(&self, name: &str) {
        fs::remove_file(self.0.path().join(name)).unwrap();
    }

    /// Whether the script came to its end, what the programs were asked by it, and what it said of faults.
    fn deploy(&self, script: &str, tag: &str) -> (bool, Vec<String>, String) {
        let _ = fs::remove_file(self.0.path().join("asked"));
        let path = format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command
            .arg(self.0.path().join("project").join(script))
            .args(["staging", tag, "westeurope"])
            .stdin(Stdio::null());
        for (name, value) in [("AWS_REGION", "eu-central-1"), ("DATABASE_PASSWORD", "hush"), ("SESSION_SECRET", "hush")]
        {
            command.env(name, value);
        }
        let output = command.env("PATH", path).output().unwrap();
        let asked = fs::read_to_string(self.0.path().join("asked")).unwrap_or_default();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), asked.lines().map(str::to_owned).collect(), said)
    }
}

/// The step that brings the new version.
const WHOLE: &str = "terraform plan -input=false -var-file=environments/staging.tfvars -out=tfplan";

/// The same of `CloudFormation`, in the file of its parameters.
const NEW: &str = "runs \"ApiRuns\", \"ParameterValue\": \"\"";

/// An app whose database is migrated before each new version.
fn migrating() -> AppProfile {
    let words = "sh -c 'bin/migrate ${x} && echo \"done\"'";
    AppProfile { release_command: Some(words.to_owned()), ..api() }
}

fn made(kind: &str, settings: &Settings) -> BTreeMap<String, String> {
    files(kind, "shop", &[&migrating()], settings)
}

/// Where the first of the lines with these parts lie.
#[track_caller]
fn places<const N: usize>(asked: &[String], parts: [&str; N]) -> [usize; N] {
    parts.map(|part| asked.iter().position(|it| it.contains(part)).unwrap_or_else(|| panic!("{part}: {asked:#?}")))
}

fn count(asked: &[String], part: &str) -> usize {
    asked.iter().filter(|line| line.contains(part)).count()
}

#[test]
fn terraform_runs_a_migration_as_a_task_before_the_service_has_the_new_version() {
    let script = "infra/terraform-aws/deploy.sh";
    let cloud = Cloud::new(&made("terraform-aws", &Settings::default()));
    let (deployed, asked, said) = cloud.deploy(script, "1.4.0");
    assert!(deployed, "{said}");
    let order = [
        "terraform plan -input=false -var-file=environments/staging.tfvars -target=aws_ecs_task_definition.api -out=tfplan",
        "terraform apply -input=false tfplan",
        "aws ecs run-task --cli-input-json {\"cluster\":\"api-staging\"}",
        "aws ecs wait tasks-stopped --cluster api-staging --tasks arn:aws:ecs:eu-central-1:123456789012:task/api-staging/0f1e",
        "aws ecs describe-tasks",
        "put-object --bucket shop-terraform-123456789012 --key shop/staging.released/vpc-1/api/1.4.0",
        "terraform output -raw api_url",
    ];
    assert!(places(&asked, order).is_sorted(), "{asked:#?}");
    let rest = |asked: &[String]| asked.iter().position(|line| line == WHOLE);
    assert!(rest(&asked) > Some(places(&asked, ["put-object"])[0]), "{asked:#?}");

    // The same again, and so going back to it, has nothing to run; an environment that was made anew has.
    let (deployed, asked, _) = cloud.deploy(script, "1.4.0");
    assert!(deployed && count(&asked, "run-task") == 0 && rest(&asked).is_some(), "{asked:#?}");
    cloud.set("network", "vpc-2");
    assert_eq!(count(&cloud.deploy(script, "1.4.0").1, "run-task"), 1);

    cloud.set("unfit", "");
    let (deployed, asked, said) = cloud.deploy(script, "1.5.0");
    assert!(
        !deployed && said.contains("failed, with 1 (Essential container in task exited): what ran goes on"),
        "{said}"
    );
    assert!(said.contains("aws logs tail /ecs/api-staging --since 1h --log-stream-names app/api/0f1e"), "{said}");
    assert!(rest(&asked).is_none() && count(&asked, "put-object") == 0, "{asked:#?}");
    cloud.clear("unfit");
    assert_eq!(count(&cloud.deploy(script, "1.5.0").1, "run-task"), 1, "what failed runs again");

    cloud.set("full", "");
    let (deployed, _, said) = cloud.deploy(script, "1.6.0");
    assert!(!deployed && said.contains("was not started: Capacity is unavailable"), "{said}");
    cloud.clear("full");
    cloud.set("slow", "");
    let (deployed, asked, said) = cloud.deploy(script, "1.6.0");
    assert!(!deployed && said.contains("failed, with None (it took too long)"), "{said}");
    assert!(count(&asked, "wait tasks-stopped") == 3 && count(&asked, "stop-task") == 1, "{asked:#?}");
}

#[test]
fn what_a_task_of_terraform_runs_is_the_apps_own_in_its_own_place() {
    let made = made("terraform-aws", &Settings::default());
    let squeezed = |name: &str| made[name].split_whitespace().collect::<Vec<_>>().join(" ");
    let outputs = squeezed("infra/terraform-aws/outputs.tf");
    for part in [
        "taskDefinition = aws_ecs_task_definition.api.arn",
        "subnets = aws_subnet.private[*].id",
        "securityGroups = [aws_security_group.api.id]",
        "assignPublicIp = \"DISABLED\"",
        r#"command = ["sh", "-c", "bin/migrate \u0024{x} && echo \"done\""]"#,
    ] {
        assert!(outputs.contains(part), "{part}: {outputs}");
    }
    let app = squeezed("infra/terraform-aws/app-api.tf");
    let (_, task) = app.split_once("resource \"aws_ecs_task_definition\"").unwrap();
    let (task, service) = task.split_once("resource \"aws_ecs_service\"").unwrap();
    for part in [
        "aws_iam_role_policy.api_start",
        "aws_route_table_association.private",
        "aws_secretsmanager_secret_version.api_connections",
        "aws_vpc_security_group_ingress_rule.postgres_from_api",
        "aws_vpc_security_group_egress_rule.api_redis",
        "skip_destroy = true",
    ] {
        assert!(task.contains(part), "{part}: {task}");
    }
    assert!(service.contains("task_definition = aws_ecs_task_definition.api.arn"));
    let without = files("terraform-aws", "shop", &[&api()], &Settings::default());
    assert!(!without.values().any(|text| text.contains("run-task") || text.contains("skip_destroy")));
}

#[test]
fn cloudformation_holds_what_runs_until_a_migration_is_done() {
    let script = "infra/cloudformation/deploy.sh";
    let made = made("cloudformation", &Settings::default());
    let template: &str = &made["infra/cloudformation/template.yaml"];
    for part in [
        "      TaskDefinition: !If [ApiStays, !Ref ApiRuns, !Ref ApiTask]\n",
        "  ApiService:\n    Type: AWS::ECS::Service\n    Condition: ApiIsThere\n",
        "    UpdateReplacePolicy: Retain\n    Properties:\n      Family:",
        "  ApiReleased:\n    Type: AWS::SSM::Parameter\n",
    ] {
        assert!(template.contains(part), "{part}: {template}");
    }
    let without = files("cloudformation", "shop", &[&api()], &Settings::default());
    assert!(
        !without.values().any(|text| text.contains("ApiRuns") || text.contains("SSM") || text.contains("run-task"))
    );

    let cloud = Cloud::new(&made);
    let (deployed, asked, said) = cloud.deploy(script, "1.4.0");
    assert!(deployed, "{said}");
    // Nothing runs yet, and nothing is started before the database is as it should be.
    let order = [
        "runs \"ApiRuns\", \"ParameterValue\": \"none\"",
        "aws ecs run-task --cluster the-Cluster --task-definition the-ApiTask --launch-type FARGATE --network-configuration \
         awsvpcConfiguration={subnets=[the-Subnets],securityGroups=[the-AppsGroup],assignPublicIp=DISABLED} --overrides \
         {\"containerOverrides\":[{\"name\":\"api\",\"command\":[\"sh\", \"-c\", \"bin/migrate ${x} && echo \\\"done\\\"\"]}]}",
        "aws ecs wait tasks-stopped --cluster api-staging",
        "aws ecs describe-tasks",
        "aws ssm put-parameter --name the-ApiReleased --overwrite --value 1.4.0 none",
        NEW,
    ];
    assert!(places(&asked, order).is_sorted(), "{asked:#?}");

    let (deployed, asked, said) = cloud.deploy(script, "1.5.0");
    assert!(deployed, "{said}");
    let held = "runs \"ApiRuns\", \"ParameterValue\": \"arn:aws:ecs:eu-central-1:123456789012:task-definition/api:7\"";
    let order = [held, "run-task", "--value 1.5.0 1.4.0 none", NEW];
    assert!(places(&asked, order).is_sorted(), "{asked:#?}");
    let (deployed, asked, _) = cloud.deploy(script, "1.4.0");
    assert!(deployed && count(&asked, "run-task") == 0 && count(&asked, NEW) == 1, "{asked:#?}");

    cloud.set("unfit", "");
    let (deployed, asked, said) = cloud.deploy(script, "1.6.0");
    assert!(!deployed && said.contains("what api runs before 1.6.0 failed, with 1"), "{said}");
    assert!(said.contains("aws logs tail /shop-staging/api --since 1h --log-stream-names api/api/0f1e"), "{said}");
    assert!(count(&asked, held) == 1 && count(&asked, NEW) == 0, "{asked:#?}");
}

#[test]
fn a_script_says_what_it_leaves_to_a_person() {
    let says = "which this leaves to you";
    for compute in [RunsOn::Service, RunsOn::Function, RunsOn::Instance] {
        let settings =
            Settings { app: AppSettings { compute: Some(compute), ..AppSettings::default() }, ..Settings::default() };
        let script = made("terraform-aws", &settings).remove("infra/terraform-aws/deploy.sh").unwrap();
        assert_eq!(script.contains("run-task"), compute == RunsOn::Service, "{compute:?}");
        assert_eq!(script.contains(says), compute != RunsOn::Service, "{compute:?}");
        let script = made("terraform-gcp", &settings).remove("infra/terraform-gcp/deploy.sh").unwrap();
        assert!(script.contains("gcloud run jobs execute") && !script.contains(says), "{compute:?}");
    }
}

#[test]
fn google_runs_a_migration_as_a_job_before_the_service_has_the_new_version() {
    let script = "infra/terraform-gcp/deploy.sh";
    let made = made("terraform-gcp", &Settings::default());
    let app = made["infra/terraform-gcp/app-api.tf"].split_whitespace().collect::<Vec<_>>().join(" ");
    let (service, job) = app.split_once("resource \"google_cloud_run_v2_job\" \"api_release\"").unwrap();
    for part in [
        "image = \"${local.registry}/shop:${var.image_tag}\"",
        "service_account = google_service_account.api.email",
        "for_each = local.api_secrets",
        "subnetwork = google_compute_subnetwork.main.id",
    ] {
        assert!(service.contains(part) && job.contains(part), "{part}: {app}");
    }
    for part in [
        r#"args = ["sh", "-c", "bin/migrate \u0024{x} && echo \"done\""]"#,
        "max_retries = 0",
        "google_sql_user.postgres",
    ] {
        assert!(job.contains(part), "{part}: {job}");
    }
    assert!(!job.contains("cpu_idle"), "{job}");

    let cloud = Cloud::new(&made);
    let (deployed, asked, said) = cloud.deploy(script, "1.4.0");
    assert!(deployed, "{said}");
    let order = [
        "-target=google_cloud_run_v2_job.api_release",
        "terraform apply -input=false tfplan",
        "gcloud run jobs executions list --job shop-staging-release",
        "gcloud run jobs execute shop-staging-release --region europe-west1 --wait",
    ];
    let order = places(&asked, order);
    let rest = asked.iter().position(|line| line == WHOLE).unwrap_or_else(|| panic!("{asked:#?}"));
    assert!(order.is_sorted() && order[3] < rest, "{asked:#?}");
    let (deployed, asked, _) = cloud.deploy(script, "1.4.0");
    assert!(deployed && count(&asked, "jobs execute ") == 0 && asked.iter().any(|line| line == WHOLE), "{asked:#?}");

    cloud.set("unfit", "");
    let (deployed, asked, said) = cloud.deploy(script, "1.5.0");
    assert!(!deployed && said.contains("failed: what ran goes on"), "{said}");
    assert!(said.contains("resource.labels.job_name=shop-staging-release"), "{said}");
    assert!(!asked.iter().any(|line| line == WHOLE), "{asked:#?}");
}

#[test]
fn azure_runs_a_migration_in_a_container_group_before_the_app_has_the_new_version() {
    let script = "infra/terraform-azure/deploy.sh";
    let made = made("terraform-azure", &Settings::default());
    let squeezed = |name: &str| made[name].split_whitespace().collect::<Vec<_>>().join(" ");
    let app = squeezed("infra/terraform-azure/app-api.tf");
    let (service, group) = app.split_once("resource \"terraform_data\" \"api_release\"").unwrap();
    let image = "/shop:${var.image_tag}\"";
    assert!(service.contains("azurerm_linux_web_app") && group.contains(image), "{app}");
    for part in [
        r#"command = ["sh", "-c", "bin/migrate \u0024{x} && echo \"done\""]"#,
        "restartPolicy = \"Never\"",
        "subnetIds = [{ id = azurerm_subnet.api_groups.id }]",
        "userAssignedIdentities = { (azurerm_user_assigned_identity.api.id) = {} }",
        "for name, secret in merge(azurerm_key_vault_secret.api, azurerm_key_vault_secret.api_connection)",
        "secureValue = secret.value",
        "azurerm_subnet_nat_gateway_association.api_groups",
        "azurerm_postgresql_flexible_server_database.postgres",
        "azurerm_private_endpoint.redis",
    ] {
        assert!(group.contains(part), "{part}: {group}");
    }
    let (_, output) = made["infra/terraform-azure/outputs.tf"].split_once("output \"api_release\"").unwrap();
    assert!(output.split_once('}').unwrap().0.contains("sensitive"), "{output}");

    let cloud = Cloud::new(&made);
    let (deployed, asked, said) = cloud.deploy(script, "1.4.0");
    assert!(deployed, "{said}");
    let order = [
        "-target=terraform_data.api_release -out=tfplan",
        "terraform apply -input=false tfplan",
        "az storage blob exists --auth-mode login",
        "az container create --resource-group shop-staging --file release.json",
        "az container show --resource-group shop-staging --name shop-staging-release",
        "az storage blob upload --auth-mode login",
    ];
    let order = places(&asked, order);
    let whole = |asked: &[String]| asked.iter().position(|line| line == WHOLE);
    assert!(order.is_sorted() && Some(order[5]) < whole(&asked), "{asked:#?}");
    assert!(asked[order[5]].contains("--name staging.released/vpc-1/api/1.4.0 "), "{asked:#?}");
    assert_eq!(count(&asked, "az container delete"), 2, "what is left of another run goes, and this one: {asked:#?}");
    assert!(!cloud.0.path().join("project/infra/terraform-azure/release.json").exists());

    let (deployed, asked, _) = cloud.deploy(script, "1.4.0");
    assert!(deployed && count(&asked, "container create") == 0 && whole(&asked).is_some(), "{asked:#?}");

    for (fault, said_of) in
        [("unfit", "failed, with 1 (Terminated Error)"), ("slow", "failed, with None (Running None)")]
    {
        cloud.set(fault, "");
        let (deployed, asked, said) = cloud.deploy(script, "1.5.0");
        assert!(!deployed && said.contains(said_of) && said.contains("there is no table"), "{said}");
        assert!(whole(&asked).is_none() && count(&asked, "blob upload") == 0, "{asked:#?}");
        assert_eq!(count(&asked, "az container delete"), 2, "{asked:#?}");
        cloud.clear(fault);
    }
    let without = files("terraform-azure", "shop", &[&api()], &Settings::default());
    assert!(!without.values().any(|text| text.contains("release.json") || text.contains("nat_gateway")));
}

#[test]
fn azure_lets_a_machine_in_for_as_long_as_it_deploys() {
    let script = "infra/terraform-azure/deploy.sh";
    let cloud = Cloud::new(&made("terraform-azure", &Settings::default()));
    let opened = "az keyvault network-rule add --name shop-stage-vault --ip-address 203.0.113.7";
    let closed = "az keyvault network-rule remove --name shop-stage-vault --ip-address 203.0.113.7";
    for fault in [None, Some("unfit")] {
        fault.inspect(|name| cloud.set(name, ""));
        let (deployed, asked, said) = cloud.deploy(script, if fault.is_some() { "1.5.0" } else { "1.4.0" });
        assert_eq!(deployed, fault.is_none(), "{said}");
        let [open, plan, close] = places(&asked, [opened, "terraform plan", closed]);
        assert!(open < plan && plan < close && close + 1 == asked.len(), "{asked:#?}");
    }
    // Whom the vault lets in already nobody lets in, nor keeps out.
    cloud.set("open", "");
    assert_eq!(count(&cloud.deploy(script, "1.4.0").1, "network-rule"), 0);
    assert!(cloud.0.path().join("open").exists());
}

#[test]
fn templates_of_azure_bring_what_comes_before_a_version_and_then_that_version() {
    for (kind, file) in [("arm", "main.json"), ("bicep", "main.bicep")] {
        let made = made(kind, &Settings::default());
        let template = &made[&format!("infra/{kind}/{file}")];
        assert!(template.contains("natGateway") && template.contains("Never"), "{template}");
        let cloud = Cloud::new(&made);
        let script = format!("infra/{kind}/deploy.sh");
        let (deployed, asked, said) = cloud.deploy(&script, "1.4.0");
        assert!(deployed, "{said}");
        let order = [
            "az container delete --resource-group shop-staging --name api-staging-release",
            "az deployment group create --resource-group shop-staging --name shop-before-1.4.0",
            "az container show --resource-group shop-staging --name api-staging-release",
            "az deployment group create --resource-group shop-staging --name shop-1.4.0",
        ];
        let [_, before, _, after] = places(&asked, order);
        assert!(places(&asked, order).is_sorted(), "{asked:#?}");
        assert!(
            asked[before].contains("--parameters releases=true ")
                && asked[after].contains("--parameters releases=false ")
        );
        let (deployed, asked, _) = cloud.deploy(&script, "1.4.0");
        assert!(deployed && count(&asked, "group create --resource-group") == 1, "{asked:#?}");
        assert_eq!(count(&asked, "container show"), 0, "{asked:#?}");
        cloud.set("unfit", "");
        let (deployed, asked, said) = cloud.deploy(&script, "1.5.0");
        assert!(!deployed && said.contains("what api runs before 1.5.0 failed, with 1"), "{said}");
        assert_eq!(count(&asked, "releases=false"), 0, "{asked:#?}");
    }
}
