//! `wharf delete`: removes deployments and gives their ports back.

use clap::Args;

use super::{Context, Outcome, act, confirm::Confirmation, select::Selection, watch};
use crate::api::client::Client;
use crate::model::{DeleteQuery, JobState, Problem, ProblemCode, ProjectId};

/// What to delete.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    #[command(flatten)]
    selection: Selection,
    /// The volumes too: the data of databases is lost
    #[arg(long)]
    volumes: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

/// Deletes whatever of a project is up; the volumes stay.
pub(super) async fn all_of(client: &Client, project: &ProjectId) -> Result<(), Problem> {
    let whole = Selection { what: project.to_string(), app: None, env: None };
    let deployments = match whole.deployments(client, |_| true).await {
        Err(problem) if problem.code == ProblemCode::NotFound => return Ok(()),
        found => found?,
    };
    let mut jobs = Vec::new();
    for deployment in deployments.iter().rev() {
        jobs.push(client.delete(&deployment.id, DeleteQuery { volumes: false }).await?);
    }
    for job in watch::jobs(client, jobs).await? {
        if let JobState::Failed { reason } = job.state {
            return Err(Problem::new(ProblemCode::Failed, "not-deleted", "a deployment could not be deleted")
                .why(reason)
                .fix("the project is still known: mend the cause and try again"));
        }
    }
    Ok(())
}

pub(super) async fn run(args: DeleteArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    let mut deployments = args.selection.deployments(&client, |_| true).await?;
    deployments.reverse();
    let what = if args.volumes { "Delete, with the volumes and all data in them," } else { "Delete" };
    args.confirmation.ask(what, &deployments, false)?;
    let mut jobs = Vec::new();
    for deployment in &deployments {
        jobs.push(client.delete(&deployment.id, DeleteQuery { volumes: args.volumes }).await?);
    }
    act::finish(&client, context, jobs, |deployment| format!("is {}", deployment.status_reason)).await
}
