//! The stacks: each is one folder under `templates/stacks/`, and its `stack.toml` is read into these types.

use std::path::Path;
use std::sync::OnceLock;

use super::rules::{EvidenceRule, Stack};
use super::services;
use crate::model::{Problem, ProblemCode};

/// Every `stack.toml` as bincode, made while the program is built (`build.rs`): name, evidence, and the whole.
static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/stacks.bin"));

/// What a stack's part of [`EMBEDDED`] holds.
type Embedded = (String, Vec<EvidenceRule>, &'static [u8]);

/// All that is known of stacks.
#[derive(Clone, Debug)]
pub struct Registry {
    stacks: Vec<Entry>,
}

/// A stack, of which all but the evidence is read only once it is asked for.
#[derive(Clone, Debug)]
struct Entry {
    name: String,
    evidence: Vec<EvidenceRule>,
    own: Own,
    /// With what it shares with another.
    whole: OnceLock<Stack>,
}

/// What a stack's own file says.
#[derive(Clone, Debug)]
enum Own {
    Embedded(&'static [u8]),
    Read(Box<Stack>),
}

impl Entry {
    fn own(&self) -> Stack {
        match &self.own {
            // A test reads them all.
            Own::Embedded(bytes) => bincode::deserialize(bytes).unwrap_or_default(),
            Own::Read(stack) => (**stack).clone(),
        }
    }
}

impl Stack {
    /// With its folder's name, where it says none itself.
    fn named(mut self, folder: &str) -> Self {
        if self.name.is_empty() {
            folder.clone_into(&mut self.name);
        }
        self
    }

    /// What people call the thing whose version matters.
    pub(super) fn runtime(&self) -> &str {
        self.runtime.as_deref().unwrap_or(&self.language)
    }
}

impl Registry {
    /// The stacks that Wharf brings along, read once.
    pub fn embedded() -> Result<&'static Self, Problem> {
        static READ: OnceLock<Result<Registry, Problem>> = OnceLock::new();
        READ.get_or_init(|| {
            let stacks: Vec<Embedded> =
                bincode::deserialize(EMBEDDED).map_err(|error| malformed("templates/stacks", error))?;
            let entry = |(name, evidence, whole): Embedded| Entry {
                name,
                evidence,
                own: Own::Embedded(whole),
                whole: OnceLock::new(),
            };
            Ok(Self { stacks: stacks.into_iter().map(entry).collect() })
        })
        .as_ref()
        .map_err(Clone::clone)
    }

    /// The same with other stacks over them: pairs of a stack's name and the text of its `stack.toml`. A name that
    /// is there already is replaced as a whole.
    pub fn overlaid<'t>(&self, over: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, Problem> {
        let mut stacks = self.stacks.clone();
        for (name, text) in over {
            let stack = read_stack(name, text, &format!("{}", Path::new(name).join("stack.toml").display()))?;
            let entry = Entry {
                name: stack.name.clone(),
                evidence: stack.evidence.clone(),
                own: Own::Read(Box::new(stack)),
                whole: OnceLock::new(),
            };
            match stacks.iter_mut().find(|known| known.name == entry.name) {
                Some(known) => *known = entry,
                None => stacks.push(entry),
            }
        }
        // What was shared may be another's now.
        for entry in &mut stacks {
            entry.whole = OnceLock::new();
        }
        Ok(Self { stacks })
    }

    /// The evidence of all stacks, each with the number by which [`stack`](Self::stack) knows it.
    pub(super) fn evidence(&self) -> impl Iterator<Item = (usize, &EvidenceRule)> {
        self.stacks.iter().enumerate().flat_map(|(number, entry)| entry.evidence.iter().map(move |rule| (number, rule)))
    }

    /// The stack of that number.
    pub(super) fn stack(&self, number: usize) -> &Stack {
        let entry = &self.stacks[number];
        entry.whole.get_or_init(|| {
            let whole = |entry: &Entry| {
                let mut stack = entry.own().named(&entry.name);
                services::add_to(&mut stack);
                stack
            };
            let mut stack = whole(entry);
            let other =
                stack.shares_with.as_ref().and_then(|with| self.stacks.iter().find(|other| other.name == *with));
            if let Some(other) = other {
                share(&mut stack, whole(other));
            }
            stack
        })
    }

    /// All stacks.
    #[cfg(test)]
    pub(super) fn stacks(&self) -> impl Iterator<Item = &Stack> {
        (0..self.stacks.len()).map(|number| self.stack(number))
    }

    /// Where a stack's packages come from, by the word of the OSV database.
    #[must_use]
    pub fn ecosystem(&self, stack: &str) -> Option<&str> {
        let number = self.stacks.iter().position(|known| known.name == stack)?;
        self.stack(number).ecosystem.as_deref()
    }

    /// The names of all stacks.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.stacks.iter().map(|stack| stack.name.as_str())
    }
}

/// Gives a stack what it shares with another and does not say itself.
fn share(stack: &mut Stack, other: Stack) {
    for rule in other.frameworks {
        if !stack.frameworks.iter().any(|own| own.name == rule.name) {
            stack.frameworks.push(rule);
        }
    }
    for tool in other.build_tools {
        if !stack.build_tools.iter().any(|own| own.name == tool.name) {
            stack.build_tools.push(tool);
        }
    }
    for (service, packages) in other.services {
        stack.services.entry(service).or_insert(packages);
    }
    if stack.outputs.is_empty() {
        stack.outputs = other.outputs;
        stack.output_flags = other.output_flags;
    }
    for (word, text) in other.words {
        stack.words.entry(word).or_insert(text);
    }
    if stack.versions.default.is_empty() {
        stack.versions = other.versions;
    }
    take(&mut stack.managers, other.managers);
    take(&mut stack.build, other.build);
    take(&mut stack.start, other.start);
    take(&mut stack.check_install, other.check_install);
    take(&mut stack.test, other.test);
    take(&mut stack.lint, other.lint);
    take(&mut stack.develop, other.develop);
    take(&mut stack.tests, other.tests);
    take(&mut stack.test_marks, other.test_marks);
    take(&mut stack.env, other.env);
    take(&mut stack.env_schemas, other.env_schemas);
    take(&mut stack.inlined, other.inlined);
    take(&mut stack.listens, other.listens);
    take(&mut stack.binds, other.binds);
    take(&mut stack.port_marks, other.port_marks);
    take(&mut stack.port_places, other.port_places);
    take(&mut stack.mounts, other.mounts);
}

fn take<T>(own: &mut Vec<T>, other: Vec<T>) {
    if own.is_empty() {
        *own = other;
    }
}

fn read_stack(name: &str, text: &str, file: &str) -> Result<Stack, Problem> {
    let stack: Stack = toml_edit::de::from_str(text).map_err(|error| malformed(file, error))?;
    Ok(stack.named(name))
}

fn malformed(file: &str, error: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::Usage, "malformed-stack", format!("The stack {file} cannot be read"))
        .why(error)
        .fix("mend the file, or move it out of the configuration folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_embedded_is_what_the_files_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/stacks");
        let registry = Registry::embedded().unwrap();
        for entry in &registry.stacks {
            let file = folder.join(&entry.name).join("stack.toml");
            let read = read_stack(&entry.name, &std::fs::read_to_string(&file).unwrap(), "stack.toml").unwrap();
            let own = entry.own().named(&entry.name);
            assert_eq!(format!("{own:?}"), format!("{read:?}"), "{}", entry.name);
            assert!(!own.language.is_empty(), "{}", entry.name);
        }
        assert_eq!(registry.stacks.len(), std::fs::read_dir(folder).unwrap().count());
    }
}
