//! What an app depends on becomes a layer before any of its sources are there: after a change of a source nothing is
//! installed again. Held by the text of every sample's Dockerfile; builds of some of them hold it too.

use std::collections::BTreeSet;

use wharf::detect::{MemoryTree, detect};
use wharf::model::AppProfile;

use crate::support::profiles::{self, With as _};
use crate::support::samples;

#[test]
fn dependencies_are_installed_before_the_sources_are_there() {
    let (mut held, mut stacks, mut broken) = (0, BTreeSet::new(), Vec::new());
    for (name, profile) in samples::all() {
        let wanted = installs(&profile);
        // Without a list of what is to be installed `npx` fetches what it is to run, and nothing else is there.
        if profile.dockerfile.is_some()
            || profile.package_manager.is_none() && profile.install_command.is_none()
            || wanted == ["npx"]
        {
            continue;
        }
        let Ok(made) = profiles::usual(&profile) else { continue };
        let dockerfile = made.into_iter().find(|file| file.path.ends_with("Dockerfile")).unwrap().content;
        match fault(&dockerfile, &profile) {
            Some(fault) => broken.push(format!("{name}: {fault}\n{dockerfile}")),
            None => held += 1,
        }
        stacks.insert(profile.stack);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(held > 100 && stacks.len() > 20, "{held} of {stacks:?}");
}

#[test]
fn a_layer_that_comes_too_late_is_seen() {
    let app = profiles::of("node", "node .").manager("npm", "npm ci");
    let of = |lines: &[&str]| fault(&lines.join("\n"), &app);
    let good = ["FROM a AS b", "COPY package.json ./", "RUN --mount=type=cache,target=/c \\", "  npm ci", "COPY . ."];
    assert_eq!(of(&good), None);
    assert_eq!(of(&["FROM a", "COPY --from=manifests /manifests ./", "RUN npm ci", "COPY . ."]), None);
    let reason = ["FROM a", "COPY . .", "# Only the sources say so.", "RUN --mount=type=cache,target=/c npm ci"];
    assert_eq!(of(&reason), None);
    assert!(of(&["FROM a", "COPY . .", "RUN npm ci"]).is_some());
    assert!(of(&["FROM a", "COPY --chown=b:b . /app", "RUN --mount=type=cache,target=/c npm ci"]).is_some());
    assert!(of(&["FROM a AS b", "COPY . .", "FROM b", "RUN npm ci"]).is_some());
    assert!(of(&["FROM a AS b", "COPY . .", "FROM c", "COPY --from=b /app ./", "RUN npm ci"]).is_some());
    assert!(of(&["FROM a", "COPY package.json ./", "RUN npm run build"]).is_some());
}

/// Why a change of a source installs everything again; none where it does not. Either what installs runs where there are
/// no sources yet, or what it installs is kept by the builder, and a comment says why there is no other way.
fn fault(dockerfile: &str, app: &AppProfile) -> Option<String> {
    let wanted = installs(app);
    // The stages that have sources.
    let mut sourced: BTreeSet<&str> = BTreeSet::new();
    let (mut stage, mut has_sources) = ("", false);
    for Instruction { comment, text } in &instructions(dockerfile) {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["FROM", image, rest @ ..] => {
                has_sources = sourced.contains(image);
                stage = rest.get(1).copied().unwrap_or_default();
            }
            ["COPY", rest @ ..] => {
                let from = rest.iter().find_map(|word| word.strip_prefix("--from="));
                let files: Vec<&str> = rest.iter().copied().filter(|word| !word.starts_with("--")).collect();
                has_sources |= match from {
                    // What this stage gives is chosen by name.
                    Some("manifests") => false,
                    Some(other) => sourced.contains(other),
                    None => files[..files.len() - 1].contains(&"."),
                };
            }
            ["RUN", ..] if stage != "manifests" && wanted.iter().any(|wanted| runs(text, wanted)) => {
                let kept = text.contains("--mount=type=cache") && comment.is_some();
                if kept || !has_sources {
                    return None;
                }
            }
            _ => {}
        }
        if has_sources {
            sourced.insert(stage);
        }
    }
    Some(format!("none of {wanted:?} runs before the sources are there"))
}

/// The beginnings of the commands that install what an app depends on: the install command's own, and the program that
/// builds it, which can be told to fetch only.
fn installs(app: &AppProfile) -> Vec<String> {
    let words = |command: &Option<String>| -> Vec<String> {
        let words = command.iter().flat_map(|command| command.split_whitespace());
        let is_assignment = |word: &&str| word.split('/').next().unwrap_or_default().contains('=');
        words.skip_while(is_assignment).map(|word| word.rsplit('/').next().unwrap_or_default().to_owned()).collect()
    };
    let mut install = words(&app.install_command);
    // Cargo installs what it compiles; nothing else is asked for by one word.
    install.truncate(if install.first().is_some_and(|program| program == "cargo") { 1 } else { 2 });
    let install = install.join(" ");
    // Nix builds what the manifest of another tool describes; else that a build runs says nothing of installing.
    let by_build = install.is_empty() || app.framework.as_ref().is_some_and(|it| it.name == "ihp");
    let build = words(&app.build_command).into_iter().take(usize::from(by_build));
    std::iter::once(install).chain(build).filter(|command| !command.is_empty()).collect()
}

fn runs(text: &str, wanted: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or_default()).collect();
    let wanted: Vec<&str> = wanted.split(' ').collect();
    words.windows(wanted.len()).any(|words| words == wanted)
}

struct Instruction {
    /// The comment right above it.
    comment: Option<String>,
    text: String,
}

fn instructions(dockerfile: &str) -> Vec<Instruction> {
    let mut found: Vec<Instruction> = Vec::new();
    let (mut comment, mut goes_on) = (None, false);
    for line in dockerfile.lines() {
        let text = line.trim_end_matches('\\');
        match found.last_mut().filter(|_| goes_on) {
            Some(last) => last.text.push_str(text),
            None if line.starts_with('#') => comment = Some(line.to_owned()),
            None if line.is_empty() => comment = None,
            None => found.push(Instruction { comment: comment.take(), text: text.to_owned() }),
        }
        goes_on = line.ends_with('\\');
    }
    found
}

#[test]
fn modules_that_replace_others_are_there_before_anything_is_fetched() {
    let go = ("go.mod", "module a\n\ngo 1.24\n\nrequire b v0.0.0\n\nreplace b => ./libs/b\n");
    let files = [go, ("main.go", "package main\n\nfunc main() {}\n"), ("libs/b/go.mod", "module b\n")];
    let app = detect(&MemoryTree::new(files)).apps.remove(0);
    let made = profiles::usual(&app).unwrap();
    let dockerfile = &made.iter().find(|file| file.path == "Dockerfile").unwrap().content;
    assert!(dockerfile.contains("COPY --from=manifests /manifests ./\nRUN go mod download\n"), "{dockerfile}");
}

#[test]
fn other_apps_of_a_folder_of_apps_stay_behind() {
    let app = profiles::express().files(&["apps/web/package.json", "yarn.lock"]).at("apps/web");
    let app = app.manager("yarn", "yarn install");
    let made = profiles::usual(&app).unwrap();
    let dockerfile = &made.iter().find(|file| file.path.ends_with("Dockerfile")).unwrap().content;
    assert!(dockerfile.contains("RUN find /app/apps -mindepth 1 -maxdepth 1 ! -name web -exec rm -r {} +\n"));
}
