//! What is kept of what Wharf wrote last, in the project and committed with it: a copy of each file in `.wharf/base/`,
//! and in `.wharf/written` the project's name and a digest of each. Whatever else changes the copies (a formatter, a
//! replacement in all files, a merge), the digests tell, so that no change of a person's passes for Wharf's own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::text::{bare, lines};

/// Where all of that is kept, relative to the project.
pub(super) const FOLDER: &str = ".wharf";

/// Where the copies are kept, relative to the project.
pub(super) const BASE: &str = ".wharf/base";

/// Where name and digests are kept, relative to the project.
pub(super) const RECORD: &str = ".wharf/written";

/// Leads a line about a file that is being written.
const JOINED: &str = "joined";

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
    /// Of each file that a joined text is being written to: that text's digest, and that of what was generated. It is
    /// gone once all is written.
    joined: BTreeMap<String, (String, String)>,
}

impl Record {
    /// Reads what makes sense; marks of a merge that went wrong do not.
    pub(super) fn parse(text: &str) -> Self {
        let mut record = Self::default();
        for line in lines(text).into_iter().map(bare) {
            if let Some(name) = line.strip_prefix("project ") {
                record.name = Some(name).filter(|name| is_plain(name)).map(str::to_owned);
            } else if let Some((digests, path)) = line.split_once("  ")
                && is_inside(path)
            {
                let digests: Vec<String> = digests.split(' ').map(str::to_owned).collect();
                match &digests[..] {
                    [digest] if is_digest(digest) => {
                        record.digests.entry(path.to_owned()).or_default().push(digest.clone());
                    }
                    [word, joined, generated] if word == JOINED && is_digest(joined) && is_digest(generated) => {
                        record.joined.insert(path.to_owned(), (joined.clone(), generated.clone()));
                    }
                    _ => {}
                }
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
        for (path, (joined, generated)) in &self.joined {
            let _ = writeln!(text, "{JOINED} {joined} {generated}  {path}");
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
        self.joined.remove(path);
    }

    /// A text is about to be written there that was joined of a person's and of what was generated.
    pub(super) fn announce(&mut self, path: &str, joined: &str, generated: &str) {
        if is_inside(path) {
            self.joined.insert(path.to_owned(), (digest(joined), digest(generated)));
        }
    }

    /// Whether that text lies there already, and of what it was joined if so. Joining it again could put in twice what
    /// is in it.
    pub(super) fn has_joined(&self, path: &str, content: &str, generated: &str) -> Option<bool> {
        let (joined, of) = self.joined.get(path)?;
        (*joined == digest(content)).then(|| *of == digest(generated))
    }

    pub(super) fn forget(&mut self, path: &str) {
        self.digests.remove(path);
        self.joined.remove(path);
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.digests.keys().map(String::as_str)
    }
}

pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME && !name.contains(char::is_control)
}

fn is_digest(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it is a path in the project that fits a line.
fn is_inside(path: &str) -> bool {
    let is_anothers = |part: &str| [".git", ".wharf"].iter().any(|own| part.eq_ignore_ascii_case(own));
    !path.contains(char::is_control)
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && !path.split('/').next().is_some_and(is_anothers)
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
