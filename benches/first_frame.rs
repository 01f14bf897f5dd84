//! From the start of the process to the first frame, in a real terminal; beside it the start of a program that does
//! nothing in the same kind of terminal. The issue allows 50 ms; the difference of the two is what Wharf needs.

use std::io::Read;
use std::path::Path;

use divan::Bencher;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// What stands in the first frame and nowhere before it.
const SIGN: &[u8] = b"Projects";
/// The end of a frame.
const END: &[u8] = b"\x1b[?2026l";

#[divan::bench(sample_count = 50)]
fn control_center(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    // No data folder can be below a file: nothing is started behind the frame that is measured.
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    bencher.bench_local(|| {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_wharf"));
        command.env("WHARF_DATA_DIR", file.join("data"));
        run(command, folder.path(), |seen| contains(seen, SIGN) && contains(seen, END))
    });
}

#[divan::bench(sample_count = 50)]
fn nothing_at_all(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    bencher.bench_local(|| run(CommandBuilder::new("true"), folder.path(), |_| false));
}

/// A program in its terminal; ended when it is dropped, which is not measured.
struct Running {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a command in a terminal and reads until enough is seen or it has ended.
fn run(mut command: CommandBuilder, folder: &Path, is_enough: impl Fn(&[u8]) -> bool) -> Running {
    let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    command.cwd(folder);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    let child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while !is_enough(&seen) {
        // A terminal whose program has ended gives an error.
        match reader.read(&mut buffer) {
            Ok(count) if count > 0 => seen.extend_from_slice(&buffer[..count]),
            _ => break,
        }
    }
    Running { child, _master: pair.master }
}

fn contains(seen: &[u8], part: &[u8]) -> bool {
    seen.windows(part.len()).any(|window| window == part)
}
