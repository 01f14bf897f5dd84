//! Moving in a pane. Nothing scrolls further than there is something to see.

use super::super::model::{Model, Pane};
use super::super::panes::{self, Extent};
use crate::model::StepName;

fn extent(model: &Model, pane: Pane) -> Extent {
    let layout = model.layout();
    layout.place(pane).map(|place| panes::extent(pane, model, place.inside())).unwrap_or_default()
}

/// A line up or down: to the next row, file or step where the pane has such.
pub(super) fn step(model: &mut Model, by: isize) {
    match model.focus {
        Pane::Projects => select(model, by),
        Pane::Configs => {
            let count = panes::configs::count(model);
            let selected = model.configs.selected.saturating_add_signed(by).min(count.saturating_sub(1));
            if selected != model.configs.selected {
                model.configs = super::super::model::Configs { selected, ..Default::default() };
            }
        }
        Pane::Deploy => choose_step(model, by),
        pane => move_by(model, pane, by),
    }
}

/// A page up or down.
pub(super) fn page(model: &mut Model, direction: isize) {
    let pane = model.focus;
    let room = extent(model, pane).room;
    let by = direction * isize::try_from(room.saturating_sub(1).max(1)).unwrap_or(1);
    if pane == Pane::Projects { select(model, by) } else { move_by(model, pane, by) }
}

/// Half a page of what is shown beside a list.
pub(super) fn content(model: &mut Model, direction: isize) {
    let half = extent(model, model.focus).room / 2;
    move_by(model, model.focus, direction * isize::try_from(half.max(1)).unwrap_or(1));
}

/// To the beginning or the end.
pub(super) fn edge(model: &mut Model, end: bool) {
    let far = isize::MAX / 2;
    let by = if end { far } else { -far };
    if model.focus == Pane::Projects { select(model, by) } else { move_by(model, model.focus, by) }
}

fn select(model: &mut Model, by: isize) {
    let before = model.fleet.selected_row().map(|row| row.id.clone());
    let index = match model.fleet.selected_index() {
        Some(index) => index.saturating_add_signed(by),
        None => 0,
    };
    model.fleet.select_index(index);
    if model.fleet.selected_row().map(|row| &row.id) != before.as_ref() {
        model.reset_panes();
    }
}

fn choose_step(model: &mut Model, by: isize) {
    let Some(now) = model.shown_step() else { return };
    let steps: Vec<StepName> = model.deployment().iter().flat_map(|it| &it.steps).map(|step| step.name).collect();
    let at = steps.iter().position(|name| *name == now).unwrap_or_default();
    let step = steps.get(at.saturating_add_signed(by)).or(steps.last()).copied();
    model.deploy = super::super::model::DeployPane { step, back: 0 };
}

fn move_by(model: &mut Model, pane: Pane, by: isize) {
    let Extent { lines, room } = extent(model, pane);
    let most = lines.saturating_sub(room);
    match pane {
        Pane::Logs => model.logs.scroll(by, room),
        Pane::Configs => model.configs.scroll = model.configs.scroll.saturating_add_signed(by).min(most),
        // Counted from the end, which grows.
        Pane::Deploy => model.deploy.back = model.deploy.back.saturating_add_signed(-by).min(most),
        _ => {
            let scroll = model.scroll_of(pane).saturating_add_signed(by).min(most);
            model.scroll.insert(pane, scroll);
        }
    }
}

/// After a change of size or content: nothing is scrolled past its end.
pub(super) fn clamp(model: &mut Model) {
    for pane in [Pane::Stack, Pane::Configs, Pane::Deploy, Pane::Health, Pane::Assistant] {
        move_by(model, pane, 0);
    }
}
