//! HTTP over the engine's socket.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};

use super::{lost, not_running};
use crate::api::rendezvous;
use crate::model::{Problem, ProblemCode};

/// What any call may take. Those that work longer (a clone, the plan of a large tree) answer well within it.
const TIMEOUT: Duration = Duration::from_mins(15);

#[derive(Clone, Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    socket: PathBuf,
}

impl Transport {
    pub(super) fn new(data_dir: &Path) -> Result<Self, Problem> {
        let socket = rendezvous::socket(data_dir);
        // No certificate is ever needed here; reading the system's takes tens of milliseconds.
        let http = reqwest::Client::builder()
            .unix_socket(socket.as_path())
            .no_proxy()
            .tls_certs_only([])
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| Problem::new(ProblemCode::Failed, "http-client", "could not set up HTTP").why(error))?;
        Ok(Self { http, socket })
    }

    /// A request; its host is only there because HTTP wants one.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://wharf{path}"))
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, Problem> {
        let response = request.send().await.map_err(|error| self.failed(&error))?;
        if response.status().is_client_error() || response.status().is_server_error() {
            return Err(problem_of(response).await);
        }
        Ok(response)
    }

    pub(super) async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Problem> {
        let bytes = self.send(request).await?.bytes().await.map_err(|error| self.failed(&error))?;
        serde_json::from_slice(&bytes).map_err(unreadable)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T, Problem> {
        self.json(self.request(Method::GET, path).query(query)).await
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Problem> {
        self.json(self.request(Method::POST, path).json(body)).await
    }

    pub(super) async fn delete<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T, Problem> {
        self.json(self.request(Method::DELETE, path).query(query)).await
    }

    fn failed(&self, error: &reqwest::Error) -> Problem {
        let cause = io_error(error);
        let socket = self.socket.display();
        match cause.map(io::Error::kind) {
            Some(io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                not_running(format!("{socket} is not there"))
            }
            Some(io::ErrorKind::ConnectionRefused) => not_running(format!("nobody listens on {socket}")),
            Some(io::ErrorKind::PermissionDenied) => {
                Problem::new(ProblemCode::Refused, "not-your-engine", "this account may not talk to the engine")
                    .why(format!("{socket}: permission denied"))
                    .fix("work as the account that owns the data folder, or name your own with `--data-dir`")
            }
            _ if error.is_timeout() => lost("it gave no answer in time"),
            _ => lost(cause.map_or_else(|| innermost(error), ToString::to_string)),
        }
    }
}

/// The problem that an answer carries.
pub(super) async fn problem_of(response: Response) -> Problem {
    let status = response.status();
    let bytes = response.bytes().await.unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_else(|_| {
        Problem::new(ProblemCode::Failed, "unexpected-answer", format!("the engine answered {status}"))
            .why(String::from_utf8_lossy(&bytes[..bytes.len().min(300)]))
    })
}

pub(super) fn unreadable(error: serde_json::Error) -> Problem {
    Problem::new(ProblemCode::Failed, "unexpected-answer", "the engine's answer makes no sense")
        .why(error)
        .fix("stop it with `wharf engine stop` and try again")
}

fn io_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a io::Error> {
    std::iter::successors(Some(error), |error| error.source()).filter_map(|error| error.downcast_ref()).last()
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}
