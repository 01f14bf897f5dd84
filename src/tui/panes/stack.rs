//! What detection found in the selected app, and why it thinks so.

use ratatui::text::Line;

use super::super::model::{Folder, Link, Model, Remote};
use super::super::text;
use super::super::theme::Role;
use super::super::widgets::draw;
use crate::model::{AppProfile, Bearing, Detection, Serving};

pub(crate) fn lines(model: &Model, width: usize) -> Vec<Line<'_>> {
    let look = &model.look;
    let dim = |words: &str| draw::paragraph(look, Role::Dim, words, width);
    match model.detection() {
        None => nothing(model, width),
        Some(Remote::Loading) => dim("Looking at the project …"),
        Some(Remote::Failed(problem)) => super::assistant::problem(model, problem, width),
        Some(Remote::Ready(detection)) => match model.profile() {
            None => {
                let mut lines =
                    draw::paragraph(look, Role::Strong, "There is nothing to deploy in this folder.", width);
                lines.extend(dim("No manifest and no Dockerfile that Wharf knows was found. D looks again."));
                lines.extend(warnings(model, detection, width));
                lines
            }
            Some(profile) => found(model, detection, profile, width),
        },
    }
}

fn nothing(model: &Model, width: usize) -> Vec<Line<'_>> {
    let look = &model.look;
    let words = match (&model.link, &model.folder) {
        (Link::Up, Folder::Empty) => "Select a demo at the left, or add a project of yours with a.",
        (Link::Up, _) => "Select a project to see what it is made of.",
        _ => "",
    };
    let mut lines = vec![];
    if model.fleet.is_empty() {
        lines.extend(draw::paragraph(look, Role::Strong, "From a folder of code to a running, watched app.", width));
        lines.push(Line::default());
    }
    lines.extend(draw::paragraph(look, Role::Dim, words, width));
    lines
}

/// How sure the detection is.
pub(crate) fn note(model: &Model) -> Option<Line<'_>> {
    let look = &model.look;
    let profile = model.profile()?;
    let role = if profile.confidence >= 0.8 { Role::Good } else { Role::Warn };
    Some(Line::from(vec![
        draw::span(look, role, format!("{:.0}%", profile.confidence * 100.0)),
        draw::span(look, Role::Dim, " sure"),
    ]))
}

fn found<'a>(model: &'a Model, detection: &'a Detection, profile: &'a AppProfile, width: usize) -> Vec<Line<'a>> {
    let look = &model.look;
    let mut lines = vec![Line::from(vec![
        draw::span(look, Role::Accent, headline(profile)),
        draw::span(
            look,
            Role::Faint,
            if profile.path == "." { String::new() } else { format!("  in {}", profile.path) },
        ),
    ])];
    if let Some(project) = model.project() {
        let path = project.root.display().to_string();
        lines.push(
            draw::span(look, Role::Faint, text::cut_start(&path, width, look.glyphs.ellipsis).into_owned()).into(),
        );
    }
    lines.push(Line::default());
    lines.extend(facts(model, profile, width));
    if detection.apps.len() > 1 {
        lines.extend(apps(model, detection, profile));
    }
    lines.extend(warnings(model, detection, width));
    lines.extend(super::vulnerabilities::lines(model, profile, width));
    if !profile.evidence.is_empty() {
        lines.push(Line::default());
        lines.push(draw::heading(look, "Evidence", Some(profile.evidence.len())));
        let wide = profile.evidence.iter().map(|evidence| text::width(&evidence.file)).max().unwrap_or_default();
        let wide = wide.min(width / 3).max(8);
        for evidence in &profile.evidence {
            let role = if evidence.bearing == Bearing::Supports { Role::Base } else { Role::Warn };
            let wrapped = text::wrap(&evidence.says, width.saturating_sub(wide + 2));
            for (index, part) in wrapped.into_iter().enumerate() {
                let file = if index == 0 { evidence.file.as_str() } else { "" };
                lines.push(Line::from(vec![
                    draw::span(look, Role::Dim, text::fill(file, wide + 2, look.glyphs.ellipsis)),
                    draw::span(look, role, part),
                ]));
            }
        }
    }
    lines.extend(dependencies(model, profile, width));
    lines
}

/// `Next.js 15.1.0 on Node 22`, from what is known.
fn headline(profile: &AppProfile) -> String {
    let with = |name: &str, version: &Option<String>| match version {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    };
    let language = with(&profile.language.name, &profile.language.version);
    match &profile.framework {
        Some(framework) => format!("{}, {language}", with(&framework.name, &framework.version)),
        None => language,
    }
}

fn facts<'a>(model: &'a Model, profile: &AppProfile, width: usize) -> Vec<Line<'a>> {
    let look = &model.look;
    let mut lines = Vec::new();
    let mut add = |label: &'a str, says: Option<String>, role| {
        if let Some(says) = says.filter(|says| !says.is_empty()) {
            lines.extend(draw::labelled(look, label, &says, width, role));
        }
    };
    let packages = profile.package_manager.as_ref().map(|name| match &profile.package_manager_version {
        Some(version) => format!("{name} {version}"),
        None => name.clone(),
    });
    let runtime = profile.runtime_version.as_ref().map(|version| format!("{} {version}", profile.stack));
    add("Runtime", runtime, Role::Base);
    add("Packages", packages, Role::Base);
    add("Build tool", profile.build_tool.clone(), Role::Base);
    add("Install", profile.install_command.clone(), Role::Base);
    add("Build", profile.build_command.clone(), Role::Base);
    let needs_start = profile.serving != Serving::Static && profile.dockerfile.is_none();
    match &profile.start_command {
        None if needs_start => add("Start", Some("none was found: say `start` in wharf.toml".to_owned()), Role::Warn),
        start => add("Start", start.clone(), Role::Base),
    }
    add("Release", profile.release_command.clone(), Role::Base);
    for process in &profile.processes {
        let single = if process.single { ", never twice at once" } else { "" };
        add("Beside", Some(format!("{}: {}{single}", process.name, process.command)), Role::Base);
    }
    add("Test", profile.test_command.clone(), Role::Base);
    add("Lint", profile.lint_command.clone(), Role::Base);
    let serves = match profile.serving {
        Serving::Server => profile.port.map(|port| {
            let path = profile.health_path.as_deref().unwrap_or("/");
            format!("port {port}, health on {path}")
        }),
        Serving::Static => profile.output_dir.as_ref().map(|folder| format!("files in {folder}")),
        Serving::None => Some("listens on no port".to_owned()),
    };
    add("Serves", serves, Role::Base);
    add("Services", Some(profile.services.join(", ")), Role::Info);
    let (needed, read): (Vec<&String>, Vec<&String>) =
        profile.env.iter().partition(|name| profile.required_env.contains(name));
    let list = |names: Vec<&String>| Some(names.into_iter().cloned().collect::<Vec<_>>().join(", "));
    add("Needs", list(needed), Role::Warn);
    add("Reads", list(read), Role::Base);
    add("Dockerfile", profile.dockerfile.as_ref().map(|path| format!("{path}, its own")), Role::Base);
    add("Compose", profile.compose_file.as_ref().map(|path| format!("{path}, its own")), Role::Base);
    add("System", Some(profile.system_packages.join(", ")), Role::Base);
    lines
}

fn apps<'a>(model: &'a Model, detection: &'a Detection, shown: &AppProfile) -> Vec<Line<'a>> {
    let look = &model.look;
    let mut lines = vec![Line::default(), draw::heading(look, "Apps", Some(detection.apps.len()))];
    if let Some(monorepo) = &detection.monorepo {
        lines[1].spans.push(draw::span(look, Role::Faint, format!("  {}", monorepo.tool)));
    }
    for app in &detection.apps {
        let (mark, role) = if app.path == shown.path { (look.glyphs.pointer, Role::Accent) } else { (" ", Role::Base) };
        lines.push(Line::from(vec![
            draw::span(look, role, format!("{mark} {:<18} ", app.name)),
            draw::span(look, Role::Dim, format!("{:<20} {}", headline(app), app.path)),
        ]));
    }
    lines
}

fn warnings<'a>(model: &'a Model, detection: &'a Detection, width: usize) -> Vec<Line<'a>> {
    let look = &model.look;
    if detection.warnings.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::default(), draw::heading(look, "Warnings", Some(detection.warnings.len()))];
    for warning in &detection.warnings {
        lines.extend(draw::paragraph(look, Role::Warn, &format!("{}: {}", warning.file, warning.says), width));
    }
    lines
}

fn dependencies<'a>(model: &'a Model, profile: &'a AppProfile, width: usize) -> Vec<Line<'a>> {
    let look = &model.look;
    if profile.dependencies.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::default(), draw::heading(look, "Dependencies", Some(profile.dependencies.len()))];
    let columns = (width / 36).max(1);
    let wide = (width / columns).min(44);
    for chunk in profile.dependencies.chunks(columns) {
        let spans = chunk.iter().flat_map(|dependency| {
            let version = dependency.version.as_deref().unwrap_or_default();
            let version = text::cut(version, 12, look.glyphs.ellipsis).into_owned();
            let name = wide.saturating_sub(text::width(&version) + 3);
            [
                draw::plain(text::fill(&dependency.name, name, look.glyphs.ellipsis)),
                draw::span(look, Role::Dim, format!("{version}   ")),
            ]
        });
        lines.push(Line::from(spans.collect::<Vec<_>>()));
    }
    lines
}
