//! `wharf generate --pin` against a registry on loopback that answers as the distribution specification says.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::wharf::{Ran, Wharf};

const TOKEN: &str = "a-token-for-everybody";

/// What the registry has and how it behaves.
#[derive(Default)]
struct State {
    /// Manifests by `name:tag`.
    manifests: BTreeMap<String, String>,
    /// It wants a token.
    is_guarded: bool,
    /// It leaves the header away that names the digest.
    is_silent: bool,
    /// It answers all questions so.
    status: Option<u16>,
}

/// It ends with this.
struct Registry {
    server: MockServer,
    state: Arc<Mutex<State>>,
    _runtime: Runtime,
}

struct Speak(Arc<Mutex<State>>);

fn manifest(of: &str) -> String {
    json!({ "schemaVersion": 2, "annotations": { "of": of } }).to_string()
}

fn digest(manifest: &str) -> String {
    format!("sha256:{:x}", Sha256::digest(manifest))
}

impl Respond for Speak {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let state = self.0.lock().unwrap();
        if let Some(status) = state.status {
            return ResponseTemplate::new(status);
        }
        let path = request.url.path();
        if path == "/token" {
            let query: BTreeMap<_, _> = request.url.query_pairs().collect();
            assert_eq!(query["service"], "registry.example");
            assert!(query["scope"].starts_with("repository:library/") && query["scope"].ends_with(":pull"));
            return ResponseTemplate::new(200).set_body_json(json!({ "token": TOKEN }));
        }
        let name = path.strip_prefix("/v2/").unwrap().replacen("/manifests/", ":", 1);
        let repository = name.split(':').next().unwrap();
        let authorization = request.headers.get("authorization").map(|value| value.to_str().unwrap());
        if state.is_guarded && authorization != Some(&format!("Bearer {TOKEN}")) {
            let host = request.headers["host"].to_str().unwrap();
            let wanted = format!(
                "Bearer realm=\"http://{host}/token\",service=\"registry.example\",scope=\"repository:{repository}:pull\""
            );
            return ResponseTemplate::new(401).insert_header("WWW-Authenticate", wanted);
        }
        assert!(request.headers["accept"].to_str().unwrap().contains("image.index"), "of all platforms, not of one");
        let Some(manifest) = state.manifests.get(&name) else { return ResponseTemplate::new(404) };
        let answer = ResponseTemplate::new(200).set_body_string(manifest);
        if state.is_silent { answer } else { answer.insert_header("Docker-Content-Digest", digest(manifest)) }
    }
}

impl Registry {
    fn new(images: &[&str]) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(MockServer::start());
        let manifests =
            images.iter().map(|image| (format!("library/{image}"), manifest(&format!("first {image}")))).collect();
        let state = Arc::new(Mutex::new(State { manifests, is_guarded: true, ..State::default() }));
        runtime.block_on(Mock::given(any()).respond_with(Speak(Arc::clone(&state))).mount(&server));
        Self { server, state, _runtime: runtime }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    fn pin(&self, wharf: &Wharf) -> Ran {
        Ran::of(wharf.command(["generate", "--pin", "shop"]).env("WHARF_REGISTRY_MIRROR", self.server.uri()))
    }
}

const IMAGES: [&str; 2] = ["node:22-bookworm-slim", "postgres:16-bookworm"];

fn shop() -> Wharf {
    let wharf = Wharf::new();
    wharf.copy("demos/express-postgres", "shop");
    wharf
}

fn read(wharf: &Wharf, path: &str) -> String {
    fs::read_to_string(wharf.path(&format!("shop/{path}"))).unwrap()
}

#[test]
fn digests_are_kept_written_and_renewed() {
    let (wharf, registry) = (shop(), Registry::new(&IMAGES));
    let told = registry.pin(&wharf).exits(0).stderr;
    assert_eq!(told.matches(": pinned, sha256:").count(), 2, "{told}");
    let first = |image: &str| format!("{image}@{}", digest(&manifest(&format!("first {image}"))));
    assert!(read(&wharf, "Dockerfile").contains(&format!("FROM {}", first(IMAGES[0]))));
    assert!(read(&wharf, "compose.yaml").contains(&first(IMAGES[1])));
    assert_eq!(IMAGES.map(|image| read(&wharf, ".wharf/digests").matches(&first(image)).count()), [1, 1]);
    wharf.run(&["generate", "--check", "shop"]).exits(0);
    wharf.run(&["generate", "shop"]).exits(0);
    assert!(read(&wharf, "Dockerfile").contains(&first(IMAGES[0])), "without asking again");

    registry.change(|state| {
        state.manifests.insert(format!("library/{}", IMAGES[0]), manifest("second"));
        (state.is_guarded, state.is_silent) = (false, true);
    });
    let told = registry.pin(&wharf).exits(0).stderr;
    assert!(told.contains(&format!("{}: renewed, {}", IMAGES[0], digest(&manifest("second")))), "{told}");
    assert!(told.contains(&format!("{}: as before", IMAGES[1])), "{told}");
    assert!(read(&wharf, "Dockerfile").contains(&format!("{}@{}", IMAGES[0], digest(&manifest("second")))));
}

#[test]
fn what_no_registry_tells_stays_as_it_was_and_is_told() {
    let (wharf, registry) = (shop(), Registry::new(&IMAGES));
    registry.pin(&wharf).exits(0);
    let before = read(&wharf, ".wharf/digests");
    registry.change(|state| drop(state.manifests.remove(&format!("library/{}", IMAGES[0]))));
    let told = registry.pin(&wharf).exits(1).stderr;
    assert!(told.contains("there is no image node:22-bookworm-slim"), "{told}");
    assert_eq!(read(&wharf, ".wharf/digests"), before);
    registry.change(|state| {
        state.manifests.insert(format!("library/{}", IMAGES[0]), "<html>Log in</html>".to_owned());
        state.is_silent = true;
    });
    let told = registry.pin(&wharf).exits(1).stderr;
    assert!(told.contains("no description of an image"), "{told}");
    assert_eq!(read(&wharf, ".wharf/digests"), before);
    registry.change(|state| state.status = Some(403));
    let told = registry.pin(&wharf).exits(1).stderr;
    assert!(told.contains("Wharf asks without an account"), "{told}");
    registry.change(|state| state.status = Some(503));
    let told = registry.pin(&wharf).exits(1).stderr;
    assert!(told.contains("503"), "{told}");
    assert_eq!(read(&wharf, ".wharf/digests"), before);
    let wrong = Ran::of(wharf.command(["generate", "--pin", "shop"]).env("WHARF_REGISTRY_MIRROR", "mirror"));
    assert!(wrong.exits(2).stderr.contains("WHARF_REGISTRY_MIRROR"));
}
