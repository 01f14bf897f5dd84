//! Keys while a dialog or the filter is open.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::effect::Effect;
use super::super::keymap;
use super::super::model::{Act, Confirm, Dialog, EnvForm, Model, Notice, Picker, Purpose, value};
use super::super::text;
use super::super::theme::Theme;
use super::{actions, files, questions};
use crate::model::{AddProject, DeploymentId, Location, ReleasesView, Secret};

/// What becomes of a dialog after a key.
enum Next {
    Stay(Dialog),
    Close(Vec<Effect>),
}

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let Some(dialog) = model.dialog.take() else { return Vec::new() };
    if key.code == KeyCode::Esc {
        return cancelled(model, dialog);
    }
    let next = match dialog {
        Dialog::Help(scroll) => help(model, scroll, key),
        Dialog::Confirm(confirm) => answer(model, confirm, key),
        Dialog::Add(add) => add_project(model, add, key),
        Dialog::Env(form) => fill(model, form, key),
        Dialog::Pick(picker) => pick(model, picker, key),
    };
    match next {
        Next::Stay(dialog) => {
            // A dialog that was opened meanwhile stays on top.
            model.dialog.get_or_insert(dialog);
            Vec::new()
        }
        Next::Close(effects) => effects,
    }
}

fn cancelled(model: &mut Model, dialog: Dialog) -> Vec<Effect> {
    if let Dialog::Pick(Picker { purpose: Purpose::Theme(before), .. }) = dialog {
        model.look.wear(&before);
    }
    Vec::new()
}

/// Text that the terminal pasted: into the line that is being typed.
pub(super) fn paste(model: &mut Model, pasted: &str) -> Vec<Effect> {
    let line = pasted.lines().next().unwrap_or_default();
    let line = text::clean(line).into_owned();
    match &mut model.dialog {
        Some(Dialog::Add(add)) => {
            add.input.insert_str(&line);
        }
        Some(Dialog::Env(form)) => {
            if let Some(field) = form.fields.get_mut(form.focus) {
                field.input.insert_str(&line);
            }
        }
        Some(Dialog::Confirm(confirm)) => {
            if let Some((_, input)) = &mut confirm.typed {
                input.insert_str(&line);
            }
        }
        _ if model.filtering => {
            let filter = format!("{}{line}", model.fleet.filter());
            model.fleet.set_filter(filter);
        }
        _ => {}
    }
    Vec::new()
}

/// A key of the filter line; false for one that does something else.
pub(super) fn filter(model: &mut Model, key: KeyEvent) -> bool {
    let mut filter = model.fleet.filter().to_owned();
    let before = model.fleet.selected_row().map(|row| row.id.clone());
    match key.code {
        KeyCode::Esc => {
            filter.clear();
            model.filtering = false;
        }
        KeyCode::Enter => model.filtering = false,
        KeyCode::Backspace => {
            filter.pop();
        }
        KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => filter.clear(),
        KeyCode::Char(letter) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
            filter.push(letter);
        }
        KeyCode::Up | KeyCode::Down => return false,
        _ => return true,
    }
    model.fleet.set_filter(filter);
    if model.fleet.selected_row().map(|row| &row.id) != before.as_ref() {
        model.reset_panes();
    }
    true
}

fn help(model: &Model, scroll: usize, key: KeyEvent) -> Next {
    use keymap::Action as A;
    let room = usize::from(model.size.height.saturating_sub(6)).max(1);
    let most = super::super::view::help_lines(model).saturating_sub(room);
    let scroll = match keymap::action(super::super::model::Pane::Projects, &key) {
        Some(A::Help | A::Quit | A::Dismiss | A::Open) => return Next::Close(Vec::new()),
        Some(A::Down) => scroll + 1,
        Some(A::Up) => scroll.saturating_sub(1),
        Some(A::PageDown) => scroll + room,
        Some(A::PageUp) => scroll.saturating_sub(room),
        Some(A::Top) => 0,
        Some(A::Bottom) => most,
        _ => scroll,
    };
    Next::Stay(Dialog::Help(scroll.min(most)))
}

fn answer(model: &mut Model, mut confirm: Box<Confirm>, key: KeyEvent) -> Next {
    if key.code == KeyCode::Char(' ')
        && let Some(volumes) = &mut confirm.volumes
    {
        *volumes = !*volumes;
        return Next::Stay(Dialog::Confirm(confirm));
    }
    if key.code == KeyCode::Enter && confirm.is_ready() {
        return Next::Close(accepted(model, *confirm));
    }
    if let Some((_, input)) = &mut confirm.typed {
        type_into(input, key);
        return Next::Stay(Dialog::Confirm(confirm));
    }
    match key.code {
        KeyCode::Char('y' | 'Y') => Next::Close(accepted(model, *confirm)),
        KeyCode::Char('n' | 'N' | 'q') => Next::Close(Vec::new()),
        _ => Next::Stay(Dialog::Confirm(confirm)),
    }
}

fn accepted(model: &mut Model, confirm: Confirm) -> Vec<Effect> {
    match confirm.act {
        Act::Deploy(request) => actions::begin(model, request),
        Act::Delete(id, mut query) => {
            query.volumes = confirm.volumes.unwrap_or_default();
            vec![Effect::Act(Act::Delete(id, query))]
        }
        act => vec![Effect::Act(act)],
    }
}

/// One line only: Enter and Ctrl-M belong to the dialog.
fn type_into(input: &mut ratatui_textarea::TextArea<'static>, key: KeyEvent) -> bool {
    let is_break = key.code == KeyCode::Enter
        || key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char('m' | 'j'));
    !is_break && input.input(key)
}

fn add_project(model: &mut Model, mut add: Box<super::super::model::Add>, key: KeyEvent) -> Next {
    if key.code != KeyCode::Enter {
        if type_into(&mut add.input, key) {
            add.problem = None;
        }
        return Next::Stay(Dialog::Add(add));
    }
    match location(&value(&add.input), model.folder_path.as_deref()) {
        Ok(location) => {
            model.notice = Some(Notice::Said("adding the project …".to_owned()));
            Next::Close(vec![Effect::Add(AddProject { location, name: None })])
        }
        Err(problem) => {
            add.problem = Some(problem.message);
            Next::Stay(Dialog::Add(add))
        }
    }
}

/// Reads `~/code/shop`, `../shop`, `https://host/shop.git#branch`.
fn location(text: &str, folder: Option<&std::path::Path>) -> Result<Location, crate::model::Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(actions::usage("type a folder or a git address", "a path, or an address that git can clone"));
    }
    let is_git = text.contains("://")
        || text.starts_with("git@")
        || std::path::Path::new(text.split('#').next().unwrap_or_default()).extension().is_some_and(|end| end == "git");
    if is_git {
        let (url, reference) = match text.split_once('#') {
            Some((url, reference)) if !reference.is_empty() => (url, Some(reference.to_owned())),
            Some((url, _)) => (url, None),
            None => (text, None),
        };
        return Ok(Location::Git { url: url.to_owned(), reference });
    }
    // `~` is left to the effect, which knows the home folder.
    let path = match folder {
        Some(folder) if !text.starts_with('~') => folder.join(text),
        _ => text.into(),
    };
    Ok(Location::Folder { path })
}

fn fill(model: &mut Model, mut form: EnvForm, key: KeyEvent) -> Next {
    let count = form.fields.len();
    let is_empty = |form: &EnvForm, index: usize| value(&form.fields[index].input).is_empty();
    match key.code {
        KeyCode::Tab | KeyCode::Down => form.focus = (form.focus + 1) % count,
        KeyCode::BackTab | KeyCode::Up => form.focus = (form.focus + count - 1) % count,
        KeyCode::Enter => {
            match (0..count).map(|step| (form.focus + 1 + step) % count).find(|index| is_empty(&form, *index)) {
                Some(empty) => form.focus = empty,
                None => return Next::Close(submitted(model, form)),
            }
        }
        KeyCode::Char('t') if key.modifiers.contains(KeyModifiers::CONTROL) => {
            let field = &mut form.fields[form.focus];
            field.is_secret = !field.is_secret;
            if field.is_secret { field.input.set_mask_char('•') } else { field.input.clear_mask_char() }
        }
        _ => {
            type_into(&mut form.fields[form.focus].input, key);
        }
    }
    Next::Stay(Dialog::Env(form))
}

fn submitted(model: &mut Model, form: EnvForm) -> Vec<Effect> {
    let mut request = form.request;
    for field in form.fields {
        let given = value(&field.input);
        if field.is_secret {
            request.secrets.insert(field.name, Secret::new(given));
        } else {
            request.set.insert(field.name, given);
        }
    }
    model.notice = Some(Notice::Said("deploying …".to_owned()));
    vec![Effect::Act(Act::Deploy(request))]
}

fn pick(model: &mut Model, mut picker: Picker, key: KeyEvent) -> Next {
    use keymap::Action as A;
    let last = picker.items.len().saturating_sub(1);
    match keymap::action(super::super::model::Pane::Projects, &key) {
        Some(A::Down) => picker.selected = (picker.selected + 1).min(last),
        Some(A::Up) => picker.selected = picker.selected.saturating_sub(1),
        Some(A::Top) => picker.selected = 0,
        Some(A::Bottom) => picker.selected = last,
        Some(A::Open) => return Next::Close(chosen(model, &picker)),
        Some(A::Quit) => return Next::Close(cancelled(model, Dialog::Pick(picker))),
        _ => {}
    }
    // A theme is tried on while it is chosen.
    if let (Purpose::Theme(_), Some((name, _))) = (&picker.purpose, picker.items.get(picker.selected)) {
        model.look.wear(name);
    }
    Next::Stay(Dialog::Pick(picker))
}

fn chosen(model: &mut Model, picker: &Picker) -> Vec<Effect> {
    match &picker.purpose {
        Purpose::Release(deployment, numbers) => {
            if let Some(number) = numbers.get(picker.selected) {
                questions::rollback(model, deployment, *number);
            }
        }
        Purpose::Write(path, takes) => {
            return takes.get(picker.selected).map(|take| files::chosen(model, path, *take)).unwrap_or_default();
        }
        Purpose::Theme(_) => {}
    }
    Vec::new()
}

pub(super) fn choose_theme(model: &mut Model) {
    let before = model.look.theme.name.clone();
    let items: Vec<_> = Theme::names()
        .into_iter()
        .map(|name| {
            let title = Theme::built_in(name, super::super::theme::Depth::True).map(|theme| theme.title);
            (name.to_owned(), title.unwrap_or_default())
        })
        .collect();
    let selected = items.iter().position(|(name, _)| *name == before).unwrap_or_default();
    let purpose = Purpose::Theme(before);
    model.dialog = Some(Dialog::Pick(Picker { title: "Theme".to_owned(), items, selected, purpose }));
}

pub(super) fn choose_release(model: &mut Model, id: DeploymentId, view: &ReleasesView) -> Vec<Effect> {
    let earlier: Vec<_> =
        view.releases.iter().filter(|release| Some(&release.deployment) != view.live.as_ref()).collect();
    if earlier.is_empty() {
        model.notice = Some(Notice::Said("there is no other release to go back to".to_owned()));
        return Vec::new();
    }
    let items = earlier.iter().map(|release| {
        let mut note = format!("{} ago", text::age(release.created_at, model.now));
        if let Some(commit) = &release.commit {
            note.push_str(", commit ");
            note.extend(commit.chars().take(8));
        }
        note.push_str(if release.image.is_some() { "" } else { ", is built again" });
        (format!("release {}", release.number), note)
    });
    let numbers = earlier.iter().map(|release| release.number).collect();
    model.dialog = Some(Dialog::Pick(Picker {
        title: "Roll back to".to_owned(),
        items: items.collect(),
        selected: 0,
        purpose: Purpose::Release(id, numbers),
    }));
    Vec::new()
}
