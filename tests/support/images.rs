//! Which images a project is built and run on.

use std::collections::BTreeSet;
use std::path::Path;

use super::wharf::{ROOT, Wharf};

/// Those of a project's base images that the checks do not prepare.
pub(crate) fn unlisted(wharf: &Wharf, project: &Path) -> Vec<String> {
    let listed = std::fs::read_to_string(format!("{ROOT}/.ci/images")).unwrap();
    let is_listed = |image: &String| listed.lines().any(|line| line == image);
    base_images(wharf, project).into_iter().filter(|image| !is_listed(image)).collect()
}

/// The base images that the generated files of a project name, but for the Dockerfile's own stages.
pub(crate) fn base_images(wharf: &Wharf, project: &Path) -> BTreeSet<String> {
    let generated = wharf.run(&["generate", project.to_str().unwrap(), "--stdout"]).exits(0).stdout;
    let mut stages = BTreeSet::new();
    let mut images = BTreeSet::new();
    for line in generated.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["FROM", image, rest @ ..] => {
                if !stages.contains(*image) {
                    images.insert((*image).to_owned());
                }
                stages.extend(rest.get(1).map(|stage| (*stage).to_owned()));
            }
            ["image:", image] => drop(images.insert(image.trim_matches('"').to_owned())),
            _ => images.extend(words.iter().filter_map(|word| copied_from(word)).map(str::to_owned)),
        }
    }
    images.into_iter().filter(|image| image != "scratch" && !stages.contains(image)).collect()
}

/// The image of `COPY --from=image:tag`.
fn copied_from(word: &str) -> Option<&str> {
    word.strip_prefix("--from=").filter(|image| image.contains(':'))
}
