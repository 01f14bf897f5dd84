//! Manifests of Kubernetes, plain and as Kustomize and Helm render them, before kubernetes-validate, which has the schemas
//! of a release with it, and charts before helm's own lint.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Deserialize as _;
use serde_json::Value;

use super::findings::{Finding, settle};
use super::generated::{self, Generated, has_ending};
use super::tools::{in_parallel, ready, run, sample, tool};

/// The cluster that charts are rendered for: a helm that was built from its module knows none.
const CLUSTER: &str = "1.32.0";

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

/// What its base and overlays lie in: that is read as one.
fn kustomized(name: &str) -> Option<&str> {
    let folder = folder_with(name, "kustomization.yaml")?;
    Some(["/base", "/overlays"].iter().find_map(|part| Some(folder.split_once(part)?.0)).unwrap_or(folder))
}

/// Whether a file is a part of a chart or an overlay, and no manifest by itself.
fn is_rendered(file: &Generated) -> bool {
    let mut folders = file.name.match_indices('/').map(|(end, _)| file.project.join(&file.name[..end]));
    folders.any(|folder| folder.join("Chart.yaml").exists() || folder.join("kustomization.yaml").exists())
}

/// A chart or an overlay, and what it comes to in an environment.
#[derive(Debug)]
struct Rendered {
    from: PathBuf,
    environment: String,
    text: String,
}

static RENDERED: LazyLock<Vec<Rendered>> = LazyLock::new(|| {
    rendered(&generated::units(chart), &generated::units(kustomized)).unwrap_or_else(|found| {
        settle("rendering", found);
        Vec::new()
    })
});

/// Files with whole manifests: what was generated as it is, and of what comes to the same some.
pub(super) static MANIFESTS: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let plain = generated::files(|file| {
        let is_manifest = has_ending(&file.name, "yaml") || has_ending(&file.name, "yml");
        is_of_kubernetes(&file.name) && is_manifest && !is_rendered(file)
    });
    let some = RENDERED.iter().filter(|one| generated::in_project(&one.from).to_str().unwrap().contains("made-up"));
    let write = |one: &Rendered| {
        let folder = generated::folder().join("rendered").join(generated::in_project(&one.from));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{}.yaml", one.environment));
        fs::write(&file, &one.text).unwrap();
        file
    };
    some.map(write).chain(plain.into_iter().map(|file| file.path.clone())).collect()
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
        settle("helm", in_parallel(&generated::units(chart), |chart| lint(chart)));
    }
}

#[test]
fn bad_manifests_are_seen() {
    if ready(&["kubernetes-validate", "helm", "kustomize"]) {
        assert!(validate(&[sample("kubernetes/good.yaml")]).is_empty());
        assert_eq!(validate(&[sample("kubernetes/bad.yaml")]).len(), 1);
        assert!(lint(&sample("helm/good")).is_empty());
        assert!(!lint(&sample("helm/bad")).is_empty());
        let made = rendered(&[sample("helm/good")], &[sample("kustomize/good")]).unwrap();
        assert_eq!(made.len(), 2, "{made:?}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("made.yaml");
        fs::write(&file, made.iter().map(|one| one.text.as_str()).collect::<Vec<_>>().join("\n---\n")).unwrap();
        assert!(validate(&[file]).is_empty());
        assert!(rendered(&[sample("helm/bad")], &[]).is_err());
        assert!(rendered(&[], &[sample("kustomize/bad")]).is_err());
    }
}

/// Plain manifests, overlays and a chart are three ways to the same objects.
#[test]
fn all_ways_come_to_the_same() {
    if ready(&["helm", "kustomize"]) {
        let mut found = Vec::new();
        for one in RENDERED.iter() {
            let k8s = one.from.ancestors().find(|folder| folder.ends_with("k8s")).unwrap();
            let beside = k8s.join(&one.environment);
            if !beside.is_dir() {
                continue;
            }
            let plain = plain(&beside);
            let of_chart = one.from.join("Chart.yaml").exists();
            let (wanted, made) = (alike(&plain, of_chart), alike(&one.text, of_chart));
            let names: BTreeSet<&String> = wanted.keys().chain(made.keys()).collect();
            for name in names.into_iter().filter(|name| wanted.get(*name) != made.get(*name)) {
                let says = format!("{name} in {}: {:?} is not {:?}", one.environment, made.get(name), wanted.get(name));
                found.push(Finding::new("differs", &one.from, 0, &says));
            }
        }
        assert!(RENDERED.len() > 100, "{}", RENDERED.len());
        settle("ways", found);
    }
}

fn plain(folder: &Path) -> String {
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    files.collect::<Vec<_>>().join("\n---\n")
}

/// The objects by kind and name, without what a way adds: the mark of a generated config map's content; a chart's own
/// labels, its mark of settings, the registry, the hook that runs a job, and what tells the job of one version from another's.
/// A chart's namespace is its release's.
fn alike(text: &str, of_chart: bool) -> BTreeMap<String, Value> {
    let documents = yaml_serde::Deserializer::from_str(text).map(|one| Value::deserialize(one).unwrap());
    let of_metadata = |object: &Value, key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
    let mut objects = BTreeMap::new();
    for mut object in documents.filter(|one| !one.is_null()) {
        let kind = object["kind"].as_str().unwrap().to_owned();
        let metadata = object["metadata"].as_object_mut().unwrap();
        if of_chart {
            metadata.remove("namespace");
        }
        if kind == "ConfigMap" {
            metadata.remove("labels");
            let name = without_mark(metadata["name"].as_str().unwrap());
            metadata.insert("name".to_owned(), name.into());
        }
        if let Some(labels) = metadata.get_mut("labels") {
            let own =
                |name: &str| name == "helm.sh/chart" || name.ends_with("/instance") || name.ends_with("/managed-by");
            labels.as_object_mut().unwrap().retain(|name, _| !own(name));
        }
        if metadata.get("annotations").is_some_and(|all| all.get("helm.sh/hook").is_some()) {
            metadata.remove("annotations");
        }
        if kind == "Job" {
            let name = metadata["name"].as_str().unwrap().rsplit_once('-').unwrap().0.to_owned();
            metadata.insert("name".to_owned(), name.into());
        }
        if kind == "Deployment" || kind == "Job" {
            let pod = &mut object["spec"]["template"];
            pod["metadata"].as_object_mut().unwrap().remove("annotations");
            let container = &mut pod["spec"]["containers"][0];
            let settings = &mut container["envFrom"][0]["configMapRef"]["name"];
            *settings = without_mark(settings.as_str().unwrap()).into();
            let image = container["image"].as_str().unwrap();
            container["image"] = image.trim_start_matches("registry.example.com/team/").into();
        }
        if !(of_chart && kind == "Namespace") {
            objects.insert(format!("{kind}/{}", of_metadata(&object, "name")), object);
        }
    }
    objects
}

/// A name without the digest of a config map's content.
fn without_mark(name: &str) -> &str {
    let is_mark = |end: &str| end.len() == 10 && end.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.rsplit_once('-').filter(|(_, end)| is_mark(end)).map_or(name, |(name, _)| name)
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

/// The environments of a chart, each with the values that it is rendered with: its own are development's, and each other
/// file of values lies on top of these.
fn values(chart: &Path) -> Vec<(String, Vec<PathBuf>)> {
    let entries = fs::read_dir(chart).unwrap().map(|entry| entry.unwrap().path());
    let environment = |path: &Path| {
        let name = path.file_name()?.to_str()?.strip_prefix("values-")?.strip_suffix(".yaml")?;
        Some(name.to_owned())
    };
    let mut others: Vec<(String, Vec<PathBuf>)> =
        entries.filter_map(|path| Some((environment(&path)?, vec![PathBuf::from("--values"), path]))).collect();
    others.sort();
    std::iter::once(("development".to_owned(), Vec::new())).chain(others).collect()
}

fn lint(chart: &Path) -> Vec<Finding> {
    // What the other values come to is seen where it is rendered.
    let values = values(chart).pop().map(|(_, values)| values).unwrap_or_default();
    let lint = ["lint", "--strict", "--quiet", "--kube-version", CLUSTER];
    let judged = run(tool("helm").args(lint).arg(chart).args(values));
    let said = format!("{}{}", judged.stdout, judged.stderr);
    (!judged.passed).then(|| Finding::new("lint", chart, 0, said.trim())).into_iter().collect()
}

/// What charts and overlays come to in each environment; else why they come to nothing.
fn rendered(charts: &[PathBuf], overlays: &[PathBuf]) -> Result<Vec<Rendered>, Vec<Finding>> {
    let of_charts =
        charts.iter().flat_map(|chart| values(chart).into_iter().map(move |values| (chart.clone(), Some(values))));
    let of_overlays = overlays.iter().flat_map(|tree| self::overlays(tree)).map(|overlay| (overlay, None));
    let jobs: Vec<_> = of_charts.chain(of_overlays).collect();
    let render = |(from, values): &(PathBuf, Option<(String, Vec<PathBuf>)>)| {
        let (environment, judged) = if let Some((environment, values)) = values {
            (
                environment.clone(),
                run(tool("helm").args(["template", "shop", "--kube-version", CLUSTER]).arg(from).args(values)),
            )
        } else {
            let environment = from.file_name().unwrap().to_str().unwrap().to_owned();
            (environment, run(tool("kustomize").arg("build").arg(from)))
        };
        if judged.passed && judged.stderr.trim().is_empty() {
            vec![Ok(Rendered { from: from.clone(), environment, text: judged.stdout })]
        } else {
            vec![Err(Finding::new("render", from, 0, judged.stderr.trim()))]
        }
    };
    let (made, faults): (Vec<_>, Vec<_>) = in_parallel(&jobs, render).into_iter().partition(Result::is_ok);
    if faults.is_empty() {
        Ok(made.into_iter().filter_map(Result::ok).collect())
    } else {
        Err(faults.into_iter().filter_map(Result::err).collect())
    }
}

/// Every folder below that is built by itself: what others build on is seen in them.
fn overlays(tree: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![tree.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if folder.join("kustomization.yaml").exists() && !folder.ends_with("base") {
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
    assert_eq!(kustomized("kustomize/kustomization.yaml"), Some("kustomize"));
}
