//! COBOL: programs with a usual name, in free or in fixed form.

use crate::detect::facts::{Facts, Role};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;

/// Endings of programs.
const ENDINGS: &[&str] = &["cbl", "cob", "CBL", "COB"];

/// Names of the program that is meant, where several lie there.
const NAMES: &[&str] = &["index", "main", "server", "app"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    if let Some(file) = program(folder) {
        let free = folder.project().source(&folder.at(&file)).is_some_and(|text| is_free(&text));
        facts.saw(folder, &file, format!("is a program in {} form", if free { "free" } else { "fixed" }));
        let name = file.rsplit('/').next().unwrap_or(&file);
        facts.word("name", name.split('.').next().unwrap_or(name));
        facts.phrase("form", if free { " -free" } else { "" }, []);
        facts.word("entry", file);
        facts.role = Role::App;
    }
    facts
}

fn program(folder: Folder<'_>) -> Option<String> {
    let inside = |below: &str| -> Vec<String> {
        let at = if below.is_empty() { Some(folder) } else { folder.folder(below) };
        let files = at.into_iter().flat_map(|at| at.files().iter());
        let programs = files.filter(|file| super::ends_in(file, ENDINGS));
        programs.map(|file| if below.is_empty() { (*file).to_owned() } else { format!("{below}/{file}") }).collect()
    };
    let found: Vec<String> = inside("").into_iter().chain(inside("src")).collect();
    let named = |name: &str| {
        let stem =
            |file: &String| file.rsplit('/').next().and_then(|file| file.split('.').next()).map(str::to_lowercase);
        found.iter().find(|file| stem(file).as_deref() == Some(name))
    };
    NAMES.iter().find_map(|name| named(name)).or_else(|| found.first()).cloned()
}

/// In fixed form the first six columns are for numbers, and words begin in the eighth at the soonest.
fn is_free(text: &str) -> bool {
    let upper = text.to_uppercase();
    if let Some((_, form)) = upper.split_once(">>SOURCE") {
        return form.lines().next().unwrap_or("").contains("FREE");
    }
    upper.lines().any(|line| line.starts_with("IDENTIFICATION") || line.starts_with("PROGRAM-ID"))
}
