//! `wharf detect`: what a folder of code is. Looked at right here, without an engine; a git repository in a clone that
//! is gone afterwards.

use std::fmt::Write;
use std::mem::ManuallyDrop;
use std::path::Path;

use clap::Args;

use super::output::{self, Style};
use super::{Context, Outcome, place};
use crate::detect;
use crate::model::{AppProfile, Bearing, Detection, Environment, FileTree, Problem, ProblemCode, Process, Serving};
use crate::os::archive::{ArchiveBounds, ArchiveTree};
use crate::os::git;
use crate::os::tree::DiskTree;

/// Columns beside the tree and the labels, on a terminal of 80.
const ROOM: usize = 64;

/// What to look at.
#[derive(Debug, Args)]
pub struct DetectArgs {
    /// A folder, an archive (.tar.gz, .tgz, .tar, .tar.zst, .zip), or a git address (`URL#ref`)
    #[arg(value_name = "PATH", default_value = ".")]
    path: String,
}

impl DetectArgs {
    /// A repository has to be fetched first.
    pub(super) fn is_elsewhere(&self) -> bool {
        place::git(&self.path).is_some()
    }
}

/// What lies on this machine.
pub(super) fn here(args: &DetectArgs, json: bool) -> Result<Outcome, Problem> {
    if is_archive(Path::new(&args.path)) {
        let tree = ArchiveTree::open(Path::new(&args.path), ArchiveBounds::default())?;
        return Ok(told(&args.path, &settled(&tree)?, json));
    }
    // The process is about to end: the system takes the memory of all paths back at once, quicker than one by one.
    let tree = ManuallyDrop::new(DiskTree::open(Path::new(&args.path))?.named_after_folder());
    Ok(told(&tree.root().display().to_string(), &settled(&*tree)?, json))
}

/// What lies in a repository, or on this machine.
pub(super) async fn run(args: DetectArgs, context: &Context) -> Result<Outcome, Problem> {
    let Some((url, reference)) = place::git(&args.path) else { return here(&args, context.json) };
    Ok(told(&args.path, &cloned(&url, reference.as_deref()).await?, context.json))
}

fn told(root: &str, detection: &Detection, json: bool) -> Outcome {
    if json {
        output::json(detection);
    } else {
        output::print(&text(root, detection));
    }
    Outcome::Done
}

fn is_archive(path: &Path) -> bool {
    ArchiveTree::is_archive(path) && !path.is_dir()
}

/// What lies in a repository. The clone is removed, also where the person does not wait for it.
async fn cloned(url: &str, reference: Option<&str>) -> Result<Detection, Problem> {
    let no_folder = |error| {
        Problem::new(ProblemCode::Failed, "git-folder", "no folder can be made for the clone")
            .why(error)
            .fix("give TMPDIR a folder with room")
    };
    let folder = tempfile::Builder::new().prefix("wharf-detect-").tempdir().map_err(no_folder)?;
    let name = git::name_of(url).unwrap_or_else(|| "repository".to_owned());
    let clone = folder.path().join(&name);
    tokio::select! {
        checkout = git::checkout(url, reference, &clone, git::FETCH_TIMEOUT) => checkout.map(drop)?,
        _ = tokio::signal::ctrl_c() => return Err(Problem::new(ProblemCode::Failed, "cancelled", "nothing was looked at")),
    }
    settled(&DiskTree::open(&clone)?.named(&name))
}

/// What lies there, with what `wharf.toml` says instead. Settings that cannot be read are told now, not when it is
/// deployed.
fn settled(tree: &dyn FileTree) -> Result<Detection, Problem> {
    let settings = detect::settings(tree)?;
    Ok(settings.applied(&detect::detect(tree), Environment::default()))
}

fn text(root: &str, detection: &Detection) -> String {
    let mut out = format!("{}\n", output::styled(root, Style::Strong));
    if let Some(monorepo) = &detection.monorepo {
        let packages = output::counted(monorepo.packages.len(), "package");
        let _ = writeln!(out, "  {packages}, tied together by {}", monorepo.tool);
    }
    if detection.apps.is_empty() {
        out.push_str("  nothing to deploy: no manifest of a known stack, no Dockerfile and no index.html\n");
    }
    for (at, app) in detection.apps.iter().enumerate() {
        let primary = detection.apps.len() > 1 && detection.primary.as_ref() == Some(&app.path);
        branch(&mut out, app, primary, at + 1 == detection.apps.len());
    }
    for warning in &detection.warnings {
        let says = format!("{}: {}", warning.file, warning.says);
        let _ = writeln!(out, "{} {}", output::styled("warning:", Style::Attention), output::one_line(&says));
    }
    out
}

/// One app as a branch of the tree.
fn branch(out: &mut String, app: &AppProfile, primary: bool, last: bool) {
    let (fork, rail) = if last { ("└─", "  ") } else { ("├─", "│ ") };
    let place = if app.path == "." { String::new() } else { output::one_line(&format!(" in {}", app.path)) };
    let mark = if primary { ", the one meant where none is named" } else { "" };
    let confidence = format!("{:.0}% sure{mark}", app.confidence * 100.0);
    let _ = writeln!(
        out,
        "{fork} {}{place}  {}",
        output::styled(&output::one_line(&app.name), Style::Strong),
        output::styled(&confidence, Style::Faint)
    );
    for (label, value) in facts(app) {
        row(out, rail, label, Style::Faint, output::folded(&output::one_line(&value), ROOM));
    }
    for evidence in &app.evidence {
        let (label, style) = match evidence.bearing {
            Bearing::Supports => ("because", Style::Faint),
            Bearing::Disagrees => ("disagrees", Style::Attention),
            Bearing::Outdated => ("outdated", Style::Attention),
        };
        let says = output::one_line(&format!("{}: {}", evidence.file, evidence.says));
        let mut lines = output::folded(&says, ROOM);
        if let Some(last) = lines.last_mut() {
            let weight = evidence.weight.map(|weight| format!(" ({:.0}%)", weight * 100.0)).unwrap_or_default();
            last.push_str(&output::styled(&weight, Style::Faint));
        }
        row(out, rail, label, style, lines);
    }
}

/// Lines with a label before the first of them.
fn row(out: &mut String, rail: &str, label: &str, style: Style, lines: Vec<String>) {
    for (number, line) in lines.into_iter().enumerate() {
        let label = output::styled(&format!("{:10}", if number == 0 { label } else { "" }), style);
        let _ = writeln!(out, "{rail}   {label} {line}");
    }
}

fn facts(app: &AppProfile) -> Vec<(&'static str, String)> {
    let versioned = |name: &str, version: Option<&String>| match version {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    };
    let framework = app.framework.as_ref().map(|it| versioned(&it.name, it.version.as_ref()));
    // The version of a language that is its runtime is told once.
    let own = app.language.version.as_ref();
    let language = versioned(&app.language.name, own);
    let runtime = app.runtime_version.as_ref().filter(|version| own != Some(*version));
    let runtime = runtime.map(|version| format!(", runtime {version}")).unwrap_or_default();
    let package_manager =
        app.package_manager.as_ref().map(|name| versioned(name, app.package_manager_version.as_ref()));
    let port = match app.serving {
        Serving::Server => app.port.map(|port| port.to_string()),
        Serving::Static => None,
        Serving::None => Some("none: nothing listens".to_owned()),
    };
    let files =
        (app.serving == Serving::Static).then(|| format!("files from {}", app.output_dir.as_deref().unwrap_or(".")));
    let start = match &app.start_command {
        Some(start) => Some(start.clone()).filter(|_| files.is_none()),
        None if files.is_some() || app.dockerfile.is_some() => None,
        None => Some("none was found: say `start` in wharf.toml".to_owned()),
    };
    let list = |names: &[String]| (!names.is_empty()).then(|| names.join(", "));
    let rows = [
        ("stack", Some(format!("{} ({language}{runtime})", app.stack))),
        ("framework", framework),
        ("packages", package_manager),
        ("built with", app.build_tool.clone()),
        ("install", app.install_command.clone()),
        ("build", app.build_command.clone()),
        ("start", start),
        ("serves", files),
        ("test", app.test_command.clone()),
        ("lint", app.lint_command.clone()),
        ("develop", app.develop_command.clone()),
        ("release", app.release_command.clone()),
        ("port", port),
        ("health", app.health_path.clone()),
        ("services", list(&app.services)),
        ("system", list(&app.system_packages)),
        ("env", list(&marked_env(app))),
        (
            "Dockerfile",
            app.dockerfile.as_ref().map(|path| format!("{path}, which an image follows instead of the above")),
        ),
        ("compose", app.compose_file.clone()),
    ];
    let mut told: Vec<_> = rows.into_iter().filter_map(|(label, value)| value.map(|value| (label, value))).collect();
    let at = told.iter().position(|(label, _)| BEHIND_PROCESSES.contains(label)).unwrap_or(told.len());
    told.splice(at..at, app.processes.iter().map(|process| ("beside", beside(process))));
    told
}

/// What stands below the processes.
const BEHIND_PROCESSES: [&str; 7] = ["port", "health", "services", "system", "env", "Dockerfile", "compose"];

/// A process that runs beside the app.
fn beside(process: &Process) -> String {
    let single = if process.single { " (never twice at once)" } else { "" };
    format!("{}: {}{single}", process.name, process.command)
}

/// So many names of variables are told beside the required ones; `--json` has them all.
const NAMES: usize = 20;

/// The names of the variables, those without which the app does not start first, and marked.
fn marked_env(app: &AppProfile) -> Vec<String> {
    let (required, others): (Vec<&String>, Vec<&String>) =
        app.env.iter().partition(|name| app.required_env.contains(name));
    let more = others.len().saturating_sub(NAMES);
    let more = if more == 1 { 0 } else { more };
    let told = others.len() - more;
    let mut names: Vec<String> = required.into_iter().map(|name| format!("{name} (required)")).collect();
    names.extend(others.into_iter().take(told).cloned());
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names
}
