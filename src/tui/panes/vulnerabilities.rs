//! The known vulnerabilities of the selected app's dependencies: a part of the Stack pane.

use ratatui::text::Line;

use super::super::model::{Model, Remote};
use super::super::text;
use super::super::theme::Role;
use super::super::widgets::draw;
use crate::model::{AppProfile, AppVulnerabilities, NotScannedReason, Severity, Vulnerability, VulnerabilityReport};

/// At most so many are listed; `wharf vulns` lists all.
const LISTED: usize = 100;

pub(crate) fn lines<'a>(model: &'a Model, profile: &AppProfile, width: usize) -> Vec<Line<'a>> {
    let look = &model.look;
    let mut lines = vec![Line::default(), draw::heading(look, "Known vulnerabilities", None)];
    match model.known_vulnerabilities() {
        None => return Vec::new(),
        Some(Remote::Loading) => lines.extend(draw::paragraph(look, Role::Dim, "Looking them up …", width)),
        Some(Remote::Failed(problem)) => {
            lines.extend(draw::paragraph(look, Role::Warn, &format!("Not scanned: {}", problem.message), width));
        }
        Some(Remote::Ready(report)) => match report.apps.iter().find(|app| app.path == profile.path) {
            Some(app) if app.dependencies > 0 => found(model, report, app, width, &mut lines),
            _ => return Vec::new(),
        },
    }
    lines
}

fn found<'a>(
    model: &'a Model,
    report: &'a VulnerabilityReport,
    app: &'a AppVulnerabilities,
    width: usize,
    lines: &mut Vec<Line<'a>>,
) {
    let look = &model.look;
    let count = app.vulnerabilities.len();
    let of = if app.scanned == app.dependencies {
        format!("{} dependencies", app.dependencies)
    } else {
        format!("{} of {} dependencies", app.scanned, app.dependencies)
    };
    let (role, says) = match (app.scanned, count) {
        (0, 0) => (Role::Warn, "not scanned".to_owned()),
        (_, 0) => (Role::Good, format!("none in {of}")),
        _ => (Role::Bad, format!("{count} in {of}")),
    };
    if let Some(heading) = lines.last_mut() {
        heading.spans.push(draw::span(look, role, format!("  {says}")));
    }
    let name = |one: &Vulnerability| text::width(&one.package) + text::width(&one.version) + 1;
    let wide = app.vulnerabilities.iter().take(LISTED).map(name).max().unwrap_or_default().min(width / 3).max(8);
    for one in app.vulnerabilities.iter().take(LISTED) {
        lines.push(vulnerability(model, one, wide));
    }
    if count > LISTED {
        let words = format!("and {} more: `wharf vulns` lists all", count - LISTED);
        lines.push(draw::span(look, Role::Dim, words).into());
    }
    for group in &app.not_scanned {
        let hint = match group.reason {
            NotScannedReason::NotAllowed => "; press v to look them up",
            _ => "",
        };
        let words = format!("{} not scanned, {}{hint}", group.packages.len(), group.reason);
        lines.extend(draw::paragraph(look, Role::Warn, &words, width));
    }
    for problem in &report.problems {
        lines.extend(draw::paragraph(look, Role::Warn, &format!("{}: {}", problem.message, problem.why), width));
    }
    lines.extend(origin(model, report, app, width));
}

fn vulnerability<'a>(model: &'a Model, one: &'a Vulnerability, wide: usize) -> Line<'a> {
    let look = &model.look;
    let role = match one.severity {
        Severity::Critical | Severity::High => Role::Bad,
        Severity::Medium => Role::Warn,
        Severity::Low | Severity::Unknown => Role::Dim,
    };
    let score = one.score.map(|score| format!(" {score:.1}")).unwrap_or_default();
    let fixed = one.fixed.as_ref().map_or_else(|| "no fix known".to_owned(), |fixed| format!("fixed in {fixed}"));
    Line::from(vec![
        draw::span(look, role, format!("{:<13}", format!("{}{score}", one.severity))),
        draw::plain(text::fill(&format!("{} {}", one.package, one.version), wide + 2, look.glyphs.ellipsis)),
        draw::span(look, Role::Info, format!("{fixed:<17} ")),
        draw::span(look, Role::Dim, format!("{}  ", one.id)),
        draw::span(look, Role::Dim, if one.direct { "" } else { "indirect  " }),
        draw::plain(one.summary.as_str()),
    ])
}

/// Who says so, and when.
fn origin<'a>(model: &'a Model, report: &VulnerabilityReport, app: &AppVulnerabilities, width: usize) -> Vec<Line<'a>> {
    let archive = report.archives.iter().find(|archive| Some(&archive.ecosystem) == app.ecosystem.as_ref());
    let words = match (report.answered_at, archive) {
        (Some(at), _) => format!("{} said so {} ago", report.sources.address, text::age(at, model.now)),
        (None, Some(archive)) => format!("from the imported archive of {}", archive.newest),
        (None, None) => return Vec::new(),
    };
    draw::paragraph(&model.look, Role::Faint, &words, width)
}
