//! The environment variables that a build writes into what it makes: whoever runs that cannot say otherwise.

use super::apps::App;
use super::data::Text;
use super::env::Origins;
use crate::model::{AppProfile, Environment, Serving, Settings, Warning, names_a_secret};

/// Those of these names that a bundler of the app's stack replaces by their values. Of an app that becomes files it is all
/// of them: nothing else is there to read one.
pub(super) fn of(app: &App<'_>, profile: &AppProfile, read: &Origins) -> Vec<String> {
    let stack = app.candidate.stack;
    if super::profile::bundled_by(app, "vite") {
        return read.keys().filter(|name| name.starts_with("VITE_")).cloned().collect();
    }
    if profile.build_command.is_none() || stack.inlined.is_empty() {
        return Vec::new();
    }
    let used = stack.inlined.iter().filter(|rule| rule.packages.iter().any(|package| app.facts.depends_on(package)));
    let prefixes: Vec<&str> = used.flat_map(|rule| &rule.prefixes).map(Text::as_str).collect();
    let by_name = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let is_inlined = |name: &&String| {
        profile.serving == Serving::Static && !name.ends_with("DATABASE_URL")
            || by_name(name)
            || app.names().inlined.contains(name.as_str())
    };
    read.keys().filter(is_inlined).cloned().collect()
}

/// A warning for each app that would be built with what sounds like a secret, unless its `wharf.toml` gives that a value
/// among those that are none.
pub(super) fn warnings(profiles: &[AppProfile], settings: &Settings) -> Vec<Warning> {
    let given = |app: &AppProfile, name: &str| {
        Environment::ALL.into_iter().any(|environment| settings.resolve(app, environment).env.contains_key(name))
    };
    let of = |app: &AppProfile| {
        let names = app.build_env.iter().map(String::as_str);
        let names: Vec<&str> = names.filter(|name| names_a_secret(name) && !given(app, name)).collect();
        let says = format!(
            "{} sounds secret, and what the build is given stands in files that it makes for others: no image is built with \
             it; if anybody may know it, say it in wharf.toml below [app.env]",
            names.join(", ")
        );
        (!names.is_empty()).then(|| Warning { file: app.path.clone(), says })
    };
    profiles.iter().filter_map(of).collect()
}
