//! A project's folder on disk as a [`FileTree`].
//!
//! The walk follows no link out of the folder, leaves out what version control ignores and what package managers
//! install, and has a bound on entries, depth and bytes. What it had to leave out otherwise becomes a warning.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use ignore::{DirEntry, WalkBuilder, WalkState};
use rustix::fs::OFlags;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::model::{FileTree, Problem, ProblemCode, ReadError, Warning};

/// Folders that hold what was installed or built, or a tool's own notes; nothing in them tells what a project is.
pub(super) const NEVER_WALKED: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".wharf",
    "node_modules",
    "bower_components",
    "jspm_packages",
    "__pycache__",
    ".venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".gradle",
    ".idea",
    ".vs",
    ".next",
    ".nuxt",
    ".output",
    ".svelte-kit",
    ".turbo",
    ".nx",
    ".terraform",
    ".bundle",
    ".dart_tool",
    ".yarn",
    ".pnpm-store",
    "_build",
    ".stack-work",
    "dist-newstyle",
    ".parcel-cache",
    ".cache",
];

/// So many bytes a list of what to ignore may have: each becomes a hundred and more of memory.
pub(super) const IGNORE_LIST: u64 = 1 << 19;

/// So many files make a folder a large one.
const SMALL: usize = 1_000;

/// Modules, programs of one and files of one that are looked at beyond the walk at most.
const HIDDEN: usize = 50;

/// Where copies of the files lie that Wharf wrote into a project.
pub(super) const WRITTEN: &str = ".wharf/base";

/// What a walk and a read may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Files listed at most.
    pub files: usize,
    /// Folders below each other at most.
    pub depth: usize,
    /// Bytes of one file at most.
    pub file_bytes: u64,
    /// Warnings kept at most.
    pub warnings: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { files: 600_000, depth: 64, file_bytes: 16 << 20, warnings: 50 }
    }
}

/// A folder on disk.
#[derive(Debug)]
pub struct DiskTree {
    root: PathBuf,
    name: Option<String>,
    paths: Vec<String>,
    warnings: Vec<Warning>,
    bounds: Bounds,
}

impl DiskTree {
    /// Walks the folder. Nothing in it is read yet.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        Self::open_within(path, Bounds::default())
    }

    /// [`open`](Self::open) with other bounds.
    pub fn open_within(path: &Path, bounds: Bounds) -> Result<Self, Problem> {
        let root = fs::canonicalize(path).map_err(|error| unreachable_folder(path, &error))?;
        if !root.is_dir() {
            return Err(Problem::new(
                ProblemCode::Usage,
                "not-a-folder",
                format!("{} is a file, not a folder", path.display()),
            )
            .why("a project is a folder of code")
            .fix("give the folder that the file lies in"));
        }
        fs::read_dir(&root).map_err(|error| unreachable_folder(path, &error))?;
        let (mut paths, warnings) = walk(&root, bounds);
        let hidden = hidden_programs(&root, &paths);
        if !hidden.is_empty() && paths.len() < bounds.files {
            paths.extend(hidden);
            paths.sort();
        }
        let mut tree = Self { root, name: None, paths, warnings, bounds };
        tree.leave_out_own_files();
        Ok(tree)
    }

    /// What Wharf wrote and nobody edited since says nothing about a project: a Dockerfile that was generated would
    /// be taken for the project's own and never be made anew.
    fn leave_out_own_files(&mut self) {
        let written = self.root.join(WRITTEN);
        if !written.is_dir() {
            return;
        }
        let limit = self.bounds.file_bytes;
        let read = |folder: &Path, path: &str| read_within(&self.root, &folder.join(path), limit).ok();
        let own = |path: &String| read(&written, path).is_some_and(|copy| read(&self.root, path) == Some(copy));
        let kept: Vec<String> = self.paths.iter().filter(|path| !own(path)).cloned().collect();
        self.paths = kept;
    }

    /// The same without what Wharf wrote, also where a person edited it since: what is generated would else depend on
    /// what was generated before. `is_recorded` says of a path whether Wharf wrote it; what has a copy it did.
    #[must_use]
    pub fn without_written(mut self, is_recorded: impl Fn(&str) -> bool) -> Self {
        let written = self.root.join(WRITTEN);
        let has_copy = |path: &str| written.join(path).symlink_metadata().is_ok();
        let may_have = written.is_dir();
        self.paths.retain(|path| !(is_recorded(path) || may_have && has_copy(path)));
        self
    }

    /// The same, known as the project of that name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The same, known as the project that is called after its folder.
    #[must_use]
    pub fn named_after_folder(mut self) -> Self {
        self.name = self.root.file_name().map(|name| name.to_string_lossy().into_owned());
        self
    }

    /// The folder, absolute and without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A digest of all paths with their sizes and times of change, in hexadecimal. What was detected holds while it
    /// stays the same.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        for path in &self.paths {
            digest.update(path.as_bytes());
            digest.update([0]);
            if let Ok(data) = fs::symlink_metadata(self.root.join(path)) {
                let changed = data.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
                digest.update(data.len().to_le_bytes());
                digest.update(changed.map_or(0, |at| at.as_nanos()).to_le_bytes());
            }
        }
        digest.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl FileTree for DiskTree {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let known = self.paths.binary_search_by(|known| known.as_str().cmp(path)).is_ok();
        if !known {
            return Err(ReadError::Missing);
        }
        read_within(&self.root, &self.root.join(path), self.bounds.file_bytes)
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// Reads a regular file; the folder may have changed since the walk, so links are looked at again.
fn read_within(root: &Path, path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let real = fs::canonicalize(path).map_err(|error| read_error(&error))?;
    if !real.starts_with(root) {
        return Err(ReadError::Refused("it links out of the folder".to_owned()));
    }
    let data = fs::metadata(&real).map_err(|error| read_error(&error))?;
    if !data.is_file() {
        return Err(ReadError::Missing);
    }
    if data.len() > limit {
        return Err(ReadError::TooLarge { bytes: data.len() });
    }
    // Another file may lie there by now: nothing waits for who writes into a pipe, and a link is not followed.
    let file = File::options().read(true).custom_flags(UNHURT).open(&real).map_err(|error| read_error(&error))?;
    if !file.metadata().is_ok_and(|data| data.is_file()) {
        return Err(ReadError::Missing);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(data.len()).unwrap_or(0));
    file.take(limit).read_to_end(&mut bytes).map_err(|error| read_error(&error))?;
    Ok(bytes)
}

/// Opens without waiting and without following a link.
const UNHURT: i32 = OFlags::NONBLOCK.union(OFlags::NOFOLLOW).bits().cast_signed();

fn read_error(error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::Missing,
        _ => ReadError::Refused(error.to_string()),
    }
}

/// Why a folder cannot be read, and what to do.
pub(crate) fn unreachable_folder(path: &Path, error: &io::Error) -> Problem {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            Problem::new(ProblemCode::NotFound, "no-such-folder", format!("there is no folder {shown}"))
                .why(error)
                .fix("check the path; without one the current folder is meant")
        }
        io::ErrorKind::PermissionDenied => {
            Problem::new(ProblemCode::Refused, "folder-not-readable", format!("the folder {shown} may not be read"))
                .why(error)
                .fix(format!("give this account the right to read it: chmod u+rx {shown}"))
        }
        _ => Problem::new(ProblemCode::Failed, "folder-not-readable", format!("the folder {shown} cannot be read"))
            .why(error)
            .fix("check the disk or the mount that it lies on"),
    }
}

/// What the threads of a walk share.
struct Found<'a> {
    root: &'a Path,
    bounds: Bounds,
    count: AtomicUsize,
    paths: Mutex<Vec<String>>,
    warnings: Mutex<BTreeMap<String, String>>,
    /// Warnings over the bound.
    untold: AtomicUsize,
    /// Folders that were not walked for their list of what to ignore.
    unlisted: Arc<Mutex<BTreeSet<PathBuf>>>,
}

/// The files that one thread of the walk found; handed over, in order, as the thread ends.
struct Batch<'a, 'f> {
    found: &'a Found<'f>,
    paths: Vec<String>,
}

impl Drop for Batch<'_, '_> {
    fn drop(&mut self) {
        self.paths.sort_unstable();
        self.found.paths.lock().unwrap_or_else(PoisonError::into_inner).append(&mut self.paths);
    }
}

/// Small folders are walked by this thread: to start others takes longer than the walk.
fn walk(root: &Path, bounds: Bounds) -> (Vec<String>, Vec<Warning>) {
    let found = Found::new(root, Bounds { files: bounds.files.min(SMALL), ..bounds });
    let mut batch = Batch { found: &found, paths: Vec::new() };
    let quit = walker(&found).build().any(|entry| matches!(batch.take(entry), WalkState::Quit));
    drop(batch);
    if !quit || bounds.files <= SMALL {
        return found.into_parts();
    }
    let found = Found::new(root, bounds);
    // The project's own files first: of a tree over the bound they tell the most.
    let mut batch = Batch { found: &found, paths: Vec::new() };
    let own = walker(&found).max_depth(Some(1)).build().flatten();
    own.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file())).for_each(|entry| {
        batch.visit(&entry);
    });
    drop(batch);
    walker(&found).build_parallel().run(|| {
        let mut batch = Batch { found: &found, paths: Vec::new() };
        Box::new(move |entry| batch.take(entry))
    });
    let (mut paths, warnings) = found.into_parts();
    paths.dedup();
    (paths, warnings)
}

/// The sources of Go programs that a rule for their binary hides: `server` in a `.gitignore` means the file that a build
/// leaves, and fits `cmd/server/` as well, which version control tracks all the same.
fn hidden_programs(root: &Path, paths: &[String]) -> Vec<String> {
    let modules = paths.iter().filter_map(|path| path.strip_suffix("go.mod"));
    let modules = modules.filter(|module| module.is_empty() || module.ends_with('/')).take(HIDDEN);
    let mut found = Vec::new();
    for folder in modules.map(|module| format!("{module}cmd")) {
        let Ok(programs) = fs::read_dir(root.join(&folder)) else { continue };
        for program in programs.flatten().take(HIDDEN) {
            let name = program.file_name().to_string_lossy().into_owned();
            let inside = format!("{folder}/{name}/");
            let known = paths.partition_point(|path| path.as_str() < inside.as_str());
            let is_listed = paths.get(known).is_some_and(|path| path.starts_with(&inside));
            if is_listed || !program.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let sources = fs::read_dir(program.path()).into_iter().flatten().flatten().take(HIDDEN);
            let own = sources.filter(|file| file.file_type().is_ok_and(|kind| kind.is_file()));
            let names = own.filter_map(|file| file.file_name().into_string().ok());
            found.extend(
                names.filter(|name| name.rsplit('.').next() == Some("go")).map(|name| format!("{inside}{name}")),
            );
        }
    }
    found
}

/// Only what lies in the folder itself decides: the same tree gives the same answer on every machine.
fn walker(found: &Found<'_>) -> WalkBuilder {
    let mut walker = WalkBuilder::new(found.root);
    let unlisted = Arc::clone(&found.unlisted);
    let (can_list, most) = (can_be_read_as_list(found.root), found.bounds.warnings);
    if !can_list {
        found.warn(&found.root.join(IGNORES), format!("{NO_LIST}; nothing was left out for it"));
    }
    walker
        .hidden(false)
        .git_ignore(can_list)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .follow_links(false)
        .max_depth(Some(found.bounds.depth))
        .threads(std::thread::available_parallelism().map_or(2, |cores| cores.get().min(6)))
        .filter_entry(move |entry| {
            if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
                return true;
            }
            if entry.file_name().to_str().is_some_and(|name| NEVER_WALKED.contains(&name)) {
                return false;
            }
            let listed = !can_list || can_be_read_as_list(entry.path());
            if !listed {
                let mut unlisted = unlisted.lock().unwrap_or_else(PoisonError::into_inner);
                if unlisted.len() < most {
                    unlisted.insert(entry.path().to_owned());
                }
            }
            listed
        });
    walker
}

/// The file whose lines say what version control ignores.
pub(super) const IGNORES: &str = ".gitignore";
/// Why such a file is not read.
pub(super) const NO_LIST: &str = "is too large for a list of what to ignore, or no ordinary file";

/// Whether the walk can take a folder's list of what to ignore: it reads that to its end, and a device has none.
fn can_be_read_as_list(folder: &Path) -> bool {
    fs::metadata(folder.join(IGNORES)).map_or(true, |data| data.is_dir() || data.is_file() && data.len() <= IGNORE_LIST)
}

impl Batch<'_, '_> {
    fn take(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) => self.visit(&entry),
            Err(error) => {
                self.found.warn_of(&error);
                WalkState::Continue
            }
        }
    }

    fn visit(&mut self, entry: &DirEntry) -> WalkState {
        let found = self.found;
        let Some(kind) = entry.file_type() else { return WalkState::Continue };
        if kind.is_dir() {
            if entry.depth() == found.bounds.depth {
                found.warn(entry.path(), format!("lies {} folders deep; nothing below it was read", entry.depth()));
            }
            return WalkState::Continue;
        }
        // Every entry's path begins with the root's; taking it apart by components costs more than all the rest.
        let whole = entry.path().as_os_str().as_encoded_bytes();
        let Some(below) = whole.strip_prefix(found.root.as_os_str().as_encoded_bytes()) else {
            return WalkState::Continue;
        };
        let Ok(path) = std::str::from_utf8(below.strip_prefix(b"/").unwrap_or(below)) else {
            found.warn(entry.path(), "its name is not UTF-8; it was left out".to_owned());
            return WalkState::Continue;
        };
        if kind.is_symlink() && !found.links_to_a_file_inside(entry.path()) {
            return WalkState::Continue;
        }
        if !kind.is_symlink() && !kind.is_file() {
            found.warn(entry.path(), "is a pipe, a socket or a device; it was left out".to_owned());
            return WalkState::Continue;
        }
        if found.count.fetch_add(1, Ordering::Relaxed) >= found.bounds.files {
            found.warn(found.root, format!("holds more than {} files; the rest was not looked at", found.bounds.files));
            return WalkState::Quit;
        }
        self.paths.push(path.to_owned());
        WalkState::Continue
    }
}

impl<'a> Found<'a> {
    fn new(root: &'a Path, bounds: Bounds) -> Self {
        let (count, untold) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (paths, warnings, unlisted) = (Mutex::default(), Mutex::default(), Arc::default());
        Self { root, bounds, count, paths, warnings, untold, unlisted }
    }

    fn into_parts(self) -> (Vec<String>, Vec<Warning>) {
        let unlisted = std::mem::take(&mut *self.unlisted.lock().unwrap_or_else(PoisonError::into_inner));
        for folder in unlisted {
            self.warn(&folder.join(IGNORES), format!("{NO_LIST}; its folder was left out"));
        }
        let mut paths = self.paths.into_inner().unwrap_or_else(PoisonError::into_inner);
        // The stable sort only joins the runs that are in order already.
        paths.sort();
        let warnings = self.warnings.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut warnings: Vec<_> = warnings.into_iter().map(|(file, says)| Warning { file, says }).collect();
        let more = self.untold.into_inner();
        if more > 0 {
            warnings.push(Warning { file: ".".to_owned(), says: format!("{more} more warnings are left out here") });
        }
        (paths, warnings)
    }

    fn links_to_a_file_inside(&self, link: &Path) -> bool {
        match fs::canonicalize(link) {
            Ok(real) if real.starts_with(self.root) => {
                if link.parent().is_some_and(|folder| folder.starts_with(&real)) {
                    self.warn(link, "links to a folder that it lies in; it was left out".to_owned());
                }
                real.is_file()
            }
            Ok(_) => {
                self.warn(link, "links out of the folder; it was left out".to_owned());
                false
            }
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                self.warn(link, "links in a circle; it was left out".to_owned());
                false
            }
            // A link to nothing: there is nothing to read.
            Err(_) => false,
        }
    }

    fn warn(&self, path: &Path, says: String) {
        let below = path.strip_prefix(self.root).unwrap_or(path);
        let file = if below.as_os_str().is_empty() { ".".to_owned() } else { below.to_string_lossy().into_owned() };
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if warnings.len() < self.bounds.warnings || file == "." {
            warnings.insert(file, says);
        } else {
            self.untold.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn warn_of(&self, error: &ignore::Error) {
        match error {
            ignore::Error::WithPath { path, err } => {
                // Without the path, which the warning names already.
                let number = err.io_error().and_then(io::Error::raw_os_error);
                let why = number.map_or_else(|| err.to_string(), |it| io::Error::from_raw_os_error(it).to_string());
                self.warn(path, format!("cannot be read: {why}"));
            }
            ignore::Error::WithDepth { err, .. } => self.warn_of(err),
            // A malformed line of a .gitignore hides nothing.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn lists_hidden_files_and_leaves_out_what_is_ignored_or_installed() {
        let folder = folder(&[
            (".env.example", "A="),
            (".gitignore", "build/\n"),
            ("build/x.js", ""),
            ("node_modules/a/package.json", "{}"),
            ("src/a.js", ""),
        ]);
        let tree = DiskTree::open(folder.path()).unwrap();
        assert_eq!(tree.paths(), [".env.example", ".gitignore", "src/a.js"]);
        assert_eq!(tree.read("src/../../secret"), Err(ReadError::Missing));
        assert_eq!(tree.read(".env.example").unwrap(), b"A=");
    }

    #[test]
    fn a_rule_for_a_binary_does_not_hide_the_program() {
        let folder = folder(&[
            (".gitignore", "shop\n*.log\n"),
            ("api/go.mod", "module a/shop\n"),
            ("api/cmd/shop/main.go", "package main\n"),
            ("api/cmd/shop/shop", ""),
            ("api/cmd/other/main.go", "package main\n"),
        ]);
        let tree = DiskTree::open(folder.path()).unwrap();
        assert_eq!(tree.paths(), [".gitignore", "api/cmd/other/main.go", "api/cmd/shop/main.go", "api/go.mod"]);
    }

    #[test]
    fn a_path_that_is_no_folder_is_named() {
        let folder = folder(&[("file", "")]);
        let missing = DiskTree::open(&folder.path().join("nothing")).unwrap_err();
        assert_eq!((missing.code, missing.cause.as_str()), (ProblemCode::NotFound, "no-such-folder"));
        assert_eq!(DiskTree::open(&folder.path().join("file")).unwrap_err().cause, "not-a-folder");
    }

    #[test]
    fn links_are_followed_to_files_inside_and_never_out() {
        let outside = folder(&[("secret", "x")]);
        let folder = folder(&[("a/real.txt", "here")]);
        symlink(outside.path().join("secret"), folder.path().join("out")).unwrap();
        symlink("a/real.txt", folder.path().join("in")).unwrap();
        symlink("a", folder.path().join("folder")).unwrap();
        symlink("nothing", folder.path().join("nowhere")).unwrap();
        let tree = DiskTree::open(folder.path()).unwrap();
        assert_eq!(tree.paths(), ["a/real.txt", "in"]);
        assert_eq!(tree.read("in").unwrap(), b"here");
        assert_eq!(tree.warnings().len(), 1);
        assert_eq!(tree.warnings()[0].file, "out");
    }

    #[test]
    fn pipes_and_devices_are_never_waited_for() {
        let folder = folder(&[("a/x", ""), ("b/y", ""), ("c/.gitignore", "z"), ("c/z", ""), ("index.js", "")]);
        let pipe = |path: &str| mknodat(CWD, folder.path().join(path), FileType::Fifo, Mode::RWXU, 0).unwrap();
        pipe("package.json");
        pipe("a/.gitignore");
        symlink("/dev/zero", folder.path().join("b/.gitignore")).unwrap();
        let tree = DiskTree::open(folder.path()).unwrap();
        assert_eq!(tree.paths(), ["c/.gitignore", "index.js"]);
        let told: Vec<&str> = tree.warnings().iter().map(|warning| warning.file.as_str()).collect();
        assert_eq!(told, ["a/.gitignore", "b/.gitignore", "package.json"], "{:?}", tree.warnings());

        symlink("/dev/zero", folder.path().join(".gitignore")).unwrap();
        let tree = DiskTree::open(folder.path()).unwrap();
        assert!(tree.paths().contains(&"c/z".to_owned()));
        assert_eq!(tree.warnings()[0].file, ".gitignore");

        // What was a file as the folder was walked.
        fs::remove_file(folder.path().join("index.js")).unwrap();
        pipe("index.js");
        assert_eq!(tree.read("index.js"), Err(ReadError::Missing));
        assert_eq!(read_within(Path::new("/dev"), Path::new("/dev/zero"), 9), Err(ReadError::Missing));
    }

    #[test]
    fn each_link_in_a_circle_is_told_up_to_a_bound() {
        let folder = folder(&[("a/b/real.txt", "here")]);
        symlink("../..", folder.path().join("a/b/up")).unwrap();
        symlink("that", folder.path().join("this")).unwrap();
        symlink("this", folder.path().join("that")).unwrap();
        let told = |bounds| {
            let tree = DiskTree::open_within(folder.path(), bounds).unwrap();
            assert_eq!(tree.paths(), ["a/b/real.txt"]);
            tree.warnings().iter().map(|warning| format!("{}: {}", warning.file, warning.says)).collect::<Vec<_>>()
        };
        let all = [
            "a/b/up: links to a folder that it lies in; it was left out",
            "that: links in a circle; it was left out",
            "this: links in a circle; it was left out",
        ];
        assert_eq!(told(Bounds::default()), all);
        let few = told(Bounds { warnings: 2, ..Bounds::default() });
        assert_eq!((few.len(), few[2].as_str()), (3, ".: 1 more warnings are left out here"));
    }

    #[test]
    fn what_wharf_wrote_is_left_out_until_somebody_edits_it() {
        let folder = folder(&[
            ("Dockerfile", "FROM a"),
            ("compose.yaml", "edited"),
            (".wharf/base/Dockerfile", "FROM a"),
            (".wharf/base/compose.yaml", "services:"),
        ]);
        assert_eq!(DiskTree::open(folder.path()).unwrap().paths(), ["compose.yaml"]);
    }

    #[test]
    fn bounds_hold_and_are_told() {
        let folder = folder(&[("a", "12345"), ("b", ""), ("c/d/e/f", "")]);
        fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"bad\xff")), "").unwrap();
        let bounds = Bounds { depth: 2, file_bytes: 4, ..Bounds::default() };
        let tree = DiskTree::open_within(folder.path(), bounds).unwrap();
        assert_eq!(tree.paths(), ["a", "b"]);
        assert_eq!(tree.read("a"), Err(ReadError::TooLarge { bytes: 5 }));
        assert_eq!(tree.warnings().len(), 2, "{:?}", tree.warnings());
        let few = DiskTree::open_within(folder.path(), Bounds { files: 1, ..Bounds::default() }).unwrap();
        assert_eq!(few.paths().len(), 1);
        assert!(few.warnings().iter().any(|warning| warning.says.contains("more than 1 files")));
    }

    #[test]
    fn of_a_tree_over_the_bound_the_files_at_its_root_are_known() {
        let folder = folder(&[("package.json", "{}"), ("zz.txt", "")]);
        fs::create_dir(folder.path().join("many")).unwrap();
        for number in 0..1_500 {
            File::create(folder.path().join(format!("many/{number}"))).unwrap();
        }
        let tree = DiskTree::open_within(folder.path(), Bounds { files: 1_200, ..Bounds::default() }).unwrap();
        for own in ["package.json", "zz.txt"] {
            assert_eq!(tree.paths().iter().filter(|path| *path == own).count(), 1, "{own}");
        }
        assert!(tree.paths().len() > 1_000 && tree.paths().len() <= 1_200);
        assert!(tree.warnings()[0].says.contains("more than 1200 files"), "{:?}", tree.warnings());
    }

    #[test]
    fn the_fingerprint_follows_every_change() {
        let folder = folder(&[("a", "1")]);
        let print = || DiskTree::open(folder.path()).unwrap().fingerprint();
        let first = print();
        assert_eq!(first, print());
        fs::write(folder.path().join("a"), "12").unwrap();
        let second = print();
        assert_ne!(first, second);
        fs::write(folder.path().join("b"), "").unwrap();
        assert_ne!(second, print());
    }
}
