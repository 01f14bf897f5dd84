//! The control center: the full-screen app.
//!
//! `update/` is `(model, message) → effects`, `view/` and `panes/` are functions of the model; both are pure.
//! `runner` does what is to be done, `terminal` is the only one that writes to the terminal.
//!
//! *Architecture invariant:* nothing on this thread waits for anything but the next thing to happen. All that has
//! happened is taken in, then one frame is drawn; what did not change is not written.

mod effect;
mod highlight;
mod keymap;
mod look;
mod message;
mod model;
mod panes;
mod runner;
mod terminal;
mod text;
mod theme;
mod update;
mod view;
mod widgets;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use ratatui::crossterm::event::{Event, EventStream};
use ratatui::layout::Size;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::model::{Problem, ProblemCode, Timestamp};
use crate::os::docker_host;
use effect::Effect;
use look::Look;
use message::Message;
use model::{Model, Notice};
use runner::{Runner, Setup};
use terminal::{Guard, Screen, Writer};

/// The time between two frames while things happen by themselves; keys are answered at once.
const FRAME: Duration = Duration::from_millis(40);
/// How often the clock moves what it moves: while something runs, and otherwise.
const LIVELY: Duration = Duration::from_secs(1);
const CALM: Duration = Duration::from_secs(30);
/// At most so many messages are taken in before a frame is drawn.
const BURST: usize = 4096;

/// What the control center is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder whose engine is used.
    pub data_dir: PathBuf,
    /// The program that is started as the engine where none answers: this one.
    pub executable: PathBuf,
    /// The folder it was opened in, absolute; it becomes a project where it holds something to deploy.
    pub folder: Option<PathBuf>,
    /// Whether a folder holds something to deploy. May take its time; asked on a thread of its own.
    pub holds_app: fn(&Path) -> bool,
}

/// Opens the control center, and returns when it is left: by a key, a signal, or because the terminal went away.
/// However it ends, the terminal is as it was.
pub async fn run(options: Options) -> Result<(), Problem> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Problem::new(ProblemCode::Usage, "no-terminal", "the control center needs a terminal")
            .why("input or output is not one")
            .fix("use the commands instead: `wharf --help` lists them"));
    }
    let result = match begin() {
        Ok((guard, app)) => {
            let result = app.live(options).await;
            drop(guard);
            result
        }
        Err(error) => Err(error),
    };
    result.map_err(|error| {
        Problem::new(ProblemCode::Failed, "terminal-failed", "the terminal cannot be used")
            .why(error)
            .fix("try another terminal, or use the commands: `wharf --help` lists them")
    })
}

/// The running app.
struct App {
    model: Model,
    screen: Screen,
    writer: Writer,
    input: mpsc::Receiver<Event>,
    endings: Endings,
}

/// Takes the terminal and draws the first frame; nothing else has been touched by then.
fn begin() -> io::Result<(Guard, App)> {
    let endings = Endings::listen()?;
    let (width, height) = ratatui::crossterm::terminal::size()?;
    let size = Size { width, height };
    let model = Model::new(size, now(), Look::new(&look::Terminal::of_this_process()));
    let guard = Guard::take()?;
    let mut app = App { model, screen: Screen::new(size), writer: Writer::start()?, input: listen(), endings };
    app.draw()?;
    Ok((guard, app))
}

impl App {
    fn draw(&mut self) -> io::Result<()> {
        let model = &self.model;
        let frame = self.screen.draw(model.size, |buf| view::view(model, buf))?;
        self.writer.send(frame)
    }

    async fn live(mut self, options: Options) -> io::Result<()> {
        let (sender, mut messages) = mpsc::channel(BURST);
        let Options { data_dir, executable, folder, holds_app } = options;
        self.model.zone = jiff::tz::TimeZone::system();
        self.model.folder_path = folder;
        match docker_host::docker_host() {
            Ok(host) => self.model.docker_host = host,
            Err(problem) => self.model.notice = Some(Notice::Wrong(problem)),
        }
        let mut runner = Runner::new(Setup { data_dir, executable, holds_app }, sender);
        runner.run(Effect::Connect);

        let (mut is_dirty, mut is_urgent) = (true, false);
        let mut next_frame = Instant::now();
        let mut ticked = Instant::now();
        while !self.model.quit {
            if is_dirty && !self.writer.is_busy() && (is_urgent || Instant::now() >= next_frame) {
                self.draw()?;
                next_frame = Instant::now() + FRAME;
                (is_dirty, is_urgent) = (false, false);
            }
            let may_draw = is_dirty && !self.writer.is_busy();
            let tick = ticked + if self.model.is_lively() { LIVELY } else { CALM };
            let mut news = Vec::new();
            tokio::select! {
                event = self.input.recv() => {
                    // Without input the terminal went away.
                    let Some(event) = event else { break };
                    news.extend(message_of(event));
                    is_urgent = true;
                }
                Some(message) = messages.recv() => news.push(message),
                sent = self.writer.sent(), if self.writer.is_busy() => sent?,
                () = tokio::time::sleep_until(next_frame), if may_draw => {}
                () = tokio::time::sleep_until(tick) => {
                    ticked = Instant::now();
                    is_dirty = true;
                }
                () = self.endings.any() => break,
            }
            while news.len() < BURST
                && let Ok(message) = messages.try_recv()
            {
                news.push(message);
            }
            while let Ok(event) = self.input.try_recv() {
                news.extend(message_of(event));
                is_urgent = true;
            }
            is_dirty |= !news.is_empty();
            for message in std::iter::once(Message::Clock(now())).chain(news) {
                for effect in update::update(&mut self.model, message) {
                    runner.run(effect);
                }
            }
        }
        if self.writer.is_busy() {
            // A terminal that takes nothing any more must not keep the program.
            let _ = tokio::time::timeout(Duration::from_millis(500), self.writer.sent()).await;
        }
        Ok(())
    }
}

/// What the terminal sends, until it goes away. A task of its own, because a stream of events that is only looked
/// at, and not waited for, forgets to wake anybody.
fn listen() -> mpsc::Receiver<Event> {
    let (sender, receiver) = mpsc::channel(BURST);
    tokio::spawn(async move {
        let mut events = EventStream::new();
        while let Some(Ok(event)) = events.next().await {
            if sender.send(event).await.is_err() {
                break;
            }
        }
    });
    receiver
}

fn message_of(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) => Some(Message::Key(key)),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(width, height) => Some(Message::Resize(Size { width, height })),
        Event::Mouse(_) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The signals that end the control center.
struct Endings {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
}

impl Endings {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for any of them.
    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
