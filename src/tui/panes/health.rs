//! Load and health checks of what runs, as numbers and sparklines.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::model::{Book, Model, Series};
use super::super::text;
use super::super::theme::Role;
use super::super::widgets::{draw, spark};

/// Lines that are no sparkline: the head, and for each measure its numbers and an empty line.
const FIXED: usize = 2 + 4 * 2 - 1;
/// How much of the scale is above the highest value: a steady load is no solid block then.
const HEADROOM: f64 = 1.25;

pub(crate) fn lines(model: &Model, area: Rect) -> Vec<Line<'_>> {
    let look = &model.look;
    let width = usize::from(area.width);
    let Some(deployment) = model.running().filter(|deployment| deployment.status.is_up()) else {
        let words = match model.running() {
            Some(deployment) if deployment.status.is_pending() => "It is measured as soon as it runs.".to_owned(),
            Some(deployment) => format!("Nothing runs: {} is {}.", deployment.project_name, deployment.status),
            None => "What runs here is measured in this pane.".to_owned(),
        };
        return draw::paragraph(look, Role::Dim, &words, width);
    };
    let empty = Book::default();
    let book = model.health.get(&deployment.id).unwrap_or(&empty);
    let rows = (usize::from(area.height).saturating_sub(FIXED) / 4).clamp(1, 4);
    let mut lines = vec![checks(model, book, width), Line::default()];
    let limit = book.samples.back().and_then(|sample| sample.memory_limit);
    let cpu = |value: f64| format!("{value:.1}%");
    lines.extend(measure(model, "CPU", &book.cpu(), cpu, 5.0, (width, rows), None));
    let of = limit.map(|limit| format!(" of {}", text::bytes(limit as f64)));
    lines.extend(measure(model, "Memory", &book.memory(), text::bytes, 1.0, (width, rows), of));
    lines.extend(network(model, book, (width, rows)));
    let latency = |value: f64| format!("{value:.1} ms");
    lines.extend(measure(model, "Answers", &book.latency(), latency, 1.0, (width, rows), None));
    lines.pop();
    lines
}

/// The last check, and how many were good.
fn checks(model: &Model, book: &Book, width: usize) -> Line<'static> {
    let look = &model.look;
    let Some(last) = book.checks.back() else {
        return draw::span(look, Role::Dim, "No health check has been made yet.").into();
    };
    let (sign, role) = if last.ok { (look.glyphs.healthy, Role::Good) } else { (look.glyphs.failed, Role::Bad) };
    let left = vec![draw::span(look, role, format!("{sign} ")), draw::plain(last.detail.clone())];
    let share = book.availability().unwrap_or_default() * 100.0;
    let left = Line::from(left);
    let count = book.checks.len();
    let words = [format!("{share:.0}% of {}", text::count(count, "check")), format!("{share:.0}%")];
    let fitting = words.into_iter().find(|words| text::width(words) + 2 + left.width() <= width);
    draw::ends(left, draw::span(look, Role::Dim, fitting.unwrap_or_default()).into(), width, look)
}

/// A measure: its name, its value now, its mean and its highest, and a sparkline. `least` is the smallest top of the
/// scale, so that idle noise looks idle.
fn measure(
    model: &Model,
    name: &str,
    series: &Series,
    show: impl Fn(f64) -> String,
    least: f64,
    (width, rows): (usize, usize),
    of: Option<String>,
) -> Vec<Line<'static>> {
    let look = &model.look;
    let mut left = vec![draw::span(look, Role::Dim, format!("{name:<9}"))];
    match series.last() {
        Some(now) => left.push(draw::span(look, Role::Strong, show(now))),
        None => left.push(draw::span(look, Role::Faint, "not known yet")),
    }
    left.extend(of.filter(|_| series.last().is_some()).map(|of| draw::span(look, Role::Dim, of)));
    let left = Line::from(left);
    let right = extremes(model, series, &show, width.saturating_sub(left.width() + 2));
    let mut lines = vec![draw::ends(left, right, width, look)];
    lines.extend(spark::sparkline(look, &series.values, (series.max() * HEADROOM).max(least), width, rows));
    lines.push(Line::default());
    lines
}

/// The mean and the highest value, as far as there is room.
fn extremes(model: &Model, series: &Series, show: &impl Fn(f64) -> String, room: usize) -> Line<'static> {
    if series.values.len() < 2 {
        return Line::default();
    }
    let max = format!("max {}", show(series.max()));
    let both = format!("mean {}  {max}", show(series.mean()));
    let fitting = [both, max].into_iter().find(|words| text::width(words) <= room);
    draw::span(&model.look, Role::Faint, fitting.unwrap_or_default()).into()
}

/// What comes in and goes out, side by side.
fn network(model: &Model, book: &Book, (width, rows): (usize, usize)) -> Vec<Line<'static>> {
    let look = &model.look;
    let (received, sent) = (book.received(), book.sent());
    let rate =
        |series: &Series| series.last().map_or_else(|| "–".to_owned(), |value| format!("{}/s", text::bytes(value)));
    let half = width.saturating_sub(2) / 2;
    let name = |arrow: &str, series: &Series| {
        let label = draw::span(look, Role::Dim, format!("{arrow} "));
        let value = draw::span(look, Role::Strong, rate(series));
        (label, value)
    };
    let (down, down_rate) = name(look.glyphs.down, &received);
    let (up, up_rate) = name(look.glyphs.up, &sent);
    let label = if half >= 22 { "Network  " } else { "Net " };
    let left = Line::from(vec![draw::span(look, Role::Dim, label), down, down_rate]);
    let gap = (half + 2).saturating_sub(left.width());
    let mut head = left.spans;
    head.extend([Span::raw(" ".repeat(gap)), up, up_rate]);
    let mut lines = vec![Line::from(head)];
    let top = (received.max().max(sent.max()) * HEADROOM).max(1024.0);
    let left = spark::sparkline(look, &received.values, top, half, rows);
    let right = spark::sparkline(look, &sent.values, top, half, rows);
    lines.extend(left.into_iter().zip(right).map(|(left, right)| {
        let mut spans = left.spans;
        spans.push(Span::raw("  "));
        spans.extend(right.spans);
        Line::from(spans)
    }));
    lines.push(Line::default());
    lines
}

/// How long it has been up.
pub(crate) fn note(model: &Model) -> Option<Line<'_>> {
    let deployment = model.running()?;
    let (sign, role) = model.look.status(deployment.status, model.beat());
    let age = text::age(deployment.status_since, model.now);
    Some(Line::from(vec![
        draw::span(&model.look, role, sign),
        draw::span(&model.look, Role::Dim, format!(" {} {age}", deployment.status)),
    ]))
}
