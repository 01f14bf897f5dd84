//! What BuildKit says of a build, and an end of the session that it is made in.

use std::io;

use bollard::Docker;
use bollard::body_try_stream;
use bollard::errors::Error;
use bollard::models::BuildInfo;
use bollard::query_parameters::BuildImageOptions;
use bytes::Bytes;
use futures_util::stream::{BoxStream, Stream, StreamExt, unfold};
use tokio::runtime;
use tokio::sync::mpsc;

/// How many answers wait at most for who reads them.
const WAITING: usize = 256;

/// Has the engine build, and gives its answers. Dropping the stream ends the build.
///
/// The client library answers the session in a task that it never ends, and the engine asks in each of them once a
/// second whether somebody is there. So each build has a runtime of its own, which takes all its tasks and connections
/// along when it is over.
pub(super) fn build(
    docker: Docker,
    options: BuildImageOptions,
    context: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> BoxStream<'static, Result<BuildInfo, Error>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let work = tokio::task::spawn_blocking(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut answers = docker.build_image(options, None, Some(body_try_stream(context)));
            loop {
                let answer = tokio::select! {
                    answer = answers.next() => answer,
                    () = sender.closed() => None,
                };
                let Some(answer) = answer else { return };
                // Where nobody reads any more the next turn ends it.
                let _ = sender.send(answer).await;
            }
        });
        runtime.shutdown_background();
        io::Result::Ok(())
    });
    unfold((receiver, Some(work)), |(mut receiver, work)| async move {
        if let Some(answer) = receiver.recv().await {
            return Some((answer, (receiver, work)));
        }
        let ended = work?.await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        ended.err().map(|err| (Err(Error::IOError { err }), (receiver, None)))
    })
    .boxed()
}
