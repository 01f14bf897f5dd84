//! Each file of pipelines and infrastructure as it was reviewed, for an app with tests, a database and a secret. What is
//! for development and staging differs in little, which tests of each kind tell.

use std::collections::BTreeSet;

use wharf::generate::{Order, Templates, kinds};
use wharf::model::{AppProfile, Settings};

use crate::support::profiles;

/// These have snapshots of their own, for more kinds of project.
const ELSEWHERE: [&str; 2] = ["docker", "compose"];

fn app() -> AppProfile {
    let command = |text: &str| Some(text.to_owned());
    AppProfile {
        check_install_command: command("npm ci"),
        lint_command: command("npm run lint"),
        test_command: command("npm test"),
        services: vec!["postgres".to_owned()],
        required_env: vec!["DATABASE_URL".to_owned(), "SESSION_SECRET".to_owned()],
        ..profiles::express()
    }
}

#[test]
fn every_file_is_as_reviewed() {
    let (app, settings) = (app(), Settings::default());
    let all = kinds(Templates::embedded()).unwrap();
    let seen: BTreeSet<&str> = ELSEWHERE.into_iter().collect();
    for kind in all.iter().filter(|kind| !seen.contains(kind.name.as_str())) {
        let made = Order::new("shop", &[&app], &settings).artifacts(&[kind.name.clone()].into()).unwrap();
        let own = made.iter().filter(|file| file.path != "Dockerfile" && file.path != ".dockerignore");
        let of_production = own.filter(|file| !file.path.contains("development") && !file.path.contains("staging"));
        for file in of_production {
            let path = file.path.trim_start_matches(['.', '/']).replace('/', "-");
            insta::with_settings!({ snapshot_path => format!("snapshots/{}", kind.name), prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(path, &file.content);
            });
        }
    }
}
