//! The steps of a deployment as they run, and their output.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::model::{Model, Pane, Remote, Watched};
use super::super::text;
use super::super::theme::Role;
use super::super::widgets::{draw, frame};
use super::Extent;
use crate::model::{Action, Deployment, DeploymentStatus, Environment, LogStream, Step, StepName, StepStatus};

/// The width of a progress bar.
const BAR: usize = 14;

pub(crate) fn extent(model: &Model, area: Rect) -> Extent {
    let Some(deployment) = model.deployment() else { return Extent::default() };
    let head = head(model, deployment, area.width.into()).len() + deployment.steps.len() + 2;
    let room = usize::from(area.height).saturating_sub(head);
    let lines = model.shown_step().map_or(0, |step| model.logs.of_step(step).count());
    Extent { lines, room }
}

pub(crate) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let look = &model.look;
    let Some(deployment) = model.deployment() else {
        draw::lines(buf, area, nothing(model, area.width.into()), 0, look);
        return;
    };
    let width = usize::from(area.width);
    let mut lines = head(model, deployment, width);
    let first_step = lines.len();
    lines.extend(deployment.steps.iter().map(|step| self::step(model, deployment, step, width)));
    let shown = model.shown_step();
    let selected = shown.and_then(|name| deployment.steps.iter().position(|step| step.name == name));
    lines.push(Line::default());
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    draw::lines(buf, area, lines, 0, look);
    if let Some(row) = selected.map(|index| first_step + index).filter(|row| *row < usize::from(area.height))
        && model.focus == Pane::Deploy
    {
        let y = area.y + u16::try_from(row).unwrap_or_default();
        buf.set_style(Rect { x: area.x - 1, y, width: area.width + 2, height: 1 }, look.style(Role::Selected));
        buf.set_string(area.x - 1, y, look.glyphs.bar, look.style(Role::Focus));
    }
    if let Some(name) = shown.filter(|_| height < area.height) {
        output(model, name, Rect { y: area.y + height, height: area.height - height, ..area }, buf);
    }
}

fn nothing(model: &Model, width: usize) -> Vec<Line<'_>> {
    let look = &model.look;
    let Some(project) = model.project() else {
        return draw::paragraph(look, Role::Dim, "Select a project to see its deployments.", width);
    };
    let several = model.fleet.selected_key().is_none() && model.fleet.standings(&project.id).count() > 1;
    if several {
        return draw::paragraph(look, Role::Dim, "Several apps of it are deployed: select one of them.", width);
    }
    let environment = model.environment();
    let mut lines = draw::paragraph(look, Role::Strong, &format!("{} is not deployed yet.", project.name), width);
    lines.push(Line::default());
    lines.push(Line::from(vec![
        draw::span(look, Role::Key, "d     "),
        draw::span(look, Role::Dim, "deploys it to "),
        draw::span(look, super::super::look::Look::environment(environment), environment.as_str()),
    ]));
    lines.push(Line::from(vec![
        draw::span(look, Role::Key, "e     "),
        draw::span(look, Role::Dim, "chooses another environment"),
    ]));
    lines
}

/// How it stands, in two or three lines.
fn head<'a>(model: &'a Model, deployment: &'a Deployment, width: usize) -> Vec<Line<'a>> {
    let look = &model.look;
    let (sign, role) = look.status(deployment.status, model.beat());
    let mut title = vec![
        draw::span(look, role, format!("{sign} {}", deployment.status)),
        draw::span(look, Role::Dim, format!("  {}", since(model, deployment))),
    ];
    if deployment.key.environment != Environment::Development {
        let role = super::super::look::Look::environment(deployment.key.environment);
        title.push(Span::raw("  "));
        title.push(draw::span(look, role, format!(" {} ", deployment.key.environment)));
    }
    let mut facts = vec![match deployment.action {
        Action::Deploy => deployment.target.kind.to_string(),
        Action::Rollback { release } => format!("back to release {release}, {}", deployment.target.kind),
    }];
    facts.extend(deployment.release.map(|release| format!("release {release}")));
    facts.extend(
        deployment.commit.as_ref().map(|commit| format!("commit {}", commit.chars().take(8).collect::<String>())),
    );
    facts.extend(
        deployment.seconds().map(|seconds| format!("took {}", text::span(std::time::Duration::from_secs_f64(seconds)))),
    );
    let dot = format!(" {} ", look.glyphs.dot);
    let mut lines = vec![Line::from(title), draw::span(look, Role::Dim, facts.join(&dot)).into()];
    if let Some(url) = deployment.url.as_ref().filter(|_| deployment.status.is_up()) {
        lines.push(draw::span(look, Role::Link, url.as_str()).into());
    }
    if let Some(other) = model.standing().and_then(|standing| standing.live.as_ref()) {
        let release = other.release.map_or_else(|| "the one before".to_owned(), |release| format!("release {release}"));
        let words = if model.watched == Watched::Live {
            format!("{release} serves; a newer deployment did not come up. o shows it.")
        } else {
            format!("{release} still serves and answers. o shows it.")
        };
        lines.extend(draw::paragraph(look, Role::Info, &words, width));
    }
    if let Some(failure) = &deployment.error {
        let first = failure.message.lines().next().unwrap_or_default();
        lines.extend(draw::paragraph(look, Role::Bad, first, width).into_iter().take(2));
    }
    lines.push(Line::default());
    lines
}

fn since(model: &Model, deployment: &Deployment) -> String {
    let age = text::elapsed(model.now.since(deployment.status_since));
    match deployment.status {
        DeploymentStatus::Queued => {
            let ahead =
                model.jobs.values().filter(|job| job.deployment < deployment.id && !job.state.is_over()).count();
            if ahead > 0 { format!("for {age}, {ahead} ahead of it") } else { format!("for {age}") }
        }
        status if status.is_pending() => format!("for {}", text::elapsed(model.now.since(deployment.created_at))),
        status => match (text::age(deployment.status_since, model.now).as_str(), status.is_up()) {
            ("now", _) => "just now".to_owned(),
            (age, true) => format!("for {age}"),
            (age, false) => format!("{age} ago"),
        },
    }
}

fn step<'a>(model: &'a Model, deployment: &Deployment, step: &'a Step, width: usize) -> Line<'a> {
    let look = &model.look;
    let (sign, role) = look.step(step.status, model.beat());
    let time = match (step.seconds(), step.started_at) {
        (Some(seconds), _) if step.status != StepStatus::Skipped => {
            text::span(std::time::Duration::from_secs_f64(seconds))
        }
        (None, Some(started)) if step.status == StepStatus::Running => text::elapsed(model.now.since(started)),
        _ => String::new(),
    };
    let name = match step.status {
        StepStatus::Pending | StepStatus::Skipped => Role::Faint,
        StepStatus::Running => Role::Strong,
        StepStatus::Failed => Role::Bad,
        _ => Role::Base,
    };
    let mut spans = vec![
        draw::span(look, role, format!("{sign} ")),
        draw::span(look, name, format!("{:<9}", step.name.as_str())),
        draw::span(look, Role::Dim, format!("{time:>8}  ")),
    ];
    let progress = model.progress.get(&(deployment.id.clone(), step.name)).filter(|(_, total)| *total > 0);
    if let Some((done, total)) = progress.filter(|_| step.status == StepStatus::Running) {
        spans.extend(bar(model, *done, *total));
    }
    let role = if step.status == StepStatus::Failed { Role::Bad } else { Role::Dim };
    spans.push(draw::span(look, role, step.detail.as_str()));
    text::fit(Line::from(spans), width, look.glyphs.ellipsis)
}

fn bar(model: &Model, done: u64, total: u64) -> [Span<'static>; 3] {
    let look = &model.look;
    let full = usize::try_from(done.min(total) * BAR as u64 / total).unwrap_or(BAR);
    [
        draw::span(look, Role::Busy, look.glyphs.full.repeat(full)),
        draw::span(look, Role::Border, look.glyphs.track.repeat(BAR - full)),
        draw::span(look, Role::Dim, format!(" {done}/{total}  ")),
    ]
}

/// The output of a step: its end, or as far back as it was scrolled.
fn output(model: &Model, name: StepName, area: Rect, buf: &mut Buffer) {
    let look = &model.look;
    let title = format!("{name} output ");
    let rest = usize::from(area.width).saturating_sub(text::width(&title));
    let rule = Line::from(vec![
        draw::span(look, Role::Dim, title),
        draw::span(look, Role::Border, look.glyphs.rule.repeat(rest)),
    ]);
    draw::line(buf, area, 0, rule, look);
    let area = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let room = usize::from(area.height);
    let mut shown: Vec<_> = model.logs.of_step(name).rev().skip(model.deploy.back).take(room).collect();
    shown.reverse();
    if shown.is_empty() {
        let words = match model.details.get(model.logs.of.as_ref().unwrap_or(&crate::model::DeploymentId::from(""))) {
            Some(Remote::Loading) => "",
            _ => "This step has printed nothing.",
        };
        draw::line(buf, area, 0, draw::span(look, Role::Faint, words).into(), look);
        return;
    }
    let total = model.logs.of_step(name).count();
    let top = total.saturating_sub(room + model.deploy.back);
    frame::scroll_mark(buf, area, total, top, look);
    let lines = shown.into_iter().map(|line| {
        let style = match line.stream {
            LogStream::Wharf => Role::Info,
            LogStream::Stdout | LogStream::Stderr => Role::Base,
        };
        Line::from(draw::span(look, style, line.text.as_str()))
    });
    draw::lines(buf, area, lines.collect(), 0, look);
}
