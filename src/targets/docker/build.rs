//! Images are made by BuildKit, in the engine itself.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::BuildInfoAux;
use bollard::query_parameters::{BuildImageOptions, BuildImageOptionsBuilder, BuilderVersion};
use futures_util::{StreamExt, TryStreamExt};

use super::connect::{Engine, words};
use super::names::Names;
use super::progress::Progress;
use super::{BuildJob, Report, TargetError, session};
use crate::model::dockerignore::Ignore;
use crate::model::{BuildPlan, LogStream};
use crate::os::archive::{BuildContext, read_entry};

/// How long Docker may take until it begins to answer. The step's own time-out comes long before.
const DAY: Duration = Duration::from_hours(24);

/// The most that is read of a Dockerfile or an ignore list.
const MAX_TEXT: u64 = 1 << 20;

/// Where a Dockerfile goes that lies outside of the context.
const MOVED: &str = ".wharf.Dockerfile";

/// Builds the deployment's image and returns its name. Dropping it closes the connection, which ends the build.
pub(super) async fn build(
    engine: &Engine,
    names: &Names,
    job: &BuildJob<'_>,
    report: &dyn Report,
) -> Result<String, TargetError> {
    // Docker can break its answer off, as it does where the same build of a killed engine ends beside this one. What
    // was built is in its cache; where Docker is really gone, the first error says more than the second.
    match build_once(engine, names, job, report).await {
        Err(TargetError::Unreachable { target, detail }) => {
            report.line("", LogStream::Wharf, &format!("{detail}; asking once more"));
            match build_once(engine, names, job, report).await {
                Err(TargetError::Unreachable { .. }) => Err(TargetError::Unreachable { target, detail }),
                other => other,
            }
        }
        other => other,
    }
}

async fn build_once(
    engine: &Engine,
    names: &Names,
    job: &BuildJob<'_>,
    report: &dyn Report,
) -> Result<String, TargetError> {
    let (context, dockerfile) = context(job).await?;
    let image = Names::image(job.plan, job.deployment);
    let options = options(names, job, &image, &dockerfile)?;
    let broken = Arc::new(Mutex::new(None));
    let body = context.stream().inspect_err({
        let broken = Arc::clone(&broken);
        move |error: &io::Error| *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string())
    });
    let mut answers = session::build(engine.patient(DAY), options, body);
    let mut progress = Progress::new(report);
    while let Some(answer) = answers.next().await {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let broken = broken.lock().unwrap_or_else(PoisonError::into_inner).take();
                return Err(match broken {
                    Some(detail) => TargetError::Other { action: "read the source snapshot".to_owned(), detail },
                    None => failure(engine, &progress, report, error),
                });
            }
        };
        if let Some(BuildInfoAux::BuildKit(status)) = answer.aux {
            progress.update(status);
        }
    }
    report.detail(&progress.summary());
    Ok(image)
}

fn options(names: &Names, job: &BuildJob<'_>, image: &str, dockerfile: &str) -> Result<BuildImageOptions, TargetError> {
    let labels = names.deployment_labels(&job.plan.key, job.deployment);
    let arguments: HashMap<&str, &str> = job.plan.build_arguments().collect();
    Ok(BuildImageOptionsBuilder::default()
        .dockerfile(dockerfile)
        .t(image)
        .labels(&labels)
        .buildargs(&arguments)
        .rm(true)
        .version(BuilderVersion::BuilderBuildKit)
        .session(&session()?)
        .build())
}

/// A name for BuildKit's session that no other build has.
fn session() -> Result<String, TargetError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| TargetError::Other { action: "name the build".to_owned(), detail: error.to_string() })?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

/// What the builder is to see, and where the Dockerfile is in it.
async fn context(job: &BuildJob<'_>) -> Result<(BuildContext, String), TargetError> {
    let plan = &job.plan.build;
    let folder = Path::new(&plan.context);
    let below = |path: &str| {
        let path = Path::new(path).strip_prefix(if plan.context == "." { Path::new("") } else { folder }).ok()?;
        Some(path.to_str()?.to_owned())
    };
    let artifacts = plan.artifacts.iter();
    let overlay =
        artifacts.filter_map(|artifact| Some((below(&artifact.path)?, artifact.content.clone().into_bytes())));
    let mut overlay: Vec<_> = overlay.collect();
    let dockerfile = if let Some(inside) = below(&plan.dockerfile) {
        inside
    } else {
        let missing = || TargetError::Build { detail: format!("there is no {} in the source", plan.dockerfile) };
        overlay.push((MOVED.to_owned(), text(job, &plan.dockerfile).await?.ok_or_else(missing)?));
        MOVED.to_owned()
    };
    let context = BuildContext {
        archive: job.source.to_owned(),
        folder: plan.context.clone(),
        overlay,
        ignore: ignore(job, plan).await?,
        keep: vec![dockerfile.clone()],
    };
    Ok((context, dockerfile))
}

/// What stays out of the context: the Dockerfile's own ignore list, else the context's. Where the context is the whole
/// snapshot, its list was followed when that was made.
async fn ignore(job: &BuildJob<'_>, plan: &BuildPlan) -> Result<Ignore, TargetError> {
    let own = format!("{}.dockerignore", plan.dockerfile);
    let mut found = text(job, &own).await?.map(|text| (own, text));
    if found.is_none() && plan.context != "." && !plan.context.is_empty() {
        let path = format!("{}/.dockerignore", plan.context);
        found = text(job, &path).await?.map(|text| (path, text));
    }
    let Some((path, text)) = found else { return Ok(Ignore::default()) };
    Ignore::parse(&String::from_utf8_lossy(&text))
        .map_err(|error| TargetError::Build { detail: format!("{path}: {error}") })
}

/// A file as the builder would see it: an artifact, else the snapshot's.
async fn text(job: &BuildJob<'_>, path: &str) -> Result<Option<Vec<u8>>, TargetError> {
    if let Some(artifact) = job.plan.build.artifacts.iter().find(|artifact| artifact.path == path) {
        return Ok(Some(artifact.content.clone().into_bytes()));
    }
    read_entry(job.source, path, MAX_TEXT).await.map_err(|error| TargetError::Other {
        action: "read the source snapshot".to_owned(),
        detail: error.to_string(),
    })
}

/// Why the build failed. Its last words are told as a line too, where no step said them.
fn failure(engine: &Engine, progress: &Progress<'_>, report: &dyn Report, error: Error) -> TargetError {
    if !matches!(error, Error::DockerStreamError { .. }) {
        return engine.failed("build the image", error);
    }
    let said = words(&error);
    if progress.failed().is_none_or(|(_, error)| !said.contains(error)) {
        report.line("", LogStream::Stderr, &said);
    }
    if said.contains("no space left on device") {
        return TargetError::DiskFull { detail: said };
    }
    if let Some((image, detail)) = progress.missing_image() {
        return TargetError::ImageMissing { image: image.to_owned(), detail: detail.to_owned() };
    }
    match progress.failed() {
        Some((step, _)) => TargetError::Build { detail: format!("{step}: {said}") },
        None => TargetError::Build { detail: said },
    }
}
