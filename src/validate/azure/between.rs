//! What files of Bicep and ARM name in each other: modules, and values for parameters.

use std::collections::BTreeMap;

use super::meant::Given;
use super::{arm, bicep};
use crate::validate::parameters::{self, Parameter, Template, Values, Way, above};
use crate::validate::secrets::names_a_secret;
use crate::validate::tree::{self, Node};
use crate::validate::{Fault, Faults, folder, joined};

/// Modules lie where they are looked for; templates keep to the policies with what files give them, and these files name
/// what there is and all that is required.
pub(in crate::validate) fn check_all(
    bicep: &[(&str, &str)],
    own: &[(&str, &str)],
    arm: &[(&str, &str)],
    scripts: &[&str],
    found: &mut Vec<Fault>,
) {
    for (path, text) in bicep {
        let mut faults = Faults { path, found: Vec::new() };
        for (line, module) in bicep::modules(text) {
            let wanted = joined(folder(path), &module);
            if !bicep.iter().any(|(other, _)| *other == wanted) {
                faults.add("unknown-file", line, format!("there is no {module}"));
            }
        }
        found.extend(faults.found);
    }
    for (path, text) in own {
        let mut faults = Faults { path, found: Vec::new() };
        let lacking = |wanted: &String| !bicep.iter().any(|(other, _)| other == wanted);
        if let Some((line, template)) = bicep::using(text).filter(|(_, to)| lacking(&joined(folder(path), to))) {
            faults.add("unknown-file", line, format!("there is no {template}"));
        }
        found.extend(faults.found);
    }
    let parsed = arm
        .iter()
        .filter_map(|(path, text)| Some((*path, tree::read(&arm::without_comments(text)).ok()?.into_iter().next()?)));
    let is_values = |root: &Node| root.text_of("$schema").is_some_and(|schema| schema.contains("Parameters.json"));
    let (values, roots): (Vec<_>, Vec<_>) = parsed.partition(|(_, root)| is_values(root));
    let paths: Vec<&str> = roots.iter().map(|(path, _)| *path).chain(bicep.iter().map(|(path, _)| *path)).collect();
    let mut all: BTreeMap<&str, Given> = BTreeMap::new();
    for (path, root) in &values {
        let owner = above(path).find(|root| paths.iter().any(|template| folder(template) == *root));
        let Some(owner) = owner else { continue };
        for entry in root.entries_of("parameters") {
            let given = all.entry(owner).or_default().entry(entry.key.to_ascii_lowercase()).or_default();
            given.extend(entry.node.get("value").cloned());
        }
    }
    for (path, root) in &roots {
        let Some(given) = all.get(folder(path)) else { continue };
        let mut faults = Faults { path, found: Vec::new() };
        arm::policies(root, given, &mut faults);
        found.extend(faults.found);
    }
    for (path, text) in bicep {
        let Some(given) = all.get(folder(path)) else { continue };
        let mut faults = Faults { path, found: Vec::new() };
        bicep::policies(text, given, &mut faults);
        found.extend(faults.found);
    }
    let of_arm = roots.iter().map(|(path, root)| Template { path, parameters: taken(root) });
    // What a file calls as a module gets its values there.
    let called: Vec<String> = bicep
        .iter()
        .flat_map(|(path, text)| bicep::modules(text).into_iter().map(|(_, module)| joined(folder(path), &module)))
        .collect();
    let of_bicep = bicep.iter().filter(|(path, _)| !called.iter().any(|called| called == path));
    let of_bicep = of_bicep.map(|(path, text)| Template { path, parameters: bicep::parameters(text) });
    let templates: Vec<Template<'_>> = of_arm.chain(of_bicep).collect();
    let of_bicep = own.iter().filter_map(|(path, text)| Some(Values { path, given: bicep::given(text)? }));
    let values = values.iter().map(|(path, root)| Values { path, given: parameters::keys(root.get("parameters")) });
    let values: Vec<Values<'_>> = values.chain(of_bicep).collect();
    let is_told = |name: &str| names_a_secret(name) || parameters::is_told(scripts, name);
    let way = Way { word: "parameter", has_small_and_capital: false, is_told: &is_told };
    parameters::check(&templates, &values, &way, found);
}

/// What an ARM template takes.
fn taken(root: &Node) -> Vec<Parameter> {
    let parameters = root.entries_of("parameters").iter();
    let one = parameters.map(|entry| Parameter {
        name: entry.key.clone(),
        is_required: entry.node.get("defaultValue").is_none() && !entry.node.says("nullable"),
    });
    one.collect()
}
