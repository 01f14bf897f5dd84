//! WebSockets over the engine's socket. They begin as any other request, so that a refusal comes as a `Problem`.

use std::marker::PhantomData;

use futures_util::StreamExt;
use reqwest::{Method, StatusCode, Upgraded, header};
use serde::{Serialize, de::DeserializeOwned};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role};

use super::transport::{Transport, problem_of, unreadable};
use super::{lost, stopped};
use crate::api::routes;
use crate::model::{Problem, ProblemCode};

/// Things as they come, each a JSON message.
pub struct Stream<T> {
    socket: WebSocketStream<Upgraded>,
    of: PhantomData<fn() -> T>,
}

impl<T> std::fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

/// Why a stream is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// There is nothing more.
    Complete,
    /// Something is missing: begin again from the snapshot.
    Gap,
    /// The engine went away, or the stream broke.
    Lost(Problem),
}

impl<T: DeserializeOwned> Stream<T> {
    /// The next thing, or why there is none. Can be dropped and called again.
    pub async fn next(&mut self) -> Result<T, StreamEnd> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text).map_err(|error| StreamEnd::Lost(unreadable(error)));
                }
                Some(Ok(Message::Close(frame))) => return Err(end_of(frame)),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(StreamEnd::Lost(lost(error))),
                None => return Err(StreamEnd::Lost(lost("the connection was closed"))),
            }
        }
    }

    /// Says that no more is wanted.
    pub async fn close(mut self) {
        // Whether the engine still hears it makes no difference.
        let _ = self.socket.close(None).await;
    }
}

fn end_of(frame: Option<CloseFrame>) -> StreamEnd {
    let Some(frame) = frame else { return StreamEnd::Complete };
    match u16::from(frame.code) {
        1000 | 1005 => StreamEnd::Complete,
        routes::CLOSE_GAP => StreamEnd::Gap,
        routes::CLOSE_AWAY => StreamEnd::Lost(stopped()),
        _ => StreamEnd::Lost(lost(frame.reason.as_str())),
    }
}

impl Transport {
    pub(super) async fn stream<T>(&self, path: &str, query: &impl Serialize) -> Result<Stream<T>, Problem> {
        let key = generate_key();
        // A stream may stay silent for days.
        let request = self
            .request(Method::GET, path)
            .query(query)
            .timeout(std::time::Duration::MAX)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, &key);
        let response = self.send(request).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(problem_of(response).await);
        }
        let accepted = response.headers().get(header::SEC_WEBSOCKET_ACCEPT);
        if accepted.is_none_or(|accepted| accepted.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(Problem::new(ProblemCode::Failed, "unexpected-answer", "what answers is no engine"));
        }
        let upgraded = response.upgrade().await.map_err(lost)?;
        Ok(Stream { socket: WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await, of: PhantomData })
    }
}
