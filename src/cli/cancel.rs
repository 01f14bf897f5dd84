//! `wharf cancel`: ends a deployment that is not over. What ran before keeps running.

use clap::Args;

use super::{Context, Outcome, act, confirm::Confirmation, deploy, select::Selection, watch::Watch};
use crate::model::{DeploymentStatus, Problem};

/// What to cancel.
#[derive(Debug, Args)]
pub struct CancelArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(args: CancelArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    let pending = args.selection.deployments(&client, |deployment| deployment.status.is_pending()).await?;
    if pending.is_empty() {
        return Err(act::none_fits("cancelled: nothing of it is queued or running"));
    }
    args.confirmation.ask("Cancel", &pending, true)?;
    let mut cancelled = Vec::new();
    for deployment in &pending {
        cancelled.push(client.cancel(&deployment.id).await?);
    }
    let mut watch = Watch::new(client, context, cancelled);
    while !watch.is_over() {
        watch.next().await?;
    }
    let deployments: Vec<_> = watch.deployments().cloned().collect();
    deploy::report(context, &deployments);
    let all = deployments.iter().all(|deployment| deployment.status == DeploymentStatus::Cancelled);
    Ok(if all { Outcome::Done } else { Outcome::Failed })
}
