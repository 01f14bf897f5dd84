//! What expressions of ARM templates come to, as far as the template and the files of its parameters say it. What is wrong
//! behind a name is wrong where the name is used.

use std::collections::BTreeMap;

use super::arm::{LANGUAGE, is_expression};
use crate::validate::secrets::names_a_secret;
use crate::validate::tokens::{Kind, Token, read};
use crate::validate::tree::{DEEPEST, Filling, Node, Style, Value};

/// What parameters are given in files beside, by their names in small letters.
pub(super) type Given = BTreeMap<String, Vec<Node>>;

pub(super) struct Meant<'n> {
    pub(super) root: &'n Node,
    pub(super) given: &'n Given,
    filling: Filling,
}

impl<'n> Meant<'n> {
    pub(super) fn new(root: &'n Node, given: &'n Given) -> Self {
        Self { root, given, filling: Filling::new() }
    }

    /// A value with what its expressions come to; those that only running tells stay as they are.
    pub(super) fn filled(&self, node: &Node) -> Node {
        self.node(node, 0)
    }

    fn node(&self, node: &Node, depth: usize) -> Node {
        self.filling.filled(node, depth, &|node| {
            let Value::Scalar { text, .. } = &node.value else { return None };
            let expression = text.get(1..text.len().checked_sub(1)?).filter(|_| is_expression(text))?;
            let tokens = read(expression, &LANGUAGE).unwrap_or_default();
            let mut reader = Reader { meant: self, tokens: &tokens, at: 0, depth: depth + 1, line: node.line };
            let value = reader.value(0).filter(|_| reader.at == tokens.len());
            Some(value.unwrap_or_else(|| node.clone()))
        })
    }

    /// What a parameter or a variable says, as if it stood on that line.
    fn named(&self, section: &str, name: &str, line: usize, depth: usize) -> Option<Node> {
        // What a secret says is told where that stands.
        if names_a_secret(name) {
            return None;
        }
        let of = |section: &str| {
            self.root.entries_of(section).iter().find(|entry| entry.key.eq_ignore_ascii_case(name)).map(|one| &one.node)
        };
        let known: Vec<&Node> = if section == "variables" {
            of("variables").into_iter().collect()
        } else {
            let default = of("parameters")?.get("defaultValue");
            default.into_iter().chain(self.given.get(&name.to_ascii_lowercase()).into_iter().flatten()).collect()
        };
        let found: Vec<Node> = known.into_iter().map(|node| self.node(node, depth).moved_to(line)).collect();
        (!found.is_empty()).then(|| Node::one_of(found, line))
    }
}

/// Reads an expression.
struct Reader<'r, 't> {
    meant: &'r Meant<'r>,
    tokens: &'t [Token<'t>],
    at: usize,
    depth: usize,
    line: usize,
}

impl Reader<'_, '_> {
    fn eat(&mut self, sign: &str) -> bool {
        let is_it = self.tokens.get(self.at).is_some_and(|token| token.kind == Kind::Sign(sign));
        self.at += usize::from(is_it);
        is_it
    }

    fn scalar(&self, text: &str, style: Style) -> Node {
        Node { line: self.line, tag: None, value: Value::Scalar { text: text.to_owned(), style } }
    }

    /// None where only running tells.
    fn value(&mut self, depth: usize) -> Option<Node> {
        let token = self.tokens.get(self.at).filter(|_| depth < DEEPEST)?;
        self.at += 1;
        let mut node = match &token.kind {
            Kind::Text(text) => self.scalar(text.raw, Style::Quoted),
            Kind::Number(number) => self.scalar(number, Style::Plain),
            Kind::Word(name) if self.eat("(") => {
                let mut arguments = Vec::new();
                while !self.eat(")") {
                    let before = self.at;
                    arguments.push(self.value(depth + 1));
                    self.skip_argument();
                    if !self.eat(",") && self.at == before {
                        return None;
                    }
                }
                self.called(&name.to_ascii_lowercase(), &arguments)?
            }
            _ => return None,
        };
        while self.eat(".") {
            let Kind::Word(field) = self.tokens.get(self.at)?.kind else { return None };
            self.at += 1;
            let found = node.choices().into_iter().map(|one| one.get(field).cloned()).collect::<Option<Vec<_>>>()?;
            node = Node::one_of(found, self.line);
        }
        Some(node)
    }

    /// Goes over what of an argument could not be read.
    fn skip_argument(&mut self) {
        let mut open = 0_usize;
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                Kind::Sign("," | ")") if open == 0 => return,
                Kind::Sign("(" | "[") => open += 1,
                Kind::Sign(")" | "]") => open = open.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }

    fn called(&self, name: &str, arguments: &[Option<Node>]) -> Option<Node> {
        let text = |at: usize| arguments.get(at)?.as_ref()?.text();
        match name {
            "parameters" | "variables" => self.meant.named(name, text(0)?, self.line, self.depth),
            "true" | "false" | "null" => Some(self.scalar(name, Style::Plain)),
            "bool" | "string" | "int" | "json" => arguments.first()?.clone(),
            "not" => {
                let truth = arguments.first()?.as_ref()?.truth()?;
                Some(self.scalar(if truth { "false" } else { "true" }, Style::Plain))
            }
            "if" => {
                let [_, one, other] = arguments else { return None };
                let open = || self.scalar("[open()]", Style::Quoted);
                let one_of = [one, other].map(|one| one.clone().unwrap_or_else(open));
                Some(Node::one_of(one_of.into(), self.line))
            }
            "concat" => {
                let parts = arguments.iter().map(Option::as_ref).collect::<Option<Vec<_>>>()?;
                if parts.iter().all(|part| part.is_list() && part.tag.is_none()) {
                    let items = parts.iter().flat_map(|part| part.items()).cloned().collect();
                    return Some(Node { line: self.line, tag: None, value: Value::List(items) });
                }
                let texts = parts.iter().map(|part| part.text()).collect::<Option<Vec<_>>>()?;
                Some(self.scalar(&texts.concat(), Style::Quoted))
            }
            "createarray" => {
                let items = arguments.iter().cloned().collect::<Option<Vec<_>>>()?;
                Some(Node { line: self.line, tag: None, value: Value::List(items) })
            }
            _ => None,
        }
    }
}
