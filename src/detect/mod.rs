//! What a folder of code is: a function of a file tree to profiles.
//!
//! Each folder is weighed for each stack by the files in it (`candidates`), the reader of the stack takes the facts
//! out of its manifests (`stacks`, `manifests`), what is an app is told from libraries and examples (`apps`), and the
//! rules of `templates/stacks/NAME/stack.toml` make a profile of the facts (`profile`).
//!
//! *Architecture invariant:* nothing is read but through [`FileTree`], and only files that a rule asks for. What
//! cannot be read or parsed becomes a warning, and the rest of the profile stands.

mod apps;
mod candidates;
mod commands;
mod data;
mod docker;
mod env;
mod evidence;
mod facts;
mod frameworks;
mod health;
mod inlined;
mod inner;
mod loopback;
mod manifests;
mod mounts;
mod names;
mod outputs;
mod platforms;
mod ports;
mod processes;
mod profile;
mod project;
mod registry;
mod release;
mod rules;
mod schemas;
mod services;
mod settings;
mod sources;
mod stacks;
mod text;
mod tree;
mod versions;
mod words;

use crate::model::{AppProfile, Detection, Environment, FileTree, Monorepo, Serving, Settings, Warning};

pub use names::label;
pub use registry::Registry;
pub use settings::{SETTINGS_FILE, settings};
pub use tree::MemoryTree;

/// What lies in the tree, by the stacks that Wharf brings along. Where its `wharf.toml` says where the apps are, those
/// are the apps; what else it says is left to [`Settings::applied`](crate::model::Settings::applied).
#[must_use]
pub fn detect(tree: &dyn FileTree) -> Detection {
    detect_with(tree, Registry::embedded())
}

/// The same, whatever the project's `wharf.toml` says.
#[must_use]
pub fn detect_afresh(tree: &dyn FileTree) -> Detection {
    look(tree, Registry::embedded(), &Settings::default())
}

/// What lies in the tree, by these stacks.
#[must_use]
pub fn detect_with(tree: &dyn FileTree, registry: &Registry) -> Detection {
    match settings(tree) {
        Ok(settings) => look(tree, registry, &settings),
        Err(problem) => {
            let mut found = look(tree, registry, &Settings::default());
            found.warnings.push(Warning { file: SETTINGS_FILE.to_owned(), says: problem.message });
            found
        }
    }
}

fn look(tree: &dyn FileTree, registry: &Registry, settings: &Settings) -> Detection {
    let project = project::Project::new(tree).told(settings);
    let found = candidates::candidates(&project, registry);
    let said: Vec<String> =
        settings.places().map(|(path, _)| if path == "." { String::new() } else { path.to_owned() }).collect();
    let selection = apps::select(found, &said);
    let supporting: Vec<String> = selection.apps.iter().filter(|app| app.supports()).map(apps::App::path).collect();
    let transitive = selection.apps.iter().map(|app| (app.path(), app.facts.transitive()));
    let transitive = transitive.filter(|(_, pinned)| !pinned.is_empty()).collect();
    let (mut profiles, shut): (Vec<AppProfile>, Vec<Option<Warning>>) =
        selection.apps.iter().map(profile::profile).unzip();
    let shut: Vec<(String, Warning)> =
        selection.apps.iter().zip(shut).filter_map(|(app, shut)| Some((app.path(), shut?))).collect();
    settings::name_apps(&mut profiles, settings);
    profiles.sort_by(|one, other| one.path.cmp(&other.path));
    names::make_unique(&mut profiles, tree.name());
    let monorepo = selection.monorepo.filter(|monorepo| ties(monorepo, &profiles));
    let mut warnings = project.warnings();
    warnings.extend(settings::unmeant(&profiles, settings));
    warnings.extend(inlined::warnings(&profiles, settings));
    // A start command of the settings' own may say where it listens.
    let opened = |path: &str| {
        let app = profiles.iter().find(|app| app.path == path);
        let start = app.and_then(|app| settings.resolve(app, Environment::default()).start);
        start.is_some_and(|start| loopback::opens(&start))
    };
    warnings.extend(shut.into_iter().filter(|(path, _)| !opened(path)).map(|(_, warning)| warning));
    Detection {
        primary: primary(&profiles, &supporting, &Called::new(tree.name(), monorepo.as_ref(), &profiles)),
        monorepo,
        apps: profiles,
        warnings,
        transitive,
    }
}

/// Whether a workspace holds any of the apps, or one of them holds it: another ties together what is not deployed.
fn ties(monorepo: &Monorepo, apps: &[AppProfile]) -> bool {
    let within = |one: &str, other: &str| {
        other == "." || one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let related = |app: &AppProfile| {
        monorepo.packages.iter().any(|package| within(&app.path, package) || within(package, &app.path))
    };
    apps.is_empty() || apps.iter().any(related)
}

/// The app that is meant where none is named: the project itself; then what answers requests before what does not;
/// the uppermost; of those the one that serves, gives the project its name, has a framework, is surest, comes first.
fn primary(apps: &[AppProfile], supporting: &[String], called: &Called<'_>) -> Option<String> {
    let rank = |app: &AppProfile| {
        let depth = if app.path == "." { 0 } else { app.path.split('/').count() };
        let serving = match app.serving {
            Serving::Server => 0,
            Serving::Static => 1,
            Serving::None => 2,
        };
        // What only tells of the others is aside by its name: documentation, a storybook.
        let supports = supporting.contains(&app.path);
        let follows = supports || depth > 0 && app.serving == Serving::None;
        (follows, depth, serving, supports, !called.after(app), app.framework.is_none())
    };
    let order = |one: &&AppProfile, other: &&AppProfile| {
        rank(one).cmp(&rank(other)).then(other.confidence.total_cmp(&one.confidence)).then(one.path.cmp(&other.path))
    };
    apps.iter().min_by(order).map(|app| app.path.clone())
}

/// So many other packages are called after an app that gives a project its name.
const FOLLOWERS: usize = 2;

/// What the parts of a project are called after.
struct Called<'d> {
    project: Option<String>,
    packages: Vec<&'d str>,
}

impl<'d> Called<'d> {
    fn new(project: Option<&str>, monorepo: Option<&'d Monorepo>, apps: &'d [AppProfile]) -> Self {
        let paths: Vec<&str> = match monorepo {
            Some(monorepo) => monorepo.packages.iter().map(String::as_str).collect(),
            None => apps.iter().map(|app| app.path.as_str()).collect(),
        };
        let packages = paths.into_iter().map(|path| path.rsplit('/').next().unwrap_or(path)).collect();
        Self { project: project.map(label), packages }
    }

    /// Whether the project, or several of its packages, are called after the app or the program that it starts.
    fn after(&self, app: &AppProfile) -> bool {
        let program = app.start_command.as_deref().and_then(|start| start.split_whitespace().next());
        let program = program.filter(|program| program.contains('/')).and_then(|program| program.rsplit('/').next());
        [Some(app.name.as_str()), program].into_iter().flatten().any(|name| {
            let follows = |package: &&&str| {
                package.strip_prefix(name).is_some_and(|rest| rest.starts_with(['-', '_']) && rest.len() > 1)
            };
            self.project.as_deref() == Some(name) || self.packages.iter().filter(follows).count() >= FOLLOWERS
        })
    }
}

#[cfg(test)]
mod tests;
