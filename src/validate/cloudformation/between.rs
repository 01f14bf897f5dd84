//! Templates of `CloudFormation` with the files of their parameters.

use std::collections::BTreeMap;

use super::values::Given;
use crate::validate::parameters::{self, Parameter, Template, Values, Way, above};
use crate::validate::secrets::{is_reference, names_a_secret};
use crate::validate::tree::{self, Node};
use crate::validate::{Fault, Faults, folder};

/// A file of parameters: JSON, as the command takes it.
pub(in crate::validate) fn check_values(text: &str, faults: &mut Faults<'_>) {
    let root = match tree::read(text).map(|documents| documents.into_iter().next()) {
        Ok(Some(root)) => root,
        Ok(None) => return,
        Err((line, why)) => return faults.add("template-syntax", line, format!("it cannot be read: {why}")),
    };
    for (name, line, value) in given(&root) {
        if names_a_secret(&name) && !value.is_empty() && !is_reference(&value) {
            let message = format!("the value of {name} is written down: give it where the stack is made");
            faults.add("secret-in-file", line, message);
        }
    }
}

/// A name with its line and value.
type One = (String, usize, String);

/// Names with their lines and values: of `ParameterKey` and `ParameterValue`, of `Key=Value`, or of a map.
fn given(root: &Node) -> Vec<One> {
    let map = root.get("Parameters").unwrap_or(root);
    let keys = map.entries().iter().filter_map(|entry| {
        let value = entry.node.text().unwrap_or_default();
        Some((entry.key.clone(), entry.line, value.to_owned())).filter(|_| entry.key != "Tags")
    });
    let items = root.items().iter().filter_map(|item| {
        if let Some(key) = item.entry("ParameterKey") {
            let value = item.text_of("ParameterValue").unwrap_or_default();
            return Some((key.node.text()?.to_owned(), key.line, value.to_owned()));
        }
        let (name, value) = item.text()?.split_once('=')?;
        Some((name.to_owned(), item.line, value.to_owned()))
    });
    keys.chain(items).collect()
}

/// Holds templates to the policies with what files give them, and those files to the templates.
pub(in crate::validate) fn check_all(
    templates: &[(&str, &str)],
    values: &[(&str, &str)],
    scripts: &[&str],
    found: &mut Vec<Fault>,
) {
    let read = |text: &str| tree::read(text).ok().and_then(|documents| documents.into_iter().next());
    let templates: Vec<(&str, Node)> = templates.iter().filter_map(|(path, text)| Some((*path, read(text)?))).collect();
    let values: Vec<(&str, Vec<One>)> =
        values.iter().filter_map(|(path, text)| Some((*path, given(&read(text)?)))).collect();
    let mut all: BTreeMap<&str, Given> = BTreeMap::new();
    for (path, given) in &values {
        let owner = above(path).find(|root| templates.iter().any(|(template, _)| folder(template) == *root));
        let Some(owner) = owner else { continue };
        let known = all.entry(owner).or_default();
        for (name, _, value) in given {
            known.entry(name.clone()).or_default().push(value.clone());
        }
    }
    for (path, root) in &templates {
        let Some(given) = all.get(folder(path)) else { continue };
        let mut faults = Faults { path, found: Vec::new() };
        super::policies::check(root, given, &mut faults);
        found.extend(faults.found);
    }
    let taken = |root: &Node| {
        let parameters = root.entries_of("Parameters").iter();
        let one = parameters
            .map(|entry| Parameter { name: entry.key.clone(), is_required: entry.node.get("Default").is_none() });
        one.collect()
    };
    let templates: Vec<Template<'_>> =
        templates.iter().map(|(path, root)| Template { path, parameters: taken(root) }).collect();
    let names = |given: Vec<One>| given.into_iter().map(|(name, line, _)| (name, line)).collect();
    let values: Vec<Values<'_>> =
        values.into_iter().map(|(path, given)| Values { path, given: names(given) }).collect();
    let is_told = |name: &str| names_a_secret(name) || parameters::is_told(scripts, name);
    let way = Way { word: "parameter", has_small_and_capital: true, is_told: &is_told };
    parameters::check(&templates, &values, &way, found);
}
