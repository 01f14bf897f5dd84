//! The generated files: how each compares with the project's, and its text in colours.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::highlight::TokenLine;
use super::super::model::{Model, Pane, Remote};
use super::super::theme::Role;
use super::super::update::{artifact_key, shown_text};
use super::super::widgets::{draw, frame};
use super::super::{look::Look, text};
use super::Extent;
use crate::model::{ArtifactState, ArtifactView, LineOf};

/// How many files there are.
pub(crate) fn count(model: &Model) -> usize {
    match model.selected_artifacts() {
        Some(Remote::Ready(artifacts)) => artifacts.len(),
        _ => 0,
    }
}

/// The list above, the text below; each with its own room.
fn split(model: &Model, area: Rect) -> (Rect, Rect) {
    let files = u16::try_from(count(model)).unwrap_or(u16::MAX).min((area.height / 3).max(3)).min(area.height);
    let list = Rect { height: files, ..area };
    // A rule with the reason stands between.
    let used = (files + 1).min(area.height);
    (list, Rect { y: area.y + used, height: area.height - used, ..area })
}

pub(crate) fn extent(model: &Model, area: Rect) -> Extent {
    Extent::of(model.artifact().map_or(0, |view| length(model, view)), split(model, area).1)
}

/// Whether changes are shown instead of the text: where there is a text that would change, or that a person changed.
fn shows_changes(model: &Model, view: &ArtifactView) -> bool {
    !model.configs.whole && view.state != ArtifactState::New && !view.hunks.is_empty()
}

/// How many lines there are to see.
fn length(model: &Model, view: &ArtifactView) -> usize {
    if shows_changes(model, view) {
        view.hunks.iter().map(|hunk| hunk.lines.len() + 1).sum()
    } else {
        shown_text(view).lines().count()
    }
}

pub(crate) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let look = &model.look;
    let width = usize::from(area.width);
    let words = |role, words: &str| draw::paragraph(look, role, words, width);
    let lines = match model.selected_artifacts() {
        Some(Remote::Ready(artifacts)) if !artifacts.is_empty() => return files(model, artifacts, area, buf),
        Some(Remote::Ready(_)) => words(Role::Dim, "Nothing has to be generated: the project brings its own files."),
        Some(Remote::Failed(problem)) => super::assistant::problem(model, problem, width),
        Some(Remote::Loading) => words(Role::Dim, "Generating …"),
        None if model.project().is_some() => words(Role::Dim, "The files appear once the stack is known."),
        None => words(Role::Dim, "Select a project to see the files that Wharf would generate for it."),
    };
    draw::lines(buf, area, lines, 0, look);
}

fn files(model: &Model, artifacts: &[ArtifactView], area: Rect, buf: &mut Buffer) {
    let look = &model.look;
    let (list, content) = split(model, area);
    let selected = model.configs.selected.min(artifacts.len() - 1);
    let room = usize::from(list.height);
    let top = selected.saturating_sub(room / 2).min(artifacts.len().saturating_sub(room));
    for (row, (index, view)) in artifacts.iter().enumerate().skip(top).take(room).enumerate() {
        let y = list.y + u16::try_from(row).unwrap_or(u16::MAX);
        draw::line(buf, Rect { y, height: 1, ..list }, 0, file(look, view, list.width.into()), look);
        if index == selected {
            buf.set_style(Rect { x: list.x - 1, y, width: list.width + 2, height: 1 }, look.style(Role::Selected));
            let role = if model.focus == Pane::Configs { Role::Focus } else { Role::Faint };
            buf.set_string(list.x - 1, y, look.glyphs.bar, look.style(role));
        }
    }
    let view = &artifacts[selected];
    if content.y > list.bottom() {
        let rule = Rect { y: list.bottom(), height: 1, ..area };
        let reason = Line::from(draw::span(look, Role::Faint, format!("{} ", says(model, view))));
        let fitted = text::fit(reason, rule.width.into(), look.glyphs.ellipsis);
        let rest = usize::from(rule.width).saturating_sub(fitted.width());
        let mut spans = fitted.spans;
        spans.push(draw::span(look, Role::Border, look.glyphs.rule.repeat(rest)));
        draw::line(buf, rule, 0, Line::from(spans), look);
    }
    let (scroll, room) = (model.configs.scroll, content.height.into());
    let lines = if shows_changes(model, view) {
        changes(look, view).skip(scroll).take(room).collect()
    } else {
        let coloured = model.coloured.get(&artifact_key(view)).and_then(Option::as_ref);
        numbered(look, shown_text(view), coloured, scroll, room)
    };
    frame::scroll_mark(buf, content, length(model, view), scroll, look);
    draw::lines(buf, content, lines, 0, look);
}

/// What has to be known of a file, or what it is for.
fn says(model: &Model, view: &ArtifactView) -> String {
    match (view.state, &view.note) {
        (ArtifactState::Conflict, Some(note)) if shows_changes(model, view) => format!("{note}: - yours, + Wharf's"),
        (_, Some(note)) => note.clone(),
        (ArtifactState::Edited, _) if shows_changes(model, view) => "what you changed".to_owned(),
        _ if shows_changes(model, view) => "what would be written on what is there".to_owned(),
        _ => view.artifact.reason.clone(),
    }
}

/// The lines that change; in a conflict behind `|` what Wharf wrote last, behind `-` yours, behind `+` Wharf's.
fn changes<'a>(look: &'a Look, view: &'a ArtifactView) -> impl Iterator<Item = Line<'a>> {
    view.hunks.iter().flat_map(|hunk| {
        let head = Line::from(draw::span(look, Role::Faint, hunk.head()));
        let lines = hunk.lines.iter().map(|line| {
            let (sign, role) = match line.of {
                LineOf::Both => return Line::from(vec![draw::plain("  "), draw::plain(line.text.as_str())]),
                LineOf::Base => ("| ", Role::Faint),
                LineOf::Before => ("- ", Role::Bad),
                LineOf::After => ("+ ", Role::Good),
            };
            Line::from(vec![draw::span(look, role, sign), draw::span(look, role, line.text.as_str())])
        });
        std::iter::once(head).chain(lines)
    })
}

fn file<'a>(look: &Look, view: &'a ArtifactView, width: usize) -> Line<'a> {
    let (sign, word, role) = match view.state {
        ArtifactState::New => ("+", "new", Role::Good),
        ArtifactState::Unchanged => ("=", "unchanged", Role::Faint),
        ArtifactState::Outdated => ("~", "outdated", Role::Info),
        ArtifactState::Merged => ("±", "merged", Role::Info),
        ArtifactState::Edited => ("*", "edited", Role::Busy),
        ArtifactState::Conflict => ("!", "conflict", Role::Bad),
        ArtifactState::Removed => ("-", "removed", Role::Busy),
        ArtifactState::Stale => ("?", "stale", Role::Busy),
    };
    let left = Line::from(vec![draw::span(look, role, format!("{sign} ")), draw::plain(view.artifact.path.as_str())]);
    draw::ends(left, draw::span(look, role, word).into(), width, look)
}

/// The lines of a file that are seen, with their numbers, in colours as soon as they are known.
fn numbered<'a>(
    look: &Look,
    content: &'a str,
    coloured: Option<&Vec<TokenLine>>,
    scroll: usize,
    room: usize,
) -> Vec<Line<'a>> {
    let total = content.lines().count();
    let wide = total.to_string().len().max(2);
    let line = |(index, line): (usize, &'a str)| {
        let mut spans = vec![draw::span(look, Role::Faint, format!("{:>wide$}  ", index + 1))];
        match coloured.and_then(|lines| lines.get(index)) {
            Some(tokens) => spans.extend(colours(look, line, tokens)),
            None => spans.push(draw::plain(line)),
        }
        Line::from(spans)
    };
    content.lines().enumerate().skip(scroll.min(total.saturating_sub(1))).take(room).map(line).collect()
}

fn colours<'a>(look: &Look, line: &'a str, tokens: &TokenLine) -> Vec<Span<'a>> {
    let mut spans = Vec::with_capacity(tokens.len() * 2 + 1);
    let mut at = 0;
    for (token, range) in tokens {
        if let (Some(before), Some(text)) = (line.get(at..range.start), line.get(range.clone())) {
            spans.push(draw::plain(before));
            spans.push(Span::styled(text, look.token(Some(*token))));
            at = range.end;
        }
    }
    spans.push(draw::plain(line.get(at..).unwrap_or_default()));
    spans
}
