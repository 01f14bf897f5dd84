//! All keys, made from the key map.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::keymap::{self, Binding, Context};
use super::super::model::Model;
use super::super::theme::Role;
use super::super::widgets::draw;
use super::dialogs;

/// The room for the keys of one binding.
const KEYS: usize = 18;
const WIDTH: u16 = 88;

fn content(model: &Model) -> Vec<Line<'static>> {
    let look = &model.look;
    let line = |binding: &Binding| {
        let keys: Vec<String> = binding.keys.iter().map(|key| key.label()).collect();
        Line::from(vec![draw::span(look, Role::Key, format!("{:<KEYS$}", keys.join(" "))), draw::plain(binding.help)])
    };
    let (own, general): (Vec<_>, Vec<_>) =
        keymap::of(model.focus).partition(|binding| binding.context != Context::Everywhere);
    let mut lines = Vec::new();
    if !own.is_empty() {
        lines.push(draw::heading(look, model.focus.title(), None));
        lines.extend(own.into_iter().map(line));
        lines.push(Line::default());
    }
    lines.push(draw::heading(look, "Everywhere", None));
    lines.extend(general.into_iter().map(line));
    lines
}

/// How many lines the help has.
pub(crate) fn lines(model: &Model) -> usize {
    content(model).len()
}

pub(super) fn draw(model: &Model, scroll: usize, body: Rect, buf: &mut Buffer) {
    let lines = content(model);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let inside = dialogs::window(model, "Keys", Role::Focus, WIDTH, height, body, buf);
    super::frame::scroll_mark(buf, inside, lines.len(), scroll, &model.look);
    draw::lines(buf, inside, lines, scroll, &model.look);
}
