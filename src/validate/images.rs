//! Names of images.

use super::Faults;

/// Whether the tag of an image can mean another image tomorrow; text with a variable cannot be told.
pub(super) fn is_unpinned(image: &str) -> bool {
    if image.contains('$') || image.contains('@') || image.contains("{{") {
        return false;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').is_none_or(|(_, tag)| tag.is_empty() || tag == "latest")
}

/// Tells of an image without a version, or with a digest alone.
pub(super) fn check(image: &str, line: usize, faults: &mut Faults<'_>) {
    let bare = image.strip_suffix(":latest").unwrap_or(image).trim_end_matches(':');
    if is_unpinned(image) {
        let message = format!("{image} can be another image tomorrow: name a version, as in {bare}:1.2");
        faults.add("unpinned-image", line, message);
    }
    if let Some((name, _)) = image.split_once("@sha256:")
        && !name.rsplit('/').next().unwrap_or(name).contains(':')
        && !name.contains('$')
    {
        let message = format!("nothing tells which version that is, nor how to renew it: {name}:1.2@sha256:…");
        faults.add("bare-digest", line, message);
    }
}

/// Whether an image says by its name that it does not run as root.
pub(super) fn is_non_root(image: &str) -> bool {
    let tag = image.split('@').next().and_then(|image| image.rsplit('/').next()?.split_once(':')).map(|(_, tag)| tag);
    let is_said =
        |text: &str| ["chiseled", "nonroot", "rootless"].iter().any(|end| text.split('-').any(|part| part == *end));
    let name = name(image);
    tag.is_some_and(is_said) || is_said(name) || name.ends_with("-unprivileged")
}

/// The name of an image without where it comes from and its version.
fn name(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split([':', '@']).next().unwrap_or(name)
}

/// Whether an image keeps data that nobody else should reach.
pub(super) fn is_database(image: &str) -> bool {
    const NAMES: [&str; 17] = [
        "postgres",
        "postgis",
        "pgvector",
        "timescaledb",
        "mysql",
        "mariadb",
        "mongo",
        "mongodb",
        "redis",
        "valkey",
        "memcached",
        "rabbitmq",
        "elasticsearch",
        "opensearch",
        "cassandra",
        "clickhouse-server",
        "couchdb",
    ];
    NAMES.contains(&name(image))
}

/// Whether an image is a service beside an app, made by others: a database or the like.
pub(super) fn is_service(image: &str) -> bool {
    is_database(image) || matches!(name(image), "minio" | "mailpit" | "nats" | "kafka" | "zookeeper" | "etcd" | "vault")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_of_images_that_are_not_root() {
        for image in [
            "nginxinc/nginx-unprivileged:1",
            "a/static:nonroot",
            "dotnet/aspnet:8.0-jammy-chiseled",
            "docker:27-dind-rootless",
        ] {
            assert!(is_non_root(image), "{image}");
        }
        for image in ["nginx:1", "unprivileged/nginx:1", "a:debug", "localhost:5000/a"] {
            assert!(!is_non_root(image), "{image}");
        }
    }

    #[test]
    fn tags_pin_an_image() {
        for image in ["node", "node:latest", "localhost:5000/app", "node:"] {
            assert!(is_unpinned(image), "{image}");
        }
        for image in ["node:22", "localhost:5000/app:1", "node@sha256:00", "$BASE"] {
            assert!(!is_unpinned(image), "{image}");
        }
    }
}
