//! The readers of stacks: the steps that data cannot say. Each turns the manifests of a folder into [`Facts`].

mod bun;
mod clojure;
mod cobol;
mod cpp;
mod crystal;
mod dart;
mod deno;
mod dotnet;
mod elixir;
mod gleam;
mod go;
mod gradle;
mod haskell;
mod java;
mod jvm;
mod lua;
mod maven;
mod node;
mod node_processes;
mod node_release;
mod node_scripts;
mod nx;
mod other;
mod php;
mod prisma;
mod python;
mod python_checks;
mod python_processes;
mod ruby;
mod rust;
mod scala;
mod sites;
mod swift;
mod zig;

use std::collections::BTreeMap;

use super::data::Text;
use super::facts::Facts;
use super::rules::FrameworkRule;
use super::sources::Sources;
use super::words::Word;

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
        "java" | "kotlin" => java::read(stack, sources),
        "dotnet" => dotnet::read(sources),
        "rust" => rust::read(sources),
        "elixir" => elixir::read(sources),
        "gleam" => gleam::read(sources),
        "clojure" => clojure::read(sources),
        "haskell" => haskell::read(sources),
        "scala" => scala::read(sources),
        "swift" => swift::read(sources),
        "zig" => zig::read(sources),
        "crystal" => crystal::read(sources),
        "dart" => dart::read(sources),
        "lua" => lua::read(sources),
        "cpp" => cpp::read(sources),
        "cobol" => cobol::read(sources),
        "static" => sites::read(sources),
        "other" => other::read(sources),
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

/// Words for the command of a tool whose object is made with one of the texts `made`, and whose marks stand in these files,
/// relative to the app.
pub(super) fn points(
    stack: &str,
    sources: &Sources<'_>,
    facts: &Facts,
    made: &[Text],
    files: &[&str],
) -> BTreeMap<String, Word> {
    match stack {
        "python" => python_processes::words(sources, facts, made, files),
        _ => BTreeMap::new(),
    }
}

/// Whether a file's name ends in one of these, which stand without their dot.
fn ends_in(file: &str, endings: &[&str]) -> bool {
    file.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

/// The text in quotes behind a mark: `name: "shop"`.
fn quoted_after(text: &str, mark: &str) -> Option<String> {
    let (_, rest) = text.split_once(mark)?;
    let inside = rest.trim_start().strip_prefix('"')?.split('"').next()?;
    Some(inside.to_owned())
}

/// What stands between two marks; all behind the first where the other does not follow.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).map_or("", |(_, rest)| rest);
    rest.split(after).next().unwrap_or(rest)
}
