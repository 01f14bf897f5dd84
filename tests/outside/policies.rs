//! The policies of Checkov over everything that stands for infrastructure.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::findings::{Finding, settle};
use super::generated::{self, has_ending};
use super::kubernetes::MANIFESTS;
use super::tools::{in_parallel, ready, run, sample, tool};
use super::{azure, cloudformation, terraform};

#[test]
fn checkov_finds_nothing_in_infrastructure() {
    if !ready(&["checkov", "helm", "kustomize"]) {
        return;
    }
    let terraform = |provider: &'static str| {
        generated::units(move |name| terraform::module(name).filter(|_| name.contains(provider)))
    };
    let azure =
        |ending: &'static str| generated::paths(move |name| azure::is_of_azure(name) && has_ending(name, ending));
    let groups: [(&str, &str, Vec<PathBuf>); 7] = [
        ("terraform", "aws", terraform("-aws")),
        ("terraform", "azure", terraform("-azure")),
        ("terraform", "gcp", terraform("-gcp")),
        ("cloudformation", "cloudformation", generated::paths(cloudformation::is_template)),
        ("arm", "azure-templates-arm", azure("json")),
        ("bicep", "azure-templates-bicep", azure("bicep")),
        ("kubernetes", "kubernetes", MANIFESTS.clone()),
    ];
    // It looks at each manifest beside each other, so few at a time are sooner done. All parts are as large: in a few files
    // there may be nothing that it knows.
    let jobs: Vec<(&str, String, &[PathBuf])> = groups
        .iter()
        .flat_map(|(framework, name, of)| {
            let parts = of.len().div_ceil(50).max(1);
            of.chunks(of.len().div_ceil(parts).max(1))
                .enumerate()
                .map(move |(number, some)| (*framework, format!("{name}-{number}"), some))
        })
        .collect();
    let found = in_parallel(&jobs, |(framework, name, some)| checkov(framework, name, some));
    settle("checkov", found);
}

#[test]
fn checkov_sees_what_is_unsafe() {
    if ready(&["checkov"]) {
        let found = checkov("terraform", "bad-terraform", &[sample("terraform/bad")]);
        assert!(found.iter().any(|finding| finding.rule == "CKV_AWS_24"), "{found:#?}");
        let found = checkov("kubernetes", "bad-kubernetes", &[sample("kubernetes/bad.yaml")]);
        assert!(found.iter().any(|finding| finding.rule == "CKV_K8S_16"), "{found:#?}");
    }
}

/// Checkov starts slowly, and looks at each folder that it is given after all before: so it gets one, with everything of
/// one framework.
fn checkov(framework: &str, name: &str, files: &[PathBuf]) -> Vec<Finding> {
    if files.is_empty() {
        return Vec::new();
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("policies").join(name);
    let _ = fs::remove_dir_all(&folder);
    for (number, file) in files.iter().enumerate() {
        copy(file, &folder.join(number.to_string()).join(generated::in_project(file)));
    }
    let mut command = tool("checkov");
    // Where things are built may lie below a folder like `.cache`, which it would leave out.
    command.env("CKV_IGNORE_HIDDEN_DIRECTORIES", "false");
    command.args(["--framework", framework, "--skip-download", "--quiet", "--compact", "--output", "json"]);
    let judged = run(command.arg("--directory").arg(&folder));
    let report = judged.json();
    let reports = report.as_array().map_or_else(|| vec![report.clone()], Clone::clone);
    let looked_at: u64 = reports.iter().filter_map(|report| report["summary"]["resource_count"].as_u64()).sum();
    assert!(looked_at > 0, "{framework}: nothing was looked at: {}{}", judged.stdout, judged.stderr);
    let of = |key: &'static str| {
        reports.iter().flat_map(move |report| report["results"][key].as_array().into_iter().flatten())
    };
    let unread = of("parsing_errors").map(|path| Finding::new("parse", path.as_str().unwrap(), 0, "it cannot be read"));
    let found = of("failed_checks").map(|one| {
        let text = |key: &str| one[key].as_str().unwrap_or_default();
        let line = one["file_line_range"][0].as_u64().unwrap_or(0);
        let says = format!("{} ({})", text("check_name"), text("resource"));
        Finding::new(text("check_id"), text("file_abs_path"), line, &says)
    });
    found.chain(unread).collect()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let text = fs::read(from).unwrap();
        fs::write(to, if azure::is_template(from) { listed(&text) } else { text }).unwrap();
    }
}

/// An ARM template with its resources in a list: Checkov does not see those that have names.
fn listed(template: &[u8]) -> Vec<u8> {
    let mut template: Value = serde_json::from_slice(template).unwrap();
    if let Some(resources) = template["resources"].as_object().cloned() {
        template["resources"] = resources.into_iter().map(|(_, resource)| resource).collect();
        template.as_object_mut().unwrap().remove("languageVersion");
    }
    serde_json::to_vec_pretty(&template).unwrap()
}
