//! `wharf vulns`: known vulnerabilities in what apps depend on.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::output::{self, Style, Table};
use super::{Context, Outcome, confirm, place, select};
use crate::api::client::Client;
use crate::model::{
    AdvisoryArchive, AdvisorySources, AppVulnerabilities, NotScannedReason, Problem, ProblemCode, Project, Severity,
    Vulnerability, VulnerabilityReport,
};

/// So many packages are named of those that were not scanned.
const NAMED: usize = 10;

/// Where to look, and for what.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct VulnsArgs {
    #[command(subcommand)]
    command: Option<VulnsCommand>,
    /// A folder, a git address (`URL#ref`) or a project's name
    #[arg(value_name = "PATH", default_value = ".")]
    path: String,
    /// Only this app of the project
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Allow to send the names and versions of dependencies to the OSV database, from now on
    #[arg(long, conflicts_with = "revoke")]
    allow: bool,
    /// Take that back; nothing is sent any more
    #[arg(long, conflicts_with_all = ["fresh", "fail_on", "app"])]
    revoke: bool,
    /// Ask again, even where an answer of the last 24 hours is kept
    #[arg(long)]
    fresh: bool,
    /// Exit with 1 where something at least this severe is found, with 4 where the database did not answer for all,
    /// with 5 where nobody has allowed to ask it
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Threshold>,
}

#[derive(Debug, Subcommand)]
enum VulnsCommand {
    /// Take in a file of advisories, to look into without a network
    Import(ImportArgs),
    /// Say where advisories come from: what may be asked, and what was imported
    Sources,
}

#[derive(Debug, Args)]
struct ImportArgs {
    /// An ecosystem's all.zip of the OSV database, or one of its advisories as JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// From which severity on a command fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Threshold {
    /// Whatever is found, also where nobody says how severe it is
    Any,
    Low,
    Medium,
    High,
    Critical,
}

impl Threshold {
    const fn severity(self) -> Severity {
        match self {
            Self::Any => Severity::Unknown,
            Self::Low => Severity::Low,
            Self::Medium => Severity::Medium,
            Self::High => Severity::High,
            Self::Critical => Severity::Critical,
        }
    }
}

pub(super) async fn run(args: VulnsArgs, context: &Context) -> Result<Outcome, Problem> {
    match args.command {
        Some(VulnsCommand::Import(import)) => return self::import(&import, context).await,
        Some(VulnsCommand::Sources) => return sources(context).await,
        None => {}
    }
    if args.revoke {
        let client = context.client().await?;
        let sources = client.allow_advisories(false).await?;
        told(context, &sources, &format!("Nothing is sent to {} any more.", sources.address));
        return Ok(Outcome::Done);
    }
    let (client, project) = project(&args, context).await?;
    if args.allow {
        allow(&client).await?;
    }
    let mut report = client.vulnerabilities(&project.id, args.app.as_deref(), args.fresh).await?;
    let unasked = report.missed(NotScannedReason::NotAllowed);
    if unasked > 0 && !context.json && confirm::agrees(&question(&report, unasked)) {
        allow(&client).await?;
        report = client.vulnerabilities(&project.id, args.app.as_deref(), args.fresh).await?;
    }
    if context.json {
        output::json(&report);
    } else {
        show(&project, &report);
    }
    Ok(args.fail_on.map_or(Outcome::Done, |threshold| judged(&report, threshold)))
}

/// Allows to ask the address that the person has in mind: an engine that was started with another is not meant.
async fn allow(client: &Client) -> Result<(), Problem> {
    let asked = client.advisory_sources().await?.address;
    match std::env::var("WHARF_OSV_URL") {
        Ok(meant) if !meant.is_empty() && meant.trim_end_matches('/') != asked.trim_end_matches('/') => {
            Err(Problem::new(ProblemCode::Refused, "other-database", format!("the engine asks {asked}, not {meant}"))
                .why("WHARF_OSV_URL is read when the engine starts")
                .fix("run `wharf engine stop`, then this once more"))
        }
        _ => client.allow_advisories(true).await.map(drop),
    }
}

async fn import(args: &ImportArgs, context: &Context) -> Result<Outcome, Problem> {
    // The engine works elsewhere; a file that is not there is told before one is started.
    let path = std::fs::canonicalize(&args.file).map_err(|error| {
        let shown = args.file.display();
        Problem::new(ProblemCode::NotFound, "advisories-not-readable", format!("{shown} cannot be read"))
            .why(error)
            .fix("check the path")
    })?;
    let client = context.client().await?;
    if !context.json && output::is_interactive() {
        output::note("This may take a minute.");
    }
    let report = client.import_advisories(&path).await?;
    if context.json {
        output::json(&report);
        return Ok(Outcome::Done);
    }
    let advisories = if report.imported == 1 { "advisory" } else { "advisories" };
    output::line(format!("{} {advisories} imported", report.imported));
    if report.skipped > 0 {
        output::styled_line(output::styled(&format!("{} entries left out", report.skipped), Style::Attention));
        report.skipped_examples.iter().for_each(|example| output::line(format!("  {}", output::one_line(example))));
    }
    if report.whole.is_empty() {
        output::note("It is no ecosystem's whole archive: what it does not name still counts as not scanned.");
    }
    show_archives(&report.archives);
    Ok(Outcome::Done)
}

async fn sources(context: &Context) -> Result<Outcome, Problem> {
    let sources = context.client().await?.advisory_sources().await?;
    let words = match &sources.allowed {
        Some(consent) => {
            format!("{} may be asked: {} has allowed it {} ago", sources.address, consent.by, output::age(consent.at))
        }
        None => format!("{} is not asked: nobody has allowed it", sources.address),
    };
    told(context, &sources, &words);
    if !context.json {
        show_archives(&sources.archives);
    }
    Ok(Outcome::Done)
}

fn show_archives(archives: &[AdvisoryArchive]) {
    if archives.is_empty() {
        return output::line("No archive was imported.");
    }
    let mut table = Table::new(["ECOSYSTEM", "ADVISORIES", "NEWEST", "IMPORTED", "HAS"]);
    for archive in archives {
        let has = if archive.whole { "all of it" } else { "single advisories" };
        table.row([
            (archive.ecosystem.clone(), Style::Strong),
            (archive.advisories.to_string(), Style::Plain),
            (archive.newest.clone(), Style::Plain),
            (format!("{} ago", output::age(archive.imported_at)), Style::Faint),
            (has.to_owned(), Style::Plain),
        ]);
    }
    table.print();
}

async fn project(args: &VulnsArgs, context: &Context) -> Result<(Client, Project), Problem> {
    // A path that leads nowhere is told before an engine is started.
    let is_name = !args.path.contains('/') && !args.path.starts_with('.') && !std::path::Path::new(&args.path).exists();
    if is_name && place::git(&args.path).is_none() {
        let client = context.client().await?;
        let project = select::project(&client, &args.path).await?;
        return Ok((client, project));
    }
    let location = place::location(&args.path)?;
    let client = context.client().await?;
    let project = client.glance(&location).await?;
    Ok((client, project))
}

fn told(context: &Context, sources: &AdvisorySources, words: &str) {
    if context.json {
        output::json(sources);
    } else {
        output::line(words);
    }
}

fn question(report: &VulnerabilityReport, unasked: usize) -> String {
    format!(
        "Send the names and versions of {unasked} dependencies to {}, now and whenever vulnerabilities are looked for \
         (`wharf vulns --revoke` takes it back)?",
        report.sources.address
    )
}

/// What is found decides; then whether enough was looked at to say that there is nothing.
fn judged(report: &VulnerabilityReport, threshold: Threshold) -> Outcome {
    if report.found().any(|one| one.severity >= threshold.severity()) {
        Outcome::Failed
    } else if report.missed(NotScannedReason::NoAnswer) > 0 {
        Outcome::Unreachable
    } else if report.missed(NotScannedReason::NotAllowed) > 0 {
        Outcome::Refused
    } else {
        Outcome::Done
    }
}

fn show(project: &Project, report: &VulnerabilityReport) {
    if report.apps.is_empty() {
        output::line(format!("There is no app in {}.", project.root.display()));
    }
    for app in &report.apps {
        show_app(&project.name, app);
    }
    if let Some(at) = report.answered_at {
        output::note(format!("as {} said {} ago", report.sources.address, output::age(at)));
    }
    for archive in &report.archives {
        let part = if archive.whole { "" } else { ", which has only some of it" };
        output::note(format!("{}: the archive of {}{part}", archive.ecosystem, archive.newest));
    }
    for problem in &report.problems {
        output::warning(problem);
    }
    if report.missed(NotScannedReason::NotAllowed) > 0 {
        output::note(format!(
            "`wharf vulns --allow` sends names and versions of dependencies to {}; `wharf vulns import FILE` looks \
             into an archive of it instead, without a network",
            report.sources.address
        ));
    }
}

fn show_app(project: &str, app: &AppVulnerabilities) {
    output::styled_line(format!(
        "{}  {}",
        output::styled(&format!("{project}/{}", app.app), Style::Strong),
        headline(app)
    ));
    if !app.vulnerabilities.is_empty() {
        let mut table = Table::new(["SEVERITY", "PACKAGE", "FIXED IN", "ID", "WHAT"]);
        for one in &app.vulnerabilities {
            table.row(row(one));
        }
        table.print();
    }
    for group in &app.not_scanned {
        // One with a finding stands above: that not all was looked into is said there.
        let told = |name: &&String| app.vulnerabilities.iter().any(|one| one.package == **name);
        let packages: Vec<&str> = group.packages.iter().filter(|name| !told(name)).map(String::as_str).collect();
        if packages.is_empty() {
            continue;
        }
        let mut names = packages.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        if packages.len() > NAMED {
            // Writing to a string cannot fail.
            let _ = write!(names, " and {} more", packages.len() - NAMED);
        }
        let words = format!("not scanned, {}: {}", group.reason, output::one_line(&names));
        output::styled_line(output::styled(&words, Style::Attention));
    }
}

/// What is found, and of how many: an app of which nothing was looked at is “not scanned”.
fn headline(app: &AppVulnerabilities) -> String {
    let found = &app.vulnerabilities;
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .map(|severity| (severity, found.iter().filter(|one| one.severity == severity).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    let scope = if app.scanned == app.dependencies {
        format!("{} dependencies", app.dependencies)
    } else {
        format!("{} of {} dependencies", app.scanned, app.dependencies)
    };
    match (app.dependencies, app.scanned, found.len()) {
        (0, ..) => "no dependencies found".to_owned(),
        (_, 0, 0) => "not scanned".to_owned(),
        (_, _, 0) => format!("no known vulnerabilities in {scope}"),
        (_, 0, _) => format!("{} ({}); not all advisories were looked into", known(found.len()), counts.join(", ")),
        _ => format!("{} ({}) in {scope}", known(found.len()), counts.join(", ")),
    }
}

fn known(count: usize) -> String {
    if count == 1 { "1 known vulnerability".to_owned() } else { format!("{count} known vulnerabilities") }
}

fn row(one: &Vulnerability) -> [(String, Style); 5] {
    let style = match one.severity {
        Severity::Critical | Severity::High => Style::Bad,
        Severity::Medium => Style::Attention,
        Severity::Low | Severity::Unknown => Style::Plain,
    };
    let score = one.score.map(|score| format!(" {score:.1}")).unwrap_or_default();
    [
        (format!("{}{score}", one.severity), style),
        (format!("{} {}{}", one.package, one.version, if one.direct { "" } else { " (indirect)" }), Style::Strong),
        (one.fixed.clone().unwrap_or_else(|| "-".to_owned()), Style::Good),
        (one.id.clone(), Style::Faint),
        (one.summary.clone(), Style::Plain),
    ]
}
