//! What functions of `CloudFormation` come to, as far as the template and the files of its parameters say it. What is wrong
//! behind a name is wrong where the name is used.

use std::collections::BTreeMap;

use super::function;
use crate::validate::secrets::names_a_secret;
use crate::validate::tree::{CHOICE, Filling, Node, Style, Value};

/// What parameters are given in files beside, by their names.
pub(super) type Given = BTreeMap<String, Vec<String>>;

pub(super) struct Values<'n> {
    root: &'n Node,
    given: &'n Given,
    filling: Filling,
}

impl<'n> Values<'n> {
    pub(super) fn new(root: &'n Node, given: &'n Given) -> Self {
        Self { root, given, filling: Filling::new() }
    }

    /// A value with what its functions come to; those that only running tells stay as they are.
    pub(super) fn filled(&self, node: &Node) -> Node {
        self.node(node, 0)
    }

    fn node(&self, node: &Node, depth: usize) -> Node {
        self.filling.filled(node, depth, &|node| {
            let (name, argument) = function(node)?;
            Some(self.function(name, argument, node.line, depth + 1).unwrap_or_else(|| node.clone()))
        })
    }

    fn function(&self, name: &str, argument: &Node, line: usize, depth: usize) -> Option<Node> {
        let filled: Vec<Node> = if name == "If" {
            Vec::new()
        } else {
            argument.items().iter().map(|item| self.node(item, depth)).collect()
        };
        match (name, argument.items()) {
            ("Ref", _) => self.parameter(argument.text()?, line),
            ("Sub", [text, own]) => {
                self.substituted(text.text()?, line, &|name| Some(self.node(own.get(name)?, depth)))
            }
            ("Sub", []) => {
                let mut node = self.substituted(argument.text()?, line, &|_| None)?;
                // What stands on lines of its own still does.
                if let (Value::Scalar { style, .. }, Value::Scalar { style: own, .. }) =
                    (&mut node.value, &argument.value)
                {
                    *style = *own;
                }
                Some(node)
            }
            ("If", [_, one, other]) => Some(Node::one_of(vec![self.node(one, depth), self.node(other, depth)], line)),
            ("Join", [between, _]) => {
                let parts = filled.get(1)?;
                let texts: Option<Vec<&str>> = parts.items().iter().map(plain).collect();
                Some(scalar(texts.filter(|_| parts.is_list())?.join(between.text().unwrap_or_default()), line))
            }
            ("Select", [at, _]) => filled.get(1)?.items().get(at.text()?.parse::<usize>().ok()?).cloned(),
            ("FindInMap", [map, _, last]) => {
                let map = self.root.get("Mappings")?.get(map.text()?)?;
                let first = filled.get(1).and_then(plain);
                let rows = map.entries().iter().filter(|row| first.is_none_or(|first| first == row.key));
                let found = rows.filter_map(|row| row.node.get(last.text()?)).map(|found| found.clone().moved_to(line));
                let found: Vec<Node> = found.collect();
                (!found.is_empty()).then(|| Node::one_of(found, line))
            }
            _ => None,
        }
    }

    /// What a parameter says where nobody sets it, and what files give.
    fn parameter(&self, name: &str, line: usize) -> Option<Node> {
        if name == "AWS::NoValue" {
            return Some(Node { line, tag: None, value: Value::Scalar { text: String::new(), style: Style::Plain } });
        }
        // What a secret says is told where that stands.
        let parameter = self.root.get("Parameters")?.get(name).filter(|_| !names_a_secret(name))?;
        let default = parameter.text_of("Default").map(str::to_owned).into_iter();
        let all = default.chain(self.given.get(name).into_iter().flatten().cloned());
        let list = parameter.text_of("Type").is_some_and(|kind| kind.contains("List"));
        let value = |text: String| {
            if !list {
                return scalar(text, line);
            }
            let items = text.split(',').map(|item| scalar(item.trim().to_owned(), line)).collect();
            Node { line, tag: None, value: Value::List(items) }
        };
        let found: Vec<Node> = all.map(value).collect();
        (!found.is_empty()).then(|| Node::one_of(found, line))
    }

    /// A text with what stands for the names in it; none where one of them is not told, or can be several.
    fn substituted(&self, text: &str, line: usize, own: &dyn Fn(&str) -> Option<Node>) -> Option<Node> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}')?;
            let value = own(name.trim()).or_else(|| self.parameter(name.trim(), line))?;
            filled.push_str(before);
            filled.push_str(plain(&value)?);
            rest = behind;
        }
        Some(scalar(filled + rest, line))
    }
}

/// A text that no function stands for.
fn plain(node: &Node) -> Option<&str> {
    node.text().filter(|_| node.tag.is_none())
}

fn scalar(text: String, line: usize) -> Node {
    Node { line, tag: None, value: Value::Scalar { text, style: Style::Quoted } }
}

/// Whether only running tells what a value is.
pub(super) fn is_open(node: &Node) -> bool {
    node.tag.as_deref() != Some(CHOICE) && function(node).is_some()
}
