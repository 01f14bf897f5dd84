//! What stop, restart and delete have in common: a job for each deployment that is meant.

use serde::Serialize;

use super::output::{self, Style};
use super::{Context, Outcome, list::app_name, watch};
use crate::api::client::Client;
use crate::model::{Deployment, Job, JobState, Problem, ProblemCode};

/// A deployment with the job that was done to it.
#[derive(Debug, Serialize)]
struct Acted<'a> {
    deployment: Deployment,
    job: &'a Job,
}

/// Waits for the jobs and tells what became of each deployment.
pub(super) async fn finish(
    client: &Client,
    context: &Context,
    jobs: Vec<Job>,
    done: impl Fn(&Deployment) -> String,
) -> Result<Outcome, Problem> {
    let jobs = watch::jobs(client, jobs).await?;
    let failed = jobs.iter().any(|job| job.state != JobState::Done);
    let mut acted = Vec::new();
    for job in &jobs {
        acted.push(Acted { deployment: client.deployment(job.deployment.as_str()).await?.deployment, job });
    }
    if context.json {
        output::json(&serde_json::json!({ "deployments": acted }));
    } else {
        let known = client.snapshot().await?.deployments;
        let all: Vec<&Deployment> = known.iter().chain(acted.iter().map(|one| &one.deployment)).collect();
        for Acted { deployment, job } in &acted {
            let name = name_among(deployment, &all);
            output::styled_line(match &job.state {
                JobState::Failed { reason } => {
                    format!("{} {name}: {}", output::styled("✗", Style::Bad), output::one_line(reason))
                }
                JobState::Cancelled => format!("{} {name}: cancelled", output::styled("✗", Style::Attention)),
                _ => format!("{} {name} {}", output::styled("✓", Style::Good), output::one_line(&done(deployment))),
            });
        }
    }
    Ok(if failed { Outcome::Failed } else { Outcome::Done })
}

/// The app's name, with the environment where it is not the only one.
fn name_among(deployment: &Deployment, all: &[&Deployment]) -> String {
    let key = &deployment.key;
    let is_elsewhere = |other: &&Deployment| {
        (&other.key.project, &other.key.app) == (&key.project, &key.app) && other.key.environment != key.environment
    };
    let name = app_name(deployment);
    if all.iter().any(is_elsewhere) { format!("{name} in {}", key.environment) } else { name }
}

/// The refusal where nothing of what was named can be acted on.
pub(super) fn none_fits(what: &str) -> Problem {
    Problem::new(ProblemCode::Refused, "nothing-to-do", format!("nothing of it can be {what}"))
        .fix("`wharf status` shows how it stands")
}
