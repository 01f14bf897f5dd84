#![no_main]
//! Files of every kind that is checked before it is used.

use libfuzzer_sys::fuzz_target;
use wharf::validate::{check, check_all};

/// A name for each kind of file.
const PATHS: &[&str] = &["Dockerfile", "compose.yaml", "compose.production.yaml", ".dockerignore", ".env.example", ".github/workflows/ci.yml", ".gitlab-ci.yml", "Jenkinsfile", "infra/cloudformation/a.yaml", "infra/arm/a.json", "infra/a.bicep", "k8s/app.yaml", "k8s/kustomization.yaml", "infra/main.tf", "infra/a.tfvars", "infra/cloudformation/parameters/a.json", "infra/arm/parameters/a.json", "infra/bicep/a.bicep", "infra/deploy.sh", "chart/Chart.yaml", "chart/values.yaml", "chart/templates/app.yaml"];

fuzz_target!(|text: &str| {
    for path in PATHS {
        // YAML knows more ends of lines, and what lacks at the end is missed on the line behind it.
        let lines = 2 + text.matches(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
        assert!(check(path, text).iter().all(|fault| fault.line.is_none_or(|line| line <= lines)), "{path}");
    }
    // What files name in each other is looked for as well: all of them say the same here.
    let files = PATHS.iter().map(|path| ((*path).to_owned(), text.to_owned())).collect();
    let _ = check_all(&files);
});
