//! Charts of Helm (helm.sh, “Charts”): what a chart says of itself, its values, and templates as far as they can be
//! read without filling them in.

#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeMap;

use super::kinds::Kind;
use super::secrets::{is_reference, names_a_secret};
use super::tree::{self, Node};
use super::{Fault, Faults, folder, joined};

const CHART: &[&str] = &[
    "apiVersion",
    "name",
    "version",
    "kubeVersion",
    "description",
    "type",
    "keywords",
    "home",
    "sources",
    "dependencies",
    "maintainers",
    "icon",
    "appVersion",
    "deprecated",
    "annotations",
];

/// Chart.yaml.
pub(super) fn check_chart(text: &str, faults: &mut Faults<'_>) {
    let Some(root) = map(text, faults) else { return };
    for entry in root.entries().iter().filter(|entry| !CHART.contains(&entry.key.as_str())) {
        faults.add("chart-syntax", entry.line, format!("a chart has no key “{}”", entry.key));
    }
    for key in ["apiVersion", "name", "version"] {
        if root.text_of(key).is_none() {
            faults.add("chart-syntax", root.line, format!("{key} is missing"));
        }
    }
    if let Some(version) = root.get("version")
        && !version.text().is_some_and(is_version)
    {
        faults.add("chart-syntax", version.line, "a version has three numbers: 1.2.3");
    }
    for dependency in root.items_of("dependencies") {
        if dependency.get("version").is_none_or(|version| matches!(version.text(), None | Some("*"))) {
            let name = dependency.text_of("name").unwrap_or("the chart");
            faults.add(
                "unpinned-image",
                dependency.line,
                format!("{name} can be another chart tomorrow: name a version"),
            );
        }
    }
}

fn is_version(text: &str) -> bool {
    let number = text.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
    number.split('.').count() == 3 && number.split('.').all(|part| part.parse::<u64>().is_ok())
}

/// values.yaml and its like for an environment.
pub(super) fn check_values(text: &str, faults: &mut Faults<'_>) {
    let Some(root) = map(text, faults) else { return };
    let mut found = Vec::new();
    root.each(&mut |node| found.push(node));
    for node in found {
        for entry in node.entries() {
            let text = entry.node.text().unwrap_or_default();
            if names_a_secret(&entry.key)
                && !entry.key.starts_with("existing")
                // Which key of a secret it is.
                && !["PasswordKey", "TokenKey"].iter().any(|end| entry.key.ends_with(end))
                && entry.node.truth().is_none()
                && !is_reference(text)
                && text.parse::<f64>().is_err()
            {
                let message = format!("the value of {} is written down: name a secret of the cluster", entry.key);
                faults.add("secret-in-file", entry.line, message);
            }
            if entry.key == "tag" && text == "latest"
                || entry.key == "image" && !text.is_empty() && text.ends_with(":latest")
            {
                faults.add("unpinned-image", entry.line, "latest can be another image tomorrow: name a version");
            }
        }
    }
}

fn map(text: &str, faults: &mut Faults<'_>) -> Option<Node> {
    match tree::read(text).map(|documents| documents.into_iter().next()) {
        Ok(Some(root)) if root.is_map() => return Some(root),
        Ok(None) => {}
        Ok(Some(root)) if root.is_null() => {}
        Ok(_) => faults.add("chart-syntax", 1, "it is a map of keys"),
        Err((line, why)) => faults.add("chart-syntax", line, format!("it is no YAML: {why}")),
    }
    None
}

/// A template: what opens is closed, what begins ends.
pub(super) fn check_template(text: &str, faults: &mut Faults<'_>) {
    let actions = match actions(text) {
        Ok(actions) => actions,
        Err((line, why)) => return faults.add("chart-syntax", line, why),
    };
    let mut open: Vec<(usize, &str)> = Vec::new();
    for (line, action) in actions {
        let word = action.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        match word {
            "if" | "range" | "with" | "define" | "block" => open.push((line, word)),
            "else" if open.is_empty() => faults.add("chart-syntax", line, "else belongs to nothing"),
            "end" if open.pop().is_none() => {
                faults.add("chart-syntax", line, "end ends nothing");
            }
            _ => {}
        }
        let brackets = action.chars().fold(0_i32, |depth, c| match c {
            '(' => depth + 1,
            ')' => depth - 1,
            _ => depth,
        });
        if brackets != 0 && !action.contains(['"', '`', '\'']) {
            faults.add("chart-syntax", line, "its brackets are not balanced");
        }
    }
    if let Some((line, word)) = open.pop() {
        faults.add("chart-syntax", line, format!("this {word} does not end: {{{{ end }}}} is missing"));
    }
}

/// What stands in `{{ }}`, without comments, with its line.
fn actions(text: &str) -> Result<Vec<(usize, &str)>, (usize, String)> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(start) = text[at..].find("{{").map(|start| at + start) {
        line += text[at..start].matches('\n').count();
        let inner = &text[start + 2..];
        let bare = inner.strip_prefix('-').unwrap_or(inner).trim_start();
        let end = if bare.starts_with("/*") {
            inner.find("*/").and_then(|end| Some(end + inner[end..].find("}}")?))
        } else {
            inner.find("}}")
        };
        let Some(end) = end else { return Err((line, "what begins with {{ does not end".to_owned())) };
        let is_closed_by_another = inner[..end].contains("{{") && !inner[..end].contains(['"', '`']);
        if is_closed_by_another && !bare.starts_with("/*") {
            return Err((line, "what begins with {{ does not end".to_owned()));
        }
        if !bare.starts_with("/*") {
            let action = inner[..end].trim_start_matches('-').trim_end_matches('-').trim();
            found.push((line, action));
        }
        line += inner[..end].matches('\n').count();
        at = start + 2 + end + 2;
    }
    Ok(found)
}

/// What templates take from values is in values.yaml, and what they include is defined in a template.
pub(super) fn check_all(files: &BTreeMap<String, String>, found: &mut Vec<Fault>) {
    let charts = files.keys().filter(|path| path.rsplit('/').next() == Some("Chart.yaml"));
    for root in charts.map(|path| folder(path)) {
        let values = files.get(&joined(root, "values.yaml")).map(|text| tree::read(text));
        let values = match values {
            None => None,
            Some(Ok(documents)) => documents.into_iter().next(),
            Some(Err(_)) => continue,
        };
        let below = joined(root, "templates/");
        let templates: Vec<(&String, &String)> = files
            .iter()
            .filter(|(path, _)| path.strip_prefix(&below).is_some_and(|rest| rest.starts_with('/')))
            .collect();
        let all: String = templates.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
        let asked = asked(&all);
        let has_libraries = files.get(&joined(root, "Chart.yaml")).is_some_and(|chart| chart.contains("dependencies:"));
        for (path, text) in templates {
            let mut faults = Faults { path, found: Vec::new() };
            for (line, action) in actions(text).unwrap_or_default() {
                for wanted in used(action) {
                    // What is asked for first may be given or not, unless it is one of those written wrong.
                    let may_lack = asked.iter().any(|path| wanted.starts_with(path))
                        && !values.iter().flat_map(Node::entries).any(|entry| is_like(&entry.key, wanted[0]));
                    if lacks(values.as_ref(), &wanted) && !may_lack {
                        let message = format!("values.yaml has no {}", wanted.join("."));
                        faults.add("unknown-reference", line, message);
                    }
                }
                for name in included(action).filter(|_| !has_libraries) {
                    if !all.contains(&format!("define \"{name}\"")) {
                        faults.add("unknown-reference", line, format!("no template defines {name}"));
                    }
                }
            }
            found.extend(faults.found);
        }
        // Other charts read what is theirs, and `.Values` as a whole can be all of it.
        if has_libraries || all.contains(".Values }}") || all.contains(".Values |") || all.contains("index .Values") {
            continue;
        }
        let is_more = |path: &str| folder(path) == root && path != joined(root, "values.yaml");
        let is_values = |path: &str, text: &str| Kind::of(path, text) == Some(Kind::ChartValues);
        let Ok(every) = actions(&all) else { continue };
        let read: Vec<Vec<&str>> = every.iter().flat_map(|(_, action)| used(action)).collect();
        // What a template takes as a whole may hold anything.
        let is_known =
            |path: &[&str]| read.iter().any(|whole| path.starts_with(whole)) || !lacks(values.as_ref(), path);
        for (path, text) in files.iter().filter(|(path, text)| is_more(path) && is_values(path, text)) {
            let mut faults = Faults { path, found: Vec::new() };
            for own in tree::read(text).unwrap_or_default() {
                unread(&own, &mut Vec::new(), &is_known, &mut faults);
            }
            found.extend(faults.found);
        }
    }
}

/// Tells of values that are nowhere else: those of a name that is written wrong change nothing.
fn unread<'n>(node: &'n Node, path: &mut Vec<&'n str>, is_known: &dyn Fn(&[&str]) -> bool, faults: &mut Faults<'_>) {
    for entry in node.entries() {
        path.push(&entry.key);
        if is_known(path) || path == &["global"] {
            unread(&entry.node, path, is_known, faults);
        } else {
            let message = format!("neither values.yaml nor a template has {}", path.join("."));
            faults.add("unknown-reference", entry.line, message);
        }
        path.pop();
    }
}

/// The values that a chart goes without: it asks whether they are there, or has another in their place. Their map is.
fn asked(all: &str) -> Vec<Vec<&str>> {
    let asks = |action: &str| {
        let word = action.trim_start_matches("else ").split_whitespace().next().unwrap_or_default();
        matches!(word, "if" | "with" | "range")
            || action.split(|c: char| !c.is_alphanumeric()).any(|word| WITHOUT.contains(&word))
    };
    let every = actions(all).unwrap_or_default();
    let paths = every.into_iter().filter(|(_, action)| asks(action)).flat_map(|(_, action)| used(action));
    paths.filter(|path| path.len() == 1).collect()
}

/// Whether two names differ in a letter or two at one place.
fn is_like(one: &str, other: &str) -> bool {
    let before = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let longest = one.len().max(other.len());
    let behind = one.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b).count();
    longest > 3 && before + behind + 2 >= longest
}

/// Functions that take what is not there.
const WITHOUT: [&str; 5] = ["coalesce", "default", "empty", "required", "ternary"];

/// The paths behind `.Values.`.
fn used(action: &str) -> impl Iterator<Item = Vec<&str>> {
    action.split(".Values.").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "_.".contains(c))).unwrap_or(rest.len());
        rest[..end].trim_end_matches('.').split('.').collect()
    })
}

/// Names of templates that are included.
fn included(action: &str) -> impl Iterator<Item = &str> {
    ["include \"", "template \""]
        .into_iter()
        .flat_map(move |word| action.split(word).skip(1))
        .filter_map(|rest| rest.split('"').next())
}

/// Whether values lack a path; what lies in an empty map or list is given by who installs.
fn lacks(values: Option<&Node>, path: &[&str]) -> bool {
    let Some(mut node) = values else { return true };
    for key in path {
        if node.is_null() || node.is_list() || node.is_map() && node.entries().is_empty() {
            return false;
        }
        match node.get(key) {
            Some(next) => node = next,
            None => return true,
        }
    }
    false
}
