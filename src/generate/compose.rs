//! compose.yaml and .env.example: the app with its services on one's own machine, without Wharf.

use std::collections::BTreeSet;

use serde::Serialize;

use super::escape::{compose_text, exec_form, is_env_name, slug, yaml};
use super::services::{self, Service};
use super::{Context, docker, in_app};
use crate::model::{AppProfile, Artifact, EnvValue, Problem};

/// What both templates are filled in with. Values for YAML are escaped here, where it is known how they are made up.
#[derive(Serialize)]
struct View<'a> {
    project: &'a str,
    app: &'a str,
    /// The name of the Compose project.
    name: String,
    context: String,
    dockerfile: String,
    /// Whether the project has a Dockerfile of its own, which may start something that reaps no children.
    own_dockerfile: bool,
    port: u16,
    env: Vec<Variable>,
    services: Vec<ServiceView<'a>>,
    /// Names in `.env` that must have a value.
    required: Vec<Placeholder<'a>>,
    /// Names in `.env` that may have one.
    optional: Vec<&'a str>,
}

#[derive(Serialize)]
struct Variable {
    name: String,
    /// The YAML scalar; empty for a name that is handed on where `.env` has it.
    value: String,
}

#[derive(Serialize)]
struct ServiceView<'a> {
    name: &'a str,
    label: &'a str,
    image: String,
    command: Option<String>,
    env: Vec<Variable>,
    ready: String,
    data: &'a str,
}

#[derive(Serialize)]
struct Placeholder<'a> {
    name: &'a str,
    /// Whose it is, for people.
    of: &'a str,
    value: &'a str,
    make: &'a str,
}

/// compose.yaml and .env.example.
pub(crate) fn artifacts(profile: &AppProfile, ctx: &Context<'_>) -> Result<Vec<Artifact>, Problem> {
    let services = services::of(profile, ctx.templates)?;
    let view = View::new(profile, ctx, &services);
    let compose = Artifact {
        path: in_app(profile, "compose.yaml"),
        content: ctx.templates.render("compose.yaml.j2", &view)?,
        reason: match services.as_slice() {
            [] => format!("runs {} on your machine with `docker compose up`", profile.name),
            some => format!("runs {} with {} on your machine with `docker compose up`", profile.name, labels(some)),
        },
    };
    let example = Artifact {
        path: in_app(profile, ".env.example"),
        content: ctx.templates.render("env.example.j2", &view)?,
        reason: "names what compose.yaml reads from .env, with placeholders".to_owned(),
    };
    Ok(vec![compose, example])
}

fn labels(services: &[Service]) -> String {
    let labels: Vec<&str> = services.iter().map(|service| service.label.as_str()).collect();
    labels.join(", ")
}

impl<'a> View<'a> {
    fn new(profile: &'a AppProfile, ctx: &Context<'a>, services: &'a [Service]) -> Self {
        let given = services::app_env(services, profile);
        let names: BTreeSet<&str> = profile
            .env
            .iter()
            .chain(&profile.required_env)
            .map(String::as_str)
            .filter(|name| is_env_name(name) && *name != "PORT" && *name != "HOST_PORT" && !given.contains_key(*name))
            .collect();
        let is_required = |name: &str| profile.required_env.iter().any(|required| required == name);
        let mut env: Vec<Variable> =
            given.iter().map(|(name, value)| Variable { name: name.clone(), value: scalar(value) }).collect();
        env.extend(names.iter().map(|name| Variable {
            name: (*name).to_owned(),
            value: if is_required(name) { reference(name) } else { String::new() },
        }));
        env.sort_by(|a, b| a.name.cmp(&b.name));
        let passwords = services.iter().filter_map(|service| {
            let name = service.password.as_deref()?;
            Some(Placeholder { name, of: &service.label, value: PLACEHOLDER, make: MAKE_SECRET })
        });
        let needed = names.iter().filter(|name| is_required(name)).map(|name| Placeholder {
            name,
            of: &profile.name,
            value: known(name).map_or(PLACEHOLDER, |known| known.1),
            make: known(name).map_or(MAKE_SECRET, |known| known.2),
        });
        Self {
            project: ctx.project,
            app: &profile.name,
            name: slug(&format!("{}-{}", ctx.project, profile.name)),
            context: yaml(&compose_text(&up_to_context(profile))),
            dockerfile: yaml(&compose_text(&dockerfile_in_context(profile))),
            own_dockerfile: profile.dockerfile.is_some(),
            port: docker::container_port(profile).unwrap_or_default(),
            env,
            services: services.iter().map(ServiceView::new).collect(),
            required: passwords.chain(needed).collect(),
            optional: names.iter().copied().filter(|name| !is_required(name)).collect(),
        }
    }
}

impl<'a> ServiceView<'a> {
    fn new(service: &'a Service) -> Self {
        let env = service.own_env().into_iter();
        Self {
            name: &service.name,
            label: &service.label,
            image: yaml(&service.image),
            command: (!service.command.is_empty()).then(|| compose_text(&exec_form(&service.command))),
            env: env.map(|var| Variable { name: var.name, value: scalar(&var.value) }).collect(),
            ready: {
                let mut test = vec!["CMD"];
                test.extend(service.ready.iter().map(String::as_str));
                compose_text(&exec_form(&test))
            },
            data: &service.data,
        }
    }
}

/// What stands in `.env.example` for a value that everybody makes for themselves.
const PLACEHOLDER: &str = "change-me";
const MAKE_SECRET: &str = "openssl rand -hex 24";

/// Names whose readers ask for a certain form: name, a placeholder in that form, how to make a real one.
const KNOWN: [(&str, &str, &str); 3] = [
    ("APP_KEY", "base64:Y2hhbmdlLW1lLWNoYW5nZS1tZS1jaGFuZ2UtbWUtMDE=", "php artisan key:generate --show"),
    (
        "SECRET_KEY_BASE",
        "change-me-change-me-change-me-change-me-change-me-change-me-change-me",
        "openssl rand -hex 64",
    ),
    ("RAILS_MASTER_KEY", "00000000000000000000000000000000", "the content of config/master.key"),
];

fn known(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    KNOWN.iter().find(|known| known.0 == name)
}

/// A value as a YAML scalar; a secret is read from `.env`.
fn scalar(value: &EnvValue) -> String {
    match value {
        EnvValue::Plain(text) => yaml(&compose_text(text)),
        EnvValue::Secret(name) => reference(name),
        EnvValue::Around { before, secret, after } => {
            yaml(&format!("{}{}{}", compose_text(before), reference(secret), compose_text(after)))
        }
    }
}

/// What Compose replaces with the value in `.env`, and asks for where there is none.
fn reference(name: &str) -> String {
    format!("${{{name}:?copy .env.example to .env and set {name}}}")
}

/// The way from the app's folder, where compose.yaml lies, to the build's context.
fn up_to_context(profile: &AppProfile) -> String {
    if docker::in_workspace(profile) {
        let depth = profile.path.split('/').filter(|part| !part.is_empty() && *part != ".").count();
        vec![".."; depth].join("/")
    } else {
        ".".to_owned()
    }
}

/// The Dockerfile as seen from the build's context.
fn dockerfile_in_context(profile: &AppProfile) -> String {
    let path = docker::dockerfile_path(profile);
    let context = docker::build_context(profile);
    path.strip_prefix(&context).and_then(|rest| rest.strip_prefix('/')).map_or(path.clone(), str::to_owned)
}
