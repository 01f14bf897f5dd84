//! A list of what version control ignores, read as git reads it (gitignore(5)). Nothing is compiled: most lists are longer
//! than the folders that they are asked about.

use gix_glob::Pattern;
use gix_glob::pattern::Case;
use gix_glob::wildmatch::Mode;

/// The file whose lines say what version control ignores.
pub(super) const IGNORES: &str = ".gitignore";
/// So many bytes such a file may have.
pub(super) const IGNORE_LIST: u64 = 1 << 19;
/// What is said of a larger one, and of those that are too many.
pub(super) const NO_LIST: &str =
    "is too large for a list of what to ignore, by itself or with those before it; nothing was left out for it";
/// To try a pattern with a wildcard takes as long as so many names.
const WILDCARD: usize = 8;

/// One such list.
#[derive(Debug)]
pub(super) struct IgnoreList {
    patterns: Vec<Pattern>,
    /// What it takes to try all of them, in names that are compared.
    pub(super) effort: usize,
}

impl IgnoreList {
    /// Reads a list. A line that is malformed hides nothing.
    pub(super) fn read(text: &[u8]) -> Self {
        let patterns: Vec<Pattern> = gix_ignore::parse(text, false).map(|(pattern, ..)| pattern).collect();
        let effort = patterns.iter().map(|pattern| if pattern.has_wildcard() { WILDCARD } else { 1 }).sum();
        Self { patterns, effort }
    }

    /// Whether the list leaves a path out, which is relative to the folder that the list lies in; none where it has no word
    /// on it.
    pub(super) fn says(&self, path: &str, is_folder: bool) -> Option<bool> {
        let name = path.rfind('/').map(|slash| slash + 1);
        let means = |pattern: &&Pattern| {
            let is_folder = Some(is_folder);
            pattern.matches_repo_relative_path(
                path.into(),
                name,
                is_folder,
                Case::Sensitive,
                Mode::NO_MATCH_SLASH_LITERAL,
            )
        };
        self.patterns.iter().rev().find(means).map(|pattern| !pattern.is_negative())
    }

    /// The same where one of the folders that it lies in may be meant.
    pub(super) fn says_of_any_parent(&self, path: &str) -> Option<bool> {
        let above = path.rmatch_indices('/').map(|(slash, _)| &path[..slash]);
        self.says(path, false).or_else(|| above.into_iter().find_map(|folder| self.says(folder, true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves_out(pattern: &str, path: &str) -> bool {
        IgnoreList::read(pattern.as_bytes()).says(path, false) == Some(true)
    }

    /// Each pair as `git check-ignore --no-index` has it.
    #[test]
    fn patterns_mean_what_they_mean_to_git() {
        let hidden = [
            ("{a,b}", "{a,b}"),
            ("*.{x,y}", "z.{x,y}"),
            ("[[:alpha:]]1", "q1"),
            ("x[[:digit:]]", "x7"),
            ("x[![:digit:]]", "xa"),
            ("a***", "ab"),
            ("***", "a"),
            ("tr\t", "tr\t"),
            ("a\\{b", "a{b"),
            ("trailing   ", "trailing"),
            ("*.log\r\n", "a.log"),
            ("[]a]", "]"),
            ("[Dd]ebug", "x/Debug"),
            ("/a", "a"),
            ("b/*.c", "b/x.c"),
            ("**/d/e", "x/y/d/e"),
        ];
        for (pattern, path) in hidden {
            assert!(leaves_out(pattern, path), "{pattern:?} hides {path:?}");
        }
        let seen = [
            ("{a,b}", "a"),
            ("*.{x,y}", "z.x"),
            ("{**}", "a"),
            ("tr\t", "tr"),
            ("[[:digit:]]", "a"),
            ("# {", "# {"),
            ("/a", "b/a"),
            ("b/*.c", "b/d/x.c"),
            ("d/", "d"),
            ("*.log\n!a.log", "a.log"),
        ];
        for (pattern, path) in seen {
            assert!(!leaves_out(pattern, path), "{pattern:?} leaves {path:?}");
        }
    }

    #[test]
    fn what_lies_in_a_folder_that_is_left_out_is_too() {
        let list = IgnoreList::read(b"build/\n!build/keep\n");
        assert_eq!(list.says_of_any_parent("x/build/y/z"), Some(true));
        assert_eq!(list.says_of_any_parent("build"), None);
        assert_eq!(list.says_of_any_parent("build/keep"), Some(false));
    }
}
