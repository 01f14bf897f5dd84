//! `wharf ports`: who holds which port.

use clap::{Args, Subcommand};

use super::output::{self, Style, Table};
use super::{Context, Outcome};
use crate::api::client::Client;
use crate::model::{PORT_RANGE, PortHolder, PortLease, Problem, ReservePort};

/// What to do with ports.
#[derive(Debug, Args)]
pub struct PortsArgs {
    #[command(subcommand)]
    command: Option<PortsCommand>,
}

#[derive(Debug, Subcommand)]
enum PortsCommand {
    /// List the ports that are held [default]
    List,
    /// Hold a port by hand, so that no app is given it
    Reserve(ReserveArgs),
    /// Give a port back
    Release(ReleaseArgs),
}

#[derive(Debug, Args)]
struct ReserveArgs {
    /// Which [default: any that is free]
    #[arg(value_parser = clap::value_parser!(u16).range(i64::from(*PORT_RANGE.start())..=i64::from(*PORT_RANGE.end())))]
    port: Option<u16>,
    /// What it is for
    #[arg(long, default_value = "")]
    note: String,
}

#[derive(Debug, Args)]
struct ReleaseArgs {
    /// Which
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
}

pub(super) async fn run(args: PortsArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    match args.command.unwrap_or(PortsCommand::List) {
        PortsCommand::List => list(&client, context).await?,
        PortsCommand::Reserve(ReserveArgs { port, note }) => {
            let lease = client.reserve_port(&ReservePort { port, note }).await?;
            if context.json {
                output::json(&lease);
            } else {
                output::line(format!("port {} is reserved", lease.port));
            }
        }
        PortsCommand::Release(ReleaseArgs { port }) => {
            client.release_port(port).await?;
            if context.json {
                output::json(&serde_json::json!({ "released": port }));
            } else {
                output::line(format!("port {port} is free"));
            }
        }
    }
    Ok(Outcome::Done)
}

async fn list(client: &Client, context: &Context) -> Result<(), Problem> {
    let leases = client.ports().await?;
    if context.json {
        output::json(&leases);
        return Ok(());
    }
    if leases.is_empty() {
        output::line(format!("No port is held. Apps get theirs from {} to {}.", PORT_RANGE.start(), PORT_RANGE.end()));
        return Ok(());
    }
    let deployments = client.snapshot().await?.deployments;
    let mut table = Table::new(["PORT", "HELD BY", "SINCE"]);
    for lease in &leases {
        let holder = match &lease.holder {
            PortHolder::App(key) => deployments.iter().find(|one| one.key == *key).map_or_else(
                || key.to_string(),
                |one| format!("{}/{} in {}", one.project_name, key.app, key.environment),
            ),
            PortHolder::Candidate(id) => format!("deployment {id}, until it has switched"),
            PortHolder::Manual { note } if note.is_empty() => "by hand".to_owned(),
            PortHolder::Manual { note } => format!("by hand: {note}"),
        };
        let PortLease { port, since, .. } = lease;
        table.row([(port.to_string(), Style::Strong), (holder, Style::Plain), (output::age(*since), Style::Faint)]);
    }
    table.print();
    Ok(())
}
