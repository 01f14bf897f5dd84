//! The source files of one app, found as they are asked for.

use std::cell::OnceCell;
use std::rc::Rc;

use super::project::Folder;
use super::rules::Stack;

/// So many source files of an app are looked into at most.
const FILES: usize = 400;

/// Folders whose sources say nothing of how an app runs.
const ASIDE: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "spec",
    "specs",
    "e2e",
    "cypress",
    "docs",
    "doc",
    "fixtures",
    "testdata",
    "benches",
    "benchmarks",
    "vendor",
    "third_party",
    "node_modules",
    "dist",
    "build",
    "out",
    "target",
    "coverage",
    "migrations",
    "locales",
    "static",
    "assets",
    "venv",
    "env",
    "site-packages",
    "bin",
    "obj",
];

/// Folders that show how it is used, where they lie at the top.
const SHOWN: &[&str] = &["example", "examples", "sample", "samples", "demo", "demos"];

/// The sources of a folder, without those of apps below it.
pub(super) struct Sources<'p> {
    pub folder: Folder<'p>,
    endings: &'p [String],
    kept: &'p [String],
    others: Vec<&'p str>,
    files: OnceCell<Vec<String>>,
}

impl<'p> Sources<'p> {
    /// The stack's sources below `folder`; `others` are the paths of other packages.
    pub(super) fn new(folder: Folder<'p>, stack: &'p Stack, others: Vec<&'p str>) -> Self {
        Self { folder, endings: &stack.extensions, kept: &stack.source_folders, others, files: OnceCell::new() }
    }

    /// The paths of the files, relative to the project, the nearest first.
    pub(super) fn files(&self) -> &[String] {
        self.files.get_or_init(|| {
            self.folder.below(self.endings, FILES, &|child| {
                // `com/example` is a package, `example` at the top is an example.
                let shows = SHOWN.contains(&child.name())
                    && child.parent().is_some_and(|above| above.path() == self.folder.path());
                let aside = ASIDE.contains(&child.name()) && !self.kept.iter().any(|kept| kept == child.name());
                shows || aside || self.others.contains(&child.path())
            })
        })
    }

    /// The same, with what lies in a folder that was left out.
    pub(super) fn with(self, path: &str) -> Self {
        let others = self.others.into_iter().filter(|other| *other != path).collect();
        Self { others, files: OnceCell::new(), ..self }
    }

    /// One of the texts stands in one of the files.
    pub(super) fn hold(&self, marks: &[String]) -> bool {
        !marks.is_empty() && self.texts().any(|(_, text)| marks.iter().any(|mark| text.contains(mark.as_str())))
    }

    /// The first word behind one of the marks: a name, in quotes or not.
    pub(super) fn word_behind(&self, marks: &[&str]) -> Option<String> {
        self.words_behind(marks).next()
    }

    /// Every word behind one of the marks, those behind the first mark first.
    pub(super) fn words_behind(&self, marks: &[&str]) -> impl Iterator<Item = String> {
        let behind = |text: &str, mark: &str| -> Vec<String> {
            let words = text.split(mark).skip(1).filter_map(|rest| {
                let rest = rest.trim_start_matches([' ', '(', '"', '\'', '\n']);
                let end = rest.find(|c: char| !c.is_alphanumeric() && !"_-$".contains(c)).unwrap_or(rest.len());
                (end > 0).then(|| rest[..end].to_owned())
            });
            words.collect()
        };
        marks.iter().flat_map(move |mark| self.texts().flat_map(move |(_, text)| behind(&text, mark)))
    }

    /// There are more files than are looked at.
    pub(super) fn is_cut(&self) -> bool {
        self.files().len() >= FILES
    }

    /// The files with their text.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, Rc<str>)> {
        self.files().iter().filter_map(|path| Some((path.as_str(), self.folder.project().source(path)?)))
    }

    /// A path relative to the folder.
    pub(super) fn relative<'f>(&self, path: &'f str) -> &'f str {
        match self.folder.path() {
            "" => path,
            folder => path.strip_prefix(folder).map_or(path, |rest| rest.trim_start_matches('/')),
        }
    }
}
