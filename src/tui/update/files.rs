//! Writing generated files: what needs no decision at once, what does one file at a time.

use super::super::effect::Effect;
use super::super::model::{Act, Confirm, Dialog, Model, Notice, Picker, Purpose, Remote};
use super::questions::{ask, question};
use crate::model::{ArtifactState, ArtifactView, LineOf, Take, WriteArtifacts};

/// Asks what becomes of the selected file where a person's is in the way, else whether to write all that can be.
pub(super) fn write(model: &mut Model) {
    let Some(view) = model.artifact() else { return };
    match view.state {
        ArtifactState::Conflict => choose(model),
        ArtifactState::Edited | ArtifactState::Removed if !view.blocked => again(model),
        _ => write_all(model),
    }
}

/// Writes these files of the selected app.
fn act(model: &Model, paths: Vec<String>, take: Option<Take>) -> Option<Act> {
    let (project, app) = model.artifacts_key()?;
    Some(Act::Write(project, WriteArtifacts { app: Some(app), paths, take, ..WriteArtifacts::default() }))
}

/// The ways out of a conflict.
fn choose(model: &mut Model) {
    let Some(view) = model.artifact() else { return };
    let path = view.artifact.path.clone();
    let choices = ways(view);
    let purpose = Purpose::Write(path.clone(), choices.iter().map(|(take, ..)| *take).collect());
    let items = choices.into_iter().map(|(_, name, note)| (name.to_owned(), note.to_owned())).collect();
    model.dialog = Some(Dialog::Pick(Picker { title: path, items, selected: 0, purpose }));
}

fn ways(view: &ArtifactView) -> Vec<(Take, &'static str, &'static str)> {
    if view.blocked {
        return vec![(Take::Yours, "Leave it", "until there is something new to write")];
    }
    let mut ways = vec![(Take::Yours, "Yours", "what you wrote there stays")];
    if view.taken.as_ref().is_some_and(|taken| *taken != view.artifact.content) {
        ways.push((Take::Wharfs, "Wharf's", "your other changes stay"));
    }
    ways.push((Take::Whole, "As generated", "your changes in this file are lost"));
    ways
}

/// A way out of a conflict was chosen.
pub(super) fn chosen(model: &Model, path: &str, take: Take) -> Vec<Effect> {
    act(model, vec![path.to_owned()], Some(take)).map(Effect::Act).into_iter().collect()
}

/// Asks whether a person's changes, or the removal of a file, are to be undone.
fn again(model: &mut Model) {
    let Some(view) = model.artifact() else { return };
    let path = view.artifact.path.clone();
    let (body, verb) = if view.state == ArtifactState::Removed {
        (format!("{path} was removed. It is written again."), "Write it again")
    } else {
        let own = view.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.of == LineOf::After).count();
        let lost = super::super::text::count(own, "line");
        (format!("{path} becomes what Wharf generates. That takes away {lost} of yours."), "Write it as generated")
    };
    let title = format!("Write {path}");
    if let Some(act) = act(model, vec![path], Some(Take::Whole)) {
        ask(model, Confirm { body: vec![body], verb, ..question(title, act) });
    }
}

fn write_all(model: &mut Model) {
    let Some(Remote::Ready(views)) = model.selected_artifacts() else { return };
    let is_written = |view: &&ArtifactView| {
        !matches!(view.state, ArtifactState::Conflict | ArtifactState::Removed) && view.changes(None)
    };
    let written: Vec<&ArtifactView> = views.iter().filter(is_written).collect();
    let waiting = views.iter().filter(|view| view.state == ArtifactState::Conflict);
    let mut body: Vec<String> = written.iter().map(|view| become_of(view)).collect();
    body.extend(waiting.map(|view| format!("! {}  waits: select it and decide", view.artifact.path)));
    let paths: Vec<String> = written.iter().map(|view| view.artifact.path.clone()).collect();
    if paths.is_empty() {
        let text =
            if body.is_empty() { "every file is as it should be" } else { "what is in conflict waits: select it" };
        model.notice = Some(Notice::Said(text.to_owned()));
        return;
    }
    if let Some(act) = act(model, paths, None) {
        ask(model, Confirm { body, verb: "Write", ..question("Write into the project".to_owned(), act) });
    }
}

fn become_of(view: &ArtifactView) -> String {
    let (mark, note) = match view.state {
        ArtifactState::New => ("+", ""),
        ArtifactState::Merged => ("~", "  joined with your changes"),
        _ => ("~", ""),
    };
    format!("{mark} {}{note}", view.artifact.path)
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use ratatui::layout::Size;

    use super::*;
    use crate::model::Timestamp;
    use crate::tui::look::{Look, Terminal};
    use crate::tui::message::Message;
    use crate::tui::model::Model;
    use crate::tui::model::samples::{self, NOW};
    use crate::tui::update::update;

    fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
        let code = |letter| if letter == '\n' { KeyCode::Enter } else { KeyCode::Char(letter) };
        let mut key = |letter| update(model, Message::Key(KeyEvent::new(code(letter), KeyModifiers::NONE)));
        keys.chars().flat_map(&mut key).filter(|effect| !matches!(effect, Effect::Colour(..))).collect()
    }

    /// The Configs pane with files in these states.
    fn pane(change: impl Fn(&mut ArtifactView)) -> Model {
        let size = Size { width: 120, height: 40 };
        let mut model = Model::new(size, Timestamp::from_millis(NOW), Look::new(&Terminal::default()));
        update(&mut model, Message::Snapshot(Box::new(samples::snapshot(&["shop"], Vec::new()))));
        update(&mut model, Message::Detected("shop".into(), Ok(samples::detection())));
        press(&mut model, "2");
        let key = model.artifacts_key().unwrap();
        let mut views = samples::artifacts();
        views.iter_mut().for_each(change);
        update(&mut model, Message::Artifacts(key, Ok(views)));
        model
    }

    fn written(effects: &[Effect]) -> (&[String], Option<Take>) {
        match effects {
            [Effect::Act(Act::Write(_, request))] => (&request.paths, request.take),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_needs_no_decision_is_written_together_once_it_is_confirmed() {
        let mut model = pane(|_| ());
        assert_eq!(press(&mut model, "w"), []);
        let Some(Dialog::Confirm(confirm)) = &model.dialog else { panic!("{:?}", model.dialog) };
        assert_eq!(confirm.body, ["+ Dockerfile", "! compose.yaml  waits: select it and decide"]);
        assert_eq!(written(&press(&mut model, "y")), (["Dockerfile".to_owned()].as_slice(), None));
        let mut model = pane(|view| {
            view.state = ArtifactState::Unchanged;
            view.current.clone_from(&view.result);
        });
        press(&mut model, "w");
        assert_eq!(model.notice, Some(Notice::Said("every file is as it should be".to_owned())));
    }

    #[test]
    fn a_conflict_is_decided_on_for_that_file_alone() {
        for (keys, take) in [("\n", Take::Yours), ("j\n", Take::Wharfs), ("jj\n", Take::Whole)] {
            let mut model = pane(|view| view.taken = Some("joined\n".to_owned()));
            press(&mut model, "jjw");
            let effects = press(&mut model, keys);
            assert_eq!(written(&effects), (["compose.yaml".to_owned()].as_slice(), Some(take)));
        }
        // What is no text can only be left.
        let mut model = pane(|view| view.blocked = true);
        press(&mut model, "jjw");
        assert_eq!(written(&press(&mut model, "j\n")).1, Some(Take::Yours));
    }

    #[test]
    fn undoing_what_a_person_did_is_asked_about_first() {
        for state in [ArtifactState::Edited, ArtifactState::Removed] {
            let mut model = pane(|view| view.state = state);
            assert_eq!(press(&mut model, "w"), []);
            assert_eq!(press(&mut model, "n"), []);
            press(&mut model, "w");
            assert_eq!(written(&press(&mut model, "y")), (["Dockerfile".to_owned()].as_slice(), Some(Take::Whole)));
        }
    }
}
