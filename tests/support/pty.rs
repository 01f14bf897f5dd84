//! The real program in a real terminal: what a person would see, and keys.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

use super::wharf::{PROGRAM, Wharf};

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_mins(2);

/// The control center, or a command, in a terminal of its own.
pub(crate) struct Pty {
    screen: Arc<(Mutex<Seen>, Condvar)>,
    keys: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
}

/// What came from the program so far.
pub(crate) struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    is_over: bool,
}

impl Pty {
    /// Opens the control center in a folder.
    pub(crate) fn open(wharf: &Wharf, folder: &Path, size: (u16, u16), env: &[(&str, &str)]) -> Self {
        Self::start(wharf, folder, &[], size, env)
    }

    /// Starts a command in a folder.
    pub(crate) fn start(
        wharf: &Wharf,
        folder: &Path,
        args: &[&str],
        (columns, rows): (u16, u16),
        env: &[(&str, &str)],
    ) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(args);
        command.cwd(folder);
        command.env("WHARF_DATA_DIR", wharf.data_dir());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for name in ["LC_ALL", "NO_COLOR", "COLORTERM", "PORT"] {
            command.env_remove(name);
        }
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let seen = Seen { parser: vt100::Parser::new(rows, columns, 0), raw: Vec::new(), is_over: false };
        let screen = Arc::new((Mutex::new(seen), Condvar::new()));
        read(pair.master.try_clone_reader().unwrap(), Arc::clone(&screen));
        Self { screen, keys: pair.master.take_writer().unwrap(), master: pair.master, child }
    }

    /// Types keys as they are.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Makes the terminal another size.
    pub(crate) fn resize(&self, (columns, rows): (u16, u16)) {
        self.screen.0.lock().unwrap().parser.screen_mut().set_size(rows, columns);
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Waits until the screen shows a text; fails the test with what it shows where that takes too long.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        self.wait(&format!("“{text}” on the screen"), |seen| seen.parser.screen().contents().contains(text));
    }

    /// Waits until the screen does not show a text any more.
    #[track_caller]
    pub(crate) fn shows_no(&self, text: &str) {
        self.wait(&format!("no “{text}” on the screen"), |seen| !seen.parser.screen().contents().contains(text));
    }

    #[track_caller]
    fn wait(&self, what: &str, holds: impl Fn(&Seen) -> bool) {
        let (lock, changed) = &*self.screen;
        let end = Instant::now() + PATIENCE;
        let mut seen = lock.lock().unwrap();
        while !holds(&seen) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !seen.is_over,
                "never came: {what}; last seen:\n{}",
                seen.parser.screen().contents()
            );
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Whether anything on the screen has a colour.
    pub(crate) fn has_colour(&self) -> bool {
        let seen = self.screen.0.lock().unwrap();
        let screen = seen.parser.screen();
        let (rows, columns) = screen.size();
        let cells = (0..rows).flat_map(|row| (0..columns).filter_map(move |column| screen.cell(row, column)));
        let plain = vt100::Color::Default;
        cells.into_iter().any(|cell| cell.fgcolor() != plain || cell.bgcolor() != plain)
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Everything that it wrote so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.screen.0.lock().unwrap().raw.clone()
    }

    /// Waits until the program is gone and all that it wrote has been read; whether the terminal is as it was: not on
    /// its other screen, the cursor seen, pasting plain.
    #[track_caller]
    pub(crate) fn ended(mut self) -> (ExitStatus, bool) {
        self.wait_for_end();
        let status = self.child.wait().unwrap();
        let seen = self.screen.0.lock().unwrap();
        let screen = seen.parser.screen();
        let is_clean = !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste();
        (status, is_clean)
    }

    fn wait_for_end(&self) {
        let (lock, changed) = &*self.screen;
        let seen = lock.lock().unwrap();
        let (seen, _) = changed.wait_timeout_while(seen, PATIENCE, |seen| !seen.is_over).unwrap();
        assert!(seen.is_over, "it did not end; last seen:\n{}", seen.parser.screen().contents());
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut from: Box<dyn Read + Send>, screen: Arc<(Mutex<Seen>, Condvar)>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        loop {
            // A terminal whose program has ended gives an error.
            let count = from.read(&mut buffer).unwrap_or(0);
            let Ok(mut seen) = screen.0.lock() else { return };
            seen.parser.process(&buffer[..count]);
            seen.raw.extend_from_slice(&buffer[..count]);
            seen.is_over = count == 0;
            screen.1.notify_all();
            if count == 0 {
                return;
            }
        }
    });
}
