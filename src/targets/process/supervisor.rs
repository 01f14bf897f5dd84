//! The supervisor: a small process that runs one app, so that the app outlives the engine.
//!
//! It is told what to run on its standard input, writes the app's log and `state.json`, and listens on a socket in
//! the instance's folder. It ends with the app: a stopped instance costs nothing, and all that is needed to start
//! it again lies in the folder. It has one thread and no timer while the app runs.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncRead, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::folder::Folder;
use super::journal::Journal;
use super::protocol::{Notice, Order, Request, Started, receive, send};
use super::run::{Output, Run};
use super::socket;
use super::state::{Exit, Phase, RunState};
use crate::os::clock;
use crate::os::process::Identity;

/// Between an end and the next start at first; doubled each time.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// The longest time between an end and the next start.
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// An app that ran for so long begins with the first delay again.
const STEADY: Duration = Duration::from_mins(1);
/// What the app gets to end itself when the machine shuts down.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);
/// How many may be connected at once; each is a small task.
const CLIENTS: usize = 64;

/// Runs the app of the instance's folder as it is told on the standard input, until it has ended for good.
///
/// This is the hidden command `wharf supervise FOLDER`.
#[must_use]
pub fn supervise(folder: &Path) -> ExitCode {
    // Fails only where this process leads a session already, which is as good.
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(run(folder))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            answer(&Started::No(error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// Tells the engine how the start went. It may have stopped listening.
fn answer(started: &Started) {
    let mut line = serde_json::to_vec(started).unwrap_or_default();
    line.push(b'\n');
    let _ = io::stdout().write_all(&line).and_then(|()| io::stdout().flush());
}

async fn run(folder: &Path) -> io::Result<()> {
    let order = receive::<Order>(&mut BufReader::new(inherited_input()?)).await?;
    let order = order.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "nothing was asked for"))?;
    let folder = Folder::new(folder.canonicalize()?);
    // Not ignored but taken: what the app starts with is then the system's default again.
    let _hangups = signal(SignalKind::hangup())?;
    let mut children = signal(SignalKind::child())?;
    let listener = socket::listen(folder.path())?;
    let output = Output::new(Journal::open(&folder.log())?);
    let supervisor = Identity::of(std::process::id()).ok_or(io::ErrorKind::NotFound)?;
    let (stop, stops) = mpsc::channel(8);
    tokio::spawn(shut_down(stop.clone(), signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?));
    let first = Run::start(&order, &output)?;
    let child = Some(first.identity.clone());
    let state = RunState {
        supervisor,
        child,
        phase: Phase::Running,
        restarts: 0,
        last_exit: None,
        started_at: Some(clock::now()),
    };
    let states = States { folder, now: watch::channel(state).0 };
    if let Err(error) = states.write() {
        first.end(Duration::ZERO, &mut children).await;
        return Err(error);
    }
    tokio::spawn(listen(listener, states.now.subscribe(), output.position(), stop));
    answer(&Started::Yes);
    Supervisor { order, output, states, stops }.supervise(first, &mut children).await
}

/// The pipe that the engine writes the order to.
fn inherited_input() -> io::Result<impl AsyncRead> {
    use std::os::fd::AsFd as _;
    tokio::net::unix::pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)
}

/// The state, on disk and for those who watch.
struct States {
    folder: Folder,
    now: watch::Sender<RunState>,
}

impl States {
    fn change(&self, change: impl FnOnce(&mut RunState)) {
        self.now.send_modify(change);
        // A full disk must not end the app; whoever is connected hears the truth all the same.
        let _ = self.write();
    }

    fn write(&self) -> io::Result<()> {
        self.folder.write_state(&self.now.borrow())
    }
}

/// The app is to end for good.
struct Stop {
    grace: Duration,
    why: &'static str,
}

struct Supervisor {
    order: Order,
    output: Output,
    states: States,
    stops: mpsc::Receiver<Stop>,
}

impl Supervisor {
    /// Runs the app, again and again where that is wanted, until it is stopped.
    async fn supervise(mut self, first: Run, children: &mut Signal) -> io::Result<()> {
        let mut run = Ok(first);
        let mut delay = FIRST_DELAY;
        loop {
            let exit = match run {
                Ok(mut run) => {
                    tokio::select! {
                        () = run.ended(children) => {}
                        Some(stop) = self.stops.recv() => {
                            self.output.say("the app is being ended");
                            let exit = run.end(stop.grace, children).await;
                            self.finish(Exit { detail: stop.why.to_owned(), ..exit });
                            return Ok(());
                        }
                    }
                    if run.since.elapsed() >= STEADY {
                        delay = FIRST_DELAY;
                    }
                    run.end(Duration::ZERO, children).await
                }
                Err(error) => {
                    Exit { code: None, detail: format!("it could not be started: {error}"), at: clock::now() }
                }
            };
            if !self.order.restart {
                self.output.say(&format!("the app ended: {}", exit.detail));
                self.finish(exit);
                return Ok(());
            }
            self.output.say(&format!("the app ended: {}; it starts again in {} s", exit.detail, delay.as_secs()));
            self.states.change(|state| {
                state.phase = Phase::Waiting;
                state.last_exit = Some(exit);
            });
            tokio::select! {
                () = sleep(delay) => {}
                Some(stop) = self.stops.recv() => {
                    let code = self.states.now.borrow().last_exit.as_ref().and_then(|exit| exit.code);
                    self.finish(Exit { code, detail: stop.why.to_owned(), at: clock::now() });
                    return Ok(());
                }
            }
            delay = (delay * 2).min(LONGEST_DELAY);
            run = Run::start(&self.order, &self.output);
            let child = run.as_ref().ok().map(|run| run.identity.clone());
            self.states.change(|state| {
                state.restarts += 1;
                state.phase = if child.is_some() { Phase::Running } else { Phase::Waiting };
                state.child = child;
                state.started_at = Some(clock::now());
            });
        }
    }

    fn finish(&self, exit: Exit) {
        self.states.change(|state| {
            state.phase = Phase::Ended;
            state.last_exit = Some(exit);
        });
    }
}

/// The system asks it to end, as it does before the machine stops: the app is ended properly first.
async fn shut_down(stop: mpsc::Sender<Stop>, mut terminate: Signal, mut interrupt: Signal) {
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let _ = stop.send(Stop { grace: SHUTDOWN_GRACE, why: "the system ended its supervisor" }).await;
    }
}

/// Answers those who connect.
async fn listen(
    listener: UnixListener,
    states: watch::Receiver<RunState>,
    output: watch::Receiver<u64>,
    stop: mpsc::Sender<Stop>,
) {
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(CLIENTS));
    while let Ok(place) = std::sync::Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, perhaps: the next try must not come at once.
            sleep(Duration::from_secs(1)).await;
            continue;
        };
        let (states, output, stop) = (states.clone(), output.clone(), stop.clone());
        tokio::spawn(async move {
            let _ = serve(stream, states, output, stop).await;
            drop(place);
        });
    }
}

async fn serve(
    stream: UnixStream,
    states: watch::Receiver<RunState>,
    output: watch::Receiver<u64>,
    stop: mpsc::Sender<Stop>,
) -> io::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::new(from);
    match receive(&mut from).await? {
        Some(Request::State) => tell(&mut to, &mut from, states, |state| Notice::State(state.clone())).await,
        Some(Request::Output) => tell(&mut to, &mut from, output, |position| Notice::Output(*position)).await,
        Some(Request::Stop { grace_ms }) => {
            let _ = stop.send(Stop { grace: Duration::from_millis(grace_ms), why: "stopped on request" }).await;
            // The connection closes as this process ends, which is when all is over.
            receive::<Request>(&mut from).await.map(|_| ())
        }
        None => Ok(()),
    }
}

/// Tells the newest value as it changes, until the other side goes. What comes too fast for it is left out.
async fn tell<T: Send + Sync>(
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
    from: &mut (impl tokio::io::AsyncBufRead + Unpin),
    mut values: watch::Receiver<T>,
    notice: impl Fn(&T) -> Notice,
) -> io::Result<()> {
    values.mark_changed();
    loop {
        tokio::select! {
            changed = values.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let notice = notice(&values.borrow_and_update());
                send(to, &notice).await?;
            }
            _ = receive::<Request>(from) => return Ok(()),
        }
    }
}
