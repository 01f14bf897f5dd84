//! The questions by which health is judged: asked once, straight, and never sent on to somewhere else.

use std::io;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use reqwest::{Client, redirect};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::{install_tls, root_of};
use crate::model::HealthSample;
use crate::os::clock;

/// One for all probes. No connection is kept: an app must take new ones. No certificates are read: apps on this
/// machine's ports speak plain HTTP.
static CLIENT: LazyLock<Result<Client, String>> = LazyLock::new(|| {
    install_tls();
    Client::builder()
        .user_agent(concat!("wharf-health/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .pool_max_idle_per_host(0)
        .tls_certs_only([])
        .build()
        .map_err(|error| root_of(&error))
});

/// Sends `GET` to `url`; good is a status below `unwell_from`. The body is not read.
pub async fn probe_http(url: &str, unwell_from: u16, timeout: Duration) -> HealthSample {
    let ask = async {
        let client = CLIENT.as_ref().map_err(Clone::clone)?;
        let answer = client.get(url).send().await.map_err(|error| in_words(&error))?;
        let status = answer.status();
        let detail = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
        Ok((status.as_u16() < unwell_from, detail.trim_end().to_owned()))
    };
    sample(timeout, ask).await
}

/// A connection that is not closed for so long was taken by the app itself.
const KEPT_OPEN: Duration = Duration::from_millis(150);

/// Opens a connection to `address`; good is one that stays open. Docker's proxy takes connections for an app that
/// does not listen yet, and closes them at once.
pub async fn probe_tcp(address: SocketAddr, timeout: Duration) -> HealthSample {
    let ask = async {
        let mut connection = TcpStream::connect(address).await.map_err(|error| in_words(&error))?;
        match tokio::time::timeout(KEPT_OPEN, connection.read(&mut [0])).await {
            Ok(Ok(0)) => Err("connection closed at once".to_owned()),
            Ok(Err(error)) => Err(in_words(&error)),
            Ok(Ok(_)) | Err(_) => Ok((true, "takes connections".to_owned())),
        }
    };
    sample(timeout, ask).await
}

async fn sample(timeout: Duration, ask: impl Future<Output = Result<(bool, String), String>>) -> HealthSample {
    let at = clock::now();
    let start = Instant::now();
    match tokio::time::timeout(timeout, ask).await {
        Ok(Ok((ok, detail))) => {
            HealthSample { at, ok, latency_ms: Some(start.elapsed().as_secs_f64() * 1000.0), detail }
        }
        Ok(Err(detail)) => HealthSample { at, ok: false, latency_ms: None, detail },
        Err(_) => {
            let detail = format!("no answer in {} s", timeout.as_secs_f64());
            HealthSample { at, ok: false, latency_ms: None, detail }
        }
    }
}

/// What went wrong, in the words that an operator knows.
fn in_words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::ConnectionRefused => return "connection refused".to_owned(),
                io::ErrorKind::ConnectionReset => return "connection reset".to_owned(),
                io::ErrorKind::UnexpectedEof => return "connection closed without an answer".to_owned(),
                _ => {}
            }
        }
        if error.source().is_none() {
            return error.to_string();
        }
        next = error.source();
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// A server that answers each connection with these bytes and closes it; none: it takes and says nothing.
    async fn server(answer: Option<&'static str>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut connection, _)) = listener.accept().await {
                let Some(answer) = answer else {
                    silent.push(connection);
                    continue;
                };
                let mut head = [0; 1024];
                let _ = connection.read(&mut head).await;
                let _ = connection.write_all(answer.as_bytes()).await;
            }
        });
        address
    }

    async fn free() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_at_once_is_not_the_app() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                drop(connection);
            }
        });
        let sample = probe_tcp(address, LONG).await;
        assert_eq!((sample.ok, sample.detail.as_str()), (false, "connection closed at once"));
    }

    #[tokio::test]
    async fn below_the_limit_is_good_and_nothing_is_followed() {
        for (answer, below_400, below_500, detail) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", true, true, "200 OK"),
            (
                "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
                true,
                true,
                "302 Found",
            ),
            ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", false, true, "404 Not Found"),
            ("HTTP/1.0 500 Oh\r\n\r\n", false, false, "500 Internal Server Error"),
        ] {
            let url = format!("http://{}/health", server(Some(answer)).await);
            for (unwell_from, ok) in [(400, below_400), (500, below_500)] {
                let sample = probe_http(&url, unwell_from, LONG).await;
                assert_eq!((sample.ok, sample.detail.as_str(), sample.latency_ms.is_some()), (ok, detail, true));
            }
        }
    }

    #[tokio::test]
    async fn each_way_of_not_answering_is_told_from_the_others() {
        let refused = probe_http(&format!("http://{}/", free().await), 400, LONG).await;
        assert_eq!((refused.ok, refused.latency_ms, refused.detail.as_str()), (false, None, "connection refused"));
        let silent = probe_http(&format!("http://{}/", server(None).await), 400, Duration::from_millis(20)).await;
        assert_eq!(silent.detail, "no answer in 0.02 s");
        let strange = probe_http(&format!("http://{}/", server(Some("hello\r\n\r\n")).await), 400, LONG).await;
        assert!(!strange.ok && strange.detail.contains("HTTP"), "{}", strange.detail);
        let closed = probe_http(&format!("http://{}/", server(Some("")).await), 400, LONG).await;
        assert!(!closed.ok && closed.detail.contains("conne"), "{}", closed.detail);
    }

    #[tokio::test]
    async fn a_port_takes_connections_or_not() {
        assert!(probe_tcp(server(None).await, LONG).await.ok);
        let refused = probe_tcp(free().await, LONG).await;
        assert_eq!((refused.ok, refused.detail.as_str()), (false, "connection refused"));
    }
}
