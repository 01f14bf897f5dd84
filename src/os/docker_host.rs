//! Where Docker is, as the asking client's environment says: `DOCKER_HOST`, else the context.
//!
//! The order is that of the docker command (docs.docker.com, “Docker contexts”): `DOCKER_HOST`, `DOCKER_CONTEXT`, the
//! current context of its settings, its default.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::model::{Problem, ProblemCode};

/// The most that is read of a settings file.
const MAX_SETTINGS: u64 = 1 << 20;

/// The Docker host that this process's environment names, as in `TargetRef::host`; nothing where it is the default.
pub fn docker_host() -> Result<Option<String>, Problem> {
    resolve(|name| std::env::var(name).ok())
}

/// The same for any environment.
fn resolve(var: impl Fn(&str) -> Option<String>) -> Result<Option<String>, Problem> {
    let var = |name: &str| var(name).filter(|value| !value.is_empty());
    if let Some(host) = var("DOCKER_HOST") {
        let tls = var("DOCKER_TLS_VERIFY").or_else(|| var("DOCKER_TLS")).is_some();
        return checked(&host, "DOCKER_HOST", tls).map(Some);
    }
    let folder = var("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(Path::new(&var("HOME")?).join(".docker")));
    let Some(folder) = folder else { return Ok(None) };
    let context = match var("DOCKER_CONTEXT") {
        Some(name) => Some(name),
        None => current_context(&folder.join("config.json"))?,
    };
    match context {
        Some(name) if name != "default" => context_host(&folder, &name).map(Some),
        _ => Ok(None),
    }
}

/// What the docker command's `config.json` says.
#[derive(Deserialize)]
struct Config {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

/// A context's `meta.json`.
#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Option<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host")]
    host: Option<String>,
}

fn current_context(config: &Path) -> Result<Option<String>, Problem> {
    let Some(text) = read(config)? else { return Ok(None) };
    let config: Config = serde_json::from_str(&text).map_err(|error| malformed(config, &error))?;
    Ok(config.current_context.filter(|name| !name.is_empty()))
}

fn context_host(folder: &Path, name: &str) -> Result<String, Problem> {
    // The docker command names a context's folder by the digest of its name.
    let id = format!("{:x}", Sha256::digest(name));
    let path = folder.join("contexts/meta").join(&id).join("meta.json");
    let text = read(&path)?.ok_or_else(|| {
        Problem::new(ProblemCode::NotFound, "docker-context-unknown", format!("there is no Docker context “{name}”"))
            .why(format!("{} is not there", path.display()))
            .fix("see `docker context ls`, or unset DOCKER_CONTEXT")
    })?;
    let meta: Meta = serde_json::from_str(&text).map_err(|error| malformed(&path, &error))?;
    let host = meta.endpoints.docker.and_then(|docker| docker.host).unwrap_or_default();
    let tls = folder.join("contexts/tls").join(&id).join("docker").is_dir();
    checked(&host, &format!("the Docker context “{name}”"), tls)
}

/// The host if Wharf can speak to it.
fn checked(host: &str, said_by: &str, tls: bool) -> Result<String, Problem> {
    let refused = |message: String, fix: &str| {
        Err(Problem::new(ProblemCode::Unreachable, "docker-host-unsupported", message)
            .why(format!("{said_by} says `{host}`"))
            .fix(fix))
    };
    match host.split_once("://") {
        Some(("ssh", _)) => refused(
            "Docker over SSH is not supported".to_owned(),
            "forward its socket: `ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST`, and set \
             DOCKER_HOST=unix:///tmp/docker.sock",
        ),
        Some(("https", _)) => refused(
            "Docker over TLS is not supported".to_owned(),
            "forward the engine's socket over SSH, and set DOCKER_HOST=unix:///tmp/docker.sock",
        ),
        Some(("tcp" | "http", _)) if tls => refused(
            "Docker over TLS is not supported".to_owned(),
            "forward the engine's socket over SSH, and set DOCKER_HOST=unix:///tmp/docker.sock",
        ),
        Some(("unix", path)) if path.starts_with('/') => Ok(host.to_owned()),
        Some(("tcp" | "http", address)) if !address.is_empty() => Ok(host.to_owned()),
        _ => refused(
            "the Docker host is none that Wharf can speak to".to_owned(),
            "use unix:///path/to/docker.sock or tcp://host:port",
        ),
    }
}

fn read(path: &Path) -> Result<Option<String>, Problem> {
    use std::io::Read;
    let unreadable = |error: &std::io::Error| {
        Problem::new(ProblemCode::Refused, "docker-config-unreadable", format!("{} cannot be read", path.display()))
            .why(error)
            .fix("give this account the right to read it, or set DOCKER_HOST")
    };
    match fs::File::open(path) {
        Ok(file) => {
            let mut text = String::new();
            file.take(MAX_SETTINGS).read_to_string(&mut text).map_err(|error| unreadable(&error))?;
            Ok(Some(text))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&error)),
    }
}

fn malformed(path: &Path, error: &serde_json::Error) -> Problem {
    Problem::new(ProblemCode::Usage, "docker-config-malformed", format!("{} is not valid", path.display()))
        .why(error)
        .fix("mend the file, or set DOCKER_HOST")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(vars: &[(&str, &str)]) -> Result<Option<String>, Problem> {
        resolve(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    /// A settings folder with the context `far`, at `host`.
    fn settings(host: &str, current: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let id = format!("{:x}", Sha256::digest("far"));
        let meta = folder.path().join("contexts/meta").join(id);
        fs::create_dir_all(&meta).unwrap();
        let text = format!(
            r#"{{"Name":"far","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#
        );
        fs::write(meta.join("meta.json"), text).unwrap();
        fs::write(folder.path().join("config.json"), format!(r#"{{"auths":{{}},"currentContext":"{current}"}}"#))
            .unwrap();
        folder
    }

    #[test]
    fn the_environment_comes_before_the_context() {
        let folder = settings("tcp://far:2375", "far");
        let config = ("DOCKER_CONFIG", folder.path().to_str().unwrap());
        let found = |vars: &[(&str, &str)]| with(&[vars, &[config]].concat()).unwrap();
        assert_eq!(found(&[]).as_deref(), Some("tcp://far:2375"));
        assert_eq!(found(&[("DOCKER_HOST", "unix:///run/d.sock")]).as_deref(), Some("unix:///run/d.sock"));
        assert_eq!(found(&[("DOCKER_HOST", "unix:///a"), ("DOCKER_CONTEXT", "far")]).as_deref(), Some("unix:///a"));
        assert_eq!(found(&[("DOCKER_CONTEXT", "default")]), None);
        assert_eq!(found(&[("DOCKER_HOST", "")]).as_deref(), Some("tcp://far:2375"));
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(with(&[]).unwrap(), None);
        assert_eq!(with(&[("HOME", "/nonexistent")]).unwrap(), None);
        let folder = settings("tcp://far:2375", "");
        assert_eq!(with(&[("DOCKER_CONFIG", folder.path().to_str().unwrap())]).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_spoken_to_is_told() {
        let cause = |host| with(&[("DOCKER_HOST", host)]).unwrap_err();
        assert!(cause("ssh://me@far").message.contains("SSH"));
        assert!(cause("https://far:2376").message.contains("TLS"));
        assert!(with(&[("DOCKER_HOST", "tcp://far:2376"), ("DOCKER_TLS_VERIFY", "1")]).is_err());
        for odd in ["far", "unix://relative", "npipe:////./pipe/docker_engine", "tcp://"] {
            assert_eq!(cause(odd).cause, "docker-host-unsupported", "{odd}");
        }
    }

    #[test]
    fn contexts_that_are_not_there_or_broken_are_told() {
        let folder = settings("ssh://far", "far");
        let config = ("DOCKER_CONFIG", folder.path().to_str().unwrap());
        assert!(with(&[config]).unwrap_err().why.contains("far"));
        let unknown = with(&[config, ("DOCKER_CONTEXT", "near")]).unwrap_err();
        assert_eq!(unknown.cause, "docker-context-unknown");
        fs::write(folder.path().join("config.json"), "{").unwrap();
        assert_eq!(with(&[config]).unwrap_err().cause, "docker-config-malformed");
    }
}
