//! Variables that bundlers write into what they make: given to builds wherever one is, and to nothing that runs.

use std::collections::BTreeMap;

use wharf::generate::{Order, Templates, kinds};
use wharf::model::{AppProfile, Settings};

use crate::support::docker::{self, Turn};
use crate::support::http;
use crate::support::images::base_images;
use crate::support::profiles::{self, With as _};
use crate::support::wharf::{ROOT, Wharf};

const NAME: &str = "VITE_API_URL";
const OTHER: &str = "SHOP_REGION";

/// An app that serves pages and reads a variable of its own besides.
fn app() -> AppProfile {
    let app = profiles::of("node", "npx react-router-serve build/server/index.js");
    let app = app.framework("react-router").manager("npm", "npm ci").build("npm run build").runtime("22", 3000);
    let env = vec![OTHER.to_owned(), NAME.to_owned()];
    AppProfile { env, build_env: vec![NAME.to_owned()], ..app }
}

fn all(app: &AppProfile) -> BTreeMap<String, String> {
    let wanted = kinds(Templates::embedded()).unwrap().iter().map(|kind| kind.name.clone()).collect();
    let made = Order::new("shop", &[app], &Settings::default()).artifacts(&wanted).unwrap();
    made.into_iter().map(|file| (file.path, file.content)).collect()
}

fn lines<'a>(text: &'a str, part: &str) -> Vec<&'a str> {
    text.lines().map(str::trim).filter(|line| line.contains(part)).collect()
}

#[test]
fn builds_get_them_and_nothing_that_runs() {
    let files = all(&app());
    let dockerfile = &files["Dockerfile"];
    let (argument, build) = (dockerfile.find("ARG VITE_API_URL\n").unwrap(), dockerfile.find("npm run build").unwrap());
    assert!(argument < build && dockerfile[..build].rfind("FROM ") < Some(argument), "{dockerfile}");
    assert_eq!(lines(dockerfile, NAME).len(), 1, "{dockerfile}");
    assert!(files["compose.production.yaml"].contains("      args:\n        VITE_API_URL:\n"));
    assert_eq!(lines(&files["compose.production.yaml"], NAME).len(), 1);
    assert!(files[".env.example"].contains("no secrets. After a change build the images anew.\n# VITE_API_URL=\n"));
    assert_eq!(lines(&files[".env.example"], NAME).len(), 1);
    let github = &files[".github/workflows/deploy.yml"];
    assert!(github.contains("${{ vars.VITE_API_URL && format('VITE_API_URL={0}', vars.VITE_API_URL) }}"), "{github}");
    assert!(files[".gitlab-ci.yml"].contains("--build-arg VITE_API_URL"));
    assert!(files["Jenkinsfile"].contains("--build-arg VITE_API_URL"));
    // What deploys may build; nothing else that belongs to a cloud or cluster knows the name.
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("infra/") || path.starts_with("k8s/")) {
        let builds = path.ends_with("deploy.sh") && ["docker build", "acr build"].iter().any(|it| text.contains(it));
        assert_eq!(text.contains(NAME), builds, "{path}: {text}");
        assert!(
            !builds || text.contains("--build-arg VITE_API_URL") || text.contains("--build-arg \"VITE_API_URL="),
            "{path}: {text}"
        );
    }
    assert!(files.iter().any(|(path, text)| path.starts_with("k8s/") && text.contains(OTHER)));
}

#[test]
fn one_that_a_build_needs_is_asked_for() {
    let files = all(&AppProfile { required_env: vec![NAME.to_owned()], ..app() });
    assert!(lines(&files["compose.production.yaml"], NAME)[0].contains("${VITE_API_URL:?"));
    assert!(!lines(&files[".env.example"], NAME)[0].starts_with('#'));
}

/// The value is in what browsers load, another one after it was changed, and no secret is.
#[test]
fn a_deployment_builds_with_the_values_of_its_environment() {
    let wharf = Wharf::new();
    let folder = "tests/fixtures/stacks/node/react";
    let images = base_images(&wharf, &std::path::Path::new(ROOT).join(folder));
    if !docker::ready(&images.iter().map(String::as_str).collect::<Vec<_>>()) {
        return;
    }
    let project = wharf.copy(folder, "project");
    for value in ["https://api.example.com/one", "https://api.example.com/two"] {
        let setting = format!("{NAME}={value}");
        let told = {
            let _turn = Turn::take();
            wharf.json(&["deploy", project.to_str().unwrap(), "--target", "docker", "--set", &setting])
        };
        assert_eq!(told["status"], "healthy", "{told:#}");
        let url = told["url"].as_str().unwrap();
        let page = http::get(url, "/").unwrap().body;
        let script = page.split('"').find(|part| part.starts_with("/assets/") && part.contains(".js")).unwrap();
        let script = http::get(url, script).unwrap().body;
        assert!(script.contains(value), "{value} is not in the script");
    }
}
