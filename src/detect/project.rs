//! A file tree with an index of its folders and a memory of what was read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::thread;

use foldhash::HashMap;
use serde_json::Value;

use super::data::Text;
use super::text::{Pattern, decode, line_and_column};
use crate::model::{AppSettings, FileTree, ReadError, Settings, VALUE_BYTES, Warning, bounded, nests_too_deep};

/// So many bytes of one source file are looked into at most.
const SOURCE: usize = 256 << 10;

/// So many bytes of all source files of a project are looked into at most.
const ALL_SOURCES: usize = 24 << 20;

/// So many source files are read by one thread: to start others would take longer.
const MANY: usize = 64;

/// Threads at most that read them.
const THREADS: usize = 6;

/// So many bytes of all manifests of a project are looked into at most.
const ALL_MANIFESTS: usize = 64 << 20;

/// So many bytes of memory the values in all manifests of a project may take.
const ALL_VALUES: usize = 256 << 20;

/// So many values one manifest may hold: while it is parsed each can take some three hundred bytes.
const VALUES: usize = 1_000_000;

/// The files under consideration. What cannot be read or parsed becomes a warning once, and counts as not there.
pub(super) struct Project<'a> {
    tree: &'a dyn FileTree,
    folders: BTreeMap<&'a str, Listing<'a>>,
    texts: RefCell<HashMap<String, Option<Rc<str>>>>,
    values: RefCell<HashMap<String, Option<Rc<Value>>>>,
    warnings: RefCell<BTreeMap<String, String>>,
    source_bytes: Cell<usize>,
    manifest_bytes: Cell<usize>,
    values_left: Cell<usize>,
    /// What its `wharf.toml` says, where it counts.
    settings: Option<&'a Settings>,
}

/// What lies directly in a folder, by name and in order.
#[derive(Default)]
struct Listing<'a> {
    files: Vec<&'a str>,
    folders: Vec<&'a str>,
}

impl Listing<'_> {
    fn has(&self, file: &str) -> bool {
        self.files.binary_search(&file).is_ok()
    }
}

/// The formats that are read into one kind of value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Toml,
    Yaml,
}

impl<'a> Project<'a> {
    pub(super) fn new(tree: &'a dyn FileTree) -> Self {
        let mut folders: BTreeMap<&'a str, Listing<'a>> = BTreeMap::from([("", Listing::default())]);
        // Sorted paths bring the files of a folder mostly in runs: one look at the index for each run.
        let mut paths = tree.paths();
        while let Some(path) = paths.first() {
            let (folder, _) = parts(path);
            let known = folders.contains_key(folder);
            let files = &mut folders.entry(folder).or_default().files;
            while let Some(name) = paths.first().and_then(|path| name_in(folder, path)) {
                files.push(name);
                paths = &paths[1..];
            }
            let mut child = folder;
            let mut new = !known;
            // Each new folder is noted in the one above, up to the first that is known.
            while new && !child.is_empty() {
                let (parent, name) = child.rsplit_once('/').unwrap_or(("", child));
                new = !folders.contains_key(parent);
                folders.entry(parent).or_default().folders.push(name);
                child = parent;
            }
        }
        for listing in folders.values_mut() {
            listing.folders.sort_unstable();
        }
        Self {
            tree,
            folders,
            texts: RefCell::default(),
            values: RefCell::default(),
            warnings: RefCell::default(),
            source_bytes: Cell::default(),
            manifest_bytes: Cell::default(),
            values_left: Cell::new(ALL_VALUES),
            settings: None,
        }
    }

    /// The same with what its `wharf.toml` says.
    pub(super) fn told(self, settings: &'a Settings) -> Self {
        Self { settings: Some(settings), ..self }
    }

    /// The folder at a path; `""` is the project itself.
    pub(super) fn folder<'p>(&'p self, path: &str) -> Option<Folder<'p>> {
        self.folders.get_key_value(path).map(|(path, listing)| Folder { project: self, path, listing })
    }

    /// Every folder, parents before children.
    pub(super) fn folders(&self) -> impl Iterator<Item = Folder<'_>> {
        self.folders.iter().map(|(path, listing)| Folder { project: self, path, listing })
    }

    pub(super) fn has(&self, path: &str) -> bool {
        let (folder, name) = parts(path);
        self.folders.get(folder).is_some_and(|listing| listing.has(name))
    }

    /// The text of a file; none where it is not there or is no text.
    pub(super) fn text(&self, path: &str) -> Option<Rc<str>> {
        if !self.has(path) {
            return None;
        }
        if let Some(known) = self.texts.borrow().get(path) {
            return known.clone();
        }
        if self.manifest_bytes.get() > ALL_MANIFESTS {
            self.warn(path, format!("it was not read: those before it hold {} MB", ALL_MANIFESTS >> 20));
            return None;
        }
        let text = match self.tree.read(path) {
            Ok(bytes) => {
                self.manifest_bytes.set(self.manifest_bytes.get() + bytes.len());
                let text = decode(bytes).map(Rc::from);
                match &text {
                    None => self.warn(path, "it is not text".to_owned()),
                    Some(text) => {
                        if let Some(line) = unmerged(text) {
                            self.warn(path, format!("a merge was left unfinished at line {line}: finish it first"));
                        }
                    }
                }
                text
            }
            Err(ReadError::Missing) => None,
            Err(error) => {
                self.warn(path, error.to_string());
                None
            }
        };
        self.texts.borrow_mut().insert(path.to_owned(), text.clone());
        text
    }

    /// The text of a source file, which is never a reason to warn. None where it is large, or where many were read.
    pub(super) fn source(&self, path: &str) -> Option<Rc<str>> {
        if let Some(known) = self.texts.borrow().get(path) {
            return known.clone();
        }
        if self.source_bytes.get() > ALL_SOURCES {
            return None;
        }
        self.keep(path, ReadSource::of(self.tree, path))
    }

    /// Reads source files that are all going to be asked for, many of them at once.
    pub(super) fn read_sources(&self, paths: &[String]) {
        let unread = |path: &&String| !self.texts.borrow().contains_key(path.as_str());
        let unread: Vec<&String> = paths.iter().filter(unread).collect();
        if unread.len() < MANY {
            return;
        }
        let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
        let room = ALL_SOURCES.saturating_sub(self.source_bytes.get()) / threads;
        let tree = self.tree;
        let part = |paths: &[&String]| {
            let mut bytes = 0;
            let read = paths.iter().map_while(|path| {
                let source = (bytes <= room).then(|| ReadSource::of(tree, path))?;
                bytes += source.bytes;
                Some(source)
            });
            read.collect::<Vec<_>>()
        };
        let parts = unread.chunks(unread.len().div_ceil(threads));
        thread::scope(|scope| {
            let reading: Vec<_> = parts.map(|paths| (paths, scope.spawn(move || part(paths)))).collect();
            for (paths, read) in reading {
                let mut read = read.join().unwrap_or_default().into_iter();
                // The bounds hold as if each was read in its turn.
                for path in paths {
                    match read.next() {
                        Some(source) if self.source_bytes.get() <= ALL_SOURCES => drop(self.keep(path, source)),
                        _ => drop(self.source(path)),
                    }
                }
            }
        });
    }

    fn keep(&self, path: &str, source: ReadSource) -> Option<Rc<str>> {
        self.source_bytes.set(self.source_bytes.get() + source.bytes);
        let text: Option<Rc<str>> = source.text.map(Rc::from);
        self.texts.borrow_mut().insert(path.to_owned(), text.clone());
        text
    }

    /// The content of a JSON, TOML or YAML file, told by its ending.
    pub(super) fn value(&self, path: &str) -> Option<Rc<Value>> {
        if !self.has(path) {
            return None;
        }
        if let Some(known) = self.values.borrow().get(path) {
            return known.clone();
        }
        let value = self.text(path).and_then(|text| match parse(&text, format_of(path), &self.values_left) {
            Ok(value) => Some(Rc::new(value)),
            Err(says) => {
                self.warn(path, says);
                None
            }
        });
        self.values.borrow_mut().insert(path.to_owned(), value.clone());
        value
    }

    pub(super) fn warn(&self, path: &str, says: String) {
        self.warnings.borrow_mut().entry(path.to_owned()).or_insert(says);
    }

    /// All warnings: the walk's and those of reading.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let own = self.warnings.borrow();
        let own = own.iter().map(|(file, says)| Warning { file: file.clone(), says: says.clone() });
        self.tree.warnings().iter().cloned().chain(own).collect()
    }
}

/// A source file as it was read.
struct ReadSource {
    /// How much of it is looked into.
    bytes: usize,
    text: Option<String>,
}

impl ReadSource {
    fn of(tree: &dyn FileTree, path: &str) -> Self {
        let bytes = tree.read(path).ok().filter(|bytes| bytes.len() <= SOURCE);
        Self { bytes: bytes.as_ref().map_or(0, Vec::len), text: bytes.and_then(decode) }
    }
}

/// One folder of a project.
#[derive(Clone, Copy)]
pub(super) struct Folder<'p> {
    project: &'p Project<'p>,
    path: &'p str,
    listing: &'p Listing<'p>,
}

impl<'p> Folder<'p> {
    pub(super) fn project(self) -> &'p Project<'p> {
        self.project
    }

    /// Relative to the project; `""` for the project itself.
    pub(super) fn path(self) -> &'p str {
        self.path
    }

    /// The folder's own name; `""` for the project itself.
    pub(super) fn name(self) -> &'p str {
        self.path.rsplit('/').next().unwrap_or("")
    }

    /// What `wharf.toml` says of the app here, which may be called so: what holds least comes first.
    pub(super) fn settings(self, called: Option<&str>) -> Vec<&'p AppSettings> {
        let Some(settings) = self.project.settings else { return Vec::new() };
        let path = if self.path.is_empty() { "." } else { self.path };
        let is_meant = |key: &str, app: &AppSettings| match app.path.as_deref() {
            Some(place) => place == path,
            None => key == path || Some(key) == called,
        };
        let apps = settings.apps.iter().filter(|(key, app)| is_meant(key, app)).map(|(_, app)| app);
        std::iter::once(&settings.app).chain(settings.environments.values()).chain(apps).collect()
    }

    /// The path of something in it, relative to the project.
    pub(super) fn at(self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) }
    }

    pub(super) fn files(self) -> &'p [&'p str] {
        &self.listing.files
    }

    /// Its files with that ending.
    pub(super) fn with_ending(self, ending: &str) -> Vec<&'p str> {
        let ends = |file: &&&str| file.rsplit_once('.').is_some_and(|(_, own)| own == ending);
        self.files().iter().filter(ends).copied().collect()
    }

    pub(super) fn has_subfolders(self) -> bool {
        !self.listing.folders.is_empty()
    }

    pub(super) fn subfolders(self) -> impl Iterator<Item = Folder<'p>> {
        self.listing.folders.iter().filter_map(move |name| self.folder(name))
    }

    pub(super) fn folder(self, name: &str) -> Option<Self> {
        if self.holds(name) { self.project.folder(&self.at(name)) } else { None }
    }

    /// The first folder on the way to something below lies here.
    fn holds(self, path: &str) -> bool {
        let first = path.split_once('/').map_or(path, |(first, _)| first);
        self.listing.folders.binary_search(&first).is_ok()
    }

    pub(super) fn parent(self) -> Option<Self> {
        if self.path.is_empty() {
            return None;
        }
        self.project.folder(self.path.rsplit_once('/').map_or("", |(parent, _)| parent))
    }

    /// It and the folders above it, the nearest first.
    pub(super) fn upwards(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |folder| folder.parent())
    }

    pub(super) fn is_within(self, other: Self) -> bool {
        other.path.is_empty()
            || self.path == other.path
            || self.path.strip_prefix(other.path).is_some_and(|rest| rest.starts_with('/'))
    }

    pub(super) fn has(self, name: &str) -> bool {
        if name.contains('/') {
            return self.holds(name) && self.project.has(&self.at(name));
        }
        self.listing.has(name)
    }

    pub(super) fn has_folder(self, name: &str) -> bool {
        self.folder(name).is_some()
    }

    /// The first file, relative to this folder, that matches: a path with at most one `*` in its last part. A
    /// pattern that ends in `/` asks for a folder.
    pub(super) fn find(self, pattern: &str) -> Option<String> {
        if let Some(folder) = pattern.strip_suffix('/') {
            return self.has_folder(folder).then(|| folder.to_owned());
        }
        if !pattern.contains('*') {
            return self.has(pattern).then(|| pattern.to_owned());
        }
        let (below, form) = pattern.rsplit_once('/').map_or((None, pattern), |(below, name)| (Some(below), name));
        let folder = below.map_or(Some(self), |below| self.folder(below))?;
        let form = Pattern::new(form);
        let name = folder.files().iter().find(|name| form.fits(name))?;
        Some(below.map_or_else(|| (*name).to_owned(), |below| format!("{below}/{name}")))
    }

    pub(super) fn text(self, name: &str) -> Option<Rc<str>> {
        if self.has(name) { self.project.text(&self.at(name)) } else { None }
    }

    pub(super) fn value(self, name: &str) -> Option<Rc<Value>> {
        if self.has(name) { self.project.value(&self.at(name)) } else { None }
    }

    /// Paths, relative to the project, of the files below that end so; the nearest first, folder by folder, without
    /// the folders for which `skip` says so.
    pub(super) fn below(self, endings: &[Text], limit: usize, skip: &dyn Fn(Self) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        let mut level = vec![self];
        while !level.is_empty() && found.len() < limit {
            let mut next = Vec::new();
            for folder in level {
                let room = limit - found.len();
                if room == 0 {
                    break;
                }
                let ends = |name: &&&str| {
                    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
                    endings.iter().any(|wanted| wanted == ending)
                };
                found.extend(folder.files().iter().filter(ends).take(room).map(|name| folder.at(name)));
                next.extend(folder.subfolders().filter(|child| !skip(*child)));
            }
            level = next;
        }
        found
    }
}

/// The line at which git left both sides of a merge, where it did.
fn unmerged(text: &str) -> Option<usize> {
    let at = if text.starts_with("<<<<<<< ") { 0 } else { text.find("\n<<<<<<< ")? + 1 };
    text[at..].contains("\n>>>>>>> ").then(|| line_and_column(text, at).0)
}

/// The name of a file that lies right in a folder.
fn name_in<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    let name = if folder.is_empty() { path } else { path.strip_prefix(folder)?.strip_prefix('/')? };
    (!name.contains('/')).then_some(name)
}

/// A path's folder and the name in it.
fn parts(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn format_of(path: &str) -> Format {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("toml") => Format::Toml,
        Some("yml" | "yaml") => Format::Yaml,
        _ if matches!(name, "Pipfile" | "uv.lock" | "poetry.lock" | "pdm.lock" | "Cargo.lock") => Format::Toml,
        _ if name == "pubspec.lock" => Format::Yaml,
        _ => Format::Json,
    }
}

/// Parses, or says what is wrong with line and column.
fn parse(text: &str, format: Format, left: &Cell<usize>) -> Result<Value, String> {
    let values = text.bytes().filter(|byte| b",:=[{\n".contains(byte)).count();
    let room = left.get().checked_sub(values.saturating_mul(VALUE_BYTES)).filter(|_| values <= VALUES);
    let room = room.ok_or_else(|| "it holds more values than are looked at".to_owned())?;
    if format != Format::Yaml {
        left.set(room);
    }
    match format {
        Format::Yaml if nests_too_deep(text) => Err("malformed YAML: it nests deeper than is looked at".to_owned()),
        Format::Json => serde_json::from_str(text).or_else(|strict| {
            let loose = jsonc_parser::parse_to_serde_value::<Value>(text, &jsonc_parser::ParseOptions::default());
            loose.map_err(|_| format!("malformed JSON: {}", worded(&strict.to_string())))
        }),
        Format::Toml => toml_edit::de::from_str(text).map_err(|error| {
            let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
            format!("malformed TOML: {} at line {line} column {column}", first_line(error.message()))
        }),
        Format::Yaml => {
            bounded(yaml_serde::Deserializer::from_str(text), left).map_err(|error| format!("malformed YAML: {error}"))
        }
    }
}

fn worded(error: &str) -> String {
    first_line(error).to_owned()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tree::MemoryTree;

    #[test]
    fn sources_that_are_read_together_are_those_that_are_read_one_by_one() {
        let large = |number: usize| if number.is_multiple_of(50) { SOURCE + 1 } else { SOURCE - 1 };
        let files = (0..150).map(|number| (format!("{number:03}.js"), vec![b"abc"[number % 3]; large(number)]));
        let tree = MemoryTree::new(files.chain([("000.bin".to_owned(), vec![0; 9])]));
        let paths = tree.paths();
        let (together, by_one) = (Project::new(&tree), Project::new(&tree));
        together.read_sources(paths);
        let (read, kept) = (together.texts.borrow().len(), together.texts.borrow().values().flatten().count());
        let texts = |project: &Project<'_>| paths.iter().map(|path| project.source(path)).collect::<Vec<_>>();
        assert!(texts(&together) == texts(&by_one));
        assert_eq!((read, kept), (100, 97), "the bound for all holds, too");
        assert_eq!(together.source_bytes, by_one.source_bytes);
    }
}
