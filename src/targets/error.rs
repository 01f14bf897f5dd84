//! What goes wrong on a target.

use crate::model::{Problem, ProblemCode};

/// What goes wrong on a target.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TargetError {
    /// It does not answer.
    #[error("{target} does not answer: {detail}")]
    Unreachable {
        /// The target and its address.
        target: String,
        /// The system's words.
        detail: String,
    },
    /// It answers, but this account may not use it.
    #[error("{target} refuses this account: {detail}")]
    Denied {
        /// The target and its address.
        target: String,
        /// The system's words.
        detail: String,
    },
    /// Another program holds the port.
    #[error("port {port} is taken")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// An image cannot be had.
    #[error("image {image} cannot be had: {detail}")]
    ImageMissing {
        /// The image.
        image: String,
        /// The registry's or the engine's words.
        detail: String,
    },
    /// The build failed; its output says why.
    #[error("the build failed: {detail}")]
    Build {
        /// The last words of the builder.
        detail: String,
    },
    /// A command that is needed is not installed.
    #[error("{program} is not installed")]
    ProgramMissing {
        /// The command.
        program: String,
    },
    /// A service did not become ready.
    #[error("service {service} is not ready: {detail}")]
    ServiceNotReady {
        /// The service.
        service: String,
        /// What it said last.
        detail: String,
    },
    /// There is no room.
    #[error("no space left: {detail}")]
    DiskFull {
        /// The system's words.
        detail: String,
    },
    /// The plan asks for something that this target cannot do.
    #[error("{0}")]
    Unsupported(String),
    /// Anything else, in the target's own words.
    #[error("{action}: {detail}")]
    Other {
        /// What was tried: `create the container`.
        action: String,
        /// The target's words.
        detail: String,
    },
}

impl TargetError {
    /// The error as a person sees it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        use ProblemCode::{Failed, Refused, Unreachable};
        match self {
            Self::Unreachable { target, detail } => {
                Problem::new(Unreachable, "docker-daemon-not-running", format!("{target} does not answer"))
                    .why(detail)
                    .fix("start it (`sudo systemctl start docker`), or deploy with `--target process`")
            }
            Self::Denied { target, detail } => {
                Problem::new(Unreachable, "docker-socket-permission", format!("{target} refuses this account"))
                    .why(detail)
                    .fix("add the account to the docker group (`sudo usermod -aG docker $USER`) and log in again")
            }
            Self::PortTaken { port } => Problem::new(Refused, "port-in-use", format!("port {port} is taken"))
                .why("another program on the host listens on it")
                .fix("stop that program, or deploy with another `--port`"),
            Self::ImageMissing { image, detail } => {
                Problem::new(Failed, "base-image-not-found", format!("image {image} cannot be had"))
                    .why(detail)
                    .fix("check its name and tag, and that this machine reaches the registry")
            }
            Self::Build { detail } => Problem::new(Failed, "build-failed", "the build failed")
                .why(detail)
                .fix("read the build's output (`wharf logs`), mend the cause and deploy again"),
            Self::ProgramMissing { program } => {
                Problem::new(Failed, "command-not-found", format!("`{program}` is not installed on this machine"))
                    .why("the `process` target runs the app with the machine's own tools")
                    .fix(format!("install {program}, or deploy with `--target docker`"))
            }
            Self::ServiceNotReady { service, detail } => {
                Problem::new(Failed, "service-not-ready", format!("service {service} did not become ready"))
                    .why(detail)
                    .fix("read its output (`wharf logs`) and deploy again")
            }
            Self::DiskFull { detail } => Problem::new(Failed, "disk-full", "no space left on the disk")
                .why(detail)
                .fix("make room (`docker system prune`, `df -h`) and deploy again"),
            Self::Unsupported(detail) => {
                Problem::new(Refused, "target-unsupported", detail.clone()).fix("choose another target with `--target`")
            }
            Self::Other { action, detail } => {
                Problem::new(Failed, "target-error", format!("could not {action}")).why(detail)
            }
        }
    }
}
