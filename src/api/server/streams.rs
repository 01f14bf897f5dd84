//! Events and logs as WebSockets, one JSON message each.

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::App;
use super::answer::{Path, Query, Refusal};
use crate::api::routes::{self, CLOSE_AWAY, CLOSE_FAILED, CLOSE_GAP};
use crate::model::{DeploymentId, EventQuery, LogQuery, Problem};

/// A client sends nothing but control frames.
const MAX_MESSAGE: usize = 1024;
/// The close code of a stream that gave all there was.
const CLOSE_COMPLETE: u16 = 1000;

/// Why an engine that stops closes a stream.
const STOPS: &str = "the engine stops";

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// All that happens after a number, as it happens: each message is an Event.
#[utoipa::path(get, path = routes::EVENTS, operation_id = "events", tag = "streams", params(EventQuery),
    responses((status = 101, description = "a WebSocket of Event"), (status = "default", body = Problem)))]
pub(super) async fn events(State(app): State<App>, Query(query): Query<EventQuery>, upgrade: Upgrade) -> Response {
    // The bus ends a stream where its listener fell too far behind: that is a gap as well.
    let events = app.engine.events(query.after).unwrap_or_else(|_| stream::empty().boxed());
    send(upgrade, app, events, CLOSE_GAP)
}

/// A deployment's output, and new lines as they come where asked: each message is a `LogLine`.
#[utoipa::path(get, path = routes::DEPLOYMENT_LOGS, operation_id = "deployment_logs", tag = "streams",
    params(("id" = String, Path), LogQuery),
    responses((status = 101, description = "a WebSocket of LogLine"), (status = "default", body = Problem)))]
pub(super) async fn logs(
    State(app): State<App>,
    Path(id): Path<DeploymentId>,
    Query(query): Query<LogQuery>,
    upgrade: Upgrade,
) -> Response {
    match app.engine.logs(&id, query).await {
        Ok(lines) => send(upgrade, app, lines, CLOSE_COMPLETE),
        Err(problem) => Refusal(problem).into_response(),
    }
}

/// Answers with a WebSocket of these items that closes with the code `at_the_end` where they end.
fn send<T: Serialize + Send + 'static>(
    upgrade: Upgrade,
    app: App,
    items: BoxStream<'static, T>,
    at_the_end: u16,
) -> Response {
    match upgrade {
        Ok(upgrade) => {
            // From now on, and not only when the socket is there, the engine's end waits for this.
            let open = app.streams.token();
            upgrade.max_message_size(MAX_MESSAGE).on_upgrade(async move |socket| {
                send_all(socket, items, app.stop, at_the_end).await;
                drop(open);
            })
        }
        Err(rejection) => rejection.into_response(),
    }
}

/// Sends items until they end, or the client or the engine goes. A client that reads slowly makes its stream wait,
/// never the engine.
async fn send_all<T: Serialize>(
    mut socket: WebSocket,
    mut items: BoxStream<'static, T>,
    stop: CancellationToken,
    at_the_end: u16,
) {
    loop {
        let item = tokio::select! {
            biased;
            () = stop.cancelled() => return close(socket, CLOSE_AWAY, STOPS).await,
            item = items.next() => item,
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
        };
        let Some(item) = item else { return close(socket, at_the_end, "").await };
        let text = match serde_json::to_string(&item) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, "a message could not be written");
                return close(socket, CLOSE_FAILED, "a message could not be written").await;
            }
        };
        let sent = tokio::select! {
            sent = socket.send(Message::text(text)) => sent,
            // What is half sent comes before it.
            () = stop.cancelled() => return close(socket, CLOSE_AWAY, STOPS).await,
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    // Where the client is gone already there is nobody to tell.
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
}
