//! Things of the model, made from a few numbers, and the apps of all samples.

use std::fs;
use std::path::{Path, PathBuf};

use wharf::detect::detect;
use wharf::model::{
    Action, AppKey, AppProfile, Deployment, DeploymentId, DeploymentStatus, Environment, Project, ProjectId, Release,
    Source, TargetRef, Timestamp,
};
use wharf::os::tree::DiskTree;

/// That many seconds after a moment in 2025.
pub(crate) fn at(second: u64) -> Timestamp {
    Timestamp::from_millis(1_764_000_000_000 + second * 1000)
}

/// The project of that number, under a name.
pub(crate) fn project(number: u64, name: &str) -> Project {
    Project {
        id: ProjectId::new(at(number), 1),
        name: name.to_owned(),
        root: format!("/srv/{name}").into(),
        source: Source::Folder,
        added_at: at(number),
        added_by: "ann".to_owned(),
    }
}

/// An app of the project of that number.
pub(crate) fn app_key(project: u64, app: &str, environment: Environment) -> AppKey {
    AppKey { project: ProjectId::new(at(project), 1), app: app.to_owned(), environment }
}

/// A deployment that was asked for in that second and stands so.
pub(crate) fn deployment(second: u64, key: AppKey, status: DeploymentStatus) -> Deployment {
    let (id, name) = (DeploymentId::new(at(second), 2), key.project.to_string());
    let (target, by) = (TargetRef::default(), "ann".to_owned());
    let queued = Deployment::queued(id, key, name, target, Action::Deploy, by, at(second));
    Deployment { status, status_reason: format!("{status} in second {second}"), ..queued }
}

/// A release of an app; its number is given when it is kept.
pub(crate) fn release(second: u64, key: AppKey) -> Release {
    Release {
        key,
        number: 0,
        deployment: DeploymentId::new(at(second), 2),
        image: Some(format!("image-{second}")),
        artifacts: Vec::new(),
        commit: None,
        source: None,
        created_at: at(second),
    }
}

/// The apps of every sample of detection and of every demo, with those that stand for a kind of project.
pub(crate) fn all() -> Vec<(String, AppProfile)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stacks = folders(&root.join("tests/fixtures/stacks")).into_iter().flat_map(|stack| folders(&stack));
    let special = folders(&root.join("tests/fixtures/special"));
    let mut apps: Vec<(String, AppProfile)> =
        super::profiles::all().into_iter().map(|(name, profile)| (name.to_owned(), profile)).collect();
    for folder in stacks.chain(special).chain(super::demos()) {
        let name = folder.strip_prefix(root).unwrap().display().to_string();
        let found = detect(&DiskTree::open(&folder).unwrap()).apps;
        apps.extend(found.into_iter().map(|profile| (format!("{name} {}", profile.path), profile)));
    }
    apps
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
