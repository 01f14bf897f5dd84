//! Names of apps: DNS labels, unique in a project.

use std::collections::HashSet;

use crate::model::AppProfile;

/// Longer names are cut; room is left for a number behind.
const LONGEST: usize = 40;

/// Makes each app's name a DNS label that no other app of the project has. An app without one is called after its
/// folder, at the root after the project, where that is known; it never takes a name that another has of its own.
pub(super) fn make_unique(apps: &mut [AppProfile], project: Option<&str>) {
    let mut taken = HashSet::new();
    let (named, nameless): (Vec<_>, Vec<_>) = apps.iter_mut().partition(|app| !label(&app.name).is_empty());
    for app in named {
        app.name = free(&mut taken, &label(&app.name));
    }
    for app in nameless {
        let folder = if app.path == "." { project.unwrap_or_default() } else { &app.path };
        let name = Some(label(folder)).filter(|name| !name.is_empty());
        app.name = free(&mut taken, name.as_deref().unwrap_or("app"));
    }
}

/// The name, with a number behind where it is taken.
fn free(taken: &mut HashSet<String>, name: &str) -> String {
    let mut unique = name.to_owned();
    let mut number = 1;
    while !taken.insert(unique.clone()) {
        number += 1;
        let end = format!("-{number}");
        unique = format!("{}{end}", name[..name.len().min(LONGEST - end.len())].trim_end_matches('-'));
    }
    unique
}

/// The name as a DNS label; empty where nothing of it can stand in one. A scope (`@shop/web`) is left out.
#[must_use]
pub fn label(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut label = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            label.push(letter.to_ascii_lowercase());
        } else if !label.ends_with('-') && !label.is_empty() {
            label.push('-');
        }
    }
    label.truncate(LONGEST);
    label.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_labels_and_unique() {
        let named =
            |name: &str, path: &str| AppProfile { name: name.into(), path: path.into(), ..AppProfile::default() };
        let mut apps = vec![
            named("@shop/Web App", "a"),
            named("web_app", "b"),
            named("", "."),
            named("", "x/API"),
            named("é", "c"),
        ];
        make_unique(&mut apps, None);
        let unique: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
        assert_eq!(unique, ["web-app", "web-app-2", "app", "api", "c"]);
        let mut apps = vec![named("", "."), named("shop", "web")];
        make_unique(&mut apps, Some("My Shop"));
        assert_eq!(apps[0].name, "my-shop");
        let mut apps = vec![named("", "."), named("shop", "web")];
        make_unique(&mut apps, Some("shop"));
        assert_eq!([&apps[0].name, &apps[1].name], ["shop-2", "shop"], "a name of its own is not taken away");
        let long = "x".repeat(60);
        let mut apps = vec![named(&long, "a"), named(&long, "b")];
        make_unique(&mut apps, None);
        assert!(apps.iter().all(|app| app.name.len() <= LONGEST));
        assert_ne!(apps[0].name, apps[1].name);
    }
}
