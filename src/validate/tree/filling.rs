//! Puts what names and functions stand for in their places.

use std::cell::Cell;

use super::{Entry, Node, Value};

/// So deep functions stand in each other, and names for each other.
pub(in crate::validate) const DEEPEST: usize = 20;

/// So many values what names stand for may come to.
const MOST: usize = 1 << 18;

/// What may still be filled in of a file.
pub(in crate::validate) struct Filling {
    left: Cell<usize>,
}

impl Filling {
    pub(in crate::validate) const fn new() -> Self {
        Self { left: Cell::new(MOST) }
    }

    /// A value with what its parts stand for. `meant` says that of a part; it says nothing of one that is to be looked into.
    pub(in crate::validate) fn filled(&self, node: &Node, depth: usize, meant: &dyn Fn(&Node) -> Option<Node>) -> Node {
        let left = self.left.get();
        if left == 0 || depth >= DEEPEST {
            return node.clone();
        }
        self.left.set(left - 1);
        if let Some(meant) = meant(node) {
            return meant;
        }
        match &node.value {
            Value::Scalar { .. } => node.clone(),
            Value::List(items) => {
                let filled = items.iter().map(|item| self.filled(item, depth, meant)).collect();
                Node { value: Value::List(filled), ..node.clone() }
            }
            Value::Map(entries) => {
                let filled = |entry: &Entry| Entry { node: self.filled(&entry.node, depth, meant), ..entry.clone() };
                Node { line: node.line, tag: None, value: Value::Map(entries.iter().map(filled).collect()) }
            }
        }
    }
}
