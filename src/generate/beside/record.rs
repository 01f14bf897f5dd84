//! What is kept of what Wharf wrote last, in the project and committed with it: a copy of each file in `.wharf/base/`,
//! and in `.wharf/written` the project's name and a digest of each. Whatever else changes the copies (a formatter, a
//! replacement in all files, a merge), the digests tell, so that no change of a person's passes for Wharf's own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::text::{bare, lines};

/// Where the copies are kept, relative to the project.
const BASE: &str = ".wharf/base";

/// Where name and digests are kept, relative to the project.
pub(super) const RECORD: &str = ".wharf/written";

const HEAD: &str = "\
# What `wharf generate` wrote into this project last. Commit it, together with .wharf/base: by these a person's changes
# are told from Wharf's on every machine.
";

/// A longer name is none that Wharf has written.
const NAME: usize = 200;

/// Where the copy of what Wharf wrote last is kept, relative to the project.
pub(super) fn base_path(artifact: &str) -> String {
    format!("{BASE}/{artifact}")
}

/// The name and the digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// What the project is called in its files, whatever its folder is called on another machine.
    pub(super) name: Option<String>,
    /// Of each file; several where two branches came together.
    digests: BTreeMap<String, Vec<String>>,
}

impl Record {
    /// Reads what makes sense; marks of a merge that went wrong do not.
    pub(super) fn parse(text: &str) -> Self {
        let mut record = Self::default();
        for line in lines(text).into_iter().map(bare) {
            if let Some(name) = line.strip_prefix("project ") {
                record.name = Some(name).filter(|name| is_plain(name)).map(str::to_owned);
            } else if let Some((digest, path)) = line.split_once("  ")
                && digest.len() == 64
                && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
                && is_inside(path)
            {
                record.digests.entry(path.to_owned()).or_default().push(digest.to_owned());
            }
        }
        record
    }

    pub(super) fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        if let Some(name) = &self.name {
            let _ = writeln!(text, "project {name}");
        }
        for (path, digests) in &self.digests {
            for digest in digests {
                let _ = writeln!(text, "{digest}  {path}");
            }
        }
        text
    }

    /// Whether Wharf wrote a file there.
    pub(super) fn has(&self, path: &str) -> bool {
        self.digests.contains_key(path)
    }

    /// Whether this is what Wharf wrote there last.
    pub(super) fn knows(&self, path: &str, content: &str) -> bool {
        self.digests.get(path).is_some_and(|known| known.contains(&digest(content)))
    }

    pub(super) fn set(&mut self, path: &str, content: &str) {
        // A line holds one path.
        if is_inside(path) {
            self.digests.insert(path.to_owned(), vec![digest(content)]);
        }
    }

    pub(super) fn forget(&mut self, path: &str) {
        self.digests.remove(path);
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.digests.keys().map(String::as_str)
    }
}

pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME && !name.contains(char::is_control)
}

/// Whether it is a path in the project that fits a line.
fn is_inside(path: &str) -> bool {
    !path.contains(char::is_control) && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// The same for texts that say the same but for how their lines end.
fn digest(content: &str) -> String {
    let mut hash = Sha256::new();
    for line in lines(content) {
        hash.update(bare(line));
        hash.update("\n");
    }
    format!("{:x}", hash.finalize())
}
