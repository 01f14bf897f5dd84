//! All files for all sample projects and demos in every environment, as the program makes them, in one folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use wharf::model::Environment;

use crate::support::wharf::{ROOT, Wharf};

/// A file that was generated.
#[derive(Debug)]
pub(super) struct Generated {
    /// Where it lies now.
    pub(super) path: PathBuf,
    /// Its path in the project.
    pub(super) name: String,
    content: String,
}

static ALL: LazyLock<Vec<Generated>> = LazyLock::new(generate);

/// The generated files whose path in the project is such a one; of those that are alike to the byte, one.
pub(super) fn files(such: impl Fn(&str) -> bool) -> Vec<&'static Generated> {
    let mut one_of_each = BTreeMap::new();
    for file in ALL.iter().filter(|file| such(&file.name)) {
        one_of_each.entry(&file.content).or_insert(file);
    }
    one_of_each.into_values().collect()
}

/// The same as paths.
pub(super) fn paths(such: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    files(such).into_iter().map(|file| file.path.clone()).collect()
}

/// The name of a file without its folders.
pub(super) fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Whether a name ends so, after a dot.
pub(super) fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == ending)
}

fn generate() -> Vec<Generated> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    let _ = fs::remove_dir_all(&folder);
    let wharf = Wharf::new();
    let projects: Vec<PathBuf> = projects();
    let jobs: Vec<(&PathBuf, Environment)> = projects
        .iter()
        .flat_map(|project| Environment::ALL.iter().map(move |environment| (project, *environment)))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        while let Some((project, environment)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            made.extend(files_of(&wharf, project, *environment, &folder));
        }
        made
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

fn files_of(wharf: &Wharf, project: &Path, environment: Environment, folder: &Path) -> Vec<Generated> {
    let (path, environment) = (project.to_str().unwrap(), environment.to_string());
    let printed = wharf.json(&["generate", path, "--stdout", "--env", &environment]);
    let files = printed["files"].as_array().unwrap_or_else(|| panic!("{path}: {printed}"));
    let to = folder.join(&environment).join(project.strip_prefix(ROOT).unwrap());
    let write = |file: &serde_json::Value| {
        let (name, content) = (file["path"].as_str().unwrap().to_owned(), file["content"].as_str().unwrap().to_owned());
        let path = to.join(&name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &content).unwrap();
        Generated { path, name, content }
    };
    files.iter().map(write).collect()
}

/// Every folder that is one project.
fn projects() -> Vec<PathBuf> {
    let fixtures = Path::new(ROOT).join("tests/fixtures");
    let stacks = folders(&fixtures.join("stacks")).into_iter().flat_map(|stack| {
        let below = folders(&stack);
        if below.is_empty() { vec![stack] } else { below }
    });
    let special = folders(&fixtures.join("special")).into_iter().filter(|folder| !folder.ends_with("empty"));
    stacks.chain(special).chain(crate::support::demos()).collect()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn every_file_has_a_judge() {
    let judged = |name: &str| {
        let file = base(name);
        let by_name = file.contains("ockerfile") || matches!(file, ".env.example" | ".dockerignore");
        by_name || file.starts_with("compose.") || has_ending(file, "sh")
    };
    let unjudged: BTreeSet<&str> = ALL.iter().map(|file| file.name.as_str()).filter(|name| !judged(name)).collect();
    assert!(unjudged.is_empty(), "{unjudged:?}");
}
