//! `wharf plan`: what a deployment would do.

use std::fmt::Write;

use clap::Args;

use super::output::{self, Style};
use super::{Context, Outcome, request::RequestArgs};
use crate::model::{EnvValue, HealthProbe, PlanPreview, Problem, Serving, TargetKind};

/// Columns beside the labels, on a terminal of 80.
const ROOM: usize = 68;

/// What to plan.
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    request: RequestArgs,
}

pub(super) async fn run(args: PlanArgs, context: &Context) -> Result<Outcome, Problem> {
    let (client, request) = args.request.resolve(false, async || context.client().await).await?;
    let previews = client.plan(&request).await?;
    if context.json {
        output::json(&previews);
    } else {
        let shown: Vec<String> = previews.iter().map(text).collect();
        output::print(&shown.join("\n"));
    }
    Ok(Outcome::Done)
}

fn text(preview: &PlanPreview) -> String {
    let plan = &preview.plan;
    let title = format!("{}/{} in {} on {}", plan.project_name, plan.key.app, plan.key.environment, plan.target.kind);
    let mut out = format!("{}\n", output::styled(&title, Style::Strong));
    let mut row = |label: &str, value: &str| {
        for (number, line) in output::folded(&output::one_line(value), ROOM).into_iter().enumerate() {
            let label = output::styled(&format!("{:9}", if number == 0 { label } else { "" }), Style::Faint);
            // Writing to a string cannot fail.
            let _ = writeln!(out, "  {label} {line}");
        }
    };
    if plan.target.kind == TargetKind::Docker {
        row("image", &format!("{} in {}", plan.build.dockerfile, plan.build.context));
        for artifact in &plan.build.artifacts {
            row("generated", &artifact.path);
        }
    }
    let commands = &preview.commands;
    let all = [
        ("install", &commands.install),
        ("build", &commands.build),
        ("release", &commands.release),
        ("start", &commands.start),
    ];
    for (label, command) in all {
        if let Some(command) = command {
            row(label, command);
        }
    }
    for process in &plan.profile.processes {
        let single = if process.single { " (never twice at once)" } else { "" };
        row("beside", &format!("{}: {}{single}", process.name, process.command));
    }
    match &commands.dockerfile {
        Some(path) if commands.start.is_some() => row("", &format!("{path} says how it is installed and built")),
        Some(path) => row("", &format!("{path} says how it is installed, built and started")),
        None if plan.profile.serving == Serving::Static => {
            row("serves", &format!("files from {}", plan.profile.output_dir.as_deref().unwrap_or(".")));
        }
        None => {}
    }
    match (plan.ports.container, plan.ports.wanted) {
        (Some(inside), Some(wanted)) => row("port", &format!("{inside} inside; {wanted} outside")),
        (Some(inside), None) => row("port", &format!("{inside} inside; outside the one that it has, or a free one")),
        (None, _) => {}
    }
    row(
        "health",
        &match &plan.health.probe {
            HealthProbe::Http { path } => format!("GET {path} answers"),
            HealthProbe::Guessed { path } => format!("GET {path} answers, with any status below 500: it is a guess"),
            HealthProbe::Tcp => "the port takes connections".to_owned(),
            HealthProbe::Running => "it runs".to_owned(),
        },
    );
    for service in &plan.services {
        row("service", &format!("{} ({})", service.name, service.image));
    }
    for variable in &plan.env {
        let value = match &variable.value {
            EnvValue::Plain(value) => value.clone(),
            EnvValue::Secret(_) => "(secret)".to_owned(),
            EnvValue::Around { before, after, .. } => format!("{before}(secret){after}"),
        };
        row("env", &format!("{}={value}", variable.name));
    }
    for warning in &preview.warnings {
        row("warning", &format!("{}: {}", warning.file, warning.says));
    }
    for name in &preview.missing_env {
        row("missing", &format!("{name}: give it with --set {name}=… or --secret {name}"));
    }
    out
}
