//! `wharf logs`: what builds and apps print.

use clap::Args;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::output::{self, Style};
use super::{Context, Outcome, select::Selection};
use crate::api::client::{Client, follow_logs};
use crate::model::{Deployment, LogLine, LogQuery, LogStream, Problem, StepName};

/// Which lines to show.
#[derive(Debug, Args)]
pub struct LogsArgs {
    #[command(flatten)]
    selection: Selection,
    /// Go on with new lines as they come
    #[arg(short, long)]
    follow: bool,
    /// Show the last NUMBER lines that are kept
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 100)]
    lines: u64,
    /// Only what this step printed: plan, port, build, network, services, release, start, health, processes, switch
    #[arg(long, value_parser = step)]
    step: Option<StepName>,
    /// Put the time before each line
    #[arg(short, long)]
    timestamps: bool,
}

fn step(text: &str) -> Result<StepName, String> {
    StepName::ALL
        .into_iter()
        .find(|step| step.as_str() == text)
        .ok_or_else(|| format!("“{text}” is no step: use one of {}", StepName::ALL.map(StepName::as_str).join(", ")))
}

pub(super) async fn run(args: LogsArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    let deployments = args.selection.deployments(&client, |_| true).await?;
    let mut lines = merged(&client, &deployments, &args);
    let prefix = deployments.len() > 1;
    while let Some(line) = lines.next().await {
        let (deployment, line) = line?;
        if context.json {
            output::json_line(&line);
        } else {
            output::styled_line(text(deployment, &line, args.timestamps, prefix));
        }
    }
    Ok(Outcome::Done)
}

/// The lines of all deployments: as they come while following, else one deployment after the other.
fn merged<'a>(
    client: &Client,
    deployments: &'a [Deployment],
    args: &LogsArgs,
) -> BoxStream<'a, Result<(&'a Deployment, LogLine), Problem>> {
    let query = LogQuery { after: None, tail: Some(args.lines), step: args.step, follow: args.follow };
    let streams: Vec<_> = deployments
        .iter()
        .map(|deployment| {
            let lines = follow_logs(client.clone(), deployment.id.clone(), query);
            lines.map(move |line| line.map(|line| (deployment, line)))
        })
        .collect();
    if args.follow { stream::select_all(streams).boxed() } else { stream::iter(streams).flatten().boxed() }
}

fn text(deployment: &Deployment, line: &LogLine, timestamps: bool, prefix: bool) -> String {
    let mut label = String::new();
    if timestamps {
        label.push_str(&output::local_time(line.at));
        label.push(' ');
    }
    let is_other = !line.source.is_empty() && line.source != deployment.key.app;
    if prefix || is_other {
        label.push_str(if is_other { &line.source } else { &deployment.key.app });
        label.push(' ');
    }
    if let Some(step) = line.step {
        label.push_str(step.as_str());
        label.push(' ');
    }
    if !label.is_empty() {
        label = output::styled(&format!("{label}│ "), Style::Faint);
    }
    let style = if line.stream == LogStream::Wharf { Style::Faint } else { Style::Plain };
    format!("{label}{}", output::styled(&output::harmless(&line.text), style))
}
