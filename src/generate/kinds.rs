//! What can be generated. A kind is a folder of templates with a `kind.toml` that says which files it makes; the files
//! of images and of Compose are made in code, as they differ from stack to stack.

use minijinja::Value;
use serde::Deserialize;

use super::templates::Templates;
use crate::model::{Artifact, Problem, ProblemCode};

/// The folders whose subfolders are kinds.
const HOMES: [&str; 2] = ["pipelines", "iac"];

/// What is generated where nobody says.
pub(super) const USUAL: [&str; 2] = [DOCKER, COMPOSE];

pub(super) const DOCKER: &str = "docker";
pub(super) const COMPOSE: &str = "compose";

/// Something that can be generated, as `wharf generate --only` names it.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Its name: `docker`, `github`, `terraform-aws`.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// What it makes, one sentence.
    pub about: String,
    /// The folder of its templates; empty for what code makes.
    pub(super) folder: String,
    pub(super) files: Vec<FileRule>,
}

/// `kind.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    label: String,
    about: String,
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
        let place = format!("{}/kind.toml", kind.folder);
        if let Some(when) = &self.when
            && !templates.holds(&place, when, view)?
        {
            return Ok(None);
        }
        Ok(Some(Artifact {
            path: templates.line(&place, &self.path, view)?,
            content: templates.fill(&format!("{}/{}", kind.folder, self.template), view)?,
            reason: templates.line(&place, &self.reason, view)?,
        }))
    }
}

/// All that there are: those made in code, then the others by name.
pub fn kinds(templates: &Templates) -> Result<&[Kind], Problem> {
    templates.kinds(|| {
        let mut kinds = vec![
            in_code(DOCKER, "Docker", "how each app's image is built, and what stays out of it"),
            in_code(COMPOSE, "Docker Compose", "the apps with what they need, on one machine"),
        ];
        let mut found: Vec<(String, String)> = Vec::new();
        for home in HOMES {
            found.extend(templates.folders(home).into_iter().map(|name| (format!("{home}/{name}"), name)));
        }
        found.sort_by(|a, b| a.1.cmp(&b.1));
        for (folder, name) in found {
            kinds.push(read(folder, name, templates)?);
        }
        Ok(kinds)
    })
}

fn in_code(name: &str, label: &str, about: &str) -> Kind {
    let [name, label, about] = [name, label, about].map(str::to_owned);
    Kind { name, label, about, folder: String::new(), files: Vec::new() }
}

fn read(folder: String, name: String, templates: &Templates) -> Result<Kind, Problem> {
    let path = format!("{folder}/kind.toml");
    let unread = |why: String| {
        Problem::new(ProblemCode::Failed, "template-failed", format!("the template {path} cannot be read"))
            .why(why)
            .fix("mend your copy of it, or remove the copy to use the one in the program")
    };
    let text = templates.text(&path).ok_or_else(|| unread("it is not there".to_owned()))?;
    let Written { label, about, files } = toml_edit::de::from_str(text).map_err(|error| unread(error.to_string()))?;
    Ok(Kind { name, label, about, folder, files })
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
