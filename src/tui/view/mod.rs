//! The screen as a function of the model.

mod bar;
mod dialogs;
mod help;
mod keys;
#[cfg(test)]
mod tests;
mod toast;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::model::{Class, Dialog, MINIMUM, Model};
use super::panes;
use super::theme::Role;
use super::widgets::{draw, frame};

pub(crate) use help::lines as help_lines;

/// Draws everything; says where the cursor stands, if it is seen.
pub(crate) fn view(model: &Model, buf: &mut Buffer) -> Option<Position> {
    let cursor = draw_all(model, buf);
    if model.look.glyphs.is_ascii {
        only_ascii(buf);
    }
    cursor
}

/// What the terminal's character set does not have becomes the nearest that it has.
fn only_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        let plain = match cell.symbol() {
            symbol if symbol.is_ascii() => continue,
            "…" => ".",
            "“" | "”" => "\"",
            "’" => "'",
            "–" | "—" => "-",
            "×" => "x",
            "•" => "*",
            _ => "?",
        };
        cell.set_symbol(plain);
    }
}

fn draw_all(model: &Model, buf: &mut Buffer) -> Option<Position> {
    let screen = buf.area;
    buf.set_style(screen, model.look.style(Role::Base));
    let layout = model.layout();
    if layout.class == Class::TooSmall {
        too_small(model, screen, buf);
        return None;
    }
    bar::draw(model, layout.bar, buf);
    for place in &layout.places {
        frame::frame(model, place, buf);
        panes::draw(place.pane, model, place.inside(), buf);
    }
    keys::draw(model, layout.keys, buf);
    let body = Rect { y: layout.bar.bottom(), height: layout.keys.y - layout.bar.bottom(), ..screen };
    toast::draw(model, body, buf);
    match &model.dialog {
        Some(Dialog::Help(scroll)) => {
            help::draw(model, *scroll, body, buf);
            None
        }
        Some(dialog) => dialogs::draw(model, dialog, body, buf),
        None => None,
    }
}

fn too_small(model: &Model, screen: Rect, buf: &mut Buffer) {
    let words = format!(
        "This terminal is {}×{}; the control center needs {}×{}. Make it larger, or press q to leave.",
        screen.width, screen.height, MINIMUM.width, MINIMUM.height
    );
    let lines = draw::paragraph(&model.look, Role::Warn, &words, screen.width.into());
    draw::lines(buf, screen, lines, 0, &model.look);
}
