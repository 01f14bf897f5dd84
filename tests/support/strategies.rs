//! What projects may say, as properties try it.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use wharf::model::{AppProfile, Dependency};

use super::profiles;

/// Names, commands and paths: usual ones, and any text at all.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z][a-z0-9-]{0,12}",
        2 => "[ -~]{0,30}",
        1 => any::<String>(),
        1 => prop::sample::select(vec![
            "a\nUSER root", "$(touch /tmp/x)", "${{ secrets.X }}", "\"; rm -rf / #", "日本 語", "%{ if true }${x}",
            "{{ .Values }}{% raw %}", "'); evil() //", "- x: &y *z",
            "a\u{7f}\u{85}b\u{9b}'", "a\u{202e}b\u{2066} \u{200f}\u{feff}c", "\u{1b}[2J\u{8}\r",
        ])
        .prop_map(str::to_owned),
    ]
}

pub(crate) fn env_names() -> impl Strategy<Value = Vec<String>> {
    let known =
        vec!["DATABASE_URL", "REDIS_URL", "PGHOST", "SECRET_KEY", "MONGO_URL", "PORT", "DB_PASSWORD", "LOG LEVEL"];
    vec(prop_oneof![prop::sample::select(known).prop_map(str::to_owned), text()], 0..4)
}

pub(crate) fn services() -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(profiles::services(), 0..=4)
}

/// A sample with some of it replaced by anything.
pub(crate) fn profile() -> impl Strategy<Value = AppProfile> {
    let samples: Vec<AppProfile> = profiles::all().into_iter().map(|(_, profile)| profile).collect();
    let commands = (option::of(text()), option::of(text()), option::of(text()));
    let checks = (option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    let rest = (option::of(text()), option::of(text()), env_names(), env_names(), any::<Option<u16>>());
    let versions = (option::of(text()), vec(text(), 0..3));
    (prop::sample::select(samples), commands, checks, services(), rest, versions).prop_map(
        |(sample, commands, checks, services, rest, (version, dependencies))| {
            let dependency = |name| Dependency { name, ..Dependency::default() };
            AppProfile {
                install_command: commands.0.or(sample.install_command),
                build_command: commands.1.or(sample.build_command),
                start_command: commands.2.filter(|start| !start.trim().is_empty()).or(sample.start_command),
                test_command: checks.0.or(sample.test_command),
                lint_command: checks.1.or(sample.lint_command),
                develop_command: checks.2.or(sample.develop_command),
                release_command: checks.3.filter(|it| !it.trim().is_empty()).or(sample.release_command),
                services,
                health_path: rest.0.or(sample.health_path),
                output_dir: rest.1.or(sample.output_dir),
                env: rest.2,
                required_env: rest.3,
                port: rest.4.or(sample.port),
                runtime_version: version.or(sample.runtime_version),
                dependencies: sample.dependencies.into_iter().chain(dependencies.into_iter().map(dependency)).collect(),
                ..sample
            }
        },
    )
}
