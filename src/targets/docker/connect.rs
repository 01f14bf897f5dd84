//! The connection to a Docker Engine, and what its errors mean.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};

use super::TargetError;
use crate::model::{TargetRef, TargetStatus};

/// Where Docker is when nobody says otherwise.
const DEFAULT: &str = "unix:///var/run/docker.sock";

/// How long an engine may take to say who it is.
const HELLO: Duration = Duration::from_secs(5);

/// How long a request may take until its answer begins, in seconds. What takes longer says so itself.
const REQUEST: u64 = 120;

/// Connects when it is needed, and keeps the connection.
#[derive(Debug)]
pub(super) struct Connector {
    target: TargetRef,
    address: Arc<str>,
    engine: Mutex<Option<Engine>>,
}

/// A Docker Engine that answered. Each request has a connection of its own, so it stays good when the engine is
/// started again.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    pub(super) docker: Docker,
    address: Arc<str>,
}

impl Connector {
    pub(super) fn new(target: TargetRef) -> Self {
        let address = target.host.as_deref().unwrap_or(DEFAULT).into();
        Self { target, address, engine: Mutex::new(None) }
    }

    pub(super) fn target(&self) -> &TargetRef {
        &self.target
    }

    /// The engine; the first call asks which version it speaks.
    pub(super) async fn engine(&self) -> Result<Engine, TargetError> {
        let known = self.engine.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(engine) => Ok(engine),
            None => self.connect().await,
        }
    }

    /// Asks anew whether it answers.
    pub(super) async fn probe(&self) -> TargetStatus {
        let answer = async {
            let engine = self.connect().await?;
            let version = tokio::time::timeout(HELLO, engine.docker.version())
                .await
                .unwrap_or(Err(Error::RequestTimeoutError))
                .map_err(|error| engine.failed("ask for the version", error))?;
            let speaks = engine.docker.client_version();
            Ok::<_, TargetError>(format!("Docker {}, API {speaks}", version.version.unwrap_or_default()))
        };
        let (available, detail) = match answer.await {
            Ok(detail) => (true, detail),
            Err(error) => (false, error.to_string()),
        };
        TargetStatus { target: self.target.clone(), available, detail }
    }

    async fn connect(&self) -> Result<Engine, TargetError> {
        let found = self.negotiate().await;
        let kept = found.as_ref().ok().cloned();
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        found
    }

    async fn negotiate(&self) -> Result<Engine, TargetError> {
        let name = || format!("Docker at {}", self.address);
        let unreachable = |detail: String| TargetError::Unreachable { target: name(), detail };
        let docker = match self.address.split_once("://") {
            Some(("unix", path)) => {
                // The client below cannot tell a socket that is not there from one that must not be seen.
                match tokio::fs::metadata(path).await {
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                        return Err(TargetError::Denied { target: name(), detail: error.to_string() });
                    }
                    Err(error) => return Err(unreachable(format!("there is no socket at {path}: {error}"))),
                    Ok(_) => Docker::connect_with_unix(&self.address, REQUEST, API_DEFAULT_VERSION),
                }
            }
            Some(("tcp" | "http", _)) => Docker::connect_with_http(&self.address, REQUEST, API_DEFAULT_VERSION),
            _ => {
                return Err(TargetError::Unsupported(format!(
                    "the Docker host {} is of an unknown kind",
                    self.address
                )));
            }
        };
        let docker = docker.map_err(|error| unreachable(error.to_string()))?;
        match tokio::time::timeout(HELLO, docker.negotiate_version()).await {
            Ok(Ok(docker)) => Ok(Engine { docker, address: self.address.clone() }),
            Ok(Err(error)) => Err(connection_error(&self.address, &error)
                .unwrap_or_else(|| unreachable(format!("what answers there is no Docker Engine: {error}")))),
            Err(_) => Err(unreachable(format!("no answer within {} s", HELLO.as_secs()))),
        }
    }
}

impl Engine {
    /// The error of an act: `create the container`.
    #[expect(clippy::needless_pass_by_value, reason = "errors are handed on as they come")]
    pub(super) fn failed(&self, action: &str, error: Error) -> TargetError {
        if let Some(error) = connection_error(&self.address, &error) {
            return error;
        }
        let detail = words(&error);
        if detail.contains("no space left on device") {
            return TargetError::DiskFull { detail };
        }
        TargetError::Other { action: action.to_owned(), detail }
    }

    /// The same engine for requests whose answer may begin late.
    pub(super) fn patient(&self, time: Duration) -> Docker {
        self.docker.clone().with_timeout(time + Duration::from_secs(REQUEST))
    }
}

/// The engine's own words, where it said something.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } | Error::DockerStreamError { error: message } => {
            message.trim().to_owned()
        }
        Error::RequestTimeoutError => format!("Docker gave no answer within {REQUEST} s"),
        other => {
            // The outermost error often only says that there is one.
            let mut said = other.to_string();
            let mut cause = other.source();
            while let Some(inner) = cause {
                let more = inner.to_string();
                if !said.contains(&more) {
                    said = format!("{said}: {more}");
                }
                cause = inner.source();
            }
            said
        }
    }
}

/// Whether the thing that was named is not there.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// Whether another act on the same thing is in the way.
pub(super) fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 409, .. })
}

/// The error where it is that of the connection and not the engine's.
fn connection_error(address: &str, error: &Error) -> Option<TargetError> {
    let target = format!("Docker at {address}");
    let mut cause: Option<&(dyn std::error::Error + 'static)> = match error {
        // It passes for the error within and hides it.
        Error::IOError { err } => Some(err),
        error => Some(error),
    };
    while let Some(inner) = cause {
        if let Some(system) = inner.downcast_ref::<io::Error>() {
            let detail = match system.kind() {
                io::ErrorKind::PermissionDenied => {
                    return Some(TargetError::Denied { target, detail: system.to_string() });
                }
                io::ErrorKind::ConnectionRefused => "nobody listens there: Docker does not run".to_owned(),
                io::ErrorKind::NotFound => "there is no socket: Docker does not run".to_owned(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
                    "it hung up: Docker stopped or is being started again".to_owned()
                }
                _ => format!("the connection broke: {}", words(error)),
            };
            return Some(TargetError::Unreachable { target, detail });
        }
        cause = inner.source();
    }
    match error {
        Error::SocketNotFoundError(path) => {
            Some(TargetError::Unreachable { target, detail: format!("there is no socket at {path}") })
        }
        Error::HyperLegacyError { .. } | Error::HyperResponseError { .. } => {
            Some(TargetError::Unreachable { target, detail: words(error) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: Error) -> TargetError {
        let docker = Docker::connect_with_http("tcp://127.0.0.1:9", 1, API_DEFAULT_VERSION).unwrap();
        Engine { docker, address: "unix:///run/docker.sock".into() }.failed("try it", error)
    }

    fn said(status_code: u16, message: &str) -> Error {
        Error::DockerResponseServerError { status_code, message: message.to_owned() }
    }

    #[test]
    fn errors_of_the_connection_are_told_apart() {
        let system = |kind: io::ErrorKind| told(Error::IOError { err: kind.into() });
        assert!(matches!(system(io::ErrorKind::PermissionDenied), TargetError::Denied { .. }));
        for (kind, words) in [
            (io::ErrorKind::ConnectionRefused, "nobody listens"),
            (io::ErrorKind::NotFound, "no socket"),
            (io::ErrorKind::ConnectionReset, "hung up"),
            (io::ErrorKind::TimedOut, "connection broke"),
        ] {
            let error = system(kind);
            assert!(matches!(&error, TargetError::Unreachable { detail, .. } if detail.contains(words)), "{error}");
            assert!(error.to_string().contains("unix:///run/docker.sock"));
        }
    }

    #[test]
    fn the_engines_own_words_are_kept() {
        let error = told(said(500, "mkdir /var/lib/docker: no space left on device\n"));
        assert!(matches!(error, TargetError::DiskFull { .. }));
        assert_eq!(told(said(500, "it cannot\n")).to_string(), "try it: it cannot");
        assert!(is_missing(&said(404, "")) && !is_missing(&said(409, "")));
        assert!(is_conflict(&said(409, "")) && !is_conflict(&said(404, "")));
    }
}
