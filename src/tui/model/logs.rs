//! The output of one deployment, with bounds on lines and bytes.

use std::collections::VecDeque;

use super::super::text;
use crate::model::{DeploymentId, LogLine, LogStream, Problem, StepName, Timestamp};

/// At most so many lines.
pub(crate) const MAX_LINES: usize = 10_000;
/// At most so many bytes of text.
pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A line as it is shown: free of escape sequences.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) cursor: u64,
    pub(crate) at: Timestamp,
    pub(crate) source: String,
    pub(crate) step: Option<StepName>,
    pub(crate) stream: LogStream,
    pub(crate) text: String,
}

/// The output of the deployment that is looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logs {
    /// Whose it is.
    pub(crate) of: Option<DeploymentId>,
    /// Why it does not go on.
    pub(crate) problem: Option<Problem>,
    /// The lines, oldest first.
    pub(crate) lines: VecDeque<Shown>,
    /// The cursor of the last line seen while paused; null to follow.
    pub(crate) held: Option<u64>,
    bytes: usize,
}

impl Logs {
    /// Turns to another deployment.
    pub(crate) fn turn_to(&mut self, deployment: Option<DeploymentId>) {
        *self = Self { of: deployment, ..Self::default() };
    }

    /// The last line that is here, to go on from.
    pub(crate) fn cursor(&self) -> Option<u64> {
        self.lines.back().map(|line| line.cursor)
    }

    /// Takes lines of the deployment that is looked at; what is older than what is here was here before.
    pub(crate) fn take(&mut self, lines: Vec<LogLine>) {
        for line in lines {
            if self.cursor().is_some_and(|last| line.cursor <= last) {
                continue;
            }
            let shown = Shown {
                cursor: line.cursor,
                at: line.at,
                source: text::clean(&line.source).into_owned(),
                step: line.step,
                stream: line.stream,
                text: text::clean(&line.text).into_owned(),
            };
            self.bytes += shown.text.len();
            self.lines.push_back(shown);
        }
        while self.lines.len() > MAX_LINES || self.bytes > MAX_BYTES {
            match self.lines.pop_front() {
                Some(line) => self.bytes -= line.text.len(),
                None => break,
            }
        }
    }

    /// The place just behind the last line to show.
    pub(crate) fn end(&self) -> usize {
        match self.held {
            Some(cursor) => self.lines.partition_point(|line| line.cursor <= cursor),
            None => self.lines.len(),
        }
    }

    /// How many lines came since it was paused.
    pub(crate) fn unseen(&self) -> usize {
        self.lines.len() - self.end()
    }

    /// Moves the last line to show; at the end it follows again. `room` is how many lines are seen at once.
    pub(crate) fn scroll(&mut self, by: isize, room: usize) {
        let least = room.min(self.lines.len());
        let end = self.end().saturating_add_signed(by).clamp(least, self.lines.len());
        self.held = if end >= self.lines.len() { None } else { end.checked_sub(1).map(|at| self.lines[at].cursor) };
    }

    /// Stops following, or follows again.
    pub(crate) fn pause_or_follow(&mut self) {
        self.held = match self.held {
            Some(_) => None,
            None => self.cursor(),
        };
    }

    /// The lines of one step, oldest first.
    pub(crate) fn of_step(&self, step: StepName) -> impl DoubleEndedIterator<Item = &Shown> {
        self.lines.iter().filter(move |line| line.step == Some(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cursor: u64, text: &str) -> LogLine {
        LogLine {
            cursor,
            at: Timestamp::default(),
            deployment: DeploymentId::from("d"),
            source: String::new(),
            step: None,
            stream: LogStream::Stdout,
            text: text.to_owned(),
        }
    }

    fn logs(count: u64) -> Logs {
        let mut logs = Logs::default();
        logs.take((1..=count).map(|cursor| line(cursor, "x")).collect());
        logs
    }

    #[test]
    fn is_bounded_by_lines_and_by_bytes() {
        assert_eq!(logs(MAX_LINES as u64 + 50).lines.len(), MAX_LINES);
        let mut logs = Logs::default();
        logs.take((1..=1000).map(|cursor| line(cursor, &"x".repeat(16 * 1024))).collect());
        assert!(logs.bytes <= MAX_BYTES);
        assert_eq!(logs.lines.iter().map(|line| line.text.len()).sum::<usize>(), logs.bytes);
    }

    #[test]
    fn takes_each_line_once_and_clean() {
        let mut logs = logs(3);
        logs.take(vec![line(2, "again"), line(4, "\u{1b}[31mred")]);
        assert_eq!(logs.lines.len(), 4);
        assert_eq!(logs.lines[3].text, "red");
    }

    #[test]
    fn a_paused_view_stays_where_it_is_while_lines_come() {
        let mut logs = logs(100);
        logs.scroll(-10, 20);
        assert_eq!((logs.end(), logs.unseen()), (90, 10));
        logs.take((101..=130).map(|cursor| line(cursor, "x")).collect());
        assert_eq!((logs.end(), logs.unseen()), (90, 40));
        logs.scroll(-1000, 20);
        assert_eq!(logs.end(), 20);
        logs.scroll(1000, 20);
        assert_eq!((logs.held, logs.unseen()), (None, 0));
    }
}
