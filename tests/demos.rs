//! Each demo is deployed as a newcomer would, and answers.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::images::{base_images, unlisted};
use crate::support::services::Service;
use crate::support::wharf::{ROOT, Wharf};
use crate::support::{docker, http, skip};

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
    if let Some((_database, url)) = Service::postgres() {
        as_process("express-postgres", &["node", "npm"], &["--set", &format!("DATABASE_URL={url}")]);
    }
}

#[test]
fn fastapi_redis_as_process() {
    if let Some((_redis, url)) = Service::redis() {
        as_process("fastapi-redis", &["python3"], &["--set", &format!("REDIS_URL={url}")]);
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
    let wharf = Wharf::new();
    let folders = std::fs::read_dir(format!("{ROOT}/demos")).unwrap().map(|entry| entry.unwrap().file_name());
    let is_app = |name: &String| wharf.json(&["detect", &demo(name)])["primary"].is_string();
    let demos: Vec<String> = folders.map(|name| name.into_string().unwrap()).filter(is_app).collect();
    assert_eq!(demos.len(), 9, "{demos:?}");
    for name in demos.iter().filter(|name| *name != "aspnet") {
        let missing = unlisted(&wharf, Path::new(&demo(name)));
        assert!(missing.is_empty(), "demos/{name} needs {missing:?}: add to .ci/images");
    }
}

fn demo(name: &str) -> String {
    format!("{ROOT}/demos/{name}")
}

fn on_docker(name: &str) {
    let wharf = Wharf::new();
    let images = base_images(&wharf, Path::new(&demo(name)));
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
