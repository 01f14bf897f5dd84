//! What goes wrong in the engine itself.

use crate::advisories::ArchiveError;
use crate::model::{DeploymentStatus, Problem, ProblemCode};
use crate::store::StoreError;
use crate::targets::TargetError;

/// What goes wrong in the engine itself, and what it passes on from below.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A target failed.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The imported advisories.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Something that is a problem already.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// No such project.
    #[error("no project {0}")]
    NoProject(String),
    /// No such deployment.
    #[error("no deployment {0}")]
    NoDeployment(String),
    /// No such job.
    #[error("no job {0}")]
    NoJob(String),
    /// The project has no app of that name.
    #[error("no app {app} in {project}")]
    NoApp {
        /// The project.
        project: String,
        /// What was asked for.
        app: String,
        /// What there is.
        apps: Vec<String>,
    },
    /// The project has nothing to deploy.
    #[error("nothing to deploy in {0}")]
    NothingToDeploy(String),
    /// Names that the app needs and nobody gave.
    #[error("{app} needs {}", names.join(", "))]
    MissingEnv {
        /// The app.
        app: String,
        /// The names.
        names: Vec<String>,
    },
    /// A port outside the range.
    #[error("port {0} is out of range")]
    PortOutOfRange(u16),
    /// Somebody else holds the port.
    #[error("port {port} is held by {holder}")]
    PortHeld {
        /// The port.
        port: u16,
        /// Who.
        holder: String,
    },
    /// A program listens on the port.
    #[error("port {0} is in use")]
    PortInUse(u16),
    /// The port is held by an app.
    #[error("port {0} is an app's")]
    PortOfApp(u16),
    /// Nobody holds the port.
    #[error("port {0} is not held")]
    PortNotHeld(u16),
    /// The whole range is taken.
    #[error("no free port")]
    NoFreePort,
    /// One wanted port for several apps.
    #[error("one port for several apps")]
    PortForSeveral,
    /// The deployment is not in a state for it.
    #[error("cannot {act}: it is {status}")]
    WrongStatus {
        /// What was asked for.
        act: &'static str,
        /// How it stands.
        status: DeploymentStatus,
    },
    /// There is no release to go back to.
    #[error("no release {0:?}")]
    NoRelease(Option<u32>),
    /// Neither the image nor the source of a release is kept.
    #[error("release {0} is not kept")]
    ReleaseGone(u32),
    /// A file or folder of the engine's own.
    #[error("{action}: {error}")]
    Io {
        /// What was tried.
        action: String,
        /// The system's words.
        error: std::io::Error,
    },
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        use ProblemCode::{Failed, NotFound, Refused, Usage};
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Target(error) => error.problem(),
            EngineError::Archive(error) => error.into(),
            EngineError::Problem(problem) => problem,
            EngineError::NoProject(name) => {
                Self::new(NotFound, "project-not-found", format!("there is no project “{name}”"))
                    .fix("`wharf projects list` shows what is known; `wharf projects add PATH` adds a folder")
            }
            EngineError::NoDeployment(id) => {
                Self::new(NotFound, "deployment-not-found", format!("there is no deployment “{id}”"))
                    .fix("`wharf list` shows the deployments")
            }
            EngineError::NoJob(id) => Self::new(NotFound, "job-not-found", format!("there is no job “{id}”"))
                .fix("`wharf jobs` shows the jobs"),
            EngineError::NoApp { project, app, apps } => {
                Self::new(NotFound, "app-not-found", format!("project {project} has no app “{app}”"))
                    .why(format!("its apps are: {}", apps.join(", ")))
                    .fix("name one of them with `--app`")
            }
            EngineError::NothingToDeploy(project) => {
                Self::new(NotFound, "framework-not-detected", format!("there is nothing to deploy in {project}"))
                    .why("no manifest of a known stack, no Dockerfile and no index.html was found")
                    .fix("`wharf detect` shows what was looked at; check that this is the app's folder")
            }
            EngineError::MissingEnv { app, names } => {
                let give: Vec<String> = names.iter().map(|name| format!("--set {name}=…")).collect();
                Self::new(Refused, "missing-env-var", format!("{app} needs {} and nobody gave it", names.join(", ")))
                    .why("without these variables the app would not start")
                    .fix(format!(
                        "give them: `{}` (or `--secret {}` for a secret, `--env-file .env`, or [app.env] in wharf.toml)",
                        give.join(" "),
                        names[0]
                    ))
            }
            EngineError::PortOutOfRange(port) => {
                Self::new(Usage, "port-out-of-range", format!("port {port} is not one that Wharf gives out"))
                    .why("apps get ports from 20000 to 40000")
                    .fix("choose one of those, or leave it out to be given one")
            }
            EngineError::PortHeld { port, holder } => {
                Self::new(Refused, "port-in-use", format!("port {port} is held by {holder}"))
                    .fix("choose another, or leave it out to be given one; `wharf ports` shows who holds which")
            }
            EngineError::PortInUse(port) => Self::new(Refused, "port-in-use", format!("port {port} is taken"))
                .why("another program on this host listens on it")
                .fix("stop that program, or choose another port"),
            EngineError::PortOfApp(port) => Self::new(Refused, "port-in-use", format!("port {port} belongs to an app"))
                .why("an app keeps its port until it is deleted")
                .fix("delete the app with `wharf delete`"),
            EngineError::PortNotHeld(port) => Self::new(NotFound, "port-not-held", format!("nobody holds port {port}"))
                .fix("`wharf ports` shows which are held"),
            EngineError::NoFreePort => Self::new(Failed, "no-free-port", "no port is free")
                .why("every port from 20000 to 40000 is held or in use")
                .fix("`wharf ports` shows who holds which; delete apps that are no longer needed"),
            EngineError::PortForSeveral => {
                Self::new(Usage, "port-for-several-apps", "one port cannot serve several apps")
                    .fix("name the app with `--app`, or leave `--port` out")
            }
            EngineError::WrongStatus { act, status } => {
                Self::new(Refused, "wrong-status", format!("cannot {act} a deployment that is {status}")).fix(
                    if status.is_pending() {
                        "wait until it is over, or end it with `wharf cancel`"
                    } else {
                        "`wharf status` shows how it stands"
                    },
                )
            }
            EngineError::NoRelease(None) => {
                Self::new(NotFound, "release-not-found", "there is no earlier release to go back to")
                    .why("a release is kept each time a deployment comes up healthy")
                    .fix("deploy a good version instead")
            }
            EngineError::NoRelease(Some(number)) => {
                Self::new(NotFound, "release-not-found", format!("there is no release {number}"))
                    .fix("`wharf rollback --list` shows the releases")
            }
            EngineError::ReleaseGone(number) => {
                Self::new(NotFound, "release-gone", format!("release {number} is no longer kept"))
                    .why("image and source are kept for the last ten releases")
                    .fix("check out that version of the code and deploy it")
            }
            EngineError::Io { action, error } => io_problem(&action, &error),
        }
    }
}

fn io_problem(action: &str, error: &std::io::Error) -> Problem {
    let (cause, fix) = match error.kind() {
        std::io::ErrorKind::StorageFull => ("disk-full", "make room (`df -h`) and try again"),
        std::io::ErrorKind::PermissionDenied => ("permission-denied", "check who owns that folder"),
        _ => ("io-error", "check the disk and the folder's permissions"),
    };
    Problem::new(ProblemCode::Failed, cause, format!("could not {action}")).why(error).fix(fix)
}
