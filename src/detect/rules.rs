//! What a `stack.toml` can say. The build script reads them all into these types, too, and leaves them as constants, so
//! that nothing has to be read as the program starts.

use serde::{Deserialize, Serialize};

use super::data::{List, Table, Text};
use crate::model::Serving;

/// What is known of one stack.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Stack {
    /// Its word in profiles; the folder's name where nothing is said.
    pub name: Text,
    /// Its language's usual name.
    pub language: Text,
    /// Where its packages come from, by the word of the OSV database; none where that knows none.
    pub ecosystem: Option<Text>,
    /// Endings of its source files.
    pub extensions: List<Text>,
    /// Folders in which its builds leave what they make, beside those that all stacks have in common.
    pub built_folders: List<Text>,
    /// Sources of it whose names have no ending.
    pub source_files: List<Text>,
    /// The files that say how a folder is one of this stack, each with how much it says.
    pub evidence: List<EvidenceRule>,
    /// Its versions and where projects say theirs.
    pub versions: Versions,
    /// What its programs usually listen on.
    pub port: Option<u16>,
    /// The path that usually answers.
    pub health_path: Option<Text>,
    /// How its programs answer, where no framework says so.
    pub serving: Serving,
    /// Where a build leaves files to be served, where nothing else says so.
    pub output_dir: Option<Text>,
    /// Where configuration files of bundlers say that folder, where no framework has one of its own.
    pub outputs: List<OutputRule>,
    /// Options of build scripts that name it, each behind the words of its program: `vite build --outDir`.
    pub output_flags: List<Text>,
    /// The runtime's or compiler's name, where it is not the language's.
    pub runtime: Option<Text>,
    /// Its package managers, the most telling first.
    pub managers: List<Manager>,
    /// Its frameworks.
    pub frameworks: List<FrameworkRule>,
    /// A stack whose frameworks, build tools and services are its own too; what it says itself comes first. Of its
    /// managers, versions, commands and marks it takes those of a kind of which it says none itself.
    pub shares_with: Option<Text>,
    /// Tools that build, the most telling first.
    pub build_tools: List<BuildTool>,
    /// Dependencies by the service that they speak to, beside those that the service names itself.
    pub services: Table<List<Text>>,
    /// Dependencies by the system package that they need.
    pub system_packages: Table<List<Text>>,
    /// How it installs, where the manager does not say. Of several commands, here and below, the first is taken
    /// whose conditions hold and whose `{words}` are all known.
    pub install: List<CommandRule>,
    /// How it builds, where the framework does not say.
    pub build: List<CommandRule>,
    /// How it starts, where the framework does not say.
    pub start: List<CommandRule>,
    /// How a pipeline installs what tests and checks need: of each part the first that holds, the manager's before these,
    /// and where neither has any, how they install.
    pub check_install: List<CommandRule>,
    /// How its tests run, once, where the framework does not say.
    pub test: List<CommandRule>,
    /// How its sources are checked: of each part the first that holds, the framework's before these, one after the other.
    pub lint: List<CommandRule>,
    /// How it starts for development, where the framework does not say. The word `start` is how it starts else.
    pub develop: List<CommandRule>,
    /// What runs before each new version, where the framework does not say; only where there is a database that it could
    /// change and that outlives a container.
    pub release: List<CommandRule>,
    /// What runs beside it: workers and schedulers.
    pub processes: List<ProcessRule>,
    /// Files that are its tests, anywhere in it: names with at most one `*`, where `.*` at the end is the ending of any of
    /// its sources; one that ends in `/` is a folder with sources.
    pub tests: List<Text>,
    /// What stands in sources that hold tests themselves.
    pub test_marks: List<Text>,
    /// Words for the templates of commands, where its manager has none of that name.
    pub words: Table<Text>,
    /// How its sources read environment variables.
    pub env: List<EnvRule>,
    /// How its sources name many of them at once.
    pub env_schemas: List<SchemaRule>,
    /// Those that its builds write into what they make.
    pub inlined: List<InlinedRule>,
    /// What stands in the sources of a program that listens, whatever its framework.
    pub listens: List<Text>,
    /// What stands before the arguments of a call with which a program says where it listens.
    pub binds: List<Text>,
    /// What stands before a port in its sources, the most telling first.
    pub port_marks: List<Text>,
    /// How its programs mount routes below a path.
    pub mounts: List<MountRule>,
    /// Where configuration files say it, the most binding first: a file and the keys that lead to it, of which `*` is
    /// any, as in `appsettings.json Kestrel.Endpoints.*.Url`.
    pub port_places: List<Text>,
    /// The stack is told from whatever holds it by what is served: it gives way to any other at the same place.
    pub yields: bool,
    /// Its packages often only bundle for another stack in the same folder.
    pub helps: bool,
    /// Its images keep what a release runs, also where only development depends on it.
    pub keeps_tools: bool,
}

/// By what a service is known: the part `seen` of `templates/services/NAME.toml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Seen {
    /// Of the services of one kind an app speaks to one, though it may have the drivers of several.
    pub kind: Option<Text>,
    /// The service that its drivers speak to as well; where an app has drivers of both, that one is meant.
    pub like: Option<Text>,
    /// Its images, by the last parts of their names.
    pub images: List<Text>,
    /// What the settings of projects call it.
    pub called: List<Text>,
    /// The packages that speak to it, by stack, beside those that the stacks name themselves.
    pub packages: Table<List<Text>>,
    /// What alone says too little.
    pub maybe: Maybe,
}

/// Packages that can speak to a service and to others as well: one of them and a name together say that it is that one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Maybe {
    /// By stack.
    pub packages: Table<List<Text>>,
    /// Names of environment variables.
    pub env: List<Text>,
}

/// A file and how much it says.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EvidenceRule {
    /// A path with at most one `*` in its last part.
    pub file: Text,
    /// From 0 to 1: how sure this file alone makes.
    pub weight: f64,
    /// What it makes of its folder.
    pub kind: EvidenceKind,
    /// Texts of which one must stand in it.
    pub holds: List<Text>,
    /// It says this of other folders than its own: those to which the keys in it lead, of which `*` is any, as in
    /// `projects.*.root`.
    pub lists: Option<Text>,
}

/// What a file makes of the folder that it lies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EvidenceKind {
    /// Nothing alone; it adds to what others say.
    #[default]
    Hint,
    /// Something that can be run, where no package around it claims it.
    Entry,
    /// A package of its own.
    Manifest,
}

/// Versions of a runtime or compiler.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Versions {
    /// Where the project asks for none.
    pub default: Text,
    /// Those that images exist for, newest first.
    pub known: List<Text>,
    /// Names of versions that are no numbers.
    pub aliases: Table<Text>,
    /// Of “at least this”, this is taken where it is known; without, the default where it fits.
    pub range_begins: bool,
    /// Of “at least this” the newest of the same major version is taken, where that is not the default's: the next one
    /// breaks programs that were written for it.
    pub range_stays: bool,
    /// The least version with which a package of this version or later runs: `"next@15" = "18"`. It raises what a
    /// range without an end begins with.
    pub floors: Table<Text>,
    /// The last version with which a package before this version runs: `"rails@7" = "3.0"`. It lowers the default, and
    /// what a range without an end becomes.
    pub ceilings: Table<Text>,
    /// Lines that get no fixes any more, not even for security, and since when: `"14" = "2023-04-30"`.
    pub ended: Table<Text>,
    /// Where projects say theirs, the most binding first: a file with only the version in it (`.nvmrc`), a tool of
    /// `.tool-versions` and `mise.toml` (`tool:nodejs`), or a place in a manifest that the stack's reader names.
    pub places: List<Text>,
    /// Those of `places` that ask for something else than the others, and count only where these say nothing.
    pub instead: List<Text>,
}

/// A package manager.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Manager {
    /// Its word in profiles.
    pub name: Text,
    /// Files that prove it.
    pub files: List<Text>,
    /// Those of `files` that pin versions; all where nothing is said. Beside the manager in use another one's disagree.
    pub locks: List<Text>,
    /// It is meant where nothing proves another.
    pub default: bool,
    /// How it installs; the word `locked` is known where one of its locks is there.
    pub install: List<CommandRule>,
    /// How it builds a package of the workspace, at `{}`, that an app needs: it stands before the app's own build.
    pub first: Option<Text>,
    /// How it builds an app by its script, and before it what that needs of the workspace.
    pub with_first: Option<Text>,
    /// How it installs what tests and checks need, where that is more.
    pub check_install: List<CommandRule>,
    /// Words of its own for the templates of commands.
    pub words: Table<Text>,
}

/// A tool that builds or bundles.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct BuildTool {
    /// Its name.
    pub name: Text,
    /// Dependencies, any of which proves it.
    pub packages: List<Text>,
}

/// A framework.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the data")]
#[serde(default, deny_unknown_fields)]
pub(super) struct FrameworkRule {
    /// Its word in profiles.
    pub name: Text,
    /// Dependencies, any of which proves it. One that ends in `*` is a beginning.
    pub dependencies: List<Text>,
    /// Files that add to it, as in [`EvidenceRule::file`].
    pub files: List<Text>,
    /// Such a file alone proves it.
    pub file_proves: bool,
    /// A dependency on it counts only beside one of `files`: many use it for something else.
    pub needs_file: bool,
    /// It answers for another app of the project, which is meant first.
    pub supports: bool,
    /// What stands in sources that use it. Asked only where no dependency, name or file proves any framework.
    pub imports: List<Text>,
    /// What its main object is made with in sources: `Flask(`.
    pub marks: List<Text>,
    /// Many depend on it without being written with it: only its own form counts for much.
    pub weak: bool,
    /// It is made of these, and named instead of them.
    pub beats: List<Text>,
    /// The language, where the framework says it.
    pub language: Option<Text>,
    /// What builds or bundles it.
    pub build_tool: Option<Text>,
    /// How it answers.
    pub serving: Serving,
    /// Dependencies with which it answers by a process of its own, whatever `serving` says.
    pub serves_with: List<Text>,
    /// What stands in sources that answer by a process of their own, whatever `serving` says.
    pub serves_marks: List<Text>,
    /// Dependencies with which it leaves files to be served, whatever `serving` says.
    pub static_with: List<Text>,
    /// Where a build leaves files to be served.
    pub output_dir: Option<Text>,
    /// Where its configuration says another folder.
    pub outputs: List<OutputRule>,
    /// What it listens on.
    pub port: Option<u16>,
    /// The path that answers.
    pub health_path: Option<Text>,
    /// What stands before the path that its programs say to answer.
    pub health_mark: Option<Text>,
    /// The files that are routes by their place, with `{}` for the path: `app{}/route.*`.
    pub file_routes: List<Text>,
    /// The files that hold its routes, by the beginnings of their paths, with what those routes lie below. Nothing: any.
    pub routes: Table<Text>,
    /// Names that it needs and that no source shows.
    pub required_env: List<Text>,
    /// Names that it takes for files that may be there: `config/credentials.yml.enc`.
    pub file_env: Table<Text>,
    /// Its programs listen on their own machine only, where their options name no host.
    pub shy: bool,
    /// System packages that it needs.
    pub system_packages: List<Text>,
    /// How it builds.
    pub build: List<CommandRule>,
    /// How it starts.
    pub start: List<CommandRule>,
    /// How its tests run.
    pub test: List<CommandRule>,
    /// How its sources are checked.
    pub lint: List<CommandRule>,
    /// How it starts for development.
    pub develop: List<CommandRule>,
    /// What runs before each new version.
    pub release: List<CommandRule>,
}

/// A tool that runs beside the program as a process of its own. Of several rules with one name the first holds that does.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ProcessRule {
    /// What its process is called.
    pub name: Text,
    /// The tool's dependency, which the running app must have.
    pub needs: Option<Text>,
    /// A dependency that does the same in another way.
    pub without: Option<Text>,
    /// Texts of which one must stand in its sources, comments aside; one that ends with a line end, at the end of a line.
    pub holds: List<Text>,
    /// The only files in which those count, relative to the app; any source where none is named.
    pub within: List<Text>,
    /// Texts that say that it runs in another way, or not at all.
    pub unless: List<Text>,
    /// What its main object is made with: `Celery(`; the command has it as `{made}`.
    pub made: List<Text>,
    /// It works through a service that all containers see: one is needed.
    pub shared: bool,
    /// How it starts.
    pub run: List<CommandRule>,
    /// How it starts for development, where that is another command.
    pub develop: List<CommandRule>,
    /// It must never run twice at once.
    pub single: bool,
    /// Words that all stand in a command which does the same.
    pub like: List<Text>,
}

/// A setting that says where a build leaves files to be served.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OutputRule {
    /// The configuration file, as in [`EvidenceRule::file`].
    pub file: Text,
    /// What must stand before the key.
    pub after: Text,
    /// The key with its sign: `outDir:`.
    pub key: Text,
}

/// A command with its conditions.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CommandRule {
    /// The command, with `{words}` to be filled in.
    pub run: Text,
    /// A dependency that must be there.
    pub needs: Option<Text>,
    /// A dependency that must be there with an earlier version: `rails@5`.
    pub before: Option<Text>,
    /// A file that must be there.
    pub file: Option<Text>,
    /// Texts of which one must stand in that file.
    pub holds: List<Text>,
    /// A word that must be known.
    pub word: Option<Text>,
    /// There must be tests: see [`Stack::tests`].
    pub tested: bool,
    /// What it looks after, where several commands make one: `format`, `types`.
    pub part: Text,
}

/// A call or an annotation that puts a path before routes.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of its own in stack.toml")]
pub(super) struct MountRule {
    /// What it begins with: `.Group(`. Without a bracket at its end its arguments go on to the end of the line.
    pub call: Text,
    /// The first argument is the path.
    pub first: bool,
    /// … or something else, which is then mounted where it is.
    pub optional: bool,
    /// Names of the argument that is the path; without it nothing is put before.
    pub keys: List<Text>,
    /// What has to stand in its arguments.
    pub with: Option<Text>,
    /// What is called on its result is inside of it.
    pub chained: bool,
    /// It stands before a class and holds for all in it.
    pub class: bool,
    /// It holds for all routes of the program …
    pub all: bool,
    /// … and stands in a file whose name begins so.
    pub file: Option<Text>,
    /// It mounts functions whose routes stand before them.
    pub bare: bool,
    /// Its path stands instead of the one that what is mounted has itself.
    pub replaces: bool,
}

/// A way to read an environment variable.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the data")]
#[serde(default, deny_unknown_fields)]
pub(super) struct EnvRule {
    /// What stands before the name.
    pub before: Text,
    /// The name stands in quotes; without, it is a bare word.
    pub quoted: bool,
    /// `before` is followed by the name of a function, whichever: `env.list("HOSTS")`.
    pub by_function: bool,
    /// What is read where the function is called without a name.
    pub implied: Option<Text>,
    /// What stands right behind the closing quote where the app fails without the variable.
    pub required_before: List<Text>,
    /// … where one of these stands in the file; wherever it is where none is said …
    pub required_with: List<Text>,
    /// … unless one of these follows.
    pub unless: List<Text>,
    /// `before` is a module whose parts they are: their names stand before it, as in `import { A } from "`.
    pub imported: bool,
    /// The build writes them into what it makes.
    pub inlined: bool,
    /// What must stand in the file.
    pub needs: Option<Text>,
    /// The object that holds all, out of which several may be taken at once.
    pub taken_from: Option<Text>,
    /// What stands before `before` where the program looks whether the variable is there …
    pub guards: List<Text>,
    /// … and shortly after, where it ends itself if not.
    pub fails: List<Text>,
}

/// Environment variables that a bundler replaces by their values.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct InlinedRule {
    /// Dependencies, any of which brings it.
    pub packages: List<Text>,
    /// What such names begin with.
    pub prefixes: List<Text>,
}

/// A way to name many environment variables at once.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SchemaRule {
    /// What a schema begins with: what follows the name of a class, or all up to the brace of an object.
    pub begins: Text,
    /// It is a class, whose fields are indented lines.
    pub indented: bool,
    /// What must stand in the file.
    pub needs: Option<Text>,
    /// What follows the object, or its name, where the program ends itself without what it asks for. It always does
    /// where nothing is said.
    pub fails: List<Text>,
    /// What follows where the program only looks whether all is there.
    pub tells: List<Text>,
    /// What stands with a name that need not be there.
    pub spares: List<Text>,
    /// What stands with one that must, where others need not.
    pub wants: Option<Text>,
    /// What stands before the prefix of the names of all fields.
    pub prefix: Option<Text>,
    /// What stands before the name of a variable, where it is not the field's.
    pub aliases: List<Text>,
}
