//! Where a project is, as a person writes it.

use std::io;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Location, Problem, ProblemCode};

const PROTOCOLS: [&str; 5] = ["http", "https", "ssh", "git", "file"];

/// `git@host:path`, as ssh writes it; `None` never comes.
static SSH_SHORT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\w.-]+@[\w.-]+:[^:\s]+$").ok());

/// What a command's word means: a folder of this machine, or a git URL, with `#` and a branch, tag or commit behind
/// it where one is meant. A folder must be there; it is given by its real path.
pub fn location(word: &str) -> Result<Location, Problem> {
    let (url, reference) = match word.rsplit_once('#') {
        Some((url, reference)) => (url, Some(reference).filter(|reference| !reference.is_empty())),
        None => (word, None),
    };
    if is_git_url(url) && !Path::new(word).exists() {
        return match reference {
            Some(reference) if !is_reference(reference) => {
                let message = format!("“{reference}” is no branch, tag or commit");
                Err(Problem::new(ProblemCode::Usage, "git-reference", message)
                    .fix("write the name of one behind the #"))
            }
            _ => Ok(Location::Git { url: url.to_owned(), reference: reference.map(str::to_owned) }),
        };
    }
    if let Some((protocol, _)) = word.split_once("://") {
        let message = format!("Wharf does not fetch by “{protocol}”");
        return Err(Problem::new(ProblemCode::Usage, "git-url", message)
            .why("http, https, ssh, git and file are known")
            .fix("clone it yourself and give the folder"));
    }
    folder(word)
}

fn folder(word: &str) -> Result<Location, Problem> {
    let path = Path::new(if word.is_empty() { "." } else { word });
    let shown = path.display();
    let real = path.canonicalize().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Problem::new(ProblemCode::NotFound, "no-path", format!("there is no folder {shown}"))
                .fix("check how it is written; a git repository is given by its URL")
        }
        io::ErrorKind::PermissionDenied => {
            Problem::new(ProblemCode::Refused, "path-denied", format!("{shown} cannot be looked into"))
                .why(error)
                .fix("give this account the right to read it")
        }
        _ => Problem::new(ProblemCode::Usage, "bad-path", format!("{shown} cannot be used")).why(error),
    })?;
    if real.is_dir() {
        return Ok(Location::Folder { path: real });
    }
    Err(Problem::new(ProblemCode::Usage, "no-folder", format!("{shown} is not a folder"))
        .fix("give the folder that holds the project"))
}

/// Whether it is a URL that git may fetch from.
/// What a repository is called: the last part of its address.
#[must_use]
pub fn name_of(url: &str) -> Option<String> {
    let last = url.trim_end_matches('/').trim_end_matches(".git").rsplit(['/', ':']).next()?;
    (!last.is_empty() && !matches!(last, "." | "..")).then(|| last.to_owned())
}

pub(super) fn is_git_url(url: &str) -> bool {
    if url.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return false;
    }
    if let Some((protocol, rest)) = url.split_once("://") {
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        // What begins with a hyphen would be an option to ssh.
        let plain = !authority.starts_with('-') && !host.starts_with('-');
        plain && !rest.is_empty() && PROTOCOLS.contains(&protocol.to_ascii_lowercase().as_str())
    } else {
        let short = SSH_SHORT.as_ref().is_some_and(|short| short.is_match(url));
        short && !url.starts_with('-') && !url.contains("@-")
    }
}

/// Whether git could take it for the name of a branch, a tag or a commit, and for nothing else.
pub(super) fn is_reference(text: &str) -> bool {
    let allowed = |letter: char| !letter.is_control() && !" ~^:?*[\\".contains(letter);
    !text.is_empty() && !text.starts_with(['-', '+', '/']) && !text.contains("..") && text.chars().all(allowed)
}

/// Whether it may be (the beginning of) a commit's name.
pub(super) fn is_commit(text: &str) -> bool {
    (4..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The URL without the name and password in it, as it may be stored and shown. The account of an ssh URL is none of
/// these and stays.
#[must_use]
pub fn without_credentials(url: &str) -> String {
    let Some((protocol, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Some((user, host)) = host.rsplit_once('@') else { return url.to_owned() };
    let account = user.split(':').next().unwrap_or_default();
    match protocol.to_ascii_lowercase().as_str() {
        "ssh" if !account.is_empty() => format!("{protocol}://{account}@{host}{path}"),
        _ => format!("{protocol}://{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(word: &str) -> Option<(String, Option<String>)> {
        match location(word) {
            Ok(Location::Git { url, reference }) => Some((url, reference)),
            _ => None,
        }
    }

    #[test]
    fn urls_are_told_from_folders() {
        let some = |url: &str, reference: Option<&str>| Some((url.to_owned(), reference.map(str::to_owned)));
        assert_eq!(git("https://host/a/b.git"), some("https://host/a/b.git", None));
        assert_eq!(git("https://host/a/b#v1.2"), some("https://host/a/b", Some("v1.2")));
        assert_eq!(git("https://host/a/b#"), some("https://host/a/b", None));
        assert_eq!(git("git@host:a/b.git#feature/x"), some("git@host:a/b.git", Some("feature/x")));
        assert_eq!(git("file:///srv/code.git"), some("file:///srv/code.git", None));
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        assert_eq!(location("src/..").unwrap(), Location::Folder { path: here.clone() });
        assert_eq!(location("").unwrap(), Location::Folder { path: here });
    }

    #[test]
    fn what_is_neither_is_refused_in_words() {
        let cause = |word: &str| location(word).unwrap_err().cause;
        assert_eq!(cause("no/such/folder"), "no-path");
        assert_eq!(cause("Cargo.toml"), "no-folder");
        assert_eq!(cause("ext::sh -c touch%20x"), "no-path");
        assert_eq!(cause("ftp://host/x"), "git-url");
        assert_eq!(cause("ssh://-oProxyCommand=touch/x"), "git-url");
        assert_eq!(cause("https://host/x#--upload-pack=touch"), "git-reference");
        assert_eq!(cause("https://host/x#a b"), "git-reference");
        assert_eq!(cause("https://host/x#a:b"), "git-reference");
        assert_eq!(cause("a@-oProxyCommand:x"), "no-path");
    }

    #[test]
    fn credentials_do_not_stay_in_urls() {
        for (url, clean) in [
            ("https://ann:s3cret@host:8443/a?b@c", "https://host:8443/a?b@c"),
            ("https://token@host/a", "https://host/a"),
            ("https://a:b@c@host/a", "https://host/a"),
            ("https://host/a@b", "https://host/a@b"),
            ("ssh://git:pw@host:22/a", "ssh://git@host:22/a"),
            ("git@host:a/b", "git@host:a/b"),
        ] {
            assert_eq!(without_credentials(url), clean);
        }
    }
}
