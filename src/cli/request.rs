//! What to deploy and with what: the arguments that `deploy` and `plan` share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{env_file, place, prompt, select};
use crate::api::client::Client;
use crate::model::{AddProject, DeployRequest, Environment, Problem, ProblemCode, Secret, TargetKind, TargetRef};
use crate::os::docker_host;

type Plain = BTreeMap<String, String>;
type Sealed = BTreeMap<String, Secret>;

/// What to deploy and with what.
#[derive(Clone, Debug, Args)]
pub(super) struct RequestArgs {
    /// A folder, a git address (`URL#ref`), or a known project's name
    #[arg(value_name = "PATH", default_value = ".")]
    path: String,
    /// Only this app of the project
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// The environment: development, staging, production
    #[arg(long, value_name = "ENVIRONMENT", default_value_t)]
    env: Environment,
    /// Where to: docker, process [default: docker]
    #[arg(long)]
    target: Option<TargetKind>,
    /// Set an environment variable of the app
    #[arg(long, value_name = "KEY=VALUE", value_parser = env_file::pair)]
    set: Vec<(String, String)>,
    /// Set those of a file of KEY=VALUE lines; what is named like a secret is kept as one
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// Set one whose value is asked for, or is the next line of standard input, and is kept sealed
    #[arg(long, value_name = "KEY", value_parser = env_file::name)]
    secret: Vec<String>,
    /// Publish on this port of the host
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

impl RequestArgs {
    /// The request; `keep` makes the project known where it was not. All that can be wrong with the arguments is found
    /// before the engine is asked for anything.
    pub(super) async fn resolve(
        self,
        keep: bool,
        client: impl AsyncFnOnce() -> Result<Client, Problem>,
    ) -> Result<(Client, DeployRequest), Problem> {
        let kind = self.target.unwrap_or_default();
        let host = if kind == TargetKind::Docker { docker_host::docker_host()? } else { None };
        let target = TargetRef { kind, host };
        let location = if self.is_name() { None } else { Some(place::location(&self.path)?) };
        let (set, mut secrets) = self.variables()?;
        for name in &self.secret {
            secrets.insert(name.clone(), prompt::secret(name)?);
        }
        let client = client().await?;
        if self.target.is_none() {
            can_deploy(&client, &target).await?;
        }
        let project = match location {
            Some(location) if keep => client.add_project(&AddProject { location, name: None }).await?,
            Some(location) => client.glance(&location).await?,
            None => select::project(&client, &self.path).await?,
        };
        let request = DeployRequest {
            project: project.id,
            app: self.app,
            environment: self.env,
            target,
            set,
            secrets,
            port: self.port,
        };
        Ok((client, request))
    }

    /// A word that is no folder here may be the name of a project.
    fn is_name(&self) -> bool {
        let looks_like_a_path = self.path.contains('/') || self.path.starts_with('.');
        !looks_like_a_path && place::git(&self.path).is_none() && !Path::new(&self.path).exists()
    }

    /// Later ones win over earlier ones, `--set` over files.
    fn variables(&self) -> Result<(Plain, Sealed), Problem> {
        let (mut plain, mut secret) = (Plain::new(), Sealed::new());
        for file in &self.env_file {
            for (name, value) in env_file::read(file)? {
                if env_file::is_secret_name(&name) && !value.is_empty() {
                    secret.insert(name, Secret::new(value));
                } else {
                    plain.insert(name, value);
                }
            }
        }
        for (name, value) in &self.set {
            secret.remove(name);
            plain.insert(name.clone(), value.clone());
        }
        for name in &self.secret {
            plain.remove(name);
        }
        Ok((plain, secret))
    }
}

/// Nobody said where to: then the default has to answer, or the other way is named before anything is built.
async fn can_deploy(client: &Client, target: &TargetRef) -> Result<(), Problem> {
    let asked = client.targets(std::slice::from_ref(target)).await?;
    match asked.into_iter().find(|status| !status.available) {
        None => Ok(()),
        Some(status) => {
            Err(Problem::new(ProblemCode::Unreachable, "docker-daemon-not-running", "Docker cannot be used here")
                .why(status.detail)
                .fix("`wharf doctor` says how to mend it; or run the app without Docker: add `--target process`"))
        }
    }
}
