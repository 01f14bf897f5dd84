//! The digests of base images: kept in the project, and written behind each image's tag, so that the same files build on
//! the same images tomorrow and on every machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::model::{Artifact, is_digest};

/// Where they are kept, relative to the project.
pub const DIGESTS: &str = ".wharf/digests";

const HEAD: &str = "\
# What the tags of base images meant when `wharf generate --pin` asked last. Commit it; asked again, it is made anew.
";

/// The digests by their images' names with tags: `sha256:…` by `node:22-bookworm-slim`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests(BTreeMap<String, String>);

impl Digests {
    /// Reads what makes sense; marks of a merge that went wrong do not.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let pinned = text.lines().filter_map(|line| line.trim().split_once('@'));
        let sound = pinned.filter(|(image, digest)| is_image(image) && is_digest(digest));
        Self(sound.map(|(image, digest)| (image.to_owned(), digest.to_owned())).collect())
    }

    /// The text that is kept.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for (image, digest) in &self.0 {
            let _ = writeln!(text, "{image}@{digest}");
        }
        text
    }

    /// What is known of an image.
    #[must_use]
    pub fn get(&self, image: &str) -> Option<&str> {
        self.0.get(image).map(String::as_str)
    }

    /// Keeps a digest; what is none is not kept.
    pub fn set(&mut self, image: &str, digest: &str) {
        if is_image(image) && is_digest(digest) {
            self.0.insert(image.to_owned(), digest.to_owned());
        }
    }

    /// Forgets all but these images.
    pub fn retain(&mut self, images: &BTreeSet<String>) {
        self.0.retain(|image, _| images.contains(image));
    }

    /// Writes them behind the images' names.
    pub(super) fn apply(&self, artifacts: &mut [Artifact]) {
        for artifact in artifacts {
            if self.0.keys().any(|image| artifact.content.contains(image.as_str())) {
                artifact.content = self.pinned(&artifact.content);
            }
        }
    }

    fn pinned(&self, text: &str) -> String {
        let mut pinned = String::with_capacity(text.len() + 256);
        let mut rest = text;
        while !rest.is_empty() {
            let word = rest.find(|c| !is_of_a_name(c)).unwrap_or(rest.len());
            let gap = rest[word..].find(is_of_a_name).map_or(rest.len(), |gap| word + gap);
            pinned.push_str(&rest[..word]);
            if let Some(digest) = self.get(&rest[..word]) {
                pinned.push('@');
                pinned.push_str(digest);
            }
            pinned.push_str(&rest[word..gap]);
            rest = &rest[gap..];
        }
        pinned
    }
}

/// The images that Dockerfiles and compose files among these begin with, with their tags and without digests.
#[must_use]
pub fn base_images<'a>(artifacts: impl IntoIterator<Item = &'a Artifact>) -> BTreeSet<String> {
    let mut images = BTreeSet::new();
    for artifact in artifacts {
        let name = artifact.path.rsplit('/').next().unwrap_or_default();
        let of: fn(&str) -> Option<&str> = if name.contains("Dockerfile") {
            in_dockerfile
        } else if name.starts_with("compose") {
            in_compose
        } else {
            continue;
        };
        let named = artifact.content.lines().filter_map(|line| of(line.trim()));
        let bare = named.map(|image| image.split('@').next().unwrap_or(image));
        images.extend(bare.filter(|image| is_image(image)).map(str::to_owned));
    }
    images
}

fn in_dockerfile(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    match words.next()? {
        "FROM" => words.find(|word| !word.starts_with("--")),
        "COPY" => words.find_map(|word| word.strip_prefix("--from=")),
        _ => None,
    }
}

fn in_compose(line: &str) -> Option<&str> {
    Some(line.strip_prefix("image:")?.trim().trim_matches(['"', '\'']))
}

/// A name with a tag, and nothing else.
fn is_image(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or(text);
    text.chars().all(|c| is_of_a_name(c) && c != '@')
        && name.split_once(':').is_some_and(|(name, tag)| !name.is_empty() && !tag.is_empty() && !tag.contains(':'))
}

const fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':' | '@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(of: char) -> String {
        format!("sha256:{}", of.to_string().repeat(64))
    }

    fn artifact(path: &str, content: &str) -> Artifact {
        Artifact { path: path.to_owned(), content: content.to_owned(), reason: String::new() }
    }

    #[test]
    fn what_is_kept_is_read_back_and_nothing_else_is() {
        let mut digests = Digests::default();
        digests.set("node:22", &digest('a'));
        digests.set("localhost:5000/base:1", &digest('b'));
        for (image, other) in [("node", digest('a')), ("node:22", "sha256:12".to_owned()), ("a b:1", digest('c'))] {
            digests.set(image, &other);
        }
        assert_eq!(Digests::parse(&digests.text()), digests);
        let torn = format!("<<<<<<< a\n{}=======\nnode:20@md5:x\n@\n", digests.text());
        assert_eq!(Digests::parse(&torn), digests);
        digests.retain(&["node:22".to_owned()].into());
        assert_eq!((digests.get("node:22").is_some(), digests.get("localhost:5000/base:1")), (true, None));
    }

    #[test]
    fn images_are_found_where_they_are_begun_with() {
        let docker = "FROM --platform=linux/amd64 node:22 AS build\nFROM build\nFROM scratch\nFROM $BASE\n\
                      COPY --from=build /a /a\nCOPY --from=caddy:2.10 /b /b\nRUN echo FROM x:1\n";
        let compose =
            "services:\n  db:\n    image: \"postgres:16@sha256:00\"\n  app:\n    image: ${REGISTRY}/a:${TAG}\n";
        let made =
            [artifact("api/Dockerfile", docker), artifact("compose.yaml", compose), artifact("x.sh", "FROM y:1")];
        assert_eq!(base_images(&made).into_iter().collect::<Vec<_>>(), ["caddy:2.10", "node:22", "postgres:16"]);
    }

    #[test]
    fn a_digest_stands_behind_the_whole_name_of_its_image() {
        let digests = Digests::parse(&format!("node:22@{}", digest('a')));
        let mut made =
            [artifact("f", "FROM node:22 AS a\n\"node:22\" node:22-slim my/node:22 node:22@sha256:0 é node:22")];
        digests.apply(&mut made);
        let pinned = format!("node:22@{}", digest('a'));
        let expected = format!("FROM {pinned} AS a\n\"{pinned}\" node:22-slim my/node:22 node:22@sha256:0 é {pinned}");
        assert_eq!(made[0].content, expected);
    }
}
