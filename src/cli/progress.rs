//! Deployments while they run: bars on a terminal, a line for each step elsewhere, events for scripts.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::list::app_name;
use super::output::{self, Style};
use super::watch::Told;
use crate::model::{Deployment, DeploymentId, EventKind, Step, StepName, StepStatus};

/// How deployments are shown while they run.
pub(super) enum View {
    /// For a person: a line that moves for each deployment.
    Live(Live),
    /// For a log file: a line for each step that begins or is over.
    Plain(Steps),
    /// For a script that reads along.
    Events,
    /// For a script that waits for the end.
    Silent,
}

impl View {
    pub(super) fn new(json: bool, json_stream: bool, deployments: &[Deployment]) -> Self {
        let several = deployments.len() > 1;
        if json_stream {
            Self::Events
        } else if io::stderr().is_terminal() {
            Self::Live(Live::new(deployments))
        } else if json {
            Self::Silent
        } else {
            Self::Plain(Steps { seen: BTreeMap::new(), several })
        }
    }

    pub(super) fn tell(&mut self, told: &Told) {
        match self {
            Self::Live(live) => live.tell(told),
            Self::Plain(steps) => {
                if let Some(deployment) = deployment_of(told) {
                    for (step, began) in steps.changed(deployment) {
                        output::line(steps.line(deployment, step, began));
                    }
                }
            }
            Self::Events => match told {
                Told::Event(event) => output::json_line(event),
                // What was missed is told as the state that it led to.
                Told::Anew(deployment) => output::json_line(&EventKind::Deployment(deployment.clone())),
                Told::Lost(_) | Told::Over => {}
            },
            Self::Silent => {}
        }
    }

    /// Holds the moving lines still while a question stands on the terminal.
    pub(super) async fn pause<T, F: Future<Output = T>>(&self, question: impl FnOnce() -> F) -> T {
        if let Self::Live(live) = self {
            live.lines.set_draw_target(indicatif::ProgressDrawTarget::hidden());
            let answer = question().await;
            live.lines.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            return answer;
        }
        question().await
    }

    /// Takes the moving lines away.
    pub(super) fn end(&self) {
        if let Self::Live(live) = self {
            live.bars.values().for_each(ProgressBar::finish_and_clear);
        }
    }
}

fn deployment_of(told: &Told) -> Option<&Deployment> {
    match told {
        Told::Anew(deployment) => Some(deployment),
        Told::Event(event) => match &event.kind {
            EventKind::Deployment(deployment) => Some(deployment),
            _ => None,
        },
        Told::Lost(_) | Told::Over => None,
    }
}

/// Remembers how each step stood, to tell each change once.
pub(super) struct Steps {
    seen: BTreeMap<(DeploymentId, StepName), StepStatus>,
    several: bool,
}

impl Steps {
    /// The steps that began (true) or ended (false) since the last time.
    fn changed<'a>(&mut self, deployment: &'a Deployment) -> Vec<(&'a Step, bool)> {
        let mut changed = Vec::new();
        for step in &deployment.steps {
            // What is told again after a snapshot may be older than it: a step only goes on, never back.
            let before = self.seen.entry((deployment.id.clone(), step.name)).or_insert(StepStatus::Pending);
            if rank(step.status) <= rank(*before) {
                continue;
            }
            *before = step.status;
            if step.status == StepStatus::Skipped {
                continue;
            }
            changed.push((step, step.status == StepStatus::Running));
        }
        changed
    }

    fn line(&self, deployment: &Deployment, step: &Step, began: bool) -> String {
        let app = if self.several { format!("{}: ", app_name(deployment)) } else { String::new() };
        if began {
            return format!("{app}{} …", step.name);
        }
        let word = match step.status {
            StepStatus::Failed => "failed",
            StepStatus::Cancelled => "cancelled",
            _ => "done",
        };
        format!("{app}{} {word}{}{}", step.name, took(step), detail(step))
    }
}

const fn rank(status: StepStatus) -> u8 {
    match status {
        StepStatus::Pending => 0,
        StepStatus::Running => 1,
        StepStatus::Done | StepStatus::Skipped | StepStatus::Failed | StepStatus::Cancelled => 2,
    }
}

fn took(step: &Step) -> String {
    step.seconds().map(|seconds| format!(", {}", output::seconds(seconds))).unwrap_or_default()
}

fn detail(step: &Step) -> String {
    if step.detail.is_empty() { String::new() } else { format!(", {}", output::one_line(&step.detail)) }
}

/// Moving lines on a terminal.
pub(super) struct Live {
    lines: MultiProgress,
    bars: BTreeMap<DeploymentId, ProgressBar>,
    steps: Steps,
}

impl Live {
    fn new(deployments: &[Deployment]) -> Self {
        let lines = MultiProgress::new();
        let bars = deployments
            .iter()
            .map(|deployment| {
                let bar = lines.add(ProgressBar::new_spinner().with_style(spinner()));
                bar.set_prefix(app_name(deployment));
                bar.set_message("waits for a worker");
                bar.enable_steady_tick(Duration::from_millis(120));
                (deployment.id.clone(), bar)
            })
            .collect();
        Self { lines, bars, steps: Steps { seen: BTreeMap::new(), several: deployments.len() > 1 } }
    }

    fn tell(&mut self, told: &Told) {
        if let Told::Event(event) = told
            && let EventKind::Progress { deployment, done, total, .. } = &event.kind
            && let Some(bar) = self.bars.get(deployment)
            && *total > 0
        {
            bar.set_style(bar_style());
            bar.set_length(*total);
            bar.set_position(*done);
        }
        if let Some(deployment) = deployment_of(told) {
            self.show(deployment);
        }
    }

    fn show(&mut self, deployment: &Deployment) {
        let Some(bar) = self.bars.get(&deployment.id) else { return };
        for (step, began) in self.steps.changed(deployment) {
            bar.set_style(spinner());
            if !began {
                let mark = if step.status == StepStatus::Done { "✓" } else { "✗" };
                let app = if self.steps.several { format!("{} ", app_name(deployment)) } else { String::new() };
                let mark = output::styled(mark, Style::of_step(step.status));
                // A terminal that is gone shows nothing, and that is all right.
                let _ = self.lines.println(format!(
                    "{mark} {app}{:8}{}{}",
                    step.name,
                    took(step).replacen(", ", " ", 1),
                    detail(step)
                ));
            }
        }
        if let Some(step) = deployment.steps.iter().find(|step| step.status == StepStatus::Running) {
            bar.set_message(format!("{}{}", step.name, detail(step)));
        }
        if !deployment.status.is_pending() {
            bar.finish_and_clear();
        }
    }
}

fn spinner() -> ProgressStyle {
    style("{spinner:.cyan} {prefix:.bold} {wide_msg}")
}

fn bar_style() -> ProgressStyle {
    style("{spinner:.cyan} {prefix:.bold} {msg} [{bar:24}] {pos}/{len}")
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
