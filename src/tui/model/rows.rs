//! The rows of the list of projects.

use std::path::PathBuf;

use super::fleet::Slot;
use crate::model::{AppKey, Environment, Project, ProjectId};

/// A project that could be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// What a row of the list stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RowId {
    /// A project, with its one app where it has at most one.
    Project(ProjectId),
    /// One of several apps of a project.
    App(AppKey),
    /// A demo that could be added.
    Offer(String),
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: RowId,
    /// The app that the row stands for; null for a project with none or several.
    pub(crate) key: Option<AppKey>,
    /// What it is called there.
    pub(crate) label: String,
    /// It belongs to the project above it.
    pub(crate) is_child: bool,
}

impl Row {
    /// The row of a demo that could be added.
    pub(super) fn of_offer(offer: &Offer) -> Self {
        let name = offer.name.clone();
        Self { id: RowId::Offer(name.clone()), key: None, label: name, is_child: false }
    }
}

/// The rows of one project that pass the filter: every word stands in its name, an app's, a status or a target.
pub(super) fn of_project(project: &Project, apps: &[(&AppKey, &Slot)], words: &[String]) -> Vec<Row> {
    let mut rows = Vec::new();
    let passes = |app: Option<&(&AppKey, &Slot)>| {
        let mut text = project.name.to_lowercase();
        match app.and_then(|(key, slot)| Some((key, slot.latest.as_ref()?, slot.status()?))) {
            Some((key, latest, status)) => {
                let port = latest.port.map(|port| port.to_string()).unwrap_or_default();
                text = format!("{text} {} {} {status} {} {port}", key.app, key.environment, latest.target.kind);
            }
            None => text.push_str(" not deployed"),
        }
        words.iter().all(|word| text.contains(word))
    };
    let id = RowId::Project(project.id.clone());
    let label = project.name.clone();
    match apps {
        [] | [_] => {
            if passes(apps.first()) {
                rows.push(Row { id, key: apps.first().map(|(key, _)| (*key).clone()), label, is_child: false });
            }
        }
        several => {
            let shown: Vec<_> = several.iter().filter(|app| passes(Some(app))).collect();
            if shown.is_empty() {
                return rows;
            }
            rows.push(Row { id, key: None, label, is_child: false });
            let several_apps = several.iter().any(|(key, _)| key.app != several[0].0.app);
            rows.extend(shown.into_iter().map(|(key, _)| {
                let label = match (several_apps, key.environment) {
                    (false, environment) => environment.to_string(),
                    (true, Environment::Development) => key.app.clone(),
                    (true, environment) => format!("{} {environment}", key.app),
                };
                Row { id: RowId::App((*key).clone()), key: Some((*key).clone()), label, is_child: true }
            }));
        }
    }
    rows
}
