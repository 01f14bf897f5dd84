//! The keys: each binding with its words. The help, the key line and what a key does all come from this one table.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::model::Pane;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Context {
    /// In every pane.
    Everywhere,
    /// In one pane; it goes before those that hold everywhere.
    In(Pane),
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Action {
    Deploy,
    Stop,
    Restart,
    Rollback,
    Delete,
    Cancel,
    Environment,
    Open,
    Add,
    Filter,
    Rescan,
    Vulnerabilities,
    Write,
    Changes,
    StopAsking,
    Reconnect,
    Live,
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    ContentDown,
    ContentUp,
    Pause,
    NextPane,
    PreviousPane,
    Show(Pane),
    Zoom,
    Theme,
    Help,
    Dismiss,
    Quit,
}

/// A key with what is held with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    code: KeyCode,
    control: bool,
}

const fn key(letter: char) -> Key {
    Key { code: KeyCode::Char(letter), control: false }
}

const fn control(letter: char) -> Key {
    Key { code: KeyCode::Char(letter), control: true }
}

const fn named(code: KeyCode) -> Key {
    Key { code, control: false }
}

impl Key {
    fn matches(self, event: &KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        // An Escape just before reads as Alt: a key held with Control means the same with it.
        let alt = event.modifiers.contains(KeyModifiers::ALT) && !control;
        let others = alt || event.modifiers.intersects(KeyModifiers::SUPER | KeyModifiers::META);
        let same = match (self.code, event.code) {
            (KeyCode::Char(wanted), KeyCode::Char(letter)) if control => wanted.eq_ignore_ascii_case(&letter),
            (wanted, code) => wanted == code,
        };
        same && control == self.control && !others
    }

    /// How it is written on the screen.
    pub(crate) fn label(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(letter) => letter.to_string(),
            KeyCode::Up => "Up".to_owned(),
            KeyCode::Down => "Down".to_owned(),
            KeyCode::Left => "Left".to_owned(),
            KeyCode::Right => "Right".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            other => other.to_string(),
        };
        if self.control { format!("Ctrl-{}", name.to_uppercase()) } else { name }
    }
}

/// What a key does somewhere.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) context: Context,
    /// The first is the one shown in the key line.
    pub(crate) keys: &'static [Key],
    pub(crate) action: Action,
    /// One or two words for the key line; empty for what stands only in the help.
    pub(crate) word: &'static str,
    /// A sentence for the help.
    pub(crate) help: &'static str,
}

const fn bind(
    context: Context,
    keys: &'static [Key],
    action: Action,
    word: &'static str,
    help: &'static str,
) -> Binding {
    Binding { context, keys, action, word, help }
}

use Context::{Everywhere, In};

/// Every key there is, in the order of the help and of the key line.
pub(crate) const BINDINGS: &[Binding] = &[
    bind(
        In(Pane::Projects),
        &[named(KeyCode::Enter)],
        Action::Open,
        "Open",
        "Shows the selected project; adds the selected demo",
    ),
    bind(
        In(Pane::Stack),
        &[key('v')],
        Action::Vulnerabilities,
        "Vulns",
        "Looks up known vulnerabilities again; asks before anything is sent for the first time",
    ),
    bind(In(Pane::Stack), &[key('V')], Action::StopAsking, "", "Sends nothing about dependencies any more"),
    bind(
        In(Pane::Configs),
        &[key('w')],
        Action::Write,
        "Write",
        "Writes the files into the project; decides on a conflict, or undoes your changes",
    ),
    bind(In(Pane::Configs), &[key('v')], Action::Changes, "Text", "Shows the whole text, or only what changes"),
    bind(In(Pane::Configs), &[key('J'), control('d')], Action::ContentDown, "", "Scrolls the file down"),
    bind(In(Pane::Configs), &[key('K'), control('u')], Action::ContentUp, "", "Scrolls the file up"),
    bind(In(Pane::Deploy), &[key('J'), control('d')], Action::ContentDown, "", "Scrolls the step's output down"),
    bind(In(Pane::Deploy), &[key('K'), control('u')], Action::ContentUp, "", "Scrolls the step's output up"),
    bind(In(Pane::Logs), &[key(' '), key('f')], Action::Pause, "Pause", "Holds the log still, or follows it again"),
    bind(Everywhere, &[key('d')], Action::Deploy, "Deploy", "Deploys the selected project to the chosen environment"),
    bind(Everywhere, &[key('s')], Action::Stop, "Stop", "Stops what runs"),
    bind(Everywhere, &[key('r')], Action::Restart, "Restart", "Stops and starts what runs"),
    bind(Everywhere, &[key('b'), key('R')], Action::Rollback, "Roll back", "Goes back to an earlier release"),
    bind(
        Everywhere,
        &[key('x')],
        Action::Delete,
        "Delete",
        "Removes the deployment; a project that has none is forgotten",
    ),
    bind(Everywhere, &[key('c')], Action::Cancel, "Cancel", "Ends a deployment that is under way"),
    bind(Everywhere, &[key('e')], Action::Environment, "Env", "Chooses the environment of the next deployment"),
    bind(Everywhere, &[key('a')], Action::Add, "Add", "Adds a project: a folder, or a git address"),
    bind(Everywhere, &[key('/')], Action::Filter, "Filter", "Filters the list by name, state, environment or port"),
    bind(Everywhere, &[key('o')], Action::Live, "", "Shows what serves, where a newer one did not come up"),
    bind(Everywhere, &[key('D')], Action::Rescan, "", "Detects the project's stack again"),
    bind(Everywhere, &[key('E')], Action::Reconnect, "Start engine", "Starts an engine where none answers"),
    bind(Everywhere, &[key('j'), named(KeyCode::Down)], Action::Down, "", "Goes down a line"),
    bind(Everywhere, &[key('k'), named(KeyCode::Up)], Action::Up, "", "Goes up a line"),
    bind(Everywhere, &[named(KeyCode::PageDown), control('f')], Action::PageDown, "", "Goes down a page"),
    bind(Everywhere, &[named(KeyCode::PageUp), control('b')], Action::PageUp, "", "Goes up a page"),
    bind(Everywhere, &[key('g'), named(KeyCode::Home)], Action::Top, "", "Goes to the beginning"),
    bind(Everywhere, &[key('G'), named(KeyCode::End)], Action::Bottom, "", "Goes to the end"),
    bind(
        Everywhere,
        &[named(KeyCode::Tab), key('l'), named(KeyCode::Right)],
        Action::NextPane,
        "",
        "Goes to the next pane",
    ),
    bind(
        Everywhere,
        &[named(KeyCode::BackTab), key('h'), named(KeyCode::Left)],
        Action::PreviousPane,
        "",
        "Goes to the pane before",
    ),
    bind(Everywhere, &[key('0')], Action::Show(Pane::Projects), "", "Shows Projects"),
    bind(Everywhere, &[key('1')], Action::Show(Pane::Stack), "", "Shows Stack: what was detected, and why"),
    bind(Everywhere, &[key('2')], Action::Show(Pane::Configs), "", "Shows Configs: the generated files"),
    bind(Everywhere, &[key('3')], Action::Show(Pane::Deploy), "", "Shows Deploy: the steps and their output"),
    bind(Everywhere, &[key('4')], Action::Show(Pane::Logs), "", "Shows Logs: the output as it comes"),
    bind(Everywhere, &[key('5')], Action::Show(Pane::Health), "", "Shows Health: load and health checks"),
    bind(Everywhere, &[key('6')], Action::Show(Pane::Assistant), "", "Shows Assistant: what went wrong and what to do"),
    bind(Everywhere, &[key('z')], Action::Zoom, "Zoom", "Gives the pane the whole screen, or takes it back"),
    bind(Everywhere, &[key('t')], Action::Theme, "", "Chooses a theme"),
    bind(
        Everywhere,
        &[named(KeyCode::Esc)],
        Action::Dismiss,
        "",
        "Puts away a message, zoom or filter; leads to the list",
    ),
    bind(Everywhere, &[key('?'), named(KeyCode::F(1))], Action::Help, "Help", "Shows all keys"),
    bind(Everywhere, &[key('q'), control('c')], Action::Quit, "Quit", "Leaves; deployments go on"),
];

/// What a key does in a pane.
pub(crate) fn action(pane: Pane, event: &KeyEvent) -> Option<Action> {
    let within = |context| {
        BINDINGS
            .iter()
            .find(|binding| binding.context == context && binding.keys.iter().any(|key| key.matches(event)))
            .map(|binding| binding.action)
    };
    within(In(pane)).or_else(|| within(Everywhere))
}

/// The bindings that hold in a pane, its own first.
pub(crate) fn of(pane: Pane) -> impl Iterator<Item = &'static Binding> {
    let own = BINDINGS.iter().filter(move |binding| binding.context == In(pane));
    own.chain(BINDINGS.iter().filter(|binding| binding.context == Everywhere))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things_in_one_place() {
        for (index, binding) in BINDINGS.iter().enumerate() {
            assert!(!binding.keys.is_empty() && !binding.help.is_empty());
            for other in &BINDINGS[index + 1..] {
                let shared: Vec<_> = binding.keys.iter().filter(|key| other.keys.contains(key)).collect();
                assert!(
                    shared.is_empty() || binding.context != other.context,
                    "{shared:?}: {:?} and {:?}",
                    binding.action,
                    other.action
                );
            }
        }
    }

    #[test]
    fn every_pane_has_its_digit() {
        for pane in Pane::ALL {
            let event = KeyEvent::new(KeyCode::Char(pane.digit()), KeyModifiers::NONE);
            assert_eq!(action(Pane::Logs, &event), Some(Action::Show(pane)));
        }
    }

    #[test]
    fn modifiers_are_told_apart() {
        let press = |letter, modifiers| action(Pane::Projects, &KeyEvent::new(KeyCode::Char(letter), modifiers));
        assert_eq!(press('c', KeyModifiers::NONE), Some(Action::Cancel));
        assert_eq!(press('c', KeyModifiers::CONTROL), Some(Action::Quit));
        assert_eq!(press('R', KeyModifiers::SHIFT), Some(Action::Rollback));
        assert_eq!(press('d', KeyModifiers::ALT), None);
        assert_eq!(action(Pane::Logs, &KeyEvent::new(KeyCode::Char(' '), KeyModifiers::NONE)), Some(Action::Pause));
    }
}
