//! `wharf vulns`: known vulnerabilities in what apps depend on.

use std::fmt::Write;

use clap::{Args, ValueEnum};

use super::output::{self, Style, Table};
use super::{Context, Outcome, confirm, place, request, select};
use crate::api::client::Client;
use crate::model::{
    AdvisorySources, AppVulnerabilities, NotScannedReason, Problem, Project, Severity, Vulnerability,
    VulnerabilityReport,
};

/// So many packages are named of those that were not scanned.
const NAMED: usize = 10;

/// Where to look, and for what.
#[derive(Debug, Args)]
pub struct VulnsArgs {
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
    if args.revoke {
        let client = context.client().await?;
        let sources = client.allow_advisories(false).await?;
        told(context, &sources, &format!("Nothing is sent to {} any more.", sources.address));
        return Ok(Outcome::Done);
    }
    let (client, project) = project(&args, context).await?;
    if args.allow {
        client.allow_advisories(true).await?;
    }
    let mut report = client.vulnerabilities(&project.id, args.app.as_deref(), args.fresh).await?;
    let unasked = report.missed(NotScannedReason::NotAllowed);
    if unasked > 0 && !context.json && confirm::agrees(&question(&report, unasked)) {
        client.allow_advisories(true).await?;
        report = client.vulnerabilities(&project.id, args.app.as_deref(), args.fresh).await?;
    }
    if context.json {
        output::json(&report);
    } else {
        show(&project, &report);
    }
    Ok(args.fail_on.map_or(Outcome::Done, |threshold| judged(&report, threshold)))
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
    let project = request::add(&client, location).await?;
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
        output::note(format!("{} from the archive of {}", archive.ecosystem, archive.newest));
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
    output::line(format!("{}  {}", output::styled(&format!("{project}/{}", app.app), Style::Strong), headline(app)));
    if !app.vulnerabilities.is_empty() {
        let mut table = Table::new(["SEVERITY", "PACKAGE", "FIXED IN", "ID", "WHAT"]);
        for one in &app.vulnerabilities {
            table.row(row(one));
        }
        table.print();
    }
    for group in &app.not_scanned {
        let mut names = group.packages.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if group.packages.len() > NAMED {
            // Writing to a string cannot fail.
            let _ = write!(names, " and {} more", group.packages.len() - NAMED);
        }
        let words = format!("not scanned, {}: {}", group.reason, output::one_line(&names));
        output::line(output::styled(&words, Style::Attention));
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
        (_, _, 1) => format!("1 known vulnerability ({}) in {scope}", counts.join(", ")),
        (_, _, many) => format!("{many} known vulnerabilities ({}) in {scope}", counts.join(", ")),
    }
}

fn row(one: &Vulnerability) -> [(String, Style); 5] {
    let style = match one.severity {
        Severity::Critical | Severity::High => Style::Bad,
        Severity::Medium => Style::Attention,
        Severity::Low | Severity::Unknown => Style::Plain,
    };
    let score = one.score.map(|score| format!(" {score:.1}")).unwrap_or_default();
    let cve = one.aliases.iter().find(|name| name.starts_with("CVE-"));
    [
        (format!("{}{score}", one.severity), style),
        (format!("{} {}", one.package, one.version), Style::Strong),
        (one.fixed.clone().unwrap_or_else(|| "-".to_owned()), Style::Good),
        (cve.map_or_else(|| one.id.clone(), |cve| format!("{} ({cve})", one.id)), Style::Faint),
        (one.summary.clone(), Style::Plain),
    ]
}
