//! Names and marks of what stands on a Docker Engine.

use std::collections::HashMap;

use super::Role;
use crate::model::{AppKey, DeploymentId, Plan};

pub(super) const DATA: &str = "wharf.data";
const PROJECT: &str = "wharf.project";
const APP: &str = "wharf.app";
const ENVIRONMENT: &str = "wharf.environment";
pub(super) const DEPLOYMENT: &str = "wharf.deployment";
pub(super) const ROLE: &str = "wharf.role";
/// The name of a process beside an app.
pub(super) const PROCESS: &str = "wharf.process";
pub(super) const SERVICE: &str = "service";
pub(super) const CONFIG: &str = "wharf.config";
/// Marks a network with the range that it is a part of.
pub(super) const RANGE: &str = "wharf.range";

/// How many letters of the mark stand in names.
const SHORT: usize = 6;

/// Names and marks for one data folder.
#[derive(Clone, Debug)]
pub(super) struct Names {
    mark: String,
}

impl Names {
    pub(super) fn new(mark: String) -> Self {
        Self { mark }
    }

    /// A name of the plan, made one that no other data folder has.
    pub(super) fn own(&self, name: &str) -> String {
        let short: String = self.mark.chars().filter(char::is_ascii_alphanumeric).take(SHORT).collect();
        format!("{name}-{short}").to_lowercase()
    }

    /// The container of an instance.
    pub(super) fn instance(plan: &Plan, deployment: &DeploymentId, role: Role, process: Option<&str>) -> String {
        let name = format!("{}-{deployment}", base(plan));
        match role {
            Role::Beside => format!("{name}-{}-{}", role.as_str(), process.unwrap_or_default()),
            Role::Live => name,
            Role::Candidate | Role::Release => format!("{name}-{}", role.as_str()),
        }
    }

    /// The container of a service.
    pub(super) fn service(&self, plan: &Plan, service: &str) -> String {
        self.own(&format!("{}-{service}", base(plan)))
    }

    /// The image of a deployment.
    pub(super) fn image(plan: &Plan, deployment: &DeploymentId) -> String {
        let AppKey { app, environment, .. } = &plan.key;
        format!("wharf/{}-{app}-{environment}:{deployment}", plan.project_name).to_lowercase()
    }

    /// The marks of what belongs to an app.
    pub(super) fn labels(&self, key: &AppKey) -> HashMap<String, String> {
        let pairs = [
            (DATA, self.mark.as_str()),
            (PROJECT, key.project.as_str()),
            (APP, &key.app),
            (ENVIRONMENT, key.environment.as_str()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The marks of what belongs to a deployment.
    pub(super) fn deployment_labels(&self, key: &AppKey, deployment: &DeploymentId) -> HashMap<String, String> {
        let mut labels = self.labels(key);
        labels.insert(DEPLOYMENT.to_owned(), deployment.to_string());
        labels
    }

    /// Asks for everything of this data folder.
    pub(super) fn filter(&self) -> HashMap<String, Vec<String>> {
        HashMap::from([("label".to_owned(), vec![format!("{DATA}={}", self.mark)])])
    }

    /// Asks for everything of an app.
    pub(super) fn app_filter(&self, key: &AppKey) -> HashMap<String, Vec<String>> {
        let labels = self.labels(key).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        HashMap::from([("label".to_owned(), labels)])
    }
}

/// What the names of an app's things begin with.
fn base(plan: &Plan) -> String {
    format!("wharf-{}-{}-{}", plan.project_name, plan.key.app, plan.key.environment).to_lowercase()
}

/// The role that a mark names, where it is that of an instance.
pub(super) fn role(labels: &HashMap<String, String>) -> Option<Role> {
    Role::ALL.into_iter().find(|role| labels.get(ROLE).is_some_and(|name| name == role.as_str()))
}
