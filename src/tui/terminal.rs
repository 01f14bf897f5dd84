//! The terminal: taken at the beginning, given back at the end, whatever the end is; and frames sent to it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as blocking;
use std::thread::ThreadId;

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{Hide, MoveTo, Show};
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::{Position, Rect, Size};
use tokio::sync::mpsc;

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Holds the terminal; gives it back when it goes.
#[derive(Debug)]
pub(crate) struct Guard(());

impl Guard {
    /// Takes the terminal: raw, on its other screen. A panic of this thread gives it back before it is reported.
    pub(crate) fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let guard = Self(());
        report_panics(std::thread::current().id());
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was; once.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // On a terminal that is gone nothing can be mended.
        let _ = execute!(io::stdout(), EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// On the thread that draws, a panic gives the terminal back and is reported as always. On any other it must not
/// write over the screen: what panicked there is told through its task.
fn report_panics(drawing: ThreadId) {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !TAKEN.load(Ordering::SeqCst) {
            report(panic);
        } else if std::thread::current().id() == drawing {
            give_back();
            report(panic);
        } else {
            tracing::error!("{panic}");
        }
    }));
}

/// Makes bytes of what changed between two frames.
#[derive(Debug)]
pub(crate) struct Screen {
    shown: Buffer,
    cursor: Option<Position>,
    /// Nothing is known of what the terminal shows.
    is_stale: bool,
}

impl Screen {
    pub(crate) fn new(size: Size) -> Self {
        Self { shown: Buffer::empty(Rect::new(0, 0, size.width, size.height)), cursor: None, is_stale: true }
    }

    /// Draws a frame; the bytes that bring the terminal there, none where it is there already.
    pub(crate) fn draw(
        &mut self,
        size: Size,
        view: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<Vec<u8>> {
        let area = Rect::new(0, 0, size.width, size.height);
        if self.shown.area != area {
            *self = Self::new(size);
        }
        let mut next = Buffer::empty(area);
        let cursor = view(&mut next);
        let changes = self.shown.diff(&next);
        if changes.is_empty() && cursor == self.cursor && !self.is_stale {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::with_capacity(4096);
        queue!(bytes, BeginSynchronizedUpdate)?;
        if self.is_stale {
            queue!(bytes, Clear(ClearType::All))?;
        }
        if self.cursor.is_some() {
            queue!(bytes, Hide)?;
        }
        if !changes.is_empty() {
            CrosstermBackend::new(&mut bytes).draw(changes.into_iter())?;
        }
        if let Some(position) = cursor {
            queue!(bytes, MoveTo(position.x, position.y), Show)?;
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        self.shown = next;
        self.cursor = cursor;
        self.is_stale = false;
        Ok(bytes)
    }
}

/// Sends frames on a thread of its own, so that a slow line holds up nothing. While one is on its way no other is
/// made: when it has gone, the newest state is drawn.
#[derive(Debug)]
pub(crate) struct Writer {
    frames: blocking::Sender<Vec<u8>>,
    gone: mpsc::UnboundedReceiver<io::Result<()>>,
    is_busy: bool,
}

impl Writer {
    pub(crate) fn start() -> io::Result<Self> {
        let (frames, waiting) = blocking::channel::<Vec<u8>>();
        let (tell, gone) = mpsc::unbounded_channel();
        std::thread::Builder::new().name("terminal".to_owned()).spawn(move || {
            let mut out = io::stdout();
            for frame in waiting {
                let result = out.write_all(&frame).and_then(|()| out.flush());
                if tell.send(result).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { frames, gone, is_busy: false })
    }

    pub(crate) const fn is_busy(&self) -> bool {
        self.is_busy
    }

    pub(crate) fn send(&mut self, frame: Vec<u8>) -> io::Result<()> {
        if !frame.is_empty() {
            self.frames.send(frame).map_err(|_| io::Error::other("the terminal is gone"))?;
            self.is_busy = true;
        }
        Ok(())
    }

    /// Waits until the frame has gone; an error where the terminal is gone.
    pub(crate) async fn sent(&mut self) -> io::Result<()> {
        let result = self.gone.recv().await;
        self.is_busy = false;
        result.unwrap_or_else(|| Err(io::Error::other("the terminal is gone")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    #[test]
    fn nothing_new_is_no_byte() {
        let size = Size { width: 10, height: 2 };
        let mut screen = Screen::new(size);
        let hello = |buf: &mut Buffer| {
            buf.set_string(0, 0, "hello", Style::new());
            None
        };
        let first = screen.draw(size, hello).unwrap();
        assert!(first.starts_with(b"\x1b[?2026h") && first.ends_with(b"\x1b[?2026l"));
        assert_eq!(screen.draw(size, hello).unwrap(), b"");
        let with_cursor = screen.draw(size, |buf| hello(buf).or(Some(Position { x: 3, y: 1 }))).unwrap();
        assert!(with_cursor.len() < 40);
        let larger = screen.draw(Size { width: 12, height: 2 }, hello).unwrap();
        assert!(String::from_utf8_lossy(&larger).contains("hello"));
    }
}
