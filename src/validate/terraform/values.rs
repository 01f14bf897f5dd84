//! What locals and variables stand for, as far as a folder says it: in themselves, by defaults, in files of values, in
//! what a module is called with. What is wrong behind a name is wrong where the name is used.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::hcl::{Block, DYNAMIC, File, NOT, REFERENCE, TEMPLATE};
use crate::validate::secrets::names_a_secret;
use crate::validate::tree::{self, CHOICE, Entry, Node, Style, Value};

/// So often a name stands for another.
const DEEPEST: usize = 8;

/// So many values what names stand for may come to: each can hold another twice.
const MOST: usize = 1 << 18;

/// Names with what they may stand for.
pub(super) struct Values<'f> {
    known: BTreeMap<String, Vec<&'f Node>>,
    left: Cell<usize>,
}

/// What `each` and the like stand for at a place.
type Scope = Vec<(String, Vec<Node>)>;

impl<'f> Values<'f> {
    /// Those of files of a folder, with what its variables are given.
    pub(super) fn of(files: impl Iterator<Item = &'f File>, given: impl Iterator<Item = &'f Entry>) -> Self {
        let mut known: BTreeMap<String, Vec<&'f Node>> = BTreeMap::new();
        for block in files.flat_map(|file| &file.blocks) {
            match (block.kind.as_str(), block.labels.as_slice()) {
                ("locals", []) => {
                    let locals = block.body.entries().iter();
                    known.extend(locals.map(|entry| (format!("local.{}", entry.key), vec![&entry.node])));
                }
                ("variable", [name]) => {
                    let default = block.body.get("default").filter(|default| !default.is_null());
                    known.entry(format!("var.{name}")).or_default().extend(default);
                }
                _ => {}
            }
        }
        for entry in given {
            if let Some(values) = known.get_mut(&format!("var.{}", entry.key)) {
                values.push(&entry.node);
            }
        }
        Self { known, left: Cell::new(MOST) }
    }

    /// Blocks with what their names stand for in the place of these.
    pub(super) fn filled(&self, blocks: &[Block]) -> Vec<Block> {
        let filled = |block: &Block| {
            let of_each = block.body.get("for_each").map(|each| elements(&self.node(each, &Vec::new(), 0)));
            let scope = of_each.map(|each| ("each".to_owned(), each)).into_iter().collect();
            let (kind, labels) = (block.kind.clone(), block.labels.clone());
            Block { kind, labels, line: block.line, body: self.node(&block.body, &scope, 0) }
        };
        blocks.iter().map(filled).collect()
    }

    fn node(&self, node: &Node, scope: &Scope, depth: usize) -> Node {
        let Some(left) = self.left.get().checked_sub(1) else { return node.clone() };
        self.left.set(left);
        let line = node.line;
        match (node.tag.as_deref(), &node.value) {
            (Some(REFERENCE), Value::Scalar { text, .. }) => {
                self.reference(text, line, scope, depth).unwrap_or_else(|| node.clone())
            }
            (tag, Value::Scalar { text, style: Style::Literal }) if text.trim_start().starts_with(['{', '[']) => {
                let written = tree::read(text).ok().and_then(|documents| documents.into_iter().next());
                let is_whole = |written: &Node| {
                    (written.is_map() || written.items().iter().any(Node::is_map))
                        && matches!(tag, None | Some(TEMPLATE))
                };
                written.filter(is_whole).map_or_else(|| node.clone(), |written| written.moved_by(line - 1))
            }
            (Some(TEMPLATE), Value::Scalar { text, style }) => {
                let text = self.template(text, line, scope, depth);
                text.map_or_else(
                    || node.clone(),
                    |text| Node { line, tag: None, value: Value::Scalar { text, style: *style } },
                )
            }
            (Some(NOT), Value::List(items)) => {
                let inner = items.iter().map(|item| self.node(item, scope, depth)).next();
                let choices = inner.iter().flat_map(Node::choices).map(Node::truth).collect::<Option<Vec<bool>>>();
                let said = |truth: bool| {
                    let text = (!truth).to_string();
                    Node { line, tag: None, value: Value::Scalar { text, style: Style::Plain } }
                };
                choices
                    .map_or_else(|| node.clone(), |choices| Node::one_of(choices.into_iter().map(said).collect(), line))
            }
            (tag, Value::List(items)) => {
                let items: Vec<Node> = items.iter().map(|item| self.node(item, scope, depth)).collect();
                match (tag, items.as_slice()) {
                    (Some("tobool" | "tostring" | "tonumber" | "sensitive" | "nonsensitive"), [one]) => one.clone(),
                    (Some("try" | "coalesce"), _) => Node::one_of(items, line),
                    _ => Node { line, tag: node.tag.clone(), value: Value::List(items) },
                }
            }
            (tag, Value::Map(entries)) => {
                let mut scope = scope.clone();
                if let Some(name) = tag.and_then(|tag| tag.strip_prefix(DYNAMIC))
                    && let Some(each) = node.get("for_each")
                {
                    let each = elements(&self.node(each, &scope, depth));
                    scope.push((name.to_owned(), each));
                }
                let filled =
                    |entry: &Entry| Entry { node: self.node(&entry.node, &scope, depth), ..Entry::clone(entry) };
                Node { line, tag: node.tag.clone(), value: Value::Map(entries.iter().map(filled).collect()) }
            }
            _ => node.clone(),
        }
    }

    /// What a path of names leads to, as if it stood on that line.
    fn reference(&self, text: &str, line: usize, scope: &Scope, depth: usize) -> Option<Node> {
        if depth >= DEEPEST {
            return None;
        }
        let mut parts = text.split('.');
        let (root, name) = (parts.next()?, parts.next()?);
        let of_scope = scope.iter().rev().find(|(known, _)| known == root && name == "value");
        let values: Vec<&Node> = match of_scope {
            Some((_, each)) => each.iter().collect(),
            // What a secret says is told where that stands.
            None => self.known.get(&format!("{root}.{name}")).filter(|_| !names_a_secret(name))?.clone(),
        };
        let rest: Vec<&str> = parts.collect();
        let found = values.iter().flat_map(|value| value.choices()).map(|value| {
            let end = rest.iter().try_fold(value, |node, part| match &node.value {
                Value::Map(_) => node.get(part),
                Value::List(items) if node.tag.is_none() => items.get(part.parse::<usize>().ok()?),
                _ => None,
            });
            Some(self.node(end?, scope, depth + 1).moved_to(line))
        });
        let found = found.collect::<Option<Vec<Node>>>().filter(|found| !found.is_empty())?;
        Some(Node::one_of(found, line))
    }

    /// A text with the texts of the names in it; none where one of them is not known, or can be several.
    fn template(&self, text: &str, line: usize, scope: &Scope, depth: usize) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}')?;
            let value = self.reference(name.trim(), line, scope, depth)?;
            filled.push_str(before);
            filled.push_str(value.text().filter(|_| value.tag.is_none())?);
            rest = behind;
        }
        (!rest.contains("%{")).then_some(filled + rest)
    }
}

/// What is gone through where something is made for each.
fn elements(node: &Node) -> Vec<Node> {
    match &node.value {
        Value::Map(entries) => entries.iter().map(|entry| entry.node.clone()).collect(),
        Value::List(items) if node.tag.is_none() => items.clone(),
        Value::List(items)
            if matches!(node.tag.as_deref(), Some(CHOICE | "toset" | "tolist" | "concat" | "flatten")) =>
        {
            items.iter().flat_map(elements).collect()
        }
        _ => Vec::new(),
    }
}
