//! All files of a project: which kinds are wanted, and what they make.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Value;
use minijinja::value::{Serde, merge_maps};

use super::delivery::{App, Delivery, Ground};
use super::kinds::{DOCKER, Each, Kind, USUAL, could_make, kinds, known, nothing_named, ways, with_needed};
use super::{Context, DIGESTS, Digests, Folder, Templates, beside, docker, image, is_the_projects};
use crate::model::{AppProfile, Artifact, ArtifactView, Environment, Problem, Serving, Settings};

/// What files are made for.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The project's name.
    pub project: &'a str,
    /// The apps, as they were detected.
    pub apps: &'a [&'a AppProfile],
    /// Only the files of this one, by its name, and those that all share.
    pub app: Option<&'a str>,
    /// What `wharf.toml` says.
    pub settings: &'a Settings,
    /// Of the files that belong to one environment only this one's; what all share is made as this one's settings say.
    /// Where none is named the files of all, and what they share as production's settings say.
    pub environment: Option<Environment>,
    /// The templates to fill in.
    pub templates: &'a Templates,
}

impl<'a> Order<'a> {
    /// All files of these apps, by the templates in the binary.
    #[must_use]
    pub fn new(project: &'a str, apps: &'a [&'a AppProfile], settings: &'a Settings) -> Self {
        Self { project, apps, app: None, settings, environment: None, templates: Templates::embedded() }
    }

    /// The files of these kinds and of those that they need. A file of the project's own in the place of one is
    /// respected: that is not made then.
    pub fn artifacts(&self, wanted: &BTreeSet<String>) -> Result<Vec<Artifact>, Problem> {
        self.made(wanted, &self.views()?)
    }

    /// The files of the kinds asked for, with commas between, or of those that the project has, and how they stand to
    /// what lies there.
    pub fn beside(&self, only: Option<&str>, folder: &Folder<'_>) -> Result<Vec<ArtifactView>, Problem> {
        let said = self.said(only)?;
        let views = self.views()?;
        let wanted = match said {
            Some(said) => said,
            None => self.recorded(&views, folder)?,
        };
        let mut artifacts = self.made(&wanted, &views)?;
        if let Some(digests) = folder.text(DIGESTS) {
            Digests::parse(&digests).apply(&mut artifacts);
        }
        // Where only a part is looked at, nobody knows what nothing asks for any more.
        let all = if only.is_none() && self.is_whole() { self.paths(&views) } else { None };
        let is_asked = |path: &str| all.as_ref().is_none_or(|all| all.contains(path));
        Ok(beside(artifacts, |path| !is_asked(path) && could_make(self.templates, path), folder))
    }

    /// The kinds that somebody asked for, here or in `wharf.toml`.
    fn said(&self, only: Option<&str>) -> Result<Option<BTreeSet<String>>, Problem> {
        let names = |only: &str| -> Vec<String> {
            only.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        let only = only.map(names);
        if only.as_ref().is_some_and(Vec::is_empty) {
            return Err(nothing_named());
        }
        let said = only.as_deref().or(self.settings.generate.as_deref()).unwrap_or_default();
        known(said, self.templates)?;
        Ok((!said.is_empty()).then(|| said.iter().cloned().collect()))
    }

    /// The kinds of which Wharf wrote something there, or the usual ones.
    fn recorded(&self, views: &Views, folder: &Folder<'_>) -> Result<BTreeSet<String>, Problem> {
        if !self.is_whole() {
            let whole = Self { environment: None, app: None, ..*self };
            return whole.recorded(&whole.views()?, folder);
        }
        let mut made = BTreeSet::new();
        for kind in kinds(self.templates)? {
            if self.paths_of(kind, views)?.iter().any(|path| folder.records(path)) {
                made.insert(kind.name.clone());
            }
        }
        Ok(if made.is_empty() { USUAL.map(str::to_owned).into() } else { made })
    }

    /// Whether the files of all apps and environments are meant.
    fn is_whole(&self) -> bool {
        self.app.is_none() && self.environment.is_none()
    }

    fn views(&self) -> Result<Views, Problem> {
        let ground = Ground::new(self)?;
        Ok(Views::new(&Delivery::new(self, &ground), self))
    }

    fn made(&self, wanted: &BTreeSet<String>, views: &Views) -> Result<Vec<Artifact>, Problem> {
        let all = kinds(self.templates)?;
        let mut artifacts = Vec::new();
        for kind in with_needed(wanted, all) {
            for app in self.apps.iter().filter(|app| app.serving != Serving::Static) {
                // The same in all environments.
                let compute = self.settings.resolve(app, Environment::Production).compute.unwrap_or_default();
                kind.runs_on(app, compute, all)?;
            }
            let ways = Value::from(Serde(ways(kind, wanted, all)));
            artifacts.extend(self.of_kind(kind, views, &ways)?);
        }
        Ok(artifacts)
    }

    /// The paths of all that could be made of a whole project, in any environment; none where that cannot be told. Where
    /// `wharf.toml` lists kinds, of those.
    fn paths(&self, views: &Views) -> Option<BTreeSet<String>> {
        let all = kinds(self.templates).ok()?;
        let said: Option<BTreeSet<String>> = self.settings.generate.as_ref().map(|said| said.iter().cloned().collect());
        let wanted: Vec<&Kind> = said.map_or_else(|| all.iter().collect(), |said| with_needed(&said, all));
        let of = |order: &Self, views: &Views| -> Option<Vec<String>> {
            let paths = wanted.iter().map(|kind| order.paths_of(kind, views));
            Some(paths.collect::<Result<Vec<_>, _>>().ok()?.concat())
        };
        let applied = |environment: Environment| {
            self.apps.iter().map(|app| self.settings.applied_to(app, environment)).collect::<Vec<_>>()
        };
        let mut paths: BTreeSet<String> = of(self, views)?.into_iter().collect();
        let usual = applied(Environment::Production);
        for environment in [Environment::Development, Environment::Staging] {
            if applied(environment) != usual {
                let order = Self { environment: Some(environment), ..*self };
                paths.extend(of(&order, &order.views().ok()?)?);
            }
        }
        Some(paths)
    }

    /// Where the files of a kind go; what would stand in them is not looked at.
    fn paths_of(&self, kind: &Kind, views: &Views) -> Result<Vec<String>, Problem> {
        let mut paths = Vec::new();
        if kind.name == DOCKER {
            let environment = self.environment.unwrap_or(Environment::Production);
            let applied = self.apps.iter().map(|app| self.settings.applied_to(app, environment));
            paths.extend(applied.filter(|app| app.dockerfile.is_none()).flat_map(|app| docker::paths(&app)));
        }
        for rule in &kind.files {
            for view in views.of(rule.each) {
                paths.extend(rule.path(kind, self.templates, view)?);
            }
        }
        Ok(paths)
    }

    fn of_kind(&self, kind: &Kind, views: &Views, ways: &Value) -> Result<Vec<Artifact>, Problem> {
        let mut artifacts = Vec::new();
        if kind.name == DOCKER {
            artifacts = self.images()?;
        }
        for rule in &kind.files {
            for view in views.of(rule.each) {
                let view = merge_maps([Value::from_pairs([("ways", ways.clone())]), view.clone()]);
                artifacts.extend(rule.fill(kind, self.templates, &view)?);
            }
        }
        artifacts.retain(|artifact| !self.apps.iter().any(|app| is_the_projects(app, &artifact.path)));
        Ok(artifacts)
    }

    fn is_meant(&self, app: &str) -> bool {
        self.app.is_none_or(|meant| meant == app)
    }

    /// What builds the images.
    fn images(&self) -> Result<Vec<Artifact>, Problem> {
        let environment = self.environment.unwrap_or(Environment::Production);
        let ctx = Context { project: self.project, templates: self.templates };
        let mut artifacts = Vec::new();
        for app in self.apps.iter().filter(|app| self.is_meant(&app.name)) {
            artifacts.extend(image(&self.settings.applied_to(app, environment), &ctx)?);
        }
        Ok(artifacts)
    }
}

/// The values that templates are filled in with, made once for all files of a project.
struct Views {
    project: Value,
    apps: Vec<Value>,
    environments: Vec<Value>,
    apps_in_environments: Vec<Value>,
}

impl Views {
    fn new(delivery: &Delivery<'_>, order: &Order<'_>) -> Self {
        let project = Value::from(Serde(delivery));
        let with = |more: &[(&str, &Value)]| {
            let more: BTreeMap<&str, Value> = more.iter().map(|(name, value)| (*name, (*value).clone())).collect();
            merge_maps([Value::from(more), project.clone()])
        };
        let is_meant = |app: &&App<'_>| order.is_meant(app.name);
        let mut views = Self {
            apps: delivery.apps.iter().filter(is_meant).map(|app| with(&[("app", &Value::from(Serde(app)))])).collect(),
            environments: Vec::new(),
            apps_in_environments: Vec::new(),
            project: project.clone(),
        };
        for one in delivery.environments.iter().filter(|one| order.environment.is_none_or(|wanted| one.name == wanted))
        {
            let value = Value::from(Serde(one));
            views.environments.push(with(&[("environment", &value)]));
            let apps = one.apps.iter().filter(is_meant).map(|app| Value::from(Serde(app)));
            let both = apps.map(|app| with(&[("environment", &value), ("app", &app)]));
            views.apps_in_environments.extend(both);
        }
        views
    }

    fn of(&self, each: Each) -> &[Value] {
        match each {
            Each::Project => std::slice::from_ref(&self.project),
            Each::App => &self.apps,
            Each::Environment => &self.environments,
            Each::AppEnvironment => &self.apps_in_environments,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AppSettings, Found};

    const KIND: &str = r#"
        label = "Plain"
        about = "what it says"

        [[files]]
        path = "plain/all.txt"
        template = "all.j2"
        reason = "tells of {{ apps | length }} apps"

        [[files]]
        path = "plain/{{ app.name }}-{{ environment.name }}.txt"
        template = "one.j2"
        reason = "how {{ app.name }} runs in {{ environment.name }}"
        each = "app-environment"
        when = "app.size.min_replicas > 1"
    "#;

    fn templates() -> Templates {
        let own = [
            ("iac/plain/kind.toml", KIND),
            ("iac/plain/all.j2", "{% for app in apps %}{{ app.image }} {{ app.port }}\n{% endfor %}"),
            ("iac/plain/one.j2", "{{ app.size.min_replicas }} {{ app.secrets | join(' ') | shell }}\n"),
        ];
        Templates::with_own(own.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
    }

    fn app(name: &str) -> AppProfile {
        AppProfile {
            path: name.to_owned(),
            name: name.to_owned(),
            stack: "go".to_owned(),
            start_command: Some("./app".to_owned()),
            env: vec!["API_TOKEN".to_owned()],
            ..AppProfile::default()
        }
    }

    fn paths(artifacts: &[Artifact]) -> Vec<&str> {
        artifacts.iter().map(|artifact| artifact.path.as_str()).collect()
    }

    fn only(kind: &str) -> BTreeSet<String> {
        BTreeSet::from([kind.to_owned()])
    }

    #[test]
    fn a_kind_is_a_folder() {
        let (web, api, templates) = (app("web"), app("api"), templates());
        let more = AppSettings {
            min_replicas: Some(4),
            env: BTreeMap::from([("API_TOKEN".to_owned(), "hush".to_owned())]),
            ..AppSettings::default()
        };
        let settings = Settings { environments: BTreeMap::from([(Environment::Staging, more)]), ..Settings::default() };
        let apps = [&web, &api];
        let order = Order { templates: &templates, ..Order::new("My shop", &apps, &settings) };
        let made = order.artifacts(&only("plain")).unwrap();
        let expected = [
            "plain/all.txt",
            "plain/web-staging.txt",
            "plain/api-staging.txt",
            "plain/web-production.txt",
            "plain/api-production.txt",
        ];
        assert_eq!(paths(&made), expected);
        assert_eq!(
            (made[0].content.as_str(), made[0].reason.as_str()),
            ("my-shop-web 8080\nmy-shop-api 8080\n", "tells of 2 apps")
        );
        assert_eq!(made[1].content, "4 API_TOKEN\n");
        let one = Order { app: Some("api"), environment: Some(Environment::Staging), ..order };
        assert_eq!(paths(&one.artifacts(&only("plain")).unwrap()), ["plain/all.txt", "plain/api-staging.txt"]);
        assert_eq!(paths(&one.artifacts(&only("docker")).unwrap()), ["api/Dockerfile", "api/.dockerignore"]);
        let all = order.paths(&order.views().unwrap()).unwrap();
        assert!(expected.iter().chain(&["api/Dockerfile"]).all(|path| all.contains(*path)), "{all:?}");
    }

    #[test]
    fn what_is_wanted_is_asked_for_or_said_or_made_before_or_usual() {
        let (web, templates) = (app("web"), templates());
        let apps = [&web];
        let wanted = |only: Option<&str>, said: Option<&[&str]>, record: &str| {
            let read = |path: &str| match path {
                ".wharf/written" => Found::Text(record.to_owned()),
                _ => Found::Nothing,
            };
            let generate = said.map(|said| said.iter().map(|name| (*name).to_owned()).collect());
            let settings = Settings { generate, ..Settings::default() };
            let order = Order { templates: &templates, ..Order::new("shop", &apps, &settings) };
            let folder = Folder::new(&read, &|_, _| Vec::new()).unwrap();
            let wanted = match order.said(only) {
                Ok(None) => order.recorded(&order.views().unwrap(), &folder),
                said => said.map(Option::unwrap_or_default),
            };
            wanted.map(|names| names.into_iter().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(wanted(None, None, "").unwrap(), "compose docker");
        assert_eq!(wanted(Some("plain, docker,"), Some(&["compose"]), "").unwrap(), "docker plain");
        // A script's variable that is empty is no wish for everything.
        assert_eq!(wanted(Some(""), None, "").unwrap_err().cause, "unknown-kind");
        assert_eq!(wanted(None, Some(&["compose"]), "").unwrap(), "compose");
        let read = |_: &str| Found::Nothing;
        let folder = Folder::new(&read, &|_, _| Vec::new()).unwrap();
        let settings = Settings::default();
        let order = Order { templates: &templates, ..Order::new("shop", &apps, &settings) };
        let views = order.beside(Some("plain"), &folder).unwrap();
        let changes = super::super::writes(&views, |_| super::super::Wishes::default(), "shop", &folder).unwrap();
        let record = changes.iter().find(|change| change.path == ".wharf/written").unwrap().content.clone().unwrap();
        assert_eq!(wanted(None, None, &record).unwrap(), "plain");
        let problem = wanted(Some("planet"), None, "").unwrap_err();
        assert!(problem.to_string().contains("docker, compose") && problem.to_string().contains("plain?"), "{problem}");
    }

    #[test]
    fn a_template_that_asks_for_what_is_not_there_is_named() {
        let own = [("iac/x/kind.toml", KIND.replace("apps |", "aps |")), ("iac/x/all.j2", String::new())];
        let templates = Templates::with_own(own.map(|(path, text)| (path.to_owned(), text)).into());
        let (web, settings) = (app("web"), Settings::default());
        let apps = [&web];
        let order = Order { templates: &templates, ..Order::new("shop", &apps, &settings) };
        let problem = order.artifacts(&only("x")).unwrap_err();
        assert!(problem.message.contains("iac/x/kind.toml"), "{problem}");
    }
}
