//! The source files of one app, found as they are asked for.

use std::cell::OnceCell;
use std::rc::Rc;

use foldhash::HashSet;

use super::data::Text;
use super::project::Folder;
use super::rules::Stack;
use super::text::{Pattern, places};

/// So many source files of an app are looked into at most.
const FILES: usize = 400;

/// So many where one thing must be known of an app with more.
const FILES_BEYOND: usize = 4_000;

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
    "obj",
];

/// So many tests are looked for at most.
const TESTS: usize = 20;

/// Folders of what others wrote, or of what was built, and those whose tests need more than the app.
const BROUGHT: &[&str] = &[
    "vendor",
    "third_party",
    "node_modules",
    "site-packages",
    "venv",
    "dist",
    "build",
    "out",
    "target",
    "obj",
    "coverage",
    "fixtures",
    "testdata",
    "e2e",
    "cypress",
    "playwright",
];

/// Folders that show how it is used, where they lie at the top.
const SHOWN: &[&str] = &["example", "examples", "sample", "samples", "demo", "demos"];

/// The sources of a folder, without those of apps below it.
#[derive(Clone)]
pub(super) struct Sources<'p> {
    pub folder: Folder<'p>,
    endings: &'p [Text],
    named: &'p [Text],
    built: &'p [Text],
    tests: &'p [Text],
    others: Rc<HashSet<&'p str>>,
    /// Of the others, the one whose sources are its own too.
    taken_in: Option<String>,
    without: Vec<String>,
    files: OnceCell<Vec<String>>,
    /// Once one is asked for, all are read that are better read together.
    read: OnceCell<()>,
    own_tests: OnceCell<Vec<String>>,
}

impl<'p> Sources<'p> {
    /// The stack's sources below `folder`; `others` are the paths of all packages, whose own the rest is.
    pub(super) fn new(folder: Folder<'p>, stack: &'p Stack, others: Rc<HashSet<&'p str>>) -> Self {
        Self {
            folder,
            endings: &stack.extensions,
            named: &stack.source_files,
            built: &stack.built_folders,
            tests: &stack.tests,
            others,
            taken_in: None,
            without: Vec::new(),
            files: OnceCell::new(),
            read: OnceCell::new(),
            own_tests: OnceCell::new(),
        }
    }

    /// The paths of the files, relative to the project, the nearest first.
    pub(super) fn files(&self) -> &[String] {
        self.files.get_or_init(|| self.below(FILES))
    }

    fn below(&self, limit: usize) -> Vec<String> {
        let named = self.named.iter().filter(|file| self.folder.has(file)).map(|file| self.folder.at(file));
        let mut found = self.folder.below(self.endings, limit, &|child| {
            // `com/example` is a package, `example` at the top is an example.
            let shows =
                SHOWN.contains(&child.name()) && child.parent().is_some_and(|above| above.path() == self.folder.path());
            let aside = ASIDE.contains(&child.name()) || self.built.iter().any(|built| built == child.name());
            shows
                || aside
                || self.others.contains(child.path()) && self.taken_in.as_deref() != Some(child.path())
                || self.without.iter().any(|path| path == child.path())
        });
        found.retain(|path| !self.without.contains(path));
        let room = limit - found.len();
        found.extend(named.take(room));
        found
    }

    /// The same, with what lies in a folder that was left out.
    pub(super) fn with(self, path: &str) -> Self {
        Self {
            taken_in: Some(path.to_owned()),
            files: OnceCell::new(),
            read: OnceCell::new(),
            own_tests: OnceCell::new(),
            ..self
        }
    }

    /// The same, without these files and folders, given relative to the project.
    pub(super) fn without(self, paths: Vec<String>) -> Self {
        Self { without: paths, files: OnceCell::new(), read: OnceCell::new(), own_tests: OnceCell::new(), ..self }
    }

    /// Files that are its tests, relative to the project, a few of them.
    pub(super) fn tests(&self) -> &[String] {
        self.own_tests.get_or_init(|| self.find_tests())
    }

    fn find_tests(&self) -> Vec<String> {
        let forms = TestForms::new(self.tests, self.endings);
        let mut found = Vec::new();
        let mut level = vec![(self.folder, false)];
        while !level.is_empty() && found.len() < TESTS {
            let mut next = Vec::new();
            for (folder, within) in level {
                let tests = folder.files().iter().filter(|name| forms.fit(name, within));
                found.extend(tests.map(|name| folder.at(name)));
                for child in folder.subfolders().filter(|child| !self.holds_no_tests(*child)) {
                    let tests = forms.folders.contains(&child.name());
                    next.push((child, within || tests));
                }
            }
            level = next;
        }
        found
    }

    /// There are such files.
    pub(super) fn are_tested(&self) -> bool {
        !self.tests.is_empty() && !self.tests().is_empty()
    }

    fn holds_no_tests(&self, child: Folder<'_>) -> bool {
        BROUGHT.contains(&child.name())
            || self.built.iter().any(|built| built == child.name())
            || self.others.contains(child.path()) && self.taken_in.as_deref() != Some(child.path())
            || self.without.iter().any(|path| path == child.path())
    }

    /// Only those that lie right in these folders.
    pub(super) fn only(self, folders: &[String]) -> Self {
        let project = self.folder.project();
        let folders = folders.iter().filter_map(|path| project.folder(path));
        let named = folders.flat_map(|folder| {
            let files = self.endings.iter().flat_map(move |ending| folder.with_ending(ending));
            files.map(move |file| folder.at(file))
        });
        let files: Vec<String> = named.filter(|path| !is_of_tests(path)).take(FILES_BEYOND).collect();
        Self { files: OnceCell::from(files), read: OnceCell::new(), own_tests: OnceCell::new(), ..self }
    }

    /// One of the texts stands in one of the files, tests aside.
    pub(super) fn hold(&self, marks: &[impl AsRef<str>]) -> bool {
        let mut own = self.texts().filter(|(path, _)| !is_of_tests(path));
        !marks.is_empty() && own.any(|(_, text)| any_stands_in(&text, marks))
    }

    /// The files for whose text this holds, tests aside.
    pub(super) fn own_with(&self, holds: impl Fn(&str) -> bool) -> Vec<&str> {
        let own = self.texts().filter(|(path, text)| !is_of_tests(path) && holds(text));
        own.map(|(path, _)| path).collect()
    }

    /// The same for the files that are beyond those looked at, for what must be known.
    pub(super) fn hold_beyond(&self, marks: &[Text]) -> bool {
        let all = self.below(FILES_BEYOND);
        let mut beyond = all.iter().skip(FILES).filter(|path| !is_of_tests(path));
        beyond.any(|path| self.folder.project().source(path).is_some_and(|text| any_stands_in(&text, marks)))
    }

    /// The first word behind one of the marks: a name, in quotes or not.
    pub(super) fn word_behind(&self, marks: &[&str]) -> Option<String> {
        self.words_behind(marks).next()
    }

    /// Every word behind one of the marks, those behind the first mark first.
    pub(super) fn words_behind(&self, marks: &[&str]) -> impl Iterator<Item = String> {
        let behind = |text: &str, mark: &str| -> Vec<String> {
            let words = places(text, mark).filter_map(|at| {
                let rest = text[at + mark.len()..].trim_start_matches([' ', '(', '"', '\'', '\n']);
                let end = rest.find(|c: char| !c.is_alphanumeric() && !"_-$".contains(c)).unwrap_or(rest.len());
                (end > 0).then(|| rest[..end].to_owned())
            });
            words.collect()
        };
        marks.iter().flat_map(move |mark| self.texts().flat_map(move |(_, text)| behind(&text, mark)))
    }

    /// There are more files than are looked at.
    pub(super) fn is_cut(&self) -> bool {
        self.files().len() == FILES
    }

    /// The files with their text.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, Rc<str>)> {
        let (project, files) = (self.folder.project(), self.files());
        self.read.get_or_init(|| project.read_sources(files));
        files.iter().filter_map(|path| Some((path.as_str(), project.source(path)?)))
    }

    /// A path relative to the folder.
    pub(super) fn relative<'f>(&self, path: &'f str) -> &'f str {
        match self.folder.path() {
            "" => path,
            folder => path.strip_prefix(folder).map_or(path, |rest| rest.trim_start_matches('/')),
        }
    }
}

/// A test, or the settings of what runs them, speaks of what the app does not do.
pub(super) fn is_of_tests(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let runners = ["karma.", "jest.", "vitest.", "cypress.", "playwright.", "protractor.", "wdio."];
    runners.iter().any(|runner| file.starts_with(runner))
        || [".spec.", ".test.", ".e2e.", "_test."].iter().any(|mark| file.contains(mark))
}

/// What the names of a stack's tests look like.
struct TestForms<'p> {
    /// Folders whose sources all are tests.
    folders: Vec<&'p str>,
    /// Sources, without their ending.
    stems: Vec<Pattern<'p>>,
    /// Any file.
    names: Vec<Pattern<'p>>,
    endings: &'p [Text],
}

impl<'p> TestForms<'p> {
    fn new(forms: &'p [Text], endings: &'p [Text]) -> Self {
        let mut all = Self { folders: Vec::new(), stems: Vec::new(), names: Vec::new(), endings };
        for form in forms {
            if let Some(folder) = form.strip_suffix('/') {
                all.folders.push(folder);
            } else if let Some(stem) = form.strip_suffix(".*") {
                all.stems.push(Pattern::new(stem));
            } else {
                all.names.push(Pattern::new(form));
            }
        }
        all
    }

    /// Whether a file is one, which may lie within such a folder.
    fn fit(&self, name: &str, within: bool) -> bool {
        // The last dot is near; to search for it costs more than to look.
        let dot = name.bytes().rposition(|letter| letter == b'.');
        let (stem, ending) = dot.map_or((name, ""), |dot| (&name[..dot], &name[dot + 1..]));
        (within || self.stems.iter().any(|form| form.fits(stem))) && self.endings.iter().any(|known| known == ending)
            || self.names.iter().any(|form| form.fits(name))
    }
}

fn any_stands_in(text: &str, marks: &[impl AsRef<str>]) -> bool {
    marks.iter().any(|mark| stands_in(text, mark.as_ref()))
}

/// A mark stands in a text; one that begins with a small letter as a word of its own: no `serve(` in `reserve(`.
fn stands_in(text: &str, mark: &str) -> bool {
    if !mark.starts_with(|c: char| c.is_ascii_lowercase()) {
        return text.contains(mark);
    }
    places(text, mark).any(|at| !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_words_of_their_own() {
        assert!(stands_in("axum::serve(a, b)", "serve("));
        assert!(stands_in("new ServerSocket(1)", "ServerSocket"));
        assert!(!stands_in("lines.reserve(7)", "serve("));
        assert!(is_of_tests("a/server_test.go") && is_of_tests("karma.conf.js") && !is_of_tests("tests/a.go"));
    }
}
