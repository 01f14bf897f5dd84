//! Compose files (the Compose specification): what is named must be defined, images pinned, no secret written down.

use std::cell::Cell;

use yaml_serde::{Deserializer, Mapping, Value};

use super::{Faults, is_unpinned, names_a_secret};
use crate::model::{bounded, nests_too_deep};

/// So many bytes of memory the values of a file may take.
const VALUES: usize = 64 << 20;

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    if nests_too_deep(text) {
        return faults.add("compose-syntax", None, "it nests deeper than is looked at");
    }
    // Looked at first: what aliases stand for can be without end.
    let sound = bounded(Deserializer::from_str(text), &Cell::new(VALUES));
    let document: Value = match sound.and_then(|_| yaml_serde::from_str(text)) {
        Ok(document) => document,
        Err(error) => {
            let line = error.location().map(|place| place.line());
            faults.add("compose-syntax", line, format!("it is no YAML: {error}"));
            return;
        }
    };
    let Some(services) = document.get("services").and_then(Value::as_mapping) else {
        faults.add("compose-syntax", None, "there are no services");
        return;
    };
    let names = Names {
        services: keys(Some(services)),
        volumes: top(&document, "volumes"),
        networks: top(&document, "networks"),
    };
    for (name, service) in services {
        let name = name.as_str().unwrap_or_default();
        let place = Place { text, start: line_of_service(text, name) };
        match service.as_mapping() {
            Some(service) => check_service(name, service, &names, &place, faults),
            None => faults.add("compose-syntax", place.start, format!("the service {name} says nothing")),
        }
    }
}

/// What a file defines.
struct Names {
    services: Vec<String>,
    volumes: Vec<String>,
    networks: Vec<String>,
}

/// Where a service stands, to find lines in it.
struct Place<'a> {
    text: &'a str,
    start: Option<usize>,
}

impl Place<'_> {
    /// The first line at or behind the service's that holds this.
    fn line(&self, part: &str) -> Option<usize> {
        let start = self.start?;
        let found = self.text.lines().enumerate().skip(start - 1).find(|(_, line)| line.contains(part));
        found.map_or(Some(start), |(index, _)| Some(index + 1))
    }
}

fn check_service(name: &str, service: &Mapping, names: &Names, place: &Place<'_>, faults: &mut Faults<'_>) {
    let image = service.get("image").and_then(Value::as_str);
    if image.is_none() && !service.contains_key("build") {
        faults.add("compose-syntax", place.start, format!("the service {name} has neither image nor build"));
    }
    if let Some(image) = image.filter(|image| is_unpinned(image) && !service.contains_key("build")) {
        let message = format!("{image} can be another image tomorrow: name a version");
        faults.add("unpinned-image", place.line(image), message);
    }
    for wanted in listed(service.get("depends_on")) {
        if !names.services.contains(&wanted) {
            let message = format!("{name} depends on {wanted}, which is no service of this file");
            faults.add("unknown-service", place.line(&wanted), message);
        }
    }
    for wanted in listed(service.get("networks")) {
        if wanted != "default" && !names.networks.contains(&wanted) {
            let message = format!("{name} joins the network {wanted}, which this file does not define");
            faults.add("unknown-network", place.line(&wanted), message);
        }
    }
    for wanted in volumes(service) {
        if !names.volumes.contains(&wanted) {
            let message = format!("{name} mounts the volume {wanted}, which this file does not define");
            faults.add("unknown-volume", place.line(&wanted), message);
        }
    }
    for (variable, value) in environment(service) {
        if names_a_secret(&variable) && !value.is_empty() && !value.contains("${") {
            let message = format!("the value of {variable} is written down: read it from .env as ${{{variable}:?}}");
            faults.add("secret-in-file", place.line(&variable), message);
        }
    }
}

fn keys(mapping: Option<&Mapping>) -> Vec<String> {
    mapping.into_iter().flat_map(Mapping::keys).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn top(document: &Value, section: &str) -> Vec<String> {
    keys(document.get(section).and_then(Value::as_mapping))
}

/// A list of names, or the keys of a table.
fn listed(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Sequence(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::Mapping(table)) => keys(Some(table)),
        _ => Vec::new(),
    }
}

/// The named volumes that a service mounts.
fn volumes(service: &Mapping) -> Vec<String> {
    let entries = service.get("volumes").and_then(Value::as_sequence).into_iter().flatten();
    let source = |entry: &Value| match entry {
        Value::String(text) => text.split_once(':').map(|(source, _)| source.to_owned()),
        Value::Mapping(table) => {
            let is_volume = table.get("type").and_then(Value::as_str).is_none_or(|kind| kind == "volume");
            table.get("source").and_then(Value::as_str).filter(|_| is_volume).map(str::to_owned)
        }
        _ => None,
    };
    entries.filter_map(source).filter(|name| !name.starts_with(['.', '/', '~', '$'])).collect()
}

fn environment(service: &Mapping) -> Vec<(String, String)> {
    match service.get("environment") {
        Some(Value::Sequence(list)) => {
            let pairs = list.iter().filter_map(Value::as_str).filter_map(|pair| pair.split_once('='));
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        }
        Some(Value::Mapping(table)) => {
            let text = |value: &Value| value.as_str().map_or_else(String::new, str::to_owned);
            table.iter().filter_map(|(name, value)| Some((name.as_str()?.to_owned(), text(value)))).collect()
        }
        _ => Vec::new(),
    }
}

fn line_of_service(text: &str, name: &str) -> Option<usize> {
    let is_services = |line: &str| line.trim_end().starts_with("services:");
    let start = text.lines().position(is_services)?;
    let is_key = |line: &str| {
        let key = line.trim_start().trim_start_matches(['"', '\'']);
        line.starts_with([' ', '\t'])
            && key.strip_prefix(name).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
    };
    text.lines().enumerate().skip(start + 1).find(|(_, line)| is_key(line)).map(|(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use crate::validate::check;

    fn rules(text: &str) -> Vec<(&'static str, Option<usize>)> {
        check("compose.yaml", text).into_iter().map(|fault| (fault.rule, fault.line)).collect()
    }

    #[test]
    fn a_sound_one_has_no_faults() {
        let text = "services:\n  web:\n    build: .\n    depends_on: [db]\n    environment:\n      DB_PASSWORD: ${DB_PASSWORD:?}\n  \
                    db:\n    image: postgres:16\n    networks: [back, default]\n    volumes:\n      - data:/x\n      - ./a:/b\n      \
                    - type: bind\n        source: /etc\nvolumes:\n  data:\nnetworks:\n  back:\n";
        assert_eq!(rules(text), []);
    }

    #[test]
    fn what_aliases_stand_for_has_a_bound() {
        let text = format!("services: &a [{}]\nx: [{}]\n", "x,".repeat(9000), "*a,".repeat(9000));
        assert_eq!(rules(&text)[0].0, "compose-syntax");
    }

    #[test]
    fn each_fault_is_told_with_its_line() {
        assert_eq!(rules("services:\n  a: [\n"), [("compose-syntax", Some(3))]);
        assert_eq!(rules("name: x\n"), [("compose-syntax", None)]);
        assert_eq!(rules("services:\n  a:\n    restart: always\n"), [("compose-syntax", Some(2))]);
        assert_eq!(rules("services:\n  a:\n    image: redis\n"), [("unpinned-image", Some(3))]);
        let with = |rest: &str| rules(&format!("services:\n  a:\n    image: a:1\n{rest}"));
        assert_eq!(with("    depends_on:\n      - db\n"), [("unknown-service", Some(5))]);
        assert_eq!(
            with("    depends_on:\n      db:\n        condition: service_healthy\n"),
            [("unknown-service", Some(5))]
        );
        assert_eq!(with("    networks: [back]\n"), [("unknown-network", Some(4))]);
        assert_eq!(with("    volumes:\n      - data:/x\n"), [("unknown-volume", Some(5))]);
        assert_eq!(with("    environment:\n      - API_TOKEN=abc\n"), [("secret-in-file", Some(5))]);
        assert_eq!(with("    environment:\n      API_TOKEN: abc\n"), [("secret-in-file", Some(5))]);
    }
}
