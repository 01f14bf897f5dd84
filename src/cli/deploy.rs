//! `wharf deploy`: builds, starts and checks an app, and switches to it when it is healthy.

use std::io::{self, BufRead, Write};

use clap::Args;
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::output::{self, Style};
use super::progress::View;
use super::watch::{Told, Watch};
use super::{Context, Outcome, list::app_name, request::RequestArgs, status};
use crate::api::client::Client;
use crate::model::{
    Deployment, DeploymentId, DeploymentStatus, Environment, Problem, ProblemCode, Step, StepName, StepStatus,
    TargetKind, Warning,
};

/// What to deploy.
#[derive(Debug, Args)]
pub struct DeployArgs {
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    waiting: Waiting,
}

/// How to wait for the end.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Waiting {
    /// Print what happens as it happens, one JSON object a line
    #[arg(long)]
    json_stream: bool,
    /// Do not wait: print the deployment's id
    #[arg(short, long, conflicts_with = "json_stream")]
    detach: bool,
}

pub(super) async fn run(args: DeployArgs, context: &Context) -> Result<Outcome, Problem> {
    let (client, request) = args.request.resolve(true, async || context.client().await).await?;
    let previews = client.plan(&request).await?;
    // All apps of a project have the same.
    told(previews.first().map_or(&[], |preview| &preview.warnings));
    let deployments = client.deploy(&request).await?;
    wait(client, context, deployments, args.waiting).await
}

/// So many warnings are told before a deployment; its log has more.
const WARNINGS: usize = 10;

/// Says what detection warns of, and which apps are left out.
fn told(warnings: &[Warning]) {
    for warning in warnings.iter().take(WARNINGS) {
        output::note(format!("warning: {}", output::one_line(&format!("{}: {}", warning.file, warning.says))));
    }
    if warnings.len() > WARNINGS {
        output::note(format!("warning: and {} more: `wharf plan` shows them", warnings.len() - WARNINGS));
    }
}

/// Shows deployments until all are over, and tells how they ended.
pub(super) async fn wait(
    client: Client,
    context: &Context,
    deployments: Vec<Deployment>,
    waiting: Waiting,
) -> Result<Outcome, Problem> {
    if waiting.detach {
        begun(context, &deployments);
        return Ok(Outcome::Done);
    }
    let mut view = View::new(context.json, waiting.json_stream, &deployments);
    let mut watch = Watch::new(client.clone(), context, deployments);
    // One listener for all the time: what comes between two looks at it must not be lost.
    let mut interrupts = signal(SignalKind::interrupt()).map_err(|error| {
        Problem::new(ProblemCode::Failed, "signals", "the command cannot listen to Ctrl-C").why(error)
    })?;
    while !watch.is_over() {
        let told = tokio::select! {
            told = watch.next() => told?,
            _ = interrupts.recv() => {
                if view.pause(|| ask_on_interrupt(&mut interrupts)).await == Answer::Cancel {
                    for deployment in watch.deployments().filter(|one| one.status.is_pending()) {
                        client.cancel(&deployment.id).await?;
                    }
                    continue;
                }
                view.end();
                left(watch.deployments());
                return Ok(Outcome::Failed);
            }
        };
        for one in &told {
            if let Told::Lost(problem) = one {
                output::note(format!("{}; waiting for it to come back", problem.message));
            }
            view.tell(one);
        }
    }
    view.end();
    let deployments: Vec<Deployment> = watch.deployments().cloned().collect();
    if !waiting.json_stream {
        report(context, &deployments);
    }
    Ok(if deployments.iter().all(came_up) { Outcome::Done } else { Outcome::Failed })
}

fn came_up(deployment: &Deployment) -> bool {
    use DeploymentStatus::{Cancelled, Deleted, Failed, Unhealthy};
    !matches!(deployment.status, Failed | Cancelled | Deleted | Unhealthy)
}

/// What to do when somebody presses Ctrl-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Leave,
    Cancel,
}

/// Asks on a terminal; elsewhere, and on a second Ctrl-C, the answer is to leave the deployment alone.
async fn ask_on_interrupt(interrupts: &mut Signal) -> Answer {
    if !output::is_interactive() {
        return Answer::Leave;
    }
    let asked = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        write!(io::stderr(), "\nLeave it deploying, or cancel it? [L/c] ")
            .and_then(|()| io::stderr().flush())
            .and_then(|()| io::stdin().lock().read_line(&mut answer))
            .map(|_| answer)
    });
    tokio::select! {
        answer = asked => match answer {
            Ok(Ok(text)) if matches!(text.trim(), "c" | "C" | "cancel") => Answer::Cancel,
            _ => Answer::Leave,
        },
        _ = interrupts.recv() => Answer::Leave,
    }
}

fn left<'a>(deployments: impl Iterator<Item = &'a Deployment>) {
    for deployment in deployments.filter(|one| one.status.is_pending()) {
        output::note(format!(
            "{} goes on deploying; see it with `wharf status {id}`, end it with `wharf cancel {id}`",
            app_name(deployment),
            id = deployment.id
        ));
    }
}

fn begun(context: &Context, deployments: &[Deployment]) {
    if context.json {
        json(deployments);
        return;
    }
    for deployment in deployments {
        output::line(deployment.id.as_str());
    }
}

/// A deployment as scripts get it.
#[derive(Debug, Serialize)]
struct Report<'a> {
    id: &'a DeploymentId,
    project: &'a str,
    app: &'a str,
    environment: Environment,
    target: TargetKind,
    status: DeploymentStatus,
    url: Option<&'a str>,
    port: Option<u16>,
    release: Option<u32>,
    seconds: Option<f64>,
    steps: Vec<StepReport>,
    error: Option<FailureReport<'a>>,
}

#[derive(Debug, Serialize)]
struct StepReport {
    name: StepName,
    status: StepStatus,
    seconds: Option<f64>,
}

/// To the millisecond, which is what was measured.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[derive(Debug, Serialize)]
struct FailureReport<'a> {
    step: StepName,
    cause: &'a str,
    message: &'a str,
    quote: &'a str,
}

impl<'a> Report<'a> {
    fn of(deployment: &'a Deployment) -> Self {
        let step =
            |step: &Step| StepReport { name: step.name, status: step.status, seconds: step.seconds().map(rounded) };
        Self {
            id: &deployment.id,
            project: &deployment.project_name,
            app: &deployment.key.app,
            environment: deployment.key.environment,
            target: deployment.target.kind,
            status: deployment.status,
            url: deployment.url.as_deref(),
            port: deployment.port,
            release: deployment.release,
            seconds: deployment.seconds().map(rounded),
            steps: deployment.steps.iter().map(step).collect(),
            error: deployment.error.as_ref().map(|error| FailureReport {
                step: error.step,
                cause: &error.cause,
                message: &error.message,
                quote: &error.quote,
            }),
        }
    }
}

/// Tells how deployments ended.
pub(super) fn report(context: &Context, deployments: &[Deployment]) {
    if context.json {
        json(deployments);
    } else {
        output::print(&deployments.iter().map(text).collect::<Vec<_>>().concat());
    }
}

fn json(deployments: &[Deployment]) {
    let reports: Vec<Report<'_>> = deployments.iter().map(Report::of).collect();
    match reports.as_slice() {
        [one] => output::json(one),
        several => output::json(&serde_json::json!({ "deployments": several })),
    }
}

fn text(deployment: &Deployment) -> String {
    let status = output::styled(deployment.status.as_str(), Style::of_status(deployment.status));
    let took = deployment.seconds().map(|seconds| format!(" after {}", output::seconds(seconds))).unwrap_or_default();
    let place =
        deployment.url.as_ref().map(|url| format!(" at {}", output::styled(url, Style::Strong))).unwrap_or_default();
    let release = deployment.release.map(|number| format!(", release {number}")).unwrap_or_default();
    let gap = deployment.switch_gap_ms.map(|millis| format!(", {millis} ms without an answer")).unwrap_or_default();
    let place = if came_up(deployment) { place } else { String::new() };
    let name = output::styled(&app_name(deployment), Style::Strong);
    let mut out = format!("{name}: {status}{place}{took}{release}{gap}\n");
    if let Some(failure) = &deployment.error {
        out.push_str(&status::failed(deployment, failure));
    }
    out
}
