//! Bicep (learn.microsoft.com, “Bicep file structure and syntax”): declarations, and what they name.

use std::collections::HashSet;

use crate::validate::Faults;
use crate::validate::cloud::Resource;
use crate::validate::secrets::{names_a_place, names_a_secret};
use crate::validate::tokens::{Kind, Language, Quote, Token, Wrong, balanced, read, read_from};
use crate::validate::tree::{Entry, Node, Style, Value};

const LANGUAGE: Language = Language {
    comments: &["//"],
    quotes: &[
        Quote { mark: "'''", escapes: false, code: &[], is_long: true },
        Quote { mark: "'", escapes: true, code: &["${"], is_long: false },
    ],
    has_here_documents: false,
    has_bare_code: false,
    letters: "",
};

/// What stands in place of names without one being declared.
const WORDS: &[&str] = &[
    "for", "in", "if", "true", "false", "null", "existing", "az", "sys", "string", "int", "bool", "array", "object",
    "any", "this", "as", "with", "from", "import",
];

/// What marks values that only running tells.
const OPEN: &str = "expression";

/// What begins with a keyword, up to the end of its last line.
struct Declaration<'t> {
    keyword: &'t str,
    name: &'t str,
    line: usize,
    tokens: &'t [Token<'t>],
    /// Whether `@secure()` stands above it.
    is_secure: bool,
}

pub(in crate::validate) fn check(text: &str, faults: &mut Faults<'_>) {
    let tokens = match read(text, &LANGUAGE).and_then(|tokens| balanced(&tokens).map(|()| tokens)) {
        Ok(tokens) => tokens,
        Err((line, why)) => return faults.add("bicep-syntax", line, why),
    };
    let declarations = match declarations(&tokens) {
        Ok(declarations) => declarations,
        Err((line, why)) => return faults.add("bicep-syntax", line, why),
    };
    let mut names: HashSet<&str> = HashSet::new();
    for one in declarations.iter().filter(|one| !one.name.is_empty()) {
        if one.keyword != "output" && !names.insert(one.name) {
            faults.add("bicep-syntax", one.line, format!("{} is declared twice", one.name));
        }
    }
    names.extend(inner_names(&tokens));
    for one in &declarations {
        used(one.tokens, &names, 0, faults);
        declared(one, faults);
    }
}

/// Where the modules of a file lie, with their lines.
pub(in crate::validate) fn modules(text: &str) -> Vec<(usize, String)> {
    let Ok(tokens) = read(text, &LANGUAGE) else { return Vec::new() };
    let modules = tokens.windows(3).filter_map(|three| match [&three[0].kind, &three[1].kind, &three[2].kind] {
        [Kind::Word("module"), Kind::Word(_), Kind::Text(path)]
            if path.raw.starts_with('.') || !path.raw.contains(':') =>
        {
            Some((three[2].line, path.raw.to_owned()))
        }
        _ => None,
    });
    modules.collect()
}

fn declarations<'t>(tokens: &'t [Token<'t>]) -> Result<Vec<Declaration<'t>>, Wrong> {
    let mut found = Vec::new();
    let mut is_secure = false;
    for part in statements(tokens) {
        let line = part[0].line;
        match &part[0].kind {
            Kind::Sign("@") => {
                is_secure |= matches!(part.get(1).map(|token| &token.kind), Some(Kind::Word("secure")));
                continue;
            }
            Kind::Word(
                keyword @ ("param" | "var" | "resource" | "module" | "output" | "type" | "func" | "metadata"),
            ) => {
                let Some(Kind::Word(name)) = part.get(1).map(|token| &token.kind) else {
                    return Err((line, format!("{keyword} says no name")));
                };
                let needs = |sign: &'static str| part.iter().any(|token| token.kind == Kind::Sign(sign));
                if *keyword != "param" && !needs("=") && *keyword != "func" {
                    return Err((line, format!("{keyword} {name} says nothing: “=” is missing")));
                }
                let is_text = matches!(part.get(2).map(|token| &token.kind), Some(Kind::Text(_)));
                if matches!(*keyword, "resource" | "module") && !is_text {
                    return Err((line, format!("{keyword} {name} does not say which: a text is missing")));
                }
                let name = if *keyword == "metadata" { "" } else { name };
                found.push(Declaration { keyword, name, line, tokens: &part[2..], is_secure });
            }
            Kind::Word("targetScope" | "import" | "using" | "extension" | "assert" | "provider") => {}
            _ => return Err((line, "a declaration begins with param, var, resource, module or output".to_owned())),
        }
        is_secure = false;
    }
    Ok(found)
}

/// Parts that end with a line outside of brackets.
fn statements<'t>(tokens: &'t [Token<'t>]) -> Vec<&'t [Token<'t>]> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_usize, 0);
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Sign("(" | "[" | "{") => depth += 1,
            Kind::Sign(")" | "]" | "}") => depth = depth.saturating_sub(1),
            Kind::LineEnd if depth == 0 => {
                // A condition may go on with the next line.
                let next = tokens.get(index + 1).map(|token| &token.kind);
                if !matches!(next, Some(Kind::Sign("?" | ":" | "&&" | "||" | "??" | "."))) {
                    parts.push(&tokens[from..index]);
                    from = index + 1;
                }
            }
            _ => {}
        }
    }
    parts.push(&tokens[from..]);
    parts.retain(|part| !part.is_empty());
    parts
}

/// Names of loops, of lambdas, of functions' parameters, and of resources in resources.
fn inner_names<'t>(tokens: &'t [Token<'t>]) -> Vec<&'t str> {
    let mut names = Vec::new();
    let kind = |index: usize| tokens.get(index).map(|token| &token.kind);
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Word("for") => {
                let until = |kind: &&Token<'_>| kind.kind != Kind::Word("in");
                names.extend(tokens[index + 1..].iter().take(6).take_while(until).filter_map(word));
            }
            Kind::Word("resource" | "as") => names.extend(tokens.get(index + 1).and_then(word)),
            Kind::Sign("=>") => {
                let before = tokens[..index].iter().rev();
                if kind(index.wrapping_sub(1)) == Some(&Kind::Sign(")")) {
                    names.extend(
                        before.skip(1).take(40).take_while(|token| token.kind != Kind::Sign("(")).filter_map(word),
                    );
                } else {
                    names.extend(before.take(1).filter_map(word));
                }
            }
            Kind::Word("import") => {
                names.extend(
                    tokens[index + 1..].iter().take_while(|token| token.kind != Kind::Word("from")).filter_map(word),
                );
            }
            Kind::Word("func") => {
                let parameters = tokens[index + 1..].iter().take_while(|token| token.kind != Kind::Sign(")"));
                names.extend(parameters.filter_map(word));
            }
            _ => {}
        }
    }
    names
}

fn word<'t>(token: &'t Token<'t>) -> Option<&'t str> {
    match token.kind {
        Kind::Word(word) => Some(word),
        _ => None,
    }
}

/// Names that are used are declared.
fn used(tokens: &[Token<'_>], names: &HashSet<&str>, depth: usize, faults: &mut Faults<'_>) {
    let kind = |index: usize| tokens.get(index).map(|token| &token.kind);
    let mut brackets: Vec<&str> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match &token.kind {
            Kind::Sign(sign @ ("{" | "[" | "(")) => brackets.push(sign),
            Kind::Sign("}" | "]" | ")") => drop(brackets.pop()),
            Kind::Text(text) => {
                for (line, code) in &text.code {
                    match read_from(code, *line, &LANGUAGE) {
                        Ok(inner) if depth < 20 => used(&inner, names, depth + 1, faults),
                        Ok(_) => {}
                        Err((line, why)) => faults.add("bicep-syntax", line, why),
                    }
                }
            }
            Kind::Word(name) => {
                let before = index.checked_sub(1).and_then(kind);
                let is_field = matches!(before, Some(Kind::Sign("." | "?." | "::" | "@" | "!")))
                    && !(before == Some(&Kind::Sign("!"))
                        && kind(index + 1) != Some(&Kind::Sign("("))
                        && names.contains(name));
                let begins = matches!(before, None | Some(Kind::LineEnd | Kind::Sign("{" | "," | "[")));
                let is_key = begins && kind(index + 1) == Some(&Kind::Sign(":")) && brackets.last() == Some(&"{");
                let is_call = kind(index + 1) == Some(&Kind::Sign("("));
                if !is_field
                    && !is_key
                    && !is_call
                    && !WORDS.contains(name)
                    && !names.contains(name)
                    && *name != "resource"
                {
                    faults.add("unknown-reference", token.line, format!("nothing declares {name}"));
                }
            }
            _ => {}
        }
    }
}

fn declared(one: &Declaration<'_>, faults: &mut Faults<'_>) {
    let value = one.tokens.iter().position(|token| token.kind == Kind::Sign("=")).map(|at| &one.tokens[at + 1..]);
    match one.keyword {
        "param" => {
            let is_text = matches!(one.tokens.first().map(|token| &token.kind), Some(Kind::Word("string")));
            let is_secret = is_text && names_a_secret(one.name) && !names_a_place(one.name);
            if is_secret && !one.is_secure {
                let message = format!("whoever looks at the deployment reads {}: @secure()", one.name);
                faults.add("secret-in-output", one.line, message);
            }
            if let Some([Token { kind: Kind::Text(text), line }]) = value
                && (one.is_secure || is_secret)
                && !text.raw.is_empty()
                && text.code.is_empty()
            {
                faults.add("secret-in-file", *line, format!("{} has a default: whoever deploys gives it", one.name));
            }
        }
        "resource" => {
            let Some(Kind::Text(kind)) = one.tokens.first().map(|token| &token.kind) else { return };
            let Some((kind, version)) = kind.raw.split_once('@') else {
                return faults.add(
                    "bicep-syntax",
                    one.line,
                    format!("{} does not say its version: 'Type@2024-01-01'", one.name),
                );
            };
            if version.is_empty() || one.tokens.iter().take(3).any(|token| token.kind == Kind::Word("existing")) {
                return;
            }
            let body = value
                .and_then(|value| value.iter().position(|token| token.kind == Kind::Sign("{")).map(|at| &value[at..]));
            let Some(body) = body else { return };
            let properties = Values { tokens: body, at: 0 }.value(0);
            let resource = Resource { kind, name: one.name, line: one.line, properties: &properties };
            super::check(&resource, &|node| node.tag.as_deref() == Some(OPEN), faults);
        }
        _ => {}
    }
}

/// Reads objects, lists and texts; everything else is a value that only running tells.
struct Values<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
}

impl<'t> Values<'t> {
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
        let node = match self.peek() {
            Some(Kind::Sign("{")) if depth < 60 => self.object(depth),
            Some(Kind::Sign("["))
                if depth < 60
                    && !matches!(self.tokens.get(self.at + 1).map(|token| &token.kind), Some(Kind::Word("for"))) =>
            {
                self.list(depth)
            }
            Some(Kind::Text(text)) if text.code.is_empty() => {
                self.at += 1;
                Node { line, tag: None, value: Value::Scalar { text: text.raw.to_owned(), style: Style::Quoted } }
            }
            Some(Kind::Number(text) | Kind::Word(text @ ("true" | "false" | "null"))) => {
                self.at += 1;
                Node { line, tag: None, value: Value::Scalar { text: (*text).to_owned(), style: Style::Plain } }
            }
            _ => open(line),
        };
        if matches!(self.peek(), None | Some(Kind::LineEnd | Kind::Sign("," | "}" | "]"))) && self.at > from {
            return node;
        }
        self.rest();
        open(line)
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
