//! Who is at the other end of a connection, and whether it may ask.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::serve::{IncomingStream, Listener};
use tokio::net::{UnixListener, UnixStream};

use super::answer::Refusal;
use crate::engine::Engine;
use crate::model::{Problem, ProblemCode};
use crate::os::{account, clock};

/// After an accept that failed, as with no file descriptor left.
const PAUSE: Duration = Duration::from_millis(200);
/// How often it is noted that an account was seen, in milliseconds.
const NOTED_EVERY: u64 = 3_600_000;

/// The socket, with the kernel's word on who connects.
#[derive(Debug)]
pub(super) struct Socket(pub(super) UnixListener);

/// The account at the other end; none where the kernel does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) uid: Option<u32>,
}

impl Listener for Socket {
    type Io = UnixStream;
    type Addr = Peer;

    async fn accept(&mut self) -> (UnixStream, Peer) {
        loop {
            match self.0.accept().await {
                Ok((stream, _)) => {
                    let uid = stream.peer_cred().ok().map(|peer| peer.uid());
                    return (stream, Peer { uid });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer { uid: None })
    }
}

impl Connected<IncomingStream<'_, Socket>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Socket>) -> Self {
        *stream.remote_addr()
    }
}

/// Lets the engine's own account in and nobody else. Root could read its files in any case, and is kept out all the
/// same: what it starts would belong to another account.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    engine: Engine,
    owner: u32,
    noted: Arc<AtomicU64>,
}

impl Gate {
    pub(super) fn new(engine: Engine, owner: u32) -> Self {
        Self { engine, owner, noted: Arc::default() }
    }

    async fn note(&self, uid: u32, name: &str) {
        let hour = clock::now().as_millis() / NOTED_EVERY;
        if self.noted.swap(hour, Ordering::Relaxed) != hour
            && let Err(problem) = self.engine.seen(uid, name).await
        {
            tracing::warn!(%problem, "it could not be noted who asks");
        }
    }
}

pub(super) async fn authorize(
    State(gate): State<Gate>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(uid) = peer.uid.filter(|uid| *uid == gate.owner) else {
        return refused(peer, gate.owner).into_response();
    };
    let name = account::name(uid);
    gate.note(uid, &name).await;
    request.extensions_mut().insert(Account(name));
    next.run(request).await
}

fn refused(peer: Peer, owner: u32) -> Refusal {
    let asking = peer.uid.map_or_else(|| "an unknown account".to_owned(), account::name);
    tracing::warn!(account = asking, "refused");
    Refusal(
        Problem::new(ProblemCode::Refused, "not-your-engine", "this account may not talk to the engine")
            .why(format!("the engine belongs to {}, {asking} asks", account::name(owner)))
            .fix("work as the account that owns the data folder, or name your own with `--data-dir`"),
    )
}

/// The name of the account that asks.
#[derive(Clone, Debug)]
pub(super) struct Account(pub(super) String);

impl<S: Sync> FromRequestParts<S> for Account {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Refusal(Problem::new(ProblemCode::Refused, "not-your-engine", "nobody knows which account asks"))
        })
    }
}
