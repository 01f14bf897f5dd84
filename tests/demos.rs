//! Each demo is deployed as a newcomer would, and answers.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::support::wharf::{ROOT, Wharf};
use crate::support::{docker, eventually, http, skip};

#[test]
fn express_postgres_on_docker() {
    on_docker("express-postgres");
}

#[test]
fn fastapi_redis_on_docker() {
    on_docker("fastapi-redis");
}

#[test]
fn axum_on_docker() {
    on_docker("axum");
}

#[test]
fn go_on_docker() {
    on_docker("go");
}

#[test]
fn php_on_docker() {
    on_docker("php");
}

#[test]
fn ruby_on_docker() {
    on_docker("ruby");
}

#[test]
fn static_on_docker() {
    on_docker("static");
}

#[test]
fn java_on_docker() {
    on_docker("java");
}

#[test]
fn express_postgres_as_process() {
    if let Some(database) = Service::start("postgres:16-bookworm", 5432, &["-e", "POSTGRES_PASSWORD=demo"]) {
        eventually("the database takes connections", || {
            docker::succeeds(&["exec", &database.id, "pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"])
                .then_some(())
        });
        let url = format!("DATABASE_URL=postgres://postgres:demo@127.0.0.1:{}/postgres", database.port);
        as_process("express-postgres", &["node", "npm"], &["--set", &url]);
    }
}

#[test]
fn fastapi_redis_as_process() {
    if let Some(redis) = Service::start("redis:7-bookworm", 6379, &[]) {
        let url = format!("REDIS_URL=redis://127.0.0.1:{}/0", redis.port);
        as_process("fastapi-redis", &["python3"], &["--set", &url]);
    }
}

#[test]
fn axum_as_process() {
    as_process("axum", &["cargo"], &[]);
}

#[test]
fn go_as_process() {
    as_process("go", &["go"], &[]);
}

#[test]
fn php_as_process() {
    as_process("php", &["php", "composer"], &[]);
}

#[test]
fn ruby_as_process() {
    as_process("ruby", &["ruby", "bundle"], &[]);
}

#[test]
fn static_as_process() {
    as_process("static", &[], &[]);
}

#[test]
fn java_as_process() {
    as_process("java", &["java", "mvn"], &[]);
}

/// What the checks prepare is what the demos need. There is no stand-in for .NET.
#[test]
fn every_base_image_is_listed() {
    let listed = std::fs::read_to_string(format!("{ROOT}/.ci/images")).unwrap();
    let listed: BTreeSet<&str> = listed.lines().filter(|line| !line.starts_with('#')).collect();
    let wharf = Wharf::new();
    let folders = std::fs::read_dir(format!("{ROOT}/demos")).unwrap().map(|entry| entry.unwrap().file_name());
    let is_app = |name: &String| wharf.json(&["detect", &demo(name)])["primary"].is_string();
    let demos: Vec<String> = folders.map(|name| name.into_string().unwrap()).filter(is_app).collect();
    assert_eq!(demos.len(), 9, "{demos:?}");
    for name in demos.iter().filter(|name| *name != "aspnet") {
        let mut missing = images(&wharf, name);
        missing.retain(|image| !listed.contains(image.as_str()));
        assert!(missing.is_empty(), "demos/{name} needs {missing:?}: add to .ci/images");
    }
}

fn demo(name: &str) -> String {
    format!("{ROOT}/demos/{name}")
}

fn on_docker(name: &str) {
    let wharf = Wharf::new();
    let images = images(&wharf, name);
    if docker::ready(&images.iter().map(String::as_str).collect::<Vec<_>>()) {
        answers(&wharf, &["deploy", &demo(name)]);
    }
}

fn as_process(name: &str, programs: &[&str], more: &[&str]) {
    if let Some(missing) = programs.iter().find(|program| Command::new(program).arg("--version").output().is_err()) {
        return skip(&format!("no {missing}, which demos/{name} needs"));
    }
    answers(&Wharf::new(), &[&["deploy", &demo(name), "--target", "process"], more].concat());
}

fn answers(wharf: &Wharf, deploy: &[&str]) {
    let deployed: Value = wharf.json(deploy);
    assert_eq!(deployed["status"], "healthy", "{deployed:#}");
    let url = deployed["url"].as_str().unwrap();
    for path in ["/", "/health"] {
        let answer = http::get(url, path).unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
}

/// The base images that the demo's generated files name, but for the Dockerfile's own stages.
fn images(wharf: &Wharf, name: &str) -> BTreeSet<String> {
    let generated = wharf.run(&["generate", &demo(name), "--stdout"]).exits(0).stdout;
    let mut stages = BTreeSet::new();
    let mut images = BTreeSet::new();
    for line in generated.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["FROM", image, rest @ ..] => {
                if !stages.contains(*image) {
                    images.insert((*image).to_owned());
                }
                stages.extend(rest.get(1).map(|stage| (*stage).to_owned()));
            }
            ["image:", image] => drop(images.insert(image.trim_matches('"').to_owned())),
            _ => images.extend(words.iter().filter_map(|word| copied_from(word)).map(str::to_owned)),
        }
    }
    images.into_iter().filter(|image| image != "scratch" && !stages.contains(image)).collect()
}

/// The image of `COPY --from=image:tag`.
fn copied_from(word: &str) -> Option<&str> {
    word.strip_prefix("--from=").filter(|image| image.contains(':'))
}

/// A service that a test runs itself, for demos that run as processes; gone when dropped.
struct Service {
    id: String,
    port: u16,
}

impl Service {
    fn start(image: &str, port: u16, more: &[&str]) -> Option<Self> {
        if !docker::ready(&[image]) {
            return None;
        }
        let publish = format!("127.0.0.1::{port}");
        let id = docker::stdout(&[&["run", "-d", "--rm", "-p", &publish], more, &[image]].concat());
        let published = docker::stdout(&["port", &id, &port.to_string()]);
        let port = published.rsplit_once(':').unwrap().1.parse().unwrap();
        Some(Self { id, port })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        docker::succeeds(&["rm", "-fv", &self.id]);
    }
}
