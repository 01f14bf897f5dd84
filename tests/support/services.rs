//! Services that tests run themselves, for apps that run as processes.

use super::docker;

/// A service in a container, on a port of the loopback; gone when dropped.
pub(crate) struct Service {
    /// The container.
    pub(crate) id: String,
    /// Where it listens.
    pub(crate) port: u16,
}

impl Service {
    /// Starts a service that listens on `port` inside; none where Docker or the image is not there.
    pub(crate) fn start(image: &str, port: u16, more: &[&str]) -> Option<Self> {
        if !docker::ready(&[image]) {
            return None;
        }
        let publish = format!("127.0.0.1::{port}");
        let id = docker::stdout(&[&["run", "-d", "--rm", "-p", &publish], more, &[image]].concat());
        let published = docker::stdout(&["port", &id, &port.to_string()]);
        let port = published.rsplit_once(':').unwrap().1.parse().unwrap();
        Some(Self { id, port })
    }

    /// A Postgres that takes connections, and its address.
    pub(crate) fn postgres() -> Option<(Self, String)> {
        let database = Self::start("postgres:16-bookworm", 5432, &["-e", "POSTGRES_PASSWORD=demo"])?;
        super::eventually("the database takes connections", || {
            docker::succeeds(&["exec", &database.id, "pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"])
                .then_some(())
        });
        let url = format!("postgres://postgres:demo@127.0.0.1:{}/postgres", database.port);
        Some((database, url))
    }

    /// A Redis and its address.
    pub(crate) fn redis() -> Option<(Self, String)> {
        let redis = Self::start("redis:7-bookworm", 6379, &[])?;
        let url = format!("redis://127.0.0.1:{}/0", redis.port);
        Some((redis, url))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        docker::succeeds(&["rm", "-fv", &self.id]);
    }
}
