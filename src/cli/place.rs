//! What a path on the command line means: a folder, or a git repository.

use std::path::{Path, PathBuf};

use crate::model::{Location, Problem, ProblemCode};
use crate::os::tree::unreachable_folder;

/// A folder or the address of a git repository, as given.
pub(super) fn location(given: &str) -> Result<Location, Problem> {
    match git(given) {
        Some((url, reference)) => Ok(Location::Git { url, reference }),
        None => folder(Path::new(given)).map(|path| Location::Folder { path }),
    }
}

/// The absolute path of a folder that is there and can be read.
pub(super) fn folder(given: &Path) -> Result<PathBuf, Problem> {
    let shown = given.display();
    let failed = |error: std::io::Error| unreachable_folder(given, &error);
    let path = std::fs::canonicalize(given).map_err(failed)?;
    if !path.is_dir() {
        return Err(Problem::new(ProblemCode::Usage, "not-a-folder", format!("{shown} is a file, not a folder"))
            .why("a project is a folder of code")
            .fix("give the folder that the file lies in"));
    }
    std::fs::read_dir(&path).map_err(failed)?;
    Ok(path)
}

/// `URL#ref` taken apart, where it is the address of a git repository: with a scheme, as `user@host:path`, or a
/// path that ends in `.git`.
pub(super) fn git(given: &str) -> Option<(String, Option<String>)> {
    let (address, reference) = match given.rsplit_once('#') {
        Some((address, reference)) if !reference.is_empty() => (address, Some(reference.to_owned())),
        Some((address, _)) => (address, None),
        None => (given, None),
    };
    let scheme = ["https://", "http://", "ssh://", "git://", "file://"].iter().any(|it| address.starts_with(it));
    let is_address = scheme || is_scp_like(address);
    is_address.then(|| (address.to_owned(), reference))
}

/// `git@example.com:group/name.git`
fn is_scp_like(address: &str) -> bool {
    let Some((host, path)) = address.split_once(':') else { return false };
    let Some((user, host)) = host.split_once('@') else { return false };
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    word(user) && word(host) && !path.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_addresses_are_told_from_paths() {
        let git_of = |text: &str| git(text);
        let at = |url: &str, reference: Option<&str>| Some((url.to_owned(), reference.map(ToOwned::to_owned)));
        assert_eq!(git_of("https://example.com/a.git#v1"), at("https://example.com/a.git", Some("v1")));
        assert_eq!(git_of("git@example.com:g/n.git"), at("git@example.com:g/n.git", None));
        assert_eq!(git_of("file:///srv/n.git#"), at("file:///srv/n.git", None));
        for path in [".", "/srv/app", "a@b/c:d", "name", "C:x", "weird#name"] {
            assert_eq!(git_of(path), None, "{path}");
        }
    }

    #[test]
    fn a_folder_is_looked_at_before_it_is_taken() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("file"), "").unwrap();
        assert_eq!(folder(&temp.path().join("none")).unwrap_err().code, ProblemCode::NotFound);
        assert_eq!(folder(&temp.path().join("file")).unwrap_err().cause, "not-a-folder");
        assert!(folder(temp.path()).unwrap().is_absolute());
    }
}
