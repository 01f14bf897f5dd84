//! How the screen is drawn: the theme, and the signs that the terminal's character set has.

use ratatui::style::Style;
use ratatui::symbols::border;

use super::theme::{self, Depth, Role, Theme, Token};
use crate::model::{DeploymentStatus, Environment, StepStatus};

/// The signs used on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Glyphs {
    /// The terminal shows nothing else.
    pub(crate) is_ascii: bool,
    pub(crate) healthy: &'static str,
    pub(crate) queued: &'static str,
    pub(crate) running: [&'static str; 4],
    pub(crate) degraded: &'static str,
    pub(crate) unhealthy: &'static str,
    pub(crate) stopped: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) cancelled: &'static str,
    pub(crate) none: &'static str,
    pub(crate) done: &'static str,
    pub(crate) pending: &'static str,
    pub(crate) skipped: &'static str,
    pub(crate) ellipsis: &'static str,
    pub(crate) pointer: &'static str,
    pub(crate) branch: &'static str,
    pub(crate) dot: &'static str,
    pub(crate) bar: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) thumb: &'static str,
    pub(crate) down: &'static str,
    pub(crate) up: &'static str,
    pub(crate) levels: [&'static str; 9],
    pub(crate) full: &'static str,
    pub(crate) track: &'static str,
    pub(crate) checked: &'static str,
    pub(crate) unchecked: &'static str,
    pub(crate) border: border::Set<'static>,
}

const UNICODE: Glyphs = Glyphs {
    is_ascii: false,
    healthy: "●",
    queued: "◌",
    running: ["◐", "◓", "◑", "◒"],
    degraded: "◍",
    unhealthy: "▲",
    stopped: "○",
    failed: "✗",
    cancelled: "⊘",
    none: "·",
    done: "✓",
    pending: "·",
    skipped: "–",
    ellipsis: "…",
    pointer: "▸",
    branch: "└",
    dot: "·",
    bar: "▎",
    rule: "─",
    thumb: "┃",
    down: "↓",
    up: "↑",
    levels: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    full: "━",
    track: "─",
    checked: "[✓]",
    unchecked: "[ ]",
    border: border::ROUNDED,
};

const ASCII: Glyphs = Glyphs {
    is_ascii: true,
    healthy: "*",
    queued: ".",
    running: ["|", "/", "-", "\\"],
    degraded: "~",
    unhealthy: "!",
    stopped: "o",
    failed: "x",
    cancelled: "0",
    none: ".",
    done: "+",
    pending: ".",
    skipped: "-",
    ellipsis: "~",
    pointer: ">",
    branch: "`",
    dot: "-",
    bar: "|",
    rule: "-",
    thumb: "#",
    down: "v",
    up: "^",
    levels: [" ", ".", ".", ":", "-", "=", "+", "*", "#"],
    full: "=",
    track: "-",
    checked: "[x]",
    unchecked: "[ ]",
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
};

/// The theme and the signs in use.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) theme: Theme,
    pub(crate) glyphs: &'static Glyphs,
    depth: Depth,
    colourless: bool,
}

/// What the environment says about the terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terminal {
    /// `TERM`.
    pub(crate) term: String,
    /// `COLORTERM`.
    pub(crate) colorterm: String,
    /// `NO_COLOR` is set to something.
    pub(crate) no_color: bool,
    /// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set.
    pub(crate) locale: String,
}

impl Terminal {
    /// Reads the environment of this process.
    pub(crate) fn of_this_process() -> Self {
        let read = |name: &str| std::env::var(name).unwrap_or_default();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(read).into_iter().find(|value| !value.is_empty());
        Self {
            term: read("TERM"),
            colorterm: read("COLORTERM"),
            no_color: !read("NO_COLOR").is_empty(),
            locale: locale.unwrap_or_default(),
        }
    }

    fn depth(&self) -> Depth {
        if matches!(self.colorterm.as_str(), "truecolor" | "24bit") || self.term.ends_with("-direct") {
            Depth::True
        } else if self.term.contains("256") {
            Depth::Palette
        } else {
            Depth::Named
        }
    }

    fn is_utf8(&self) -> bool {
        let locale = self.locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    }
}

impl Look {
    /// The look for a terminal.
    pub(crate) fn new(terminal: &Terminal) -> Self {
        let colourless = terminal.no_color || terminal.term == "dumb";
        let depth = terminal.depth();
        let name = if colourless { theme::COLOURLESS } else { theme::DEFAULT };
        Self {
            theme: Theme::built_in(name, depth).unwrap_or_else(Theme::plain),
            glyphs: if terminal.is_utf8() { &UNICODE } else { &ASCII },
            depth,
            colourless,
        }
    }

    /// Changes to another theme that is built in; where no colour is wanted, nothing changes.
    pub(crate) fn wear(&mut self, name: &str) {
        if let Some(theme) = Theme::built_in(name, self.depth)
            && !self.colourless
        {
            self.theme = theme;
        }
    }

    pub(crate) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    pub(crate) fn token(&self, token: Option<Token>) -> Style {
        token.map_or_else(Style::new, |token| self.theme.token(token))
    }

    /// The sign and the role of a status; `beat` turns the sign of what runs.
    pub(crate) fn status(&self, status: DeploymentStatus, beat: usize) -> (&'static str, Role) {
        use DeploymentStatus as S;
        let glyphs = self.glyphs;
        match status {
            S::Queued => (glyphs.queued, Role::Busy),
            S::Running => (glyphs.running[beat % 4], Role::Busy),
            S::Healthy => (glyphs.healthy, Role::Good),
            S::Degraded => (glyphs.degraded, Role::Warn),
            S::Unhealthy => (glyphs.unhealthy, Role::Bad),
            S::Stopped => (glyphs.stopped, Role::Dim),
            S::Failed => (glyphs.failed, Role::Bad),
            S::Cancelled => (glyphs.cancelled, Role::Dim),
            S::Deleted => (glyphs.none, Role::Faint),
        }
    }

    /// The sign and the role of a step.
    pub(crate) fn step(&self, status: StepStatus, beat: usize) -> (&'static str, Role) {
        let glyphs = self.glyphs;
        match status {
            StepStatus::Pending => (glyphs.pending, Role::Faint),
            StepStatus::Running => (glyphs.running[beat % 4], Role::Busy),
            StepStatus::Done => (glyphs.done, Role::Good),
            StepStatus::Skipped => (glyphs.skipped, Role::Faint),
            StepStatus::Failed => (glyphs.failed, Role::Bad),
            StepStatus::Cancelled => (glyphs.cancelled, Role::Dim),
        }
    }

    /// The role of an environment's name.
    pub(crate) const fn environment(environment: Environment) -> Role {
        match environment {
            Environment::Development => Role::Development,
            Environment::Staging => Role::Staging,
            Environment::Production => Role::Production,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(term: &str, colorterm: &str, locale: &str) -> Terminal {
        Terminal { term: term.into(), colorterm: colorterm.into(), no_color: false, locale: locale.into() }
    }

    #[test]
    fn the_terminal_decides_colours_and_signs() {
        assert_eq!(terminal("xterm-256color", "truecolor", "").depth(), Depth::True);
        assert_eq!(terminal("screen-256color", "", "").depth(), Depth::Palette);
        assert_eq!(terminal("linux", "", "").depth(), Depth::Named);
        assert_eq!(Look::new(&terminal("xterm", "", "C.UTF-8")).glyphs, &UNICODE);
        assert_eq!(Look::new(&terminal("xterm", "", "POSIX")).glyphs, &ASCII);
    }

    #[test]
    fn no_color_stays_without_colour() {
        let mut look = Look::new(&Terminal { no_color: true, ..terminal("xterm", "truecolor", "C.UTF-8") });
        look.wear("wharf-light");
        assert_eq!(look.theme.name, theme::COLOURLESS);
    }

    #[test]
    fn the_ascii_set_is_ascii() {
        let text = format!("{ASCII:?}");
        assert!(text.is_ascii(), "{text}");
    }
}
