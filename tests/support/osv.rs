//! A server on loopback that answers as the OSV database is documented to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::wharf::Wharf;

/// The server; it ends with this.
pub(crate) struct Osv {
    runtime: Runtime,
    server: MockServer,
    state: Arc<Mutex<State>>,
}

/// What the server knows and how it behaves.
#[derive(Default)]
pub(crate) struct State {
    /// The advisories of packages, by `ecosystem name@version`.
    pub(crate) known: BTreeMap<String, Vec<String>>,
    /// The records by their names.
    pub(crate) records: BTreeMap<String, Value>,
    /// At most so many advisories of a package stand on one page; 0 for all.
    pub(crate) page: usize,
    /// Answers instead of those that are right, one after the other.
    pub(crate) instead: Vec<ResponseTemplate>,
    /// So many more questions about packages are answered before the server falls ill.
    pub(crate) sick_after: Option<usize>,
    /// Answers every request for a record.
    pub(crate) instead_of_records: Option<ResponseTemplate>,
    /// Answers every question about packages.
    pub(crate) instead_of_answers: Option<ResponseTemplate>,
}

struct Speak(Arc<Mutex<State>>);

impl Respond for Speak {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().unwrap();
        if !state.instead.is_empty() {
            return state.instead.remove(0);
        }
        match (request.method.as_str(), request.url.path()) {
            ("POST", "/v1/querybatch") => {
                if let Some(other) = &state.instead_of_answers {
                    return other.clone();
                }
                match &mut state.sick_after {
                    Some(0) => return ResponseTemplate::new(503),
                    Some(left) => *left -= 1,
                    None => {}
                }
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let queries = body["queries"].as_array().unwrap();
                if queries.len() > 1000 {
                    return ResponseTemplate::new(400)
                        .set_body_json(json!({"code": 3, "message": "Too many queries."}));
                }
                let results: Vec<Value> = queries.iter().map(|query| state.result(query)).collect();
                ResponseTemplate::new(200).set_body_json(json!({ "results": results }))
            }
            ("GET", path) => {
                if let Some(other) = &state.instead_of_records {
                    return other.clone();
                }
                match path.strip_prefix("/v1/vulns/").and_then(|id| state.records.get(id)) {
                    Some(record) => ResponseTemplate::new(200).set_body_json(record),
                    None => ResponseTemplate::new(404).set_body_json(json!({"code": 5, "message": "Bug not found."})),
                }
            }
            _ => ResponseTemplate::new(404),
        }
    }
}

impl State {
    /// The answer to one query; without advisories it is an empty object.
    fn result(&self, query: &Value) -> Value {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let package = &query["package"];
        let key = format!("{} {}@{}", text(&package["ecosystem"]), text(&package["name"]), text(&query["version"]));
        let Some(ids) = self.known.get(&key) else { return json!({}) };
        let begin: usize = query["page_token"].as_str().map_or(0, |token| token.parse().unwrap());
        let size = if self.page == 0 { ids.len() } else { self.page };
        let end = (begin + size).min(ids.len());
        let vulns: Vec<Value> =
            ids[begin..end].iter().map(|id| json!({"id": id, "modified": "2025-01-01T00:00:00Z"})).collect();
        if end < ids.len() {
            json!({"vulns": vulns, "next_page_token": end.to_string()})
        } else {
            json!({ "vulns": vulns })
        }
    }
}

impl Osv {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(MockServer::start());
        let state = Arc::new(Mutex::new(State::default()));
        runtime.block_on(Mock::given(any()).respond_with(Speak(Arc::clone(&state))).mount(&server));
        Self { runtime, server, state }
    }

    pub(crate) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Makes an advisory known, in one range of one package.
    pub(crate) fn add(&self, package: &str, id: &str, mut record: Value) {
        let mut state = self.state();
        state.known.entry(package.to_owned()).or_default().push(id.to_owned());
        record["id"] = json!(id);
        state.records.insert(id.to_owned(), record);
    }

    pub(crate) fn address(&self) -> String {
        self.server.uri()
    }

    /// Starts an engine that knows this database as the only one. Each question may take `seconds`.
    pub(crate) fn serve(&self, wharf: &Wharf, seconds: u32) {
        let mut command = wharf.command(["engine", "start"]);
        command.env("WHARF_OSV_URL", self.address()).env("WHARF_OSV_TIMEOUT", seconds.to_string());
        assert!(command.output().unwrap().status.success());
    }

    /// The bodies of the questions so far, of one path.
    pub(crate) fn asked(&self, path: &str) -> Vec<Value> {
        let requests = self.runtime.block_on(self.server.received_requests()).unwrap();
        let fits = requests.iter().filter(|request| request.url.path().starts_with(path));
        fits.map(|request| serde_json::from_slice(&request.body).unwrap_or(Value::Null)).collect()
    }
}
