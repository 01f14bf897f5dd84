//! Which deployments a command means: those of a path, of a project's name, or one by its id.

use std::path::Path;

use clap::Args;

use super::place;
use crate::api::client::Client;
use crate::model::{
    Deployment, DeploymentFilter, DeploymentStatus, Environment, PageQuery, Problem, ProblemCode, Project, ProjectId,
    Source,
};

/// How far back it is looked for the newest deployment of each app.
const NEWEST: usize = 500;

/// What a command acts on.
#[derive(Clone, Debug, Args)]
pub(super) struct Selection {
    /// A project's folder, git address or name, or a deployment's id or its beginning
    #[arg(value_name = "WHAT", default_value = ".")]
    pub(super) what: String,
    /// Only this app of the project
    #[arg(long, value_name = "NAME")]
    pub(super) app: Option<String>,
    /// Only this environment: development, staging, production
    #[arg(long, value_name = "ENVIRONMENT")]
    pub(super) env: Option<Environment>,
}

impl Selection {
    /// The deployments that are meant, one for each app and environment, in the order that they were deployed in,
    /// which is that of what they depend on. `fits` says which of an app's deployments the command is about.
    pub(super) async fn deployments(
        &self,
        client: &Client,
        fits: impl Fn(&Deployment) -> bool,
    ) -> Result<Vec<Deployment>, Problem> {
        match find(client, &self.what).await? {
            Found::Deployment(deployment) => Ok(vec![*deployment]),
            Found::Project(project) => {
                let known = self.known(client, &project.id).await?;
                if known.is_empty() {
                    return Err(self.nothing(&project));
                }
                Ok(newest_of_each(known.into_iter().filter(fits).collect()))
            }
        }
    }

    /// What is pending or up, and the newest of the others.
    async fn known(&self, client: &Client, project: &ProjectId) -> Result<Vec<Deployment>, Problem> {
        let filter = DeploymentFilter {
            project: Some(project.clone()),
            app: self.app.clone(),
            environment: self.env,
            limit: Some(NEWEST),
            ..DeploymentFilter::default()
        };
        let mut known = client.deployments(&filter).await?.items;
        // One that has been up for long may lie behind very many that failed.
        let rest = client.snapshot().await?.deployments;
        known.extend(rest);
        known.retain(|deployment| {
            deployment.key.project == *project
                && deployment.status != DeploymentStatus::Deleted
                && self.app.as_ref().is_none_or(|app| *app == deployment.key.app)
                && self.env.is_none_or(|env| env == deployment.key.environment)
        });
        Ok(known)
    }

    fn nothing(&self, project: &Project) -> Problem {
        let app = self.app.as_ref().map(|app| format!(" of the app {app}")).unwrap_or_default();
        let env = self.env.map(|env| format!(" in {env}")).unwrap_or_default();
        Problem::new(
            ProblemCode::NotFound,
            "not-deployed",
            format!("there is no deployment{app} of {}{env}", project.name),
        )
        .fix("deploy it with `wharf deploy`; `wharf list` shows what there is")
    }
}

/// The newest deployment of each app and environment, oldest first.
fn newest_of_each(mut deployments: Vec<Deployment>) -> Vec<Deployment> {
    deployments.sort_by(|a, b| b.id.cmp(&a.id));
    let mut seen = std::collections::BTreeSet::new();
    deployments.retain(|deployment| seen.insert(deployment.key.clone()));
    deployments.reverse();
    deployments
}

/// What a word on the command line names.
#[derive(Debug)]
pub(super) enum Found {
    Project(Box<Project>),
    Deployment(Box<Deployment>),
}

/// Looks a word up: what looks like a path or an address is one; else a project's name, a folder, a deployment.
pub(super) async fn find(client: &Client, what: &str) -> Result<Found, Problem> {
    if let Some((url, reference)) = place::git(what) {
        return cloned(client, &url, reference.as_deref()).await.map(|project| Found::Project(Box::new(project)));
    }
    let is_path = what == "." || what == ".." || what.contains('/');
    if !is_path {
        match client.find_project(what).await {
            Err(problem) if problem.code == ProblemCode::NotFound => {}
            answer => return answer.map(|project| Found::Project(Box::new(project))),
        }
    }
    if is_path || Path::new(what).is_dir() {
        return project_at(client, what).await.map(|project| Found::Project(Box::new(project)));
    }
    match client.deployment(what).await {
        Err(problem) if problem.code == ProblemCode::NotFound => Err(Problem::new(
            ProblemCode::NotFound,
            "unknown-name",
            format!("“{what}” is no project, no folder and no deployment"),
        )
        .fix("`wharf projects list` and `wharf list` show what there is")),
        answer => answer.map(|detail| Found::Deployment(Box::new(detail.deployment))),
    }
}

/// The project that a word names.
pub(super) async fn project(client: &Client, what: &str) -> Result<Project, Problem> {
    match find(client, what).await? {
        Found::Project(project) => Ok(*project),
        Found::Deployment(deployment) => client.find_project(deployment.key.project.as_str()).await,
    }
}

async fn project_at(client: &Client, path: &str) -> Result<Project, Problem> {
    // A known project whose folder is gone is still found by its path.
    let absolute = match place::folder(Path::new(path)) {
        Ok(path) => path,
        Err(problem) if problem.code == ProblemCode::NotFound => match std::path::absolute(path) {
            Ok(absolute) if client.find_project(&absolute.to_string_lossy()).await.is_ok() => absolute,
            _ => return Err(problem),
        },
        Err(problem) => return Err(problem),
    };
    client.find_project(&absolute.to_string_lossy()).await.map_err(|problem| match problem.code {
        ProblemCode::NotFound => Problem::new(
            ProblemCode::NotFound,
            "unknown-project",
            format!("{} is not a known project", absolute.display()),
        )
        .fix(format!("deploy it with `wharf deploy {path}`, or add it with `wharf projects add {path}`")),
        _ => problem,
    })
}

async fn cloned(client: &Client, address: &str, wanted: Option<&str>) -> Result<Project, Problem> {
    let mut query = PageQuery::default();
    loop {
        let page = client.projects(&query).await?;
        let is_it = |project: &Project| match &project.source {
            Source::Git { url, reference, .. } => url == address && wanted == reference.as_deref(),
            Source::Folder => false,
        };
        if let Some(project) = page.items.into_iter().find(is_it) {
            return Ok(project);
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => {
                return Err(Problem::new(
                    ProblemCode::NotFound,
                    "unknown-project",
                    format!("{address} is not a known project"),
                )
                .fix("deploy it with `wharf deploy`, or add it with `wharf projects add`"));
            }
        }
    }
}
