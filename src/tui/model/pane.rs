//! The panes by name. What each shows and how is in `panes/`.

/// A part of the screen that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Pane {
    /// Projects and their deployments.
    Projects,
    /// What detection found.
    Stack,
    /// The generated files.
    Configs,
    /// The steps of a deployment.
    Deploy,
    /// The output.
    Logs,
    /// Load and health checks.
    Health,
    /// What went wrong.
    Assistant,
}

impl Pane {
    /// All panes, in the order of their numbers.
    pub(crate) const ALL: [Self; 7] =
        [Self::Projects, Self::Stack, Self::Configs, Self::Deploy, Self::Logs, Self::Health, Self::Assistant];

    /// The name on the screen.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Projects => "Projects",
            Self::Stack => "Stack",
            Self::Configs => "Configs",
            Self::Deploy => "Deploy",
            Self::Logs => "Logs",
            Self::Health => "Health",
            Self::Assistant => "Assistant",
        }
    }

    /// The digit that leads to it.
    pub(crate) fn digit(self) -> char {
        char::from(b'0' + self as u8)
    }
}
