//! Names of apps: DNS labels, unique in a project.

use std::collections::HashSet;

use crate::model::AppProfile;

/// Longer names are cut; room is left for a number behind.
const LONGEST: usize = 40;

/// Makes each app's name a DNS label that no other app of the project has.
pub(super) fn make_unique(apps: &mut [AppProfile]) {
    let mut taken = HashSet::new();
    for app in apps {
        let folder = app.path.rsplit('/').next().unwrap_or("");
        let name = [app.name.as_str(), folder].iter().map(|name| label(name)).find(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| "app".to_owned());
        let mut unique = name.clone();
        let mut number = 1;
        while !taken.insert(unique.clone()) {
            number += 1;
            let end = format!("-{number}");
            unique = format!("{}{end}", name[..name.len().min(LONGEST - end.len())].trim_end_matches('-'));
        }
        app.name = unique;
    }
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
        make_unique(&mut apps);
        let unique: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
        assert_eq!(unique, ["web-app", "web-app-2", "app", "api", "c"]);
        let long = "x".repeat(60);
        let mut apps = vec![named(&long, "a"), named(&long, "b")];
        make_unique(&mut apps);
        assert!(apps.iter().all(|app| app.name.len() <= LONGEST));
        assert_ne!(apps[0].name, apps[1].name);
    }
}
