//! Lines on the screen. All text goes through [`line`], which lets no control character pass.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::look::Look;
use super::super::text;
use super::super::theme::Role;

/// Draws one line, cut to the area; returns nothing for rows outside it.
pub(crate) fn line(buf: &mut Buffer, area: Rect, row: u16, content: Line<'_>, look: &Look) {
    if row < area.height {
        let fitted = text::fit(content, usize::from(area.width), look.glyphs.ellipsis);
        buf.set_line(area.x, area.y + row, &fitted, area.width);
    }
}

/// Draws lines from the one at `scroll`.
pub(crate) fn lines(buf: &mut Buffer, area: Rect, content: Vec<Line<'_>>, scroll: usize, look: &Look) {
    for (row, one) in content.into_iter().skip(scroll).take(usize::from(area.height)).enumerate() {
        line(buf, area, u16::try_from(row).unwrap_or(u16::MAX), one, look);
    }
}

/// A piece of text in a role's style.
pub(crate) fn span<'a>(look: &Look, role: Role, content: impl Into<std::borrow::Cow<'a, str>>) -> Span<'a> {
    Span::styled(content, look.style(role))
}

/// Text as it is.
pub(crate) fn plain<'a>(content: impl Into<std::borrow::Cow<'a, str>>) -> Span<'a> {
    Span::styled(content, Style::new())
}

/// What stands at both ends of a line; the left end is cut where both do not fit.
pub(crate) fn ends<'a>(left: Line<'a>, right: Line<'a>, width: usize, look: &Look) -> Line<'a> {
    let right_width = right.width();
    let room = width.saturating_sub(right_width + 1);
    let mut fitted = text::fit(left, room, look.glyphs.ellipsis);
    let gap = width.saturating_sub(fitted.width() + right_width);
    fitted.spans.push(Span::raw(" ".repeat(gap)));
    fitted.spans.extend(right.spans);
    fitted
}

/// A heading within a pane, with a count where there is one.
pub(crate) fn heading<'a>(look: &Look, title: &'a str, count: Option<usize>) -> Line<'a> {
    let mut spans = vec![span(look, Role::Strong, title)];
    if let Some(count) = count {
        spans.push(span(look, Role::Faint, format!(" {count}")));
    }
    Line::from(spans)
}

/// A label and what it says, the labels in one column; further lines stand below the first.
pub(crate) fn labelled<'a>(look: &Look, label: &'a str, says: &str, width: usize, role: Role) -> Vec<Line<'a>> {
    const LABEL: usize = 11;
    let wrapped = text::wrap(says, width.saturating_sub(LABEL));
    let mut lines = Vec::with_capacity(wrapped.len());
    for (index, part) in wrapped.into_iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        let style = look.style(role);
        lines.push(Line::from(vec![
            span(look, Role::Dim, text::fill(label, LABEL, look.glyphs.ellipsis)),
            Span::styled(part, style),
        ]));
    }
    lines
}

/// A paragraph in one style.
pub(crate) fn paragraph(look: &Look, role: Role, content: &str, width: usize) -> Vec<Line<'static>> {
    text::wrap(content, width).into_iter().map(|part| span(look, role, part).into()).collect()
}
