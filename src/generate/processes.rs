//! What runs beside an app, for templates.

use serde::Serialize;

use super::container::Container;
use crate::model::{AppProfile, Process};

/// A process beside an app: its image with other words, the same environment, no port, one instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Beside<'a> {
    /// A DNS label, unique in the app.
    pub(super) name: &'a str,
    /// Its name beside those of apps and services: `shop-worker`.
    pub(super) host: String,
    /// The words that go in the place of those that start the app.
    words: Vec<String>,
    /// It must never run twice at once: the one of an earlier version has to be gone before this starts.
    single: bool,
    /// Starts it from the sources, for a shell; null where these have to be built for it.
    develop: Option<String>,
    /// Whether it sees no changes of the sources by itself.
    restarts: bool,
}

/// The processes of an app, called after it; none of what only serves files.
pub(super) fn of<'a>(profile: &'a AppProfile, container: &Container, host: &str) -> Vec<Beside<'a>> {
    let all = profile.processes.iter().filter(|_| !container.is_site);
    all.map(|process| beside(profile, process, container, host)).collect()
}

fn beside<'a>(profile: &'a AppProfile, process: &'a Process, container: &Container, host: &str) -> Beside<'a> {
    Beside {
        name: &process.name,
        host: format!("{host}-{}", process.name),
        words: container.process(profile, &process.command),
        single: process.single,
        develop: container.develop.as_ref().and_then(|develop| develop.process(process)),
        restarts: process.develop_command.is_none(),
    }
}

/// Calls them otherwise where an app, a service or another process has the name.
pub(super) fn settle(processes: &mut [Beside<'_>], taken: &mut Vec<String>) {
    for process in processes {
        while taken.contains(&process.host) {
            process.host.push_str("-process");
        }
        taken.push(process.host.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_have_one_name() {
        let made = |host: &str| Beside {
            name: "worker",
            host: host.to_owned(),
            words: Vec::new(),
            single: false,
            develop: None,
            restarts: false,
        };
        let mut taken = vec!["shop".to_owned(), "shop-db".to_owned()];
        let (mut one, mut other) = ([made("shop-db"), made("a-b-c")], [made("a-b-c"), made("a-b-c-process")]);
        settle(&mut one, &mut taken);
        settle(&mut other, &mut taken);
        let hosts: Vec<&str> = one.iter().chain(&other).map(|process| process.host.as_str()).collect();
        assert_eq!(hosts, ["shop-db-process", "a-b-c", "a-b-c-process", "a-b-c-process-process"]);
    }
}
