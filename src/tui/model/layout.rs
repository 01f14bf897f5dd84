//! Where everything is, for every size.

use ratatui::layout::{Constraint, Layout as Split, Rect, Size};

use super::Pane;

/// The smallest screen that the control center fits on.
pub(crate) const MINIMUM: Size = Size { width: 60, height: 15 };

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Less than [`MINIMUM`].
    TooSmall,
    /// One column with tabs.
    One,
    /// The list and a column.
    Two,
    /// The list and two columns.
    Three,
}

/// A place on the screen and the panes that share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) area: Rect,
    /// The pane that is seen.
    pub(crate) pane: Pane,
    /// All that share the place, as tabs.
    pub(crate) tabs: &'static [Pane],
}

impl Place {
    /// The room inside the border.
    pub(crate) const fn inside(&self) -> Rect {
        Rect {
            x: self.area.x.saturating_add(2),
            y: self.area.y.saturating_add(1),
            width: self.area.width.saturating_sub(4),
            height: self.area.height.saturating_sub(2),
        }
    }
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) class: Class,
    pub(crate) bar: Rect,
    pub(crate) places: Vec<Place>,
    pub(crate) keys: Rect,
}

const ALL: &[Pane] = &Pane::ALL;
const TALL: &[Pane] = &[Pane::Stack, Pane::Configs, Pane::Deploy, Pane::Health, Pane::Assistant];
const LOW: &[Pane] = &[Pane::Stack, Pane::Configs, Pane::Deploy, Pane::Logs, Pane::Health, Pane::Assistant];
const MIDDLE: &[Pane] = &[Pane::Stack, Pane::Configs, Pane::Deploy, Pane::Assistant];
/// The lines of the Health pane below the list.
const HEALTH: u16 = 21;
/// The same with sparklines of one row.
const LOW_HEALTH: u16 = 15;

impl Layout {
    /// The layout for a screen; `main` is the tab that was looked at last.
    pub(crate) fn new(size: Size, focus: Pane, main: Pane, zoom: bool) -> Self {
        let screen = Rect::new(0, 0, size.width, size.height);
        let [bar, body, keys] =
            Split::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(screen);
        let class = match size {
            Size { width, height } if width < MINIMUM.width || height < MINIMUM.height => Class::TooSmall,
            Size { width: ..100, .. } => Class::One,
            Size { width: 100..160, .. } => Class::Two,
            _ => Class::Three,
        };
        let shown = |tabs: &'static [Pane]| {
            let main = if tabs.contains(&main) { main } else { tabs[0] };
            if tabs.contains(&focus) { focus } else { main }
        };
        let place = |area, tabs: &'static [Pane]| Place { area, pane: shown(tabs), tabs };
        let places = match class {
            Class::TooSmall => Vec::new(),
            Class::One => vec![place(body, ALL)],
            _ if zoom => vec![place(body, ALL)],
            Class::Two => {
                let [left, right] = Split::horizontal([Constraint::Length(38), Constraint::Min(0)]).areas(body);
                let [top, bottom] = Split::vertical([Constraint::Fill(3), Constraint::Fill(2)]).areas(right);
                if size.height >= 38 {
                    let [list, health] =
                        Split::vertical([Constraint::Min(0), Constraint::Length(LOW_HEALTH)]).areas(left);
                    vec![
                        place(list, &[Pane::Projects]),
                        place(top, MIDDLE),
                        place(bottom, &[Pane::Logs]),
                        place(health, &[Pane::Health]),
                    ]
                } else if size.height >= 30 {
                    vec![place(left, &[Pane::Projects]), place(top, TALL), place(bottom, &[Pane::Logs])]
                } else {
                    vec![place(left, &[Pane::Projects]), place(right, LOW)]
                }
            }
            Class::Three => {
                let [left, middle, right] =
                    Split::horizontal([Constraint::Length(50), Constraint::Fill(10), Constraint::Fill(11)]).areas(body);
                if size.height >= 40 {
                    let [list, health] = Split::vertical([Constraint::Min(0), Constraint::Length(HEALTH)]).areas(left);
                    vec![
                        place(list, &[Pane::Projects]),
                        place(middle, MIDDLE),
                        place(right, &[Pane::Logs]),
                        place(health, &[Pane::Health]),
                    ]
                } else {
                    vec![place(left, &[Pane::Projects]), place(middle, TALL), place(right, &[Pane::Logs])]
                }
            }
        };
        Self { class, bar, places, keys }
    }

    /// Where a pane is seen, if it is.
    pub(crate) fn place(&self, pane: Pane) -> Option<&Place> {
        self.places.iter().find(|place| place.pane == pane)
    }

    /// Whether a pane is seen.
    pub(crate) fn shows(&self, pane: Pane) -> bool {
        self.place(pane).is_some()
    }

    /// Whether a pane has to share its place with `main`.
    pub(crate) fn is_tabbed(&self, pane: Pane) -> bool {
        self.places.iter().any(|place| place.tabs.len() > 1 && place.tabs.contains(&pane))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pane_can_be_seen_at_every_size_and_none_overlap() {
        for width in (60..260).step_by(7) {
            for height in (15..80).step_by(5) {
                for focus in Pane::ALL {
                    for zoom in [false, true] {
                        let layout = Layout::new(Size { width, height }, focus, Pane::Deploy, zoom);
                        assert!(layout.shows(focus), "{focus:?} at {width}×{height}");
                        for (index, place) in layout.places.iter().enumerate() {
                            assert!(place.area.right() <= width && place.area.bottom() < height);
                            let rest = &layout.places[index + 1..];
                            assert!(!rest.iter().any(|other| other.area.intersects(place.area)));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_room_decides_the_columns() {
        let class = |width, height| Layout::new(Size { width, height }, Pane::Stack, Pane::Stack, false).class;
        assert_eq!(class(59, 40), Class::TooSmall);
        assert_eq!(class(80, 14), Class::TooSmall);
        assert_eq!(class(80, 24), Class::One);
        assert_eq!(class(120, 40), Class::Two);
        assert_eq!(class(200, 60), Class::Three);
    }
}
