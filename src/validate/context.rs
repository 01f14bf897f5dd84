//! What Dockerfiles copy lies where it is built from, and no ignore list keeps it out.

use std::collections::BTreeMap;

use super::parameters::above;
use super::project::Project;
use super::{Fault, Faults, compose, dockerfile, joined};
use crate::model::dockerignore::Ignore;

/// Tells of sources that are not there.
pub(super) fn check(
    dockerfiles: &[(&str, &str)],
    composes: &[(&str, &str)],
    project: &Project<'_>,
    found: &mut Vec<Fault>,
) {
    let mut contexts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (dockerfile, context) in composes.iter().flat_map(|(path, text)| compose::builds(path, text)) {
        contexts.entry(dockerfile).or_default().push(context);
    }
    for (path, text) in dockerfiles {
        let mut faults = Faults { path, found: Vec::new() };
        // Where no compose file says it, it is built from its folder or from one above.
        let from = contexts.remove(*path).unwrap_or_else(|| above(path).map(str::to_owned).collect());
        for (line, source) in dockerfile::copied(text) {
            let source = joined("", &source);
            let there: Vec<&String> = from.iter().filter(|context| !project.lacks(&joined(context, &source))).collect();
            let lists: Option<Vec<String>> = there.iter().map(|context| out(path, context, &source, project)).collect();
            match lists.as_deref() {
                Some([]) => faults.add("unknown-file", line, format!("there is no {source} to copy")),
                Some([list, ..]) => {
                    let message = format!("{list} keeps {source} out of what the image is built from");
                    faults.add("unknown-file", line, message);
                }
                None => {}
            }
        }
        found.extend(faults.found);
    }
}

/// So many files of a folder that is kept out are looked at.
const MOST: usize = 10_000;

/// The list that keeps a source out of a context.
fn out(dockerfile: &str, context: &str, source: &str, project: &Project<'_>) -> Option<String> {
    let lists = [format!("{dockerfile}.dockerignore"), joined(context, ".dockerignore")];
    let list = lists.into_iter().find(|list| project.files.contains_key(list))?;
    let ignore = Ignore::parse(&project.files[&list]).ok()?;
    if !ignore.is_ignored(source) {
        return None;
    }
    // Something in it may come in again.
    let below = joined(context, source);
    let mut known = project.at(&below).take(MOST).filter_map(|path| path.strip_prefix(context)).peekable();
    let comes_in = if known.peek().is_some() {
        known.any(|path| !ignore.is_ignored(path.trim_start_matches('/')))
    } else {
        ignore.may_keep_below(source)
    };
    (!comes_in).then_some(list)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::validate::project::paths;
    use crate::validate::{Surroundings, check_project};

    fn faults(dockerfile: &str, compose: Option<&str>) -> Vec<(&'static str, Option<usize>, String)> {
        let text = format!("FROM a:1 AS b\nUSER app\n{dockerfile}\n");
        let mut files: BTreeMap<String, String> = [
            ("web/Dockerfile", text.as_str()),
            (".dockerignore", ".git\n.env\nnotes\nlogs\n!logs/keep\n!**/x\n"),
            (".gitignore", "dist\n"),
        ]
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
        files.extend(compose.map(|text| ("compose.yaml".to_owned(), text.to_owned())));
        let paths = paths(&["web/src/a.js", "package.json", "notes/a", "logs/keep/b", "web/Dockerfile"]);
        let around = Surroundings { paths: &paths, may_be: &|_| false };
        check_project(&files, &around).into_iter().map(|fault| (fault.rule, fault.line, fault.message)).collect()
    }

    #[test]
    fn what_is_copied_is_there() {
        for sound in [
            "COPY . .",
            "COPY web/src package.json lock* /app/",
            "COPY src ./",
            "COPY --from=c:1 /x /y",
            "COPY dist ./",
            "ADD https://example.com/x /y",
            "COPY $NOBODY /x",
            "COPY <<EOF /x\na\nEOF",
            "COPY logs /x",
        ] {
            assert_eq!(faults(sound, None), [], "{sound}");
        }
        for (broken, why) in [
            ("COPY srv ./", "no srv"),
            ("COPY --chown=a package.json srv/ ./", "no srv"),
            ("COPY [\"srv\", \"/\"]", "no srv"),
            ("ARG F=srv\nCOPY $F/x /", "no srv/x"),
            ("COPY notes /x", ".dockerignore keeps notes"),
            ("COPY notes/a /x", ".dockerignore keeps notes/a"),
        ] {
            let found = faults(broken, None);
            assert!(
                matches!(found.as_slice(), [("unknown-file", Some(3 | 4), said)] if said.contains(why)),
                "{found:?}"
            );
        }
    }

    #[test]
    fn compose_says_where_an_image_is_built_from() {
        let from =
            |context: &str| format!("services:\n  web:\n    build: {{context: {context}, dockerfile: Dockerfile}}\n");
        assert_eq!(faults("COPY src ./", Some(&from("./web"))), []);
        assert_eq!(faults("COPY package.json ./", Some(&from("web")))[0].0, "unknown-file");
    }
}
