//! `wharf projects`: the folders that Wharf knows.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::output::{self, Style, Table};
use super::{Context, Outcome, confirm::Confirmation, delete, place, select};
use crate::model::{AddProject, Kept, Page, PageQuery, Problem, Project, RemoveQuery, Removed, Source};

/// What to do with projects.
#[derive(Debug, Subcommand)]
pub enum ProjectsCommand {
    /// Make a folder or a git repository known
    Add(AddArgs),
    /// List what is known, by name
    List(ListArgs),
    /// Forget a project; its folder stays as it is
    Remove(RemoveArgs),
}

/// What to add.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// A folder, or a git address (`URL#ref`)
    #[arg(value_name = "PATH", default_value = ".")]
    path: String,
    /// What to call it [default: the folder's name]
    #[arg(long)]
    name: Option<String>,
}

/// Which part of the list.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Show at most this many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
    /// Go on behind this one: the `next` of the part before
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
}

/// What to remove.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// Its folder, git address, name or id
    #[arg(value_name = "PROJECT")]
    project: String,
    /// Its deployments too: what runs is stopped and removed; volumes stay
    #[arg(long)]
    deployments: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(command: ProjectsCommand, context: &Context) -> Result<Outcome, Problem> {
    match command {
        ProjectsCommand::Add(args) => add(args, context).await,
        ProjectsCommand::List(args) => list(args, context).await,
        ProjectsCommand::Remove(args) => remove(args, context).await,
    }
}

async fn add(args: AddArgs, context: &Context) -> Result<Outcome, Problem> {
    let location = place::location(&args.path)?;
    let client = context.client().await?;
    let project = client.add_project(&AddProject { location, name: args.name }).await?;
    if context.json {
        output::json(&project);
    } else {
        output::line(format!("{} is known as {}", project.root.display(), project.name));
    }
    Ok(Outcome::Done)
}

async fn list(args: ListArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    let query = PageQuery { after: args.after, limit: args.limit.map(usize::from) };
    let page = client.projects(&query).await?;
    if context.json {
        output::json(&page);
    } else {
        show(&page);
    }
    Ok(Outcome::Done)
}

fn show(page: &Page<Project>) {
    if page.items.is_empty() {
        return output::line("No project is known. Add one with `wharf projects add PATH`, or deploy one.");
    }
    let mut table = Table::new(["NAME", "FOLDER", "FROM", "ID"]);
    for project in &page.items {
        let from = match &project.source {
            Source::Folder => String::new(),
            Source::Git { url, reference, .. } => {
                reference.as_ref().map_or_else(|| url.clone(), |reference| format!("{url}#{reference}"))
            }
        };
        table.row([
            (project.name.clone(), Style::Strong),
            (project.root.display().to_string(), Style::Plain),
            (from, Style::Plain),
            (project.id.to_string(), Style::Faint),
        ]);
    }
    table.print();
    if let Some(next) = &page.next {
        output::note(format!("{} of {}; more with `--after {next}`", page.items.len(), page.total));
    }
}

/// A project that was removed, with what stays of it.
#[derive(Serialize)]
struct Forgotten<'a> {
    #[serde(flatten)]
    project: &'a Project,
    kept: Vec<Kept>,
}

async fn remove(args: RemoveArgs, context: &Context) -> Result<Outcome, Problem> {
    let client = context.client().await?;
    let project = select::project(&client, &args.project).await?;
    let what = if args.deployments { "and remove all its deployments" } else { "(its folder stays as it is)" };
    args.confirmation.ask_plainly(&format!("Forget {} {what}?", project.name))?;
    if args.deployments {
        delete::all_of(&client, &project.id).await?;
    }
    let Removed { kept } = client.remove_project(&project.id, RemoveQuery { deployments: args.deployments }).await?;
    if context.json {
        output::json(&Forgotten { project: &project, kept });
    } else {
        output::line(format!("{} is no longer known", project.name));
        for kept in kept {
            output::line(format!("  its data stays: {}; remove it with `{}`", kept.name, kept.remove));
        }
    }
    Ok(Outcome::Done)
}
