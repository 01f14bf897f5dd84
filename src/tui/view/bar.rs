//! The line at the top: what is selected, and what it all stands on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::look::Look;
use super::super::model::{Link, Model};
use super::super::text;
use super::super::theme::Role;
use super::super::widgets::draw;
use crate::model::Environment;

pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let look = &model.look;
    let role = if model.environment() == Environment::Production { Role::Production } else { Role::Bar };
    let style = look.style(role);
    buf.set_style(area, style);
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let line = draw::ends(left(model), right(model, area.width >= 100), inside.width.into(), look);
    draw::line(buf, inside, 0, line, look);
    if role == Role::Production {
        // Nothing on the line keeps a colour of its own.
        buf.set_style(area, style);
    }
}

fn left(model: &Model) -> Line<'_> {
    let look = &model.look;
    let mut spans = vec![Span::styled("wharf", look.style(Role::Accent).bold())];
    if let Some(project) = model.project() {
        spans.push(Span::raw("   "));
        spans.push(Span::styled(project.name.as_str(), look.style(Role::Bar).bold()));
        if let Some(app) = model.fleet.selected_key().map(|key| key.app.as_str()).filter(|app| *app != project.name) {
            spans.push(draw::span(look, Role::Dim, format!("/{app}")));
        }
        let environment = model.environment();
        let shown = match environment {
            Environment::Production => format!("{}  PRODUCTION", if look.glyphs.is_ascii { " " } else { "  ▲" }),
            other => format!("   {other}"),
        };
        spans.push(draw::span(look, Look::environment(environment), shown));
        if model.chosen.is_some() && model.fleet.selected_key().map(|key| key.environment) != model.chosen {
            spans.push(draw::span(look, Role::Dim, " (next)"));
        }
    }
    Line::from(spans)
}

fn right(model: &Model, is_wide: bool) -> Line<'static> {
    let look = &model.look;
    let mut parts: Vec<Vec<Span<'static>>> = Vec::new();
    let (running, waiting) = (model.running_jobs(), model.waiting_jobs());
    if running + waiting > 0 {
        let waiting = if waiting > 0 { format!(" +{waiting}") } else { String::new() };
        let words = format!("{}{waiting}", text::count(running, "job"));
        let sign = look.glyphs.running[model.beat()];
        parts.push(vec![draw::span(look, Role::Busy, format!("{sign} {words}"))]);
    }
    let docker = model.docker();
    let version = docker.filter(|_| is_wide).and_then(|docker| version(&docker.detail)).unwrap_or_default();
    parts.push(match docker {
        Some(docker) if docker.available => light(look, Role::Good, "docker", &version),
        Some(_) => light(look, Role::Bad, "docker", ""),
        None => light(look, Role::Faint, "docker", ""),
    });
    parts.push(match &model.link {
        Link::Up => light(look, Role::Good, "engine", ""),
        Link::Connecting => light(look, Role::Busy, "engine", ""),
        Link::Lost(_) => light(look, Role::Bad, "engine lost", ""),
    });
    let mut spans = Vec::new();
    for part in parts {
        if !spans.is_empty() {
            spans.push(Span::raw("   "));
        }
        spans.extend(part);
    }
    Line::from(spans)
}

fn light(look: &Look, role: Role, name: &'static str, more: &str) -> Vec<Span<'static>> {
    let sign = match role {
        Role::Bad => look.glyphs.failed,
        Role::Good => look.glyphs.healthy,
        _ => look.glyphs.stopped,
    };
    let more = if more.is_empty() { String::new() } else { format!(" {more}") };
    vec![draw::span(look, role, sign), Span::raw(format!(" {name}{more}"))]
}

/// `28.5.1` of “Docker 28.5.1, API 1.51”.
fn version(detail: &str) -> Option<String> {
    let word = detail.split([' ', ',']).find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))?;
    Some(word.to_owned())
}
