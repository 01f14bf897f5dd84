//! What can be generated. A kind is a folder of templates with a `kind.toml` that says which files it makes; only those
//! that images are built by are made in code, as each stack has templates of its own for them.

use std::collections::BTreeSet;

use minijinja::Value;
use serde::Deserialize;

use super::templates::Templates;
use super::{hcl, helm};
use crate::model::{Artifact, Problem, ProblemCode};

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
    pub(super) needs: Vec<String>,
    /// The folder of its templates; empty for what code makes.
    pub(super) folder: String,
    pub(super) files: Vec<FileRule>,
}

impl Kind {
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
    let Some(Written { label, about, needs, files }) = templates.settings(&format!("{folder}/kind.toml"))? else {
        return Ok(None);
    };
    Ok(Some(Kind { name, label, about, needs, folder, files }))
}

/// Whether a kind is among the wanted ones, or one of those makes use of it.
pub(super) fn is_wanted(kind: &Kind, wanted: &BTreeSet<String>, all: &[Kind]) -> bool {
    let needs_it = |other: &Kind| wanted.contains(&other.name) && other.needs.contains(&kind.name);
    wanted.contains(&kind.name) || all.iter().any(needs_it)
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
