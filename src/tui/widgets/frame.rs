//! The border of a place, with its tabs, a note and a scroll mark.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use super::super::look::Look;
use super::super::model::{Model, Pane, Place};
use super::super::theme::Role;
use super::super::{panes, text};
use super::draw;
use crate::model::Environment;

/// Draws the border of a place and the names of what is in it.
pub(crate) fn frame(model: &Model, place: &Place, buf: &mut Buffer) {
    let look = &model.look;
    let has_focus = place.tabs.contains(&model.focus) && place.pane == model.focus;
    let is_production = model.environment() == Environment::Production;
    let border = match (has_focus, is_production) {
        (true, true) => look.style(Role::Bad),
        (true, false) => look.style(Role::Focus),
        (false, _) => look.style(Role::Border),
    };
    Block::bordered().border_set(look.glyphs.border).border_style(border).render(place.area, buf);
    let width = place.area.width.saturating_sub(4);
    let note = panes::note(place.pane, model);
    let tabs = tabs(model, place, has_focus, usize::from(width));
    let used = u16::try_from(tabs.width()).unwrap_or(u16::MAX);
    buf.set_line(place.area.x + 2, place.area.y, &tabs, width);
    if let Some(note) = note {
        let room = width.saturating_sub(used + 2);
        let note = text::fit(note, usize::from(room), look.glyphs.ellipsis);
        let wide = u16::try_from(note.width()).unwrap_or(u16::MAX);
        if wide > 0 && room >= 6 {
            let padded = pad(note);
            buf.set_line(place.area.right().saturating_sub(wide + 4), place.area.y, &padded, wide + 2);
        }
    }
}

fn pad(mut line: Line<'_>) -> Line<'_> {
    line.spans.insert(0, Span::raw(" "));
    line.spans.push(Span::raw(" "));
    line
}

fn tabs(model: &Model, place: &Place, has_focus: bool, width: usize) -> Line<'static> {
    let look = &model.look;
    let one = |pane: Pane, with_digit: bool| {
        let count = panes::count(pane, model).filter(|_| pane == place.pane);
        let mut spans = vec![Span::raw(" ")];
        let role = match (pane == place.pane, has_focus) {
            (true, true) => Role::Accent,
            (true, false) => Role::Strong,
            (false, _) => Role::Title,
        };
        // The list is where Esc leads; its digit stands in the help.
        if with_digit && pane != Pane::Projects {
            let digit = if pane == place.pane { role } else { Role::Faint };
            spans.push(draw::span(look, digit, format!("{} ", pane.digit())));
        }
        let title = Span::styled(pane.title(), look.style(role));
        spans.push(if pane == place.pane { title.style(look.style(role).bold()) } else { title });
        if let Some(sign) = panes::alarm(pane, model) {
            spans.push(draw::span(look, Role::Bad, format!(" {sign}")));
        }
        if let Some(count) = count {
            spans.push(draw::span(look, Role::Faint, format!(" {count}")));
        }
        spans.push(Span::raw(" "));
        spans
    };
    let all = |with_digit| Line::from(place.tabs.iter().flat_map(|pane| one(*pane, with_digit)).collect::<Vec<_>>());
    let line = all(true);
    if line.width() <= width || place.tabs.len() == 1 { line } else { text::fit(all(false), width, "") }
}

/// Shows on the right border where in a longer content the area is.
pub(crate) fn scroll_mark(buf: &mut Buffer, inside: Rect, lines: usize, scroll: usize, look: &Look) {
    let room = usize::from(inside.height);
    if lines <= room || room == 0 {
        return;
    }
    let size = (room * room / lines).clamp(1, room);
    let most = lines - room;
    let top = (room - size) * scroll.min(most) / most;
    for row in top..top + size {
        let y = inside.y + u16::try_from(row).unwrap_or(u16::MAX);
        buf.set_string(inside.right() + 1, y, look.glyphs.thumb, look.style(Role::Faint));
    }
}
