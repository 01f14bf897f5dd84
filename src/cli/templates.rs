//! `wharf templates`: what files are generated from, and copies of it for a user to change.

use clap::Subcommand;
use serde_json::json;

use super::output::{self, Style, styled};
use super::{Outcome, artifacts};
use crate::generate::{self, Templates};
use crate::model::{Problem, ProblemCode};
use crate::os::own_templates;
use crate::validate;

/// What to do with the templates.
#[derive(Debug, Subcommand)]
pub enum TemplatesCommand {
    /// List them, with those of your own
    List {
        /// Only those in this folder, as in stacks/node
        #[arg(value_name = "FOLDER", default_value = "", hide_default_value = true)]
        folder: String,
    },
    /// Print one: your copy where there is one
    Show {
        /// Its path, as `list` names it
        #[arg(value_name = "TEMPLATE")]
        path: String,
        /// The one in the program, though there is a copy of yours
        #[arg(long)]
        built_in: bool,
    },
    /// Copy one, or a folder of them, to where yours are: from then on the copy is used
    Eject {
        /// Its path, or a folder's, as `list` names them
        #[arg(value_name = "TEMPLATE")]
        path: String,
    },
    /// Fill all of them in for projects that are made up, and check what comes out
    Check,
}

pub(super) fn run(command: &TemplatesCommand, json: bool) -> Result<Outcome, Problem> {
    match command {
        TemplatesCommand::List { folder } => list(folder, json),
        TemplatesCommand::Show { path, built_in } => show(path, *built_in, json),
        TemplatesCommand::Eject { path } => eject(path, json),
        TemplatesCommand::Check => check(json),
    }
}

fn list(folder: &str, json: bool) -> Result<Outcome, Problem> {
    let templates = Templates::in_use(own_templates::read()?);
    let files = below(&templates, folder)?;
    if json {
        let note = |path: &str, own: bool| own.then(|| note(&templates, path));
        let entry = |(path, own): &(String, bool)| json!({ "path": path, "own": own, "note": note(path, *own) });
        output::json(
            &json!({ "folder": own_templates::folder()?, "templates": files.iter().map(entry).collect::<Vec<_>>() }),
        );
        return Ok(Outcome::Done);
    }
    for (path, own) in &files {
        let mark = if *own { styled(&format!("  {}", note(&templates, path)), Style::Good) } else { String::new() };
        output::styled_line(format!("{}{mark}", output::harmless(path)));
    }
    output::note(format!("yours are in {}", own_templates::folder()?.display()));
    Ok(Outcome::Done)
}

/// What a template of the user's is: a copy that says what the one in the program says is only in the way of newer ones, and
/// what is not in the program may have a wrong name.
fn note(templates: &Templates, path: &str) -> &'static str {
    match Templates::embedded_text(path) {
        None => "yours; the program has none of that path",
        Some(text) if templates.text(path) == Some(text) => "yours, unchanged",
        Some(_) => "yours",
    }
}

/// The files of a folder, or the one file of that path.
fn below(templates: &Templates, folder: &str) -> Result<Vec<(String, bool)>, Problem> {
    let folder = folder.trim_end_matches('/');
    let inside = |path: &str| folder.is_empty() || path == folder || path.starts_with(&format!("{folder}/"));
    let files: Vec<_> = templates.all().into_iter().filter(|(path, _)| inside(path)).collect();
    if files.is_empty() { Err(unknown(templates, folder)) } else { Ok(files) }
}

fn unknown(templates: &Templates, path: &str) -> Problem {
    let all: Vec<String> = templates.all().into_keys().collect();
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    let folder = path.trim_matches('/');
    if names.iter().any(|name| name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))) {
        return Problem::new(ProblemCode::NotFound, "template-not-found", format!("{folder} is a folder of templates"))
            .why("one template can be shown at a time")
            .fix(format!("`wharf templates list {folder}` names those in it"));
    }
    let near = similar::get_close_matches(path, &names, 1, 0.6).first().map(|near| format!("did you mean {near}?"));
    Problem::new(ProblemCode::NotFound, "template-not-found", format!("there is no template “{path}”"))
        .why("a template is named by its path")
        .fix(near.unwrap_or_else(|| "`wharf templates list` names them".to_owned()))
}

fn show(path: &str, built_in: bool, json: bool) -> Result<Outcome, Problem> {
    let templates = Templates::in_use(own_templates::read()?);
    let text = if built_in { Templates::embedded_text(path) } else { templates.text(path) };
    let text = text.ok_or_else(|| unknown(&templates, path))?;
    if json {
        output::json(&json!({ "path": path, "content": text }));
    } else {
        output::file(text);
    }
    Ok(Outcome::Done)
}

fn eject(path: &str, json: bool) -> Result<Outcome, Problem> {
    let templates = Templates::in_use(own_templates::read()?);
    let folder = own_templates::folder()?;
    if path.trim_matches('/').is_empty() {
        return Err(Problem::new(ProblemCode::Usage, "no-template", "no template and no folder is named")
            .why("a copy is used in the place of the program's own from then on, newer ones too")
            .fix("`wharf templates list` names what there is; copy out what you want to change"));
    }
    let files = below(&templates, path)?;
    let (kept, fresh): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, own)| *own);
    for (path, _) in &fresh {
        own_templates::write(path, Templates::embedded_text(path).unwrap_or_default())?;
    }
    let names = |files: &[(String, bool)]| files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
    if json {
        output::json(&json!({ "folder": folder, "written": names(&fresh), "kept": names(&kept) }));
        return Ok(Outcome::Done);
    }
    for path in names(&fresh) {
        output::line(format!("{}: written", folder.join(path).display()));
    }
    for path in names(&kept) {
        output::line(format!("{}: yours already, left as it is", folder.join(path).display()));
    }
    Ok(Outcome::Done)
}

/// Fails on what cannot be filled in, and on a file that breaks a rule.
fn check(json: bool) -> Result<Outcome, Problem> {
    let templates = Templates::in_use(own_templates::read()?);
    let (mut problems, mut faults, mut files) = (Vec::new(), Vec::new(), 0);
    for made in generate::trial(&templates) {
        match made {
            Ok(artifacts) => {
                files += artifacts.len();
                let texts = artifacts.into_iter().map(|artifact| (artifact.path, artifact.content)).collect();
                faults.extend(validate::check_all(&texts));
            }
            Err(problem) => problems.push(problem),
        }
    }
    // One mistake shows in every project that is made up.
    problems.sort_by(|a, b| (&a.message, &a.why).cmp(&(&b.message, &b.why)));
    problems.dedup();
    faults.sort_by(|a, b| (&a.path, a.line, a.rule).cmp(&(&b.path, b.line, b.rule)));
    faults.dedup();
    let is_well = problems.is_empty() && faults.is_empty();
    if json {
        output::json(&json!({ "files": files, "problems": problems, "faults": faults }));
    } else {
        for problem in &problems {
            output::line(format!("{}: {}", problem.message, problem.why));
        }
        artifacts::print_faults(&faults);
        if is_well {
            output::line(format!("{files} files of projects that are made up are as they should be"));
        }
    }
    Ok(if is_well { Outcome::Done } else { Outcome::Failed })
}
