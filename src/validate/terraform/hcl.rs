//! HCL (github.com/hashicorp/hcl, “HCL Native Syntax Specification”): blocks and attributes, with all that their
//! expressions refer to.

use crate::validate::tokens::{DEEPEST, Kind, Language, Quote, Token, Wrong, balanced, read, read_from};
use crate::validate::tree::{CHOICE, Entry, Node, Style, Value};

const LANGUAGE: Language = Language {
    comments: &["#", "//"],
    quotes: &[Quote { mark: "\"", escapes: true, code: &["${", "%{"], is_long: false }],
    has_here_documents: true,
    has_bare_code: false,
    letters: "-",
};

/// What marks values that only running tells.
pub(super) const REFERENCE: &str = "reference";
pub(super) const TEMPLATE: &str = "template";
pub(super) const NOT: &str = "not";
const OPERATION: &str = "operation";

/// What marks a block that stands for several: behind it the name by which each of them is called.
pub(super) const DYNAMIC: &str = "dynamic ";

/// A block with its labels; its attributes and inner blocks are the entries of `body`, one an inner block.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) labels: Vec<String>,
    pub(super) line: usize,
    pub(super) body: Node,
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) blocks: Vec<Block>,
    /// Attributes outside of blocks, as files of values have.
    pub(super) attributes: Vec<Entry>,
    /// What is referred to, as the names on the way to it.
    pub(super) references: Vec<(usize, Vec<String>)>,
    /// What blocks in blocks define: the data of a check.
    pub(super) inner_data: Vec<String>,
    /// Names that stand for something within an expression or a dynamic block.
    pub(super) local_names: Vec<String>,
}

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<File, Wrong> {
    let tokens = read(text, &LANGUAGE)?;
    balanced(&tokens)?;
    let mut file = File::default();
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, texts: 0, file: &mut file, last: 1, is_loose: false };
    let entries = parser.body(true)?;
    file.attributes = entries;
    Ok(file)
}

struct Parser<'a, 'f> {
    tokens: &'a [Token<'a>],
    at: usize,
    depth: usize,
    /// How deep the text that is read stands in texts.
    texts: usize,
    file: &'f mut File,
    last: usize,
    /// Whether the ends of lines mean nothing: in parentheses and square brackets.
    is_loose: bool,
}

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> Option<&'a Kind<'a>> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(self.last, |token| token.line)
    }

    fn step(&mut self) {
        self.last = self.line();
        self.at += 1;
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.peek() == Some(&Kind::Sign(sign))
    }

    fn eat(&mut self, sign: &str) -> bool {
        let is_it = self.is_sign(sign);
        if is_it {
            self.step();
        }
        is_it
    }

    fn lines(&mut self) {
        while self.peek() == Some(&Kind::LineEnd) {
            self.step();
        }
    }

    fn wrong<T>(&self, wanted: &str) -> Result<T, Wrong> {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(Kind::LineEnd) => "the end of the line".to_owned(),
            Some(Kind::Word(text) | Kind::Number(text) | Kind::Sign(text)) => format!("“{text}”"),
            Some(Kind::Text(_)) => "a text".to_owned(),
        };
        Err((self.line(), format!("{wanted} is expected, not {found}")))
    }

    fn want(&mut self, sign: &str) -> Result<(), Wrong> {
        if self.eat(sign) { Ok(()) } else { self.wrong(&format!("“{sign}”")) }
    }

    fn down(&mut self) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST { Err((self.line(), "it nests too deep".to_owned())) } else { Ok(()) }
    }

    /// Attributes and blocks up to a closing bracket, or to the end.
    fn body(&mut self, is_top: bool) -> Result<Vec<Entry>, Wrong> {
        self.down()?;
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            self.lines();
            let (line, key) = match self.peek() {
                None if is_top => break,
                Some(Kind::Sign("}")) if !is_top => break,
                Some(Kind::Word(word)) => (self.line(), (*word).to_owned()),
                _ => return self.wrong("a name"),
            };
            self.step();
            if self.eat("=") {
                let before = self.file.references.len();
                let node = self.expression()?;
                if key == "ignore_changes" {
                    // Parts of the resource itself.
                    self.file.references.truncate(before);
                }
                if entries.iter().any(|entry| entry.key == key && entry.node.tag.as_deref() != Some("block")) {
                    return Err((line, format!("{key} stands twice")));
                }
                entries.push(Entry { key, line, node });
                if !matches!(self.peek(), None | Some(Kind::LineEnd | Kind::Sign("}"))) {
                    return self.wrong("the end of the line");
                }
                continue;
            }
            let labels = self.labels();
            self.want("{")?;
            let inner = self.body(false)?;
            self.want("}")?;
            let body = Node { line, tag: Some("block".to_owned()), value: Value::Map(inner) };
            if is_top {
                self.file.blocks.push(Block { kind: key, labels, line, body });
            } else if key == "dynamic" {
                entries.extend(self.dynamic(labels, &body));
            } else {
                if key == "data" {
                    self.file.inner_data.push(format!("data.{}", labels.join(".")));
                }
                entries.push(Entry { key, line, node: body });
            }
        }
        self.depth -= 1;
        Ok(entries)
    }

    /// What each of the blocks says that a dynamic one makes, with what it is made for beside it.
    fn dynamic(&mut self, labels: Vec<String>, body: &Node) -> Option<Entry> {
        let key = labels.into_iter().next()?;
        let iterator = body.text_of("iterator").map(str::to_owned);
        self.file.local_names.extend(iterator.clone().into_iter().chain([key.clone()]));
        let mut node = body.get("content")?.clone();
        node.tag = Some(format!("{DYNAMIC}{}", iterator.as_ref().unwrap_or(&key)));
        if let Value::Map(entries) = &mut node.value {
            entries.extend(body.entry("for_each").cloned());
        }
        Some(Entry { key, line: body.line, node })
    }

    fn labels(&mut self) -> Vec<String> {
        let mut labels = Vec::new();
        loop {
            match self.peek() {
                Some(Kind::Text(text)) => labels.push(text.raw.to_owned()),
                Some(Kind::Word(word)) => labels.push((*word).to_owned()),
                _ => return labels,
            }
            self.step();
        }
    }

    /// An expression in brackets: ends of lines in it mean nothing, or something.
    fn within(&mut self, is_loose: bool, read: fn(&mut Self) -> Result<Node, Wrong>) -> Result<Node, Wrong> {
        let before = std::mem::replace(&mut self.is_loose, is_loose);
        let node = read(self)?;
        self.is_loose = before;
        Ok(node)
    }

    /// Goes over ends of lines where they mean nothing.
    fn loose(&mut self) {
        if self.is_loose {
            self.lines();
        }
    }

    fn expression(&mut self) -> Result<Node, Wrong> {
        self.down()?;
        let line = self.line();
        let first = self.operand()?;
        let mut parts = vec![first];
        self.loose();
        while let Some(Kind::Sign("+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "&&" | "||")) =
            self.peek()
        {
            self.step();
            self.lines();
            parts.push(self.operand()?);
            self.loose();
        }
        if self.eat("?") {
            self.lines();
            let one = self.expression()?;
            self.lines();
            self.want(":")?;
            self.lines();
            let other = self.expression()?;
            self.depth -= 1;
            return Ok(Node { line, tag: Some(CHOICE.to_owned()), value: Value::List(vec![one, other]) });
        }
        self.depth -= 1;
        if parts.len() > 1 {
            return Ok(Node { line, tag: Some(OPERATION.to_owned()), value: Value::List(parts) });
        }
        parts.pop().map_or_else(|| self.wrong("a value"), Ok)
    }

    fn operand(&mut self) -> Result<Node, Wrong> {
        let line = self.line();
        let (mut is_other, mut is_negative) = (false, false);
        loop {
            match self.peek() {
                Some(Kind::Sign("!")) => is_other = !is_other,
                Some(Kind::Sign("-")) => is_negative = !is_negative,
                _ => break,
            }
            self.step();
        }
        let node = self.primary()?;
        let node = self.path(node)?;
        let changed = |tag: &str, node| Node { line, tag: Some(tag.to_owned()), value: Value::List(vec![node]) };
        Ok(match (is_other, is_negative) {
            (true, _) => changed(NOT, node),
            (_, true) if node.tag.is_none() && node.text().is_some() => {
                let text = format!("-{}", node.text().unwrap_or_default());
                Node { line, tag: None, value: Value::Scalar { text, style: Style::Plain } }
            }
            (_, true) => changed(OPERATION, node),
            _ => node,
        })
    }

    fn primary(&mut self) -> Result<Node, Wrong> {
        let line = self.line();
        let scalar =
            |text: &str, style| Node { line, tag: None, value: Value::Scalar { text: text.to_owned(), style } };
        match self.peek() {
            Some(Kind::Number(number)) => {
                self.step();
                Ok(scalar(number, Style::Plain))
            }
            Some(Kind::Text(text)) => {
                self.step();
                for (line, code) in &text.code {
                    self.inner(*line, code)?;
                }
                let mut node = scalar(text.raw, if text.quote == "<<" { Style::Literal } else { Style::Quoted });
                node.line += usize::from(text.quote == "<<");
                node.tag = (!text.code.is_empty()).then(|| TEMPLATE.to_owned());
                Ok(node)
            }
            Some(Kind::Word(word)) => {
                self.step();
                if self.is_sign("(") || self.is_sign("::") {
                    return self.call(word, line);
                }
                if matches!(*word, "true" | "false" | "null") {
                    return Ok(scalar(word, Style::Plain));
                }
                let mut node = scalar(word, Style::Plain);
                node.tag = Some(REFERENCE.to_owned());
                Ok(node)
            }
            Some(Kind::Sign("(")) => {
                self.step();
                self.lines();
                let node = self.within(true, Self::expression)?;
                self.lines();
                self.want(")")?;
                Ok(node)
            }
            Some(Kind::Sign("[")) => self.within(true, Self::list),
            Some(Kind::Sign("{")) => self.within(false, Self::object),
            _ => self.wrong("a value"),
        }
    }

    fn call(&mut self, word: &str, line: usize) -> Result<Node, Wrong> {
        let mut name = word.to_owned();
        while self.eat("::") {
            let Some(Kind::Word(word)) = self.peek() else { return self.wrong("a function") };
            (*word).clone_into(&mut name);
            self.step();
        }
        self.want("(")?;
        let mut arguments = Vec::new();
        loop {
            self.lines();
            if self.eat(")") {
                break;
            }
            arguments.push(self.within(true, Self::expression)?);
            self.eat("...");
            self.lines();
            if !self.eat(",") && !self.is_sign(")") {
                return self.wrong("“,” or “)”");
            }
        }
        Ok(Node { line, tag: Some(name), value: Value::List(arguments) })
    }

    /// `for x in y :` or `for k, v in y :`.
    fn header(&mut self) -> Result<Vec<Node>, Wrong> {
        self.step();
        loop {
            let Some(Kind::Word(name)) = self.peek() else { return self.wrong("a name") };
            self.file.local_names.push((*name).to_owned());
            self.step();
            if !self.eat(",") {
                break;
            }
        }
        if self.peek() != Some(&Kind::Word("in")) {
            return self.wrong("“in”");
        }
        self.step();
        let over = self.expression()?;
        self.lines();
        self.want(":")?;
        self.lines();
        Ok(vec![over])
    }

    fn condition(&mut self, parts: &mut Vec<Node>) -> Result<(), Wrong> {
        self.lines();
        if self.peek() == Some(&Kind::Word("if")) {
            self.step();
            parts.push(self.expression()?);
            self.lines();
        }
        Ok(())
    }

    fn list(&mut self) -> Result<Node, Wrong> {
        let line = self.line();
        self.want("[")?;
        self.lines();
        let mut items = Vec::new();
        let mut tag = None;
        if self.peek() == Some(&Kind::Word("for")) {
            items = self.header()?;
            items.push(self.expression()?);
            self.condition(&mut items)?;
            self.want("]")?;
            tag = Some(OPERATION.to_owned());
        } else {
            loop {
                self.lines();
                if self.eat("]") {
                    break;
                }
                items.push(self.expression()?);
                self.lines();
                if !self.eat(",") && !self.is_sign("]") {
                    return self.wrong("“,” or “]”");
                }
            }
        }
        Ok(Node { line, tag, value: Value::List(items) })
    }

    fn object(&mut self) -> Result<Node, Wrong> {
        let line = self.line();
        self.want("{")?;
        self.lines();
        if self.peek() == Some(&Kind::Word("for")) {
            let mut parts = self.header()?;
            parts.push(self.expression()?);
            self.lines();
            self.want("=>")?;
            self.lines();
            parts.push(self.expression()?);
            self.eat("...");
            self.condition(&mut parts)?;
            self.want("}")?;
            return Ok(Node { line, tag: Some(OPERATION.to_owned()), value: Value::List(parts) });
        }
        let mut entries = Vec::new();
        loop {
            while self.eat(",") || self.peek() == Some(&Kind::LineEnd) {
                self.lines();
            }
            if self.eat("}") {
                break;
            }
            let line = self.line();
            let key = match self.peek() {
                // A bare name is a key, not a reference.
                Some(Kind::Word(word))
                    if matches!(self.tokens.get(self.at + 1).map(|token| &token.kind), Some(Kind::Sign("=" | ":"))) =>
                {
                    self.step();
                    (*word).to_owned()
                }
                _ => self.expression()?.text().unwrap_or_default().to_owned(),
            };
            if !self.eat("=") && !self.eat(":") {
                return self.wrong("“=”");
            }
            self.lines();
            let node = self.expression()?;
            entries.push(Entry { key, line, node });
            if !matches!(self.peek(), Some(Kind::LineEnd | Kind::Sign("," | "}"))) {
                return self.wrong("“,” or “}”");
            }
        }
        Ok(Node { line, tag: None, value: Value::Map(entries) })
    }

    /// What follows a value: `.name`, `.0`, `.*`, `[…]`.
    fn path(&mut self, node: Node) -> Result<Node, Wrong> {
        let is_reference = node.tag.as_deref() == Some(REFERENCE);
        let mut names: Vec<String> = node.text().filter(|_| is_reference).map(str::to_owned).into_iter().collect();
        let mut is_path = false;
        loop {
            if self.eat(".") {
                match self.peek() {
                    Some(Kind::Word(word) | Kind::Number(word)) => names.push((*word).to_owned()),
                    Some(Kind::Sign("*")) => names.push("*".to_owned()),
                    _ => return self.wrong("a name"),
                }
                self.step();
            } else if self.eat("[") {
                self.lines();
                if self.eat("*") {
                    names.push("*".to_owned());
                } else {
                    let index = self.expression()?;
                    let is_plain = index.tag.is_none();
                    names.push(index.text().filter(|_| is_plain).unwrap_or("*").to_owned());
                }
                self.lines();
                self.want("]")?;
            } else {
                break;
            }
            is_path = true;
        }
        if is_reference {
            let text = names.join(".");
            self.file.references.push((node.line, names));
            return Ok(Node { value: Value::Scalar { text, style: Style::Plain }, ..node });
        }
        if is_path {
            return Ok(Node { line: node.line, tag: Some(OPERATION.to_owned()), value: Value::List(vec![node]) });
        }
        Ok(node)
    }

    /// Code in a text: an expression, or a word of a template with one.
    fn inner(&mut self, line: usize, code: &str) -> Result<(), Wrong> {
        if self.texts > DEEPEST {
            return Err((line, "it nests too deep".to_owned()));
        }
        let tokens = read_from(code.trim_matches('~'), line, &LANGUAGE)?;
        let mut inner = Parser {
            tokens: &tokens,
            at: 0,
            depth: self.depth,
            texts: self.texts + 1,
            file: self.file,
            last: line,
            is_loose: true,
        };
        inner.lines();
        match inner.peek() {
            Some(Kind::Word("else" | "endif" | "endfor")) => inner.step(),
            Some(Kind::Word("if")) => {
                inner.step();
                inner.expression()?;
            }
            Some(Kind::Word("for")) => {
                inner.step();
                while let Some(Kind::Word(name)) = inner.peek().filter(|kind| **kind != Kind::Word("in")) {
                    inner.file.local_names.push((*name).to_owned());
                    inner.step();
                    inner.eat(",");
                }
                inner.step();
                inner.expression()?;
            }
            _ => {
                inner.expression()?;
            }
        }
        inner.lines();
        if inner.peek().is_some() { inner.wrong("“}”") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_with_what_they_refer_to() {
        let text = "a = merge(var.x, { b = local.y ? [for k, v in module.m.z : \"${k}-${v[\"q\"]}\" if v] : null })\n\
                    c = aws_s3_bucket.b[0].arn\nd = { for k in [1, -2] : k => upper(k)... }\n\
                    e = <<EOF\n%{ for i in var.l ~}\n${i}\n%{ endfor ~}\nEOF\nf = (\n  1\n  + 2\n)\n";
        let file = parse(text).unwrap();
        let found: Vec<String> =
            file.references.iter().map(|(line, path)| format!("{line} {}", path.join("."))).collect();
        for wanted in ["1 var.x", "1 local.y", "1 module.m.z", "2 aws_s3_bucket.b.0.arn", "5 var.l", "6 i"] {
            assert!(found.contains(&wanted.to_owned()), "{wanted} in {found:?}");
        }
        assert!(["k", "v", "i"].iter().all(|name| file.local_names.contains(&(*name).to_owned())));
    }

    #[test]
    fn what_a_resource_lets_others_change_is_its_own() {
        let file = parse(
            "a \"b\" \"c\" {\n  lifecycle {\n    ignore_changes = [network_acls[0].rules, d_e.f]\n  }\n  g = h_i.j\n}\n",
        );
        let found: Vec<String> = file.unwrap().references.iter().map(|(_, path)| path.join(".")).collect();
        assert_eq!(found, ["h_i.j"]);
    }

    #[test]
    fn blocks_have_labels_and_blocks() {
        let file = parse(
            "resource \"a\" \"b\" {\n  c { d = 1 }\n  dynamic \"e\" {\n    for_each = x\n    content { f = e.value }\n  }\n}\n",
        );
        let block = file.unwrap().blocks.remove(0);
        assert_eq!((block.kind.as_str(), block.labels.join(".")), ("resource", "a.b".to_owned()));
        assert_eq!(block.body.at(&["c", "d"]).unwrap().line, 2);
        assert!(block.body.at(&["e", "f"]).is_some());
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        for (text, line) in [
            ("a = 1\nb =\n", 2),
            ("a = 1\na = 2\n", 2),
            ("a {\n", 1),
            ("a = [1 2]\n", 1),
            ("a = {\n b 1\n}\n", 2),
            ("a = \"${b c}\"\n", 1),
            ("a = b.\n", 1),
            ("a = 1 b = 2\n", 1),
            ("}\n", 1),
        ] {
            assert_eq!(parse(text).unwrap_err().0, line, "{text}");
        }
        assert!(parse(&format!("a = {}1{}\n", "(".repeat(500), ")".repeat(500))).is_err());
        assert!(parse(&format!("a = {}1\n", "b ? c : ".repeat(500))).is_err());
        assert!(parse(&format!("a = {}1\n", "!".repeat(5000))).is_ok());
    }
}
