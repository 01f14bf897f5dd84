//! The line at the bottom: the keys that do something just now, or the last word.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::keymap::{self, Action};
use super::super::model::{Dialog, Model, Notice};
use super::super::theme::Role;
use super::super::update::is_possible;
use super::super::widgets::draw;

pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let look = &model.look;
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let line = match (&model.dialog, &model.notice) {
        (Some(dialog), _) => hints(model, dialog_keys(dialog)),
        (None, _) if model.filtering => hints(model, &[("Enter", "Keep"), ("Esc", "Clear"), ("Up/Down", "Move")]),
        (None, Some(Notice::Said(words))) => Line::from(vec![
            draw::span(look, Role::Accent, format!("{} ", look.glyphs.pointer)),
            draw::plain(words.as_str()),
        ]),
        (None, _) => context(model, inside.width.into()),
    };
    draw::line(buf, inside, 0, line, look);
}

fn hints<'a>(model: &Model, keys: &[(&'a str, &'a str)]) -> Line<'a> {
    let mut spans = Vec::new();
    for (key, word) in keys {
        if !spans.is_empty() {
            spans.push(Span::raw("  "));
        }
        spans.push(draw::span(&model.look, Role::Key, *key));
        spans.push(draw::span(&model.look, Role::Dim, format!(" {word}")));
    }
    Line::from(spans)
}

const fn dialog_keys(dialog: &Dialog) -> &'static [(&'static str, &'static str)] {
    match dialog {
        Dialog::Help(_) => &[("j/k", "Scroll"), ("Esc", "Close")],
        Dialog::Confirm(confirm) if confirm.typed.is_some() => &[("Enter", "Confirm"), ("Esc", "Leave it")],
        Dialog::Confirm(_) => &[("y/Enter", "Yes"), ("n/Esc", "No")],
        Dialog::Add(_) => &[("Enter", "Add"), ("Esc", "Leave it")],
        Dialog::Env(_) => &[("Enter", "Next"), ("Tab", "Other field"), ("Ctrl-T", "Hide or show"), ("Esc", "Leave it")],
        Dialog::Pick(_) => &[("j/k", "Choose"), ("Enter", "Take"), ("Esc", "Leave it")],
    }
}

/// The keys of the pane, as many as there is room for; help and quit always.
fn context(model: &Model, width: usize) -> Line<'static> {
    let shown = keymap::of(model.focus)
        .filter(|binding| !binding.word.is_empty() && is_possible(model, binding.action))
        .filter_map(|binding| Some((binding.keys.first()?.label(), binding.word, binding.action)));
    let (last, first): (Vec<_>, Vec<_>) = shown.partition(|(.., action)| matches!(action, Action::Help | Action::Quit));
    let piece = |(key, word, _): &(String, &'static str, Action)| {
        [draw::span(&model.look, Role::Key, key.clone()), draw::span(&model.look, Role::Dim, format!(" {word}"))]
    };
    let wide = |(key, word, _): &(String, &str, Action)| key.chars().count() + word.chars().count() + 3;
    let mut room = width.saturating_sub(last.iter().map(wide).sum());
    let mut spans = Vec::new();
    for binding in &first {
        if wide(binding) > room {
            break;
        }
        room -= wide(binding);
        spans.extend(piece(binding));
        spans.push(Span::raw("  "));
    }
    let mut end = Vec::new();
    for binding in &last {
        if !end.is_empty() {
            end.push(Span::raw("  "));
        }
        end.extend(piece(binding));
    }
    draw::ends(Line::from(spans), Line::from(end), width, &model.look)
}
