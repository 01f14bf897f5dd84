//! The control center in a terminal of its own.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::wharf::{PROGRAM, Wharf};

const SIZE: PtySize = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running control center.
pub(crate) struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    started: Instant,
    output: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
}

impl Pty {
    /// Opens it in a folder.
    pub(crate) fn open(wharf: &Wharf, folder: &Path) -> Self {
        let pair = native_pty_system().openpty(SIZE).unwrap();
        let mut command = CommandBuilder::new(PROGRAM);
        command.cwd(folder);
        command.env("WHARF_DATA_DIR", wharf.data_dir());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let mut reader = pair.master.try_clone_reader().unwrap();
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            // A terminal whose program has ended gives an error.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send((Instant::now(), buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(SIZE.rows, SIZE.cols, 0);
        Self { child, master: pair.master, started, output, screen }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits until all of these texts are on the screen; the time from the start of the process to the bytes that
    /// completed them.
    pub(crate) fn shows(&mut self, texts: &[&str]) -> Duration {
        loop {
            let next = self.output.recv_timeout(PATIENCE);
            let (at, bytes) = next.unwrap_or_else(|_| panic!("no {texts:?} on\n{}", self.screen.screen().contents()));
            self.screen.process(&bytes);
            let shown = self.screen.screen().contents();
            if texts.iter().all(|text| shown.contains(text)) {
                return at - self.started;
            }
        }
    }

    /// Waits until nothing was written for that long.
    pub(crate) fn settles(&mut self, quiet: Duration) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.output.recv_timeout(quiet) {
                Ok((_, bytes)) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => panic!("it ended\n{}", self.screen.screen().contents()),
            }
        }
    }

    /// The bytes that were written since it was last looked.
    pub(crate) fn written(&mut self) -> usize {
        self.output.try_iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Leaves it as a person does.
    pub(crate) fn leave(mut self) {
        self.master.take_writer().unwrap().write_all(b"q").unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
