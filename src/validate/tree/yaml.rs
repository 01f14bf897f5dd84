//! YAML, and JSON as a part of it.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{Entry, Node, Style, Value};

/// So deep values stand in each other at most; nobody writes more by hand.
const DEEPEST: usize = 100;

/// So many values and bytes of text what aliases stand for may come to: an alias of an alias can mean millions.
const WEIGHT: usize = 16 << 20;

/// What a value weighs beside its text.
const VALUE: usize = 64;

/// A line and what is wrong on it.
pub(in crate::validate) type Wrong = (usize, String);

/// So many closing brackets may stand further left than YAML asks for.
const MENDED: usize = 50;

/// The documents of a text.
pub(in crate::validate) fn read(text: &str) -> Result<Vec<Node>, Wrong> {
    let mut wrong = match documents(text) {
        Ok(documents) => return Ok(documents),
        Err(wrong) => wrong,
    };
    // A bracket that closes below the beginning of its key is read by everybody, though not by the letter of YAML.
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..MENDED {
        let line = lines.get_mut(wrong.0 - 1).filter(|line| line.trim_start().starts_with([']', '}']));
        let Some(line) = line.filter(|line| !line.starts_with(FURTHER)) else { break };
        line.insert_str(0, FURTHER);
        match documents(&lines.join("\n")) {
            Ok(documents) => return Ok(documents),
            Err(next) => wrong = next,
        }
    }
    documents(text)
}

const FURTHER: &str = "                                        ";

fn documents(text: &str) -> Result<Vec<Node>, Wrong> {
    let mut builder = Builder { documents: Vec::new(), open: Vec::new(), anchors: HashMap::new(), left: WEIGHT };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| (error.marker().line().max(1), error.info().to_owned()))?;
        builder.take(event, span)?;
    }
    Ok(builder.documents)
}

/// A list or map that is being read.
struct Open {
    node: Node,
    anchor: usize,
    /// The weight that was left as it began.
    left: usize,
    /// Of a map, the key whose value comes next.
    key: Option<(String, usize)>,
}

struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    /// What anchors name, with its weight.
    anchors: HashMap<usize, (Node, usize)>,
    left: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Wrong> {
        let line = span.start.line().max(1);
        let name = |tag: Option<std::borrow::Cow<'_, saphyr_parser::Tag>>| {
            tag.filter(|tag| !tag.is_yaml_core_schema()).map(|tag| tag.suffix.clone())
        };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(VALUE + text.len(), line)?;
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::Literal => Style::Literal,
                    _ => Style::Quoted,
                };
                // With a tag or an anchor, the line is that one's; the lines that are meant begin on the next.
                let is_named = style == Style::Literal && (tag.is_some() || anchor != 0);
                let leading = text.len() - text.trim_start_matches('\n').len();
                let line = if is_named { line + 1 + leading } else { line };
                let value = Value::Scalar { text: text.into_owned(), style };
                let weight = VALUE;
                self.put(Node { line, tag: name(tag), value }, anchor, weight)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(Node { line, tag: name(tag), value: Value::List(Vec::new()) }, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(Node { line, tag: name(tag), value: Value::Map(Vec::new()) }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let Some((node, weight)) = self.anchors.get(&anchor) else {
                    return Err((line, "an alias stands in what it names".to_owned()));
                };
                let (node, weight) = (node.clone(), *weight);
                self.spend(weight, line)?;
                self.put(node, 0, weight)
            }
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn spend(&mut self, weight: usize, line: usize) -> Result<(), Wrong> {
        let left = self.left.checked_sub(weight);
        self.left = left.ok_or_else(|| (line, "its aliases stand for more than is looked at".to_owned()))?;
        Ok(())
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), Wrong> {
        let line = node.line;
        if self.open.len() >= DEEPEST {
            return Err((line, format!("it nests deeper than {DEEPEST} levels")));
        }
        if self.open.last().is_some_and(|open| open.node.is_map() && open.key.is_none()) {
            return Err((line, "a key is a text".to_owned()));
        }
        let left = self.left;
        self.spend(VALUE, line)?;
        self.open.push(Open { node, anchor, left, key: None });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Wrong> {
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        if let Value::Map(entries) = &mut open.node.value {
            merge(entries);
            let mut seen = HashSet::new();
            if let Some(twice) = entries.iter().find(|entry| !seen.insert(entry.key.as_str())) {
                return Err((twice.line, format!("the key {} stands twice", twice.key)));
            }
        }
        self.put(open.node, open.anchor, open.left - self.left)
    }

    /// Puts a value where it belongs: into what is open, or as a document.
    fn put(&mut self, node: Node, anchor: usize, weight: usize) -> Result<(), Wrong> {
        if anchor != 0 {
            self.spend(weight, node.line)?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::Map(entries), Some((key, line))) => entries.push(Entry { key, line, node }),
            (Value::Map(_), None) => match node.value {
                Value::Scalar { text, .. } => open.key = Some((text, node.line)),
                _ => return Err((node.line, "a key is a text".to_owned())),
            },
            (Value::List(items), _) => items.push(node),
            (Value::Scalar { .. }, _) => {}
        }
        Ok(())
    }
}

/// Puts what `<<` names in its place, behind what stands there itself.
fn merge(entries: &mut Vec<Entry>) {
    let Some(place) = entries.iter().position(|entry| entry.key == "<<") else { return };
    let merged = entries.remove(place).node;
    let maps = match &merged.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![&merged],
    };
    for entry in maps.into_iter().flat_map(Node::entries) {
        if !entries.iter().any(|known| known.key == entry.key) {
            entries.push(entry.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        read(text).unwrap().remove(0)
    }

    #[test]
    fn every_value_knows_its_line() {
        let root = one("a:\n  - x\n  - !Ref y\nrun: |\n  one\n  two\nj: {\"k\": [1,\n  2]}\nno:\n");
        assert_eq!(root.entry("a").unwrap().line, 1);
        let items = root.get("a").unwrap().items();
        assert_eq!((items[1].line, items[1].tag.as_deref(), items[1].text()), (3, Some("Ref"), Some("y")));
        let run = root.get("run").unwrap();
        assert_eq!((run.line_at(0), run.line_at(4)), (5, 6));
        for named in
            ["a: 1\nrun: !Sub |\n  one\n  two\n", "a: 1\nrun: &x |\n  one\n  two\n", "a: 1\nrun: |\n  one\n  two\n"]
        {
            let run = one(named);
            assert_eq!((run.get("run").unwrap().line, run.get("run").unwrap().line_at(4)), (3, 4), "{named}");
        }
        let late = one("run: |\n\n\n  one\n  two\n");
        let text = late.text_of("run").unwrap();
        assert_eq!(late.get("run").unwrap().line_at(text.find("two").unwrap()), 5, "{late:?}");
        assert_eq!(root.at(&["j", "k"]).unwrap().items()[1].line, 8);
        assert!(root.get("no").unwrap().is_null());
    }

    #[test]
    fn json_is_read_with_tabs_and_documents_apart() {
        assert_eq!(one("{\n\t\"a\": [\n\t\t\"b\\/\"\n\t]\n}\n").get("a").unwrap().items()[0].text(), Some("b/"));
        assert_eq!(read("a: 1\n---\nb: 2\n").unwrap().len(), 2);
        assert_eq!(read("").unwrap().len(), 0);
    }

    #[test]
    fn a_bracket_may_close_below_its_key() {
        let root = one("a:\n  b: [\n    c,\n  ]\n  d: {\n    e: 1\n  }\n");
        assert_eq!(root.at(&["a", "b"]).unwrap().items().len(), 1);
        assert_eq!(root.at(&["a", "d", "e"]).unwrap().line, 6);
    }

    #[test]
    fn merged_keys_stand_behind_own_ones() {
        let root = one("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n");
        assert_eq!(root.at(&["y", "a"]).unwrap().text(), Some("1"));
        assert_eq!(root.at(&["y", "b"]).unwrap().text(), Some("3"));
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        assert_eq!(read("a:\n  b: 1\n  b: 2\n").unwrap_err(), (3, "the key b stands twice".to_owned()));
        assert_eq!(read("a: [\n").unwrap_err().0, 2);
        assert_eq!(read("? [a]\n: b\n").unwrap_err().0, 1);
        assert!(read(&"[".repeat(5000)).is_err());
        assert!(read(&format!("{}x{}", "[".repeat(150), "]".repeat(150))).is_err());
        let long = "x,".repeat(9000);
        let many = "*a,".repeat(9000);
        assert!(read(&format!("a: &a [{long}]\nb: [{many}]\n")).unwrap_err().1.contains("more than is looked at"));
    }
}
