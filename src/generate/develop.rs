//! How an app runs from its sources as they are on a person's machine: the part `[develop]` of a stack's
//! `container.toml`.

use std::collections::BTreeMap;

use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use super::templates::Templates;
use super::{docker, view};
use crate::model::{AppProfile, Problem, Process};

/// What a stack says of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    /// The stage of the Dockerfile that has all dependencies; the image itself where none is named.
    stage: Option<String>,
    /// The same for an app that is built with the packages of its project beside it.
    workspace_stage: Option<String>,
    /// Where the sources are laid in it.
    folder: String,
    /// What the image has below the app's folder there, and the sources must not cover.
    #[serde(default)]
    keep: Vec<String>,
    /// The same where a `package.json` beside it has a build whose files come with the image.
    #[serde(default)]
    bundled: Vec<String>,
    /// Whether an app that is built from the project's root gets its own folder only, as each package of the project has
    /// something beside it that must not be covered.
    #[serde(default)]
    alone: bool,
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Who it runs as, where the stage's own user could not write into the sources.
    user: Option<String>,
    /// What brings the dependencies of development as it starts.
    before: Option<String>,
    /// Whether sources run as they are, so that what runs beside the app needs no build, nor a command of its own for
    /// development.
    #[serde(default)]
    interpreted: bool,
    /// An expression: it does not see changes by itself, and is started anew.
    restarts: Option<String>,
    /// An expression: where it does not hold, nothing is known.
    when: Option<String>,
    #[serde(default)]
    debug: Vec<Debug>,
}

/// How a debugger gets to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Debug {
    /// An expression over framework, language, package manager, develop command and names of dependencies.
    when: String,
    /// The port for debuggers.
    port: u16,
    /// A part of the develop command, and what stands in its place so that it listens there.
    replace: Option<[String; 2]>,
}

/// How one app runs from its sources.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Develop {
    command: String,
    stage: Option<String>,
    /// The sources relative to the project, and where they are laid.
    source: String,
    folder: String,
    /// Packages of the project that are laid in beside it: where each lies, and where it goes.
    beside: Vec<(String, String)>,
    /// The folders that the image has there.
    keep: Vec<String>,
    env: BTreeMap<String, String>,
    user: Option<String>,
    restarts: bool,
    /// The names of what changes while it runs, and starts nothing anew.
    ignore: Vec<String>,
    debug_port: Option<u16>,
    #[serde(skip)]
    before: Option<String>,
    #[serde(skip)]
    interpreted: bool,
}

impl Develop {
    /// Starts a process beside the app from the sources; none where these have to be built for it.
    pub(super) fn process(&self, process: &Process) -> Option<String> {
        let own = process.develop_command.as_deref();
        let command = view::without_runner(own.or(self.interpreted.then_some(process.command.as_str()))?);
        Some(match &self.before {
            Some(before) => format!("{before} && {command}"),
            None => command.to_owned(),
        })
    }

    /// The port for debuggers.
    pub(super) fn debug_port(&self) -> Option<u16> {
        self.debug_port
    }
}

impl Rules {
    /// How this app runs; none where nothing is known.
    pub(super) fn of(
        &self,
        profile: &AppProfile,
        templates: &Templates,
        file: &str,
    ) -> Result<Option<Develop>, Problem> {
        let Some(command) = profile.develop_command.as_deref().filter(|_| profile.dockerfile.is_none()) else {
            return Ok(None);
        };
        let facts = facts(profile);
        let holds = |expression: &String| templates.holds(file, expression, &facts);
        if let Some(when) = &self.when
            && !holds(when)?
        {
            return Ok(None);
        }
        let mut command = view::without_runner(command).to_owned();
        let mut debug_port = None;
        for debug in &self.debug {
            if holds(&debug.when)? {
                if let Some([part, other]) = &debug.replace {
                    command = command.replacen(part, other, 1);
                }
                debug_port = Some(debug.port);
                break;
            }
        }
        if let Some(before) = &self.before {
            command = format!("{before} && {command}");
        }
        let below = docker::in_workspace(profile).then_some(profile.path.as_str());
        let within = |folder: &str| below.map_or_else(|| folder.to_owned(), |below| format!("{folder}/{below}"));
        let (source, folder) = match below {
            Some(_) if !self.alone => (".".to_owned(), self.folder.clone()),
            _ => (profile.path.clone(), within(&self.folder)),
        };
        let stage = self.workspace_stage.as_ref().filter(|_| below.is_some()).or(self.stage.as_ref());
        // One that is built has what was built of it in the image.
        let builds_others = view::builds_others(profile);
        let beside: Vec<&str> = match below {
            Some(_) if self.alone && !builds_others => view::inner_packages(profile),
            _ => Vec::new(),
        };
        let homes =
            std::iter::once(within(&self.folder)).chain(beside.iter().map(|it| format!("{}/{it}", self.folder)));
        let bundled: &[String] = if has_bundle(profile) { &self.bundled } else { &[] };
        let kept = self.keep.iter().chain(bundled);
        let keep = homes.flat_map(|home| kept.clone().map(move |kept| format!("{home}/{kept}"))).collect();
        Ok(Some(Develop {
            command,
            stage: stage.cloned(),
            source,
            folder,
            ignore: self.keep.iter().map(|kept| format!("{kept}/")).collect(),
            beside: beside.into_iter().map(|it| (it.to_owned(), format!("{}/{it}", self.folder))).collect(),
            keep,
            env: self.env.clone(),
            user: self.user.clone(),
            restarts: self.restarts.as_ref().map_or(Ok(false), holds)?,
            debug_port,
            before: self.before.clone(),
            interpreted: self.interpreted,
        }))
    }
}

/// Whether Laravel's own bundler leaves its files where pages look for them.
fn has_bundle(profile: &AppProfile) -> bool {
    profile.framework.as_ref().is_some_and(|framework| framework.name == "laravel")
        && view::own_files(profile).contains(&"package.json")
}

fn facts(profile: &AppProfile) -> Value {
    let dependencies: Vec<String> = profile.dependencies.iter().map(|dependency| dependency.name.clone()).collect();
    context! {
        framework => profile.framework.as_ref().map_or("", |framework| &framework.name),
        language => profile.language.name.as_str(),
        package_manager => profile.package_manager.as_deref().unwrap_or_default(),
        develop => profile.develop_command.as_deref().map(view::without_runner).unwrap_or_default(),
        dependencies => dependencies,
    }
}
