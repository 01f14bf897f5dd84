//! What a container prints, line by line, over all its runs.

use std::time::Duration;

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::connect::{Engine, is_conflict, is_missing};
use super::lifetime::{Lifetime, nanos};
use super::stream::fed;
use super::{OutputLine, TargetError};
use crate::model::{LogStream, Timestamp};
use crate::os::process::Lines;

const SECOND: u64 = 1_000_000_000;

/// All lines after the position `after`, then new ones as they come, until the container is gone.
pub(super) fn follow(
    engine: Engine,
    id: String,
    mut after: Option<u64>,
) -> BoxStream<'static, Result<OutputLine, TargetError>> {
    fed(move |feed| async move {
        let mut lifetime = Lifetime::new(&engine, &id);
        loop {
            let mut reader = Reader::new(after);
            let options = LogsOptionsBuilder::default()
                .follow(true)
                .stdout(true)
                .stderr(true)
                .timestamps(true)
                .since(reader.since())
                .build();
            let mut frames = Box::pin(engine.docker.logs(&id, Some(options)));
            let mut lines = Vec::new();
            let mut silent = true;
            loop {
                let frame = frames.next().await;
                let over = frame.is_none();
                match frame {
                    Some(Ok(frame)) => reader.push(&frame, &mut lines),
                    Some(Err(error)) if is_missing(&error) || is_conflict(&error) => return Ok(()),
                    Some(Err(error)) => return Err(engine.failed("read the output", error)),
                    None => reader.finish(&mut lines),
                }
                for line in lines.drain(..) {
                    silent = false;
                    after = Some(line.position);
                    feed.give(line).await;
                }
                if over {
                    break;
                }
            }
            // Docker ends the output with each run.
            if lifetime.next_run().await?.is_none() {
                return Ok(());
            }
            if silent {
                // Should it end the output of what runs, it is not asked without a pause.
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    })
}

/// Puts lines together again and gives each its position: its time in nanoseconds, moved up where an earlier line of
/// the log has the same or a later one.
struct Reader {
    after: u64,
    last: u64,
    stdout: Side,
    stderr: Side,
}

/// One of the two outputs.
#[derive(Default)]
struct Side {
    lines: Lines,
    /// The time of a long line whose end has not come; Docker hands such lines over in parts of the same time.
    open: Option<u64>,
}

impl Reader {
    fn new(after: Option<u64>) -> Self {
        Self { after: after.unwrap_or(0), last: 0, stdout: Side::default(), stderr: Side::default() }
    }

    /// From when Docker has to send, in seconds since the Unix epoch. The two outputs may overtake each other by a
    /// moment, so it goes back a second further, and what is known is left out here.
    fn since(&self) -> i32 {
        i32::try_from((self.after / SECOND).saturating_sub(1)).unwrap_or(i32::MAX)
    }

    fn push(&mut self, frame: &LogOutput, out: &mut Vec<OutputLine>) {
        let (stream, bytes) = match frame {
            LogOutput::StdErr { message } => (LogStream::Stderr, message),
            LogOutput::StdOut { message } | LogOutput::Console { message } | LogOutput::StdIn { message } => {
                (LogStream::Stdout, message)
            }
        };
        let (at, text) = stamped(bytes);
        let at = at.unwrap_or(self.last + 1);
        if self.side(stream).open.is_some_and(|open| open != at) {
            self.close(stream, out);
        }
        let mut texts = Vec::new();
        let side = self.side(stream);
        side.lines.push(text, |line| texts.push(line.to_owned()));
        side.open = (!text.ends_with(b"\n")).then_some(at);
        for text in texts {
            self.give(stream, at, text, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<OutputLine>) {
        self.close(LogStream::Stdout, out);
        self.close(LogStream::Stderr, out);
    }

    fn close(&mut self, stream: LogStream, out: &mut Vec<OutputLine>) {
        let side = self.side(stream);
        let Some(at) = side.open.take() else { return };
        let mut rest = None;
        side.lines.finish(|line| rest = Some(line.to_owned()));
        if let Some(text) = rest {
            self.give(stream, at, text, out);
        }
    }

    fn give(&mut self, stream: LogStream, at: u64, text: String, out: &mut Vec<OutputLine>) {
        self.last = at.max(self.last + 1);
        if self.last > self.after {
            let at = Timestamp::from_millis(at / 1_000_000);
            out.push(OutputLine { position: self.last, at, stream, text });
        }
    }

    fn side(&mut self, stream: LogStream) -> &mut Side {
        if stream == LogStream::Stderr { &mut self.stderr } else { &mut self.stdout }
    }
}

/// Takes the time off that Docker writes before each line.
fn stamped(bytes: &[u8]) -> (Option<u64>, &[u8]) {
    let stamp = bytes.iter().position(|byte| *byte == b' ').and_then(|end| {
        let at = nanos(std::str::from_utf8(&bytes[..end]).ok()?);
        Some((u64::try_from(at).ok().filter(|at| *at > 0)?, &bytes[end + 1..]))
    });
    stamp.map_or((None, bytes), |(at, rest)| (Some(at), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::process::MAX_LINE;

    fn out(text: impl Into<Vec<u8>>) -> LogOutput {
        LogOutput::StdOut { message: text.into().into() }
    }

    fn err(text: &str) -> LogOutput {
        LogOutput::StdErr { message: text.to_owned().into() }
    }

    /// A frame at so many nanoseconds past a whole second.
    fn at(nanos: u64, text: &str) -> String {
        format!("2026-11-21T10:00:00.{nanos:09}Z {text}")
    }

    fn read(after: Option<u64>, frames: &[LogOutput]) -> Vec<(u64, String)> {
        let mut reader = Reader::new(after);
        let mut lines = Vec::new();
        for frame in frames {
            reader.push(frame, &mut lines);
        }
        reader.finish(&mut lines);
        lines.into_iter().map(|line| (line.position % SECOND, line.text)).collect()
    }

    #[test]
    fn positions_grow_though_times_do_not() {
        let frames = [out(at(100, "a\n")), err(&at(100, "b\n")), out(at(90, "c\n")), out(at(200, "d\n"))];
        let all = read(None, &frames);
        assert_eq!(all, [(100, "a"), (101, "b"), (102, "c"), (200, "d")].map(|(at, text)| (at, text.to_owned())));
        let base = 1_795_255_200 * SECOND;
        for (index, (position, _)) in all.iter().enumerate() {
            assert_eq!(read(Some(base + position), &frames), all[index + 1..], "after {position}");
        }
    }

    #[test]
    fn parts_of_a_long_line_become_one_line_of_bounded_length() {
        let part = "x".repeat(MAX_LINE - 10);
        let frames =
            [out(at(5, &part)), err(&at(6, "between\n")), out(at(5, &part)), out(at(5, "end\n")), out(at(9, "next\n"))];
        let lines = read(None, &frames);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].1, "between");
        assert!(lines[1].1.len() <= MAX_LINE + '…'.len_utf8() && lines[1].1.ends_with('…'));
        assert_eq!(lines[2].1, "next");
    }

    #[test]
    fn a_line_that_never_ends_is_given_before_the_next_and_at_the_end() {
        let lines = read(None, &[out(at(5, "cut")), out(at(9, "next\n")), out(at(10, "last"))]);
        assert_eq!(lines.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["cut", "next", "last"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_well_as_can_be() {
        let mut bytes = at(5, "caf").into_bytes();
        bytes.extend([0xe9, b'\n']);
        assert_eq!(read(None, &[out(bytes)])[0].1, "caf\u{fffd}");
        assert_eq!(read(None, &[out("no time\n")])[0].1, "no time");
    }

    #[test]
    fn docker_is_asked_for_a_second_more() {
        assert_eq!(Reader::new(None).since(), 0);
        assert_eq!(Reader::new(Some(7 * SECOND + 5)).since(), 6);
    }
}
