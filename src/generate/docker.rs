//! The Dockerfile of an app and its ignore list.

use super::view::View;
use super::{Context, Templates, in_app};
use crate::model::{AppProfile, Artifact, Problem, ProblemCode, Serving};

/// The port that an app is told to listen on where nothing says which.
pub(crate) const USUAL_PORT: u16 = 8080;

/// The Dockerfile and its ignore list.
pub(crate) fn artifacts(profile: &AppProfile, ctx: &Context<'_>) -> Result<Vec<Artifact>, Problem> {
    let template = template_of(profile, ctx.templates)?;
    if profile.serving != Serving::Static && !has_start(profile) {
        return Err(no_start(profile));
    }
    let dockerfile = Artifact {
        path: dockerfile_path(profile),
        content: ctx.templates.render(&template, View::new(profile, ctx))?,
        reason: format!("builds the image of {} and says how it starts", profile.name),
    };
    Ok(vec![dockerfile, ignore(profile, ctx)?])
}

/// Where these two go.
pub(crate) fn paths(profile: &AppProfile) -> [String; 2] {
    [dockerfile_path(profile), ignore_path(profile)]
}

/// Whether one of these two could go there, for some app.
pub(super) fn could_be(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    matches!(name, "Dockerfile" | ".dockerignore" | "Dockerfile.dockerignore")
}

/// The list of what stays out of a build.
pub(crate) fn ignore(profile: &AppProfile, ctx: &Context<'_>) -> Result<Artifact, Problem> {
    Ok(Artifact {
        path: ignore_path(profile),
        content: ignore_list(profile, ctx)?,
        reason: "keeps history, secrets and what is built anew out of the image".to_owned(),
    })
}

/// Where the Dockerfile is: the project's own, or where the generated one goes.
pub(crate) fn dockerfile_path(profile: &AppProfile) -> String {
    profile.dockerfile.clone().unwrap_or_else(|| in_app(profile, "Dockerfile"))
}

/// The folder that the image is built from, relative to the project.
pub(crate) fn build_context(profile: &AppProfile) -> String {
    if in_workspace(profile) || has_dockerfile_above(profile) { ".".to_owned() } else { profile.path.clone() }
}

/// The project's Dockerfile lies outside of the app's own folder, and copies from there.
fn has_dockerfile_above(profile: &AppProfile) -> bool {
    let inside = |path: &String| path.starts_with(&format!("{}/", profile.path));
    !matches!(profile.path.as_str(), "" | ".") && profile.dockerfile.as_ref().is_some_and(|path| !inside(path))
}

/// Whether the app needs files above its own folder to be built: the lock file of its workspace lies there, or a
/// command leads there.
pub(crate) fn in_workspace(profile: &AppProfile) -> bool {
    const OF_WORKSPACES: [&str; 12] = [
        "package.json",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "pnpm-workspace.yaml",
        "bun.lock",
        "bun.lockb",
        "Cargo.toml",
        "Cargo.lock",
        "go.work",
        "pom.xml",
        "uv.lock",
    ];
    let is_below = !matches!(profile.path.as_str(), "" | ".");
    let commands = [&profile.install_command, &profile.build_command, &profile.start_command];
    let leads_up = commands.into_iter().flatten().any(|command| command.contains("../"));
    is_below && (leads_up || profile.config_files.iter().any(|file| OF_WORKSPACES.contains(&file.as_str())))
}

/// With a context that several apps share, each has an ignore list of its own beside its Dockerfile.
fn ignore_path(profile: &AppProfile) -> String {
    if in_workspace(profile) {
        format!("{}.dockerignore", dockerfile_path(profile))
    } else {
        in_app(profile, ".dockerignore")
    }
}

fn ignore_list(profile: &AppProfile, ctx: &Context<'_>) -> Result<String, Problem> {
    let missing =
        |path: &str| Problem::new(ProblemCode::Failed, "template-failed", format!("the template {path} is not there"));
    let common = "partials/dockerignore";
    let own = format!("stacks/{}/dockerignore", stack_of(profile));
    let common_text = ctx.templates.text(common).ok_or_else(|| missing(common))?;
    let own_text = ctx.templates.text(&own).ok_or_else(|| missing(&own))?;
    let text = format!("{}\n\n{}\n", common_text.trim_end(), own_text.trim());
    if !in_workspace(profile) {
        return Ok(text);
    }
    // In a workspace the same names lie in every package.
    let deep = |line: &str| match line.strip_prefix('!').unwrap_or(line) {
        pattern if pattern.is_empty() || pattern.starts_with('#') || pattern.starts_with("**/") => line.to_owned(),
        pattern if line.starts_with('!') => format!("!**/{pattern}"),
        pattern => format!("**/{pattern}"),
    };
    Ok(text.lines().map(|line| deep(line) + "\n").collect())
}

/// Files that nothing has to build are a static site, whatever their folder is called; pages that somebody starts a
/// program for are none.
pub(crate) fn stack_of(profile: &AppProfile) -> &str {
    match profile.serving {
        Serving::Static if profile.build_command.is_none() => "static",
        Serving::Server | Serving::None if profile.stack == "static" => "other",
        _ => &profile.stack,
    }
}

/// `Dockerfile.FRAMEWORK.j2` where a framework needs its own, `Dockerfile.static.j2` for built files, `Dockerfile.j2`.
fn template_of(profile: &AppProfile, templates: &Templates) -> Result<String, Problem> {
    let stack = stack_of(profile);
    let framework =
        profile.framework.as_ref().map(|framework| format!("stacks/{stack}/Dockerfile.{}.j2", framework.name));
    let files = (profile.serving == Serving::Static).then(|| format!("stacks/{stack}/Dockerfile.static.j2"));
    let usual = format!("stacks/{stack}/Dockerfile.j2");
    files.into_iter().chain(framework).chain([usual]).find(|path| templates.text(path).is_some()).ok_or_else(|| {
        Problem::new(
            ProblemCode::Failed,
            "no-template",
            format!("no Dockerfile can be generated for the stack “{stack}”"),
        )
        .why(format!("there is no template stacks/{stack}/Dockerfile.j2"))
        .fix("add a Dockerfile of your own to the project: it is used as it is")
    })
}

/// Whether its image holds files and the server for them, and nothing of what built them.
pub(crate) fn serves_files(profile: &AppProfile, templates: &Templates) -> bool {
    profile.serving == Serving::Static
        && (stack_of(profile) == "static"
            || template_of(profile, templates).is_ok_and(|path| path.ends_with("/Dockerfile.static.j2")))
}

/// The port inside the container; none for what listens on nothing.
pub(crate) fn container_port(profile: &AppProfile) -> Option<u16> {
    (profile.serving != Serving::None).then(|| profile.port.unwrap_or(USUAL_PORT))
}

/// Whether anything says how the app starts.
pub(crate) fn has_start(profile: &AppProfile) -> bool {
    profile.start_command.as_deref().is_some_and(|command| !command.trim().is_empty())
}

/// Nobody said how the app starts.
pub(crate) fn no_start(profile: &AppProfile) -> Problem {
    Problem::new(ProblemCode::Usage, "no-start-command", format!("nothing says how {} is started", profile.name))
        .why(format!(
            "no start command was found in {}",
            if profile.path == "." { "the project" } else { &profile.path }
        ))
        .fix(format!("say it in wharf.toml: `start = \"…\"` below [apps.{}]", profile.name))
}
