//! The output of the selected deployment as it comes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::model::{Model, Shown};
use super::super::text;
use super::super::theme::Role;
use super::super::widgets::{draw, frame};
use crate::model::LogStream;

pub(crate) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let look = &model.look;
    let logs = &model.logs;
    if logs.lines.is_empty() {
        let words = match (&logs.of, &logs.problem) {
            (_, Some(problem)) => problem.message.as_str(),
            (None, _) => "What runs here prints into this pane.",
            (Some(_), None) => "Nothing has been printed yet.",
        };
        draw::lines(buf, area, draw::paragraph(look, Role::Dim, words, area.width.into()), 0, look);
        return;
    }
    let room = usize::from(area.height);
    let end = logs.end();
    let top = end.saturating_sub(room);
    let first = logs.lines.iter().map(|line| line.source.as_str()).next().unwrap_or_default();
    let shown: Vec<&Shown> = logs.lines.range(top..end).collect();
    // Whose line it is matters only where several print.
    let with_source = logs.lines.iter().any(|line| line.source != first);
    let wide = shown.iter().map(|line| text::width(&line.source)).max().unwrap_or_default().min(12);
    let lines = shown.into_iter().map(|line| self::line(model, line, with_source.then_some(wide)));
    frame::scroll_mark(buf, area, logs.lines.len(), top, look);
    draw::lines(buf, area, lines.collect(), 0, look);
}

fn line<'a>(model: &'a Model, line: &'a Shown, source: Option<usize>) -> Line<'a> {
    let look = &model.look;
    let time = line.at.to_jiff().to_zoned(model.zone.clone()).strftime("%H:%M:%S ").to_string();
    let mut spans = vec![draw::span(look, Role::Faint, time)];
    if let Some(wide) = source {
        spans.push(draw::span(look, Role::Info, format!("{} ", text::fill(&line.source, wide, look.glyphs.ellipsis))));
    }
    let role = match line.stream {
        LogStream::Stdout => Role::Base,
        LogStream::Stderr => Role::Warn,
        LogStream::Wharf => Role::Dim,
    };
    // The base style would paint the background of a selected row.
    let style = if role == Role::Base { ratatui::style::Style::new() } else { look.style(role) };
    spans.push(ratatui::text::Span::styled(line.text.as_str(), style));
    Line::from(spans)
}

/// Whether new lines are followed.
pub(crate) fn note(model: &Model) -> Option<Line<'_>> {
    let look = &model.look;
    let logs = &model.logs;
    logs.of.as_ref()?;
    let line = match (logs.held, logs.unseen()) {
        (Some(_), 0) => draw::span(look, Role::Busy, "paused"),
        (Some(_), new) => draw::span(look, Role::Busy, format!("paused {} {new} new", look.glyphs.down)),
        (None, _) => draw::span(look, Role::Faint, "following"),
    };
    Some(line.into())
}
