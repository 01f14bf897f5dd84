//! How a supervised app stands, as its supervisor writes it down at each change.

use serde::{Deserialize, Serialize};

use crate::model::{InstanceState, Timestamp};
use crate::os::process::Identity;

/// How a supervised app stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunState {
    /// The supervisor.
    pub(super) supervisor: Identity,
    /// The app's first process, which leads its group; the last one where none runs.
    pub(super) child: Option<Identity>,
    /// What it does.
    pub(super) phase: Phase,
    /// How often it was started again.
    pub(super) restarts: u32,
    /// How it ended last.
    pub(super) last_exit: Option<Exit>,
    /// When it was started last.
    #[serde(default)]
    pub(super) started_at: Option<Timestamp>,
}

/// What a supervised app does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// It runs.
    Running,
    /// It ended and waits for its next start.
    Waiting,
    /// It ended for good, and its supervisor with it.
    Ended,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Exit {
    /// Its exit code; null where a signal ended it.
    pub(super) code: Option<i32>,
    /// Why, in words.
    pub(super) detail: String,
    /// When.
    pub(super) at: Timestamp,
}

impl RunState {
    /// The state in the model's words.
    pub(super) fn instance_state(&self) -> InstanceState {
        let exit_code = self.last_exit.as_ref().and_then(|exit| exit.code);
        match self.phase {
            Phase::Running => InstanceState::Running { restarts: self.restarts },
            Phase::Waiting => InstanceState::Restarting { restarts: self.restarts, exit_code },
            Phase::Ended => InstanceState::Exited {
                exit_code,
                detail: self.last_exit.as_ref().map(|exit| exit.detail.clone()).unwrap_or_default(),
            },
        }
    }
}

/// What an exit code or a signal means, for a person.
pub(super) fn describe(code: Option<i32>, signal: Option<i32>, out_of_memory: bool) -> String {
    match (code, signal) {
        (_, Some(9)) | (Some(137), _) if out_of_memory => "out of memory: the kernel killed it".to_owned(),
        (_, Some(signal)) => format!("signal {signal}{}", name(signal)),
        (Some(126), _) => "exit code 126: a command cannot be executed".to_owned(),
        (Some(127), _) => "exit code 127: a command was not found".to_owned(),
        (Some(code @ 129..=159), _) => format!("exit code {code}: signal {}{}", code - 128, name(code - 128)),
        (Some(code), _) => format!("exit code {code}"),
        (None, None) => "nobody knows how it ended".to_owned(),
    }
}

/// The names of the signals that end apps; their numbers are the same on all systems.
fn name(signal: i32) -> &'static str {
    match signal {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        3 => " (SIGQUIT)",
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_in_words() {
        assert_eq!(describe(Some(1), None, false), "exit code 1");
        assert_eq!(describe(None, Some(9), false), "signal 9 (SIGKILL)");
        assert_eq!(describe(None, Some(9), true), "out of memory: the kernel killed it");
        assert_eq!(describe(Some(143), None, true), "exit code 143: signal 15 (SIGTERM)");
        assert_eq!(describe(Some(127), None, false), "exit code 127: a command was not found");
    }
}
