//! Everything that the control center knows. Plain values: only `update/` changes them, `view/` only reads them.

mod cache;
mod dialog;
mod fleet;
mod health;
mod layout;
mod logs;
mod pane;
mod rows;
#[cfg(test)]
pub(crate) mod samples;

use std::collections::BTreeMap;
use std::path::PathBuf;

use ratatui::layout::Size;

use super::highlight::TokenLine;
use super::look::Look;
use crate::model::{
    AppProfile, ArtifactView, Deployment, DeploymentDetail, DeploymentId, Detection, EngineInfo, Environment, Job,
    JobId, JobState, Problem, Project, ProjectId, StepName, TargetKind, TargetRef, TargetStatus, Timestamp,
    VulnerabilityReport,
};

pub(crate) use cache::{Cache, Remote};
pub(crate) use dialog::{Act, Add, Confirm, Dialog, EnvField, EnvForm, Picker, Purpose, field, value};
pub(crate) use fleet::{Fleet, Slot as Standing};
pub(crate) use health::{Book, Series};
pub(crate) use layout::{Class, Layout, MINIMUM, Place};
pub(crate) use logs::{Logs, Shown};
pub(crate) use pane::Pane;
pub(crate) use rows::{Offer, Row, RowId};

/// How many projects' details are kept at once.
const KEPT: usize = 64;

/// The connection to the engine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Link {
    /// It is being looked for, or started.
    Connecting,
    /// It answers.
    Up,
    /// It went away, or never answered; it is tried again by itself.
    Lost(Problem),
}

/// A message to the operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Notice {
    /// Something went as it should.
    Said(String),
    /// Something did not; stays until it is put away.
    Wrong(Problem),
}

/// What the folder that the control center was opened in turned out to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Folder {
    /// It has not been looked at yet, or none was given.
    #[default]
    Unknown,
    /// It holds something to deploy, and is being added.
    Adding,
    /// It is among the projects.
    Known,
    /// There is nothing to deploy in it.
    Empty,
}

/// An artifact, coloured: its path and content decide.
pub(crate) type ArtifactKey = (String, u64);

/// Where a generated file belongs to.
pub(crate) type ArtifactsKey = (ProjectId, String);

/// Which of an app's deployments the panes show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Watched {
    /// The newest.
    #[default]
    Newest,
    /// What serves, where a newer one did not come up.
    Live,
}

/// The state of the Configs pane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configs {
    pub(crate) selected: usize,
    pub(crate) scroll: usize,
    /// The text is shown also where there are changes to show.
    pub(crate) whole: bool,
}

/// The state of the Deploy pane.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeployPane {
    /// The step whose output is shown; null to go along with what runs.
    pub(crate) step: Option<StepName>,
    /// Lines up from the end of its output; 0 follows.
    pub(crate) back: usize,
}

/// Everything that the control center knows.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) size: Size,
    pub(crate) now: Timestamp,
    pub(crate) zone: jiff::tz::TimeZone,
    pub(crate) look: Look,

    pub(crate) link: Link,
    pub(crate) engine: Option<EngineInfo>,
    /// The number of the last event that is known.
    pub(crate) seq: u64,
    pub(crate) targets: Vec<TargetStatus>,
    pub(crate) jobs: BTreeMap<JobId, Job>,
    pub(crate) progress: BTreeMap<(DeploymentId, StepName), (u64, u64)>,
    pub(crate) fleet: Fleet,
    pub(crate) folder: Folder,
    pub(crate) folder_path: Option<PathBuf>,
    pub(crate) docker_host: Option<String>,

    /// The environment chosen for the next deployment; null for that of the selected row.
    pub(crate) chosen: Option<Environment>,
    pub(crate) detections: Cache<ProjectId, Remote<Detection>>,
    pub(crate) vulnerabilities: Cache<ProjectId, Remote<VulnerabilityReport>>,
    pub(crate) artifacts: Cache<ArtifactsKey, Remote<Vec<ArtifactView>>>,
    pub(crate) coloured: Cache<ArtifactKey, Option<Vec<TokenLine>>>,
    pub(crate) details: Cache<DeploymentId, Remote<DeploymentDetail>>,
    pub(crate) health: Cache<DeploymentId, Book>,
    pub(crate) logs: Logs,

    pub(crate) focus: Pane,
    pub(crate) main: Pane,
    pub(crate) zoom: bool,
    pub(crate) filtering: bool,
    pub(crate) watched: Watched,
    pub(crate) scroll: BTreeMap<Pane, usize>,
    pub(crate) configs: Configs,
    pub(crate) deploy: DeployPane,

    pub(crate) dialog: Option<Dialog>,
    pub(crate) notice: Option<Notice>,
    pub(crate) quit: bool,
}

impl Model {
    /// What is known before anything was asked.
    pub(crate) fn new(size: Size, now: Timestamp, look: Look) -> Self {
        Self {
            size,
            now,
            zone: jiff::tz::TimeZone::UTC,
            look,
            link: Link::Connecting,
            engine: None,
            seq: 0,
            targets: Vec::new(),
            jobs: BTreeMap::new(),
            progress: BTreeMap::new(),
            fleet: Fleet::default(),
            folder: Folder::Unknown,
            folder_path: None,
            docker_host: None,
            chosen: None,
            detections: Cache::new(KEPT),
            vulnerabilities: Cache::new(KEPT),
            artifacts: Cache::new(8),
            coloured: Cache::new(64),
            details: Cache::new(KEPT),
            health: Cache::new(256),
            logs: Logs::default(),
            focus: Pane::Projects,
            main: Pane::Stack,
            zoom: false,
            filtering: false,
            watched: Watched::Newest,
            scroll: BTreeMap::new(),
            configs: Configs::default(),
            deploy: DeployPane::default(),
            dialog: None,
            notice: None,
            quit: false,
        }
    }

    /// Where everything is on the screen.
    pub(crate) fn layout(&self) -> Layout {
        Layout::new(self.size, self.focus, self.main, self.zoom)
    }

    /// Which quarter turn the sign of running things shows.
    pub(crate) fn beat(&self) -> usize {
        usize::try_from(self.now.as_millis() / 1000 % 4).unwrap_or_default()
    }

    /// The selected project.
    pub(crate) fn project(&self) -> Option<&Project> {
        self.fleet.project(self.fleet.selected_project()?)
    }

    /// The environment that the next deployment goes to.
    pub(crate) fn environment(&self) -> Environment {
        self.chosen.or_else(|| Some(self.fleet.selected_key()?.environment)).unwrap_or_default()
    }

    /// How the selected app stands.
    pub(crate) fn standing(&self) -> Option<&Standing> {
        self.fleet.standing(self.fleet.selected_key()?)
    }

    /// The deployment that the panes show: the newest, or the live one where that was asked for.
    pub(crate) fn deployment(&self) -> Option<&Deployment> {
        let standing = self.standing()?;
        if self.watched == Watched::Live {
            standing.live.as_ref().or(standing.latest.as_ref())
        } else {
            standing.latest.as_ref()
        }
    }

    /// The deployment whose load and health are shown: what is live comes first.
    pub(crate) fn running(&self) -> Option<&Deployment> {
        let standing = self.standing()?;
        standing.live.as_ref().or(standing.latest.as_ref())
    }

    /// The detection of the selected project.
    pub(crate) fn detection(&self) -> Option<&Remote<Detection>> {
        self.detections.get(self.fleet.selected_project()?)
    }

    /// The known vulnerabilities of the selected project.
    pub(crate) fn known_vulnerabilities(&self) -> Option<&Remote<VulnerabilityReport>> {
        self.vulnerabilities.get(self.fleet.selected_project()?)
    }

    /// The selected app's profile: the row's, or the primary app.
    pub(crate) fn profile(&self) -> Option<&AppProfile> {
        let Remote::Ready(detection) = self.detection()? else { return None };
        let name = self.fleet.selected_key().map(|key| key.app.as_str());
        let named = |profile: &&AppProfile| Some(profile.name.as_str()) == name;
        let primary = |profile: &&AppProfile| Some(&profile.path) == detection.primary.as_ref();
        detection.apps.iter().find(named).or_else(|| detection.apps.iter().find(primary)).or(detection.apps.first())
    }

    /// What the artifacts of the selected app are kept under.
    pub(crate) fn artifacts_key(&self) -> Option<ArtifactsKey> {
        let project = self.fleet.selected_project()?.clone();
        let app = match self.fleet.selected_key() {
            Some(key) => key.app.clone(),
            None => self.profile()?.name.clone(),
        };
        Some((project, app))
    }

    /// The artifacts of the selected app.
    pub(crate) fn selected_artifacts(&self) -> Option<&Remote<Vec<ArtifactView>>> {
        self.artifacts.get(&self.artifacts_key()?)
    }

    /// The artifact that the Configs pane shows.
    pub(crate) fn artifact(&self) -> Option<&ArtifactView> {
        let Remote::Ready(artifacts) = self.selected_artifacts()? else { return None };
        artifacts.get(self.configs.selected.min(artifacts.len().saturating_sub(1)))
    }

    /// The Docker target, as the engine last found it.
    pub(crate) fn docker(&self) -> Option<&TargetStatus> {
        let docker = |status: &&TargetStatus| status.target.kind == TargetKind::Docker;
        let own = |status: &&TargetStatus| status.target.host == self.docker_host;
        self.targets.iter().filter(docker).find(own).or_else(|| self.targets.iter().find(docker))
    }

    /// The target of that kind for requests from here.
    pub(crate) fn target(&self, kind: TargetKind) -> TargetRef {
        let host = if kind == TargetKind::Docker { self.docker_host.clone() } else { None };
        TargetRef { kind, host }
    }

    /// How many jobs run.
    pub(crate) fn running_jobs(&self) -> usize {
        self.jobs.values().filter(|job| matches!(job.state, JobState::Running { .. })).count()
    }

    /// How many jobs wait.
    pub(crate) fn waiting_jobs(&self) -> usize {
        self.jobs.values().filter(|job| job.state == JobState::Queued).count()
    }

    /// Whether something on the screen changes with the clock alone, second by second.
    pub(crate) fn is_lively(&self) -> bool {
        self.fleet.has_pending() && self.link == Link::Up
    }

    /// The step whose output the Deploy pane shows: the one chosen, else what runs, failed, or ran last.
    pub(crate) fn shown_step(&self) -> Option<StepName> {
        use crate::model::StepStatus as S;
        let deployment = self.deployment()?;
        let last = |statuses: &[S]| {
            deployment.steps.iter().rev().find(|step| statuses.contains(&step.status)).map(|step| step.name)
        };
        self.deploy
            .step
            .filter(|name| deployment.step(*name).is_some())
            .or_else(|| last(&[S::Failed, S::Running, S::Cancelled]))
            .or_else(|| deployment.step(StepName::Build).map(|step| step.name))
    }

    /// Scroll of a pane that only scrolls.
    pub(crate) fn scroll_of(&self, pane: Pane) -> usize {
        self.scroll.get(&pane).copied().unwrap_or_default()
    }

    /// Forgets where the panes stood: another thing is selected.
    pub(crate) fn reset_panes(&mut self) {
        self.scroll.clear();
        self.configs = Configs::default();
        self.deploy = DeployPane::default();
        self.watched = Watched::Newest;
        self.chosen = None;
    }
}
