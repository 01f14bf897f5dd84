//! What can be generated. A kind is a folder of templates with a `kind.toml` that says which files it makes; only those
//! that images are built by are made in code, as each stack has templates of its own for them.

use std::collections::BTreeSet;

use minijinja::Value;
use serde::{Deserialize, Serialize};

use super::templates::Templates;
use super::{docker, hcl, helm};
use crate::model::{AppProfile, Artifact, Problem, ProblemCode, RunsOn};

/// What is generated where nobody says.
pub(super) const USUAL: [&str; 2] = [DOCKER, "compose"];

/// The kind that is made in code: which template an image has differs from stack to stack.
pub(super) const DOCKER: &str = "docker";

/// Something that can be generated, as `wharf generate --only` names it.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Its name: `docker`, `github`, `terraform-aws`.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// What it makes, one sentence.
    pub about: String,
    /// The kinds whose files its own make use of.
    needs: Vec<String>,
    /// Of what deploys: the kind by which it does so where no other is wanted.
    deploys_by: Option<String>,
    /// What apps can run on by it, where it is a cloud's infrastructure.
    compute: Option<Vec<RunsOn>>,
    /// The template that says how pipelines deploy by it; none where they cannot.
    pipeline: Option<String>,
    /// The folder of its templates; empty for what code makes.
    pub(super) folder: String,
    pub(super) files: Vec<FileRule>,
}

impl Kind {
    /// Whether it makes a file at that path for some project.
    fn makes(&self, path: &str) -> bool {
        self.name == DOCKER && docker::could_be(path) || self.files.iter().any(|rule| rule.shape.fits(path))
    }

    /// Whether an app can run on that by it.
    pub(super) fn runs_on(&self, app: &AppProfile, compute: RunsOn, all: &[Self]) -> Result<(), Problem> {
        let Some(known) = self.compute.as_ref().filter(|known| !known.contains(&compute)) else { return Ok(()) };
        let named = |all: &[RunsOn]| all.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ");
        let others = all.iter().filter(|other| other.compute.as_ref().is_some_and(|known| known.contains(&compute)));
        let others: Vec<&str> = others.map(|other| other.name.as_str()).collect();
        let message = format!("{} cannot run {} on a {}", self.name, app.name, compute.name());
        Err(Problem::new(ProblemCode::Usage, "compute-unknown", message)
            .why(format!("`compute` in wharf.toml asks for it, and {} knows {} alone", self.label, named(known)))
            .fix(format!("leave `compute` out, or take one of {}", others.join(", "))))
    }

    /// What says which files it makes.
    fn file(&self) -> String {
        format!("{}/kind.toml", self.folder)
    }
}

/// `kind.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    label: String,
    about: String,
    #[serde(default)]
    needs: Vec<String>,
    deploys_by: Option<String>,
    compute: Option<Vec<RunsOn>>,
    files: Vec<FileRule>,
}

/// A file that a kind makes. `path` and `reason` are templates too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRule {
    path: String,
    /// The template, in the kind's folder.
    template: String,
    reason: String,
    #[serde(default)]
    pub(super) each: Each,
    /// An expression over the same values: only where it holds.
    when: Option<String>,
    #[serde(skip)]
    shape: Shape,
}

/// What is the same in all paths that a template makes: the pieces between its values.
#[derive(Clone, Debug, Default)]
struct Shape(Vec<String>);

impl Shape {
    fn of(template: &str) -> Self {
        let mut pieces = vec![String::new()];
        let mut rest = template;
        while let Some(start) = ["{{", "{%"].iter().filter_map(|mark| rest.find(mark)).min() {
            let (before, after) = rest.split_at(start);
            let end = ["}}", "%}"].iter().filter_map(|mark| after.find(mark)).min();
            pieces.last_mut().into_iter().for_each(|piece| piece.push_str(before));
            pieces.push(String::new());
            rest = end.and_then(|end| after.get(end + 2..)).unwrap_or_default();
        }
        pieces.last_mut().into_iter().for_each(|piece| piece.push_str(rest));
        Self(pieces)
    }

    fn fits(&self, path: &str) -> bool {
        let (first, last) = match self.0.as_slice() {
            [] => return false,
            [only] => return only == path,
            [first, .., last] => (first, last),
        };
        let inside = path.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
        let between = &self.0[1..self.0.len() - 1];
        let found = |rest: &'_ str, piece: &String| Some(rest.find(piece.as_str())? + piece.len());
        inside.is_some_and(|inside| {
            let mut rest = inside;
            between.iter().all(|piece| {
                let end = found(rest, piece);
                rest = end.and_then(|end| rest.get(end..)).unwrap_or_default();
                end.is_some()
            })
        })
    }
}

/// Whether the templates make a file at that path for some project, this one or another. What they do not make is no file
/// of Wharf's, whatever is on record.
pub(super) fn could_make(templates: &Templates, path: &str) -> bool {
    kinds(templates).is_ok_and(|kinds| kinds.iter().any(|kind| kind.makes(path)))
}

/// How often a file is made, and so what its template sees besides the project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Each {
    /// Once.
    #[default]
    Project,
    /// For each app: `app`.
    App,
    /// For each environment: `environment`.
    Environment,
    /// For each app in each environment: both, the app as it is there.
    AppEnvironment,
}

impl FileRule {
    /// The file, where it is to be made with these values.
    pub(super) fn fill(&self, kind: &Kind, templates: &Templates, view: &Value) -> Result<Option<Artifact>, Problem> {
        let Some(path) = self.path(kind, templates, view)? else { return Ok(None) };
        let content = templates.fill(&format!("{}/{}", kind.folder, self.template), view)?;
        let is_hcl = [".tf", ".tfvars", ".tfbackend"].iter().any(|ending| path.ends_with(ending));
        let content = match path.as_str() {
            _ if is_hcl => hcl::aligned(&content),
            path if helm::is_template(path) => helm::written(&content),
            _ => content,
        };
        Ok(Some(Artifact { path, content, reason: templates.line(&kind.file(), &self.reason, view)? }))
    }

    /// Where the file goes, where it is to be made with these values.
    pub(super) fn path(&self, kind: &Kind, templates: &Templates, view: &Value) -> Result<Option<String>, Problem> {
        let is_made = self.when.as_ref().map_or(Ok(true), |when| templates.holds(&kind.file(), when, view))?;
        is_made.then(|| templates.line(&kind.file(), &self.path, view)).transpose()
    }
}

/// All that there are: Docker's and Compose's, then the others by name.
pub fn kinds(templates: &Templates) -> Result<&[Kind], Problem> {
    templates.kinds(|| {
        let mut kinds = vec![Kind {
            name: DOCKER.to_owned(),
            label: "Docker".to_owned(),
            about: "how each app's image is built, and what stays out of it".to_owned(),
            needs: Vec::new(),
            deploys_by: None,
            compute: None,
            pipeline: None,
            folder: String::new(),
            files: Vec::new(),
        }];
        for folder in templates.folders_with("kind.toml") {
            kinds.extend(read(folder, templates)?);
        }
        kinds.sort_by_key(|kind| {
            (USUAL.iter().position(|usual| *usual == kind.name).unwrap_or(USUAL.len()), kind.name.clone())
        });
        Ok(kinds)
    })
}

fn read(folder: String, templates: &Templates) -> Result<Option<Kind>, Problem> {
    let name = folder.rsplit('/').next().unwrap_or_default().to_owned();
    let Some(Written { label, about, needs, deploys_by, compute, mut files }) =
        templates.settings(&format!("{folder}/kind.toml"))?
    else {
        return Ok(None);
    };
    for rule in &mut files {
        rule.shape = Shape::of(&rule.path);
    }
    let pipeline = Some(format!("{folder}/pipeline.j2")).filter(|path| templates.text(path).is_some());
    Ok(Some(Kind { name, label, about, needs, deploys_by, compute, pipeline, folder, files }))
}

/// A way to deploy, as the templates of pipelines see it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Way<'a> {
    name: &'a str,
    label: &'a str,
    /// The template that says how.
    template: &'a str,
}

/// The ways by which a kind deploys: those that are wanted, and where there are none its own.
pub(super) fn ways<'a>(kind: &Kind, wanted: &BTreeSet<String>, all: &'a [Kind]) -> Vec<Way<'a>> {
    let Some(own) = &kind.deploys_by else { return Vec::new() };
    let way = |kind: &'a Kind| Some(Way { name: &kind.name, label: &kind.label, template: kind.pipeline.as_deref()? });
    let others = all.iter().filter(|other| wanted.contains(&other.name) && other.name != *own);
    let ways: Vec<_> = others.filter_map(way).collect();
    if ways.is_empty() { all.iter().filter(|other| other.name == *own).filter_map(way).collect() } else { ways }
}

/// The wanted kinds, those whose files these make use of, and those by which they deploy.
pub(super) fn with_needed<'a>(wanted: &BTreeSet<String>, all: &'a [Kind]) -> Vec<&'a Kind> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = wanted.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        for kind in all.iter().filter(|kind| kind.name == name) {
            if names.insert(&kind.name) {
                open.extend(kind.needs.iter().map(String::as_str));
                open.extend(ways(kind, wanted, all).iter().map(|way| way.name));
            }
        }
    }
    all.iter().filter(|kind| names.contains(kind.name.as_str())).collect()
}

pub(super) fn nothing_named() -> Problem {
    Problem::new(ProblemCode::Usage, "unknown-kind", "nothing is named that could be generated")
        .why("a list of kinds is empty")
        .fix("name some with commas between, as in `--only docker,compose`; `wharf help generate` lists them")
}

/// The kinds of these names; one that there is not is named with those that there are.
pub(super) fn known(names: &[String], templates: &Templates) -> Result<(), Problem> {
    let all: Vec<&str> = kinds(templates)?.iter().map(|kind| kind.name.as_str()).collect();
    let Some(unknown) = names.iter().find(|name| !all.contains(&name.as_str())) else { return Ok(()) };
    let near =
        similar::get_close_matches(unknown.as_str(), &all, 1, 0.6).first().map(|near| format!("did you mean {near}?"));
    Err(Problem::new(
        ProblemCode::Usage,
        "unknown-kind",
        format!("nothing that can be generated is called “{unknown}”"),
    )
    .why(format!("there is {}", all.join(", ")))
    .fix(near.unwrap_or_else(|| "name one of these, several with commas between".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_template_can_make_is_made_by_one() {
        let templates = Templates::embedded();
        let makes = |path: &str| could_make(templates, path);
        for path in [
            "Dockerfile",
            "apps/web/Dockerfile.dockerignore",
            "compose.yaml",
            ".github/workflows/ci.yml",
            "k8s/production/old-app.yaml",
            "infra/terraform-aws/app-gone.tf",
            "k8s/helm/shop/templates/apps/web/service.yaml",
        ] {
            assert!(makes(path), "{path}");
        }
        for path in [
            "package.json",
            "src/compose.yaml",
            "compose.yaml.ts",
            "infra/terraform-aws/app-web.ts",
            "Dockerfile.prod",
            "infra/terraform-aws/secret.tf",
            "k8s/x.yaml",
        ] {
            assert!(!makes(path), "{path}");
        }
        let shape = Shape::of("a/{{ app.name }}-b-{% if x %}c{% endif %}.txt");
        assert!(
            shape.fits("a/1-b-c.txt") && shape.fits("a/-b-c.txt") && !shape.fits("a/b-.txt") && !shape.fits("a/.txt")
        );
    }
}
