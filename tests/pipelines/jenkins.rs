//! The Jenkinsfile.

use wharf::model::{AppProfile, Environment, Settings, Trigger};

use super::{HOSTILE, files, named, on_versions, part, triggered, whole};

fn jenkinsfile(apps: &[&AppProfile], settings: &Settings) -> String {
    files("jenkins", "shop", apps, settings).remove("Jenkinsfile").unwrap()
}

/// The names of all stages, in their order.
fn stages(text: &str) -> Vec<&str> {
    text.split("stage('").skip(1).map(|rest| rest.split("')").next().unwrap()).collect()
}

#[test]
fn each_change_is_linted_tested_and_built_with_its_services() {
    let text = jenkinsfile(&[&whole()], &Settings::default());
    let expected = [
        "Check",
        "Services",
        "web",
        "Install web",
        "Lint web",
        "Test web",
        "Build web",
        "Known vulnerabilities",
        "Image of web",
        "Deploy to staging",
        "Deploy to production",
        "Roll back staging",
        "Roll back production",
    ];
    assert_eq!(stages(&text), expected);
    for command in ["npm ci", "npm run lint", "npm test", "npm run build"] {
        assert!(text.contains(&format!("sh '{command}'\n")), "{text}");
    }
    assert!(text.contains("image 'node:20-bookworm'") && text.contains("--network ${env.NETWORK}"), "{text}");
    assert!(text.contains(r#"--env POSTGRES_PASSWORD=\'\'"$FOR_THIS_RUN"\'\'"#), "{text}");
    let connection = r#"DATABASE_URL = "postgresql://app:${env.FOR_THIS_RUN}@postgres:5432/app""#;
    assert!(text.contains(connection), "{text}");
    assert!(text.contains("--severity CRITICAL --ignore-unfixed --exit-code 1") && text.contains("docker push"));
}

#[test]
fn environments_differ_in_what_begins_a_deployment_and_in_who_is_asked() {
    let text = jenkinsfile(&[&whole()], &Settings::default());
    assert!(text.contains("sh infra/ssh/deploy.sh \"$ENVIRONMENT\" \"$VERSION\"\n"), "{text}");
    let stage = |text: &str, name: &str| {
        let rest = text.split(&format!("stage('{name}')")).nth(1).unwrap();
        rest.split("stage('").next().unwrap().to_owned()
    };
    let (staging, production) = (stage(&text, "Deploy to staging"), stage(&text, "Deploy to production"));
    assert!(staging.contains("branch 'main'") && !staging.contains("input {"), "{staging}");
    assert!(production.contains("buildingTag()") && production.contains("input {"), "{production}");
    assert!(production.contains("deploy('production', env.GIT_COMMIT)"), "{production}");
    assert!(stage(&text, "Roll back production").contains("deploy('production', params.ROLLBACK_TO)"));
    let often = triggered(Environment::Production, &[Trigger::Schedule, Trigger::PullRequest], false);
    let text = jenkinsfile(&[&whole()], &often);
    let production = stage(&text, "Deploy to production");
    assert!(production.contains("triggeredBy 'TimerTrigger'") && production.contains("changeRequest()"), "{text}");
    assert!(text.contains("cron('H 3 * * *')") && !production.contains("input {"), "{text}");
}

#[test]
fn who_is_asked_keeps_no_executor_and_two_tags_wait_for_each_other() {
    let text = jenkinsfile(&[&whole()], &Settings::default());
    assert!(text.contains("\n    agent none\n"), "{text}");
    let asked = text.split("stage('Deploy to production')").nth(1).unwrap().split("stage('").next().unwrap();
    // Input comes before the agent of its own stage, and so does what says whether there is any.
    assert!(asked.contains("beforeAgent true") && asked.contains("agent { label 'docker' }"), "{asked}");
    assert!(text.contains("lock(\"shop-${environment}\")") && text.contains("Lockable\n// Resources"), "{text}");
    let end = text.rsplit("stage('Roll back production')").next().unwrap();
    assert!(!end.contains("\n    post {"), "what has no agent can run nothing: {end}");
}

#[test]
fn services_run_where_tests_need_them() {
    let untested = AppProfile { test_command: None, ..whole() };
    let text = jenkinsfile(&[&untested], &Settings::default());
    assert!(!text.contains("stage('Services')") && !text.contains("NETWORK"), "{text}");
    let other = AppProfile { test_command: None, services: vec!["redis".to_owned()], ..part("web") };
    let text = jenkinsfile(&[&part("api"), &other], &Settings::default());
    assert!(text.contains("--network-alias postgres") && !text.contains("--network-alias redis"), "{text}");
}

#[test]
fn several_apps_have_stages_each_which_others_changes_do_not_concern() {
    let text = jenkinsfile(&[&part("api"), &part("web")], &Settings::default());
    assert_eq!(text.matches("changeset 'apps/web/**'").count(), 2, "{text}");
    assert!(text.contains("dir('apps/web')"), "{text}");
}

#[test]
fn reports_of_tests_are_taken_where_there_are_any() {
    let app = AppProfile { stack: "java".to_owned(), package_manager: Some("maven".to_owned()), ..whole() };
    assert!(
        jenkinsfile(&[&app], &Settings::default()).contains("junit allowEmptyResults: true, testResults: '**/target/")
    );
    assert!(!jenkinsfile(&[&whole()], &Settings::default()).contains("junit"));
}

#[test]
fn tests_run_on_each_version_that_is_asked_for() {
    let text = jenkinsfile(&[&whole()], &on_versions());
    for version in ["20", "22"] {
        assert!(text.contains(&format!("stage('web on {version}')")), "{text}");
        assert!(text.contains(&format!("image 'node:{version}-bookworm'")), "{text}");
        assert!(text.contains(&format!("stage('Test web on {version}')")), "{text}");
    }
    assert!(!text.contains("stage('web')"), "{text}");
}

#[test]
fn hostile_names_stay_text() {
    for name in HOSTILE.into_iter().chain(["'; evil() // \\u0027 \\u000a evil()", "\"${evil()}\""]) {
        let text = &files("jenkins", name, &[&named(name), &part("other")], &Settings::default())["Jenkinsfile"];
        // Without its strings and comments nothing of the name is left.
        let mut code = String::new();
        let mut in_block = false;
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // Commands on lines of their own have nothing of a project.
            if line.ends_with("'''") || in_block {
                in_block ^= line.ends_with("'''");
                code.push_str(line);
                continue;
            }
            let mut quote = None;
            let mut letters = line.chars();
            while let Some(c) = letters.next() {
                match quote {
                    Some(_) if c == '\\' => drop(letters.next()),
                    Some(open) if c == open => quote = None,
                    Some(_) => {}
                    None if c == '\'' || c == '"' => quote = Some(c),
                    None => code.push(c),
                }
            }
            assert_eq!(quote, None, "{line}");
        }
        assert!(!code.contains("evil") && !code.contains("touch") && !code.contains("secrets"), "{code}");
    }
}
