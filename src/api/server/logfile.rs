//! The engine's own log: a file a day, the last fourteen kept.

use std::io;
use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

use crate::api::rendezvous;
use crate::model::{Problem, ProblemCode};
use crate::os::paths;

/// How many days are kept.
const KEPT: usize = 14;
/// What is written where `WHARF_LOG` says nothing.
const USUAL: &str = "info";

/// Begins the log; in the foreground it goes to the terminal as well. Lines are written until the guard is dropped.
pub(super) fn begin(data_dir: &Path, foreground: bool) -> Result<WorkerGuard, Problem> {
    let folder = rendezvous::log_dir(data_dir);
    if let Some(above) = folder.parent() {
        paths::private_dir(above)?;
    }
    paths::private_dir(&folder)?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("engine")
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(&folder)
        .map_err(|error| {
            Problem::new(ProblemCode::Failed, "data-dir", format!("no log can be written in {}", folder.display()))
                .why(error)
                .fix("make room or give this account the right to write there, or choose another --data-dir")
        })?;
    let (file, guard) = tracing_appender::non_blocking(file);
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter()?).with_ansi(false);
    let begun = if foreground {
        tracing::subscriber::set_global_default(subscriber.with_writer(file.and(io::stderr)).finish())
    } else {
        tracing::subscriber::set_global_default(subscriber.with_writer(file).finish())
    };
    begun.map_err(|error| Problem::new(ProblemCode::Failed, "log", "the log could not be begun").why(error))?;
    log_panics();
    Ok(guard)
}

fn filter() -> Result<EnvFilter, Problem> {
    let Some(wanted) = std::env::var("WHARF_LOG").ok().filter(|wanted| !wanted.is_empty()) else {
        return Ok(EnvFilter::new(USUAL));
    };
    EnvFilter::try_new(&wanted).map_err(|error| {
        Problem::new(ProblemCode::Usage, "log-level", format!("WHARF_LOG says “{wanted}”, which is no log level"))
            .why(error)
            .fix("use error, warn, info, debug or trace, or `wharf::engine=debug` for a part")
    })
}

/// A panic in a task ends that task alone; its message must not be lost.
fn log_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        before(panic);
    }));
}
