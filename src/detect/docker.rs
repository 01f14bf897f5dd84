//! A Dockerfile and a compose file that are there already.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::env::{Origin, Origins};
use super::loopback;
use super::project::Folder;
use super::services;
use crate::model::Evidence;

/// Names of Dockerfiles, the most telling first.
const DOCKERFILES: &[&str] = &["Dockerfile", "Dockerfile.prod", "Dockerfile.production", "Containerfile", "dockerfile"];

/// Where a Dockerfile lies apart from what it copies.
const BELOW: &[&str] = &["docker/Dockerfile", ".docker/Dockerfile", "deploy/Dockerfile", "build/Dockerfile"];

/// Names of compose files.
const COMPOSE: &[&str] = &["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// What often stands beside an app and Wharf does not bring.
const OTHERS: &[&str] = &[
    "kafka",
    "cp-kafka",
    "opensearch",
    "nats",
    "memcached",
    "clickhouse",
    "clickhouse-server",
    "cassandra",
    "neo4j",
    "meilisearch",
    "typesense",
];

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Docker {
    /// The app's Dockerfile, relative to the project.
    pub dockerfile: Option<String>,
    /// The compose file that names the app, relative to the project.
    pub compose_file: Option<String>,
    /// The port that the Dockerfile exposes.
    pub port: Option<u16>,
    /// The path that the Dockerfile has asked for its health.
    pub health_path: Option<String>,
    /// The Dockerfile says where the app listens.
    pub opens: bool,
    /// Something in them says that it listens.
    pub listens: bool,
    /// Services of the compose file that are the app's.
    pub services: BTreeSet<String>,
    /// Names of environment variables that the compose file gives to the app.
    pub env: Origins,
    /// What was seen.
    pub evidence: Vec<Evidence>,
}

impl Docker {
    /// Takes over what a Dockerfile says of the port and of the path, and tells what it makes of the app.
    fn look(&mut self, path: &str, text: &str) {
        let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
        self.port = exposed(&text);
        self.health_path = asked_for_health(&text, self.port);
        let given = ["$PORT", "${PORT"].iter().any(|port| text.contains(port));
        self.listens = self.port.is_some() || self.health_path.is_some() || given;
        self.opens = loopback::opens(&text);
        let image = base(&text).map_or(String::new(), |image| format!(" from {image}"));
        let says = [
            Some(format!("builds the app{image}")),
            started(&text).map(|command| format!("starts it with {command}")),
            self.port.map(|port| format!("exposes {port}")),
            self.health_path.as_ref().map(|path| format!("asks {path} for its health")),
        ];
        self.evidence.push(Evidence::new(path, listed(&says.into_iter().flatten().collect::<Vec<_>>())));
    }
}

/// `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// A folder has a Dockerfile of its own.
pub(super) fn is_in(folder: Folder<'_>) -> bool {
    own(folder).is_some()
}

/// The Dockerfile of a folder, relative to it: its own, or one that lies below and copies what lies here.
pub(super) fn dockerfile(folder: Folder<'_>) -> Option<&'static str> {
    let copies = |name: &&str| folder.text(name).is_some_and(|text| is_built_from(&text, folder));
    own(folder).or_else(|| BELOW.iter().copied().find(copies))
}

fn own(folder: Folder<'_>) -> Option<&'static str> {
    DOCKERFILES.iter().copied().find(|name| folder.has(name))
}

/// Whether a Dockerfile copies something that lies in the folder, and nothing that lies only elsewhere.
fn is_built_from(text: &str, folder: Folder<'_>) -> bool {
    let text = text.replace("\\\n", " ");
    let copies = text.lines().map(str::trim).filter_map(|line| {
        let (word, rest) = line.split_once(char::is_whitespace)?;
        (["COPY", "ADD"].iter().any(|copy| word.eq_ignore_ascii_case(copy)) && !rest.contains("--from")).then_some(rest)
    });
    let sources: Vec<String> = copies
        .flat_map(|rest| {
            let words: Vec<&str> =
                rest.split([' ', '\t', '"', ',', '[', ']']).filter(|word| !word.is_empty()).collect();
            let named = words.iter().filter(|word| !word.starts_with("--")).map(|word| (*word).to_owned());
            let mut named: Vec<String> = named.collect();
            named.pop();
            named
        })
        .map(|path| path.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/').to_owned())
        .filter(|path| !path.is_empty() && path != "." && !path.contains("://") && !path.contains('$'))
        .collect();
    let lies = |path: &String| folder.find(path).is_some() || folder.has_folder(path);
    !sources.is_empty() && sources.iter().all(lies)
}

/// Whether the project's own Dockerfile, at its root, builds the app in a folder below: it copies all, or that folder.
pub(super) fn builds_below(root: Folder<'_>, folder: Folder<'_>) -> bool {
    let Some(text) = own(root).filter(|_| !is_in(folder)).and_then(|name| root.text(name)) else { return false };
    text.lines().map(str::trim).any(|line| {
        let mut words = line.split([' ', '\t', '"', ',', '[', ']']).filter(|word| !word.is_empty());
        let copies =
            words.next().is_some_and(|word| ["COPY", "ADD"].iter().any(|copy| word.eq_ignore_ascii_case(copy)));
        let sources: Vec<&str> = words.collect();
        let (_, sources) = sources.split_last().unwrap_or((&"", &[]));
        let named = |path: &&str| {
            let path = path.trim_start_matches("./").trim_end_matches('/');
            path.is_empty() || path == "." || path == folder.path() || folder.path().starts_with(&format!("{path}/"))
        };
        copies && !line.contains("--from") && sources.iter().any(named)
    })
}

/// Reads both; `alone` where nothing else says how the app is built, so that a Dockerfile below counts too, and `from`
/// another folder whose Dockerfile builds it.
pub(super) fn read(folder: Folder<'_>, alone: bool, from: Option<Folder<'_>>) -> Docker {
    let mut docker = Docker::default();
    let place = from.unwrap_or(folder);
    if let Some(name) = if alone { dockerfile(place) } else { own(place) } {
        let path = place.at(name);
        if let Some(text) = place.text(name) {
            if let Some(fault) = broken(&text) {
                folder.project().warn(&path, fault);
            }
            docker.look(&path, &text);
        }
        docker.dockerfile = Some(path);
    }
    for above in folder.upwards() {
        if let Some(name) = COMPOSE.iter().find(|name| above.has(name)) {
            if let Some(compose) = above.value(name) {
                read_compose(&compose, above, folder, &above.at(name), &mut docker);
            }
            break;
        }
    }
    docker
}

/// The port of the last stage's `EXPOSE`; one that is an argument takes its default.
fn exposed(text: &str) -> Option<u16> {
    let mut defaults: HashMap<&str, &str> = HashMap::new();
    let mut port = None;
    for line in text.lines().map(str::trim) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match word.to_ascii_uppercase().as_str() {
            "FROM" => port = None,
            "ARG" | "ENV" => {
                let pair = rest.trim().split_once('=').or_else(|| rest.trim().split_once(' '));
                defaults.extend(pair.map(|(name, value)| (name.trim(), value.trim().trim_matches('"'))));
            }
            "EXPOSE" if port.is_none() => {
                let first = rest.split_whitespace().find(|word| !word.ends_with("/udp")).unwrap_or("");
                let first = first.split('/').next().unwrap_or(first);
                let name = first.trim_start_matches('$').trim_matches(['{', '}']).split(':').next().unwrap_or("");
                port = defaults.get(name).copied().unwrap_or(first).parse().ok();
            }
            _ => {}
        }
    }
    port
}

/// The lines of a Dockerfile as instructions: the word in capitals, and what follows.
fn instructions(text: &str) -> impl DoubleEndedIterator<Item = (String, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(char::is_whitespace))
        .map(|(word, rest)| (word.to_ascii_uppercase(), rest.trim()))
}

/// The image that the last stage begins with, through stages before it; none where an argument names it.
fn base(text: &str) -> Option<String> {
    let mut stages: HashMap<String, &str> = HashMap::new();
    let mut last = None;
    for (_, rest) in instructions(text).filter(|(word, _)| word == "FROM") {
        let mut words = rest.split_whitespace().skip_while(|word| word.starts_with("--"));
        let image = words.next()?;
        let image = stages.get(&image.to_ascii_lowercase()).copied().unwrap_or(image);
        if let Some(name) = words.nth(1) {
            stages.insert(name.to_ascii_lowercase(), image);
        }
        last = Some(image);
    }
    last.filter(|image| !image.contains('$')).map(str::to_owned)
}

/// So many letters of a start command are told.
const COMMAND: usize = 160;

/// What the last stage starts: its entry point with its command behind.
fn started(text: &str) -> Option<String> {
    let (mut entry, mut command) = (None, None);
    for (word, rest) in instructions(text).rev().take_while(|(word, _)| word != "FROM") {
        match word.as_str() {
            "ENTRYPOINT" => entry = entry.or(Some(rest)),
            "CMD" => command = command.or(Some(rest)),
            _ => {}
        }
    }
    let words = [entry, command].into_iter().flatten().map(|said| match serde_json::from_str::<Vec<String>>(said) {
        Ok(words) => words.join(" "),
        Err(_) => said.to_owned(),
    });
    let said = words.collect::<Vec<_>>().join(" ");
    (!said.trim().is_empty()).then(|| said.trim().chars().take(COMMAND).collect())
}

/// The path of the URL on this machine that the last stage's `HEALTHCHECK` asks, where it asks at that port.
fn asked_for_health(text: &str, port: Option<u16>) -> Option<String> {
    let stage = text.lines().map(str::trim).collect::<Vec<_>>();
    let begin = stage.iter().rposition(|line| line.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("FROM ")))?;
    let checks = stage[begin..].iter().rfind(|line| line.starts_with("HEALTHCHECK"))?;
    let hosts = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"];
    let url = hosts.iter().find_map(|host| checks.split_once(&format!("://{host}")))?.1;
    let end = url.find(|c: char| c.is_whitespace() || "\"'|;&)`<>,]".contains(c)).unwrap_or(url.len());
    let (at, path) = url[..end].find('/').map_or((&url[..end], "/"), |slash| url[..end].split_at(slash));
    let at: Option<u16> = at.trim_start_matches(':').parse().ok();
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c));
    (plain && (at.is_none() || port.is_none() || at == port)).then(|| path.to_owned())
}

/// What a builder would stumble over at once. A builder says the rest, and says it better.
fn broken(text: &str) -> Option<String> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let Some((at, first)) = lines.find(|(_, line)| !line.is_empty() && !line.starts_with('#')) else {
        return Some("it says nothing".to_owned());
    };
    let word = first.split_whitespace().next().unwrap_or("");
    let is = |wanted: &str| word.eq_ignore_ascii_case(wanted);
    if !is("FROM") && !is("ARG") {
        return Some(format!("it begins with “{word}” at line {at}, and a Dockerfile begins with FROM"));
    }
    let from = |line: &str| line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("FROM"));
    (!from(first) && !lines.any(|(_, line)| from(line))).then(|| "there is no FROM in it".to_owned())
}

fn read_compose(compose: &Value, above: Folder<'_>, app: Folder<'_>, path: &str, docker: &mut Docker) {
    let Some(services) = compose.get("services").and_then(Value::as_object) else {
        return above.project().warn(path, "it names no services".to_owned());
    };
    let own = services.iter().find(|(_, service)| builds(service, above, app));
    // In a folder of several apps only what the compose file gives to this one counts.
    let images: HashMap<&String, String> =
        services.iter().filter_map(|(name, service)| Some((name, image(service, above)?))).collect();
    let is_app = |name: &String, service: &Value| {
        service.get("build").is_some() && images.get(name).is_none_or(|image| services::of_image(image).is_none())
    };
    let apps: Vec<&Value> = services.iter().filter(|(name, it)| is_app(name, it)).map(|(_, it)| it).collect();
    if own.is_none() && !apps.is_empty() {
        return;
    }
    docker.compose_file = Some(path.to_owned());
    let wanted = own.map(|(_, service)| depended_on(service)).unwrap_or_default();
    // What other apps of the file depend on is theirs, where this one depends on something else, or on nothing.
    let others: BTreeSet<String> = apps.iter().flat_map(|service| depended_on(service)).collect();
    let is_own = |name: &String| wanted.contains(name) || wanted.is_empty() && !others.contains(name);
    for (name, image) in images.iter().filter(|(name, _)| is_own(name)).collect::<BTreeMap<_, _>>() {
        if let Some(known) = services::of_image(image) {
            docker.services.insert(known.to_owned());
            docker.evidence.push(Evidence::new(path, format!("runs {name} from {image}")));
        } else if services::last_part(image).is_some_and(|name| OTHERS.contains(&name)) {
            let says = format!("runs {name} from {image}, which Wharf does not bring: give the app its address");
            docker.evidence.push(Evidence::new(path, says));
        }
    }
    if let Some((name, service)) = own {
        if let Some(file) = service.pointer("/build/dockerfile").and_then(Value::as_str)
            && app.has(file)
        {
            let file = app.at(file);
            if docker.dockerfile.as_ref() != Some(&file) {
                docker.evidence.clear();
                docker.look(&file, &app.project().text(&file).unwrap_or_default());
                docker.dockerfile = Some(file);
            }
        }
        docker.listens |= service.get("ports").and_then(Value::as_array).is_some_and(|ports| !ports.is_empty());
        let given = |name| (name, Origin { file: path.to_owned(), does: "gives" });
        docker.env.extend(environment(service).into_iter().map(given));
        docker.evidence.push(Evidence::new(path, format!("runs this app as {name}")));
    }
}

fn builds(service: &Value, above: Folder<'_>, app: Folder<'_>) -> bool {
    let Some(build) = service.get("build") else { return false };
    let context = build.as_str().or_else(|| build.get("context").and_then(Value::as_str)).unwrap_or(".");
    let context = context.trim_start_matches("./").trim_end_matches('/');
    let path = if context == "." || context.is_empty() { above.path().to_owned() } else { above.at(context) };
    path == app.path()
}

/// The image of a service: what its own Dockerfile begins with, where it builds one.
fn image(service: &Value, above: Folder<'_>) -> Option<String> {
    let Some(build) = service.get("build") else {
        return service.get("image").and_then(Value::as_str).map(str::to_owned);
    };
    let context = build.as_str().or_else(|| build.get("context").and_then(Value::as_str))?;
    let file = build.get("dockerfile").and_then(Value::as_str).unwrap_or("Dockerfile");
    let path = format!("{}/{file}", context.trim_start_matches("./").trim_end_matches('/'));
    base(&above.text(path.trim_start_matches('/'))?)
}

fn depended_on(service: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for key in ["depends_on", "links"] {
        match service.get(key) {
            Some(Value::Array(list)) => {
                let listed = list.iter().filter_map(Value::as_str);
                names.extend(listed.map(|name| name.split(':').next().unwrap_or(name).to_owned()));
            }
            Some(Value::Object(table)) => names.extend(table.keys().cloned()),
            _ => {}
        }
    }
    names
}

fn environment(service: &Value) -> Vec<String> {
    let names: Vec<String> = match service.get("environment") {
        Some(Value::Object(table)) => table.keys().cloned().collect(),
        Some(Value::Array(list)) => {
            let listed = list.iter().filter_map(Value::as_str);
            listed.map(|pair| pair.split('=').next().unwrap_or(pair).to_owned()).collect()
        }
        _ => Vec::new(),
    };
    names.into_iter().filter(|name| super::env::is_own(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::project::Project;
    use crate::detect::tree::MemoryTree;

    #[test]
    fn the_last_stage_exposes() {
        assert_eq!(exposed("FROM a\nEXPOSE 1234\nFROM b\nARG PORT=8081\nEXPOSE ${PORT}/tcp\n"), Some(8081));
        assert_eq!(exposed("FROM a\nEXPOSE 3000 3001\n"), Some(3000));
        assert_eq!(exposed("FROM a\nEXPOSE 8443/udp 8080/tcp\n"), Some(8080));
        assert_eq!(exposed("FROM a\nEXPOSE 8443/udp\n"), None);
        assert_eq!(exposed("FROM a\n"), None);
        let many = "ARG A=1\nFROM a\nEXPOSE $X\n".repeat(100_000);
        assert_eq!(exposed(&many), None);
    }

    #[test]
    fn what_the_last_stage_is_and_starts_is_told() {
        let said = |text: &str| {
            let mut docker = Docker::default();
            docker.look("Dockerfile", text);
            docker.evidence.remove(0).says
        };
        let stages = "FROM --platform=x node:22 AS Base\nCMD a\nFROM base\nENTRYPOINT [\"tini\", \"--\"]\nEXPOSE 81\n\
                      # CMD no\nCMD [\"node\", \\\n  \"b.js\"]\n";
        assert_eq!(said(stages), "builds the app from node:22, starts it with tini -- node b.js and exposes 81");
        assert_eq!(said("ARG V=1\nFROM a:$V\ncmd run it\n"), "builds the app and starts it with run it");
        assert_eq!(said("FROM a\nCMD x\nFROM b\n"), "builds the app from b");
    }

    #[test]
    fn what_a_healthcheck_asks_on_this_machine_is_the_path() {
        let asked = |check: &str| {
            let mut docker = Docker::default();
            docker.look("Dockerfile", &format!("FROM a\nEXPOSE 8080\nHEALTHCHECK --interval=5s \\\n  CMD {check}\n"));
            docker.health_path
        };
        assert_eq!(asked("curl -f http://localhost:8080/api/up || exit 1").as_deref(), Some("/api/up"));
        assert_eq!(asked("[\"wget\", \"-q\", \"http://127.0.0.1:8080\"]").as_deref(), Some("/"));
        assert_eq!(asked("curl http://localhost:$PORT/up").as_deref(), Some("/up"));
        assert_eq!(asked("curl http://localhost:9000/up"), None, "another port is not the app's");
        assert_eq!(asked("pg_isready"), None);
    }

    #[test]
    fn a_dockerfile_below_belongs_to_the_folder_whose_files_it_copies() {
        let found = |copy: &str| {
            let tree = MemoryTree::new([("docker/Dockerfile", copy), ("docker/nginx.conf", ""), ("run.rb", "")]);
            let project = Project::new(&tree);
            dockerfile(project.folder("").unwrap())
        };
        assert_eq!(found("FROM a\nCOPY --chown=a run.rb /srv/\n"), Some("docker/Dockerfile"));
        assert_eq!(found("FROM a\nCOPY nginx.conf /etc/\n"), None);
        assert_eq!(found("FROM a\nCOPY --from=b /x /x\nRUN x\n"), None);
    }

    #[test]
    fn compose_services_belong_to_the_app_that_depends_on_them() {
        let compose = "services:\n  api:\n    build: ./api\n    depends_on: [db]\n    environment:\n      - API_TOKEN=x\n  web:\n    build: ./web\n  db:\n    image: docker.io/library/postgres:16\n  cache:\n    image: redis:7\n";
        let tree =
            MemoryTree::new([("compose.yaml", compose), ("api/Dockerfile", "FROM x\nEXPOSE 81\n"), ("web/a", "")]);
        let project = Project::new(&tree);
        let api = read(project.folder("api").unwrap(), false, None);
        assert_eq!(api.dockerfile.as_deref(), Some("api/Dockerfile"));
        assert_eq!(api.compose_file.as_deref(), Some("compose.yaml"));
        assert_eq!(api.services.into_iter().collect::<Vec<_>>(), ["postgres"]);
        assert_eq!(api.env.into_keys().collect::<Vec<_>>(), ["API_TOKEN"]);
        let web = read(project.folder("web").unwrap(), false, None);
        assert_eq!(web.services.into_iter().collect::<Vec<_>>(), ["redis"], "what nobody depends on may be anybody's");
    }

    #[test]
    fn a_service_may_be_built_and_what_is_not_brought_is_told() {
        let compose = "services:\n  api:\n    build: ./api\n  db:\n    build: ./db\n  mq:\n    image: nats:2\n";
        let files =
            [("compose.yaml", compose), ("api/Dockerfile", "FROM x\n"), ("db/Dockerfile", "FROM postgres:16\n")];
        let tree = MemoryTree::new(files);
        let project = Project::new(&tree);
        let api = read(project.folder("api").unwrap(), false, None);
        assert_eq!(api.services.iter().collect::<Vec<_>>(), ["postgres"]);
        assert!(api.evidence.iter().any(|one| one.says.starts_with("runs mq from nats:2, which Wharf does not")));
    }
}
