//! A problem in the corner, until it is put away.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::model::{Model, Notice};
use super::super::theme::Role;
use super::super::widgets::draw;
use super::dialogs;

const WIDTH: u16 = 64;

pub(super) fn draw(model: &Model, body: Rect, buf: &mut Buffer) {
    let Some(Notice::Wrong(problem)) = model.notice.as_ref().filter(|_| model.dialog.is_none()) else { return };
    let look = &model.look;
    let width = WIDTH.min(body.width.saturating_sub(2));
    let room = usize::from(width.saturating_sub(4));
    let mut lines = draw::paragraph(look, Role::Strong, &problem.message, room);
    if !problem.why.is_empty() {
        lines.extend(draw::paragraph(look, Role::Dim, &problem.why, room).into_iter().take(4));
    }
    if !problem.fix.is_empty() {
        lines.extend(draw::paragraph(look, Role::Accent, &problem.fix, room));
    }
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(body.height);
    let area =
        Rect { x: body.right().saturating_sub(width + 1), y: body.bottom().saturating_sub(height), width, height };
    let inside = dialogs::boxed(model, "Esc puts it away", Role::Bad, area, buf);
    draw::lines(buf, inside, lines, 0, look);
}
