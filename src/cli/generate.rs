//! `wharf generate`: the files that a project lacks. Done right here, without an engine.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::output::{self, Style};
use super::{Context, Outcome, place, request};
use crate::detect;
use crate::generate;
use crate::model::{AppProfile, ArtifactState, ArtifactView, Detection, Environment, Problem, ProblemCode, Settings};
use crate::os::project_files;
use crate::os::tree::DiskTree;

/// What to generate, and where to.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// A folder, or with --stdout a git address (`URL#ref`)
    #[arg(value_name = "PATH", default_value = ".")]
    path: String,
    /// Only for this app of the project
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// For this environment: development, staging, production
    #[arg(long, value_name = "ENVIRONMENT", default_value_t)]
    env: Environment,
    /// Print the files and write nothing
    #[arg(long)]
    stdout: bool,
    /// Write over files that a person wrote or changed, too
    #[arg(long, conflicts_with = "stdout")]
    force: bool,
}

/// What became of a file.
#[derive(Debug, Serialize)]
struct Report<'a> {
    path: &'a str,
    state: ArtifactState,
    written: bool,
    reason: &'a str,
    content: &'a str,
}

pub(super) async fn run(args: GenerateArgs, context: &Context) -> Result<Outcome, Problem> {
    let (root, views) = look(&args, context).await?;
    if args.stdout {
        show(&views, context);
        return Ok(Outcome::Done);
    }
    let files = match generate::writes(&views, args.force) {
        Ok(files) => files,
        Err(conflicts) => {
            if !context.json {
                let differing = views.iter().filter(|view| differs(view, false));
                differing.for_each(|view| output::print(&diff(view, false)));
            }
            return Err(conflict(&conflicts));
        }
    };
    let root = root.ok_or_else(|| {
        Problem::new(ProblemCode::Usage, "not-a-folder", "a git repository's clone is not written to")
            .why("it belongs to the engine, and is made anew for each deployment")
            .fix("look at the files with `--stdout`, or clone it yourself and generate there")
    })?;
    for file in &files {
        project_files::write(&root, &file.path, &file.content)?;
    }
    let force = args.force;
    let written = |path: &str| files.iter().any(|file| file.path == path);
    if context.json {
        report(&views, written);
        return Ok(Outcome::Done);
    }
    for view in &views {
        let path = &view.artifact.path;
        if differs(view, force) && view.state != ArtifactState::Outdated {
            output::print(&diff(view, force));
        }
        let (mark, word, style) = match (view.state, written(path)) {
            (ArtifactState::New, _) => ("+", "written", Style::Good),
            (ArtifactState::Merged, true) if !force => ("~", "written anew, with your changes", Style::Good),
            (_, true) => ("~", "written anew", Style::Good),
            (ArtifactState::Edited, false) => ("=", "left as it was edited; --force writes it anew", Style::Attention),
            (_, false) => ("=", "as it should be", Style::Faint),
        };
        output::line(format!("{} {path}: {word}", output::styled(mark, style)));
    }
    Ok(Outcome::Done)
}

/// The files, and the folder where one can be written to.
async fn look(args: &GenerateArgs, context: &Context) -> Result<(Option<PathBuf>, Vec<ArtifactView>), Problem> {
    if place::git(&args.path).is_some() {
        let client = context.client().await?;
        let project = request::add(&client, place::location(&args.path)?).await?;
        return Ok((None, client.artifacts(&project.id, args.app.as_deref(), args.env).await?));
    }
    let tree = DiskTree::open(Path::new(&args.path))?.named_after_folder();
    let settings = detect::settings(&tree)?;
    let views = views(tree.root(), &detect::detect(&tree), &settings, args)?;
    Ok((Some(tree.root().to_owned()), views))
}

fn views(
    root: &Path,
    detection: &Detection,
    settings: &Settings,
    args: &GenerateArgs,
) -> Result<Vec<ArtifactView>, Problem> {
    let folder = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = Some(detect::label(&folder)).filter(|name| !name.is_empty()).unwrap_or_else(|| "app".to_owned());
    let read = |path: &str| project_files::read(root, path);
    let context = generate::Context::new(&name);
    let mut views = Vec::new();
    let (apps, left_out) = generate::startable(chosen(root, detection, args.app.as_deref())?, settings, args.env);
    for warning in left_out {
        output::note(format!("warning: {}: {}", warning.file, warning.says));
    }
    for app in apps {
        let profile = generate::disowned(&settings.applied_to(app, args.env), &read);
        views.extend(generate::beside(generate::artifacts(&profile, &context)?, &read)?);
    }
    Ok(views)
}

fn chosen<'a>(root: &Path, detection: &'a Detection, app: Option<&str>) -> Result<Vec<&'a AppProfile>, Problem> {
    if detection.apps.is_empty() {
        let message = format!("there is nothing to deploy in {}", root.display());
        return Err(Problem::new(ProblemCode::NotFound, "framework-not-detected", message)
            .why("no manifest of a known stack, no Dockerfile and no index.html was found")
            .fix("check that this is the app's folder; `wharf detect` shows what was looked at"));
    }
    let Some(wanted) = app else { return Ok(detection.apps.iter().collect()) };
    let found: Vec<_> = detection.apps.iter().filter(|one| one.name == wanted || one.path == wanted).collect();
    if found.is_empty() {
        let names: Vec<&str> = detection.apps.iter().map(|app| app.name.as_str()).collect();
        let message = format!("{} has no app “{wanted}”", root.display());
        return Err(Problem::new(ProblemCode::NotFound, "app-not-found", message)
            .why(format!("its apps are: {}", names.join(", ")))
            .fix("name one of them with `--app`"));
    }
    Ok(found)
}

/// What is generated, with a person's changes where they can be joined and are not to be written over.
fn planned(view: &ArtifactView, force: bool) -> &str {
    view.merged.as_deref().filter(|_| !force).unwrap_or(&view.artifact.content)
}

/// Whether what lies there is another text.
fn differs(view: &ArtifactView, force: bool) -> bool {
    view.current.as_ref().is_some_and(|current| current != planned(view, force))
}

fn show(views: &[ArtifactView], context: &Context) {
    if context.json {
        return report(views, |_| false);
    }
    for view in views {
        output::line(output::styled(&format!("# ---- {}: {}", view.artifact.path, view.artifact.reason), Style::Faint));
        output::print(&view.artifact.content);
    }
}

fn report(views: &[ArtifactView], written: impl Fn(&str) -> bool) {
    let files: Vec<Report<'_>> = views
        .iter()
        .map(|view| Report {
            path: &view.artifact.path,
            state: view.state,
            written: written(&view.artifact.path),
            reason: &view.artifact.reason,
            content: &view.artifact.content,
        })
        .collect();
    output::json(&serde_json::json!({ "files": files }));
}

/// From what lies there to what would be written.
fn diff(view: &ArtifactView, force: bool) -> String {
    let current = view.current.as_deref().unwrap_or_default();
    let path = &view.artifact.path;
    let diff = TextDiff::from_lines(current, planned(view, force));
    let mut out =
        format!("{}\n", output::styled(&format!("--- {path} (yours)\n+++ {path} (generated)"), Style::Strong));
    for group in diff.grouped_ops(3) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ("-", Style::Bad),
                ChangeTag::Insert => ("+", Style::Good),
                ChangeTag::Equal => (" ", Style::Plain),
            };
            let line = output::harmless(change.value().trim_end_matches('\n'));
            out.push_str(&output::styled(&format!("{sign}{line}"), style));
            out.push('\n');
        }
    }
    out
}

fn conflict(paths: &[String]) -> Problem {
    let message = format!("nothing was written: {} would be overwritten", paths.join(", "));
    Problem::new(ProblemCode::Refused, "artifact-conflict", message)
        .why("Wharf did not write what is there, or both sides changed it")
        .fix("look at the differences, then write with `wharf generate --force`, or move your file away")
}
