//! What a message changes, and what is to be done then. No I/O: `(model, message) → (model, effects)`.

mod actions;
mod dialogs;
mod engine;
mod files;
mod questions;
mod scroll;
#[cfg(test)]
mod tests;
mod wants;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::effect::Effect;
use super::keymap;
use super::message::Message;
use super::model::{Folder, Model, Notice, Remote};
use crate::model::{Problem, ProblemCode};

pub(crate) use actions::is_possible;
pub(crate) use wants::{artifact_key, shown_text};

/// Changes the model by what happened, and says what is to be done.
pub(crate) fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let mut effects = handle(model, message);
    effects.extend(wants::wants(model));
    effects
}

fn handle(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Message::Key(key) => press(model, key),
        Message::Paste(text) => dialogs::paste(model, &text),
        Message::Resize(size) => {
            model.size = size;
            scroll::clamp(model);
            Vec::new()
        }
        Message::Clock(now) => {
            model.now = now;
            Vec::new()
        }
        Message::Snapshot(snapshot) => engine::snapshot(model, *snapshot),
        Message::Event(event) => engine::event(model, *event),
        Message::Lost(problem) => engine::lost(model, problem),
        Message::Projects(Ok(page)) => engine::more_projects(model, page),
        Message::Folder(result) => engine::folder(model, result),
        Message::Offers(offers) => {
            model.fleet.set_offers(offers);
            Vec::new()
        }
        Message::Added(result) => engine::added(model, result),
        Message::Detected(project, result) => {
            model.detections.insert(project, Remote::from(result));
            scroll::clamp(model);
            Vec::new()
        }
        Message::Vulnerabilities(project, result) => {
            model.vulnerabilities.insert(project, Remote::from(result));
            scroll::clamp(model);
            Vec::new()
        }
        Message::Artifacts(key, result) => {
            model.artifacts.insert(key, Remote::from(result));
            Vec::new()
        }
        Message::Coloured(key, lines) => {
            model.coloured.insert(key, Some(lines));
            Vec::new()
        }
        Message::Detail(id, result) => {
            model.details.insert(id, Remote::from(*result));
            Vec::new()
        }
        Message::History(id, samples, checks) => engine::history(model, &id, samples, checks),
        Message::Lines(id, lines) => {
            if model.logs.of.as_ref() == Some(&id) {
                model.logs.take(lines);
            }
            Vec::new()
        }
        Message::LogsEnded(id, problem) => {
            if model.logs.of.as_ref() == Some(&id) {
                model.logs.problem = problem;
            }
            Vec::new()
        }
        Message::Planned(request, Ok(previews)) => actions::planned(model, request, previews),
        Message::Deploying(Ok(deployments)) => engine::deploying(model, deployments),
        Message::Releases(id, Ok(view)) => dialogs::choose_release(model, id, &view),
        Message::Targets(Ok(targets)) => {
            engine::put_targets(model, targets);
            Vec::new()
        }
        Message::Done(act, Ok(())) => {
            actions::done(model, &act);
            Vec::new()
        }
        Message::Projects(Err(problem))
        | Message::Planned(_, Err(problem))
        | Message::Deploying(Err(problem))
        | Message::Releases(_, Err(problem))
        | Message::Targets(Err(problem))
        | Message::Done(_, Err(problem)) => wrong(model, problem),
        Message::Broken(what) => {
            let problem = Problem::new(ProblemCode::Failed, "internal", "something inside the control center failed")
                .why(what)
                .fix("it goes on; please report this");
            wrong(model, problem)
        }
    }
}

fn wrong(model: &mut Model, problem: Problem) -> Vec<Effect> {
    if model.folder == Folder::Adding {
        model.folder = Folder::Unknown;
    }
    model.notice = Some(Notice::Wrong(problem));
    Vec::new()
}

fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if matches!(model.notice, Some(Notice::Said(_))) {
        model.notice = None;
    }
    // The one way out that works everywhere.
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        model.quit = true;
        return Vec::new();
    }
    if model.dialog.is_some() {
        return dialogs::press(model, key);
    }
    if model.filtering && dialogs::filter(model, key) {
        return Vec::new();
    }
    match keymap::action(model.focus, &key) {
        Some(action) => actions::act(model, action),
        None => Vec::new(),
    }
}
