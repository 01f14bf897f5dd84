//! From a profile and settings to files and the plan. Pure: the same input gives the same bytes.
//!
//! [`Order`] makes all files of a project, [`image`] what an app's image is built by, [`plan`] what a deployment would
//! run, [`beside()`] and [`writes`] say how the files stand to a project's own and what has to be written, [`judge`] what
//! becomes of a reviewer's proposals.
//!
//! *Architecture invariant:* artifacts follow from the profiles, the project's name, its settings and the templates
//! alone. No template sees the value of an environment variable, so none can stand in a file.

mod beside;
mod bicep;
mod command;
mod container;
mod delivery;
mod develop;
mod digests;
mod docker;
mod escape;
mod hcl;
mod helm;
mod kinds;
mod order;
mod pipelines;
mod plan;
mod processes;
mod review;
mod secrets;
mod services;
mod settings_file;
mod templates;
mod trial;
mod version;
mod view;

use crate::model::{AppProfile, Artifact, Environment, Problem, Serving, Settings, Warning};

pub use beside::{Check, Folder, Read, Wishes, beside, diff, places, writes};
pub use digests::{DIGESTS, Digests, base_images};
pub use kinds::{Kind, kinds};
pub use order::Order;
pub use plan::{PlanInput, commands, left_to_others, plan, process, release};
pub use review::{CheckAll, Draft, Gain, Judged, Proposal, Reviewer, Rules, judge, patched};
pub use settings_file::settings_file;
pub use templates::{InUse, Templates};
pub use trial::trial;

/// What artifacts are made of besides the profile.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The project's name.
    pub project: &'a str,
    /// The templates to fill in.
    pub templates: &'a Templates,
}

impl<'a> Context<'a> {
    /// A context with the templates in the binary.
    #[must_use]
    pub fn new(project: &'a str) -> Self {
        Self { project, templates: Templates::embedded() }
    }
}

/// What an app's image is built by: Dockerfile and ignore list. The profile is the one after the settings. What the
/// project has of its own is respected: none is generated then.
pub fn image(profile: &AppProfile, ctx: &Context<'_>) -> Result<Vec<Artifact>, Problem> {
    let mut artifacts = if profile.dockerfile.is_none() { docker::artifacts(profile, ctx)? } else { Vec::new() };
    artifacts.retain(|artifact| !is_the_projects(profile, &artifact.path));
    Ok(artifacts)
}

/// Of several apps those that something says how to start, and a warning for each other: a part that cannot be started
/// is no reason to leave its sisters alone. Where none can be, or only one is meant, all are given.
#[must_use]
pub fn startable<'a>(
    apps: Vec<&'a AppProfile>,
    settings: &Settings,
    environment: Environment,
) -> (Vec<&'a AppProfile>, Vec<Warning>) {
    let starts = |app: &&AppProfile| {
        let app = settings.applied_to(app, environment);
        app.serving == Serving::Static || app.dockerfile.is_some() || docker::has_start(&app)
    };
    if !apps.iter().any(starts) {
        return (apps, Vec::new());
    }
    let (apps, others): (Vec<_>, Vec<_>) = apps.into_iter().partition(starts);
    let left_out = |app: &AppProfile| Warning {
        file: app.path.clone(),
        says: format!(
            "{0} is left out: nothing says how it is started; [apps.{0}] start = \"…\" in wharf.toml does",
            app.name
        ),
    };
    (apps, others.into_iter().map(left_out).collect())
}

/// The apps that files are made for, and a warning for each other: those that something says how to start, and the one
/// that is named.
#[must_use]
pub fn meant<'a>(
    apps: &'a [AppProfile],
    named: Option<&str>,
    settings: &Settings,
    environment: Option<Environment>,
) -> (Vec<&'a AppProfile>, Vec<Warning>) {
    let environment = environment.unwrap_or(Environment::Production);
    let (mut meant, left_out) = startable(apps.iter().collect(), settings, environment);
    if let Some(named) = apps.iter().find(|app| Some(app.name.as_str()) == named)
        && !meant.iter().any(|app| app.name == named.name)
    {
        meant.push(named);
    }
    (meant, if named.is_some() { Vec::new() } else { left_out })
}

/// Whether a file of a project is one that Wharf wrote, also where a person edited it since: what is generated would depend
/// on what was generated before, if detection saw it. What no template makes is a person's, whatever is on record.
#[must_use]
pub fn is_wharfs(path: &str, templates: &Templates, folder: &Folder<'_>) -> bool {
    kinds::could_make(templates, path) && folder.wrote(path)
}

/// Whether a file of that path could be generated, for this project or another.
#[must_use]
pub fn is_generated_somewhere(path: &str, templates: &Templates) -> bool {
    kinds::could_make(templates, path)
}

/// A `.dockerignore` or `.env.example` that detection saw in the project stays as it is.
fn is_the_projects(profile: &AppProfile, path: &str) -> bool {
    profile.config_files.iter().any(|file| file == path)
}

/// A path in the app's folder, relative to the project.
pub(crate) fn in_app(profile: &AppProfile, name: &str) -> String {
    match profile.path.trim_matches('/') {
        "" | "." => name.to_owned(),
        folder => format!("{}/{name}", folder.trim_start_matches("./")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> AppProfile {
        AppProfile {
            path: ".".to_owned(),
            name: "web".to_owned(),
            stack: "node".to_owned(),
            package_manager: Some("npm".to_owned()),
            install_command: Some("npm ci".to_owned()),
            start_command: Some("node server.js".to_owned()),
            port: Some(3000),
            ..AppProfile::default()
        }
    }

    fn paths(profile: &AppProfile) -> Vec<String> {
        let (settings, wanted) = (Settings::default(), ["docker", "compose"].map(str::to_owned).into());
        let made = Order::new("shop", &[profile], &settings).artifacts(&wanted).unwrap();
        made.into_iter().map(|artifact| artifact.path).collect()
    }

    #[test]
    fn what_cannot_be_started_does_not_keep_its_sisters_back() {
        let web = profile();
        let part = AppProfile { name: "ui".to_owned(), path: "ui".to_owned(), start_command: None, ..profile() };
        let settings = Settings::default();
        let (apps, left_out) = startable(vec![&web, &part], &settings, Environment::Production);
        assert_eq!(apps, [&web]);
        assert!(left_out[0].says.contains("[apps.ui] start"), "{}", left_out[0].says);
        // Alone it is meant, and its lack is told as what it is.
        assert_eq!(startable(vec![&part], &settings, Environment::Production).0, [&part]);
        let mut said = Settings::default();
        said.apps.entry("ui".to_owned()).or_default().start = Some("./ui".to_owned());
        assert_eq!(startable(vec![&web, &part], &said, Environment::Production).0.len(), 2);
    }

    #[test]
    fn an_app_below_the_root_has_its_files_in_its_folder() {
        assert_eq!(
            paths(&profile()),
            ["Dockerfile", ".dockerignore", "compose.yaml", "compose.production.yaml", ".env.example"]
        );
        let below = AppProfile { path: "apps/web".to_owned(), ..profile() };
        let expected = [
            "apps/web/Dockerfile",
            "apps/web/.dockerignore",
            "compose.yaml",
            "compose.production.yaml",
            ".env.example",
        ];
        assert_eq!(paths(&below), expected);
        let workspace = AppProfile { config_files: vec!["package-lock.json".to_owned()], ..below };
        assert_eq!(paths(&workspace)[1], "apps/web/Dockerfile.dockerignore");
    }

    #[test]
    fn what_the_project_has_of_its_own_is_not_generated() {
        let own = AppProfile { dockerfile: Some("Dockerfile".to_owned()), ..profile() };
        assert_eq!(paths(&own), ["compose.yaml", "compose.production.yaml", ".env.example"]);
        let own = AppProfile { compose_file: Some("compose.yml".to_owned()), ..profile() };
        assert_eq!(paths(&own), ["Dockerfile", ".dockerignore"]);
        let own = AppProfile { config_files: vec![".env.example".to_owned()], ..profile() };
        assert_eq!(paths(&own), ["Dockerfile", ".dockerignore", "compose.yaml", "compose.production.yaml"]);
    }
}
