//! The readers of stacks: the steps that data cannot say. Each turns the manifests of a folder into [`Facts`].

mod bun;
mod clojure;
mod deno;
mod dotnet;
mod elixir;
mod gleam;
mod go;
mod haskell;
mod java;
mod jvm;
mod node;
mod php;
mod python;
mod ruby;
mod rust;
mod scala;

use super::facts::{Facts, Role};
use super::registry::FrameworkRule;
use super::sources::Sources;

/// What the manifests of a folder say, read as that stack's.
pub(super) fn read(stack: &str, sources: &Sources<'_>) -> Facts {
    match stack {
        "node" => node::read(sources),
        "bun" => bun::read(sources),
        "deno" => deno::read(sources),
        "python" => python::read(sources),
        "php" => php::read(sources),
        "go" => go::read(sources),
        "ruby" => ruby::read(sources),
        "java" => java::read(sources),
        "dotnet" => dotnet::read(sources),
        "rust" => rust::read(sources),
        "elixir" => elixir::read(sources),
        "gleam" => gleam::read(sources),
        "clojure" => clojure::read(sources),
        "haskell" => haskell::read(sources),
        "scala" => scala::read(sources),
        // A page is to be served, whatever else is there.
        "static" => Facts { role: Role::App, ..Facts::default() },
        _ => Facts::default(),
    }
}

/// What can be said only once the framework is known.
pub(super) fn finish(stack: &str, sources: &Sources<'_>, framework: Option<&FrameworkRule>, facts: &mut Facts) {
    match stack {
        "node" => node::finish(sources, framework, facts),
        "bun" => bun::finish(sources, framework, facts),
        "python" => python::finish(sources, framework, facts),
        _ => {}
    }
}

/// Whether a file's name ends in one of these, which stand without their dot.
fn ends_in(file: &str, endings: &[&str]) -> bool {
    file.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}
