//! All files for all sample projects and demos in every environment, in one folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use wharf::detect::detect;
use wharf::generate::{Order, Templates, kinds, meant};
use wharf::model::{AppProfile, Artifact, Environment, Settings};
use wharf::os::tree::DiskTree;

use super::{azure, cloudformation, compose, dockerfile, kubernetes, pipelines, terraform};
use crate::support::profiles::{self, With as _};
use crate::support::wharf::ROOT;

/// A file that was generated.
#[derive(Debug)]
pub(super) struct Generated {
    /// Where it lies now.
    pub(super) path: PathBuf,
    /// The folder of its project, where it lies now.
    pub(super) project: PathBuf,
    /// Its path in the project.
    pub(super) name: String,
    content: String,
}

static ALL: LazyLock<Vec<Generated>> = LazyLock::new(generate);

/// The generated files that are such; of those that are alike to the byte, one.
pub(super) fn files(such: impl Fn(&Generated) -> bool) -> Vec<&'static Generated> {
    let mut one_of_each = BTreeMap::new();
    for file in ALL.iter().filter(|file| such(file)) {
        one_of_each.entry(&file.content).or_insert(file);
    }
    one_of_each.into_values().collect()
}

/// Where those of such a path in their project lie.
pub(super) fn paths(such: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    files(|file| such(&file.name)).into_iter().map(|file| file.path.clone()).collect()
}

/// The folders that `of` names for a file's path and that are looked at as a whole; of those that are alike, one, and
/// none with a part of what another one of the same project has.
pub(super) fn units(of: impl Fn(&str) -> Option<&str>) -> Vec<PathBuf> {
    let mut projects: BTreeMap<&str, Vec<&Generated>> = BTreeMap::new();
    for file in ALL.iter() {
        projects.entry(file.project.to_str().unwrap()).or_default().push(file);
    }
    let mut whole: BTreeMap<(PathBuf, &str), BTreeSet<(&str, &str)>> = BTreeMap::new();
    for (project, files) in &projects {
        let roots: BTreeSet<&str> = files.iter().filter_map(|file| of(&file.name)).collect();
        for root in roots {
            let inside =
                files.iter().filter(|file| file.name.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')));
            let content = inside.map(|file| (file.name.as_str(), file.content.as_str())).collect();
            whole.insert((PathBuf::from(project), root), content);
        }
    }
    let mut one_of_each = BTreeMap::new();
    for ((project, root), content) in &whole {
        let of_all = Path::new(ALL_ENVIRONMENTS)
            .join(project.strip_prefix(folder()).unwrap().components().skip(1).collect::<PathBuf>());
        let of_all = (folder().join(of_all), *root);
        if of_all.0 == *project || whole.get(&of_all).is_none_or(|all| !content.is_subset(all)) {
            one_of_each.entry(content).or_insert_with(|| project.join(root));
        }
    }
    one_of_each.into_values().collect()
}

/// Where everything is written to.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside")
}

/// The folder of what is made for all environments at once.
const ALL_ENVIRONMENTS: &str = "all";

/// The path of a generated file or folder from its environment's folder on; of any other its name.
pub(super) fn in_project(path: &Path) -> &Path {
    path.strip_prefix(folder()).unwrap_or_else(|_| Path::new(path.file_name().unwrap()))
}

/// The name of a file without its folders.
pub(super) fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Whether a name ends so, after a dot.
pub(super) fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == ending)
}

/// A file that none of the judges is asked about is a gap.
#[test]
fn every_file_has_a_judge() {
    let judged: [fn(&str) -> bool; 11] = [
        dockerfile::is_dockerfile,
        compose::is_compose,
        pipelines::is_workflow,
        pipelines::is_gitlab,
        pipelines::is_jenkinsfile,
        terraform::is_terraform,
        cloudformation::is_template,
        // Held to the parameters of their templates in `kinds`.
        |name| name.contains("infra/cloudformation/parameters/") || name.contains("infra/bicep/parameters/"),
        azure::is_of_azure,
        kubernetes::is_of_kubernetes,
        |name| has_ending(name, "sh") || base(name) == ".env.example" || name.ends_with(".dockerignore"),
    ];
    let unjudged: BTreeSet<&str> =
        ALL.iter().map(|file| file.name.as_str()).filter(|name| !judged.iter().any(|of| of(name))).collect();
    assert!(unjudged.is_empty(), "{unjudged:?}");
}

/// A project: its folder among those made, its apps, its settings.
struct Project {
    folder: String,
    name: &'static str,
    apps: Vec<AppProfile>,
    settings: Settings,
    /// The kind by which its pipelines deploy; none for what they do by themselves.
    way: Option<String>,
}

/// The kinds that deploy by what else is asked for with them.
const PIPELINES: [&str; 3] = ["github", "gitlab", "jenkins"];

fn generate() -> Vec<Generated> {
    let folder = folder();
    let _ = fs::remove_dir_all(&folder);
    let wanted: BTreeSet<String> = kinds(Templates::embedded()).unwrap().iter().map(|kind| kind.name.clone()).collect();
    let projects: Vec<Project> = samples().into_iter().chain(made_up()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        while let Some(project) = projects.get(next.fetch_add(1, Ordering::Relaxed)) {
            for environment in [None].into_iter().chain(Environment::ALL.iter().copied().map(Some)) {
                made.extend(files_of(project, environment, &wanted, &folder));
            }
        }
        made
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

/// Every project is called alike, and its app where it has one: what differs is what they are, and what is alike is
/// looked at once.
fn files_of(
    project: &Project,
    environment: Option<Environment>,
    wanted: &BTreeSet<String>,
    folder: &Path,
) -> Vec<Generated> {
    let (apps, _) = meant(&project.apps, None, &project.settings, environment);
    let order = Order { environment, ..Order::new(project.name, &apps, &project.settings) };
    let artifacts = |wanted| order.artifacts(&wanted).unwrap_or_else(|problem| panic!("{}: {problem}", project.folder));
    let pipelines = PIPELINES.iter().map(|name| (*name).to_owned()).chain(project.way.clone()).collect();
    let mut made = artifacts(wanted.iter().filter(|name| !PIPELINES.contains(&name.as_str())).cloned().collect());
    for artifact in artifacts(pipelines) {
        if !made.iter().any(|known| known.path == artifact.path) {
            made.push(artifact);
        }
    }
    let project = folder.join(environment.map_or(ALL_ENVIRONMENTS, Environment::as_str)).join(&project.folder);
    let write = |artifact: Artifact| {
        let path = project.join(&artifact.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &artifact.content).unwrap();
        Generated { path, project: project.clone(), name: artifact.path, content: artifact.content }
    };
    made.into_iter().map(write).collect()
}

/// Every folder of this repository that is one project.
fn samples() -> Vec<Project> {
    let fixtures = Path::new(ROOT).join("tests/fixtures");
    let stacks = folders(&fixtures.join("stacks")).into_iter().flat_map(|stack| {
        let below = folders(&stack);
        if below.is_empty() { vec![stack] } else { below }
    });
    let special = folders(&fixtures.join("special")).into_iter().filter(|folder| !folder.ends_with("empty"));
    let project = |folder: PathBuf| {
        let detection = detect(&DiskTree::open(&folder).unwrap());
        let mut apps = detection.apps;
        assert!(!apps.is_empty(), "{}: {:?}", folder.display(), detection.warnings);
        if let [app] = &mut apps[..] {
            "web".clone_into(&mut app.name);
        }
        let folder = folder.strip_prefix(ROOT).unwrap().display().to_string();
        Project { folder, name: "shop", apps, settings: Settings::default(), way: None }
    };
    stacks.chain(special).chain(crate::support::demos()).map(project).collect()
}

/// A name that is something else in each format.
const HOSTILE: &str = "My \"shop\": $(id) `id` ${NAME} ${{ github.token }} {{ .Values }} %{ if } '#ünï\n- x: &y *z";

/// Environments that share little.
const APART: &str = "
[environments.development]
services = []
[environments.production]
services = [\"postgres:17\"]
port = 8080
health_path = \"/{{ .Values.ready }}\"
max_replicas = 2
";

/// What no sample has: each service beside an app, all of them, a name that means harm, and environments
/// apart from each other.
fn made_up() -> Vec<Project> {
    let every = profiles::services();
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    let needs = |name: &str, services: &[&str]| {
        let app = profiles::express().needs(services, &["LOG_LEVEL"], &["SESSION_SECRET", "API_TOKEN"]);
        let test_command = Some("npm test".to_owned());
        let app = wharf::model::AppProfile { test_command, ..app };
        let (folder, settings) = (format!("made-up/{name}"), Settings::default());
        Project { folder, name: "shop", apps: vec![app], settings, way: None }
    };
    let kinds = kinds(Templates::embedded()).unwrap().iter().map(|kind| kind.name.clone());
    let ways = kinds.filter(|name| !["docker", "compose", "ssh"].iter().chain(&PIPELINES).any(|other| other == name));
    let ways = ways.map(|way| Project { way: Some(way.clone()), ..needs(&format!("by-{way}"), &["postgres"]) });
    let each = every.iter().map(|service| needs(service, &[service]));
    let mut hostile = Project { name: HOSTILE, ..needs("hostile", &every) };
    HOSTILE.clone_into(&mut hostile.apps[0].name);
    hostile.apps[0].health_path = Some("/{{ fail \"x\" }}/${x}/%{ if }/it's".to_owned());
    let mut apart = needs("apart", &["postgres", "redis"]);
    apart.settings = toml_edit::de::from_str(APART).unwrap();
    each.chain([needs("nothing", &[]), needs("all", &every), hostile, apart]).chain(ways).collect()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
