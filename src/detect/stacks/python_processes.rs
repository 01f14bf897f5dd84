//! What the workers of Python's queues are pointed at: modules, and objects in them.

use std::collections::BTreeMap;

use super::python::{module_of, object};
use crate::detect::data::Text;
use crate::detect::facts::Facts;
use crate::detect::sources::Sources;
use crate::detect::words::Word;

/// The words `made` (`shop.celery:app`, where such an object is made as its module is loaded), `made.dotted`, `module` (that
/// of the only file), `modules` (those of all), and `at`, which goes to where they are imported from.
pub(super) fn words(sources: &Sources<'_>, facts: &Facts, made: &[Text], files: &[&str]) -> BTreeMap<String, Word> {
    let mut words = BTreeMap::new();
    let objects = made.iter().find_map(|mark| object(sources, mark));
    let object = objects.as_ref().filter(|(_, object)| !object.ends_with("()"));
    let files: Vec<&str> = match object {
        Some((path, _)) => vec![sources.relative(path)],
        None => files.to_vec(),
    };
    let Some(base) = base(sources, facts, &files) else { return words };
    let modules: Option<Vec<String>> = files.iter().map(|file| module_of(within(file, &base)?)).collect();
    let Some(modules) = modules.filter(|modules| !modules.is_empty()) else { return words };
    let at = if base.is_empty() { ("", Vec::new()) } else { ("cd {} && ", vec![base]) };
    words.insert("at".to_owned(), Word::Phrase(at.0.into(), at.1));
    if let ([module], Some((_, object))) = (modules.as_slice(), object) {
        words.insert("made".to_owned(), Word::Plain(format!("{module}:{object}")));
        words.insert("made.dotted".to_owned(), Word::Plain(format!("{module}.{object}")));
    }
    if let [module] = modules.as_slice() {
        words.insert("module".to_owned(), Word::Plain(module.clone()));
    }
    let all = vec!["{}"; modules.len()].join(" ");
    words.insert("modules".to_owned(), Word::Phrase(all.into(), modules));
    words
}

/// The folder from which all of these are imported: that of `manage.py`, `src`, or the app's own, which is empty.
fn base(sources: &Sources<'_>, facts: &Facts, files: &[&str]) -> Option<String> {
    if let Some(Word::Phrase(_, values)) = facts.words.get("enter") {
        return Some(values.first().cloned().unwrap_or_default());
    }
    let within_src = |file: &&str| file.starts_with("src/");
    if sources.folder.has("src/__init__.py") || !files.iter().any(within_src) {
        return Some(String::new());
    }
    files.iter().all(within_src).then(|| "src".to_owned())
}

fn within<'f>(file: &'f str, base: &str) -> Option<&'f str> {
    if base.is_empty() { Some(file) } else { file.strip_prefix(base)?.strip_prefix('/') }
}
