//! What each kind of generated files contains.

mod azure;
mod cloudformation;
mod compose;
mod helm;
mod kubernetes;
mod kustomize;
mod processes;
mod released;

use std::collections::BTreeMap;

use wharf::generate::Order;
use wharf::model::{AppProfile, Settings};

use crate::support::profiles::{self, With as _};

/// Text that becomes syntax where it is not escaped.
pub(crate) const HOSTILE: [&str; 8] = [
    "a b",
    "a\"b' c",
    "one\ntwo: three",
    "$(touch /tmp/x) `id`",
    "${{ secrets.X }} %{ if true } ${x}",
    "{{ .Values.x }} {# x #}",
    "é\u{2028}\\",
    "x: [y], - z #",
];

/// The files of one kind by path, without those of the images that it needs, for a project of this name.
pub(crate) fn files(kind: &str, project: &str, apps: &[&AppProfile], settings: &Settings) -> BTreeMap<String, String> {
    let made = Order::new(project, apps, settings).artifacts(&[kind.to_owned()].into()).unwrap();
    let is_own =
        |path: &str| kind == "docker" || !["Dockerfile", ".dockerignore"].iter().any(|end| path.ends_with(end));
    let own = made.into_iter().filter(|artifact| is_own(&artifact.path));
    own.map(|artifact| (artifact.path, artifact.content)).collect()
}

pub(crate) fn settings(text: &str) -> Settings {
    toml_edit::de::from_str(text).unwrap()
}

/// The API of a shop: a database, a cache, a secret that it needs and one that it can do without.
pub(crate) fn api() -> AppProfile {
    let profile = profiles::express().needs(
        &["postgres", "redis"],
        &["DATABASE_URL", "REDIS_URL", "LOG_LEVEL", "PORT", "STRIPE_SECRET_KEY", "THEME"],
        &["SESSION_SECRET"],
    );
    AppProfile { name: "api".to_owned(), ..profile }
}

pub(crate) fn profile(name: &str) -> AppProfile {
    profiles::all().into_iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn what_a_kind_cannot_run_an_app_on_is_an_error_and_not_left_out() {
    let on = settings("[app]\ncompute = \"function\"\n");
    let order = |kind: &str, app: &AppProfile| Order::new("shop", &[app], &on).artifacts(&[kind.to_owned()].into());
    for kind in ["cloudformation", "arm", "bicep"] {
        let problem = order(kind, &api()).unwrap_err();
        assert_eq!(problem.cause, "compute-unknown", "{problem}");
        assert!(problem.message.contains("api") && problem.message.contains("function"), "{problem}");
        assert!(problem.fix.contains("terraform-aws"), "{problem}");
        assert!(order(kind, &profile("static-plain")).is_ok(), "files run on nothing");
    }
    assert!(order("terraform-aws", &api()).is_ok() && order("kubernetes", &api()).is_ok());
}
