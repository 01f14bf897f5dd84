//! Asks an app over HTTP, as the world does.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Asks `url` + `path` once.
pub(crate) fn get(url: &str, path: &str) -> io::Result<Answer> {
    let place = url.trim_end_matches('/').strip_prefix("http://").ok_or(io::ErrorKind::InvalidInput)?;
    let mut stream = TcpStream::connect(place)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {place}\r\nConnection: close\r\n\r\n")?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw)?;
    let text = String::from_utf8_lossy(&raw);
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Answer { status, body: body.to_owned() })
}

/// Asks an app again and again until it is told to end.
pub(crate) struct Asker {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Asked>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) answers: usize,
    /// What came instead of a 200.
    pub(crate) failures: Vec<String>,
}

impl Asker {
    pub(crate) fn start(url: &str) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (over, url) = (Arc::clone(&over), url.to_owned());
            move || {
                let mut asked = Asked::default();
                while !over.load(Ordering::Relaxed) {
                    match get(&url, "/") {
                        Ok(Answer { status: 200, .. }) => asked.answers += 1,
                        Ok(other) => asked.failures.push(format!("{other:?}")),
                        Err(error) => asked.failures.push(error.to_string()),
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
                asked
            }
        });
        Self { over, thread }
    }

    pub(crate) fn end(self) -> Asked {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
