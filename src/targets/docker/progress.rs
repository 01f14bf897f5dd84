//! What BuildKit tells of a build: its steps, their output, how far it is.

use std::collections::HashMap;

use bollard::moby::buildkit::v1::{StatusResponse, Vertex, VertexLog, VertexStatus};

use super::Report;
use super::pull::pulling;
use crate::model::LogStream;
use crate::os::process::Lines;

/// What BuildKit does for itself; nobody needs to read it.
const INTERNAL: [&str; 2] = ["[internal]", "copy /context"];
/// How it names the question to a registry for a base image.
const METADATA: &str = "[internal] load metadata for ";
/// What precedes the image's name where a stage begins.
const FROM: &str = "] FROM ";

/// Follows a build and tells a [`Report`] about it.
pub(super) struct Progress<'a> {
    report: &'a dyn Report,
    steps: Vec<Step>,
    /// Where a step is, by its digest.
    index: HashMap<String, usize>,
    /// How much is pulled: done and total bytes, by layer.
    pulls: HashMap<String, (u64, u64)>,
    told: (u64, u64),
}

/// A step of a build: BuildKit's vertex.
#[derive(Default)]
struct Step {
    name: String,
    started: bool,
    completed: bool,
    cached: bool,
    error: String,
    stdout: Lines,
    stderr: Lines,
}

impl Step {
    /// Whether it makes a layer of the image: `[build 3/7] RUN npm ci`.
    fn is_layer(&self) -> bool {
        self.name.starts_with('[') && !is_internal(&self.name) && !self.name.contains(FROM)
    }
}

fn is_internal(name: &str) -> bool {
    INTERNAL.iter().any(|internal| name.starts_with(internal))
}

impl<'a> Progress<'a> {
    pub(super) fn new(report: &'a dyn Report) -> Self {
        Self { report, steps: Vec::new(), index: HashMap::new(), pulls: HashMap::new(), told: (0, 0) }
    }

    /// Takes what BuildKit says next.
    pub(super) fn update(&mut self, status: StatusResponse) {
        // What a step said comes before how it ended, whatever order they arrive in together.
        let (ended, begun): (Vec<_>, Vec<_>) =
            status.vertexes.into_iter().partition(|vertex| vertex.completed.is_some());
        for vertex in begun {
            self.vertex(vertex);
        }
        for vertex in &ended {
            self.begin(vertex);
        }
        for log in &status.logs {
            self.log(log);
        }
        for vertex in ended {
            self.vertex(vertex);
        }
        for status in &status.statuses {
            self.status(status);
        }
        self.count();
    }

    fn step(&mut self, digest: &str) -> &mut Step {
        let next = self.steps.len();
        let at = *self.index.entry(digest.to_owned()).or_insert(next);
        if at == next {
            self.steps.push(Step::default());
        }
        &mut self.steps[at]
    }

    /// Names the step on a line of its own when it begins.
    fn begin(&mut self, vertex: &Vertex) {
        let step = self.step(&vertex.digest);
        step.name.clone_from(&vertex.name);
        // One from the cache is named where that is said.
        if vertex.started.is_none() || vertex.cached || step.started {
            return;
        }
        step.started = true;
        if !is_internal(&vertex.name) {
            self.report.line("", LogStream::Stdout, &vertex.name);
            self.report.detail(&vertex.name);
        }
    }

    fn vertex(&mut self, vertex: Vertex) {
        self.begin(&vertex);
        let report = self.report;
        let step = self.step(&vertex.digest);
        if step.completed && !vertex.cached {
            return;
        }
        if vertex.cached && !step.cached {
            step.cached = true;
            if !is_internal(&step.name) {
                report.line("", LogStream::Stdout, &format!("{} (from the cache)", step.name));
            }
        }
        if vertex.completed.is_some() {
            step.completed = true;
            step.stdout.finish(|line| report.line("", LogStream::Stdout, line));
            step.stderr.finish(|line| report.line("", LogStream::Stderr, line));
        }
        if !vertex.error.is_empty() && step.error.is_empty() {
            step.error = vertex.error;
            let line = format!("{}: {}", step.name, step.error);
            report.line("", LogStream::Stderr, &line);
        }
    }

    fn log(&mut self, log: &VertexLog) {
        let report = self.report;
        let step = self.step(&log.vertex);
        let (lines, stream) = match log.stream {
            2 => (&mut step.stderr, LogStream::Stderr),
            _ => (&mut step.stdout, LogStream::Stdout),
        };
        lines.push(&log.msg, |line| report.line("", stream, line));
    }

    /// Layers that are pulled count their bytes.
    fn status(&mut self, status: &VertexStatus) {
        let (Ok(done), Ok(total @ 1..)) = (u64::try_from(status.current), u64::try_from(status.total)) else { return };
        let name = self.step(&status.vertex).name.clone();
        let Some((_, image)) = name.split_once(FROM) else { return };
        self.pulls.insert(status.id.clone(), (done, total));
        let (done, total) = self.pulls.values().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        self.report.detail(&pulling(image, done, total));
    }

    fn count(&mut self) {
        let done = self.steps.iter().filter(|step| step.completed).count() as u64;
        let told = (done, self.steps.len() as u64);
        if told != self.told {
            self.told = told;
            self.report.progress(told.0, told.1);
        }
    }

    /// How much came from the cache, once all is done.
    pub(super) fn summary(&self) -> String {
        let layers = self.steps.iter().filter(|step| step.is_layer());
        let (cached, all) = layers.fold((0, 0), |(cached, all), step| (cached + u32::from(step.cached), all + 1));
        format!("{cached} of {all} layers from the cache")
    }

    /// The step that failed and its error.
    pub(super) fn failed(&self) -> Option<(&str, &str)> {
        let failed = |step: &&Step| !step.error.is_empty() && !step.error.contains("context canceled");
        self.steps.iter().find(failed).map(|step| (step.name.as_str(), step.error.as_str()))
    }

    /// The base image that could not be had, where that is why the build failed.
    pub(super) fn missing_image(&self) -> Option<(&str, &str)> {
        let (name, error) = self.failed()?;
        let image = name.strip_prefix(METADATA).or_else(|| name.split_once(FROM).map(|(_, image)| image))?;
        let image = image.strip_prefix("docker.io/").unwrap_or(image);
        Some((image.strip_prefix("library/").unwrap_or(image), error))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Said(Mutex<Vec<String>>);

    impl Report for Said {
        fn line(&self, _: &str, stream: LogStream, text: &str) {
            let sign = if stream == LogStream::Stderr { '!' } else { ' ' };
            self.0.lock().unwrap().push(format!("{sign}{text}"));
        }
        fn progress(&self, done: u64, total: u64) {
            self.0.lock().unwrap().push(format!("{done}/{total}"));
        }
        fn detail(&self, text: &str) {
            self.0.lock().unwrap().push(format!("({text})"));
        }
    }

    #[expect(clippy::default_trait_access, reason = "the type of these times is not at hand")]
    fn vertex(name: &str, completed: bool, cached: bool, error: &str) -> Vertex {
        Vertex {
            digest: name.to_owned(),
            name: name.to_owned(),
            cached,
            started: Some(Default::default()),
            completed: completed.then(Default::default),
            error: error.to_owned(),
            ..Vertex::default()
        }
    }

    fn log(vertex: &str, stream: i64, text: &str) -> VertexLog {
        VertexLog { vertex: vertex.to_owned(), stream, msg: text.as_bytes().to_vec(), ..VertexLog::default() }
    }

    fn told(updates: Vec<(Vec<Vertex>, Vec<VertexLog>)>) -> (Vec<String>, String, Option<String>) {
        let said = Said::default();
        let mut progress = Progress::new(&said);
        for (vertexes, logs) in updates {
            progress.update(StatusResponse { vertexes, logs, ..StatusResponse::default() });
        }
        let missing = progress.missing_image().map(|(image, error)| format!("{image}: {error}"));
        let summary = progress.summary();
        (said.0.into_inner().unwrap(), summary, missing)
    }

    #[test]
    fn steps_and_their_output_come_in_order() {
        let run = "[2/3] RUN make";
        let (said, summary, missing) = told(vec![
            (vec![vertex("[internal] load build definition from Dockerfile", true, false, "")], vec![]),
            (
                vec![vertex("[1/3] FROM docker.io/library/debian", true, true, ""), vertex(run, false, false, "")],
                vec![],
            ),
            (vec![], vec![log(run, 1, "one\ntw"), log(run, 2, "oh\n"), log(run, 1, "o\nthree")]),
            (vec![vertex(run, true, false, ""), vertex("[3/3] COPY . .", true, true, "")], vec![log(run, 1, "!")]),
        ]);
        let lines: Vec<_> = said.iter().filter(|line| line.starts_with([' ', '!'])).map(String::as_str).collect();
        assert_eq!(
            lines,
            [
                " [2/3] RUN make",
                " [1/3] FROM docker.io/library/debian (from the cache)",
                " one",
                "!oh",
                " two",
                " three!",
                " [3/3] COPY . . (from the cache)",
            ]
        );
        assert_eq!(said.iter().rfind(|line| line.contains('/') && !line.contains(' ')).unwrap(), "4/4");
        assert_eq!((summary.as_str(), missing), ("1 of 2 layers from the cache", None));
    }

    #[test]
    fn a_base_image_that_is_missing_is_told_from_a_step_that_failed() {
        let metadata = "[internal] load metadata for docker.io/library/node:99";
        let (said, _, missing) = told(vec![(vec![vertex(metadata, true, false, "not found")], vec![])]);
        assert_eq!(missing.as_deref(), Some("node:99: not found"));
        assert!(said.contains(&format!("!{metadata}: not found")));
        let from = vertex("[build 1/9] FROM ghcr.io/me/base:1", true, false, "denied");
        assert_eq!(told(vec![(vec![from], vec![])]).2.as_deref(), Some("ghcr.io/me/base:1: denied"));
        let run = vertex("[2/3] RUN false", true, false, "exit code: 1");
        assert_eq!(told(vec![(vec![run], vec![])]).2, None);
    }
}
