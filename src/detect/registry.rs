//! The stacks: each is one folder under `templates/stacks/`, and its `stack.toml` is read into these types.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use super::data::{List, Text};
use super::rules::{EvidenceRule, Stack};
use super::services;
use crate::model::{Problem, ProblemCode};

/// Every `stack.toml`, made into constants while the program is built (`build/main.rs`), in the order of their names.
static EMBEDDED: &[Stack] = embedded::STACKS;

mod embedded {
    use std::borrow::Cow;

    use super::super::data::{List, Table, Text};
    #[allow(
        clippy::wildcard_imports,
        reason = "whatever rules there are; where tests are built it would be no warning"
    )]
    use super::super::rules::*;
    use crate::model::Serving;

    pub(super) static STACKS: &[Stack] = include!(concat!(env!("OUT_DIR"), "/stacks.rs"));
}

/// All that is known of stacks.
#[derive(Clone, Debug)]
pub struct Registry {
    stacks: Vec<Entry>,
}

/// A stack.
#[derive(Clone, Debug)]
struct Entry {
    /// What its own file says.
    own: Cow<'static, Stack>,
    /// With what services say of it, and what it shares with another; made once it is asked for.
    whole: OnceLock<Stack>,
}

impl Entry {
    fn new(own: Cow<'static, Stack>) -> Self {
        Self { own, whole: OnceLock::new() }
    }
}

impl Stack {
    /// With its folder's name, where it says none itself.
    fn named(mut self, folder: &str) -> Self {
        if self.name.is_empty() {
            self.name = folder.into();
        }
        self
    }

    /// What people call the thing whose version matters.
    pub(super) fn runtime(&self) -> &str {
        self.runtime.as_deref().unwrap_or(&self.language)
    }
}

impl Registry {
    /// The stacks that Wharf brings along.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static ALL: LazyLock<Registry> = LazyLock::new(|| Registry {
            stacks: EMBEDDED.iter().map(|stack| Entry::new(Cow::Borrowed(stack))).collect(),
        });
        &ALL
    }

    /// The same with other stacks over them: pairs of a stack's name and the text of its `stack.toml`. A name that
    /// is there already is replaced as a whole.
    pub fn overlaid<'t>(&self, over: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, Problem> {
        // What was shared may be another's now.
        let mut stacks: Vec<Entry> = self.stacks.iter().map(|known| Entry::new(known.own.clone())).collect();
        for (name, text) in over {
            let stack = read_stack(name, text, &format!("{}", Path::new(name).join("stack.toml").display()))?;
            let entry = Entry::new(Cow::Owned(stack));
            match stacks.iter_mut().find(|known| known.own.name == entry.own.name) {
                Some(known) => *known = entry,
                None => stacks.push(entry),
            }
        }
        Ok(Self { stacks })
    }

    /// The evidence of all stacks, each with the number by which [`stack`](Self::stack) knows it.
    pub(super) fn evidence(&self) -> impl Iterator<Item = (usize, &EvidenceRule)> {
        let stacks = self.stacks.iter().enumerate();
        stacks.flat_map(|(number, entry)| entry.own.evidence.iter().map(move |rule| (number, rule)))
    }

    /// The stack of that number.
    pub(super) fn stack(&self, number: usize) -> &Stack {
        let entry = &self.stacks[number];
        entry.whole.get_or_init(|| {
            let whole = |entry: &Entry| {
                let mut stack = Stack::clone(&entry.own);
                services::add_to(&mut stack);
                stack
            };
            let mut stack = whole(entry);
            let named = |with: &Text| self.stacks.iter().find(|other| other.own.name == *with);
            if let Some(other) = entry.own.shares_with.as_ref().and_then(named) {
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
        let number = self.stacks.iter().position(|known| known.own.name == stack)?;
        self.stack(number).ecosystem.as_deref()
    }

    /// The names of all stacks.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.stacks.iter().map(|stack| stack.own.name.as_str())
    }
}

/// Gives a stack what it shares with another and does not say itself.
fn share(stack: &mut Stack, other: Stack) {
    add(&mut stack.frameworks, &other.frameworks, |one, other| one.name == other.name);
    add(&mut stack.build_tools, &other.build_tools, |one, other| one.name == other.name);
    stack.services.fill(&other.services);
    if stack.outputs.is_empty() {
        stack.outputs = other.outputs;
        stack.output_flags = other.output_flags;
    }
    stack.words.fill(&other.words);
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
    take(&mut stack.processes, other.processes);
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

fn take<T: Clone>(own: &mut List<T>, other: List<T>) {
    if own.is_empty() {
        *own = other;
    }
}

/// Adds those that are not there yet.
fn add<T: Clone>(own: &mut List<T>, other: &[T], same: impl Fn(&T, &T) -> bool) {
    for one in other {
        if !own.iter().any(|known| same(known, one)) {
            own.to_mut().push(one.clone());
        }
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
        for stack in EMBEDDED {
            let text = std::fs::read_to_string(folder.join(stack.name.as_str()).join("stack.toml")).unwrap();
            let read = read_stack(&stack.name, &text, "stack.toml").unwrap();
            assert_eq!(format!("{stack:?}"), format!("{read:?}"), "{}", stack.name);
            assert!(!stack.language.is_empty(), "{}", stack.name);
        }
        assert_eq!(EMBEDDED.len(), std::fs::read_dir(folder).unwrap().count());
    }
}
