//! A compose file as Compose reads it (the Compose specification, “Merge”, “Include”, “Extends”): all of its documents as
//! one, each service with what it extends, and what is included. What comes from another file stands where that is named.

use std::cell::Cell;

use crate::validate::tree::{self, Entry, Node, Value};
use crate::validate::{folder, joined, variables};

/// So far a service extends one that extends another.
const DEEPEST: usize = 10;

/// So many values what is extended and included may come to: a service can be extended by thousands.
const MOST: usize = 1 << 18;

/// The text of another file of the project.
pub(super) type Beside<'b> = dyn Fn(&str) -> Option<String> + 'b;

/// What a text says, its documents as one and with the defaults of its variables; none where it cannot be read.
pub(super) fn read(text: &str) -> Option<Node> {
    let usual = variables::filled(text, &|_| None);
    let filled = if usual == text { None } else { tree::read(&usual).ok() };
    one(filled.or_else(|| tree::read(text).ok())?)
}

/// The documents of a file, the later ones over the earlier ones.
pub(super) fn one(documents: Vec<Node>) -> Option<Node> {
    let documents = documents.into_iter().filter(|document| !document.is_null());
    documents.reduce(|before, next| over(before, &next))
}

/// The whole of what a file says. What cannot be found is left as it is named.
pub(super) fn whole(path: &str, root: &Node, beside: &Beside<'_>) -> Node {
    Reader { beside, left: Cell::new(MOST) }.whole(path, root, 0)
}

/// The files beside that a file goes on in.
pub(super) fn named(path: &str, root: &Node) -> Vec<String> {
    let extended = root.entries_of("services").iter().filter_map(|service| service.node.at(&["extends", "file"]));
    let all = included(root).into_iter().chain(extended).filter_map(Node::text);
    all.map(|file| joined(folder(path), file)).collect()
}

/// Whether something that it names was not found.
pub(super) fn is_open(root: &Node) -> bool {
    root.get("include").is_some()
}

struct Reader<'b> {
    beside: &'b Beside<'b>,
    left: Cell<usize>,
}

impl Reader<'_> {
    fn whole(&self, path: &str, root: &Node, depth: usize) -> Node {
        let mut all = root.clone();
        if let Value::Map(sections) = &mut all.value {
            for section in sections.iter_mut().filter(|section| section.key == "services") {
                if let Value::Map(services) = &mut section.node.value {
                    for service in services.iter_mut().filter(|service| service.node.get("extends").is_some()) {
                        service.node = self.service(path, root, &service.node, 0);
                    }
                }
            }
        }
        let Some(others) = self.others(path, root, depth) else { return all };
        without(&mut all, "include");
        others.into_iter().fold(all, |all, other| over(other, &all))
    }

    /// What a file includes; none where one of these is not there.
    fn others(&self, path: &str, root: &Node, depth: usize) -> Option<Vec<Node>> {
        let others = included(root).into_iter().map(|include| {
            let file = joined(folder(path), include.text()?);
            let root = (self.beside)(&file).filter(|_| depth < DEEPEST).and_then(|text| read(&text))?;
            self.spend(&root).then(|| self.whole(&file, &root, depth + 1).moved_to(include.line))
        });
        others.collect()
    }

    /// A service with what it extends.
    fn service(&self, path: &str, root: &Node, own: &Node, depth: usize) -> Node {
        let base = own.get("extends").filter(|_| depth < DEEPEST).and_then(|extends| {
            let wanted = extends.text().or_else(|| extends.text_of("service"))?;
            let file = extends.text_of("file").map(|file| joined(folder(path), file));
            let there = match &file {
                Some(file) => Some(read(&(self.beside)(file)?)?),
                None => None,
            };
            let (path, root) = (file.as_deref().unwrap_or(path), there.as_ref().unwrap_or(root));
            let base = root.get("services")?.get(wanted).filter(|base| self.spend(base))?;
            let base = self.service(path, root, base, depth + 1);
            Some(if there.is_some() { base.moved_to(extends.line) } else { base })
        });
        let Some(base) = base else { return own.clone() };
        let mut own = own.clone();
        without(&mut own, "extends");
        over(base, &own)
    }

    fn spend(&self, node: &Node) -> bool {
        let left = self.left.get().checked_sub(node.size());
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }
}

fn included(root: &Node) -> Vec<&Node> {
    let Some(include) = root.get("include") else { return Vec::new() };
    let each = if include.is_list() { include.items().iter().collect() } else { vec![include] };
    let paths = each.into_iter().map(|one| one.get("path").unwrap_or(one));
    paths.flat_map(|path| if path.is_list() { path.items().iter().collect() } else { vec![path] }).collect()
}

fn without(node: &mut Node, key: &str) {
    if let Value::Map(entries) = &mut node.value {
        entries.retain(|entry| entry.key != key);
    }
}

/// Maps are joined, lists follow each other, and of two texts the one above counts.
fn over(base: Node, own: &Node) -> Node {
    match (base.value, &own.value) {
        (Value::Map(mut below), Value::Map(above)) => {
            for entry in above {
                match below.iter_mut().find(|known| known.key == entry.key) {
                    Some(known) => {
                        let empty = Node { line: entry.line, tag: None, value: Value::List(Vec::new()) };
                        let node = over(std::mem::replace(&mut known.node, empty), &entry.node);
                        *known = Entry { key: entry.key.clone(), line: entry.line, node };
                    }
                    None => below.push(entry.clone()),
                }
            }
            Node { line: own.line, tag: own.tag.clone(), value: Value::Map(below) }
        }
        (Value::List(mut below), Value::List(above)) => {
            below.extend(above.iter().cloned());
            Node { line: own.line, tag: own.tag.clone(), value: Value::List(below) }
        }
        _ => own.clone(),
    }
}
