//! Plain manifests of Kubernetes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use wharf::model::{AppProfile, Settings};
use wharf::validate::check;
use yaml_serde::Value;

use super::{HOSTILE, api, files, profile, settings};
use crate::support::profiles::{self, With as _};

/// The objects in a file, or in several.
pub(super) fn objects(text: &str) -> Vec<Value> {
    let documents = text.split("\n---\n").map(|text| text.trim_start_matches("---\n"));
    documents.map(|text| yaml_serde::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))).collect()
}

/// All that is in one environment, as `Kind/name`.
fn named(files: &BTreeMap<String, String>, environment: &str) -> BTreeMap<String, Value> {
    let of = files.iter().filter(|(path, _)| path.starts_with(&format!("k8s/{environment}/")));
    let objects = of.flat_map(|(_, text)| objects(text));
    objects.map(|it| (format!("{}/{}", text(&it["kind"]), text(&it["metadata"]["name"])), it)).collect()
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value:?}"))
}

fn names(objects: &BTreeMap<String, Value>) -> BTreeSet<&str> {
    objects.keys().map(String::as_str).collect()
}

fn of_app(app: &AppProfile, environment: &str) -> BTreeMap<String, Value> {
    named(&files("kubernetes", "shop", &[app], &Settings::default()), environment)
}

fn container<'a>(objects: &'a BTreeMap<String, Value>, name: &str) -> (&'a Value, &'a Value) {
    let pod = &objects[name]["spec"]["template"]["spec"];
    (pod, &pod["containers"][0])
}

#[test]
fn production_has_all_that_an_app_and_its_services_need() {
    let made = of_app(&api(), "production");
    let expected = [
        "Namespace/shop-production",
        "NetworkPolicy/default-deny",
        "NetworkPolicy/names",
        "Service/postgres",
        "StatefulSet/postgres",
        "NetworkPolicy/postgres",
        "PersistentVolumeClaim/postgres-backup",
        "NetworkPolicy/postgres-backup",
        "CronJob/postgres-backup",
        "Service/redis",
        "StatefulSet/redis",
        "NetworkPolicy/redis",
        "ConfigMap/api",
        "Deployment/api",
        "Service/api",
        "Ingress/api",
        "NetworkPolicy/certificates",
        "HorizontalPodAutoscaler/api",
        "PodDisruptionBudget/api",
        "NetworkPolicy/api",
    ];
    assert_eq!(names(&made), expected.into());
    for (name, object) in &made {
        let namespace = &object["metadata"]["namespace"];
        assert!(name.starts_with("Namespace/") || namespace.as_str() == Some("shop-production"), "{name}");
    }
}

#[test]
fn environments_differ_where_they_should() {
    let more = settings("[environments.staging]\ndomain = \"staging.shop.test\"\nmax_replicas = 3");
    let made = files("kubernetes", "shop", &[&api()], &more);
    let [development, staging, production] = ["development", "staging", "production"].map(|it| named(&made, it));
    for absent in ["HorizontalPodAutoscaler/api", "PodDisruptionBudget/api", "CronJob/postgres-backup"] {
        assert!(!development.contains_key(absent) && production.contains_key(absent), "{absent}");
    }
    assert_eq!(development["Deployment/api"]["spec"]["replicas"], Value::from(1));
    assert!(production["Deployment/api"]["spec"].get("replicas").is_none(), "the autoscaler says it");
    assert_eq!(staging["HorizontalPodAutoscaler/api"]["spec"]["maxReplicas"], Value::from(3));
    let (low, high) = (&production["HorizontalPodAutoscaler/api"]["spec"], &production["ConfigMap/api"]["data"]);
    assert_eq!((&low["minReplicas"], &low["maxReplicas"]), (&Value::from(2), &Value::from(6)));
    assert_eq!((text(&development["ConfigMap/api"]["data"]["LOG_LEVEL"]), text(&high["LOG_LEVEL"])), ("debug", "warn"));
    let host = |all: &BTreeMap<String, Value>| text(&all["Ingress/api"]["spec"]["rules"][0]["host"]).to_owned();
    let hosts = [&development, &staging, &production].map(host);
    assert_eq!(hosts, ["shop-dev.example.com", "staging.shop.test", "shop.example.com"]);
    let kept = |all: &BTreeMap<String, Value>| {
        let spec = &all["StatefulSet/postgres"]["spec"];
        let size = &spec["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"];
        (text(&spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"]).to_owned(), text(size).to_owned())
    };
    assert_eq!(kept(&development), ("Delete".to_owned(), "20Gi".to_owned()));
    assert_eq!(kept(&production), ("Retain".to_owned(), "50Gi".to_owned()));
    let memory = |all| text(&container(all, "Deployment/api").1["resources"]["limits"]["memory"]).to_owned();
    assert_eq!((memory(&development), memory(&production)), ("512Mi".to_owned(), "1024Mi".to_owned()));
}

#[test]
fn an_app_reads_its_secrets_and_no_file_holds_them() {
    let made = of_app(&api(), "staging");
    let (_, container) = container(&made, "Deployment/api");
    let env: BTreeMap<&str, &Value> =
        container["env"].as_sequence().unwrap().iter().map(|one| (text(&one["name"]), one)).collect();
    assert_eq!(text(&env["DATABASE_URL"]["value"]), "postgresql://app:$(POSTGRES_PASSWORD)@postgres:5432/app");
    let password = &env["POSTGRES_PASSWORD"]["valueFrom"]["secretKeyRef"];
    assert_eq!((text(&password["name"]), text(&password["key"])), ("postgres", "POSTGRES_PASSWORD"));
    let order: Vec<&str> = container["env"].as_sequence().unwrap().iter().map(|one| text(&one["name"])).collect();
    let place = |name| order.iter().position(|known| *known == name);
    assert!(place("POSTGRES_PASSWORD") < place("DATABASE_URL"), "{order:?}");
    let optional = |name: &str| env[name]["valueFrom"]["secretKeyRef"]["optional"].as_bool();
    assert_eq!((optional("SESSION_SECRET"), optional("STRIPE_SECRET_KEY")), (None, Some(true)));
    assert!(made.keys().all(|name| !name.starts_with("Secret/")));
}

#[test]
fn a_pod_may_do_as_little_as_it_can() {
    let made = of_app(&api(), "production");
    for name in ["Deployment/api", "StatefulSet/postgres", "StatefulSet/redis"] {
        let (pod, container) = container(&made, name);
        assert_eq!(pod["automountServiceAccountToken"], Value::from(false), "{name}");
        assert_eq!(pod["securityContext"]["runAsNonRoot"], Value::from(true), "{name}");
        assert_eq!(text(&pod["securityContext"]["seccompProfile"]["type"]), "RuntimeDefault");
        let own = &container["securityContext"];
        assert_eq!(own["allowPrivilegeEscalation"], Value::from(false), "{name}");
        assert_eq!(own["readOnlyRootFilesystem"], Value::from(true), "{name}");
        assert_eq!(text(&own["capabilities"]["drop"][0]), "ALL");
        let mounts = container["volumeMounts"].as_sequence().unwrap();
        assert!(mounts.iter().any(|mount| text(&mount["mountPath"]) == "/tmp"), "{name}");
        assert!(container["resources"]["limits"]["memory"].is_string(), "{name}");
    }
    let probe = &container(&made, "Deployment/api").1["readinessProbe"];
    assert_eq!(text(&probe["httpGet"]["path"]), "/health");
    let guessed = AppProfile { health_guessed: true, ..api() };
    let made = of_app(&guessed, "production");
    let probe = &container(&made, "Deployment/api").1["readinessProbe"];
    assert!(probe.get("httpGet").is_none() && text(&probe["tcpSocket"]["port"]) == "http", "{probe:?}");
    let text = &files("kubernetes", "shop", &[&guessed], &Settings::default())["k8s/production/api.yaml"];
    assert!(text.contains("the path /health is a guess, which `health_path` in wharf.toml can confirm"), "{text}");
}

#[test]
fn a_worker_serves_nobody_and_a_site_needs_nothing() {
    let made = of_app(&profile("worker"), "production");
    for absent in ["Service/web", "Ingress/web"] {
        assert!(!made.contains_key(absent), "{absent}");
    }
    let (_, container) = container(&made, "Deployment/web");
    for absent in ["ports", "readinessProbe", "livenessProbe", "startupProbe"] {
        assert!(container.get(absent).is_none(), "{absent}");
    }
    assert!(made.contains_key("StatefulSet/mongodb"));
    let site = of_app(&profile("static-plain"), "production");
    assert!(site.contains_key("Ingress/web") && !names(&site).iter().any(|name| name.starts_with("StatefulSet")));
}

#[test]
fn services_have_what_they_need_and_no_more() {
    let app = profiles::express().needs(&["elasticsearch", "minio", "rabbitmq"], &["AMQP_URL"], &[]);
    let made = of_app(&app, "development");
    let of = |service: &str| container(&made, &format!("StatefulSet/{service}")).1;
    let read_only = |service: &str| of(service)["securityContext"]["readOnlyRootFilesystem"].as_bool();
    assert_eq!(
        (read_only("elasticsearch"), read_only("minio"), read_only("rabbitmq")),
        (Some(false), Some(true), Some(true))
    );
    // Its heap alone is more than what apps get.
    assert_eq!(text(&of("elasticsearch")["resources"]["limits"]["memory"]), "2048Mi");
    assert_eq!(of("rabbitmq")["readinessProbe"]["timeoutSeconds"].as_u64(), Some(20));
    let env = of("minio")["env"].as_sequence().unwrap();
    let at = |name: &str| env.iter().position(|one| text(&one["name"]) == name).unwrap();
    assert!(at("MINIO_ROOT_PASSWORD") < at("MC_HOST_local"), "a text names what stands before it: {env:?}");
    assert_eq!(text(&env[at("MC_HOST_local")]["value"]), "http://app:$(MINIO_ROOT_PASSWORD)@127.0.0.1:9000");
}

#[test]
fn a_stand_in_runs_in_development_and_the_real_thing_is_reached_elsewhere() {
    let app = profiles::express().needs(&["mailpit"], &["SMTP_HOST"], &[]);
    let ports = |made: &BTreeMap<String, Value>| {
        let rules = made["NetworkPolicy/web"]["spec"]["egress"].as_sequence().unwrap();
        rules
            .iter()
            .flat_map(|rule| rule["ports"].as_sequence().unwrap())
            .filter_map(|it| it["port"].as_u64())
            .collect()
    };
    let (development, production) = (of_app(&app, "development"), of_app(&app, "production"));
    let set = &development["StatefulSet/mailpit"]["spec"];
    assert!(set.get("volumeClaimTemplates").is_none(), "{set:?}");
    let found: (Vec<u64>, Vec<u64>) = (ports(&development), ports(&production));
    assert_eq!(found, (vec![1025, 443], vec![443, 465, 587]));
    assert!(!production.contains_key("StatefulSet/mailpit"));
}

#[test]
fn apps_of_a_monorepo_reach_each_other_under_hosts_of_their_own() {
    let web = AppProfile { name: "web".to_owned(), path: "apps/web".to_owned(), ..profile("node-nextjs-pnpm") };
    let said = settings("[environments.production]\ndomain = \"shop.test\"");
    let made = named(&files("kubernetes", "shop", &[&web, &api()], &said), "production");
    let host = |app: &str| text(&made[&format!("Ingress/{app}")]["spec"]["rules"][0]["host"]).to_owned();
    assert_eq!((host("web"), host("api")), ("web.shop.test".to_owned(), "api.shop.test".to_owned()));
    let egress = made["NetworkPolicy/web"]["spec"]["egress"].as_sequence().unwrap();
    assert_eq!(egress.len(), 2, "its sister and the world, and no database: {egress:?}");
    let image = |app: &str| text(&container(&made, &format!("Deployment/{app}")).1["image"]).to_owned();
    assert_eq!((image("web"), image("api")), ("shop-web:release".to_owned(), "shop-api:release".to_owned()));
}

/// Kubernetes wants the number of a user who is not root, and the files of an image belong to its own.
#[test]
fn a_pod_runs_as_the_user_of_its_image() {
    let numbers = BTreeMap::from([("node", 1000), ("bun", 1000), ("deno", 1993), ("www-data", 33), ("app", 10001)]);
    for (name, profile) in profiles::all() {
        let dockerfile = files("docker", "shop", &[&profile], &Settings::default())
            .into_iter()
            .find(|(path, _)| path.ends_with("Dockerfile"))
            .unwrap()
            .1;
        let user = dockerfile.lines().filter_map(|line| line.strip_prefix("USER ")).next_back().unwrap();
        let user = user.split(':').next().unwrap();
        let number = user.parse::<i64>().unwrap_or_else(|_| numbers[user]);
        let made = of_app(&profile, "production");
        let (pod, _) = container(&made, "Deployment/web");
        assert_eq!(pod["securityContext"]["runAsUser"], Value::from(number), "{name}: {user}");
    }
}

#[test]
fn no_text_of_a_project_becomes_syntax() {
    let usual = of_app(&api(), "production").len();
    let long = "x".repeat(300);
    for text in HOSTILE.into_iter().chain([long.as_str(), "on", "1e3", "null"]) {
        let app = AppProfile { health_path: Some(format!("/{text}")), ..api() };
        let made = files("kubernetes", text, &[&app], &Settings::default());
        let production = named(&made, "production");
        assert_eq!(production.len(), usual, "{text:?}: {:?}", names(&production));
        let path = &container(&production, "Deployment/api").1["readinessProbe"]["httpGet"]["path"];
        assert_eq!(path.as_str(), Some(format!("/{text}").as_str()));
        for (path, content) in &made {
            assert!(check(path, content).is_empty(), "{path}: {:#?}", check(path, content));
        }
        let script = Command::new("bash").args(["-n", "-c", &made["k8s/deploy.sh"]]).output().unwrap();
        assert!(script.status.success(), "{}", String::from_utf8_lossy(&script.stderr));
        let comments = made["k8s/deploy.sh"].lines().take_while(|line| line.starts_with('#')).count();
        assert_eq!(comments, 6, "{}", made["k8s/deploy.sh"]);
    }
}

/// A project's files, with a `kubectl` and a `helm` that write down what they are asked.
pub(super) struct StandIn(tempfile::TempDir);

const KUBECTL: &str = r#"#!/bin/bash
here=$(dirname "$0")
echo "$*" >>"$here/asked"
case "$*" in
  *"get secret"*) [ -e "$here/has-$5" ] ;;
  *"create secret"*) touch "$here/has-$6"; tail -v -n +1 "${7#--from-file=}"/* >>"$here/secrets" ;;
  "apply --filename -") cat >"$here/applied" ;;
  "apply --selector "*" --filename -") cat >"$here/applied" ;;
  *"get job"*succeeded*) ! [ -e "$here/done-$5" ] || printf 1 ;;
  *"get job"*) if [ -e "$here/unfit" ]; then echo Failed; else touch "$here/done-$5"; echo SuccessCriteriaMet Complete; fi ;;
  *"get statefulsets"*) echo statefulset.apps/postgres ;;
  "apply --kustomize "*) cat "$3/kustomization.yaml" >"$here/kustomized" ;;
esac
"#;

const HELM: &str = "#!/bin/bash\necho \"$*\" >>\"$(dirname \"$0\")/helm-asked\"\n";

impl StandIn {
    pub(super) fn new(files: &BTreeMap<String, String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        for (name, text) in [("kubectl", KUBECTL), ("helm", HELM)] {
            let program = folder.path().join(name);
            fs::write(&program, text).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Whether a script did what it should, and what it said of faults.
    pub(super) fn run(&self, script: &str, arguments: &[&str], secret: Option<&str>) -> (bool, String) {
        let path = format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.arg(self.path(script)).args(arguments).env("PATH", path);
        command.env_remove("SESSION_SECRET").envs(secret.map(|value| ("SESSION_SECRET", value)));
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn the_script_makes_secrets_once_and_deploys_a_release() {
    let stand_in = StandIn::new(&files("kubernetes", "shop", &[&api()], &Settings::default()));
    let deploy = |arguments: &[&str], secret| stand_in.run("k8s/deploy.sh", arguments, secret);
    assert!(!deploy(&["planet", "r.test/x", "1"], None).0);
    assert!(!deploy(&["staging", "r.test/x#e", "1"], None).0);
    let (deployed, said) = deploy(&["staging", "r.test/team", "1.4.0"], None);
    assert!(!deployed && said.contains("SESSION_SECRET"), "{said}");
    assert_eq!(stand_in.read("applied"), "", "nothing is deployed without what it needs");
    let (deployed, said) = deploy(&["staging", "r.test/team", "1.4.0"], Some("hush $(x)"));
    assert!(deployed, "{said}");
    let kept = stand_in.read("secrets");
    assert!(kept.contains("hush $(x)") && kept.contains("POSTGRES_PASSWORD"));
    let applied = objects(&stand_in.read("applied"));
    let deployment = applied.iter().find(|it| text(&it["kind"]) == "Deployment").unwrap();
    let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(text(image), "r.test/team/shop:1.4.0");
    assert!(deploy(&["staging", "r.test/team", "1.4.1"], None).0);
    assert_eq!(stand_in.read("secrets"), kept);
    assert!(stand_in.read("asked").contains("--namespace shop-staging rollout status deployment/api"));
}

/// An app whose database is migrated before each new version.
pub(super) fn migrating() -> AppProfile {
    AppProfile { release_command: Some("npx prisma migrate deploy".to_owned()), ..api() }
}

#[test]
fn a_migration_is_a_job_of_the_new_image_that_reaches_what_the_app_reaches() {
    let made = of_app(&migrating(), "production");
    let job = &made["Job/api-release-version"]["spec"];
    let (pod, app) = (&job["template"]["spec"], container(&made, "Deployment/api").1);
    let container = &pod["containers"][0];
    let words: Vec<&str> = container["args"].as_sequence().unwrap().iter().map(text).collect();
    assert_eq!(words, ["npx", "prisma", "migrate", "deploy"]);
    assert!(container.get("command").is_none(), "the image's entrypoint stays");
    for same in ["image", "env", "envFrom", "securityContext"] {
        assert_eq!(container[same], app[same], "{same}");
    }
    assert_eq!((text(&pod["restartPolicy"]), job["backoffLimit"].as_u64()), ("Never", Some(1)));
    let policy = |name: &str| made[&format!("NetworkPolicy/{name}")]["spec"]["egress"].clone();
    assert_eq!(policy("api-release"), policy("api"));
    let label =
        |name: &str| made[name]["metadata"]["labels"]["app.kubernetes.io/component"].as_str().map(str::to_owned);
    assert_eq!(
        (label("Deployment/api").as_deref(), label("Job/api-release-version").as_deref()),
        (Some("server"), Some("release"))
    );
    assert!(!of_app(&api(), "production").keys().any(|name| name.starts_with("Job/")));
}

#[test]
fn a_version_is_deployed_once_its_migration_has_run() {
    for (kind, script) in [("kubernetes", "k8s/deploy.sh"), ("kustomize", "k8s/kustomize/deploy.sh")] {
        let stand_in = StandIn::new(&files(kind, "shop", &[&migrating()], &Settings::default()));
        let deploy = |tag: &str| stand_in.run(script, &["staging", "r.test/team", tag], Some("hush"));
        let (deployed, said) = deploy("1.4.0");
        assert!(deployed, "{kind}: {said}");
        let asked = stand_in.read("asked");
        let at =
            |part: &str| asked.lines().position(|it| it.contains(part)).unwrap_or_else(|| panic!("{part}: {asked}"));
        let order = [
            "--selector app.kubernetes.io/component!=server,app.kubernetes.io/component!=release",
            "rollout status statefulset.apps/postgres",
            "delete job api-release-",
            "--selector app.kubernetes.io/component=release",
            "logs --follow job/api-release-",
            "--selector app.kubernetes.io/component!=release ",
            "rollout status deployment/api",
        ];
        assert!(order.map(at).is_sorted(), "{kind}: {asked}");
        // The same again, and so going back to it, has nothing to run.
        assert!(deploy("1.4.0").0);
        assert_eq!(stand_in.read("asked").matches("component=release").count(), 1, "{kind}");
        fs::write(stand_in.path("unfit"), "").unwrap();
        let (deployed, said) = deploy("1.5.0");
        assert!(!deployed && said.contains("api-release failed: what ran goes on"), "{kind}: {said}");
        let last = stand_in.read("asked");
        assert!(last.lines().last().unwrap().contains("get job api-release-"), "{kind}: {last}");
    }
    let stand_in = StandIn::new(&files("kubernetes", "shop", &[&migrating()], &Settings::default()));
    assert!(stand_in.run("k8s/deploy.sh", &["staging", "r.test/team", "1"], Some("hush")).0);
    let applied = objects(&stand_in.read("applied"));
    let job = applied.iter().find(|it| text(&it["kind"]) == "Job").unwrap();
    // The first letters of the digest of “1”.
    assert_eq!(text(&job["metadata"]["name"]), "api-release-6b86b273ff34");
    assert_eq!(text(&job["spec"]["template"]["spec"]["containers"][0]["image"]), "r.test/team/shop:1");
}

#[test]
fn a_private_registry_is_read_by_a_secret_where_one_is_named() {
    let said = settings("[app]\npull_secret = \"registry\"");
    for (kind, script) in
        [("kubernetes", "k8s/deploy.sh"), ("kustomize", "k8s/kustomize/deploy.sh"), ("helm", "k8s/helm/deploy.sh")]
    {
        let made = files(kind, "shop", &[&migrating()], &said);
        let pods = made.values().filter(|text| text.contains("imagePullSecrets:\n        - name: registry\n")).count();
        assert!(pods >= 2, "{kind}");
        let stand_in = StandIn::new(&made);
        let (deployed, said) = stand_in.run(script, &["staging", "r.test/team", "1"], Some("hush"));
        assert!(!deployed && said.contains("REGISTRY_USER"), "{kind}: {said}");
        assert!(
            !files(kind, "shop", &[&api()], &Settings::default()).values().any(|it| it.contains("imagePullSecrets"))
        );
    }
}

/// What an environment has of its own is its own: services, and what reaches them.
#[test]
fn an_environment_runs_the_services_that_it_has() {
    let said = settings("[environments.production]\nservices = []");
    let made = files("kubernetes", "shop", &[&api()], &said);
    assert!(named(&made, "staging").contains_key("StatefulSet/postgres"));
    let production = named(&made, "production");
    assert!(!production.keys().any(|name| name.starts_with("StatefulSet/")), "{:?}", names(&production));
    assert_eq!(production["NetworkPolicy/api"]["spec"]["egress"].as_sequence().unwrap().len(), 1);
    let stand_in = StandIn::new(&made);
    let (deployed, said) = stand_in.run("k8s/deploy.sh", &["production", "r.test/team", "1"], Some("hush"));
    assert!(deployed && !stand_in.read("secrets").contains("POSTGRES"), "{said}");
}
