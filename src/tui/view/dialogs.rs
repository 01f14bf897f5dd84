//! Questions and forms over the panes.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};
use ratatui_textarea::TextArea;

use super::super::look::Look;
use super::super::model::{Add, Confirm, Dialog, EnvForm, Model, Picker};
use super::super::theme::Role;
use super::super::widgets::draw;
use super::super::{panes, text};

const WIDTH: u16 = 66;

/// Draws a dialog; says where the cursor stands in it.
pub(super) fn draw(model: &Model, dialog: &Dialog, body: Rect, buf: &mut Buffer) -> Option<Position> {
    match dialog {
        Dialog::Help(_) => None,
        Dialog::Confirm(confirm) => self::confirm(model, confirm, body, buf),
        Dialog::Add(add) => self::add(model, add, body, buf),
        Dialog::Env(form) => env(model, form, body, buf),
        Dialog::Pick(picker) => {
            pick(model, picker, body, buf);
            None
        }
    }
}

/// An empty window in the middle; returns the room inside.
pub(super) fn window(
    model: &Model,
    title: &str,
    role: Role,
    width: u16,
    height: u16,
    body: Rect,
    buf: &mut Buffer,
) -> Rect {
    let (width, height) = (width.min(body.width), height.min(body.height));
    let area = Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 3, width, height };
    boxed(model, title, role, area, buf)
}

/// An empty box; returns the room inside.
pub(super) fn boxed(model: &Model, title: &str, role: Role, area: Rect, buf: &mut Buffer) -> Rect {
    let look = &model.look;
    let area = area.intersection(buf.area);
    free_edges(area, buf);
    Clear.render(area, buf);
    buf.set_style(area, look.style(Role::Base));
    buf.set_style(area, look.style(Role::Dialog));
    let title =
        text::fit(Line::from(format!(" {title} ")), usize::from(area.width.saturating_sub(4)), look.glyphs.ellipsis);
    Block::bordered().border_set(look.glyphs.border).border_style(look.style(role)).render(area, buf);
    let style = look.style(role).bold();
    let title: Vec<Span<'_>> = title.spans.into_iter().map(|span| span.style(style)).collect();
    buf.set_line(area.x + 1, area.y, &Line::from(title), area.width.saturating_sub(2));
    Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: area.height.saturating_sub(2) }
}

/// A wide character that an edge would cut in half is taken away whole.
fn free_edges(area: Rect, buf: &mut Buffer) {
    if area.x > buf.area.x {
        for y in area.top()..area.bottom() {
            let cell = &mut buf[(area.x - 1, y)];
            if text::width(cell.symbol()) > 1 {
                cell.set_symbol(" ");
            }
        }
    }
}

fn put(lines: &mut Vec<Line<'static>>, look: &Look, role: Role, words: &str, width: u16) {
    lines.extend(draw::paragraph(look, role, words, usize::from(width.saturating_sub(4))));
}

fn confirm(model: &Model, confirm: &Confirm, body: Rect, buf: &mut Buffer) -> Option<Position> {
    let look = &model.look;
    let width = WIDTH.min(body.width);
    let mut lines = Vec::new();
    for paragraph in &confirm.body {
        put(&mut lines, look, Role::Dialog, paragraph, width);
    }
    lines.push(Line::default());
    if let Some(volumes) = confirm.volumes {
        let (mark, role) = if volumes { (look.glyphs.checked, Role::Bad) } else { (look.glyphs.unchecked, Role::Dim) };
        lines.push(Line::from(vec![
            draw::span(look, role, format!("{mark} the volumes too: their data is lost for good  ")),
            draw::span(look, Role::Key, "Space"),
        ]));
        lines.push(Line::default());
    }
    let mut field_row = None;
    if let Some((wanted, _)) = &confirm.typed {
        lines.push(Line::from(vec![
            draw::span(look, Role::Production, " PRODUCTION "),
            draw::span(look, Role::Dim, "  type "),
            draw::span(look, Role::Strong, wanted.clone()),
            draw::span(look, Role::Dim, " to confirm"),
        ]));
        field_row = Some(lines.len());
        lines.push(Line::default());
        lines.push(Line::default());
    }
    let verb = if confirm.is_ready() { Role::Marked } else { Role::Faint };
    let yes = if confirm.typed.is_some() { "Enter" } else { "y" };
    lines.push(Line::from(vec![
        draw::span(look, verb, format!(" {yes}  {} ", confirm.verb)),
        Span::raw("   "),
        draw::span(look, Role::Dim, "Esc  leaves it as it is"),
    ]));
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let role = if confirm.is_production { Role::Bad } else { Role::Focus };
    let inside = window(model, &confirm.title, role, width, height, body, buf);
    draw::lines(buf, inside, lines, 0, look);
    let (_, input) = confirm.typed.as_ref()?;
    field(model, input, row(inside, field_row?)?, true, buf)
}

fn row(inside: Rect, row: usize) -> Option<Rect> {
    let row = u16::try_from(row).ok().filter(|row| *row < inside.height)?;
    Some(Rect { y: inside.y + row, height: 1, ..inside })
}

/// One line to type in; where the cursor is, if it has the focus.
fn field(model: &Model, input: &TextArea<'static>, area: Rect, has_focus: bool, buf: &mut Buffer) -> Option<Position> {
    let look = &model.look;
    let mut input = input.clone();
    let style = look.style(Role::Input);
    input.set_style(style);
    input.set_cursor_line_style(Style::new());
    input.set_cursor_style(style);
    buf.set_style(area, style);
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    (&input).render(inside, buf);
    let column = u16::try_from(input.screen_cursor().col).unwrap_or(u16::MAX);
    has_focus.then(|| Position { x: (inside.x + column.min(inside.width.saturating_sub(1))), y: inside.y })
}

fn add(model: &Model, add: &Add, body: Rect, buf: &mut Buffer) -> Option<Position> {
    let look = &model.look;
    let width = WIDTH.min(body.width);
    let mut lines = vec![
        draw::span(look, Role::Dim, "A folder, or a git address (URL#branch)").into(),
        Line::default(),
        Line::default(),
    ];
    let field_row = 1;
    if let Some(problem) = &add.problem {
        put(&mut lines, look, Role::Bad, problem, width);
    }
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let inside = window(model, "Add a project", Role::Focus, width, height, body, buf);
    draw::lines(buf, inside, lines, 0, look);
    field(model, &add.input, row(inside, field_row)?, true, buf)
}

fn env(model: &Model, form: &EnvForm, body: Rect, buf: &mut Buffer) -> Option<Position> {
    let look = &model.look;
    let width = WIDTH.min(body.width);
    let words = "The app needs these values, and nobody has given them. Hidden ones are sealed and kept for later \
                 deployments of the same app.";
    let mut lines = Vec::new();
    put(&mut lines, look, Role::Dim, words, width);
    lines.push(Line::default());
    let head = lines.len();
    let height = head + form.fields.len() * 2 + 2;
    let inside = window(
        model,
        "Values that are missing",
        Role::Focus,
        width,
        u16::try_from(height).unwrap_or(u16::MAX),
        body,
        buf,
    );
    // Where not all fields fit, those up to the focused one are seen.
    let room = usize::from(inside.height).saturating_sub(head) / 2;
    let top = (form.focus + 1).saturating_sub(room.max(1));
    draw::lines(buf, inside, lines, 0, look);
    let mut cursor = None;
    for (index, one) in form.fields.iter().enumerate().skip(top).take(room.max(1)) {
        let at = head + (index - top) * 2;
        if let Some(area) = row(inside, at) {
            let role = if index == form.focus { Role::Strong } else { Role::Dim };
            let kind = if one.is_secret { "hidden" } else { "shown" };
            let line = draw::ends(
                draw::span(look, role, one.name.as_str()).into(),
                draw::span(look, Role::Faint, kind).into(),
                area.width.into(),
                look,
            );
            draw::line(buf, area, 0, line, look);
        }
        if let Some(area) = row(inside, at + 1) {
            cursor = field(model, &one.input, area, index == form.focus, buf).or(cursor);
        }
    }
    cursor
}

fn pick(model: &Model, picker: &Picker, body: Rect, buf: &mut Buffer) {
    let look = &model.look;
    let height = u16::try_from(picker.items.len() + 2).unwrap_or(u16::MAX);
    let inside = window(model, &picker.title, Role::Focus, 60, height, body, buf);
    let room = usize::from(inside.height);
    let top = picker.selected.saturating_sub(room / 2).min(picker.items.len().saturating_sub(room));
    let wide = picker.items.iter().map(|(name, _)| text::width(name)).max().unwrap_or_default();
    let items = picker.items.iter().enumerate().skip(top).take(room);
    for (at, (index, (name, note))) in items.enumerate() {
        let Some(area) = row(inside, at) else { break };
        let line =
            Line::from(vec![draw::plain(format!("{name:<wide$}   ")), draw::span(look, Role::Dim, note.as_str())]);
        draw::line(buf, area, 0, line, look);
        if index == picker.selected {
            buf.set_style(Rect { x: area.x - 1, width: area.width + 2, ..area }, look.style(Role::Marked));
        }
    }
    panes::scroll_mark(buf, inside, picker.items.len(), top, look);
}
