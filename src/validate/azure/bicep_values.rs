//! Values in Bicep, with what names stand for, as far as the file and the files of its parameters say it. What is wrong
//! behind a name is wrong where the name is used.

use std::cell::Cell;
use std::collections::HashMap;

use super::bicep::OPEN;
use super::meant::Given;
use crate::validate::secrets::names_a_secret;
use crate::validate::tokens::{Kind, Text, Token};
use crate::validate::tree::{Entry, Node, Style, Value};

/// So deep values and names stand in each other.
const DEEPEST: usize = 40;

/// So many values what names stand for may come to.
const MOST: usize = 1 << 16;

/// What is declared, with what it is.
pub(super) struct Names<'t> {
    declared: HashMap<&'t str, (bool, Option<&'t [Token<'t>]>)>,
    given: &'t Given,
    left: Cell<usize>,
}

impl<'t> Names<'t> {
    pub(super) fn new(given: &'t Given) -> Self {
        Self { declared: HashMap::new(), given, left: Cell::new(MOST) }
    }

    /// Keeps a variable, or a parameter with its default.
    pub(super) fn declare(&mut self, name: &'t str, is_parameter: bool, value: Option<&'t [Token<'t>]>) {
        self.declared.insert(name, (is_parameter, value));
    }

    /// Reads a value.
    pub(super) fn read(&self, tokens: &'t [Token<'t>]) -> Node {
        Values { names: self, tokens, at: 0 }.value(0)
    }

    /// What a name stands for, as if it stood on that line.
    fn meaning(&self, name: &str, line: usize, depth: usize) -> Option<Node> {
        // What a secret says is told where that stands.
        let (is_parameter, value) = self.declared.get(name).filter(|_| depth < DEEPEST && !names_a_secret(name))?;
        self.left.set(self.left.get().checked_sub(1)?);
        let own = value.map(|tokens| Values { names: self, tokens, at: 0 }.value(depth + 1)).into_iter();
        let given = self.given.get(&name.to_ascii_lowercase()).filter(|_| *is_parameter);
        let all: Vec<Node> = own.chain(given.into_iter().flatten().cloned()).map(|node| node.moved_to(line)).collect();
        self.left.set(self.left.get().checked_sub(all.iter().map(Node::size).sum())?);
        (!all.is_empty()).then(|| Node::one_of(all, line))
    }
}

/// Reads objects, lists, texts and names; everything else is a value that only running tells.
struct Values<'t, 'n> {
    names: &'n Names<'t>,
    tokens: &'t [Token<'t>],
    at: usize,
}

impl<'t> Values<'t, '_> {
    fn peek(&self) -> Option<&'t Kind<'t>> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |token| token.line)
    }

    fn between(&mut self) {
        while matches!(self.peek(), Some(Kind::LineEnd | Kind::Sign(","))) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Node {
        let line = self.line();
        let from = self.at;
        let kind = |at: usize| self.tokens.get(at).map(|token| &token.kind);
        let node = match kind(from) {
            _ if depth >= DEEPEST => open(line),
            Some(Kind::Sign("{")) => self.object(depth),
            Some(Kind::Sign("[")) if !matches!(kind(from + 1), Some(Kind::Word("for"))) => self.list(depth),
            Some(Kind::Text(text)) => {
                self.at += 1;
                let text =
                    if text.code.is_empty() { Some(text.raw.to_owned()) } else { self.interpolated(text, depth) };
                text.map_or_else(|| open(line), |text| scalar(text, line))
            }
            Some(Kind::Number(text) | Kind::Word(text @ ("true" | "false" | "null"))) => {
                self.at += 1;
                Node { line, tag: None, value: Value::Scalar { text: (*text).to_owned(), style: Style::Plain } }
            }
            Some(Kind::Word(name)) => {
                self.at += 1;
                self.named(name, line, depth)
            }
            _ => open(line),
        };
        if matches!(self.peek(), None | Some(Kind::LineEnd | Kind::Sign("," | "}" | "]" | ":"))) && self.at > from {
            return node;
        }
        self.at = from;
        self.condition(depth).unwrap_or_else(|| {
            self.rest();
            open(line)
        })
    }

    /// `condition ? one : other`: each of both may hold.
    fn condition(&mut self, depth: usize) -> Option<Node> {
        let (line, from) = (self.line(), self.at);
        let mut open = 0_usize;
        loop {
            match self.peek()? {
                Kind::Sign("?") if open == 0 => break,
                Kind::Sign("(" | "[" | "{") => open += 1,
                Kind::Sign("," | ")" | "]" | "}" | ":") | Kind::LineEnd if open == 0 => {
                    // A condition may go on with the next line.
                    let goes_on =
                        matches!(self.tokens.get(self.at + 1).map(|token| &token.kind), Some(Kind::Sign("?")));
                    if self.peek() != Some(&Kind::LineEnd) || !goes_on {
                        self.at = from;
                        return None;
                    }
                }
                Kind::Sign(")" | "]" | "}") => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
        self.at += 1;
        let mut both = Vec::new();
        for sign in [":", ""] {
            while self.peek() == Some(&Kind::LineEnd) {
                self.at += 1;
            }
            both.push(self.value(depth + 1));
            let mut next = self.at;
            while self.tokens.get(next).is_some_and(|token| token.kind == Kind::LineEnd) {
                next += 1;
            }
            if !sign.is_empty() {
                if self.tokens.get(next).is_none_or(|token| token.kind != Kind::Sign(":")) {
                    self.at = from;
                    return None;
                }
                self.at = next + 1;
            }
        }
        Some(Node::one_of(both, line))
    }

    /// What a name and the fields behind it lead to.
    fn named(&mut self, name: &str, line: usize, depth: usize) -> Node {
        let mut found = self.names.meaning(name, line, depth);
        while self.peek() == Some(&Kind::Sign(".")) {
            let Some(Kind::Word(field)) = self.tokens.get(self.at + 1).map(|token| &token.kind) else { break };
            let field_of = |node: Node| {
                let each = node.choices().into_iter().map(|one| one.get(field).cloned()).collect::<Option<Vec<_>>>()?;
                Some(Node::one_of(each, line))
            };
            found = found.and_then(field_of);
            self.at += 2;
        }
        found.unwrap_or_else(|| open(line))
    }

    /// A text with the texts of the names in it; none where one of them is not told, or can be several.
    fn interpolated(&self, text: &Text<'_>, depth: usize) -> Option<String> {
        let mut filled = text.raw.to_owned();
        for (line, code) in &text.code {
            let value = self.names.meaning(code.trim(), *line, depth)?;
            filled = filled.replacen(&format!("${{{code}}}"), value.text().filter(|_| value.tag.is_none())?, 1);
        }
        Some(filled)
    }

    /// Goes to the end of an expression.
    fn rest(&mut self) {
        let mut depth = 0_usize;
        while let Some(kind) = self.peek() {
            match kind {
                Kind::LineEnd | Kind::Sign("," | "}" | "]" | ")") if depth == 0 => return,
                Kind::Sign("(" | "[" | "{") => depth += 1,
                Kind::Sign(")" | "]" | "}") => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn object(&mut self, depth: usize) -> Node {
        let line = self.line();
        let mut entries = Vec::new();
        self.at += 1;
        loop {
            self.between();
            let line = self.line();
            let key = match self.peek() {
                Some(Kind::Word(word)) => (*word).to_owned(),
                Some(Kind::Text(text)) => text.raw.to_owned(),
                None | Some(Kind::Sign("}")) => break,
                Some(_) => {
                    self.at += 1;
                    continue;
                }
            };
            self.at += 1;
            if self.peek() == Some(&Kind::Sign(":")) {
                self.at += 1;
                let node = self.value(depth + 1);
                entries.push(Entry { key, line, node });
            } else {
                self.rest();
            }
        }
        self.at += 1;
        Node { line, tag: None, value: Value::Map(entries) }
    }

    fn list(&mut self, depth: usize) -> Node {
        let line = self.line();
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.between();
            match self.peek() {
                None | Some(Kind::Sign("]")) => break,
                Some(Kind::Sign("}" | ")")) => self.at += 1,
                Some(_) => items.push(self.value(depth + 1)),
            }
        }
        self.at += 1;
        Node { line, tag: None, value: Value::List(items) }
    }
}

fn open(line: usize) -> Node {
    Node { line, tag: Some(OPEN.to_owned()), value: Value::Scalar { text: String::new(), style: Style::Quoted } }
}

fn scalar(text: String, line: usize) -> Node {
    Node { line, tag: None, value: Value::Scalar { text, style: Style::Quoted } }
}
