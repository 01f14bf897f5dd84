//! What `wharf generate` looks at: a project, what is generated for it, and what of it is the project's own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::generate::GenerateArgs;
use super::{Context, output, place};
use crate::detect;
use crate::generate::{self, Folder, Order, Templates};
use crate::model::{
    ArtifactQuery, ArtifactState, ArtifactView, Detection, FileTree as _, Found, Problem, ProblemCode, Settings,
    Warning,
};
use crate::os::tree::DiskTree;
use crate::os::{own_templates, project_files};
use crate::validate::{self, Fault, Surroundings};

/// A file of the project's own in the place of a generated one.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    pub(super) path: String,
    /// Whether it says what would be generated.
    pub(super) alike: bool,
}

/// What was looked at.
#[derive(Default)]
pub(super) struct Looked {
    /// The folder, where it can be written to.
    pub(super) root: Option<PathBuf>,
    /// What the project is called in its files.
    pub(super) name: String,
    pub(super) views: Vec<ArtifactView>,
    /// Files of the project's own in the place of generated ones.
    pub(super) own: Vec<String>,
    /// Files of the project's own in the place of generated ones that could be taken on as Wharf's.
    pub(super) kept: Vec<Kept>,
    /// Whether it is on record that Wharf wrote anything there.
    pub(super) is_known: bool,
    /// Every file of the project's own that a generated one can refer to.
    beside: Vec<String>,
    /// Every path of the project that is looked at.
    paths: BTreeSet<String>,
}

/// So often a file goes on in another, which goes on in another.
const LONGEST: usize = 8;

impl Looked {
    /// What lies there now.
    pub(super) fn texts(&self) -> BTreeMap<String, String> {
        let there = self.views.iter().filter_map(|view| Some((view.artifact.path.clone(), view.current.clone()?)));
        let beside = self.root.iter().flat_map(|root| {
            let text = |path: &String| match project_files::look(root, path) {
                Found::Text(text) => Some((path.clone(), text)),
                _ => None,
            };
            self.own.iter().chain(&self.beside).filter_map(text)
        });
        let mut texts: BTreeMap<String, String> = beside.collect();
        texts.extend(there);
        texts
    }

    /// What is wrong with these files, in what else the project has.
    pub(super) fn faults(&self, texts: &BTreeMap<String, String>) -> Vec<Fault> {
        let Some(root) = &self.root else { return validate::check_all(texts) };
        let may_be = |path: &str| !matches!(project_files::look(root, path), Found::Nothing);
        validate::check_project(texts, &Surroundings { paths: &self.paths, may_be: &may_be })
    }

    /// Adds the files that these go on in.
    pub(super) fn add_named(&self, texts: &mut BTreeMap<String, String>) {
        let Some(root) = &self.root else { return };
        for _ in 0..LONGEST {
            let named = validate::named(texts).into_iter();
            let found = named.filter_map(|path| match project_files::look(root, &path) {
                Found::Text(text) => Some((path, text)),
                _ => None,
            });
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                return;
            }
            texts.extend(found);
        }
    }
}

pub(super) async fn look(args: &GenerateArgs, context: &Context) -> Result<Looked, Problem> {
    if place::git(&args.path).is_some() {
        let client = context.client().await?;
        let project = client.glance(&place::location(&args.path)?).await?;
        let query = ArtifactQuery { app: args.app.clone(), environment: args.env, only: args.only.clone() };
        let views = client.artifacts(&project.id, &query).await?;
        let detection = client.detection(&project.id, false).await?;
        let app = named(&project.root, &detection, args.app.as_deref())?;
        // What the settings say stands in the profiles already.
        let left_out = generate::meant(&detection.apps, app, &Settings::default(), args.env).1;
        told(detection.warnings.iter().chain(&left_out));
        return Ok(Looked { name: project.name, views, ..Looked::default() });
    }
    let tree = DiskTree::open(Path::new(&args.path))?.named_after_folder();
    let templates = Templates::in_use(own_templates::read()?);
    in_folder(tree.root(), |folder| {
        let tree = tree.without(|path| generate::is_wharfs(path, &templates, folder));
        let kept = kept(&tree, args, &templates, folder);
        let is_adopted = |path: &str| args.adopt && kept.iter().any(|one| one.path == path);
        let mut looked = compare(&tree.without(is_adopted), args, &templates, folder)?;
        looked.kept = if args.adopt { Vec::new() } else { kept };
        Ok(looked)
    })
}

/// The files of the project's own because of which others are not generated.
fn kept(tree: &DiskTree, args: &GenerateArgs, templates: &Templates, folder: &Folder<'_>) -> Vec<Kept> {
    let bare = tree.without(|path| generate::is_generated_somewhere(path, templates));
    if bare.paths().len() == tree.paths().len() {
        return Vec::new();
    }
    let views = |tree: &DiskTree| made(tree, args, templates, folder, |_, views| views).unwrap_or_default();
    let (made, without) = (views(tree), views(&bare));
    let is_kept = |view: &ArtifactView| {
        let is_made = made.iter().any(|one| one.artifact.path == view.artifact.path);
        !is_made && (view.current.is_some() || view.blocked)
    };
    let kept = without.into_iter().filter(is_kept);
    kept.map(|view| Kept { alike: view.state == ArtifactState::Unchanged, path: view.artifact.path }).collect()
}

/// So many warnings are told.
const WARNINGS: usize = 10;

/// Says what detection warns of, such as a migration that no image could run, and which apps are left out.
fn told<'a>(warnings: impl Iterator<Item = &'a Warning>) {
    let warnings: Vec<&Warning> = warnings.collect();
    for warning in warnings.iter().take(WARNINGS) {
        output::note(format!("warning: {}", output::one_line(&format!("{}: {}", warning.file, warning.says))));
    }
    if warnings.len() > WARNINGS {
        output::note(format!("warning: and {} more: `wharf detect` shows them", warnings.len() - WARNINGS));
    }
}

/// What is generated for a tree, beside what lies there.
fn compare(
    tree: &DiskTree,
    args: &GenerateArgs,
    templates: &Templates,
    folder: &Folder<'_>,
) -> Result<Looked, Problem> {
    made(tree, args, templates, folder, |made, views| {
        told(made.warnings.iter().chain(&made.left_out));
        let own = made.order.apps.iter().flat_map(|app| app.dockerfile.iter().chain(&app.compose_file));
        Looked {
            root: Some(tree.root().to_owned()),
            name: made.order.project.to_owned(),
            views,
            own: own.cloned().collect(),
            kept: Vec::new(),
            is_known: folder.is_known(),
            beside: tree.paths().iter().filter(|path| validate::knows(path)).cloned().collect(),
            paths: tree.paths().iter().cloned().collect(),
        }
    })
}

/// For what something was made.
struct Made<'a> {
    order: Order<'a>,
    warnings: &'a [Warning],
    left_out: Vec<Warning>,
}

fn made<T>(
    tree: &DiskTree,
    args: &GenerateArgs,
    templates: &Templates,
    folder: &Folder<'_>,
    tell: impl FnOnce(&Made<'_>, Vec<ArtifactView>) -> T,
) -> Result<T, Problem> {
    let settings = &detect::settings(tree)?;
    let detection = detect::detect(tree);
    let app = named(tree.root(), &detection, args.app.as_deref())?;
    let (apps, left_out) = generate::meant(&detection.apps, app, settings, args.env);
    let name = folder.name().map_or_else(|| named_after(tree.root()), str::to_owned);
    let order = Order { project: &name, apps: &apps, app, settings, environment: args.env, templates };
    let views = order.beside(args.only.as_deref(), folder)?;
    Ok(tell(&Made { order, warnings: &detection.warnings, left_out }, views))
}

/// A project that has no name in its files yet is called after its folder.
fn named_after(root: &Path) -> String {
    let folder = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Some(detect::label(&folder)).filter(|name| !name.is_empty()).unwrap_or_else(|| "app".to_owned())
}

/// Looks at a project's files and at what Wharf wrote among them.
pub(super) fn in_folder<T>(root: &Path, look: impl FnOnce(&Folder<'_>) -> Result<T, Problem>) -> Result<T, Problem> {
    let read = |path: &str| project_files::look(root, path);
    look(&Folder::new(&read, &validate::says)?)
}

/// The name of the app that is meant by its name or path; there must be one at all.
fn named<'a>(root: &Path, detection: &'a Detection, app: Option<&str>) -> Result<Option<&'a str>, Problem> {
    if detection.apps.is_empty() {
        let message = format!("there is nothing to deploy in {}", root.display());
        return Err(Problem::new(ProblemCode::NotFound, "framework-not-detected", message)
            .why("no manifest of a known stack, no Dockerfile and no index.html was found")
            .fix("check that this is the app's folder; `wharf detect` shows what was looked at"));
    }
    let Some(wanted) = app else { return Ok(None) };
    let found = detection.apps.iter().find(|one| one.name == wanted || one.path == wanted);
    found.map(|app| Some(app.name.as_str())).ok_or_else(|| {
        let names: Vec<&str> = detection.apps.iter().map(|app| app.name.as_str()).collect();
        let message = format!("{} has no app “{wanted}”", root.display());
        Problem::new(ProblemCode::NotFound, "app-not-found", message)
            .why(format!("its apps are: {}", names.join(", ")))
            .fix("name one of them with `--app`")
    })
}
