//! What lies over the panes and takes the keys: help, questions, forms.

use ratatui_textarea::TextArea;

use crate::model::{DeleteQuery, DeployRequest, DeploymentId, ProjectId, RollbackRequest, Take, WriteArtifacts};

/// What lies over the panes.
#[derive(Clone, Debug)]
pub(crate) enum Dialog {
    /// All keys; how far it is scrolled.
    Help(usize),
    /// A question before something is lost.
    Confirm(Box<Confirm>),
    /// A project to add.
    Add(Box<Add>),
    /// Values that the app needs.
    Env(EnvForm),
    /// One of several.
    Pick(Picker),
}

/// What happens on yes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// Deploys; asks for the values that are missing.
    Deploy(DeployRequest),
    /// Stops what runs.
    Stop(DeploymentId),
    /// Stops and starts what runs.
    Restart(DeploymentId),
    /// Removes what runs.
    Delete(DeploymentId, DeleteQuery),
    /// Goes back to a release.
    Rollback(DeploymentId, RollbackRequest),
    /// Ends a deployment that is not over.
    Cancel(DeploymentId),
    /// Forgets a project without deployments.
    Forget(ProjectId),
    /// Writes generated files into a project.
    Write(ProjectId, WriteArtifacts),
    /// Allows to send names and versions of dependencies to the database of advisories, or takes that back.
    AllowAdvisories(bool),
}

/// A question before something is lost.
#[derive(Clone, Debug)]
pub(crate) struct Confirm {
    pub(crate) title: String,
    /// What will happen and what will be lost.
    pub(crate) body: Vec<String>,
    /// The word for yes: “Stop”.
    pub(crate) verb: &'static str,
    /// The volumes can go too.
    pub(crate) volumes: Option<bool>,
    /// What has to be typed, and what is typed so far.
    pub(crate) typed: Option<(String, TextArea<'static>)>,
    pub(crate) is_production: bool,
    pub(crate) act: Act,
}

impl Confirm {
    /// Whether yes can be said: what has to be typed is typed.
    pub(crate) fn is_ready(&self) -> bool {
        self.typed.as_ref().is_none_or(|(wanted, input)| value(input) == *wanted)
    }
}

/// A project to add.
#[derive(Clone, Debug)]
pub(crate) struct Add {
    pub(crate) input: TextArea<'static>,
    /// What was wrong with the last answer.
    pub(crate) problem: Option<String>,
}

/// Values that the app needs and that nobody gave.
#[derive(Clone, Debug)]
pub(crate) struct EnvForm {
    pub(crate) request: DeployRequest,
    pub(crate) fields: Vec<EnvField>,
    pub(crate) focus: usize,
}

/// One value to give.
#[derive(Clone, Debug)]
pub(crate) struct EnvField {
    pub(crate) name: String,
    pub(crate) input: TextArea<'static>,
    /// It is sealed and never shown.
    pub(crate) is_secret: bool,
}

/// One of several to choose.
#[derive(Clone, Debug)]
pub(crate) struct Picker {
    pub(crate) title: String,
    /// Each with a note.
    pub(crate) items: Vec<(String, String)>,
    pub(crate) selected: usize,
    pub(crate) purpose: Purpose,
}

/// What is chosen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Purpose {
    /// A theme; what was worn before.
    Theme(String),
    /// A release of that deployment's app, by their numbers.
    Release(DeploymentId, Vec<u32>),
    /// A way to write that file.
    Write(String, Vec<Take>),
}

/// An empty line to type in.
pub(crate) fn field(is_secret: bool) -> TextArea<'static> {
    let mut input = TextArea::default();
    if is_secret {
        input.set_mask_char('•');
    }
    input
}

/// What was typed.
pub(crate) fn value(input: &TextArea<'_>) -> String {
    input.lines().first().cloned().unwrap_or_default()
}
