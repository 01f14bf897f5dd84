//! A project's folder on disk as a [`FileTree`].
//!
//! No link is followed out of the folder, and there is a bound on entries, depth and bytes. What had to be left out
//! becomes a warning.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use rustix::fs::{Dir, FileType};
use sha2::{Digest as _, Sha256};

use super::beneath::Beneath;
use super::walk::{NEVER_WALKED, walk};
use crate::model::{FileTree, Problem, ProblemCode, ReadError, Warning};

/// Modules, programs of one and files of one that are looked at beyond the walk at most.
const HIDDEN: usize = 50;

/// Where copies of the files lie that Wharf wrote into a project.
pub(super) const WRITTEN: &str = ".wharf/base";

/// What a walk and a read may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Files listed at most.
    pub files: usize,
    /// Folders looked into at most.
    pub folders: usize,
    /// Folders below each other at most.
    pub depth: usize,
    /// Bytes of one file at most.
    pub file_bytes: u64,
    /// Warnings kept at most.
    pub warnings: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { files: 600_000, folders: 100_000, depth: 64, file_bytes: 16 << 20, warnings: 50 }
    }
}

/// A folder on disk.
#[derive(Clone, Debug)]
pub struct DiskTree {
    root: Arc<Beneath>,
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
        let root = Beneath::new(root).map_err(|error| unreachable_folder(path, &error))?;
        root.folder("").map_err(|error| unreachable_folder(path, &error))?;
        let (mut paths, warnings) = walk(&root, bounds);
        let hidden = hidden_programs(&root, &paths);
        if !hidden.is_empty() && paths.len() < bounds.files {
            paths.extend(hidden);
            paths.sort();
        }
        let mut tree = Self { root: Arc::new(root), name: None, paths, warnings, bounds };
        tree.leave_out_own_files();
        Ok(tree)
    }

    /// What Wharf wrote and nobody edited since says nothing about a project: a Dockerfile that was generated would
    /// be taken for the project's own and never be made anew.
    fn leave_out_own_files(&mut self) {
        if self.root.folder(WRITTEN).is_err() {
            return;
        }
        let read = |path: &str| self.root.read(path, self.bounds.file_bytes).ok();
        let own = |path: &String| read(&format!("{WRITTEN}/{path}")).is_some_and(|copy| read(path) == Some(copy));
        let kept: Vec<String> = self.paths.iter().filter(|path| !own(path)).cloned().collect();
        self.paths = kept;
    }

    /// The same without some of its files.
    #[must_use]
    pub fn without(&self, is_out: impl Fn(&str) -> bool) -> Self {
        let mut rest = self.clone();
        rest.paths.retain(|path| !is_out(path));
        rest
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
        self.name = self.root.path().file_name().map(|name| name.to_string_lossy().into_owned());
        self
    }

    /// The folder, absolute and without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// A digest of all paths with their sizes and times of change, in hexadecimal. What was detected holds while it
    /// stays the same.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        for path in &self.paths {
            digest.update(path.as_bytes());
            digest.update([0]);
            if let Ok(data) = fs::symlink_metadata(self.root.path().join(path)) {
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
        self.root.read(path, self.bounds.file_bytes)
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
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

/// The sources of Go programs that a rule for their binary hides: `server` in a `.gitignore` means the file that a build
/// leaves, and fits `cmd/server/` as well, which version control tracks all the same.
fn hidden_programs(root: &Beneath, paths: &[String]) -> Vec<String> {
    let modules = paths.iter().filter_map(|path| path.strip_suffix("go.mod"));
    let modules = modules.filter(|module| module.is_empty() || module.ends_with('/')).take(HIDDEN);
    let mut found = Vec::new();
    for folder in modules.map(|module| format!("{module}cmd")) {
        let programs = names_in(root, &folder, FileType::Directory);
        for program in programs.iter().filter(|name| !NEVER_WALKED.contains(&name.as_str())) {
            let inside = format!("{folder}/{program}/");
            let known = paths.partition_point(|path| path.as_str() < inside.as_str());
            if paths.get(known).is_some_and(|path| path.starts_with(&inside)) {
                continue;
            }
            let files = names_in(root, inside.trim_end_matches('/'), FileType::RegularFile).into_iter();
            let sources = files.filter(|name| name.rsplit('.').next() == Some("go"));
            found.extend(sources.map(|name| format!("{inside}{name}")));
        }
    }
    found
}

/// The names of that kind in a folder; none where it cannot be read.
fn names_in(root: &Beneath, folder: &str, kind: FileType) -> Vec<String> {
    let entries = root.folder(folder).ok().and_then(|folder| Dir::new(folder).ok()).into_iter().flatten().flatten();
    let own =
        entries.filter(|entry| entry.file_type() == kind && !matches!(entry.file_name().to_bytes(), b"." | b".."));
    own.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned)).take(HIDDEN).collect()
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
        assert_eq!(tree.paths(), ["a/x", "b/y", "c/.gitignore", "index.js"]);
        let told: Vec<&str> = tree.warnings().iter().map(|warning| warning.file.as_str()).collect();
        assert_eq!(told, ["a/.gitignore", "b/.gitignore", "package.json"], "{:?}", tree.warnings());

        symlink("/dev/zero", folder.path().join(".gitignore")).unwrap();
        let tree = DiskTree::open(folder.path()).unwrap();
        assert_eq!((tree.paths().len(), tree.warnings()[0].file.as_str()), (4, ".gitignore"));

        // What was a file as the folder was walked.
        fs::remove_file(folder.path().join("index.js")).unwrap();
        pipe("index.js");
        assert_eq!(tree.read("index.js"), Err(ReadError::Missing));
        let devices = Beneath::new("/dev".into()).unwrap();
        assert_eq!(devices.read("zero", 9), Err(ReadError::Missing));
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
        let few = DiskTree::open_within(folder.path(), Bounds { folders: 2, ..Bounds::default() }).unwrap();
        assert_eq!(few.paths(), ["a", "b"]);
        assert!(few.warnings().iter().any(|warning| warning.says.contains("more than 2 folders")));
    }

    #[test]
    fn of_a_tree_over_the_bound_the_files_at_its_root_are_known() {
        let folder = folder(&[("package.json", "{}"), ("zz.txt", "")]);
        fs::create_dir(folder.path().join("many")).unwrap();
        for number in 0..1_500 {
            fs::File::create(folder.path().join(format!("many/{number}"))).unwrap();
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
