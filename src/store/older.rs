//! Shapes that an older Wharf wrote, to read what it kept.

use serde::Deserialize;

use crate::model::{
    AppKey, AppProfile, BuildPlan, Compute, Dependency, EnvVar, Evidence, Framework, HealthCheck, Language,
    NetworkPlan, Plan, PortPlan, Scaling, Security, ServicePlan, Serving, Source, TargetRef, Timeouts, Volume,
};

/// A plan whose evidence was not yet weighed.
pub(super) type PlanV1 = OldPlan<EvidenceV1, NotSaid, NotSaid, NotSaid>;

/// A plan that did not yet tell a guessed health path from one that was said.
pub(super) type PlanV2 = OldPlan<Evidence, NotSaid, NotSaid, NotSaid>;

/// A plan that did not yet know how its app is tested, checked and developed.
pub(super) type PlanV3 = OldPlan<Evidence, bool, NotSaid, NotSaid>;

/// A plan that did not yet know what runs before each new version of its app.
pub(super) type PlanV4 = OldPlan<Evidence, bool, Checks, NotSaid>;

/// A plan that did not yet know what only builds read, and which packages of its project an app depends on.
pub(super) type PlanV5 = OldPlan<Evidence, bool, Commands, NotSaid>;

/// A plan that did not yet know of further processes of its app.
pub(super) type PlanV6 = OldPlan<Evidence, bool, Commands, Vec<String>>;

/// A plan of the first shapes, by the shapes of its evidence, of whether its health path was guessed, of how it is checked,
/// and of the names that came with its packages.
#[derive(Deserialize)]
pub(super) struct OldPlan<E, G, C, N> {
    key: AppKey,
    project_name: String,
    target: TargetRef,
    source: Source,
    profile: OldProfile<E, G, C, N>,
    build: BuildPlan,
    compute: Compute,
    storage: Vec<Volume>,
    network: NetworkPlan,
    services: Vec<ServicePlan>,
    ports: PortPlan,
    env: Vec<EnvVar>,
    scaling: Scaling,
    security: Security,
    health: HealthCheck,
    timeouts: Timeouts,
}

#[derive(Deserialize)]
struct OldProfile<E, G, C, N> {
    path: String,
    name: String,
    stack: String,
    language: Language,
    framework: Option<Framework>,
    package_manager: Option<String>,
    package_manager_version: Option<String>,
    build_tool: Option<String>,
    runtime_version: Option<String>,
    install_command: Option<String>,
    build_command: Option<String>,
    start_command: Option<String>,
    checks: C,
    serving: Serving,
    output_dir: Option<String>,
    port: Option<u16>,
    health_path: Option<String>,
    health_guessed: G,
    services: Vec<String>,
    env: Vec<String>,
    required_env: Vec<String>,
    build_env: N,
    dependencies: Vec<Dependency>,
    packages: N,
    confidence: f64,
    config_files: Vec<String>,
    dockerfile: Option<String>,
    compose_file: Option<String>,
    system_packages: Vec<String>,
    evidence: Vec<E>,
}

/// Of a shape that did not say it: no byte.
#[derive(Deserialize)]
pub(super) struct NotSaid;

impl From<NotSaid> for bool {
    fn from(_: NotSaid) -> Self {
        false
    }
}

impl From<NotSaid> for Vec<String> {
    fn from(_: NotSaid) -> Self {
        Self::new()
    }
}

impl From<NotSaid> for Checks {
    fn from(_: NotSaid) -> Self {
        Self::default()
    }
}

impl From<NotSaid> for Commands {
    fn from(_: NotSaid) -> Self {
        Self::default()
    }
}

impl From<Checks> for Commands {
    fn from(checks: Checks) -> Self {
        Self { checks, release: None }
    }
}

/// The commands beside those that install, build and start.
#[derive(Default, Deserialize)]
pub(super) struct Commands {
    checks: Checks,
    release: Option<String>,
}

/// How an app is tested, checked and developed.
#[derive(Default, Deserialize)]
pub(super) struct Checks {
    check_install: Option<String>,
    test: Option<String>,
    lint: Option<String>,
    develop: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct EvidenceV1 {
    file: String,
    says: String,
}

impl<E: Into<Evidence>, G: Into<bool>, C: Into<Commands>, N: Into<Vec<String>>> From<OldPlan<E, G, C, N>> for Plan {
    fn from(old: OldPlan<E, G, C, N>) -> Self {
        Self {
            key: old.key,
            project_name: old.project_name,
            target: old.target,
            source: old.source,
            profile: old.profile.into(),
            build: old.build,
            compute: old.compute,
            storage: old.storage,
            network: old.network,
            services: old.services,
            ports: old.ports,
            env: old.env,
            scaling: old.scaling,
            security: old.security,
            health: old.health,
            timeouts: old.timeouts,
        }
    }
}

impl<E: Into<Evidence>, G: Into<bool>, C: Into<Commands>, N: Into<Vec<String>>> From<OldProfile<E, G, C, N>>
    for AppProfile
{
    fn from(old: OldProfile<E, G, C, N>) -> Self {
        let Commands { checks, release } = old.checks.into();
        Self {
            path: old.path,
            name: old.name,
            stack: old.stack,
            language: old.language,
            framework: old.framework,
            package_manager: old.package_manager,
            package_manager_version: old.package_manager_version,
            build_tool: old.build_tool,
            runtime_version: old.runtime_version,
            install_command: old.install_command,
            build_command: old.build_command,
            start_command: old.start_command,
            check_install_command: checks.check_install,
            test_command: checks.test,
            lint_command: checks.lint,
            develop_command: checks.develop,
            release_command: release,
            processes: Vec::new(),
            serving: old.serving,
            output_dir: old.output_dir,
            port: old.port,
            health_path: old.health_path,
            health_guessed: old.health_guessed.into(),
            services: old.services,
            env: old.env,
            required_env: old.required_env,
            build_env: old.build_env.into(),
            dependencies: old.dependencies,
            packages: old.packages.into(),
            confidence: old.confidence,
            config_files: old.config_files,
            dockerfile: old.dockerfile,
            compose_file: old.compose_file,
            system_packages: old.system_packages,
            evidence: old.evidence.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<EvidenceV1> for Evidence {
    fn from(old: EvidenceV1) -> Self {
        Self::new(old.file, old.says)
    }
}
