//! `wharf generate`: the files that a project lacks. Done right here, without an engine.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;

use super::artifacts::{self, Report};
use super::looked::{Looked, in_folder, look};
use super::output;
use super::review::Review;
use super::{Context, Outcome, confirm, pin};
use crate::generate::{self, Draft, Templates, Wishes};
use crate::model::{ArtifactState, ArtifactView, Environment, Problem, ProblemCode, Take};
use crate::os::project_files;
use crate::validate;

/// What to generate, and where to.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// A folder, or with --stdout a git address (`URL#ref`)
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) path: String,
    /// Only these kinds, with commas between; without it those of wharf.toml, those that were generated before, or
    /// docker,compose
    #[arg(long, value_name = "KINDS", long_help = kinds())]
    pub(super) only: Option<String>,
    /// Only the files of this app and those that all share
    #[arg(long, value_name = "NAME")]
    pub(super) app: Option<String>,
    /// Of the files for one environment only those for development, staging or production
    #[arg(long, value_name = "ENVIRONMENT")]
    pub(super) env: Option<Environment>,
    /// Print the files and write nothing
    #[arg(long, group = "instead")]
    stdout: bool,
    /// Show what would be written, and why, and write nothing
    #[arg(long, short = 'n', group = "instead", visible_alias = "preview")]
    dry_run: bool,
    /// Show what would change line by line, and write nothing
    #[arg(long, group = "instead")]
    diff: bool,
    /// Write nothing, and fail where something would be written or a file breaks a rule
    #[arg(long, group = "instead")]
    check: bool,
    /// Show what could be better in your files and those generated (size of images, order of layers, costs), with the
    /// reason and the change, and write nothing
    #[arg(long, group = "instead")]
    review: bool,
    /// Write these of the changes that --review shows, by their numbers, with commas between
    #[arg(long, value_name = "N", value_delimiter = ',', requires = "review")]
    apply: Vec<usize>,
    /// Where you and Wharf changed the same place, keep what you wrote there
    #[arg(long, group = "side", conflicts_with_all = ["stdout", "check", "review"])]
    keep: bool,
    /// Where you and Wharf changed the same place, take what Wharf writes there; your other changes stay
    #[arg(long, group = "side", conflicts_with_all = ["stdout", "check", "review"])]
    take: bool,
    /// Write every file as it is generated: over your changes, and again where you removed it
    #[arg(long, group = "side", conflicts_with_all = ["stdout", "check", "review"])]
    force: bool,
    /// Take files of your own where generated ones go as files that Wharf wrote: where both differ, --keep, --take or
    /// --force says what is written. For when .wharf was lost
    #[arg(long, conflicts_with = "stdout")]
    pub(super) adopt: bool,
    /// Remove files that nothing asks for any more; those with your changes stay
    #[arg(long, conflicts_with_all = ["stdout", "check", "review", "app"])]
    prune: bool,
    /// Ask the registries for the digests of base images, keep them in .wharf/digests and write them into the files;
    /// again, to renew them
    #[arg(long, conflicts_with = "instead")]
    pin: bool,
    /// List the files too that are as they should be
    #[arg(long)]
    all: bool,
}

impl GenerateArgs {
    fn wishes(&self) -> Wishes {
        let sides = [(self.keep, Take::Yours), (self.take, Take::Wharfs), (self.force, Take::Whole)];
        Wishes { take: sides.into_iter().find_map(|(asked, take)| asked.then_some(take)), prune: self.prune }
    }

    /// Whether all files of the project are meant.
    fn is_whole(&self) -> bool {
        self.only.is_none() && self.app.is_none() && self.env.is_none()
    }
}

/// What there is to choose from.
fn kinds() -> String {
    let mut help =
        "Only these kinds, with commas between; without it those that `generate` in wharf.toml lists, those \
                    that were generated before, or docker,compose. There is:\n"
            .to_owned();
    for kind in generate::kinds(Templates::embedded()).unwrap_or_default() {
        let _ = write!(help, "\n  {:<17} {}: {}", kind.name, kind.label, kind.about);
    }
    help
}

/// Without it a clone knows nothing of what Wharf wrote.
const IGNORED: &str = "warning: .gitignore keeps .wharf out of the repository: commit it, so that your changes are told \
                       from Wharf's on other machines too";

pub(super) async fn run(args: GenerateArgs, context: &Context) -> Result<Outcome, Problem> {
    let mut looked = look(&args, context).await?;
    let mut unanswered = false;
    if args.pin {
        let root = looked.root.as_deref().ok_or_else(not_ours)?;
        unanswered = pin::pin(root, &looked.views, args.is_whole()).await?;
        looked = look(&args, context).await?;
    }
    let views = &looked.views;
    let wishes = args.wishes();
    if args.stdout {
        artifacts::print(&looked, context.json);
        return Ok(Outcome::Done);
    }
    if args.check {
        return Ok(check(&looked, context.json));
    }
    if args.review {
        return reviewed(&looked, &args.apply, context.json);
    }
    let mut report = Report::new(&looked, wishes);
    report.all = args.all;
    if args.dry_run || args.diff {
        report.show(context.json, args.diff);
        return Ok(Outcome::Done);
    }
    let root = looked.root.as_deref().ok_or_else(not_ours)?;
    if !context.json {
        report.wishes = asked(views, wishes);
    }
    let changes = in_folder(root, |folder| generate::writes(views, |path| report.wish(path), &looked.name, folder));
    let changes = changes.inspect_err(|_| {
        if !context.json && !output::is_interactive() {
            report.conflicts();
        }
    })?;
    project_files::clear(root, generate::places(views).iter().map(String::as_str));
    project_files::apply(root, &changes)?;
    if changes.iter().any(|change| change.path.starts_with(".wharf/") && project_files::is_ignored(root, &change.path))
    {
        output::note(IGNORED);
    }
    report.written = Some(changes.into_iter().map(|change| change.path).collect());
    report.show(context.json, false);
    Ok(if unanswered { Outcome::Failed } else { Outcome::Done })
}

/// What is wished for each file: where somebody can be asked, each conflict is shown and asked about.
fn asked(views: &[ArtifactView], wishes: Wishes) -> BTreeMap<String, Wishes> {
    let mut answers: BTreeMap<String, Wishes> = views.iter().map(|view| (view.artifact.path.clone(), wishes)).collect();
    if !output::is_interactive() {
        return answers;
    }
    let is_open = |view: &&ArtifactView| view.state == ArtifactState::Conflict && wishes.take.is_none();
    for view in views.iter().filter(is_open) {
        let Some(take) = decided(view) else { return answers };
        answers.insert(view.artifact.path.clone(), Wishes { take: Some(take), ..wishes });
    }
    if !wishes.prune && may_prune(views) {
        for wishes in answers.values_mut() {
            wishes.prune = true;
        }
    }
    answers
}

/// Shows a conflict and asks which side to take; none where nothing is to be written at all.
fn decided(view: &ArtifactView) -> Option<Take> {
    artifacts::conflict(view);
    let keep: &[(&str, Take)] = &[("leave it [k]", Take::Yours)];
    let sides: &[(&str, Take)] = &[
        ("keep yours there [k]", Take::Yours),
        ("take Wharf's there [t]", Take::Wharfs),
        ("write it as generated [w]", Take::Whole),
    ];
    let question = format!("{}: {}:", view.artifact.path, view.note.as_deref().unwrap_or("it differs"));
    confirm::choose(&question, if view.blocked { keep } else { sides }, "write nothing at all [N]")
}

/// Whether what nothing asks for any more is to go.
fn may_prune(views: &[ArtifactView]) -> bool {
    let paths = views.iter().filter(|view| artifacts::goes(view)).map(|view| view.artifact.path.as_str());
    let paths: Vec<&str> = paths.collect();
    !paths.is_empty() && confirm::agrees(&format!("Nothing asks for {} any more; remove?", paths.join(", ")))
}

/// Fails on what would be written, and on what is wrong with what is there.
fn check(looked: &Looked, json: bool) -> Outcome {
    let fits = |view: &&ArtifactView| {
        use ArtifactState as S;
        !matches!(view.state, S::Unchanged | S::Edited | S::Removed)
    };
    let drift: Vec<&ArtifactView> = looked.views.iter().filter(fits).collect();
    let mut texts = looked.texts();
    looked.add_named(&mut texts);
    let known = looked.own.iter().chain(looked.views.iter().map(|view| &view.artifact.path));
    let asked = validate::together(&texts, &known.cloned().collect());
    let faults = looked.faults(&texts);
    let faults: Vec<_> = faults.into_iter().filter(|fault| asked.contains(&fault.path)).collect();
    texts.retain(|path, _| asked.contains(path));
    artifacts::checked(&drift, &faults, texts.len(), json);
    if drift.is_empty() && faults.is_empty() { Outcome::Done } else { Outcome::Failed }
}

/// Shows what a reviewer proposes for the files as they would be once all is generated, and writes what was chosen.
fn reviewed(looked: &Looked, chosen: &[usize], json: bool) -> Result<Outcome, Problem> {
    let there = looked.texts();
    let mut draft = Draft { files: there.clone() };
    let outcome = |view: &ArtifactView| Some((view.artifact.path.clone(), view.outcome(None)?.to_owned()));
    draft.files.extend(looked.views.iter().filter_map(outcome));
    let review = Review::of(&generate::Rules, draft);
    if chosen.is_empty() {
        review.show(json);
        return Ok(Outcome::Done);
    }
    let root = looked.root.as_deref().ok_or_else(not_ours)?;
    let changes = review.changes(chosen, &there)?;
    project_files::apply(root, &changes)?;
    review.written(chosen, json);
    Ok(Outcome::Done)
}

fn not_ours() -> Problem {
    Problem::new(ProblemCode::Usage, "not-a-folder", "a git repository's clone is not written to")
        .why("it belongs to the engine, and is made anew for each deployment")
        .fix("look at the files with `--stdout`, or clone it yourself and generate there")
}
