//! `wharf jobs`: what the engine works on.

use clap::Args;

use super::output::{self, Style, Table};
use super::{Context, Outcome};
use crate::model::{Job, JobKind, JobState, JobsView, Problem};

/// Which jobs to show.
#[derive(Debug, Args)]
pub struct JobsArgs {
    /// Those that are over, too
    #[arg(short, long)]
    all: bool,
}

pub(super) async fn run(args: JobsArgs, context: &Context) -> Result<Outcome, Problem> {
    let mut view = context.client().await?.jobs().await?;
    if !args.all {
        view.jobs.retain(|job| !job.state.is_over());
    }
    if context.json {
        output::json(&view);
    } else {
        show(&view);
    }
    Ok(Outcome::Done)
}

fn show(view: &JobsView) {
    let busy = view.jobs.iter().filter(|job| matches!(job.state, JobState::Running { .. })).count();
    output::line(format!("{busy} of {} workers are busy", view.workers));
    if view.jobs.is_empty() {
        return;
    }
    let mut table = Table::new(["JOB", "DOES", "DEPLOYMENT", "STATE", "ASKED FOR"]);
    for job in &view.jobs {
        let (state, style) = state(job);
        table.row([
            (job.id.to_string(), Style::Faint),
            (kind(job.kind).to_owned(), Style::Strong),
            (job.deployment.to_string(), Style::Plain),
            (state, style),
            (format!("{} ago", output::age(job.created_at)), Style::Faint),
        ]);
    }
    table.print();
}

const fn kind(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Deploy => "deploy",
        JobKind::Stop => "stop",
        JobKind::Restart => "restart",
        JobKind::Delete { volumes: false } => "delete",
        JobKind::Delete { volumes: true } => "delete with volumes",
    }
}

fn state(job: &Job) -> (String, Style) {
    match &job.state {
        JobState::Queued => ("queued".to_owned(), Style::Plain),
        JobState::Running { worker } => (format!("worker {worker}"), Style::Busy),
        JobState::Done => ("done".to_owned(), Style::Good),
        JobState::Failed { reason } => (format!("failed: {reason}"), Style::Bad),
        JobState::Cancelled => ("cancelled".to_owned(), Style::Attention),
    }
}
