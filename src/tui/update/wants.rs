//! What the screen shows and the model does not have yet. Asked for once; the answer, or its failure, is kept.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::effect::Effect;
use super::super::model::{ArtifactKey, Book, Link, Model, Pane, Remote};
use crate::model::ArtifactView;

pub(super) fn wants(model: &mut Model) -> Vec<Effect> {
    if model.link != Link::Up {
        return Vec::new();
    }
    let mut effects = Vec::new();
    if let Some(project) = model.fleet.selected_project().cloned()
        && model.fleet.project(&project).is_some()
        && !model.detections.contains(&project)
    {
        model.detections.insert(project.clone(), Remote::Loading);
        effects.push(Effect::Detect(project, false));
    }
    if model.layout().shows(Pane::Stack) {
        effects.extend(vulnerabilities(model));
    }
    deployment(model, &mut effects);
    if model.layout().shows(Pane::Configs) {
        artifacts(model, &mut effects);
    }
    effects
}

/// Asked once it is known that there are apps; the engine answers from what is kept where nobody has allowed more.
fn vulnerabilities(model: &mut Model) -> Option<Effect> {
    let project = model.fleet.selected_project()?.clone();
    let has_apps = matches!(model.detection()?, Remote::Ready(detection) if !detection.apps.is_empty());
    if !has_apps || model.vulnerabilities.contains(&project) {
        return None;
    }
    model.vulnerabilities.insert(project.clone(), Remote::Loading);
    Some(Effect::Vulnerabilities(project, false))
}

fn deployment(model: &mut Model, effects: &mut Vec<Effect>) {
    let shown = model.deployment().map(|deployment| deployment.id.clone());
    if model.logs.of != shown {
        model.logs.turn_to(shown.clone());
        effects.push(Effect::Logs(shown.clone()));
    }
    if let Some(id) = shown
        && !model.details.contains(&id)
    {
        model.details.insert(id.clone(), Remote::Loading);
        effects.push(Effect::Detail(id));
    }
    if let Some(id) = model.running().map(|deployment| deployment.id.clone())
        && !model.health.contains(&id)
    {
        model.health.insert(id.clone(), Book::default());
        effects.push(Effect::History(id));
    }
}

fn artifacts(model: &mut Model, effects: &mut Vec<Effect>) {
    if let Some(key) = model.artifacts_key()
        && !model.artifacts.contains(&key)
    {
        model.artifacts.insert(key.clone(), Remote::Loading);
        effects.push(Effect::Artifacts(key));
    }
    if let Some(view) = model.artifact() {
        let key = artifact_key(view);
        if !model.coloured.contains(&key) {
            let effect = Effect::Colour(key.clone(), view.artifact.path.clone(), shown_text(view).to_owned());
            model.coloured.insert(key, None);
            effects.push(effect);
        }
    }
}

/// The text of a file: as it is once it is written.
pub(crate) fn shown_text(view: &ArtifactView) -> &str {
    view.outcome(None).unwrap_or(&view.artifact.content)
}

/// What a coloured file is kept under: the same text at the same path has the same colours.
pub(crate) fn artifact_key(view: &ArtifactView) -> ArtifactKey {
    let mut hasher = DefaultHasher::new();
    shown_text(view).hash(&mut hasher);
    (view.artifact.path.clone(), hasher.finish())
}
