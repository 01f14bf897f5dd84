//! Projects: what is known, what is in them, what would be generated for them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::EngineError;
use super::{Engine, Inner};
use crate::detect;
use crate::generate::{self, Folder, Order, Templates, Wishes};
use crate::model::{
    AddProject, AppKey, AppProfile, ArtifactQuery, ArtifactView, DeploymentFilter, Detection, Environment, EventKind,
    FileTree, Kept, Location, Page, PageQuery, Problem, ProblemCode, Project, ProjectId, RemoveQuery, Removed,
    Settings, Source, TargetRef, WriteArtifacts,
};
use crate::os::tree::DiskTree;
use crate::os::{chance, clock, git, own_templates, paths, project_files};
use crate::validate;

/// A repository may take so long to arrive.
const CLONE: Duration = Duration::from_mins(10);
/// What was detected holds so long, and only while the tree is unchanged.
const DETECTION_HOLDS: Duration = Duration::from_hours(1);

impl Engine {
    /// Makes a folder or a repository known. One that is known already is returned as it is; a repository is brought
    /// up to date.
    pub async fn add_project(&self, request: AddProject, by: &str) -> Result<Project, Problem> {
        let engine = &self.0;
        let _asking = engine.asking.lock().await;
        match request.location {
            Location::Folder { path } => {
                let root = open_tree(path).await?.root().to_owned();
                match engine.project_at(&root).await? {
                    Some(known) => Ok(known),
                    None => Ok(engine
                        .remember(
                            ProjectId::new(clock::now(), chance::number()),
                            root,
                            Source::Folder,
                            request.name,
                            by,
                        )
                        .await?),
                }
            }
            Location::Git { url, reference } => engine.add_repository(url, reference, request.name, by).await,
        }
    }

    /// Projects by name.
    pub async fn projects(&self, query: PageQuery) -> Result<Page<Project>, Problem> {
        Ok(self.0.store.projects(&query).await?)
    }

    /// The project of that id or name, or at that absolute path.
    pub async fn find_project(&self, word: &str) -> Result<Project, Problem> {
        Ok(self.0.find_project(word).await?)
    }

    /// Forgets a project. Its folder stays; a clone of the engine's own goes. What stays on targets is told.
    pub async fn remove_project(&self, id: &ProjectId, query: RemoveQuery, by: &str) -> Result<Removed, Problem> {
        let engine = &self.0;
        let _asking = engine.asking.lock().await;
        let kept = engine.kept_of(id).await?;
        let project = engine.store.remove_project(id, query.deployments, clock::now()).await?;
        tracing::info!(project = %project.name, by, "project removed");
        if matches!(project.source, Source::Git { .. })
            && let Err(error) = tokio::fs::remove_dir_all(&project.root).await
        {
            tracing::warn!(%error, "a clone could not be removed");
        }
        engine.publish(EventKind::ProjectRemoved(id.clone())).await;
        if !kept.is_empty() {
            engine.publish(EventKind::Notice(stays(&project.name, &kept))).await;
        }
        Ok(Removed { kept })
    }

    /// What is in a project. `fresh` looks again even where nothing changed.
    pub async fn detection(&self, id: &ProjectId, fresh: bool) -> Result<Detection, Problem> {
        let project = self.0.seen(id).await?;
        let (detection, settings) = self.0.examine(&project, fresh).await?;
        Ok(settings.applied(&detection, Environment::default()))
    }

    /// The files that would be generated, and how they stand to the project's own.
    pub async fn artifacts(&self, id: &ProjectId, query: &ArtifactQuery) -> Result<Vec<ArtifactView>, Problem> {
        let project = self.0.seen(id).await?;
        let (detection, settings) = self.0.examine_unwritten(&project).await?;
        let app = match &query.app {
            Some(app) => select_apps(&project, &detection, Some(app))?.first().map(|app| app.name.clone()),
            None => None,
        };
        let query = query.clone();
        let made = in_folder(&project, move |folder, name| {
            let templates = Templates::in_use(own_templates::read()?);
            let (apps, _) = generate::meant(&detection.apps, app.as_deref(), &settings, query.environment);
            let order = Order {
                project: name,
                apps: &apps,
                app: app.as_deref(),
                settings: &settings,
                environment: query.environment,
                templates: &templates,
            };
            order.beside(query.only.as_deref(), folder)
        });
        made.await
    }

    /// Writes the generated files into the project. Where one is in conflict that is not decided on, nothing at all is
    /// written.
    pub async fn write_artifacts(&self, id: &ProjectId, request: WriteArtifacts) -> Result<Vec<ArtifactView>, Problem> {
        let project = self.0.project(id).await?;
        let WriteArtifacts { app, environment, only, paths, take, prune } = request;
        let query = ArtifactQuery { app, environment, only };
        let mut views = self.artifacts(id, &query).await?;
        if let Some(unknown) = paths.iter().find(|path| !views.iter().any(|view| view.artifact.path == **path)) {
            return Err(no_artifact(unknown, &project.name));
        }
        views.retain(|view| paths.is_empty() || paths.contains(&view.artifact.path));
        let root = project.root.clone();
        in_folder(&project, move |folder, name| {
            let changes = generate::writes(&views, |_| Wishes { take, prune }, name, folder)?;
            project_files::clear(&root, generate::places(&views).iter().map(String::as_str));
            project_files::apply(&root, &changes)
        })
        .await?;
        self.0.publish(EventKind::Detected(id.clone())).await;
        self.artifacts(id, &query).await
    }
}

impl Inner {
    pub(super) async fn project(&self, id: &ProjectId) -> Result<Project, EngineError> {
        self.store.project(id).await?.ok_or_else(|| EngineError::NoProject(id.to_string()))
    }

    /// What is left on targets of all that a project ever deployed.
    async fn kept_of(&self, id: &ProjectId) -> Result<Vec<Kept>, EngineError> {
        let mut filter =
            DeploymentFilter { project: Some(id.clone()), limit: Some(500), ..DeploymentFilter::default() };
        let mut places = HashSet::new();
        loop {
            let page = self.store.deployments(&filter).await?;
            places.extend(page.items.into_iter().map(|deployment| (deployment.target, deployment.key)));
            match page.next {
                Some(next) => filter.after = Some(next),
                None => break,
            }
        }
        let mut kept = Vec::new();
        for (target, key) in places {
            match self.places.get(&target).kept(&key).await {
                Ok(found) => kept.extend(found),
                Err(error) => {
                    tracing::warn!(app = %key.app, %error, "cannot tell what stays of an app");
                    kept.push(unknown(&target, &key));
                }
            }
        }
        kept.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(kept)
    }

    async fn find_project(&self, word: &str) -> Result<Project, EngineError> {
        if Path::new(word).is_absolute() {
            let root = tokio::fs::canonicalize(word).await.unwrap_or_else(|_| PathBuf::from(word));
            if let Some(project) = self.project_at(&root).await? {
                return Ok(project);
            }
        } else if let Some(project) = self.store.project(&ProjectId::from(word)).await? {
            return Ok(project);
        } else if let Some(project) = self.store.project_by_name(word).await? {
            return Ok(project);
        }
        Err(EngineError::NoProject(word.to_owned()))
    }

    async fn project_at(&self, root: &Path) -> Result<Option<Project>, EngineError> {
        Ok(self.store.project_at(root).await?)
    }

    async fn remember(
        &self,
        id: ProjectId,
        root: PathBuf,
        source: Source,
        name: Option<String>,
        by: &str,
    ) -> Result<Project, EngineError> {
        let folder = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // Names are given while `asking` is held: what is free here is free when it is stored.
        let name = self.free_name(name.as_deref().unwrap_or(&folder)).await?;
        let project = Project { id, name, root, source, added_at: clock::now(), added_by: by.to_owned() };
        self.store.put_project(&project).await?;
        self.publish(EventKind::Project(project.clone())).await;
        Ok(project)
    }

    /// A name made of any text that no project has.
    pub(super) async fn free_name(&self, text: &str) -> Result<String, EngineError> {
        let base = label(text);
        let (mut name, mut number) = (base.clone(), 1);
        while self.store.project_by_name(&name).await?.is_some() {
            number += 1;
            name = format!("{base}-{number}");
        }
        Ok(name)
    }

    /// The project that is known at a place; a repository is brought up to date.
    pub(super) async fn known_at(&self, location: &Location) -> Result<Option<Project>, Problem> {
        match location {
            Location::Folder { path } => {
                let root = open_tree(path.clone()).await?.root().to_owned();
                Ok(self.project_at(&root).await?)
            }
            Location::Git { url, reference } => self.known_repository(url, reference.as_deref()).await,
        }
    }

    async fn known_repository(&self, url: &str, reference: Option<&str>) -> Result<Option<Project>, Problem> {
        let clean = git::without_credentials(url);
        let same = |source: &Source| matches!(source, Source::Git { url, reference: known, .. } if *url == clean && known.as_deref() == reference);
        let Some(mut known) = self.project_where(|project| same(&project.source)).await? else { return Ok(None) };
        let commit = git::checkout(url, reference, &known.root, CLONE).await?;
        known.source = Source::Git { url: clean, reference: reference.map(str::to_owned), commit: Some(commit) };
        self.store.put_project(&known).await?;
        self.publish(EventKind::Project(known.clone())).await;
        Ok(Some(known))
    }

    async fn add_repository(
        &self,
        url: String,
        reference: Option<String>,
        name: Option<String>,
        by: &str,
    ) -> Result<Project, Problem> {
        if let Some(known) = self.known_repository(&url, reference.as_deref()).await? {
            return Ok(known);
        }
        let clean = git::without_credentials(&url);
        let id = ProjectId::new(clock::now(), chance::number());
        let clones = self.data_dir().join("clones");
        paths::private_dir(&clones)?;
        let root = clones.join(id.as_str());
        let commit = git::checkout(&url, reference.as_deref(), &root, CLONE).await?;
        let last = git::name_of(&clean);
        let source = Source::Git { url: clean, reference, commit: Some(commit) };
        Ok(self.remember(id, root, source, name.or(last), by).await?)
    }

    async fn project_where(&self, wanted: impl Fn(&Project) -> bool) -> Result<Option<Project>, EngineError> {
        let mut query = PageQuery { after: None, limit: Some(1000) };
        loop {
            let page = self.store.projects(&query).await?;
            if let Some(found) = page.items.into_iter().find(|project| wanted(project)) {
                return Ok(Some(found));
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(None),
            }
        }
    }

    /// What is in a project beside what Wharf wrote there, and what its settings say.
    async fn examine_unwritten(&self, project: &Project) -> Result<(Detection, Settings), EngineError> {
        let tree = open_tree(project.root.clone()).await?.named(&project.name);
        let all = tree.paths().len();
        let without = move |folder: &Folder<'_>, _: &str| {
            let templates = Templates::in_use(own_templates::read()?);
            Ok(tree.without(|path| generate::is_wharfs(path, &templates, folder)))
        };
        let tree = in_folder(project, without).await?;
        if tree.paths().len() == all {
            return self.examine_tree(project, tree, false).await;
        }
        let settings = detect::settings(&tree)?;
        Ok((blocking(move || detect::detect(&tree)).await?, settings))
    }

    /// What is in a project and what its settings say. What was found before is used while its tree is unchanged.
    pub(super) async fn examine(&self, project: &Project, fresh: bool) -> Result<(Detection, Settings), EngineError> {
        let tree = open_tree(project.root.clone()).await?.named(&project.name);
        self.examine_tree(project, tree, fresh).await
    }

    async fn examine_tree(
        &self,
        project: &Project,
        tree: DiskTree,
        fresh: bool,
    ) -> Result<(Detection, Settings), EngineError> {
        let settings = detect::settings(&tree)?;
        let now = clock::now();
        let (tree, fingerprint) = blocking(move || {
            let fingerprint = tree.fingerprint();
            (tree, fingerprint)
        })
        .await?;
        let before = self.store.detection(&project.id).await?;
        if let Some((seen, found, at)) = &before
            && !fresh
            && *seen == fingerprint
            && now.since(*at) < DETECTION_HOLDS
        {
            return Ok((found.clone(), settings));
        }
        let detection = blocking(move || detect::detect(&tree)).await?;
        if self.is_glance(&project.id) {
            return Ok((detection, settings));
        }
        self.store.put_detection(&project.id, &fingerprint, &detection, now).await?;
        if before.is_none_or(|(_, found, _)| found != detection) {
            self.publish(EventKind::Detected(project.id.clone())).await;
        }
        Ok((detection, settings))
    }
}

/// The apps that are meant: the one named, by its name or path, or all.
pub(super) fn select_apps<'a>(
    project: &Project,
    detection: &'a Detection,
    app: Option<&str>,
) -> Result<Vec<&'a AppProfile>, EngineError> {
    if detection.apps.is_empty() {
        return Err(EngineError::NothingToDeploy(project.root.display().to_string()));
    }
    let Some(wanted) = app else { return Ok(detection.apps.iter().collect()) };
    let found: Vec<&AppProfile> =
        detection.apps.iter().filter(|profile| profile.name == wanted || profile.path == wanted).collect();
    if found.is_empty() {
        return Err(EngineError::NoApp {
            project: project.name.clone(),
            app: wanted.to_owned(),
            apps: detection.apps.iter().map(|profile| profile.name.clone()).collect(),
        });
    }
    Ok(found)
}

/// Looks into a project's folder, given together with the name that the project has in its files.
async fn in_folder<T: Send + 'static>(
    project: &Project,
    look: impl FnOnce(&Folder<'_>, &str) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (root, name) = (project.root.clone(), project.name.clone());
    blocking(move || {
        let read = |path: &str| project_files::look(&root, path);
        let folder = Folder::new(&read, &validate::says)?;
        let name = folder.name().unwrap_or(&name).to_owned();
        look(&folder, &name)
    })
    .await?
}

fn no_artifact(path: &str, project: &str) -> Problem {
    Problem::new(ProblemCode::NotFound, "artifact-not-found", format!("nothing is generated at {path} for {project}"))
        .why("none of its generated files has that path")
        .fix("`wharf generate --dry-run` names them")
}

/// Stands for what cannot be seen now: the target does not answer.
fn unknown(target: &TargetRef, key: &AppKey) -> Kept {
    let host = target.host.as_ref().map(|host| format!(" --host {host}")).unwrap_or_default();
    Kept {
        name: format!("what {} in {} may have on {}, which does not answer", key.app, key.environment, target.kind),
        remove: format!("docker{host} volume ls --filter label=wharf.project={}", key.project),
    }
}

fn stays(project: &str, kept: &[Kept]) -> Problem {
    let names: Vec<&str> = kept.iter().map(|kept| kept.name.as_str()).collect();
    let commands: Vec<&str> = kept.iter().map(|kept| kept.remove.as_str()).collect();
    Problem::new(ProblemCode::Refused, "data-stays", format!("data of {project} stays: {}", names.join(", ")))
        .why("volumes are removed on request only")
        .fix(format!("to remove it with all that is in it: `{}`", commands.join(" && ")))
}

pub(super) async fn open_tree(path: PathBuf) -> Result<DiskTree, EngineError> {
    Ok(blocking(move || DiskTree::open(&path)).await??)
}

/// Does work that reads the disk on a thread where it blocks nobody.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, EngineError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Problem::new(crate::model::ProblemCode::Failed, "internal-fault", "a fault in Wharf ended this work")
            .why(error)
            .fix("the engine's log has the details; please report it")
            .into()
    })
}

/// A DNS label of at most 40 characters made of any text.
fn label(text: &str) -> String {
    let mut label = String::new();
    for letter in text.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            label.push(letter);
        } else if !label.is_empty() && !label.ends_with('-') {
            label.push('-');
        }
        if label.len() == 40 {
            break;
        }
    }
    let label = label.trim_end_matches('-');
    if label.is_empty() { "project".to_owned() } else { label.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn any_name_becomes_a_label() {
        assert_eq!(label("My Shop.App"), "my-shop-app");
        assert_eq!(label("--ü--"), "project");
        assert_eq!(label(&"a".repeat(99)).len(), 40);
    }
}
