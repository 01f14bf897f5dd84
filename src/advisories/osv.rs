//! Asks the OSV database: <https://google.github.io/osv.dev/api/>.

use std::time::Duration;

use reqwest::{Method, Request, Response, StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::Package;
use super::advisory::Advisory;
use super::record::is_id;
use crate::model::{Problem, ProblemCode};
use crate::os::http::{Http, body};
use crate::os::resilience::Policy;

/// The database that is asked where nothing else is said.
pub const DEFAULT_ADDRESS: &str = "https://api.osv.dev";

/// The most packages in one question.
pub const BATCH: usize = 1000;

/// The most pages that an answer is followed through.
const PAGES: usize = 50;
/// The most bytes of an answer.
const ANSWER: usize = 64 * 1024 * 1024;
/// The most bytes of a record.
const RECORD: usize = 16 * 1024 * 1024;
/// The most advisories of one package.
const IDS: usize = 5_000;

/// The database at an address.
#[derive(Clone, Debug)]
pub struct Osv {
    http: Http,
    address: Url,
    timeout: Duration,
}

/// What the database says of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The names of its advisories.
    pub ids: Vec<String>,
    /// Whether that is all of them.
    pub whole: bool,
}

#[derive(Serialize)]
struct Question<'q> {
    queries: Vec<Query<'q>>,
}

#[derive(Serialize)]
struct Query<'q> {
    package: Name<'q>,
    version: &'q str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_token: Option<String>,
}

#[derive(Serialize)]
struct Name<'q> {
    name: &'q str,
    ecosystem: &'q str,
}

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    results: Vec<Option<Found>>,
}

#[derive(Default, Deserialize)]
struct Found {
    #[serde(default)]
    vulns: Option<Vec<Vuln>>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Vuln {
    id: String,
}

impl Osv {
    /// The database at `address`; each question gets `timeout`.
    pub fn new(address: &str, timeout: Duration) -> Result<Self, Problem> {
        Ok(Self { http: Http::new()?, address: parse(address)?, timeout })
    }

    /// Which advisories there are of the packages, in their order; at most [`BATCH`] of them. A problem on the way
    /// leaves the answers that were there already: those that are not whole miss something.
    pub async fn query(&self, packages: &[Package]) -> (Vec<Answer>, Option<Problem>) {
        let mut answers = vec![Answer::default(); packages.len()];
        let mut open: Vec<(usize, Option<String>)> = (0..packages.len()).map(|index| (index, None)).collect();
        let mut missed = None;
        for _ in 0..PAGES {
            if open.is_empty() {
                return (answers, missed);
            }
            let found = match self.page(packages, &open).await {
                Ok(found) => found,
                Err(problem) => return (answers, Some(problem)),
            };
            let mut next = Vec::new();
            for ((index, _), found) in open.into_iter().zip(found) {
                let answer = &mut answers[index];
                let (ids, odd): (Vec<_>, Vec<_>) =
                    found.vulns.into_iter().flatten().map(|vuln| vuln.id).partition(|id| is_id(id));
                answer.ids.extend(ids);
                if !odd.is_empty() || answer.ids.len() > IDS {
                    answer.ids.truncate(IDS);
                    missed = Some(self.unusable("it names what cannot be an advisory, or too many of them"));
                    continue;
                }
                match found.next_page_token.filter(|token| !token.is_empty()) {
                    Some(token) => next.push((index, Some(token))),
                    None => answer.whole = true,
                }
            }
            open = next;
        }
        let endless = open.first().map(|_| self.unusable(format!("it goes on after {PAGES} pages")));
        (answers, endless.or(missed))
    }

    async fn page(&self, packages: &[Package], open: &[(usize, Option<String>)]) -> Result<Vec<Found>, Problem> {
        let queries = open.iter().map(|(index, token)| {
            let package = &packages[*index];
            let name = Name { name: &package.name, ecosystem: &package.ecosystem };
            Query { package: name, version: &package.version, page_token: token.clone() }
        });
        let question = Question { queries: queries.collect() };
        let request = self.http.client().post(self.at(&["v1", "querybatch"])).json(&question).build();
        let request = request.map_err(|error| self.unusable(error))?;
        let bytes = body(self.ask(request).await?, ANSWER, self.timeout).await?;
        let results: Results = serde_json::from_slice(&bytes).map_err(|error| self.unusable(error))?;
        if results.results.len() != open.len() {
            let (asked, answered) = (open.len(), results.results.len());
            return Err(self.unusable(format!("it was asked about {asked} packages and answers for {answered}")));
        }
        Ok(results.results.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// The record of an advisory.
    pub async fn record(&self, id: &str) -> Result<Advisory, Problem> {
        let request = self.http.client().request(Method::GET, self.at(&["v1", "vulns", id])).build();
        let request = request.map_err(|error| self.unusable(error))?;
        let bytes = body(self.ask(request).await?, RECORD, self.timeout).await?;
        Advisory::read(&bytes).map_err(|why| self.unusable(format!("{id}: {why}")))
    }

    async fn ask(&self, request: Request) -> Result<Response, Problem> {
        // A question changes nothing there, whatever its method.
        let response = self.http.ask(request, Policy::again(self.timeout)).await?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err(self.unusable(format!("it answers {status}"))),
        }
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.address.clone();
        // An address with a host can be a base.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    fn unusable(&self, why: impl std::fmt::Display) -> Problem {
        let host = self.address.host_str().unwrap_or("the database");
        Problem::new(ProblemCode::Unreachable, "bad-answer", format!("the answer of {host} cannot be used"))
            .why(why)
            .fix("try again later, or import an archive with `wharf vulns import FILE`")
    }
}

fn parse(address: &str) -> Result<Url, Problem> {
    let wrong = |why: String| {
        Problem::new(ProblemCode::Usage, "osv-address", format!("“{address}” is no address of an OSV database"))
            .why(why)
            .fix(format!("set WHARF_OSV_URL to one such as {DEFAULT_ADDRESS}, then `wharf engine stop`"))
    };
    let url = Url::parse(address).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("it has to begin with https:// or http:// and a host".to_owned()));
    }
    Ok(url)
}
