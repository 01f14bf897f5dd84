//! What runs once before a new version takes requests: a migration of its database.

use super::apps::App;
use super::commands::Choice;
use super::platforms;
use super::rules::FrameworkRule;
use super::services;
use crate::model::{AppProfile, Evidence};

/// A command with where it comes from, where that is not told elsewhere.
pub(super) struct Release {
    pub command: String,
    pub by: Option<Evidence>,
}

/// What a platform is told to run, or else what the rules know for a database that outlives a container.
pub(super) fn find(
    app: &App<'_>,
    choice: &Choice<'_>,
    framework: Option<&FrameworkRule>,
    profile: &AppProfile,
) -> Option<Release> {
    let folder = app.folder();
    if let Some(said) = platforms::release(folder) {
        let says = format!("runs, before each new version, {}", said.command);
        // Each process of a Procfile is told of already.
        let by = (said.file != "Procfile").then(|| Evidence::new(folder.at(said.file), says));
        return Some(Release { command: said.command, by });
    }
    if !services::of_kind(services::SQL).any(|name| profile.services.iter().any(|one| one == name)) {
        return None;
    }
    let rules = [framework.map_or(&[][..], |rule| &rule.release), &app.candidate.stack.release];
    let running = Choice { running: true, ..*choice };
    let carried =
        || rules.iter().find_map(|rules| choice.first_rule(rules)).filter(|_| app.candidate.stack.keeps_tools);
    let Some((rule, command)) = rules.iter().find_map(|rules| running.first_rule(rules)).or_else(carried) else {
        if let Some((_, command)) = rules.iter().find_map(|rules| choice.first_rule(rules)) {
            warn(app, &command, "comes with a dependency of development only, which is not there as the app runs");
        }
        return None;
    };
    // Whoever migrates as each instance starts does not want it twice.
    let starts = profile.start_command.iter().chain(&app.facts.started).any(|start| start.contains("migrat"));
    if starts {
        return None;
    }
    // Of what is gathered in one folder nothing else comes into the image.
    let gathered = profile.start_command.as_ref().is_some_and(|start| start.contains(".output/server/"));
    if app.facts.bundle.is_some() || gathered {
        warn(app, &command, "is not there beside the files that the build gathers");
        return None;
    }
    let by = match rule.file.as_ref().and_then(|file| folder.find(file)) {
        Some(file) => Evidence::new(folder.at(&file), format!("is for {command}, which runs before each new version")),
        None => Evidence::new(app.manifest(), format!("brings {command}, which runs before each new version")),
    };
    Some(Release { command, by: Some(by) })
}

/// Warns of a migration that an image could not run.
fn warn(app: &App<'_>, command: &str, why: &str) {
    let says = format!("{command} {why}, so nothing migrates the database: `release` in wharf.toml can say what does");
    app.folder().project().warn(&app.manifest(), says);
}
