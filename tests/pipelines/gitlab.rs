//! `.gitlab-ci.yml`.

use wharf::model::{AppProfile, Environment, Settings, Trigger};
use yaml_serde::Value;

use super::{HOSTILE, files, named, on_versions, part, read, triggered, whole};

fn pipeline(apps: &[&AppProfile], settings: &Settings) -> Value {
    read(&files("gitlab", "shop", apps, settings)[".gitlab-ci.yml"])
}

/// The rules of a job that let it into a pipeline: condition and how it starts.
fn rules(job: &Value) -> Vec<(&str, &str)> {
    let rules = job["rules"].as_sequence().unwrap().iter();
    rules
        .map(|rule| (rule["if"].as_str().unwrap_or_default(), rule["when"].as_str().unwrap_or("on_success")))
        .filter(|rule| rule.1 != "never")
        .collect()
}

fn script(job: &Value) -> String {
    let lines = job["script"].as_sequence().unwrap().iter().map(|line| line.as_str().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_change_is_linted_tested_and_built_with_its_services() {
    let ci = pipeline(&[&whole()], &Settings::default());
    assert_eq!(script(&ci["lint-web"]), "npm run lint");
    assert_eq!(script(&ci["build-web"]), "npm run build");
    let test = &ci["test-web"];
    assert_eq!(script(test), "npm test");
    let service = &test["services"][0];
    assert_eq!((service["name"].as_str(), service["alias"].as_str()), (Some("postgres:16-bookworm"), Some("postgres")));
    assert_eq!(service["variables"]["POSTGRES_PASSWORD"].as_str(), Some("$CI_COMMIT_SHA"));
    assert_eq!(test["variables"]["DATABASE_URL"].as_str(), Some("postgresql://app:$CI_COMMIT_SHA@postgres:5432/app"));
    let base = &ci[".web"];
    assert_eq!(base["before_script"][0].as_str(), Some("npm ci"));
    assert_eq!(base["cache"]["key"]["files"][0].as_str(), Some("package-lock.json"));
    assert_eq!(base["cache"]["paths"][0].as_str(), Some(".cache/npm"));
    assert!(script(&ci["scan-web"]).contains("--severity CRITICAL --ignore-unfixed --exit-code 1"));
    assert!(ci["scan-web"]["artifacts"]["reports"]["container_scanning"].is_string());
    assert!(script(&ci["image-web"]).contains("docker push"));
    assert!(script(&ci["dependencies"]).contains("trivy fs"));
    assert!(!files("gitlab", "shop", &[&whole()], &Settings::default())[".gitlab-ci.yml"].contains(":latest"));
}

#[test]
fn environments_differ_in_what_begins_a_deployment_and_in_who_is_asked() {
    let ci = pipeline(&[&whole()], &Settings::default());
    let branch = "$CI_PIPELINE_SOURCE == \"push\" && $CI_COMMIT_BRANCH == $DELIVERED_BRANCH";
    let web = |environment| format!("$CI_PIPELINE_SOURCE == \"web\" && $DEPLOY_TO == \"{environment}\"");
    let (staging, production) = (web("staging"), web("production"));
    assert_eq!(rules(&ci["deploy-staging"]), [(branch, "on_success"), (&staging, "on_success")]);
    assert_eq!(rules(&ci["deploy-production"]), [("$CI_COMMIT_TAG", "manual"), (&production, "manual")]);
    for name in ["staging", "production"] {
        let deploy = &ci[format!("deploy-{name}").as_str()];
        assert_eq!(deploy["environment"]["name"].as_str(), Some(name));
        assert_eq!(deploy["resource_group"].as_str(), Some(name));
        let back = &ci[format!("rollback-{name}").as_str()];
        let [asked, run] = back["script"].as_sequence().unwrap().as_slice() else { panic!("{back:?}") };
        assert!(asked.as_str().unwrap().contains("${ROLLBACK_TO:?"), "{asked:?}");
        assert_eq!(run.as_str().unwrap(), format!("sh infra/ssh/deploy.sh {name} \"$ROLLBACK_TO\""));
        // It waits beside every pipeline of the branch, and nobody is asked for what only it needs.
        assert_eq!(rules(back), [("$CI_COMMIT_BRANCH == $DELIVERED_BRANCH", "manual")]);
        assert_eq!(back["rules"][0]["allow_failure"].as_bool(), Some(true));
    }
    assert!(ci["variables"].get("ROLLBACK_TO").is_none());
    assert!(ci.get("deploy-development").is_none());

    let often = triggered(Environment::Production, &[Trigger::Schedule, Trigger::PullRequest], false);
    let ci = pipeline(&[&whole()], &often);
    let expected = [
        ("$CI_PIPELINE_SOURCE == \"schedule\"", "on_success"),
        ("$CI_PIPELINE_SOURCE == \"merge_request_event\"", "on_success"),
    ];
    assert_eq!(rules(&ci["deploy-production"]), expected);
    assert!(ci.get("release-web").is_none());
}

#[test]
fn several_apps_have_jobs_each_which_others_changes_do_not_concern() {
    let ci = pipeline(&[&part("api"), &part("web")], &Settings::default());
    let changes = ci[".web"]["rules"].as_sequence().unwrap().last().unwrap();
    assert_eq!(changes["changes"]["paths"][0].as_str(), Some("apps/web/**/*"));
    assert_eq!(ci[".web"]["before_script"][0].as_str(), Some("cd apps/web"));
    assert_eq!(ci["deploy-staging"]["needs"].as_sequence().unwrap().len(), 9);
}

#[test]
fn reports_of_tests_are_taken_where_there_are_any() {
    let app = AppProfile { stack: "java".to_owned(), package_manager: Some("maven".to_owned()), ..whole() };
    let ci = pipeline(&[&app], &Settings::default());
    assert!(ci["test-web"]["artifacts"]["reports"]["junit"][0].as_str().unwrap().contains("surefire"));
    assert!(pipeline(&[&whole()], &Settings::default())["test-web"].get("artifacts").is_none());
}

#[test]
fn tests_run_on_each_version_that_is_asked_for() {
    let ci = pipeline(&[&whole()], &on_versions());
    let test = &ci["test-web"];
    assert_eq!(test["image"].as_str(), Some("$IMAGE"));
    let images = test["parallel"]["matrix"][0]["IMAGE"].as_sequence().unwrap();
    let images: Vec<&str> = images.iter().filter_map(Value::as_str).collect();
    assert_eq!(images, ["node:20-bookworm", "node:22-bookworm"]);
}

#[test]
fn hostile_names_stay_text() {
    for name in HOSTILE {
        let app = named(name);
        let made = files("gitlab", name, &[&app, &part("other")], &Settings::default());
        let ci = read(&made[".gitlab-ci.yml"]);
        let jobs = ci.as_mapping().unwrap().iter();
        let lint = jobs.filter(|(key, _)| key.as_str().unwrap().starts_with("lint-")).map(|(_, job)| job);
        let lint: Vec<String> = lint.map(script).collect();
        assert!(lint.iter().any(|line| line.trim_end() == name.trim_end()), "{lint:?}");
        assert_eq!(lint.len(), 2);
    }
}

#[test]
fn it_says_what_no_mask_can_hide_and_what_is_protected() {
    let text = &files("gitlab", "shop", &[&whole()], &Settings::default())[".gitlab-ci.yml"];
    assert!(text.contains("# - protected, of the type File, as what has several lines cannot be masked: DEPLOY_KEY\n"));
    assert!(!text.contains("masked and protected DEPLOY_KEY"), "{text}");
    assert!(text.contains("protected branches and tags alone: main and v*, in Settings, Repository"), "{text}");
}
