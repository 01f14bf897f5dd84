//! Does what `update/` decided: calls of the engine, looks at folders, colouring. Each effect is a task of its own
//! that ends with a message; nothing here is waited for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};

use super::effect::Effect;
use super::highlight;
use super::message::Message;
use super::model::{Act, Offer};
use crate::api::client::{Client, NOT_RUNNING, Update, follow, follow_logs};
use crate::model::{
    AddProject, ArtifactQuery, DeploymentId, Location, LogQuery, PageQuery, Problem, ProblemCode, Project, RemoveQuery,
};

/// How many lines of what was printed before are fetched.
const TAIL: u64 = 5000;
/// At most so many lines become one message.
const CHUNK: usize = 512;
/// A selection that only passes by asks for no output.
const SETTLE: Duration = Duration::from_millis(60);
const RETRY: Duration = Duration::from_secs(2);

/// What effects need to know.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) data_dir: PathBuf,
    pub(crate) executable: PathBuf,
    pub(crate) holds_app: fn(&Path) -> bool,
}

/// Runs effects.
#[derive(Debug)]
pub(crate) struct Runner {
    setup: Setup,
    messages: mpsc::Sender<Message>,
    client: watch::Sender<Option<Client>>,
    connection: Option<AbortHandle>,
    logs: Option<AbortHandle>,
}

impl Runner {
    pub(crate) fn new(setup: Setup, messages: mpsc::Sender<Message>) -> Self {
        Self { setup, messages, client: watch::Sender::new(None), connection: None, logs: None }
    }

    /// Begins an effect.
    pub(crate) fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Connect => {
                let task = connect(self.setup.clone(), self.messages.clone(), self.client.clone());
                let task = self.spawn(task);
                replace(&mut self.connection, task);
            }
            Effect::Logs(None) => {
                if let Some(task) = self.logs.take() {
                    task.abort();
                }
            }
            Effect::Logs(Some(id)) => {
                if let Some(client) = self.client.borrow().clone() {
                    let task = self.spawn(logs(client, id, self.messages.clone()));
                    replace(&mut self.logs, task);
                }
            }
            Effect::FindOffers(folder) => {
                let holds_app = self.setup.holds_app;
                self.block(move || Message::Offers(offers(&folder.join("demos"), holds_app)));
            }
            Effect::Colour(key, path, text) => {
                self.block(move || Message::Coloured(key, highlight::highlight(&path, &text)));
            }
            effect => {
                if let Some(client) = self.client.borrow().clone() {
                    let (messages, holds_app) = (self.messages.clone(), self.setup.holds_app);
                    self.spawn(async move {
                        let message = ask(&client, effect, holds_app).await;
                        // Nobody to tell: the control center is leaving.
                        let _ = messages.send(message).await;
                    });
                }
            }
        }
    }

    /// A task whose panic is told instead of lost.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        watched(tokio::spawn(work), self.messages.clone())
    }

    /// The same for work that takes its time on a thread.
    fn block(&self, work: impl FnOnce() -> Message + Send + 'static) {
        let messages = self.messages.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _ = messages.blocking_send(work());
        });
        watched(task, self.messages.clone());
    }
}

fn watched(task: JoinHandle<()>, messages: mpsc::Sender<Message>) -> AbortHandle {
    let handle = task.abort_handle();
    tokio::spawn(async move {
        if let Err(error) = task.await
            && error.is_panic()
        {
            let _ = messages.send(Message::Broken(error.to_string())).await;
        }
    });
    handle
}

fn replace(kept: &mut Option<AbortHandle>, task: AbortHandle) {
    if let Some(before) = kept.replace(task) {
        before.abort();
    }
}

/// Finds or starts the engine once, then follows it for as long as the control center runs.
async fn connect(setup: Setup, messages: mpsc::Sender<Message>, clients: watch::Sender<Option<Client>>) {
    let mut answer = Client::connect_or_start(&setup.data_dir, &setup.executable).await;
    let client = loop {
        match answer {
            Ok(client) => break client,
            // Starting is not tried again by itself; one that somebody else starts is found.
            Err(problem) => {
                if problem.cause != NOT_RUNNING && messages.send(Message::Lost(problem)).await.is_err() {
                    return;
                }
                tokio::time::sleep(RETRY).await;
                answer = Client::connect(&setup.data_dir).await;
            }
        }
    };
    clients.send_replace(Some(client.clone()));
    let mut updates = follow(client);
    while let Some(update) = updates.next().await {
        let message = match update {
            Update::Snapshot(snapshot) => Message::Snapshot(snapshot),
            Update::Event(event) => Message::Event(event),
            Update::Lost(problem) => Message::Lost(problem),
        };
        if messages.send(message).await.is_err() {
            return;
        }
    }
}

async fn logs(client: Client, id: DeploymentId, messages: mpsc::Sender<Message>) {
    tokio::time::sleep(SETTLE).await;
    let query = LogQuery { tail: Some(TAIL), follow: true, ..LogQuery::default() };
    let mut chunks = follow_logs(client, id.clone(), query).ready_chunks(CHUNK);
    while let Some(chunk) = chunks.next().await {
        let mut lines = Vec::with_capacity(chunk.len());
        let mut end = None;
        for item in chunk {
            match item {
                Ok(line) => lines.push(line),
                Err(problem) => end = Some(problem),
            }
        }
        let ended = end.map(|problem| Message::LogsEnded(id.clone(), Some(problem)));
        for message in std::iter::once(Message::Lines(id.clone(), lines)).chain(ended) {
            if messages.send(message).await.is_err() {
                return;
            }
        }
    }
    let _ = messages.send(Message::LogsEnded(id, None)).await;
}

/// The effects that are one question to the engine.
async fn ask(client: &Client, effect: Effect, holds_app: fn(&Path) -> bool) -> Message {
    match effect {
        Effect::LookAt(folder) => Message::Folder(look_at(client, folder, holds_app).await),
        Effect::MoreProjects(after) => {
            let query = PageQuery { after: Some(after), limit: Some(1000) };
            Message::Projects(client.projects(&query).await)
        }
        Effect::Add(request) => Message::Added(add(client, request).await),
        Effect::Detect(id, fresh) => {
            let result = client.detection(&id, fresh).await;
            Message::Detected(id, result)
        }
        Effect::Vulnerabilities(id, fresh) => {
            let result = client.vulnerabilities(&id, None, fresh).await;
            Message::Vulnerabilities(id, result)
        }
        Effect::Artifacts(key) => {
            let query = ArtifactQuery { app: Some(key.1.clone()), ..ArtifactQuery::default() };
            let result = client.artifacts(&key.0, &query).await;
            Message::Artifacts(key, result)
        }
        Effect::Detail(id) => {
            let result = client.deployment(id.as_str()).await;
            Message::Detail(id, Box::new(result))
        }
        Effect::History(id) => {
            // Without history the charts begin now.
            let (samples, checks) = tokio::join!(client.samples(&id), client.health(&id));
            Message::History(id, samples.unwrap_or_default(), checks.unwrap_or_default())
        }
        Effect::Plan(request) => {
            let result = client.plan(&request).await;
            Message::Planned(request, result)
        }
        Effect::Releases(id) => {
            let result = client.releases(&id).await;
            Message::Releases(id, result)
        }
        Effect::Targets(targets) => Message::Targets(client.targets(&targets).await),
        Effect::Act(act) => perform(client, act).await,
        Effect::Connect | Effect::Logs(_) | Effect::FindOffers(_) | Effect::Colour(..) => {
            Message::Broken(format!("{effect:?} is no question to the engine"))
        }
    }
}

async fn perform(client: &Client, act: Act) -> Message {
    let result = match &act {
        Act::Deploy(request) => return Message::Deploying(client.deploy(request).await),
        Act::Rollback(id, request) => {
            return Message::Deploying(client.rollback(id, request).await.map(|one| vec![one]));
        }
        Act::Stop(id) => client.stop(id).await.map(|_| ()),
        Act::Restart(id) => client.restart(id).await.map(|_| ()),
        Act::Delete(id, query) => client.delete(id, *query).await.map(|_| ()),
        Act::Cancel(id) => client.cancel(id).await.map(|_| ()),
        Act::Write(id, request) => client.write_artifacts(id, request).await.map(|_| ()),
        Act::AllowAdvisories(allow) => client.allow_advisories(*allow).await.map(|_| ()),
        Act::Forget(id) => client.remove_project(id, RemoveQuery { deployments: false }).await.map(|_| ()),
    };
    Message::Done(act, result)
}

/// The project of a folder; one that holds something to deploy becomes one.
async fn look_at(client: &Client, folder: PathBuf, holds_app: fn(&Path) -> bool) -> Result<Option<Project>, Problem> {
    match client.find_project(&folder.to_string_lossy()).await {
        Ok(project) => return Ok(Some(project)),
        Err(problem) if problem.code == ProblemCode::NotFound => {}
        Err(problem) => return Err(problem),
    }
    let path = folder.clone();
    let holds = tokio::task::spawn_blocking(move || holds_app(&path)).await.unwrap_or_default();
    if !holds {
        return Ok(None);
    }
    let request = AddProject { location: Location::Folder { path: folder }, name: None };
    client.add_project(&request).await.map(Some)
}

/// Adds a project; a folder may be written with `~` and relative to where the control center was opened.
async fn add(client: &Client, mut request: AddProject) -> Result<Project, Problem> {
    if let Location::Folder { path } = &mut request.location {
        if let (Ok(rest), Some(home)) = (path.strip_prefix("~"), std::env::home_dir()) {
            *path = home.join(rest);
        }
        if let Ok(whole) = tokio::fs::canonicalize(&*path).await {
            *path = whole;
        }
    }
    client.add_project(&request).await
}

/// The folders below `demos` that hold something to deploy.
fn offers(demos: &Path, holds_app: fn(&Path) -> bool) -> Vec<Offer> {
    // As the engine writes the roots of projects.
    let demos = std::fs::canonicalize(demos).unwrap_or_else(|_| demos.to_owned());
    let Ok(entries) = std::fs::read_dir(demos) else { return Vec::new() };
    let mut offers: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && holds_app(path))
        .filter_map(|path| Some(Offer { name: path.file_name()?.to_str()?.to_owned(), path }))
        .collect();
    offers.sort_by(|a, b| a.name.cmp(&b.name));
    offers
}
