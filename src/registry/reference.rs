//! Where an image's name leads to.

use reqwest::Url;

use crate::model::{Problem, ProblemCode};

/// Where Docker Hub answers.
const HUB: &str = "https://registry-1.docker.io";

/// An image with its tag in a registry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// As it was written.
    image: String,
    registry: Url,
    name: String,
    tag: String,
}

impl Reference {
    /// `node:22` is Docker Hub's `library/node`; a first part with a dot or a port is a registry, as Docker reads it.
    pub(super) fn parse(image: &str, mirror: Option<&Url>) -> Result<Self, Problem> {
        let wrong = || {
            Problem::new(ProblemCode::Usage, "image-name", format!("“{image}” is no image with a tag"))
                .fix("name it as in node:22-bookworm-slim")
        };
        let (path, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).ok_or_else(wrong)?;
        let (host, name) = match path.split_once('/') {
            Some((host, name)) if host.contains(['.', ':']) || host == "localhost" => (host, name.to_owned()),
            Some(_) => ("docker.io", path.to_owned()),
            None => ("docker.io", format!("library/{path}")),
        };
        let registry = match host {
            "docker.io" => mirror.cloned().map_or_else(|| Url::parse(HUB), Ok),
            host => Url::parse(&format!("{}://{host}", if is_loopback(host) { "http" } else { "https" })),
        };
        let registry = registry.map_err(|_| wrong())?;
        Ok(Self { image: image.to_owned(), registry, name, tag: tag.to_owned() })
    }

    /// The address of its manifest.
    pub(super) fn manifest(&self) -> Url {
        let mut url = self.registry.clone();
        // An address with a host can be a base.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v2").extend(self.name.split('/')).extend(["manifests", &self.tag]);
        }
        url
    }

    pub(super) fn scheme(&self) -> &str {
        self.registry.scheme()
    }

    /// What a token is asked for: what the registry wants, or to read it.
    pub(super) fn scope(&self, wanted: Option<String>) -> String {
        wanted.unwrap_or_else(|| format!("repository:{}:pull", self.name))
    }

    pub(super) fn missing(&self) -> Problem {
        let message = format!("there is no image {}", self.image);
        Problem::new(ProblemCode::NotFound, "no-such-image", message)
            .why(format!("{} knows no such name or tag", self.host()))
            .fix("look which tags there are, and say the version in wharf.toml as one of them")
    }

    pub(super) fn refused(&self, why: impl std::fmt::Display) -> Problem {
        let message = format!("{} does not say what {} is", self.host(), self.image);
        Problem::new(ProblemCode::Refused, "image-refused", message)
            .why(why)
            .fix("Wharf asks without an account: pin images that need one by hand")
    }

    pub(super) fn unusable(&self, why: impl std::fmt::Display) -> Problem {
        let message = format!("the answer of {} about {} cannot be used", self.host(), self.image);
        Problem::new(ProblemCode::Unreachable, "bad-answer", message).why(why).fix("try again later")
    }

    fn host(&self) -> &str {
        self.registry.host_str().unwrap_or("the registry")
    }
}

/// The address of what is asked in the place of Docker Hub.
pub(super) fn mirror(address: &str) -> Result<Url, Problem> {
    let wrong = |why: String| {
        Problem::new(ProblemCode::Usage, "registry-mirror", format!("“{address}” is no address of a registry"))
            .why(why)
            .fix("set WHARF_REGISTRY_MIRROR to one such as https://mirror.example.com")
    };
    let url = Url::parse(address).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("it has to begin with https:// or http:// and a host".to_owned()));
    }
    Ok(url)
}

/// Registries on the same machine are spoken to without TLS, as Docker does.
fn is_loopback(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    name == "localhost" || name.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_where_docker_goes() {
        let mirror = mirror("https://mirror.example/hub/").unwrap();
        let to = |image: &str| Reference::parse(image, None).map(|it| it.manifest().to_string());
        for (image, address) in [
            ("node:22-slim", "https://registry-1.docker.io/v2/library/node/manifests/22-slim"),
            ("grafana/loki:3", "https://registry-1.docker.io/v2/grafana/loki/manifests/3"),
            ("gcr.io/distroless/cc-debian12:nonroot", "https://gcr.io/v2/distroless/cc-debian12/manifests/nonroot"),
            ("127.0.0.1:5000/base:1", "http://127.0.0.1:5000/v2/base/manifests/1"),
            ("localhost/a:1", "http://localhost/v2/a/manifests/1"),
        ] {
            assert_eq!(to(image).unwrap(), address);
        }
        for image in ["node", "localhost:5000/node", "a b/../c"] {
            assert_eq!(to(image).unwrap_err().code, ProblemCode::Usage, "{image}");
        }
        let mirrored = |image| Reference::parse(image, Some(&mirror)).unwrap().manifest().to_string();
        assert_eq!(mirrored("redis:7"), "https://mirror.example/hub/v2/library/redis/manifests/7");
        assert_eq!(mirrored("gcr.io/a/b:1"), "https://gcr.io/v2/a/b/manifests/1");
        for address in ["mirror", "ftp://x", ""] {
            assert_eq!(super::mirror(address).unwrap_err().code, ProblemCode::Usage, "{address}");
        }
    }
}
