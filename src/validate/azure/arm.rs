//! Templates of Azure Resource Manager (learn.microsoft.com, “Understand the structure and syntax of ARM templates”).

use std::borrow::Cow;

use super::meant::{Given, Meant};
use crate::validate::Faults;
use crate::validate::cloud::Resource;
use crate::validate::secrets::{is_reference, names_a_place, names_a_secret};
use crate::validate::tokens::{Kind, Language, Quote, Token, balanced, read};
use crate::validate::tree::{self, Node};

/// The language of expressions; a quote in a text is written twice, so that it is two texts side by side.
pub(super) const LANGUAGE: Language = Language {
    comments: &[],
    quotes: &[Quote { mark: "'", escapes: false, code: &[], is_long: false }],
    has_here_documents: false,
    has_bare_code: false,
    letters: "",
};

const TOP: &[&str] = &[
    "$schema",
    "languageVersion",
    "contentVersion",
    "apiProfile",
    "definitions",
    "metadata",
    "parameters",
    "variables",
    "functions",
    "resources",
    "outputs",
    "extensions",
    "imports",
];

const TYPES: &[&str] = &["string", "securestring", "int", "bool", "object", "secureobject", "array"];

pub(in crate::validate) fn check(text: &str, faults: &mut Faults<'_>) {
    let text = &without_comments(text);
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        return faults.add("template-syntax", error.line().max(1), format!("it is no JSON: {error}"));
    }
    let root = match tree::read(text).map(|documents| documents.into_iter().next()) {
        Ok(Some(root)) if root.is_map() => root,
        Ok(_) => return faults.add("template-syntax", None, "there is no template: it has resources"),
        Err((line, why)) => return faults.add("template-syntax", line, format!("it cannot be read: {why}")),
    };
    // What a template loads lies beside it.
    if !root.entries().iter().any(|entry| TOP.contains(&entry.key.as_str())) {
        return;
    }
    if root.text_of("$schema").is_some_and(|schema| schema.contains("Parameters.json")) {
        return values(&root, faults);
    }
    for entry in root.entries().iter().filter(|entry| !TOP.contains(&entry.key.as_str())) {
        faults.add("template-syntax", entry.line, format!("a template has no section “{}”", entry.key));
    }
    for key in ["$schema", "contentVersion", "resources"] {
        if root.get(key).is_none() {
            faults.add("template-syntax", root.line, format!("{key} is missing"));
        }
    }
    parameters(&root, faults);
    let resources = resources(&root);
    for resource in &resources {
        self::resource(resource, &resources, &root, faults);
    }
    policies(&root, &Given::new(), faults);
    expressions(&root, &root, faults);
}

/// A template as JSON: what is commented out is as many spaces, so that all else stays on its line. Azure takes `//` and
/// `/* */`.
pub(super) fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains("//") && !text.contains("/*") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_text = false;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '\\' if is_text => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '/' if !is_text && rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if !is_text && rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ => letter.len_utf8(),
        };
        is_text ^= letter == '"';
        let (piece, after) = rest.split_at(length);
        if letter == '/' && length > 1 {
            plain.extend(piece.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        } else {
            plain.push_str(piece);
        }
        rest = after;
    }
    Cow::Owned(plain)
}

/// A file of values for a template.
fn values(root: &Node, faults: &mut Faults<'_>) {
    for parameter in root.entries_of("parameters").iter().filter(|entry| names_a_secret(&entry.key)) {
        if let Some(value) =
            parameter.node.get("value").filter(|value| value.text().is_some_and(|text| !is_reference(text)))
        {
            let message = format!("the value of {} is written down: refer to a key vault", parameter.key);
            faults.add("secret-in-file", value.line, message);
        }
    }
}

fn parameters(root: &Node, faults: &mut Faults<'_>) {
    for parameter in root.entries_of("parameters") {
        let kind = parameter.node.text_of("type").unwrap_or_default().to_ascii_lowercase();
        if parameter.node.get("$ref").is_none() && !TYPES.contains(&kind.as_str()) {
            faults.add("template-syntax", parameter.line, format!("{} has no type that there is", parameter.key));
        }
        let default = parameter.node.get("defaultValue");
        let is_written =
            default.is_some_and(|node| node.text().is_some_and(|text| !text.is_empty() && !is_expression(text)));
        let is_secret = names_a_secret(&parameter.key) && kind == "string";
        if let Some(default) = default.filter(|_| is_written && (kind.starts_with("secure") || is_secret)) {
            let message = format!("{} has a default: whoever deploys gives it", parameter.key);
            faults.add("secret-in-file", default.line, message);
        }
        if is_secret && !names_a_place(&parameter.key) {
            let line = parameter.node.entry("type").map(|entry| entry.line);
            let message = format!("whoever looks at the deployment reads {}: securestring", parameter.key);
            faults.add("secret-in-output", line, message);
        }
    }
}

/// A resource with the types of those that it lies in.
struct Found<'n> {
    kind: String,
    node: &'n Node,
    /// What it is called in a template of the second language version.
    symbol: Option<&'n str>,
}

fn resources(root: &Node) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    collect(root, "", &mut found);
    found
}

fn collect<'n>(holder: &'n Node, within: &str, found: &mut Vec<Found<'n>>) {
    let Some(list) = holder.get("resources") else { return };
    let named = list.entries().iter().map(|entry| (Some(entry.key.as_str()), &entry.node));
    for (symbol, node) in list.items().iter().map(|node| (None, node)).chain(named) {
        let own = node.text_of("type").unwrap_or_default();
        let kind = if within.is_empty() { own.to_owned() } else { format!("{within}/{own}") };
        collect(node, &kind, found);
        found.push(Found { kind, node, symbol });
    }
}

fn resource(resource: &Found<'_>, all: &[Found<'_>], root: &Node, faults: &mut Faults<'_>) {
    let node = resource.node;
    for key in ["type", "apiVersion", "name"] {
        let is_left = key == "name" && node.says("existing") || key == "apiVersion" && root.get("apiProfile").is_some();
        if node.get(key).is_none() && !is_left {
            faults.add("template-syntax", node.line, format!("the resource has no {key}"));
        }
    }
    for dependency in node.items_of("dependsOn") {
        let Some(text) = dependency.text() else { continue };
        let lacks = if let Some(wanted) = called_with(text, "resourceId") {
            !all.iter().any(|other| other.kind.eq_ignore_ascii_case(&wanted))
        } else {
            let is_symbol = root.get("languageVersion").is_some() && !is_expression(text);
            is_symbol && !all.iter().any(|other| other.symbol == Some(text))
        };
        if lacks {
            faults.add("unknown-reference", dependency.line, format!("the template has no {text} to wait for"));
        }
    }
}

/// Holds the resources of a template to the policies, with what its parameters are given.
pub(super) fn policies(root: &Node, given: &Given, faults: &mut Faults<'_>) {
    let meant = Meant::new(root, given);
    for found in resources(root) {
        let name = found.node.text_of("name").unwrap_or_default();
        let is_open = |node: &Node| node.text().is_some_and(is_expression);
        let properties = meant.filled(found.node);
        let resource = Resource { kind: &found.kind, name, line: found.node.line, properties: &properties };
        super::check(&resource, &is_open, faults);
    }
}

pub(super) fn is_expression(text: &str) -> bool {
    text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[")
}

/// The first text that a function is called with.
fn called_with(text: &str, function: &str) -> Option<String> {
    let tokens = read(text.get(1..text.len().checked_sub(1)?)?, &LANGUAGE).ok()?;
    tokens.windows(3).find_map(|three| match [&three[0].kind, &three[1].kind, &three[2].kind] {
        [Kind::Word(name), Kind::Sign("("), Kind::Text(first)] if name.eq_ignore_ascii_case(function) => {
            Some(first.raw.to_owned())
        }
        _ => None,
    })
}

/// Expressions end, and name parameters and variables that are there. A template in a template has its own.
fn expressions(node: &Node, root: &Node, faults: &mut Faults<'_>) {
    if let Some(text) = node.text().filter(|text| is_expression(text)) {
        expression(&text[1..text.len() - 1], node.line, root, faults);
    }
    for item in node.items() {
        expressions(item, root, faults);
    }
    for entry in node.entries().iter().filter(|entry| entry.key != "template" && entry.key != "functions") {
        expressions(&entry.node, root, faults);
    }
}

fn expression(text: &str, line: usize, root: &Node, faults: &mut Faults<'_>) {
    let tokens = match read(text, &LANGUAGE).and_then(|tokens| balanced(&tokens).map(|()| tokens)) {
        Ok(tokens) if !tokens.is_empty() => tokens,
        Ok(_) => return faults.add("template-syntax", line, "the expression says nothing"),
        Err((_, why)) => return faults.add("template-syntax", line, format!("the expression is none: {why}")),
    };
    for three in tokens.windows(3) {
        let [
            Token { kind: Kind::Word(name), .. },
            Token { kind: Kind::Sign("("), .. },
            Token { kind: Kind::Text(first), .. },
        ] = three
        else {
            continue;
        };
        let section = match name.to_ascii_lowercase().as_str() {
            "parameters" => "parameters",
            "variables" => "variables",
            _ => continue,
        };
        let is_there = root.entries_of(section).iter().any(|entry| entry.key.eq_ignore_ascii_case(first.raw));
        let copied = || root.at(&["variables", "copy"]).map(Node::items).unwrap_or_default();
        if !is_there && !copied().iter().any(|copy| copy.text_of("name") == Some(first.raw)) {
            let one = section.trim_end_matches('s');
            faults.add("unknown-reference", line, format!("there is no {one} {}", first.raw));
        }
    }
}
