//! The projects, how their apps stand, and which of them is selected.

use std::collections::BTreeMap;

use super::rows::{self, Offer, Row, RowId};
use crate::model::{AppKey, Deployment, DeploymentId, DeploymentStatus, Project, ProjectId};

/// How one app in one environment stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Slot {
    /// The newest deployment.
    pub(crate) latest: Option<Deployment>,
    /// What serves, where that is another one.
    pub(crate) live: Option<Deployment>,
}

impl Slot {
    /// The status that counts for the operator: what serves, unless something newer is on its way.
    pub(crate) fn status(&self) -> Option<DeploymentStatus> {
        let latest = self.latest.as_ref()?;
        match &self.live {
            Some(live) if !latest.status.is_pending() => Some(live.status),
            _ => Some(latest.status),
        }
    }

    /// Whether what serves is older than a deployment that did not come up.
    pub(crate) fn is_behind(&self) -> bool {
        self.live.is_some() && self.latest.as_ref().is_some_and(|latest| latest.status == DeploymentStatus::Failed)
    }

    /// What serves, or served.
    pub(crate) fn serving(&self) -> Option<&Deployment> {
        self.live.as_ref().or(self.latest.as_ref())
    }
}

/// The projects and how their apps stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fleet {
    projects: BTreeMap<ProjectId, Project>,
    slots: BTreeMap<AppKey, Slot>,
    offers: Vec<Offer>,
    /// The project of the folder that the control center was opened in.
    pub(crate) home: Option<ProjectId>,
    /// How many projects the engine knows.
    pub(crate) total: u64,
    filter: String,
    rows: Vec<Row>,
    selected: Option<RowId>,
    /// An app that is to be selected as soon as it is there.
    wanted: Option<AppKey>,
}

impl Fleet {
    /// Begins again from a snapshot; selection and filter stay.
    pub(crate) fn reset(&mut self, projects: Vec<Project>, total: u64, deployments: Vec<Deployment>) {
        self.projects = projects.into_iter().map(|project| (project.id.clone(), project)).collect();
        self.total = total;
        self.slots.clear();
        let mut deployments = deployments;
        deployments.sort_by(|a, b| a.id.cmp(&b.id));
        for deployment in deployments {
            self.place(deployment);
        }
        self.list();
    }

    /// Takes a further page of projects.
    pub(crate) fn extend(&mut self, projects: Vec<Project>, total: u64) {
        self.projects.extend(projects.into_iter().map(|project| (project.id.clone(), project)));
        self.total = total;
        self.list();
    }

    pub(crate) fn put_project(&mut self, project: Project) {
        if self.projects.insert(project.id.clone(), project).is_none() {
            self.total = self.total.max(self.projects.len() as u64);
        }
        self.list();
    }

    pub(crate) fn remove_project(&mut self, id: &ProjectId) {
        if self.projects.remove(id).is_some() {
            self.total = self.total.saturating_sub(1);
        }
        self.slots.retain(|key, _| key.project != *id);
        self.list();
    }

    pub(crate) fn put_deployment(&mut self, deployment: Deployment) {
        let before = self.slots.len();
        let wanted = self.wanted.as_ref() == Some(&deployment.key);
        self.place(deployment);
        if self.slots.len() != before || wanted {
            self.list();
        }
    }

    /// Keeps of each app the newest deployment and what serves, and forgets the others.
    fn place(&mut self, deployment: Deployment) {
        let key = deployment.key.clone();
        let slot = self.slots.entry(key.clone()).or_default();
        let is_newest = slot.latest.as_ref().is_none_or(|latest| deployment.id >= latest.id);
        if deployment.status == DeploymentStatus::Deleted {
            let goes = |kept: &Option<Deployment>| kept.as_ref().is_some_and(|kept| kept.id <= deployment.id);
            if goes(&slot.live) {
                slot.live = None;
            }
            if goes(&slot.latest) {
                slot.latest = slot.live.take();
            }
        } else if is_newest {
            let before = slot.latest.replace(deployment);
            let latest = slot.latest.as_ref().map(|latest| &latest.id);
            if let Some(before) = before.filter(|before| Some(&before.id) != latest && before.status.is_up()) {
                slot.live = Some(before);
            }
        } else if deployment.status.is_up() {
            slot.live = Some(deployment);
        } else if slot.live.as_ref().is_some_and(|live| live.id == deployment.id) {
            slot.live = None;
        }
        // What came up itself leaves nothing older to serve.
        if slot.latest.as_ref().is_some_and(|latest| latest.status.is_up()) {
            slot.live = None;
        }
        if slot.latest.is_none() {
            self.slots.remove(&key);
        }
    }

    pub(crate) fn set_offers(&mut self, offers: Vec<Offer>) {
        self.offers = offers;
        self.list();
    }

    pub(crate) fn offer(&self, name: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.name == name)
    }

    pub(crate) fn filter(&self) -> &str {
        &self.filter
    }

    pub(crate) fn set_filter(&mut self, filter: String) {
        self.filter = filter;
        self.list();
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn project(&self, id: &ProjectId) -> Option<&Project> {
        self.projects.get(id)
    }

    pub(crate) fn standing(&self, key: &AppKey) -> Option<&Slot> {
        self.slots.get(key)
    }

    pub(crate) fn deployment(&self, id: &DeploymentId) -> Option<&Deployment> {
        let of =
            |slot: &'_ Slot| [slot.latest.as_ref().map(|d| d.id.clone()), slot.live.as_ref().map(|d| d.id.clone())];
        let slot = self.slots.values().find(|slot| of(slot).iter().flatten().any(|known| known == id))?;
        slot.latest.as_ref().filter(|latest| latest.id == *id).or(slot.live.as_ref())
    }

    /// How the apps of a project stand.
    pub(crate) fn standings<'a>(&'a self, project: &'a ProjectId) -> impl Iterator<Item = (&'a AppKey, &'a Slot)> {
        self.slots.iter().filter(move |(key, _)| key.project == *project)
    }

    /// How many apps stand so.
    pub(crate) fn count(&self, is: impl Fn(DeploymentStatus) -> bool) -> usize {
        self.slots.values().filter_map(Slot::status).filter(|status| is(*status)).count()
    }

    /// How many projects are known here.
    pub(crate) fn len(&self) -> usize {
        self.projects.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.projects.is_empty()
    }

    pub(crate) fn has_pending(&self) -> bool {
        self.slots.values().filter_map(|slot| slot.latest.as_ref()).any(|latest| latest.status.is_pending())
    }

    /// The place of the selected row.
    pub(crate) fn selected_index(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.rows.iter().position(|row| row.id == *selected)
    }

    pub(crate) fn selected_row(&self) -> Option<&Row> {
        self.rows.get(self.selected_index()?)
    }

    pub(crate) fn selected_project(&self) -> Option<&ProjectId> {
        match &self.selected_row()?.id {
            RowId::Project(id) => Some(id),
            RowId::App(key) => Some(&key.project),
            RowId::Offer(_) => None,
        }
    }

    pub(crate) fn selected_key(&self) -> Option<&AppKey> {
        self.selected_row()?.key.as_ref()
    }

    /// Selects the row at that place, or the last one.
    pub(crate) fn select_index(&mut self, index: usize) {
        let index = index.min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(index).map(|row| row.id.clone());
        self.wanted = None;
    }

    /// Selects a project, which may still be on its way.
    pub(crate) fn select_project(&mut self, id: &ProjectId) {
        self.selected = Some(RowId::Project(id.clone()));
        self.wanted = None;
        self.list();
    }

    /// Selects an app as soon as it has a row.
    pub(crate) fn select_app(&mut self, key: AppKey) {
        self.wanted = Some(key);
        self.list();
    }

    /// Makes the rows anew. The selection stays on the same thing, or goes to the nearest.
    fn list(&mut self) {
        let before = self.selected_index();
        let selected_project = self.selected.as_ref().and_then(|id| match id {
            RowId::Project(id) => Some(id.clone()),
            RowId::App(key) => Some(key.project.clone()),
            RowId::Offer(_) => None,
        });
        self.rows = self.make_rows();
        if let Some(wanted) = &self.wanted
            && let Some(row) = self.rows.iter().find(|row| row.key.as_ref() == Some(wanted))
        {
            self.selected = Some(row.id.clone());
            self.wanted = None;
        }
        if self.selected_index().is_some() {
            return;
        }
        let same_project = |row: &&Row| match (&row.id, &selected_project) {
            (RowId::Project(id), Some(project)) => id == project,
            (RowId::App(key), Some(project)) => key.project == *project,
            _ => false,
        };
        let nearest = before.map(|index| index.min(self.rows.len().saturating_sub(1)));
        let row = self.rows.iter().find(same_project).or_else(|| self.rows.get(nearest.unwrap_or_default()));
        // A project that is still on its way keeps the selection.
        if row.is_some() && (selected_project.is_none() || before.is_some())
            || self.rows.iter().any(|row| same_project(&row))
        {
            self.selected = row.map(|row| row.id.clone());
        }
    }

    /// The demos that were not added yet, while nothing but the folder's own project and demos is known.
    fn open_offers(&self) -> impl Iterator<Item = &Offer> {
        let is_offer = |project: &Project| self.offers.iter().any(|offer| offer.path == project.root);
        let is_known = |offer: &&Offer| self.projects.values().any(|project| project.root == offer.path);
        let mut all = self.projects.values();
        let is_shown = all.all(|project| Some(&project.id) == self.home.as_ref() || is_offer(project));
        let is_shown = is_shown && self.filter.is_empty();
        self.offers.iter().filter(move |offer| is_shown && !is_known(offer))
    }

    fn make_rows(&self) -> Vec<Row> {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let mut projects: Vec<&Project> = self.projects.values().collect();
        projects.sort_by(|a, b| a.name.cmp(&b.name));
        let mut by_project: BTreeMap<&ProjectId, Vec<(&AppKey, &Slot)>> = BTreeMap::new();
        for (key, slot) in &self.slots {
            by_project.entry(&key.project).or_default().push((key, slot));
        }
        let of_project =
            |project: &Project| rows::of_project(project, &by_project.remove(&project.id).unwrap_or_default(), &words);
        let mut all: Vec<Row> = projects.into_iter().flat_map(of_project).collect();
        all.extend(self.open_offers().map(Row::of_offer));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{deployment, project};
    use super::*;
    use crate::model::Environment;
    use DeploymentStatus as S;

    fn labels(fleet: &Fleet) -> Vec<&str> {
        fleet.rows().iter().map(|row| row.label.as_str()).collect()
    }

    fn fleet() -> Fleet {
        let mut fleet = Fleet::default();
        let deployments =
            vec![deployment("shop", "web", "d1", S::Healthy), deployment("blog", "blog", "d2", S::Stopped)];
        fleet.reset(vec![project("shop"), project("blog"), project("api")], 3, deployments);
        fleet
    }

    #[test]
    fn one_row_a_project_until_it_has_several_apps() {
        let mut fleet = fleet();
        assert_eq!(labels(&fleet), ["api", "blog", "shop"]);
        fleet.put_deployment(deployment("shop", "worker", "d3", S::Queued));
        assert_eq!(labels(&fleet), ["api", "blog", "shop", "web", "worker"]);
        let mut staging = deployment("blog", "blog", "d4", S::Queued);
        staging.key.environment = Environment::Staging;
        fleet.put_deployment(staging);
        assert_eq!(labels(&fleet), ["api", "blog", "development", "staging", "shop", "web", "worker"]);
    }

    #[test]
    fn a_failed_redeploy_leaves_what_serves() {
        let mut fleet = fleet();
        let key = deployment("shop", "web", "d1", S::Healthy).key;
        fleet.put_deployment(deployment("shop", "web", "d5", S::Running));
        assert_eq!(fleet.standing(&key).unwrap().status(), Some(S::Running));
        fleet.put_deployment(deployment("shop", "web", "d5", S::Failed));
        let slot = fleet.standing(&key).unwrap();
        assert_eq!((slot.status(), slot.is_behind()), (Some(S::Healthy), true));
        fleet.put_deployment(deployment("shop", "web", "d1", S::Unhealthy));
        assert_eq!(fleet.standing(&key).unwrap().status(), Some(S::Unhealthy));
        fleet.put_deployment(deployment("shop", "web", "d6", S::Healthy));
        let slot = fleet.standing(&key).unwrap();
        assert_eq!((slot.live.as_ref(), slot.is_behind()), (None, false));
    }

    #[test]
    fn what_is_deleted_is_gone() {
        let mut fleet = fleet();
        fleet.put_deployment(deployment("shop", "web", "d1", S::Deleted));
        assert_eq!(fleet.rows()[2].key, None);
        fleet.remove_project(&ProjectId::from("blog"));
        assert_eq!((labels(&fleet), fleet.total), (vec!["api", "shop"], 2));
    }

    #[test]
    fn the_selection_stays_on_its_thing() {
        let mut fleet = fleet();
        fleet.select_index(2);
        assert_eq!(fleet.selected_row().unwrap().label, "shop");
        fleet.put_project(project("more"));
        assert_eq!(fleet.selected_row().unwrap().label, "shop");
        fleet.select_app(deployment("shop", "worker", "d3", S::Queued).key);
        fleet.put_deployment(deployment("shop", "worker", "d3", S::Queued));
        assert_eq!(fleet.selected_row().unwrap().label, "worker");
        fleet.put_deployment(deployment("shop", "worker", "d3", S::Deleted));
        assert_eq!(fleet.selected_row().unwrap().label, "shop");
        fleet.remove_project(&ProjectId::from("shop"));
        assert!(fleet.selected_row().is_some());
    }

    #[test]
    fn the_filter_looks_at_names_and_states() {
        let mut fleet = fleet();
        fleet.set_filter("HEALTHY".to_owned());
        assert_eq!(labels(&fleet), ["shop"]);
        fleet.set_filter("b stop".to_owned());
        assert_eq!(labels(&fleet), ["blog"]);
        fleet.set_filter("nothing".to_owned());
        assert!(fleet.rows().is_empty() && fleet.selected_row().is_none());
        fleet.set_filter(String::new());
        assert!(fleet.selected_row().is_some());
    }

    #[test]
    fn offers_show_while_nothing_else_is_known() {
        let mut fleet = Fleet::default();
        fleet.set_offers(vec![Offer { name: "go".into(), path: "demos/go".into() }]);
        assert_eq!(labels(&fleet), ["go"]);
        assert!(fleet.selected_row().is_some() && fleet.selected_project().is_none());
        let added = |name: &str| Project { root: format!("demos/{name}").into(), ..project(name) };
        fleet.set_offers(
            ["go", "php"].map(|name| Offer { name: name.into(), path: format!("demos/{name}").into() }).into(),
        );
        fleet.put_project(added("go"));
        assert_eq!(labels(&fleet), ["go", "php"]);
        assert!(matches!(fleet.rows()[0].id, RowId::Project(_)) && matches!(fleet.rows()[1].id, RowId::Offer(_)));
        fleet.put_project(project("shop"));
        assert_eq!(labels(&fleet), ["go", "shop"]);
    }
}
