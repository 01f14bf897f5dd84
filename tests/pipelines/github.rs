//! The workflows of GitHub Actions.

use wharf::model::{AppProfile, Environment, Settings, Trigger};
use yaml_serde::Value;

use super::{HOSTILE, files, named, on_versions, part, read, triggered, whole};
use crate::support::profiles;

const CI: &str = ".github/workflows/ci.yml";
const DEPLOY: &str = ".github/workflows/deploy.yml";
const ROLLBACK: &str = ".github/workflows/rollback.yml";

fn jobs(workflow: &Value) -> Vec<&str> {
    workflow["jobs"].as_mapping().unwrap().keys().map(|key| key.as_str().unwrap()).collect()
}

/// The commands of a job's steps, by their names.
fn runs(job: &Value) -> Vec<(&str, &str)> {
    let steps = job["steps"].as_sequence().unwrap().iter();
    steps.filter_map(|step| Some((step["name"].as_str()?, step["run"].as_str()?))).collect()
}

#[test]
fn each_change_is_linted_tested_and_built_with_its_services() {
    let app = whole();
    let made = files("github", "shop", &[&app], &Settings::default());
    let ci = read(&made[CI]);
    assert_eq!(jobs(&ci), ["test-web", "image-web", "dependencies", "result"]);
    let test = &ci["jobs"]["test-web"];
    let expected = [("Install", "npm ci"), ("Lint", "npm run lint"), ("Test", "npm test"), ("Build", "npm run build")];
    assert_eq!(runs(test), expected);
    let postgres = &test["services"]["postgres"];
    assert_eq!(postgres["image"].as_str(), Some("postgres:16-bookworm"));
    assert!(postgres["options"].as_str().unwrap().contains("--health-cmd \"pg_isready"));
    let password = postgres["env"]["POSTGRES_PASSWORD"].as_str().unwrap();
    assert_eq!(password, "ci-${{ github.run_id }}");
    assert_eq!(
        test["env"]["DATABASE_URL"].as_str(),
        Some(format!("postgresql://app:{password}@127.0.0.1:5432/app").as_str())
    );
    assert!(test["env"]["SESSION_SECRET"].as_str().unwrap().contains("github.run_id"));
    let node = test["steps"]
        .as_sequence()
        .unwrap()
        .iter()
        .find(|step| step["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/setup-node@")));
    assert_eq!(node.unwrap()["with"]["cache"].as_str(), Some("npm"));
    assert!(runs(&ci["jobs"]["image-web"]).iter().any(|(_, run)| run.contains("--severity CRITICAL")));
    assert!(made[CI].contains("GITHUB_STEP_SUMMARY"));
}

#[test]
fn every_action_is_pinned_and_nothing_may_more_than_it_needs() {
    let app = whole();
    for (path, text) in files("github", "shop", &[&app], &Settings::default()) {
        if !path.starts_with(".github") {
            continue;
        }
        let workflow = read(&text);
        assert!(workflow["permissions"].as_mapping().unwrap().is_empty(), "{path}");
        for line in text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: ")) {
            let (action, version) = line.split_once(" # ").unwrap_or((line, ""));
            let pinned =
                action.split_once('@').is_some_and(|(_, commit)| commit.len() == 40) && version.starts_with('v');
            assert!(pinned || action == "./.github/workflows/ci.yml", "{path}: {line}");
        }
        for (name, job) in workflow["jobs"].as_mapping().unwrap() {
            assert!(job["uses"].is_string() || job["timeout-minutes"].is_number(), "{path} {name:?}");
            assert!(job["permissions"].is_mapping(), "{path} {name:?}");
            let writes = job["permissions"]["packages"].as_str() == Some("write");
            assert_eq!(writes, path == DEPLOY && name.as_str().unwrap().starts_with("image-"), "{path} {name:?}");
        }
    }
}

#[test]
fn environments_differ_in_what_begins_a_deployment_and_in_who_is_asked() {
    let app = whole();
    let deploy = read(&files("github", "shop", &[&app], &Settings::default())[DEPLOY]);
    assert_eq!(jobs(&deploy), ["checks", "image-web", "deploy-staging", "deploy-production"]);
    let begun = |name: &str| deploy["jobs"][name]["if"].as_str().unwrap().to_owned();
    assert!(begun("deploy-staging").contains("ref_type == 'branch'") && !begun("deploy-staging").contains("'tag'"));
    assert!(
        begun("deploy-production").contains("ref_type == 'tag'") && !begun("deploy-production").contains("'branch'")
    );
    let asks = |job: &Value| runs(job).iter().any(|(_, run)| run.contains("required_reviewers"));
    assert!(!asks(&deploy["jobs"]["deploy-staging"]) && asks(&deploy["jobs"]["deploy-production"]));
    let on = &deploy["on"];
    assert_eq!(on["push"]["tags"][0].as_str(), Some("v*"));
    assert!(on.get("schedule").is_none() && on.get("pull_request").is_none());
    assert_eq!(on["workflow_dispatch"]["inputs"]["environment"]["options"].as_sequence().unwrap().len(), 2);
    let needs = deploy["jobs"]["deploy-production"]["needs"].as_sequence().unwrap();
    assert_eq!(needs.last().unwrap().as_str(), Some("deploy-staging"));
    for name in ["deploy-staging", "deploy-production"] {
        let job = &deploy["jobs"][name];
        assert_eq!(job["concurrency"]["cancel-in-progress"].as_bool(), Some(false));
        assert!(runs(job).iter().any(|(_, run)| run.contains("infra/ssh/deploy.sh")), "{name}");
    }

    let often = triggered(Environment::Production, &[Trigger::Schedule, Trigger::PullRequest], false);
    let made = files("github", "shop", &[&app], &often);
    let deploy = read(&made[DEPLOY]);
    assert!(deploy["on"]["schedule"][0]["cron"].is_string() && deploy["on"].get("pull_request").is_some());
    assert!(deploy["on"]["push"].get("tags").is_none());
    assert!(!asks(&deploy["jobs"]["deploy-production"]));
    assert!(deploy["jobs"]["deploy-production"]["if"].as_str().unwrap().contains("head.repo.full_name"));
    // Who deploys a proposed change checks it too: once is enough.
    assert!(read(&made[CI])["on"].get("pull_request").is_none());
}

#[test]
fn an_environment_is_brought_back_by_hand() {
    let app = whole();
    let made = files("github", "shop", &[&app], &Settings::default());
    let rollback = read(&made[ROLLBACK]);
    assert_eq!(jobs(&rollback), ["staging", "production"]);
    assert_eq!(rollback["on"].as_mapping().unwrap().len(), 1);
    let steps = runs(&rollback["jobs"]["production"]);
    assert!(steps.iter().any(|(_, run)| *run == "sh infra/ssh/deploy.sh production \"$VERSION\""), "{steps:?}");
    assert!(made.contains_key("infra/ssh/deploy.sh") && made.contains_key("compose.production.yaml"));
    let none = [Environment::Staging, Environment::Production].map(|environment| triggered(environment, &[], false));
    let [mut none, more] = none;
    none.environments.extend(more.environments);
    let made = files("github", "shop", &[&app], &none);
    assert!(made.contains_key(CI) && !made.contains_key(DEPLOY) && !made.contains_key(ROLLBACK));
    assert!(read(&made[CI])["on"].get("push").is_some());
}

#[test]
fn several_apps_have_a_job_each_which_others_changes_do_not_concern() {
    let (api, web) = (part("api"), part("web"));
    let ci = read(&files("github", "shop", &[&api, &web], &Settings::default())[CI]);
    let expected = ["changes", "test-api", "image-api", "test-web", "image-web", "dependencies", "result"];
    assert_eq!(jobs(&ci), expected);
    let changes = ci["jobs"]["changes"]["steps"][1]["run"].as_str().unwrap();
    assert!(changes.contains("concerns api ':(exclude,literal)apps/web'\n"), "{changes}");
    let test = &ci["jobs"]["test-web"];
    assert_eq!(test["if"].as_str(), Some("needs.changes.outputs['web'] == 'true'"));
    assert_eq!(test["defaults"]["run"]["working-directory"].as_str(), Some("apps/web"));
    let needs = ci["jobs"]["result"]["needs"].as_sequence().unwrap();
    assert_eq!(needs.len(), expected.len() - 1);
}

#[test]
fn what_has_no_action_of_its_own_is_tested_in_its_image() {
    let app = AppProfile {
        test_command: Some("mix test".to_owned()),
        services: vec!["postgres".to_owned()],
        ..profiles::of("elixir", "mix run --no-halt")
    };
    let ci = read(&files("github", "shop", &[&app], &Settings::default())[CI]);
    let test = &ci["jobs"]["test-web"];
    assert!(test["container"].as_str().unwrap().starts_with("elixir:"));
    // Beside each other in a network, services are reached by name.
    assert!(test["env"]["DATABASE_URL"].as_str().unwrap().contains("@postgres:5432"));
    assert!(test["services"]["postgres"].get("ports").is_none());
}

#[test]
fn a_service_is_started_as_it_asks() {
    let app = AppProfile { services: vec!["minio".to_owned(), "mailpit".to_owned()], ..whole() };
    let made = files("github", "shop", &[&app], &Settings::default());
    let services = &read(&made[CI])["jobs"]["test-web"]["services"];
    assert_eq!(services["minio"]["command"].as_str(), Some("minio server /data --console-address :9001"));
    assert!(services.get("mailpit").is_none(), "tests are judged as production is");
}

#[test]
fn tests_run_on_each_version_that_is_asked_for() {
    let of = |app: &AppProfile| read(&files("github", "shop", &[app], &on_versions())[CI])["jobs"]["test-web"].clone();
    let listed = |value: &Value| -> Vec<String> {
        value.as_sequence().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let node = of(&whole());
    assert_eq!(listed(&node["strategy"]["matrix"]["version"]), ["20", "22"]);
    assert_eq!(node["strategy"]["fail-fast"].as_bool(), Some(false));
    let set_up = |step: &&Value| step["with"]["node-version"].as_str() == Some("${{ matrix.version }}");
    assert_eq!(node["steps"].as_sequence().unwrap().iter().filter(set_up).count(), 1);
    let swift = of(&AppProfile { stack: "swift".to_owned(), ..whole() });
    assert_eq!(swift["container"].as_str(), Some("${{ matrix.image }}"));
    assert_eq!(listed(&swift["strategy"]["matrix"]["image"]), ["swift:20", "swift:22"]);
}

#[test]
fn hostile_names_stay_text() {
    for name in HOSTILE {
        let app = named(name);
        for (path, text) in files("github", name, &[&app, &part("other")], &Settings::default()) {
            assert!(text.lines().all(|line| !line.starts_with("  - c")), "{path}: {text}");
            if !path.starts_with(".github") {
                continue;
            }
            let workflow = read(&text);
            let secrets = text.matches("secrets.DEPLOY_KEY }}").count();
            let meant = text.matches("DEPLOY_KEY: ${{ secrets.DEPLOY_KEY }}").count();
            let harmless = text.matches("${{ '${{' }} secrets.DEPLOY_KEY }}").count()
                + text
                    .lines()
                    .filter(|line| line.trim_start().starts_with('#') && line.contains("DEPLOY_KEY }}"))
                    .count();
            assert_eq!(secrets, meant + harmless, "{path}: {text}");
            if path == CI {
                let job = &workflow["jobs"][jobs(&workflow)[1]];
                let lint = runs(job).into_iter().find(|(step, _)| *step == "Lint").unwrap().1.to_owned();
                assert_eq!(lint.replace("${{ '${{' }}", "${{").trim_end(), name.trim_end(), "{text}");
            }
        }
    }
}
