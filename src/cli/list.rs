//! `wharf list`: deployments, newest first.

use clap::Args;

use super::output::{self, Style, Table};
use super::{Context, Outcome, select};
use crate::model::{Deployment, DeploymentFilter, DeploymentStatus, Environment, Problem, TargetKind};

/// Which deployments to list.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those of this project: its folder, name or id
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// Only those of this app
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Only those in this environment: development, staging, production
    #[arg(long, value_name = "ENVIRONMENT")]
    env: Option<Environment>,
    /// Only those on this target: docker, process
    #[arg(long)]
    target: Option<TargetKind>,
    /// Only those that stand so: queued, running, healthy, degraded, unhealthy, stopped, failed, cancelled, deleted
    #[arg(long)]
    status: Option<DeploymentStatus>,
    /// Show at most this many [default: 50]
    #[arg(short = 'n', long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: Option<u16>,
    /// Go on behind this one: the `next` of the part before
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
}

pub(super) async fn run(args: ListArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    let project = match &args.project {
        Some(what) => Some(select::project(&client, what).await?.id),
        None => None,
    };
    let filter = DeploymentFilter {
        project,
        app: args.app,
        environment: args.env,
        target: args.target,
        status: args.status,
        after: args.after,
        limit: args.limit.map(usize::from),
    };
    let page = client.deployments(&filter).await?;
    if context.json {
        output::json(&page);
    } else if page.items.is_empty() {
        output::line("There is no such deployment. Deploy a folder with `wharf deploy PATH`.");
    } else {
        table(&page.items).print();
        if let Some(next) = &page.next {
            output::note(format!("more with `--after {next}`"));
        }
    }
    Ok(Outcome::Done)
}

pub(super) fn table(deployments: &[Deployment]) -> Table {
    let mut table = Table::new(["APP", "ENVIRONMENT", "TARGET", "STATUS", "SINCE", "URL", "RELEASE", "ID"]);
    for deployment in deployments {
        table.row([
            (app_name(deployment), Style::Strong),
            (deployment.key.environment.to_string(), Style::Plain),
            (deployment.target.kind.to_string(), Style::Plain),
            (deployment.status.to_string(), Style::of_status(deployment.status)),
            (output::age(deployment.status_since), Style::Faint),
            (deployment.url.clone().filter(|_| deployment.status.is_up()).unwrap_or_default(), Style::Plain),
            (deployment.release.map(|number| number.to_string()).unwrap_or_default(), Style::Plain),
            (deployment.id.to_string(), Style::Faint),
        ]);
    }
    table
}

/// The project's name, with the app's where it has another.
pub(super) fn app_name(deployment: &Deployment) -> String {
    if deployment.key.app == deployment.project_name {
        output::one_line(&deployment.project_name)
    } else {
        output::one_line(&format!("{}/{}", deployment.project_name, deployment.key.app))
    }
}
