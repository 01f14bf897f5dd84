//! HTTP to the outside, and the questions by which health is judged.

mod probe;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy as Redirects;
use reqwest::{Client, Method, Request, Response, StatusCode};

use super::resilience::{Breakers, CallError, Failure, Policy};
use crate::model::{Problem, ProblemCode};

pub use probe::{probe_http, probe_tcp};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// Installs the one TLS provider; the first thing in `main`, and before any client is built. Again is no error.
pub fn install_tls() {
    // An error says that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Asks servers, each call with a time, retries where they are safe, and a breaker for each server.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    breakers: Breakers,
}

/// Why a server gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The request did not get there or the answer not back.
    #[error("{0}")]
    Transport(#[source] reqwest::Error),
    /// The server answered that it cannot now: 429 or 500 and above.
    #[error("it answers {status}")]
    Status {
        /// What it answered.
        status: StatusCode,
        /// When it wishes to be asked again.
        retry_after: Option<Duration>,
    },
}

impl Failure for HttpError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Transport(error) => !error.is_builder() && !error.is_redirect() && !error.is_decode(),
            Self::Status { .. } => true,
        }
    }

    fn wish(&self) -> Option<Duration> {
        match self {
            Self::Transport(_) => None,
            Self::Status { retry_after, .. } => *retry_after,
        }
    }
}

impl Http {
    /// A client with the machine's certificates and proxy. It follows no redirect: what is sent goes where it was
    /// meant to go, and nowhere else.
    pub fn new() -> Result<Self, Problem> {
        install_tls();
        let agent = concat!("wharf/", env!("CARGO_PKG_VERSION"));
        let client =
            Client::builder().user_agent(agent).connect_timeout(CONNECT).redirect(Redirects::none()).build().map_err(
                |error| {
                    Problem::new(ProblemCode::Failed, "no-tls", "this machine cannot make secure connections")
                        .why(root_of(&error))
                        .fix("install its certificates: apt-get install ca-certificates, or apk add ca-certificates")
                },
            )?;
        Ok(Self { client, breakers: Breakers::default() })
    }

    /// The client to build requests with.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request. Only what changes nothing (GET, HEAD, OPTIONS) is tried again, whatever the policy says.
    /// Answers below 500 but 429 are the caller's to judge.
    pub async fn send(&self, request: Request, policy: Policy) -> Result<Response, Problem> {
        let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        self.ask(request, if safe { policy } else { Policy { tries: 1, ..policy } }).await
    }

    /// Sends a request that changes nothing there, whatever its method: a question too long for an address.
    pub async fn ask(&self, request: Request, policy: Policy) -> Result<Response, Problem> {
        let tries = if request.try_clone().is_some() { policy.tries } else { 1 };
        let destination = destination(&request);
        let mut only = Some(request);
        let attempt = || {
            let request = if tries > 1 { only.as_ref().and_then(Request::try_clone) } else { only.take() };
            async {
                match request {
                    Some(request) => judge(self.client.execute(request).await.map_err(HttpError::Transport)?),
                    // Not reached: a request that cannot be cloned has one try.
                    None => Err(HttpError::Status { status: StatusCode::BAD_REQUEST, retry_after: None }),
                }
            }
        };
        let answer = self.breakers.call(&destination, Policy { tries, ..policy }, attempt).await;
        answer.map_err(|error| problem(&destination, &error))
    }

    /// The servers that are left alone now because they failed again and again.
    #[must_use]
    pub fn down(&self) -> Vec<String> {
        self.breakers.down()
    }
}

/// Reads an answer's body, of at most `limit` bytes, in at most `timeout`.
pub async fn body(mut response: Response, limit: usize, timeout: Duration) -> Result<Bytes, Problem> {
    let from = response.url().host_str().unwrap_or("the server").to_owned();
    let failed = |why: String| {
        Problem::new(ProblemCode::Failed, "bad-answer", format!("the answer of {from} cannot be used")).why(why)
    };
    let read = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(root_of(&error)))? {
            if body.len() + chunk.len() > limit {
                return Err(failed(format!("it is longer than {limit} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    let late = |_| failed(format!("it did not end in {} s", timeout.as_secs_f64()));
    tokio::time::timeout(timeout, read).await.map_err(late)?
}

fn judge(response: Response) -> Result<Response, HttpError> {
    let status = response.status();
    if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
        return Ok(response);
    }
    let wish = response.headers().get(reqwest::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = wish.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    Err(HttpError::Status { status, retry_after })
}

/// The server's name and port.
fn destination(request: &Request) -> String {
    let url = request.url();
    let port = url.port_or_known_default().map_or(String::new(), |port| format!(":{port}"));
    format!("{}{port}", url.host_str().unwrap_or_default())
}

fn problem(destination: &str, error: &CallError<HttpError>) -> Problem {
    let message = format!("{destination} does not answer as it should");
    let why = match error {
        CallError::Failed(HttpError::Transport(error)) => root_of(error),
        other => other.to_string(),
    };
    Problem::new(ProblemCode::Unreachable, "unreachable", message)
        .why(why)
        .fix("check the network, and HTTPS_PROXY where there is a proxy; then try again")
}

/// The innermost error: the one that says something.
fn root_of(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(inner) = root.source() {
        root = inner;
    }
    root.to_string()
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    const QUICK: Policy = Policy { timeout: Duration::from_secs(10), tries: 3, pause: Duration::from_millis(1) };

    fn request(http: &Http, verb: Method, url: &str) -> Request {
        http.client().request(verb, url).build().unwrap()
    }

    #[tokio::test]
    async fn a_question_is_asked_again_and_an_act_is_not() {
        let server = MockServer::start().await;
        for (verb, tries) in [("GET", 3), ("POST", 1)] {
            let sick = Mock::given(method(verb)).respond_with(ResponseTemplate::new(503));
            sick.expect(tries).mount(&server).await;
        }
        for verb in [Method::GET, Method::POST] {
            let http = Http::new().unwrap();
            let problem = http.send(request(&http, verb, &server.uri()), QUICK).await.unwrap_err();
            assert_eq!(problem.code, ProblemCode::Unreachable);
            assert!(problem.why.contains("503"), "{problem}");
        }
    }

    #[tokio::test]
    async fn it_goes_on_once_the_server_is_well_and_leaves_refusals_to_the_caller() {
        let server = MockServer::start().await;
        let http = Http::new().unwrap();
        Mock::given(path("/a")).respond_with(ResponseTemplate::new(429)).up_to_n_times(2).mount(&server).await;
        Mock::given(path("/a")).respond_with(ResponseTemplate::new(200).set_body_string("well")).mount(&server).await;
        let answer = http.send(request(&http, Method::GET, &format!("{}/a", server.uri())), QUICK).await.unwrap();
        assert_eq!(body(answer, 4, QUICK.timeout).await.unwrap(), "well");
        let refused = http.send(request(&http, Method::GET, &format!("{}/b", server.uri())), QUICK).await.unwrap();
        assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound() {
        let server = MockServer::start().await;
        let http = Http::new().unwrap();
        Mock::given(path("/")).respond_with(ResponseTemplate::new(200).set_body_string("12345")).mount(&server).await;
        let answer = http.send(request(&http, Method::GET, &server.uri()), QUICK).await.unwrap();
        assert!(body(answer, 4, QUICK.timeout).await.unwrap_err().why.contains("longer than 4 bytes"));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        drop(listener);
        let http = Http::new().unwrap();
        let problem = http.send(request(&http, Method::GET, &format!("http://{at}/")), QUICK).await.unwrap_err();
        assert!(problem.message.contains(&at.to_string()) && problem.why.contains("refused"), "{problem}");
        let again = http.send(request(&http, Method::GET, &format!("http://{at}/")), QUICK).await.unwrap_err();
        assert!(again.why.contains("left alone"), "{again}");
        assert_eq!(http.down(), [at.to_string()]);
    }
}
