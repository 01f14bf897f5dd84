//! `wharf status`: how the deployments of a project are.

use std::fmt::Write;

use clap::Args;
use serde::Serialize;

use super::output::{self, Style};
use super::{Context, Outcome, list::app_name, select::Selection};
use crate::api::client::Client;
use crate::model::{Deployment, Failure, HealthSample, InstanceState, Problem, ProcessState, Sample, Timestamp};

/// Whose status to show.
#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    selection: Selection,
}

/// An app as it stands: its newest deployment, what is live beside that, how it does.
#[derive(Debug, Serialize)]
struct Status {
    deployment: Deployment,
    live: Option<Deployment>,
    /// Since when the instance that serves runs.
    running_since: Option<Timestamp>,
    health: Option<HealthSample>,
    sample: Option<Sample>,
    /// What runs beside it.
    processes: Vec<ProcessState>,
}

pub(super) async fn run(args: StatusArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    let newest = args.selection.deployments(&client, |_| true).await?;
    let up = match newest.as_slice() {
        // One that was named by its id stands alone.
        [one] if one.id.as_str().starts_with(&args.selection.what) => Vec::new(),
        _ => args.selection.deployments(&client, |deployment| deployment.status.is_up()).await?,
    };
    let mut all = Vec::new();
    for deployment in newest {
        let live = up.iter().find(|one| one.key == deployment.key && one.id != deployment.id).cloned();
        all.push(status(&client, deployment, live).await?);
    }
    if context.json {
        output::json(&serde_json::json!({ "deployments": all }));
    } else {
        let shown: Vec<String> = all.iter().map(text).collect();
        output::print(&shown.join("\n"));
    }
    Ok(Outcome::Done)
}

async fn status(client: &Client, deployment: Deployment, live: Option<Deployment>) -> Result<Status, Problem> {
    let serving = live.as_ref().unwrap_or(&deployment);
    let (running_since, health, sample, processes) = if serving.status.is_up() {
        let detail = client.deployment(serving.id.as_str()).await?;
        let (health, sample) = (client.health(&serving.id).await?.pop(), client.samples(&serving.id).await?.pop());
        (detail.running_since, health, sample, detail.processes)
    } else {
        (None, None, None, Vec::new())
    };
    Ok(Status { deployment, live, running_since, health, sample, processes })
}

fn text(status: &Status) -> String {
    let deployment = &status.deployment;
    let mut out = head(deployment);
    if let Some(live) = &status.live {
        row(&mut out, "live", &format!("{} {}", live.id, live.status));
    }
    let serving = status.live.as_ref().unwrap_or(deployment);
    if let Some(url) = &serving.url {
        row(&mut out, "url", url);
    }
    if let Some(since) = status.running_since {
        row(&mut out, "up for", &output::age(since));
    }
    if let Some(check) = &status.health {
        let latency = check.latency_ms.map(|millis| format!(", {millis:.0} ms")).unwrap_or_default();
        row(&mut out, "health", &format!("{}{latency}, {} ago", check.detail, output::age(check.at)));
    }
    if let Some(sample) = &status.sample {
        let memory = sample.memory_bytes as f64 / (1024.0 * 1024.0);
        row(&mut out, "uses", &format!("{:.1}% of a core, {memory:.0} MiB", sample.cpu_percent));
    }
    for process in &status.processes {
        row(&mut out, "beside", &format!("{}: {}", process.name, doing(process.state.as_ref())));
    }
    if let Some(release) = serving.release {
        let commit = serving.commit.as_ref().map(|commit| format!(", commit {commit}")).unwrap_or_default();
        row(&mut out, "release", &format!("{release}{commit}"));
    }
    if let Some(failure) = &deployment.error {
        out.push_str(&failed(deployment, failure));
    }
    out
}

/// What a process does just now.
fn doing(state: Option<&InstanceState>) -> String {
    let code = |code: &Option<i32>| code.map_or_else(String::new, |code| format!(" with exit code {code}"));
    match state {
        Some(InstanceState::Running { restarts: 0 }) => "runs".to_owned(),
        Some(InstanceState::Running { restarts }) => format!("runs, restarted {restarts} times"),
        Some(InstanceState::Restarting { restarts, exit_code }) => {
            format!("ended{}, restarted {restarts} times", code(exit_code))
        }
        Some(InstanceState::Exited { exit_code, .. }) => format!("ended{}", code(exit_code)),
        Some(InstanceState::Gone) | None => "is not there".to_owned(),
    }
}

fn head(deployment: &Deployment) -> String {
    let name = output::styled(&app_name(deployment), Style::Strong);
    let status = output::styled(deployment.status.as_str(), Style::of_status(deployment.status));
    // A reason may be no more than the status itself.
    let reason = if ["", deployment.status.as_str()].contains(&deployment.status_reason.as_str()) {
        String::new()
    } else {
        format!(": {}", output::one_line(&deployment.status_reason))
    };
    let mut out = format!(
        "{name}  {}  {status} for {}{reason}\n",
        deployment.key.environment,
        output::age(deployment.status_since)
    );
    row(&mut out, "id", &format!("{} on {}", deployment.id, deployment.target.kind));
    out
}

fn row(out: &mut String, label: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  {} {}", output::styled(&format!("{label:8}"), Style::Faint), output::one_line(value));
}

/// The failed step with its decisive lines.
pub(super) fn failed(deployment: &Deployment, failure: &Failure) -> String {
    let mut out = format!("  {} in step {} ({})\n", output::styled("failed", Style::Bad), failure.step, failure.cause);
    for line in failure.message.lines() {
        let _ = writeln!(out, "    {}", output::harmless(line));
    }
    for line in failure.quote.lines() {
        let _ = writeln!(out, "    {} {}", output::styled("│", Style::Bad), output::harmless(line));
    }
    let _ = writeln!(out, "    all of it: wharf logs {}", deployment.id);
    out
}
