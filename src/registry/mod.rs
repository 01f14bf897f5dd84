//! Asks registries of images what a tag means now: the distribution specification of OCI
//! (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md>), with the token that Docker Hub and others
//! give to everybody (<https://distribution.github.io/distribution/spec/auth/token/>).

mod reference;

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::model::{Problem, is_digest};
use crate::os::http::{Http, body};
use crate::os::resilience::Policy;

use reference::Reference;

/// What a question may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The most bytes of a manifest: what registries have to take at least (distribution specification, “Pushing manifests”).
const MANIFEST: usize = 4 * 1024 * 1024;
/// The most bytes of an answer with a token.
const TOKEN: usize = 64 * 1024;

/// An image for several platforms, or for one, as OCI and as Docker describe them.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json, \
                         application/vnd.oci.image.manifest.v1+json, \
                         application/vnd.docker.distribution.manifest.v2+json";

/// The registries that images' names lead to.
#[derive(Clone, Debug)]
pub struct Registries {
    http: Http,
    mirror: Option<Url>,
}

/// Where a registry has its tokens from.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    realm: String,
    service: Option<String>,
    scope: Option<String>,
}

/// What every manifest says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Registries {
    /// All of them; `mirror` is asked in the place of Docker Hub. An address that is none is a usage error.
    pub fn new(mirror: Option<&str>) -> Result<Self, Problem> {
        Ok(Self { http: Http::new()?, mirror: mirror.map(reference::mirror).transpose()? })
    }

    /// The digest of what an image's tag means now, for all platforms that it is there for: `sha256:…`. No such image is
    /// a [`ProblemCode::NotFound`], one that not everybody may have refused, a registry that does not
    /// answer unreachable.
    pub async fn digest(&self, image: &str) -> Result<String, Problem> {
        let reference = Reference::parse(image, self.mirror.as_ref())?;
        let url = reference.manifest();
        let mut answer = self.ask(&reference, Method::HEAD, url.clone(), None).await?;
        let mut token = None;
        if answer.status() == StatusCode::UNAUTHORIZED {
            token = Some(self.token(&reference, challenge(answer.headers())).await?);
            answer = self.ask(&reference, Method::HEAD, url.clone(), token.as_deref()).await?;
        }
        expect(&reference, &answer)?;
        if let Some(digest) = said(&reference, &answer)? {
            return Ok(digest);
        }
        // A registry should say it, and need not: then it is that of the manifest's bytes.
        let answer = self.ask(&reference, Method::GET, url, token.as_deref()).await?;
        expect(&reference, &answer)?;
        let said = said(&reference, &answer)?;
        let digest = digest_of(&reference, &body(answer, MANIFEST, TIMEOUT).await?)?;
        if said.is_some_and(|said| said != digest) {
            return Err(reference.unusable("its digest is not that of what it sends"));
        }
        Ok(digest)
    }

    async fn ask(
        &self,
        reference: &Reference,
        method: Method,
        url: Url,
        token: Option<&str>,
    ) -> Result<Response, Problem> {
        let mut request = self.http.client().request(method, url).header(ACCEPT, MANIFESTS);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.build().map_err(|error| reference.unusable(error))?;
        self.http.send(request, Policy::again(TIMEOUT)).await
    }

    async fn token(&self, reference: &Reference, challenge: Option<Challenge>) -> Result<String, Problem> {
        let challenge = challenge.ok_or_else(|| reference.refused("it gives no token to everybody"))?;
        let realm = Url::parse(&challenge.realm).map_err(|error| reference.unusable(error))?;
        if realm.scheme() != "https" && realm.scheme() != reference.scheme() {
            return Err(reference.unusable("it sends for a token over a connection that is not secure"));
        }
        let named = [("service", challenge.service), ("scope", Some(reference.scope(challenge.scope)))];
        let query: Vec<(&str, String)> = named.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        let request = self.http.client().get(realm).query(&query).build().map_err(|error| reference.unusable(error))?;
        let answer = self.http.send(request, Policy::again(TIMEOUT)).await?;
        if !answer.status().is_success() {
            return Err(reference.refused(format!("it answers {} to who asks for a token", answer.status())));
        }
        let bytes = body(answer, TOKEN, TIMEOUT).await?;
        let token: Token = serde_json::from_slice(&bytes).map_err(|error| reference.unusable(error))?;
        token.token.or(token.access_token).ok_or_else(|| reference.unusable("its token is none"))
    }
}

fn expect(reference: &Reference, answer: &Response) -> Result<(), Problem> {
    match answer.status() {
        StatusCode::OK => Ok(()),
        StatusCode::NOT_FOUND => Err(reference.missing()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(reference.refused("not everybody may have it")),
        status => Err(reference.unusable(format!("it answers {status}"))),
    }
}

/// The digest that an answer names; one that is none is a problem.
fn said(reference: &Reference, answer: &Response) -> Result<Option<String>, Problem> {
    let Some(said) = answer.headers().get("docker-content-digest") else { return Ok(None) };
    match said.to_str().map(str::trim) {
        Ok(said) if is_digest(said) => Ok(Some(said.to_owned())),
        _ => Err(reference.unusable("what it calls a digest is none")),
    }
}

/// The digest of a manifest's bytes; a page for people, as of a proxy that wants a login, is no manifest.
fn digest_of(reference: &Reference, bytes: &[u8]) -> Result<String, Problem> {
    match serde_json::from_slice::<Manifest>(bytes) {
        Ok(Manifest { schema_version: 2 }) => Ok(format!("sha256:{:x}", Sha256::digest(bytes))),
        _ => Err(reference.unusable("it is no description of an image")),
    }
}

/// What the registry wants: `Bearer realm="…",service="…",scope="…"` (RFC 6750, section 3).
fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let wanted = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let mut bearer = wanted.filter_map(|value| {
        let (scheme, parameters) = value.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(parameters)
    });
    let parameters = bearer.next_back()?;
    let named = |name: &str| {
        let at = parameters.find(&format!("{name}=\""))? + name.len() + 2;
        let value = &parameters[at..];
        Some(value[..value.find('"')?].to_owned())
    };
    Some(Challenge { realm: named("realm")?, service: named("service"), scope: named("scope") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read() {
        let mut headers = HeaderMap::new();
        assert_eq!(challenge(&headers), None);
        headers.append(WWW_AUTHENTICATE, "Basic realm=\"x\"".parse().unwrap());
        assert_eq!(challenge(&headers), None);
        let bearer = "Bearer realm=\"https://auth.example/token\",service=\"r.example\",scope=\"repository:a/b:pull\"";
        headers.append(WWW_AUTHENTICATE, bearer.parse().unwrap());
        let expected = Challenge {
            realm: "https://auth.example/token".to_owned(),
            service: Some("r.example".to_owned()),
            scope: Some("repository:a/b:pull".to_owned()),
        };
        assert_eq!(challenge(&headers), Some(expected));
    }
}
