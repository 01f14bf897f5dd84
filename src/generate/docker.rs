//! The Dockerfile of an app and its ignore list.

use serde::Serialize;

use super::command::Start;
use super::{Context, in_app};
use crate::model::{AppProfile, Artifact, Problem, ProblemCode, Serving};

/// The port that an app is told to listen on where nothing says which.
pub(crate) const USUAL_PORT: u16 = 8080;

/// What templates of Dockerfiles are filled in with.
#[derive(Serialize)]
struct View<'a> {
    project: &'a str,
    app: &'a str,
    stack: &'a str,
    framework: &'a str,
    package_manager: &'a str,
    package_manager_version: Option<&'a str>,
    build_tool: &'a str,
    /// The version asked for; for `pin`.
    runtime: Option<&'a str>,
    install: Option<&'a str>,
    build: Option<&'a str>,
    /// What stands behind `CMD`.
    start: String,
    start_words: StartView<'a>,
    is_static: bool,
    output_dir: &'a str,
    /// Zero for what listens on nothing.
    port: u16,
    /// Empty where only the port can be probed.
    health_path: &'a str,
    has_health: bool,
    services: &'a [String],
    system_packages: Vec<&'a str>,
    extensions: Vec<&'a str>,
    /// Whether the image is built from the project's root though the app lies below it.
    workspace: bool,
    /// The app's folder below the root of the image's source; `.` for the root itself.
    app_dir: &'a str,
    files: Vec<&'a str>,
}

/// The start command, taken apart.
#[derive(Serialize)]
struct StartView<'a> {
    text: &'a str,
    program: &'a str,
    arguments: &'a [String],
    needs_shell: bool,
    document_root: &'a str,
}

/// The Dockerfile and its ignore list.
pub(crate) fn artifacts(profile: &AppProfile, ctx: &Context<'_>) -> Result<Vec<Artifact>, Problem> {
    let template = template_of(profile, ctx)?;
    let view = View::new(profile, ctx)?;
    let start = Start::parse(profile.start_command.as_deref().unwrap_or_default());
    let view = view.with_start(profile, &start);
    let dockerfile = Artifact {
        path: dockerfile_path(profile),
        content: ctx.templates.render(&template, &view)?,
        reason: format!("builds the image of {} and says how it starts", profile.name),
    };
    let ignore = Artifact {
        path: ignore_path(profile),
        content: ignore_list(profile, ctx)?,
        reason: "keeps history, secrets and what is built anew out of the image".to_owned(),
    };
    Ok(vec![dockerfile, ignore])
}

/// Where the Dockerfile is: the project's own, or where the generated one goes.
pub(crate) fn dockerfile_path(profile: &AppProfile) -> String {
    profile.dockerfile.clone().unwrap_or_else(|| in_app(profile, "Dockerfile"))
}

/// The folder that the image is built from, relative to the project.
pub(crate) fn build_context(profile: &AppProfile) -> String {
    if in_workspace(profile) { ".".to_owned() } else { profile.path.clone() }
}

/// Whether the app needs files above its own folder to be built: the lock file of its workspace lies there.
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
    is_below && profile.config_files.iter().any(|file| OF_WORKSPACES.contains(&file.as_str()))
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
    let deep = |line: &str| match line.chars().next() {
        None | Some('#' | '*') => line.to_owned(),
        Some('!') => format!("!**/{}", &line[1..]),
        Some(_) => format!("**/{line}"),
    };
    Ok(text.lines().map(|line| deep(line) + "\n").collect())
}

/// Files that nothing has to build are a static site, whatever their folder is called.
fn stack_of(profile: &AppProfile) -> &str {
    if profile.serving == Serving::Static && profile.build_command.is_none() { "static" } else { &profile.stack }
}

/// `Dockerfile.FRAMEWORK.j2` where a framework needs its own, `Dockerfile.static.j2` for built files, `Dockerfile.j2`.
fn template_of(profile: &AppProfile, ctx: &Context<'_>) -> Result<String, Problem> {
    let stack = stack_of(profile);
    let framework =
        profile.framework.as_ref().map(|framework| format!("stacks/{stack}/Dockerfile.{}.j2", framework.name));
    let files = (profile.serving == Serving::Static).then(|| format!("stacks/{stack}/Dockerfile.static.j2"));
    let usual = format!("stacks/{stack}/Dockerfile.j2");
    files.into_iter().chain(framework).chain([usual]).find(|path| ctx.templates.text(path).is_some()).ok_or_else(|| {
        Problem::new(
            ProblemCode::Failed,
            "no-template",
            format!("no Dockerfile can be generated for the stack “{stack}”"),
        )
        .why(format!("there is no template stacks/{stack}/Dockerfile.j2"))
        .fix("add a Dockerfile of your own to the project: it is used as it is")
    })
}

impl<'a> View<'a> {
    fn new(profile: &'a AppProfile, ctx: &Context<'a>) -> Result<Self, Problem> {
        let is_static = profile.serving == Serving::Static;
        if !is_static && profile.start_command.as_deref().is_none_or(|command| command.trim().is_empty()) {
            return Err(no_start(profile));
        }
        let workspace = in_workspace(profile);
        Ok(Self {
            project: ctx.project,
            app: &profile.name,
            stack: &profile.stack,
            framework: profile.framework.as_ref().map_or("", |framework| &framework.name),
            package_manager: profile.package_manager.as_deref().unwrap_or_default(),
            package_manager_version: profile.package_manager_version.as_deref(),
            build_tool: profile.build_tool.as_deref().unwrap_or_default(),
            runtime: profile.runtime_version.as_deref(),
            install: profile.install_command.as_deref(),
            build: profile.build_command.as_deref(),
            start: String::new(),
            start_words: StartView { text: "", program: "", arguments: &[], needs_shell: false, document_root: "" },
            is_static,
            output_dir: profile.output_dir.as_deref().unwrap_or("."),
            port: container_port(profile).unwrap_or_default(),
            health_path: profile.health_path.as_deref().unwrap_or_default(),
            has_health: profile.serving != Serving::None,
            services: &profile.services,
            system_packages: packages(&profile.system_packages),
            extensions: profile.dependencies.iter().filter_map(|dependency| extension(&dependency.name)).collect(),
            workspace,
            app_dir: if workspace { &profile.path } else { "." },
            files: profile.config_files.iter().map(String::as_str).collect(),
        })
    }

    fn with_start(mut self, profile: &'a AppProfile, start: &'a Start) -> Self {
        self.start = start.exec_form();
        self.start_words = StartView {
            text: profile.start_command.as_deref().unwrap_or_default(),
            program: start.program().unwrap_or_default(),
            arguments: start.arguments(),
            needs_shell: start.needs_shell(),
            document_root: start.option("-t").unwrap_or_default(),
        };
        self
    }
}

/// The port inside the container; none for what listens on nothing.
pub(crate) fn container_port(profile: &AppProfile) -> Option<u16> {
    (profile.serving != Serving::None).then(|| profile.port.unwrap_or(USUAL_PORT))
}

/// What generation looks at among the dependencies; a plan keeps these and no others.
pub(crate) fn matters(dependency: &str) -> bool {
    extension(dependency).is_some()
}

/// A PHP extension that Composer's manifest asks for.
fn extension(dependency: &str) -> Option<&str> {
    dependency.strip_prefix("ext-").filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// Names that Debian could have; nothing else reaches apt.
fn packages(names: &[String]) -> Vec<&str> {
    let is_name = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
    };
    let mut names: Vec<&str> = names.iter().map(String::as_str).filter(is_name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Nobody said how the app starts.
pub(crate) fn no_start(profile: &AppProfile) -> Problem {
    Problem::new(ProblemCode::Usage, "no-start-command", format!("nothing says how {} is started", profile.name))
        .why(format!(
            "no start command was found in {}",
            if profile.path == "." { "the project" } else { &profile.path }
        ))
        .fix("say it in wharf.toml: [app] start = \"…\"")
}
