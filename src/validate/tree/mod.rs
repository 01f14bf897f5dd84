//! What YAML, JSON and HCL say, as one tree that knows its lines.

mod filling;
mod yaml;

pub(super) use filling::{DEEPEST, Filling};
pub(super) use yaml::read;

/// A value with the line it begins on, from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    /// A tag of YAML without its mark (`Ref` of `!Ref`), or what makes the value in HCL: a function's name.
    pub(super) tag: Option<String>,
    pub(super) value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Scalar { text: String, style: Style },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes: numbers, truth, nothing and many texts.
    Plain,
    Quoted,
    /// Lines as they stand; the first that says something is the node's.
    Literal,
}

/// Marks a list of values of which one holds, and only running tells which.
pub(super) const CHOICE: &str = "one of";

/// A key of a map with what it holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) node: Node,
}

impl Node {
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The value of a key, where this is a map.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value at the end of a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a scalar that is not null.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// The text of what a key holds.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::text)
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, style: Style::Plain }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// What a plain `true` or `false` says, or another word of YAML 1.1, which Compose and Kubernetes read; texts of JSON and
    /// of parameters may say it in quotes.
    pub(super) fn truth(&self) -> Option<bool> {
        match self.text()? {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "y" | "Y" | "on" | "On" | "ON" => Some(true),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "n" | "N" | "off" | "Off" | "OFF" => Some(false),
            _ => None,
        }
    }

    /// Whether a key holds `true`.
    pub(super) fn says(&self, key: &str) -> bool {
        self.get(key).and_then(Node::truth) == Some(true)
    }

    /// One of these, on a line.
    pub(super) fn one_of(mut values: Vec<Self>, line: usize) -> Self {
        match values.len() {
            1 => values.remove(0),
            _ => Self { line, tag: Some(CHOICE.to_owned()), value: Value::List(values) },
        }
    }

    /// What this may be: itself, or each of those of which one holds.
    pub(super) fn choices(&self) -> Vec<&Self> {
        if self.tag.as_deref() != Some(CHOICE) {
            return vec![self];
        }
        self.items().iter().flat_map(Self::choices).collect()
    }

    /// The same without lists: itself, or what lists in lists hold in the end.
    pub(super) fn each_item(&self) -> Vec<&Self> {
        if !self.is_list() {
            return vec![self];
        }
        self.items().iter().flat_map(Self::each_item).collect()
    }

    /// A text, or the texts of lists, or the keys of a map: how names are listed in many formats.
    pub(super) fn names(&self) -> Vec<(usize, &str)> {
        match &self.value {
            Value::Scalar { .. } => self.text().map(|text| (self.line, text)).into_iter().collect(),
            Value::List(_) => self.each_item().into_iter().filter_map(|item| Some((item.line, item.text()?))).collect(),
            Value::Map(entries) => entries.iter().map(|entry| (entry.line, entry.key.as_str())).collect(),
        }
    }

    /// The names that a key lists.
    pub(super) fn names_of(&self, key: &str) -> Vec<(usize, &str)> {
        self.get(key).map(Node::names).unwrap_or_default()
    }

    /// The keys of the map that a key holds.
    pub(super) fn entries_of(&self, key: &str) -> &[Entry] {
        self.get(key).map(Node::entries).unwrap_or_default()
    }

    /// The values of the list that a key holds.
    pub(super) fn items_of(&self, key: &str) -> &[Node] {
        self.get(key).map(Node::items).unwrap_or_default()
    }

    /// The line that a place in the text of this scalar stands on.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        match &self.value {
            Value::Scalar { text, style: Style::Literal } => {
                let leading = text.len() - text.trim_start_matches('\n').len();
                self.line + text.bytes().take(offset).skip(leading).filter(|byte| *byte == b'\n').count()
            }
            _ => self.line,
        }
    }

    /// The same so many lines further down.
    pub(super) fn moved_by(mut self, lines: usize) -> Self {
        self.line += lines;
        self.value = match self.value {
            Value::List(items) => Value::List(items.into_iter().map(|item| item.moved_by(lines)).collect()),
            Value::Map(entries) => {
                let moved =
                    |entry: Entry| Entry { line: entry.line + lines, node: entry.node.moved_by(lines), ..entry };
                Value::Map(entries.into_iter().map(moved).collect())
            }
            scalar @ Value::Scalar { .. } => scalar,
        };
        self
    }

    /// The same as if all of it stood on one line: what comes from another file, where that is named.
    pub(super) fn moved_to(mut self, line: usize) -> Self {
        self.line = line;
        self.value = match self.value {
            Value::Scalar { text, .. } => Value::Scalar { text, style: Style::Quoted },
            Value::List(items) => Value::List(items.into_iter().map(|item| item.moved_to(line)).collect()),
            Value::Map(entries) => {
                let moved = |entry: Entry| Entry { line, node: entry.node.moved_to(line), ..entry };
                Value::Map(entries.into_iter().map(moved).collect())
            }
        };
        self
    }

    /// How many values it is.
    pub(super) fn size(&self) -> usize {
        let mut size = 0;
        self.each(&mut |_| size += 1);
        size
    }

    /// Goes over this node and all below it.
    pub(super) fn each<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(self);
        match &self.value {
            Value::Scalar { .. } => {}
            Value::List(items) => items.iter().for_each(|item| item.each(visit)),
            Value::Map(entries) => entries.iter().for_each(|entry| entry.node.each(visit)),
        }
    }
}
