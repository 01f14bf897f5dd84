//! Manifests of Kubernetes, plain and as Kustomize and Helm render them, before kubernetes-validate, which has the schemas
//! of a release with it, and charts before helm's own lint.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::findings::{Finding, settle};
use super::generated::{self, Generated, has_ending};
use super::tools::{in_parallel, ready, run, sample, tool};

pub(super) fn is_of_kubernetes(name: &str) -> bool {
    name.split('/').any(|folder| matches!(folder, "k8s" | "kubernetes" | "helm" | "charts" | "kustomize"))
}

/// The folder of the chart or of the overlays that a file says to be one.
fn folder_with<'a>(name: &'a str, file: &str) -> Option<&'a str> {
    let (folder, found) = name.rsplit_once('/')?;
    (found == file).then_some(folder)
}

pub(super) fn chart(name: &str) -> Option<&str> {
    folder_with(name, "Chart.yaml")
}

/// What its bases and overlays lie in: that is read as one.
fn kustomized(name: &str) -> Option<&str> {
    folder_with(name, "kustomization.yaml")?;
    let top = name.split('/').next()?;
    Some(top)
}

/// Whether a file is a part of a chart or an overlay, and no manifest by itself.
fn is_rendered(file: &Generated) -> bool {
    let mut folders = file.name.match_indices('/').map(|(end, _)| file.project.join(&file.name[..end]));
    folders.any(|folder| folder.join("Chart.yaml").exists() || folder.join("kustomization.yaml").exists())
}

/// Files with whole manifests: what was rendered, and what was generated as it is.
pub(super) static MANIFESTS: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("manifests");
    let _ = fs::remove_dir_all(&folder);
    let mut made = rendered(&generated::units(chart), &generated::units(kustomized), &folder).unwrap_or_else(|found| {
        settle("rendering", found);
        Vec::new()
    });
    let plain = generated::files(|file| {
        let is_manifest = has_ending(&file.name, "yaml") || has_ending(&file.name, "yml");
        is_of_kubernetes(&file.name) && is_manifest && !is_rendered(file)
    });
    made.extend(plain.into_iter().map(|file| file.path.clone()));
    made
});

#[test]
fn manifests_follow_the_schemas() {
    if ready(&["kubernetes-validate", "helm", "kustomize"]) {
        let some: Vec<&[PathBuf]> = MANIFESTS.chunks(50).collect();
        settle("kubernetes-validate", in_parallel(&some, |some| validate(some)));
    }
}

#[test]
fn helm_finds_nothing_in_charts() {
    if ready(&["helm"]) {
        settle("helm", generated::units(chart).iter().flat_map(|chart| lint(chart)).collect());
    }
}

#[test]
fn bad_manifests_are_seen() {
    if ready(&["kubernetes-validate", "helm", "kustomize"]) {
        assert!(validate(&[sample("kubernetes/good.yaml")]).is_empty());
        assert_eq!(validate(&[sample("kubernetes/bad.yaml")]).len(), 1);
        assert!(lint(&sample("helm/good")).is_empty());
        assert!(!lint(&sample("helm/bad")).is_empty());
        let folder = tempfile::tempdir().unwrap();
        let made = rendered(&[sample("helm/good")], &[sample("kustomize/good")], folder.path()).unwrap();
        assert_eq!(made.len(), 3, "{made:?}");
        assert!(validate(&made).is_empty());
        assert!(rendered(&[sample("helm/bad")], &[], folder.path()).is_err());
        assert!(rendered(&[], &[sample("kustomize/bad")], folder.path()).is_err());
    }
}

fn validate(files: &[PathBuf]) -> Vec<Finding> {
    if files.is_empty() {
        return Vec::new();
    }
    let judged = run(tool("kubernetes-validate").args(["--strict", "--quiet"]).args(files));
    let said = judged.stdout.lines().chain(judged.stderr.lines()).filter(|line| !line.trim().is_empty());
    let found: Vec<Finding> =
        said.map(|line| Finding::new("schema", line.split(' ').nth(1).unwrap_or(""), 0, line)).collect();
    assert!(judged.passed || !found.is_empty(), "it failed and said nothing");
    found
}

/// The values that a chart is rendered with: its own, and each other file of values on top of these.
fn values(chart: &Path) -> Vec<Vec<PathBuf>> {
    let entries = fs::read_dir(chart).unwrap().map(|entry| entry.unwrap().path());
    let mut others: Vec<PathBuf> = entries
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("values") && name != "values.yaml" && has_ending(name, "yaml")
        })
        .collect();
    others.sort();
    let on_top = others.into_iter().map(|one| vec![PathBuf::from("--values"), one]);
    std::iter::once(Vec::new()).chain(on_top).collect()
}

fn lint(chart: &Path) -> Vec<Finding> {
    let with = |values: Vec<PathBuf>| {
        let judged = run(tool("helm").args(["lint", "--strict", "--quiet"]).arg(chart).args(values));
        let said = format!("{}{}", judged.stdout, judged.stderr);
        (!judged.passed).then(|| Finding::new("lint", chart, 0, said.trim()))
    };
    values(chart).into_iter().filter_map(with).collect()
}

/// What charts and overlays come to, a file for each set of values and each overlay; else why they come to nothing.
fn rendered(charts: &[PathBuf], overlays: &[PathBuf], folder: &Path) -> Result<Vec<PathBuf>, Vec<Finding>> {
    fs::create_dir_all(folder).unwrap();
    let (mut made, mut faults) = (Vec::new(), Vec::new());
    let mut keep = |path: &Path, mut command: std::process::Command| {
        let judged = run(&mut command);
        if judged.passed && judged.stderr.trim().is_empty() {
            let file = folder.join(format!("{}.yaml", made.len()));
            fs::write(&file, format!("# {}\n{}", path.display(), judged.stdout)).unwrap();
            made.push(file);
        } else {
            faults.push(Finding::new("render", path, 0, judged.stderr.trim()));
        }
    };
    for chart in charts {
        for values in values(chart) {
            let mut command = tool("helm");
            command.args(["template", "shop"]).arg(chart).args(values);
            keep(chart, command);
        }
    }
    for tree in overlays {
        for overlay in kustomizations(tree) {
            let mut command = tool("kustomize");
            command.arg("build").arg(&overlay);
            keep(&overlay, command);
        }
    }
    if faults.is_empty() { Ok(made) } else { Err(faults) }
}

/// Every folder below that can be built by itself.
fn kustomizations(tree: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![tree.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let text = fs::read_to_string(folder.join("kustomization.yaml"));
        if text.is_ok_and(|text| !text.contains("kind: Component")) {
            found.push(folder.clone());
        }
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        folders.extend(entries.filter(|path| path.is_dir()));
    }
    found.sort();
    found
}

#[test]
fn a_chart_and_overlays_are_told_by_their_files() {
    assert_eq!(chart("helm/shop/Chart.yaml"), Some("helm/shop"));
    assert_eq!(kustomized("k8s/overlays/production/kustomization.yaml"), Some("k8s"));
}
