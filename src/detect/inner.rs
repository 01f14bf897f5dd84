//! What the packages of a project give to its apps that depend on them.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::apps::{App, Services, family};
use super::env::Origins;
use super::facts::Role;
use super::rules::EvidenceKind;
use crate::model::{DependencyScope, Monorepo};

/// So many packages are built before an app at most: a workspace of more has a tool of its own that says the order.
const MOST: usize = 50;

/// What the packages of the same project bring to an app that depends on them.
#[derive(Clone, Debug, Default)]
pub(super) struct Inner {
    /// The services that they speak to.
    pub services: Services,
    /// The names of environment variables that they read.
    pub env: Origins,
    /// The system packages that their dependencies need.
    pub system: BTreeSet<String>,
    /// One that becomes a part of the program is written with a framework that answers.
    pub serves: bool,
    /// Those that have to be built before it, each behind what it needs itself.
    pub first: Vec<First>,
    /// The folders of all that it is built of.
    pub packages: BTreeSet<String>,
}

/// A package of the workspace that has to be built before an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct First {
    pub name: String,
    /// The way to it from the app's folder.
    pub way: String,
}

/// The packages of a project by the family of their stacks and their names.
type Known<'a> = HashMap<(&'a str, &'a str), usize>;

/// What each app gets of the packages of the project that it depends on, and of those that these depend on.
pub(super) fn of(read: &[App<'_>], monorepo: Option<&Monorepo>) -> Vec<Inner> {
    let packages = read.iter().enumerate().filter(|(_, app)| app.candidate.kind == EvidenceKind::Manifest);
    let named = packages.filter_map(|(at, app)| Some(((family(app.candidate.stack), app.facts.name.as_deref()?), at)));
    let known: Known<'_> = named.collect();
    let members = monorepo.into_iter().flat_map(|monorepo| monorepo.packages.iter().map(String::as_str)).collect();
    // Many may depend on one: each is looked into once.
    let brings: Vec<OnceCell<Inner>> = read.iter().map(|_| OnceCell::new()).collect();
    let of = |start: usize| {
        let mut inner = Inner::default();
        let mut seen = BTreeSet::from([start]);
        let mut next = vec![start];
        while let Some(app) = next.pop().map(|at| &read[at]) {
            for at in needed(app, &known, false) {
                if seen.insert(at) {
                    let brought = brings[at].get_or_init(|| read[at].brings());
                    inner.services.extend(brought.services.clone());
                    inner.env.extend(brought.env.clone());
                    inner.system.extend(brought.system.iter().cloned());
                    inner.serves |= app.facts.linked && brought.serves;
                    next.push(at);
                }
            }
        }
        inner.first = first(start, read, &known, &members);
        inner.packages = built_of(start, read, &known);
        inner
    };
    read.iter().enumerate().map(|(at, app)| if app.role > Role::Library { of(at) } else { Inner::default() }).collect()
}

/// The packages of the project that one depends on, on request those too that only its development needs.
fn needed<'a>(app: &'a App<'_>, known: &'a Known<'_>, all: bool) -> impl Iterator<Item = usize> + 'a {
    let counts = move |scope: DependencyScope| all || scope != DependencyScope::Development;
    let needed = app.facts.dependencies.iter().filter(move |one| counts(one.scope));
    needed.filter_map(|one| known.get(&(family(app.candidate.stack), one.name.as_str())).copied())
}

/// The folders of the packages that an app is built of, whether it needs them to run or to be built.
fn built_of(start: usize, read: &[App<'_>], known: &Known<'_>) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([start]);
    let mut next = vec![start];
    while let Some(at) = next.pop() {
        next.extend(needed(&read[at], known, at == start).filter(|at| seen.insert(*at)));
    }
    seen.remove(&start);
    seen.into_iter().map(|at| read[at].path()).collect()
}

/// The packages of its workspace with a build of their own that an app depends on, each behind what it needs itself.
fn first(start: usize, read: &[App<'_>], known: &Known<'_>, members: &HashSet<&str>) -> Vec<First> {
    let path = |at: usize| read[at].folder().path();
    let is_member = |at: usize| members.contains(path(at));
    if !is_member(start) && !members.iter().any(|member| within(member, path(start))) {
        return Vec::new();
    }
    let mut first = Vec::new();
    let mut seen = BTreeSet::from([start]);
    let of = |at: usize| needed(&read[at], known, true).filter(|at| is_member(*at)).collect::<Vec<_>>().into_iter();
    let mut way = vec![(start, of(start))];
    while let Some((at, rest)) = way.last_mut() {
        if let Some(next) = rest.next() {
            if seen.insert(next) {
                way.push((next, of(next)));
            }
            continue;
        }
        let (at, app) = (*at, &read[*at]);
        way.pop();
        if at != start && app.facts.words.contains_key("script.build") {
            let name = app.facts.name.clone().unwrap_or_default();
            first.push(First { name, way: relative(path(start), path(at)) });
        }
        if first.len() > MOST {
            return Vec::new();
        }
    }
    first
}

/// Whether a path lies below a folder; all do below the project itself.
fn within(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The way from one folder of a project to another.
fn relative(from: &str, to: &str) -> String {
    let parts = |path: &'_ str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..", from.len() - shared).map(str::to_owned);
    up.chain(to[shared..].iter().cloned()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_lead_from_folder_to_folder() {
        for (from, to, expected) in [
            ("apps/web", "packages/ui", "../../packages/ui"),
            ("apps/web", "apps/ui", "../ui"),
            ("", "packages/ui", "packages/ui"),
            ("apps", "apps/ui", "ui"),
        ] {
            assert_eq!(relative(from, to), expected);
        }
    }
}
