//! What a deployment would run, decided before anything is touched.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use super::command::with_exec;
use super::container::Container;
use super::services::{self, Service};
use super::{Context, Templates, docker, escape, image, view};
use crate::model::{
    AppKey, AppProfile, AppSettings, BuildPlan, Compute, EnvValue, EnvVar, HealthCheck, HealthProbe, Limits, Millis,
    NetworkPlan, Plan, PlanCommands, PortPlan, Problem, ProblemCode, Process, Scaling, Security, ServicePlan, Serving,
    Settings, Source, TargetKind, TargetRef, Timeouts, Volume, Warning, is_variable,
};

/// What a plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    /// What is deployed.
    pub key: &'a AppKey,
    /// The project's name, and the templates.
    pub context: Context<'a>,
    /// Where to.
    pub target: &'a TargetRef,
    /// Where the code comes from.
    pub source: &'a Source,
    /// The profile as it was detected.
    pub profile: &'a AppProfile,
    /// What `wharf.toml` says.
    pub settings: &'a Settings,
    /// Environment variables of this request, over those of the settings.
    pub set: &'a BTreeMap<String, String>,
    /// The names of the values that are sealed for this key.
    pub secrets: &'a BTreeSet<String>,
    /// The host's port that was asked for.
    pub port: Option<u16>,
}

/// Makes the plan, and names what the app needs and nobody gave.
pub fn plan(input: &PlanInput<'_>) -> Result<(Plan, Vec<String>), Problem> {
    let environment = input.key.environment;
    let mut settings = input.settings.resolve(input.profile, environment);
    // What is only said again, as `wharf init` does, is no wish of its own.
    settings.start = settings.start.filter(|start| input.profile.start_command.as_ref() != Some(start));
    let mut profile = input.settings.applied_to(input.profile, environment);
    let services = match input.target.kind {
        TargetKind::Docker => {
            let needed = services::of(&profile, input.context.templates)?;
            needed.into_iter().filter(|service| service.runs_in(environment)).collect()
        }
        TargetKind::Process => Vec::new(),
    };
    let env = env(input, &settings, &profile, &services)?;
    profile.dependencies.retain(|dependency| view::matters(&dependency.name));
    let missing = missing(&profile, &env);
    let name = target_name(input);
    let port = docker::container_port(&profile);
    let plan = Plan {
        key: input.key.clone(),
        project_name: input.context.project.to_owned(),
        target: input.target.clone(),
        source: input.source.clone(),
        build: build(input, &profile)?,
        compute: compute(input, &settings, &profile)?,
        storage: Vec::new(),
        services: services.iter().map(|service| service_plan(service, &name)).collect(),
        network: NetworkPlan { name, bind: bind(&settings) },
        ports: PortPlan { container: port, wanted: input.port },
        env,
        scaling: Scaling { min: 1, max: 1 },
        security: security(&profile),
        health: health(&profile),
        timeouts: timeouts(&settings),
        profile,
    };
    Ok((plan, missing))
}

/// What a plan leaves to others: services that run only where an app is developed, of which it is told nothing here.
pub fn left_to_others(plan: &Plan, templates: &Templates) -> Result<Vec<Warning>, Problem> {
    let mut told = Vec::new();
    for service in services::of(&plan.profile, templates)? {
        let Some(stands_in) = service.stands_in.as_ref().filter(|_| !service.runs_in(plan.key.environment)) else {
            continue;
        };
        let connections = services::connections([&service], &plan.profile);
        let is_told = |name: &str| plan.env.iter().any(|variable| variable.name == name);
        let names: Vec<&str> = connections.iter().map(|it| it.0).filter(|name| !is_told(name)).collect();
        if !names.is_empty() {
            let says = format!(
                "stands in for {} in development only; in {} say where that is, with --set or --secret: {}",
                stands_in.what,
                plan.key.environment,
                names.join(", ")
            );
            told.push(Warning { file: service.name.clone(), says });
        }
    }
    told.extend(sealed_from_builds(plan));
    Ok(told)
}

/// What a build would write into what it makes is no secret, so none gets a sealed value.
fn sealed_from_builds(plan: &Plan) -> Option<Warning> {
    let is_sealed = |variable: &&EnvVar| !matches!(variable.value, EnvValue::Plain(_));
    let names = plan.env.iter().filter(is_sealed).map(|variable| &variable.name);
    let names: Vec<&str> = names.filter(|name| plan.profile.build_env.contains(name)).map(String::as_str).collect();
    let says = format!(
        "{} is sealed, and builds write it into what everybody gets: none is built with it; give it with --set instead",
        names.join(", ")
    );
    (!names.is_empty()).then(|| Warning { file: plan.profile.path.clone(), says })
}

/// What a plan runs: its own commands, those that the generated Dockerfile holds, or what the project's says.
#[must_use]
pub fn commands(plan: &Plan) -> PlanCommands {
    let profile = &plan.profile;
    let by_image = plan.target.kind == TargetKind::Docker;
    let dockerfile = profile.dockerfile.clone().filter(|_| by_image);
    if dockerfile.is_some() {
        let release = profile.release_command.clone();
        return PlanCommands { start: plan.compute.command.clone(), release, dockerfile, ..PlanCommands::default() };
    }
    let run = |command: &Option<String>| {
        command.as_deref().map(|it| if by_image { view::without_runner(it) } else { it }.to_owned())
    };
    let by_itself = by_image && profile.serving != Serving::Static;
    PlanCommands {
        install: profile.install_command.clone(),
        build: run(&profile.build_command),
        start: if by_itself { run(&profile.start_command) } else { plan.compute.command.clone() },
        release: run(&profile.release_command),
        dockerfile: None,
    }
}

/// The program with its arguments that runs once before each new version, as the image or the folder has it.
pub fn release(plan: &Plan, templates: &Templates) -> Result<Option<Vec<String>>, Problem> {
    let profile = &plan.profile;
    if plan.target.kind == TargetKind::Docker {
        return Ok(Container::new(profile, templates)?.release(profile));
    }
    Ok(profile.release_command.as_ref().map(|command| ["/bin/sh", "-c", command].map(str::to_owned).to_vec()))
}

/// The program with its arguments of a process beside the app, as the image or the folder has it.
pub fn process(plan: &Plan, process: &Process, templates: &Templates) -> Result<Vec<String>, Problem> {
    let profile = &plan.profile;
    if plan.target.kind == TargetKind::Docker {
        return Ok(Container::new(profile, templates)?.process(profile, &process.command));
    }
    Ok(["/bin/sh", "-c", &with_exec(&process.command)].map(str::to_owned).to_vec())
}

/// `wharf-PROJECT-APP-ENV`: the network's name and the beginning of the volumes'.
fn target_name(input: &PlanInput<'_>) -> String {
    let (project, app) = (escape::slug(input.context.project), escape::slug(&input.key.app));
    format!("wharf-{project}-{app}-{}", input.key.environment)
}

fn build(input: &PlanInput<'_>, profile: &AppProfile) -> Result<BuildPlan, Problem> {
    match input.target.kind {
        TargetKind::Docker => Ok(BuildPlan {
            context: docker::build_context(profile),
            dockerfile: docker::dockerfile_path(profile),
            artifacts: image(profile, &input.context)?,
            commands: Vec::new(),
        }),
        TargetKind::Process => Ok(BuildPlan {
            context: profile.path.clone(),
            // What was built on the person's machine is built anew here as well.
            artifacts: docker::ignore(profile, &input.context).into_iter().collect(),
            commands: [&profile.install_command, &profile.build_command].into_iter().flatten().cloned().collect(),
            ..BuildPlan::default()
        }),
    }
}

fn compute(input: &PlanInput<'_>, settings: &AppSettings, profile: &AppProfile) -> Result<Compute, Problem> {
    let limits = Limits {
        cpus: settings.cpus,
        memory_bytes: settings.memory_mb.map(|mebibytes| mebibytes.saturating_mul(1 << 20)),
    };
    let command = match input.target.kind {
        // The generated image says how it starts; a project's own is only overridden where somebody asked for it.
        TargetKind::Docker if profile.dockerfile.is_some() => settings.start.clone(),
        TargetKind::Docker => None,
        // The target serves files itself.
        TargetKind::Process if profile.serving == Serving::Static => None,
        TargetKind::Process => {
            let command = profile.start_command.as_deref().filter(|_| docker::has_start(profile));
            let command = command.ok_or_else(|| docker::no_start(profile))?;
            Some(if settings.start.is_some() { command.to_owned() } else { listening_on(command, bind(settings)) })
        }
    };
    Ok(Compute { command, workdir: profile.path.clone(), limits })
}

/// A detected command listens everywhere, as it must in a container. Outside of one nothing stands between it and the
/// network: it listens where the plan says.
fn listening_on(command: &str, address: IpAddr) -> String {
    let address = match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) if command.contains("0.0.0.0:") => format!("[{address}]"),
        IpAddr::V6(address) => address.to_string(),
    };
    command.replace("0.0.0.0", &address)
}

fn bind(settings: &AppSettings) -> IpAddr {
    settings.bind.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

fn service_plan(service: &Service, name: &str) -> ServicePlan {
    ServicePlan {
        name: service.name.clone(),
        image: service.image.clone(),
        port: service.port,
        command: service.command.clone(),
        env: service.own_env(),
        volumes: service
            .data
            .iter()
            .map(|mount| Volume { name: format!("{name}-{}", service.name), mount: mount.clone() })
            .collect(),
        ready: service.ready.clone(),
    }
}

/// The app's environment, by name: what its services give, over it the settings, the sealed values and the request.
fn env(
    input: &PlanInput<'_>,
    settings: &AppSettings,
    profile: &AppProfile,
    services: &[Service],
) -> Result<Vec<EnvVar>, Problem> {
    let mut env = services::app_env(services, profile);
    env.extend(settings.env.iter().map(|(name, value)| (name.clone(), EnvValue::Plain(value.clone()))));
    // A service's own password is the app's only where the app reads it by that name.
    let passwords: BTreeSet<&String> = services.iter().filter_map(|service| service.password.as_ref()).collect();
    let sealed = input.secrets.iter().filter(|name| !passwords.contains(name));
    env.extend(sealed.map(|name| (name.clone(), EnvValue::Secret(name.clone()))));
    env.extend(input.set.iter().map(|(name, value)| (name.clone(), EnvValue::Plain(value.clone()))));
    env.remove("PORT");
    if input.set.contains_key("PORT") {
        return Err(Problem::new(ProblemCode::Usage, "port-is-given", "PORT cannot be set")
            .why("the app is handed the port that it is to listen on")
            .fix("choose the host's port with `--port`; `port` under [app] in wharf.toml says where the app listens"));
    }
    if let Some(name) = env.keys().find(|name| !is_variable(name)) {
        return Err(Problem::new(ProblemCode::Usage, "bad-env-name", format!("{name:?} is no name for a variable"))
            .why("a name is not empty and holds no “=”, no space and no line end")
            .fix("use letters, digits and underscores"));
    }
    Ok(env.into_iter().map(|(name, value)| EnvVar { name, value }).collect())
}

/// Names without which the app does not start and that nobody gave.
fn missing(profile: &AppProfile, env: &[EnvVar]) -> Vec<String> {
    let is_given = |name: &String| name == "PORT" || env.iter().any(|var| var.name == *name);
    let missing: BTreeSet<&String> = profile.required_env.iter().filter(|name| !is_given(name)).collect();
    missing.into_iter().cloned().collect()
}

/// A generated image runs with nothing more than it needs; a project's own may need the usual capabilities.
fn security(profile: &AppProfile) -> Security {
    Security { no_new_privileges: true, drop_capabilities: profile.dockerfile.is_none(), pids_limit: 1024 }
}

fn health(profile: &AppProfile) -> HealthCheck {
    let probe = match (profile.serving, &profile.health_path) {
        (Serving::None, _) => HealthProbe::Running,
        (_, Some(path)) if profile.health_guessed => HealthProbe::Guessed { path: path.clone() },
        (_, Some(path)) => HealthProbe::Http { path: path.clone() },
        (_, None) => HealthProbe::Tcp,
    };
    HealthCheck { probe, interval: Millis::from_secs(10), timeout: Millis::from_secs(5), retries: 3 }
}

fn timeouts(settings: &AppSettings) -> Timeouts {
    let usual = Timeouts::default();
    Timeouts {
        build: settings.build_timeout.map_or(usual.build, Millis::from_secs),
        start: settings.start_timeout.map_or(usual.start, Millis::from_secs),
        ..usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detected_command_listens_where_the_plan_says() {
        let on = |command, address: &str| listening_on(command, address.parse().unwrap());
        assert_eq!(on("gunicorn --bind 0.0.0.0:$PORT a:b", "127.0.0.1"), "gunicorn --bind 127.0.0.1:$PORT a:b");
        assert_eq!(on("uvicorn a:b --host 0.0.0.0 --port $PORT", "::1"), "uvicorn a:b --host ::1 --port $PORT");
        assert_eq!(on("gunicorn --bind 0.0.0.0:$PORT a:b", "::1"), "gunicorn --bind [::1]:$PORT a:b");
        assert_eq!(on("node server.js", "10.0.0.1"), "node server.js");
    }
}
