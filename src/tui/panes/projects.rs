//! Projects and their deployments: the fleet at a glance.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::look::Look;
use super::super::model::{Folder, Link, Model, Pane, Row, RowId, Standing};
use super::super::text;
use super::super::theme::Role;
use super::super::widgets::{draw, frame};
use crate::model::{Deployment, DeploymentStatus, Environment, StepStatus};

/// Draws the rows, what leads on where there are none, and the filter.
pub(crate) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let look = &model.look;
    let has_filter = model.filtering || !model.fleet.filter().is_empty();
    let (mut area, filter_row) = match area.height {
        height if has_filter && height > 1 => (Rect { height: height - 1, ..area }, Some(height - 1)),
        _ => (area, None),
    };
    if let Some(row) = filter_row {
        let cursor = if model.filtering { "▏" } else { "" };
        let line = Line::from(vec![
            draw::span(look, Role::Key, "/ "),
            draw::plain(model.fleet.filter().to_owned()),
            draw::span(look, Role::Accent, cursor),
        ]);
        draw::line(buf, Rect { height: row + 1, ..area }, row, line, look);
    }
    let lead = lead(model, area.width.into());
    let height = u16::try_from(lead.len()).unwrap_or(u16::MAX).min(area.height);
    draw::lines(buf, area, lead, 0, look);
    area.y += height;
    area.height -= height;
    rows(model, area, buf);
}

fn rows(model: &Model, area: Rect, buf: &mut Buffer) {
    let look = &model.look;
    let rows = model.fleet.rows();
    let columns = Columns::new(area.width.into());
    let room = usize::from(area.height);
    let selected = model.fleet.selected_index();
    let top = selected.unwrap_or_default().saturating_sub(room / 2).min(rows.len().saturating_sub(room));
    frame::scroll_mark(buf, area, rows.len(), top, look);
    for (line, (index, row)) in rows.iter().enumerate().skip(top).take(room).enumerate() {
        let y = area.y + u16::try_from(line).unwrap_or(u16::MAX);
        let is_selected = selected == Some(index);
        draw::line(buf, Rect { y, height: 1, ..area }, 0, self::row(model, row, columns), look);
        if is_selected {
            let whole = Rect { x: area.x - 1, y, width: area.width + 2, height: 1 };
            buf.set_style(whole, look.style(Role::Selected));
            let role = if model.focus == Pane::Projects { Role::Focus } else { Role::Faint };
            buf.set_string(area.x - 1, y, look.glyphs.bar, look.style(role));
        }
    }
}

/// Which columns there is room for.
#[derive(Clone, Copy)]
struct Columns {
    width: usize,
    state: bool,
    age: bool,
    load: bool,
}

impl Columns {
    const fn new(width: usize) -> Self {
        Self { width, state: width >= 42, age: width >= 46, load: width >= 66 }
    }
}

fn row<'a>(model: &'a Model, row: &'a Row, columns: Columns) -> Line<'a> {
    let look = &model.look;
    let indent = if row.is_child { format!(" {} ", look.glyphs.branch) } else { String::new() };
    let (sign, role) = sign(model, row);
    let name = if row.is_child { Role::Base } else { Role::Strong };
    let mut left = vec![
        draw::span(look, Role::Faint, indent),
        draw::span(look, role, sign),
        Span::raw(" "),
        Span::styled(row.label.as_str(), Style { bg: None, ..look.style(name) }),
    ];
    let environment = row.key.as_ref().map(|key| key.environment);
    if let Some(environment) =
        environment.filter(|env| *env != Environment::Development && !row.label.contains(env.as_str()))
    {
        left.push(Span::raw(" "));
        left.push(draw::span(look, Look::environment(environment), short(environment)));
    }
    let standing = row.key.as_ref().and_then(|key| model.fleet.standing(key));
    if standing.is_some_and(Standing::is_behind) {
        left.push(draw::span(look, Role::Bad, format!(" {}", look.glyphs.failed)));
    }
    draw::ends(Line::from(left), right(model, row, standing, columns), columns.width, look)
}

/// The columns at the right, each as wide in every row.
fn right<'a>(model: &'a Model, row: &Row, standing: Option<&'a Standing>, columns: Columns) -> Line<'a> {
    let look = &model.look;
    let Some((standing, deployment)) = standing.and_then(|standing| Some((standing, standing.serving()?))) else {
        let several = matches!(&row.id, RowId::Project(id) if model.fleet.standings(id).next().is_some());
        let words = match &row.id {
            RowId::Offer(_) => "demo",
            _ if several => "",
            _ => "not deployed",
        };
        return draw::span(look, Role::Faint, words).into();
    };
    let status = standing.status().unwrap_or(deployment.status);
    let mut spans = Vec::new();
    if columns.load {
        let sample = model.health.get(&deployment.id).and_then(|book| book.samples.back());
        let sample = sample.filter(|_| deployment.status.is_up());
        let cpu = sample.map(|sample| format!("{:.1}%", sample.cpu_percent)).unwrap_or_default();
        let memory = sample.map(|sample| text::bytes(sample.memory_bytes as f64)).unwrap_or_default();
        spans.push(draw::span(look, Role::Dim, format!("{cpu:>7} {memory:>9}  ")));
    }
    if columns.state {
        let (_, role) = look.status(status, 0);
        spans.push(draw::span(look, role, format!("{:<9} ", status.as_str())));
    }
    spans.push(place(model, standing, deployment, columns));
    if columns.age {
        spans.push(draw::span(look, Role::Faint, format!("{:>5}", text::age(deployment.status_since, model.now))));
    }
    spans.into()
}

/// Where it answers; what it is at while it answers nowhere.
fn place(model: &Model, standing: &Standing, deployment: &Deployment, columns: Columns) -> Span<'static> {
    let look = &model.look;
    let pending = standing.latest.as_ref().filter(|latest| latest.status.is_pending());
    let step = pending.and_then(|latest| latest.steps.iter().find(|step| step.status == StepStatus::Running));
    match (deployment.port, step) {
        (_, Some(step)) => draw::span(look, Role::Busy, format!("{:>8}", step.name.as_str())),
        (Some(port), _) if deployment.status.is_up() => {
            draw::span(look, Role::Dim, format!("{:>8}", format!(":{port}")))
        }
        _ if columns.state => Span::raw("        "),
        _ => draw::span(look, Role::Faint, deployment.status.as_str()),
    }
}

fn sign(model: &Model, row: &Row) -> (&'static str, Role) {
    let look = &model.look;
    let status = match (&row.id, &row.key) {
        (_, Some(key)) => model.fleet.standing(key).and_then(Standing::status),
        (RowId::Project(id), None) => {
            model.fleet.standings(id).filter_map(|(_, standing)| standing.status()).max_by_key(|s| weight(*s))
        }
        _ => None,
    };
    status.map_or((look.glyphs.none, Role::Faint), |status| look.status(status, model.beat()))
}

/// What an operator should see first of several.
const fn weight(status: DeploymentStatus) -> u8 {
    use DeploymentStatus as S;
    match status {
        S::Deleted => 0,
        S::Stopped => 1,
        S::Cancelled => 2,
        S::Healthy => 3,
        S::Queued => 4,
        S::Running => 5,
        S::Degraded => 6,
        S::Failed => 7,
        S::Unhealthy => 8,
    }
}

const fn short(environment: Environment) -> &'static str {
    match environment {
        Environment::Development => "dev",
        Environment::Staging => "staging",
        Environment::Production => "prod",
    }
}

/// What leads on while there is little or nothing in the list.
fn lead(model: &Model, width: usize) -> Vec<Line<'static>> {
    let look = &model.look;
    let dim = |words: &str| draw::paragraph(look, Role::Dim, words, width);
    let key = |key: &'static str, words: &'static str| {
        Line::from(vec![draw::span(look, Role::Key, format!("{key:<6}")), draw::span(look, Role::Dim, words)])
    };
    let rows = model.fleet.rows();
    let has_offers = rows.iter().any(|row| matches!(row.id, RowId::Offer(_)));
    let mut lines = Vec::new();
    match &model.link {
        Link::Connecting if rows.is_empty() => return dim("Looking for the engine …"),
        Link::Lost(problem) if rows.is_empty() => {
            lines.extend(draw::paragraph(look, Role::Bad, "The engine does not answer.", width));
            lines.extend(dim(&problem.message));
            lines.push(Line::default());
            lines.push(key("E", "starts one"));
            return lines;
        }
        _ => {}
    }
    if !model.fleet.filter().is_empty() {
        if rows.is_empty() {
            lines.extend(dim("Nothing passes the filter. Esc clears it."));
        }
        return lines;
    }
    if model.fleet.is_empty() {
        let words = match model.folder {
            Folder::Unknown if model.folder_path.is_some() => "Looking at this folder …",
            Folder::Adding => "Adding this folder …",
            Folder::Empty => "There is nothing to deploy in this folder.",
            _ => "No project is known yet.",
        };
        lines.extend(draw::paragraph(look, Role::Strong, words, width));
        lines.push(Line::default());
        if has_offers {
            lines.extend(dim("Try one of the demos:"));
            lines.push(key("Enter", "adds it and shows what it is"));
            lines.push(key("d", "deploys it then"));
        } else {
            lines.push(key("a", "adds a folder or a git address"));
        }
        lines.push(key("?", "shows all keys"));
        lines.push(Line::default());
    }
    lines
}

/// How many projects there are.
pub(crate) fn count(model: &Model) -> Option<String> {
    let known = model.fleet.len();
    let total = usize::try_from(model.fleet.total).unwrap_or(known);
    match () {
        () if known == 0 => None,
        () if !model.fleet.filter().is_empty() => {
            let shown = model.fleet.rows().iter().filter(|row| !row.is_child).count();
            Some(format!("{shown} of {total}"))
        }
        () if known < total => Some(format!("{known} of {total} {}", model.look.glyphs.ellipsis)),
        () => Some(known.to_string()),
    }
}

/// How many of them are in which state.
pub(crate) fn note(model: &Model) -> Option<Line<'_>> {
    use DeploymentStatus as S;
    let look = &model.look;
    let counts: [(usize, S); 3] = [
        (model.fleet.count(|status| status == S::Healthy), S::Healthy),
        (model.fleet.count(DeploymentStatus::is_pending), S::Running),
        (model.fleet.count(|status| matches!(status, S::Failed | S::Unhealthy | S::Degraded)), S::Failed),
    ];
    let mut spans = Vec::new();
    for (count, status) in counts.into_iter().filter(|(count, _)| *count > 0) {
        let (sign, role) = look.status(status, model.beat());
        if !spans.is_empty() {
            spans.push(Span::raw("  "));
        }
        spans.push(draw::span(look, role, sign));
        spans.push(draw::span(look, Role::Dim, format!(" {count}")));
    }
    (!spans.is_empty()).then(|| Line::from(spans))
}
