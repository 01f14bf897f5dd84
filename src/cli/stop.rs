//! `wharf stop`: stops what runs; its port and data stay.

use clap::Args;

use super::{Context, Outcome, act, confirm::Confirmation, select::Selection};
use crate::model::Problem;

/// What to stop.
#[derive(Debug, Args)]
pub struct StopArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(args: StopArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    let mut deployments = args.selection.deployments(&client, |deployment| deployment.status.is_up()).await?;
    if deployments.is_empty() {
        return Err(act::none_fits("stopped: nothing runs"));
    }
    // What depends on others goes first.
    deployments.reverse();
    args.confirmation.ask("Stop", &deployments, true)?;
    let mut jobs = Vec::new();
    for deployment in &deployments {
        jobs.push(client.stop(&deployment.id).await?);
    }
    act::finish(&client, context, jobs, |_| "is stopped".to_owned()).await
}
