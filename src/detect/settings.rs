//! `wharf.toml`.

use super::text::{decode, line_and_column};
use crate::model::{FileTree, Problem, ProblemCode, ReadError, Settings};

/// The file that holds a project's settings.
pub const SETTINGS_FILE: &str = "wharf.toml";

/// The project's settings; the usual ones where it has no `wharf.toml`. A malformed file, or a key that is not known,
/// is a [`ProblemCode::Usage`] with line and column.
pub fn settings(tree: &dyn FileTree) -> Result<Settings, Problem> {
    let bytes = match tree.read(SETTINGS_FILE) {
        Ok(bytes) => bytes,
        Err(ReadError::Missing) => return Ok(Settings::default()),
        Err(error) => return Err(problem(None, &error.to_string())),
    };
    let text = decode(&bytes).ok_or_else(|| problem(None, "it is not text"))?;
    toml_edit::de::from_str(&text).map_err(|error| {
        let at = error.span().map(|span| line_and_column(&text, span.start));
        problem(at, error.message())
    })
}

fn problem(at: Option<(usize, usize)>, why: &str) -> Problem {
    let place = at.map(|(line, column)| format!(", line {line}, column {column}")).unwrap_or_default();
    Problem::new(ProblemCode::Usage, "malformed-settings", format!("{SETTINGS_FILE}{place} cannot be used"))
        .why(why.lines().collect::<Vec<_>>().join("; "))
        .fix(format!("mend that line of {SETTINGS_FILE}, or move the file away to go by what is detected"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tree::MemoryTree;
    use crate::model::Environment;

    #[test]
    fn what_is_written_is_read_and_nothing_is_the_default() {
        let tree = MemoryTree::new([(
            "wharf.toml",
            "[app]\nport = 4000\n[apps.api]\nservices = []\n[environments.production]\ncpus = 2.0\n",
        )]);
        let read = settings(&tree).unwrap();
        assert_eq!(read.app.port, Some(4000));
        assert_eq!(read.apps["api"].services.as_deref(), Some(&[][..]));
        assert_eq!(read.environments[&Environment::Production].cpus, Some(2.0));
        assert_eq!(settings(&MemoryTree::default()).unwrap(), Settings::default());
    }

    #[test]
    fn errors_name_line_and_column() {
        for (text, place) in [
            ("[app]\nport = \"x\"\n", "line 2, column 8"),
            ("[app]\nprot = 1\n", "line 2, column 1"),
            ("[app\n", "line 1"),
            ("[app]\nport = 70000\n", "line 2, column 8"),
        ] {
            let problem = settings(&MemoryTree::new([("wharf.toml", text)])).unwrap_err();
            assert!(problem.message.contains(place), "{text}: {problem}");
            assert_eq!(problem.code, ProblemCode::Usage);
        }
    }
}
