//! Asks before something that is not easily undone.

use std::io::{self, BufRead, Write};

use clap::Args;

use super::output;
use crate::model::{Deployment, Environment, Problem, ProblemCode};

/// Answers the confirmation.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Confirmation {
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

impl Confirmation {
    /// Asks whether to do `what` to these deployments, listing them. On production the project's name is asked for
    /// instead of a letter. What can be undone is only asked about on production.
    pub(super) fn ask(self, what: &str, deployments: &[Deployment], can_be_undone: bool) -> Result<(), Problem> {
        let production = deployments.iter().find(|deployment| deployment.key.environment == Environment::Production);
        if self.yes || (can_be_undone && production.is_none()) {
            return Ok(());
        }
        let what = format!("{what} {}?", deployments.iter().map(name).collect::<Vec<_>>().join(", "));
        match production {
            Some(deployment) => {
                let expected = &deployment.project_name;
                ask(&what, &format!("This is production: type “{expected}” to go on:"), |answer| answer == expected)
            }
            None => ask(&what, "[y/N]", is_yes),
        }
    }

    /// Asks a question that belongs to no deployment.
    pub(super) fn ask_plainly(self, question: &str) -> Result<(), Problem> {
        if self.yes { Ok(()) } else { ask(question, "[y/N]", is_yes) }
    }
}

/// Asks a question to which “no” is an answer too; where nobody can be asked, that is it.
pub(super) fn agrees(question: &str) -> bool {
    output::is_interactive() && ask(question, "[y/N]", is_yes).is_ok()
}

/// Asks for one of several, each by the letter in its brackets; any other answer is none of them.
pub(super) fn choose<T: Copy>(question: &str, choices: &[(&str, T)], otherwise: &str) -> Option<T> {
    let words: Vec<&str> = choices.iter().map(|(words, _)| *words).chain([otherwise]).collect();
    let answer = read(&format!("{question} {}", words.join(", "))).ok()?;
    let letter = answer.trim().to_lowercase();
    let is_meant = |(words, _): &&(&str, T)| !letter.is_empty() && words.ends_with(&format!("[{letter}]"));
    choices.iter().find(is_meant).map(|(_, choice)| *choice)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.to_lowercase().as_str(), "y" | "yes")
}

fn name(deployment: &Deployment) -> String {
    let key = &deployment.key;
    format!("{}/{} in {} ({}, {})", deployment.project_name, key.app, key.environment, deployment.status, deployment.id)
}

fn ask(question: &str, how: &str, accepts: impl Fn(&str) -> bool) -> Result<(), Problem> {
    let refused = |message: &str| Problem::new(ProblemCode::Refused, "not-confirmed", message);
    if !output::is_interactive() {
        return Err(refused("this has to be confirmed")
            .why(format!("nobody can be asked here: {question}"))
            .fix("add --yes if it is meant"));
    }
    match read(&format!("{question} {how}")) {
        Ok(answer) if accepts(answer.trim()) => Ok(()),
        Ok(_) => Err(refused("nothing was done")),
        Err(error) => Err(refused("nothing was done").why(error)),
    }
}

fn read(question: &str) -> io::Result<String> {
    let mut answer = String::new();
    write!(io::stderr(), "{} ", output::one_line(question))?;
    io::stderr().flush()?;
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer)
}
