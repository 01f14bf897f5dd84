//! What the reader of a stack finds in a folder: plain facts, from which the rules in `stack.toml` make a profile.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashSet;

use super::env::{Origin, Origins};
use super::project::Folder;
use super::words::Word;
use crate::model::{Dependency, DependencyScope, Evidence, Serving};

/// Dependencies of a manifest that are kept at most.
const DEPENDENCIES: usize = 20_000;

/// Packages of a lock file that are kept at most.
const PINNED: usize = 20_000;

/// What stands in the manifests of one folder.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Facts {
    /// The package's own name.
    pub name: Option<String>,
    /// The language, where it is not the stack's usual one.
    pub language: Option<String>,
    /// The version of the language, where it is not the runtime's.
    pub language_version: Option<String>,
    /// What it depends on directly.
    pub dependencies: Vec<Dependency>,
    /// The names of all that was noted as a dependency.
    pub named: HashSet<String>,
    /// What it is only tested and checked with, where its manifests do not count that among the dependencies.
    pub tools: BTreeSet<String>,
    /// All that its lock file pins, its own dependencies among it.
    pub locked: Vec<Dependency>,
    /// The package manager that it names itself, with the version.
    pub manager: Option<(String, Option<String>)>,
    /// The package manager that it only hints at, for where neither the manifest nor a file names one.
    pub manager_hint: Option<(String, Option<String>)>,
    /// Versions asked for, by the place that [`super::registry::Versions::places`] names.
    pub versions: BTreeMap<String, Ask>,
    /// Words for the templates of commands.
    pub words: BTreeMap<String, Word>,
    /// Manifests that were read, relative to the folder.
    pub files: Vec<String>,
    /// Files of the workspace above that it is built with, relative to the project.
    pub above: Vec<String>,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// Patterns of the paths of its workspace's members, relative to the folder.
    pub members: Vec<String>,
    /// The tool of that workspace.
    pub workspace_tool: Option<String>,
    /// What it is for.
    pub role: Role,
    /// A port that a manifest or a configuration file says.
    pub port: Option<u16>,
    /// Nothing in it can be started, whatever it depends on: it is certainly a library.
    pub cannot_run: bool,
    /// All that it depends on stands in its manifests: whatever else its sources name is only text.
    pub complete: bool,
    /// What its start scripts run.
    pub started: Vec<String>,
    /// The framework, where no dependency but the project's form says it; with its version.
    pub framework: Option<(String, Option<String>)>,
    /// Where a build leaves files to be served, said by a configuration file.
    pub output_dir: Option<String>,
    /// Where a build leaves all that a server needs, relative to the folder.
    pub bundle: Option<String>,
    /// Where what bundles it leaves them, where neither its settings nor a framework says a folder.
    pub usual_output: Option<String>,
    /// How it answers, where the project's form says it and not the framework.
    pub serving: Option<Serving>,
    /// Services that a configuration names.
    pub services: Vec<String>,
    /// Services that a dependency would suggest and a configuration rules out.
    pub not_services: Vec<String>,
    /// Names without which it certainly does not start.
    pub required_env: Vec<String>,
    /// Names of environment variables that a configuration reads.
    pub env: Origins,
    /// Its workspace builds others where nothing is named.
    pub supports: bool,
    /// The folders whose sources the program is made of, where it is not all that lies below.
    pub reach: Option<Vec<String>>,
    /// The same with what the programs are made of that run beside it, of which it has no port.
    pub reach_beside: Option<Vec<String>>,
    /// Files and folders, relative to this one, that only other programs of it are made of.
    pub others: Vec<String>,
    /// What it depends on of the project becomes a part of its program.
    pub linked: bool,
    /// The folder below, relative to this one, whose app is meant.
    pub swallows: Option<String>,
    /// How much sure this makes beyond the files' own weights; may be below zero for what merely helps another stack,
    /// and -1 for what is none of this stack.
    pub strength: f64,
}

/// What a folder's code is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Only the tool of a workspace, or the tests of something else.
    Shell,
    /// To be used by other code.
    Library,
    /// Nothing says.
    #[default]
    Unknown,
    /// To be run.
    App,
}

/// A version that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    /// The file, relative to the project.
    pub file: String,
    /// What it says, as it stands there.
    pub says: String,
}

impl Facts {
    pub(super) fn depends_on(&self, name: &str) -> bool {
        self.dependency(name).is_some()
    }

    /// The dependency of that name; `name*` asks for a beginning.
    pub(super) fn dependency(&self, name: &str) -> Option<&Dependency> {
        match name.strip_suffix('*') {
            Some(beginning) => self.dependencies.iter().find(|dependency| dependency.name.starts_with(beginning)),
            None => self.dependencies.iter().find(|dependency| dependency.name == name),
        }
    }

    /// The version of a dependency that is known to be earlier than `name@5.1` says.
    pub(super) fn older(&self, than: &str) -> Option<&str> {
        let (name, bound) = than.rsplit_once('@')?;
        let version = self.dependency(name)?.version.as_deref()?;
        // What only bounds it from below says no version.
        if version.contains('>') {
            return None;
        }
        let number = version.trim_start_matches(|c: char| !c.is_ascii_digit());
        let parts = |text: &str| -> Vec<u32> { text.split('.').map_while(|part| part.parse().ok()).collect() };
        let (version, bound) = (parts(number), parts(bound));
        (!version.is_empty() && version[..] < bound[..]).then_some(number)
    }

    /// Notes files of the workspace above it.
    pub(super) fn built_with(&mut self, above: Folder<'_>, files: &[&str]) {
        self.above.extend(files.iter().filter(|file| above.has(file)).map(|file| above.at(file)));
    }

    /// Notes a name or a path for commands, which a shell takes as it is; or, left empty, that something is so.
    pub(super) fn word(&mut self, name: &str, value: impl Into<String>) {
        self.words.insert(name.to_owned(), Word::Plain(value.into()));
    }

    /// Notes a piece of shell for commands: a fixed text, in which `{name}` is another word and `{}` the next of `values`,
    /// plain ones.
    pub(super) fn phrase<const N: usize>(&mut self, name: &str, text: &'static str, values: [&str; N]) {
        self.words.insert(name.to_owned(), Word::Phrase(text.into(), values.map(str::to_owned).to_vec()));
    }

    /// Notes a piece of shell and behind it, for each of these plain words, the text that it comes with, with `{}` for
    /// the word.
    pub(super) fn options(&mut self, name: &str, before: &str, options: &[(&str, &[String])]) {
        let texts = options.iter().map(|(text, values)| text.repeat(values.len()));
        let text = texts.fold(before.to_owned(), |text, next| text + &next);
        let values = options.iter().flat_map(|(_, values)| values.iter().cloned()).collect();
        self.words.insert(name.to_owned(), Word::Phrase(text.into(), values));
    }

    /// Notes a command that the project itself says.
    pub(super) fn command(&mut self, name: &str, command: &str) {
        self.words.insert(name.to_owned(), Word::Command(command.to_owned()));
    }

    /// The name or path that is noted as this word.
    pub(super) fn plain(&self, word: &str) -> Option<&str> {
        self.words.get(word).and_then(Word::plain)
    }

    pub(super) fn ask(&mut self, place: &str, folder: Folder<'_>, file: &str, says: Option<&str>) {
        if let Some(says) = says.map(str::trim).filter(|says| !says.is_empty()) {
            self.versions.insert(place.to_owned(), Ask { file: folder.at(file), says: says.to_owned() });
        }
    }

    pub(super) fn depend(&mut self, name: impl Into<String>, version: Option<String>, scope: DependencyScope) {
        if self.dependencies.len() < DEPENDENCIES {
            let name = name.into();
            self.named.insert(name.clone());
            self.dependencies.push(Dependency { name, version, scope });
        }
    }

    /// The same, where nothing of that name is noted yet.
    pub(super) fn depend_once(&mut self, name: &str, version: Option<String>, scope: DependencyScope) {
        if !self.named.contains(name) {
            self.depend(name, version, scope);
        }
    }

    /// Notes a package that a lock file pins.
    pub(super) fn pin(&mut self, name: impl Into<String>, version: impl Into<String>, scope: DependencyScope) {
        if self.locked.len() < PINNED {
            self.locked.push(Dependency { name: name.into(), version: Some(version.into()), scope });
        }
    }

    /// What is pinned and no dependency of its own, by name, each version once.
    pub(super) fn transitive(&self) -> Vec<Dependency> {
        let own: HashSet<(&str, Option<&str>)> =
            self.dependencies.iter().map(|one| (one.name.as_str(), one.version.as_deref())).collect();
        let mut rest: Vec<&Dependency> =
            self.locked.iter().filter(|one| !own.contains(&(one.name.as_str(), one.version.as_deref()))).collect();
        // What running needs stands first among equals, and so is kept.
        rest.sort_by(|one, other| {
            let key = |it: &Dependency| (it.name.clone(), it.version.clone(), it.scope != DependencyScope::Runtime);
            key(one).cmp(&key(other))
        });
        rest.dedup_by(|one, other| (&one.name, &one.version) == (&other.name, &other.version));
        rest.into_iter().cloned().collect()
    }

    /// Notes the name of an environment variable that a configuration file reads.
    pub(super) fn reads(&mut self, folder: Folder<'_>, file: &str, name: &str) {
        self.env.entry(name.to_owned()).or_insert_with(|| Origin { file: folder.at(file), does: "reads" });
    }

    /// The same for one without which the app certainly does not start.
    pub(super) fn requires(&mut self, folder: Folder<'_>, file: &str, name: &str) {
        self.reads(folder, file, name);
        self.required_env.push(name.to_owned());
    }

    pub(super) fn saw(&mut self, folder: Folder<'_>, file: &str, says: impl Into<String>) {
        self.evidence.push(Evidence::new(folder.at(file), says));
    }

    /// Gives each dependency the exact version that `locked` knows of it.
    pub(super) fn lock(&mut self, locked: impl Fn(&str, Option<&str>) -> Option<String>) {
        for dependency in &mut self.dependencies {
            if let Some(version) = locked(&dependency.name, dependency.version.as_deref()) {
                dependency.version = Some(version);
            }
        }
    }
}
