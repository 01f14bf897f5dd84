//! Why a profile says what it says, and how sure that makes.

use super::apps::App;
use super::platforms;
use super::profile::lock_file;
use super::rules::Manager;
use super::versions::{self, Found};
use crate::model::{Bearing, Evidence};

/// So many pieces of evidence are kept for an app at most, beside those of its values.
const MOST: usize = 40;

/// Each disagreement takes so much of what is left of the confidence.
const DOUBT: f64 = 0.1;

/// How sure a profile is: as sure as the weighed evidence makes, and a tenth less for each thing in the project that says
/// otherwise, whatever it is about.
pub(super) fn confidence(weight: f64, evidence: &[Evidence]) -> f64 {
    let against = evidence.iter().filter(|one| one.bearing == Bearing::Disagrees);
    let sure = against.fold(weight, |sure, _| sure * (1.0 - DOUBT));
    (sure * 100.0).round() / 100.0
}

/// All that is known of an app, what speaks for its stack first; `told` is where its values come from.
pub(super) fn of(
    app: &App<'_>,
    manager: Option<&Manager>,
    found: &Found,
    docker: Vec<Evidence>,
    told: Vec<Evidence>,
) -> Vec<Evidence> {
    let folder = app.folder();
    let stack = app.candidate.stack;
    // A stack of many languages is none itself.
    let language = app.facts.language.as_deref().filter(|_| stack.yields).unwrap_or(&stack.language);
    let weighed = app.candidate.files.iter();
    let mut evidence: Vec<Evidence> = weighed
        .map(|(file, weight)| Evidence::new(folder.at(file), format!("speaks for {language}")).weighing(*weight))
        .collect();
    evidence.extend(app.framework.iter().flat_map(|framework| framework.evidence.iter().cloned()));
    evidence.extend(manager.into_iter().flat_map(|manager| locks(app, manager)));
    evidence.extend(asked(app, found));
    evidence.extend(ended(app, found));
    evidence.extend(found.limit.iter().map(|(package, last)| {
        Evidence::new(app.manifest(), format!("{package} runs with {} {last} at most", stack.runtime()))
    }));
    evidence.extend(platforms::evidence(folder));
    evidence.extend(app.facts.evidence.iter().cloned());
    evidence.extend(docker);
    let seen = std::mem::take(&mut evidence);
    for one in seen {
        if evidence.len() < MOST && !evidence.contains(&one) {
            evidence.push(one);
        }
    }
    for one in told {
        if !evidence.contains(&one) {
            evidence.push(one);
        }
    }
    evidence
}

/// The lock file that proves the manager, and those that others left beside it.
fn locks(app: &App<'_>, manager: &Manager) -> Vec<Evidence> {
    let own = lock_file(app, manager);
    let place = own.as_ref().map_or(app.folder().path(), |file| file.rsplit_once('/').map_or("", |(folder, _)| folder));
    let Some(folder) = app.folder().project().folder(place) else { return Vec::new() };
    let others = app.candidate.stack.managers.iter().filter(|other| other.name != manager.name);
    let left = others.flat_map(|other| {
        let files = other.locks.iter().filter(|file| folder.has(file) && own.as_ref() != Some(&folder.at(file)));
        files.map(move |file| {
            let says = format!("is read by {}, and {} is what is used", other.name, manager.name);
            Evidence::new(folder.at(file), says).bearing(Bearing::Disagrees)
        })
    });
    let left: Vec<Evidence> = left.collect();
    let proof = own.map(|file| Evidence::new(file, format!("is read by {}", manager.name)));
    proof.into_iter().chain(left).collect()
}

/// The versions that are asked for; one that forbids the version in use disagrees.
fn asked(app: &App<'_>, found: &Found) -> Vec<Evidence> {
    let stack = app.candidate.stack;
    let what = if found.of_language { &stack.language } else { stack.runtime() };
    let told = found.asks.iter().enumerate().map(|(number, ask)| {
        let allows = |version| versions::allows(&ask.says, version, &stack.versions);
        let says = format!("asks for {what} {}", ask.says);
        let lowest = versions::is_open(&ask.says) && stack.versions.range_begins;
        if number == 0 && lowest && found.limit.is_none() && found.version.as_deref() != Some(&*stack.versions.default)
        {
            // What it was written for is surer than what it may run on as well.
            let used = found.version.as_deref().unwrap_or_default();
            return Evidence::new(ask.file.as_str(), format!("{says}; the lowest that will do is used, {used}"));
        }
        if number == 0 || found.version.as_deref().is_some_and(allows) {
            return Evidence::new(ask.file.as_str(), says);
        }
        let says = format!("{says}; another file is more binding");
        Evidence::new(ask.file.as_str(), says).bearing(Bearing::Disagrees)
    });
    told.collect()
}

/// Whether the version that is used gets fixes still, in the words of the file that asks for it.
fn ended(app: &App<'_>, found: &Found) -> Option<Evidence> {
    let stack = app.candidate.stack;
    let (line, since) = versions::ended(found.version.as_deref()?, &stack.versions)?;
    let ask = found.asks.first()?;
    let newer = Some(&stack.versions.default)
        .filter(|newer| versions::is_open(&ask.says) && versions::allows(&ask.says, newer, &stack.versions));
    let newer = newer.map(|newer| format!("; it allows {newer}, too: say `runtime_version` in wharf.toml"));
    let says = format!("{} {line} has had no fixes since {since}{}", stack.runtime(), newer.unwrap_or_default());
    Some(Evidence::new(ask.file.as_str(), says).bearing(Bearing::Outdated))
}
