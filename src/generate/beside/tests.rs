use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::{FileChange, LineOf, Problem, Take};

/// A project in memory.
#[derive(Default)]
struct Project {
    files: RefCell<BTreeMap<String, Found>>,
}

const DOCKERFILE: &str = "FROM a:1\nRUN x\nRUN y\nRUN z\nCMD c\n";

fn artifact(content: &str) -> Artifact {
    Artifact { path: "Dockerfile".to_owned(), content: content.to_owned(), reason: String::new() }
}

fn paths(changes: &[FileChange]) -> Vec<&str> {
    changes.iter().map(|change| change.path.as_str()).collect()
}

impl Project {
    fn put(&self, path: &str, found: Found) {
        self.files.borrow_mut().insert(path.to_owned(), found);
    }

    fn write(&self, path: &str, content: &str) {
        self.put(path, Found::Text(content.to_owned()));
    }

    fn text(&self, path: &str) -> String {
        match self.files.borrow().get(path) {
            Some(Found::Text(text)) => text.clone(),
            other => panic!("{path}: {other:?}"),
        }
    }

    fn within<T>(&self, look: impl FnOnce(&Folder<'_>) -> T) -> T {
        let read = |path: &str| self.files.borrow().get(path).cloned().unwrap_or(Found::Nothing);
        let check = |_: &str, text: &str| match text.matches("key: ").count() {
            0 | 1 => Vec::new(),
            _ => vec!["twice".to_owned()],
        };
        look(&Folder::new(&read, &check).unwrap())
    }

    fn view(&self, generated: &str) -> ArtifactView {
        self.within(|folder| compare(artifact(generated), folder))
    }

    fn changes(&self, generated: &[&str], wishes: Wishes) -> Result<Vec<FileChange>, Problem> {
        let artifacts: Vec<Artifact> = generated.iter().map(|content| artifact(content)).collect();
        let all: BTreeSet<String> = artifacts.iter().map(|artifact| artifact.path.clone()).collect();
        let is_stale = |path: &str| !all.contains(path);
        self.within(|folder| writes(&beside(artifacts, is_stale, folder), |_| wishes, "shop", folder))
    }

    fn apply(&self, changes: &[FileChange]) {
        for FileChange { path, content, .. } in changes {
            match content {
                Some(content) => self.write(path, content),
                None => drop(self.files.borrow_mut().remove(path)),
            }
        }
    }

    fn generate(&self, generated: &str, take: Option<Take>) -> Vec<FileChange> {
        let changes = self.changes(&[generated], Wishes { take, prune: false }).unwrap();
        self.apply(&changes);
        changes
    }
}

/// A project that Wharf has written a Dockerfile into.
fn written(content: &str) -> Project {
    let project = Project::default();
    project.generate(content, None);
    project
}

#[test]
fn a_file_is_written_with_its_copy_and_its_digest_and_only_once() {
    let project = Project::default();
    let changes = project.generate(DOCKERFILE, None);
    assert_eq!(paths(&changes), ["Dockerfile", ".wharf/base/Dockerfile", ".wharf/written"]);
    assert!(project.text(".wharf/written").contains("\nproject shop\n"));
    assert_eq!(project.generate(DOCKERFILE, None), []);
    assert_eq!(project.within(|folder| folder.name().map(str::to_owned)).as_deref(), Some("shop"));
}

#[test]
fn every_state_is_told_from_the_others() {
    let state = |project: &Project, generated: &str| project.view(generated).state;
    let project = Project::default();
    assert_eq!(state(&project, DOCKERFILE), ArtifactState::New);
    project.write("Dockerfile", "FROM mine\n");
    assert_eq!(state(&project, DOCKERFILE), ArtifactState::Conflict);
    project.write("Dockerfile", DOCKERFILE);
    assert_eq!(state(&project, DOCKERFILE), ArtifactState::Unchanged);

    let project = written(DOCKERFILE);
    let newer = DOCKERFILE.replace("a:1", "a:2");
    assert_eq!(state(&project, &newer), ArtifactState::Outdated);
    project.write("Dockerfile", &DOCKERFILE.replace("CMD c", "CMD mine"));
    assert_eq!(state(&project, DOCKERFILE), ArtifactState::Edited);
    assert_eq!(state(&project, &newer), ArtifactState::Merged);
    assert_eq!(state(&project, &DOCKERFILE.replace("CMD c", "CMD d")), ArtifactState::Conflict);
    project.files.borrow_mut().remove("Dockerfile");
    assert_eq!(state(&project, &newer), ArtifactState::Removed);
}

#[test]
fn changes_in_different_places_are_joined() {
    let project = written(DOCKERFILE);
    project.write("Dockerfile", &DOCKERFILE.replace("CMD c", "CMD mine"));
    project.generate(&DOCKERFILE.replace("a:1", "a:2"), None);
    assert_eq!(project.text("Dockerfile"), "FROM a:2\nRUN x\nRUN y\nRUN z\nCMD mine\n");
    assert_eq!(project.view(&DOCKERFILE.replace("a:1", "a:2")).state, ArtifactState::Edited);
}

/// Every three texts of up to three lines, of which many are the same.
#[test]
fn joining_keeps_to_its_laws() {
    let mut texts = vec![String::new()];
    for start in 0..7 {
        texts.extend(["a\n", "b\n"].map(|line| texts[start].clone() + line));
    }
    assert_eq!(texts.len(), 15);
    for base in &texts {
        for yours in &texts {
            assert_eq!(merge::merge(base, yours, base).text(false), *yours, "{base:?} {yours:?}");
            assert_eq!(merge::merge(base, base, yours).text(false), *yours, "{base:?} {yours:?}");
            let alike = merge::merge(base, yours, yours);
            assert!(!alike.clashes() && alike.text(false) == *yours, "{base:?} {yours:?}");
            for wharfs in &texts {
                let (one, other) = (merge::merge(base, yours, wharfs), merge::merge(base, wharfs, yours));
                assert_eq!(one.clashes(), other.clashes(), "{base:?} {yours:?} {wharfs:?}");
                assert_eq!(one.text(true), other.text(false), "{base:?} {yours:?} {wharfs:?}");
                assert_eq!(one.clashes(), !one.hunks().is_empty());
            }
        }
    }
}

#[test]
fn a_conflict_shows_both_sides_and_writes_nothing_until_it_is_decided() {
    let project = written(DOCKERFILE);
    let newer = DOCKERFILE.replace("a:1", "a:2").replace("CMD c", "CMD new");
    project.write("Dockerfile", &DOCKERFILE.replace("CMD c", "# why\nCMD mine").replace("RUN x", "RUN x\nRUN w"));
    let view = project.view(&newer);
    let contested: Vec<(LineOf, &str)> = view.hunks[0].lines.iter().map(|line| (line.of, line.text.as_str())).collect();
    assert_eq!(contested[0], (LineOf::Both, "RUN w"));
    let expected =
        [(LineOf::Base, "CMD c"), (LineOf::Before, "# why"), (LineOf::Before, "CMD mine"), (LineOf::After, "CMD new")];
    assert_eq!(contested[3..], expected);
    assert_eq!(view.hunks[0].head(), "@@ -3,5 +3,4 @@");
    let refused = project.changes(&[&newer], Wishes::default()).unwrap_err();
    assert!(refused.why.contains("Dockerfile: both changed the same place"));

    let outcome = |take| project.view(&newer).outcome(Some(take)).unwrap().to_owned();
    assert_eq!(outcome(Take::Yours), "FROM a:2\nRUN x\nRUN w\nRUN y\nRUN z\n# why\nCMD mine\n");
    assert_eq!(outcome(Take::Wharfs), "FROM a:2\nRUN x\nRUN w\nRUN y\nRUN z\nCMD new\n");
    assert_eq!(outcome(Take::Whole), newer);
    // Decided once, it is not asked about again.
    project.generate(&newer, Some(Take::Yours));
    assert_eq!(project.view(&newer).state, ArtifactState::Edited);
    assert_eq!(project.generate(&newer, None), []);
}

#[test]
fn what_is_sound_alone_but_not_together_is_asked_about() {
    let project = written("a\nb\nc\n");
    project.write("Dockerfile", "key: 1\na\nb\nc\n");
    let view = project.view("a\nb\nc\nkey: 2\n");
    assert_eq!(view.state, ArtifactState::Conflict);
    assert_eq!(view.note.as_deref(), Some("with both changes it would be wrong: twice"));
    assert_eq!(view.outcome(Some(Take::Yours)), Some("key: 1\na\nb\nc\n"));
    assert_eq!(view.outcome(Some(Take::Wharfs)), Some("a\nb\nc\nkey: 2\n"));
}

#[test]
fn what_was_removed_stays_away_until_it_is_asked_for() {
    let project = written(DOCKERFILE);
    project.files.borrow_mut().remove("Dockerfile");
    assert_eq!(project.generate(DOCKERFILE, None), []);
    assert_eq!(project.generate("FROM b\n", Some(Take::Yours)), []);
    project.generate("FROM b\n", Some(Take::Whole));
    assert_eq!(project.text("Dockerfile"), "FROM b\n");
}

#[test]
fn what_nothing_asks_for_goes_where_nobody_changed_it() {
    for (now, stays) in [(Some(DOCKERFILE), false), (Some("FROM mine\n"), true), (None, false)] {
        let project = written(DOCKERFILE);
        match now {
            Some(text) => project.write("Dockerfile", text),
            None => drop(project.files.borrow_mut().remove("Dockerfile")),
        }
        assert_eq!(project.changes(&[], Wishes::default()).unwrap(), [], "{now:?}");
        let prune = Wishes { take: None, prune: true };
        let changes = project.changes(&[], prune).unwrap();
        project.apply(&changes);
        let left: Vec<String> = project.files.borrow().keys().cloned().collect();
        let expected: &[&str] = if stays { &[".wharf/written", "Dockerfile"] } else { &[".wharf/written"] };
        assert_eq!(left, expected, "{now:?}");
        assert_eq!(project.changes(&[], prune).unwrap(), [], "{now:?}");
    }
}

#[test]
fn whoever_is_stopped_comes_to_the_same_end() {
    let edited = DOCKERFILE.replace("CMD c", "CMD mine");
    let newer = DOCKERFILE.replace("a:1", "a:2");
    for now in [None, Some(DOCKERFILE), Some(edited.as_str())] {
        let before = || match now {
            Some(now) => {
                let project = written(DOCKERFILE);
                project.write("Dockerfile", now);
                project
            }
            None => Project::default(),
        };
        let whole = before();
        let count = whole.generate(&newer, None).len();
        for done in 0..count {
            let stopped = before();
            stopped.apply(&stopped.changes(&[&newer], Wishes::default()).unwrap()[..done]);
            stopped.generate(&newer, None);
            assert_eq!(stopped.files, whole.files, "stopped after {done}");
        }
    }
}

#[test]
fn copies_that_something_else_changed_are_not_believed() {
    let newer = DOCKERFILE.replace("CMD c", "CMD new");
    // A replacement in all files: what a person wanted passes for what Wharf wrote.
    let project = written(DOCKERFILE);
    for path in ["Dockerfile", ".wharf/base/Dockerfile"] {
        project.write(path, &DOCKERFILE.replace("a:1", "a:3"));
    }
    // What would be written is what was: by its digest that is known.
    assert_eq!(project.view(DOCKERFILE).state, ArtifactState::Edited);
    assert_eq!(project.view(&newer).state, ArtifactState::Conflict);
    project.generate(DOCKERFILE, None);
    assert_eq!(project.text(".wharf/base/Dockerfile"), DOCKERFILE, "the copy is mended");

    for copy in [Found::Nothing, Found::Other("is not UTF-8 text".to_owned()), Found::Text(String::new())] {
        let project = written(DOCKERFILE);
        project.put(".wharf/base/Dockerfile", copy);
        // Nobody changed it: by its digest that is known too.
        assert_eq!(project.view(&newer).state, ArtifactState::Outdated);
        project.write("Dockerfile", &DOCKERFILE.replace("a:1", "a:3"));
        assert_eq!(project.view(&newer).state, ArtifactState::Conflict);
        project.generate(&newer, Some(Take::Yours));
        assert_eq!(project.view(&newer).state, ArtifactState::Edited);
    }
}

#[test]
fn a_record_of_two_branches_or_of_nonsense_is_read() {
    let project = written(DOCKERFILE);
    let ours = project.text(".wharf/written");
    let theirs = written("FROM b\n").text(".wharf/written");
    let line = |text: &str| text.lines().last().unwrap().to_owned();
    let merged = format!("<<<<<<< HEAD\nproject shop\n{}\n=======\n{}\n>>>>>>> other\n", line(&ours), line(&theirs));
    project.write(".wharf/written", &merged);
    assert_eq!(project.view("FROM c\n").state, ArtifactState::Outdated);
    project.write("Dockerfile", "FROM b\n");
    assert_eq!(project.view("FROM c\n").state, ArtifactState::Outdated);
    for hostile in ["", "\0\u{1b}[2J", &format!("{}  ../../x\n{0}  /etc/x\n", "0".repeat(64)), &"project ".repeat(999)]
    {
        project.write(".wharf/written", hostile);
        let views = project.within(|folder| beside(Vec::new(), |_| true, folder));
        assert_eq!(views, [], "{hostile}");
        assert_eq!(project.within(|folder| folder.name().map(str::to_owned)), None);
    }
}

#[test]
fn ends_of_lines_and_of_files_stay_a_persons() {
    let project = written(DOCKERFILE);
    let windows = |text: &str| text.replace('\n', "\r\n");
    project.write("Dockerfile", &windows(DOCKERFILE));
    project.write(".wharf/base/Dockerfile", &windows(DOCKERFILE));
    assert_eq!(project.view(DOCKERFILE).state, ArtifactState::Unchanged);
    let newer = DOCKERFILE.replace("a:1", "a:2");
    let view = project.view(&newer);
    assert_eq!((view.state, view.outcome(None)), (ArtifactState::Outdated, Some(windows(&newer).as_str())));
    project.write("Dockerfile", windows(&DOCKERFILE.replace("CMD c", "CMD mine")).trim_end());
    let view = project.view(&newer);
    let expected = windows(&newer.replace("CMD c", "CMD mine"));
    assert_eq!((view.state, view.outcome(None)), (ArtifactState::Merged, Some(expected.trim_end())));

    let project = written("a\nb\n");
    project.write("Dockerfile", "a\nb");
    assert_eq!(project.view("a\nb\n").state, ArtifactState::Unchanged);
    project.generate("a\nb\nc\n", None);
    assert_eq!(project.text("Dockerfile"), "a\nb\nc\n");
}

#[test]
fn what_is_no_text_is_left_alone_and_asked_about_once() {
    let project = written(DOCKERFILE);
    project.put("Dockerfile", Found::Folder);
    assert_eq!(project.view(DOCKERFILE).state, ArtifactState::Edited);
    assert_eq!(project.generate(DOCKERFILE, None), []);
    let newer = DOCKERFILE.replace("a:1", "a:2");
    for take in [None, Some(Take::Wharfs), Some(Take::Whole)] {
        let refused = project.changes(&[&newer], Wishes { take, prune: false }).unwrap_err();
        assert!(refused.why.contains("what is there is a folder"), "{take:?}");
    }
    let changes = project.generate(&newer, Some(Take::Yours));
    assert_eq!(paths(&changes), [".wharf/base/Dockerfile", ".wharf/written"]);
    assert_eq!(project.view(&newer).state, ArtifactState::Edited);
    let long = "x\n".repeat(LINES + 1);
    project.write("Dockerfile", &long);
    assert!(project.view(DOCKERFILE).blocked);
}

#[test]
fn what_lies_where_wharf_keeps_its_own_is_told_of() {
    let link = || Found::Other("is a symbolic link or lies behind one".to_owned());
    let ways = [
        (".wharf", Found::Text(String::new()), "it is a file"),
        (".wharf", link(), "symbolic link"),
        (".wharf/base", Found::Text(String::new()), "it is a file"),
        (".wharf/base", link(), "symbolic link"),
        (".wharf/written", Found::Folder, "it is a folder"),
        (".wharf/digests", Found::Other("cannot be read: no".to_owned()), "cannot be read"),
    ];
    for (path, found, why) in ways {
        let read = |asked: &str| if asked == path { found.clone() } else { Found::Nothing };
        let problem = Folder::new(&read, &|_, _| Vec::new()).unwrap_err();
        assert!(problem.message.contains(path) && problem.why.contains(why), "{problem}");
    }
    let sound = |path: &str| if path.ends_with("base") || path == ".wharf" { Found::Folder } else { Found::Nothing };
    assert!(Folder::new(&sound, &|_, _| Vec::new()).is_ok());
}
