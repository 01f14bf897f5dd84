//! `wharf delete`: removes deployments and gives their ports back.

use clap::Args;

use super::{Context, Outcome, act, confirm::Confirmation, select::Selection};
use crate::model::{DeleteQuery, Problem};

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
    act::finish(&client, context, &deployments, jobs, "is deleted").await
}
