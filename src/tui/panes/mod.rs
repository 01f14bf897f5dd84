//! The panes, one file each. To add one: a name in `model/pane.rs`, a file here, an arm in each function below.

pub(crate) mod assistant;
pub(crate) mod configs;
pub(crate) mod deploy;
pub(crate) mod health;
pub(crate) mod logs;
pub(crate) mod projects;
pub(crate) mod stack;
pub(crate) mod vulnerabilities;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::model::{Model, Pane};
pub(crate) use super::widgets::frame::scroll_mark;
use super::widgets::{draw, frame};

/// How much there is to see, and how much is seen at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) lines: usize,
    pub(crate) room: usize,
}

impl Extent {
    fn of(lines: usize, area: Rect) -> Self {
        Self { lines, room: usize::from(area.height) }
    }
}

/// Draws a pane into the room inside its border.
pub(crate) fn draw(pane: Pane, model: &Model, area: Rect, buf: &mut Buffer) {
    match pane {
        Pane::Projects => projects::draw(model, area, buf),
        Pane::Stack => scrolled(model, pane, stack::lines(model, area.width.into()), area, buf),
        Pane::Configs => configs::draw(model, area, buf),
        Pane::Deploy => deploy::draw(model, area, buf),
        Pane::Logs => logs::draw(model, area, buf),
        Pane::Health => scrolled(model, pane, health::lines(model, area), area, buf),
        Pane::Assistant => scrolled(model, pane, assistant::lines(model, area.width.into()), area, buf),
    }
}

fn scrolled(model: &Model, pane: Pane, lines: Vec<Line<'_>>, area: Rect, buf: &mut Buffer) {
    let scroll = model.scroll_of(pane).min(lines.len().saturating_sub(area.height.into()));
    frame::scroll_mark(buf, area, lines.len(), scroll, &model.look);
    draw::lines(buf, area, lines, scroll, &model.look);
}

/// How far a pane can be scrolled.
pub(crate) fn extent(pane: Pane, model: &Model, area: Rect) -> Extent {
    match pane {
        Pane::Projects => Extent::of(model.fleet.rows().len(), area),
        Pane::Stack => Extent::of(stack::lines(model, area.width.into()).len(), area),
        Pane::Configs => configs::extent(model, area),
        Pane::Deploy => deploy::extent(model, area),
        Pane::Logs => Extent::of(model.logs.lines.len(), area),
        Pane::Health => Extent::of(health::lines(model, area).len(), area),
        Pane::Assistant => Extent::of(assistant::lines(model, area.width.into()).len(), area),
    }
}

/// The number behind a pane's name.
pub(crate) fn count(pane: Pane, model: &Model) -> Option<String> {
    match pane {
        Pane::Projects => projects::count(model),
        Pane::Configs => Some(configs::count(model)).filter(|count| *count > 0).map(|count| count.to_string()),
        _ => None,
    }
}

/// What stands at the right end of a pane's upper border.
pub(crate) fn note(pane: Pane, model: &Model) -> Option<Line<'_>> {
    match pane {
        Pane::Projects => projects::note(model),
        Pane::Logs => logs::note(model),
        Pane::Stack => stack::note(model),
        Pane::Health => health::note(model),
        _ => None,
    }
}

/// A sign behind the name of a pane that should be looked at.
pub(crate) fn alarm(pane: Pane, model: &Model) -> Option<&'static str> {
    (pane == Pane::Assistant && assistant::has_finding(model)).then_some(model.look.glyphs.failed)
}
