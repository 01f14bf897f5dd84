//! `wharf generate --pin`: what the tags of base images mean now.

use std::env;
use std::path::Path;

use futures_util::{StreamExt as _, stream};

use super::output::{self, harmless};
use crate::generate::{self, DIGESTS, Digests};
use crate::model::{ArtifactView, Found, Problem};
use crate::os::project_files;
use crate::registry::Registries;

/// What is asked in the place of Docker Hub.
const MIRROR: &str = "WHARF_REGISTRY_MIRROR";

/// So many questions are asked at once.
const AT_ONCE: usize = 4;

/// Asks for the digests of all images that the files begin with, and keeps them in the project; those that nothing
/// begins with any more go, where the files are all of the project's. Whether a registry did not answer as it should:
/// that is told, and what was known of its images stays.
pub(super) async fn pin(root: &Path, views: &[ArtifactView], is_whole: bool) -> Result<bool, Problem> {
    let images = generate::base_images(views.iter().map(|view| &view.artifact));
    let known = match project_files::look(root, DIGESTS) {
        Found::Text(text) => Digests::parse(&text),
        _ => Digests::default(),
    };
    let registries = &Registries::new(env::var(MIRROR).ok().as_deref())?;
    let answers = stream::iter(&images).map(|image| async move { (image, registries.digest(image).await) });
    let answers: Vec<_> = answers.buffered(AT_ONCE).collect().await;
    let mut digests = known.clone();
    let mut unanswered = false;
    for (image, answer) in answers {
        match answer {
            Ok(digest) => {
                let state = match known.get(image) {
                    None => "pinned",
                    Some(before) if before == digest => "as before",
                    Some(_) => "renewed",
                };
                output::note(format!("{image}: {state}, {}", harmless(&digest)));
                digests.set(image, &digest);
            }
            Err(problem) => {
                unanswered = true;
                output::warning(&problem);
            }
        }
    }
    if is_whole {
        digests.retain(&images);
    }
    if digests != known {
        project_files::write(root, DIGESTS, &digests.text())?;
    }
    Ok(unanswered)
}
