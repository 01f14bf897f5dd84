//! `wharf restart`: stops and starts what runs, and starts what was stopped.

use clap::Args;

use super::{Context, Outcome, act, confirm::Confirmation, select::Selection};
use crate::model::{Deployment, DeploymentStatus, Problem};

/// What to restart.
#[derive(Debug, Args)]
pub struct RestartArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(args: RestartArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    let can_restart = |one: &Deployment| one.status.is_up() || one.status == DeploymentStatus::Stopped;
    let deployments = args.selection.deployments(&client, can_restart).await?;
    if deployments.is_empty() {
        return Err(act::none_fits("restarted: nothing of it came up"));
    }
    args.confirmation.ask("Restart", &deployments, true)?;
    let mut jobs = Vec::new();
    for deployment in &deployments {
        jobs.push(client.restart(&deployment.id).await?);
    }
    act::finish(&client, context, jobs, |_| "runs again".to_owned()).await
}
