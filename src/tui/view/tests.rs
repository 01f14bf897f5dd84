//! What each pane looks like in its main states, at three sizes.

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::view;
use crate::model::{Bearing, DeploymentStatus as Status, Environment, Evidence, Problem, ProblemCode, Release};
use crate::tui::keymap::Action;
use crate::tui::look::{Look, Terminal};
use crate::tui::message::Message;
use crate::tui::model::samples::{self, NOW, deployment};
use crate::tui::model::{Model, Pane};
use crate::tui::theme::Role;
use crate::tui::update::{artifact_key, update};

const SIZES: [Size; 3] =
    [Size { width: 80, height: 24 }, Size { width: 120, height: 40 }, Size { width: 200, height: 60 }];

fn look() -> Look {
    let terminal = Terminal {
        term: "xterm-256color".into(),
        colorterm: "truecolor".into(),
        locale: "C.UTF-8".into(),
        no_color: false,
    };
    Look::new(&terminal)
}

fn blank(size: Size) -> Model {
    Model::new(size, crate::model::Timestamp::from_millis(NOW), look())
}

/// A fleet in which everything has happened, with the shop selected and all of its panes filled.
fn full(size: Size) -> Model {
    let mut model = blank(size);
    let mut production = deployment("billing", "billing", "d2", Status::Healthy);
    production.key.environment = Environment::Production;
    production.port = Some(20_020);
    let mut staging = deployment("shop", "web", "d4", Status::Stopped);
    staging.key.environment = Environment::Staging;
    let deployments = vec![
        deployment("blog", "blog", "d1", Status::Running),
        production,
        deployment("docs", "docs", "d3", Status::Failed),
        staging,
        deployment("shop", "web", "d5", Status::Healthy),
        deployment("shop", "worker", "d6", Status::Degraded),
    ];
    let names = ["api-gateway", "billing", "blog", "docs", "shop", "日本語のとても長いプロジェクト名"];
    update(&mut model, Message::Snapshot(Box::new(samples::snapshot(&names, deployments))));
    select(&mut model, "web");
    fill(&mut model);
    model
}

/// Selects the row of that name.
fn select(model: &mut Model, label: &str) {
    let index = model.fleet.rows().iter().position(|row| row.label == label).unwrap();
    model.fleet.select_index(index);
    model.reset_panes();
    update(model, Message::Clock(samples::at(0)));
}

/// Answers everything that the selection asks for.
fn fill(model: &mut Model) {
    if let Some(project) = model.fleet.selected_project().cloned() {
        update(model, Message::Detected(project.clone(), Ok(samples::detection())));
        let report = samples::vulnerabilities(project.as_str(), true);
        update(model, Message::Vulnerabilities(project, Ok(report)));
    }
    if let Some(key) = model.artifacts_key() {
        update(model, Message::Artifacts(key, Ok(samples::artifacts())));
    }
    for view in samples::artifacts() {
        let lines = crate::tui::highlight::highlight(&view.artifact.path, &view.artifact.content);
        update(model, Message::Coloured(artifact_key(&view), lines));
    }
    if let Some(id) = model.logs.of.clone() {
        update(model, Message::Lines(id.clone(), samples::log_lines(id.as_str(), 90)));
    }
    if let Some(id) = model.running().map(|deployment| deployment.id.clone()) {
        let book = samples::book();
        update(model, Message::History(id, book.samples.into(), book.checks.into()));
    }
}

fn press(model: &mut Model, keys: &str) {
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    for letter in keys.chars() {
        let code = match letter {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            letter => KeyCode::Char(letter),
        };
        update(model, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
}

fn drawn(model: &Model) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.width, model.size.height));
    view(model, &mut buf);
    buf
}

fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buf.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buf.area.width {
            let symbol = buf[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = crate::tui::text::width(symbol).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn check(name: &str, make: impl Fn(Size) -> Model) {
    for size in SIZES {
        let model = make(size);
        let buf = drawn(&model);
        let name = format!("{name}_{}x{}", size.width, size.height);
        if let Ok(folder) = std::env::var("WHARF_PICTURES") {
            std::fs::write(format!("{folder}/{name}.ansi"), ansi(&buf)).unwrap();
        }
        insta::assert_snapshot!(name, text(&buf));
    }
}

/// The frame as a terminal gets it, to be looked at: set `WHARF_PICTURES` to a folder.
fn ansi(buf: &Buffer) -> Vec<u8> {
    let mut out = Vec::new();
    let cells = Buffer::empty(buf.area).diff(buf);
    CrosstermBackend::new(&mut out).draw(cells.into_iter()).unwrap();
    out
}

fn with_focus(pane: Pane) -> impl Fn(Size) -> Model {
    move |size| {
        let mut model = full(size);
        press(&mut model, &pane.digit().to_string());
        model
    }
}

#[test]
fn each_pane_when_full() {
    for pane in Pane::ALL {
        check(&format!("full_{}", pane.title().to_lowercase()), with_focus(pane));
    }
}

#[test]
fn the_first_frame() {
    check("first_frame", blank);
}

#[test]
fn nothing_known_with_demos() {
    check("empty", |size| {
        let mut model = blank(size);
        model.folder_path = Some("/srv/empty".into());
        update(&mut model, Message::Snapshot(Box::new(samples::snapshot(&[], Vec::new()))));
        update(&mut model, Message::Folder(Ok(None)));
        let offers = ["aspnet", "axum", "express-postgres", "fastapi-redis", "go", "java", "php", "ruby", "static"];
        let offer =
            |name: &&str| crate::tui::model::Offer { name: (*name).into(), path: format!("demos/{name}").into() };
        update(&mut model, Message::Offers(offers.iter().map(offer).collect()));
        model
    });
}

#[test]
fn a_conflict_shows_both_sides_and_the_ways_out() {
    check("conflict_configs", |size| {
        let mut model = full(size);
        press(&mut model, "2jj");
        model
    });
    check("conflict_asked", |size| {
        let mut model = full(size);
        press(&mut model, "2jjw");
        model
    });
}

#[test]
fn a_failure_in_the_assistant() {
    check("failed_assistant", |size| {
        let mut model = full(size);
        select(&mut model, "docs");
        fill(&mut model);
        press(&mut model, "6");
        model
    });
}

#[test]
fn a_deployment_under_way() {
    check("running_deploy", |size| {
        let mut model = full(size);
        select(&mut model, "blog");
        fill(&mut model);
        press(&mut model, "3");
        let event = crate::model::EventKind::Progress {
            deployment: "d1".into(),
            step: crate::model::StepName::Build,
            done: 5,
            total: 14,
        };
        update(&mut model, Message::Event(Box::new(crate::model::Event { seq: 42, at: samples::at(0), kind: event })));
        model
    });
}

#[test]
fn a_project_that_was_never_deployed() {
    check("new_project", |size| {
        let mut model = full(size);
        select(&mut model, "api-gateway");
        fill(&mut model);
        model
    });
}

#[test]
fn nothing_about_dependencies_is_sent_unasked() {
    check("unasked", |size| {
        let mut model = full(size);
        let report = samples::vulnerabilities("shop", false);
        update(&mut model, Message::Vulnerabilities(report.project.clone(), Ok(report)));
        press(&mut model, "1");
        model
    });
    check("asked", |size| {
        let mut model = full(size);
        let report = samples::vulnerabilities("shop", false);
        update(&mut model, Message::Vulnerabilities(report.project.clone(), Ok(report)));
        press(&mut model, "1v");
        model
    });
}

#[test]
fn evidence_that_disagrees_stands_out() {
    let mut model = full(SIZES[1]);
    let mut detection = samples::detection();
    let against = Evidence::new(".nvmrc", "asks for Node.js 18").bearing(Bearing::Disagrees);
    detection.apps[0].evidence.push(against);
    let project = model.fleet.selected_project().cloned().unwrap();
    update(&mut model, Message::Detected(project, Ok(detection)));
    let lines = crate::tui::panes::stack::lines(&model, 80);
    let style = |says: &str| {
        let mut spans = lines.iter().flat_map(|line| line.spans.iter());
        spans.find(|span| span.content.contains(says)).unwrap().style
    };
    assert_eq!(style("asks for Node.js 18"), model.look.style(Role::Warn));
    assert_ne!(style("depends on next"), model.look.style(Role::Warn));
}

#[test]
fn production_is_unmistakable() {
    check("production_delete", |size| {
        let mut model = full(size);
        select(&mut model, "billing");
        fill(&mut model);
        press(&mut model, "x bil");
        model
    });
}

#[test]
fn values_are_asked_for() {
    check("missing_values", |size| {
        let mut model = full(size);
        press(&mut model, "d");
        let plan = samples::plan(&["LOG_LEVEL", "SESSION_SECRET"]);
        let request = samples::request("shop");
        update(&mut model, Message::Planned(request, Ok(vec![plan])));
        press(&mut model, "info\nhunter2");
        model
    });
}

#[test]
fn releases_to_go_back_to() {
    check("releases", |size| {
        let mut model = full(size);
        let release = |number, id: &str| Release {
            key: samples::key("shop", "web"),
            number,
            deployment: id.into(),
            image: (number > 1).then(|| "wharf/shop-web".to_owned()),
            artifacts: Vec::new(),
            commit: Some("9f2c41d7b6a0e35c".to_owned()),
            source: None,
            created_at: samples::at(u64::from(4 - number) * 40_000),
        };
        let releases = vec![release(3, "d5"), release(2, "d0b"), release(1, "d0a")];
        let view = crate::model::ReleasesView { live: Some("d5".into()), releases };
        update(&mut model, Message::Releases("d5".into(), Ok(view)));
        model
    });
}

#[test]
fn help_and_filter() {
    check("help", |size| {
        let mut model = full(size);
        press(&mut model, "4?");
        model
    });
    check("filter", |size| {
        let mut model = full(size);
        press(&mut model, "/heal");
        model
    });
}

#[test]
fn the_engine_goes_away() {
    check("lost", |size| {
        let mut model = full(size);
        let problem = Problem::new(ProblemCode::Unreachable, "engine-lost", "the engine went away in the middle")
            .why("the connection was closed")
            .fix("deployments go on without it; see `wharf engine status`");
        update(&mut model, Message::Lost(problem.clone()));
        update(&mut model, Message::Added(Err(problem)));
        model
    });
}

#[test]
fn too_little_room() {
    let model = full(Size { width: 50, height: 10 });
    insta::assert_snapshot!("too_small", text(&drawn(&model)));
}

#[test]
fn every_action_with_a_word_is_on_the_key_line_when_it_can_be_done() {
    let model = full(Size { width: 200, height: 60 });
    let shown = text(&drawn(&model));
    let line = shown.lines().last().unwrap();
    assert!(line.contains("d Deploy") && line.contains("s Stop") && line.contains("q Quit"), "{line}");
    assert!(!line.contains("Cancel") && !crate::tui::update::is_possible(&model, Action::Cancel), "{line}");
}
