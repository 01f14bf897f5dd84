//! Which folders may be of which stack, weighed by the files that lie there.

use foldhash::{HashMap, HashMapExt as _};
use serde_json::Value;

use super::docker;
use super::facts::Facts;
use super::project::{Folder, Project};
use super::registry::Registry;
use super::rules::{EvidenceKind, EvidenceRule, Stack};
use super::text::Pattern;

/// So many folders are taken from one file at most.
const LISTED: usize = 1_000;

/// A folder that may hold an app of a stack.
pub(super) struct Candidate<'p> {
    pub folder: Folder<'p>,
    pub stack: &'p Stack,
    /// The strongest kind of evidence seen.
    pub kind: EvidenceKind,
    /// How sure the files make, 0 to 1.
    pub weight: f64,
    /// The files that were weighed, relative to the folder, and how sure each makes by itself.
    pub files: Vec<(String, f64)>,
}

impl Candidate<'_> {
    /// The file, relative to the project, that says what it depends on.
    pub(super) fn manifest(&self, facts: &Facts) -> String {
        let file = facts.files.first().or(self.files.first().map(|(file, _)| file));
        file.map_or_else(|| self.folder.at(""), |file| self.folder.at(file))
    }
}

/// What the files of a folder say of a stack. Most of it is dropped, and no stack is read for that.
struct Seen {
    /// The number by which the registry knows the stack.
    stack: usize,
    kind: EvidenceKind,
    weight: f64,
    files: Vec<(String, f64)>,
}

impl Seen {
    fn of(stack: usize) -> Self {
        Self { stack, kind: EvidenceKind::Hint, weight: 0.0, files: Vec::new() }
    }

    fn add(&mut self, rule: &EvidenceRule, file: String) {
        self.kind = self.kind.max(rule.kind);
        if self.files.iter().any(|(known, _)| *known == file) {
            return;
        }
        self.weight = either(self.weight, rule.weight);
        self.files.push((file, rule.weight));
    }

    fn candidate<'p>(self, folder: Folder<'p>, registry: &'p Registry) -> Candidate<'p> {
        let Self { stack, kind, weight, files } = self;
        Candidate { folder, stack: registry.stack(stack), kind, weight, files }
    }
}

/// How sure two independent pieces of evidence make together.
pub(super) fn either(one: f64, other: f64) -> f64 {
    1.0 - (1.0 - one) * (1.0 - other)
}

/// Rules by a name, and what can be told of a name without a look-up, as most files fit none.
struct ByName<'r> {
    rules: HashMap<&'r str, Vec<(usize, &'r EvidenceRule)>>,
    /// For each first letter the lengths of the names, a bit for each.
    lengths: [u64; 256],
}

impl<'r> ByName<'r> {
    fn new() -> Self {
        Self { rules: HashMap::new(), lengths: [0; 256] }
    }

    fn add(&mut self, name: &'r str, entry: (usize, &'r EvidenceRule)) {
        self.lengths[first_letter(name)] |= length(name);
        self.rules.entry(name).or_default().push(entry);
    }

    fn get(&self, name: &str) -> &[(usize, &'r EvidenceRule)] {
        if self.lengths[first_letter(name)] & length(name) == 0 {
            return &[];
        }
        self.rules.get(name).map_or(&[], Vec::as_slice)
    }
}

fn first_letter(name: &str) -> usize {
    name.bytes().next().map_or(0, usize::from)
}

/// The bit of a name's length; long ones share the last.
fn length(name: &str) -> u64 {
    1 << name.len().min(63)
}

/// The rules by what they ask of a file's name, so that each file is looked up, not matched against each rule.
struct Rules<'r> {
    exact: ByName<'r>,
    ending: ByName<'r>,
    /// Other forms, by the letter that they begin with; at zero those that begin with anything.
    other: [Vec<(Pattern<'r>, (usize, &'r EvidenceRule))>; 256],
    below: Vec<(usize, &'r EvidenceRule)>,
}

impl<'r> Rules<'r> {
    fn new(registry: &'r Registry) -> Self {
        let other = std::array::from_fn(|_| Vec::new());
        let mut rules = Self { exact: ByName::new(), ending: ByName::new(), other, below: Vec::new() };
        for entry in registry.evidence() {
            let file = entry.1.file.as_str();
            if file.contains('/') {
                rules.below.push(entry);
            } else if !file.contains('*') {
                rules.exact.add(file, entry);
            } else if let Some(ending) = file.strip_prefix("*.") {
                rules.ending.add(ending, entry);
            } else {
                let letter = if file.starts_with('*') { 0 } else { first_letter(file) };
                rules.other[letter].push((Pattern::new(file), entry));
            }
        }
        rules
    }
}

/// All candidates, folder by folder, parents first. Where no folder holds more than hints, those of the uppermost
/// folder with some are given.
pub(super) fn candidates<'p>(project: &'p Project<'p>, registry: &'p Registry) -> Vec<Candidate<'p>> {
    let rules = Rules::new(registry);
    let mut found = Vec::new();
    let mut hints: Option<(Folder<'p>, Vec<Seen>)> = None;
    let mut listed: Vec<(String, usize, &EvidenceRule)> = Vec::new();
    for folder in project.folders() {
        let mut here: Vec<Seen> = Vec::new();
        for (number, rule) in seen_in(folder, &rules) {
            if let Some(keys) = &rule.lists {
                listed.extend(folders_listed(folder, &rule.file, keys).into_iter().map(|path| (path, number, rule)));
                continue;
            }
            let position = here.iter().position(|seen| seen.stack == number);
            let position = position.unwrap_or_else(|| {
                here.push(Seen::of(number));
                here.len() - 1
            });
            if let Some(file) = folder.find(&rule.file) {
                here[position].add(rule, file);
            }
        }
        let (strong, weak): (Vec<_>, Vec<_>) = here.into_iter().partition(|seen| seen.kind > EvidenceKind::Hint);
        let depth = |folder: Folder<'_>| folder.path().split('/').count() + usize::from(!folder.path().is_empty());
        if !weak.is_empty() && hints.as_ref().is_none_or(|(known, _)| depth(folder) < depth(*known)) {
            hints = Some((folder, weak));
        }
        found.extend(strong.into_iter().map(|seen| seen.candidate(folder, registry)));
    }
    for (path, number, rule) in listed {
        let known = |one: &Candidate<'_>| one.folder.path() == path && one.kind == EvidenceKind::Manifest;
        if let Some(folder) = project.folder(&path).filter(|_| !found.iter().any(known)) {
            let seen = Seen { stack: number, kind: rule.kind, weight: rule.weight, files: Vec::new() };
            found.push(seen.candidate(folder, registry));
        }
    }
    let hints = hints.filter(|_| found.is_empty()).into_iter();
    found.extend(hints.flat_map(|(folder, hints)| hints.into_iter().map(move |seen| seen.candidate(folder, registry))));
    found
}

/// The rules that a folder's files fulfil, each once.
fn seen_in<'r>(folder: Folder<'_>, rules: &Rules<'r>) -> Vec<(usize, &'r EvidenceRule)> {
    let mut seen: Vec<(usize, &'r EvidenceRule)> = Vec::new();
    for name in folder.files() {
        let by_name = rules.exact.get(name).iter();
        // `a.b.json` ends in `b.json` and in `json`.
        let dots = name.bytes().enumerate().filter(|(_, letter)| *letter == b'.');
        let by_ending = dots.flat_map(|(at, _)| rules.ending.get(&name[at + 1..]));
        let forms = rules.other[first_letter(name)].iter().chain(&rules.other[0]);
        let by_form = forms.filter(|(form, _)| form.fits(name)).map(|(_, entry)| entry);
        for entry in by_name.chain(by_ending).chain(by_form) {
            if !seen.iter().any(|(_, known)| std::ptr::eq(*known, entry.1)) && holds(folder, name, entry.1) {
                seen.push(*entry);
            }
        }
    }
    if !folder.has_subfolders() {
        return seen;
    }
    let stacks_here: Vec<usize> = seen.iter().map(|(stack, _)| *stack).collect();
    for entry in &rules.below {
        // A Dockerfile below counts where it copies what lies here.
        if entry.1.file.ends_with("/Dockerfile") {
            if folder.has(&entry.1.file) && docker::dockerfile(folder).is_some_and(|file| file == entry.1.file) {
                seen.push(*entry);
            }
            continue;
        }
        if (stacks_here.contains(&entry.0) || entry.1.kind > EvidenceKind::Hint)
            && folder.find(&entry.1.file).is_some_and(|file| holds(folder, &file, entry.1))
        {
            seen.push(*entry);
        }
    }
    seen
}

/// The folders, relative to the project, that a file names where these keys lead to.
fn folders_listed(folder: Folder<'_>, file: &str, keys: &str) -> Vec<String> {
    let Some(value) = folder.value(file) else { return Vec::new() };
    let mut values = vec![value.as_ref()];
    for key in keys.split('.') {
        values = match key {
            "*" => values.into_iter().filter_map(Value::as_object).flat_map(|object| object.values()).collect(),
            key => values.into_iter().filter_map(|value| value.get(key)).collect(),
        };
    }
    let paths = values.into_iter().filter_map(Value::as_str).map(|path| path.trim_matches(['.', '/']));
    paths.filter(|path| !path.is_empty()).take(LISTED).map(|path| folder.at(path)).collect()
}

fn holds(folder: Folder<'_>, name: &str, rule: &EvidenceRule) -> bool {
    rule.holds.is_empty()
        || folder.text(name).is_some_and(|text| rule.holds.iter().any(|wanted| text.contains(wanted.as_str())))
}
