//! What the kinds of Terraform make: the resources of each target by type, and how environments differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wharf::generate::Order;
use wharf::model::{AppProfile, AppSettings, Environment, RunsOn, Serving, Settings};

use crate::support::profiles::{self, With as _};

/// The files of a kind by their path below `infra/KIND/`.
struct Module(BTreeMap<String, String>);

impl Module {
    fn of(kind: &str, apps: &[&AppProfile], settings: &Settings) -> Self {
        let artifacts = Order::new("My shop", apps, settings).artifacts(&[kind.to_owned()].into()).unwrap();
        let folder = format!("infra/{kind}/");
        let own = artifacts
            .into_iter()
            .filter_map(|artifact| Some((artifact.path.strip_prefix(&folder)?.to_owned(), artifact.content)));
        Self(own.collect())
    }

    fn file(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("no {name}: {:?}", self.0.keys()))
    }

    fn whole(&self) -> String {
        self.0.iter().filter(|(name, _)| has_ending(name, "tf")).map(|(_, text)| text.as_str()).collect()
    }

    /// The types of its resources.
    fn resources(&self) -> BTreeSet<String> {
        let whole = self.whole();
        whole.lines().filter_map(|line| Some(line.strip_prefix("resource \"")?.split('"').next()?.to_owned())).collect()
    }

    #[track_caller]
    fn has(&self, wanted: &[&str], unwanted: &[&str]) {
        let there = self.resources();
        let missing: Vec<_> = wanted.iter().filter(|name| !there.contains(**name)).collect();
        let needless: Vec<_> = there.iter().filter(|name| unwanted.iter().any(|part| name.contains(part))).collect();
        assert!(missing.is_empty() && needless.is_empty(), "missing {missing:?}, needless {needless:?}");
    }

    #[track_caller]
    fn says(&self, file: &str, texts: &[&str]) {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = squeezed(self.file(file));
        for wanted in texts {
            assert!(text.contains(&squeezed(wanted)), "{file} does not say {wanted}:\n{}", self.file(file));
        }
    }
}

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == ending)
}

fn server(services: &[&str], env: &[&str]) -> AppProfile {
    profiles::of("node", "node server.js").runtime("22", 3000).needs(services, env, &[])
}

fn worker() -> AppProfile {
    AppProfile { serving: Serving::None, port: None, health_path: None, ..server(&["redis"], &["STRIPE_KEY"]) }
}

fn site() -> AppProfile {
    let site = profiles::of("node", "").framework("react").build("npm run build").serves("dist");
    AppProfile { serving: Serving::Static, ..site }
}

fn on(compute: RunsOn) -> Settings {
    Settings { app: AppSettings { compute: Some(compute), ..AppSettings::default() }, ..Settings::default() }
}

fn at(domain: &str) -> Settings {
    let named = AppSettings { domain: Some(domain.to_owned()), ..AppSettings::default() };
    Settings { environments: [(Environment::Production, named)].into(), ..Settings::default() }
}

const KINDS: [&str; 3] = ["terraform-aws", "terraform-azure", "terraform-gcp"];

#[test]
fn aws_runs_a_server_on_fargate_behind_a_load_balancer() {
    let web = server(&["postgres", "redis"], &["DATABASE_URL", "STRIPE_KEY", "LOG_LEVEL"]);
    let module = Module::of("terraform-aws", &[&web], &Settings::default());
    let wanted = [
        "aws_ecs_service",
        "aws_ecs_task_definition",
        "aws_appautoscaling_policy",
        "aws_lb",
        "aws_lb_target_group",
        "aws_ecr_repository",
        "aws_db_instance",
        "aws_elasticache_replication_group",
        "aws_secretsmanager_secret",
        "aws_cloudwatch_log_group",
        "aws_iam_role",
        "aws_vpc",
        "aws_nat_gateway",
        "aws_kms_key",
        "random_password",
    ];
    module.has(&wanted, &["lambda", "cloudfront", "autoscaling_group", "acm"]);
    module.says(
        "secrets.tf",
        &["DATABASE_URL = \"postgresql://app:${random_password.postgres.result}@${aws_db_instance.postgres.address}:\
         ${aws_db_instance.postgres.port}/app\""],
    );
    module.says(
        "app-web.tf",
        &[
            "REDIS_URL = \"rediss://${aws_elasticache_replication_group.redis.primary_endpoint_address}:",
            "subnets = aws_subnet.private[*].id",
            "assign_public_ip = false",
            "path = \"/health\"",
        ],
    );
    module.says(
        "database.tf",
        &[
            "publicly_accessible = false",
            "storage_encrypted = true",
            "referenced_security_group_id = aws_security_group.web.id",
        ],
    );
    module.says(
        "environments/production.tfvars",
        &["secrets = [\"STRIPE_KEY\"]", "LOG_LEVEL = \"warn\"", "cpu = 1024 memory = 2048"],
    );
}

#[test]
fn aws_serves_files_by_cloudfront_and_needs_no_network() {
    let module = Module::of("terraform-aws", &[&site()], &Settings::default());
    let wanted = [
        "aws_s3_bucket",
        "aws_cloudfront_distribution",
        "aws_cloudfront_origin_access_control",
        "aws_s3_bucket_policy",
    ];
    module.has(&wanted, &["vpc", "ecs", "ecr", "lb", "kms", "secret", "cloudfront_function"]);
    module.says("app-web.tf", &["response_code = 200", "response_page_path = \"/index.html\""]);
    module.says("deploy.sh", &["aws s3 sync", "create-invalidation"]);
    let named = Module::of("terraform-aws", &[&site()], &at("shop.example.com"));
    named.has(&["aws_acm_certificate", "aws_route53_record"], &["vpc"]);
    named.says("environments/production.tfvars", &["dns_zone = \"example.com\"", "domain = \"shop.example.com\""]);
    named.says("environments/staging.tfvars", &["dns_zone = null", "domain = null"]);
}

#[test]
fn aws_runs_what_settings_say_on_lambda_or_machines() {
    let web = server(&["postgres"], &[]);
    let function = Module::of("terraform-aws", &[&web], &on(RunsOn::Function));
    function.has(&["aws_lambda_function", "aws_apigatewayv2_api", "aws_db_instance"], &["ecs", "aws_lb", "nothing"]);
    function.says("lambda.Dockerfile", &["aws-lambda-adapter"]);
    function.says("deploy.sh", &["lambda.Dockerfile"]);
    let two = ["a", "b"].map(|name| AppProfile { name: name.to_owned(), ..server(&[], &[]) }.at(name));
    let two = Module::of("terraform-aws", &[&two[0], &two[1]], &on(RunsOn::Function));
    let pushed: Vec<&str> = two.file("deploy.sh").lines().filter(|line| line.starts_with("push \"")).collect();
    assert!(pushed.len() == 2 && pushed.iter().all(|line| line.ends_with(" lambda")), "{pushed:?}");
    let alone = Module::of("terraform-aws", &[&server(&[], &[])], &on(RunsOn::Function));
    alone.has(&["aws_lambda_function"], &["vpc", "nat_gateway", "subnet"]);
    let machine = Module::of("terraform-aws", &[&web], &on(RunsOn::Instance));
    machine.has(&["aws_launch_template", "aws_autoscaling_group", "aws_lb"], &["ecs", "lambda"]);
    machine.says("app-web.tf", &["http_tokens = \"required\"", "encrypted = true"]);
}

#[test]
fn what_listens_on_nothing_has_no_way_in() {
    let module = Module::of("terraform-aws", &[&worker()], &Settings::default());
    module.has(&["aws_ecs_service", "aws_elasticache_replication_group"], &["aws_lb", "db_instance", "random"]);
    assert!(!module.whole().contains("portMappings"));
}

#[test]
fn a_domain_brings_https() {
    let web = server(&[], &[]);
    let without = Module::of("terraform-aws", &[&web], &Settings::default());
    assert!(!without.whole().contains("HTTPS\"\n"));
    let module = Module::of("terraform-aws", &[&web], &at("shop.example.com"));
    module.has(&["aws_acm_certificate", "aws_acm_certificate_validation", "aws_route53_record"], &[]);
    module.says("app-web.tf", &["ssl_policy = \"ELBSecurityPolicy-TLS13-1-2-2021-06\"", "HTTP_301"]);
}

#[test]
fn services_that_no_cloud_runs_here_are_secrets_of_a_persons() {
    let module = Module::of("terraform-aws", &[&server(&["mongodb"], &["MONGODB_URI"])], &Settings::default());
    module.has(&[], &["db_instance", "random"]);
    for kind in KINDS {
        for (service, name) in [
            ("mongodb", "MONGODB_URI"),
            ("rabbitmq", "AMQP_URL"),
            ("elasticsearch", "ELASTICSEARCH_URL"),
            ("minio", "S3_SECRET_KEY"),
        ] {
            let module = Module::of(kind, &[&server(&[service], &[name])], &Settings::default());
            module.says("environments/production.tfvars", &[&format!("secrets = [\"{name}\"]")]);
        }
    }
}

#[test]
fn a_mail_server_is_told_of_alike_in_every_environment() {
    for kind in KINDS {
        let web = server(&["mailpit"], &["SMTP_HOST", "SMTP_URL"]);
        let module = Module::of(kind, &[&web], &Settings::default());
        for environment in ["development", "production"] {
            let file = format!("environments/{environment}.tfvars");
            module.says(&file, &["variables = { # SMTP_HOST = \"\" }", "secrets = [\"SMTP_URL\"]"]);
        }
    }
}

#[test]
fn mariadb_is_managed_where_the_cloud_has_it() {
    let web = server(&["mariadb"], &["DB_HOST", "DB_PASSWORD"]);
    let module = Module::of("terraform-aws", &[&web], &Settings::default());
    module.has(&["aws_db_instance", "random_password"], &["elasticache"]);
    module.says("database.tf", &["= \"mariadb\"", "\"mariadb11.8\"", "= \"11.8\""]);
    for kind in ["terraform-azure", "terraform-gcp"] {
        let module = Module::of(kind, &[&web], &Settings::default());
        module.has(&[], &["mysql", "sql_database", "random"]);
        module.says("environments/production.tfvars", &["secrets = [\"DB_HOST\", \"DB_PASSWORD\"]"]);
    }
}

#[test]
fn google_runs_a_server_on_cloud_run_with_a_private_database() {
    let web = server(&["postgres", "redis"], &["DATABASE_URL", "STRIPE_KEY", "LOG_LEVEL"]);
    let module = Module::of("terraform-gcp", &[&web], &Settings::default());
    let wanted = [
        "google_cloud_run_v2_service",
        "google_cloud_run_v2_service_iam_member",
        "google_service_account",
        "google_artifact_registry_repository",
        "google_sql_database_instance",
        "google_sql_user",
        "google_redis_instance",
        "google_secret_manager_secret",
        "google_secret_manager_secret_iam_member",
        "google_compute_network",
        "google_service_networking_connection",
        "random_password",
    ];
    module.has(&wanted, &["worker_pool", "bucket", "ssl_certificate"]);
    module.says(
        "database.tf",
        &["ipv4_enabled = false", "ssl_mode = \"ENCRYPTED_ONLY\"", "deletion_protection = var.deletion_protection"],
    );
    module.says("secrets.tf", &["@${google_sql_database_instance.postgres.private_ip_address}:5432/app\""]);
    module.says("app-web.tf", &["egress = \"PRIVATE_RANGES_ONLY\"", "container_port = 3000"]);
    let named = Module::of("terraform-gcp", &[&web], &at("shop.example.com"));
    named.has(&["google_compute_managed_ssl_certificate", "google_compute_target_https_proxy"], &[]);
    named.says("app-web.tf", &["https_redirect = true", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"]);
    let function = Module::of("terraform-gcp", &[&web], &on(RunsOn::Function));
    function.says("app-web.tf", &["min_instance_count = 0"]);
    Module::of("terraform-gcp", &[&web], &on(RunsOn::Instance)).says("app-web.tf", &["cpu_idle = false"]);
}

#[test]
fn google_serves_files_from_a_bucket_and_workers_from_a_pool() {
    let module = Module::of("terraform-gcp", &[&site()], &Settings::default());
    module.has(
        &["google_storage_bucket", "google_compute_backend_bucket"],
        &["cloud_run", "network", "secret", "registry"],
    );
    module.says("app-web.tf", &["enable_cdn = true", "path = \"/index.html\" override_response_code = 200"]);
    let module = Module::of("terraform-gcp", &[&worker()], &Settings::default());
    module.has(&["google_cloud_run_v2_worker_pool"], &["run_v2_service", "sql", "forwarding_rule"]);
}

#[test]
fn azure_runs_a_server_on_app_service_with_a_private_database() {
    let web = server(&["postgres", "redis"], &["DATABASE_URL", "STRIPE_KEY", "LOG_LEVEL"]);
    let module = Module::of("terraform-azure", &[&web], &Settings::default());
    let wanted = [
        "azurerm_linux_web_app",
        "azurerm_service_plan",
        "azurerm_monitor_autoscale_setting",
        "azurerm_container_registry",
        "azurerm_user_assigned_identity",
        "azurerm_role_assignment",
        "azurerm_postgresql_flexible_server",
        "azurerm_private_dns_zone",
        "azurerm_managed_redis",
        "azurerm_private_endpoint",
        "azurerm_key_vault",
        "azurerm_key_vault_secret",
        "azurerm_log_analytics_workspace",
        "azurerm_virtual_network",
        "random_password",
    ];
    module.has(&wanted, &["function_app", "container_group", "static_web", "nat_gateway", "mysql"]);
    module.says("app-web.tf", &["https_only = true", "@Microsoft.KeyVault(SecretUri=${secret.id})"]);
    module.says("database.tf", &["public_network_access_enabled = false", "azurerm_management_lock"]);
    module.says(
        "secrets.tf",
        &[
            "default_action = \"Deny\"",
            "REDIS_URL = \"rediss://:${azurerm_managed_redis.redis.default_database[0].primary_access_key}@",
        ],
    );
    let named = Module::of("terraform-azure", &[&web], &at("shop.example.com"));
    named.has(&["azurerm_app_service_custom_hostname_binding", "azurerm_app_service_managed_certificate"], &[]);
}

#[test]
fn azure_runs_others_on_functions_container_instances_and_static_web_apps() {
    let web = server(&["mysql"], &[]);
    let function = Module::of("terraform-azure", &[&web], &on(RunsOn::Function));
    function.has(
        &["azurerm_function_app_flex_consumption", "azurerm_mysql_flexible_server"],
        &["container_group", "web_app"],
    );
    function.says("deploy.sh", &["func azure functionapp publish"]);
    let group = Module::of("terraform-azure", &[&web], &on(RunsOn::Instance));
    group.has(&["azurerm_container_group", "azurerm_nat_gateway"], &["web_app", "service_plan"]);
    group.says("app-web.tf", &["ip_address_type = \"Private\""]);
    let worker = Module::of("terraform-azure", &[&worker()], &Settings::default());
    worker.has(&["azurerm_container_group"], &["web_app", "postgresql"]);
    let site = Module::of("terraform-azure", &[&site()], &Settings::default());
    site.has(&["azurerm_static_web_app"], &["key_vault", "network", "registry"]);
    site.says("deploy.sh", &["navigationFallback"]);
}

#[test]
fn environments_differ_where_they_should() {
    for kind in KINDS {
        let web = server(&["postgres"], &["LOG_LEVEL"]);
        let module = Module::of(kind, &[&web], &Settings::default());
        module.says("environments/development.tfvars", &["deletion_protection = false", "highly_available = false"]);
        module.says("environments/production.tfvars", &["deletion_protection = true", "highly_available = true"]);
        // Azure keeps the backups of a server for a week at least.
        let least = if kind == "terraform-azure" { 7 } else { 0 };
        for (environment, replicas, backups, level) in
            [("development", 1, 0, "debug"), ("staging", 1, 3, "info"), ("production", 2, 14, "warn")]
        {
            module.says(
                &format!("environments/{environment}.tfvars"),
                &[
                    &format!("environment = \"{environment}\""),
                    &format!("min_replicas = {replicas}"),
                    &format!("backup_days = {}", least.max(backups)),
                    &format!("LOG_LEVEL = \"{level}\""),
                ],
            );
        }
    }
}

#[test]
fn each_environment_has_a_state_of_its_own() {
    for (kind, ending, says) in [
        ("terraform-aws", "s3", "key = \"my-shop/staging.tfstate\""),
        ("terraform-azure", "azurerm", "key = \"staging.tfstate\""),
        ("terraform-gcp", "gcs", "prefix = \"my-shop/staging\""),
    ] {
        let module = Module::of(kind, &[&server(&[], &[])], &Settings::default());
        module.says(&format!("environments/staging.{ending}.tfbackend"), &[says]);
        module.says("deploy.sh", &["terraform init", "terraform plan", "terraform apply"]);
    }
}

#[test]
fn nothing_is_open_to_everybody_but_the_way_in() {
    for kind in KINDS {
        for compute in [RunsOn::Service, RunsOn::Function, RunsOn::Instance] {
            let module = Module::of(kind, &[&server(&["postgres", "redis", "mysql"], &[])], &on(compute));
            let whole = module.whole();
            for block in whole.split("\n}\n").filter(|block| block.contains("0.0.0.0/0")) {
                let is_no_way_in = ["egress_rule", "route_table", "deny {"].iter().any(|word| block.contains(word));
                let squeezed: String = block.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(is_no_way_in || squeezed.contains("to_port = 80 "), "{kind}: {block}");
            }
            assert!(!whole.contains("ssh") && !whole.contains("3389"), "{kind}");
        }
    }
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "a\"b ${file(\"/etc/passwd\")} %{ if true }\n$(touch /tmp/x) `id` ${{ x }} é";
    let long = "x".repeat(300);
    let settings = Settings::default();
    for (kind, name) in KINDS.into_iter().flat_map(|kind| [(kind, hostile), (kind, long.as_str())]) {
        let web = AppProfile {
            name: name.to_owned(),
            health_path: Some(format!("/{hostile}")),
            env: vec![hostile.to_owned(), "STRIPE_KEY".to_owned()],
            dockerfile: Some(format!("{hostile}/Dockerfile")),
            ..server(&["postgres"], &[])
        };
        let artifacts = Order::new(name, &[&web], &settings).artifacts(&[kind.to_owned()].into()).unwrap();
        let (scripts, files): (Vec<_>, Vec<_>) = artifacts.iter().partition(|file| has_ending(&file.path, "sh"));
        for file in files {
            let text = &file.content;
            for syntax in ["${file", "%{ if true", "${{", "\n$(touch"] {
                assert!(!text.contains(syntax), "{}: {text}", file.path);
            }
            assert!(!text.contains(&"x".repeat(80)), "{text}");
        }
        // In single quotes, where a shell runs nothing.
        assert!(scripts[0].content.contains(&format!("\"$root\"/'{hostile}/Dockerfile'")), "{}", scripts[0].content);
    }
}

#[test]
fn what_an_app_runs_on_is_the_same_in_all_environments() {
    let web = server(&[], &[]);
    let elsewhere = AppSettings { compute: Some(RunsOn::Function), ..AppSettings::default() };
    let settings =
        Settings { environments: BTreeMap::from([(Environment::Development, elsewhere)]), ..Settings::default() };
    for kind in KINDS {
        let made = Order::new("shop", &[&web], &settings).artifacts(&[kind.to_owned()].into()).unwrap();
        let texts = made.into_iter().map(|artifact| (artifact.path, artifact.content)).collect();
        let faults = wharf::validate::check_all(&texts);
        assert!(faults.is_empty(), "{kind}: {faults:#?}");
    }
}

#[test]
fn modules_are_as_reviewed() {
    let web = server(&["postgres"], &["DATABASE_URL", "SESSION_SECRET"]);
    let module = Module::of("terraform-aws", &[&web], &Settings::default());
    insta::assert_snapshot!("terraform-aws-app", module.file("app-web.tf"));
    insta::assert_snapshot!("terraform-aws-deploy", module.file("deploy.sh"));
    let module = Module::of("terraform-gcp", &[&web], &Settings::default());
    insta::assert_snapshot!("terraform-gcp-app", module.file("app-web.tf"));
    let module = Module::of("terraform-azure", &[&web], &Settings::default());
    insta::assert_snapshot!("terraform-azure-app", module.file("app-web.tf"));
}
