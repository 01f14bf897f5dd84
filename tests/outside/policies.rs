//! The policies of Checkov over everything that stands for infrastructure.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::findings::{Finding, settle};
use super::generated::{self, has_ending};
use super::kubernetes::MANIFESTS;
use super::tools::{ready, run, sample, tool};
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
    let groups: [(&str, Vec<PathBuf>); 7] = [
        ("terraform", terraform("-aws/")),
        ("terraform", terraform("-azure/")),
        ("terraform", terraform("-gcp/")),
        ("cloudformation", generated::paths(cloudformation::is_template)),
        ("arm", azure("json")),
        ("bicep", azure("bicep")),
        ("kubernetes", MANIFESTS.clone()),
    ];
    // Each takes a core for itself.
    let found = std::thread::scope(|scope| {
        let runs: Vec<_> = groups.iter().map(|(framework, of)| scope.spawn(move || checkov(framework, of))).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    settle("checkov", found);
}

#[test]
fn checkov_sees_what_is_unsafe() {
    if ready(&["checkov"]) {
        let found = checkov("terraform", &[sample("terraform/bad")]);
        assert!(found.iter().any(|finding| finding.rule == "CKV_AWS_24"), "{found:#?}");
        let found = checkov("kubernetes", &[sample("kubernetes/bad.yaml")]);
        assert!(found.iter().any(|finding| finding.rule == "CKV_K8S_16"), "{found:#?}");
    }
}

/// Checkov starts slowly, so everything of one framework is looked at in one go.
fn checkov(framework: &str, files: &[PathBuf]) -> Vec<Finding> {
    if files.is_empty() {
        return Vec::new();
    }
    let mut command = tool("checkov");
    command.args(["--framework", framework, "--skip-download", "--quiet", "--compact", "--output", "json"]);
    let (folders, files): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.is_dir());
    if !folders.is_empty() {
        command.arg("--directory").arg(in_one(&folders));
    }
    for file in files {
        command.arg("--file").arg(file);
    }
    let judged = run(&mut command);
    let report = judged.json();
    let reports = report.as_array().map_or_else(|| vec![report.clone()], Clone::clone);
    let checked = |report: &Value| {
        report["summary"]["passed"].as_u64().unwrap_or(0) + report["summary"]["failed"].as_u64().unwrap_or(0)
    };
    assert!(reports.iter().map(checked).sum::<u64>() > 0, "{framework}: nothing was looked at: {}", judged.stderr);
    let failed = reports.iter().flat_map(|report| report["results"]["failed_checks"].as_array().into_iter().flatten());
    let unread = reports.iter().flat_map(|report| report["results"]["parsing_errors"].as_array().into_iter().flatten());
    let unread = unread.map(|path| Finding::new("parse", path.as_str().unwrap(), 0, "it cannot be read"));
    let found = failed.map(|one| {
        let text = |key: &str| one[key].as_str().unwrap_or_default();
        let line = one["file_line_range"][0].as_u64().unwrap_or(0);
        let says = format!("{} ({})", text("check_name"), text("resource"));
        Finding::new(text("check_id"), text("file_abs_path"), line, &says)
    });
    found.chain(unread).collect()
}

/// Of several folders it looks at the first only, so they are copied into one, each below its own name.
fn in_one(folders: &[&PathBuf]) -> PathBuf {
    let name = folders[0].file_name().unwrap();
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("checkov").join(name);
    let _ = fs::remove_dir_all(&all);
    for (number, folder) in folders.iter().enumerate() {
        let to = all.join(number.to_string());
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    all
}
