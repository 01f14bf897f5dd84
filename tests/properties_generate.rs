//! Properties of what is generated beside what a person wrote.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use wharf::generate::{Folder, Wishes, beside, writes};
use wharf::model::{AppProfile, Artifact, ArtifactState, ArtifactView, FileChange, Found, Take};

use crate::support::profiles;
use crate::support::proptest::config;

/// A project in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Project(BTreeMap<String, String>);

impl Project {
    fn within<T>(&self, look: impl FnOnce(&Folder<'_>) -> T) -> T {
        let read = |path: &str| self.0.get(path).cloned().map_or(Found::Nothing, Found::Text);
        look(&Folder::new(&read, &|_, _| Vec::new()).unwrap())
    }

    fn views(&self, artifacts: &[Artifact]) -> Vec<ArtifactView> {
        self.within(|folder| beside(artifacts.to_vec(), |_| false, folder))
    }

    /// What has to be written; none where something is in conflict.
    fn changes(&self, artifacts: &[Artifact], take: Option<Take>) -> Option<Vec<FileChange>> {
        let views = self.views(artifacts);
        self.within(|folder| writes(&views, |_| Wishes { take, prune: false }, "shop", folder)).ok()
    }

    fn apply(&mut self, changes: &[FileChange]) {
        for FileChange { path, content, .. } in changes {
            match content {
                Some(content) => drop(self.0.insert(path.clone(), content.clone())),
                None => drop(self.0.remove(path)),
            }
        }
    }

    fn generate(&mut self, artifacts: &[Artifact], take: Option<Take>) -> bool {
        let changes = self.changes(artifacts, take);
        self.apply(changes.as_deref().unwrap_or_default());
        changes.is_some()
    }
}

/// One side's change of a text: so many lines from there on become others.
#[derive(Clone, Debug)]
struct Edit {
    at: usize,
    removed: usize,
    added: Vec<String>,
}

/// Changes that are apart from each other, in lines of a base of that length.
fn edits(length: usize, side: &'static str) -> impl Strategy<Value = Vec<Edit>> {
    vec((0..=length, 0usize..4, 0usize..4), 0..6).prop_map(move |mut wanted| {
        wanted.sort_unstable();
        let mut edits: Vec<Edit> = Vec::new();
        for (number, (at, removed, added)) in wanted.into_iter().enumerate() {
            let removed = removed.min(length - at);
            let is_apart = edits.last().is_none_or(|last| last.at + last.removed < at);
            if is_apart && removed + added > 0 {
                let added = (0..added).map(|line| format!("{side} {number}.{line}")).collect();
                edits.push(Edit { at, removed, added });
            }
        }
        edits
    })
}

fn applied(base: &[String], edits: &[Edit]) -> Vec<String> {
    let mut lines = base.to_vec();
    for edit in edits.iter().rev() {
        lines.splice(edit.at..edit.at + edit.removed, edit.added.iter().cloned());
    }
    lines
}

fn touch(one: &Edit, other: &Edit) -> bool {
    one.at <= other.at + other.removed && other.at <= one.at + one.removed
}

/// What Wharf wrote, what a person made of it, and what Wharf would write now.
#[derive(Clone, Debug)]
struct Case {
    base: Vec<String>,
    yours: Vec<Edit>,
    wharfs: Vec<Edit>,
    end: &'static str,
    is_ended: bool,
}

fn case() -> impl Strategy<Value = Case> {
    (1usize..30).prop_flat_map(|length| {
        let ways = (prop::sample::select(vec!["\n", "\r\n"]), any::<bool>());
        (edits(length, "yours"), edits(length, "wharfs"), ways).prop_map(move |(yours, wharfs, (end, is_ended))| Case {
            base: (0..length).map(|line| format!("line {line}")).collect(),
            yours,
            wharfs,
            end,
            is_ended,
        })
    })
}

impl Case {
    /// As Wharf writes it.
    fn artifact(lines: &[String]) -> [Artifact; 1] {
        let content = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        [Artifact { path: "Dockerfile".to_owned(), content, reason: String::new() }]
    }

    /// As the person's editor does.
    fn file(&self, lines: &[String]) -> String {
        let text = lines.join(self.end);
        if self.is_ended && !lines.is_empty() { text + self.end } else { text }
    }

    fn project(&self) -> Project {
        let mut project = Project::default();
        assert!(project.generate(&Self::artifact(&self.base), None));
        project.0.insert("Dockerfile".to_owned(), self.file(&applied(&self.base, &self.yours)));
        project
    }

    fn now(&self) -> [Artifact; 1] {
        Self::artifact(&applied(&self.base, &self.wharfs))
    }

    /// The person's changes that no change of Wharf's touches.
    fn apart(&self) -> impl Iterator<Item = &Edit> {
        self.yours.iter().filter(|mine| !self.wharfs.iter().any(|other| touch(mine, other)))
    }
}

fn lines(project: &Project) -> Vec<String> {
    project.0["Dockerfile"].lines().map(str::to_owned).collect()
}

/// Three texts of lines that repeat, so that what stands for what is anybody's guess.
fn alike() -> impl Strategy<Value = [Vec<String>; 3]> {
    let line = prop::sample::select(vec!["", "a", "b", "}", "a # mine"]).prop_map(str::to_owned);
    let text = || vec(line.clone(), 0..12);
    (text(), text(), text(), any::<[bool; 2]>()).prop_map(|(base, yours, wharfs, [touched, newer])| {
        // As often as not one side is the other with a little more at one end.
        let after = |lines: Vec<String>, more: Vec<String>| lines.into_iter().chain(more).collect::<Vec<_>>();
        let yours = if touched { after(yours.into_iter().take(2).collect(), base.clone()) } else { yours };
        let wharfs = if newer { after(base.clone(), wharfs.into_iter().take(2).collect()) } else { wharfs };
        [base, yours, wharfs]
    })
}

fn count(lines: &[String], wanted: &String) -> usize {
    lines.iter().filter(|line| *line == wanted).count()
}

fn any_take() -> impl Strategy<Value = Option<Take>> {
    prop::sample::select(vec![None, Some(Take::Yours), Some(Take::Wharfs)])
}

/// A sample of a profile as projects have them, with some of it changed.
fn profile() -> impl Strategy<Value = AppProfile> {
    let samples: Vec<AppProfile> = profiles::all().into_iter().map(|(_, profile)| profile).collect();
    let services = prop::sample::subsequence(profiles::services(), 0..=4);
    (prop::sample::select(samples), services, any::<Option<u16>>(), vec("[A-Z]{3,9}", 0..4))
        .prop_map(|(sample, services, port, env)| AppProfile { services, port: port.or(sample.port), env, ..sample })
}

proptest! {
    #![proptest_config(config(512))]

    // Feature: deployment-automation, Property merge: edits outside a regenerated hunk always survive
    #[test]
    fn edits_outside_of_what_changed_survive(case in case(), take in any_take()) {
        let mut project = case.project();
        let before = project.clone();
        if !project.generate(&case.now(), take) {
            prop_assert_eq!(project, before, "a conflict writes nothing");
            prop_assert!(case.apart().count() < case.yours.len(), "there is no conflict without a place that both changed");
            return Ok(());
        }
        let after = lines(&project);
        for edit in case.apart() {
            for line in &edit.added {
                prop_assert!(after.contains(line), "{line} is lost: {after:#?}");
            }
            for gone in &case.base[edit.at..edit.at + edit.removed] {
                prop_assert!(!after.contains(gone), "{gone} is back: {after:#?}");
            }
        }
        let said: Vec<&String> = case.yours.iter().flat_map(|edit| &edit.added).collect();
        if take == Some(Take::Yours) {
            prop_assert!(said.iter().all(|line| after.contains(line)), "{after:#?}");
        }
        if case.apart().count() == case.yours.len() {
            // Nothing is in both: the whole is what both together make.
            let mut both: Vec<Edit> = case.yours.iter().chain(&case.wharfs).cloned().collect();
            both.sort_by_key(|edit| edit.at);
            prop_assert_eq!(&after, &applied(&case.base, &both));
        }
        if case.wharfs.is_empty() {
            prop_assert_eq!(&project.0["Dockerfile"], &before.0["Dockerfile"], "to the byte");
        }
    }

    // Feature: deployment-automation, Property 12: Regenerating is identical: what was generated once is not changed by
    // generating it again, wherever it was stopped before
    #[test]
    fn generating_again_changes_nothing(case in case(), take in any_take(), stopped in 0usize..4) {
        let mut project = case.project();
        let mut again = project.clone();
        let Some(changes) = project.changes(&case.now(), take) else { return Ok(()) };
        project.apply(&changes);
        again.apply(&changes[..stopped.min(changes.len())]);
        prop_assert!(again.generate(&case.now(), take));
        prop_assert_eq!(&again, &project, "stopped after {}", stopped);
        prop_assert_eq!(project.changes(&case.now(), None), Some(Vec::new()));
        let state = project.views(&case.now())[0].state;
        prop_assert!(matches!(state, ArtifactState::Unchanged | ArtifactState::Edited), "{state:?}");
    }

    // Feature: deployment-automation, Property merge: edits outside a regenerated hunk always survive
    #[test]
    fn what_a_person_added_survives_among_lines_that_repeat([base, yours, wharfs] in alike(), stopped in 0usize..6) {
        let mut project = Project::default();
        prop_assert!(project.generate(&Case::artifact(&base), None));
        project.0.insert("Dockerfile".to_owned(), yours.iter().flat_map(|line| [line.as_str(), "\n"]).collect());
        let now = Case::artifact(&wharfs);
        let take = project.changes(&now, None).is_none().then_some(Take::Yours);
        let changes = project.changes(&now, take).unwrap();
        let mut again = project.clone();
        project.apply(&changes);
        let after = lines(&project);
        for line in &yours {
            prop_assert!(count(&after, line) + count(&base, line) >= count(&yours, line), "{line:?} of {yours:?}: {after:?}");
        }
        again.apply(&changes[..stopped.min(changes.len())]);
        prop_assert!(again.generate(&now, take));
        prop_assert_eq!(&again, &project, "stopped after {}", stopped);
    }

    // Feature: deployment-automation, Property 12: A profile written to storage and read back generates identical
    // artifacts, and a project that they were written into is as it should be
    #[test]
    fn a_profile_comes_back_and_makes_the_same_files(profile in profile()) {
        let made = profiles::usual(&profile).unwrap();
        let stored: AppProfile = bincode::deserialize(&bincode::serialize(&profile).unwrap()).unwrap();
        let told: AppProfile = serde_json::from_str(&serde_json::to_string(&profile).unwrap()).unwrap();
        prop_assert_eq!(&profiles::usual(&stored).unwrap(), &made);
        prop_assert_eq!(&profiles::usual(&told).unwrap(), &made);
        let mut project = Project::default();
        prop_assert!(project.generate(&made, None));
        prop_assert!(project.views(&made).iter().all(|view| view.state == ArtifactState::Unchanged));
        prop_assert_eq!(project.changes(&made, None), Some(Vec::new()));
    }
}
