//! What went wrong: the step, the decisive lines, what to do.

use ratatui::text::Line;

use super::super::model::{Link, Model};
use super::super::text;
use super::super::theme::Role;
use super::super::widgets::draw;
use crate::model::{Deployment, DeploymentStatus, Failure, Problem};

/// Whether there is something to look at.
pub(crate) fn has_finding(model: &Model) -> bool {
    model.deployment().is_some_and(|deployment| {
        deployment.error.is_some()
            || matches!(deployment.status, DeploymentStatus::Unhealthy | DeploymentStatus::Degraded)
    })
}

pub(crate) fn lines(model: &Model, width: usize) -> Vec<Line<'_>> {
    let look = &model.look;
    if let Link::Lost(problem) = &model.link {
        return self::problem(model, problem, width);
    }
    if let Some(deployment) = model.deployment() {
        if let Some(failure) = &deployment.error {
            return failed(model, deployment, failure, width);
        }
        if matches!(deployment.status, DeploymentStatus::Unhealthy | DeploymentStatus::Degraded) {
            return unwell(model, deployment, width);
        }
    }
    if let Some(docker) = model.docker().filter(|docker| !docker.available) {
        let mut lines = draw::paragraph(look, Role::Warn, "Docker does not answer.", width);
        lines.extend(draw::paragraph(look, Role::Base, &docker.detail, width));
        lines.push(Line::default());
        let words =
            "`wharf doctor` says how to mend it. Until then d offers to run the app as a process of this machine.";
        lines.extend(draw::paragraph(look, Role::Dim, words, width));
        return lines;
    }
    let mut lines = draw::paragraph(look, Role::Strong, "Nothing went wrong here.", width);
    lines.extend(draw::paragraph(
        look,
        Role::Dim,
        "When a step fails, its decisive lines stand here, with what to do.",
        width,
    ));
    lines
}

fn failed<'a>(model: &'a Model, deployment: &'a Deployment, failure: &'a Failure, width: usize) -> Vec<Line<'a>> {
    let look = &model.look;
    let title = format!("{} The step “{}” failed", look.glyphs.failed, failure.step);
    let mut lines = vec![Line::from(vec![
        draw::span(look, Role::Bad, title),
        draw::span(look, Role::Faint, format!("  {}", failure.cause)),
    ])];
    lines.push(Line::default());
    let Parts { what, why, fix } = parts(&failure.message);
    lines.extend(draw::paragraph(look, Role::Strong, &what, width));
    lines.extend(section(model, "Why", &why, width));
    lines.extend(section(model, "What to do", &fix, width));
    if !failure.quote.is_empty() {
        lines.push(Line::default());
        lines.push(draw::heading(look, "Decisive lines", None));
        lines.extend(failure.quote.lines().map(|line| {
            Line::from(vec![draw::span(look, Role::Bad, format!("{} ", look.glyphs.bar)), draw::plain(line)])
        }));
    }
    if let Some(live) = model.standing().and_then(|standing| standing.live.as_ref()) {
        let release = live.release.map_or_else(|| "The one before".to_owned(), |release| format!("Release {release}"));
        lines.push(Line::default());
        lines.extend(draw::paragraph(look, Role::Info, &format!("{release} still serves and answers."), width));
    }
    lines.push(Line::default());
    lines.push(Line::from(vec![
        draw::span(look, Role::Key, "d"),
        draw::span(look, Role::Dim, " deploys again   "),
        draw::span(look, Role::Key, "3"),
        draw::span(
            look,
            Role::Dim,
            format!(" the output of the step{}", if deployment.release.is_some() { "   " } else { "" }),
        ),
    ]));
    lines
}

fn unwell<'a>(model: &'a Model, deployment: &'a Deployment, width: usize) -> Vec<Line<'a>> {
    let look = &model.look;
    let (sign, role) = look.status(deployment.status, 0);
    let age = text::age(deployment.status_since, model.now);
    let mut lines = vec![Line::from(vec![
        draw::span(look, role, format!("{sign} {} is {}", deployment.project_name, deployment.status)),
        draw::span(look, Role::Dim, format!("  {age}")),
    ])];
    lines.push(Line::default());
    lines.extend(draw::paragraph(look, Role::Base, &deployment.status_reason, width));
    let errors: Vec<_> = model
        .logs
        .lines
        .iter()
        .rev()
        .filter(|line| line.stream == crate::model::LogStream::Stderr && line.step.is_none())
        .take(8)
        .collect();
    if !errors.is_empty() {
        lines.push(Line::default());
        lines.push(draw::heading(look, "The last errors it printed", None));
        lines.extend(errors.into_iter().rev().map(|line| {
            Line::from(vec![draw::span(look, role, format!("{} ", look.glyphs.bar)), draw::plain(line.text.as_str())])
        }));
    }
    lines
}

fn section<'a>(model: &'a Model, title: &'a str, content: &str, width: usize) -> Vec<Line<'a>> {
    if content.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::default(), draw::heading(&model.look, title, None)];
    lines.extend(draw::paragraph(&model.look, Role::Base, content, width));
    lines
}

/// A problem in the room of a pane.
pub(crate) fn problem<'a>(model: &'a Model, problem: &Problem, width: usize) -> Vec<Line<'a>> {
    let mut lines = draw::paragraph(&model.look, Role::Bad, &problem.message, width);
    lines.extend(section(model, "Why", &problem.why, width));
    lines.extend(section(model, "What to do", &problem.fix, width));
    lines
}

#[derive(Debug, Default, PartialEq)]
struct Parts {
    what: String,
    why: String,
    fix: String,
}

/// A failure's message is a problem as text: what happened, then lines that begin with “why:” and “try:”.
fn parts(message: &str) -> Parts {
    let mut parts = Parts::default();
    let mut into = &mut parts.what;
    for line in message.lines() {
        let words = line.trim();
        let rest = if let Some(rest) = words.strip_prefix("why:") {
            into = &mut parts.why;
            rest.trim_start()
        } else if let Some(rest) = words.strip_prefix("try:") {
            into = &mut parts.fix;
            rest.trim_start()
        } else {
            line
        };
        if !into.is_empty() {
            into.push('\n');
        }
        into.push_str(rest);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ProblemCode;

    #[test]
    fn a_problem_is_read_back_from_its_text() {
        let problem = Problem::new(ProblemCode::Failed, "x", "it broke").why("one\ntwo").fix("mend it");
        let Parts { what, why, fix } = parts(&problem.to_string());
        assert_eq!((what.as_str(), why.as_str(), fix.as_str()), ("it broke", "one\ntwo", "mend it"));
        assert_eq!(parts("only this").what, "only this");
    }
}
