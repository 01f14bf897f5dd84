//! What a step says while it runs, on its way to the log and to the clients.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::engine::Inner;
use crate::engine::logbook::NewLine;
use crate::model::{DeploymentId, EventKind, LogStream, StepName};
use crate::os::clock;
use crate::secrets::Redactor;
use crate::targets::Report;

/// Takes what one step says.
pub(super) struct StepReport {
    engine: Arc<Inner>,
    deployment: DeploymentId,
    app: String,
    step: StepName,
    detail: Mutex<Option<String>>,
    redactor: OnceLock<Arc<Redactor>>,
}

impl StepReport {
    pub(super) fn new(engine: Arc<Inner>, deployment: DeploymentId, app: String, step: StepName) -> Self {
        Self { engine, deployment, app, step, detail: Mutex::default(), redactor: OnceLock::new() }
    }

    /// From now on secrets are taken out of the lines.
    pub(super) fn redact_with(&self, redactor: Arc<Redactor>) {
        // A step has one environment: a second call says the same.
        let _ = self.redactor.set(redactor);
    }

    pub(super) fn take_detail(&self) -> Option<String> {
        self.detail.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Report for StepReport {
    fn line(&self, source: &str, stream: LogStream, text: &str) {
        let text = self.redactor.get().map_or_else(|| text.to_owned(), |redactor| redactor.redact(text));
        let source = if source.is_empty() { self.app.clone() } else { source.to_owned() };
        let line = NewLine { at: clock::now(), source, step: Some(self.step), stream, text, position: None };
        self.engine.logbook.try_write(&self.deployment, line);
    }

    fn progress(&self, done: u64, total: u64) {
        self.engine.tell(EventKind::Progress { deployment: self.deployment.clone(), step: self.step, done, total });
    }

    fn detail(&self, text: &str) {
        *self.detail.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
    }
}
