//! What a plan says, for what was asked.

use std::collections::{BTreeMap, BTreeSet};

use wharf::generate::{Context, PlanInput, Templates, commands, left_to_others, plan};
use wharf::model::{
    AppKey, AppProfile, AppSettings, EnvValue, Environment, HealthProbe, Plan, PlanCommands, Problem, ProjectId,
    Serving, Settings, Source, TargetKind, TargetRef,
};

use crate::support::profiles::{self, With as _};

#[derive(Default)]
struct Asked {
    kind: TargetKind,
    settings: Settings,
    set: BTreeMap<String, String>,
    secrets: BTreeSet<String>,
}

impl Asked {
    fn plan(&self, profile: &AppProfile) -> Result<(Plan, Vec<String>), Problem> {
        plan(&PlanInput {
            key: &AppKey {
                project: ProjectId::from("p"),
                app: profile.name.clone(),
                environment: Environment::Staging,
            },
            context: Context::new("shop"),
            target: &TargetRef { kind: self.kind, host: None },
            source: &Source::Folder,
            profile,
            settings: &self.settings,
            set: &self.set,
            secrets: &self.secrets,
            port: Some(20_017),
        })
    }

    fn said(&self, profile: &AppProfile) -> (Plan, Vec<String>) {
        self.plan(profile).unwrap()
    }
}

fn value<'a>(plan: &'a Plan, name: &str) -> Option<&'a EnvValue> {
    plan.env.iter().find(|var| var.name == name).map(|var| &var.value)
}

#[test]
fn a_docker_plan_has_image_services_and_names() {
    let (plan, missing) = Asked::default().said(&profiles::express());
    assert_eq!(missing, ["SESSION_SECRET"]);
    assert_eq!((plan.build.context.as_str(), plan.build.dockerfile.as_str()), (".", "Dockerfile"));
    let files: Vec<&str> = plan.build.artifacts.iter().map(|artifact| artifact.path.as_str()).collect();
    assert_eq!(files, ["Dockerfile", ".dockerignore"]);
    assert_eq!(plan.network.name, "wharf-shop-web-staging");
    assert!(plan.network.bind.is_loopback());
    assert_eq!(plan.services[0].volumes[0].name, "wharf-shop-web-staging-postgres");
    assert_eq!((plan.ports.container, plan.ports.wanted), (Some(3000), Some(20_017)));
    assert_eq!(plan.health.probe, HealthProbe::Http { path: "/health".to_owned() });
    assert!(plan.security.drop_capabilities && plan.security.no_new_privileges);
    let expected = EnvValue::Around {
        before: "postgresql://app:".to_owned(),
        secret: "POSTGRES_PASSWORD".to_owned(),
        after: "@postgres:5432/app".to_owned(),
    };
    assert_eq!(value(&plan, "DATABASE_URL"), Some(&expected));
    let password = plan.services[0].env.iter().find(|var| var.name == "POSTGRES_PASSWORD").unwrap();
    assert_eq!(password.value, EnvValue::Secret("POSTGRES_PASSWORD".to_owned()));
}

#[test]
fn a_process_plan_runs_the_projects_commands_and_misses_what_services_would_give() {
    let asked = Asked { kind: TargetKind::Process, ..Asked::default() };
    let profile = AppProfile { required_env: vec!["DATABASE_URL".to_owned()], ..profiles::express() };
    let (plan, missing) = asked.said(&profile);
    assert_eq!(plan.build.commands, ["npm ci"]);
    // The ignore list alone: it says what stays out of the snapshot.
    assert_eq!(
        plan.build.artifacts.iter().map(|artifact| artifact.path.as_str()).collect::<Vec<_>>(),
        [".dockerignore"]
    );
    assert_eq!(plan.compute.command.as_deref(), Some("node server.js"));
    assert_eq!(plan.services, []);
    assert_eq!(missing, ["DATABASE_URL"]);
    let given = Asked { secrets: BTreeSet::from(["DATABASE_URL".to_owned()]), ..asked };
    assert_eq!(given.said(&profile).1, Vec::<String>::new());
    let problem = given.plan(&AppProfile { start_command: None, ..profile }).unwrap_err();
    assert_eq!(problem.cause, "no-start-command");
}

#[test]
fn the_request_wins_over_sealed_values_settings_and_services() {
    let said = |text: &str| BTreeMap::from([("DATABASE_URL".to_owned(), text.to_owned())]);
    let mut asked = Asked::default();
    asked.settings.app = AppSettings { env: said("settings"), ..AppSettings::default() };
    let of = |asked: &Asked| value(&asked.said(&profiles::express()).0, "DATABASE_URL").cloned();
    assert_eq!(of(&asked), Some(EnvValue::Plain("settings".to_owned())));
    asked.secrets = BTreeSet::from(["DATABASE_URL".to_owned()]);
    assert_eq!(of(&asked), Some(EnvValue::Secret("DATABASE_URL".to_owned())));
    asked.set = said("request");
    assert_eq!(of(&asked), Some(EnvValue::Plain("request".to_owned())));
}

#[test]
fn a_second_plan_is_the_first_though_the_password_is_sealed_now() {
    let first = Asked::default().said(&profiles::express());
    let sealed = BTreeSet::from(["POSTGRES_PASSWORD".to_owned()]);
    let second = Asked { secrets: sealed, ..Asked::default() }.said(&profiles::express());
    assert_eq!(first, second);
}

#[test]
fn a_dockerfile_of_the_projects_own_is_used_as_it_is() {
    let profile = AppProfile { dockerfile: Some("docker/Dockerfile.prod".to_owned()), ..profiles::express() };
    let (plan, _) = Asked::default().said(&profile);
    assert_eq!(plan.build.dockerfile, "docker/Dockerfile.prod");
    assert!(plan.build.artifacts.iter().all(|artifact| !artifact.path.contains("ocker")), "{:?}", plan.build.artifacts);
    assert!(!plan.security.drop_capabilities);
    assert_eq!(plan.compute.command, None);
}

#[test]
fn settings_decide_what_they_name() {
    let mut asked = Asked::default();
    asked.settings.app = AppSettings {
        services: Some(Vec::new()),
        start: Some("node other.js".to_owned()),
        port: Some(4000),
        memory_mb: Some(512),
        build_timeout: Some(60),
        ..AppSettings::default()
    };
    let (plan, _) = asked.said(&profiles::express());
    assert_eq!(plan.services, []);
    assert_eq!(plan.ports.container, Some(4000));
    assert_eq!(plan.compute.limits.memory_bytes, Some(512 << 20));
    assert_eq!(plan.timeouts.build.to_duration().as_secs(), 60);
    assert!(plan.build.artifacts[0].content.contains(r#"CMD ["node", "other.js"]"#));
}

#[test]
fn what_listens_on_nothing_has_no_port_and_is_healthy_as_it_runs() {
    let worker = profiles::all().into_iter().find(|(name, _)| *name == "worker").unwrap().1;
    let (plan, _) = Asked::default().said(&worker);
    assert_eq!((plan.ports.container, plan.health.probe), (None, HealthProbe::Running));
}

#[test]
fn a_name_that_no_environment_can_hold_is_refused() {
    let set = BTreeMap::from([("A=B".to_owned(), String::new())]);
    let problem = Asked { set, ..Asked::default() }.plan(&profiles::express()).unwrap_err();
    assert_eq!(problem.cause, "bad-env-name");
}

#[test]
fn an_app_of_a_workspace_is_built_from_its_root() {
    let profile = profiles::express().files(&["package-lock.json"]).at("apps/web");
    let (plan, _) = Asked::default().said(&profile);
    assert_eq!((plan.build.context.as_str(), plan.build.dockerfile.as_str()), (".", "apps/web/Dockerfile"));
    let module = profiles::of("java", "java -jar target/a.jar").build("../mvnw --file ../pom.xml package").at("a");
    let (plan, _) = Asked::default().said(&module);
    assert_eq!(plan.build.context, ".");
    let dockerfile = &plan.build.artifacts[0].content;
    assert!(dockerfile.contains("COPY --from=manifests /manifests ./\nWORKDIR \"/src/a\"\n"), "{dockerfile}");
    assert!(dockerfile.contains("RUN chmod +x ../mvnw && ../mvnw --file ../pom.xml package\n"), "{dockerfile}");
    let alone = profiles::express().files(&["apps/web/package-lock.json"]).at("apps/web");
    assert_eq!(Asked::default().said(&alone).0.build.context, "apps/web");
}

#[test]
fn what_would_run_is_told_whoever_runs_it() {
    let poetry = AppProfile {
        install_command: Some("poetry install".to_owned()),
        build_command: Some("poetry run make".to_owned()),
        start_command: Some("poetry run gunicorn a:b --bind 0.0.0.0:$PORT".to_owned()),
        ..profiles::of("python", "x")
    };
    let (docker, process) = (Asked::default(), Asked { kind: TargetKind::Process, ..Asked::default() });
    let of = |asked: &Asked, profile: &AppProfile| commands(&asked.said(profile).0);
    let said = |install: &str, build: &str, start: &str| PlanCommands {
        install: Some(install.to_owned()),
        build: Some(build.to_owned()),
        start: Some(start.to_owned()),
        dockerfile: None,
        release: None,
    };
    assert_eq!(of(&docker, &poetry), said("poetry install", "make", "gunicorn a:b --bind 0.0.0.0:$PORT"));
    let run = "poetry run gunicorn a:b --bind 127.0.0.1:$PORT";
    assert_eq!(of(&process, &poetry), said("poetry install", "poetry run make", run));
    let own = AppProfile { dockerfile: Some("Dockerfile".to_owned()), ..poetry.clone() };
    let dockerfile = PlanCommands { dockerfile: own.dockerfile.clone(), ..PlanCommands::default() };
    assert_eq!(of(&docker, &own), dockerfile);
    assert_eq!(of(&process, &own).dockerfile, None, "nothing reads it there");
    let files = AppProfile { serving: Serving::Static, output_dir: Some("dist".to_owned()), ..profiles::express() };
    assert_eq!(of(&docker, &files).start, None);
}

#[test]
fn an_own_start_command_makes_a_server_of_what_would_be_served_as_files() {
    let profile_of = |name: &str| profiles::all().into_iter().find(|(known, _)| *known == name).unwrap().1;
    let started = |command: &str| {
        let app = AppSettings { start: Some(command.to_owned()), ..AppSettings::default() };
        Settings { app, ..Settings::default() }
    };
    for kind in [TargetKind::Docker, TargetKind::Process] {
        let react = profile_of("node-react-static");
        let (plan, _) = Asked { kind, settings: started("node serve.js"), ..Asked::default() }.said(&react);
        assert_eq!((plan.profile.serving, plan.profile.output_dir.as_deref()), (Serving::Server, None));
        assert_eq!(commands(&plan).start.as_deref(), Some("node serve.js"));
        if let Some(dockerfile) = plan.build.artifacts.iter().find(|artifact| artifact.path == "Dockerfile") {
            assert!(dockerfile.content.contains("serve.js") && !dockerfile.content.contains("caddy"));
        }
        // What is only said again changes nothing.
        let (plan, _) = Asked { kind, settings: started("npx vite preview"), ..Asked::default() }.said(&react);
        assert_eq!((plan.profile.serving, commands(&plan).start), (Serving::Static, None));
        let pages = profile_of("static-plain");
        let (plan, _) = Asked { kind, settings: started("./serve"), ..Asked::default() }.said(&pages);
        assert_eq!(commands(&plan).start.as_deref(), Some("./serve"));
    }
}

#[test]
fn a_dockerfile_above_an_app_is_built_from_where_it_lies() {
    let dockerfile = |path: &str| Some(path.to_owned());
    let below = AppProfile { path: "src/web".to_owned(), ..profiles::express() };
    let above = AppProfile { dockerfile: dockerfile("Dockerfile"), ..below.clone() };
    assert_eq!(Asked::default().said(&above).0.build.context, ".");
    let inside = AppProfile { dockerfile: dockerfile("src/web/Dockerfile"), ..below };
    assert_eq!(Asked::default().said(&inside).0.build.context, "src/web");
}

#[test]
fn each_driver_gets_the_address_that_it_takes() {
    let url = |service: &str, driver: &str| {
        let app = profiles::of("java", "java -jar a.jar").framework("spring-boot").needs(&[service], &[], &[]);
        let (plan, _) = Asked::default().said(&app.depends(&[driver]));
        match value(&plan, "SPRING_DATASOURCE_URL") {
            Some(EnvValue::Plain(url)) => url.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(url("mariadb", "org.mariadb.jdbc:mariadb-java-client"), "jdbc:mariadb://mariadb:3306/app");
    assert_eq!(url("mariadb", "com.mysql:mysql-connector-j"), "jdbc:mysql://mariadb:3306/app");
    assert_eq!(url("mysql", "com.mysql:mysql-connector-j"), "jdbc:mysql://mysql:3306/app");
    assert_eq!(url("mysql", "org.mariadb.jdbc:mariadb-java-client"), "jdbc:mariadb://mysql:3306/app");
}

#[test]
fn mails_are_kept_where_an_app_is_developed_and_sent_by_others_elsewhere() {
    let app = profiles::express().needs(&["mailpit"], &["SMTP_HOST", "SMTP_PORT"], &["SMTP_HOST"]);
    let planned = |environment| {
        let key = AppKey { project: ProjectId::from("p"), app: app.name.clone(), environment };
        let (plan, missing) = plan(&PlanInput {
            key: &key,
            context: Context::new("shop"),
            target: &TargetRef { kind: TargetKind::Docker, host: None },
            source: &Source::Folder,
            profile: &app,
            settings: &Settings::default(),
            set: &BTreeMap::new(),
            secrets: &BTreeSet::new(),
            port: None,
        })
        .unwrap();
        let told = left_to_others(&plan, Templates::embedded()).unwrap();
        (plan, missing, told.into_iter().map(|one| one.says).collect::<Vec<_>>().join("\n"))
    };
    let (plan, missing, told) = planned(Environment::Development);
    assert_eq!(value(&plan, "SMTP_HOST"), Some(&EnvValue::Plain("mailpit".to_owned())));
    assert_eq!((plan.services.len(), plan.services[0].volumes.len()), (1, 0));
    assert!(missing.is_empty() && told.is_empty(), "{missing:?} {told}");
    let (plan, missing, told) = planned(Environment::Production);
    assert_eq!((plan.services, missing), (Vec::new(), vec!["SMTP_HOST".to_owned()]));
    assert!(told.contains("a mail server") && told.contains("SMTP_HOST, SMTP_PORT"), "{told}");
}

#[test]
fn what_is_called_after_aws_is_for_aws_where_minio_has_names_of_its_own() {
    let given = |env: &[&str]| {
        let (plan, _) = Asked::default().said(&profiles::express().needs(&["minio"], env, &[]));
        value(&plan, "AWS_ACCESS_KEY_ID").cloned()
    };
    assert_eq!(given(&["AWS_ACCESS_KEY_ID", "MINIO_ENDPOINT"]), Some(EnvValue::Plain("app".to_owned())));
    assert_eq!(given(&["AWS_ACCESS_KEY_ID", "MINIO_ACCESS_KEY", "MINIO_ENDPOINT"]), None);
}
