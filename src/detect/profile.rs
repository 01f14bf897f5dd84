//! From an app's facts and its stack's rules to its profile.

use std::collections::{BTreeMap, BTreeSet};

use super::apps::{App, Services};
use super::commands::Choice;
use super::data::{List, Text};
use super::docker::{self, Docker};
use super::env::{self, Origin, Origins};
use super::evidence;
use super::health;
use super::inlined;
use super::loopback;
use super::manifests::package_json::PackageJson;
use super::outputs;
use super::platforms;
use super::ports;
use super::processes;
use super::release;
use super::rules::{CommandRule, FrameworkRule, Manager};
use super::services;
use super::versions;
use super::words::{Word, fill};
use crate::model::{AppProfile, Evidence, Language, Serving, Warning};

/// The profile of one app, and a warning where nobody outside of a container would reach it. Its name is still to be made
/// unique.
pub(super) fn profile(app: &App<'_>) -> (AppProfile, Option<Warning>) {
    let folder = app.folder();
    let stack = app.candidate.stack;
    let facts = &app.facts;
    let rule = app.framework.as_ref().map(|framework| framework.rule);
    let docker = docker::read(folder, stack.yields, app.built_from);
    let manager = manager(app);
    let found = versions::find(folder, facts, &stack.versions);
    let serving = serving(app, rule, &docker);
    let (output, left) = outputs::find(app, rule, serving).unzip();
    let commands = Lines::new(app, manager.as_ref(), rule, output.as_deref());
    let services = services(app, &docker);

    let mut profile = AppProfile {
        path: app.path(),
        name: facts.name.clone().unwrap_or_else(|| folder.name().to_owned()),
        stack: stack.name.to_string(),
        language: language(app, found.version.as_deref()),
        framework: app.framework.as_ref().map(|framework| framework.framework.clone()),
        package_manager: manager.as_ref().map(|manager| manager.name.to_string()),
        package_manager_version: manager.as_ref().and_then(|manager| manager_version(app, &manager.name)),
        build_tool: build_tool(app, rule),
        runtime_version: found.version.clone().or_else(|| default_version(app)),
        install_command: commands.install(),
        build_command: commands.build(),
        start_command: commands.start(),
        check_install_command: commands.check_install(),
        test_command: commands.test(),
        lint_command: commands.lint(),
        serving,
        dependencies: facts.dependencies.clone(),
        packages: app.inner.packages.iter().cloned().collect(),
        services: services.keys().cloned().collect(),
        dockerfile: docker.dockerfile.clone(),
        compose_file: docker.compose_file.clone(),
        ..AppProfile::default()
    };
    profile.develop_command = commands.develop(profile.start_command.as_deref());
    let release = release::find(app, &commands.choice(), rule, &profile);
    let beside = processes::find(
        app,
        &commands.choice(),
        &AppProfile { release_command: release.as_ref().map(|it| it.command.clone()), ..profile.clone() },
    );
    let start = profile.start_command.as_deref();
    // A command that is given the port is there to listen.
    let serves = || start.is_some_and(|start| start.contains("$PORT") || listens(app));
    let nothing_starts = facts.cannot_run && start.is_none();
    if profile.serving == Serving::Server && (nothing_starts || !known_to_serve(app, &docker, start) && !serves()) {
        profile.serving = Serving::None;
    }
    profile.output_dir = match profile.serving {
        Serving::Static => output,
        Serving::Server => facts.bundle.clone(),
        Serving::None => None,
    };
    let mut told = Vec::new();
    if profile.serving != Serving::None {
        let (port, by) = ports::find(app, &docker).unzip();
        profile.port = port;
        told.extend(by.flatten());
        let (path, by) = docker.health_path.is_none().then(|| health::find(app)).flatten().unzip();
        // What answers for files is Wharf's own: they are there or not.
        profile.health_guessed = path.is_some() && profile.serving == Serving::Server;
        profile.health_path = docker.health_path.clone().or(path);
        told.extend(by);
        // Wharf serves files itself, where and as it likes.
        told.retain(|_| profile.serving == Serving::Server);
    }
    if profile.serving == Serving::Static {
        told.extend(left.flatten());
    }
    told.extend(services.into_values().flatten());
    if let Some(release) = release {
        profile.release_command = Some(release.command);
        told.extend(release.by);
    }
    profile.processes = beside.processes;
    told.extend(beside.by);
    told.extend(built_first(app));
    profile.dependencies.sort_by(|one, other| one.name.cmp(&other.name));
    told.extend(env::evidence(&names_of_environment(app, &docker, rule, &mut profile)));
    profile.build_command = profile.build_command.map(|build| with_placeholders(&build, &profile.required_env));
    system_packages(app, rule, &mut profile);
    profile.config_files = config_files(app, manager.as_ref(), &docker);
    let start = profile.start_command.as_deref();
    let shut = if profile.serving == Serving::Server { loopback::find(app, start, &docker) } else { None };
    profile.evidence = evidence::of(app, manager.as_ref(), &found, docker.evidence, told);
    if profile.serving == Serving::Static {
        // Wharf serves the files itself.
        profile.evidence.retain(|one| !one.says.starts_with("starts with "));
    }
    platforms::warn_of_others(folder, &profile);
    profile.confidence = evidence::confidence(app.weight, &profile.evidence);
    (profile, shut)
}

/// The package manager: the one that the manifest names, or whose files are nearest.
fn manager(app: &App<'_>) -> Option<Manager> {
    let rules = &app.candidate.stack.managers;
    if let Some((name, _)) = &app.facts.manager
        && let Some(named) = rules.iter().find(|rule| rule.name == *name)
    {
        return Some(named.clone());
    }
    let by_file = app
        .folder()
        .upwards()
        .find_map(|above| rules.iter().find(|rule| rule.files.iter().any(|file| above.find(file).is_some())));
    let hint = app.facts.manager_hint.as_ref();
    let hinted = || hint.and_then(|(name, _)| rules.iter().find(|rule| rule.name == *name));
    by_file.or_else(hinted).or_else(|| rules.iter().find(|rule| rule.files.is_empty() || rule.default)).cloned()
}

/// The exact version of the manager that the project asks for.
fn manager_version(app: &App<'_>, manager: &str) -> Option<String> {
    let said = [&app.facts.manager, &app.facts.manager_hint];
    let named = said.into_iter().flatten().find(|(name, version)| name == manager && version.is_some());
    let tool = || versions::of_tool(app.folder(), manager).map(|ask| ask.says);
    let exact = |version: &String| version.contains('.') && version.chars().all(|c| c.is_ascii_digit() || c == '.');
    named.and_then(|(_, version)| version.clone()).or_else(|| tool().filter(exact))
}

/// The file that proves the manager, relative to the project.
pub(super) fn lock_file(app: &App<'_>, manager: &Manager) -> Option<String> {
    app.folder()
        .upwards()
        .find_map(|above| manager.files.iter().find_map(|file| above.find(file)).map(|file| above.at(&file)))
}

fn default_version(app: &App<'_>) -> Option<String> {
    let default = &app.candidate.stack.versions.default;
    (!default.is_empty()).then(|| default.to_string())
}

fn language(app: &App<'_>, runtime: Option<&str>) -> Language {
    let stack = app.candidate.stack;
    let by_framework = app.framework.as_ref().and_then(|framework| framework.rule.language.as_ref());
    let other =
        app.facts.language.clone().or_else(|| by_framework.map(String::from)).filter(|name| *name != stack.language);
    // What runs it may be called otherwise, and have versions of its own.
    let same = other.is_none() && stack.runtime() == stack.language;
    let version = app.facts.language_version.clone().or_else(|| runtime.filter(|_| same).map(str::to_owned));
    Language {
        name: other.unwrap_or_else(|| stack.language.to_string()),
        version: version.map(|version| version.trim_start_matches(['^', '~']).to_owned()),
        confidence: (app.weight * 100.0).round() / 100.0,
    }
}

fn build_tool(app: &App<'_>, rule: Option<&FrameworkRule>) -> Option<String> {
    if let Some(tool) = rule.and_then(|rule| rule.build_tool.as_ref()) {
        return Some(tool.to_string());
    }
    if let Some(tool) = app.facts.plain("build_tool") {
        return Some(tool.to_owned());
    }
    let tools = &app.candidate.stack.build_tools;
    tools
        .iter()
        .find(|tool| tool.packages.iter().any(|name| app.facts.depends_on(name)))
        .map(|tool| tool.name.to_string())
}

fn serving(app: &App<'_>, rule: Option<&FrameworkRule>, docker: &Docker) -> Serving {
    match app.facts.serving {
        Some(serving) => serving,
        None => rule.map_or(app.candidate.stack.serving, |rule| {
            let any = |names: &[Text]| names.iter().any(|name| app.facts.depends_on(name));
            match (any(&rule.serves_with), any(&rule.static_with)) {
                (true, _) => Serving::Server,
                (false, true) => Serving::Static,
                (false, false) if !rule.serves_marks.is_empty() && answers(app, rule, docker) => Serving::Server,
                (false, false) => rule.serving,
            }
        }),
    }
}

/// Whether anything but a dependency shows that an app of a framework that need not answer does: a port, a platform,
/// the project's own packages, its sources.
fn answers(app: &App<'_>, rule: &FrameworkRule, docker: &Docker) -> bool {
    let told = app.facts.port.is_some() || docker.listens || app.inner.serves || platforms::answers(app.folder());
    let marks = &rule.serves_marks;
    told || app.sources.hold(marks) || app.sources.is_cut() && app.sources.hold_beyond(marks)
}

/// Whether something in its sources listens; where there is nothing to look at, it is taken to.
fn listens(app: &App<'_>) -> bool {
    let marks = &app.candidate.stack.listens;
    let nothing_to_see = marks.is_empty() || app.sources.files().is_empty();
    nothing_to_see || app.sources.hold(marks) || app.sources.is_cut() && app.sources.hold_beyond(marks)
}

/// Whether something beside the sources says that requests are answered: a framework, what the Dockerfile or a platform
/// is told. A Dockerfile alone says so only where nobody else knows what it starts.
fn known_to_serve(app: &App<'_>, docker: &Docker, start: Option<&str>) -> bool {
    let alone = docker.dockerfile.is_some() && (app.candidate.stack.yields || start.is_none());
    app.framework.is_some() || app.inner.serves || docker.listens || alone || platforms::answers(app.folder())
}

/// The commands of an app.
struct Lines<'a> {
    app: &'a App<'a>,
    manager: Option<&'a Manager>,
    rule: Option<&'a FrameworkRule>,
    words: BTreeMap<String, Word>,
}

impl<'a> Lines<'a> {
    fn new(
        app: &'a App<'a>,
        manager: Option<&'a Manager>,
        rule: Option<&'a FrameworkRule>,
        output: Option<&str>,
    ) -> Self {
        let mut words = app.facts.words.clone();
        let own = &app.candidate.stack.words;
        for (name, text) in own.iter() {
            words.entry(name.to_owned()).or_insert_with(|| Word::of_rules(text));
        }
        if let Some(manager) = manager {
            words.extend(manager.words.iter().map(|(name, text)| (name.to_owned(), Word::of_rules(text))));
            let locks = if manager.locks.is_empty() { &manager.files } else { &manager.locks };
            if app.folder().upwards().any(|above| locks.iter().any(|file| above.find(file).is_some())) {
                words.insert("locked".to_owned(), Word::default());
            }
        }
        if let Some(name) = &app.facts.name {
            words.insert("member".to_owned(), Word::Plain(name.clone()));
        }
        if let Some(output) = output {
            words.insert("output".to_owned(), Word::Plain(output.to_owned()));
        }
        Self { app, manager, rule, words }
    }

    fn choice(&self) -> Choice<'_> {
        Choice { folder: self.app.folder(), facts: &self.app.facts, words: &self.words, tested: None, running: false }
    }

    fn choose(&self, own: Option<&[CommandRule]>, stack: &[CommandRule]) -> Option<String> {
        let choice = self.choice();
        own.and_then(|rules| choice.first(rules)).or_else(|| choice.first(stack))
    }

    fn rules(&self, of: impl Fn(&FrameworkRule) -> &List<CommandRule>) -> &'a [CommandRule] {
        self.rule.map_or(&[], |rule| of(rule))
    }

    fn install(&self) -> Option<String> {
        self.choose(self.manager.map(|manager| &*manager.install), &self.app.candidate.stack.install)
    }

    fn check_install(&self) -> Option<String> {
        let tested = || self.tested();
        let choice = Choice { tested: Some(&tested), ..self.choice() };
        let stack = self.app.candidate.stack;
        let own = self.manager.into_iter().flat_map(|manager| manager.check_install.iter().chain(&manager.install));
        choice.parts(own.chain(&stack.check_install).chain(&stack.install))
    }

    fn tested(&self) -> bool {
        self.app.sources.are_tested() || self.app.sources.hold(&self.app.candidate.stack.test_marks)
    }

    fn test(&self) -> Option<String> {
        let tested = || self.tested();
        let choice = Choice { tested: Some(&tested), ..self.choice() };
        choice.first(self.rules(|rule| &rule.test)).or_else(|| choice.first(&self.app.candidate.stack.test))
    }

    fn lint(&self) -> Option<String> {
        let choice = Choice { tested: Some(&|| false), ..self.choice() };
        choice.parts(self.rules(|rule| &rule.lint).iter().chain(&self.app.candidate.stack.lint))
    }

    fn develop(&self, start: Option<&str>) -> Option<String> {
        let mut words = self.words.clone();
        words.extend(start.map(|start| ("start".to_owned(), Word::Command(start.to_owned()))));
        let choice = Choice { words: &words, ..self.choice() };
        choice.first(self.rules(|rule| &rule.develop)).or_else(|| choice.first(&self.app.candidate.stack.develop))
    }

    fn build(&self) -> Option<String> {
        let said = platforms::build(self.app.folder()).map(|said| said.command);
        let own = || self.choose(self.rule.map(|rule| &*rule.build), &self.app.candidate.stack.build);
        said.or_else(|| self.behind_first(own()))
    }

    /// An app's own build behind those of the packages of its workspace that it needs.
    fn behind_first(&self, own: Option<String>) -> Option<String> {
        let manager = self.manager.filter(|_| !self.app.inner.first.is_empty());
        let Some((manager, first)) = manager.and_then(|manager| Some((manager, manager.first.as_ref()?))) else {
            return own;
        };
        if own.is_none() || own == fill("{script.build}", &self.words) {
            let whole = || fill(manager.with_first.as_ref()?, &self.words);
            if let Some(all) = fill("{turbo}", &self.words).or_else(whole) {
                return Some(all);
            }
        }
        let mut builds: Vec<String> = Vec::new();
        for package in &self.app.inner.first {
            let build = Word::Phrase(first.to_string().into(), vec![package.way.clone()]);
            let mut words = self.words.clone();
            words.insert("first".to_owned(), build);
            builds.extend(fill("{first}", &words).filter(|build| !builds.contains(build)));
        }
        builds.extend(own);
        Some(builds.join(" && "))
    }

    fn start(&self) -> Option<String> {
        let folder = self.app.folder();
        platforms::start(folder)
            .map(|said| said.command)
            .or_else(|| self.choose(self.rule.map(|rule| &*rule.start), &self.app.candidate.stack.start))
            .or_else(|| platforms::procfile(folder, "worker"))
    }
}

/// What is built before it, as evidence.
fn built_first(app: &App<'_>) -> Option<Evidence> {
    let names: Vec<&str> = app.inner.first.iter().map(|package| package.name.as_str()).collect();
    let says = || format!("depends on {} of the workspace, built before it", names.join(", "));
    (!names.is_empty()).then(|| Evidence::new(app.manifest(), says()))
}

/// The services that it, the packages of the project that it depends on, or its compose file name.
fn services(app: &App<'_>, docker: &Docker) -> Services {
    let mut found = app.services().clone();
    for (name, told) in app.inner.services.iter().filter(|(name, _)| !app.facts.not_services.contains(name)) {
        found.entry(name.clone()).or_insert_with(|| told.clone());
    }
    found.retain(|name, told| !services::is_replaced(name, told.is_none(), &docker.services));
    for name in docker.services.iter().filter(|name| !app.facts.not_services.contains(name)) {
        found.entry(name.clone()).or_default();
    }
    services::settle(&mut found, Option::is_none);
    found
}

/// Notes the names that it reads; returns them with where they come from.
fn names_of_environment(
    app: &App<'_>,
    docker: &Docker,
    rule: Option<&FrameworkRule>,
    profile: &mut AppProfile,
) -> Origins {
    let mut read = app.names().read.clone();
    let mut required = app.names().required.clone();
    required.extend(app.facts.required_env.iter().cloned());
    for (name, origin) in app.facts.env.iter().chain(&docker.env).chain(&app.inner.env) {
        read.entry(name.clone()).or_insert_with(|| origin.clone());
    }
    for name in rule.into_iter().flat_map(|rule| &rule.required_env) {
        let file = app.framework.as_ref().map_or_else(String::new, |framework| framework.file().to_owned());
        read.entry(name.to_string()).or_insert(Origin { file, does: "needs" });
        required.insert(name.to_string());
    }
    for (file, name) in rule.into_iter().flat_map(|rule| rule.file_env.iter()) {
        if app.folder().has(file) {
            let origin = || Origin { file: file.to_string(), does: "is opened with" };
            read.entry(name.to_string()).or_insert_with(origin);
        }
    }
    profile.env = read.keys().cloned().collect();
    profile.required_env = required.into_iter().collect();
    profile.build_env = inlined::of(app, profile, &read);
    read
}

fn system_packages(app: &App<'_>, rule: Option<&FrameworkRule>, profile: &mut AppProfile) {
    let mut needed = app.system_packages();
    needed.extend(rule.into_iter().flat_map(|rule| rule.system_packages.iter().map(String::from)));
    needed.extend(app.inner.system.iter().cloned());
    profile.system_packages = needed.into_iter().collect();
}

fn config_files(app: &App<'_>, manager: Option<&Manager>, docker: &Docker) -> Vec<String> {
    let folder = app.folder();
    let mut files: BTreeSet<String> = app.facts.files.iter().map(|file| folder.at(file)).collect();
    let weighed = app.candidate.files.iter().map(|(file, _)| file);
    files.extend(weighed.filter(|file| !is_source(file, app)).map(|file| folder.at(file)));
    files.extend(app.framework.iter().flat_map(|found| found.evidence.iter().map(|evidence| evidence.file.clone())));
    files.extend(manager.and_then(|manager| lock_file(app, manager)));
    files.extend(docker.dockerfile.clone());
    files.extend(docker.compose_file.clone());
    let beside = ["Procfile", ".env.example", ".dockerignore"].iter().chain(of_assets(app));
    files.extend(beside.filter(|file| folder.has(file)).map(|file| folder.at(file)));
    files.extend(app.facts.above.iter().cloned());
    files.retain(|file| folder.project().has(file));
    files.into_iter().collect()
}

/// Collecting files loads the program, which fails without these, and makes no use of them.
fn with_placeholders(build: &str, required: &[String]) -> String {
    let placeholder = |name: &String| match name.as_str() {
        // With an empty host: what stands in its place passes for a host and a port.
        "DATABASE_URL" => format!("{name}=sqlite:///:memory: "),
        port if port.ends_with("PORT") => format!("{name}=1 "),
        _ => format!("{name}=unused "),
    };
    let collects = "python manage.py collectstatic";
    let given: String = required.iter().map(placeholder).collect();
    build.replace(collects, &format!("{given}{collects}"))
}

/// What decides about the scripts and styles that a program of another language has bundled for browsers.
fn of_assets(app: &App<'_>) -> &'static [&'static str] {
    let bundles = || {
        let manifest = app.folder().value("package.json").and_then(PackageJson::new);
        manifest.is_some_and(|manifest| manifest.script("build").is_some())
    };
    if has_assets_beside(app) && bundles() {
        &["package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"]
    } else {
        &[]
    }
}

/// Whether a program of another language can have a bundler beside it.
fn has_assets_beside(app: &App<'_>) -> bool {
    ["dotnet", "php", "python", "ruby"].contains(&app.candidate.stack.name.as_str())
}

/// Whether a bundler beside a program of another language builds its pages' files.
pub(super) fn bundled_by(app: &App<'_>, bundler: &str) -> bool {
    let manifest = || app.folder().value("package.json").and_then(PackageJson::new);
    let uses = |manifest: &PackageJson| {
        let mut all = ["dependencies", "devDependencies"].into_iter().flat_map(|group| manifest.group(group));
        manifest.script("build").is_some() && all.any(|(name, _)| name == bundler)
    };
    has_assets_beside(app) && manifest().as_ref().is_some_and(uses)
}

fn is_source(file: &str, app: &App<'_>) -> bool {
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    app.candidate.stack.extensions.iter().any(|known| known == ending) && !file.contains(".config.")
}
