//! Images that come from a registry.

use std::collections::HashMap;

use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;

use super::connect::{Engine, is_missing};
use super::{Report, TargetError};

/// Whether the image is on the engine.
pub(super) async fn has_image(engine: &Engine, image: &str) -> Result<bool, TargetError> {
    match engine.docker.inspect_image(image).await {
        Ok(_) => Ok(true),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(engine.failed("look for the image", error)),
    }
}

/// Pulls the image where it is not there, and tells how far it is.
pub(super) async fn ensure(engine: &Engine, image: &str, report: &dyn Report) -> Result<(), TargetError> {
    if has_image(engine, image).await? {
        return Ok(());
    }
    report.detail(&format!("pulling {image}"));
    // Without a tag Docker would pull all there are.
    let tagged = if has_tag(image) { image.to_owned() } else { format!("{image}:latest") };
    let options = CreateImageOptionsBuilder::default().from_image(&tagged).build();
    let mut stream = Box::pin(engine.docker.create_image(Some(options), None, None));
    let mut parts: HashMap<String, (u64, u64)> = HashMap::new();
    while let Some(info) = stream.next().await {
        let info = info.map_err(|error| match engine.failed("pull the image", error) {
            TargetError::Other { detail, .. } => TargetError::ImageMissing { image: image.to_owned(), detail },
            other => other,
        })?;
        let (Some(id), Some(progress)) = (info.id, info.progress_detail) else { continue };
        let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
        let (done, total) = (count(progress.current), count(progress.total));
        if total > 0 && info.status.as_deref() == Some("Downloading") {
            parts.insert(id, (done, total));
            let (done, total) = parts.values().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
            report.detail(&pulling(image, done, total));
        }
    }
    Ok(())
}

/// How far a pull is, for a person.
pub(super) fn pulling(image: &str, done: u64, total: u64) -> String {
    format!("pulling {image}: {} of {} MB", done / 1_000_000, total.div_ceil(1_000_000))
}

fn has_tag(image: &str) -> bool {
    image.contains('@') || image.rsplit('/').next().is_some_and(|name| name.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registrys_port_is_no_tag() {
        assert!(has_tag("redis:7") && has_tag("localhost:5000/redis:7") && has_tag("redis@sha256:00"));
        assert!(!has_tag("redis") && !has_tag("localhost:5000/redis"));
    }
}
