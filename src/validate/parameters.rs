//! What templates take and what files give them, whatever they are written in: what is given is taken, and what is required
//! is given.

use super::tree::Node;
use super::{Fault, Faults, folder};

/// A template, with what it takes.
pub(super) struct Template<'p> {
    pub(super) path: &'p str,
    pub(super) parameters: Vec<Parameter>,
}

pub(super) struct Parameter {
    pub(super) name: String,
    /// Whether nothing stands in its place where nobody gives it.
    pub(super) is_required: bool,
}

/// A file of values.
pub(super) struct Values<'p> {
    pub(super) path: &'p str,
    /// Names with their lines.
    pub(super) given: Vec<(String, usize)>,
}

/// How the names of a kind of template are told from each other, and what stands for them elsewhere.
pub(super) struct Way<'w> {
    /// What one of them is called.
    pub(super) word: &'static str,
    pub(super) has_small_and_capital: bool,
    /// Whether scripts and pipelines give a name another way.
    pub(super) is_told: &'w dyn Fn(&str) -> bool,
}

/// Holds files of values to the templates of their folder, or of the next one above that has some.
pub(super) fn check(templates: &[Template<'_>], values: &[Values<'_>], way: &Way<'_>, found: &mut Vec<Fault>) {
    let is_same = |one: &str, other: &str| {
        if way.has_small_and_capital { one == other } else { one.eq_ignore_ascii_case(other) }
    };
    let takes = |template: &Template<'_>, name: &str| template.parameters.iter().any(|one| is_same(&one.name, name));
    for file in values {
        let mut faults = Faults { path: file.path, found: Vec::new() };
        let of = |folder: &str| templates.iter().filter(|one| super::folder(one.path) == folder).collect::<Vec<_>>();
        let Some(beside) = above(file.path).map(of).find(|templates| !templates.is_empty()) else { continue };
        for (name, line) in &file.given {
            if !beside.iter().any(|template| takes(template, name)) {
                faults.add("unknown-reference", *line, format!("there is no {} {name}", way.word));
            }
        }
        // It is for the template that it gives most to.
        let fits = |template: &&&Template<'_>| file.given.iter().filter(|(name, _)| takes(template, name)).count();
        let required = beside.iter().max_by_key(fits).map(|one| one.parameters.iter().filter(|one| one.is_required));
        let required: Vec<&str> = required.into_iter().flatten().map(|one| one.name.as_str()).collect();
        // What others of the folder give to all is not given again.
        let shared: Vec<&str> = values
            .iter()
            .filter(|other| is_shared(other.path) && folder(file.path).starts_with(folder(other.path)))
            .flat_map(|other| &other.given)
            .map(|(name, _)| name.as_str())
            .collect();
        let is_given = |name: &str| {
            file.given.iter().map(|(own, _)| own.as_str()).chain(shared.iter().copied()).any(|own| is_same(own, name))
        };
        let lacks: Vec<&str> =
            required.iter().copied().filter(|name| !is_given(name) && !(way.is_told)(name)).collect();
        // A file with a few of them goes together with another.
        if !is_shared(file.path) && lacks.len() * 2 <= required.len().max(2) {
            for name in lacks {
                faults.add("missing-value", 1, format!("nothing gives the {} {name}", way.word));
            }
        }
        found.extend(faults.found);
    }
}

/// Whether a file holds values for whatever else is given.
fn is_shared(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "terraform.tfvars"
        || name.contains(".auto.")
        || ["common", "shared", "global", "base", "default"].iter().any(|word| name.contains(word))
}

/// The folder of a path, and those above it.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    let mut next = Some(folder(path));
    std::iter::from_fn(move || {
        let now = next?;
        next = (!now.is_empty()).then(|| folder(now));
        Some(now)
    })
}

/// Whether one of these texts gives a value by that name: as a variable that Terraform reads, as an argument, or as the
/// first word behind a command.
pub(super) fn is_told(texts: &[&str], name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // What a variable of that name says may be given to another.
    let has_word = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| {
            let (before, behind) = (&line[..at], &line[at + word.len()..]);
            !before.ends_with(is_letter) && !before.ends_with(['$', '{']) && !behind.starts_with(is_letter)
        })
    };
    let variable = format!("TF_VAR_{name}");
    texts.iter().any(|text| {
        let mut goes_on = false;
        text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '/'])).any(|line| {
            // Another flag begins what is no value any more.
            let is_argument = goes_on && !line.starts_with('-') || line.contains("param") || line.contains("-var");
            goes_on = is_argument && line.ends_with('\\');
            has_word(line, &variable)
                || is_argument && has_word(line, name)
                || line.split_whitespace().nth(1).is_some_and(|word| word.trim_matches(['"', '\'']) == name)
        })
    })
}

/// The keys of a map as names that are given.
pub(super) fn keys(node: Option<&Node>) -> Vec<(String, usize)> {
    node.map(Node::entries).unwrap_or_default().iter().map(|entry| (entry.key.clone(), entry.line)).collect()
}

#[cfg(test)]
mod tests {
    use super::is_told;

    #[test]
    fn what_deploys_tells_of_values() {
        for told in [
            "export TF_VAR_tag=$1",
            "terraform plan -var \"tag=$1\"",
            "az x --parameters \\\n  a=b \\\n  tag=$1",
            "  secret tag \"$1\"",
        ] {
            assert!(is_told(&[told], "tag"), "{told}");
        }
        for other in [
            "tag=$1",
            "# --parameters tag=1",
            "az --parameters \"$tag.json\"",
            "TF_VAR_tags=1",
            "az --parameters a=b \\\n  --tags tag=$1",
            "az --tags tag=$1",
        ] {
            assert!(!is_told(&[other], "tag"), "{other}");
        }
    }
}
