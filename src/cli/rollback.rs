//! `wharf rollback`: goes back to what an earlier release ran.

use clap::Args;

use super::output::{self, Style, Table};
use super::{Context, Outcome, act, confirm::Confirmation, deploy, list::app_name, select::Selection};
use crate::api::client::Client;
use crate::model::{Deployment, Problem, ReleasesView, RollbackRequest};

/// What to roll back, and where to.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    #[command(flatten)]
    selection: Selection,
    /// The number of the release to go back to [default: the one before the present]
    #[arg(long, value_name = "RELEASE", value_parser = clap::value_parser!(u32).range(1..))]
    to: Option<u32>,
    /// Only show the releases there are
    #[arg(long, conflicts_with = "to")]
    list: bool,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    waiting: deploy::Waiting,
}

pub(super) async fn run(args: RollbackArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    let deployments = args.selection.deployments(&client, |one| !one.status.is_pending()).await?;
    if args.list {
        return list(&client, context, &deployments).await;
    }
    if deployments.is_empty() {
        return Err(act::none_fits("rolled back while it is deployed"));
    }
    let what =
        args.to.map_or_else(|| "Go back to the release before".to_owned(), |to| format!("Go back to release {to}"));
    args.confirmation.ask(&what, &deployments, true)?;
    let mut begun = Vec::new();
    for deployment in &deployments {
        begun.push(client.rollback(&deployment.id, &RollbackRequest { release: args.to }).await?);
    }
    deploy::wait(client, context, begun, args.waiting).await
}

async fn list(client: &Client, context: &Context, deployments: &[Deployment]) -> Result<Outcome, Problem> {
    let mut views = Vec::new();
    for deployment in deployments {
        views.push(client.releases(&deployment.id).await?);
    }
    if context.json {
        output::json(&views);
        return Ok(Outcome::Done);
    }
    let mut table = Table::new(["APP", "ENVIRONMENT", "RELEASE", "AGE", "COMMIT", "KEPT", "DEPLOYMENT"]);
    for (deployment, view) in deployments.iter().zip(&views) {
        rows(&mut table, deployment, view);
    }
    table.print();
    Ok(Outcome::Done)
}

fn rows(table: &mut Table, deployment: &Deployment, view: &ReleasesView) {
    for release in &view.releases {
        let live = view.live.as_ref() == Some(&release.deployment);
        let kept = match (&release.image, &release.source) {
            (Some(_), _) => "image",
            (None, Some(_)) => "source",
            (None, None) => "no",
        };
        table.row([
            (app_name(deployment), Style::Strong),
            (deployment.key.environment.to_string(), Style::Plain),
            (
                format!("{}{}", release.number, if live { " (live)" } else { "" }),
                if live { Style::Good } else { Style::Plain },
            ),
            (output::age(release.created_at), Style::Faint),
            (release.commit.clone().unwrap_or_default(), Style::Plain),
            (kept.to_owned(), Style::Plain),
            (release.deployment.to_string(), Style::Faint),
        ]);
    }
}
