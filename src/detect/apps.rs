//! Which candidates are apps, and which of them is meant first.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use foldhash::HashSet;

use super::candidates::{Candidate, either};
use super::data::Text;
use super::docker;
use super::env::{self, Names};
use super::facts::{Facts, Role};
use super::frameworks::{self, Chosen};
use super::inner::{self, Inner};
use super::platforms;
use super::project::Folder;
use super::rules::{EvidenceKind, Stack};
use super::services;
use super::sources::Sources;
use super::stacks;
use crate::model::{Bearing, DependencyScope, Evidence, Monorepo, Serving};

/// Folders whose code shows or tests something else.
const ASIDE: &[&str] = &[
    "example",
    "examples",
    "sample",
    "samples",
    "test",
    "tests",
    "__tests__",
    "e2e",
    "fixtures",
    "testdata",
    "docs",
    "doc",
    "benchmark",
    "benchmarks",
    "bench",
    "template",
    "templates",
    "third_party",
    "vendor",
    "spec",
    "integration-tests",
    "playground",
    "playgrounds",
    "tools",
    "scripts",
    "hack",
    "testing",
    "test-apps",
    "buildSrc",
    "build-logic",
    ".github",
    "storybook",
    "cypress",
    "build",
    "eng",
    "test_files",
    "testfiles",
    "smoke_test",
    "smoke-tests",
    "acceptance",
    "contrib",
    "themes",
    "fuzz",
];

/// Folders in which a workspace keeps what is to be run.
const APPS: &[&str] = &["apps", "services"];

/// Services by their names, each with what says so, where that is not told anyhow.
pub(super) type Services = BTreeMap<String, Option<Evidence>>;

/// A stack whose claim to a folder comes this near to the strongest might as well be meant.
const NEAR: f64 = 0.8;

/// A candidate with all that was read of it.
pub(super) struct App<'p> {
    pub candidate: Candidate<'p>,
    pub facts: Facts,
    pub framework: Option<Chosen<'p>>,
    pub sources: Sources<'p>,
    /// The same with those of the programs that run beside it, where these have others.
    with_beside: Option<Sources<'p>>,
    pub role: Role,
    /// How sure it is that this folder is of this stack.
    pub weight: f64,
    /// What it gets of the project's own packages that it depends on.
    pub inner: Inner,
    /// The folder above whose Dockerfile builds it.
    pub built_from: Option<Folder<'p>>,
    names: OnceCell<Names>,
    services: OnceCell<Services>,
}

impl<'p> App<'p> {
    fn read(candidate: Candidate<'p>, others: Rc<HashSet<&'p str>>) -> Self {
        let sources = Sources::new(candidate.folder, candidate.stack, others);
        let mut facts = stacks::read(&candidate.stack.name, &sources);
        let sources = match &facts.swallows {
            Some(below) => sources.with(&candidate.folder.at(below)),
            None => sources,
        };
        let sources = if facts.others.is_empty() {
            sources
        } else {
            sources.without(facts.others.iter().map(|path| candidate.folder.at(path)).collect())
        };
        let with_beside = facts.reach_beside.as_ref().map(|folders| sources.clone().only(folders));
        let sources = match &facts.reach {
            Some(folders) => sources.only(folders),
            None => sources,
        };
        let framework = frameworks::choose(&candidate, &facts, &sources);
        stacks::finish(&candidate.stack.name, &sources, framework.as_ref().map(|found| found.rule), &mut facts);
        let role = role(&candidate, &facts, framework.as_ref(), &sources);
        let mut weight = either(candidate.weight, facts.strength.max(0.0)) * (1.0 + facts.strength.min(0.0));
        if framework.as_ref().is_some_and(|framework| !framework.faint) {
            weight = either(weight, 0.6);
        }
        Self {
            candidate,
            facts,
            framework,
            sources,
            with_beside,
            role,
            weight,
            inner: Inner::default(),
            built_from: None,
            names: OnceCell::new(),
            services: OnceCell::new(),
        }
    }

    /// What it brings to the apps that depend on it.
    pub(super) fn brings(&self) -> Inner {
        let mut env = self.names().read.clone();
        env.extend(self.facts.env.clone());
        let answers = |framework: &Chosen<'_>| framework.rule.serving == Serving::Server && !framework.faint;
        let serves = self.framework.as_ref().is_some_and(answers);
        Inner { services: self.services().clone(), env, system: self.system_packages(), serves, ..Inner::default() }
    }

    /// The system packages that its dependencies need as it runs: what only tests and builds need is not there.
    pub(super) fn system_packages(&self) -> BTreeSet<String> {
        let runs =
            |name: &Text| self.facts.dependency(name).is_some_and(|found| found.scope != DependencyScope::Development);
        let table = self.candidate.stack.system_packages.iter();
        table.filter(|(_, names)| names.iter().any(runs)).map(|(package, _)| package.to_owned()).collect()
    }

    /// The names of environment variables that its sources read, and those of what runs beside it.
    pub(super) fn names(&self) -> &Names {
        self.names.get_or_init(|| env::find(self.with_beside.as_ref().unwrap_or(&self.sources), self.candidate.stack))
    }

    /// The services that its dependencies and its configuration name.
    pub(super) fn services(&self) -> &Services {
        self.services.get_or_init(|| {
            // The reader has told of these.
            let mut found: Services = self.facts.services.iter().map(|name| (name.clone(), None)).collect();
            // `celery[redis]` asks for an extra of a package.
            let speaks = |name: &&Text| match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
                Some((package, extra)) => self.facts.words.contains_key(&format!("extra.{package}.{extra}")),
                None => self.facts.dependency(name).is_some_and(|found| found.scope != DependencyScope::Development),
            };
            for (service, packages) in self.candidate.stack.services.iter() {
                if let Some(package) = packages.iter().find(speaks) {
                    let says = format!("depends on {package}, which speaks to {service}");
                    let evidence = Evidence::new(self.manifest(), says);
                    found.entry(service.to_owned()).or_insert(Some(evidence));
                }
            }
            let asks = |name: &&Text| {
                self.names().read.contains_key(name.as_str()) || self.facts.env.contains_key(name.as_str())
            };
            for (service, packages, names) in services::possible(self.candidate.stack) {
                if let Some(package) = packages.iter().find(speaks)
                    && let Some(name) = names.iter().find(asks)
                {
                    let says = format!("depends on {package} and asks for {name}, which {service} answers");
                    found.entry(service.to_owned()).or_insert(Some(Evidence::new(self.manifest(), says)));
                }
            }
            found.retain(|service, _| !self.facts.not_services.contains(service));
            services::settle(&mut found, Option::is_none);
            found
        })
    }

    pub(super) fn folder(&self) -> Folder<'p> {
        self.candidate.folder
    }

    /// The file, relative to the project, that says what it depends on.
    pub(super) fn manifest(&self) -> String {
        self.candidate.manifest(&self.facts)
    }

    /// The file, relative to the project, that says how it starts.
    pub(super) fn start_file(&self) -> String {
        platforms::start(self.folder()).map_or_else(|| self.manifest(), |said| self.folder().at(said.file))
    }

    /// Its path as profiles say it.
    pub(super) fn path(&self) -> String {
        let path = self.folder().path();
        if path.is_empty() { ".".to_owned() } else { path.to_owned() }
    }

    /// Another app of the project is meant before it: it answers for that, is called after what shows it, or its
    /// workspace builds others where nothing is named.
    pub(super) fn supports(&self) -> bool {
        let answers = self.framework.as_ref().is_some_and(|framework| framework.rule.supports);
        answers || self.facts.supports || self.is_aside() || ASIDE.contains(&self.folder().name())
    }

    /// Nothing in it can be started.
    fn is_only_library(&self) -> bool {
        self.role == Role::Library && self.facts.cannot_run
    }

    fn is_aside(&self) -> bool {
        self.folder().path().split('/').any(|part| part.starts_with('.') || ASIDE.contains(&part))
    }

    /// A package that a workspace keeps among its apps, with what an app needs: its name says nothing against it.
    fn is_kept_as_app(&self, monorepo: Option<&Monorepo>) -> bool {
        let path = self.folder().path();
        let mut parts = path.rsplit('/').skip(1);
        self.role == Role::App
            && self.framework.as_ref().is_some_and(|framework| !framework.faint)
            && parts.next().is_some_and(|above| APPS.contains(&above))
            && !parts.any(|part| part.starts_with('.') || ASIDE.contains(&part))
            && monorepo.is_some_and(|monorepo| monorepo.packages.iter().any(|package| package == path))
    }
}

fn role(candidate: &Candidate<'_>, facts: &Facts, framework: Option<&Chosen<'_>>, sources: &Sources<'_>) -> Role {
    let folder = candidate.folder;
    let deployed = ["Procfile", "fly.toml", "app.yaml"].iter().any(|file| folder.has(file))
        || docker::is_in(folder)
        || candidate.stack.yields && docker::dockerfile(folder).is_some();
    match facts.role {
        // The root of a workspace is an app itself where a framework keeps its own files there.
        Role::Shell if framework.is_some_and(|framework| framework.rooted) => Role::App,
        Role::Shell => Role::Shell,
        Role::Library if facts.cannot_run => Role::Library,
        Role::Library if deployed || framework.is_some_and(|framework| !framework.faint) => Role::App,
        Role::Unknown if deployed || framework.is_some() => Role::App,
        // What nothing else tells about is an app where it listens.
        Role::Unknown if sources.hold(&candidate.stack.listens) => Role::App,
        role => role,
    }
}

/// What was made of all candidates.
pub(super) struct Selection<'p> {
    pub apps: Vec<App<'p>>,
    pub monorepo: Option<Monorepo>,
}

/// Reads all candidates and keeps those that are apps; where somebody said where the apps are, those there.
pub(super) fn select<'p>(found: Vec<Candidate<'p>>, said: &[String]) -> Selection<'p> {
    let packages: Rc<HashSet<&'p str>> =
        Rc::new(found.iter().filter(|one| one.kind == EvidenceKind::Manifest).map(|one| one.folder.path()).collect());
    let mut read: Vec<App<'p>> = found
        .into_iter()
        .map(|candidate| App::read(candidate, Rc::clone(&packages)))
        // Whose reader found that it is none of its own.
        .filter(|app| app.weight > 0.0)
        .collect();
    let monorepo = monorepo(&read);
    let inner = inner::of(&read, monorepo.as_ref());
    read.iter_mut().zip(inner).for_each(|(app, inner)| app.inner = inner);
    let mut apps = strongest_of_each_folder(read);
    if !said.is_empty() {
        apps.retain(|app| said.iter().any(|path| path == app.folder().path()));
        return Selection { apps, monorepo };
    }
    swallow(&mut apps);
    let shown = apps.iter().any(|app| app.role == Role::App && app.is_aside());
    let root = take_root_of_workspace(&mut apps);
    // What only shows or tests a library says less of a project than the library itself.
    let kept = |app: &App<'_>| !app.is_aside() || app.is_kept_as_app(monorepo.as_ref());
    outside(&mut apps, |app| app.role > Role::Shell && kept(app));
    outside(&mut apps, |app| app.role > Role::Shell);
    let claimed: Vec<(Folder<'p>, Role)> = apps
        .iter()
        .filter(|app| app.candidate.kind == EvidenceKind::Manifest || app.role == Role::App)
        .map(|app| (app.folder(), app.role))
        .collect();
    apps.retain(|app| !is_part_of_another(app, &claimed));
    outside(&mut apps, |app| app.role > Role::Library);
    outside(&mut apps, |app| app.role == Role::App || app.folder().path().is_empty());
    // Several libraries with examples of their use have nothing else to run: then their workspace is the project.
    if let Some(root) = root.filter(|_| shown && apps.len() > 1 && apps.iter().all(App::is_only_library)) {
        apps = vec![root];
    }
    // A Dockerfile beside a solution, or any other root that is no app itself, is that of the only app below.
    if let [app] = apps.as_mut_slice()
        && let Some(root) = app.folder().upwards().skip(1).last()
        && !app.is_aside()
        && docker::builds_below(root, app.folder())
    {
        app.built_from = Some(root);
    }
    Selection { apps, monorepo }
}

/// The stack, or the one that it shares its packages with.
pub(super) fn family(stack: &Stack) -> &str {
    stack.shares_with.as_ref().unwrap_or(&stack.name)
}

/// Takes out the apps that one above stands for.
fn swallow(apps: &mut Vec<App<'_>>) {
    let swallowed: Vec<String> =
        apps.iter().filter_map(|app| Some(app.folder().at(app.facts.swallows.as_ref()?))).collect();
    apps.retain(|app| !swallowed.iter().any(|path| path == app.folder().path()));
}

/// Takes out what only ties a workspace together at the project's root, where there is anything else.
fn take_root_of_workspace<'p>(apps: &mut Vec<App<'p>>) -> Option<App<'p>> {
    let others = apps.iter().any(|app| app.role > Role::Shell);
    let is_root = |app: &App<'_>| app.role == Role::Shell && app.folder().path().is_empty();
    let at = apps.iter().position(is_root).filter(|_| others)?;
    Some(apps.remove(at))
}

/// Keeps what fits, where anything does.
fn outside(apps: &mut Vec<App<'_>>, fits: impl Fn(&App<'_>) -> bool) {
    if apps.iter().any(&fits) {
        apps.retain(fits);
    }
}

/// A page or script below an app belongs to it, and so does a package that nothing says can run.
fn is_part_of_another(app: &App<'_>, claimed: &[(Folder<'_>, Role)]) -> bool {
    let folder = app.folder();
    let inside_some = |only_apps: bool| {
        claimed.iter().any(|(other, role)| {
            (*role == Role::App || !only_apps) && other.path() != folder.path() && folder.is_within(*other)
        })
    };
    match (app.candidate.kind, app.role) {
        (EvidenceKind::Manifest, Role::App) => false,
        (EvidenceKind::Manifest, _) => inside_some(true),
        _ => inside_some(false),
    }
}

/// Of several stacks in one folder the one with the most to speak for it; it tells of the others.
fn strongest_of_each_folder(read: Vec<App<'_>>) -> Vec<App<'_>> {
    let mut folders: BTreeMap<&str, Vec<App<'_>>> = BTreeMap::new();
    for app in read {
        folders.entry(app.folder().path()).or_default().push(app);
    }
    folders
        .into_values()
        .filter_map(|mut here| {
            here.sort_by(|one, other| claim(other).total_cmp(&claim(one)));
            let mut here = here.into_iter();
            let mut winner = here.next()?;
            let (stack, least) = (winner.candidate.stack, claim(&winner) * NEAR);
            for other in here.filter(|other| is_told(other.candidate.stack, stack)) {
                let near = claim(&other) >= least;
                let much = if near { ", with nearly as much to speak for it" } else { "" };
                let file = other.candidate.files.first().map_or_else(String::new, |(file, _)| other.folder().at(file));
                let told = Evidence::new(file, format!("{} lies here too{much}", other.candidate.stack.language));
                let bearing = if near { Bearing::Disagrees } else { Bearing::Supports };
                winner.facts.evidence.push(told.weighing(other.weight).bearing(bearing));
            }
            Some(winner)
        })
        .collect()
}

/// Whether a stack that lost a folder is worth telling: not the other runtime of the same language.
fn is_told(loser: &Stack, winner: &Stack) -> bool {
    !loser.yields && family(loser) != family(winner)
}

/// How strongly a stack claims a folder that others claim too.
fn claim(app: &App<'_>) -> f64 {
    let role = match app.role {
        Role::App => 1.0,
        Role::Unknown => 0.8,
        Role::Library => 0.5,
        Role::Shell => 0.3,
    };
    let stack = app.candidate.stack;
    let serves = app.framework.as_ref().is_some_and(|framework| framework.rule.serving == Serving::Server);
    let helper = if stack.helps && !serves { 0.6 } else { 1.0 };
    let kind = if app.candidate.kind == EvidenceKind::Manifest { 1.0 } else { 0.7 };
    let yields = if stack.yields && app.framework.is_none() { 0.5 } else { 1.0 };
    app.weight * role * helper * kind * yields
}

/// The tool that ties packages together, with their paths.
fn monorepo(read: &[App<'_>]) -> Option<Monorepo> {
    // Among several the uppermost; what a project only keeps for its tests ties nothing of it together.
    let ties = |app: &&App<'_>| app.facts.workspace_tool.is_some() || !app.facts.members.is_empty();
    let own = read.iter().filter(ties).filter(|app| !app.is_aside());
    let shell = own.min_by_key(|app| app.folder().upwards().count())?;
    let root = shell.folder();
    let inside = |app: &&App<'_>| {
        let below = app.folder().path().strip_prefix(root.path()).unwrap_or("").trim_start_matches('/');
        app.candidate.kind == EvidenceKind::Manifest
            && app.folder().path() != root.path()
            && app.folder().is_within(root)
            && (shell.facts.members.is_empty() || is_member(below, &shell.facts.members))
    };
    let mut packages: Vec<String> = read.iter().filter(inside).map(|app| app.folder().path().to_owned()).collect();
    packages.dedup();
    let tool = shell.facts.workspace_tool.clone().unwrap_or_else(|| shell.candidate.stack.name.to_string());
    (!packages.is_empty()).then_some(Monorepo { tool, packages })
}

/// A path fits a member pattern: `apps/*`, `packages/**`, `./api`; a later `!pattern` takes out again.
fn is_member(path: &str, patterns: &[String]) -> bool {
    patterns.iter().fold(false, |inside, pattern| match pattern.strip_prefix('!') {
        Some(out) => inside && !fits(path, out),
        None => inside || fits(path, pattern),
    })
}

fn fits(path: &str, pattern: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let (parts, wanted): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), pattern.split('/').collect());
    fits_parts(&parts, &wanted)
}

fn fits_parts(parts: &[&str], wanted: &[&str]) -> bool {
    match (parts, wanted) {
        ([], []) => true,
        (_, ["**", rest @ ..]) => (0..=parts.len()).any(|skip| fits_parts(&parts[skip..], rest)),
        ([part, parts @ ..], [want, wanted @ ..]) => {
            let same = match want.split_once('*') {
                Some((before, after)) => {
                    part.len() >= before.len() + after.len() && part.starts_with(before) && part.ends_with(after)
                }
                None => part == want,
            };
            same && fits_parts(parts, wanted)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_by_their_patterns() {
        let patterns = ["apps/*", "packages/**", "!packages/old", "./api"].map(String::from);
        for (path, expected) in
            [("apps/web", true), ("apps/web/x", false), ("packages/a/b", true), ("packages/old", false), ("api", true)]
        {
            assert_eq!(is_member(path, &patterns), expected, "{path}");
        }
    }
}
