//! XML as a tree: `pom.xml`, project files of .NET.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::detect::text::line_and_column;

/// Elements below each other at most; deeper ones are left out.
const DEPTH: usize = 64;

/// Elements and attributes of a document at most.
const ELEMENTS: usize = 250_000;

/// An element.
#[derive(Debug, Default)]
pub(in crate::detect) struct Element {
    /// The name without its namespace's prefix.
    pub name: String,
    /// Attributes with their values.
    attributes: Vec<(String, String)>,
    /// The elements in it.
    pub children: Vec<Element>,
    text: String,
}

impl Element {
    /// Its own text, without space around it.
    pub(in crate::detect) fn text(&self) -> &str {
        self.text.trim()
    }

    /// An attribute's value; letter case does not matter.
    pub(in crate::detect) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first element of that name in it.
    pub(in crate::detect) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element at a path of names: `build/plugins`.
    pub(in crate::detect) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.child(name))
    }

    /// The text at a path of names, where there is some.
    pub(in crate::detect) fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).map(Self::text).filter(|text| !text.is_empty())
    }

    /// Every element of that name, however deep.
    pub(in crate::detect) fn all<'e>(&'e self, name: &'e str) -> Box<dyn Iterator<Item = &'e Self> + 'e> {
        let own = self.children.iter().filter(move |child| child.name == name);
        Box::new(own.chain(self.children.iter().flat_map(move |child| child.all(name))))
    }
}

/// Reads a document's outermost element, or says what is wrong with line and column.
pub(in crate::detect) fn parse(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    let mut too_deep = 0_usize;
    let mut count = 0;
    let wrong = |reader: &Reader<&[u8]>, says: &str| {
        let at = usize::try_from(reader.error_position()).unwrap_or(0);
        let (line, column) = line_and_column(text, at);
        format!("malformed XML: {says} at line {line} column {column}")
    };
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) if open.len() > DEPTH || too_deep > 0 => {
                let _ = start;
                too_deep += 1;
            }
            Ok(Event::Start(start)) => open.push(element(&start, &mut count)),
            Ok(Event::Empty(start)) => {
                if let Some(above) = open.last_mut().filter(|_| too_deep == 0) {
                    above.children.push(element(&start, &mut count));
                }
            }
            Ok(Event::End(_)) if too_deep > 0 => too_deep -= 1,
            Ok(Event::End(_)) => {
                if let Some(done) = open.pop()
                    && let Some(above) = open.last_mut()
                {
                    above.children.push(done);
                }
            }
            Ok(Event::Text(words)) => {
                if let Some(above) = open.last_mut() {
                    above.text.push_str(&words);
                }
            }
            Ok(Event::CData(words)) => {
                if let Some(above) = open.last_mut() {
                    above.text.push_str(&words);
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => return Err(wrong(&reader, &error.to_string())),
        }
        if count > ELEMENTS {
            return Err("it holds more elements than are looked at".to_owned());
        }
    }
    if open.len() > 1 {
        return Err(wrong(&reader, "an element is not closed"));
    }
    let outer = open.pop().and_then(|document| document.children.into_iter().next());
    outer.ok_or_else(|| "malformed XML: it holds no element".to_owned())
}

fn element(start: &BytesStart<'_>, count: &mut usize) -> Element {
    let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    let attributes = start
        .attributes()
        .flatten()
        .map(|attribute| (local(attribute.key.as_ref()), attribute.value.replace("&amp;", "&")));
    let attributes: Vec<_> = attributes.take(ELEMENTS).collect();
    *count += 1 + attributes.len();
    Element { name: local(start.name().as_ref()), attributes, ..Element::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_path_and_by_name() {
        let root =
            parse("<?xml version=\"1.0\"?><!-- x --><m:project a='1'><b><c> t </c></b><c/></m:project>").unwrap();
        assert_eq!((root.name.as_str(), root.attribute("A")), ("project", Some("1")));
        assert_eq!(root.text_at("b/c"), Some("t"));
        assert_eq!(root.all("c").count(), 2);
    }

    #[test]
    fn errors_say_where() {
        assert!(parse("<a>\n<b></a>").unwrap_err().contains("line 2"));
        assert!(parse("<a>").unwrap_err().contains("not closed"));
        assert!(parse("").is_err());
        let deep = "<a>".repeat(5000) + &"</a>".repeat(5000);
        assert!(parse(&deep).is_ok());
    }
}
